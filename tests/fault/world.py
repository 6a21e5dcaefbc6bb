"""What happens around herald: signals under load, a full disk, no descriptors,
bad upstreams, a clock that jumps, names that do not resolve, slow clients."""
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from sending import JSON, Message, Senders, webhook
from stage import (HERE, Doubles, Skipped, Stage, WEBHOOK_TOKEN, build_shim,
                   wait_until)

LATE_S = 0.5                    # far above a busy machine, far below a stall


@contextmanager
def staged(run, **more):
    """A started stage with doubles of its own, judged at the end."""
    with Doubles(run.folder) as doubles, Stage(doubles, **more) as stage:
        yield stage.start()
        if stage.is_alive():
            stage.end(run)
        stage.judge(run)


def all_sent(stage, senders, accepted):
    senders.wait()
    with open(accepted, encoding="ascii") as lines:
        stage.accepted |= set(lines.read().split())


def latencies(ask, count):
    """Sorted seconds that `ask` took, `count` times."""
    took = []
    for _ in range(count):
        begun = time.monotonic()
        ask()
        took.append(time.monotonic() - begun)
    return sorted(took)


# ---- reloads and stops ----

def change_configuration(stage, number):
    herald = stage.herald
    herald.rewrite(herald.text.replace("every alert counts",
                                       f"every alert counts {number}", 1))
    return herald.run_ctl("reload")


def roll(run):
    """SIGTERM and start, or a reload, again and again under load."""
    with staged(run) as stage:
        herald = stage.herald
        accepted = run.folder + "/accepted"

        def make(number):
            uid = f"roll-{run.seed}-{number}"
            return Message(webhook(WEBHOOK_TOKEN),
                           json.dumps(stage.body(uid)), JSON, [uid])

        senders = Senders(herald.port("INGEST"), make, run.pick(600, 5000),
                          accepted, rate=run.pick(80, 80))
        rolled = 0
        while senders.busy():
            rolled += 1
            time.sleep(run.random.uniform(0, 0.3))
            if run.random.random() < 0.5:
                run.begin(f"reload {rolled}")
                ended = change_configuration(stage, rolled)
                run.check(ended.returncode == 0, ended.stderr)
            else:
                run.begin(f"stop {rolled}")
                begun = time.monotonic()
                status = herald.stop()
                run.check(status == 0, f"ended with {status}")
                run.check(time.monotonic() - begun < 30, "slow to stop")
                herald.restart()
        all_sent(stage, senders, accepted)
        run.check(rolled >= 5, f"only {rolled} under load")


# ---- the disk ----

def mount(place, size):
    os.mkdir(place, 0o700)
    ended = subprocess.run(["mount", "-t", "tmpfs", "-o",
                            f"size={size},mode=0700", "none", place],
                           capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise Skipped("mount: " + ended.stderr.strip()[:80])


def fill(path):
    """Every byte that is left."""
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError:
                pass


def one_full_disk(run, stage, ballast):
    stage.send(3, 30)
    fill(ballast)
    statuses = [stage.post(f"full-{run.runs}-{i}") for i in range(40)]
    run.check(503 in statuses, f"full, and never 503: {set(statuses)}")
    run.check(set(statuses) <= {200, 503}, f"said {set(statuses)}")
    run.check(stage.is_alive(), "ended on a full disk")
    os.remove(ballast)
    begun = time.monotonic()
    run.check(stage.send(1, 10) == 1 and time.monotonic() - begun < 5,
              "room again, and nothing is taken within 5 s")


def enospc(run):
    """Full, drained, full again: 503 while it lasts."""
    place = run.folder + "/disk"
    mount(place, "32m")
    try:
        with staged(run, STATE=place) as stage:
            for _ in range(run.pick(3, 20)):
                run.begin(f"full disk {run.runs}")
                if stage.is_alive():
                    one_full_disk(run, stage, place + "/ballast")
    finally:
        subprocess.run(["umount", place], check=False)


# ---- descriptors ----

def cpu_s(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        words = stat.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def cpu_share(process, seconds):
    before = cpu_s(process)
    time.sleep(seconds)
    return (cpu_s(process) - before) / seconds


def emfile(run):
    """More clients than descriptors: it waits for some without spinning, and
    whoever asks it by its socket is answered."""
    with staged(run) as stage:
        process = stage.herald.process
        used = len(os.listdir(f"/proc/{process.pid}/fd"))
        stage.end(run)
        limit = used + 12
        stage.herald.arguments = ["prlimit", f"--nofile={limit}:{limit}"]
        stage.start()
        for _ in range(run.pick(1, 10)):
            run.begin("200 clients, 12 descriptors")
            peers = [socket.socket() for _ in range(200)]
            for peer in peers:
                peer.setblocking(False)
                peer.connect_ex(("127.0.0.1", stage.herald.port("INGEST")))
            share = cpu_share(stage.herald.process, 3)
            run.check(share < 0.2, f"{share:.0%} of a processor")
            begun = time.monotonic()
            told = stage.herald.run_ctl("status")
            run.check(told.returncode == 0 and time.monotonic() - begun < 5,
                      lambda: f"heraldctl status: {told.stderr}")
            stage.send(1, 1)
            for peer in peers:
                peer.close()
            run.check(stage.send(3, 20) == 3, "nothing is taken afterwards")


# ---- upstreams ----

KINDS = ["hang", "slow", "drip", "huge", "html", "empty", "half", "shape",
         "reset_before", "reset_after", "close", "429:1", "429far", "500",
         "502", "503", "redirect", "redirect_self", "gzipbomb"]
MISSING_SCORE = 60              # of stage.yaml.in, without MISP's answer


def scores(stage, uids):
    return {one["uid"]: one["score"]["low"] for one in stage.herald.export()
            if one["uid"] in uids}


def spoilt_misp(run, stage, kind):
    """Its answers are missing, everything else goes on in time."""
    stage.doubles.misp.fault(kind, path="/attributes/*")
    before = set(stage.accepted)
    begun = time.monotonic()
    run.check(stage.send(2, 10) == 2, "not taken")
    stage.idle(30)
    run.check(time.monotonic() - begun < 2 + 5, "later than its deadline + 5 s")
    told = scores(stage, stage.accepted - before)
    run.check(set(told.values()) == {MISSING_SCORE},
              f"the missing answer is no gap in the record: {told}")
    stage.doubles.misp.mend()


def spoilt_soar(run, stage, kind):
    """Cases wait for it and are opened once."""
    stage.doubles.soar.fault(kind, times=2)
    run.check(stage.send(2, 10) == 2, "not taken")
    try:
        stage.idle(40)
    finally:
        stage.doubles.soar.mend()


def upstream(run):
    """Each fault of each upstream by itself."""
    kinds = KINDS if not run.short else run.random.sample(KINDS, 5)
    with staged(run) as stage:
        for kind in kinds:
            run.begin(f"MISP: {kind}")
            spoilt_misp(run, stage, kind)
        # such a SOAR is waited for longer than a test lasts
        for kind in [one for one in kinds if one not in ("429far",)]:
            run.begin(f"SOAR: {kind}")
            spoilt_soar(run, stage, kind)


# ---- the clock ----

HOUR = 3600
JUMPS = [HOUR, -HOUR, 24 * HOUR, 10 * 365 * 24 * HOUR, -365 * 24 * HOUR, 59]


def set_clock(path, seconds):
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(str(seconds))
    os.rename(path + ".new", path)


def state_of(stage, uid):
    found = [one for one in stage.herald.export() if one["uid"] == uid]
    return found[0]["state"] if found else None


def one_jump(run, stage, clock, jump):
    user = f"clock-{run.runs}"
    soar = stage.doubles.soar
    set_clock(clock, 0)
    run.check(stage.post(user, user) == 200, "not taken")
    stage.idle()
    soar.fault("503", path="/rest/container")
    run.check(stage.post(user + "-other") == 200, "not taken")
    wait_until(lambda: soar.requests("POST", "/rest/container"), 10, "a try")
    before = len(soar.requests())
    set_clock(clock, jump)
    run.check(stage.post(user + "-again", user) == 200,
              "not taken after the jump")
    wait_until(lambda: state_of(stage, user + "-again"), 10, "stored")
    state = wait_until(lambda: state_of(stage, user + "-again") not in
                       ("received", "running") and
                       state_of(stage, user + "-again"), 10, "decided")
    run.check(state == "merged", f"the window ended: {state}")
    more = len(soar.requests()) - before
    run.check(more <= 6, f"a storm of {more} requests")
    soar.mend()
    stage.idle()


def clock(run):
    """The wall clock jumps while a window is open and an action waits."""
    shim = build_shim("clockshim", run.folder)
    offset = run.folder + "/offset"
    set_clock(offset, 0)
    with Doubles(run.folder) as doubles, Stage(doubles) as stage:
        stage.under(shim, CLOCK_FILE=offset)
        stage.start()
        for jump in (run.random.sample(JUMPS, 3) if run.short else JUMPS):
            run.begin(f"the clock jumps by {jump} s")
            one_jump(run, stage, offset, jump)
        stage.end(run)
        stage.judge(run)


# ---- names ----

def dns(run):
    """In a namespace of its own, where a name server can be broken."""
    probe = subprocess.run(["unshare", "-n", "-m", "true"],
                           capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise Skipped("unshare: " + probe.stderr.strip()[:80])
    run.begin("names")
    ended = subprocess.run(
        ["unshare", "-n", "-m", sys.executable,
         os.path.join(HERE, "names.py"), str(run.pick(30, 300))],
        capture_output=True, text=True, timeout=600, check=False)
    run.runs = ended.stdout.count("ok ") + ended.stdout.count("FAIL ")
    for line in ended.stdout.splitlines():
        run.check(not line.startswith("FAIL "), line)
    run.check(ended.returncode == 0, ended.stdout[-500:] + ended.stderr[-2000:])


# ---- slow clients ----

class Drip(threading.Thread):
    """Connections that send a byte of a header now and then, for ever."""

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.peers = []
        self.ended = threading.Event()
        for i in range(count):
            peer = socket.socket()
            peer.bind((f"127.0.0.{2 + i % 50}", 0))
            peer.setblocking(False)
            peer.connect_ex(("127.0.0.1", port))
            self.peers.append(peer)
        self.start()

    def run(self):
        text = b"POST /v1/splunk/webhook/x HTTP/1.1\r\nX-Slow: " + b"a" * 999
        at = 0
        while not self.ended.wait(0.2):
            for peer in self.peers:
                try:
                    peer.send(text[at:at + 1])
                except OSError:
                    pass        # it was cut off, which is right
            at = min(at + 1, len(text) - 1)

    def stop(self):
        self.ended.set()
        self.join()
        for peer in self.peers:
            peer.close()


def slow(run):
    """A good sender among many that do not come to an end."""
    with staged(run) as stage:
        drip = Drip(stage.herald.port("INGEST"), run.pick(150, 500))
        for _ in range(run.pick(60, 600)):
            run.begin(f"an alert among slow ones, {run.runs}")
            begun = time.monotonic()
            status = stage.post(f"slow-{run.seed}-{run.runs}")
            run.check(status == 200, f"said {status}")
            took = time.monotonic() - begun
            run.check(took < LATE_S, f"took {took:.2f} s")
        drip.stop()
