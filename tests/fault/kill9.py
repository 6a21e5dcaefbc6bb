#!/usr/bin/env python3
"""kill -9 at random moments under load; then every promise is checked.

    kill9.py [--kills N] [--alerts N] [--rate R] [--seed S] [--faults P]
             [--latency MS] [--min-under-way N] [--hec]

Alerts, each with an event_id of its own, go to a real heraldd over several
connections, look their addresses up at a MISP double and open a case each at
a SOAR double.  The event_id of each that was answered 2xx is on disk before the next
alert is sent.  Meanwhile the daemon is killed 0 to 800 ms after it was ready,
again and again.  In the end, once it is idle, what it exports is joined with
what was accepted and with what the SOAR double saw (check_ledger.py).

Checked here besides: no alert exists twice or was made of nothing, no case
was opened twice, no case has two runs of its playbook, and each case holds the
user and the address of its own alert and of no other.  A run in which the kills
met too few alerts with open actions proves nothing and fails.

The environment says what is tested, as for tests/functional/herald.py.
"""
import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, one)
                for one in ("functional", "servers")]

from herald import Herald, WEBHOOK_TOKEN    # noqa: E402
from sending import JSON, Message, Senders, webhook  # noqa: E402
from services import Service, fixture       # noqa: E402
from waiting import wait_until              # noqa: E402

KILL_WITHIN_S = 0.8
IDLE_S = 600
HEC = "/services/collector/event"
HEC_HEADERS = {"Authorization": f"Splunk {WEBHOOK_TOKEN}"}


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--alerts", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=0,
                        help="alerts a second; 0: as fast as they are taken")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--faults", type=float, default=0, metavar="PERCENT",
                        help="of the doubles' answers spoilt at random")
    parser.add_argument("--latency", type=int, default=0, metavar="MS",
                        help="of each answer of the doubles")
    parser.add_argument("--min-under-way", type=int, default=0, metavar="N",
                        help="alerts with open actions over all kills")
    parser.add_argument("--hec", action="store_true",
                        help="every other alert goes by HEC")
    parser.add_argument("--crash-at", action="append", default=[],
                        metavar="POINT", help="some kills become crashes "
                        "there (debug builds; core/base/crash.h)")
    parser.add_argument("--config", default=os.path.join(HERE,
                                                         "kill9.yaml.in"))
    parser.add_argument("--keep", action="store_true",
                        help="leave the folders of the run where they are")
    return parser.parse_args(words)


class Alerts:
    """Alerts by number, each with an event_id of its own; half of the
    addresses come again.  Every other one goes by HEC if that is wanted."""

    def __init__(self, options):
        self.options = options
        self.payload = fixture("splunk/webhook_failed_then_success.json")

    def source(self, number):
        generator = random.Random(f"{self.options.seed}/{number}")
        return f"198.51.100.{generator.randrange(1, 255)}"

    def said_of(self, uid):
        """What the alert with this uid says of whom and whence."""
        number = int(uid[8:], 16)
        return {f"user{number}", self.source(number)}

    def __call__(self, number):
        row = dict(self.payload["result"],
                   event_id=f"{self.options.seed:08x}{number:024x}",
                   user=f"user{number}", src=self.source(number))
        body = dict(self.payload, result=row, sid=f"scheduler__kill9_{number}")
        if self.options.hec and number % 2:
            return Message(HEC, json.dumps({"event": body}), HEC_HEADERS,
                           [row["event_id"]])
        return Message(webhook(WEBHOOK_TOKEN), json.dumps(body), JSON,
                       [row["event_id"]])


def kill_repeatedly(herald, senders, options):
    """Returns how many of the kills fell while alerts came in."""
    generator = random.Random(options.seed)
    under_load = 0
    for _ in range(options.kills):
        time.sleep(generator.uniform(0, KILL_WITHIN_S))
        under_load += senders.busy()
        herald.kill()
        start_again(herald, generator, options.crash_at)
    herald.kill()
    start_again(herald, generator, [])
    return under_load


def start_again(herald, generator, points):
    """Now and then so that it will die at one of the points by itself, which
    may be before it is ready."""
    herald.extra_environment.pop("HERALD_CRASH_AT", None)
    if points and generator.random() < 0.7:
        herald.extra_environment["HERALD_CRASH_AT"] = \
            f"{generator.choice(points)}:{generator.randrange(1, 200)}"
    try:
        herald.restart()
    except ChildProcessError:
        if "HERALD_CRASH_AT" not in herald.extra_environment or \
                herald.process.returncode != -signal.SIGKILL:
            raise
        start_again(herald, generator, [])


def open_alerts(herald):
    """How many alerts have not come to their end, by `status`."""
    counts = herald.ctl("status")["alerts"]
    return sum(counts.get(state, 0)
               for state in ("received", "running", "waiting"))


# What it is all checked with.

def case_identifier(idem):
    """The source_data_identifier that stands for an idempotency key."""
    digest = hashlib.sha256(idem.encode()).hexdigest()
    return "herald-" + digest[:32]


def write_export(herald, path):
    """What was exported, and for check_ledger.py the same under the uid, which
    is what a sender knows of an alert."""
    ended = herald.run_ctl("export")
    if ended.returncode != 0:
        raise AssertionError(f"export: {ended.stderr}")
    exported = [json.loads(line) for line in ended.stdout.splitlines()]
    with open(path, "w", encoding="utf-8") as out:
        for alert in exported:
            out.write(json.dumps(dict(alert, id=alert["uid"])) + "\n")
    return exported


def case_effects(log):
    """[(time, identifier, path)] of the SOAR double's effect log."""
    with open(log, encoding="utf-8") as text:
        return [line.split(" ", 3)[:3] for line in text]


def write_sink(effects, exported, path):
    """Cases opened, under the idempotency key that each stands for."""
    idem = {case_identifier(action["idem"]): action["idem"]
            for alert in exported for action in alert.get("actions", [])}
    with open(path, "w", encoding="utf-8") as out:
        for when, identifier, where in effects:
            if where == "/rest/container":
                out.write(f"{when} {idem.get(identifier, identifier)} "
                          f"{where}\n")


def twice(effects, path):
    counts = Counter(identifier for _, identifier, where in effects
                     if where == path)
    return sorted(one for one, count in counts.items() if count > 1)


def said_in(container):
    """Users and sources in the artifacts of a case."""
    fields = [artifact.get("cef", {}) for artifact in container["artifacts"]]
    return {cef[name] for cef in fields
            for name in ("sourceUserName", "destinationUserName",
                         "sourceAddress")
            if str(cef.get(name, "")).startswith(("user", "198.51.100."))}


def wrong_content(options, exported, containers):
    """Cases that do not say what their alert said."""
    said_of = Alerts(options).said_of
    cases = {one["source_data_identifier"]: one for one in containers}
    for alert in exported:
        for action in alert.get("actions", []):
            case = cases.get(case_identifier(action["idem"]))
            wanted = said_of(alert["uid"])
            if case and said_in(case) != wanted:
                yield f"{alert['uid']}: {said_in(case)} for {wanted}"


def under_way(log):
    """Alerts with open actions that each start found."""
    return sum(int(number) for number in re.findall(
        r"recovered: \d+ alerts to decide, (\d+) with open actions", log))


def own_checks(options, exported, effects, containers, log):
    yield "alerts exported are those sent", (
        [] if len(exported) == options.alerts
        else [f"{len(exported)} of {options.alerts}"])
    yield "a case opened twice", twice(effects, "/rest/container")
    yield "a playbook run twice for one case", twice(effects,
                                                     "/rest/playbook_run")
    yield "a case without a known action", [
        one for _, one, _ in effects if not one.startswith("herald-")]
    yield "a case with the content of another alert", list(
        wrong_content(options, exported, containers))
    met = under_way(log)
    print(f"alerts with open actions when killed: {met}")
    yield "too few under way", [f"{met} < {options.min_under_way}"] * (
        met < options.min_under_way)


def judge(herald, soar, options, folder):
    exported = write_export(herald, os.path.join(folder, "export.jsonl"))
    effects = case_effects(soar.log)
    write_sink(effects, exported, os.path.join(folder, "sink.log"))
    failed = 0
    for name, offenders in own_checks(
            options, exported, effects, soar.state()["containers"],
            herald.log()):
        failed += bool(offenders)
        print("%-4s %s %s" % ("FAIL" if offenders else "ok", name,
                              offenders[:5] or ""))
    ended = subprocess.run(
        [sys.executable, os.path.join(HERE, "check_ledger.py"),
         "--min-accepted", str(options.alerts),
         "--min-actions", str(options.alerts),
         *(os.path.join(folder, name)
           for name in ("accepted", "export.jsonl", "sink.log"))],
        check=False)
    return failed > 0 or ended.returncode != 0


def run(options, folder):
    faults = ["--fault", f"rnd:{options.faults}"] if options.faults else []
    faults += ["--fault", f"latency:{options.latency}"] if options.latency \
        else []
    faults += ["--seed", str(options.seed)]
    with open(options.config, encoding="utf-8") as text:
        config = text.read()
    with Service("misp", folder, *faults) as misp, \
            Service("soar", folder, *faults) as soar:
        herald = Herald(config, MISP=misp.url, SOAR=soar.url, files={
            "secrets/misp": misp.key + "\n", "secrets/soar": soar.key + "\n"})
        try:
            herald.start()
            return attack(herald, soar, options, folder)
        except AssertionError:
            print(herald.log()[-20000:], file=sys.stderr)
            raise
        finally:
            if options.keep:
                herald.kill()
                print(f"kept {herald.folder} {folder}")
            else:
                herald.remove()


def attack(herald, soar, options, folder):
    senders = Senders(herald.port("INGEST"), Alerts(options), options.alerts,
                      os.path.join(folder, "accepted"), options.connections,
                      options.rate)
    try:
        under_load = kill_repeatedly(herald, senders, options)
        senders.wait()
    finally:
        senders.give_up()
    wait_until(lambda: open_alerts(herald) == 0, IDLE_S,
               lambda: f"idle: {herald.ctl('status')}")
    print(f"kills {options.kills} ({under_load} under load), "
          f"refusals {dict(senders.refused)}")
    herald.check_sanitizers()
    return judge(herald, soar, options, folder)


def main():
    options = arguments()
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="kill9-")
    failed = run(options, folder)
    if not options.keep:
        subprocess.run(["rm", "-r", folder], check=True)
    print("FAILED" if failed else "held", f"(seed {options.seed})")
    return failed


if __name__ == "__main__":
    sys.exit(main())
