"""Every way of an action: planned, run, verified, in doubt, taken back."""
import pytest

from acting import Acting, row, states
from waiting import wait_until


def only(alert):
    assert len(alert["actions"]) == 1, alert["actions"]
    return alert["actions"][0]


def idem(alert, name="a"):
    return f"{alert['id']}/default/{name}"


# ---- PLAN ----

def test_plan_comes_first_and_its_memo_is_what_is_run(herald):
    acting = Acting(herald, ["{name: a, do: acts.contain, with: {user: jdoe}}"])
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    calls = acting.done()
    assert [one.mode for one in calls] == ["plan", "run"]
    assert calls[0].memo == "-" and calls[1].memo == '{"before":"on"}'
    assert {one.idem for one in calls} == {idem(alert)}
    action = only(alert)
    assert action["state"] == "done"
    assert action["target_uid"] == "uid-of-jdoe"
    assert action["summary"] == "would contain jdoe"


@pytest.mark.parametrize("word, state, message", [
    ("refused", "refused", "plan of contain: refused"),
    ("failed", "failed", "plan of contain: failed"),
    ("cancelled", "failed", "plan of contain: cancelled"),
    ("not_found", "failed", "plan of contain: not_found"),
    ("ok no_target", "refused", "the plan names no target: nothing is done"),
])
def test_no_plan_no_action(herald, word, state, message):
    acting = Acting(herald, ["{name: a, do: acts.contain}"])
    acting.tell("contain.plan", word)
    alert = acting.ended(acting.send())
    assert only(alert)["state"] == state
    assert only(alert)["message"] == message
    assert alert["state"] == ("dead" if state == "failed" else "done")
    assert acting.done("run") == []


@pytest.mark.parametrize("word", ["retry:1", "in_doubt:1"])
def test_a_plan_is_asked_for_again(herald, word):
    acting = Acting(herald, ["{name: a, do: acts.contain}"])
    acting.tell("contain.plan", word, word)
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert [one.mode for one in acting.done()] == ["plan"] * 3 + ["run"]


def test_a_dry_run_plans_and_no_more(herald):
    acting = Acting(herald, ["{name: a, do: acts.contain, with: {user: jdoe}}",
                             "{name: b, do: acts.record}"])
    acting.herald.rewrite(acting.herald.text.replace("mode: live",
                                                     "mode: dry_run"))
    assert acting.herald.ctl("reload")["ok"]
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert states(alert) == {"a": "skipped", "b": "skipped"}
    assert "would contain jdoe" in row(alert, "a")["message"]
    assert [(one.mode, one.action) for one in acting.done()] == [
        ("plan", "contain")]


# ---- RUN ----

@pytest.mark.parametrize("action", ["record", "post"])
@pytest.mark.parametrize("word, state", [
    ("ok", "done"), ("failed", "failed"), ("refused", "refused"),
    ("cancelled", "failed"), ("not_found", "failed"),
])
def test_a_clear_word_ends_it(herald, action, word, state):
    acting = Acting(herald, [f"{{name: a, do: acts.{action}}}"])
    acting.tell(action + ".run", word)
    alert = acting.ended(acting.send())
    assert only(alert)["state"] == state
    assert alert["state"] == ("dead" if state == "failed" else "done")
    assert len(acting.done()) == 1
    if state == "failed":
        assert "alarm: alert " + alert["id"][:8] in acting.herald.log()


@pytest.mark.parametrize("action", ["record", "post", "planned"])
def test_passing_trouble_is_tried_again_with_one_key(herald, action):
    acting = Acting(herald, [f"{{name: a, do: acts.{action}}}"])
    acting.tell(action + ".run", "retry:1", "quota:1")
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    runs = acting.done("run")
    assert [one.end for one in runs] == ["retry", "quota", "ok"]
    assert {one.idem for one in runs} == {idem(alert)}


def test_it_gives_up_when_its_time_is_over(herald):
    acting = Acting(herald, ["{name: a, do: acts.record, retry_until: 1s}"])
    acting.tell("record.run", *["retry:300"] * 20)
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    assert only(alert)["state"] == "failed"
    tries = len(acting.done())
    assert 2 <= tries <= 4
    assert only(alert)["message"] == \
        f"gave up after {tries} tries: run of record: retry"


def test_refused_credentials_stop_the_connector_and_the_row_waits(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}"])
    acting.tell("record.run", "auth")
    acting.send()
    wait_until(lambda: "acts is stopped" in acting.herald.log(), 10,
               acting.herald.log)
    acting.send("two")
    waiting = acting.when("two", lambda one: one["actions"], "decided")
    assert waiting["state"] == "waiting"
    assert len(acting.done()) == 1      # nobody is asked any more
    acting.herald.ctl("connector", "acts", "start", "--because", "a test")
    assert acting.ended("one")["state"] == "done"
    assert acting.ended("two")["state"] == "done"
    assert len(acting.effects()) == 2


def test_a_stopped_connector_is_waited_for_no_longer_than_allowed(herald):
    acting = Acting(herald, ["{name: a, do: acts.record, retry_until: 1s}"])
    acting.tell("record.run", "auth")
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    assert only(alert)["message"].startswith("gave up after 1 tries: ")


def test_restart_asks_again_whoever_refused_our_credentials(herald):
    acting = Acting(herald, ["{name: a, do: acts.post}"])
    acting.tell("post.run", "auth")
    acting.send()
    wait_until(lambda: "acts is stopped" in acting.herald.log(), 10,
               acting.herald.log)
    acting.in_state("decided")
    acting.restart()
    assert acting.ended()["state"] == "done"
    assert len(acting.effects()) == 1


# ---- it may or may not have taken place ----

def test_in_doubt_and_idempotent_is_run_again(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}"])
    acting.tell("record.run", "effect in_doubt:1")
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert [one.idem for one in acting.done()] == [idem(alert)] * 2


def test_in_doubt_and_not_idempotent_waits_for_a_person(herald):
    acting = Acting(herald, ["{name: a, do: acts.post}"])
    acting.tell("post.run", "effect in_doubt:1")
    alert = acting.in_state("in_doubt", acting.send())
    assert alert["state"] == "waiting"
    for other in ("other", "another"):
        acting.restart()
        acting.in_state("in_doubt")
        # it works, and does not touch the first; ended before the next kill,
        # which else leaves it in doubt too
        acting.send(other)
        acting.ended(other)
    assert acting.effects().count(idem(alert)) == 1
    assert "heraldctl settle " + only(alert)["id"] in acting.herald.log()
    acting.herald.ctl("settle", only(alert)["id"], "done", "--because", "a test")
    assert acting.ended()["state"] == "done"
    assert acting.effects().count(idem(alert)) == 1


def test_settled_as_not_done_it_is_run_again(herald):
    acting = Acting(herald, ["{name: a, do: acts.post}"])
    acting.tell("post.run", "no_effect in_doubt:1")
    alert = acting.in_state("in_doubt", acting.send())
    acting.herald.ctl("settle", only(alert)["id"], "not-done", "--because", "a test")
    assert acting.ended()["state"] == "done"
    assert acting.effects() == [idem(alert)]


@pytest.mark.parametrize("verify, runs", [
    (["ok"], 1),
    (["not_found"], 2),
    (["retry:1", "retry:1", "ok"], 1),
    (["pending:1", "pending:1", "ok"], 1),
    (["retry:1", "not_found"], 2),
])
def test_in_doubt_is_verified(herald, verify, runs):
    acting = Acting(herald, ["{name: a, do: acts.check}"])
    acting.tell("check.run", "in_doubt:1")
    acting.tell("check.verify", *verify)
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert len(acting.done("run")) == runs
    assert [one.end for one in acting.done("verify")] == [
        word.split(":")[0] for word in verify]
    assert {one.idem for one in acting.done()} == {idem(alert)}


def test_what_cannot_be_verified_is_run_again_or_shown(herald):
    acting = Acting(herald, ["{name: a, do: acts.check}",
                             "{name: b, do: acts.sure}"])
    for action in ("check", "sure"):
        acting.tell(action + ".run", "in_doubt:1")
        acting.tell(action + ".verify", "failed")
    acting.in_state("in_doubt", acting.send(), name="a")
    acting.in_state("done", name="b")
    assert len(acting.done("run", "check")) == 1
    assert len(acting.done("run", "sure")) == 2


def test_nobody_could_tell_until_its_time_was_over(herald):
    acting = Acting(herald, ["{name: a, do: acts.check, retry_until: 1s}"])
    acting.tell("check.run", "in_doubt:1")
    acting.tell("check.verify", *["retry:300"] * 20)
    alert = acting.in_state("in_doubt", acting.send())
    assert only(alert)["message"].startswith("gave up after ")
    assert len(acting.done("run")) == 1


@pytest.mark.parametrize("action, then", [
    ("record", ["run", "run"]),
    ("check", ["run", "verify"]),
    ("post", ["run"]),
])
def test_no_word_before_the_deadline(herald, action, then):
    acting = Acting(herald, [f"{{name: a, do: acts.{action}}}"], timeout="1s")
    acting.tell(action + ".run", "effect hang")
    if action == "post":
        alert = acting.in_state("in_doubt", acting.send())
        assert "deadline" in only(alert)["message"]
    else:
        assert acting.ended(acting.send())["state"] == "done"
    assert [one.mode for one in acting.done()] == then


# ---- begun, not ended ----

def test_pending_is_asked_about_until_it_ends_also_over_restarts(herald):
    acting = Acting(herald, ["{name: a, do: acts.check}"])
    acting.tell("check.run", "pending:1")
    acting.tell("check.verify", "pending:1", "pending:3000")
    acting.send()
    wait_until(lambda: len(acting.done("verify")) == 2, 10,
               lambda: str(acting.done()))
    acting.in_state("pending")
    acting.restart()
    alert = acting.ended()
    assert alert["state"] == "done"
    assert len(acting.effects()) == 1
    verified = acting.done("verify")
    assert [one.end for one in verified] == ["pending", "pending", "ok"]
    assert {one.memo for one in verified} == {'{"run":17}'}
    assert only(alert)["ticket"] == {"uid": "T1"}


@pytest.mark.parametrize("word", ["pending:400", "retry:400", "auth"])
def test_pending_ends_when_its_timeout_is_over(herald, word):
    acting = Acting(herald, ["{name: a, do: acts.check, timeout: 2s}"])
    acting.tell("check.run", "pending:1")
    acting.tell("check.verify", *[word] * 20)
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    assert only(alert)["message"].startswith(
        "begun, but not ended within its timeout")
    assert len(acting.effects()) == 1


def test_pending_that_fails(herald):
    acting = Acting(herald, ["{name: a, do: acts.check}"])
    acting.tell("check.run", "pending:1")
    acting.tell("check.verify", "failed")
    assert acting.ended(acting.send())["state"] == "dead"


# ---- entries that wait for others ----

CASE = "{name: a, do: acts.record, or_else: {do: acts.tell}}"


@pytest.mark.parametrize("word, alert_state, other", [
    ("ok", "done", "skipped"),
    ("failed", "done", "done"),
    ("refused", "done", "done"),
])
def test_or_else(herald, word, alert_state, other):
    acting = Acting(herald, [CASE])
    acting.tell("record.run", word)
    alert = acting.ended(acting.send())
    assert alert["state"] == alert_state
    assert states(alert)["a/or_else"] == other
    assert len(acting.done(action="tell")) == (other == "done")


def test_or_else_of_what_was_refused_when_it_was_decided(herald):
    acting = Acting(herald, ["{name: a, do: acts.record, "
                             "with: {user: '${user.name}'}, "
                             "or_else: {do: acts.tell}}"])
    alert = acting.ended(acting.send())
    assert states(alert) == {"a": "refused", "a/or_else": "done"}
    assert alert["state"] == "done"


def test_or_else_of_or_else(herald):
    acting = Acting(herald, [
        "{name: a, do: acts.record, or_else: "
        "{do: acts.tell, or_else: {do: acts.sure}}}"])
    acting.tell("record.run", "failed")
    acting.tell("tell.run", "failed")
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert states(alert) == {"a": "failed", "a/or_else": "failed",
                             "a/or_else/or_else": "done"}


def test_or_else_that_waits_over_a_restart_still_counts(herald):
    acting = Acting(herald, [CASE])
    acting.tell("record.run", "failed")
    acting.tell("tell.run", "retry:2000")
    acting.send()
    wait_until(lambda: acting.done(action="tell"), 10, acting.herald.log)
    acting.restart()
    alert = acting.ended()
    assert alert["state"] == "done"
    assert states(alert) == {"a": "failed", "a/or_else": "done"}


def test_an_entry_reads_what_came_of_another(herald):
    acting = Acting(herald, [
        "{name: a, do: acts.record, with: {text: hello}}",
        "{name: b, do: acts.tell, if: 'done.a.state == \"done\"', "
        "with: {text: 'number ${done.a.result.number}'}}",
        "{name: c, do: acts.sure, if: 'done.a.state == \"failed\"'}"])
    alert = acting.ended(acting.send())
    assert states(alert) == {"a": "done", "b": "done", "c": "skipped"}
    shown = acting.herald.ctl("explain", alert["id"])
    assert row(shown, "b")["params"]["text"] == "number 1"


def test_an_entry_that_reads_one_which_was_not_decided(herald):
    acting = Acting(herald, [
        "{name: a, if: 'severity_id == 6', do: acts.record}",
        "{name: b, do: acts.tell, if: 'done.a.state == \"done\"'}",
        "{name: c, do: acts.tell, with: {text: 'a is ${done.a.state}'}}"])
    alert = acting.ended(acting.send())
    assert alert["state"] == "done"
    assert states(alert) == {"b": "skipped", "c": "done"}


def test_an_entry_that_is_parked_holds_up_nobody(herald):
    acting = Acting(herald, [
        "{name: a, do: acts.check}",
        "{name: b, do: acts.tell, if: 'done.a.state == \"done\"'}",
        "{name: c, do: acts.contain, if: 'done.a.state == \"done\"'}"])
    acting.tell("check.run", "pending:2000")
    alert = acting.in_state("done", acting.send(), name="b")
    assert states(alert) == {"a": "pending", "b": "done", "c": "skipped"}
    assert row(alert, "c")["message"].startswith("not sure")
    assert acting.ended()["state"] == "done"


def test_one_that_fails_stops_none(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}",
                             "{name: b, do: acts.post}",
                             "{name: c, do: acts.tell}"])
    acting.tell("record.run", "failed")
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    assert states(alert) == {"a": "failed", "b": "done", "c": "done"}


# ---- retry of a dead alert ----

def test_retry_runs_what_failed_and_nothing_else(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}",
                             "{name: b, do: acts.post}"])
    acting.tell("record.run", "failed")
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    acting.herald.ctl("retry", alert["id"], "--because", "a test")
    again = acting.ended()
    assert again["state"] == "done"
    assert len(acting.done(action="record")) == 2
    assert len(acting.done(action="post")) == 1
    assert {one.idem for one in acting.done(action="record")} == {idem(alert)}


def test_retry_asks_for_the_or_else_only_when_it_is_needed_again(herald):
    acting = Acting(herald, [CASE])
    acting.tell("record.run", "failed", "failed", "ok")
    acting.tell("tell.run", "failed", "failed")
    alert = acting.ended(acting.send())
    assert alert["state"] == "dead"
    acting.herald.ctl("retry", alert["id"], "--because", "a test")
    wait_until(lambda: len(acting.done(action="tell")) == 2, 10,
               acting.herald.log)
    assert acting.ended()["state"] == "dead"
    acting.herald.ctl("retry", alert["id"], "--because", "a test")
    wait_until(lambda: len(acting.done(action="record")) == 3, 10,
               acting.herald.log)
    again = acting.ended()
    assert again["state"] == "done"
    assert states(again) == {"a": "done", "a/or_else": "skipped"}
    assert len(acting.done(action="tell")) == 2


# ---- the connector ----

def test_a_connector_that_is_gone_fails_its_rows(herald):
    acting = Acting(herald, ["{name: a, do: acts.record, "
                             "or_else: {do: acts.tell}}"])
    acting.tell("record.run", "retry:2000")
    acting.send()
    wait_until(lambda: acting.done(), 10, acting.herald.log)
    text = acting.herald.text
    cut = text[:text.index("safety:")] + """\
pipelines:
  - name: default
    steps:
      - stop: {because: nothing to do}
"""
    acting.herald.rewrite("\n".join(
        line for line in cut.splitlines() if "plugin: acts" not in line))
    assert acting.herald.ctl("reload")["ok"]
    alert = acting.ended()
    assert alert["state"] == "dead"
    assert row(alert, "a")["message"] == \
        "no connector acts, which had record"


def test_rows_go_on_with_the_connector_that_has_the_name(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}"])
    acting.tell("record.run", "retry:1500")
    acting.send()
    wait_until(lambda: acting.done(), 10, acting.herald.log)
    acting.herald.rewrite(acting.herald.text.replace(
        "plugin: acts,", "plugin: acts, colour: green,"))
    assert acting.herald.ctl("reload")["ok"]
    alert = acting.ended()
    assert alert["state"] == "done"
    assert len(acting.effects()) == 1


def test_halt_holds_what_contains_and_nothing_else(herald):
    acting = Acting(herald, ["{name: a, do: acts.contain}",
                             "{name: b, do: acts.tell}"])
    acting.herald.ctl("halt", "--because", "a drill")
    alert = acting.ended(acting.send())
    assert states(alert) == {"a": "refused", "b": "done"}
    assert "halted: a drill" in row(alert, "a")["message"]
    acting.restart()
    again = acting.ended(acting.send("two"))
    assert states(again) == {"a": "refused", "b": "done"}
    acting.herald.ctl("unhalt", "--because", "over")
    assert states(acting.ended(acting.send("three")))["a"] == "done"
