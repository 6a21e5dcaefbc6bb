"""splunk_in over HEC: the answers are Splunk's own, and what is sent becomes
the same alerts as by the webhook."""
import concurrent.futures
import gzip
import json
import os

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from services import FIXTURES, call, fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps: []
"""
HEC = "/services/collector"
EVENTS = [HEC, HEC + "/event", HEC + "/event/1.0"]
WEBHOOK = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
PAYLOAD = fixture("splunk/webhook_failed_then_success.json")
SINGLE = fixture("splunk/hec_event_single.json")
# What Splunk says for each of its codes: (status, body).
SAYS = {one["code"]: (one["http_status"], one["body"])
        for one in fixture("splunk/hec_responses.json")}


def says(code, number=None):
    status, body = SAYS[code]
    if number is not None:
        body = dict(body, **{"invalid-event-number": number})
    return status, body


def text(name):
    with open(os.path.join(FIXTURES, "splunk", name),
              encoding="utf-8") as file:
        return file.read()


def send(daemon, body, target=EVENTS[1], token=f"Splunk {WEBHOOK_TOKEN}",
         **headers):
    """(status, body) of what is sent as HEC wants it."""
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body)
    if token is not None:
        headers["Authorization"] = token
    status, _, told = call(daemon.port("INGEST"), "POST", target, body,
                           headers)
    return status, json.loads(told)


def records(daemon):
    """The records of all alerts, once all are decided."""
    def ended():
        alerts = daemon.export()
        return alerts if all(one["state"] not in ("received", "running")
                             for one in alerts) else None
    return [daemon.ctl("show", one["id"])["record"]
            for one in wait_until(lambda: ended() or [], 30)]


def record(daemon):
    found = records(daemon)
    assert len(found) == 1
    return found[0]


@pytest.fixture
def daemon(herald):
    return herald(CONFIG)


@pytest.mark.parametrize("target", EVENTS)
def test_an_event_is_stored_before_it_is_acknowledged(daemon, target):
    assert send(daemon, SINGLE, target) == says(0)
    daemon.kill()
    daemon.restart()
    found = record(daemon)
    result = SINGLE["event"]["result"]
    assert found["finding_info"]["uid"] == result["event_id"]
    assert found["metadata"]["event_code"] == SINGLE["event"]["search_name"]
    assert found["metadata"]["log_name"] == "herald:alert"
    assert found["evidences"][0]["user"]["name"] == "jdoe"
    assert found["time"] == 1795564742000       # the row's, not the envelope's
    assert found["unmapped"]["splunk"]["host"] == "vpn-gw-01.example.com"


def test_health_asks_for_no_token(daemon):
    for target in (HEC + "/health", HEC + "/health/1.0"):
        status, _, told = call(daemon.port("INGEST"), "GET", target)
        assert (status, json.loads(told)) == says(17)


@pytest.mark.parametrize("token,target,code", [
    (None, EVENTS[1], 2), (None, EVENTS[1] + "?token=" + WEBHOOK_TOKEN, 16),
    (WEBHOOK_TOKEN, EVENTS[1], 3), ("Bearer " + WEBHOOK_TOKEN, EVENTS[1], 3),
    ("Splunk", EVENTS[1], 3), ("Splunk wrong", EVENTS[1], 4),
    ("Splunk " + WEBHOOK_TOKEN[:-1], EVENTS[1], 4),
    ("Splunk " + WEBHOOK_TOKEN + "x", EVENTS[1], 4),
    ("Splunk wrong", HEC + "/ack", 4)])
def test_who_is_not_known_is_refused(daemon, token, target, code):
    # The token is judged before the body.
    assert send(daemon, "", target, token) == says(code)
    assert daemon.export() == []
    assert "HEC request from 127.0.0.1" in daemon.log()
    assert WEBHOOK_TOKEN not in daemon.log()


def test_two_tokens_may_be_in_use(herald):
    daemon = herald(CONFIG.replace(
        "secret: {file: @DIR@/secrets/splunk}",
        "secret: [{file: @DIR@/secrets/splunk}, {file: @DIR@/secrets/new}]"),
        files={"secrets/new": "the-next-token\n"})
    for token in (WEBHOOK_TOKEN, "the-next-token"):
        assert send(daemon, SINGLE, token="Splunk " + token) == says(0)


def test_there_are_no_acks(daemon):
    assert send(daemon, fixture("splunk/hec_ack_request.json"),
                HEC + "/ack?channel=1") == says(14)


DEEP = '{"event":' + '{"a":' * 70 + "1" + "}" * 71


@pytest.mark.parametrize("body,code,number,stored", [
    ("", 5, None, 0),
    (" \r\n", 5, None, 0),
    ("@hec_event_batch_json_array.txt", 6, 0, 0),
    ("@hec_event_batch_second_invalid.txt", 12, 1, 1),
    ("@hec_event_batch_second_blank.txt", 13, 1, 1),
    ("@hec_event_batch_truncated.txt", 6, 1, 1),
    ("nothing", 6, 0, 0),
    ("7", 6, 0, 0),
    ('{"event":"a"}}', 6, 1, 1),
    ('{"event":"a"} x', 6, 1, 1),
    ('{"event":1,"event":2}', 6, 0, 0),
    ('{"event":9223372036854775808}', 6, 0, 0),
    (DEEP, 6, 0, 0),
    ('{"event":null}', 12, 0, 0),
    ("{}", 12, 0, 0),
    ('{"event":{}}', 13, 0, 0),
    ('{"event":"{}"}', 13, 0, 0),
    ('{"event":" \\n"}', 13, 0, 0),
    ('{"event":"a","fields":7}', 15, 0, 0),
    ('{"event":"a","fields":{"a":{"b":1}}}', 15, 0, 0),
    ('{"event":"a","time":true}', 6, 0, 0),
    ('{"event":"a","time":"0x1"}', 6, 0, 0),
    ('{"event":"a","time":"inf"}', 6, 0, 0),
])
def test_the_first_bad_envelope_stops(daemon, body, code, number, stored):
    if body.startswith("@"):
        body = text(body[1:])
    assert send(daemon, body) == says(code, number)
    assert len(daemon.export()) == stored
    # What came before it is stored, and known when the sender repeats it.
    assert send(daemon, body) == says(code, number)
    assert len(daemon.export()) == stored


def test_a_batch_is_objects_one_after_the_other(daemon):
    assert send(daemon, text("hec_event_batch_concatenated.txt")) == says(0)
    found = {one["finding_info"]["title"] for one in records(daemon)}
    # The fixture's first two share one event_id.
    assert found == {
        "Multiple failed logins followed by a successful one",
        "jdoe failed login from 198.51.100.23 (plain string event)"}


@pytest.mark.parametrize("kind", [None, "text/plain", "application/json",
                                  "application/x-www-form-urlencoded"])
def test_no_content_type_is_refused(daemon, kind):
    headers = {"Content-Type": kind} if kind else {}
    assert send(daemon, SINGLE, **headers) == says(0)


def test_gzip_is_understood(daemon):
    packed = gzip.compress(json.dumps(SINGLE).encode())
    assert send(daemon, packed, **{"Content-Encoding": "gzip"}) == says(0)
    assert len(daemon.export()) == 1


@pytest.mark.parametrize("case", fixture("splunk/hec_time_forms.json"),
                         ids=lambda case: str(case.get("time")))
def test_the_time_of_an_envelope(daemon, case):
    envelope = {name: case[name] for name in ("time", "event")
                if name in case}
    if case.get("expect_code") or case.get("time") == -1:
        assert send(daemon, envelope) == says(6, 0)
        return
    assert send(daemon, envelope) == says(0)
    if case["expect_ms"]:
        assert record(daemon)["time"] == case["expect_ms"]


@pytest.mark.parametrize("time,ms", [
    (1795564742250123, 1795564742250), ("1795564742250123", 1795564742250),
    (1795564742250123456, 1795564742250), (0, 0)])
def test_finer_times(daemon, time, ms):
    assert send(daemon, {"time": time, "event": {"user": "a"}}) == says(0)
    assert record(daemon)["time"] == ms


@pytest.mark.parametrize("event", [
    "a line", 7, [1, "a"], True, "{ not JSON", "[1]", "{\"a\":1,\"a\":2}",
    "{\"a\":" * 64 + "1" + "}" * 64])
def test_what_is_no_object_is_kept_as_raw(daemon, event):
    assert send(daemon, {"event": event}) == says(0)
    found = record(daemon)
    if isinstance(event, str):
        assert found["finding_info"]["title"] == event[:120]
        assert found["finding_info"]["desc"] == event
    else:
        assert found["unmapped"]["splunk"]["_raw"] == event


def test_text_of_an_object_is_that_object(daemon):
    row = {"user": "jdoe", "src": "198.51.100.23"}
    for event in (row, json.dumps(row), json.dumps(row, indent=1)):
        assert send(daemon, {"time": 1795564742, "event": event}) == says(0)
    assert record(daemon)["evidences"][0]["user"]["name"] == "jdoe"


# The same result by both ways is one alert.

def without_event_id():
    result = dict(PAYLOAD["result"])
    del result["event_id"]
    return dict(PAYLOAD, result=result)


@pytest.mark.parametrize("payload", [PAYLOAD, without_event_id()],
                         ids=["event_id", "digest"])
@pytest.mark.parametrize("wrapped", ["object", "text"])
def test_webhook_and_hec_are_one_alert(daemon, payload, wrapped):
    assert daemon.post(WEBHOOK, payload)[0] == 200
    later = dict(payload, result=dict(
        payload["result"], _time="2026-11-24T23:59:02.000+00:00"))
    for one in (payload, later):
        event = one if wrapped == "object" else json.dumps(one)
        # Each sending has a time of its own.
        for time in (1795564999, 1795565999):
            assert send(daemon, {"time": time, "host": "sh1",
                                 "event": event}) == says(0)
    assert len(daemon.export()) == 1


def test_an_event_id_is_enough(daemon):
    assert daemon.post(WEBHOOK, PAYLOAD)[0] == 200
    assert send(daemon, {"event": PAYLOAD["result"]}) == says(0)
    assert len(daemon.export()) == 1


def test_the_time_beside_a_row_tells_it_from_others(daemon):
    row = {"user": "jdoe"}
    for time in (1795564742, 1795564743, "1795564743.000", 1795564743000):
        assert send(daemon, {"time": time, "event": row}) == says(0)
    assert len(daemon.export()) == 2
    # Where the row has one, the envelope's says when it was sent.
    row["_time"] = "1795564742"
    for time in (1795564742, 1795564743):
        assert send(daemon, {"time": time, "event": row}) == says(0)
    assert len(daemon.export()) == 3


def test_the_map_sees_what_stands_beside_the_event(herald):
    daemon = herald(CONFIG.replace(
        "secret: {file: @DIR@/secrets/splunk}}",
        """secret: {file: @DIR@/secrets/splunk},
    map: [{set: metadata.labels, to: 'sourcetype'},
          {set: finding_info.title, to: 'host + fields.team'}]}"""))
    assert send(daemon, {"host": "h1", "sourcetype": "vpn", "event": "a",
                         "fields": {"team": "x"}}) == says(0)
    found = record(daemon)
    assert found["metadata"]["labels"] == ["vpn"]
    assert found["finding_info"]["title"] == "h1x"


def test_batches_side_by_side(daemon):
    def batch(number):
        body = "".join(json.dumps({"event": {"event_id": f"{number}-{i}"}})
                       for i in range(200))
        return wait_until(lambda: send(daemon, body)[0] == 200)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert all(threads.map(batch, range(16)))
    assert len(daemon.export()) == 3200
    assert daemon.metrics()[
        'herald_splunk_in_stored_total{connector="splunk"}'] == 3200


def test_too_many_events_are_refused_whole(daemon):
    body = '{"event":1}' * 10001
    status, told = send(daemon, body)
    assert (status, told["code"]) == (413, 6)
    assert daemon.export() == []


def test_a_full_house_is_told_to_come_again(herald, misp):
    daemon = herald(
        CONFIG.replace("herald:", "herald:\n  limits: {backlog: 1}", 1)
        .replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:""").replace("[]", "[enrich: {by: [misp], within: 60s}]"),
        files={"secrets/misp": misp.key}, MISP=misp.url)
    second = json.dumps({"event": {"event_id": "2", "severity": "high"}})
    misp.pause()
    try:
        assert send(daemon, SINGLE) == says(0)
        busy = fixture("splunk/hec_response_busy.json")
        status, headers, told = call(
            daemon.port("INGEST"), "POST", HEC, second,
            {"Authorization": f"Splunk {WEBHOOK_TOKEN}"})
        assert (status, json.loads(told)) == (503, busy)
        assert headers["Retry-After"] == "5"
        status, _, told = call(daemon.port("INGEST"), "GET", HEC + "/health")
        assert (status, json.loads(told)) == says(18)
    finally:
        misp.resume()
    wait_until(lambda: send(daemon, second) == says(0))
    assert call(daemon.port("INGEST"), "GET", HEC + "/health")[0] == 200
    assert len(daemon.export()) == 2


def test_it_is_mounted_with_the_webhook(herald):
    daemon = herald(CONFIG.replace("listen: ingest,",
                                   "listen: ingest, mount: /team_a,"))
    assert send(daemon, SINGLE, "/team_a" + HEC) == says(0)
    status, _, _ = call(daemon.port("INGEST"), "POST", HEC, "{}")
    assert status == 404
