#!/usr/bin/env python3
"""The story that contrib/demo tells; see there.

heraldd is the built one, started with a copy of conf/demo.yaml; the services
are those of tests/doubles/.  Nothing leaves this machine.
"""
import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

WAIT_S = 30
STEP_S = 0.05
TOKEN = "example-webhook-token"
HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """Something is not as it must be."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, found):
    """What `found` gives once it gives something; Failed after WAIT_S."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(STEP_S)
    raise Failed(f"no {what} within {WAIT_S} s")


def ask(port, method, target, body=None):
    """(status, parsed JSON or text) of a request to a loopback port."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        text = json.dumps(body) if body is not None else None
        client.request(method, target, text,
                       {"Content-Type": "application/json"})
        answer = client.getresponse()
        raw = answer.read().decode("utf-8", "replace")
    finally:
        client.close()
    try:
        return answer.status, json.loads(raw)
    except ValueError:
        return answer.status, raw


class Process:
    """Something that we started, and end by its pid."""

    def __init__(self, arguments, log, **more):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(arguments, stdout=out, stderr=out,
                                            stdin=subprocess.DEVNULL, **more)

    def alive(self):
        return self.process.poll() is None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def end(self):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Double(Process):
    """A service that only pretends."""

    def __init__(self, source, folder, kind):
        ready = os.path.join(folder, kind + ".port")
        super().__init__(
            ["/usr/bin/python3", f"{source}/tests/doubles/{kind}.py",
             "--port", "0", "--port-file", ready,
             "--log", os.path.join(folder, kind + ".effects")],
            os.path.join(folder, kind + ".log"),
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        self.port = int(wait_for(f"port of {kind}", lambda: read(ready)))

    def control(self, method, name, body=None):
        status, answer = ask(self.port, method, "/_double/" + name, body)
        if status != 200:
            raise Failed(f"/_double/{name}: {status} {answer}")
        return answer


def read(path):
    try:
        with open(path, encoding="utf-8") as text:
            return text.read().strip()
    except FileNotFoundError:
        return ""


class World:
    """herald and its services, in a folder that goes away."""

    def __init__(self, options, assets=""):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="herald-demo-")
        self.parts = []
        for name in ("state", "run"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        self.misp = self.add(Double(options.source, self.folder, "misp"))
        self.soar = self.add(Double(options.source, self.folder, "soar"))
        self.ports = {"INGEST": free_port(), "ADMIN": free_port(),
                      "MISP": self.misp.port, "SOAR": self.soar.port}
        self.write_configuration(assets)
        self.herald = self.add(Process(
            [f"{options.root}/sbin/heraldd", "-c",
             os.path.join(self.folder, "herald.yaml")],
            os.path.join(self.folder, "heraldd.log"), cwd=self.folder,
            env=self.environment()))
        self.wait_ready()

    def add(self, part):
        self.parts.append(part)
        return part

    def environment(self):
        return {**os.environ,
                "STATE_DIRECTORY": os.path.join(self.folder, "state"),
                "RUNTIME_DIRECTORY": os.path.join(self.folder, "run")}

    def write_configuration(self, assets):
        source = self.options.source
        table = os.path.join(self.folder, "assets.csv")
        with open(f"{source}/conf/demo-assets.csv", encoding="utf-8") as known:
            text = known.read()
        with open(table, "w", encoding="utf-8") as out:
            out.write(text + assets)
        with open(f"{source}/conf/demo.yaml", encoding="utf-8") as demo:
            text = demo.read()
        for name, port in self.ports.items():
            text = text.replace(f"@{name}_PORT@", str(port))
        text = text.replace("/usr/share/herald/demo-assets.csv", table)
        with open(os.path.join(self.folder, "herald.yaml"), "w",
                  encoding="utf-8") as out:
            out.write(text)

    def wait_ready(self):
        def ready():
            if not self.herald.alive():
                raise Failed("heraldd ended:\n" + self.herald.text())
            try:
                return ask(self.ports["ADMIN"], "GET", "/readyz")[0] == 200
            except OSError:
                return False
        wait_for("readiness of heraldd", ready)

    def url(self):
        return (f"http://127.0.0.1:{self.ports['INGEST']}"
                f"/v1/splunk/webhook/{TOKEN}")

    def send(self, payload):
        status, answer = ask(self.ports["INGEST"], "POST",
                             f"/v1/splunk/webhook/{TOKEN}", payload)
        if status != 200:
            raise Failed(f"the webhook was answered {status}: {answer}")

    def ctl(self, *words):
        done = subprocess.run(
            [f"{self.options.root}/bin/heraldctl", "--json", *words],
            env=self.environment(), capture_output=True, text=True,
            check=False)
        if done.returncode != 0:
            raise Failed(f"heraldctl {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def alerts(self):
        return self.ctl("list")["alerts"]

    def close(self):
        for part in reversed(self.parts):
            part.end()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- what is sent ----

def fixture(source):
    path = f"{source}/tests/fixtures/splunk/webhook_failed_then_success.json"
    with open(path, encoding="utf-8") as text:
        return json.load(text)


class Case:
    """The values of one story."""

    def __init__(self, source, rng=None):
        self.payload = fixture(source)
        row = self.payload["result"]
        row["dest_ip"] = "198.51.100.7"
        row["file_hash"] = ("44d88612fea8a8f36de82e1278abb02f"
                            "a9d7e0c1b2f34a5968c7d6e5f4031221")
        if rng:
            row["user"] = "u" + "".join(rng.choices("abcdefghij", k=7))
            row["src"] = f"203.0.113.{rng.randint(1, 254)}"
            row["dest_ip"] = f"198.51.100.{rng.randint(1, 254)}"
            row["dest"] = "".join(rng.choices("klmnopqrst", k=8)) \
                + ".example.com"
            row["file_hash"] = "".join(rng.choices("0123456789abcdef", k=64))
            row["event_id"] = "".join(rng.choices("0123456789abcdef", k=32))
            self.payload["sid"] = f"scheduler__admin__{rng.getrandbits(48)}"
        self.row = row
        self.values = {row["src"], row["dest_ip"], row["dest"],
                       row["file_hash"]}

    def repeat(self, number):
        """The same finding again: other event_id, sid and _time only."""
        again = json.loads(json.dumps(self.payload))
        again["sid"] += f"_{number}"
        event_id = int(again["result"]["event_id"], 16) + number
        again["result"]["event_id"] = f"{event_id % 2 ** 128:032x}"
        again["result"]["_time"] = str(int(self.row["_time"]) + 60 * number)
        return again

    def asset(self):
        name = self.row["dest"].split(".")[0]
        return (f"{name},{self.row['dest']},{self.row['dest_ip']},,netops,"
                "netops@example.com,Network,production,high,gateway\n")

    def intelligence(self):
        """What the pretended MISP knows about it."""
        event = {"id": "1337", "info": "Credential stuffing against VPN",
                 "threat_level_id": "1", "published": True}
        return {"replace": True, "attributes": [
            {"type": "ip-src", "value": self.row["src"], "to_ids": True,
             "Event": event},
            {"type": "sha256", "value": self.row["file_hash"], "to_ids": True,
             "Event": event},
        ]}


# ---- telling ----

def clock(text):
    return text[11:23] if len(text) > 22 else text


def tell(line=""):
    print(line, flush=True)


def tell_answers(answers):
    for one in answers or []:
        said = one["outcome"]
        if one.get("reason"):
            said += f" ({one['reason']})"
        desc = (one.get("result") or {}).get("desc")
        if desc:
            said += f": {desc}"
        tell(f"    {one['connector']:5} {one['type']:7} {one['value'][:40]:40} "
             f"{said} in {one['took']} ms")


def tell_ledger(alert):
    for one in alert.get("ledger") or []:
        if one["counted"] == "counted":
            tell(f"    {one['add']:+4}  {one['name']:15} {one['because']}")
        else:
            why = f": {one['why']}" if one.get("why") else ""
            tell(f"          {one['name']:15} {one['counted']}{why}")
    score = alert.get("score")
    if score:
        span = "" if score["low"] == score["high"] else \
            f" (could be {score['low']} to {score['high']})"
        known = (alert.get("record") or {}).get("risk_score", score["low"])
        tell(f"    score {known} {alert.get('level', '')}{span}")


def tell_actions(alert):
    for one in alert.get("actions") or []:
        text = one.get("message") or ""
        tell(f"  action {one['name']}: {one['connector']}.{one['action']} is "
             f"{one['state']}{': ' + text if text else ''}")


def tell_alert(alert):
    tell(f"  received {clock(alert['received'])} as alert "
         f"{alert['id'][:8]} ({alert.get('title', '')})")
    if alert["state"] == "merged":
        tell(f"  merged: {alert.get('reason', '')}")
        return
    tell("  asked, in parallel:")
    tell_answers(alert.get("answers"))
    tell("  scored:")
    tell_ledger(alert)
    tell(f"  decided by pipeline {alert.get('pipeline')}: "
         f"{alert.get('level', 'no level')}")
    tell_actions(alert)
    tell(f"  the alert is {alert['state']}")


def settled(world, count):
    """All alerts once there are `count` of them and none is under way."""
    def look():
        alerts = world.alerts()
        open_ones = [a for a in alerts
                     if a["state"] in ("received", "running", "waiting")]
        return alerts if len(alerts) >= count and not open_ones else None
    return wait_for(f"end of {count} alerts", look)


def run_story(world, case):
    """Sends the alert and two repeats, and tells; the alerts, oldest first."""
    tell("An alert leaves Splunk:")
    world.send(case.payload)
    first = settled(world, 1)[0]
    tell_alert(world.ctl("explain", first["id"]))
    seen = {first["id"]}
    for number in (1, 2):
        tell()
        tell(f"Splunk fires again (repeat {number}):")
        world.send(case.repeat(number))
        for alert in settled(world, number + 1):
            if alert["id"] not in seen:
                seen.add(alert["id"])
                tell_alert(world.ctl("explain", alert["id"]))
    return first["id"]


# ---- checking ----

def same(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got!r}, and not {wanted!r}")
    tell(f"  ok: {what}")


def containers(world):
    state = world.soar.control("GET", "state")
    found = state["containers"]
    return list(found.values()) if isinstance(found, dict) else found


def runs(world):
    found = world.soar.control("GET", "state")["runs"]
    return list(found.values()) if isinstance(found, dict) else found


def cef_values(container):
    """{CEF key: set of values} over all artifacts of a container."""
    values = {}
    for artifact in container["artifacts"]:
        for key, value in artifact["cef"].items():
            values.setdefault(key, set()).update(
                value if isinstance(value, list) else [value])
    return values


def check_cef(source, case, container):
    with open(f"{source}/tests/fixtures/soar/cim_to_cef.json",
              encoding="utf-8") as table:
        names = json.load(table)
    values = cef_values(container)
    wanted = {"src": names["src"], "dest_ip": names["dest_ip"],
              "user": names["user"], "file_hash": names["file_hash"],
              "dest": "destinationHostName"}
    for field, key in wanted.items():
        if case.row[field] not in values.get(key, set()):
            raise Failed(f"no artifact has {key} = {case.row[field]}: "
                         f"{values}")
    tell("  ok: each observable is in the cef of an artifact")


def check_case(world, case):
    """Exactly one container and one playbook run for the three deliveries."""
    found = containers(world)
    same("containers in the SOAR", len(found), 1)
    same("playbook runs", [run["container"] for run in runs(world)],
         [found[0]["id"]])
    check_cef(world.options.source, case, found[0])
    return found[0]


def check_story(world, case, first):
    check_case(world, case)
    asked = world.misp.control("GET", "asked")
    asked = asked["asked"] if isinstance(asked, dict) else asked
    same("values that MISP was asked, each once", sorted(asked),
         sorted(case.values))
    states = sorted(alert["state"] for alert in world.alerts())
    same("states of the three alerts", states, ["done", "merged", "merged"])
    alert = world.ctl("explain", first)
    same("known bad by MISP", sorted(
        one["value"] for one in alert["answers"]
        if one["connector"] == "misp" and one["outcome"] == "hit"),
        sorted([case.row["src"], case.row["file_hash"]]))
    same("the asset's owner in the record",
         alert["record"]["device"]["owner"]["name"], "netops")


def check_without_misp(options, rng):
    """MISP answers 500: the case opens all the same, and says what is
    missing."""
    case = Case(options.source, rng)
    world = World(options, case.asset())
    try:
        world.misp.control("POST", "fault", {
            "match": {"path": "/attributes/restSearch"}, "kind": "500",
            "times": -1})
        tell()
        tell("Once more, and MISP answers 500:")
        world.send(case.payload)
        alert = world.ctl("explain", settled(world, 1)[0]["id"])
        tell_alert(alert)
        container = check_case(world, case)
        text = json.dumps(container).lower()
        if "misp" not in text or not re.search("missing|unknown|not known",
                                               text):
            raise Failed("the case does not say that MISP is missing: "
                         f"{container.get('description')}")
        tell("  ok: the case says what is missing")
        same("no answer of MISP counts as clean", sorted({
            one["outcome"] for one in alert["answers"]
            if one["connector"] == "misp"}), ["missing"])
    finally:
        world.close()


def check(options):
    seed = options.seed if options.seed is not None else int(time.time())
    tell(f"seed {seed}")
    rng = random.Random(seed)
    case = Case(options.source, rng)
    world = World(options, case.asset())
    try:
        world.misp.control("POST", "data", case.intelligence())
        first = run_story(world, case)
        tell()
        tell("What the services saw:")
        check_story(world, case, first)
    finally:
        world.close()
    check_without_misp(options, rng)
    tell()
    tell("demo: all good")


def show(options):
    case = Case(options.source)
    world = World(options)
    try:
        world.misp.control("POST", "data", case.intelligence())
        run_story(world, case)
        path = os.path.join(world.folder, "alert.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(case.repeat(3), out)
        run = os.path.join(world.folder, "run")
        tell()
        tell("Everything goes on until Ctrl-C.  Send more (change `user` in "
             "the file for a new case):")
        tell(f"    curl -H 'Content-Type: application/json' --data @{path} \\\n"
             f"        {world.url()}")
        tell("and ask why:")
        tell(f"    HERALD_SOCKET={run}/control "
             f"{options.root}/bin/heraldctl explain @last")
        while world.herald.alive():
            time.sleep(0.5)
        raise Failed("heraldd ended:\n" + world.herald.text())
    except KeyboardInterrupt:
        tell()
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser(prog="contrib/demo")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--source", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    try:
        if options.check:
            check(options)
        else:
            show(options)
    except Failed as why:
        print(f"demo: FAILED: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
