"""cmdb_enrich against the fake NetBox."""
import pytest

from lookups import Asking
from services import fixture

# fixtures/cmdb/netbox_device_hit.json, netbox_ip_hit.json
HOST = {"dest": "SRV-PAY01"}
DEVICES, MACHINES = "dcim/devices", "virtualization/virtual-machines"
BOTH = ["/api/dcim/devices/", "/api/virtualization/virtual-machines/"]


def asking(herald, service, more="", key=None):
    return Asking(herald, "cmdb",
                  "plugin: cmdb_enrich, source: netbox, url: '@URL@/', "
                  "secret: {file: @DIR@/secrets/cmdb}, retries: 0" + more,
                  files={"secrets/cmdb": key or service.key},
                  URL=service.url)


@pytest.fixture
def cmdb(herald, netbox):
    return asking(herald, netbox, ", types: [host, ip, mac]")


@pytest.fixture
def named(herald, netbox):
    """Asks about names alone."""
    return asking(herald, netbox, ", types: [host]")


def first(alert, kind="device.hostname"):
    found = [one for one in alert.answers if one["name"] == kind]
    assert len(found) == 1, alert.shown
    return found[0]


def device(number, name, **more):
    return {"id": number, "name": name, **more}


# What is told.

def test_a_device_is_told_whole(cmdb, netbox):
    alert = cmdb.ask(HOST)
    told = first(alert)
    assert told["type"] == "asset"
    assert told["data"] == {
        "hostname": "srv-pay01", "fqdn": "srv-pay01.corp.example.com",
        "ip": "192.0.2.42", "id": "231", "type": "Server",
        "department": "Finance", "criticality": "critical",
        "tags": "crown-jewel", "os": "Debian 12", "status": "active",
        "serial": "EXAMPLE-0231", "asset_tag": "P1000231", "site": "HQ",
        "description": "Payroll server",
        "updated": "2026-11-01T10:11:12.131415Z"}
    assert told["short_desc"] == "srv-pay01, Finance, criticality critical"
    assert told["src_url"] == f"{netbox.url}/dcim/devices/231/"
    found = alert.record["device"]
    assert (found["hostname"], found["ip"]) == ("SRV-PAY01", "192.0.2.42")
    assert (found["risk_level_id"], found["type_id"]) == (4, 1)
    resource = alert.record["resources"][0]
    assert resource["labels"] == ["crown-jewel"]
    assert resource["group"]["name"] == "Finance"


def test_a_name_is_asked_of_devices_and_machines(named, netbox):
    named.ask(HOST)
    assert [one["path"] for one in netbox.requests()] == BOTH
    for one in netbox.requests():
        assert one["query"] == {"name__ie": "srv-pay01", "limit": "2",
                                "exclude": "config_context"}
        assert one["headers"]["accept"] == "application/json"
        assert one["headers"]["authorization"] == "<masked>"


def test_an_address_is_that_of_its_interfaces_owner(herald, netbox):
    cmdb = asking(herald, netbox, ", types: [ip]")
    alert = cmdb.ask({"dest_ip": "192.0.2.42"})
    assert first(alert, "device.ip")["data"]["hostname"] == "srv-pay01"
    assert alert.record["device"]["hostname"] == "srv-pay01"
    assert [(one["path"], one["query"]) for one in netbox.requests()] == [
        ("/api/ipam/ip-addresses/",
         {"address": "192.0.2.42", "limit": "10"}),
        ("/api/dcim/devices/231/", {"exclude": "config_context"})]


def test_a_virtual_machine_is_found_by_each_kind(cmdb, netbox):
    netbox.data({
        MACHINES: [device(231, "vm1", role=None, custom_fields={
            "criticality": {"value": "high", "label": "High"}})],
        "ipam/ip-addresses": [{"id": 1, "address": "2001:db8::5/64",
                               "assigned_object": {"id": 5, "virtual_machine":
                                                   {"id": 231}}}],
        "virtualization/interfaces": [
            {"id": 5, "mac_address": None, "mac_addresses":
             [{"mac_address": "00:00:5E:00:53:99"}],
             "virtual_machine": {"id": 231}}]})
    for row, kind in (({"dest": "vm1"}, "device.hostname"),
                      ({"dest_ip": "2001:db8::5"}, "device.ip"),
                      ({"dest": "x", "dest_mac": "00:00:5e:00:53:99"},
                       "device.mac")):
        alert = cmdb.ask(row)
        assert first(alert, kind)["data"]["hostname"] == "vm1"
        assert first(alert, kind)["src_url"].endswith(
            "/virtualization/virtual-machines/231/")
        assert alert.record["device"]["risk_level_id"] == 3
        assert alert.record["device"]["type_id"] == 6


def test_a_bond_is_one_device(cmdb, netbox):
    netbox.data({"dcim/interfaces": [
        {"id": i, "mac_address": "00:00:5E:00:53:01",
         "device": {"id": 231}} for i in (1, 2, 3)]})
    alert = cmdb.ask({"dest": "x", "dest_mac": "00:00:5e:00:53:01"})
    assert first(alert, "device.mac")["data"]["id"] == "231"


@pytest.mark.parametrize("owned", [None, {"id": 3, "name": "group"}])
def test_an_address_of_nobody_is_clean(cmdb, netbox, owned):
    netbox.data({"ipam/ip-addresses": [
        {"id": 1, "address": "192.0.2.99/24", "assigned_object": owned}]})
    assert cmdb.ask({"dest_ip": "192.0.2.99"}).outcome == "clean"


def test_own_fields_and_tags_make_the_level(herald, netbox):
    netbox.data({DEVICES: [
        device(1, "a", custom_fields={"value": 1, "boss": "mallory"}),
        device(2, "b", tags=[{"name": "web"}, {"name": "Crown-Jewel"}]),
        device(3, "c", custom_fields={"zones": ["dmz", "lab"]})]})
    cmdb = asking(herald, netbox, ", types: [host], fields: {criticality: "
                  "custom_fields.value, owner: custom_fields.boss, zone: "
                  "custom_fields.zones}, levels: {'1': critical, "
                  "crown-jewel: high}")
    alert = cmdb.ask({"dest": "a"})
    assert alert.record["device"]["risk_level_id"] == 4
    assert alert.record["device"]["owner"]["name"] == "mallory"
    assert cmdb.ask({"dest": "b"}).record["device"]["risk_level_id"] == 3
    assert first(cmdb.ask({"dest": "c"}))["data"]["zone"] == "dmz;lab"


# Names.

def test_what_is_not_known_is_clean_and_kept(named, netbox):
    for _ in range(2):
        assert named.ask({"dest": "nope"}).outcome == "clean"
    assert [(one["path"], one["query"]) for one in netbox.requests()] == [
        (path, {name: value, "limit": "2", "exclude": "config_context"})
        for name, value in (("name__ie", "nope"), ("name__isw", "nope."))
        for path in BOTH]


def test_a_name_is_found_in_its_other_spelling(herald, netbox):
    netbox.data({DEVICES: [
        device(1, "ws1"), device(2, "ws2.lab.example"),
        device(3, "ws3", primary_ip={"dns_name": "ws3.far.example"}),
        device(4, "ws4", primary_ip={"dns_name": "ws4.lab.example"})]})
    cmdb = asking(herald, netbox,
                  ", types: [host], domain: corp.example.com")
    assert cmdb.ask({"dest": "ws1.corp.example.com"}).outcome == "hit"
    assert cmdb.ask({"dest": "ws1.evil.example"}).outcome == "clean"
    assert cmdb.ask({"dest": "ws2"}).outcome == "hit"
    assert cmdb.ask({"dest": "ws3.far.example"}).outcome == "hit"
    assert cmdb.ask({"dest": "ws4.corp.example.com"}).outcome == "clean"


@pytest.mark.parametrize("rows, count", [
    ({DEVICES: [device(1, "twin"), device(2, "TWIN")]}, 2),
    ({DEVICES: [device(1, "twin")], MACHINES: [device(1, "twin")]}, 2),
    ({DEVICES: [device(i, "twin") for i in (1, 2, 3)]}, 3),
    ({DEVICES: [device(1, "twin.a.example"), device(2, "twin.b.example")]},
     2)])
def test_two_of_one_name_are_neither(named, netbox, rows, count):
    netbox.data(rows)
    alert = named.ask({"dest": "twin"})
    assert alert.outcome == "missing"
    assert named.why(alert).startswith(f"{count} assets are twin: ")


def test_a_page_without_a_count_has_more_where_it_says_next(named, netbox):
    netbox.settings(cursor=True)
    assert named.ask(HOST).outcome == "hit"
    netbox.data({DEVICES: [device(i, "twin") for i in (1, 2, 3)]})
    assert named.why(named.ask({"dest": "twin"})).startswith("3 assets")


def test_two_owners_of_an_address_are_neither(cmdb, netbox):
    netbox.data({"ipam/ip-addresses": [
        {"id": i, "address": "192.0.2.7/24",
         "assigned_object": {"device": {"id": i}}} for i in (1, 2)]})
    alert = cmdb.ask({"dest_ip": "192.0.2.7"})
    assert alert.outcome == "missing"
    assert cmdb.why(alert) == "2 assets are 192.0.2.7"


@pytest.mark.parametrize("value", ["a&limit=1000", "a?b#c", "a/../..", "a=b",
                                   "%00", "a;b"])
def test_values_do_not_bend_the_question(named, netbox, value):
    named.ask({"dest": value})
    for one in netbox.requests():
        assert one["path"] in BOTH
        assert sorted(one["query"]) in (["exclude", "limit", "name__ie"],
                                        ["exclude", "limit", "name__isw"])
        assert one["query"]["limit"] == "2"


# Traps.

@pytest.mark.parametrize("unknown, row", [
    ("name__ie", {"dest": "other"}), ("address", {"dest_ip": "192.0.2.5"}),
    ("mac_address", {"dest": "srv-pay01", "dest_mac": "00:00:5e:00:53:05"})])
def test_a_filter_it_does_not_know_gives_no_foreign_asset(cmdb, netbox,
                                                          unknown, row):
    netbox.data({"dcim/interfaces": [
        {"id": 1, "mac_address": "00:00:5E:00:53:01", "device": {"id": 231}}]})
    netbox.settings(unknown=[unknown])
    alert = cmdb.ask(row)
    assert alert.missing
    assert cmdb.why(alert) == ("it answers with something that was not asked "
                               "for: does this NetBox know the filter?")


def test_an_owner_that_is_not_shown_is_not_clean(cmdb, netbox):
    netbox.settings(hidden=[231])
    alert = cmdb.ask({"dest_ip": "192.0.2.42"})
    assert alert.outcome == "missing"
    assert "may the token read it?" in cmdb.why(alert)


@pytest.mark.parametrize("body", [
    [], {}, {"results": {}}, {"count": 1}, {"results": [1]},
    {"results": [{"name": {"a": 1}}]}, {"detail": "x"}])
def test_another_shape_is_missing(named, netbox, body):
    netbox.settings(answer={"status": 200, "body": body})
    assert named.ask(HOST).outcome == "missing"


@pytest.mark.parametrize("name, stops", [
    ("error_400_filter", False), ("error_403_bad_token", True),
    ("error_403_no_token", True), ("error_404_object", False)])
def test_recorded_refusals(named, netbox, name, stops):
    netbox.settings(answer=fixture(f"cmdb/netbox_{name}.json")["response"])
    assert named.ask(HOST).outcome == "missing"
    assert ("connector cmdb is stopped" in named.herald.log()) == stops


@pytest.mark.parametrize("fault", [
    "400", "401", "403", "404", "500", "502", "503", "html", "empty", "half",
    "shape", "huge", "gzipbomb", "reset_before", "close", "429", "429:7",
    "redirect", "redirect_self"])
@pytest.mark.parametrize("path", BOTH)
def test_trouble_is_missing_never_clean(named, netbox, fault, path):
    netbox.fault(fault, path=path)
    assert named.ask(HOST).outcome == "missing"


@pytest.mark.parametrize("fault", ["500", "html", "404", "close"])
def test_trouble_with_the_owner_is_missing(cmdb, netbox, fault):
    netbox.fault(fault, path="/api/dcim/devices/231/")
    assert cmdb.ask({"dest_ip": "192.0.2.42"}).outcome == "missing"


def test_no_permission_does_not_stop_it(named, netbox):
    netbox.fault("403", times=1)
    assert named.ask(HOST).outcome == "missing"
    assert named.ask(HOST).outcome == "hit"


def test_a_slow_answer_is_awaited(named, netbox):
    netbox.fault("latency:200")
    assert named.ask(HOST).outcome == "hit"


# Logging in.

def test_a_wrong_token_stops_it(herald, netbox):
    """NetBox says 403 to it, not 401."""
    cmdb = asking(herald, netbox, key="nbt_wrong.token")
    assert cmdb.ask(HOST).outcome == "missing"
    assert "connector cmdb is stopped" in cmdb.herald.log()
    assert "Invalid token" in cmdb.herald.log()


def test_a_token_of_old_lets_in(herald, netbox):
    cmdb = asking(herald, netbox, ", auth_prefix: 'Token '",
                  key="0123456789" * 4)
    assert cmdb.ask(HOST).outcome == "hit"


def test_the_probe_tells_how_many(herald, netbox):
    ended = asking(herald, netbox).herald.run_ctl("test-connector", "cmdb")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "it has 1 devices" in ended.stdout
    netbox.fault("403")
    ended = asking(herald, netbox).herald.run_ctl("test-connector", "cmdb")
    assert ended.returncode == 1
