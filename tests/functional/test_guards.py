"""What stands between a decision and an effect: asked of the real daemon, on
targets that a plugin's plan names, and judged by what the plugin did."""
import json
import os

import pytest

from herald import HEAD, send_webhook
from services import fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  locks:
    plugin: targets
    log: @DIR@/log
    user: svc-herald
    url: 'https://edr.example.com:8443/api'
    servers: ['dc7.corp.example:636', '[2001:db8::5]:636', '192.0.2.9:636']
    proxy: 'http://proxy.example.com:3128'
safety:
  protect:
    - name: administrators
      if: 'target.user.groups.exists(g, g.name == "Domain Admins")'
      because: administrators are locked by people
    - name: critical
      if: 'target.device.risk_level_id == RISK.CRITICAL'
      because: business-critical host
  actions:
    locks.lock: {at_most: 3/1h, per_target: 1/1d, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond:
          - name: lock
            if: 'unmapped.splunk.what == "lock"'
            do: locks.lock
            with: {target: '${unmapped.splunk.target}', way: '${unmapped.splunk.way}'}
          - name: note
            if: 'unmapped.splunk.what == "note"'
            do: locks.note
"""
PAYLOAD = fixture("splunk/webhook_failed_then_success.json")


def person(name, groups=("Users",), uid=None):
    return {"type": "user", "uid": uid or name,
            "user": {"name": name, "groups": [{"name": g} for g in groups]}}


def host(name, risk=1):
    return {"type": "device", "uid": name,
            "device": {"hostname": name, "risk_level_id": risk}}


def send(daemon, what="lock", target=None, way="ok", **row):
    """The id of a new alert that asks for this."""
    result = dict(PAYLOAD["result"], event_id=os.urandom(8).hex(), what=what,
                  target=json.dumps(target), way=way, **row)
    return send_webhook(daemon, dict(PAYLOAD, result=result))


def ended(daemon, alert):
    """(state, message) of the alert's one action, once it has ended."""
    alert = daemon.wait_state(alert, "done", "dead")
    assert len(alert["actions"]) == 1, alert
    action = alert["actions"][0]
    return action["state"], action.get("message", "")


def ask(daemon, **more):
    return ended(daemon, send(daemon, **more))


def acted(daemon):
    """What the plugin was made to do, line by line."""
    try:
        with open(daemon.path("log"), encoding="utf-8") as log:
            return log.read().splitlines()
    except FileNotFoundError:
        return []


@pytest.fixture
def daemon(herald):
    return herald(CONFIG)


@pytest.mark.parametrize("target, word", [
    (person("admin1", ["Domain Admins"]),
     "protected: administrators: administrators are locked by people"),
    # No groups read: nobody knows that this is no administrator.
    ({"type": "user", "uid": "x", "user": {"name": "x"}},
     "protected: administrators: administrators are locked by people (absent"),
    (host("erp01", risk=4), "protected: critical: business-critical host"),
    ({"type": "device", "uid": "x", "device": {"hostname": "x"}},
     "protected: critical: business-critical host (absent"),
    (person("whoever", uid="S-1-5-21-1-2-3-500"), "RID 500"),
    (person("CORP\\krbtgt"), "krbtgt"),
    (person("svc-herald"), "herald's own"),
    (host("edr.example.com"), "connectors talk to"),
    (host("edr"), "connectors talk to"),
    (host("dc7"), "connectors talk to"),
    (host("proxy.example.com"), "connectors talk to"),
    ({"type": "device", "uid": "x",
      "device": {"hostname": "x", "ip": "2001:DB8:0::5"}}, "connectors talk to"),
    ({"type": "device", "uid": "x",
      "device": {"hostname": "x", "ip": "192.0.2.9"}}, "connectors talk to"),
    (host("dc01") | {"device": {"hostname": "dc01", "risk_level_id": 1, "groups": [
        {"name": "Domain Controllers", "uid": "S-1-5-21-1-2-3-516"}]}},
     "domain controller"),
    ({"type": "user"}, "uid"),
])
def test_refused(daemon, target, word):
    state, message = ask(daemon, target=target)
    assert state == "refused"
    assert word in message
    assert acted(daemon) == []


def test_alerts_of_herald_itself_contain_nothing(daemon):
    state, message = ask(daemon, target=person("ann"), user="CORP\\svc-herald")
    assert state == "refused"
    assert message.startswith("caused by herald itself")
    assert acted(daemon) == []


def test_budgets_hold_and_outlive_kill_and_reload(daemon):
    assert ask(daemon, target=person("ann"))[0] == "done"
    state, message = ask(daemon, target=person("ann"))
    assert state == "refused"
    assert message.startswith(
        "budget reached: 1/1d of locks.lock for this target; next at ")
    assert ask(daemon, target=host("pc1"))[0] == "done"
    daemon.kill()
    daemon.restart()
    assert ask(daemon, target=person("ann"))[0] == "refused"
    daemon.ctl("reload")
    assert ask(daemon, target=host("pc2"))[0] == "done"
    state, message = ask(daemon, target=host("pc3"))
    assert state == "refused"
    assert message.startswith("budget reached: 3/1h of locks.lock; next at ")
    assert "alarm: budget reached: 3/1h" in daemon.log()
    told = daemon.run_ctl("status").stdout
    assert "locks.lock" in told and "3 of 3/1h; next at " in told
    # A refusal takes nothing; a larger budget counts what was done before.
    daemon.rewrite(CONFIG.replace("at_most: 3/1h", "at_most: 4/1h"))
    daemon.ctl("reload")
    assert ask(daemon, target=host("pc3"))[0] == "done"
    assert ask(daemon, target=host("pc4"))[0] == "refused"
    assert len(acted(daemon)) == 4


def test_protection_is_the_current_one(daemon):
    assert ask(daemon, target=host("pc1"))[0] == "done"
    daemon.rewrite(CONFIG.replace("    - name: critical", """\
    - {name: all, if: 'target.device.hostname.startsWith("pc")', because: no}
    - name: critical"""))
    daemon.ctl("reload")
    state, message = ask(daemon, target=host("pc2"))
    assert (state, message) == ("refused", "protected: all: no")


def test_halt_holds_what_is_planned_and_nothing_else(daemon):
    alert = send(daemon, target=person("ann"), way="busy")

    def waits():
        action = daemon.alert(alert)["actions"]
        return action and action[0].get("message") == "as asked"
    wait_until(waits)
    daemon.ctl("halt", "--because", "a test")
    state, message = ended(daemon, alert)
    assert state == "refused"
    assert message.startswith("halted: a test")
    assert ask(daemon, target=person("bob"))[0] == "refused"
    daemon.kill()
    daemon.restart()
    assert ask(daemon, target=person("bob"))[0] == "refused"
    assert ask(daemon, what="note")[0] == "done"
    daemon.ctl("unhalt", "--because", "it is over")
    assert ask(daemon, target=person("bob"))[0] == "done"
    assert [line.split(" ")[0] for line in acted(daemon)] == [
        "locks.note", "locks.lock"]


def test_a_rate_makes_rows_wait_for_their_turn(herald):
    daemon = herald(CONFIG.replace(
        "  actions:\n", "  actions:\n    locks.note: {at_most: 2/1s}\n"))
    alerts = [send(daemon, what="note") for _ in range(6)]
    for alert in alerts:
        assert ended(daemon, alert)[0] == "done"
    assert len(acted(daemon)) == 6
    assert "alarm: rate reached: 2/1s of locks.note" in daemon.log()


def test_a_storm_with_kills_stays_within_its_budget(daemon):
    """P20: what is killed at any moment has spent what it has done."""
    alerts = []
    for burst in range(4):
        for i in range(8):
            alerts.append(send(daemon, target=host(f"pc{burst}{i}")))
        daemon.kill()
        daemon.restart()
    states = [ended(daemon, alert)[0] for alert in alerts]
    # One intent may be carried out twice, since it is idempotent.
    assert len(set(acted(daemon))) == 3
    assert states.count("done") == 3
    assert states.count("refused") == len(states) - states.count("done")
