"""http_in: who is let in, and what becomes of the fields."""
import base64
import glob
import hashlib
import hmac
import json
import os
import re
import time

import pytest

from herald import HEAD
from services import TESTS, call
from waiting import wait_until

SECRET = "a-secret-of-more-than-24-bytes"
OLD = "an-older-secret-of-enough-bytes"
PATH = "/in/v1/http"
BEARER = {"Authorization": "Bearer " + SECRET}
EXAMPLES = os.path.join(TESTS, os.pardir, "conf", "examples", "sources")

CONFIG = HEAD + """\
connectors:
  in: {plugin: http_in, listen: ingest, mount: /in, secret: {file: @DIR@/secrets/in}@LINES@}
pipelines:
  - name: default
    steps: []
"""


@pytest.fixture
def source(herald):
    def start(lines="", secret=SECRET):
        return herald(CONFIG.replace("@LINES@", lines), files={
            "secrets/in": secret, "secrets/old": OLD})
    return start


def send(daemon, body, headers=None, path=PATH, kind="application/json"):
    """(status, headers, answer) of a POST of these bytes."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    status, told, text = call(daemon.port("INGEST"), "POST", path, body,
                              {"Content-Type": kind, **(headers or {})})
    return status, told, text


def records(daemon, count):
    """The records of so many alerts, oldest first."""
    def there():
        found = [one for one in daemon.export()
                 if one["state"] not in ("received", "running")]
        return found if len(found) == count else None
    alerts = wait_until(there, 20, lambda: (
        f"{count} alerts: {daemon.export()}\n{daemon.log()}"))
    return [daemon.ctl("show", one["id"])["record"] for one in alerts]


def standard(body, key=SECRET, at=None, ident="msg_1"):
    at = str(int(time.time()) if at is None else at)
    mac = hmac.new(key.encode(), f"{ident}.{at}.{body}".encode(),
                   hashlib.sha256).digest()
    return {"webhook-id": ident, "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(mac).decode()}


def github(body, key=SECRET, algorithm="sha256"):
    mac = hmac.new(key.encode(), body.encode(), algorithm).hexdigest()
    return mac


# ---- who is let in ----

BODY = '{"rule": "x", "n": 1}'


@pytest.mark.parametrize("auth, headers, path, status", [
    ("bearer", BEARER, PATH, 200),
    ("bearer", {"Authorization": "bearer " + SECRET}, PATH, 200),
    ("bearer", {}, PATH, 401),                                      # a01
    ("bearer", {"Authorization": "Bearer " + SECRET[:-1] + "x"}, PATH, 401),
    ("bearer", {"Authorization": "Bearer " + SECRET + "x"}, PATH, 401),
    ("bearer", {"Authorization": "Bearer "}, PATH, 401),
    ("bearer", {"Authorization": SECRET}, PATH, 401),
    ("bearer", {}, PATH + "?token=" + SECRET, 401),                 # a03
    ("bearer", {}, PATH + "/" + SECRET, 404),
    ("header", {"X-Herald-Token": SECRET}, PATH, 200),
    ("header", {"X-Herald-Token": OLD}, PATH, 401),
    ("header", BEARER, PATH, 401),
    ("path", {}, PATH + "/" + SECRET, 200),
    ("path", {}, PATH + "/" + SECRET + "/", 401),
    ("path", {}, PATH + "/x", 401),
    ("path", BEARER, PATH, 401),
    ("github", {"X-Hub-Signature-256": "sha256=" + github(BODY)}, PATH, 200),
    ("github", {"X-Hub-Signature-256": "sha256=" + github(BODY + " ")},
     PATH, 401),                                                    # a04
    ("github", {"X-Hub-Signature":
                "sha1=" + github(BODY, algorithm="sha1")}, PATH, 401),  # a13
    ("github", BEARER, PATH, 401),
    ("standard", {}, PATH, 401),
    ("standard", BEARER, PATH, 401),
])
def test_who_is_let_in(source, auth, headers, path, status):
    daemon = source(f", auth: {auth}")
    assert send(daemon, BODY, headers, path)[0] == status, daemon.log()
    if status == 200:
        records(daemon, 1)
    else:
        assert daemon.export() == []
    assert SECRET not in daemon.log()


def test_standard_webhooks(source):
    daemon = source(", auth: standard")
    now = int(time.time())
    good = standard(BODY)
    assert send(daemon, BODY, good)[0] == 200
    # Two signatures, the second one sound (a09).
    two = {**good, "webhook-signature":
           "v1,AAAA " + good["webhook-signature"]}
    assert send(daemon, BODY, two)[0] == 200
    for bad in (standard(BODY, at=now - 301),                       # a05
                standard(BODY, at=now + 400),
                standard(BODY, at="1e9"), standard(BODY, at="-1"),  # a07
                standard(BODY, key=OLD),
                {**good, "webhook-id": "msg_2"},
                {**good, "webhook-signature":                       # a10
                 good["webhook-signature"].replace("v1,", "v1a,")},
                {**good, "webhook-signature":                       # a11
                 good["webhook-signature"][:9] + " "
                 + good["webhook-signature"][9:]}):
        assert send(daemon, BODY, bad)[0] == 401, bad
    # The same JSON in other bytes (a14).
    assert send(daemon, BODY.replace(" ", ""), good)[0] == 401


@pytest.mark.parametrize("auth, headers", [
    ("bearer", {"Authorization": "Bearer " + OLD}),
    ("github", {"X-Hub-Signature-256": "sha256=" + github(BODY, OLD)}),
    ("standard", None)])
def test_an_old_secret_is_right_as_well(source, auth, headers):
    daemon = source(f", auth: {auth}, old_secret: {{file: @DIR@/secrets/old}}")
    assert send(daemon, BODY, headers or standard(BODY, OLD))[0] == 200


@pytest.mark.parametrize("secret, word", [                          # a15
    ("twenty-three-bytes-long", "less than 24 bytes"),
    ("x" * 1025, "more than 1024 bytes")])
def test_a_secret_that_is_no_good_is_refused_at_load(herald, secret, word):
    daemon = herald(CONFIG.replace("@LINES@", ""), started=False,
                    files={"secrets/in": secret})
    told = daemon.check()
    assert told.returncode == 1
    assert word in told.stderr and "openssl rand" in told.stderr
    assert secret not in told.stderr


def test_who_guesses_is_turned_away(source):                        # a16
    daemon = source()
    for _ in range(20):
        assert send(daemon, BODY, {"Authorization": "Bearer x"})[0] == 401
    status, headers, _ = send(daemon, BODY, {"Authorization": "Bearer x"})
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 61
    # The secret is not even looked at.
    assert send(daemon, BODY, BEARER)[0] == 429


# ---- what is taken ----

@pytest.mark.parametrize("body, kind, status", [
    ("", "application/json", 400), ("  ", "application/json", 400),
    (BODY, "text/plain", 415), (BODY, "application/json; charset=utf-8", 200),
    (BODY, "application/cloudevents+json", 200)])
def test_what_is_no_json_is_told(source, body, kind, status):
    daemon = source()
    assert send(daemon, body, BEARER, kind=kind)[0] == status


def test_broken_json_is_kept_for_a_person(source):
    daemon = source()
    assert send(daemon, '{"a": 1, "a": 2}', BEARER)[0] == 422
    assert wait_until(daemon.export, 10)[0]["state"] == "quarantined"


def test_flat_names(source):
    daemon = source()
    assert send(daemon, {
        "alert_id": 7, "rule": "Brute force", "severity": "HIGH",
        "title": "Many logins", "description": "Too many.", "user": "CORP\\jdoe",
        "src_ip": "198.51.100.23", "hostname": "vpn-gw-01",
        "timestamp": "2026-11-25T00:05:42Z", "extra": {"a": 1}},
        BEARER)[0] == 200
    record, = records(daemon, 1)
    assert record["finding_info"]["uid"] == "7"
    assert record["metadata"]["event_code"] == "Brute force"
    assert record["finding_info"]["title"] == "Many logins"
    assert record["severity_id"] == 4
    assert record["time"] == 1795565142000
    assert record["device"]["hostname"] == "vpn-gw-01"
    evidence, = record["evidences"]
    assert evidence["user"]["name"] == "jdoe"
    assert evidence["src_endpoint"]["ip"] == "198.51.100.23"
    assert record["unmapped"]["http"]["extra"] == {"a": 1}


def test_names_of_the_elastic_common_schema(source):
    daemon = source()
    assert send(daemon, {
        "rule": {"name": "Encoded PowerShell"}, "event": {"severity": 47},
        "severity": "critical", "@timestamp": "2026-11-25T00:05:42.123Z",
        "user": {"name": "jdoe"}, "source": {"ip": "198.51.100.23"},
        "host": {"name": "pc-17", "ip": ["10.0.0.1"]},
        "process": {"name": "powershell.exe", "command_line": "-enc AAAA"},
        "file": {"hash": {"sha256": "ab" * 32}},
        "url": {"full": "https://evil.example/x"}}, BEARER)[0] == 200
    record, = records(daemon, 1)
    assert record["metadata"]["event_code"] == "Encoded PowerShell"
    assert record["severity_id"] == 5
    assert record["device"]["hostname"] == "pc-17"
    evidence = record["evidences"][0]
    assert evidence["user"]["name"] == "jdoe"
    assert evidence["process"]["cmd_line"] == "-enc AAAA"
    assert evidence["file"]["hashes"][0]["value"] == "ab" * 32
    assert evidence["url"]["url_string"] == "https://evil.example/x"


def test_the_same_again_is_a_redelivery(source):
    daemon = source()
    one = {"rule": "x", "timestamp": "2026-11-25T00:05:42Z"}
    for body in (one, one, {**one, "timestamp": "2026-11-25T00:05:43Z"}):
        assert send(daemon, body, BEARER)[0] == 200
    assert len(records(daemon, 2)) == 2


def test_numbers_of_rules_and_users_are_none_of_alerts(source):
    daemon = source()
    shared = {"id": "5710", "uid": "0", "event_id": "4625"}
    for rule in ("a", "b"):
        assert send(daemon, {"rule": rule, **shared}, BEARER)[0] == 200
    assert len(records(daemon, 2)) == 2


def test_no_row_of_the_table_fails(source):
    daemon = source()
    odd = [{"rule": 7, "user": ["x"], "host": None, "url": {}, "file": "x",
            "timestamp": True, "source": "x", "process": 1},
           {"rule": {"name": 1}, "user": {"name": {}}, "file": {"hash": "x"},
            "dns": {"question": []}, "severity": 9, "time": 1.5}]
    for body in odd:
        assert send(daemon, body, BEARER)[0] == 200
    records(daemon, 2)
    assert "rows of the map failed" not in daemon.log()


def test_a_batch_is_one_alert_each(source):
    daemon = source(", batch: true")
    assert send(daemon, [{"rule": "a"}, {"rule": "b"}], BEARER)[0] == 200
    assert send(daemon, '{"rule": "c"}\n{"rule": "d"}\n', BEARER,
                kind="application/x-ndjson")[0] == 200
    assert send(daemon, [], BEARER)[0] == 200
    assert sorted(one["metadata"]["event_code"]
                  for one in records(daemon, 4)) == ["a", "b", "c", "d"]


def test_a_batch_is_bounded(source):
    daemon = source(", batch: true")
    assert send(daemon, [{}] * 1001, BEARER)[0] == 413
    assert daemon.export() == []


def test_without_batch_a_list_is_no_alert(source):
    daemon = source()
    assert send(daemon, [{"rule": "a"}], BEARER)[0] == 400
    assert wait_until(daemon.export, 10)[0]["state"] == "quarantined"


# ---- the examples ----

def example(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as text:
        return text.read()


def runnable(text):
    """An example on loopback, with what a machine would have."""
    head, rest = text.split("\nconnectors:\n", 1)
    assert head.count("listen:") == 1
    return HEAD + "connectors:\n" + rest


def start_example(herald, name):
    daemon = herald(runnable(example(name)), started=False)
    for word in ("wazuh_token", "elastic_token", "grafana_token"):
        daemon.write("credentials/" + word, SECRET)
    return daemon.start()


@pytest.mark.parametrize("name", [
    os.path.basename(one) for one in
    sorted(glob.glob(os.path.join(EXAMPLES, "*.yaml")))])
def test_examples_load(herald, certificates, name):
    text = example(name).replace("/etc/herald/tls/cert.pem",
                                 certificates["good"][0])
    text = text.replace("  mode: dry_run", "  plugin_dir: @PLUGIN_DIR@\n"
                        "  mode: dry_run")
    daemon = herald(text, started=False)
    with open(certificates["good"][1], encoding="ascii") as key:
        daemon.write("credentials/tls_key", key.read())
    for word in re.findall(r"credential: (\w+_token)", text):
        daemon.write("credentials/" + word, SECRET)
    told = daemon.check()
    assert told.returncode == 0, told.stdout + told.stderr


def test_wazuh(herald):
    daemon = start_example(herald, "wazuh.yaml")
    assert send(daemon, {
        "timestamp": "2026-11-25T00:05:42.123+0000",
        "rule": {"level": 10, "description": "sshd: brute force",
                 "id": "5712", "mitre": {"id": ["T1110"]},
                 "groups": ["sshd"]},
        "agent": {"id": "001", "name": "web01", "ip": "10.0.0.5"},
        "id": "1795565142.49031", "full_log": "Failed password for root",
        "data": {"srcip": "203.0.113.5", "dstuser": "root"},
        "location": "/var/log/auth.log"}, BEARER, "/wazuh/v1/http")[0] == 200
    record, = records(daemon, 1)
    assert record["finding_info"]["uid"] == "1795565142.49031"
    assert record["metadata"]["event_code"] == "sshd: brute force"
    assert record["severity_id"] == 3
    assert record["time"] == 1795565142123
    assert record["device"]["hostname"] == "web01"
    assert record["evidences"][0]["user"]["name"] == "root"
    assert record["evidences"][0]["src_endpoint"]["ip"] == "203.0.113.5"
    assert record["finding_info"]["attacks"][0]["technique"]["uid"] == "T1110"


def test_elastic(herald):
    daemon = start_example(herald, "elastic.yaml")
    line = ('{"alert_id":"%s","@timestamp":"2026-11-25T00:05:42.000Z",'
            '"rule":{"name":"Encoded PowerShell"},"severity":"high",'
            '"user":{"name":"jdoe"},"source":{"ip":""},'
            '"host":{"name":"pc-17"},"file":{"hash":{"sha256":""}}}')
    assert send(daemon, "  " + line % "a1" + "\n  " + line % "a2" + "\n  ",
                BEARER, "/elastic/v1/http")[0] == 200
    for record in records(daemon, 2):
        assert record["metadata"]["event_code"] == "Encoded PowerShell"
        assert record["metadata"]["product"]["name"] == "Elastic Security"
        assert record["severity_id"] == 4
        assert "src_endpoint" not in record["evidences"][0]
        assert "file" not in record["evidences"][0]


def test_grafana(herald):
    daemon = start_example(herald, "grafana.yaml")
    alert = {"status": "firing", "labels": {
        "alertname": "DiskFull", "severity": "critical", "instance": "db1"},
        "annotations": {"summary": "Disk is full"},
        "startsAt": "2026-11-25T00:05:42Z", "fingerprint": "f1"}
    assert send(daemon, {"receiver": "herald", "status": "firing",
                         "alerts": [alert, {**alert, "status": "resolved"}]},
                BEARER, "/grafana/v1/http")[0] == 200
    found = records(daemon, 2)
    for record in found:
        assert record["metadata"]["event_code"] == "DiskFull"
        assert record["finding_info"]["title"] == "Disk is full"
        assert record["device"]["hostname"] == "db1"
        assert record["metadata"]["product"]["name"] == "herald"
    assert sorted(one["metadata"]["labels"][0] for one in found) == [
        "firing", "resolved"]
    assert sorted(one["state"] for one in daemon.export()) == [
        "dropped", "waiting"]


def test_a_batch_at_is_a_pointer(herald):
    daemon = herald(CONFIG.replace("@LINES@", ", batch_at: alerts"), files={
        "secrets/in": SECRET}, started=False)
    told = daemon.check()
    assert told.returncode != 0
    assert "JSON Pointer" in told.stdout + told.stderr
