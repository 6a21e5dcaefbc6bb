"""What the fake Splunk finds, and how it tells it.

A search finds the rows whose `index` it names (index=X, or `notable` for that
index), whose _indextime lies in [index_earliest, index_latest), and, if it says
event_id="X", that one.  "| fields" and "| head" are for people.  Rows come
newest first, as events do.
"""
import json
import re

# What notable_update calls it: what the row calls it.
FIELDS = {"status": "status", "urgency": "urgency", "newOwner": "owner",
          "comment": "comment", "disposition": "disposition"}


def moment(text, now, otherwise):
    """Seconds since 1970 of a number, "now" or "-1h"."""
    if text is None:
        return otherwise
    if text == "now":
        return now
    relative = re.fullmatch(r"([+-]\d+)([smhd])", text)
    if relative:
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[relative[2]]
        return now + int(relative[1]) * unit
    return float(text)


def find(rows, given, now):
    search = given.get("search", "")
    if not search.startswith("search ") and not search.startswith("|"):
        raise ValueError("Error in 'SearchParser': the search must begin with "
                         "a command")
    indexes = re.findall(r"index=(\w+)", search)
    if "`notable`" in search:
        indexes.append("notable")
    wanted = re.search(r'event_id="([^"]*)"', search)
    since = moment(given.get("index_earliest"), now, float("-inf"))
    until = moment(given.get("index_latest"), now, float("inf"))
    for name in ("earliest_time", "latest_time"):
        moment(given.get(name), now, 0)     # it must be one
    found = [row for row in rows
             if row.get("index") in indexes
             and since <= float(row.get("_indextime", now)) < until
             and (not wanted or row.get("event_id") == wanted[1])]
    return sorted(found, key=lambda row: -float(row.get("_indextime", now)))


class Job:
    """A search that was begun; `polls` is how often it still runs.
    `fixture(NAME)` gives what Splunk says."""

    def __init__(self, sid, rows, polls):
        self.sid = sid
        self.rows = [dict(row) for row in rows]
        self.polls = polls
        self.not_ready = 0

    def status(self, settings, fixture):
        if self.polls > 0:
            self.polls -= 1
            told = fixture("job_status_running.json")
        elif settings["fails"]:
            told = fixture("job_status_failed.json")
            told["entry"][0]["content"]["messages"][0]["text"] = \
                settings["fails"]
        else:
            told = fixture("job_status_done.json")
            told["entry"][0]["content"].update(
                resultCount=len(self.rows), eventCount=len(self.rows),
                messages=settings["messages"],
                isFinalized=settings["finalized"])
        told["entry"][0]["content"]["sid"] = self.sid
        return told

    def page(self, offset, count, fixture):
        told = fixture("job_results_empty.json")
        told["init_offset"] = offset
        told["results"] = self.rows[offset:offset + count]
        told["fields"] = [{"name": name} for name in
                          sorted({n for row in told["results"] for n in row})]
        return told


def stream(rows):
    """As export tells them: a preview first, a blank line in between."""
    if not rows:
        return '{"preview": false, "lastrow": true}\n'
    lines = [json.dumps({"preview": True, "offset": 0, "lastrow": True,
                         "result": dict(rows[0], owner="a preview")}), ""]
    for offset, row in enumerate(rows):
        line = {"preview": False, "offset": offset, "result": row}
        if offset == len(rows) - 1:
            line["lastrow"] = True
        lines.append(json.dumps(line))
    return "\n".join(lines) + "\n"
