"""What herald does, and tells of it: redeliveries, plugins that misbehave,
limits on what contains, the story of each alert."""
import collections
import json
import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from sending import webhook
from stage import TERMINAL, Doubles, Stage, WEBHOOK_TOKEN

CONNECTIONS = 4


# ---- the same again ----

def redelivered(stage):
    return stage.herald.ctl("status")["engine"]["redelivered"]


def repeats(run):
    """Each alert five times over four connections, a kill between the times:
    one alert of each, and the others known as what they are."""
    with Doubles(run.folder) as doubles, Stage(doubles) as stage:
        stage.start()
        uids = [f"repeats-{run.seed}-{i}" for i in range(run.pick(20, 500))]
        for time in range(5):
            run.begin(f"time {time + 1} of each")
            with ThreadPoolExecutor(CONNECTIONS) as senders:
                told = set(senders.map(stage.post, uids))
            run.check(told == {200}, f"said {told}")
            known = redelivered(stage)
            wanted = len(uids) if time else 0
            run.check(known == wanted,
                      f"{known} redeliveries known of {wanted}")
            stage.herald.kill()
            stage.herald.restart()
        stage.idle()
        found = len(stage.herald.export())
        run.check(found == len(uids), f"{found} alerts of {len(uids)}")
        stage.end(run)
        stage.judge(run)


# ---- plugins that misbehave ----

# Ways of tests/plugins/demo.c to answer a lookup that no plugin may have.
BAD_WAYS = ["stuck", "never", "forget", "late", "twice", "broken_json",
            "repeated_key", "a_list", "broken_utf8", "too_long", "no_reason",
            "odd_class", "in_doubt", "foreign_http", "no_secret", "many_notes",
            "slow", "stall", "indiscreet", "quota", "auth"]


def with_demo(text):
    """Each alert's user is looked up by that plugin, and none is a repeat."""
    return text.replace("connectors:", """connectors:
  demo: {plugin: demo, listen: ingest, timeout: 1s}""").replace(
        "by: [misp]", "by: [misp, demo]").replace(
        "key: [user.name]", "key: [finding_info.uid]")


def one_way(run, doubles, way):
    with Stage(doubles, change=with_demo) as stage:
        stage.start()
        run.check(stage.send(run.pick(3, 20), 30, user=way) > 0,
                  "nothing is taken")
        run.check(stage.send(3, 30) == 3, "others are not taken")
        if run.random.random() < 0.5 and stage.is_alive():
            stage.herald.kill()
            stage.herald.restart()
        stage.idle()
        run.check(stage.is_alive(), "herald ended of it")
        stage.end(run)
        stage.judge(run)


def broken(run):
    """A plugin answers twice, never, late, with rubbish, or holds the loop:
    every alert has its end, and other connectors their answers."""
    ways = run.random.sample(BAD_WAYS, 6) if run.short else BAD_WAYS
    with Doubles(run.folder) as doubles:
        for way in ways:
            run.begin(f"a plugin's answer: {way}")
            one_way(run, doubles, way)


# ---- limits ----

LIMITED = """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: '@DIR@/secrets/splunk'}}
  locks: {plugin: targets, log: '@DIR@/log'}
safety:
  protect:
    - name: administrators
      if: 'target.user.groups.exists(g, g.name == "Domain Admins")'
      because: administrators are locked by people
  actions:
    locks.lock: {at_most: [@LIMITS@], per_target: @EACH@/1d, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond:
          - name: lock
            do: locks.lock
            with: {target: '${unmapped.splunk.target}', way: ok}
"""


class Limits:
    """Drawn: how many in all, how many of each target, who is protected."""

    def __init__(self, dice):
        self.windows = [dice.randrange(1, 60) for _ in range(2)]
        self.each = dice.randrange(1, 4)
        self.targets = [f"u{i}" for i in range(dice.randrange(5, 60))]
        self.protected = set(dice.sample(self.targets, 3))

    def config(self, text):
        head = text[:text.index("connectors:")].replace("mode: notify",
                                                        "mode: live")
        return head + LIMITED.replace("@LIMITS@", ", ".join(
            f"{n}/{span}" for n, span in zip(self.windows, ("1h", "1d"))
        )).replace("@EACH@", str(self.each))

    def target(self, uid, number):
        groups = ["Users"] + ["Domain Admins"] * (uid in self.protected)
        return json.dumps({"type": "user", "uid": uid, "user": {
            "name": uid, "full_name": f"request {number}",
            "groups": [{"name": name} for name in groups]}})


def requests(run, stage, limits, numbers):
    """Asks for the lock of drawn targets."""
    wanted = [(n, run.random.choice(limits.targets)) for n in numbers]

    def send(one):
        number, uid = one
        body = stage.body(f"lock-{run.seed}-{run.runs}-{number}")
        body["result"]["target"] = limits.target(uid, number)
        return stage.herald.post(webhook(WEBHOOK_TOKEN), body)[0]

    with ThreadPoolExecutor(CONNECTIONS) as senders:
        told = set(senders.map(send, wanted))
    run.check(told == {200}, f"said {told}")


def executed(stage):
    """[(target, which request)], each once: what a kill left in doubt may be
    done twice, being idempotent."""
    try:
        with open(stage.herald.path("log"), encoding="utf-8") as log:
            lines = {line.split(" ", 1)[1] for line in log if "\n" in line}
    except FileNotFoundError:
        return []
    targets = [json.loads(line) for line in lines]
    return [(one["uid"], one["user"]["full_name"]) for one in targets]


def judge_limits(run, limits, done):
    most = min(limits.windows)
    run.check(len(done) <= most, f"{len(done)} done, at most {most} are allowed")
    for uid, count in collections.Counter(uid for uid, _ in done).items():
        run.check(count <= limits.each, f"{uid}: {count} of {limits.each}")
        run.check(uid not in limits.protected, f"{uid} is protected")


def one_limit(run, doubles, count):
    limits = Limits(run.random)
    with Stage(doubles, change=limits.config) as stage:
        stage.start()
        at_halt = run.random.randrange(4)
        for part in range(4):
            requests(run, stage, limits, range(part * count // 4,
                                               (part + 1) * count // 4))
            stage.herald.kill()
            stage.herald.restart()
            if part == at_halt:
                halted(run, stage, limits, count)
        stage.idle()
        done = executed(stage)
        judge_limits(run, limits, done)
        run.check(done, "nothing was done at all")
        stage.end(run)


def halted(run, stage, limits, count):
    """Nothing is begun once `halt` has returned; a restart changes nothing."""
    told = stage.herald.run_ctl("halt", "--because", "a test")
    run.check(told.returncode == 0, told.stderr)
    before = sorted(executed(stage))
    requests(run, stage, limits, range(count, count + 5))
    stage.idle()
    run.check(sorted(executed(stage)) == before, "done after halt")
    told = stage.herald.run_ctl("unhalt", "--because", "a test")
    run.check(told.returncode == 0, told.stderr)


def budgets(run):
    """Drawn limits, many requests, kills between them: never too many, nobody
    who is protected, nothing after halt."""
    with Doubles(run.folder) as doubles:
        for _ in range(run.pick(2, 50)):
            run.begin(f"limits {run.runs}")
            one_limit(run, doubles, run.pick(60, 200))


# ---- the story of each ----

STORIED = """\
pipelines:
  - name: noise
    if: 'unmapped.splunk.what == "noise"'
    steps:
      - drop: {if: 'true', because: noise}
"""


def judge_story(run, told):
    """From its receipt to its end, whole, in order."""
    entries = told["entries"]
    words = f"{told['id']} {told['state']}"
    run.check("entries_damaged" not in told, f"{words}: not whole")
    run.check([one["seq"] for one in entries] ==
              list(range(1, len(entries) + 1)), f"{words}: gaps")
    times = [one["time"] for one in entries]
    run.check(times == sorted(times), f"{words}: not in order of time")
    if not run.check(entries, f"{words}: no story"):
        return
    run.check(entries[0]["kind"] in ("received", "quarantined"),
              f"{words}: begins with {entries[0]['kind']}")
    run.check(told["state"] in [one["what"].get("state") for one in entries]
              or entries[-1]["kind"] == told["state"],
              f"{words}: no entry says so: {entries}")


def all_kinds(run, stage):
    """Alerts that end in every way there is without a person."""
    stage.send(run.pick(3, 40), 60)                     # done
    stage.send(run.pick(3, 40), 60, user="again")       # merged
    post = webhook(WEBHOOK_TOKEN)
    noise = stage.body(f"story-noise-{run.seed}")
    noise["result"]["what"] = "noise"
    statuses = [stage.herald.post(post, noise)[0],
                stage.herald.post(post, '{"a": 1, "a": 2}')[0]]
    stage.doubles.soar.fault("400", path="/rest/container")
    statuses.append(stage.herald.post(post, stage.body(
        f"story-dead-{run.seed}"))[0])
    stage.idle()
    stage.doubles.soar.mend()
    run.check(statuses == [200, 200, 200], f"said {statuses}")


def tamper(run, place):
    """Another hand in the store: an entry is gone, or says something else."""
    with sqlite3.connect(os.path.join(place, "journal.db")) as db:
        number, alert = run.random.choice(
            db.execute("select num, alert from entry").fetchall())
        kind = run.random.choice(["gone", "other words", "another time"])
        db.execute({
            "gone": "delete from entry where num = ?",
            "other words": "update entry set json = replace(json, '\"', '') "
                           "|| ' ' where num = ?",
            "another time": "update entry set utc_ms = utc_ms + 1 "
                            "where num = ?"}[kind], (number,))
        found = db.execute("select id from alert where num = ?", (alert,))
        return kind, found.fetchone()[0]


def one_hand(run, doubles, place):
    with Stage(doubles) as stage:
        state = stage.herald.path("state")
        shutil.copytree(place, state, dirs_exist_ok=True)
        kind, alert = tamper(run, state)
        run.begin(f"an entry of an alert: {kind}")
        if not run.check(stage.launch(30), stage.told):
            return
        run.check("chain" in stage.told(), "no word at the start")
        told = stage.herald.ctl("explain", alert)
        run.check("entries_damaged" in told, "explain says nothing of it")
        kept = stage.herald.run_ctl("backup", stage.herald.path("kept"))
        run.check(kept.returncode == 1 and "chain" in kept.stderr,
                  "it was backed up as if it were whole")
        stage.end(run)


def story(run):
    """Each alert tells how it came to its end; who changes that is found."""
    with Doubles(run.folder) as doubles:
        place = os.path.join(run.folder, "store")
        with Stage(doubles, change=lambda text: text.replace(
                "pipelines:\n", STORIED)) as stage:
            stage.start()
            all_kinds(run, stage)
            states = set()
            for one in stage.herald.export():
                run.begin(f"the story of {one['id']}")
                states.add(one["state"])
                judge_story(run, stage.herald.ctl("explain", one["id"]))
            wanted = {"done", "merged", "dropped", "dead", "quarantined"}
            run.check(states == wanted <= TERMINAL, f"only {states}")
            stage.end(run)
            shutil.copytree(stage.herald.path("state"), place)
        run.each(lambda one, _: one_hand(one, doubles, place),
                 range(run.pick(3, 40)))
