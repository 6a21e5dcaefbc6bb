"""Commands that change much at once, against the real daemon: undo, retry of
many, list --if."""
import time

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from test_heraldctl import GOOD, USAGE, WRONG, payload, refused, settled
from waiting import wait_until

DEMO = HEAD + """
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
  demo: {plugin: demo, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
safety:
  actions:
    demo.isolate: {at_most: 3/1h, per_target: 2/1d, beyond: refuse}
    demo.release: {at_most: 3/1h, per_target: 2/1d, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond:
          - {name: off, do: demo.isolate, with: {host: h1}}
"""

CASES = HEAD + """
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
  soar:
    plugin: phantom_out
    url: @SOAR@
    secret: {file: @DIR@/secrets/soar}
pipelines:
  - name: default
    steps:
      - score: [{name: base, add: 30, because: it is an alert}]
      - respond: [{name: case, do: soar.create_case}]
"""


@pytest.fixture
def cases(herald, soar):
    return herald(CASES, SOAR=soar.url,
                  files={"secrets/soar": soar.key + "\n"})


def send(daemon, *states, **row):
    """Sends one; what `show` tells once it is in one of the states."""
    before = {one["id"] for one in daemon.ctl("list", "--all")["alerts"]}
    status, told = daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                               payload(**row))
    assert 200 <= status < 300, told
    new = wait_until(lambda: [one["id"] for one in
                              daemon.ctl("list", "--all")["alerts"]
                              if one["id"] not in before], 10, "it is listed")
    return settled(daemon, new[0], *states)


# Undo.

def test_undo_takes_back_what_was_done(herald):
    daemon = herald(DEMO)
    alert = send(daemon)
    assert [one["state"] for one in alert["actions"]] == ["done"]
    told = daemon.ctl("undo", alert["id"][:8], "--because", "a false alarm")
    assert told["alert"] == alert["id"]
    assert told["action"] == alert["actions"][0]["id"]

    def undone():
        now = daemon.ctl("show", alert["id"])
        states = {one["name"]: one["state"] for one in now["actions"]}
        return now if states == {"off": "undone", "off/undo": "done"} else None
    now = wait_until(undone, 20,
                     lambda: f"{daemon.ctl('show', alert['id'])}")
    assert any("a false alarm" in str(one["what"]) for one in now["entries"])
    assert "can be taken back" in refused(
        daemon, WRONG, "undo", alert["id"], "--because", "again")
    assert "only what is done" in refused(
        daemon, WRONG, "undo", told["action"], "--because", "again")


def test_undo_wants_a_reason_and_a_way_back(cases):
    alert = send(cases)
    assert "--because" in refused(cases, USAGE, "undo", alert["id"])
    assert "can be taken back" in refused(
        cases, WRONG, "undo", "@last", "--because", "x")
    assert "cannot be taken back" in refused(
        cases, WRONG, "undo", alert["actions"][0]["id"], "--because", "x")
    assert "begins with" in refused(
        cases, WRONG, "undo", "zz", "--because", "x")


# Many.

def dead_alerts(cases, soar, number):
    """Dead alerts of the users user0, user1, ..."""
    soar.fault("400", path="/rest/container")
    dead = [send(cases, "dead", number=one, user=f"user{one}")
            for one in range(number)]
    soar.reset()
    return dead


def test_many_dead_alerts_are_run_again_at_a_rate(cases, soar):
    dead = dead_alerts(cases, soar, 4)
    began = time.monotonic()
    told = cases.ctl("retry", "--if", 'user.name != "user1"', "--at", "10/2s",
                     "--because", "the label is there now")
    assert told["retry"]["at"] == "10/2s"
    for number in (0, 2, 3):
        settled(cases, dead[number]["id"], "done")
    # Three at one each 200 ms: two pauses lie between them.
    assert time.monotonic() - began >= 0.4
    wait_until(lambda: "retry" not in cases.ctl("status"), 10, "its end")
    assert cases.ctl("show", dead[1]["id"])["state"] == "dead"
    assert len(soar.effects("/rest/container")) == 3
    entry = next(one["what"] for one in
                 cases.ctl("show", dead[0]["id"])["entries"]
                 if one["kind"] == "retried")
    assert entry["because"] == "the label is there now"
    assert entry["if"] == 'user.name != "user1"'


def test_a_retry_of_many_can_be_stopped(cases, soar):
    dead = dead_alerts(cases, soar, 2)
    cases.ctl("retry", "--if", "true", "--at", "1/1h", "--because", "x")
    settled(cases, dead[1]["id"], "done")       # the newest is the first
    assert "another retry" in refused(
        cases, WRONG, "retry", "--if", "true", "--because", "x")
    assert cases.ctl("status")["retry"]["begun"] == 1
    cases.ctl("retry", "--stop", "--because", "not yet")
    assert "retry" not in cases.ctl("status")
    assert cases.ctl("show", dead[0]["id"])["state"] == "dead"
    refused(cases, WRONG, "retry", "--stop", "--because", "x")


@pytest.mark.parametrize("words", [
    ["--if", "user.nam == 1"], ["--if", "true", "--at", "often"],
    ["--if", "true", "--at", "0/1m"], ["--at", "1/1m"]])
def test_a_wrong_retry_of_many_begins_nothing(cases, words):
    refused(cases, USAGE, "retry", *words, "--because", "x")
    assert "retry" not in cases.ctl("status")


def test_list_if_gives_those_for_which_it_holds(cases):
    alerts = [send(cases, number=one, user=f"user{one}")
              for one in range(3)]
    listed = cases.ctl("list", "--if", 'user.name == "user1"')
    assert [one["id"] for one in listed["alerts"]] == [alerts[1]["id"]]
    assert listed["not_sure"] == 0 and not listed["more"]
    few = cases.ctl("list", "--if", "risk_score >= 30", "--limit", "2")
    assert [one["id"] for one in few["alerts"]] \
        == [alerts[2]["id"], alerts[1]["id"]]
    assert few["more"]
    assert "usr" in refused(cases, USAGE, "list", "--if", "usr.name == ''")
    unsure = cases.run_ctl("list", "--if", "1 / (severity_id * 0) > 1")
    assert unsure.returncode == GOOD
    assert "it cannot be said" in unsure.stderr
