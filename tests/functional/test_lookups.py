"""What lies between the pipelines and an enricher, with real connectors."""
import os

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from lookups import Asking, ENDED
from waiting import wait_until

MISP = ("plugin: misp_enrich, url: '@URL@', "
        "secret: {file: @DIR@/secrets/misp}")
VT = ("plugin: vt_enrich, url: '@URL@/api/v3', "
      "secret: {file: @DIR@/secrets/vt}")
PUBLIC = "8.8.4.4"


@pytest.fixture
def ask_misp(herald, misp):
    def start(more=""):
        return Asking(herald, "misp", MISP + more, URL=misp.url,
                      files={"secrets/misp": misp.key + "\n"})
    return start


@pytest.fixture
def ask_vt(herald, virustotal):
    def start(more=""):
        return Asking(herald, "vt", VT + more, URL=virustotal.url,
                      files={"secrets/vt": virustotal.key + "\n"})
    return start


# The cache.

def test_an_answer_outlives_a_restart(ask_misp, misp):
    asking = ask_misp()
    first = asking.ask({"src": PUBLIC})
    asked = misp.asked()
    assert PUBLIC in asked and first.outcome == "clean"
    asking.herald.restart()
    assert asking.ask({"src": PUBLIC}).outcome == "clean"
    assert misp.asked() == asked


def test_a_damaged_cache_is_no_trouble(ask_misp, misp):
    asking = ask_misp()
    asking.ask({"src": PUBLIC})
    asking.herald.stop()
    path = asking.herald.path("state/cache.db")
    assert os.stat(path).st_mode & 0o077 == 0
    with open(path, "r+b") as cache:
        cache.write(b"no database" * 1000)
    asking.herald.restart()
    assert asking.ask({"src": PUBLIC}).outcome == "clean"
    assert misp.asked().count(PUBLIC) == 2
    assert "cache.db: damaged" in asking.herald.log()


def test_a_lost_cache_is_no_trouble(ask_misp, misp):
    asking = ask_misp()
    asking.ask({"src": PUBLIC})
    asking.herald.stop()
    os.remove(asking.herald.path("state/cache.db"))
    asking.herald.restart()
    assert asking.ask({"src": PUBLIC}).outcome == "clean"
    assert misp.asked().count(PUBLIC) == 2


def test_missing_is_not_remembered(ask_misp, misp):
    asking = ask_misp(", retries: 0")
    misp.fault("500", path="/attributes/restSearch", times=1)
    alert = asking.ask({"src": PUBLIC})
    assert alert.outcome == "missing"
    assert asking.ask({"src": PUBLIC}).outcome == "clean"


# Limits.

def test_a_limit_outlives_kill_9(ask_vt, virustotal):
    asking = ask_vt(", share: all, limit: 8/1d")
    for i in range(1, 5):
        assert asking.ask({"src": f"192.0.2.{i}"}).outcome == "clean"
    asking.herald.kill()
    asking.herald.restart()
    for i in range(11, 21):
        last = asking.ask({"src": f"192.0.2.{i}"})
    assert last.outcome == "missing"
    assert 6 <= len(virustotal.requests()) <= 8


def test_a_spent_limit_says_when_it_is_free_again(ask_vt, virustotal):
    asking = ask_vt(", share: all, limit: [100/1h, 2/1d]")
    outcomes = [asking.ask({"src": f"192.0.2.{i}"}).outcome
                for i in range(1, 5)]
    assert outcomes == ["clean", "clean", "missing", "missing"]
    assert len(virustotal.requests()) == 2
    log = asking.herald.log()
    assert log.count("quota of 2/1d spent, free again at ") == 1
    assert "T00:00:0" in log.split("free again at ")[1][:30]
    metrics = asking.herald.metrics()
    assert metrics['herald_quota_left{connector="vt"}'] == 0
    assert metrics['herald_lookup_seconds_count{connector="vt"}'] == 2


# What may leave.

@pytest.mark.parametrize("more, row, leaves", [
    ("", {"src": PUBLIC}, True),
    ("", {"src": "10.1.2.3"}, False),
    ("", {"src": "203.0.113.7"}, False),
    (", share: all", {"src": "10.1.2.3"}, True),
    (", share: none", {"src": PUBLIC}, False),
])
def test_what_leaves(ask_vt, virustotal, more, row, leaves):
    assert ask_vt(more).ask(row).outcome == "clean"
    assert (len(virustotal.requests()) == 1) == leaves


OWN = HEAD.replace("herald:\n", "herald:\n  own: [ours]\n") + """\
lists:
  ours: {of: domain, values: [example.com]}
connectors:
  in:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
    map: [{set: metadata.labels, to: 'row.label'}]
  vt: {plugin: vt_enrich, url: '@URL@/api/v3', secret: {file: @DIR@/secrets/vt},
       types: [domain, ip, url]}
pipelines:
  - name: default
    steps: [{enrich: {by: [vt], within: 20s}}]
"""


def send(herald, uid, row):
    status, told = herald.post(
        f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
        {"sid": uid, "search_name": "a test",
         "result": {"event_id": uid, **row}})
    assert status == 200, told
    wait_until(lambda: any(one["uid"] == uid and one["state"] in ENDED
                           for one in herald.export()), 30, f"{uid} ended")


def test_our_own_and_red_values_stay(herald, virustotal):
    daemon = herald(OWN, URL=virustotal.url,
                    files={"secrets/vt": virustotal.key + "\n"})
    send(daemon, "own", {"url": "http://www.example.com/x",
                         "dest": "db.example.com"})
    send(daemon, "red", {"src": PUBLIC, "label": "TLP:RED"})
    assert virustotal.requests() == []
    send(daemon, "green", {"src": PUBLIC, "label": "tlp:green"})
    assert len(virustotal.requests()) == 1


# Kinds.

@pytest.mark.parametrize("of, wanted", [
    ("ip", ["ip_addresses"]), ("sha256, ip", ["files", "ip_addresses"]),
    ("hash", ["files"]), ("domain", [])])
def test_only_the_kinds_of_the_step_are_asked(herald, virustotal, of, wanted):
    asking = Asking(herald, "vt", VT, of, URL=virustotal.url,
                    files={"secrets/vt": virustotal.key + "\n"})
    asking.ask({"src": PUBLIC, "file_hash": "ab" * 32})
    assert sorted(one["path"].split("/")[3]
                  for one in virustotal.requests()) == wanted


# Trouble.

def test_a_dead_service_is_left_alone(ask_misp, misp):
    asking = ask_misp(", retries: 0")
    misp.fault("500")
    for i in range(1, 8):
        assert asking.ask({"src": f"8.8.4.{i}"}).outcome == "missing"
    assert len(misp.requests(path="/attributes/restSearch")) == 5
    assert asking.herald.metrics()[
        'herald_breaker_state{connector="misp",state="open"}'] == 1


JUDGES = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}, retries: 0}
  vt: {plugin: vt_enrich, url: '@VT@/api/v3', secret: {file: @DIR@/secrets/vt}, retries: 0}
pipelines:
  - name: default
    steps:
      - enrich: {by: [misp, vt], within: 20s}
      - score:
          - {name: bad, if: 'src.reputation.score_id in [9, 10]', add: 30, because: bad}
"""


@pytest.mark.parametrize("silent, wanted", [
    (None, (0, 0)), ("misp", (0, 30)), ("vt", (0, 30))])
def test_that_one_knows_nothing_is_no_answer_of_another(
        herald, misp, virustotal, silent, wanted):
    daemon = herald(JUDGES, MISP=misp.url, VT=virustotal.url, files={
        "secrets/misp": misp.key + "\n", "secrets/vt": virustotal.key + "\n"})
    for name, double in (("misp", misp), ("vt", virustotal)):
        if name == silent:
            double.fault("500")
    send(daemon, "one", {"src": PUBLIC})
    score = daemon.ctl("explain", "@last")["score"]
    assert (score["low"], score["high"]) == wanted


def test_equal_values_of_many_alerts_are_asked_once(ask_misp, misp):
    asking = ask_misp()
    misp.fault("latency:1000", times=1)
    for i in range(10):
        status, _ = asking.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
            {"sid": f"s{i}", "search_name": "a test",
             "result": {"event_id": f"s{i}", "src": PUBLIC}})
        assert status == 200
    wait_until(lambda: sum(one["state"] in ENDED
                           for one in asking.herald.export()) == 10, 30,
               "ten alerts")
    assert misp.asked().count(PUBLIC) == 1
