"""Failing calls: the n-th malloc, write, sync, ... fails, once or from then on.

What is done and which calls fail stands in the file `scenarios`.  First it is
done with a number that is never reached, which tells how many calls there are
and which are the first from their place in the code; then it is done with
numbers of these.
"""
import os
import re
import shutil
import subprocess
from typing import NamedTuple

from stage import (HERE, Doubles, Stage, build_shim, find_program,
                   judge_end)

NEVER = 10**9
MEMORY = re.compile(r"malloc|.*:ENOMEM")    # who gives up for want of it may
SPARED = "libfyaml,libcrypto,libuv"    # they end where there is no memory
CTL_S = 30                      # nothing that heraldctl is made to do lasts
# libuv ends the process where these fail; nothing may be lost by that either.
ABORTS = ("epoll_ctl", "pipe2")


class Calls(NamedTuple):
    """What one that ended well has made."""
    count: int
    places: list                # the first from each place in the code


def table(program):
    """[(what, [calls])] of a program."""
    with open(os.path.join(HERE, "scenarios"), encoding="ascii") as text:
        rows = [line.split() for line in text if not line.startswith("#")]
    return [(row[1], row[2:]) for row in rows if row and row[0] == program]


def fault(call, n):
    """FAULT of the shim for "fdatasync+:EIO" and a number."""
    name, _, error = call.partition(":")
    every = "+" if name.endswith("+") else ""
    return f"{name.rstrip('+')}:{n}{every}" + (error and f":{error}")


class Shim:
    def __init__(self, folder):
        self.folder = folder
        self.library = build_shim("faultshim", folder)
        self.report = os.path.join(folder, "report")

    def environment(self, call, n):
        told = {"FAULT": fault(call, n), "FAULT_SPARE": SPARED}
        if n == NEVER:
            told.update(FAULT_REPORT=self.report, FAULT_PLACES="1")
        return told

    def seen(self):
        """The calls of the one that ended last under NEVER."""
        with open(self.report, encoding="ascii") as report:
            said = report.read()
        os.remove(self.report)
        own = said.split(" not reached\n")[-2]  # its children's are before it
        return Calls(int(re.search(r"calls (\d+)", own)[1]),
                     sorted(map(int, re.findall(r"place (\d+)", own))))


def numbers(run, calls, behind, count):
    """Where it shall fail, of the calls behind a number: all, or one from each
    place, or as many of these as are wanted."""
    every = range(behind + 1, calls.count + 1)
    if len(every) <= count:
        return list(every)
    first = [n for n in calls.places if n > behind]
    if len(first) >= count:
        return sorted(run.random.sample(first, count))
    rest = sorted(set(every) - set(first))
    return sorted(first + run.random.sample(rest, count - len(first)))


# ---- heraldd ----

def act(stage):
    stage.send(3)
    if stage.is_alive():
        try:
            stage.idle(4)
        except (AssertionError, ValueError):
            pass                # judged without faults


def reload(stage):
    stage.herald.rewrite(stage.herald.text.replace("add: 20", "add: 21"))
    stage.herald.run_ctl("reload")
    if stage.is_alive():
        stage.send(1)


DOING = {"start": None, "again": None, "act": act, "reload": reload}


def store_with_alerts(doubles, folder):
    """A state folder that `again` starts on, and whose alerts are in it."""
    with Stage(doubles) as stage:
        stage.start()
        stage.send(3, 30)
        stage.herald.kill()
        place = os.path.join(folder, "store")
        shutil.copytree(stage.herald.path("state"), place)
        return place, set(stage.accepted)


def one_daemon(run, doubles, shim, what, call, n, store):
    """Does it under the fault, and judges what is left."""
    with Stage(doubles) as stage:
        if what == "again":
            shutil.copytree(store[0], stage.herald.path("state"),
                            dirs_exist_ok=True)
            stage.accepted |= store[1]
        stage.under(shim.library, **shim.environment(call, n))
        if stage.launch(6) and DOING[what]:
            DOING[what](stage)
        stage.end(run, may_abort=call.startswith(ABORTS),
                  may_lack_memory=MEMORY.match(call))
        if n != NEVER:
            stage.judge(run)


def check_configuration(run, doubles, shim, call, n):
    """heraldd -t: says so, or says what is wrong."""
    with Stage(doubles) as stage:
        stage.under(shim.library, **shim.environment(call, n))
        stage.herald.fill_in()
        ended = subprocess.run(
            [*stage.herald.arguments, find_program("HERALDD", "heraldd"), "-t",
             "-c", stage.herald.config], capture_output=True, text=True,
            timeout=CTL_S, check=False, env=stage.herald.environment())
        judge_end(run, ended.returncode, ended.stderr + ended.stdout,
                  MEMORY.match(call))


def daemon_jobs(run, do):
    """(what, call, n) for all that shall fail."""
    jobs = []
    begun = {}                  # calls that a mere start makes
    for what, calls in table("heraldd"):
        seen = {}               # of "malloc" and "malloc+" alike
        for call in calls:
            name = call.replace("+", "")
            if run.short and name != "malloc" and run.random.random() < 0.6:
                continue
            if name not in seen:
                seen[name] = do(run, what, call, NEVER)
            if what == "start":
                begun[name] = seen[name].count
            behind = begun.get(name, 0) if what in ("act", "reload") else 0
            if behind >= seen[name].count:
                behind = 0
            many = what == "check" or what in ("act", "reload")
            count = run.pick(1, (800 if many else 400) if call == "malloc"
                             else 40)
            jobs += [(what, call, n)
                     for n in numbers(run, seen[name], behind, count)]
    return jobs


def daemon(run):
    """Each row of `heraldd`: no crash, no lie, nothing lost."""
    shim = Shim(run.folder)
    with Doubles(run.folder) as doubles:
        store = store_with_alerts(doubles, run.folder)

        def do(run, what, call, n):
            run.begin(f"heraldd {what} under {fault(call, n)}")
            if what == "check":
                check_configuration(run, doubles, shim, call, n)
            else:
                one_daemon(run, doubles, shim, what, call, n, store)
            return shim.seen() if n == NEVER else None

        run.each(lambda one, job: do(one, *job), daemon_jobs(run, do))


# ---- heraldctl ----

COMMANDS = {
    "status": ["status"], "list": ["list"], "show": ["show", "@last"],
    "explain": ["explain", "@last"], "actions": ["actions"],
    "export": ["export"], "eval": ["eval", "1 + 1 == 2"],
    "plugin": ["plugin", "splunk"], "check": ["check"],
    "backup": ["backup"],
}
CHANGING = {"status", "backup"}     # what they print is not twice the same


def one_client(run, stage, shim, what, call, n):
    words = list(COMMANDS[what])
    if what == "backup":
        words.append(stage.herald.path(f"backup-{call}-{n}"))
    if what == "check":
        words += ["-c", stage.herald.config]
    return subprocess.run(
        ["env", f"LD_PRELOAD={shim.library}",
         *(f"{name}={value}" for name, value in
           shim.environment(call, n).items()),
         find_program("HERALDCTL", "heraldctl"), *words],
        capture_output=True, text=True, timeout=CTL_S, check=False,
        env=stage.herald.environment(), cwd=stage.herald.folder)


def judge_client(run, good, what, call, ended):
    judge_end(run, ended.returncode, ended.stderr, MEMORY.match(call))
    run.check(ended.returncode != 0 or what in CHANGING
              or ended.stdout == good.stdout,
              lambda: "0, and not the truth: " + ended.stdout[-200:])


def client(run):
    """Each row of `heraldctl`: what it says is the truth, or it fails."""
    shim = Shim(run.folder)
    with Doubles(run.folder) as doubles, Stage(doubles) as stage:
        stage.start()
        stage.send(3, 30)
        stage.idle()

        def do(run, job):
            good, what, call, n = job
            run.begin(f"heraldctl {what} under {fault(call, n)}")
            judge_client(run, good, what, call,
                         one_client(run, stage, shim, what, call, n))

        for what, calls in table("heraldctl"):
            for call in calls:
                run.begin(f"heraldctl {what} without a fault")
                good = one_client(run, stage, shim, what, call, NEVER)
                run.check(good.returncode == 0, good.stderr)
                run.each(do, [(good, what, call, n) for n in numbers(
                    run, shim.seen(), 0, run.pick(4, 400))])
        stage.end(run)
