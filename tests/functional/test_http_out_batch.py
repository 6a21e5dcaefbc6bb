"""http_out: many alerts in one request.

The first alert finds nothing under way and goes alone; while the receiver
takes its time for it, the others gather.
"""
import base64
import hashlib
import hmac
import itertools
import json

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEVER = "linger: 1s"    # within the tests: what is full goes at once

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  desk: {plugin: http_out, url: '@URL@/bulk', @LINES@}
safety:
  actions:
    desk.send_alert: {at_most: 100000/1m}
pipelines:
  - name: default
    steps:
      - respond:
          - {name: it, do: desk.send_alert}
"""


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def alerts_in(request):
    """The titles of the alerts in a request."""
    body = request["body"]
    if isinstance(body, str):
        body = lines_of(body)
    if isinstance(body, dict):      # a single line is JSON as well
        body = [body]
    return [one["finding_info"]["title"] for one in body]


class Desk:
    def __init__(self, herald, sink, lines):
        self.sink = sink
        self.numbers = itertools.count()
        self.herald = herald(CONFIG.replace("@LINES@", lines), URL=sink.url,
                             files={"secrets/key": KEY})

    def send(self, title):
        status, told = self.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
            {"sid": title, "search_name": "Detection",
             "result": {"event_id": title, "signature": title}})
        assert status == 200, told
        return title

    def send_all(self, *titles):
        """The first alone, the others once the receiver has it."""
        self.send(titles[0])
        wait_until(lambda: self.sink.requests(), 10)
        for title in titles[1:]:
            self.send(title)

    def actions(self):
        """{title: its action}, of the alerts that have ended."""
        return {one["uid"]: one["actions"][0]
                for one in self.herald.export()
                if one["state"] in ("done", "dead")}

    def wait(self, *titles):
        wait_until(lambda: set(self.actions()) >= set(titles), 30,
                   lambda: f"{self.actions()}\n" + self.herald.log())
        return self.actions()


def desk(herald, sink, lines=""):
    sink.fault("latency:1500", times=1)
    return Desk(herald, sink, f"batch: 4, {NEVER}{lines}")


def test_alerts_gather_while_one_is_under_way(herald, sink):
    out = desk(herald, sink)
    out.send_all("a", "b", "c", "d", "e")
    ended = out.wait(*"abcde")
    assert {one["state"] for one in ended.values()} == {"done"}
    first, second = sink.requests()
    assert alerts_in(first) == ["a"]
    assert isinstance(first["body"], list)      # an array, always
    assert alerts_in(second) == ["b", "c", "d", "e"]
    assert second["headers"]["content-type"] == "application/json"
    assert second["body"][0]["class_uid"] == 2004


def test_one_that_is_alone_waits_for_nobody(herald, sink):
    """Not for `linger`, a second here."""
    out = Desk(herald, sink, f"batch: 4, {NEVER}")
    for title in "abc":
        out.send(title)
        out.wait(title)
    assert [alerts_in(one) for one in sink.requests()] == [["a"], ["b"], ["c"]]


def test_who_has_gathered_goes_when_the_answer_comes(herald, sink):
    out = desk(herald, sink)
    out.send_all("a", "b", "c")
    out.wait(*"abc")
    assert alerts_in(sink.requests()[1]) == ["b", "c"]


def test_nobody_waits_longer_than_linger(herald, sink):
    """The first is never answered within the test."""
    sink.fault("late:20", times=1)
    out = Desk(herald, sink, "batch: 4, linger: 20ms, timeout: 25s")
    out.send_all("a", "b")
    out.wait("b")
    assert "a" not in out.actions()


def test_lines(herald, sink):
    out = desk(herald, sink, ", batch_form: lines")
    out.send_all("a", "b", 'c "\n', "d", "e")
    out.wait(*"abde")
    second = sink.requests()[1]
    assert second["headers"]["content-type"] == "application/x-ndjson"
    assert alerts_in(second) == ["b", 'c "\n', "d", "e"]
    assert second["body"].endswith("}\n")


def test_bytes_bound_a_batch(herald, sink):
    """Two alerts have more than a kilobyte."""
    out = desk(herald, sink, ", batch_bytes: 1KiB")
    out.send_all("a", "b", "c")
    out.wait(*"abc")
    assert [alerts_in(one) for one in sink.requests()] == [["a"], ["b"], ["c"]]


def test_its_key_tells_what_is_in_it(herald, sink):
    """The same alerts in the same order have the same key, others another."""
    out = desk(herald, sink)
    sink.fault("503", times=1)
    out.send_all("a", "b", "c", "d", "e")
    out.wait(*"abcde")
    keys = {}
    for one in sink.requests():
        keys.setdefault(one["headers"]["idempotency-key"], set()).add(
            json.dumps(one["body"]))
    assert all(len(bodies) == 1 for bodies in keys.values())
    assert len(keys) == len({body for bodies in keys.values()
                             for body in bodies})


def test_a_batch_is_signed_as_a_whole(herald, sink):
    out = desk(herald, sink, ", sign: true, secret: {file: @DIR@/secrets/key}")
    out.send_all("a", "b", "c")
    out.wait(*"abc")
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    for one in sink.requests():
        head = one["headers"]
        body = json.dumps(one["body"], ensure_ascii=False,
                          separators=(",", ":"))
        signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.{body}"
        mac = hmac.new(key, signed.encode(), hashlib.sha256).digest()
        assert head["webhook-signature"] == \
            "v1," + base64.b64encode(mac).decode()
    assert len({one["headers"]["webhook-id"] for one in sink.requests()}) == 2


@pytest.mark.parametrize("status", ["413", "400"])
def test_a_refused_batch_is_split(herald, sink, status):
    """None fails for another one's fault."""
    out = desk(herald, sink)
    sink.fault(status, body='"title":"poison"')     # whatever holds it
    out.send_all("a", "b", "poison", "d", "e")
    ended = out.wait("a", "b", "poison", "d", "e")
    assert {title: one["state"] for title, one in ended.items()} == {
        "a": "done", "b": "done", "poison": "failed", "d": "done", "e": "done"}
    assert status in ended["poison"]["message"]
    assert sorted(alerts_in(one) for one in sink.requests()) == [
        ["a"], ["b"], ["b", "poison"], ["b", "poison", "d", "e"], ["d", "e"],
        ["poison"]]
    assert len({one["headers"]["idempotency-key"]
                for one in sink.requests()}) == 6


@pytest.mark.parametrize("fault, state", [
    ("403", "failed"), ("404", "failed"), ("redirect", "failed")])
def test_what_blames_no_alert_is_not_split(herald, sink, fault, state):
    out = desk(herald, sink)
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.fault(fault)
    for title in "bcde":
        out.send(title)
    ended = out.wait(*"bcde")
    assert {ended[title]["state"] for title in "bcde"} == {state}
    assert len(sink.requests()) == 2


@pytest.mark.parametrize("fault", ["503", "500", "reset_before",
                                   "reset_after", "close"])
def test_passing_trouble_loses_none(herald, sink, fault):
    """All of them come again; the receiver knows them by their uid."""
    out = desk(herald, sink)
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.fault(fault, times=1)
    for title in "bcde":
        out.send(title)
    ended = out.wait(*"abcde")
    assert {one["state"] for one in ended.values()} == {"done"}
    told = {}
    for one in sink.requests()[1:]:
        for alert in one["body"]:
            told.setdefault(alert["finding_info"]["title"], set()).add(
                alert["metadata"]["uid"])
    assert set(told) == set("bcde")
    assert all(len(uids) == 1 for uids in told.values())


def test_each_alert_may_have_its_own_word(herald, sink):
    """As in an Elasticsearch bulk answer."""
    out = desk(herald, sink, ", each: 'answer.items.map(i, dyn(i.error) != null"
               " ? dyn(i.error) : dyn(i.status))', "
               "ticket_uid: 'string(answer.items[index].id)'")
    sink.settings(body={"items": [
        {"status": 201, "error": None, "id": 10}]})
    out.send("a")
    ended = out.wait("a")
    assert ended["a"]["state"] == "done"


def test_partial_failure(herald, sink):
    out = desk(herald, sink, ", each: answer.took, "
               "ticket_uid: 'string(answer.ids[index])'")
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.settings(body={"took": [True, 201, 409, "no such field"],
                        "ids": [11, 12, 13, 14]})
    for title in "bcde":
        out.send(title)
    ended = out.wait(*"bcde")
    assert [ended[title]["state"] for title in "bcde"] == [
        "done", "done", "failed", "failed"]
    assert ended["d"]["message"] == "the receiver did not take it: 409"
    assert ended["e"]["message"] == \
        "the receiver did not take it: no such field"
    shown = {title: out.herald.ctl("show", one["id"])["actions"]
             for title in "bc" for one in out.herald.export()
             if one["uid"] == title}
    assert "11" in json.dumps(shown["b"]) and "12" in json.dumps(shown["c"])
    assert len(sink.requests()) == 2    # 409 and words are for good


def test_a_part_may_come_again(herald, sink):
    out = desk(herald, sink, ", each: answer.took")
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.settings(body={"took": [True, 503]})
    for title in "bc":
        out.send(title)
    out.wait("b")
    sink.settings(body={"took": [200]})
    assert out.wait("c")["c"]["state"] == "done"
    assert [alerts_in(one) for one in sink.requests()[1:]] == [
        ["b", "c"], ["c"]]


@pytest.mark.parametrize("body, words", [
    ({"took": [True]}, "one word for each"),
    ({"took": {"b": 1}}, "one word for each"),
    ({"other": 1}, "lacks what `each`"),
    ("thanks", "no JSON")])
def test_an_answer_that_tells_not_of_each(herald, sink, body, words):
    """Nothing is called done that the receiver did not speak of."""
    out = desk(herald, sink, ", each: answer.took")
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.settings(body=body)
    for title in "bc":
        out.send(title)
    ended = out.wait("b", "c")
    assert [ended[title]["state"] for title in "bc"] == ["failed"] * 2
    assert words in ended["b"]["message"]


def test_an_answer_that_breaks_off_may_be_heard_the_next_time(herald, sink):
    """It was taken, and what became of each is not known: it is sent again."""
    out = desk(herald, sink, ", each: answer.took")
    out.send("a")
    wait_until(lambda: sink.requests(), 10)
    sink.settings(body={"took": [True]})
    sink.fault("cut", times=1)
    out.send("b")
    assert out.wait("b")["b"]["state"] == "done"
    assert [alerts_in(one) for one in sink.requests()[1:]] == [["b"]] * 2


def test_a_stop_loses_none_that_gathered(herald, sink):
    sink.fault("latency:1500", times=1)
    out = Desk(herald, sink, f"batch: 4, {NEVER}")
    out.send_all("a", "b", "c")
    assert out.herald.stop() == 0
    out.herald.start()
    ended = out.wait(*"abc")
    assert {one["state"] for one in ended.values()} == {"done"}


def test_a_crash_loses_none_that_gathered(herald, sink):
    sink.fault("late:20", times=1)
    out = Desk(herald, sink, f"batch: 4, {NEVER}, timeout: 25s")
    out.send_all("a", "b", "c")
    out.herald.kill()
    out.herald.start()
    ended = out.wait(*"abc")
    assert {one["state"] for one in ended.values()} == {"done"}


@pytest.mark.parametrize("lines, words", [
    ("batch: 17", "max_in_flight"), ("batch: 0", "batch"),
    ("each: answer", "set batch"), ("batch: 2, batch_form: xml", "batch_form"),
    ("batch: 2, linger: 2s", "linger")])
def test_what_cannot_work_is_refused(herald, sink, lines, words):
    with pytest.raises(ChildProcessError) as told:
        Desk(herald, sink, lines)
    assert words in str(told.value)
