"""The doubles answer as the recorded services did.

Each recorded exchange that carries a request is replayed; status, the headers
that mean something, and the body must be those of the recording.
"""
import glob
import http.client
import json
import os
import socket
import ssl
import time

import pytest

from services import FIXTURES, call, fixture
from waiting import wait_until

MISP_HEADERS = ["X-Result-Count", "X-Export-Module-Used", "X-Response-Format",
                "X-Skipped-Elements-Count", "X-Rate-Limit-Limit",
                "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Content-Type"]

# The instance changed between recordings; these bring it to the state that
# each of them was made in.


def galaxy_was_tagged(misp):
    full = recorded("attributes_decay_full_model")
    first = full["response"]["Attribute"][0]
    own = [tag for tag in first["Tag"] if "inherited" not in tag]
    misp.data({"attributes": [{"id": "1", "timestamp": first["timestamp"],
                               "Tag": own,
                               "decay_score": first["decay_score"]}]})


def event_was_edited(misp):
    galaxy_was_tagged(misp)
    misp.data({"events": [{"id": "1", "published": False,
                           "timestamp": "1795568710"}]})


def private_address_was_added(misp):
    hit = recorded("attributes_warninglist_hits")["response"]["Attribute"][0]
    misp.data([{name: hit[name] for name in hit
                if name not in ("warnings", "Event")}])


def sightings_were_added(misp):
    for body in ({"values": ["203.0.113.45"], "source": "herald",
                  "timestamp": 1795568000},
                 {"uuid": "73d7e4e6-2eea-4ea1-b6a7-2ee51c458e71", "type": "1",
                  "source": "herald"},
                 {"uuid": "73d7e4e6-2eea-4ea1-b6a7-2ee51c458e71",
                  "source": "herald"}):
        replay(misp, {"method": "POST", "path": "/sightings/add",
                      "headers": {"Authorization": "<key>",
                                  "Accept": "application/json"}, "body": body})


def two_sightings_were_added(misp):
    replay(misp, fixture("misp/sighting_added.json")["request"])


def quota_is_spent(misp):
    misp.settings(rate_limit=3)
    for _ in range(3):
        replay(misp, fixture("misp/attributes_miss.json")["request"])


PREPARE = {
    "attributes_decay_full_model": galaxy_was_tagged,
    "attributes_decay_score": galaxy_was_tagged,
    "attributes_exclude_decayed": galaxy_was_tagged,
    "attributes_galaxy_tag": event_was_edited,
    "attributes_published_only": event_was_edited,
    "attributes_warninglist_enforced": private_address_was_added,
    "attributes_warninglist_hits": private_address_was_added,
    "attributes_with_sightings": sightings_were_added,
    "sighting_by_uuid_false_positive": two_sightings_were_added,
    "error_403_key_ip_not_allowed": lambda m: m.settings(deny="address"),
    "error_403_no_permission": lambda m: m.settings(deny="permission"),
    "error_429_rate_limit": quota_is_spent,
    "error_500_database_down": lambda m: m.fault("500"),
    "ok_200_rate_limit_headers": lambda m: m.settings(rate_limit=3),
}
# What is made anew each time.
CHANGING = {"date_sighting", "uuid", "create_time", "start_time",
            "update_time"}


def recorded(name):
    return fixture(f"misp/{name}.json")["response"]["body"]


def replay(service, request):
    headers = {name: value.replace("<key>", service.key)
               .replace("<wrong key>", "x" * 40)
               .replace("EXAMPLE", service.key)
               for name, value in request.get("headers", {}).items()}
    body = request.get("body")
    return call(service.port, request["method"], request["path"], body,
                headers)


def steady(value, changing):
    """The value without what differs from run to run."""
    if isinstance(value, dict):
        return {name: steady(one, changing) for name, one in value.items()
                if name not in changing}
    if isinstance(value, list):
        return [steady(one, changing) for one in value]
    return value


def exchanges(folder):
    names = sorted(glob.glob(os.path.join(FIXTURES, folder, "*.json")))
    found = [os.path.basename(name)[:-5] for name in names]
    return [name for name in found if "request" in
            fixture(f"{folder}/{name}.json")]


@pytest.mark.parametrize("name", exchanges("misp"))
def test_misp_answers_as_recorded(misp, name):
    exchange = fixture(f"misp/{name}.json")
    PREPARE.get(name, lambda _: None)(misp)
    status, headers, text = replay(misp, exchange["request"])
    response = exchange["response"]
    assert status == response["status"]
    for header in MISP_HEADERS:
        assert headers.get(header) == response["headers"].get(header), header
    if "body_text" in response:
        assert text.decode() == response["body_text"]
        return
    body, want = json.loads(text), response["body"]
    if "cut to" in exchange.get("note", ""):
        shown = want["response"]["Attribute"]
        body["response"]["Attribute"] = \
            body["response"]["Attribute"][:len(shown)]
    changing = CHANGING if "sighting" in name else set()
    assert steady(body, changing) == steady(want, changing)


def test_misp_hit_is_byte_for_byte_the_recorded_one(misp):
    _, _, text = replay(misp, fixture("misp/attributes_hit.json")["request"])
    with open(os.path.join(FIXTURES, "misp/attributes_hit.body"), "rb") as raw:
        assert text == raw.read()


def search(misp, body, method="POST", accept="application/json"):
    headers = {"Authorization": misp.key}
    if accept:
        headers["Accept"] = accept
    return call(misp.port, method, "/attributes/restSearch", body, headers)


def found(misp, body, **more):
    text = search(misp, body, **more)[2]
    return [one["value"] for one in json.loads(text)["response"]["Attribute"]]


SIZE = 15       # attributes in the recorded instance
FILTERS = [
    ("empty list", {"value": []}, SIZE),
    ("null", {"value": None}, SIZE),
    ("empty body", b"", SIZE),
    ("misspelt key", {"valeu": "203.0.113.45"}, SIZE),
    ("two with &&", {"value": "203.0.113.45&&evil.example.net"}, 3),
    ("two with ||", {"value": "203.0.113.45||evil.example.net"}, 3),
    ("&& is literal in OR", {"value": {
        "OR": ["203.0.113.45&&evil.example.net"]}}, 0),
    ("OR", {"value": {"OR": ["203.0.113.45", "evil.example.net"]}}, 3),
    ("wildcard in OR", {"value": {"OR": ["%.example.net"]}}, 3),
    ("wildcard at the end", {"value": "evil.example%"}, 1),
    ("port half", {"value": "8443"}, 1),
    ("case", {"value": "EVIL.example.NET"}, 1),
    ("both types", {"value": "198.51.100.77",
                    "type": ["ip-dst", "domain|ip"]}, 1),
    ("sha256 alone and by its half", {
        "value": {"OR": ["275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2"
                         "c4538aabf651fd0f"]}}, 2),
    ("not for detection", {"value": "8.8.8.8", "to_ids": 1}, 0),
    ("last long ago", {"value": "203.0.113.45", "last": "30000d"}, 2),
    ("threat level", {"value": "203.0.113.45", "threat_level_id": 1}, 1),
]


@pytest.mark.parametrize("name,body,count", FILTERS,
                         ids=[row[0] for row in FILTERS])
def test_misp_values_are_a_small_language(misp, name, body, count):
    assert len(found(misp, body)) == count, name


def test_misp_pages_until_fewer_than_limit(misp):
    values = []
    for number in range(1, 5):
        values += found(misp, {"limit": 5, "page": number})
    assert len(values) == SIZE and len(set(values)) == SIZE - 1


def test_misp_delete_ignores_the_filter(misp):
    assert len(found(misp, {"value": "203.0.113.45"}, method="DELETE")) == SIZE


def test_misp_answers_html_without_accept(misp):
    status, headers, text = search(misp, {"value": "1.2.3.4"}, accept=None)
    assert (status, headers["Content-Type"][:9]) == (200, "text/html")
    misp.key = "wrong"
    status, headers, text = search(misp, {"value": "1.2.3.4"}, accept=None)
    assert (status, headers["Content-Type"][:9]) == (403, "text/html")
    with open(os.path.join(FIXTURES, "misp/error_403_no_key_html.body"),
              "rb") as page:
        assert text == page.read()


def test_misp_tells_what_it_was_asked(misp):
    search(misp, {"value": {"OR": ["192.0.2.1", "a.example"]}})
    search(misp, {"value": "192.0.2.1"})
    assert misp.asked() == ["192.0.2.1", "a.example", "192.0.2.1"]


def test_misp_takes_short_attributes(misp):
    misp.data([{"type": "domain", "value": "new.example", "Event": {
        "id": "7", "info": "seven", "threat_level_id": "2"}}])
    text = search(misp, {"value": "new.example", "includeContext": 1})[2]
    attribute, = json.loads(text)["response"]["Attribute"]
    assert attribute["Event"]["threat_level_id"] == "2"
    assert attribute["event_id"] == "7" and attribute["id"] == "16"


def test_misp_sighting_is_an_effect(misp):
    two_sightings_were_added(misp)
    assert [one["details"]["attribute_id"] for one in misp.effects()] == \
        ["1", "14"]


# SOAR.

def body_of(given):
    if "body_file" in given:
        return fixture("soar/" + given["body_file"])
    return given.get("body")


# Ids are counted on, so those after the first differ from the recording,
# which shows each exchange for itself.
SCENARIO_CHANGING = CHANGING | {"id", "message", "artifact_count", "playbook",
                                "container_type", "description", "tags",
                                "data", "inputs"}


def same_shape(have, want, where="body"):
    """Every member that the recording has is there, of the same type."""
    assert isinstance(have, type(want)) or want is None, (where, have, want)
    if isinstance(want, dict):
        for name in want:
            assert name in have, f"{where}.{name}"
            same_shape(have[name], want[name], f"{where}.{name}")
    if isinstance(want, list) and want and isinstance(want[0], dict):
        assert len(have) == len(want), where
        for number, one in enumerate(want):
            same_shape(have[number], one, f"{where}[{number}]")


@pytest.mark.parametrize("name", ["scenario_first_delivery",
                                  "scenario_duplicate_on_post",
                                  "scenario_retry_after_lost_reply"])
def test_soar_plays_the_scenario(soar, name):
    scenario = fixture(f"soar/{name}.json")
    if name == "scenario_duplicate_on_post":
        post(soar, "/rest/container",
             fixture("soar/container_create_request.json"))
    for exchange in scenario["exchanges"]:
        request = dict(exchange["request"], body=body_of(exchange["request"]))
        request["headers"] = {"ph-auth-token": soar.key}
        response = exchange["response"]
        if "connection" in response:
            soar.fault("reset_after", path="/rest/container", times=1)
            with pytest.raises(ConnectionResetError):
                replay(soar, request)
            continue
        status, _, text = replay(soar, request)
        assert status == response["status"]
        same_shape(json.loads(text), body_of(response))
    assert len(soar.state()["containers"]) == 1
    assert [one["id"] for one in soar.state()["containers"]] == [42]
    assert len(soar.state()["runs"]) == (
        0 if name == "scenario_duplicate_on_post" else 1)


def post(soar, path, body, headers=None):
    status, _, text = call(
        soar.port, "POST", path, body,
        {"ph-auth-token": soar.key} if headers is None else headers)
    return status, json.loads(text)


def get(soar, target):
    status, _, text = call(soar.port, "GET", target, None,
                           {"ph-auth-token": soar.key})
    return status, json.loads(text)


def container(soar, **changed):
    body = dict(fixture("soar/container_create_request.json"), **changed)
    return post(soar, "/rest/container", body)


def artifacts_come_as_a_list(soar):
    soar.settings(artifacts_answer="list", reject_duplicate_artifacts=True)


# request fixture, path, changes to it, preparation, response fixture
SOAR_WRITES = [
    ("container_create_request", "/rest/container", {}, None,
     "container_create_response_200"),
    ("container_create_request", "/rest/container", {},
     container, "container_duplicate_response"),
    ("container_create_request", "/rest/container",
     {"label": "no_such_label"}, None, "container_failed_label_response"),
    ("container_create_request", "/rest/container",
     {"severity": "critical"}, None, "container_failed_on_http_200"),
    ("container_with_artifacts_request", "/rest/container", {}, None,
     "container_with_artifacts_response_200"),
    ("artifact_create_request_last", "/rest/artifact", {}, container,
     "artifact_create_response_200"),
    ("artifact_create_request_last", "/rest/artifact", {},
     lambda soar: (container(soar),
                   soar.settings(reject_duplicate_artifacts=True),
                   post(soar, "/rest/artifact", fixture(
                       "soar/artifact_create_request_last.json"))),
     "artifact_duplicate_response"),
    ("playbook_run_request", "/rest/playbook_run", {}, container,
     "playbook_run_response_200"),
    ("playbook_run_request_inputs", "/rest/playbook_run", {}, container,
     "playbook_run_response_200"),
    ("playbook_run_request", "/rest/playbook_run", {},
     lambda soar: (container(soar), soar.settings(playbooks=[])),
     "playbook_run_failed_response"),
    ("comment_request", "/rest/container_comment", {}, container,
     "comment_response_200"),
    ("action_run_request", "/rest/action_run", {}, container,
     "action_run_response_200"),
    ("container_update_request", "/rest/container/42", {}, container,
     "container_create_response_200"),
]


@pytest.mark.parametrize("request_name,path,changed,prepare,response",
                         SOAR_WRITES, ids=[f"{row[0]}-{row[4]}"
                                           for row in SOAR_WRITES])
def test_soar_answers_as_recorded(soar, request_name, path, changed, prepare,
                                  response):
    if prepare:
        prepare(soar)
    body = dict(fixture(f"soar/{request_name}.json"), **changed)
    assert post(soar, path, body) == (200, fixture(f"soar/{response}.json"))


def test_soar_refuses_the_wrapper_object(soar):
    status, answer = post(soar, "/rest/container", fixture(
        "soar/ANTIPATTERN_playbook_in_container_request.json"))
    assert status == 400 and answer["failed"] is True
    assert soar.state()["containers"] == [] and soar.effects() == []


def test_soar_judges_each_of_several_artifacts(soar):
    container(soar)
    body = fixture("soar/artifact_bulk_request.json")
    body[1]["cef"] = "text"
    assert post(soar, "/rest/artifact", body) == (
        200, fixture("soar/artifact_bulk_response_200.json"))


def test_soar_lists_embedded_artifacts_the_other_way(soar):
    soar.settings(artifacts_answer="list", reject_duplicate_artifacts=True)
    body = fixture("soar/container_with_artifacts_request.json")
    body["artifacts"][1]["source_data_identifier"] = \
        body["artifacts"][0]["source_data_identifier"]
    _, answer = post(soar, "/rest/container", body)
    same_shape(answer, fixture("soar/container_with_artifacts_response_alt"
                               ".json"))


def automation_of(soar, first, second):
    container(soar)
    for flag in (first, second):
        body = fixture("soar/artifact_create_request_last.json")
        body.pop("run_automation")
        if flag is not None:
            body["run_automation"] = flag
        post(soar, "/rest/artifact", body)
    return soar.state()["automation"]


@pytest.mark.parametrize("flags,started", [
    ((False, False), []), ((False, True), [102]), ((None, None), [101, 102])])
def test_soar_automation_starts_unless_told_not_to(soar, flags, started):
    assert automation_of(soar, *flags) == started


def test_soar_automation_starts_with_the_last_embedded(soar):
    post(soar, "/rest/container",
         fixture("soar/container_with_artifacts_request.json"))
    assert soar.state()["automation"] == [102]


SDI = "herald-6f1d2c3b4a5968770a1b2c3d4e5f6071"
QUERIES = [
    (f"?_filter_source_data_identifier=%22{SDI}%22&page_size=1", 1),
    ("?_filter_source_data_identifier=%22other%22", 0),
    ("?_filter_id=42", 1),
    ("?_filter_id__in=[1,42]", 1),
    ("?_filter_name__icontains=%22FAILED%22", 1),
    (f"?_filter_source_data_identifier={SDI}", None),
    ("?_filter_source_data_identifier=%22a%22%20or%20%22b%22", None),
    ("?_filter_in_case=true", None),
    ("?_filter_nosuch=%22x%22", None),
    ("?page_size=0", 1),
]


@pytest.mark.parametrize("query,count", QUERIES)
def test_soar_filters_by_its_quoting_rules(soar, query, count):
    container(soar)
    status, answer = get(soar, "/rest/container" + query)
    assert status == 200
    if count is None:
        assert answer == fixture("soar/filter_bad_value_200.json")
    else:
        assert answer["count"] == count == len(answer["data"])
        same_shape(answer, fixture("soar/filter_container_hit_200.json"
                                   if count else "soar/filter_none_200.json"))


SOAR_READS = [("/rest/version", "version_200"),
              ("/rest/container_options", "container_options_200"),
              ("/rest/severity", "severity_200")]


@pytest.mark.parametrize("path,response", SOAR_READS)
def test_soar_reads_as_recorded(soar, path, response):
    assert get(soar, path) == (200, fixture(f"soar/{response}.json"))


def test_soar_shows_a_stored_artifact(soar):
    container(soar)
    post(soar, "/rest/artifact",
         fixture("soar/artifact_create_request_not_last.json"))
    status, answer = get(soar, "/rest/artifact/101")
    want = fixture("soar/artifact_get_response_200.json")
    assert status == 200
    for name in ("cef", "cef_types", "container", "label", "severity", "name"):
        assert answer[name] == want[name], name


@pytest.mark.parametrize("headers,response", [
    ({}, "auth_missing_401"), ({"ph-auth-token": "x"}, "auth_bad_token_401"),
    ({"Authorization": "Bearer x"}, "auth_missing_401")])
def test_soar_wants_its_token(soar, headers, response):
    body = fixture("soar/container_create_request.json")
    assert post(soar, "/rest/container", body, headers) == (
        401, fixture(f"soar/{response}.json"))
    assert soar.state()["containers"] == []


def test_soar_errors_are_worded_as_recorded(soar):
    assert get(soar, "/rest/container/1") == (
        404, fixture("soar/not_found_404.json"))
    soar.fault("403", path="/rest/version", times=1)
    assert get(soar, "/rest/version") == (
        403, fixture("soar/forbidden_403.json"))
    soar.fault("500", path="/rest/version", times=1)
    assert get(soar, "/rest/version") == (
        500, fixture("soar/server_error_500.json"))
    soar.fault("502", times=1)
    with open(os.path.join(FIXTURES, "soar/gateway_502.html.txt"),
              "rb") as page:
        assert call(soar.port, "GET", "/rest/version")[2] == page.read()


@pytest.mark.parametrize("settings,seen", [
    ({}, ["running", "success", "success"]),
    ({"run_polls": 0}, ["success", "success", "success"]),
    ({"run_polls": 3}, ["pending", "running", "running"]),
    ({"run_outcome": "failed"}, ["running", "failed", "failed"]),
    ({"run_statuses": ["pending", "pending", "success"]},
     ["pending", "pending", "success"])])
def test_soar_runs_end_after_some_polls(soar, settings, seen):
    soar.settings(**settings)
    container(soar)
    post(soar, "/rest/playbook_run",
         fixture("soar/playbook_run_request.json"))
    answers = [get(soar, "/rest/playbook_run/46")[1] for _ in range(3)]
    assert [one["status"] for one in answers] == seen
    want = fixture(f"soar/playbook_run_status_{seen[-1]}.json") \
        if seen[-1] != "pending" else answers[-1]
    same_shape(answers[-1], want)


def test_soar_asset_is_part_of_the_identity(soar):
    assert container(soar)[1]["id"] == 42
    assert container(soar, asset_id=3)[1]["id"] == 43
    assert container(soar, asset_id=3)[1]["existing_container_id"] == 43


# VirusTotal, sink, recorded exchanges.

VT_PREPARE = {
    "error_429_quota": lambda vt: (vt.settings(minute=1), vt_get(
        vt, "/api/v3/ip_addresses/192.0.2.200")),
    "error_429_too_many": lambda vt: vt.settings(too_many=True),
    "error_502_html": lambda vt: vt.fault("502"),
    "error_503_transient": lambda vt: vt.fault("503"),
}


def vt_get(virustotal, target, key=True):
    headers = {"x-apikey": virustotal.key} if key else {}
    return call(virustotal.port, "GET", target, None, headers)


@pytest.mark.parametrize("name", exchanges("virustotal"))
def test_virustotal_answers_as_recorded(virustotal, name):
    exchange = fixture(f"virustotal/{name}.json")
    VT_PREPARE.get(name, lambda _: None)(virustotal)
    if name == "error_401_wrong_key":
        virustotal.key = "wrong"
    status, headers, text = vt_get(virustotal, exchange["request"]["path"],
                                   name != "error_401_no_key")
    assert status == exchange["response"]["status"]
    if status in (502, 503):
        return
    assert json.loads(text) == exchange["response"]["body"]


NOW = ["error_400_table", "error_401", "error_404_record", "error_429",
       "hibernating", "hit_display_value_all", "miss"]
NOW_PREPARE = {
    "error_429": lambda now: (now.settings(reset=1795572000),
                              now.fault("429:60")),
    "hibernating": lambda now: now.settings(answer=fixture(
        "cmdb/servicenow_hibernating.json")["response"]),
}


@pytest.mark.parametrize("name", NOW)
def test_servicenow_answers_as_recorded(servicenow, name):
    exchange = fixture(f"cmdb/servicenow_{name}.json")
    want = exchange["response"]
    NOW_PREPARE.get(name, lambda _: None)(servicenow)
    key = "Bearer " + ("wrong" if name == "error_401" else servicenow.key)
    status, headers, text = call(
        servicenow.port, "GET", exchange["request"]["path"], None,
        {"Authorization": key})
    assert status == want["status"]
    for header, value in want["headers"].items():
        assert name == "error_429" and header == "X-RateLimit-Limit" \
            or headers[header] == value
    if "body_text" in want:
        assert text.decode() == want["body_text"]
        return
    told = json.loads(text)
    if name != "hit_display_value_all":
        assert told == want["body"]
        return
    # The recording has more fields than were asked for.
    asked = {"sys_id", "name", "ip_address", "assigned_to",
             "operational_status"}
    assert told == {"result": [{
        field: value for field, value in want["body"]["result"][0].items()
        if field in asked}]}


@pytest.mark.parametrize("name", [
    "device_hit", "device_miss", "error_400_filter", "error_403_bad_token",
    "error_403_no_token", "error_404_object", "ip_hit"])
def test_netbox_answers_as_recorded(netbox, name):
    exchange = fixture(f"cmdb/netbox_{name}.json")
    headers = {"Authorization": "Bearer " + netbox.key}
    if name == "error_403_bad_token":
        headers["Authorization"] += "x"
    if name == "error_403_no_token":
        headers = {}
    status, _, text = call(netbox.port, "GET", exchange["request"]["path"],
                           None, headers)
    assert status == exchange["response"]["status"]
    assert json.loads(text) == exchange["response"]["body"]


def test_netbox_has_pages(netbox):
    recorded = fixture("cmdb/netbox_page_1.json")
    device, = recorded["response"]["body"]["results"]
    netbox.data({"dcim/devices": [device] * 2860})
    _, _, text = call(netbox.port, "GET", recorded["request"]["path"], None,
                      {"Authorization": "Bearer " + netbox.key})
    assert json.loads(text) == recorded["response"]["body"]


def test_sink_keeps_the_key_and_the_body(sink):
    call(sink.port, "POST", "/ok/notify", {"a": 1},
         {"Idempotency-Key": "a b/c"})
    effect, = sink.effects()
    assert (effect["id"], effect["details"]) == ("a b/c", {"a": 1})
    with open(sink.log, encoding="utf-8") as log:
        last = log.read().splitlines()[-1]
    when, key, path, told = last.split(" ", 3)
    assert (key, path, json.loads(told)) == ("a%20b/c", "/ok/notify",
                                             {"a": 1})
    assert abs(float(when) - time.time()) < 60


@pytest.mark.parametrize("name", ["netbox_device_hit", "servicenow_miss",
                                  "netbox_error_403_no_token"])
def test_generic_plays_a_recorded_exchange(service, name):
    place = os.path.join(FIXTURES, "cmdb", f"{name}.json")
    generic = service("generic", place)
    exchange = fixture(f"cmdb/{name}.json")
    status, _, text = replay(generic, exchange["request"])
    assert status == exchange["response"]["status"]
    assert json.loads(text) == exchange["response"]["body"]
    assert call(generic.port, "GET", "/nosuch")[0] == 404


# Faults: what a client sees, and whether the effect took place.

def outcome(sink, timeout_s=30):
    """(what the client saw, how many effects)."""
    try:
        status, headers, text = call(sink.port, "POST", "/hook", {"a": 1},
                                     timeout_s=timeout_s)
        seen = (status, headers.get("Content-Type"), text)
    except (ConnectionResetError, socket.timeout, json.JSONDecodeError,
            http.client.RemoteDisconnected) as trouble:
        seen = type(trouble).__name__
    return seen, len(sink.effects())


def beginning(sink):
    """The first bytes that come at once, or why none did."""
    with socket.create_connection(("127.0.0.1", sink.port), 0.05) as peer:
        peer.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        try:
            return peer.recv(30)
        except (ConnectionResetError, socket.timeout) as trouble:
            return type(trouble).__name__


JSON = "application/json"
FAULTS = [
    ("reset_before", None, "ConnectionResetError", 0),
    ("reset_after", None, "ConnectionResetError", 1),
    ("close", None, "RemoteDisconnected", 0),
    ("html", None, (200, "text/html", b"<html><form action=/login>"), 1),
    ("empty", None, (200, JSON, b""), 1),
    ("half", None, (200, JSON, b'{"id":1,"succ'), 1),
    ("shape", None, (200, JSON, b'[{"id": {"id": []}}]'), 1),
    ("401", None, (401, JSON, b'{"message": "fault"}'), 0),
    ("500", None, (500, JSON, b'{"message": "fault"}'), 0),
    ("500", True, (500, JSON, b'{"message": "fault"}'), 1),
    ("429:7", None, (429, JSON, b'{"message": "fault"}'), 0),
    ("latency:20", None, (200, JSON, b'{"id": 1, "success": true}'), 1),
    ("late:0.02", None, (200, JSON, b'{"id": 1, "success": true}'), 1),
    ("html", False, (200, "text/html", b"<html><form action=/login>"), 0),
    ("rnd:0", None, (200, JSON, b'{"id": 1, "success": true}'), 1),
]


@pytest.mark.parametrize("kind,after_effect,seen,effects", FAULTS,
                         ids=[f"{row[0]}-{row[1]}" for row in FAULTS])
def test_fault_shows_and_takes_effect(sink, kind, after_effect, seen, effects):
    sink.fault(kind, after_effect=after_effect)
    assert outcome(sink) == (seen, effects)


def test_fault_hang_answers_nothing_and_frees_the_connection(sink):
    sink.fault("hang", times=1)
    with socket.create_connection(("127.0.0.1", sink.port)) as peer:
        peer.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        wait_until(lambda: sink.requests(path="/x"), what="the request")
        peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.recv(1)
        peer.setblocking(True)
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(1) == b""
    assert sink.effects() == []


@pytest.mark.parametrize("kind,at_least", [("drip:0.01", 20),
                                           ("huge", 1 << 20)])
def test_fault_body_without_end(sink, kind, at_least):
    sink.fault(kind)
    with socket.create_connection(("127.0.0.1", sink.port), 30) as peer:
        peer.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        size = 0
        while size < at_least:
            part = peer.recv(65536)
            assert part
            size += len(part)
    assert call(sink.port, "GET", "/_double/effects")[0] == 200


@pytest.mark.parametrize("kind,header,value", [
    ("429:7", "Retry-After", "7"), ("429", "Retry-After", None),
    ("429far", "Retry-After", "1000000000"),
    ("redirect", "Location", "http://127.0.0.1:1/latest/meta-data/"),
    ("redirect_self", "Location", "/hook"),
    ("gzipbomb", "Content-Encoding", "gzip")])
def test_fault_headers(sink, kind, header, value):
    sink.fault(kind)
    assert call(sink.port, "POST", "/hook", {})[1].get(header) == value


def test_fault_in_the_path(sink):
    assert call(sink.port, "POST", "/s429/x", {})[0] == 429
    assert call(sink.port, "POST", "/ok/x", {})[0] == 200
    with pytest.raises(ConnectionResetError):
        call(sink.port, "POST", "/reset_after/x", {})
    assert [one["path"] for one in sink.effects()] == ["/ok/x",
                                                       "/reset_after/x"]


def test_fault_rules_match_and_end(sink):
    sink.fault("500", method="POST", path="/a/*", times=2)
    sink.fault("404", body="needle")
    answers = [call(sink.port, method, path, body)[0] for method, path, body in
               [("GET", "/a/x", None), ("POST", "/a/x", {}),
                ("POST", "/b", "a needle"), ("POST", "/a/x", {}),
                ("POST", "/a/x", {})]]
    assert answers == [200, 500, 404, 500, 200]


def test_fault_of_unknown_kind_is_refused(sink):
    with pytest.raises(ValueError, match="nosuch"):
        sink.fault("nosuch")


def test_random_faults_follow_the_seed(service):
    def kinds(seed):
        sink = service("sink", "--seed", str(seed), "--fault", "rnd:100")
        return [beginning(sink) for _ in range(12)]
    first = kinds(5)
    assert first == kinds(5)
    assert len(set(map(str, first))) > 2


def test_requests_are_recorded_without_credentials(misp):
    search(misp, {"value": "1.2.3.4"})
    seen, = misp.requests()
    assert seen["body"] == {"value": "1.2.3.4"}
    assert seen["headers"]["authorization"] == "<masked>"
    with open(misp.log + ".requests.jsonl", encoding="utf-8") as log:
        assert misp.key not in log.read()


def test_reset_forgets_faults_and_effects(sink):
    sink.fault("500")
    call(sink.port, "POST", "/hook", {})
    sink.reset()
    assert outcome(sink)[1] == 1 and len(sink.requests()) == 1


def test_server_reads_chunks_expect_and_pipelines(sink):
    pieces = (b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
              b"Expect: 100-continue\r\n\r\n"
              b'4\r\n{"a"\r\n3;x=y\r\n:1}\r\n0\r\nT: 1\r\n\r\n'
              b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
              b"Connection: close\r\n\r\n{}")
    with socket.create_connection(("127.0.0.1", sink.port), 30) as peer:
        peer.sendall(pieces)
        text = b""
        while part := peer.recv(65536):
            text += part
    assert text.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert [(one["path"], one["details"]) for one in sink.effects()] == \
        [("/a", {"a": 1}), ("/b", {})]


@pytest.mark.parametrize("shown,trusted,said", [
    ("good", "ca", None), ("good", "other_ca", "unable to get local issuer"),
    ("expired", "ca", "certificate has expired"),
    ("other_name", "ca", "IP address mismatch"),
    ("self_signed", "ca", "self-signed")])
def test_tls_shows_the_certificate_it_is_given(service, certificates, shown,
                                               trusted, said):
    misp = service("misp", tls=certificates[shown])
    context = ssl.create_default_context(cafile=certificates[trusted])
    peer = http.client.HTTPSConnection("127.0.0.1", misp.port, timeout=30,
                                       context=context)
    if said:
        with pytest.raises(ssl.SSLCertVerificationError, match=said):
            peer.request("GET", "/servers/getVersion")
        assert misp.requests() == []
        return
    peer.request("GET", "/servers/getVersion")
    assert peer.getresponse().status == 403
    assert len(misp.requests()) == 1
    peer.close()
