#!/usr/bin/env python3
"""A fake Splunk: its management port, answering as the fixtures show.

    POST /services/search[/v2]/jobs          creates a job (201)
    GET|DELETE .../jobs/SID                  its state; forget it
    GET .../jobs/SID/results                 its rows, by count and offset
    POST .../jobs/export                     rows as a stream of lines
    GET /services/alerts/fired_alerts[/-]    what fired
    GET /services/alerts/reviewstatuses      labels of statuses
    POST /services/notable_update            write back to a notable
    GET /services/authentication/current-context
    POST /services/auth/login                a session key, for an hour idle

/servicesNS/USER/APP/... is the same.  Objects are added by POST /_double/data:

    {"rows": [ROW, ...]}            what searches find (splunk_search.py)
    {"results": {SID: [ROW, ...]}}  what searches found that ran already
    {"fired": [CONTENT, ...]}       entries of the list of fired alerts
    {"forget": [SID, ...]}          results whose time to live is over
"""
import base64
import copy
import json
import os
import time
from email.utils import formatdate
from urllib.parse import parse_qsl

import double
import splunk_search
import wire

TOKEN = "example-splunk-token"
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "splunk")
ROWS_MOST = 50000               # of one page, as Splunk is shipped
SESSION_S = 3600


class Refused(Exception):
    def __init__(self, status, text, kind="FATAL"):
        super().__init__(text)
        self.status = status
        self.body = {"messages": [{"type": kind, "text": text}]}


class Splunk(double.Double):
    settings = {
        "clock": None,          # seconds since 1970; None: the real one
        "knows_v2": True,
        "polls": 1,             # how often a job is RUNNING
        "not_ready": 0,         # how often results are 204
        "fails": None,          # text: jobs end FAILED with it
        "messages": [],         # of jobs that are DONE
        "finalized": False,     # jobs say that they were ended early
        "page_most": ROWS_MOST,
        "rows_most": None,      # of one job; None: what it asks for
        "export": None,         # text: the stream of export, as it is
        "knows_offset": True,   # the list of fired alerts does
        "fired_most": 1000,     # entries of one page of it
        "date": True,           # answers carry it
        "update_refused": False,
        "update_without_effect": False,
    }

    def start_over(self):
        self.rows = []
        self.jobs = {}
        self.fired = []
        self.sessions = {}
        self.count = 0
        self.deleted = []

    def load(self, data):
        for one in data.get("rows", []):
            self.rows.append(one)
        for sid, rows in data.get("results", {}).items():
            self.jobs[sid] = splunk_search.Job(sid, rows, 0)
        self.fired += data.get("fired", [])
        for sid in data.get("forget", []):
            self.jobs.pop(sid, None)

    def state(self):
        return {"jobs": sorted(self.jobs), "deleted": self.deleted,
                "notables": [row for row in self.rows
                             if row.get("index") == "notable"]}

    def refusal(self, status, _request):
        if status == 401:
            return wire.Answer(401, fixture("auth_401_response.json"))
        return wire.Answer(status, {"messages": [
            {"type": "ERROR", "text": "the double refuses"}]})

    # Answers.

    def now(self):
        return time.time() if self.set["clock"] is None else self.set["clock"]

    def answer(self, request):
        try:
            form = dict(parse_qsl(request.body.decode("utf-8"),
                                  keep_blank_values=True))
            given = {**dict(request.query), **form}
            answer = self.route(request, given)
        except Refused as refused:
            answer = wire.Answer(refused.status, refused.body)
        if not isinstance(answer, wire.Answer):
            answer = wire.Answer(200, answer)
        if self.set["date"]:
            answer.headers["Date"] = formatdate(self.now(), usegmt=True)
        return answer

    def route(self, request, given):
        parts = request.path.strip("/").split("/")
        if parts[0] == "servicesNS" and len(parts) > 3:
            parts = ["services"] + parts[3:]
        if parts[0] != "services":
            raise Refused(404, "Not Found")
        if parts[1:] == ["auth", "login"]:
            return self.log_in(given)
        self.authenticate(request)
        if given.get("output_mode") != "json":
            return wire.Answer(200, "<?xml version='1.0'?><response/>",
                               content_type="text/xml")
        parts = parts[1:]
        if parts[:2] == ["search", "v2"] and self.set["knows_v2"]:
            return self.search(request.method, parts[2:], given)
        if parts[:2] == ["search", "jobs"]:
            return self.search(request.method, parts[1:], given)
        what = (request.method, *parts)
        if what[:3] == ("GET", "alerts", "fired_alerts"):
            return self.fired_alerts(parts[2:], given)
        if what == ("GET", "alerts", "reviewstatuses"):
            return fixture("reviewstatuses.json")
        if what == ("POST", "notable_update"):
            return self.update(request)
        if what == ("GET", "authentication", "current-context"):
            return {"entry": [{"name": "context", "content": {
                "username": "herald", "capabilities": ["search"]}}]}
        raise Refused(404, "Not Found")

    # Who asks.

    def log_in(self, given):
        if given.get("password") != self.options.token:
            raise Refused(401, "Login failed", "WARN")
        told = fixture("auth_login_response.json")
        self.sessions[told["sessionKey"]] = self.now()
        return told

    def authenticate(self, request):
        word, _, rest = request.headers.get("authorization", "").partition(" ")
        if word == "Bearer" and rest == self.options.token:
            return
        if word == "Basic" and base64.b64decode(rest).decode() == \
                "herald:" + self.options.token:
            return
        used = self.sessions.get(rest)
        if word == "Splunk" and used and self.now() - used < SESSION_S:
            self.sessions[rest] = self.now()
            return
        told = fixture("auth_401_response.json")["messages"][0]
        raise Refused(401, told["text"], told["type"])

    # Searches.

    def search(self, method, parts, given):
        if parts == ["jobs"] and method == "POST":
            return self.create(given)
        if parts == ["jobs", "export"] and method == "POST":
            return self.export(given)
        if parts[:1] != ["jobs"] or len(parts) < 2:
            raise Refused(404, "Not Found")
        job = self.jobs.get(parts[1])
        if job is None:
            raise Refused(404, "Unknown sid.")
        if method == "DELETE" and len(parts) == 2:
            self.deleted.append(job.sid)
            del self.jobs[job.sid]
            return {"messages": [{"type": "INFO", "text": "deleted"}]}
        if parts[2:] == ["results"]:
            return self.results(job, given)
        if parts[2:]:
            raise Refused(404, "Not Found")
        return job.status(self.set, fixture)

    def find(self, given):
        try:
            return splunk_search.find(self.rows, given, self.now())
        except ValueError as bad:
            raise Refused(400, str(bad)) from None

    def create(self, given):
        rows = self.find(given)
        most = self.set["rows_most"] or int(given.get("max_count", 500000))
        self.count += 1
        sid = f"{fixture('job_create_201.json')['sid']}{self.count}"
        self.jobs[sid] = splunk_search.Job(sid, rows[:most],
                                           self.set["polls"])
        return wire.Answer(201, {"sid": sid})

    def results(self, job, given):
        if job.not_ready < self.set["not_ready"]:
            job.not_ready += 1
            return wire.Answer(204)
        count = min(int(given.get("count", 100)), self.set["page_most"])
        return job.page(int(given.get("offset", 0)), count, fixture)

    def export(self, given):
        if self.set["export"] is not None:
            return wire.Answer(200, self.set["export"],
                               content_type="application/json")
        return wire.Answer(200, splunk_search.stream(self.find(given)),
                           content_type="application/json")

    # Alerts.

    def fired_alerts(self, parts, given):
        if not parts:
            told = fixture("fired_alerts_groups.json")
            told["entry"][0]["content"]["triggered_alert_count"] = \
                len(self.fired)
            return told
        offset = int(given.get("offset", 0)) if self.set["knows_offset"] else 0
        most = min(int(given.get("count", 30)), self.set["fired_most"])
        told = fixture("fired_alerts_group_entries.json")
        like = told["entry"][0]
        told["entry"] = [
            dict(like, name=one["sid"], content={**like["content"], **one})
            for one in self.fired[offset:offset + most]
            if parts[0] in ("-", one.get("savedsearch_name"))]
        return told

    def update(self, request):
        pairs = parse_qsl(request.body.decode("utf-8"))
        ids = [value for name, value in pairs if name == "ruleUIDs"]
        changed = {splunk_search.FIELDS[name]: value for name, value in pairs
                   if name in splunk_search.FIELDS}
        known = [row for row in self.rows if row.get("event_id") in ids]
        if self.set["update_refused"] or not known:
            return fixture("notable_update_response_failed.json")
        for row in known:
            if not self.set["update_without_effect"]:
                row.update(changed)
            self.effect(row["event_id"], "/services/notable_update", changed)
        return fixture("notable_update_response_ok.json")


def fixture(name, made={}):     # read once
    if name not in made:
        with open(os.path.join(FIXTURES, name), encoding="utf-8") as text:
            made[name] = json.load(text)
    return copy.deepcopy(made[name])


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--token", default=TOKEN, help="the accepted one")
    double.run(Splunk, parser.parse_args())


if __name__ == "__main__":
    main()
