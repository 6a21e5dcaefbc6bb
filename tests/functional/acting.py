"""A daemon whose actions do as they are told: tests/plugins/acts.c.

    with the fixture `herald`:
    acting = Acting(herald, ["{name: a, do: acts.record}"])
    acting.tell("record.run", "retry:1", "ok")
    alert = acting.send("one")
    acting.ended(alert)["actions"][0]["state"]
    acting.done()       # what the plugin was called for
"""
import collections
import http.client
import os

from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

ENDED = {"done", "dead", "dropped", "merged", "silenced", "quarantined"}

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  acts: {plugin: acts, dir: '@DIR@/acts', timeout: @TIMEOUT@}
safety:
  actions:
    acts.contain: {at_most: [100/1h], per_target: 100/1h, beyond: refuse}
pipelines:
  - name: default
    steps:
@STEPS@
      - respond:
@ENTRIES@
"""

Call = collections.namedtuple("Call", "mode action idem undoing end effect memo")


class Acting:
    """`entries` are those of respond in the pipeline `default`, `steps` what
    stands before; or `config` is another one with this source and acts."""

    def __init__(self, herald, entries=(), steps=(), timeout="5s", config=CONFIG,
                 **more):
        config = config.replace("@ENTRIES@", "\n".join(
            "          - " + entry for entry in entries))
        config = config.replace("@STEPS@", "\n".join(
            "      - " + step for step in steps))
        config = config.replace("@TIMEOUT@", timeout)
        self.herald = herald(config, started=False, **more)
        self.dir = self.herald.path("acts")
        self.crashes = 0
        os.mkdir(self.dir, 0o700)
        self.herald.start()

    # What the plugin shall do, and what it did.

    def tell(self, name, *lines):
        """The next calls of "ACTION.run", ".plan" or ".verify"."""
        with open(os.path.join(self.dir, name), "a", encoding="ascii") as out:
            out.writelines(line + "\n" for line in lines)

    def done(self, mode=None, action=None):
        """The calls that were made, in their order."""
        try:
            with open(os.path.join(self.dir, "log"), encoding="utf-8") as log:
                calls = [Call(*line.rstrip("\n").split(" ", 6))
                         for line in log]
        except FileNotFoundError:
            return []
        return [one for one in calls
                if mode in (None, one.mode) and action in (None, one.action)]

    def effects(self, action=None):
        return [one.idem for one in self.done("run", action)
                if one.effect == "effect"]

    # Alerts.

    def post(self, uid, **row):
        """As Splunk sends it, again and again, until it is taken."""
        def taken():
            try:
                return self.herald.post(
                    f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                    {"sid": uid, "search_name": "a test",
                     "result": {"event_id": uid, **row}})[0] == 200
            except (OSError, http.client.HTTPException):
                self.revive()
                return False
        wait_until(taken, 30, lambda: f"{uid} taken\n" + self.herald.log())

    def revive(self):
        """Starts again one that died at a crash point, without it."""
        if self.herald.process.poll() is not None:
            self.crashes += 1
            self.herald.kill()
            self.herald.extra_environment.pop("HERALD_CRASH_AT", None)
            self.herald.restart()

    def crashed(self):
        """True once it died at its crash point and was started again."""
        self.revive()
        return self.crashes != 0

    def send(self, uid="one", **row):
        self.post(uid, **row)
        return uid

    def alert(self, uid):
        found = [one for one in self.herald.export() if one["uid"] == uid]
        assert len(found) <= 1, found
        return found[0] if found else None

    def when(self, uid, true, what):
        """The alert once true(alert)."""
        def reached():
            alert = self.alert(uid)
            return alert if alert and true(alert) else None
        return wait_until(reached, 30, lambda: (
            f"{uid} {what}: {self.alert(uid)}\n{self.herald.log()}"))

    def ended(self, uid="one"):
        return self.when(uid, lambda one: one["state"] in ENDED, "ended")

    def in_state(self, state, uid="one", name=None):
        """The alert once an action (of that name) is in the state."""
        return self.when(uid, lambda one: any(
            row["state"] == state and name in (None, row["name"])
            for row in one["actions"]), f"has one {state}")

    def restart(self, crash_at=None):
        """kill -9, and again."""
        self.herald.kill()
        self.herald.extra_environment.pop("HERALD_CRASH_AT", None)
        if crash_at:
            self.herald.extra_environment["HERALD_CRASH_AT"] = crash_at
        self.herald.restart()


def states(alert):
    """{"name": "state"} of its actions."""
    return {row["name"]: row["state"] for row in alert["actions"]}


def row(alert, name):
    return next(one for one in alert["actions"] if one["name"] == name)


def has_crash_points():
    """Only a build with --enable-debug has them."""
    build = os.environ.get("HERALD_BUILD", "")
    try:
        with open(os.path.join(build, "config.h"), encoding="ascii") as config:
            return "#define HD_DEBUG 1" in config.read()
    except FileNotFoundError:
        return False
