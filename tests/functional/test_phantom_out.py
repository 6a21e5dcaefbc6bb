"""phantom_out: one case and one run of its playbook, whatever goes wrong."""
import itertools

import pytest

from herald import HEAD, send_webhook
from services import fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  soar: {plugin: phantom_out, url: '@SOAR@', secret: {file: @DIR@/secrets/soar}@MORE@}
pipelines:
  - name: default
    steps:
      - respond: [{name: case, do: soar.create_case, with: {@WITH@}, retry_until: @UNTIL@}]
"""
PAYLOAD = fixture("splunk/webhook_failed_then_success.json")
PLAYBOOK = "playbook: local/failed_login_response"


class Case:
    """A daemon that opens a case for each alert."""

    def __init__(self, herald, soar, given=PLAYBOOK, more="", key=None,
                 until="60s"):
        self.soar = soar
        self.count = itertools.count()
        config = CONFIG.replace("@WITH@", given).replace("@MORE@", more)
        self.herald = herald(config.replace("@UNTIL@", until), SOAR=soar.url,
                             files={"secrets/soar": key or soar.key})

    def send(self, **row):
        uid = f"case-{next(self.count)}"
        return send_webhook(self.herald, dict(
            PAYLOAD, result={**PAYLOAD["result"], "event_id": uid, **row}))

    def open(self, state="done", **row):
        """The alert's only action once the alert has come to its end."""
        alert = self.send(**row)
        self.herald.wait_state(alert, state)
        return self.herald.ctl("show", alert)["actions"][0]

    def counts(self):
        """(containers, runs of playbooks)"""
        state = self.soar.state()
        return len(state["containers"]), len(state["runs"])


@pytest.fixture
def case(herald, soar):
    return Case(herald, soar)


def posts(soar, path="*"):
    return soar.requests(method="POST", path=path)


def test_a_case_is_opened_and_its_playbook_started(case, soar):
    action = case.open()
    assert action["state"] == "done"
    assert action["message"] == ("container 42, playbook "
                                 "local/failed_login_response run 46")
    assert action["result"]["container_id"] == 42
    container = soar.state()["containers"][0]
    assert container["name"] == (
        "Multiple failed logins followed by a successful one: jdoe on "
        "vpn-gw-01.example.com from 198.51.100.23")
    assert container["label"] == "events"
    assert container["severity"] == "high"
    assert container["start_time"] == "2026-11-24T23:59:02.000000Z"
    run = soar.state()["runs"][0]
    assert run["playbook_id"] == "local/failed_login_response"
    assert run["container"] == 42


def test_the_case_is_the_action_s_ticket(case, soar):
    assert case.open()["ticket"] == {
        "uid": "42", "src_url": soar.url + "/mission/42"}


def test_artifacts_hold_what_playbooks_need(case, soar):
    case.open(file_hash="ab" * 32, url="https://evil.example/x")
    artifacts = soar.state()["containers"][0]["artifacts"]
    cef = artifacts[0]["cef"]
    assert cef["sourceAddress"] == "198.51.100.23"
    assert cef["destinationUserName"] == "jdoe"
    assert cef["fileHash"] == "ab" * 32
    assert cef["requestURL"] == "https://evil.example/x"
    assert artifacts[0]["cef_types"]["sourceAddress"] == ["ip"]
    assert artifacts[1]["cef"]["destinationHostName"] == \
        "vpn-gw-01.example.com"
    # herald has named the playbook: no other begins by itself.
    assert soar.state()["automation"] == []


def test_active_playbooks_begin_where_that_is_wanted(herald, soar):
    Case(herald, soar, given="", more=", run_automation: true").open()
    container = soar.state()["containers"][0]
    assert soar.state()["automation"] == [container["artifacts"][-1]["id"]]


def test_requests_are_what_soar_wants(case, soar):
    case.open()
    for request in soar.requests():
        assert "ph-auth-token" in request["headers"]
        assert "authorization" not in request["headers"]
    assert soar.key not in case.herald.log()


FAULTS = ["reset_after", "reset_before", "close", "500", "502", "503", "429:1",
          "html", "empty", "half", "shape", "huge"]


def test_one_case_and_one_run_whatever_the_answer(herald, soar):
    """An answer that is lost or nonsense, whether or not SOAR has acted; an
    alert for each, told apart by what its requests hold."""
    case = Case(herald, soar, given="playbook: 'local/${finding_info.uid}'")
    alerts = {}
    for number, (fault, path, acted) in enumerate(itertools.product(
            FAULTS, ["/rest/container", "/rest/playbook_run"], [True, False])):
        uid = f"case-{number}"
        text = f'"{uid}"' if path == "/rest/container" else f'"local/{uid}"'
        soar.fault(fault, method="POST", path=path, body=text, times=1,
                   after_effect=acted)
        alerts[uid] = (case.send(), f"{fault} {path} {acted}")
    for alert, _ in alerts.values():
        case.herald.wait_state(alert, "done", deadline_s=60)
    state = soar.state()
    opened = [one["data"]["finding"] for one in state["containers"]]
    runs = [one["playbook_id"] for one in state["runs"]]
    wrong = [what for uid, (_, what) in alerts.items()
             if opened.count(uid) != 1 or runs.count(f"local/{uid}") != 1]
    assert not wrong


@pytest.mark.parametrize("path", ["/rest/container", "/rest/playbook_run"])
def test_one_case_though_the_answer_is_late(herald, soar, path):
    soar.fault("latency:2500", method="POST", path=path, times=1)
    case = Case(herald, soar, more=", timeout: 1s")
    assert case.open()["state"] == "done"
    assert case.counts() == (1, 1)


def test_one_case_though_the_daemon_dies(herald, soar):
    soar.fault("hang", method="POST", path="/rest/container", times=1,
               after_effect=True)
    case = Case(herald, soar)
    alert = case.send()
    wait_until(lambda: posts(soar, "/rest/container"))
    case.herald.kill()
    case.herald.restart()
    case.herald.wait_state(alert, "done")
    assert case.counts() == (1, 1)


def test_alerts_with_one_key_share_a_case(herald, soar):
    case = Case(herald, soar, given=PLAYBOOK + ", key: 'login/${user.name}'")
    first, second = case.open(), case.open()
    assert first["ticket"] == second["ticket"]
    assert "(it was there already)" in second["message"]
    case.open(user="another")
    assert case.counts() == (2, 2)


@pytest.mark.parametrize("given, words", [
    ("label: nowhere", 'Label "nowhere" does not exist'),
    ("severity: urgent", "Invalid severity"),
    ("playbook: local/none", 'Playbook "local/none" not found'),
    ("severity: 'very high'", "severity is no name that SOAR can have"),
    ("playbook: none", "playbook is neither REPOSITORY/NAME nor a number")])
def test_a_refusal_is_final_and_told(herald, soar, given, words):
    soar.settings(playbooks=["local/failed_login_response"])
    case = Case(herald, soar, given=given)
    action = case.open(state="dead")
    assert action["state"] == "failed"
    assert words in action["message"]
    assert len(posts(soar)) <= 2


def test_a_failed_playbook_is_started_by_a_retry(herald, soar):
    soar.settings(playbooks=[])
    case = Case(herald, soar)
    alert = case.send()
    case.herald.wait_state(alert, "dead")
    soar.settings(playbooks=None)
    case.herald.ctl("retry", alert, "--because", "it exists now")
    case.herald.wait_state(alert, "done")
    assert case.counts() == (1, 1)


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_refused_token_stops_the_connector(herald, soar, fault):
    soar.fault(fault)
    case = Case(herald, soar, until="1h")
    first = case.send()
    wait_until(lambda: "connector soar is stopped" in case.herald.log(), 10,
               case.herald.log)
    second = case.send()
    case.herald.wait_state(second, "waiting")
    assert len(soar.requests()) == 1
    soar.reset()
    case.herald.ctl("connector", "soar", "start", "--because", "new token")
    for alert in (first, second):
        case.herald.wait_state(alert, "done")
    assert case.counts() == (2, 2)


def test_an_absent_service_is_waited_for(herald, service):
    soar = service("soar")
    case = Case(herald, soar)
    soar.pause()
    alert = case.send()
    soar.resume()
    case.herald.wait_state(alert, "done")


def test_a_service_that_stays_away_is_given_up(herald, service):
    soar = service("soar")
    soar.stop()
    case = Case(herald, soar, until="2s")
    action = case.open(state="dead")
    assert action["state"] == "failed"


def test_a_case_tells_what_is_not_known(herald, soar, misp):
    misp.fault("hang")
    config = CONFIG.replace("@WITH@", PLAYBOOK).replace("@MORE@", "") \
        .replace("@UNTIL@", "60s").replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}, timeout: 1s}
pipelines:""").replace("    steps:", """\
    steps:
      - enrich: {by: [misp], within: 500ms}
      - score:
          - {name: base, add: 30, because: a}
          - {name: bad, if: 'src.reputation.score_id >= 9', add: 35, because: b}""")
    daemon = herald(config, SOAR=soar.url, MISP=misp.url, files={
        "secrets/soar": soar.key, "secrets/misp": misp.key})
    daemon.wait_state(send_webhook(daemon, PAYLOAD), "done")
    told = soar.state()["containers"][0]["description"]
    assert "Risk score: 30" in told
    assert "base +30" in told
    assert "bad unknown (misp" in told


def test_a_case_tells_what_is_known(herald, soar, misp):
    config = CONFIG.replace("@WITH@", PLAYBOOK).replace("@MORE@", "") \
        .replace("@UNTIL@", "60s").replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:""").replace("    steps:", """\
    steps:
      - enrich: {by: [misp], within: 5s}""")
    daemon = herald(config, SOAR=soar.url, MISP=misp.url, files={
        "secrets/soar": soar.key, "secrets/misp": misp.key})
    body = dict(PAYLOAD, result=dict(PAYLOAD["result"], src="203.0.113.45"))
    daemon.wait_state(send_webhook(daemon, body), "done")
    container = soar.state()["containers"][0]
    assert ("misp, 203.0.113.45: 2 attributes, events 1, 2; on the warning list "
            "List of RFC 5735 CIDR blocks "
            f"{misp.url}/events/view/1") in container["description"]
    assert container["data"]["enrichments"][0]["provider"] == "misp"


def test_the_service_is_probed(herald, soar):
    case = Case(herald, soar)
    ended = case.herald.run_ctl("test-connector", "soar")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Splunk SOAR 8.5.0.248" in ended.stdout
    assert [one["path"] for one in soar.requests()] == ["/rest/version"]


@pytest.mark.parametrize("fault, words", [
    ("401", "Invalid automation token"), ("502", "502"),
    ("shape", "names no version")])
def test_a_probe_tells_what_is_wrong(herald, soar, fault, words):
    soar.fault(fault)
    ended = Case(herald, soar).herald.run_ctl("test-connector", "soar")
    assert ended.returncode == 1
    assert words in ended.stdout + ended.stderr


def test_nothing_is_opened_in_a_dry_run(herald, soar):
    case = Case(herald, soar, more=", mode: dry_run")
    assert case.open()["state"] == "skipped"
    assert case.counts() == (0, 0)
