"""HEC beyond single events: acknowledgements, lines of text, all codes, and
senders that guess.  test_hec.py has the envelopes."""
import base64
import gzip
import json

import pytest

from herald import WEBHOOK_TOKEN
from services import call, fixture
from test_hec import CONFIG, EVENTS, HEC, SINGLE, records, says, send, text
from waiting import wait_until

CHANNEL = "11111111-2222-4333-8444-555555555555"
OTHER = "AAAAAAAA-2222-4333-8444-555555555555"
TOKEN = {"Authorization": "Splunk " + WEBHOOK_TOKEN}


def config(more):
    return CONFIG.replace("@DIR@/secrets/splunk}}",
                          "@DIR@/secrets/splunk}, " + more + "}")


@pytest.fixture
def daemon(herald):
    return herald(CONFIG)


@pytest.fixture
def acking(herald):
    return herald(config("acks: true"))


def ask(daemon, numbers, channel=CHANNEL):
    """{number: true or false} as /ack tells it."""
    status, told = send(daemon, {"acks": numbers},
                        f"{HEC}/ack?channel={channel}")
    assert status == 200, told
    return {int(number): is_safe for number, is_safe in told["acks"].items()}


def on(channel=CHANNEL):
    return {"X-Splunk-Request-Channel": channel}


# Acknowledgements.

def test_an_ack_is_counted_for_each_channel(acking):
    for number in range(3):
        status, told = send(acking, SINGLE, **on())
        wanted = dict(fixture("splunk/hec_response_success_with_ack.json"),
                      ackId=number)
        assert (status, told) == (200, wanted)
    assert send(acking, SINGLE, **on(OTHER))[1]["ackId"] == 0
    # In the query as well, and in either case.
    target = f"{EVENTS[0]}?channel={CHANNEL.lower()}"
    assert send(acking, SINGLE, target)[1]["ackId"] == 3


def test_an_ack_becomes_true_once_and_is_forgotten(acking):
    send(acking, SINGLE, **on())
    wait_until(lambda: ask(acking, [0])[0])
    assert len(acking.export()) == 1
    assert ask(acking, [0, 1]) == {0: False, 1: False}
    # Nobody else's number.
    send(acking, SINGLE, **on())
    assert ask(acking, [1], OTHER) == {1: False}
    wait_until(lambda: ask(acking, [1])[1])


def test_what_was_acknowledged_survives_kill_9(acking):
    body = "".join(json.dumps({"event": {"event_id": str(i)}})
                   for i in range(500))
    number = send(acking, body, **on())[1]["ackId"]
    wait_until(lambda: ask(acking, [number])[number])
    acking.kill()
    acking.restart()
    assert len(acking.export()) == 500
    # Numbers of before a restart are not safe: the sender sends again.
    assert ask(acking, [number]) == {number: False}
    assert send(acking, body, **on())[1]["ackId"] == 0
    wait_until(lambda: ask(acking, [0])[0])
    assert len(acking.export()) == 500


@pytest.mark.parametrize("target", EVENTS + [HEC + "/raw", HEC + "/raw/1.0",
                                             HEC + "/ack"])
def test_a_channel_is_a_guid(acking, target):
    assert send(acking, SINGLE, target) == says(10)
    assert send(acking, SINGLE, target + "?channel=") == says(10)
    for wrong in ("7", CHANNEL + "0", CHANNEL[:-1] + "g",
                  CHANNEL.replace("-", "")):
        assert send(acking, SINGLE, target, **on(wrong)) == says(11)
    # The token is judged first.
    assert send(acking, SINGLE, target, "Splunk wrong") == says(4)
    assert acking.export() == []


def test_without_acks_no_channel_is_needed_and_any_is_good(daemon):
    assert send(daemon, "a line", HEC + "/raw") == says(0)
    assert send(daemon, SINGLE, **on("no guid")) == says(0)


@pytest.mark.parametrize("body,code", [
    ("", 5), ("{}", 6), ("[]", 6), ('{"acks":7}', 6), ("x", 6)])
def test_a_question_that_is_none(acking, body, code):
    assert send(acking, body, HEC + "/ack", **on()) == says(code)


def test_a_bad_envelope_gets_no_ack(acking):
    assert send(acking, text("hec_event_batch_second_invalid.txt"), **on()) \
        == says(12, 1)
    assert len(acking.export()) == 1
    assert send(acking, SINGLE, **on())[1]["ackId"] == 0


def test_a_thousand_channels_and_no_more(acking):
    for i in range(1000):
        channel = f"00000000-0000-4000-8000-{i:012x}"
        assert send(acking, {"event": "a"}, **on(channel))[0] == 200
    assert send(acking, {"event": "a"}, **on()) == says(9, 0)
    status, _, told = call(acking.port("INGEST"), "GET", HEC + "/health")
    assert (status, json.loads(told)) == says(19)
    # Who has a channel goes on.
    assert send(acking, {"event": "a"}, **on(channel))[1]["ackId"] == 1


def test_a_full_house_gives_no_number(herald, misp):
    daemon = herald(
        config("acks: true")
        .replace("herald:", "herald:\n  limits: {backlog: 1}", 1)
        .replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:""").replace("[]", "[enrich: {by: [misp], within: 60s}]"),
        files={"secrets/misp": misp.key}, MISP=misp.url)
    second = {"event": {"event_id": "2", "severity": "high"}}
    misp.pause()
    try:
        assert send(daemon, SINGLE, **on())[1]["ackId"] == 0
        wait_until(lambda: send(daemon, second, **on()) == says(9, 0))
        taken = wait_until(lambda: ask(daemon, [0]).get(0))
        assert taken
    finally:
        misp.resume()
    wait_until(lambda: send(daemon, second, **on())[0] == 200)
    assert len(daemon.export()) == 2


# Lines of text.

def test_each_line_is_an_event(daemon):
    lines = text("hec_raw_lines.txt")
    assert send(daemon, lines, HEC + "/raw") == says(0)
    titles = {one["finding_info"]["title"] for one in records(daemon)}
    assert titles == set(lines.splitlines())


def test_lines_end_as_they_like(daemon):
    body = b"one\r\n\r\n  \n\ntwo\nthree"
    assert send(daemon, body, HEC + "/raw") == says(0)
    titles = {one["finding_info"]["title"] for one in records(daemon)}
    assert titles == {"one", "two", "three"}


def test_what_is_said_of_all_lines(daemon):
    target = HEC + "/raw?sourcetype=vpn&host=h%201&source=s&index=i"
    assert send(daemon, gzip.compress(b"a line"), target,
                **{"Content-Encoding": "gzip"}) == says(0)
    found = records(daemon)[0]
    assert found["metadata"]["log_name"] == "vpn"
    assert found["metadata"]["log_provider"] == "s"
    assert found["unmapped"]["splunk"]["host"] == "h 1"


def test_a_line_of_json_is_a_row(daemon):
    body = '{"user": "jdoe", "src": "198.51.100.23"}\nplain\n'
    assert send(daemon, body, HEC + "/raw/1.0") == says(0)
    users = [one.get("evidences", [{}])[0].get("user", {}).get("name")
             for one in records(daemon)]
    assert sorted(map(str, users)) == ["None", "jdoe"]


def test_bytes_that_are_no_utf8_are_kept(daemon):
    body = b"caf\xe9 by user=jdoe\nsound\n"
    assert send(daemon, body, HEC + "/raw") == says(0)
    alerts = daemon.export()
    assert len(alerts) == 2
    titles = {one["finding_info"]["title"] for one in records(daemon)}
    assert titles == {"caf\ufffd by user=jdoe", "sound"}


@pytest.mark.parametrize("body", ["", "\n\r\n \n"])
def test_no_line_is_no_data(daemon, body):
    assert send(daemon, body, HEC + "/raw") == says(5)


def test_too_many_lines_are_refused_whole(daemon):
    status, told = send(daemon, "\n".join(map(str, range(10001))),
                        HEC + "/raw")
    assert (status, told["code"]) == (413, 6)
    assert daemon.export() == []


# Tokens.

def test_the_password_of_basic_is_the_token(daemon):
    def basic(word):
        return "Basic " + base64.b64encode(word.encode()).decode()
    assert send(daemon, SINGLE, token=basic("x:" + WEBHOOK_TOKEN)) == says(0)
    assert send(daemon, SINGLE, token=basic(":" + WEBHOOK_TOKEN)) == says(0)
    assert send(daemon, SINGLE, token=basic("x:wrong")) == says(4)
    for none in (basic(WEBHOOK_TOKEN), "Basic ?", "Basic"):
        assert send(daemon, SINGLE, token=none) == says(3)


def test_the_query_only_where_it_is_switched_on(herald):
    daemon = herald(config("query_token: true"))
    target = EVENTS[0] + "?token="
    assert send(daemon, SINGLE, target + WEBHOOK_TOKEN, None) == says(0)
    assert send(daemon, SINGLE, target + "wrong", None) == says(4)
    assert WEBHOOK_TOKEN not in daemon.log()


def test_a_disabled_token_is_told_so_and_is_no_guess(herald):
    daemon = herald(config("disabled_secret: {file: @DIR@/secrets/old}"),
                    files={"secrets/old": "the-token-before\n"})
    for _ in range(30):
        assert send(daemon, SINGLE, token="Splunk the-token-before") == says(1)
    assert send(daemon, SINGLE) == says(0)
    assert "with a disabled token" in daemon.log()


def test_who_guesses_is_turned_away(daemon):
    for _ in range(20):
        assert send(daemon, SINGLE, token="Splunk guess") == says(4)
    status, headers, told = call(daemon.port("INGEST"), "POST", EVENTS[0],
                                 json.dumps(SINGLE), TOKEN)
    assert (status, json.loads(told)["code"]) == (429, 9)
    assert 1 <= int(headers["Retry-After"]) <= 61
    # Health needs no token; and the webhook has one try only, so that its
    # right secret is let in, its wrong one not even looked at twice.
    assert call(daemon.port("INGEST"), "GET", HEC + "/health")[0] == 200
    assert daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                       SINGLE["event"])[0] == 200
    assert daemon.post("/v1/splunk/webhook/guess", SINGLE["event"])[0] == 429
    assert daemon.log().count("turned away for a minute") == 1


# The rest of the table.

def test_only_these_indexes(herald):
    daemon = herald(config("indexes: [main, herald]"))
    for index in ("main", "herald", ""):
        assert send(daemon, dict(SINGLE, index=index)) == says(0)
    assert send(daemon, json.dumps(SINGLE)
                + json.dumps(dict(SINGLE, index="other"))) == says(7, 1)
    assert send(daemon, "a", HEC + "/raw?index=other") == says(7, 0)


def test_other_encodings_are_refused(daemon):
    assert call(daemon.port("INGEST"), "POST", EVENTS[0], b"x",
                dict(TOKEN, **{"Content-Encoding": "br"}))[0] == 415


def test_what_is_packed_is_bounded(daemon):
    packed = gzip.compress(json.dumps({"event": "a" * (4 << 20)}).encode())
    assert call(daemon.port("INGEST"), "POST", EVENTS[0], packed,
                dict(TOKEN, **{"Content-Encoding": "gzip"}))[0] == 413
    assert daemon.export() == []


@pytest.mark.parametrize("method,target", [
    ("GET", EVENTS[0]), ("POST", HEC + "/health"), ("GET", HEC + "/ack"),
    ("POST", HEC + "/mint"), ("POST", EVENTS[1] + "/2.0")])
def test_other_paths_and_methods(daemon, method, target):
    assert call(daemon.port("INGEST"), method, target, None,
                TOKEN)[0] in (404, 405)
