"""Which attributes a restSearch body selects, as MISP 2.5.1 does it.

The traps are the point of it (measured on the real software):
no or an empty value is no filter; `&&` and `||` in a plain string separate
alternatives and a leading `!` there, or in a list, disables the filter, while
inside {"OR": [...]} all of these are literal; `%` at an end is a wildcard in
every form; a composite type is two values, and the whole string finds
nothing; an unreadable time or an unknown type finds nothing; an unknown
parameter is ignored.
"""
import ipaddress
import re
import time

UNITS = {"d": 86400, "h": 3600, "m": 60}


def as_list(given):
    if isinstance(given, (list, tuple)):
        return [str(one) for one in given]
    return [] if given in (None, "") else [str(given)]


def terms(given):
    """(alternatives, excluded) of a filter, or None where it filters
    nothing."""
    if isinstance(given, dict):
        wanted = [one for one in as_list(given.get("OR")) if one]
        excluded = [one for one in as_list(given.get("NOT")) if one]
        return (wanted, excluded) if wanted or excluded else None
    words = as_list(given)
    if not isinstance(given, (list, tuple)):
        words = [part for word in words for part in re.split(r"&&|\|\|", word)]
    wanted = [word for word in words if word and not word.startswith("!")]
    return (wanted, []) if wanted else None


def normal(value):
    """Case does not count, nor how an IPv6 address is written."""
    try:
        return str(ipaddress.IPv6Address(value))
    except ValueError:
        return value.lower()


def same(pattern, value):
    value = normal(value)
    begin, end = pattern.startswith("%"), pattern.endswith("%")
    word = pattern.strip("%").lower() if begin or end else normal(pattern)
    if begin and end:
        return word in value
    if begin:
        return value.endswith(word)
    if end:
        return value.startswith(word)
    return word == value


def halves(attribute):
    """The values that the database holds: two for a composite type."""
    if "|" in attribute["type"]:
        return attribute["value"].split("|", 1)
    return [attribute["value"]]


def chosen(filter_terms, values):
    wanted, excluded = filter_terms
    if any(same(one, value) for one in excluded for value in values):
        return False
    return not wanted or any(same(one, value)
                             for one in wanted for value in values)


def moment(given):
    """Epoch seconds of `1795568603`, `30d`, `12h`, `15m`; else None."""
    text = str(given)
    if text.isdigit():
        return int(text)
    if text[:-1].isdigit() and text[-1:] in UNITS:
        return time.time() - int(text[:-1]) * UNITS[text[-1]]
    return None


def in_time(given, stamp):
    bounds = [moment(one) for one in as_list(given)]
    if None in bounds:
        return False
    low = bounds[0]
    high = bounds[1] if len(bounds) > 1 else float("inf")
    return min(low, high) <= int(stamp) <= max(low, high)


def date_of(given):
    """Of `from` and `to`, as the event's date is written; else None."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", str(given)):
        return str(given)
    at = moment(given)
    return None if at is None else time.strftime("%Y-%m-%d", time.gmtime(at))


def tag_names(attribute, event):
    return [tag["name"] for tag in
            attribute.get("Tag", []) + event.get("Tag", [])]


def flag(value):
    return str(value).lower() in ("1", "true")


# What a parameter is compared with.  Each gives a list of texts.
FIELDS = {
    "value": lambda a, e: halves(a),
    "value1": lambda a, e: halves(a)[:1],
    "value2": lambda a, e: halves(a)[1:],
    "type": lambda a, e: [a["type"]],
    "category": lambda a, e: [a["category"]],
    "uuid": lambda a, e: [a["uuid"], e["uuid"]],
    "eventid": lambda a, e: [a["event_id"]],
    "org": lambda a, e: [e["orgc_id"], e["Orgc"]["name"], e["Orgc"]["uuid"]],
    "tags": tag_names,
    "threat_level_id": lambda a, e: [e["threat_level_id"]],
    "object_relation": lambda a, e: [a["object_relation"] or ""],
}
FLAGS = {
    "to_ids": lambda a, e: a["to_ids"],
    "published": lambda a, e: e["published"],
    "deleted": lambda a, e: a["deleted"],
}
TIMES = {
    "last": lambda a, e: e["publish_timestamp"],
    "timestamp": lambda a, e: a["timestamp"],
    "attribute_timestamp": lambda a, e: a["timestamp"],
    "event_timestamp": lambda a, e: e["timestamp"],
}


def selects(body, attribute, event):
    """Whether the parameters of `body` let this attribute through."""
    for name, texts in FIELDS.items():
        filter_terms = terms(body.get(name))
        if filter_terms and not chosen(filter_terms, texts(attribute, event)):
            return False
    for name, of in FLAGS.items():
        if body.get(name) is not None and \
                flag(body[name]) != flag(of(attribute, event)):
            return False
    for name, stamp in TIMES.items():
        if body.get(name) and not in_time(body[name], stamp(attribute, event)):
            return False
    for name, sign in (("from", 1), ("to", -1)):
        if body.get(name):
            date = date_of(body[name])
            if date is None or (event["date"] < date if sign > 0
                                else event["date"] > date):
                return False
    return bool(body.get("deleted")) or not attribute["deleted"]


def asked_values(body):
    """The values that a search names, one by one, as they were written."""
    given = body.get("value")
    if isinstance(given, dict):
        return as_list(given.get("OR")) + as_list(given.get("NOT"))
    return as_list(given)
