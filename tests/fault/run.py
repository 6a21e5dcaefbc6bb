#!/usr/bin/env python3
"""Every fault that herald shall stand, one after the other.

    HERALD_BUILD=... run.py [--short] [--seed S] [--list] [NAME...]

Each scenario breaks something (a call, a disk, a clock, an upstream, the
process itself) and checks what was promised for that case.  The table says how
many runs each promise stood; the last line is
`N promises, N runs, N violations`.  A scenario that the machine cannot run is
skipped, loudly; one that ran nothing is a violation.  --seed repeats a run.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import calls                    # noqa: E402
import poison                   # noqa: E402
import programs                 # noqa: E402
import stored                   # noqa: E402
import world                    # noqa: E402
from stage import Run, Skipped  # noqa: E402

# name, the promise, what breaks it
SCENARIOS = [
    ("kill9", "what was accepted survives kill -9, once", programs.kill9),
    ("powercut", "what was accepted survives a power cut",
     programs.powercut),
    ("roll", "reloads and stops under load lose nothing", world.roll),
    ("heraldd", "no failing call makes heraldd crash, lose or lie",
     calls.daemon),
    ("heraldctl", "no failing call makes heraldctl crash or lie",
     calls.client),
    ("enospc", "a full disk refuses, loses nothing, recovers", world.enospc),
    ("emfile", "no descriptors left: no spin, nothing lost", world.emfile),
    ("upstream", "a bad upstream costs its own answers only", world.upstream),
    ("clock", "a clock that jumps changes labels only", world.clock),
    ("dns", "names that do not resolve stall nobody", world.dns),
    ("store", "a damaged store is noticed, and nothing overwritten",
     stored.store),
    ("config", "a wrong configuration changes nothing", stored.config),
    ("poison", "an alert that kills herald ends, the others go on",
     poison.poison),
    ("slow", "slow clients starve nobody", world.slow),
]


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
    unknown = set(options.names) - {name for name, _, _ in SCENARIOS}
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


def main():
    options = arguments()
    if options.list:
        for name, promise, _ in SCENARIOS:
            print(f"{name:10} {promise}")
        return 0
    print(f"seed {options.seed}", flush=True)
    promises = runs = violations = 0
    for name, promise, scenario in SCENARIOS:
        if options.names and name not in options.names:
            continue
        begun = time.monotonic()
        run, skipped = play(name, scenario, options)
        if skipped:
            print(f"{name:10} {promise:54} SKIPPED: {skipped}", flush=True)
            continue
        promises += 1
        runs += run.runs
        violations += len(run.violations)
        print(f"{name:10} {promise:54} {run.runs:5} runs "
              f"{len(run.violations):3} violations "
              f"{time.monotonic() - begun:5.0f} s", flush=True)
        for words in run.violations[:20]:
            print("    " + words.replace("\n", "\n    "), flush=True)
    print(f"{promises} promises, {runs} runs, {violations} violations")
    return violations > 0


if __name__ == "__main__":
    sys.exit(main())
