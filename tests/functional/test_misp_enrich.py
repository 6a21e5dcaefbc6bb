"""misp_enrich against the fake MISP."""
import time

import pytest

from doing import Acting
from lookups import Asking
from services import call
from waiting import wait_until

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
    assert told["short_desc"] == (
        "2 attributes, events 1, 2; on the warning list "
        "List of RFC 5735 CIDR blocks")
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
    for _ in range(2):
        assert misp_asking.ask({"query": "x.example.com"}).outcome == "clean"
    assert misp.asked() == ["x.example.com"]


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
    assert asking(herald, misp, ", to_ids: true, warning_lists: false").ask(
        {"src": "198.51.100.178"}).outcome == "clean"


# Warning lists, decay, sightings.

def test_a_warning_list_is_a_finding_of_its_own(misp_asking):
    alert = misp_asking.ask({"src": "10.9.8.7"})        # no event has it
    told = alert.answer
    assert told["short_desc"] == (
        "on the warning list List of RFC 1918 CIDR blocks, and 1 more")
    assert told["data"] == {"count": 0, "warning_lists": [
        "List of RFC 1918 CIDR blocks", "List of RFC 5735 CIDR blocks"]}
    assert told["reputation"]["score_id"] == 0


@pytest.mark.parametrize("fault", ["403", "404", "500", "html", "half",
                                   "reset_after"])
def test_without_warning_lists_a_hit_is_a_hit(herald, misp, fault):
    misp.fault(fault, path="/warninglists/*")
    ask = asking(herald, misp)
    assert ask.ask({"src": IP}).answer["reputation"]["score_id"] == 10
    assert ask.ask({"query": "x.example.com"}).outcome == "clean"
    assert ask.herald.log().count("warning lists cannot be asked") == 1
    misp.mend()
    assert ask.ask({"src": "10.9.8.7"}).outcome == "hit"
    assert "warning lists can be asked again" in ask.herald.log()


def test_warning_lists_cost_one_request_a_batch(misp_asking, misp):
    misp_asking.ask({"src": [f"192.0.2.{number}" for number in range(1, 30)]})
    request, = misp.requests(path="/warninglists/checkValue")
    assert len(request["body"]) == 29


MODEL = {"score": 12.5, "base_score": 80, "decayed": True,
         "DecayingModel": {"id": "3", "name": "a model"}}


@pytest.mark.parametrize("models, score", [
    ([MODEL], 6), ([MODEL, dict(MODEL, decayed=False)], 10),
    ([dict(MODEL, decayed=False)], 10), ([], 10)])
def test_what_every_model_calls_decayed_counts_less(misp_asking, misp, models,
                                                    score):
    misp.data([{"type": "ip-dst", "value": "198.51.100.180", "event_id": "77",
                "decay_score": models}])
    told = misp_asking.ask({"src": "198.51.100.180"}).answer
    assert told["reputation"]["score_id"] == score
    assert told["reputation"]["base_score"] == (score == 10)
    assert told["data"]["faded"] == (score == 6)
    assert told["data"]["matches"][0].get("decay", []) == [
        {"model": "a model", "score": 12.5, "decayed": one["decayed"]}
        for one in models]
    assert ("1 faded" in told["short_desc"]) == (score == 6)


@pytest.mark.parametrize("types, score", [
    ("1", 5), ("10", 10), ("01", 5), ("2", 6), ("02", 6), ("20", 10), ("", 10)])
def test_the_last_word_of_those_who_saw_it_counts(misp_asking, misp, types,
                                                  score):
    value = "198.51.100.181"
    misp.data([{"type": "ip-dst", "value": value, "event_id": "77"}])
    for number, one in enumerate(types):
        sight(misp, value, one, 1795568000 + number)
    told = misp_asking.ask({"src": value}).answer
    assert told["reputation"]["score_id"] == score
    match = told["data"]["matches"][0]
    assert match.get("sightings") == (types and {
        "seen": types.count("0"), "false_positive": types.count("1"),
        "expired": types.count("2"), "last": 1795568000 + len(types) - 1}
        or None)
    assert told["data"]["false_positives"] == (score == 5)


def sight(misp, value, kind, at):
    status, _, text = call(misp.port, "POST", "/sightings/add", {
        "values": [value], "type": kind, "timestamp": at, "source": "x"},
        {"Authorization": misp.key, "Accept": "application/json"})
    assert status == 200 and b"Sighting" in text


def test_none_of_it_is_asked_where_that_is_wanted(herald, misp):
    ask = asking(herald, misp, ", decay: false, sightings: false, "
                 "warning_lists: false")
    ask.ask({"src": IP})
    assert misp.requests(path="/warninglists/*") == []
    body = searches(misp)[0]["body"]
    assert "includeDecayScore" not in body and "includeSightings" not in body


# Composite types.

@pytest.mark.parametrize("kind, value, row, outcome", [
    ("ip-dst|port", "198.51.100.182|8443", {"src": "198.51.100.182"}, "hit"),
    ("ip-src|port", "2001:DB8::9|25", {"src": "2001:db8:0::9"}, "hit"),
    ("domain|ip", "a.example.net|198.51.100.182", {"query": "a.example.net"},
     "hit"),
    ("domain|ip", "a.example.net|198.51.100.182", {"src": "198.51.100.182"},
     "hit"),
    ("hostname|port", "A.example.net|25", {"query": "a.example.net"}, "hit"),
    ("filename|sha256", "x.exe|" + "ab" * 32, {"file_hash": "ab" * 32},
     "hit"),
    ("filename|md5", "a.example.net|" + "ab" * 16, {"query": "a.example.net"},
     "clean"),
    ("ip-dst", "198.51.100.0/24", {"query": "198.51.100.0"}, "clean"),
])
def test_composite_types_count_by_their_halves(herald, misp, kind, value, row,
                                               outcome):
    misp.data([{"type": kind, "value": value}])
    ask = asking(herald, misp, ", warning_lists: false")
    assert ask.ask(row).outcome == outcome


# The action.

def sighting(herald, misp, more="", given=None, source="", **options):
    return Acting(herald, "misp", "plugin: misp_enrich, url: '@URL@', "
                  "secret: {file: @DIR@/secrets/misp}" + source + more,
                  "add_sighting", given or {"value": "${src.ip}"},
                  files={"secrets/misp": misp.key}, URL=misp.url, **options)


@pytest.mark.parametrize("kind, number", [
    (None, "0"), ("seen", "0"), ("false_positive", "1"), ("expired", "2")])
def test_a_sighting_is_added(herald, misp, kind, number):
    given = {"value": "${src.ip}", **({"type": kind} if kind else {})}
    told = sighting(herald, misp, given=given).act(src=IP)
    assert told["state"] == "done"
    assert told["message"] == f"sighting of {IP} for 2 attributes"
    added = misp.state()["sightings"][-2:]
    assert [one["type"] for one in added] == [number] * 2
    assert added[0]["source"].startswith("herald ")
    assert added[0]["source"] == added[1]["source"]


@pytest.mark.parametrize("fault", ["reset_after", "reset_before", "500",
                                   "502", "503", "empty", "html", "half",
                                   "shape"])
def test_a_sighting_is_added_once_whatever_the_answer(herald, misp, fault):
    """html, empty, half: what was done is not told; it is asked again."""
    before = len(misp.state()["sightings"])
    misp.fault(fault, path="/sightings/*", times=1)
    told = sighting(herald, misp).act(src=IP)
    after = len(misp.state()["sightings"])
    assert told["state"] == "done", told
    assert after - before == 2


def test_two_intentions_are_two_sightings(herald, misp):
    before = len(misp.state()["sightings"])
    acting = sighting(herald, misp, source=", source: soc")
    for _ in range(2):
        acting.act(src=IP)
    added = misp.state()["sightings"][before:]
    assert len({one["source"] for one in added}) == 2 and len(added) == 4
    assert all(one["source"].startswith("soc ") for one in added)


@pytest.mark.parametrize("value, words", [
    ("192.0.2.200", "MISP has no attribute of this value"),
    ("", "an empty value would match everything"),
    ("%", "reads a '%' at an end as a wildcard")])
def test_a_sighting_of_nothing_is_none(herald, misp, value, words):
    before = len(misp.state()["sightings"])
    told = sighting(herald, misp, given={"value": value}).act(src=IP)
    assert told["state"] == "failed"
    assert words in told["message"]
    assert len(misp.state()["sightings"]) == before


def test_a_role_without_the_right_stops_no_lookups(herald, misp):
    misp.fault("403", path="/sightings/*")
    acting = sighting(herald, misp)
    told = acting.act(src=IP)
    assert told["state"] == "failed"
    assert "connector misp is stopped" not in acting.herald.log()


# The version.

def test_the_version_is_asked_at_the_start(herald, misp):
    ask = asking(herald, misp)
    wait_until(lambda: "MISP 2.5.1" in ask.herald.log(), 10, ask.herald.log)
    assert "older" not in ask.herald.log()


def test_a_start_without_misp_is_told_and_no_more(herald, misp):
    misp.fault("503", path="/servers/*", times=1)
    ask = asking(herald, misp)
    wait_until(lambda: "503" in ask.herald.log(), 10, ask.herald.log)
    assert ask.ask({"src": IP}).outcome == "hit"


def test_slow_is_not_missing(herald, misp):
    misp.fault("latency:1500", path="/attributes/*")
    assert asking(herald, misp).ask({"src": IP}).outcome == "hit"


def test_a_bomb_is_missing_never_clean(herald, misp):
    misp.fault("gzipbomb", path="/attributes/*")
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
    assert [one["path"] for one in misp.requests()] == [
        "/below/servers/getVersion", "/below/attributes/restSearch"]


def test_https_is_verified(herald, service, certificates):
    tls = service("misp", tls=certificates["good"])
    ask = asking(herald, tls, f", tls: {{ca_file: {certificates['ca']}}}")
    assert ask.ask({"src": IP}).outcome == "hit"
    ask = asking(herald, tls, f", tls: {{ca_file: {certificates['other_ca']}}}")
    assert ask.ask({"src": IP}).outcome == "missing"
