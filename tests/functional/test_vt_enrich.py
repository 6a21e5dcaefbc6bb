"""vt_enrich against the fake VirusTotal."""
import pytest

from lookups import Asking
from services import fixture

KEY = "example-virustotal-key"
IP = "203.0.113.45"             # fixtures/virustotal/ip_malicious.json


def asking(herald, service, more="", key=KEY):
    # Documentation addresses are never asked but by `share: all`.
    return Asking(herald, "vt",
                  "plugin: vt_enrich, url: '@URL@/api/v3', share: all, "
                  "secret: {file: @DIR@/secrets/vt}, limit: 1000/1m, "
                  "retries: 0" + more,
                  files={"secrets/vt": key}, URL=service.url)


@pytest.fixture
def vt(herald, virustotal):
    return asking(herald, virustotal)


@pytest.mark.parametrize("row, engines, score_id", [
    ({"src": IP}, 5, 8),
    ({"file_hash": "44d88612fea8a8f36de82e1278abb02f"}, 62, 10),
    ({"query": "evil.example.net"}, 8, 8),
    ({"src": "198.51.100.10"}, 0, 3),
    ({"src": "192.0.2.200"}, 0, 0),
])
def test_what_is_known_is_told(vt, row, engines, score_id):
    alert = vt.ask(row)
    told = alert.answer
    assert told["type"] == "reputation"
    assert told["reputation"]["base_score"] == engines
    assert told["reputation"]["score_id"] == score_id
    assert "last_analysis_results" not in told["data"]
    assert told["src_url"].startswith("https://www.virustotal.com/gui/")


def test_what_is_not_known_is_clean(vt, virustotal):
    assert vt.ask({"src": "192.0.2.77"}).outcome == "clean"
    # ... and asked once.
    assert vt.ask({"src": "192.0.2.77"}).outcome == "clean"
    assert len(virustotal.requests()) == 1


def test_a_hit_is_asked_once(vt, virustotal):
    assert vt.ask({"src": IP}).outcome == "hit"
    assert vt.ask({"src": IP}).outcome == "hit"
    assert len(virustotal.requests()) == 1


def test_the_key_goes_in_its_header(vt, virustotal):
    vt.ask({"src": IP})
    headers = virustotal.requests()[0]["headers"]
    assert headers["x-apikey"] == "<masked>"
    assert headers["accept"] == "application/json"
    assert "authorization" not in headers


def test_urls_are_not_asked_by_default(vt, virustotal):
    url = "http://evil.example.net/gate.php?id=1"
    alert = vt.ask({"url": url})
    assert not [one for one in alert.answers if one["value"] == url]
    assert not virustotal.requests(path="*/urls/*")


def test_urls_are_asked_where_types_say_so(herald, virustotal):
    vt = asking(herald, virustotal, ", types: [url]")
    assert vt.ask({"url": "http://evil.example.net/gate.php?id=1"}).answer[
        "reputation"]["base_score"] == 9
    assert [one["path"] for one in virustotal.requests()] == [
        "/api/v3/urls/aHR0cDovL2V2aWwuZXhhbXBsZS5uZXQvZ2F0ZS5waHA_aWQ9MQ"]


def test_private_addresses_never_leave(herald, virustotal):
    vt = Asking(herald, "vt",
                "plugin: vt_enrich, url: '@URL@/api/v3', "
                "secret: {file: @DIR@/secrets/vt}",
                files={"secrets/vt": KEY}, URL=virustotal.url)
    for address in ("10.1.2.3", "169.254.169.254", "127.0.0.1", "fd00::1",
                    "::ffff:127.0.0.1", "192.0.2.1"):
        assert vt.ask({"src": address}).outcome == "clean"
    assert virustotal.requests() == []


@pytest.mark.parametrize("row", [
    {"query": "a/../../api/v3/files"}, {"query": "a?x-apikey=1#"},
    {"file_hash": "../users"}, {"src": "999.1.1.1"}, {"src": "0x7f.1"}])
def test_values_do_not_bend_the_path(vt, virustotal, row):
    vt.ask(row)
    for one in virustotal.requests():
        assert one["path"].startswith(("/api/v3/domains/",
                                       "/api/v3/ip_addresses/"))
        assert one["query"] == {}
        assert "/../" not in one["path"]


def test_retry_after_is_kept(vt, virustotal):
    virustotal.fault("429:7", times=1)
    assert vt.ask({"src": IP}).outcome == "missing"
    assert "quota spent: nothing is asked for 7 s" in vt.herald.log()


def test_a_foreign_404_is_not_clean(herald, virustotal):
    vt = Asking(herald, "vt",
                "plugin: vt_enrich, url: '@URL@/wrong', share: all, "
                "retries: 0, secret: {file: @DIR@/secrets/vt}",
                files={"secrets/vt": KEY}, URL=virustotal.url)
    assert vt.ask({"src": IP}).outcome == "missing"


def test_a_wrong_key_stops_the_connector(herald, virustotal):
    vt = asking(herald, virustotal, key="wrong-key")
    assert vt.ask({"src": IP}).outcome == "missing"
    assert vt.ask({"src": "198.51.100.10"}).outcome == "missing"
    assert len(virustotal.requests()) == 1


def test_a_slow_answer_is_missing_and_then_known(herald, virustotal):
    vt = asking(herald, virustotal, ", timeout: 300ms")
    virustotal.fault("latency:1500", times=1)
    assert vt.ask({"src": IP}).outcome == "missing"
    assert vt.ask({"src": IP}).outcome == "hit"


def test_a_spent_quota_holds_the_connector(vt, virustotal):
    virustotal.settings(minute=1)
    assert vt.ask({"src": IP}).outcome == "hit"
    assert vt.ask({"src": "198.51.100.10"}).outcome == "missing"
    assert vt.ask({"src": "192.0.2.77"}).outcome == "missing"
    assert len(virustotal.requests()) == 2
    assert "quota spent: nothing is asked for 60 s" in vt.herald.log()


def test_too_many_requests_does_not_hold_it(vt, virustotal):
    virustotal.settings(too_many=True)
    assert vt.ask({"src": IP}).outcome == "missing"
    virustotal.settings(too_many=False)
    assert vt.ask({"src": IP}).outcome == "missing"     # not before 5 s
    assert vt.ask({"src": "198.51.100.10"}).outcome == "hit"
    assert len(virustotal.requests()) == 2


def test_the_declared_limit_is_that_of_a_public_key(herald, virustotal):
    vt = Asking(herald, "vt",
                "plugin: vt_enrich, url: '@URL@/api/v3', share: all, "
                "secret: {file: @DIR@/secrets/vt}",
                files={"secrets/vt": KEY}, URL=virustotal.url)
    outcomes = [vt.ask({"src": f"192.0.2.{i}"}).outcome
                for i in range(1, 7)]
    assert outcomes.count("clean") == 4
    assert len(virustotal.requests()) == 4


# What never leaves: enrichers.md, section 2.  Both ends of each range.
NEVER = """
0.0.0.1 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255
127.0.0.1 127.255.255.254 169.254.0.1 169.254.255.255 172.16.0.0
172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.0 192.0.2.255 192.168.0.0
192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255
203.0.113.0 203.0.113.255 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255
:: ::1 ::ffff:10.0.0.1 64:ff9b::1 100::1 2001:db8::1
2001:db8:ffff:ffff:ffff:ffff:ffff:ffff fc00::1 fdff::1 fe80::1 febf::1 ff02::1
""".split()
NAMES = ["server1", "a.local", "a.internal", "a.corp", "a.lan", "a.home.arpa",
         "a.test", "a.invalid", "a.localhost", "a.onion"]
MAY = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
       "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
       "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:4860::8888",
       "2001:db7::1", "2001:db9::1", "fbff::1"]


def bare(herald, service, limit="1000/1m", more=""):
    return Asking(herald, "vt", "plugin: vt_enrich, url: '@URL@/api/v3', "
                  f"secret: {{file: @DIR@/secrets/vt}}, limit: {limit}, "
                  "retries: 0" + more, files={"secrets/vt": KEY},
                  URL=service.url)


def test_what_is_not_of_the_world_never_leaves(herald, virustotal):
    vt = bare(herald, virustotal)
    for start in range(0, len(NEVER), 20):
        vt.ask({"src": NEVER[start:start + 20]})
    for name in NAMES:
        vt.ask({"query": name})
    assert virustotal.requests() == []


def test_what_is_of_the_world_is_asked(herald, virustotal):
    vt = bare(herald, virustotal)
    vt.ask({"src": MAY})
    assert sorted(one["path"].rsplit("/", 1)[1]
                  for one in virustotal.requests()) == sorted(MAY)


def test_an_address_in_another_is_judged(herald, virustotal):
    vt = bare(herald, virustotal)
    for value in ("::ffff:192.168.1.1", "::ffff:203.0.113.7"):
        vt.ask({"src": value})
    assert virustotal.requests() == []


# Quota: several windows, over restarts.

def test_two_windows_are_kept_over_restarts(herald, virustotal):
    vt = bare(herald, virustotal, "[3/1m, 5/1d]", ", share: all")
    outcomes = [vt.ask({"src": f"192.0.2.{i}"}).outcome for i in range(1, 5)]
    assert outcomes == ["clean"] * 3 + ["missing"]
    for stop in (vt.herald.kill, vt.herald.stop):
        stop()
        vt.herald.restart()
        assert vt.ask({"src": "192.0.2.99"}).outcome == "missing"
    assert len(virustotal.requests()) == 3


@pytest.mark.parametrize("command", ["kill", "stop"])
def test_a_spent_day_is_spent_after_a_restart(herald, virustotal, command):
    """VirusTotal says that it is spent: it is not asked again before the wait
    is over, also by the herald that comes next."""
    virustotal.settings(minute=1)
    vt = bare(herald, virustotal, more=", share: all")
    assert vt.ask({"src": IP}).outcome == "hit"
    assert vt.ask({"src": "192.0.2.1"}).outcome == "missing"
    getattr(vt.herald, command)()
    vt.herald.restart()
    assert vt.ask({"src": "192.0.2.2"}).outcome == "missing"
    assert len(virustotal.requests()) == 2
    assert "the quota was spent before the restart" in vt.herald.log()


def test_a_probe_that_is_let_in_ends_the_wait(herald, virustotal):
    virustotal.settings(minute=1)
    vt = bare(herald, virustotal, more=", share: all")
    vt.ask({"src": IP})
    vt.ask({"src": "192.0.2.1"})
    virustotal.reset()
    vt.herald.restart()
    assert vt.herald.run_ctl("test-connector", "vt").returncode == 0
    assert vt.ask({"src": "192.0.2.2"}).outcome == "clean"


def test_the_licence_is_told_where_the_key_is_public(herald, virustotal):
    words = "does not allow for business workflows"
    vt = Asking(herald, "vt", "plugin: vt_enrich, url: '@URL@/api/v3', "
                "secret: {file: @DIR@/secrets/vt}", files={"secrets/vt": KEY},
                URL=virustotal.url)
    assert words in vt.herald.log()
    assert words not in bare(herald, virustotal).herald.log()


# Each recorded refusal.

@pytest.mark.parametrize("name, outcome", [
    ("error_400_ip", "missing"), ("error_401_no_key", "missing"),
    ("error_401_wrong_key", "missing"), ("error_403_premium", "missing"),
    ("error_404_domain", "clean"), ("error_404_file", "clean"),
    ("error_404_url", "clean"), ("error_429_quota", "missing"),
    ("error_429_too_many", "missing"), ("error_502_html", "missing"),
    ("error_503_transient", "missing")])
def test_recorded_refusals(vt, virustotal, name, outcome):
    recorded = fixture(f"virustotal/{name}.json")["response"]
    virustotal.settings(answer=recorded)
    alert = vt.ask({"src": IP})
    assert alert.outcome == outcome
    stops = recorded["status"] in (401, 403)
    assert ("connector vt is stopped" in vt.herald.log()) == stops


def test_one_engine_alone_is_no_verdict(vt, virustotal):
    virustotal.data({"ip_addresses/192.0.2.50": {
        "id": "192.0.2.50", "type": "ip_address", "attributes": {
            "last_analysis_stats": {"malicious": 1, "harmless": 79}}}})
    told = vt.ask({"src": "192.0.2.50"}).answer
    assert told["reputation"]["score_id"] == 6
    assert told["data"]["percent"] == 1
