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


def attacked(run, kills, *words):
    """kill9.py; what it finds is ours."""
    status, told = play(run, "kill9.py", "--kills", kills, *words)
    run.begin("kill9.py " + " ".join(map(str, words)))
    run.runs += kills - 1
    failed = re.findall(r"^FAIL.*", told, re.M)
    for line in failed:
        run.check(False, line)
    run.check(status == 0 or failed, told[-2000:])


def kill9(run):
    """Kills at random moments: P1, P3, P5 and the content of each case; many
    alerts, and slow services, so that much is under way at each kill."""
    if run.short:
        attacked(run, 10, "--alerts", 1500, "--rate", 200, "--latency", 40,
                 "--min-under-way", 20)
        return
    attacked(run, 200, "--alerts", 50000, "--rate", 250,
             "--min-under-way", 200)
    attacked(run, 100, "--alerts", 6000, "--rate", 80, "--latency", 40,
             "--min-under-way", 200)


def doubt(run):
    """As above, a fifth of all answers spoilt."""
    attacked(run, run.pick(5, 100), "--alerts", run.pick(400, 6000), "--rate",
             80, "--faults", 20, "--min-under-way", run.pick(5, 100))


def soak(run):
    """Half an hour; CI has no time for it, a minute is for trying."""
    status, told = play(run, "soak.py", "--minutes", run.pick(1, 30),
                        timeout_s=7200)
    run.begin("soak.py")
    for line in re.findall(r"^FAIL.*", told, re.M):
        run.check(False, line)
    run.check(status == 0, told[-2000:])


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


# ---- suites of their own ----

FUNCTIONAL = os.path.join(os.path.dirname(HERE), "functional")


def suite(run, *files):
    """Tests of tests/functional: each is a run."""
    run.begin(" ".join(files))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "-rf", *(os.path.join(FUNCTIONAL, one) for one in files)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False)
    passed = re.search(r"(\d+) passed", ended.stdout)
    run.runs += int(passed[1]) - 1 if passed else 0
    failed = re.findall(r"^FAILED.*", ended.stdout, re.M)
    for line in failed:
        run.check(False, line)
    run.check(ended.returncode == 0 or failed, ended.stdout[-2000:])
    run.check(passed, "nothing passed")


def unit(run, name, **environment):
    """A program of tests/unit: each of its tests is a run."""
    run.begin(name)
    ended = subprocess.run(
        [os.path.join(os.environ["HERALD_BUILD"], "tests", "unit", name)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False, env={**os.environ, **environment})
    passed = len(re.findall(r"^\[ +OK \]|^ok ", ended.stdout, re.M))
    run.runs += max(passed - 1, 0)
    run.check(ended.returncode == 0 and passed, ended.stdout[-2000:])


def trust(run):
    unit(run, "test_tls")
    suite(run, "test_tls.py")


def faults(run):
    suite(run, "test_faults.py")


def secrets(run):
    suite(run, "test_secrets.py")


def inputs(run):
    suite(run, "test_bad_auth.py", "test_bad_fields.py", "test_bad_http.py",
          "test_bad_inputs.py", "test_bad_json.py")


def mutants(run):
    """Ten promises broken on purpose; all are seen."""
    ended = subprocess.run(
        [sys.executable, os.path.join(HERE, "mutants.py")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False)
    run.begin("mutants.py")
    run.said = ended.stdout.rstrip().rsplit("\n", 1)[-1]
    found = re.fullmatch(r"mutants caught (\d+)/(\d+)", run.said)
    run.runs = int(found[2]) if found else 1
    run.check(ended.returncode == 0 and found, ended.stdout[-3000:])
