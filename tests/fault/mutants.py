#!/usr/bin/env python3
"""Promises broken on purpose: each must be caught by a test of the suite.

    HERALD_BUILD=... mutants.py [NAME...]

A debug build breaks the promise that HERALD_MUTANT names (core/base/mutant.h).
For each the test is run as it is, which must pass, and with the mutant, which
must fail and say why.  The last line is `mutants caught N/N`.
"""
import os
import subprocess
import sys
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FUNCTIONAL = os.path.join(TOP, "tests", "functional")
BUILD = os.environ.get("HERALD_BUILD", "")
TIMEOUT_S = 240
TRIES = 3                       # kill -9 may come at a lucky moment


class Mutant(NamedTuple):
    name: str
    broken: str                 # what it does
    test: list                  # a command
    said: str                   # in the output of the test that catches it


def unit(name):
    return [os.path.join(BUILD, "tests", "unit", name)]


def functional(node):
    return [sys.executable, "-m", "pytest", "-q", "-x", "-p",
            "no:cacheprovider", os.path.join(FUNCTIONAL, node)]


KILL9 = [sys.executable, os.path.join(HERE, "kill9.py"), "--kills", "5",
         "--alerts", "800", "--rate", "250", "--seed", "11"]

MUTANTS = [
    Mutant("ack_early", "2xx before the commit", KILL9, "FAIL P1 lost"),
    Mutant("no_fsync", "commits are not synced", unit("test_journal_fault"),
           "failed_sync_is_the_end_of_the_store"),
    Mutant("retry_nonidem", "what may have run is run again",
           functional("test_actions.py::"
                      "test_in_doubt_and_not_idempotent_waits_for_a_person"),
           "has one in_doubt"),
    Mutant("budget_in_memory", "budgets end with the process",
           functional("test_guards.py::"
                      "test_budgets_hold_and_outlive_kill_and_reload"),
           "'done' == 'refused'"),
    Mutant("protect_error_false", "a rule that cannot tell lets through",
           unit("test_guard"), "only_a_clear_no_lets_through"),
    Mutant("dedup_forget", "a restart forgets what it would merge",
           functional("test_pipeline.py::test_the_window_outlives_a_restart"),
           "merged"),
    Mutant("double_complete", "a completed request may be completed again",
           unit("test_instance"), "each_way_to_answer_arrives_once"),
    Mutant("skip_verify", "what is in doubt is run, not looked up",
           functional("test_actions.py::test_in_doubt_is_verified"),
           "test_in_doubt_is_verified"),
    Mutant("log_secret", "secrets are not masked", unit("test_log"),
           "secrets_do_not_appear"),
    Mutant("tls_noverify", "any certificate will do", unit("test_tls"),
           "distrust_sends_nothing"),
]


def run(mutant, switched):
    """(exit status, what it printed)"""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
                   "HERALD_MUTANT": mutant.name if switched else ""}
    ended = subprocess.run(mutant.test, env=environment, cwd=TOP, check=False,
                           timeout=TIMEOUT_S, errors="replace",
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ended.returncode, ended.stdout


def verdict(mutant):
    """(caught, in words)"""
    status, told = run(mutant, False)
    if status != 0 or " skipped" in told:
        return False, f"the test fails without it:\n{told[-3000:]}"
    for _ in range(TRIES):
        status, told = run(mutant, True)
        if status != 0:
            break
    else:
        return False, "NOT CAUGHT"
    if mutant.said not in told:
        return False, f"fails for another reason:\n{told[-3000:]}"
    return True, "caught: " + mutant.said


def main():
    wanted = sys.argv[1:]
    unknown = set(wanted) - {one.name for one in MUTANTS}
    if unknown or not BUILD:
        sys.exit(f"no mutant {sorted(unknown)}" if unknown
                 else "HERALD_BUILD is not set")
    chosen = [one for one in MUTANTS if not wanted or one.name in wanted]
    caught = 0
    for mutant in chosen:
        good, words = verdict(mutant)
        caught += good
        print(f"{mutant.name:20} {mutant.broken:44} {words}", flush=True)
    print(f"mutants caught {caught}/{len(chosen)}")
    return caught != len(chosen)


if __name__ == "__main__":
    sys.exit(main())
