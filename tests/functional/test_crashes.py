"""kill -9 at every point between two commits, for every kind of action: the
same decision, the same keys, nothing lost, and nothing done twice that must not
be."""
import pytest

from acting import Acting, has_crash_points, row, states
from waiting import wait_until

pytestmark = pytest.mark.skipif(not has_crash_points(),
                                reason="a build with --enable-debug has them")

BEGIN = ["received", "before_decided", "decided"]
RUN = ["before_run", "after_run", "before_outcome", "after_outcome"]
PLAN = ["before_plan", "after_plan", "before_planned", "after_planned"]

# What each kind is told to do, and the points that it then comes through.
KINDS = {
    "record": ({"run": ["retry:1"]},
               BEGIN + RUN + ["before_retry", "after_retry"]),
    "post": ({"run": ["no_effect retry:1"]},
             BEGIN + RUN + ["before_started", "after_started", "before_retry",
                            "after_retry"]),
    "check": ({"run": ["pending:1"], "verify": ["pending:1"]},
              BEGIN + RUN + ["before_started", "after_started",
                             "before_pending", "after_pending",
                             "before_verify", "after_verify"]),
    "sure": ({"run": ["effect in_doubt:1"]},
             BEGIN + RUN + ["before_unclear", "after_unclear",
                            "before_verify", "after_verify"]),
    "planned": ({}, BEGIN + PLAN + RUN),
    "contain": ({"run": ["effect in_doubt:1"]},
                BEGIN + PLAN + RUN + ["before_unclear", "after_unclear",
                                      "before_verify", "after_verify"]),
}
# After these nobody can know whether it took place.
MAY_HAVE_RUN = {"after_started", "after_planned", "before_run", "after_run",
                "before_outcome", "before_retry"}
ONCE = {"post", "check", "planned"}     # not idempotent
BLIND = {"post", "planned"}             # ... and cannot be verified


def crash(herald, entries, scripts, point):
    """An Acting that died at the point and was started again."""
    acting = Acting(herald, entries,
                    environment={"HERALD_CRASH_AT": point})
    for name, lines in scripts.items():
        acting.tell(name, *lines)
    acting.send()
    wait_until(acting.crashed, 20,
               lambda: f"came to {point}\n" + acting.herald.log())
    return acting


def decisions(acting, alert):
    shown = acting.herald.ctl("explain", alert["id"])
    return [one for one in shown["entries"] if one["kind"] == "decided"]


@pytest.mark.parametrize("kind, point", [
    (kind, point) for kind, (_, points) in KINDS.items() for point in points])
def test_one_crash(herald, kind, point):
    scripts = {f"{kind}.{mode}": lines
               for mode, lines in KINDS[kind][0].items()}
    acting = crash(herald, [f"{{name: a, do: acts.{kind}, "
                            "with: {user: jdoe, text: x}}"], scripts, point)
    unclear = kind in BLIND and point in MAY_HAVE_RUN
    alert = acting.when("one", lambda one: one["state"] == "done" or any(
        each["state"] == "in_doubt" for each in one["actions"]), "came to rest")
    action = row(alert, "a")
    assert len(alert["actions"]) == 1
    assert action["state"] == ("in_doubt" if unclear else "done")
    assert {one.idem for one in acting.done()} <= {f"{alert['id']}/default/a"}
    assert len(decisions(acting, alert)) == 1
    if kind in ONCE:
        assert len(acting.effects()) <= 1
    if not unclear:
        assert acting.effects()
    for one in acting.done("run"):
        assert kind not in ("planned", "contain") \
            or one.memo == '{"before":"on"}'


def test_a_run_that_was_stored_as_pending_is_asked_about_with_its_memo(herald):
    acting = crash(herald, ["{name: a, do: acts.check}"],
                   {"check.run": ["pending:1"]}, "after_pending")
    assert acting.ended()["state"] == "done"
    assert {one.memo for one in acting.done("verify")} == {'{"run":17}'}
    assert len(acting.effects()) == 1


def test_the_plugin_itself_dies_after_its_effect(herald):
    acting = crash(herald, ["{name: a, do: acts.check}",
                            "{name: b, do: acts.tell}"],
                   {"check.run": ["effect dies"]}, "nowhere")
    alert = acting.ended()
    assert states(alert) == {"a": "done", "b": "done"}
    assert [one.mode for one in acting.done(action="check")] == [
        "run", "verify"]


@pytest.mark.parametrize("point", ["before_in_doubt", "after_in_doubt"])
def test_a_doubt_stays_one(herald, point):
    acting = crash(herald, ["{name: a, do: acts.post}"],
                   {"post.run": ["effect in_doubt:1"]}, point)
    alert = acting.in_state("in_doubt")
    assert len(acting.done("run")) == 1
    acting.herald.ctl("settle", row(alert, "a")["id"], "done", "--because", "x")
    assert acting.ended()["state"] == "done"
    assert len(acting.done("run")) == 1


@pytest.mark.parametrize("point", [
    "before_outcome", "after_outcome", "before_outcome:2", "after_outcome:2"])
def test_what_follows_from_an_outcome(herald, point):
    """The or_else and the entry that reads the outcome are decided in the same
    commit as the outcome itself."""
    acting = crash(herald, [
        "{name: a, do: acts.record, or_else: {do: acts.tell}}",
        "{name: b, if: 'done.a.state == \"failed\"', do: acts.sure}"],
        {"record.run": ["failed", "failed"]}, point)
    alert = acting.ended()
    assert alert["state"] == "done"
    assert states(alert) == {"a": "failed", "a/or_else": "done", "b": "done"}


# ---- taken back ----

@pytest.mark.parametrize("point", PLAN + RUN + ["nowhere"])
def test_an_undo_is_done_once_and_known_as_such(herald, point):
    acting = Acting(herald, ["{name: a, do: acts.contain, "
                             "with: {user: jdoe}}"])
    alert = acting.ended(acting.send())
    acting.restart(crash_at=point)
    # Its answer may die with the daemon: what it said is stored by then.
    acting.herald.run_ctl("undo", row(alert, "a")["id"], "--because", "x")
    if point != "nowhere":
        wait_until(acting.crashed, 20,
                   lambda: f"came to {point}\n" + acting.herald.log())
    alert = acting.in_state("undone", name="a")
    assert states(alert) == {"a": "undone", "a/undo": "done"}
    assert alert["state"] == "done"
    back = acting.done(action="release")
    key = f"{alert['id']}/default/a/undo"
    assert {(one.idem, one.undoing) for one in back} == {(key, "1")}
    assert back[0].mode == "plan" and back[-1].mode == "verify"
    assert {one.memo for one in back} == {'{"before":"on"}'}
    assert set(acting.effects("release")) == {key}
