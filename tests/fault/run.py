"""Every promise, and every fault that herald shall stand for it.

    HERALD_BUILD=... run.py [--short] [--seed S] [--list] [NAME...]

Each scenario breaks something (a call, a disk, a clock, an upstream, the
process itself) and checks what was promised for that case (README.md lists the
promises P1 to P24).  A scenario that the machine cannot run is skipped, loudly;
one that did less than it must is a violation.  --short is what CI runs, and
leaves out what CI runs by itself.  --seed repeats a run.

In the end a table says how many runs each promise stood, then how many of ten
broken promises were caught; the last line is
`N promises, N runs, N violations`.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import bounds                   # noqa: E402
import calls                    # noqa: E402
import deeds                    # noqa: E402
import poison                   # noqa: E402
import programs                 # noqa: E402
import stored                   # noqa: E402
import world                    # noqa: E402
from stage import Run, Skipped  # noqa: E402

# name, the promises it shows (README.md), what they say, what breaks them
SCENARIOS = [
    ("kill9", "P1 P3", "what was accepted survives kill -9, once",
     programs.kill9),
    ("doubt", "P4", "what may have been done is not done again",
     programs.doubt),
    ("powercut", "P2", "what was accepted survives a power cut",
     programs.powercut),
    ("repeats", "P5", "one alert, however often it is sent", deeds.repeats),
    ("enospc", "P6", "a full disk refuses, loses nothing, recovers",
     world.enospc),
    ("emfile", "P7", "no descriptors left: no spin, nothing lost",
     world.emfile),
    ("heraldd", "P8 P9", "no failing call makes heraldd crash, lose or lie",
     calls.daemon),
    ("heraldctl", "P8 P9", "no failing call makes heraldctl crash or lie",
     calls.client),
    ("upstream", "P10", "a bad upstream costs its own answers only",
     world.upstream),
    ("faults", "P10 P11", "each fault at each connector, as is told",
     programs.faults),
    ("trust", "P11", "no credential leaves without a verified peer",
     programs.trust),
    ("clock", "P12", "a clock that jumps changes labels only", world.clock),
    ("dns", "P13", "names that do not resolve stall nobody", world.dns),
    ("store", "P14", "a damaged store is noticed, and nothing overwritten",
     stored.store),
    ("wal", "P14", "a log cut anywhere is a store of an earlier time",
     stored.wal),
    ("config", "P15", "a wrong configuration changes nothing", stored.config),
    ("broken", "P16", "a plugin that misbehaves loses nothing", deeds.broken),
    ("poison", "P17", "an alert that kills herald ends, the others go on",
     poison.poison),
    ("bounds", "P18", "memory and the time to start follow from the limits",
     bounds.bounds),
    ("soak", "P18", "hours of alerts and faults: nothing grows",
     programs.soak),
    ("roll", "P19", "reloads and stops under load lose nothing", world.roll),
    ("budgets", "P20", "no rule does more than it may", deeds.budgets),
    ("secrets", "P21", "no secret leaves", programs.secrets),
    ("story", "P22", "every alert tells its story, and it is whole",
     deeds.story),
    ("inputs", "P23", "no input makes it crash", programs.inputs),
    ("slow", "P24", "slow clients starve nobody", world.slow),
    ("mutants", "", "a promise that is broken is seen", programs.mutants),
]
# Not in CI: suites that it runs by themselves, and what takes its time.
APART = {"faults", "trust", "secrets", "inputs", "doubt", "soak"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true",
                        help="a few minutes, as in CI")
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="scenarios; all of them if there is none")
    options = parser.parse_args()
    unknown = set(options.names) - {one[0] for one in SCENARIOS}
    if unknown:
        parser.error(f"no scenario {sorted(unknown)}")
    return options


def play(name, scenario, options):
    """(its Run, why it was skipped or None)"""
    folder = tempfile.mkdtemp(prefix=f"fault-{name}-")
    run = Run(name, options.seed, options.short, folder)
    try:
        scenario(run)
    except Skipped as reason:
        return run, str(reason)
    except Exception:           # a harness that falls over proved nothing
        run.check(False, traceback.format_exc())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    run.what = name
    run.check(run.runs > 0, "nothing was run")
    return run, None


def wanted(options):
    for one in SCENARIOS:
        if one[0] in options.names or not options.names and not (
                options.short and one[0] in APART):
            yield one


def tell(name, what, run, seconds):
    print(f"{name:10} {what:54} {run.runs:5} runs "
          f"{len(run.violations):3} violations {seconds:5.0f} s", flush=True)
    for words in run.violations[:20]:
        print("    " + words.replace("\n", "\n    "), flush=True)


def table(runs, violations):
    print("\npromise   runs  violations")
    for promise in sorted(runs, key=lambda name: int(name[1:])):
        print(f"{promise:7} {runs[promise]:6} {violations[promise]:11}")


def main():
    options = arguments()
    if options.list:
        for name, promises, what, _ in SCENARIOS:
            print(f"{name:10} {promises:6} {what}")
        return 0
    print(f"seed {options.seed}", flush=True)
    runs, violations = Counter(), Counter()     # by promise
    all_runs = all_violations = 0
    last = ""
    for name, promises, what, scenario in wanted(options):
        begun = time.monotonic()
        run, skipped = play(name, scenario, options)
        if skipped:
            print(f"{name:10} {what:54} SKIPPED: {skipped}", flush=True)
            continue
        tell(name, what, run, time.monotonic() - begun)
        for promise in promises.split():
            runs[promise] += run.runs
            violations[promise] += len(run.violations)
        all_runs += run.runs
        all_violations += len(run.violations)
        last = run.said or last
    table(runs, violations)
    if last:
        print(last)
    print(f"{len(runs)} promises, {all_runs} runs, "
          f"{all_violations} violations")
    return all_violations > 0


if __name__ == "__main__":
    sys.exit(main())
