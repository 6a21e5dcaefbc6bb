#!/usr/bin/env python3
"""The story that contrib/demo tells; see there.

heraldd is the built one, started with a copy of conf/demo.yaml; world.py says
beside what.  Nothing leaves this machine.
"""
import argparse
import json
import os
import random
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, os.pardir, os.pardir, "tests")
sys.path[:0] = [os.path.join(TESTS, one) for one in ("servers", "doubles")]

import cases as people      # noqa: E402
import steps                # noqa: E402
from steps import tell      # noqa: E402
from world import WEBHOOK, Failed, World    # noqa: E402


def prepare(world, cases):
    """Who is in the directory, and what the services know."""
    for role, plays in world.stage:
        tell(f"  {role:15} {plays}")
    for case in cases.values():
        world.directory.new_user(case.user, case.groups,
                                 displayName=case.name, title=case.title)
    world.misp.data({"replace": True, "attributes": [
        one for case in cases.values() for one in case.misp_attributes()]})
    for role, case in cases.items():
        if role != "unsure":    # whom MISP alone could tell about
            world.virustotal.data(people.report_of_virustotal(
                world.options.source, case.row["src"]))
    world.soar.settings(run_statuses=["pending", "running", "success"])


def check(options):
    seed = options.seed if options.seed is not None else int(time.time())
    tell(f"seed {seed}")
    cases = people.make(options.source, random.Random(seed))
    options.assets = "".join(one.asset() for one in cases.values())
    with World(options) as world:
        prepare(world, cases)
        steps.all_of_them(world, cases)
    tell()
    tell("demo: all good")


def tell_how_to_go_on(world, cases):
    case = cases["clerk"]
    path = world.path("alert.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(case.repeat(3), out)
    herald = (f"HERALD_SOCKET={world.path('run')}/control "
              f"{world.options.root}/bin/heraldctl")
    tell()
    tell("Everything goes on until Ctrl-C.  Send more (change `user` in the "
         "file for a new case):")
    tell(f"    curl -H 'Content-Type: application/json' --data @{path} \\\n"
         f"        {world.url('INGEST', WEBHOOK)}")
    tell("and ask why, look into the directory, read the mails, or count:")
    tell(f"    {herald} explain @last")
    tell(f"    {world.directory.how_to_ask(case.user)}")
    tell(f"    cat {world.mailbox()}/*")
    tell(f"    curl {world.url('ADMIN', '/metrics')}")


def show(options):
    cases = people.make(options.source)
    options.assets = ""
    with World(options) as world:
        prepare(world, cases)
        steps.all_of_them(world, cases)
        tell_how_to_go_on(world, cases)
        while world.is_alive():
            time.sleep(0.5)
        raise Failed("heraldd ended:\n" + world.log())


def main():
    parser = argparse.ArgumentParser(prog="contrib/demo")
    for name in ("--root", "--source", "--keep"):
        parser.add_argument(name, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    try:
        if options.check:
            check(options)
        else:
            show(options)
    except KeyboardInterrupt:
        tell()
        return 130 if options.check else 0
    except (Failed, AssertionError) as why:
        print(f"demo: FAILED: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
