"""A daemon that asks one enricher, for tests of connectors.

    with the fixture `herald`:
    asking = Asking(herald, "vt", "plugin: vt_enrich, url: '@URL@/api/v3'",
                    URL=virustotal.url)
    alert = asking.ask({"src": "203.0.113.45"})
    alert.answers, alert.missing, alert.record
"""
import itertools

from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

ENDED = {"done", "dead", "dropped", "merged", "silenced", "quarantined"}

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  @NAME@: {@LINES@}
pipelines:
  - name: default
    steps:
      - enrich: {by: [@NAME@], within: 20s}
      - score:
          - {name: missing, if: 'missing("@NAME@")', add: 1, because: asked}
"""


class Alert:
    def __init__(self, shown, name):
        self.shown = shown
        self.record = shown["record"]
        # A clean answer of one who judges is an entry without data.
        self.answers = [one for one in self.record.get("enrichments", [])
                        if one["provider"] == name and one["data"] != {}]
        self.missing = self.record.get("risk_score") == 1

    @property
    def answer(self):
        """The only one."""
        assert len(self.answers) == 1, self.answers
        return self.answers[0]

    @property
    def outcome(self):
        if self.missing:
            return "missing"
        return "hit" if self.answers else "clean"


class Asking:
    """`lines` are the connector's members, as in a YAML mapping in one line;
    @NAME@ in them is filled in as in any configuration.  `of`: kinds."""

    def __init__(self, herald, name, lines, of="", **more):
        self.name = name
        self.count = itertools.count()
        config = CONFIG.replace("@NAME@", name).replace("@LINES@", lines)
        if of:
            config = config.replace("within: 20s}", f"within: 20s, of: [{of}]}}")
        self.herald = herald(config, **more)

    def ask(self, row):
        """The alert once it has ended; its row is `row`."""
        uid = f"{self.name}-{next(self.count)}"
        status, told = self.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
            {"sid": uid, "search_name": "a test",
             "result": {"event_id": uid, **row}})
        assert status == 200, told
        alert = wait_until(lambda: self.ended(uid), 30,
                           lambda: f"{uid} ended\n" + self.herald.log())
        return Alert(self.herald.ctl("show", alert["id"]), self.name)

    def why(self, alert):
        """What is said of the answer that is missing."""
        told = self.herald.ctl("explain", alert.shown["id"])["answers"]
        missing = [one for one in told if one["outcome"] == "missing"]
        return missing[0].get("detail", missing[0]["reason"])

    def ended(self, uid):
        for one in self.herald.export():
            if one["uid"] == uid and one["state"] in ENDED:
                return one
        return None
