"""A daemon that dies over some alerts, tests/plugins/poison.c, and is started
again each time.

    with the fixture `herald`:
    poisoned = Poisoned(herald)
    poisoned.send("one", user="lookup-x")
    poisoned.when_all_ended(1)["one"]["state"]
    poisoned.deaths
"""
import collections
import http.client
import json

from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

CRASHES = 3                     # that an alert is given
ENDED = {"done", "dead"}

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  toxic: {plugin: poison, dir: '@DIR@', linger: 50ms, start: @START@}
  other: {plugin: poison, dir: '@DIR@'}
safety:
  actions:
    toxic.note: {at_most: 1000000/1m}
    other.note: {at_most: 1000000/1m}
pipelines:
  - name: default
    steps:
      - enrich: {by: [toxic], within: 20s}
      - respond:
          - {name: a, do: @DO@, with: {user: '${user.name}'}}
          - {name: b, do: other.note}
"""


class Poisoned:
    def __init__(self, herald, do="other.note", start="false", started=True):
        config = CONFIG.replace("@DO@", do).replace("@START@", start)
        self.herald = herald(config, started=started)
        self.deaths = []

    def revive(self):
        """Starts it again if it died."""
        process = self.herald.process
        if process.poll() is not None:
            self.deaths.append(process.returncode)
            self.herald.launch()

    def is_up(self):
        self.revive()
        try:
            return self.herald.is_ready()
        except (ChildProcessError, OSError):
            return False

    def send(self, uid, **row):
        def taken():
            self.revive()
            try:
                return self.herald.post(
                    f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                    {"sid": uid, "search_name": "a test",
                     "result": {"event_id": uid, **row}})[0] == 200
            except (OSError, http.client.HTTPException):
                return False
        wait_until(taken, 60, lambda: f"{uid} taken\n{self.herald.log()}")

    def export(self):
        """By uid, once the daemon tells; it may die in the middle."""
        wait_until(self.is_up, 60, lambda: "up\n" + self.herald.log())
        told = self.herald.run_ctl("export")
        if told.returncode != 0:
            return {}
        return {one["uid"]: one for one in (
            json.loads(line) for line in told.stdout.split("\n") if line)}

    def when_all_ended(self, count, deadline_s=120):
        def all_ended():
            alerts = self.export()
            return alerts if len(alerts) == count and all(
                one["state"] in ENDED for one in alerts.values()) else None
        return wait_until(all_ended, deadline_s, lambda: (
            f"all {count} ended: " + str(collections.Counter(
                one["state"] for one in self.export().values()))
            + "\n" + self.herald.log()[-8000:]))

    def explain(self, alert):
        return self.herald.ctl("explain", alert["id"])

    def notes(self):
        try:
            with open(self.herald.path("log"), encoding="ascii") as log:
                return log.read().split()
        except FileNotFoundError:
            return []
