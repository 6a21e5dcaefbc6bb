"""One daemon for a whole table of faults: test_faults.py.

Each line of the table has a connector of its own, named CONNECTOR_FAULT, which
talks to a service of its own (double.py, /_at/...); so a connector that is
stopped or held by its fault is nobody else's, and all of them go on at once.
A connector of the table is a Kind below: how it is configured, which request is
the one that counts, and what its alert says.
"""
import os
import re
import socket
import time
from collections import namedtuple

import pytest

import herald as harness
from services import CREDENTIALS, FIXTURES, Service, fixture
from waiting import wait_until

ENDED = ("done", "dead", "dropped", "merged", "quarantined")
WELL = ("hit", "clean", "private")
NO_SERVICE = ("refused", "other_name")
NOTABLE = fixture("splunk/notable_event.json")
ARGUMENTS = {"generic": [os.path.join(FIXTURES, "hibp")]}

Line = namedtuple("Line", "connector fault status again alert words")
Seen = namedtuple("Seen", "status alert message")


VT_OBJECT = {"ip_addresses/9.9.9.9": {
    "id": "9.9.9.9", "type": "ip_address", "attributes": {
        "last_analysis_stats": {"malicious": 12, "harmless": 60}}}}


def splunk_row(index):
    """What splunk_in finds: one row whose id is `name`."""
    return lambda name: {"rows": [dict(
        NOTABLE, event_id=name, index=index or name,
        _indextime=str(int(time.time()) - 60))]}


def trouble(health):
    """The class of the trouble that a connector is in."""
    if health["health"] == "degraded" and "-> heraldctl trust" in health["why"]:
        return "config"
    return {"stopped": "login", "degraded": "passing"}.get(health["health"],
                                                           "final")


def table(path):
    """The lines of a table; one with other columns is an error."""
    with open(path, encoding="utf-8") as text:
        lines = [line.rstrip("\n") for line in text]
    return [Line(*line.split("\t")) for line in lines
            if line and not line.startswith("#")]


def has_ended(alert):
    """Also one that waits for a person."""
    return alert["state"] in ENDED or any(
        one["state"] == "in_doubt" for one in alert["actions"])


def name_of(line):
    return f"{line.connector}_{re.sub('[^a-z0-9]', '_', line.fault)}"


class Kind:
    """`double` is the service; `request` (method, path) is the one that counts;
    `rows` is what the alert holds, by fault, else that of `hit`; `options` are
    further members of the connector; @NAME@ is filled in."""

    where = "url: '{}'"

    def __init__(self, double, plugin, request, rows, options="", base="",
                 secret="secret", data=None):
        self.double, self.plugin, self.request = double, plugin, request
        self.rows, self.options, self.base = rows, options, base
        self.secret = secret
        self.data = data

    def row(self, fault):
        return self.rows.get(fault, self.rows["hit"])

    def connector(self, name, url, tls=""):
        return (f"  {name}: {{plugin: {self.plugin}, "
                f"{self.where.format(url + self.base)}, "
                f"{self.secret}: {{file: @DIR@/secrets/of_{self.double}}}, "
                f"{self.options}{', tls: ' + tls if tls else ''}}}\n"
                ).replace("@NAME@", name)

    def limits(self, name):
        """Lines of safety.actions."""
        return ""

    def pipeline(self, name):
        return (f"  - name: {name}\n"
                f"    if: 'finding_info.uid == \"{name}\"'\n"
                f"    steps:\n      - {self.step()}\n".replace("@NAME@", name))


class Lookup(Kind):
    """Asks.  There is time for all tries, and for a 429:1 between them."""

    def __init__(self, *fixed, options="", **more):
        super().__init__(*fixed, options=options + "timeout: 6s", **more)

    def step(self):
        return "enrich: {by: [@NAME@], within: 30s}"

    def see(self, stage, name, alert):
        told = [one for one in stage.daemon.ctl("explain", alert["id"])[
            "answers"] if one["connector"] == name]
        outcome = told[0]["outcome"]
        message = told[0].get("detail", told[0].get("reason", ""))
        if outcome == "hit":
            return Seen("ok", alert["state"], str(told[0]["result"]))
        if outcome != "missing":
            return Seen("nothing", alert["state"], message)
        return Seen(trouble(stage.health[name]), alert["state"], message)


class Action(Kind):
    """Acts.  There is time for two tries at least: the first pauses of an action
    are 1 to 1.2 and 2 to 2.4 s."""

    def __init__(self, action, params, *fixed, options="", **more):
        super().__init__(*fixed, options=options + "timeout: 3s", **more)
        self.action, self.params = action, params

    def step(self):
        return (f"respond: [{{name: it, do: @NAME@.{self.action}, "
                f"with: {self.params}, retry_until: 5800ms}}]")

    def see(self, stage, name, alert):
        it, = alert["actions"]
        message = it.get("message", "")
        status = {"done": "ok", "in_doubt": "doubt"}.get(it["state"])
        if not status:
            status = trouble(stage.health[name])
        # A look that went well between two tries says that all is well.
        if message.startswith("gave up") and status == "final":
            status = "passing"
        return Seen(status, alert["state"], message)


class Pull(Kind):
    """Searches each second: no alert is sent, its row is one.  It is looked at
    while its service is at fault; then that is mended, and the row comes."""

    def pipeline(self, name):
        return ""

    def see(self, stage, name, alert):
        health = stage.health_then[name]
        state = alert["state"] if alert else "none"
        if health["health"] == "ok":
            status = "ok" if alert else "nothing"
        else:
            stopped = len(stage.asked(name)) == 1
            status = "login" if stopped else trouble(health)
        return Seen(status, state, health.get("why", ""))


MISP = ("misp", "misp_enrich")
SPLUNK = ("splunk", "splunk_in")
LISTENS = ("listen: ingest, mount: /@NAME@, "
           "secret: {file: @DIR@/secrets/splunk}, ")
KNOWN_MAIL, UNKNOWN_MAIL = "alice@corp.example.com", "nobody@corp.example.com"
ASSETS = {"hit": {"dest": "ws0042"}, "clean": {"dest": "nobody"},
          "private": {"dest": "nobody.corp.internal"}}
KINDS = {
    "misp": Lookup(
        *MISP, ("POST", "/attributes/restSearch"),
        {"hit": {"src": "203.0.113.45"}, "clean": {"src": "8.8.4.4"},
         "private": {"src": "127.0.0.1"}}),
    "vt": Lookup(
        "virustotal", "vt_enrich", ("GET", "/api/v3/*"),
        {"hit": {"src": "9.9.9.9"}, "clean": {"src": "8.8.4.4"},
         "private": {"src": "10.1.2.3"}}, base="/api/v3",
        options="limit: 1000/1m, ", data=lambda name: VT_OBJECT),
    "own": Lookup(
        "generic", "http_enrich", ("GET", "/api/v3/*"),
        {"hit": {"recipient": KNOWN_MAIL},
         "clean": {"recipient": UNKNOWN_MAIL},
         "private": {"recipient": "alice@corp.internal"}}, base="/api/v3",
        options="path: '/breachedaccount/${value}', types: [email], "
        "auth_header: hibp-api-key, auth_prefix: '', "
        "not_found_is_clean: true, "),
    "now": Lookup(
        "servicenow", "cmdb_enrich", ("GET", "/api/now/table/*"), ASSETS,
        options="source: servicenow, auth_user: herald, types: [host], "),
    "box": Lookup(
        "netbox", "cmdb_enrich", ("GET", "/api/dcim/devices/"),
        {**ASSETS, "hit": {"dest": "srv-pay01"}},
        options="source: netbox, types: [host], "),
    "sighting": Action(
        "add_sighting", "{value: '${src.ip}'}",
        *MISP, ("POST", "/sightings/add"), {"hit": {"src": "203.0.113.45"}}),
    "soar": Action(
        "create_case", "{playbook: local/failed_login_response}",
        "soar", "phantom_out", ("POST", "/rest/container"), {"hit": {}}),
    "room": Action(
        "post", "{text: hello}",
        "sink", "http_out", ("POST", "/hook"), {"hit": {}}, base="/hook"),
    "feed": Action(
        "send_alert", "{}",
        "sink", "http_out", ("POST", "/feed"), {"hit": {}}, base="/feed"),
    "notable": Action(
        "notable_update", "{event_id: '${finding_info.uid}', status: '2'}",
        *SPLUNK, ("POST", "*/notable_update"), {"hit": {}},
        secret="token", options=LISTENS, data=splunk_row("notable")),
    "pull": Pull(
        *SPLUNK, ("POST", "/services/search/*jobs"), {"hit": None},
        secret="token", options=LISTENS + "every: 1s, timeout: 3s, "
        "searches: {it: 'search index=@NAME@'}", data=splunk_row(None)),
}


class Stage:
    """All lines of a table at once.  Who makes one says by `connector` how each
    line's connector is configured, and in `files` what stands beside."""

    files = {}

    def __init__(self, lines):
        self.lines = {name_of(line): line for line in lines}
        assert len(self.lines) == len(lines), "two lines have one name"
        # Letters, so that no message holds a fault's name by its address.
        self.at = {name: "".join("abcdefghij"[int(digit)] for digit in str(i))
                   for i, name in enumerate(self.lines)}
        self.looked, self.alerts, self.health = 0, {}, {}
        self.daemon = None

    def kind(self, name):
        return KINDS[self.lines[name].connector]

    def connector(self, name, line):
        raise NotImplementedError

    def start(self):
        self.daemon = harness.Herald(self.config(), files=self.files)
        self.daemon.start()
        for name, line in self.lines.items():
            row = self.kind(name).row(line.fault)
            if row is not None:
                self.post(name, row)

    def close(self):
        if self.daemon:
            self.daemon.remove()

    def config(self):
        text = harness.HEAD + (
            "connectors:\n  in: {plugin: splunk_in, listen: ingest, "
            "secret: {file: @DIR@/secrets/splunk}}\n")
        for name, line in self.lines.items():
            text += self.connector(name, line)
        limits = "".join(self.kind(name).limits(name) for name in self.lines)
        text += "safety:\n  actions:\n" + limits if limits else ""
        text += "pipelines:\n"
        for name in self.lines:
            text += self.kind(name).pipeline(name)
        return text + "  - {name: default, steps: []}\n"

    def post(self, uid, row):
        status, told = self.daemon.post(
            f"/v1/splunk/webhook/{harness.WEBHOOK_TOKEN}",
            {"sid": uid, "search_name": "a test",
             "result": {"event_id": uid, **row}})
        assert status == 200, told

    # What came of it.

    def look(self):
        """A new look at the daemon, unless the last one is fresh."""
        if time.monotonic() - self.looked > 0.3:
            self.alerts = {one["uid"]: one for one in self.daemon.export()}
            self.health = {one["name"]: one for one in
                           self.daemon.ctl("status")["connectors"]}
            self.looked = time.monotonic()

    def ended(self, name):
        """The alert at its end; None if there shall be none."""
        def found():
            self.look()
            alert = self.alerts.get(name)
            return alert if alert and has_ended(alert) else None
        if self.lines[name].alert == "none":
            self.looked = 0
            self.look()
            return self.alerts.get(name)
        return wait_until(found, 30, lambda: (
            f"{name}: {self.alerts.get(name)}\n" + self.daemon.log()))

    def see(self, name):
        return self.kind(name).see(self, name, self.ended(name))


def all_of(request, table, make):
    """For a fixture: make(lines), of those lines whose tests run, and its end."""
    try:
        harness.find_program("HERALDD", "heraldd")
    except harness.NotBuilt as reason:
        pytest.skip(str(reason))
    wanted = {item.callspec.params["line"] for item in request.session.items
              if item.module is request.module}
    made = make([line for line in table if line in wanted])
    try:
        made.start()
        yield made
    finally:
        made.close()


class FaultStage(Stage):
    """Each line's service is a double with its fault."""

    def __init__(self, lines, folder, certificates):
        super().__init__(lines)
        self.nobody = socket.socket()   # bound, and nobody listens
        self.nobody.bind(("127.0.0.1", 0))
        self.ca = certificates["ca"]
        self.services = {
            double: Service(double, folder, *ARGUMENTS.get(double, ()))
            for double in {self.kind(name).double for name in self.lines}}
        self.files = {
            f"secrets/of_{double}": CREDENTIALS.get(double, (0, "a key"))[1]
            for double in self.services}
        self.liar = Service("sink", folder, name="liar",
                            tls=certificates["other_name"])
        for name, line in self.lines.items():
            self.prepare(name, line)

    def start(self):
        super().start()
        self.mend_pulls()

    def close(self):
        try:
            super().close()
        finally:
            for one in (self.liar, *self.services.values()):
                one.stop()
            self.nobody.close()

    def service(self, name):
        if self.lines[name].fault == "other_name":
            return self.liar
        return self.services[self.kind(name).double]

    def prepare(self, name, line):
        kind, service = self.kind(name), self.service(name)
        if line.fault not in WELL + NO_SERVICE:
            service.fault(line.fault, *kind.request, at=self.at[name])
        if kind.data and line.fault not in NO_SERVICE + ("clean",):
            service.data(kind.data(name))

    def connector(self, name, line):
        url = self.service(name).url
        if line.fault == "refused":
            url = "http://127.0.0.1:%d" % self.nobody.getsockname()[1]
        tls = f"{{ca_file: '{self.ca}'}}" if line.fault == "other_name" else ""
        return self.kind(name).connector(name, f"{url}/_at/{self.at[name]}",
                                         tls)

    def mend_pulls(self):
        """Once each pull has met its fault twice, or needs no second time."""
        pulls = [name for name in self.lines if self.kind(name).row("") is None]

        def met(name):
            self.look()
            times = self.lines[name].again == "no" or len(self.asked(name)) != 1
            return (self.lines[name].fault in WELL
                    or times and self.health[name]["health"] != "ok")
        for name in pulls:
            wait_until(lambda one=name: met(one), 30, lambda one=name: (
                f"{one}: {self.health[one]}\n" + self.daemon.log()))
        self.looked = 0
        self.look()
        self.health_then = dict(self.health)
        for name in pulls:
            self.service(name).mend(at=self.at[name])

    def asked(self, name):
        """The requests that count, oldest first."""
        return self.service(name).requests(*self.kind(name).request,
                                           at=self.at[name])
