"""Alerts over which herald dies: each ends by itself, all others are done."""
import collections
import signal

from stage import Herald, SANITIZER
from poisoned import CRASHES, Poisoned

KINDS = {"lookup": -signal.SIGABRT, "work": -signal.SIGABRT,
         "later": -signal.SIGABRT, "exit": 0, "batch": -signal.SIGABRT}


def send_all(poisoned, count, toxic):
    """`toxic`: {number: kind}."""
    for i in range(count):
        kind = toxic.get(i)
        row = {"user": f"ok{i}"}
        if kind == "batch":
            row["dest"] = "batch-x"
        elif kind:
            row["user"] = f"{kind}-{i}"
        poisoned.send(f"n{i}", **row)


def judge(run, poisoned, alerts, toxic):
    dead = {uid for uid, one in alerts.items() if one["state"] == "dead"}
    run.check(dead == {f"n{i}" for i in toxic}, f"dead: {sorted(dead)}")
    for i in toxic:
        reason = alerts[f"n{i}"]["reason"]
        run.check(reason.startswith("poison: herald died "), reason)
    wanted = collections.Counter(
        death for kind in toxic.values() for death in [KINDS[kind]] * CRASHES)
    run.check(collections.Counter(poisoned.deaths) == wanted,
              f"died {collections.Counter(poisoned.deaths)}, not {wanted}")
    keys = {f"{one['id']}/default/{name}" for uid, one in alerts.items()
            if uid not in dead for name in "ab"}
    noted = collections.Counter(poisoned.notes())
    run.check(set(noted) == keys, f"not done: {len(keys - set(noted))}, done "
              f"though dead: {len(set(noted) - keys)}")


def one_run(run, count, toxic):
    made = []

    def herald(config, started=True):
        made.append(Herald(config))
        return made[0].start() if started else made[0]

    try:
        poisoned = Poisoned(herald)
        send_all(poisoned, count, toxic)
        judge(run, poisoned, poisoned.when_all_ended(count, 300), toxic)
        run.check(made[0].stop() == 0, "no clean end")
        found = SANITIZER.search(made[0].log())
        run.check(not found, lambda: f"a sanitizer said {found[0]}")
    finally:
        made[0].remove()


def poison(run):
    """One kind at a time among a thousand; then all kinds in one."""
    kinds = sorted(KINDS)
    for kind in run.random.sample(kinds, run.pick(1, len(kinds))):
        run.begin(f"one that dies by {kind}")
        one_run(run, 1000, {run.random.randrange(1000): kind})
    run.begin("one of each kind")
    count = run.pick(200, 1000)
    places = run.random.sample(range(count), len(kinds))
    one_run(run, count, dict(zip(places, kinds)))
