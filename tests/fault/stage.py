"""What the scenarios of run.py share: the account of a run, and a stage.

    stage = Stage(folder)               doubles, and a heraldd to be started
    stage.under(shim, FAULT=...)        how it is launched from now on
    stage.launch()                      True once it is ready, False if it ended
    stage.send(3)                       what is answered 2xx is remembered
    stage.end(run)                      SIGTERM; was its end a clean one?
    stage.judge(run)                    again without faults: is all there?
"""
import http.client
import itertools
import os
import random
import shutil
import subprocess
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, os.pardir, one)
                for one in ("functional", "servers")]

from herald import (Herald, SANITIZER, WEBHOOK_TOKEN,   # noqa: E402
                    find_program)
from kill9 import case_effects, case_identifier, open_alerts  # noqa: E402
from sending import webhook                              # noqa: E402
from services import Service                             # noqa: E402
from waiting import wait_until                           # noqa: E402

CONFIG = os.path.join(HERE, "stage.yaml.in")
END_S = 60                      # from SIGTERM to the end
AT_ONCE = 2                     # daemons
PORTS = 5                       # chosen anew if somebody took one meanwhile
IDLE_S = 60                     # until all that was accepted has ended
TERMINAL = {"done", "merged", "silenced", "dropped", "dead", "quarantined"}
NO_MEMORY = "out of memory"     # the word of one who gives up for want of it
ABORTED = -6


class Skipped(Exception):
    """The machine lacks what the scenario needs; says what."""


class Run:
    """The account of one scenario: its runs, and what broke a promise."""

    def __init__(self, name, seed, short, folder):
        self.random = random.Random(f"{seed}/{name}")
        self.seed = seed
        self.short = short
        self.folder = folder
        self.runs = 0
        self.what = name
        self.violations = []
        self.said = ""          # to be said again in the end

    def pick(self, short, long):
        return short if self.short else long

    def begin(self, what):
        self.what = what
        self.runs += 1

    def each(self, do, jobs):
        """do(run, job) for each job, two at a time: the account is one."""
        def play(job):
            one = Run(self.what, self.seed, self.short, self.folder)
            try:
                do(one, job)
            except Exception:   # a harness that falls over proved nothing
                one.check(False, traceback.format_exc())
            return one

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for one in pool.map(play, jobs):
                self.runs += one.runs
                self.violations += one.violations

    def check(self, good, words):
        if not good:
            self.violations.append(
                f"{self.what}: {words() if callable(words) else words}")
        return bool(good)


def build_shim(name, folder):
    """The .so of a .c beside this file."""
    made = os.path.join(folder, name + ".so")
    if not os.path.exists(made):
        subprocess.run(["cc", "-O1", "-shared", "-fPIC",
                        os.path.join(HERE, name + ".c"), "-o", made, "-ldl",
                        "-pthread"], check=True)
    return made


class Doubles:
    """A MISP and a SOAR that many stages may use one after the other."""

    def __init__(self, folder):
        self.misp = Service("misp", folder)
        self.soar = Service("soar", folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.misp.stop()
        self.soar.stop()


class Stage:
    numbers = itertools.count(1)    # of alerts, over all stages

    def __init__(self, doubles, config=CONFIG, change=None, **values):
        with open(config, encoding="utf-8") as text:
            text = text.read()
        self.doubles = doubles
        self.herald = Herald(
            change(text) if change else text, MISP=doubles.misp.url,
            SOAR=doubles.soar.url, files={
                "secrets/misp": doubles.misp.key + "\n",
                "secrets/soar": doubles.soar.key + "\n"}, **values)
        self.accepted = set()
        self.refused = Counter()
        self.log_at = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_hard()
        shutil.rmtree(self.herald.folder, ignore_errors=True)

    def stop_hard(self):
        if self.herald.process and self.herald.process.poll() is None:
            self.herald.process.kill()
            self.herald.process.wait()

    # Life.

    def under(self, shim=None, **environment):
        """How heraldd is launched: with a library before all others."""
        words = [f"LD_PRELOAD={shim}"] if shim else []
        words += [f"{name}={value}" for name, value in environment.items()]
        self.herald.arguments = ["env", *words] if words else []

    def launch(self, deadline_s=10):
        """True once it is ready; False if it ended, or is not ready then."""
        self.log_at = len(self.herald.log())
        for _ in range(PORTS):
            before = len(self.herald.log())
            self.herald.fill_in()
            self.herald.launch()
            try:
                wait_until(self.herald.is_ready, deadline_s)
                return True
            except AssertionError:
                return False
            except ChildProcessError:
                if "already in use" not in self.herald.log()[before:]:
                    return False
        return False

    def start(self):
        assert self.launch(30), "it does not start:\n" + self.told()
        return self

    def told(self):
        """What it said since it was launched last."""
        return self.herald.log()[self.log_at:]

    def is_alive(self):
        return self.herald.process.poll() is None

    def end(self, run, may_lack_memory=False, may_abort=False):
        """Ends it, and judges how it ended."""
        try:
            status = self.herald.stop()
        except AssertionError:
            run.check(False, lambda: f"no end within {END_S} s of SIGTERM: "
                                     + self.told()[-300:])
            return
        if not (may_abort and status == ABORTED):
            judge_end(run, status, self.told(), may_lack_memory)

    # Alerts.

    def body(self, uid, user=None):
        return {"sid": uid, "search_name": "a fault run", "result": {
            "event_id": uid, "user": user or uid, "src": "198.51.100.7"}}

    def post(self, uid, user=None):
        """The status, or the name of what went wrong instead."""
        try:
            status, _ = self.herald.post(webhook(WEBHOOK_TOKEN),
                                         self.body(uid, user))
        except (OSError, http.client.HTTPException) as trouble:
            status = type(trouble).__name__
        if status == 200:
            self.accepted.add(uid)
        else:
            self.refused[status] += 1
        return status

    def send(self, count=1, deadline_s=5, user=None):
        """Sends alerts, each until it is taken, herald is gone or the time is
        over.  How many were taken."""
        end = time.monotonic() + deadline_s
        taken = 0
        for _ in range(count):
            uid = f"fault-{os.getpid()}-{next(Stage.numbers)}"
            while self.is_alive() and time.monotonic() < end:
                if self.post(uid, user) == 200:
                    taken += 1
                    break
                time.sleep(0.05)
        return taken

    def idle(self, deadline_s=IDLE_S):
        wait_until(lambda: open_alerts(self.herald) == 0, deadline_s,
                   lambda: f"idle: {self.herald.ctl('status')}")

    # Judgement.

    def judge(self, run):
        """On its own state, without faults: what was accepted is there once,
        has ended, and has one case."""
        self.under()
        if not run.check(self.launch(30), lambda: "the next start fails: "
                         + self.told()[-500:]):
            return
        try:
            self.idle()
        except AssertionError as trouble:
            run.check(False, f"never idle: {trouble}"[:500])
        self.judge_export(run)
        self.end(run)
        found = SANITIZER.search(self.herald.log())
        run.check(not found, lambda: f"a sanitizer said {found[0]}")

    def judge_export(self, run):
        exported = self.herald.export()
        seen = Counter(one["uid"] for one in exported)
        states = {one["uid"]: one["state"] for one in exported}
        cases = Counter(case for _, case, path in case_effects(
            self.doubles.soar.log) if path == "/rest/container")
        lost = sorted(self.accepted - set(seen))
        run.check(not lost, f"accepted and lost: {lost[:3]}")
        twice = sorted(uid for uid, n in seen.items() if n > 1)
        run.check(not twice, f"twice: {twice[:3]}")
        stuck = sorted(uid for uid, state in states.items()
                       if state not in TERMINAL)
        run.check(not stuck, f"not ended: {stuck[:3]}")
        for alert in exported:
            for action in alert.get("actions", []):
                count = cases[case_identifier(action["idem"])]
                run.check(count <= 1, f"{alert['uid']}: {count} cases")
                run.check(action["state"] != "done" or count == 1,
                          f"{alert['uid']}: done, and no case")


def judge_end(run, status, told, may_lack_memory=False):
    """In order; or by itself, and it said why.  Never by a signal, but for
    the abort of one who has no memory and says so."""
    if status < 0:
        run.check(may_lack_memory and status == ABORTED and NO_MEMORY in told,
                  f"ended by signal {-status}: {told[-300:]}")
    elif status > 0:
        run.check(told.strip(), f"status {status} and not a word")
