"""The fault runs that are programs of their own: their verdict is ours."""
import os
import re
import subprocess
import sys

from stage import HERE, Skipped


def play(run, name, *words, timeout_s=3600):
    """Runs it with a seed of this run's; its exit status and all it printed."""
    ended = subprocess.run(
        [sys.executable, os.path.join(HERE, name), "--seed",
         str(run.random.getrandbits(32)), *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=timeout_s, check=False)
    return ended.returncode, ended.stdout


def kill9(run):
    """Kills at random moments: P1, P3, P4, P5 and the content of each case."""
    kills = run.pick(10, 100)
    status, told = play(run, "kill9.py", "--kills", kills, "--alerts",
                        run.pick(1500, 6000), "--rate", run.pick(200, 80),
                        "--latency", 40, "--min-under-way", kills * 2)
    run.begin("kill9.py")
    run.runs = kills
    failed = re.findall(r"^FAIL.*", told, re.M)
    for line in failed:
        run.check(False, line)
    run.check(status == 0 or failed, told[-2000:])


def can_mount(run):
    """Loop devices are not everywhere, and not everybody's."""
    image, place = run.folder + "/probe.img", run.folder + "/probe"
    os.mkdir(place)
    for words in (["truncate", "-s", "8M", image],
                  ["mkfs.ext4", "-q", "-F", image],
                  ["mount", "-o", "loop", image, place], ["umount", place]):
        ended = subprocess.run(words, capture_output=True, text=True,
                               check=False)
        if ended.returncode != 0:
            raise Skipped(f"{words[0]}: {ended.stderr.strip()[:80]}")


def powercut(run):
    """herald keeps all; a program that does not sync must lose, or the cut
    was none."""
    can_mount(run)
    for engine, rounds in (("herald", run.pick(1, 25)), ("plain", 1)):
        status, told = play(run, "powerloss.py", "--rounds", rounds, engine)
        run.begin("powerloss.py " + engine)
        run.runs += rounds - 1
        run.check(status == 0, told[-1000:])
