"""The fault tools themselves: each must hold what holds and go red where a
promise is broken."""
import json
import os
import re
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE = os.path.join(HERE, "fake_herald.py")


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=120,
        check=False, env={**os.environ, **environment})


def kill9(tmp_path, flaw=""):
    return run(os.path.join(HERE, "kill9.py"), "--alerts", "300", "--kills",
               "4", "--seed", "7", HERALDD=FAKE, HERALDCTL=FAKE,
               HERALD_PLUGIN_DIR=str(tmp_path), TMPDIR=str(tmp_path),
               FAKE_FLAW=flaw)


def test_kill9_holds_where_promises_are_kept(tmp_path):
    ended = kill9(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FAIL" not in ended.stdout
    assert re.search(r"accepted 300 exported 300 actions 300", ended.stdout)


@pytest.mark.parametrize("flaw,said", [
    ("lose", "P1 lost"),
    ("twice", "P4 effect took place, recorded as failed/refused/never"),
    ("early", "P3 recorded done, no effect at the sink"),
    ("mixed", "a case with the content of another alert")])
def test_kill9_sees_a_broken_promise(tmp_path, flaw, said):
    ended = kill9(tmp_path, flaw)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"FAIL {said}" in ended.stdout, ended.stdout


def alert(number, state="done", action="done"):
    return {"uid": f"a{number}", "state": state, "actions": [
        {"idem": f"a{number}/p/case", "state": action}]}


def effect(number):
    return f"1.0 a{number}/p/case /rest/container"


GOOD = dict(accepted=["a1", "a2"], export=[alert(1), alert(2)],
            sink=[effect(1), effect(2)], hard=[])
LEDGERS = [
    ("good", {}, None),
    ("lost", {"export": [alert(1)]}, "P1 lost"),
    ("stuck", {"export": [alert(1), alert(2, state="running")]},
     "P1 no terminal state"),
    ("waiting", {"export": [alert(1), alert(2, "waiting", "pending")]}, None),
    ("twice", {"export": [alert(1), alert(2), alert(2)]}, "P5 twice"),
    ("repeated", {"sink": [effect(1), effect(2), effect(2)]}, None),
    ("hard repeated", {"sink": [effect(1)], "hard": [effect(2)] * 2},
     "P4 non-idempotent"),
    ("denied", {"export": [alert(1), alert(2, action="failed")]},
     "P4 effect took place"),
    ("claimed", {"sink": [effect(1)]}, "P3 recorded done"),
    ("too few", {"accepted": ["a1"]}, "too few accepted"),
    ("dead", {"export": [alert(1), alert(2, state="dead")]},
     "too many dead"),
]


@pytest.mark.parametrize("name,changed,said", LEDGERS,
                         ids=[row[0] for row in LEDGERS])
def test_check_ledger(tmp_path, name, changed, said):
    files = []
    for part, lines in dict(GOOD, **changed).items():
        files.append(tmp_path / part)
        files[-1].write_text("".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n"
            for line in lines))
    ended = run(os.path.join(HERE, "check_ledger.py"), "--min-accepted", "2",
                "--min-actions", "2", *map(str, files))
    assert ended.returncode == (0 if said is None else 1), ended.stdout
    failed = [line for line in ended.stdout.splitlines()
              if line.startswith("FAIL")]
    assert bool(failed) == bool(said) and (
        not said or said in failed[0]), ended.stdout


@pytest.mark.parametrize("fault,outcome,report", [
    ("write:1:ENOMEM", "Cannot allocate", "hit"),
    ("write:1:ENOSPC", "", "not reached"),      # a pipe has no disk
    ("write:9999:ENOMEM", "", "not reached")])
def test_faultshim_fails_the_call_it_is_told(tmp_path, fault, outcome, report):
    shim = str(tmp_path / "faultshim.so")
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared",
                    "-fPIC", os.path.join(HERE, "faultshim.c"), "-o", shim,
                    "-ldl"], check=True)
    said = str(tmp_path / "report")
    ended = subprocess.run(
        ["cat", __file__], capture_output=True, text=True, check=False,
        env={**os.environ, "LD_PRELOAD": shim, "FAULT": fault,
             "FAULT_REPORT": said})
    assert outcome in ended.stderr and bool(outcome) == bool(ended.returncode)
    with open(said, encoding="utf-8") as told:
        assert told.read().rstrip().endswith(report)
