#!/usr/bin/env python3
"""Joins the three records of a fault run and judges the promises P1 to P5.

    check_ledger.py [options] ACCEPTED EXPORT SINK [SINK_NONIDEMPOTENT]

ACCEPTED  uid of one finding a line, written by the sender after the 2xx (fsynced)
EXPORT    `heraldctl export`: a JSON object a line,
          {"uid":..,"state":..,"actions":[{"idem":..,"state":"done|in_doubt|..."}]}
SINK      effects of a double: "time idem path ..." a line

Exit status 0: all promises held.  A run that did too little proves nothing,
so there are minimums.
"""
import argparse
import json
import sys
from collections import Counter

TERMINAL = {"done", "merged", "silenced", "dropped", "dead", "quarantined"}
SHOWN = 5                       # offenders named in a failed check


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--min-accepted", type=int, default=1000)
    parser.add_argument("--min-actions", type=int, default=100)
    parser.add_argument("--max-dead-share", type=float, default=0.001)
    parser.add_argument("accepted")
    parser.add_argument("export")
    parser.add_argument("sink")
    parser.add_argument("nonidempotent", nargs="?")
    return parser.parse_args()


def lines(path):
    if path is None:
        return []
    with open(path, encoding="utf-8") as text:
        return [line for line in text.read().splitlines() if line.strip()]


def effects(path):
    """How often each idempotency key had its effect."""
    return Counter(line.split()[1] for line in lines(path))


def checks(options):
    """(what is wrong if any offender is listed, the offenders) ..."""
    accepted = {line.strip() for line in lines(options.accepted)}
    exported = [json.loads(line) for line in lines(options.export)]
    sink, hard = effects(options.sink), effects(options.nonidempotent)
    seen = Counter(alert["uid"] for alert in exported)
    state = {alert["uid"]: alert["state"] for alert in exported}
    actions = {action["idem"]: action["state"] for alert in exported
               for action in alert.get("actions", [])}
    dead = sum(one == "dead" for one in state.values())
    took_place = sink + hard

    yield "P1 lost (accepted, not in export)", accepted - set(seen)
    yield "P1 no terminal state and not waiting", [
        one for one in accepted
        if one in state and state[one] not in TERMINAL | {"waiting"}]
    yield "P5 twice in export", [one for one, n in seen.items() if n > 1]
    yield "P4 non-idempotent effect more than once", [
        key for key, n in hard.items() if n > 1]
    yield "P4 effect took place, recorded as failed/refused/never", [
        key for key in took_place
        if actions.get(key) in ("failed", "refused", None)]
    yield "P3 recorded done, no effect at the sink", [
        key for key, one in actions.items()
        if one == "done" and not took_place[key]]
    yield "too few accepted", [
        f"{len(accepted)} < {options.min_accepted}"] * (
        len(accepted) < options.min_accepted)
    yield "too few actions", [
        f"{len(actions)} < {options.min_actions}"] * (
        len(actions) < options.min_actions)
    yield "too many dead", [dead] * (
        dead > options.max_dead_share * max(1, len(state)))

    in_doubt = sum(one == "in_doubt" for one in actions.values())
    print(f"accepted {len(accepted)} exported {len(exported)} "
          f"actions {len(actions)} in doubt {in_doubt} "
          f"effects {sum(took_place.values())} (distinct {len(took_place)})")


def main():
    failed = 0
    for name, offenders in checks(arguments()):
        offenders = sorted(offenders, key=str)
        failed += bool(offenders)
        print("%-4s %s %s" % ("FAIL" if offenders else "ok", name,
                              offenders[:SHOWN] or ""))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
