#!/usr/bin/env python3
"""Power loss without special hardware.

    powerloss.py [--rounds N] [--seed S] ENGINE        as root

The store lies on an ext4 image mounted by loop.  At a random moment all its
processes are stopped and the *image* is copied: what sat only in the page
cache of the mounted file system is missing from the copy, exactly as after a
power cut.  The copy is mounted (its own journal replayed), the store opened
again, and every acknowledged id looked for.

ENGINE: plain (no fsync: the control, which must lose, or the run proves
nothing), sqlite-full, sqlite-normal (may lose), herald.  Exit status 0: herald
and sqlite-full lost nothing, plain lost something.
"""
import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, one)
                for one in ("functional", "servers")]

import kill9                                # noqa: E402
from herald import Herald                   # noqa: E402
from services import Service                # noqa: E402
from waiting import wait_until              # noqa: E402

IMAGE_SIZE = "400M"
RUN_S = (3, 7)                  # a round's length before the cut
MUST_KEEP = {"sqlite-full", "herald"}
MUST_LOSE = {"plain"}

# Writers run as processes of their own, so that they can be stopped at any
# instruction.  An id is acknowledged when its line is in the file argv[2].
PLAIN = r'''
import itertools, sys, time
log, acks = open(sys.argv[1] + "/log", "w"), open(sys.argv[2], "w", 1)
for i in itertools.count():
    if i < 400000:
        log.write("%d %s\n" % (i, "x" * 300)); log.flush()
        acks.write("%d\n" % i)
    else:
        time.sleep(60)
'''
SQLITE = r'''
import itertools, sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/s.db", isolation_level=None)
db.execute("pragma journal_mode=wal")
db.execute("pragma synchronous=" + sys.argv[3])
db.execute("create table a(id integer primary key, body text)")
acks = open(sys.argv[2], "w", 1)
for i in itertools.count():
    db.execute("insert into a values(?, ?)", (i, "x" * 300))
    acks.write("%d\n" % i)
'''


def command(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Mounted:
    def __init__(self, image, place):
        os.makedirs(place, exist_ok=True)
        self.place = place
        command("mount", "-o", "loop", image, place)

    def __enter__(self):
        return self.place

    def __exit__(self, *_):
        command("umount", self.place)


class Writer:
    """A store that is only a script."""

    def __init__(self, script, *words):
        self.script = script
        self.words = words

    def start(self, place, acks):
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.script, place, acks, *self.words])

    def cut(self, copy):
        self.process.send_signal(signal.SIGSTOP)
        copy()
        self.process.kill()
        self.process.wait()

    def found(self, place):
        if self.script is PLAIN:
            if not os.path.exists(place + "/log"):
                return set()    # not even the name had reached the disk
            with open(place + "/log", encoding="utf-8",
                      errors="replace") as log:
                return {line.split()[0] for line in log if line.strip("\0\n")}
        db = sqlite3.connect(place + "/s.db")
        try:
            sound = db.execute("pragma integrity_check").fetchone()[0]
            assert sound == "ok", sound
            return {str(row[0]) for row in db.execute("select id from a")}
        finally:
            db.close()

    def end(self):
        """Each round ended its own process."""


class HeraldStore:
    """heraldd under the load of kill9.py, its state on the image."""

    def __init__(self, options, folder):
        self.options = kill9.arguments(["--alerts", "10000000", "--seed",
                                        str(options.seed)])
        self.misp = Service("misp", folder)
        self.soar = Service("soar", folder)

    def start(self, place, acks):
        self.herald = Herald(
            open_text(self.options.config), MISP=self.misp.url,
            SOAR=self.soar.url, STATE=place, files={
                "secrets/misp": self.misp.key, "secrets/soar": self.soar.key})
        os.chmod(place, 0o700)
        self.herald.start()
        self.senders = kill9.Senders(
            self.herald.port("INGEST"), kill9.Alerts(self.options),
            self.options.alerts, acks)

    def cut(self, copy):
        self.herald.process.send_signal(signal.SIGSTOP)
        copy()
        self.herald.kill()
        self.senders.give_up()

    def found(self, place):
        """All that the restarted daemon brings to an end."""
        self.herald.values["STATE"] = place
        self.herald.fill_in()
        self.herald.restart()
        try:
            wait_until(lambda: kill9.open_alerts(self.herald) == 0,
                       kill9.IDLE_S, "idle after the cut")
            return {alert["uid"] for alert in self.herald.export()}
        finally:
            self.herald.remove()

    def end(self):
        self.misp.stop()
        self.soar.stop()


def open_text(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def one_round(engine, folder, generator):
    """(how many ids were acknowledged at the cut, those that are lost)."""
    image, copied = folder + "/a.img", folder + "/c.img"
    acks, acks_at_cut = folder + "/acks", folder + "/acks.cut"
    for name in (image, copied, acks):
        if os.path.exists(name):
            os.remove(name)
    command("truncate", "-s", IMAGE_SIZE, image)
    command("mkfs.ext4", "-q", "-F", image)

    def copy():
        command("cp", "--sparse=always", image, copied)
        shutil.copy(acks, acks_at_cut)

    with Mounted(image, folder + "/m") as place:
        shutil.rmtree(place + "/lost+found")
        engine.start(place, acks)
        time.sleep(generator.uniform(*RUN_S))
        engine.cut(copy)
    with Mounted(copied, folder + "/c") as place:
        acknowledged = {line for line in open_text(acks_at_cut).split("\n")
                        if line}
        return len(acknowledged), acknowledged - engine.found(place)


def told_round(engine, folder, generator, number):
    """Prints what a round found; how many were lost."""
    acknowledged, lost = one_round(engine, folder, generator)
    print(f"round {number}: acknowledged {acknowledged} lost {len(lost)} "
          f"{sorted(lost)[:5] or ''}", flush=True)
    if acknowledged == 0:
        sys.exit("nothing was acknowledged: this proves nothing")
    return len(lost)


def make_engine(options, folder):
    if options.engine == "herald":
        return HeraldStore(options, folder)
    if options.engine == "plain":
        return Writer(PLAIN)
    return Writer(SQLITE, options.engine.split("-")[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("engine", choices=["plain", "sqlite-full",
                                           "sqlite-normal", "herald"])
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    generator = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="powerloss-")
    engine = make_engine(options, folder)
    try:
        lost_in_all = sum(told_round(engine, folder, generator, number)
                          for number in range(1, options.rounds + 1))
    finally:
        engine.end()
    shutil.rmtree(folder)
    if options.engine in MUST_KEEP and lost_in_all:
        sys.exit("FAILED: acknowledged and lost")
    if options.engine in MUST_LOSE and not lost_in_all:
        sys.exit("FAILED: the control lost nothing, so the method is blind")


if __name__ == "__main__":
    main()
