"""Failing calls: the n-th malloc, write, sync, ... fails, once or from then on.

What is done and which calls fail stands in the file `scenarios`.  First it is
done with a number that is never reached, which tells how many calls there are;
then n is drawn from them.
"""
import os
import re
import shutil
import subprocess

from stage import (HERE, Doubles, Stage, build_shim, find_program,
                   judge_end)

NEVER = 10**9
CTL_S = 60
# libuv ends the process where these fail; nothing may be lost by that either.
ABORTS = ("epoll_ctl", "write")


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
        self.library = build_shim("faultshim", folder)
        self.report = os.path.join(folder, "report")

    def environment(self, call, n):
        return {"FAULT": fault(call, n), "FAULT_REPORT": self.report}

    def seen(self):
        """How many calls the one that ended last has made."""
        with open(self.report, encoding="ascii") as report:
            said = re.findall(r"calls (\d+)", report.read())
        os.remove(self.report)
        return int(said[-1])


def numbers(run, first, last, count):
    """Where it shall fail: all places if they are few enough."""
    places = range(first, last + 1)
    if len(places) <= count:
        return list(places)
    return sorted(run.random.sample(places, count))


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
    """Does it under the fault; how many calls were made, if that is known."""
    with Stage(doubles) as stage:
        if what == "again":
            shutil.copytree(store[0], stage.herald.path("state"),
                            dirs_exist_ok=True)
            stage.accepted |= store[1]
        stage.under(shim.library, **shim.environment(call, n))
        if stage.launch(6) and DOING[what]:
            DOING[what](stage)
        stage.end(run, may_abort=call.startswith(ABORTS),
                  may_lack_memory=call.startswith("malloc"))
        if n == NEVER:
            stage.judge(run)
            return shim.seen()
        if os.path.exists(shim.report):
            os.remove(shim.report)
        return stage.judge(run)


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
                  call.startswith("malloc"))
    return shim.seen() if n == NEVER else None


def daemon(run):
    """Each row of `heraldd`: no crash, no lie, nothing lost."""
    shim = Shim(run.folder)
    with Doubles(run.folder) as doubles:
        store = store_with_alerts(doubles, run.folder)

        def do(what, call, n):
            run.begin(f"heraldd {what} under {fault(call, n)}")
            if what == "check":
                return check_configuration(run, doubles, shim, call, n)
            return one_daemon(run, doubles, shim, what, call, n, store)

        begun = {}              # calls that a mere start makes
        for what, calls in table("heraldd"):
            for call in calls:
                made = do(what, call, NEVER)
                if what == "start":
                    begun[call.split(":")[0].rstrip("+")] = made
                first = begun.get(call.split(":")[0].rstrip("+"), 0) \
                    if what in ("act", "reload") else 0
                first = first + 1 if first < made else 1
                for n in numbers(run, first, made, run.pick(1, 60)):
                    do(what, call, n)


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
        words.append(stage.herald.path(f"backup-{run.runs}"))
    if what == "check":
        words += ["-c", stage.herald.config]
    return subprocess.run(
        ["env", f"LD_PRELOAD={shim.library}",
         *(f"{name}={value}" for name, value in
           shim.environment(call, n).items()),
         find_program("HERALDCTL", "heraldctl"), *words],
        capture_output=True, text=True, timeout=CTL_S, check=False,
        env=stage.herald.environment(), cwd=stage.herald.folder)


def client(run):
    """Each row of `heraldctl`: what it says is the truth, or it fails."""
    shim = Shim(run.folder)
    with Doubles(run.folder) as doubles, Stage(doubles) as stage:
        stage.start()
        stage.send(3, 30)
        stage.idle()
        for what, calls in table("heraldctl"):
            for call in calls:
                run.begin(f"heraldctl {what} without a fault")
                good = one_client(run, stage, shim, what, call, NEVER)
                run.check(good.returncode == 0, good.stderr)
                for n in numbers(run, 1, shim.seen(), run.pick(4, 400)):
                    run.begin(f"heraldctl {what} under {fault(call, n)}")
                    ended = one_client(run, stage, shim, what, call, n)
                    judge_end(run, ended.returncode, ended.stderr,
                              call.startswith("malloc"))
                    run.check(ended.returncode != 0 or what in CHANGING
                              or ended.stdout == good.stdout,
                              "0, and not the truth: " + ended.stdout[-200:])
        stage.end(run)
