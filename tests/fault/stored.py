"""What lies on the disk: a damaged store, a wrong configuration."""
import hashlib
import http.client
import json
import os
import shutil
import socket

import programs
from stage import Doubles, Stage

FILES = ("journal.db", "journal.db-wal")


# ---- a damaged store ----

class Control(http.client.HTTPConnection):
    """The control socket, asked again and again without a process each."""

    def __init__(self, path):
        super().__init__("herald", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def ask(self, target):
        self.request("GET", target)
        return json.loads(self.getresponse().read())


def contents(stage):
    """{uid: (state, record, received bytes)} as they are shown."""
    found = {}
    control = Control(stage.herald.path("run/control"))
    for one in stage.herald.export():
        shown = control.ask("/v1/alerts/" + one["id"])
        found[one["uid"]] = (one["state"], shown.get("record"),
                             shown.get("raw"))
    control.close()
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


def opened(run, stage):
    """Ready; or it ended, and said why."""
    if stage.launch(30):
        return True
    run.check(stage.herald.process.poll() is not None,
              "neither ready nor ended")
    stage.stop_hard()
    run.check(stage.herald.process.returncode > 0 and
              ("store" in stage.told() or "journal" in stage.told()),
              lambda: f"no start, and no word of it: {stage.told()}")
    return False


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
        if opened(run, stage):
            judge_served(run, stage, true)
            stage.end(run)
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


def sound_store(run, doubles, count, killed):
    """(a state folder, what is in it)"""
    place = os.path.join(run.folder, "store")
    with Stage(doubles) as stage:
        stage.start()
        stage.send(count, 60)
        stage.idle()
        true = contents(stage)
        run.check(len(true) == count, f"{len(true)} of {count} are stored")
        if killed:
            stage.herald.kill()
        else:
            stage.end(run)
        shutil.copytree(stage.herald.path("state"), place)
    return place, true


def store(run):
    """A bit of a sound store is another one; that each time anew.  The store
    by itself stands 2,000 of them in the unit test."""
    with Doubles(run.folder) as doubles:
        place, true = sound_store(run, doubles, run.pick(6, 64), False)
        dice = [run.random.getrandbits(32)
                for _ in range(run.pick(12, 2000))]
        run.each(lambda one, seed: (one.random.seed(seed), one_damage(
            one, doubles, place, true)), dice)
    if not run.short:
        programs.unit(run, "test_journal_damage", HERALD_FLIPS="2000")


# ---- a log that is cut ----

def frames(wal):
    """(where each frame of a write-ahead log begins, how long it is)"""
    with open(wal, "rb") as file:
        page = int.from_bytes(file.read(12)[8:], "big")
    length = 24 + page
    return range(32, os.path.getsize(wal) - length + 1, length), length


def one_cut(run, doubles, place, true, at, zeroed):
    with Stage(doubles) as stage:
        state = stage.herald.path("state")
        shutil.copytree(place, state, dirs_exist_ok=True)
        wal = os.path.join(state, "journal.db-wal")
        run.begin(f"the log {'zeroed' if zeroed else 'cut'} at {at}")
        size = os.path.getsize(wal)
        os.truncate(wal, at)
        if zeroed:
            os.truncate(wal, size)
        if not opened(run, stage):
            return
        served = {uid: what[2] for uid, what in contents(stage).items()}
        changed = [uid for uid, raw in served.items()
                   if uid not in true or raw != true[uid][2]]
        run.check(not changed, f"served with other content: {changed[:2]}")
        run.check(stage.send(1, 10) == 1, "nothing is taken")
        stage.idle()
        stage.judge_export(run)
        stage.end(run)


def wal(run):
    """The write-ahead log ends at any of its frames, within one, or in zeros:
    what is there is whole, and herald goes on from it."""
    with Doubles(run.folder) as doubles:
        place, true = sound_store(run, doubles, run.pick(6, 64), True)
        starts, length = frames(os.path.join(place, "journal.db-wal"))
        run.check(len(starts) > 10, f"{len(starts)} frames")
        cuts = [(start + inside, zeroed) for start in starts
                for inside, zeroed in ((0, False), (length // 2, False),
                                       (0, True))]
        if run.short:
            cuts = run.random.sample(cuts, 12)
        run.each(lambda one, cut: one_cut(one, doubles, place, true, *cut),
                 cuts)


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
