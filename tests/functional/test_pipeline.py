"""An alert on its way through a pipeline: merged, asked about, scored, decided,
and what happens to it when the daemon or a service does not go on."""
import json
import os
import socket
import sqlite3
import threading

import pytest

from acting import Acting, has_crash_points, row, states
from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

BAD_IP = "203.0.113.45"         # fixtures/misp: known bad
OTHER_IP = "192.0.2.77"         # not known

CONFIG = HEAD + """\
connectors:
  in:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
    map:
      - {set: metadata.labels, to: 'row.label'}
  acts: {plugin: acts, dir: '@DIR@/acts', timeout: 5s}
  misp:
    plugin: misp_enrich
    url: @MISP@
    secret: {file: @DIR@/secrets/misp}
    timeout: 10s
    retries: 0
  soar:
    plugin: phantom_out
    url: @SOAR@
    secret: {file: @DIR@/secrets/soar}
    timeout: 5s
@CONNECTORS@
safety:
  actions:
    acts.contain: {at_most: [100/1h], per_target: 100/1h, beyond: refuse}
@MORE@
pipelines:
@PIPELINES@
"""
DEFAULT = """
  - name: default
    steps:
      - stop: {because: nothing else takes it}
"""


@pytest.fixture
def piping(herald, misp, soar):
    def start(pipelines, more="", connectors="", head=None, **other):
        config = CONFIG if head is None else CONFIG.replace(HEAD, head)
        config = config.replace("@PIPELINES@", pipelines.strip("\n"))
        config = config.replace("@CONNECTORS@", connectors)
        config = config.replace("@MORE@", more)
        return Acting(herald, config=config, MISP=misp.url, SOAR=soar.url,
                      files={"secrets/misp": misp.key, "secrets/soar": soar.key,
                             **other.pop("files", {})}, **other)
    return start


def steps(text, name="default"):
    """A pipeline of these steps, indented as they stand below `steps`."""
    body = "\n".join("      " + line for line in text.strip("\n").split("\n"))
    return f"  - name: {name}\n    steps:\n{body}\n"


def ledger(piped, uid="one"):
    """{"name": how it counted} of an alert that ended."""
    shown = piped.herald.ctl("explain", piped.alert(uid)["id"])
    return {one["name"]: one["counted"] for one in shown["ledger"]}


def score(piped, uid="one"):
    ended = piped.ended(uid)
    return ended["score"]["low"], ended["score"]["high"]


def searches(misp):
    return misp.requests(path="/attributes/restSearch")


# ---- which pipeline ----

def test_pipelines_are_tried_in_order(piping):
    piped = piping("""
  - name: of_errors
    if: 'user.name == "jdoe" && 1 / severity_id == 1'
    steps: [{stop: {because: never}}]
  - name: jdoe
    from: [in]
    if: 'user.name == "jdoe"'
    steps: [{stop: {because: first}}]
  - name: default
    steps: [{stop: {because: the rest}}]
  - name: later
    if: 'user.name == "jdoe" || user.name == "late"'
    steps: [{stop: {because: second}}]
""")
    for user in ("jdoe", "late", "nobody"):
        piped.send(user, user=user)
    piped.send("none")
    assert piped.ended("jdoe")["pipeline"] == "jdoe"
    assert piped.ended("late")["pipeline"] == "later"
    assert piped.ended("nobody")["pipeline"] == "default"
    assert piped.ended("none")["pipeline"] == "default"
    assert "if of the pipeline: " in piped.herald.log()     # division by zero


# ---- drop, stop ----

def test_drop_and_stop_only_when_it_surely_holds(piping):
    piped = piping(steps("""
- drop: {if: 'user.name == "noise"', because: it is noise}
- stop: {if: 'user.name == "enough"', because: that is all}
- stop: {if: 'severity_id / severity_id == 1', because: never, severity is 0}
- respond: [{name: a, do: acts.record}]
""".replace("because: never, severity is 0", "because: never")))
    for user in ("noise", "enough", "jdoe"):
        piped.send(user, user=user)
    piped.send("absent")
    noise = piped.ended("noise")
    assert (noise["state"], noise["reason"]) == ("dropped", "it is noise")
    enough = piped.ended("enough")
    assert (enough["state"], enough["reason"]) == ("done", "that is all")
    for uid in ("jdoe", "absent"):
        assert states(piped.ended(uid)) == {"a": "done"}
    assert len(piped.effects()) == 2
    assert "stop: its condition failed" in piped.herald.log()


# ---- dedup ----

DEDUP = steps("""
- dedup: {key: [metadata.event_code, user.name], window: 1h}
- respond: [{name: a, do: acts.record}]
""")


def test_repeats_are_merged(piping):
    piped = piping(DEDUP)
    first = piped.ended(piped.send("one", user="jdoe"))
    for number in range(3):
        merged = piped.ended(piped.send(f"r{number}", user="jdoe"))
        assert merged["state"] == "merged"
        assert merged["leader"] == first["id"]
        assert merged["reason"] == f"repeat {number + 2} of {first['id'][:8]}"
    assert piped.ended(piped.send("other", user="mmeier"))["state"] == "done"
    assert len(piped.effects()) == 2


def test_the_window_outlives_a_restart(piping):
    piped = piping(DEDUP)
    first = piped.ended(piped.send("one", user="jdoe"))
    piped.ended(piped.send("two", user="jdoe"))
    piped.restart()
    merged = piped.ended(piped.send("three", user="jdoe"))
    assert merged["leader"] == first["id"]
    assert merged["reason"].startswith("repeat 3 of ")


def test_a_repeat_that_is_worse_leads(piping):
    piped = piping(DEDUP)
    piped.ended(piped.send("one", user="jdoe", severity="low"))
    worse = piped.ended(piped.send("two", user="jdoe", severity="high"))
    assert worse["state"] == "done"
    for uid, severity in (("three", "high"), ("four", "low")):
        merged = piped.ended(piped.send(uid, user="jdoe", severity=severity))
        assert merged["leader"] == worse["id"]


def test_what_has_no_key_is_not_merged(piping):
    piped = piping(DEDUP)
    for uid in ("one", "two"):
        assert piped.ended(piped.send(uid))["state"] == "done"


def test_if_absent_same_merges_what_has_no_key(piping):
    piped = piping(DEDUP.replace("window: 1h", "window: 1h, if_absent: same"))
    piped.ended(piped.send("one"))
    assert piped.ended(piped.send("two"))["state"] == "merged"
    assert piped.ended(piped.send("three", user="jdoe"))["state"] == "done"


def test_unless_keeps_what_differs_from_the_first(piping):
    piped = piping(DEDUP.replace(
        "window: 1h",
        "window: 1h, unless: 'device.hostname != first.device.hostname'"))
    piped.ended(piped.send("one", user="jdoe", dest="host-1"))
    same = piped.ended(piped.send("two", user="jdoe", dest="host-1"))
    assert same["state"] == "merged"
    other = piped.ended(piped.send("three", user="jdoe", dest="host-2"))
    assert other["state"] == "done"
    # Without a host nobody knows whether it differs.
    assert piped.ended(piped.send("four", user="jdoe"))["state"] == "done"


def test_a_leader_that_ended_dead_is_replaced_also_after_a_restart(piping):
    piped = piping(DEDUP)
    piped.tell("record.run", "failed", "failed")
    assert piped.ended(piped.send("one", user="jdoe"))["state"] == "dead"
    assert piped.ended(piped.send("two", user="jdoe"))["state"] == "dead"
    piped.restart()
    assert piped.ended(piped.send("three", user="jdoe"))["state"] == "done"
    assert piped.ended(piped.send("four", user="jdoe"))["state"] == "merged"


def test_a_redelivery_is_counted_and_not_stored(piping):
    piped = piping(DEDUP)
    for _ in range(3):
        piped.send("one", user="jdoe")
    piped.ended("one")
    piped.restart()
    piped.send("one", user="jdoe")
    assert len(piped.herald.export()) == 1
    assert piped.herald.metrics()[
        'herald_redelivered_total{connector="in"}'] == 1
    assert len(piped.effects()) == 1


# ---- enrich ----

ENRICH = steps("""
- enrich: {by: [misp], within: @WITHIN@}
- score:
    - {name: base, add: 30, because: it came}
    - {name: bad, if: 'src.reputation.score_id >= 9', add: 40, because: known}
""")


def enrich(within="5s"):
    return ENRICH.replace("@WITHIN@", within)


def test_a_hit_counts(piping):
    piped = piping(enrich())
    piped.send(src=BAD_IP)
    assert score(piped) == (70, 70)
    assert ledger(piped) == {"base": "counted", "bad": "counted"}


def test_missing_is_not_clean(piping, misp):
    piped = piping(enrich())
    misp.fault("500", path="/attributes/restSearch", times=1)
    piped.send("one", src=BAD_IP)
    assert score(piped) == (30, 70)
    assert ledger(piped)["bad"] == "unknown"
    piped.send("two", src=OTHER_IP)
    assert score(piped, "two") == (30, 30)
    assert ledger(piped, "two")["bad"] == "not met"


def test_what_comes_too_late_is_missing_and_fills_the_cache(piping, misp):
    piped = piping(enrich("300ms"))
    misp.fault("latency:1500", path="/attributes/restSearch", times=1)
    piped.send("one", src=BAD_IP)
    assert score(piped) == (30, 70)
    shown = piped.herald.ctl("explain", piped.alert("one")["id"])
    assert shown["answers"][0]["reason"].startswith("timed out after 0.3")
    wait_until(lambda: piped.herald.metrics().get(
        'herald_lookups_total{connector="misp",outcome="hit"}'), 10,
        "the late answer")
    piped.send("two", src=BAD_IP)
    assert score(piped, "two") == (70, 70)
    assert len(searches(misp)) == 1


def test_equal_questions_are_asked_once(piping, misp):
    piped = piping(enrich("10s"))
    misp.fault("latency:700", path="/attributes/restSearch", times=1)
    uids = [f"a{number}" for number in range(20)]
    senders = [threading.Thread(target=piped.post, args=(uid,),
                                kwargs={"src": BAD_IP}) for uid in uids]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert {score(piped, uid) for uid in uids} == {(70, 70)}
    assert misp.asked().count(BAD_IP) == 1


def test_a_step_that_is_passed_over_asks_nobody(piping, misp):
    piped = piping(enrich().replace(
        "within: 5s", "within: 5s, if: 'user.name == \"jdoe\"'"))
    piped.send("one", src=BAD_IP, user="mmeier")
    piped.ended("one")
    piped.send("two", src=BAD_IP)
    piped.ended("two")
    assert searches(misp) == []
    piped.send("three", src=BAD_IP, user="jdoe")
    assert score(piped, "three") == (70, 70)


def test_a_connector_that_cannot_log_in_is_missing(piping, misp):
    piped = piping(enrich())
    misp.settings(deny="address")
    for uid in ("one", "two"):
        piped.send(uid, src=BAD_IP)
        assert score(piped, uid) == (30, 70)
    assert len(searches(misp)) == 1
    assert "connector misp is stopped" in piped.herald.log()


# ---- score ----

def test_contributions(piping):
    piped = piping(steps("""
- score:
    - {name: base, add: 20, because: it came}
    - {name: minus, if: 'user.name == "jdoe"', add: -5, because: we know him}
    - best_of:
        - {name: small, if: 'user.name == "jdoe"', add: 10, because: x}
        - {name: large, if: 'user.name == "jdoe"', add: 30, because: x}
        - {name: largest, if: 'user.name == "mmeier"', add: 50, because: x}
    - {name: counted, value: 'size(user.name) * 100', between: [0, 7], because: x}
    - {name: absent, if: 'user.email_addr == "x"', add: 40, because: x}
    - use: shared
- score:
    - use: shared
    - {name: again, if: 'risk_score >= 50', add: 3, because: x}
"""), more="""\
scores:
  shared:
    - {name: both, add: 1, because: in both steps}
""")
    piped.send(user="jdoe")
    assert score(piped) == (56, 56)     # 20 - 5 + 30 + 7 + 1 + 3
    assert ledger(piped) == {
        "base": "counted", "minus": "counted", "small": "not the largest",
        "large": "counted", "largest": "not met", "counted": "counted",
        "absent": "absent", "both": "counted", "again": "counted"}


def test_an_error_in_a_contribution_widens_and_alarms(piping):
    piped = piping(steps("""
- score:
    - {name: base, add: 20, because: it came}
    - {name: broken, if: '1 / severity_id == 1', add: 30, because: x}
    - {name: nan, value: '0.0 / 0.0', between: [0, 9], because: x}
"""))
    piped.send()
    assert score(piped) == (20, 59)
    assert ledger(piped) == {"base": "counted", "broken": "error",
                             "nan": "error"}
    assert "broken: " in piped.herald.log()


# ---- respond ----

def test_entries_that_do_not_hold_are_told_with_the_reason(piping, misp):
    piped = piping(steps("""
- enrich: {by: [misp], within: 5s}
- score:
    - {name: base, add: 30, because: it came}
    - {name: bad, if: 'src.reputation.score_id >= 9', add: 40, because: known}
- respond:
    - {name: met, if: 'risk_score >= 30', do: acts.record}
    - {name: not_met, if: 'risk_score >= 80', do: acts.record}
    - {name: absent, if: 'user.name == "x"', do: acts.record}
    - {name: unsure, if: 'risk_score >= 50', do: acts.tell, with: {text: 'score ${risk_score}'}}
    - {name: careful, if: 'risk_score >= 50', do: acts.contain}
"""))
    misp.fault("500", path="/attributes/restSearch", times=1)
    piped.send(src=BAD_IP)
    alert = piped.ended()
    assert states(alert) == {"met": "done", "unsure": "done"}
    shown = piped.herald.ctl("explain", alert["id"])
    told = {one["what"]["name"]: one["what"]["outcome"]
            for one in shown["entries"] if one["kind"] == "respond"}
    assert told == {"not_met": "not met", "absent": "absent",
                    "unsure": "not sure, so it acts", "careful": "not sure"}
    assert "30 (could be 30 to 70" in row(shown, "unsure")["params"]["text"]


def test_the_steps_condition_counts_for_each_entry(piping, misp):
    piped = piping(steps("""
- enrich: {by: [misp], within: 5s}
- if: 'src.reputation.score_id >= 9'
  respond:
    - {name: a, do: acts.record}
    - {name: b, if: 'done.a.state == "done"', do: acts.contain}
    - {name: c, if: 'done.a.state == "done"', do: acts.tell}
"""))
    misp.fault("500", path="/attributes/restSearch", times=1)
    piped.send("one", src=BAD_IP)
    assert states(piped.ended("one")) == {"a": "done", "c": "done"}
    piped.send("two", src=BAD_IP)
    assert states(piped.ended("two")) == {"a": "done", "b": "done",
                                          "c": "done"}
    piped.send("three", src=OTHER_IP)
    assert piped.ended("three")["actions"] == []


def test_rules_that_all_fail_leave_an_alert_for_people(piping):
    piped = piping(steps("""
- respond:
    - {name: a, if: '1 / severity_id == 1', do: acts.record}
"""))
    alert = piped.ended(piped.send())
    assert alert["state"] == "dead"
    assert "it came to no action" in piped.herald.log()


def test_parameters_that_are_not_sound_refuse_the_action(piping):
    piped = piping(steps("""
- respond:
    - {name: ip, do: acts.record, with: {ip: '${user.name}'}}
    - {name: user, do: acts.record, with: {user: '${user.name}'}}
    - {name: to, do: acts.record, with: {to: '${user.name}'}}
    - {name: text, do: acts.record, with: {text: 'to ${user.email_addr}: ${user.name}'}}
"""))
    piped.send("one", user="0.0.0.0/0")
    alert = piped.ended("one")
    assert states(alert)["ip"] == "refused"
    piped.send("two", user="x" * 10000)
    assert states(piped.ended("two"))["user"] == "refused"
    piped.send("three", user="a@corp.example, b@corp.example")
    assert states(piped.ended("three"))["to"] == "refused"
    piped.send("four", user="{{7*7}} ${jndi:ldap://x} %n%n%s")
    shown = piped.herald.ctl("explain", piped.ended("four")["id"])
    assert row(shown, "text")["params"]["text"] == \
        "to (no user.email_addr): {{7*7}} ${jndi:ldap://x} %n%n%s"
    assert all(states(piped.ended(uid))["text"] == "done"
               for uid in ("one", "two", "three", "four"))


# ---- modes ----

ALL_KINDS = """
- respond:
    - {name: look, do: acts.look}
    - {name: record, do: acts.record}
    - {name: tell, do: acts.tell}
    - {name: contain, do: acts.contain}
"""


@pytest.mark.parametrize("global_mode, own, acting", [
    ("live", "live", {"look", "record", "tell", "contain"}),
    ("notify", "live", {"look", "record", "tell"}),
    ("dry_run", "live", {"look"}),
    ("live", "notify", {"look", "record", "tell"}),
    ("live", "dry_run", {"look"}),
    ("dry_run", "notify", {"look"}),
])
def test_modes(piping, global_mode, own, acting):
    piped = piping(
        steps(ALL_KINDS).replace("    steps:", f"    mode: {own}\n    steps:"),
        head=HEAD.replace("mode: live", "mode: " + global_mode))
    alert = piped.ended(piped.send())
    assert alert["state"] == "done"
    assert {name for name, state in states(alert).items()
            if state == "done"} == acting
    assert {name for name, state in states(alert).items()
            if state == "skipped"} == set(states(alert)) - acting
    assert {one.action for one in piped.done("run")} == acting


# ---- the SOAR ----

CASE = steps("""
- respond:
    - {name: case, do: soar.create_case, with: {name: 'x'}}
""")


def test_a_soar_that_is_away_gets_one_case_when_it_is_back(piping, soar):
    piped = piping(CASE)
    soar.fault("503", path="/rest/container", times=2)
    alert = piped.ended(piped.send())
    assert alert["state"] == "done"
    assert len(soar.state()["containers"]) == 1


def test_a_soar_that_does_not_know_us_is_left_alone(piping, soar):
    piped = piping(CASE)
    soar.fault("401", times=1)
    piped.send("one")
    wait_until(lambda: "connector soar is stopped" in piped.herald.log(), 10,
               piped.herald.log)
    piped.send("two")
    piped.in_state("decided", "two")
    assert len(soar.requests()) == 1
    piped.herald.ctl("connector", "soar", "start", "--because", "new token")
    for uid in ("one", "two"):
        assert piped.ended(uid)["state"] == "done"
    assert len(soar.state()["containers"]) == 2


# ---- a daemon that dies ----

def test_a_crash_while_it_asks_begins_anew(piping, misp):
    piped = piping(enrich("10s"))
    misp.fault("hang", path="/attributes/restSearch", times=1)
    piped.send(src=BAD_IP)
    wait_until(lambda: searches(misp), 10, "MISP asked")
    piped.restart()
    assert score(piped) == (70, 70)
    assert len(piped.herald.export()) == 1


def test_a_stop_while_it_asks_begins_anew(piping, misp):
    """What a connector did not answer since it was stopped is not missing."""
    piped = piping(enrich("10s"))
    misp.fault("hang", path="/attributes/restSearch", times=1)
    piped.send(src=BAD_IP)
    wait_until(lambda: searches(misp), 10, "MISP asked")
    piped.herald.restart()
    assert score(piped) == (70, 70)
    assert piped.herald.log().count("state=done") == 1


@pytest.mark.skipif(not has_crash_points(), reason="no crash points")
def test_a_window_survives_its_leaders_crash(piping):
    piped = piping(DEDUP, environment={"HERALD_CRASH_AT": "before_decided"})
    piped.send("one", user="jdoe")
    wait_until(piped.crashed, 10, piped.herald.log)
    first = piped.ended("one")
    assert first["state"] == "done"     # it does not merge into itself
    assert piped.ended(piped.send("two", user="jdoe"))["leader"] == first["id"]


# ---- bounds ----

def limits(text):
    return HEAD.replace("  mode: live\n",
                        f"  mode: live\n  limits: {{{text}}}\n")


def test_a_backlog_is_worked_off(piping, misp):
    piped = piping(enrich("20s"), head=limits("running: 3"))
    misp.pause()
    uids = [f"a{number}" for number in range(40)]
    for number, uid in enumerate(uids):
        piped.send(uid, src=f"198.51.100.{number + 1}",
                   severity="high" if number % 10 == 9 else "low")
    assert piped.herald.ctl("status")["engine"]["running"] == 3
    misp.resume()
    for uid in uids:
        piped.ended(uid)


def test_a_backlog_is_worked_off_after_a_restart_the_worst_first(piping, misp):
    piped = piping(steps("""
- enrich: {by: [misp], within: 20s}
- respond: [{name: a, do: acts.record, with: {text: '${finding_info.uid}'}}]
"""), head=limits("running: 1"))
    misp.pause()
    for number in range(12):
        piped.send(f"a{number}", src=f"198.51.100.{number + 1}",
                   severity="critical" if number == 11 else "low")
    piped.herald.kill()
    misp.resume()
    piped.herald.restart()
    ended = [piped.ended(f"a{number}") for number in range(12)]
    first = piped.done("run")[0]
    assert first.idem.startswith(ended[11]["id"])
    assert len(piped.effects()) == 12


def test_busy_is_told_and_what_was_taken_is_kept(piping, misp):
    piped = piping(enrich("30s"), head=limits("running: 2, backlog: 10"))
    misp.pause()
    target = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"

    def post(uid, severity):
        return piped.herald.post(target, {
            "sid": uid, "search_name": "a test",
            "result": {"event_id": uid, "src": "198.51.100.9",
                       "severity": severity}})[0]
    taken = [f"a{number}" for number in range(14)
             if post(f"a{number}", "low") == 200]
    assert len(taken) == 9              # the last tenth is for what is high
    assert post("high", "high") == 200
    assert post("higher", "critical") == 503
    assert len(piped.herald.export()) == 10
    misp.resume()
    for uid in taken + ["high"]:
        piped.ended(uid)
    assert post("again", "low") == 200


# ---- what cannot be held ----

@pytest.mark.parametrize("result", [
    '{"event_id": "q", "a": 1, "a": 2}',
    '{"event_id": "q", "a": 9223372036854775808}',
    '{"event_id": "q", "a": ' + "[" * 70 + "]" * 70 + '}',
])
def test_what_is_not_exact_is_quarantined(piping, result):
    piped = piping(DEFAULT)
    body = '{"sid": "x", "search_name": "a test", "result": ' + result + "}"
    target = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
    assert piped.herald.post(target, body)[0] == 200
    alert, = piped.herald.export()
    assert alert["state"] == "quarantined"
    assert alert["reason"]
    assert "was quarantined" in piped.herald.log()
    piped.restart()
    assert piped.herald.export()[0]["state"] == "quarantined"


def test_what_can_be_mended_goes_on_and_says_so(piping):
    piped = piping(steps("""
- respond: [{name: a, do: acts.record}]
"""))
    target = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
    body = json.dumps({"sid": "x", "search_name": "a test", "result": {
        "event_id": "m", "user": "jd\\u0000oe"}}).replace("\\\\u", "\\u")
    assert piped.herald.post(target, body)[0] == 200
    alert = piped.ended("m")
    assert alert["state"] == "done"
    shown = piped.herald.ctl("show", alert["id"])
    assert "mended" in shown["record"]["metadata"]["labels"]


# ---- reload ----

def test_a_broken_configuration_changes_nothing(piping):
    piped = piping(DEFAULT)
    sound = piped.herald.text
    piped.herald.rewrite(sound.replace("because:", "becuase:"))
    refused = piped.herald.run_ctl("reload")
    assert refused.returncode == 1
    assert "becuase" in refused.stdout + refused.stderr
    assert "reload refused, the old configuration stays" in piped.herald.log()
    assert piped.ended(piped.send("one"))["state"] == "done"
    piped.herald.rewrite(sound.replace("nothing else takes it", "another"))
    assert piped.herald.ctl("reload")["ok"]
    assert piped.ended(piped.send("two"))["reason"] == "another"


def test_an_alert_under_way_ends_with_what_it_began_with(piping, misp):
    piped = piping(steps("""
- enrich: {by: [misp], within: 20s}
- respond: [{name: old, do: acts.record}]
"""))
    misp.fault("latency:1500", path="/attributes/restSearch", times=1)
    piped.send("one", src=BAD_IP)
    wait_until(lambda: searches(misp), 10, "MISP asked")
    piped.herald.rewrite(piped.herald.text.replace("name: old", "name: new"))
    assert piped.herald.ctl("reload")["ok"]
    assert states(piped.ended("one")) == {"old": "done"}
    assert states(piped.ended(piped.send("two"))) == {"new": "done"}


def test_a_connector_that_was_removed_is_missing_not_clean(piping, misp):
    """For an alert that began when it was there."""
    connector = "  cmdb: {plugin: cmdb_enrich, file: '@DIR@/assets.csv'}\n"
    asks = "- enrich: {by: [cmdb], within: 5s}"
    piped = piping(steps(f"""
- enrich: {{by: [misp], within: 20s}}
{asks}
- score:
    - {{name: gone, if: 'missing("cmdb")', add: 10, because: x}}
    - {{name: critical, if: 'device.risk_level_id >= RISK.HIGH', add: 40, because: x}}
"""), connectors=connector, files={"assets.csv": "hostname,fqdn,ip,mac,owner\n"})
    misp.fault("latency:1500", path="/attributes/restSearch", times=1)
    piped.send("one", src=BAD_IP, dest="WS0042")
    wait_until(lambda: searches(misp), 10, "MISP asked")
    text = piped.herald.text.replace(connector, "").replace(
        "      " + asks + "\n", "")
    piped.herald.rewrite(text.replace('missing("cmdb")', "1 == 2"))
    assert piped.herald.ctl("reload")["ok"]
    assert score(piped, "one") == (10, 50)
    shown = piped.herald.ctl("explain", piped.alert("one")["id"])
    assert {one["reason"] for one in shown["answers"]
            if one["connector"] == "cmdb"} == {"no such connector now"}


def test_a_changed_source_is_started_anew_and_answers(piping):
    piped = piping(DEFAULT)
    piped.ended(piped.send("one"))
    piped.herald.write("secrets/splunk", "another-token\n")
    assert piped.herald.ctl("reload")["ok"]

    def answers():
        return piped.herald.post("/v1/splunk/webhook/another-token", {
            "sid": "two", "search_name": "a test",
            "result": {"event_id": "two"}})[0]
    wait_until(lambda: answers() == 200, 10, piped.herald.log)
    assert piped.ended("two")["state"] == "done"
    refused = piped.herald.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", {})[0]
    assert refused in (401, 403, 404)


def threads(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as told:
        return next(int(line.split()[1]) for line in told
                    if line.startswith("Threads:"))


def test_reload_under_load_loses_nothing_and_answers_everybody(piping):
    piped = piping(DEFAULT)
    statuses, stop = [], threading.Event()

    def send(sender):
        number = 0
        while not stop.is_set():
            number += 1
            uid = f"{sender}-{number}"
            status = piped.herald.post(
                f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                {"sid": uid, "search_name": "a test",
                 "result": {"event_id": uid}})[0]
            statuses.append((uid, status))
    senders = [threading.Thread(target=send, args=(f"s{number}",))
               for number in range(4)]
    for one in senders:
        one.start()
    text = piped.herald.text
    before = threads(piped.herald)
    for number in range(5):
        piped.herald.rewrite(text.replace(
            "listen: ingest\n", f"listen: ingest\n    log_level: "
            f"{'info' if number % 2 else 'notice'}\n", 1))
        assert piped.herald.ctl("reload")["ok"]
        wait_until(lambda: statuses and statuses[-1][1] == 200, 10,
                   piped.herald.log)
    stop.set()
    for one in senders:
        one.join()
    assert threads(piped.herald) == before
    assert {status for _, status in statuses} <= {200, 503}
    taken = {uid for uid, status in statuses if status == 200}
    stored = {one["uid"] for one in piped.herald.export()}
    assert taken <= stored


def test_a_reload_while_the_one_before_still_waits_for_what_is_under_way(piping):
    """The second successor of a source waits for the first owner of its routes,
    not for the successor that never began."""
    piped = piping(DEFAULT)
    piped.ended(piped.send("before"))
    herald, text = piped.herald, piped.herald.text
    statuses = []
    journal = sqlite3.connect(
        os.path.join(herald.values["STATE"], "journal.db"),
        isolation_level=None, check_same_thread=False)
    journal.execute("BEGIN IMMEDIATE")  # no commit comes through
    held = threading.Thread(target=lambda: statuses.append(herald.post(
        f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
        {"sid": "held", "search_name": "a test",
         "result": {"event_id": "held"}})[0]))
    held.start()
    wait_until(lambda: herald.ctl("status")["engine"]["receiving"] == 1, 10,
               herald.log)
    for level in ("notice", "debug"):
        herald.rewrite(text.replace(
            "listen: ingest\n",
            f"listen: ingest\n    log_level: {level}\n", 1))
        assert herald.ctl("reload")["ok"]
    journal.execute("ROLLBACK")
    journal.close()
    held.join()
    assert statuses == [200]
    piped.ended(piped.send("after"))


def test_a_listener_that_moves_takes_its_routes_along(piping):
    piped = piping(DEFAULT)
    piped.ended(piped.send("one"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    old = piped.herald.values["INGEST_PORT"]
    piped.herald.values["INGEST_PORT"] = port
    piped.herald.rewrite()
    assert piped.herald.ctl("reload")["ok"]
    piped.send("two")
    assert piped.ended("two")["state"] == "done"
    piped.herald.values["INGEST_PORT"] = old
    with pytest.raises(OSError):
        piped.herald.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", {})


def test_an_address_that_is_taken_refuses_the_reload(piping):
    piped = piping(DEFAULT)
    old = piped.herald.values["INGEST_PORT"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        piped.herald.values["INGEST_PORT"] = taken.getsockname()[1]
        piped.herald.rewrite()
        assert piped.herald.run_ctl("reload").returncode == 1
    piped.herald.values["INGEST_PORT"] = old
    assert piped.ended(piped.send("one"))["state"] == "done"


# ---- two rounds ----

def test_what_one_connector_finds_the_others_are_asked_about_once(piping, misp):
    piped = piping(steps("""
- enrich: {by: [misp, cmdb], within: 10s}
"""), connectors="""\
  cmdb: {plugin: cmdb_enrich, file: '@DIR@/assets.csv'}
""", files={"assets.csv": "hostname,fqdn,ip,mac,owner\n"
            "WS0042,ws0042.corp.example.com,192.0.2.42,,alice\n"})
    piped.send(dest="WS0042", src=BAD_IP)
    shown = piped.herald.ctl("explain", piped.ended()["id"])
    told = [(one["connector"], one["type"], one["value"])
            for one in shown["answers"]]
    assert ("misp", "ip", "192.0.2.42") in told
    assert len(told) == len(set(told))
    assert misp.asked().count("192.0.2.42") == 1
    assert misp.asked().count(BAD_IP) == 1
