"""An alert that makes a plugin crash ends after three crashes, and only it:
tests/plugins/poison.c."""
import collections
import signal

import pytest

from poisoned import CRASHES, Poisoned
from waiting import wait_until


def test_one_of_a_thousand(herald):
    """The other 999 are done, each once."""
    poisoned = Poisoned(herald)
    for i in range(1000):
        poisoned.send(f"n{i}", user="lookup-x" if i == 300 else f"ok{i}")
    alerts = poisoned.when_all_ended(1000)
    dead = alerts.pop("n300")
    assert poisoned.deaths == [-signal.SIGABRT] * CRASHES
    assert {one["state"] for one in alerts.values()} == {"done"}
    assert dead["state"] == "dead" and dead["actions"] == []
    notes = collections.Counter(poisoned.notes())
    assert set(notes) == {f"{one['id']}/default/{name}"
                          for one in alerts.values() for name in "ab"}
    # Only what was under way at a crash may have been done before it.
    assert sum(notes.values()) <= 2 * 999 + 2 * CRASHES * 32
    told = poisoned.explain(dead)
    assert told["reason"] == (
        "poison: herald died 3 times in lookup() of connector toxic")
    crashes = [one["what"] for one in told["entries"]
               if one["kind"] == "crash"]
    assert crashes == [{"connector": "toxic", "call": "lookup", "crashes": n}
                       for n in (1, 2, 3)]
    metrics = poisoned.herald.metrics()
    assert metrics['herald_poison_total{connector="toxic"}'] == 1
    assert metrics['herald_alerts_total{pipeline="-",state="dead"}'] == 1
    log = poisoned.herald.log()
    assert log.count("herald dies: SIGABRT in lookup() of connector toxic "
                     f"alert={dead['id']}") == CRASHES
    assert f"alert={dead['id'][:8]} pipeline=- state=dead" in log
    assert f"heraldctl retry {dead['id'][:8]}" in log
    listed = poisoned.herald.ctl("list", "--state", "dead")["alerts"]
    assert [one["id"] for one in listed] == [dead["id"]]


@pytest.mark.parametrize("user, death, call", [
    ("work-x", -signal.SIGABRT, "work"),
    ("later-x", -signal.SIGABRT, "lookup"),
    ("exit-x", 0, "lookup")])
def test_wherever_it_dies(herald, user, death, call):
    poisoned = Poisoned(herald)
    for i in range(10):
        poisoned.send(f"n{i}", user=user if i == 5 else f"work{i}")
    alerts = poisoned.when_all_ended(10)
    assert poisoned.deaths == [death] * CRASHES
    assert alerts.pop("n5")["reason"] == (
        f"poison: herald died 3 times in {call}() of connector toxic")
    assert {one["state"] for one in alerts.values()} == {"done"}


def test_one_in_a_batch(herald):
    """All of the first batch are suspects; alone, the innocent come through."""
    poisoned = Poisoned(herald)
    for i in range(8):
        poisoned.send(f"n{i}", user=f"ok{i}",
                      dest=("batch-x" if i == 3 else f"host{i}"))
    alerts = poisoned.when_all_ended(8)
    assert poisoned.deaths == [-signal.SIGABRT] * CRASHES
    assert {uid for uid, one in alerts.items() if one["state"] == "dead"} == {
        "n3"}


def test_an_action_that_kills_is_given_up_and_the_rest_is_done(herald):
    poisoned = Poisoned(herald, do="toxic.note")
    for i in range(10):
        poisoned.send(f"n{i}", user="run-x" if i == 5 else f"ok{i}")
    alerts = poisoned.when_all_ended(10)
    dead = alerts.pop("n5")
    assert poisoned.deaths == [-signal.SIGABRT] * CRASHES
    assert dead["state"] == "dead"
    assert dead["reason"].startswith("poison: herald died 3 times in run()")
    assert {one["name"]: one["state"] for one in dead["actions"]} == {
        "a": "failed", "b": "done"}
    assert {one["state"] for one in alerts.values()} == {"done"}


def test_what_may_have_taken_place_is_in_doubt(herald):
    """Not idempotent: nobody may claim that it failed."""
    poisoned = Poisoned(herald, do="toxic.once")
    poisoned.send("n0", user="run-x")

    def doubtful():
        alert = poisoned.export().get("n0")
        return alert if alert and any(
            one["state"] == "in_doubt" for one in alert["actions"]) else None
    alert = wait_until(doubtful, 20, poisoned.herald.log)
    assert poisoned.deaths == [-signal.SIGABRT] * CRASHES
    assert {one["name"]: one["state"] for one in alert["actions"]} == {
        "a": "in_doubt", "b": "done"}
    poisoned.herald.ctl("settle", alert["actions"][0]["id"], "done",
                        "--because", "I looked")
    assert poisoned.when_all_ended(1)["n0"]["state"] == "done"


def test_a_person_may_try_it_again(herald):
    poisoned = Poisoned(herald)
    poisoned.send("n0", user="lookup-x")
    dead = poisoned.when_all_ended(1)["n0"]
    assert len(poisoned.deaths) == CRASHES
    # Its answer may die with the daemon: what it said is stored by then.
    poisoned.herald.run_ctl("retry", dead["id"], "--because", "mended")
    wait_until(lambda: poisoned.export() and
               len(poisoned.deaths) == 2 * CRASHES, 60, poisoned.herald.log)
    again = poisoned.when_all_ended(1)["n0"]
    told = poisoned.explain(again)
    assert told["state"] == "dead"
    assert [one["kind"] for one in told["entries"]].count("retried") == 1
    assert [one["kind"] for one in told["entries"]].count("poison") == 2


def test_a_kill_from_outside_is_no_crash_of_an_alert(herald):
    poisoned = Poisoned(herald)
    for i in range(20):
        poisoned.send(f"n{i}", user=f"ok{i}")
        if i % 4 == 0:
            poisoned.herald.kill()
            poisoned.herald.restart()
    alerts = poisoned.when_all_ended(20)
    assert {one["state"] for one in alerts.values()} == {"done"}
    assert "the last end was no clean stop: killed" in poisoned.herald.log()


def test_a_start_that_kills_says_so(herald):
    poisoned = Poisoned(herald, start="true", started=False)
    poisoned.herald.fill_in()
    for _ in range(2):
        poisoned.herald.launch()
        assert poisoned.herald.process.wait(30) == -signal.SIGABRT
    log = poisoned.herald.log()
    assert log.count("herald dies: SIGABRT in start() of connector toxic") == 2
    assert log.count("the last end was a crash: SIGABRT in start() of "
                     "connector toxic") == 1
    poisoned.herald.process = None
