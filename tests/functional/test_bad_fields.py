"""Class f of bad-inputs.tsv: what attackers write into the fields of alerts.

Fields of a directory, of mail and of a case are met in the tests of those
connectors (test_bad_inputs.py says where).
"""
import hashlib
import itertools
import json
import re
import time

import pytest

from acting import Acting
from bad_inputs import bad_inputs
from doing import Acting as Posting
from herald import HEAD, send_webhook
from lookups import Asking
from services import fixture
from test_guards import CONFIG as GUARDED
from test_guards import acted, ask, host, person
from waiting import wait_until

PAYLOAD = fixture("splunk/webhook_failed_then_success.json")

# ---- targets of actions ----

SERVICES = GUARDED.replace("  protect:\n", """\
  protect:
    - {name: services, if: 'listed("services", target.user.name)', because: services stay}
""").replace("safety:\n", """\
lists:
  services: {of: user, values: [svc_backup]}
safety:
""", 1)


@bad_inputs({
    "f05": (person("krbtgt"), "krbtgt"),
    "f05-case": (person("KRBTGT"), "krbtgt"),
    "f05-domain": (person("CORP\\krbtgt"), "krbtgt"),
    "f05-upn": (person("krbtgt@corp.example"), "krbtgt"),
    "f05-sid": (person("renamed", uid="S-1-5-21-1-2-3-502"), "502"),
    "f06": (person("Administrator", uid="S-1-5-21-1-2-3-500"), "500"),
    "f06-renamed": (person("jdoe", uid="S-1-5-21-9-8-7-500"), "500"),
    "f08": (person("DOMAIN\\svc_backup"), "services stay"),
    "f08-upn": (person("svc_backup@corp.example"), "services stay"),
    "f08-case": (person("SVC_Backup"), "services stay"),
    "f09": (person("svc-herald$"), "herald's own"),
    "f09-domain": (person("corp\\SVC-HERALD"), "herald's own"),
    "f16": (host("dc7"), "connectors talk to"),
    "f16-group": (host("dc01") | {"device": {
        "hostname": "dc01", "risk_level_id": 1, "groups": [
            {"name": "Domain Controllers", "uid": "S-1-5-21-1-2-3-516"}]}},
        "domain controller"),
    "f18": (host("edr.example.com"), "connectors talk to"),
    "f18-case": (host("EDR.Example.COM."), "connectors talk to"),
    "f18-address": ({"type": "device", "uid": "x", "device": {
        "hostname": "x", "risk_level_id": 1, "ip": "::ffff:192.0.2.9"}},
        "connectors talk to"),
})
def test_bad_target(herald, case):
    target, word = case
    daemon = herald(SERVICES)
    state, message = ask(daemon, target=target)
    assert state == "refused"
    assert word in message
    assert acted(daemon) == []


# ---- values that are looked up ----

HASH = hashlib.sha256(b"x").hexdigest()


def looking(herald, sink):
    return Asking(herald, "own", "plugin: http_enrich, url: '@URL@', "
                  "retries: 0, auth: none, path: '/look/${value}', "
                  "types: [ip, domain, url, user, host, hash]", URL=sink.url)


# What is asked of each, at most: never a path of the value's own.
LOOKED_UP = {
    "f10": ({"user": ""}, []),
    "f10-blank": ({"user": "  "}, []),
    "f11": ({"user": None}, []),
    "f11-object": ({"user": {}}, []),
    "f11-list": ({"user": []}, []),
    "f12": ({"user": "u" * 10000}, []),
    "f12-257": ({"user": "u" * 257}, []),
    "f19-help": ({"dest": "--help"}, []),
    "f19": ({"dest": "-rf"}, []),
    "f21": ({"src": "0.0.0.0/0"}, []),
    "f22": ({"src": "999.1.1.1"}, []),
    "f22-short": ({"src": "1.2.3"}, []),
    "f22-hex": ({"src": "0x7f.1"}, []),
    "f22-number": ({"src": "2130706433"}, []),
    "f22-octal": ({"src": "010.8.8.8"}, []),
    "f22-port": ({"src": "8.8.8.8:80"}, []),
    "f23": ({"src": "::ffff:127.0.0.1"}, []),
    "f23-private": ({"src": "::ffff:10.0.0.1"}, []),
    "f24": ({"src": "169.254.169.254"}, []),
    "f24-v6": ({"src": "fe80::1"}, []),
    "f29": ({"file_hash": "../users"}, []),
    "f29-31": ({"file_hash": "a" * 31}, []),
    "f29-no-hex": ({"file_hash": "g" * 64}, []),
    "f29-sound": ({"file_hash": HASH}, ["/look/" + HASH]),
}


@bad_inputs(LOOKED_UP)
def test_bad_value_is_not_asked(herald, sink, case):
    row, paths = case
    asking = looking(herald, sink)
    asking.ask(row)
    assert [one["path"] for one in sink.requests()] == paths


@bad_inputs({
    "f25": {"url": "http://127.0.0.1:@PORT@/steal"},
    "f26": {"url": "file:///etc/shadow"},
    "f26-gopher": {"url": "gopher://127.0.0.1:@PORT@/x"},
    "f26-dict": {"url": "dict://127.0.0.1:@PORT@/x"},
    "f27": {"query": "a/../../api/v3/files"},
    "f28": {"query": "a?x-apikey=1#"},
    "f28-fragment": {"query": "a#b"}})
def test_bad_value_stays_a_value(herald, sink, case):
    """It is a part of one path, or not asked at all, and never fetched."""
    row = {key: value.replace("@PORT@", str(sink.port))
           for key, value in case.items()}
    looking(herald, sink).ask(row)
    for one in sink.requests():
        assert one["path"].startswith("/look/")
        assert one["query"] == {}


@bad_inputs({"f44": 10000})
def test_many_observables(herald, misp, case):
    """200 are looked up, and the record says that there were more."""
    asking = Asking(herald, "misp", "plugin: misp_enrich, url: '@URL@', "
                    "secret: {file: @DIR@/secrets/misp}, share: all",
                    files={"secrets/misp": misp.key}, URL=misp.url)
    alert = asking.ask({"src": [f"8.{i // 62500}.{i // 250 % 250}.{i % 250}"
                                for i in range(case)]})
    assert 0 < len(misp.asked()) <= 200
    assert alert.shown["state"] == "done"


# ---- texts ----

@bad_inputs({
    "f35": "{{7*7}}", "f35-jndi": "${jndi:ldap://x}", "f35-format": "%n%n%s",
    "f35-template": "${user.name}", "f35-shell": "$(id) `id`",
    "f35-cel": "' + user.name + '"})
def test_bad_text_stays_a_text(herald, sink, case):
    posting = Posting(herald, "room", "plugin: http_out, url: '@URL@'",
                      "post", {"text": "${finding_info.title}"},
                      URL=sink.url)
    assert posting.act(signature=case)["state"] == "done"
    sent, = sink.requests(method="POST")
    assert sent["body"]["text"] == case
    assert posting.herald.process.poll() is None


PLAIN = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  in: {plugin: http_in, listen: ingest, secret: {file: @DIR@/secrets/in}}
lists:
  admins: {of: user, values: [admin]}
pipelines:
  - name: default
    steps:
      - stop: {if: 'listed("admins", user.name)', because: an administrator}
      - score:
          - {name: slow, if: 'finding_info.title.matches("(a+)+$") && finding_info.title.matches("(a|a)*b")', add: 1, because: a pattern}
"""
SECRET = "a-secret-of-more-than-24-bytes"


@pytest.fixture
def plain(herald):
    return herald(PLAIN, files={"secrets/in": SECRET})


@bad_inputs({"f14": ("\u0430dmin", "default"), "f14-width": ("\uff41dmin", ""),
             "f14-joiner": ("ad\u200dmin", ""), "f14-same": ("ADMIN", "stop")})
def test_homoglyph_is_another_name(plain, case):
    user, word = case
    alert = send_webhook(plain, dict(PAYLOAD, result={
        **PAYLOAD["result"], "user": user}))
    plain.wait_state(alert, "done")
    stopped = "an administrator" in json.dumps(plain.ctl("show", alert))
    assert stopped == (word == "stop")


@bad_inputs({"f36": "\x1b[2J\x07x", "f36-c1": "\x9b2Jx",
             "f36-lines": "x\r\n<error> forged", "f36-separator": "x\u2028y"})
def test_control_characters_reach_no_terminal(plain, case):
    send_webhook(plain, dict(PAYLOAD, result={
        **PAYLOAD["result"], "signature": case, "user": case}))
    for text in (plain.log(), plain.run_ctl("list").stdout,
                 plain.run_ctl("explain", "@last").stdout):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028]", text), text
        assert not re.search("(?m)^<error> forged", text)


@bad_inputs({"f37": "a" * 900000, "f37-end": "a" * 900000 + "!"})
def test_patterns_are_linear(plain, case):
    began = time.monotonic()
    alert = send_webhook(plain, dict(PAYLOAD, result={
        **PAYLOAD["result"], "signature": case}))
    plain.wait_state(alert, "done")
    assert time.monotonic() - began < 20    # of a sanitizer's build


numbers = itertools.count()


def send(daemon, body):
    return daemon.post("/v1/http", body,
                       {"Authorization": "Bearer " + SECRET})[0]


@bad_inputs({"f39": {"rule": "x"}, "f39-empty": {"rule": "x", "alert_id": ""},
             "f39-null": {"rule": "x", "alert_id": None},
             "f39-list": {"rule": "x", "alert_id": ["a"]}})
def test_without_an_identifier_the_content_is_one(plain, case):
    assert [send(plain, case) for _ in range(3)] == [200] * 3
    assert send(plain, {**case, "more": 1}) == 200
    assert len(plain.export()) == 2


@bad_inputs({"f40": "x" * 65536, "f40-1k": "y" * 1024,
             "f40-cut": "z" * 70000})
def test_long_identifiers_have_a_bound(plain, case):
    for _ in range(2):
        assert send(plain, {"rule": "x", "alert_id": case}) == 200
    alert, = plain.export()
    assert len(alert["uid"]) <= 1024
    # Another one that begins alike is another alert.
    assert send(plain, {"rule": "x", "alert_id": case[:-1] + "?"}) == 200
    assert len(plain.export()) == 2


# ---- parameters ----

@bad_inputs({"f10-action": {"user": ""}, "f11-action": {"user": 5},
             "f11-absent": {}})
def test_action_without_a_target_is_told_and_the_alert_goes_on(herald, case):
    acting = Acting(herald, ["{name: a, do: acts.contain, "
                             "with: {user: '${user.name}'}}"])
    alert = acting.ended(acting.send(**case))
    action, = alert["actions"]
    if case.get("user") == 5:
        assert action["state"] in ("done", "refused")
    else:
        assert action["state"] == "refused" and action["message"]
        assert acting.effects() == []
    assert alert["state"] in ("done", "dead")
