"""What lies on the disk: a damaged store, a wrong configuration."""
import hashlib
import os
import shutil

from stage import Doubles, Stage

FILES = ("journal.db", "journal.db-wal")
ALERTS = 6


# ---- a damaged store ----

def contents(stage):
    """{uid: (state, record)} as they are shown."""
    found = {}
    for one in stage.herald.export():
        shown = stage.herald.ctl("show", one["id"])
        found[one["uid"]] = (one["state"], shown["record"])
    return found


def flip(path, dice):
    """One bit, in a part that is not empty."""
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        for _ in range(1000):
            at = dice.randrange(size)
            file.seek(at)
            byte = file.read(1)[0]
            if byte:
                break
        file.seek(at)
        file.write(bytes([byte ^ 1 << dice.randrange(8)]))
    return at


def one_damage(run, doubles, place, true):
    with Stage(doubles) as stage:
        state = stage.herald.path("state")
        shutil.copytree(place, state, dirs_exist_ok=True)
        files = [name for name in FILES
                 if os.path.exists(os.path.join(state, name))
                 and os.path.getsize(os.path.join(state, name))]
        name = run.random.choice(files)
        at = flip(os.path.join(state, name), run.random)
        run.begin(f"a bit of {name} at {at}")
        if stage.launch(30):
            judge_served(run, stage, true)
            stage.end(run)
        else:
            run.check(stage.herald.process.poll() is not None,
                      "neither ready nor ended")
            stage.stop_hard()
            run.check(stage.herald.process.returncode > 0 and
                      ("store" in stage.told() or "journal" in stage.told()),
                      lambda: f"no start, and no word of it: {stage.told()}")
        run.check(os.path.getsize(os.path.join(state, "journal.db")) > 0,
                  "the damaged file is gone")


def judge_served(run, stage, true):
    served = contents(stage)
    # a damaged record is set aside, which is said, and none is shown
    told = "damaged" in stage.told()
    changed = [uid for uid, what in served.items()
               if what != true.get(uid) and not
               (told and what[1] is None and uid in true)]
    run.check(not changed, f"served with other content: {changed[:2]} "
              f"{[served[uid] for uid in changed[:1]]}")
    gone = sorted(set(true) - set(served))
    run.check(not gone or "damaged" in stage.told(),
              f"gone without a word: {gone}")


def store(run):
    """A bit of a sound store is another one; that each time anew."""
    with Doubles(run.folder) as doubles:
        place = os.path.join(run.folder, "store")
        with Stage(doubles) as stage:
            stage.start()
            stage.send(ALERTS, 30)
            stage.idle()
            true = contents(stage)
            run.check(len(true) == ALERTS, "the sound store")
            stage.end(run)
            shutil.copytree(stage.herald.path("state"), place)
        for _ in range(run.pick(12, 500)):
            one_damage(run, doubles, place, true)


# ---- a wrong configuration ----

WRONG = [
    ("no YAML", lambda text: text + "\n}{"),
    ("unknown key", lambda text: text.replace("  mode:", "  mood: x\n  mode:")),
    ("wrong type", lambda text: text.replace("add: 20", "add: much")),
    ("no such plugin", lambda text: text.replace("misp_enrich", "no_such")),
    ("no such secret", lambda text: text.replace("secrets/misp", "secrets/no")),
    ("wrong expression", lambda text: text.replace('missing("misp")',
                                                   "severity_id >= '4'")),
    ("no such connector", lambda text: text.replace("by: [misp]",
                                                    "by: [other]")),
    ("no such action", lambda text: text.replace("soar.create_case\n",
                                                 "soar.fly\n")),
    ("repeated key", lambda text: text + "\nlisten: {}\n"),
    ("another version", lambda text: text.replace("version: 1",
                                                  "version: 9")),
]


def fingerprint(folder):
    """Of all that lies in a state folder."""
    digest = hashlib.sha256()
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with open(os.path.join(place, name), "rb") as file:
                digest.update(name.encode() + b"\0" + file.read())
    return digest.hexdigest()


def refused_start(run, stage, wrong):
    state = stage.herald.path("state")
    before = fingerprint(state)
    good = stage.herald.text
    stage.herald.text = wrong(good)
    run.check(not stage.launch(30), "it starts")
    run.check(stage.herald.process.poll() == 1,
              f"ended with {stage.herald.process.returncode}")
    run.check("herald.yaml" in stage.told(), "no word of the place")
    run.check(fingerprint(state) == before, "the state was touched")
    stage.herald.text = good


def refused_reload(run, stage, wrong):
    good = stage.herald.text
    before = stage.herald.ctl("status")["configuration"]
    stage.herald.rewrite(wrong(good))
    ended = stage.herald.run_ctl("reload")
    run.check(ended.returncode == 1, f"heraldctl reload: {ended.returncode}")
    stage.herald.reload()       # and by the signal
    run.check(stage.send(1, 10) == 1, "nothing is taken")
    run.check(stage.herald.ctl("status")["configuration"] == before,
              "another configuration is in force")
    stage.herald.rewrite(good)


def config(run):
    """Each wrong configuration, at a reload and at a start with a backlog."""
    with Doubles(run.folder) as doubles, Stage(doubles) as stage:
        stage.start()
        stage.send(3, 30)
        for name, wrong in WRONG:
            run.begin(f"reload: {name}")
            refused_reload(run, stage, wrong)
        stage.herald.kill()
        for name, wrong in WRONG:
            run.begin(f"start: {name}")
            refused_start(run, stage, wrong)
        stage.judge(run)
