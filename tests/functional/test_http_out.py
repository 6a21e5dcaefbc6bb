"""http_out against a receiver of anything."""
import base64
import hashlib
import hmac
import json

import pytest

from doing import Acting
from waiting import wait_until

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def acting(herald, sink, more="", action="post", path="/hook", **params):
    return Acting(herald, "room",
                  f"plugin: http_out, url: '@URL@{path}'" + more, action,
                  params, files={"secrets/key": KEY}, URL=sink.url)


def test_a_text_is_posted(herald, sink):
    room = acting(herald, sink, text='*${user.name}* said "hi"')
    assert room.act(user="jdoe")["state"] == "done"
    one, = sink.requests()
    assert (one["method"], one["path"]) == ("POST", "/hook")
    assert one["body"] == {"text": '*jdoe* said "hi"'}
    assert one["headers"]["content-type"] == "application/json"
    assert one["headers"]["idempotency-key"] == \
        room.alert()["id"] + "/default/it"
    assert "authorization" not in one["headers"]


def test_without_a_text_the_alert_is_told_in_a_line(herald, sink):
    acting(herald, sink).act(user="jdoe", urgency="high",
                             signature="Malware found")
    assert sink.requests()[0]["body"] == {
        "text": "[High] Malware found: jdoe"}


def test_the_body_may_have_any_shape(herald, sink):
    room = acting(herald, sink,
                  json='{"content": "${finding_info.title}", "n": [1]}')
    room.act(signature='a "quoted"\n\\ title ${7*7}')
    assert sink.requests()[0]["body"] == {
        "content": 'a "quoted"\n\\ title ${7*7}', "n": [1]}


def from_file(herald, sink, text):
    return Acting(herald, "room", "plugin: http_out, url: '@URL@/hook'", "post",
                  {"text": {"file": "@DIR@/text"}}, files={"text": text},
                  URL=sink.url)


def test_a_text_may_stand_in_a_file(herald, sink):
    room = from_file(herald, sink, 'User: ${user.name}\n  "$$5"\n')
    assert room.act(user="jdoe")["state"] == "done"
    assert sink.requests()[0]["body"] == {"text": 'User: jdoe\n  "$5"\n'}


@pytest.mark.parametrize("text, place, words", [
    ("one\n  two ${user.naem} three", "/text:2:14: ", "did you mean 'name'"),
    ("one\n${", "/text:2:1: ", "'${' without '}'"),
])
def test_faults_in_that_file_are_placed_there(herald, sink, text, place, words):
    with pytest.raises(ChildProcessError) as told:
        from_file(herald, sink, text)
    assert place in str(told.value) and words in str(told.value)


def test_a_file_that_is_not_there_is_told(herald, sink):
    with pytest.raises(ChildProcessError) as told:
        Acting(herald, "room", "plugin: http_out, url: '@URL@/hook'", "post",
               {"text": {"file": "@DIR@/none"}}, URL=sink.url)
    assert "/none: " in str(told.value) and "-> make the file" in str(told.value)


def test_a_template_that_makes_no_json_fails(herald, sink):
    action = acting(herald, sink, json='{"content": ${user.name}}').act(
        user="jdoe")
    assert action["state"] == "failed"
    assert "no sound JSON" in action["message"]
    assert not sink.requests()


def test_the_alert_is_sent_as_it_is(herald, sink):
    room = acting(herald, sink, action="send_alert")
    assert room.act(user="jdoe", src="198.51.100.23")["state"] == "done"
    body = sink.requests()[0]["body"]
    assert body["class_uid"] == 2004
    assert body["metadata"]["uid"] == room.alert()["id"]
    assert body["evidences"][0]["src_endpoint"]["ip"] == "198.51.100.23"


@pytest.mark.parametrize("more, header", [
    ("", "authorization"), (", auth_header: X-Token", "x-token"),
    (", auth_user: herald", "authorization")])
def test_the_secret_goes_into_a_header(herald, sink, more, header):
    acting(herald, sink, ", secret: {file: @DIR@/secrets/key}" + more).act()
    assert header in sink.requests()[0]["headers"]


def test_further_headers(herald, sink):
    acting(herald, sink, ", headers: {X-Team: soc}, method: PUT").act()
    one, = sink.requests()
    assert one["method"] == "PUT"
    assert one["headers"]["x-team"] == "soc"


def test_it_signs_as_standard_webhooks_say(herald, sink):
    acting(herald, sink, ", sign: true, secret: {file: @DIR@/secrets/key}",
           text="h\u00e9llo").act()
    one, = sink.requests()
    headers = one["headers"]
    body = json.dumps({"text": "h\u00e9llo"}, ensure_ascii=False,
                      separators=(",", ":"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    mac = hmac.new(base64.b64decode(KEY.removeprefix("whsec_")),
                   signed.encode(), hashlib.sha256).digest()
    assert headers["webhook-signature"] == \
        "v1," + base64.b64encode(mac).decode()
    assert "." not in headers["webhook-id"]
    assert "authorization" not in headers


def test_an_answer_may_name_a_ticket(herald, sink):
    sink.settings(body={"id": 4711, "link": "https://tickets.example/4711"})
    desk = acting(herald, sink, ", ticket_uid: 'string(answer.id)', "
                  "ticket_url: answer.link", action="send_alert")
    assert desk.act()["state"] == "done"
    shown = desk.herald.ctl("show", desk.alert()["id"])
    assert "4711" in json.dumps(shown["actions"])
    assert "https://tickets.example/4711" in json.dumps(shown["actions"])


def test_retry_after_is_kept(herald, sink):
    sink.fault("429:1", times=1)
    assert acting(herald, sink).act()["state"] == "done"
    assert len(sink.requests()) == 2
    assert len({one["headers"]["idempotency-key"]
                for one in sink.requests()}) == 1


def test_what_is_unclear_is_repeated_where_the_receiver_folds(herald, sink):
    sink.fault("reset_after", times=1)
    assert acting(herald, sink, ", repeats: true").act()["state"] == "done"
    assert len(sink.effects()) == 2
    assert len({one["id"] for one in sink.effects()}) == 1


def test_a_dry_run_posts_nothing(herald, sink):
    room = acting(herald, sink, ", mode: dry_run")
    assert room.act()["state"] == "skipped"
    wait_until(lambda: room.alert()["state"] == "done", 10)
    assert not sink.requests()
