"""`limit` of connectors that act: beyond it actions wait, also over restarts."""
import pytest

from doing import CONFIG, LATER, Acting
from waiting import wait_until


def acting(herald, sink, limit):
    return Acting(herald, "room",
                  f"plugin: http_out, url: '@URL@/hook', limit: {limit}",
                  "post", {"text": "${user.name}"}, URL=sink.url)


def actions(room):
    return [one for alert in room.herald.export() for one in alert["actions"]]


def all_done(room, n):
    return wait_until(
        lambda: [one["state"] for one in actions(room)] == ["done"] * n, 30,
        lambda: f"{actions(room)}\n{room.herald.log()}")


def test_a_burst_is_spread_by_the_limit(herald, sink):
    room = acting(herald, sink, "2/2s")
    for i in range(6):
        room.act(LATER, user=f"u{i}")
    all_done(room, 6)
    seen = sink.requests()
    assert sorted(one["body"]["text"] for one in seen) == [
        f"u{i}" for i in range(6)]
    times = sorted(one["time"] for one in seen)
    # No window of 2 s holds three; what the network adds is far below 0.2 s.
    assert all(third - first > 1.8
               for first, third in zip(times, times[2:])), times


def test_one_beyond_it_waits_over_kill_9(herald, sink):
    room = acting(herald, sink, "1/1h")
    assert room.act(user="first")["state"] == "done"
    waiting = room.act(LATER, user="second")
    assert waiting["state"] == "decided"
    assert waiting["message"].startswith(
        "limit of 1/1h of connector room is spent: waits until 20")
    told = room.herald.ctl("explain", room.alert()["id"])
    assert told["actions"][0]["message"] == waiting["message"]
    assert room.herald.ctl("status")["limits"] == [
        {"connector": "room", "quota_left": 0}]
    assert room.herald.metrics()['herald_quota_left{connector="room"}'] == 0
    room.herald.kill()
    room.herald.restart()
    third = room.act(LATER, user="third")
    assert third["state"] == "decided" and "is spent" in third["message"]
    assert sorted(one["state"] for one in actions(room)) == [
        "decided", "decided", "done"]
    assert [one["body"]["text"] for one in sink.requests()] == ["first"]


def test_each_try_takes_one(herald, sink):
    sink.fault("429:1", times=1)
    room = acting(herald, sink, "2/1h")
    action = room.act(user="first")
    assert (action["state"], action["tries"]) == ("done", 2)
    first, again = [one["time"] for one in sink.requests()]
    assert again - first >= 1
    assert room.act(LATER, user="second")["state"] == "decided"
    assert len(sink.requests()) == 2


def test_of_one_that_only_listens_it_is_refused(herald, sink):
    with pytest.raises(ChildProcessError) as told:
        Acting(herald, "room", "plugin: http_out, url: '@URL@'}\n"
               "  other: {plugin: http_in, listen: ingest, mount: /other, "
               "limit: 1/1h", "post", {"text": "x"}, URL=sink.url)
    assert "limit" in str(told.value)


def test_questions_and_actions_share_it(herald, misp, monkeypatch):
    monkeypatch.setattr("doing.CONFIG", CONFIG.replace(
        "      - respond:", "      - enrich: {by: [misp], within: 20s}\n"
        "      - respond:"))
    room = Acting(herald, "misp", "plugin: misp_enrich, url: '@URL@', "
                  "limit: 1/1h, secret: {file: @DIR@/secrets/misp}",
                  "add_sighting", {"value": "203.0.113.45"},
                  files={"secrets/misp": misp.key}, URL=misp.url)
    action = room.act(LATER, src="203.0.113.45")
    assert action["state"] == "decided"
    assert "limit of 1/1h of connector misp is spent" in action["message"]
    assert [one["path"] for one in misp.requests()
            if one["path"].startswith("/sightings")] == []
    assert room.herald.metrics()['herald_quota_left{connector="misp"}'] == 0
