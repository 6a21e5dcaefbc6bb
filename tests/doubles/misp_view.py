"""How MISP shows what a search found: pages, switches, output formats."""
import csv
import io
import json

import misp_filter

# returnFormat -> (X-Response-Format, Content-Type)
FORMATS = {
    "json": ("json", "application/json; charset=UTF-8"),
    "csv": ("csv", "text/csv; charset=UTF-8"),
    "text": ("txt", "text/plain; charset=UTF-8"),
    "count": ("txt", "text/plain; charset=UTF-8"),
}
PLAIN = ["id", "event_id", "object_id", "object_relation", "category", "type",
         "to_ids", "uuid", "timestamp", "distribution", "sharing_group_id",
         "comment", "deleted", "disable_correlation", "first_seen",
         "last_seen", "value"]
EVENT_SHORT = ["org_id", "distribution", "publish_timestamp", "id", "info",
               "orgc_id", "uuid"]
EVENT_CONTEXT = ["id", "orgc_id", "org_id", "date", "threat_level_id", "info",
                 "published", "uuid", "analysis", "timestamp", "distribution",
                 "publish_timestamp", "sharing_group_id", "extends_uuid"]
EVENT_RELATED = ["id", "uuid", "threat_level_id", "analysis", "info",
                 "extends_uuid", "distribution", "sharing_group_id",
                 "published", "date", "orgc_id", "org_id"]
RELATED = ["id", "event_id", "object_id", "object_relation", "category",
           "type", "uuid", "timestamp", "distribution", "sharing_group_id",
           "to_ids", "comment", "value"]
BULKY = {"Attribute", "ShadowAttribute", "Object", "EventReport"}
TAG = ["id", "name", "colour", "numerical_value"]
CSV_HEAD = ("uuid,event_id,category,type,value,comment,to_ids,date,"
            "object_relation,attribute_tag,object_uuid,object_name,"
            "object_meta_category\n")


def pick(record, names):
    return {name: record[name] for name in names}


def on(body, switch):
    return misp_filter.flag(body.get(switch, 0))


def select(store, body):
    """(attributes, how many a warning list kept back)."""
    rows = [a for a in store.all()
            if misp_filter.selects(body, a, store.events[a["event_id"]])
            and not decayed(a, body)]
    if not on(body, "enforceWarninglist"):
        return rows, 0
    kept = [a for a in rows if not warnings(store, a)]
    return kept, len(rows) - len(kept)


def page(rows, body, skipped):
    """(the page, X-Result-Count).  The count is no total: it is what was
    found, plus one unless a last, part-filled page was given."""
    limit = int(body.get("limit") or 0)
    if not limit:
        return rows, len(rows) + skipped
    start = (max(1, int(body.get("page") or 1)) - 1) * limit
    shown = rows[start:start + limit]
    return shown, len(shown) + skipped + (not 0 < len(shown) < limit)


def written(store, path, form, rows, body):
    if form == "count":
        return str(len(rows))
    if form == "text":
        return "".join(a["value"] + "\n" for a in rows)
    if form == "csv":
        return CSV_HEAD + "".join(csv_row(a) for a in rows) + "\n"
    if path == "/events/restSearch":
        shown = [whole_event(store, event, on(body, "metadata"))
                 for event in rows]
        return '{"response": [' + ",".join(map(compact, shown)) + "]}\n"
    shown = [compact(attribute(store, a, body)) for a in rows]
    return '{"response": {"Attribute": [' + ",".join(shown) + "]}}\n"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def csv_row(a):
    tags = ",".join(tag["name"] for tag in a.get("Tag", []))
    quoted = io.StringIO()
    write = csv.writer(quoted, quoting=csv.QUOTE_NONNUMERIC,
                       lineterminator="\n")
    write.writerow([a["uuid"], int(a["event_id"]), a["category"], a["type"],
                    a["value"], a["comment"], int(a["to_ids"]),
                    int(a["timestamp"]), a["object_relation"] or "", tags,
                    "", "", ""])
    return quoted.getvalue()


def events_of(store, rows):
    seen = {a["event_id"]: store.events[a["event_id"]] for a in rows}
    return list(seen.values())


def whole_event(store, event, metadata=False):
    """The event with all its attributes, not only those that were found."""
    if metadata:
        return {"Event": {name: event[name] for name in event
                          if name not in BULKY}}
    own = [a for a in store.all() if a["event_id"] == event["id"]]
    objects = [dict(record, Attribute=[
        inside(a) for a in own if a["object_id"] == record["id"]])
        for record in event.get("Object", [])]
    alone = [inside(a) for a in own if a["object_id"] == "0"]
    return {"Event": dict(event, Attribute=alone, Object=objects)}


def inside(a):
    """An attribute as an event holds it."""
    shown = dict(pick(a, PLAIN), Galaxy=[], ShadowAttribute=[])
    if a.get("Tag"):
        shown["Tag"] = a["Tag"]
    return shown


# One attribute, with what the switches add.

def scores(a, body):
    """The decay scores of the models that were asked for, or []."""
    models = misp_filter.as_list(body.get("decayingModel"))
    return [one for one in a.get("decay_score", [])
            if not models or str(one["DecayingModel"]["id"]) in models]


def decayed(a, body):
    if not on(body, "excludeDecayed"):
        return False
    bound = body.get("score")
    bad = [one["score"] < float(bound) if bound is not None
           else one["decayed"] for one in scores(a, body)]
    return bool(bad) and all(bad)


def decay(a, body):
    found = scores(a, body)
    if on(body, "includeFullModel"):
        return found
    return [dict(one, DecayingModel=pick(one["DecayingModel"],
                                         ["id", "name"])) for one in found]


def warnings(store, a):
    return [{"match": entry, "value": half, "warninglist_id": one["id"],
             "warninglist_name": one["name"],
             "warninglist_category": one["category"]}
            for half in misp_filter.halves(a)
            for one, entry in store.warnings(half)]


def sightings(store, a):
    return [dict(one, attribute_uuid=a["uuid"], Organisation={
        "id": "1", "uuid": store.events["1"]["Orgc"]["uuid"],
        "name": store.events["1"]["Orgc"]["name"]})
        for one in store.sightings if one["attribute_id"] == a["id"]]


def related(store, a):
    mine = {misp_filter.normal(half) for half in misp_filter.halves(a)}
    found = []
    for other in store.all():
        theirs = {misp_filter.normal(h) for h in misp_filter.halves(other)}
        if other["event_id"] != a["event_id"] and mine & theirs:
            event = pick(store.events[other["event_id"]], EVENT_RELATED)
            found.append(dict(pick(other, RELATED), Event=event))
    return found


def context(event):
    shown = pick(event, EVENT_CONTEXT)
    shown["Tag"] = [{"local": tag["local"], **pick(tag, TAG)}
                    for tag in event.get("Tag", [])]
    shown["Orgc"] = pick(event["Orgc"], ["id", "name", "uuid", "local"])
    return shown


def tags(a, event, inherit):
    shown = [dict(pick(tag, TAG), is_galaxy=tag["is_galaxy"],
                  local=tag["local"]) for tag in a.get("Tag", [])]
    if inherit:
        shown += [dict(pick(tag, TAG), inherited=1)
                  for tag in event.get("Tag", [])]
    return shown


def attribute(store, a, body):
    event = store.events[a["event_id"]]
    shown = pick(a, PLAIN)
    decays = on(body, "includeDecayScore") or on(body, "excludeDecayed")
    if decays and scores(a, body):
        shown["decay_score"] = decay(a, body)
    if on(body, "includeSightings"):
        shown["Sighting"] = sightings(store, a)
    if on(body, "includeCorrelations"):
        shown["RelatedAttribute"] = related(store, a)
    if on(body, "includeWarninglistHits") and warnings(store, a):
        shown["warnings"] = warnings(store, a)
    shown["Event"] = (context(event) if on(body, "includeContext")
                      else pick(event, EVENT_SHORT))
    if "Object" in a:
        shown["Object"] = a["Object"]
    inherit = decays or on(body, "includeEventTags")
    if tags(a, event, inherit):
        shown["Tag"] = tags(a, event, inherit)
    return shown
