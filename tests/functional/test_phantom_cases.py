"""phantom_out on a case that is there: artifacts, playbooks, comments, status;
each once, whatever is lost on the way and wherever herald dies."""
import contextlib
import http.client
import itertools

import pytest

from acting import has_crash_points
from herald import HEAD, WEBHOOK_TOKEN, send_webhook
from services import fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  soar: {plugin: phantom_out, url: '@SOAR@', secret: {file: @DIR@/secrets/soar}, poll: 100ms@MORE@}
safety:
  actions:
    soar.run_playbook: {at_most: [100/1h], per_target: 100/1h, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond: [{name: it, do: soar.@ACTION@, with: @WITH@, retry_until: 60s}]
"""
PAYLOAD = fixture("splunk/webhook_failed_then_success.json")
CASE = {"id": 42, "name": "a case", "label": "events", "status": "open",
        "severity": "high", "asset": None, "owner": None, "tags": [],
        "source_data_identifier": "another", "data": {}}
WITH = {
    "add_artifacts": "{container: 42}",
    "run_playbook": "{container: 42, playbook: local/x}",
    "add_comment": "{container: 42, text: 'seen again: ${user.name}'}",
    "close_case": "{container: 42}",
}
PATHS = {"add_artifacts": "/rest/artifact",
         "run_playbook": "/rest/playbook_run",
         "add_comment": "/rest/container_comment",
         "close_case": "/rest/container/42"}
crash_points = pytest.mark.skipif(
    not has_crash_points(), reason="the build has no crash points")


class Acting:
    numbers = itertools.count()

    def __init__(self, herald, soar, action, given=None, more="", **options):
        soar.data({"container": [CASE]})
        self.soar, self.action = soar, action
        config = CONFIG.replace("@ACTION@", action).replace("@MORE@", more) \
            .replace("@WITH@", given or WITH[action])
        self.herald = herald(config, SOAR=soar.url,
                             files={"secrets/soar": soar.key}, **options)

    def send(self, **row):
        uid = f"case-{next(self.numbers)}"
        return send_webhook(self.herald, dict(
            PAYLOAD, result={**PAYLOAD["result"], "event_id": uid, **row}))

    def act(self, state="done", **row):
        return self.ended(self.send(**row), state)

    def ended(self, alert, state="done"):
        self.herald.wait_state(alert, state)
        return self.herald.ctl("show", alert)["actions"][0]

    def case(self):
        return self.soar.state()["containers"][0]

    def effects(self):
        """How often what the action does was done."""
        return len(self.soar.effects(path=PATHS[self.action]))


# What each does.

def test_artifacts_are_added_and_start_nothing(herald, soar):
    acting = Acting(herald, soar, "add_artifacts")
    told = acting.act(file_hash="ab" * 32)
    artifacts = acting.case()["artifacts"]
    assert artifacts[0]["cef"]["sourceAddress"] == "198.51.100.23"
    assert artifacts[0]["cef"]["fileHash"] == "ab" * 32
    assert {one["severity"] for one in artifacts} == {"high"}
    assert soar.state()["automation"] == []
    assert told["message"] == f"container 42, {len(artifacts)} artifacts added"
    assert told["ticket"]["uid"] == "42"


CIM = {"action": "blocked", "dest": "192.0.2.9", "dest_port": "443",
       "dest_mac": "00:00:5e:00:53:01", "file_hash": "ab" * 32,
       "file_name": "a.exe", "file_path": "/tmp/a.exe", "src": "192.0.2.8",
       "src_mac": "00:00:5e:00:53:02", "src_port": "4711", "src_user": "eve",
       "transport": "tcp", "url": "https://evil.example/", "user": "jdoe",
       "user_id": "1001"}


def test_artifacts_have_the_names_that_splunk_s_app_uses(herald, soar):
    acting = Acting(herald, soar, "add_artifacts")
    alert = send_webhook(acting.herald, dict(PAYLOAD, result=dict(
        CIM, event_id="cim", search_name="a detection")))
    acting.ended(alert)
    cef = {}
    for artifact in reversed(acting.case()["artifacts"]):
        cef.update(artifact["cef"])
    names = fixture("soar/cim_to_cef.json")
    told = {field: str(cef.get(names[field])).lower() for field in CIM}
    assert told == {field: CIM[field].lower() for field in CIM}


@pytest.mark.parametrize("given, severity", [
    ("informational", "low"), ("low", "low"), ("medium", "medium"),
    ("high", "high"), ("critical", "high"), ("anything", "medium")])
def test_severities_are_those_that_soar_ships(herald, soar, given, severity):
    acting = Acting(herald, soar, "add_artifacts")
    acting.act(severity=given, urgency="")
    assert {one["severity"] for one in acting.case()["artifacts"]} == {
        severity}


def test_the_last_artifact_starts_active_playbooks_once(herald, soar):
    soar.fault("reset_after", method="POST", path="/rest/artifact", times=1)
    acting = Acting(herald, soar, "add_artifacts",
                    more=", run_automation: true")
    acting.act()
    assert soar.state()["automation"] == [acting.case()["artifacts"][-1]["id"]]


def test_only_missing_artifacts_are_added(herald, soar):
    """The first attempt adds one of two and is lost; SOAR takes duplicates."""
    acting = Acting(herald, soar, "add_artifacts")
    soar.fault("reset_after", method="POST", path="/rest/artifact", times=1)
    told = acting.act()
    names = [one["source_data_identifier"]
             for one in acting.case()["artifacts"]]
    assert len(names) == len(set(names)) == 2
    assert told["message"] == \
        "container 42, 0 artifacts added, 2 were there already"


def test_refused_artifacts_are_told(herald, soar):
    acting = Acting(herald, soar, "add_artifacts",
                    given="{container: 42, severity: urgent}")
    told = acting.act("dead")
    assert "Invalid severity" in told["message"]
    assert acting.case()["artifacts"] == []


def test_a_playbook_is_followed_to_its_end(herald, soar):
    soar.settings(run_statuses=["pending", "running", "running", "success"])
    acting = Acting(herald, soar, "run_playbook")
    told = acting.act()
    assert told["message"] == (
        "playbook local/x run 46 on container 42: success; "
        "disable_user_1 success")
    assert told["result"]["status"] == "success"
    assert told["result"]["actions"] == [
        {"name": "disable_user_1", "status": "success"}]
    assert soar.state()["runs"][0]["playbook_id"] == "local/x"
    polls = soar.requests(method="GET", path="/rest/playbook_run/46")
    assert len(polls) == 4


def test_a_running_playbook_is_pending(herald, soar):
    soar.settings(run_statuses=["running"])
    acting = Acting(herald, soar, "run_playbook")
    alert = acting.send()
    action = wait_until(lambda: [
        one for one in acting.herald.ctl("show", alert)["actions"]
        if one["state"] == "pending" and "running" in one["message"]])[0]
    assert action["result"]["playbook_run_id"] == "46"
    soar.settings(run_statuses=["success"])
    acting.ended(alert)


def test_a_failed_playbook_is_a_failed_action(herald, soar):
    soar.settings(run_outcome="failed")
    acting = Acting(herald, soar, "run_playbook")
    told = acting.act("dead")
    assert told["state"] == "failed"
    assert told["message"] == ("playbook local/x run 46 on container 42: "
                               "failed: playbook execution failed")
    assert acting.effects() == 1


def test_the_result_is_on_the_timeline(herald, soar):
    acting = Acting(herald, soar, "run_playbook")
    alert = acting.send()
    acting.ended(alert)
    text = acting.herald.run_ctl("explain", alert).stdout
    assert "run 46 on container 42: success" in " ".join(text.split())


def test_a_playbook_gets_its_inputs(herald, soar):
    Acting(herald, soar, "run_playbook", given=(
        "{container: 42, playbook: '17', scope: all, "
        "inputs: {user: '${user.name}'}}")).act()
    request = soar.requests(method="POST", path="/rest/playbook_run")[0]
    assert request["body"] == {
        "container_id": 42, "playbook_id": 17, "scope": "all", "run": True,
        "inputs": {"user": "jdoe"}}


@pytest.mark.parametrize("command", ["kill", "stop"])
def test_a_playbook_is_followed_over_restarts(herald, soar, command):
    soar.settings(run_statuses=["running"])
    acting = Acting(herald, soar, "run_playbook")
    alert = acting.send()
    wait_until(lambda: soar.requests(path="/rest/playbook_run/46"))
    getattr(acting.herald, command)()
    soar.settings(run_statuses=["success"])
    acting.herald.restart()
    acting.ended(alert)
    assert acting.effects() == 1


def test_a_comment_is_written(herald, soar):
    acting = Acting(herald, soar, "add_comment")
    assert acting.act()["message"] == "comment on container 42"
    text = acting.case()["comments"][0]["comment"]
    assert text.startswith("seen again: jdoe\n[herald-")


def test_a_case_is_closed_and_opened_again(herald, soar):
    acting = Acting(herald, soar, "close_case")
    alert = acting.send()
    told = acting.ended(alert)
    assert told["message"] == "container 42 is closed"
    assert told["result"]["was"] == "open"
    assert acting.case()["status"] == "closed"
    acting.herald.ctl("undo", alert, "--because", "too early")
    wait_until(lambda: acting.case()["status"] == "open")


def test_a_case_that_somebody_changed_is_not_opened_again(herald, soar):
    acting = Acting(herald, soar, "close_case")
    alert = acting.send()
    acting.ended(alert)
    soar.reset()
    soar.data({"container": [dict(CASE, status="new")]})
    acting.herald.ctl("undo", alert, "--because", "too early")
    undo = wait_until(lambda: [
        one for one in acting.herald.ctl("show", alert)["actions"]
        if one["name"] == "it/undo" and one["state"] == "refused"])[0]
    assert undo["message"] == \
        "container 42 is new: somebody changed it since"
    assert acting.case()["status"] == "new"


def test_a_closed_case_is_left_alone(herald, soar):
    acting = Acting(herald, soar, "close_case")
    acting.act()
    told = acting.act()
    assert told["message"] == "container 42 is closed already"
    assert acting.effects() == 1


# Which case.

@pytest.mark.parametrize("action", sorted(WITH))
def test_a_case_is_found_by_its_key(herald, soar, action):
    """SHA-256 of "login/jdoe" begins so."""
    given = WITH[action].replace("container: 42", "key: 'login/${user.name}'")
    acting = Acting(herald, soar, action, given=given)
    soar.reset()
    soar.data({"container": [dict(CASE, source_data_identifier=(
        "herald-08f735667b62b77df3af67146262e8a7"))]})
    acting.act()
    assert acting.effects() >= 1


@pytest.mark.parametrize("given, words", [
    ("{key: nothing}", "no case has this key"),
    ("{}", "neither container nor key says which case"),
    ("{container: 43}", "Object not found")])
@pytest.mark.parametrize("action", ["add_comment", "close_case"])
def test_no_case_is_a_final_word(herald, soar, action, given, words):
    if action == "add_comment":
        given = "{text: x, " + given[1:]
    acting = Acting(herald, soar, action, given=given)
    told = acting.act("dead")
    assert words in told["message"]
    assert acting.effects() == 0


@pytest.mark.parametrize("action, given", [
    ("add_comment", ", text: x"), ("run_playbook", ", playbook: local/x"),
    ("close_case", ""), ("add_artifacts", "")])
def test_a_case_just_opened_is_gone_on_with(herald, soar, action, given):
    config = CONFIG.replace(
        "[{name: it, do: soar.@ACTION@, with: @WITH@, retry_until: 60s}]", f"""
          - {{name: case, do: soar.create_case}}
          - name: then
            if: 'done.case.state == "done"'
            do: soar.{action}
            with: {{container: '${{done.case.result.container_id}}'{given}}}
""").replace("@MORE@", "")
    daemon = herald(config, SOAR=soar.url, files={"secrets/soar": soar.key})
    daemon.wait_state(send_webhook(daemon, PAYLOAD), "done")
    state = soar.state()
    case = state["containers"][0]
    assert {"add_comment": len(case["comments"]) == 1,
            "run_playbook": len(state["runs"]) == 1,
            "add_artifacts": len(case["artifacts"]) == 4,
            "close_case": case["status"] == "closed"}[action]


# Once, whatever is lost.

@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "500", "502",
                                   "503", "429:1", "html", "empty", "half",
                                   "shape"])
@pytest.mark.parametrize("action", sorted(WITH))
def test_once_whatever_the_answer(herald, soar, action, fault):
    for acted in (True, False):
        soar.fault(fault, method="POST", path=PATHS[action], times=1,
                   after_effect=acted)
    acting = Acting(herald, soar, action)
    acting.act()
    check_once(acting)


@crash_points
@pytest.mark.parametrize("point", ["before_run", "after_run"])
@pytest.mark.parametrize("action", sorted(WITH))
def test_once_though_herald_dies(herald, soar, action, point):
    acting = Acting(herald, soar, action,
                    environment={"HERALD_CRASH_AT": point})
    post_though_it_dies(acting.herald)
    wait_until(lambda: acting.herald.process.poll() is not None)
    acting.herald.kill()
    acting.herald.extra_environment.pop("HERALD_CRASH_AT", None)
    acting.herald.restart()
    acting.ended(wait_until(acting.herald.export)[0]["id"])
    check_once(acting)


def post_though_it_dies(herald):
    with contextlib.suppress(OSError, http.client.HTTPException):
        herald.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", PAYLOAD)


def check_once(acting):
    case, runs = acting.case(), acting.soar.state()["runs"]
    assert {"add_artifacts": len(case["artifacts"]) == 2,
            "run_playbook": len(runs) == 1,
            "add_comment": len(case["comments"]) == 1,
            "close_case": case["status"] == "closed"}[acting.action]


def test_of_two_runs_nobody_can_tell_which(herald, soar):
    """Another begins while the answer is awaited: a person is asked."""
    soar.fault("hang", method="POST", path="/rest/playbook_run", times=1,
               after_effect=True)
    acting = Acting(herald, soar, "run_playbook", more=", timeout: 2s")
    alert = acting.send()
    wait_until(lambda: soar.state()["runs"])
    soar.data({"playbook_run": [{"container": 42, "status": "running",
                                 "playbook": 3, "polls": 0,
                                 "playbook_id": "local/other"}]})
    acting.herald.wait_state(alert, "waiting")
    action = wait_until(lambda: [
        one for one in acting.herald.ctl("show", alert)["actions"]
        if one["state"] == "in_doubt"])[0]
    assert "2 runs began on container 42 since the plan" in action["message"]
    assert acting.effects() == 1


# Refused.

@pytest.mark.parametrize("action", sorted(WITH))
@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_refused_token_stops_the_connector(herald, soar, action, fault):
    soar.fault(fault)
    acting = Acting(herald, soar, action)
    alert = acting.send()
    wait_until(lambda: "connector soar is stopped" in acting.herald.log(), 10,
               acting.herald.log)
    soar.mend()
    acting.herald.ctl("connector", "soar", "start", "--because", "mended")
    acting.ended(alert)
    check_once(acting)


def test_halt_holds_playbooks_and_no_comments(herald, soar):
    acting = Acting(herald, soar, "run_playbook")
    acting.herald.ctl("halt", "--because", "a test")
    alert = acting.send()
    action = wait_until(lambda: [
        one for one in acting.herald.ctl("show", alert)["actions"]
        if one["state"] == "refused"])[0]
    assert "halted" in action["message"]
    assert acting.effects() == 0
