#!/usr/bin/env python3
"""A day in ten minutes: what herald says of itself is compared with the truth.

    day.py [--alerts N] [--rate R] [--seed S] [--keep]

Alerts from four sources (a webhook, HEC, two http_in) with repeats and
redeliveries go to a real heraldd, which asks MISP and VirusTotal, opens cases
and writes to a chat room.  Over the day MISP does not answer, VirusTotal says
429, the SOAR is down, the configuration is reloaded twice and refused once, and
herald is restarted.  At each of these points the senders pause, and `status`,
`list`, `explain`, `export` and the log are checked against what was sent and
what the doubles saw.  The last line is `day: N checks, N violations`.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, one)
                for one in ("functional", "servers")]

from herald import Herald, WEBHOOK_TOKEN    # noqa: E402
from kill9 import case_identifier           # noqa: E402
from sending import JSON, Message, Senders, webhook  # noqa: E402
from services import Service                # noqa: E402
from waiting import wait_until              # noqa: E402

CONFIG = os.path.join(HERE, "day.yaml.in")
SECRETS = {name: f"{name}-token-of-a-day-in-ten-minutes"
           for name in ("hec", "wazuh", "elastic")}
TITLES = ["Failed logins", "Malware found", "Odd country", "Port scan"]
REPEATED = 0.25                 # of all alerts merge into an earlier one
REDELIVERED = 0.03              # are sent twice with one uid
SEVERE = 0.3
TERMINAL = {"done", "merged", "silenced", "dropped", "dead", "quarantined"}
IDLE_S = 300
RECOVERY_S = 8                  # a breaker's first pause, and a deadline
MIN_SHARES = {"merged": 0.1, "cases": 0.1, "chats": 0.2, "missing": 0.01}


class Alert(NamedTuple):
    number: int
    source: str
    uid: str
    title: str
    user: str
    address: str
    severe: bool


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alerts", type=int, default=20000)
    parser.add_argument("--rate", type=float, default=40,
                        help="alerts a second")
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--keep", action="store_true",
                        help="leave the folders of the run where they are")
    return parser.parse_args(words)


# ---- what is sent ----

class Day:
    """Alert by number, the same for a seed.  A repeat has title, user and
    address of an earlier one and another uid; a redelivery is an earlier one
    sent once more."""

    def __init__(self, options):
        self.seed = options.seed
        self.made = {}

    def alert(self, number):
        if number not in self.made:
            self.made[number] = self.make(number)
        return self.made[number]

    def make(self, number):
        dice = random.Random(f"{self.seed}/{number}")
        kind = dice.random()
        if number > 50 and kind < REDELIVERED:
            return self.alert(number - dice.randrange(1, 40))
        uid = f"day-{self.seed:08x}-{number}"
        source = dice.choice(["splunk", "hec", "wazuh", "elastic"])
        if number > 50 and kind < REDELIVERED + REPEATED:
            first = self.alert(number - dice.randrange(1, 40))
            return first._replace(number=number, source=source, uid=uid)
        return Alert(number, source, uid, dice.choice(TITLES),
                     f"user{number}",
                     f"8.{dice.randrange(1, 60)}.{dice.randrange(4)}."
                     f"{dice.randrange(1, 250)}",
                     dice.random() < SEVERE)

    def message(self, number):
        alert = self.alert(number)
        return getattr(self, alert.source)(alert)

    def splunk(self, a):
        body = {"sid": f"scheduler__{a.uid}", "search_name": a.title,
                "result": self.row(a)}
        return Message(webhook(WEBHOOK_TOKEN), json.dumps(body), JSON, [a.uid])

    def hec(self, a):
        headers = {"Authorization": "Splunk " + SECRETS["hec"]}
        return Message("/hec/services/collector/event",
                       json.dumps({"event": self.row(a)}), headers, [a.uid])

    def wazuh(self, a):
        return self.bearer(a, {"id": a.uid, "title": a.title, "user": a.user,
                               "ip": a.address,
                               "level": 8 if a.severe else 3})

    def elastic(self, a):
        return self.bearer(a, {"uid": a.uid, "rule": a.title, "who": a.user,
                               "from": a.address,
                               "sev": "high" if a.severe else "low"})

    @staticmethod
    def row(a):
        return {"event_id": a.uid, "signature": a.title, "user": a.user,
                "src": a.address, "urgency": "high" if a.severe else "low"}

    @staticmethod
    def bearer(a, body):
        return Message(f"/{a.source}/v1/http", json.dumps(body), {
            **JSON, "Authorization": "Bearer " + SECRETS[a.source]}, [a.uid])


# ---- what is checked ----

class Checks:
    """Counts what was found true, prints what was not."""

    def __init__(self):
        self.count = 0
        self.violations = 0

    def that(self, what, offenders):
        self.count += 1
        offenders = list(offenders)
        if offenders:
            self.violations += 1
            print(f"FAIL {what}: {offenders[:4]} ({len(offenders)})",
                  flush=True)

    def equal(self, what, told, true):
        self.that(what, [] if told == true else [f"{told}, true {true}"])


class Truth:
    """One day's daemon with its doubles, asked at a moment of rest."""

    def __init__(self, herald, doubles, accepted):
        self.herald = herald
        self.misp, self.vt, self.soar, self.chat = doubles
        self.accepted_file = accepted

    def accepted(self):
        with open(self.accepted_file, encoding="ascii") as lines:
            return Counter(line.strip() for line in lines)

    def look(self):
        wait_until(self.is_one_moment, 60, lambda: f"rest: {self.status}")
        self.sent = self.accepted()
        self.actions = [action for alert in self.alerts
                        for action in alert.get("actions", [])]
        self.cases = {one["source_data_identifier"]: one
                      for one in self.soar.state()["containers"]}

    def is_one_moment(self):
        """Looks; true if no action that waited had its turn meanwhile."""
        self.status = self.herald.ctl("status")
        self.alerts = self.herald.export()
        after = self.herald.ctl("status")
        return all(self.status[of] == after[of]
                   for of in ("alerts", "actions"))


def check_counts(truth, checks):
    states = Counter(one["state"] for one in truth.alerts)
    told = {name: n for name, n in truth.status["alerts"].items() if n}
    checks.equal("status: alerts by state are those of export", told,
                 dict(states))
    checks.equal("status: actions by state are those of export",
                 {name: n for name, n in truth.status["actions"].items() if n},
                 dict(Counter(one["state"] for one in truth.actions)))
    checks.equal("export: the uids are those that were accepted",
                 {one["uid"] for one in truth.alerts}, set(truth.sent))
    checks.equal("export: each uid once", len(truth.alerts), len(truth.sent))
    for state in ("waiting", "merged", "dead"):
        listed = truth.herald.ctl("list", "--state", state, "--limit", "3")
        checks.equal(f"list: {state} are there if status says so",
                     bool(listed["alerts"]), bool(states[state]))


def check_cases(truth, checks):
    done = {case_identifier(one["idem"]): one for one in truth.actions
            if one["name"] == "case" and one["state"] == "done"}
    checks.that("cases told as done are in the SOAR", set(done) - set(truth.cases))
    known = {case_identifier(one["idem"]) for one in truth.actions}
    checks.that("every case of the SOAR is known", set(truth.cases) - known)
    checks.that("case numbers are the SOAR's", (
        name for name, one in done.items() if name in truth.cases
        and one["ticket"]["uid"] != str(truth.cases[name]["id"])))
    texts = Counter(one["id"] for one in truth.chat.effects())
    told = {one["idem"] for one in truth.actions
            if one["name"] == "tell" and one["state"] == "done"}
    checks.that("texts told as sent were received", told - set(texts))


def check_merging(truth, checks, day):
    """Of one title and user one alert leads, all others merged into it."""
    groups = {}
    by_uid = {one["uid"]: one for one in truth.alerts}
    for number in day.made:
        alert = day.made[number]
        if alert.uid in by_uid:
            groups.setdefault((alert.title, alert.user), set()).add(alert.uid)
    checks.that("one leader for each title and user", (
        group for group, uids in groups.items()
        if sum(by_uid[uid]["state"] != "merged" for uid in uids) != 1))


def check_log(truth, checks):
    ended = re.findall(r" alert=(\w+) pipeline=\S+ state=(\w+)",
                       truth.herald.log())
    last = dict(ended)
    # The log has the first eight digits, which two of many may share.
    checks.that("log: one line for each alert that ended", Counter(
        one for one, _ in ended) - Counter(
            one["id"][:8] for one in truth.alerts))
    checks.that("log: the state at the end is that of export", (
        f"{one['id'][:8]} {one['state']} {last.get(one['id'][:8])}"
        for one in truth.alerts
        if one["state"] in TERMINAL and last.get(one["id"][:8]) != one["state"]))


def check_explain(truth, checks, dice):
    """Some of each state, as a person reads them."""
    by_state = {}
    for alert in truth.alerts:
        by_state.setdefault(alert["state"], []).append(alert)
    for state, alerts in by_state.items():
        for alert in dice.sample(alerts, min(4, len(alerts))):
            text = truth.herald.run_ctl("explain", alert["id"]).stdout
            if truth.herald.ctl("show", alert["id"])["changed"] == \
                    alert["changed"]:       # else it went on meanwhile
                checks.that(f"explain: {state}", explained(truth, alert, text))


def explained(truth, alert, text):
    """What is wrong with it."""
    leader = alert["state"] == "merged"
    if f"state {alert['state']}" not in text:
        yield f"{alert['id'][:8]}: not said to be {alert['state']}"
    if leader and not re.search(r"merged into|repeat of", text):
        yield f"{alert['id'][:8]}: merged into what?"
    for action in alert.get("actions", []):
        line = next((one for one in text.splitlines()
                     if one.startswith(f"   {action['name']} ")), "")
        if action["state"].replace("_", " ") not in line:
            yield f"{alert['id'][:8]}: {action['name']} {action['state']}"
        case = truth.cases.get(case_identifier(action["idem"]))
        if action["state"] == "done" and case and \
                f"container {case['id']}" not in line:
            yield f"{alert['id'][:8]}: another container than {case['id']}"


def missing(truth, connector):
    """The uids of alerts for which an answer of this one is missing."""
    told = truth.herald.ctl("list", "--if", f'missing("{connector}")',
                            "--state", "done", "--limit", "1000")
    return {one["uid"] for one in told["alerts"]}


def check_missing(plan, connector, first, last):
    """Missing is who was asked about while the one who knows was silent, and
    explain says why."""
    truth, checks, day = plan.truth, plan.checks, plan.day
    uids = missing(truth, connector)
    count = plan.options.alerts
    # a breaker's pause doubles up to as long as the silence was
    end = min(count, int((2 * last - first) * count +
                         RECOVERY_S * plan.options.rate))
    meant = {day.made[n].uid for n in range(int(first * count), end)}
    checks.that(f"{connector}: its silence is told as missing",
                [] if uids else ["never"])
    checks.that(f"{connector}: missing only where it was silent", uids - meant)
    ids = {one["uid"]: one["id"] for one in truth.alerts}
    for uid in plan.dice.sample(sorted(uids), min(8, len(uids))):
        text = truth.herald.run_ctl("explain", ids[uid]).stdout
        checks.that("explain: what is missing says why", (
            [] if re.search(rf"^   {connector} .* missing .*[a-z0-9]+", text,
                            re.MULTILINE) else [text]))
    return len(uids)


# ---- the day ----

class Plan:
    """What happens when, by the share of alerts sent."""

    def __init__(self, truth, checks, day, options):
        self.truth, self.checks = truth, checks
        self.day, self.options = day, options
        self.dice = random.Random(options.seed)
        self.restarts = 0

    def steps(self):
        return [
            (0.10, "morning", None),
            (0.15, "MISP does not answer", lambda: self.truth.misp.fault("hang")),
            (0.20, "MISP answers again", self.misp_is_up),
            (0.25, "VirusTotal says 429", lambda: self.truth.vt.fault("429:2")),
            (0.30, "VirusTotal answers again", self.vt_is_up),
            (0.40, "a reload", self.reload),
            (0.45, "the SOAR is down",
             lambda: self.truth.soar.fault("reset_before")),
            (0.55, "the SOAR is up", self.soar_is_up),
            (0.60, "a reload that is refused", self.broken_reload),
            (0.70, "a restart", self.restart),
            (0.80, "a second reload", self.reload),
            (0.90, "evening", None),
        ]

    def reload(self):
        herald = self.truth.herald
        before = self.truth.status["configuration"]
        herald.rewrite(re.sub(r"because: every alert counts.*?}",
                              f"because: every alert counts {time.time()}}}",
                              herald.text))
        outcome = herald.run_ctl("reload")
        self.checks.equal("reload: succeeds", outcome.returncode, 0)
        self.checks.that("reload: another configuration is in force", (
            [before] if herald.ctl("status")["configuration"] == before
            else []))

    def broken_reload(self):
        herald = self.truth.herald
        good, before = herald.text, herald.ctl("status")["configuration"]
        herald.rewrite(good.replace("severity_id >= 4", "severity_id >= \"4\""))
        outcome = herald.run_ctl("reload")
        self.checks.equal("broken reload: fails", outcome.returncode, 1)
        self.checks.that("broken reload: says where", (
            [] if re.search(r"herald.yaml:\d+:\d+: ", outcome.stderr +
                            outcome.stdout) else [outcome.stderr]))
        self.checks.equal("broken reload: the old configuration stays",
                          herald.ctl("status")["configuration"], before)
        self.checks.that("broken reload: the log says so", (
            [] if "reload refused" in herald.log() else ["no word"]))
        herald.rewrite(good)

    def restart(self):
        self.truth.herald.restart()
        self.restarts += 1

    def soar_is_up(self):
        waiting = self.truth.status["alerts"]["waiting"]
        self.checks.that("the SOAR was down: alerts wait", (
            [] if waiting else ["none waits"]))
        self.health("soar")
        self.checks.that("the SOAR was down: the waiting say why", (
            one["id"] for one in self.truth.actions
            if one["state"] in ("decided", "started") and one["tries"]
            and not one.get("message")))
        self.truth.soar.mend()

    def health(self, connector):
        """Status says of who does not answer that it is not well."""
        told = {one["name"]: one for one in self.truth.status["connectors"]}
        self.checks.that(f"status: {connector} is not well", (
            [told[connector]] if told[connector]["health"] == "ok" else []))

    def misp_is_up(self):
        self.health("misp")
        self.truth.misp.mend()

    def vt_is_up(self):
        self.health("vt")
        self.truth.vt.mend()

    def at(self, what, do):
        """Looks, checks, and then lets it happen."""
        self.truth.look()
        print(f"{time.strftime('%H:%M:%S')} {what}: "
              f"{len(self.truth.alerts)} alerts", flush=True)
        check_counts(self.truth, self.checks)
        check_cases(self.truth, self.checks)
        check_explain(self.truth, self.checks, self.dice)
        if do:
            do()


def decided(truth):
    """Nothing is between received and decided, nothing is being done."""
    status = truth.herald.ctl("status")
    return status["engine"]["running"] == 0 and \
        status["engine"]["backlog"] == 0 and status["engine"]["acting"] == 0


def ended(truth):
    return truth.herald.ctl("status")["alerts"]["waiting"] == 0 and \
        decided(truth)


def spend(plan, senders_of, count):
    """Sends share by share; between them the senders pause."""
    sent = 0
    for share, what, do in plan.steps() + [(1.0, "night", None)]:
        upto = int(count * share)
        senders = senders_of(sent, upto)
        senders.wait()
        sent = upto
        wait_until(lambda: decided(plan.truth), IDLE_S,
                   lambda: f"rest: {plan.truth.herald.ctl('status')}")
        plan.at(what, do)


def last_checks(plan, options):
    truth, checks = plan.truth, plan.checks
    wait_until(lambda: ended(truth), IDLE_S,
               lambda: f"idle: {truth.herald.ctl('status')}")
    truth.look()
    check_counts(truth, checks)
    check_cases(truth, checks)
    check_merging(truth, checks, plan.day)
    check_log(truth, checks)
    counts = Counter(one["id"] for one in truth.soar.effects(
        "/rest/container"))
    checks.that("no case twice", (one for one, n in counts.items() if n > 1))
    runs = Counter(one["id"] for one in truth.soar.effects(
        "/rest/playbook_run"))
    checks.that("no playbook run twice", (
        one for one, n in runs.items() if n > 1))
    severe = {one.uid for one in plan.day.made.values() if one.severe}
    checks.that("a case for each severe leader and no other", (
        one["uid"] for one in truth.alerts if one["state"] == "done"
        and ((one["uid"] in severe) !=
             any(a["name"] == "case" for a in one["actions"]))))
    told = check_missing(plan, "misp", 0.15, 0.20) + \
        check_missing(plan, "vt", 0.25, 0.30)
    asked = Counter(truth.misp.asked())
    checks.that("MISP was asked only what was sent", set(asked) - {
        one.address for one in plan.day.made.values()})
    minimums(truth, checks, told, options)


def minimums(truth, checks, told, options):
    """A day in which too little happened proves nothing."""
    states = Counter(one["state"] for one in truth.alerts)
    came = {"merged": states["merged"], "cases": len(truth.cases),
            "chats": len(truth.chat.effects()),
            "missing": told}
    print("came to", came, "of", options.alerts)
    checks.that("minimums", (
        f"{name}: {came[name]}" for name, share in MIN_SHARES.items()
        if came[name] < share * options.alerts))
    checks.that("nobody is dead or in doubt", (
        one["uid"] for one in truth.alerts if one["state"] == "dead"))


def live(options, folder):
    day, checks = Day(options), Checks()
    accepted = os.path.join(folder, "accepted")
    with open(CONFIG, encoding="utf-8") as text:
        config = text.read()
    with Service("misp", folder) as misp, \
            Service("virustotal", folder) as vt, \
            Service("soar", folder) as soar, Service("sink", folder) as chat:
        files = {f"secrets/{name}": text + "\n"
                 for name, text in SECRETS.items()}
        for service, name in ((misp, "misp"), (vt, "vt"), (soar, "soar")):
            files[f"secrets/{name}"] = service.key + "\n"
        herald = Herald(config, MISP=misp.url, VT=vt.url, SOAR=soar.url,
                        CHAT=chat.url, files=files)
        truth = Truth(herald, (misp, vt, soar, chat), accepted)
        plan = Plan(truth, checks, day, options)

        def senders_of(first, upto):
            return Senders(herald.port("INGEST"),
                           lambda n: day.message(first + n), upto - first,
                           accepted, 4, options.rate)
        try:
            herald.start()
            spend(plan, senders_of, options.alerts)
            last_checks(plan, options)
            herald.check_sanitizers()
        except AssertionError:
            print(herald.log()[-20000:], file=sys.stderr)
            raise
        finally:
            if options.keep:
                herald.kill()
                print(f"kept {herald.folder} {folder}")
            else:
                herald.remove()
    return checks


def main():
    options = arguments()
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="day-")
    checks = live(options, folder)
    if not options.keep:
        subprocess.run(["rm", "-r", folder], check=True)
    print(f"day: {checks.count} checks, {checks.violations} violations")
    return checks.violations != 0


if __name__ == "__main__":
    sys.exit(main())
