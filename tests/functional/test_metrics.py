"""What Prometheus is told, and that the dashboard and the alert rules that come
with herald ask for nothing else."""
import http.client
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from acting import Acting
from herald import HEAD, WEBHOOK_TOKEN
from services import TESTS, call
from waiting import wait_until

GRAFANA = os.path.join(TESTS, "..", "contrib", "grafana")
OWN = re.compile(r"\b(?:herald|process)_[a-z0-9_]+")

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  acts: {plugin: acts, dir: '@DIR@/acts', timeout: 5s}
  misp:
    plugin: misp_enrich
    url: @MISP@
    secret: {file: @DIR@/secrets/misp}
    timeout: 10s
    retries: 0
    limit: 1000/1d
pipelines:
  - name: default
    steps:
      - dedup: {key: ['finding_info.uid'], window: 1h}
      - enrich: {by: [misp], within: 10s}
      - score: [{name: base, add: 10, because: always}]
      - respond: [{name: a, do: acts.record}]
"""


@pytest.fixture
def lived(herald, misp):
    """A daemon that has seen something of everything."""
    acting = Acting(herald, config=CONFIG, MISP=misp.url,
                    files={"secrets/misp": misp.key})
    misp.data([{"type": "ip-dst", "value": "203.0.113.45"}])
    acting.tell("record.run", "ok", "failed")
    acting.send("one", src="203.0.113.45")
    acting.ended("one")
    acting.send("two", src="203.0.113.45")
    acting.ended("two")
    acting.send("two", src="203.0.113.45")
    daemon = acting.herald
    assert daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                       '{"result": {"a": 1, "a": 2}}')[0] == 200
    with pytest.raises((http.client.HTTPException, OSError, AssertionError)):
        assert call(daemon.port("INGEST"), "POST", "/v1/splunk/webhook/x",
                    "{}", {"Transfer-Encoding": "gzip"})[0] == 200
    good = daemon.text
    daemon.rewrite(good + "nonsense: 1\n")
    daemon.reload()
    wait_until(lambda: daemon.metrics()[
        'herald_config_reloads_total{outcome="refused"}'] == 1, 20)
    daemon.rewrite(good)
    return acting


def scrape(daemon):
    status, headers, text = call(daemon.port("ADMIN"), "GET", "/metrics")
    assert status == 200
    assert headers["Content-Type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    return text.decode()


def names_of(text):
    """What may be asked for: families, and the parts of histograms."""
    names = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names.update(name + part for part in parts)
    return names


def expressions():
    """(where, PromQL) of the dashboard and the rules."""
    with open(os.path.join(GRAFANA, "herald-dashboard.json"),
              encoding="utf-8") as text:
        board = json.load(text)
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for one in board["templating"]["list"]:
        if one["type"] == "query":
            yield one["name"], one["query"]["query"]
    with open(os.path.join(GRAFANA, "herald.rules.yaml"),
              encoding="utf-8") as text:
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                yield rule["alert"], rule["expr"]


def test_dashboard_and_rules_ask_for_what_there_is(lived):
    there = names_of(scrape(lived.herald))
    missing = [(where, name) for where, text in expressions()
               for name in OWN.findall(text) if name not in there]
    assert not missing
    assert len(list(expressions())) > 50


def test_each_family_has_a_type_and_words(lived):
    text = scrape(lived.herald)
    helped = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
    typed = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.M))
    assert set(helped) == set(typed) and all(helped.values())
    assert {name for name, kind in typed.items()
            if kind == "counter"} == {name for name in typed
                                      if name.endswith("_total")}
    known = names_of(text)
    for line in text.splitlines():
        if not line.startswith("#"):
            assert re.match(r"[a-z0-9_]+", line)[0] in known, line


def test_the_numbers_are_those_of_what_happened(lived):
    told = lived.herald.metrics()
    assert told['herald_alerts_total{pipeline="default",state="done"}'] == 1
    assert told['herald_alerts_total{pipeline="default",state="dead"}'] == 1
    assert told['herald_journal_alerts{state="dead"}'] == 1
    assert told['herald_journal_alerts{state="quarantined"}'] == 1
    assert told['herald_quarantined_total{connector="in"}'] == 1
    assert told['herald_redelivered_total{connector="in"}'] == 1
    assert told["herald_received_total"] == 4
    assert told["herald_accepting"] == 1
    assert told['herald_actions_total{connector="acts",action="record",'
                'state="done"}'] == 1
    assert told['herald_lookups_total{connector="misp",outcome="hit"}'] == 1
    assert told['herald_lookups_total{connector="misp",outcome="cached"}'] == 1
    assert told['herald_lookup_seconds_count{connector="misp"}'] == 1
    assert told['herald_step_seconds_count{step="enrich"}'] == 2
    assert told['herald_step_seconds_count{step="respond"}'] == 2
    assert told['herald_alert_seconds_count{pipeline="default"}'] == 2
    assert told['herald_breaker_state{connector="misp",state="closed"}'] == 1
    assert told['herald_breaker_state{connector="misp",state="open"}'] == 0
    assert told['herald_quota_left{connector="misp"}'] < 1000
    assert told["herald_journal_commit_seconds_count"] == \
        told["herald_journal_batch_transactions_count"] == \
        told["herald_journal_commits_total"] > 4
    assert told["herald_loop_lag_seconds_count"] > 10
    assert told["process_resident_memory_bytes"] > 1 << 20
    assert told["process_open_fds"] > 5


def test_what_waits_has_an_age(herald):
    acting = Acting(herald, ["{name: a, do: acts.record}"])
    acting.tell("record.run", "retry:1")
    told = acting.herald.metrics()
    assert told['herald_oldest_alert_seconds{state="waiting"}'] == 0
    assert told['herald_oldest_alert_seconds{state="received"}'] == 0
    acting.herald.ctl("connector", "acts", "stop", "--because", "x")
    acting.send("one")
    first = wait_until(lambda: acting.herald.metrics()[
        'herald_oldest_alert_seconds{state="waiting"}'], 20)
    assert 0 < first < 60
    acting.herald.restart()
    acting.herald.ctl("connector", "acts", "start", "--because", "x")
    acting.ended("one")
    assert acting.herald.metrics()[
        'herald_oldest_alert_seconds{state="waiting"}'] == 0


def test_a_removed_connector_is_not_spoken_of(lived):
    daemon = lived.herald
    assert 'herald_connector_up{connector="misp"}' in daemon.metrics()
    config = daemon.text.replace("      - enrich: {by: [misp], within: 10s}\n",
                                 "")
    start = config.index("  misp:\n")
    daemon.rewrite(config[:start] + config[config.index("pipelines:"):])
    daemon.ctl("reload")
    told = wait_until(lambda: (lambda told: told if not any(
        'connector="misp"' in one for one in told
        if one.startswith("herald_connector") or "breaker" in one) else None)(
            daemon.metrics()), 20)
    assert told['herald_connector_up{connector="acts"}'] == 1


def test_not_ready_says_why(lived):
    status, _, text = call(lived.herald.port("ADMIN"), "GET", "/readyz")
    assert (status, json.loads(text)["ready"]) == (200, True)
    status, _, text = call(lived.herald.port("ADMIN"), "GET", "/healthz")
    assert (status, json.loads(text)) == (200, {"alive": True})


@pytest.mark.skipif(not shutil.which("promtool"),
                    reason="promtool is not installed (Debian: prometheus)")
def test_promtool_has_nothing_to_say(lived):
    text = scrape(lived.herald)
    ended = subprocess.run(["promtool", "check", "metrics"], input=text,
                           capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    ended = subprocess.run(
        ["promtool", "check", "rules",
         os.path.join(GRAFANA, "herald.rules.yaml")],
        capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
