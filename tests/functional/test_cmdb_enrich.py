"""cmdb_enrich: what the file says, and what becomes of a file that changes."""
import os
import re
import shutil

import pytest

from herald import HEAD
from lookups import Asking
from services import FIXTURES
from waiting import wait_until

ASSETS = os.path.join(FIXTURES, "cmdb", "assets.csv")


def asking(herald, text=None, more="", name="assets.csv"):
    if text is None:
        with open(ASSETS, encoding="utf-8") as assets:
            text = assets.read()
    files = {} if text is False else {name: text}
    return Asking(herald, "cmdb", f"plugin: cmdb_enrich, file: @DIR@/{name}"
                  + more, files=files)


def replace(ask, text, name="assets.csv"):
    """As an editor does it."""
    made = ask.herald.write(name + ".new", text)
    os.rename(made, ask.herald.path(name))


def told(ask, words):
    """Waits until the log has them."""
    wait_until(lambda: words in ask.herald.log(), 15,
               lambda: f"{words!r} in the log:\n" + ask.herald.log())


def test_a_host_is_known_by_its_name(herald):
    alert = asking(herald).ask({"dest": "SRV-PAY01"})
    # What the name's answer adds is asked about as well, in a second round.
    assert [one["name"] for one in alert.answers] == [
        "device.hostname", "device.ip", "device.mac"]
    assert alert.answers[0]["type"] == "asset"
    assert alert.answers[0]["data"]["environment"] == "production"
    device = alert.record["device"]
    assert device["hostname"] == "SRV-PAY01"        # as the alert has it
    assert device["ip"] == "198.51.100.20"
    assert device["domain"] == "corp.example.com"
    assert device["owner"]["name"] == "mallory"
    assert (device["risk_level_id"], device["risk_level"]) == (4, "Critical")
    assert (device["type_id"], device["type"]) == (1, "Server")
    resource = alert.record["resources"][0]
    assert resource["criticality"] == "critical"
    assert resource["labels"] == ["server", "crown-jewel"]
    assert resource["group"]["name"] == "Finance"


def test_a_host_is_known_by_its_address(herald):
    device = asking(herald).ask({"dest": "192.0.2.42"}).record["device"]
    assert device["hostname"] == "WS0042"
    assert device["risk_level_id"] == 3


def test_a_name_outranks_an_address(herald):
    """The address has moved to another host."""
    alert = asking(herald).ask({"dest": "lab-07", "dest_ip": "192.0.2.42"})
    assert alert.record["device"]["risk_level_id"] == 1
    assert [one["data"]["hostname"] for one in alert.answers[:2]] == [
        "lab-07", "WS0042"]


def test_a_network_tells_how_critical(herald):
    alert = asking(herald).ask({"dest": "203.0.113.200"})
    assert alert.record["device"]["risk_level_id"] == 1
    assert "hostname" not in alert.record["device"]


def test_what_is_not_in_it_is_clean(herald):
    assert asking(herald).ask({"dest": "nobody"}).outcome == "clean"


def test_two_hosts_of_one_name_are_neither(herald):
    ask = asking(herald, "fqdn,criticality\na.one.example,low\n"
                         "a.two.example,high\n")
    assert ask.ask({"dest": "a"}).outcome == "missing"
    assert ask.ask({"dest": "a.two.example"}).outcome == "hit"


def test_the_hostile_file_is_read(herald):
    ask = asking(herald, "", ", delimiter: semicolon")
    shutil.copy(os.path.join(FIXTURES, "cmdb", "assets-hostile.csv"),
                ask.herald.path("assets.csv"))
    told(ask, "8 assets, 1 line skipped (line 6: 2 cells, not 4), 1 line "
              "replaced an earlier one, 1 line is not UTF-8")
    assert ask.ask({"dest": "ws0042"}).record["device"]["risk_level_id"] == 4
    answer = ask.ask({"dest": "192.0.2.6"}).answer
    assert answer["data"]["hostname"] == "latin1-\ufffd"


def test_a_new_file_is_taken(herald):
    ask = asking(herald)
    assert ask.ask({"dest": "newcomer"}).outcome == "clean"
    with open(ASSETS, encoding="utf-8") as assets:
        replace(ask, assets.read() + "newcomer,,,,,,,,critical,\n")
    told(ask, "6 assets")
    assert ask.ask({"dest": "newcomer"}).record["device"][
        "risk_level_id"] == 4


@pytest.mark.parametrize("text, words", [
    ("", "names no columns"), ("hostname,ip\n", "there is no asset in it"),
    ("hostname,ip\na,\nb,\n", "2 assets, it had 5"),
    ("hostname;ip\na;b\n", "is it the right delimiter?")])
def test_a_broken_file_leaves_the_former_in_use(herald, text, words):
    ask = asking(herald)
    assert ask.ask({"dest": "lab-07"}).outcome == "hit"
    replace(ask, text)
    told(ask, words)
    told(ask, "the former 5 assets stay in use")
    assert ask.ask({"dest": "dc1"}).outcome == "hit"


def test_a_file_that_is_gone_leaves_the_former_in_use(herald):
    ask = asking(herald)
    assert ask.ask({"dest": "lab-07"}).outcome == "hit"
    os.unlink(ask.herald.path("assets.csv"))
    told(ask, "No such file or directory; the former 5 assets")
    assert ask.ask({"dest": "dc1"}).outcome == "hit"


def test_without_a_file_everything_is_missing(herald):
    ask = asking(herald, False)
    assert ask.ask({"dest": "lab-07"}).outcome == "missing"
    ended = ask.herald.run_ctl("test-connector", "cmdb")
    assert ended.returncode == 1
    assert "No such file or directory" in ended.stdout + ended.stderr
    ask.herald.write("assets.csv", "hostname,criticality\nlab-07,low\n")
    told(ask, "1 asset")
    wait_until(lambda: ask.ask({"dest": "lab-07"}).outcome == "hit", 30)


def test_the_file_is_probed(herald):
    ended = asking(herald).herald.run_ctl("test-connector", "cmdb")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "5 assets" in ended.stdout


def test_names_of_our_domains_are_found_by_their_first_part(herald):
    ask = asking(herald, "hostname,criticality\nws1,low\n",
                 ", domain: corp.example.com")
    assert ask.ask({"dest": "ws1.corp.example.com"}).outcome == "hit"
    assert ask.ask({"dest": "ws1.evil.example"}).outcome == "clean"


def test_a_file_that_is_back_as_it_was_is_in_use_again(herald):
    """Nothing of it has changed but that it can be read."""
    ask = asking(herald)
    told(ask, "5 assets")
    os.rename(ask.herald.path("assets.csv"), ask.herald.path("away"))
    told(ask, "No such file or directory; the former 5 assets")
    os.rename(ask.herald.path("away"), ask.herald.path("assets.csv"))
    wait_until(lambda: ask.herald.run_ctl(
        "test-connector", "cmdb").returncode == 0, 30)


def test_columns_get_our_names_and_words_our_meaning(herald):
    ask = asking(herald, "Asset Name,Value,Zone\na,Gold,dmz\n", ", fields: "
                 "{hostname: asset name, criticality: Value}, levels: "
                 "{gold: high}")
    alert = ask.ask({"dest": "a"})
    assert alert.record["device"]["risk_level_id"] == 3
    assert alert.answers[0]["data"] == {
        "hostname": "a", "criticality": "Gold", "Zone": "dmz"}


@pytest.mark.parametrize("lines, words", [
    ("source: csv", "source: csv wants 'file'"),
    ("source: netbox", "source: netbox wants 'url'"),
    ("file: /x, url: 'https://a.example'", "source: csv knows no 'url'"),
    ("source: netbox, url: 'https://a.example', query: x",
     "source: netbox knows no 'query'"),
    ("file: /x, levels: {a: urgent}", "urgent")])
def test_options_that_do_not_fit_are_refused(herald, lines, words):
    with pytest.raises(ChildProcessError) as refused:
        Asking(herald, "cmdb", "plugin: cmdb_enrich, " + lines)
    assert words in str(refused.value)


README = os.path.join(os.path.dirname(FIXTURES), os.pardir, "plugins",
                      "cmdb_enrich", "README.md")


def examples():
    """The configurations of the README, each a text."""
    with open(README, encoding="utf-8") as text:
        found = re.findall(r"^    connectors:\n((?:    .*\n)+)", text.read(),
                           re.M)
    assert len(found) == 4
    return [re.sub("^    ", "", one, flags=re.M) for one in found]


@pytest.mark.parametrize("example", examples(), ids=range(4))
def test_the_examples_of_the_readme_are_taken(herald, example):
    text = HEAD + ("connectors:\n  in: {plugin: splunk_in, listen: ingest, "
                   "secret: {file: @DIR@/secrets/splunk}}\n") + re.sub(
        r"\{credential: \w+\}", "{file: @DIR@/secrets/splunk}", example)
    if "pipelines:" not in text:
        text += ("pipelines: [{name: default, steps: [{enrich: {by: [cmdb], "
                 "within: 1s}}]}]\n")
    assert "started" in herald(text).log()
