"""Secrets never leave (P21): every secret of every connector is a canary, all
kinds of things happen, and then nobody has seen one who should not have."""
import base64
import glob
import os
import re
import urllib.parse

import pytest

from herald import HEAD
from services import CREDENTIALS, TESTS, call, fixture
from waiting import wait_until

PAYLOAD = fixture("splunk/webhook_failed_then_success.json")
WEBHOOK = "canary-WEBHOOK-3f6c0b1e"
DISABLED = "canary-DISABLED-77a1c9e2"
HTTP_IN = "canary-HTTP-IN-5c1d2e3f4a5b6c7d"
OLD_IN = "canary-OLD-IN-0a9b8c7d6e5f4a3b"
ENRICH = "canary+ENRICH/9d8c7b6a=="        # not the same in a URL
OUT = "canary-OUT-1b2c3d4e5f6a"
MISP = CREDENTIALS["misp"][1]
SOAR = CREDENTIALS["soar"][1]
VT = CREDENTIALS["virustotal"][1]
CANARIES = [WEBHOOK, DISABLED, HTTP_IN, OLD_IN, ENRICH, OUT, MISP, SOAR, VT]

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, log_level: debug, secret: {file: @DIR@/secrets/webhook}, disabled_secret: {file: @DIR@/secrets/disabled}}
  web: {plugin: http_in, listen: ingest, log_level: debug, secret: {file: @DIR@/secrets/http_in}, old_secret: {env: OLD_IN}}
  misp: {plugin: misp_enrich, url: '@MISP@', log_level: debug, share: all, secret: {credential: misp}}
  vt: {plugin: vt_enrich, url: '@VT@/api/v3', log_level: debug, share: all, secret: {file: @DIR@/secrets/vt}}
  own: {plugin: http_enrich, url: '@SINK@', log_level: debug, share: all, types: [ip], path: '/${value}', auth_header: X-Key, auth_prefix: '', secret: {file: @DIR@/secrets/enrich}}
  room: {plugin: http_out, url: '@SINK@/room', log_level: debug, secret: {file: @DIR@/secrets/out}}
  soar: {plugin: phantom_out, url: '@SOAR@', log_level: debug, secret: {file: @DIR@/secrets/soar}}
pipelines:
  - name: default
    steps:
      - enrich: {by: [misp, vt, own], within: 5s}
      - respond:
          - {name: room, do: room.post, with: {text: '${finding_info.title}'}}
          - {name: case, do: soar.create_case}
"""


def forms(secret):
    """As it may be written: plain, base64 (at each offset), in a URL, hex."""
    raw = secret.encode()
    found = {secret, urllib.parse.quote(secret, safe=""), raw.hex(),
             secret.replace("/", "\\/")}
    for before in (b"", b"x", b"xx", b"herald:"):
        text = base64.b64encode(before + raw).decode()
        # The first and last group also hold what stands beside it.
        found.add(text[4 * bool(before):].rstrip("=")[:-2])
    return {one.encode() for one in found if len(one) > 8}


def leaks(data):
    return sorted({secret for secret in CANARIES for form in forms(secret)
                   if form in data})


# Their servers are no doubles over HTTP: test_smtp_notify.py and
# test_ad_enrich.py look into the log themselves.
OTHERS = {"smtp_notify", "ad_enrich", "ad_respond"}


def test_every_plugin_with_a_secret_is_here():
    plugins = os.path.join(TESTS, os.pardir, "plugins")
    secret = {os.path.basename(os.path.dirname(name))
              for name in glob.glob(os.path.join(plugins, "*", "*.c"))
              if b"HERALD_SECRET" in read(name)}
    here = set(re.findall(r"plugin: (\w+)", CONFIG))
    assert secret - OTHERS - here - {"common"} == set()


def test_the_search_finds_what_leaks():
    for secret in CANARIES:
        for text in (secret, urllib.parse.quote(secret, safe=""),
                     base64.b64encode(b"herald:" + secret.encode()).decode(),
                     base64.b64encode(secret.encode()).decode()):
            assert secret in leaks(b"log: " + text.encode() + b" end")


@pytest.fixture
def busy(herald, misp, virustotal, soar, sink):
    daemon = herald(CONFIG, started=False, MISP=misp.url, VT=virustotal.url,
                    SOAR=soar.url, SINK=sink.url, files={
                        "secrets/webhook": WEBHOOK, "secrets/out": OUT,
                        "secrets/disabled": DISABLED, "secrets/vt": VT,
                        "secrets/http_in": HTTP_IN, "secrets/enrich": ENRICH,
                        "secrets/soar": SOAR, "credentials/misp": MISP},
                    environment={"OLD_IN": OLD_IN})
    return daemon.start()


def send(daemon, number):
    daemon.post(f"/v1/splunk/webhook/{WEBHOOK}", dict(PAYLOAD, result=dict(
        PAYLOAD["result"], event_id=f"e{number}", src=f"8.8.4.{number}")))


def much_happens(daemon, misp, virustotal, soar, sink):
    send(daemon, 1)
    for double, faults in ((misp, ("500", "403", "html")), (sink, ("500",)),
                           (virustotal, ("401", "redirect")),
                           (soar, ("500", "reset_after"))):
        for fault in faults:
            double.fault(fault, times=1)
    for number in range(2, 6):
        send(daemon, number)
    daemon.post(f"/v1/splunk/webhook/{DISABLED}", PAYLOAD)
    daemon.post(f"/v1/splunk/webhook/{WEBHOOK}x", PAYLOAD)
    for token in (WEBHOOK, DISABLED, WEBHOOK + "x"):
        call(daemon.port("INGEST"), "POST", "/services/collector/event",
             '{"event": {"a": 1}}', {"Authorization": "Splunk " + token})
    for token in (HTTP_IN, OLD_IN, HTTP_IN + "x"):
        daemon.post("/v1/http?token=" + token, {"rule": "x"},
                    {"Authorization": "Bearer " + token})
    call(daemon.port("INGEST"), "POST", "/nothing/" + WEBHOOK, "{}")
    wait_until(lambda: all(one["state"] not in ("received", "running")
                           for one in daemon.export()), 60, "decided")


def told(daemon):
    """Everything that anybody is told, by what asked for it."""
    said = {" ".join(words): daemon.run_ctl(*words) for words in (
        ("status",), ("status", "--json"), ("list",), ("export",),
        ("explain", "@last"), ("explain", "@last", "--json"),
        ("show", "@last", "--json"), ("actions",), ("constants",),
        ("plugin", "splunk_in"), ("plugin", "http_in"),
        ("check", daemon.config), ("reload", "--dry-run"),
        *(("test-connector", one) for one in
          ("misp", "vt", "own", "room", "soar")))}
    return {words: (ended.stdout + ended.stderr).encode()
            for words, ended in said.items()}


def read(name):
    with open(name, "rb") as file:
        return file.read()


def test_no_secret_is_seen(busy, misp, virustotal, soar, sink):
    much_happens(busy, misp, virustotal, soar, sink)
    places = told(busy)
    places["metrics"] = call(busy.port("ADMIN"), "GET", "/metrics")[2]
    backup = busy.path("backup")
    assert busy.run_ctl("backup", backup).returncode == 0
    # The sender's own credential in the environment is the operator's choice
    # ({env: NAME}); nobody else's is there.
    process = f"/proc/{busy.process.pid}"
    places["cmdline"] = read(process + "/cmdline")
    places["environ"] = read(process + "/environ").replace(
        b"OLD_IN=" + OLD_IN.encode(), b"")
    places["log"] = read(busy.stderr)
    busy.kill()
    stores = [name for folder in ("state", backup, "run") for name in
              glob.glob(os.path.join(busy.path(folder), "**"), recursive=True)
              if os.path.isfile(name)]
    assert any(name.endswith("journal.db") or "journal" in name
               for name in stores), stores
    places.update({name: read(name) for name in stores})
    assert {name: leaks(data) for name, data in places.items()
            if leaks(data)} == {}
    # The doubles were asked with them: the test is about something.
    assert misp.requests() and soar.requests() and sink.requests()


def test_no_core_file_is_written(busy):
    """Nobody attaches, and no core is written, though it may be swapped in."""
    limits = read(f"/proc/{busy.process.pid}/limits").decode()
    core, = [line for line in limits.splitlines()
             if line.startswith("Max core file size")]
    assert core.split()[4] == "0"
