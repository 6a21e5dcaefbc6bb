"""cmdb_enrich against the fake ServiceNow."""
import time

import pytest

from lookups import Asking
from services import fixture

# fixtures/cmdb/servicenow_hit_display_value_all.json
ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
HOST = {"dest": "ws0042"}


def asking(herald, service, more="", key=None, auth=", auth_user: herald"):
    return Asking(herald, "cmdb",
                  "plugin: cmdb_enrich, source: servicenow, url: '@URL@', "
                  "secret: {file: @DIR@/secrets/cmdb}, retries: 0, types: "
                  "[host, ip, mac]" + auth + more,
                  files={"secrets/cmdb": key or service.key},
                  URL=service.url)


@pytest.fixture
def cmdb(herald, servicenow):
    return asking(herald, servicenow)


def queries(servicenow):
    return [one["query"].get("sysparm_query")
            for one in servicenow.requests()]


def first(alert, kind="device.hostname"):
    found = [one for one in alert.answers if one["name"] == kind]
    assert len(found) == 1, alert.shown
    return found[0]


# What is told.

def test_a_host_is_told_whole(cmdb):
    alert = cmdb.ask(HOST)
    told = first(alert)
    assert told["type"] == "asset"
    assert told["data"] == {
        "hostname": "WS0042", "fqdn": "ws0042.corp.example.com",
        "ip": "192.0.2.42", "mac": "00:00:5E:00:53:2A", "id": ID,
        "type": "cmdb_ci_computer", "owner_name": "Alice Example",
        "os": "Windows 11", "status": "Operational",
        "serial": "EXAMPLE-0042", "asset_tag": "P1000042",
        "updated": "2026-11-20 09:11:12"}
    assert told["short_desc"] == "WS0042, owner Alice Example"
    assert told["src_url"].endswith(f"/cmdb_ci_computer.do?sys_id={ID}")
    device = alert.record["device"]
    assert device["ip"] == "192.0.2.42"
    assert device["uid"] == ID
    assert device["domain"] == "corp.example.com"
    assert device["owner"]["full_name"] == "Alice Example"
    assert "risk_level_id" not in device


@pytest.mark.parametrize("row, kind", [
    ({"dest": "ws0042"}, "device.hostname"),
    ({"dest": "WS0042.corp.example.com"}, "device.hostname"),
    ({"dest_ip": "192.0.2.42"}, "device.ip"),
    ({"dest": "x", "dest_mac": "00-00-5e-00-53-2a"}, "device.mac")])
def test_it_is_found_by_each_kind(cmdb, row, kind):
    assert first(cmdb.ask(row), kind)["data"]["id"] == ID


def test_the_question_is_exact_and_small(cmdb, servicenow):
    cmdb.ask({"dest": "ws0042.corp.example.com"})
    asked = servicenow.requests()[0]
    assert asked["path"] == "/api/now/table/cmdb_ci_computer"
    assert asked["query"] == {
        "sysparm_query": "name=ws0042.corp.example.com"
                         "^ORfqdn=ws0042.corp.example.com",
        "sysparm_fields": "name,fqdn,ip_address,mac_address,sys_id,"
                          "sys_class_name,assigned_to.user_name,assigned_to,"
                          "assigned_to.email,department,os,"
                          "operational_status,serial_number,asset_tag,"
                          "sys_updated_on",
        "sysparm_limit": "2", "sysparm_display_value": "all",
        "sysparm_exclude_reference_link": "true"}
    assert asked["headers"]["accept"] == "application/json"
    assert asked["headers"]["authorization"] == "<masked>"


def test_own_fields_and_words_make_the_level(herald, servicenow):
    servicenow.data([{"name": "srv1", "u_value": "1 - most critical",
                      "u_boss": "mallory", "sys_class_name": "Linux Server",
                      "u_zone": "dmz"},
                     {"name": "srv2", "u_value": "gold"},
                     {"name": "srv3", "u_value": "tin"}])
    cmdb = asking(herald, servicenow, ", fields: {criticality: u_value, "
                  "owner: u_boss, zone: u_zone, os: ''}, levels: "
                  "{Gold: high}")
    alert = cmdb.ask({"dest": "srv1"})
    device = alert.record["device"]
    assert (device["risk_level_id"], device["type_id"]) == (4, 1)
    assert device["owner"]["name"] == "mallory"
    assert first(alert)["data"]["zone"] == "dmz"
    assert alert.record["resources"][0]["criticality"] == "1 - most critical"
    assert ",os," not in servicenow.requests()[0]["query"]["sysparm_fields"]
    assert cmdb.ask({"dest": "srv2"}).record["device"]["risk_level_id"] == 3
    other = cmdb.ask({"dest": "srv3"})
    assert other.record["resources"][0]["criticality"] == "tin"
    assert "risk_level_id" not in other.record["device"]


def test_what_is_not_known_is_clean_and_kept(cmdb, servicenow):
    assert cmdb.ask({"dest": "nope"}).outcome == "clean"
    assert cmdb.ask({"dest": "nope"}).outcome == "clean"
    assert queries(servicenow) == [
        "name=nope^ORfqdnSTARTSWITHnope.^ORnameSTARTSWITHnope."]


def test_a_hit_is_asked_once(cmdb, servicenow):
    cmdb.ask(HOST)
    before = len(servicenow.requests())
    assert cmdb.ask(HOST).outcome == "hit"
    assert len(servicenow.requests()) == before


def test_names_of_our_domains_are_found_by_their_first_part(herald,
                                                            servicenow):
    servicenow.data([{"name": "ws1"},
                     {"name": "ws2", "fqdn": "ws2.lab.example"}])
    cmdb = asking(herald, servicenow, ", domain: corp.example.com")
    assert cmdb.ask({"dest": "ws1.corp.example.com"}).outcome == "hit"
    assert cmdb.ask({"dest": "ws2.corp.example.com"}).outcome == "clean"
    assert cmdb.ask({"dest": "ws1.evil.example"}).outcome == "clean"


def test_a_short_name_finds_the_full_one(cmdb, servicenow):
    servicenow.data([{"name": "a1.corp.example.com"},
                     {"name": "x", "fqdn": "a2.corp.example.com"}])
    assert cmdb.ask({"dest": "a1"}).outcome == "hit"
    assert cmdb.ask({"dest": "a2"}).outcome == "hit"


def test_two_assets_of_one_name_are_neither(cmdb, servicenow):
    servicenow.data([{"name": "twin", "sys_id": "1" * 32},
                     {"name": "TWIN", "sys_id": "2" * 32},
                     {"name": "twin", "sys_id": "3" * 32}])
    alert = cmdb.ask({"dest": "twin"})
    assert alert.outcome == "missing"
    assert cmdb.why(alert) == (
        f"3 assets are twin: twin ({'1' * 32}), TWIN ({'2' * 32})")


def test_the_operators_query_narrows_every_question(herald, servicenow):
    servicenow.data([{"name": "twin", "install_status": "7"},
                     {"name": "twin", "install_status": "1", "sys_id": "a"}])
    cmdb = asking(herald, servicenow, ", query: 'install_status!=7', domain: "
                  "corp.example.com")
    assert first(cmdb.ask({"dest": "twin"}))["data"]["id"] == "a"
    assert cmdb.ask({"dest": "twin.corp.example.com"}).outcome == "hit"
    for query in queries(servicenow):
        for part in query.split("^NQ"):
            assert part.endswith("^install_status!=7")


# A value is never a piece of the query.

@pytest.mark.parametrize("value", [
    "x^ORname=ws0042", "x^NQsys_idISNOTEMPTY", "javascript:gs.log()", "x=y",
    "ws0042^", "a,b", "a@b", "x y"])
def test_values_do_not_bend_the_query(cmdb, servicenow, value):
    alert = cmdb.ask({"dest": value})
    assert [one for one in alert.answers if one["name"] ==
            "device.hostname"] == []
    for query in queries(servicenow):
        assert "sys_idIS" not in query and "javascript" not in query
        assert "=ws0042" not in query and "log" not in query


# Traps.

def test_a_field_that_is_none_gives_no_foreign_asset(cmdb, servicenow):
    """ServiceNow passes over a condition of a field it does not know, and
    answers with whatever it has."""
    servicenow.settings(unknown=["ip_address"])
    alert = cmdb.ask({"dest_ip": "198.51.100.99"})
    assert alert.outcome == "missing"
    assert cmdb.why(alert) == (
        "it answers with an asset that was not asked for: has "
        "cmdb_ci_computer the field ip_address, and may it be read?")


def test_assets_that_may_not_be_read_are_not_clean(cmdb, servicenow):
    servicenow.settings(hidden=True)
    alert = cmdb.ask(HOST)
    assert alert.outcome == "missing"
    assert cmdb.why(alert) == ("it knows such assets and shows none: the user "
                               "may not read them")


def test_a_failure_beside_a_list_is_no_answer(cmdb, servicenow):
    servicenow.settings(cancelled=True)
    alert = cmdb.ask({"dest": "nope"})
    assert alert.outcome == "missing"
    assert "Transaction cancelled: maximum execution" in cmdb.why(alert)


@pytest.mark.parametrize("name, words", [
    ("error_400_table", "Invalid table nosuchtable"),
    ("error_401", "Required to provide Auth"),
    ("error_404_record", "is this a ServiceNow?"),
    ("hibernating", "the answer is no JSON but text/html")])
def test_recorded_refusals(cmdb, servicenow, name, words):
    recorded = fixture(f"cmdb/servicenow_{name}.json")["response"]
    servicenow.settings(answer=recorded)
    alert = cmdb.ask(HOST)
    assert alert.outcome == "missing"
    assert words in cmdb.why(alert) + cmdb.herald.log()
    assert ("connector cmdb is stopped" in cmdb.herald.log()) == (
        recorded["status"] == 401)


@pytest.mark.parametrize("status", [200, 201])
def test_recorded_hits_are_read_in_both_shapes(cmdb, servicenow, status):
    recorded = fixture("cmdb/servicenow_hit.json")["response"]
    servicenow.settings(answer={**recorded, "status": status})
    told = first(cmdb.ask(HOST))["data"]
    assert (told["hostname"], told["id"]) == ("WS0042", ID)


def test_the_wait_is_that_of_its_header(cmdb, servicenow):
    """Seconds since 1970, not seconds from now."""
    servicenow.settings(reset=int(time.time()) + 90)
    servicenow.fault("429", times=1)
    assert cmdb.ask(HOST).outcome == "missing"
    log = cmdb.herald.log()
    assert any(f"quota spent: nothing is asked for {s} s" in log
               for s in range(60, 92)), log


def test_a_wait_in_the_past_is_none(cmdb, servicenow):
    servicenow.settings(reset=1795572)
    servicenow.fault("429", times=1)
    assert cmdb.ask(HOST).outcome == "missing"


@pytest.mark.parametrize("fault", [
    "400", "403", "404", "500", "502", "503", "html", "empty", "half",
    "shape", "huge", "gzipbomb", "reset_before", "close", "429", "429:7",
    "redirect", "redirect_self"])
def test_trouble_is_missing_never_clean(cmdb, servicenow, fault):
    servicenow.fault(fault)
    assert cmdb.ask(HOST).outcome == "missing"


def test_a_slow_answer_is_awaited(cmdb, servicenow):
    servicenow.fault("latency:300")
    assert cmdb.ask(HOST).outcome == "hit"


def test_none_is_missing(herald, servicenow, service):
    gone = service("servicenow")
    cmdb = asking(herald, gone)
    gone.stop()
    assert cmdb.ask(HOST).outcome == "missing"


# Logging in.

def test_a_wrong_password_stops_it(herald, servicenow):
    cmdb = asking(herald, servicenow, key="wrong")
    assert cmdb.ask(HOST).outcome == "missing"
    assert "connector cmdb is stopped" in cmdb.herald.log()
    cmdb.ask({"dest": "other"})
    assert len(servicenow.requests()) == 1


def test_a_token_lets_in(herald, servicenow):
    cmdb = asking(herald, servicenow, auth="")
    assert cmdb.ask(HOST).outcome == "hit"


def test_a_token_is_fetched(herald, servicenow, service):
    tokens = service("sink", name="tokens")
    tokens.settings(body={"access_token": servicenow.key, "expires_in": 1800,
                          "token_type": "Bearer"})
    cmdb = Asking(herald, "cmdb",
                  "plugin: cmdb_enrich, source: servicenow, url: '@URL@', "
                  "types: [host], oauth2: {url: '@TOKENS@/oauth_token.do', "
                  "client_id: herald, secret: {file: @DIR@/secrets/client}}",
                  files={"secrets/client": "example-client"},
                  URL=servicenow.url, TOKENS=tokens.url)
    assert cmdb.ask(HOST).outcome == "hit"
    assert cmdb.ask({"dest": "other"}).outcome == "clean"
    assert len(tokens.requests()) == 1


def test_without_a_secret_nothing_is_asked(herald, servicenow):
    cmdb = Asking(herald, "cmdb", "plugin: cmdb_enrich, source: servicenow, "
                  "url: '@URL@', types: [host]", URL=servicenow.url)
    alert = cmdb.ask(HOST)
    assert alert.outcome == "missing"
    assert "secret" in cmdb.why(alert)
    assert servicenow.requests() == []


# The probe, and the configuration.

def test_the_probe_tells_how_many_and_what_is_not_there(herald, servicenow):
    cmdb = asking(herald, servicenow, ", fields: {criticality: u_none}")
    ended = cmdb.herald.run_ctl("test-connector", "cmdb")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ("cmdb_ci_computer has 1 assets; the first of them has no "
            "assigned_to.user_name, assigned_to.email, department, u_none"
            in ended.stdout)


def test_the_probe_fails_where_nobody_is_let_in(herald, servicenow):
    cmdb = asking(herald, servicenow, key="wrong")
    assert cmdb.herald.run_ctl("test-connector", "cmdb").returncode == 1
