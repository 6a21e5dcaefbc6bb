"""How much herald needs when everything waits: memory, and time to start.

A burst comes while all upstreams are down, so that every alert waits: in the
backlog while its lookups hang, then with an open case.  Memory follows from
the configuration:

    what a start needs
    + herald.limits.requests x RECEIVING    records that wait for the journal
    + herald.limits.running  x RUNNING      alerts in memory
    + 1,000                  x ACTING       those whose actions are in memory
    + alerts that wait       x WAITING      their time, in memory
    + open dedup windows     x WINDOW       here each alert opens one
"""
import json
import os
import time

from sending import Message, Senders
from stage import Doubles, Stage, WEBHOOK_TOKEN, wait_until
from kill9 import HEC, HEC_HEADERS

KIB, MIB = 1 << 10, 1 << 20
RECEIVING, RUNNING, ACTING = 64 * KIB, 64 * KIB, 16 * KIB
WAITING, WINDOW = 320, 768
REQUESTS, PLACES, CASES = 100, 500, 1000
SLACK = 32 * MIB                # malloc's, the caches of SQLite
EVENTS = 100                    # in one message

START_S = 10
START_BYTES = 64 * MIB


def rss(process, name="VmRSS"):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * KIB for line in status
                    if line.startswith(name + ":"))


def allowed(base, waiting):
    return (base + SLACK + REQUESTS * RECEIVING + PLACES * RUNNING
            + CASES * ACTING + waiting * (WAITING + WINDOW))


def burst(stage, count, folder, seed):
    """Sends them as fast as they are taken."""
    def make(number):
        uids = [f"burst-{seed}-{number}-{i}" for i in range(EVENTS)]
        text = "".join(json.dumps({"event": stage.body(uid)})
                       for uid in uids)
        return Message(HEC, text, HEC_HEADERS, uids)

    senders = Senders(stage.herald.port("INGEST"), make, count // EVENTS,
                      os.path.join(folder, "accepted"), connections=2)
    senders.wait()


def stored(stage):
    alerts = stage.herald.ctl("status")["alerts"]
    return sum(n for n in alerts.values() if isinstance(n, int))


def start_again(run, stage, words):
    """With all that waits: quick, and small."""
    run.begin(words)
    stage.end(run)
    begun = time.monotonic()
    if not run.check(stage.launch(60), lambda: stage.told()[-500:]):
        return
    took = time.monotonic() - begun
    run.check(took < START_S, f"took {took:.1f} s to start")


def bounds(run):
    count = run.pick(30000, 1000000)
    limits = (f"  limits: {{backlog: {count * 2}, requests: {REQUESTS}, "
              f"running: {PLACES}}}\n")
    with Doubles(run.folder) as doubles, Stage(
            doubles, change=lambda text: text.replace(
                "  mode: notify\n", "  mode: notify\n" + limits, 1)) as stage:
        stage.start()
        process = stage.herald.process
        base = rss(process)
        doubles.misp.fault("hang")
        doubles.soar.fault("503")
        run.begin(f"{count} alerts and no upstream")
        begun = time.monotonic()
        burst(stage, count, run.folder, run.seed)
        took = time.monotonic() - begun
        peak = rss(process, "VmHWM")
        told = (f"{count} in {took:.0f} s, {base // MIB} MiB at the start, "
                f"{peak // MIB} MiB at most")
        run.check(peak < allowed(base, count), told)
        run.check(stored(stage) == count, f"{stored(stage)} are stored")
        acting = stage.herald.ctl("status")["engine"]["acting"]
        run.check(acting <= CASES, f"{acting} alerts act at once")
        start_again(run, stage, "a start with all that waits")
        now = rss(stage.herald.process, "VmHWM")
        run.check(now < base + START_BYTES,
                  f"{now // MIB} MiB after a start, {base // MIB} without")
        print(f"    {told}, {now // MIB} MiB after the next start", flush=True)
        run.begin("the upstreams are back")
        doubles.misp.mend()
        doubles.soar.mend()
        before = len(doubles.soar.state()["containers"])
        wait_until(lambda: len(doubles.soar.state()["containers"])
                   > before + 100, 60, "cases go on being opened")
        run.check(stored(stage) == count, f"{stored(stage)} are stored")
        stage.end(run)
