"""Herald's own troubles: told once, through the actions below `alarms:`, and
told again when they are over."""
import pytest

from acting import CONFIG, Acting
from waiting import wait_until

ALARMED = CONFIG.replace("connectors:\n", """\
alarms:
  - do: room.post
connectors:
  room: {plugin: http_out, url: '@URL@/room'}
  case: {plugin: http_out, url: '@URL@/case'}
""")


@pytest.fixture
def acting(herald, sink):
    """Acting, whose alarms go to sink's /room; `told` waits for them."""
    def start(entry):
        one = Acting(herald, [entry], config=ALARMED, URL=sink.url)

        def texts():
            return [r["body"]["text"] for r in sink.requests()
                    if r["path"] == "/room"]

        def told(word, count=1):
            wait_until(lambda: len([t for t in texts() if word in t]) >= count,
                       what=lambda: f"{word} in {texts()}")
            return [t for t in texts() if word in t]
        one.told, one.texts = told, texts
        return one
    return start


def test_in_doubt_until_it_is_settled(acting):
    one = acting("{name: a, do: acts.post}")
    one.tell("post.run", "no_effect in_doubt:1")
    alert = one.in_state("in_doubt", one.send())
    row = alert["actions"][0]["id"]
    text, = one.told("in doubt")
    assert f"heraldctl settle {row} done|not-done" in text
    assert "[High]" in text
    one.restart()
    one.told("in doubt", 2)             # it lasts: a start says so again
    one.herald.ctl("settle", row, "done", "--because", "a test")
    text, = one.told("over: ")
    assert "alert " + alert["id"][:8] in text and "heraldctl" not in text


def test_a_refused_reload_is_told_once_until_a_good_one(acting):
    one = acting("{name: a, do: acts.record}")
    good = one.herald.text
    one.herald.rewrite(good.replace("mode: live", "mode: alive"))
    for _ in range(2):
        assert one.herald.run_ctl("reload").returncode == 1
    text, = one.told("reload refused")
    assert text.startswith("[High] herald: reload: reload refused")
    assert "alive" in text and text.endswith("-> heraldctl check")
    one.herald.rewrite(good)
    assert one.herald.run_ctl("reload").returncode == 0
    one.told("over: reload refused")
    assert len(one.texts()) == 2


def test_a_stopped_connector_until_it_is_started(acting, sink):
    one = acting("{name: a, do: case.post, with: {text: x}}")
    sink.fault("401", path="/case")
    one.send()
    text, = one.told("connector case is stopped")
    assert text.endswith("heraldctl connector case start")
    sink.mend()
    one.herald.ctl("connector", "case", "start", "--because", "a test")
    one.told("over: connector case is stopped")
    assert one.ended()["state"] == "done"


def test_a_dead_alert_has_no_end_to_tell(acting):
    one = acting("{name: a, do: acts.record}")
    one.tell("record.run", "failed")
    alert = one.ended(one.send())
    assert alert["state"] == "dead"
    text, = one.told(alert["id"][:8])
    assert "heraldctl retry" in text
