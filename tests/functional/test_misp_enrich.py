"""misp_enrich against the fake MISP."""
import time

import pytest

from lookups import Asking

IP = "203.0.113.45"             # fixtures/misp: two events, to_ids
UNKNOWN = "192.0.2.77"


def asking(herald, service, more="", key=None, url="@URL@"):
    return Asking(herald, "misp",
                  f"plugin: misp_enrich, url: '{url}', retries: 0, "
                  "secret: {file: @DIR@/secrets/misp}" + more,
                  files={"secrets/misp": key or service.key},
                  URL=service.url)


@pytest.fixture
def misp_asking(herald, misp):
    return asking(herald, misp)


def searches(misp):
    return misp.requests(path="/attributes/restSearch")


def test_a_hit_is_told(misp_asking, misp):
    alert = misp_asking.ask({"src": IP})
    told = alert.answer
    assert told["type"] == "threat_intel"
    assert told["value"] == IP
    assert told["reputation"]["base_score"] == 2
    assert told["reputation"]["score_id"] == 10
    assert told["short_desc"] == "2 attributes, events 1, 2; on a warning list"
    assert told["src_url"] == misp.url + "/events/view/1"
    assert [one["event_id"] for one in told["data"]["matches"]] == ["1", "2"]
    assert alert.record["metadata"]["labels"] == ["tlp:amber", "tlp:clear"]
    assert alert.record["observables"][0]["reputation"]["score_id"] == 10


def test_each_kind_of_value_is_found(misp_asking, misp):
    values = {"query": "c2.example.net", "url": "https://c2.example.net/g",
              "file_hash": "ab" * 32, "src": "2001:db8::99",
              "process_hash": "cd" * 16, "recipient": "a@evil.example"}
    misp.data([
        {"type": "hostname|port", "value": "C2.example.net|8443"},
        {"type": "url", "value": values["url"]},
        {"type": "filename|sha256", "value": "x.exe|" + "AB" * 32},
        {"type": "ip-dst", "value": "2001:0DB8:0:0:0:0:0:99"},
        {"type": "md5", "value": "cd" * 16},
        {"type": "email-dst", "value": "a@evil.example"}])
    answers = misp_asking.ask(values).answers
    assert sorted(one["value"] for one in answers) == sorted(values.values())
    assert all(one["reputation"]["score_id"] == 10 for one in answers)


def test_what_is_not_known_is_clean_and_asked_once(misp_asking, misp):
    assert misp_asking.ask({"src": UNKNOWN}).outcome == "clean"
    assert misp_asking.ask({"src": UNKNOWN}).outcome == "clean"
    assert misp.asked() == [UNKNOWN]


def test_values_go_in_one_search(misp_asking, misp):
    values = [f"192.0.2.{number}" for number in range(1, 30)]
    misp_asking.ask({"src": values})
    assert sorted(misp.asked()) == sorted(values)
    assert len(searches(misp)) == 1


def test_the_request_is_what_misp_wants(misp_asking, misp):
    misp_asking.ask({"src": IP})
    request = searches(misp)[0]
    assert request["method"] == "POST"
    assert request["headers"]["accept"] == "application/json"
    assert request["headers"]["content-type"] == "application/json"
    assert misp.key not in misp_asking.herald.log()


# The traps: a value that is a filter for everything, or a wildcard.
@pytest.mark.parametrize("value", ["%", "%evil", "evil%", "!x && y"])
def test_no_value_means_everything(misp_asking, misp, value):
    alert = misp_asking.ask({"src": IP, "url": "http://a.example/" + value})
    assert [one["value"] for one in alert.answers] == [IP]
    assert all(not one.startswith("%") and not one.endswith("%")
               for one in misp.asked())


def test_pages_are_read_to_their_end(herald, misp):
    misp.data([{"type": "ip-dst", "value": "198.51.100.177",
                "event_id": str(number)} for number in range(3, 10)])
    alert = asking(herald, misp, ", page_size: 3").ask({"src": "198.51.100.177"})
    assert alert.answer["data"]["count"] == 7
    assert len(searches(misp)) == 3


def test_only_to_ids_where_that_is_wanted(herald, misp):
    misp.data([{"type": "ip-dst", "value": "198.51.100.178", "to_ids": False}])
    assert asking(herald, misp).ask(
        {"src": "198.51.100.178"}).answer["reputation"]["score_id"] == 4
    assert asking(herald, misp, ", to_ids: true").ask(
        {"src": "198.51.100.178"}).outcome == "clean"


def test_slow_is_not_missing(herald, misp):
    misp.fault("latency:1500", path="/attributes/*")
    assert asking(herald, misp).ask({"src": IP}).outcome == "hit"


def test_too_slow_is_missing(herald, misp):
    misp.fault("hang", path="/attributes/*")
    alert = asking(herald, misp, ", timeout: 300ms").ask({"src": IP})
    assert alert.outcome == "missing"


@pytest.mark.parametrize("fault", [
    "500", "502", "503", "404", "html", "empty", "half", "shape", "huge",
    "gzipbomb", "redirect", "reset_before", "close"])
def test_what_is_no_answer_is_missing_never_clean(herald, misp, fault):
    misp.fault(fault, path="/attributes/*")
    ask = asking(herald, misp, ", timeout: 5s")
    assert ask.ask({"src": UNKNOWN}).outcome == "missing"


def test_passing_trouble_is_tried_again(herald, misp):
    misp.fault("503", path="/attributes/*", times=1)
    ask = Asking(herald, "misp", "plugin: misp_enrich, url: '@URL@', "
                 "secret: {file: @DIR@/secrets/misp}",
                 files={"secrets/misp": misp.key}, URL=misp.url)
    assert ask.ask({"src": IP}).outcome == "hit"


def test_a_spent_quota_holds_the_connector(misp_asking, misp):
    misp.settings(rate_limit=1)
    assert misp_asking.ask({"src": IP}).outcome == "hit"
    begun = time.monotonic()
    for number in range(3):
        row = {"src": f"192.0.2.{number + 1}"}
        assert misp_asking.ask(row).outcome == "missing"
    # Refused once; then nothing is asked for 900 s, and nobody waits.
    assert len(searches(misp)) == 2
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("deny", [None, "address", "permission"])
def test_a_refused_key_stops_the_connector(herald, misp, deny):
    misp.settings(deny=deny)
    ask = asking(herald, misp, key="wrong" if deny is None else misp.key)
    assert ask.ask({"src": IP}).outcome == "missing"
    assert ask.ask({"src": UNKNOWN}).outcome == "missing"
    assert len(searches(misp)) == 1
    assert "wrong" not in ask.herald.log().replace("wrong secret", "")


def test_an_absent_service_is_missing(herald, service):
    gone = service("misp")
    gone.stop()
    assert asking(herald, gone).ask({"src": IP}).outcome == "missing"


def test_the_service_is_probed(herald, misp):
    ask = asking(herald, misp)
    ended = ask.herald.run_ctl("test-connector", "misp")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "MISP 2.5.1" in ended.stdout
    assert misp.requests()[-1]["path"] == "/servers/getVersion"


@pytest.mark.parametrize("fault, words", [
    ("403", "Authentication failed"), ("html", "no JSON but text/html"),
    ("shape", "names no version")])
def test_a_probe_tells_what_is_wrong(herald, misp, fault, words):
    misp.fault(fault, path="/servers/*")
    ended = asking(herald, misp).herald.run_ctl("test-connector", "misp")
    assert ended.returncode == 1
    assert words in ended.stdout + ended.stderr


def test_the_path_of_the_address_is_kept(herald, misp):
    ask = asking(herald, misp, url="@URL@/below")
    assert ask.ask({"src": IP}).outcome == "missing"
    assert misp.requests()[0]["path"] == "/below/attributes/restSearch"


def test_https_is_verified(herald, service, certificates):
    tls = service("misp", tls=certificates["good"])
    ask = asking(herald, tls, f", tls: {{ca_file: {certificates['ca']}}}")
    assert ask.ask({"src": IP}).outcome == "hit"
    ask = asking(herald, tls, f", tls: {{ca_file: {certificates['other_ca']}}}")
    assert ask.ask({"src": IP}).outcome == "missing"
