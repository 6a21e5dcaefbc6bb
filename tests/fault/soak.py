#!/usr/bin/env python3
"""Hours of alerts while every upstream misbehaves: nothing grows.

    soak.py [--minutes M] [--rate R] [--seed S]

The world of day.py: four sources, MISP, VirusTotal, a SOAR and a chat room.
Faults come and go on all of them, drawn from the seed.  Every second memory,
descriptors and the journal's size are noted.  After the first half (warming
up) memory may not grow by more than a bound, by the slope of a line through
what was noted; descriptors stay; the file keeps within `keep.size`.  At the end
the upstreams are mended, and every alert has ended or waits with a reason.  The
last line is `soak: N checks, N violations`.
"""
import argparse
import os
import random
import re
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, *(
    os.path.join(HERE, os.pardir, one) for one in ("functional", "servers"))]

from bounds import MIB, rss                 # noqa: E402
from day import CONFIG, SECRETS, TERMINAL, Checks, Day, decided  # noqa: E402
from herald import Herald                   # noqa: E402
from sending import Senders                 # noqa: E402
from services import Service                # noqa: E402
from waiting import wait_until              # noqa: E402

# What an upstream does for a while; None: nothing, it is well.
FAULTS = [None, None, None, "hang", "slow", "500", "503", "429:1", "html",
          "empty", "half", "reset_before", "close", "drip"]
FAULT_S = (2, 8)
KEEP_MIB = 64
GROWTH_BYTES = 8 * MIB          # from the middle to the end, by the line
DESCRIPTORS = 40                # more than when it had warmed up
FILE_SLACK = 16 * MIB           # what comes while it shrinks
WAL_BYTES = 80 * MIB
IDLE_S = 180


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=200,
                        help="alerts a second: about half of what one "
                        "processor's doubles stand")
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(4), "big"))
    return parser.parse_args(words)


class Samples:
    """(seconds, bytes of memory, descriptors, bytes of file and WAL)"""

    def __init__(self, herald):
        self.herald = herald
        self.begun = time.monotonic()
        self.all = []

    def size(self, name):
        try:
            return os.stat(self.herald.path("state/" + name)).st_size
        except FileNotFoundError:
            return 0

    def take(self):
        process = self.herald.process
        self.all.append((time.monotonic() - self.begun, rss(process),
                         len(os.listdir(f"/proc/{process.pid}/fd")),
                         self.size("journal.db"), self.size("journal.db-wal")))

    def warm(self):
        return self.all[len(self.all) // 2:]


def slope(points):
    """Of the line of least squares through (x, y)."""
    n = len(points)
    x = sum(one[0] for one in points) / n
    y = sum(one[1] for one in points) / n
    spread = sum((one[0] - x) ** 2 for one in points)
    return sum((one[0] - x) * (one[1] - y) for one in points) / spread


def misbehave(upstreams, dice):
    """One of them changes its ways."""
    one = dice.choice(upstreams)
    one.mend()
    fault = dice.choice(FAULTS)
    if fault:
        one.fault(fault)


def spend(herald, senders, upstreams, dice):
    samples = Samples(herald)
    change = 0
    while senders.busy():
        if time.monotonic() >= change:
            misbehave(upstreams, dice)
            change = time.monotonic() + dice.uniform(*FAULT_S)
        samples.take()
        time.sleep(1)
    return samples


def judge_samples(samples, checks):
    warm = samples.warm()
    checks.equal("samples: enough of them", len(warm) >= 20, True)
    if len(warm) > 1:
        grown = slope([(one[0], one[1]) for one in warm]) * (
            warm[-1][0] - warm[0][0])
        print(f"memory {warm[0][1] // MIB} to {warm[-1][1] // MIB} MiB, by the "
              f"line {grown / MIB:+.1f} MiB; descriptors {warm[0][2]} to "
              f"{warm[-1][2]}, at most {max(one[2] for one in warm)}; file at "
              f"most {max(one[3] for one in warm) // MIB} MiB, WAL "
              f"{max(one[4] for one in warm) // MIB} MiB", flush=True)
        checks.that("memory is flat", [grown] if grown > GROWTH_BYTES else [])
        most = max(one[2] for one in warm)
        base = sorted(one[2] for one in warm)[len(warm) // 2]
        checks.that("descriptors are flat",
                    [most] if most > base + DESCRIPTORS else [])
        checks.that("the file keeps within its bound", (
            one for one in warm if one[3] > KEEP_MIB * MIB + FILE_SLACK))
        checks.that("the WAL keeps within its bound", (
            one for one in warm if one[4] > WAL_BYTES))


def judge_alerts(herald, checks):
    alerts = herald.export()
    checks.that("there are alerts", [] if alerts else ["none"])
    checks.that("who has not ended waits with a reason", (
        one["uid"] for one in alerts if one["state"] not in TERMINAL
        and not any(action.get("message") for action in one["actions"])))
    checks.that("who is dead says why", (
        one["uid"] for one in alerts if one["state"] == "dead"
        and not one.get("reason")
        and not any(action.get("message") for action in one["actions"])))


def live(options, folder):
    checks, day = Checks(), Day(options)
    dice = random.Random(options.seed)
    count = int(options.minutes * 60 * options.rate)
    with open(CONFIG, encoding="utf-8") as text:
        config = text.read().replace(
            "  mode: notify\n",
            f"  mode: notify\n  keep: {{size: {KEEP_MIB}MiB}}\n", 1)
    with Service("misp", folder) as misp, \
            Service("virustotal", folder) as vt, \
            Service("soar", folder) as soar, Service("sink", folder) as chat:
        files = {f"secrets/{name}": text + "\n"
                 for name, text in SECRETS.items()}
        for service, name in ((misp, "misp"), (vt, "vt"), (soar, "soar")):
            files[f"secrets/{name}"] = service.key + "\n"
        herald = Herald(config, MISP=misp.url, VT=vt.url, SOAR=soar.url,
                        CHAT=chat.url, files=files)
        upstreams = [misp, vt, soar, chat]
        try:
            herald.start()
            senders = Senders(herald.port("INGEST"), day.message, count,
                              os.path.join(folder, "accepted"), 4,
                              options.rate)
            judge_samples(spend(herald, senders, upstreams, dice), checks)
            for one in upstreams:
                one.mend()
            truth = type("Truth", (), {"herald": herald})
            wait_until(lambda: decided(truth), IDLE_S,
                       lambda: f"rest: {herald.ctl('status')}")
            judge_alerts(herald, checks)
            checks.equal("it never died", len(re.findall(
                " started: configuration", herald.log())), 1)
            herald.check_sanitizers()
        finally:
            herald.remove()
    return checks


def main(words=None):
    options = arguments(words)
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="soak-")
    try:
        checks = live(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"soak: {checks.count} checks, {checks.violations} violations")
    return checks.violations != 0


if __name__ == "__main__":
    sys.exit(main())
