"""splunk_in: what Splunk's webhook gets for an answer, and what becomes of
what it sent."""
import http.client
import json

import pytest

from herald import HEAD, WEBHOOK_TOKEN, send_webhook
from services import call, fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps: []
"""
TARGET = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
PAYLOAD = fixture("splunk/webhook_failed_then_success.json")


@pytest.fixture
def daemon(herald):
    return herald(CONFIG)


def ended(daemon, uid):
    return [one for one in daemon.export()
            if one["uid"] == uid and one["state"] != "received"]


def test_an_alert_is_stored_before_it_is_acknowledged(daemon):
    status, told = daemon.post(TARGET, PAYLOAD)
    assert (status, told) == (200, {"stored": True})
    # kill -9 right after the answer: it is there all the same.
    daemon.kill()
    daemon.restart()
    uid = PAYLOAD["result"]["event_id"]
    alert = wait_until(lambda: ended(daemon, uid))[0]
    record = daemon.ctl("show", alert["id"])["record"]
    assert record["metadata"]["event_code"] == PAYLOAD["search_name"]
    assert record["evidences"][0]["user"]["name"] == "jdoe"
    assert record["evidences"][0]["src_endpoint"]["ip"] == "198.51.100.23"
    assert record["device"]["hostname"] == "vpn-gw-01.example.com"
    assert record["severity_id"] == 4
    assert record["unmapped"]["splunk"]["failures"] == "14"


def test_the_same_alert_again_is_known(daemon):
    for _ in range(3):
        assert daemon.post(TARGET, PAYLOAD)[0] == 200
    assert len(daemon.export()) == 1


def test_rows_of_one_search_are_alerts_of_their_own(daemon):
    row = {"_time": "1795564742", "user": "jdoe"}
    for user in ("a", "b", "a"):
        body = dict(PAYLOAD, result=dict(row, user=user))
        assert daemon.post(TARGET, body)[0] == 200
    assert len(daemon.export()) == 2


@pytest.mark.parametrize("target", [
    "/v1/splunk/webhook", "/v1/splunk/webhook/", "/v1/splunk/webhook/wrong",
    TARGET + "x", TARGET[:-1], TARGET + "/more"])
def test_a_wrong_secret_is_refused(daemon, target):
    status, told = daemon.post(target, PAYLOAD)
    assert (status, told) == (401, {"error": "wrong secret"})
    assert daemon.export() == []
    assert "with a wrong secret" in daemon.log()
    assert WEBHOOK_TOKEN not in daemon.log()


def test_two_secrets_may_be_in_use(herald):
    daemon = herald(CONFIG.replace(
        "secret: {file: @DIR@/secrets/splunk}",
        "secret: [{file: @DIR@/secrets/splunk}, {file: @DIR@/secrets/new}]"),
        files={"secrets/new": "the-next-token\n"})
    assert daemon.post(TARGET, PAYLOAD)[0] == 200
    assert daemon.post("/v1/splunk/webhook/the-next-token", PAYLOAD)[0] == 200
    assert daemon.post("/v1/splunk/webhook/another", PAYLOAD)[0] == 401


@pytest.mark.parametrize("kind, status", [
    ("application/json", 200), ("application/json; charset=utf-8", 200),
    ("APPLICATION/JSON", 200), ("text/json", 200), ("text/xml", 415),
    ("application/x-www-form-urlencoded", 415)])
def test_the_content_is_json(daemon, kind, status):
    assert daemon.post(TARGET, PAYLOAD, {"Content-Type": kind})[0] == status
    assert len(daemon.export()) == (status == 200)


def test_the_type_may_be_missing(daemon):
    status, _, _ = call(daemon.port("INGEST"), "POST", TARGET,
                        json.dumps(PAYLOAD))
    assert status == 200


@pytest.mark.parametrize("body", ["", " \r\n\t"])
def test_no_content_is_refused(daemon, body):
    assert daemon.post(TARGET, body) == (400, {"error": "no content"})
    assert daemon.export() == []


def test_too_long_is_refused_before_it_is_sent(daemon):
    peer = http.client.HTTPConnection("127.0.0.1", daemon.port("INGEST"),
                                      timeout=30)
    peer.putrequest("POST", TARGET)
    peer.putheader("Content-Type", "application/json")
    peer.putheader("Content-Length", str((1 << 20) + 1))
    peer.endheaders()
    assert peer.getresponse().status == 413
    peer.close()
    assert daemon.export() == []


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_post_is_served(daemon, method):
    status, headers, _ = call(daemon.port("INGEST"), method, TARGET)
    assert status == 405
    assert headers["Allow"] == "POST"


# Sending it again would not make it better: kept for a person.
@pytest.mark.parametrize("body", [
    "[]", "7", "\"text\"", "{", "{\"a\":1,\"a\":2}", "{'a':1}", "nothing",
    "{\"a\":" * 70 + "1" + "}" * 70, "{\"a\":9223372036854775808}"])
def test_what_is_no_object_is_quarantined(daemon, body):
    assert daemon.post(TARGET, body)[0] == 200
    alert = daemon.export()[0]
    assert alert["state"] == "quarantined"


@pytest.mark.parametrize("name", [
    "webhook_adhoc_null_search_name", "webhook_empty_result",
    "webhook_es_notable_row", "webhook_hostile_values", "webhook_multivalue",
    "webhook_unexpected_shapes"])
def test_all_that_splunk_sends_becomes_an_alert(daemon, name):
    alert = send_webhook(daemon, fixture(f"splunk/{name}.json"))
    daemon.wait_state(alert, "done")


def test_an_operator_adds_to_the_map(herald):
    daemon = herald(CONFIG.replace(
        "secret: {file: @DIR@/secrets/splunk}}",
        """secret: {file: @DIR@/secrets/splunk},
    map: [{set: metadata.labels, to: '"vpn"', if: 'row.app == "vpn"'},
          {set: finding_info.title, to: '"mine"'}]}"""))
    alert = send_webhook(daemon, PAYLOAD)
    daemon.wait_state(alert, "done")
    record = daemon.ctl("show", alert)["record"]
    assert record["metadata"]["labels"] == ["vpn"]
    assert record["finding_info"]["title"] == "mine"


def test_a_second_connector_is_mounted_elsewhere(herald):
    daemon = herald(CONFIG.replace("pipelines:", """\
  team: {plugin: splunk_in, listen: ingest, mount: /team_a,
         secret: {file: @DIR@/secrets/team}}
pipelines:"""), files={"secrets/team": "team-token\n"})
    assert daemon.post("/team_a/v1/splunk/webhook/team-token",
                       PAYLOAD)[0] == 200
    assert daemon.post("/v1/splunk/webhook/team-token", PAYLOAD)[0] == 401
    assert daemon.export()[0]["connector"] == "team"


def test_a_full_house_is_told_to_come_again(herald, misp):
    daemon = herald(
        CONFIG.replace("herald:", "herald:\n  limits: {backlog: 1}", 1)
        .replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:""").replace("[]", "[enrich: {by: [misp], within: 60s}]"),
        files={"secrets/misp": misp.key}, MISP=misp.url)
    misp.pause()
    try:
        assert daemon.post(TARGET, PAYLOAD)[0] == 200
        body = json.dumps(dict(PAYLOAD, result={"event_id": "2",
                                                "severity": "high"}))
        status, headers, told = call(
            daemon.port("INGEST"), "POST", TARGET, body,
            {"Content-Type": "application/json"})
        assert (status, headers["Retry-After"]) == (503, "5"), told
    finally:
        misp.resume()
    wait_until(lambda: daemon.post(TARGET, body)[0] == 200)
