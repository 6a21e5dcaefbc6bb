"""Secrets never leave (P21): every secret of every connector is a canary, all
kinds of things happen, and then nobody has seen one who should not have."""
import base64
import glob
import os
import re
import sys
import urllib.parse

import pytest

from acting import has_crash_points
from herald import HEAD, free_port
from private_net import Unavailable
from services import CREDENTIALS, DOUBLES, TESTS, call, fixture
from slapd_ad import SlapdAd
from waiting import wait_until

sys.path.insert(0, DOUBLES)
from smtp import Smtp       # noqa: E402

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
NOW, BOX = CREDENTIALS["servicenow"][1], CREDENTIALS["netbox"][1]
SPLUNK = CREDENTIALS["splunk"][1]
MAIL = "canary-MAIL-4d5e6f708192"
MAIL_TOKEN = "canary-MAIL-TOKEN-a1b2c3d4e5f60718"
MAIL_WRONG = "canary-MAIL-WRONG-99887766"
AD, AD_OPS = SlapdAd.passwords
AD_WRONG = "canary-AD-WRONG-13579bdf"
CLIENT = "canary-CLIENT+SECRET/2468ace0"
CLIENT_WRONG = "canary-CLIENT-WRONG-1029384756"
ACCESS = "canary-ACCESS-TOKEN-0f1e2d3c4b5a"     # what the client is given
CANARIES = [WEBHOOK, DISABLED, HTTP_IN, OLD_IN, ENRICH, OUT, MISP, SOAR, VT,
            SPLUNK, MAIL, MAIL_TOKEN, MAIL_WRONG, AD, AD_OPS, AD_WRONG, CLIENT,
            CLIENT_WRONG, ACCESS, NOW, BOX]
FILES = {"webhook": WEBHOOK, "out": OUT, "disabled": DISABLED, "vt": VT,
         "http_in": HTTP_IN, "enrich": ENRICH, "soar": SOAR, "splunk_api":
         SPLUNK, "mail": MAIL, "mail_token": MAIL_TOKEN, "mail_wrong":
         MAIL_WRONG, "ad": AD, "ad_ops": AD_OPS, "ad_wrong": AD_WRONG,
         "client": CLIENT, "client_wrong": CLIENT_WRONG, "now": NOW,
         "box": BOX}

CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, log_level: debug, secret: {file: @DIR@/secrets/webhook}, disabled_secret: {file: @DIR@/secrets/disabled}, url: '@SPLUNK@', token: {file: @DIR@/secrets/splunk_api}, notables: true, every: 1s}
  web: {plugin: http_in, listen: ingest, log_level: debug, secret: {file: @DIR@/secrets/http_in}, old_secret: {env: OLD_IN}}
  misp: {plugin: misp_enrich, url: '@MISP@', log_level: debug, share: all, secret: {credential: misp}}
  vt: {plugin: vt_enrich, url: '@VT@/api/v3', log_level: debug, share: all, secret: {file: @DIR@/secrets/vt}}
  own: {plugin: http_enrich, url: '@SINK@', log_level: debug, share: all, types: [ip], path: '/${value}', auth_header: X-Key, auth_prefix: '', secret: {file: @DIR@/secrets/enrich}}
  room: {plugin: http_out, url: '@SINK@/room', log_level: debug, secret: {file: @DIR@/secrets/out}}
  soar: {plugin: phantom_out, url: '@SOAR@', log_level: debug, secret: {file: @DIR@/secrets/soar}}
  guarded: {plugin: http_enrich, url: '@SINK@', log_level: debug, share: all, types: [ip], path: '/guarded/${value}', oauth2: {url: '@TOKENS@/token', client_id: herald, secret: {file: @DIR@/secrets/client}}}
  unguarded: {plugin: http_enrich, url: '@SINK@', log_level: debug, share: all, types: [ip], path: '/unguarded/${value}', oauth2: {url: '@TOKENS@/s401/token', client_id: herald, secret: {file: @DIR@/secrets/client_wrong}, auth: body}}
  mail: {plugin: smtp_notify, url: 'smtps://localhost:@MAIL@', log_level: debug, from: herald@example.com, tls: {ca_file: '@CA@'}, secret: {file: @DIR@/secrets/mail}}
  now: {plugin: cmdb_enrich, source: servicenow, url: '@NOW@', log_level: debug, auth_user: herald, secret: {file: @DIR@/secrets/now}}
  box: {plugin: cmdb_enrich, source: netbox, url: '@BOX@', log_level: debug, secret: {file: @DIR@/secrets/box}}
  mail_token: {plugin: smtp_notify, url: 'smtps://localhost:@MAIL@', log_level: debug, from: herald@example.com, login: xoauth2, tls: {ca_file: '@CA@'}, secret: {file: @DIR@/secrets/mail_token}}
  mail_wrong: {plugin: smtp_notify, url: 'smtps://localhost:@MAIL_REFUSES@', log_level: debug, from: herald@example.com, tls: {ca_file: '@CA@'}, secret: {file: @DIR@/secrets/mail_wrong}}
  ad: {plugin: ad_enrich, @AD@, log_level: debug, user: '@READER@', secret: {file: @DIR@/secrets/ad}}
  ad_wrong: {plugin: ad_enrich, @AD@, log_level: debug, user: '@READER@', secret: {file: @DIR@/secrets/ad_wrong}}
  ad_ops: {plugin: ad_respond, @AD@, log_level: debug, user: '@WRITER@', secret: {file: @DIR@/secrets/ad_ops}}
safety:
  actions:
    ad_ops.disable_account: {at_most: 50/1h, per_target: 50/1d, beyond: refuse}
pipelines:
  - name: default
    steps:
      - enrich: {by: [misp, vt, own, guarded, unguarded, now, box, ad, ad_wrong], within: 5s}
      - respond:
          - {name: room, do: room.post, with: {text: '${finding_info.title}'}}
          - {name: case, do: soar.create_case}
          - {name: told, do: mail.send, with: {to: soc@example.com}}
          - {name: by_token, do: mail_token.send, with: {to: soc@example.com}}
          - {name: not_told, do: mail_wrong.send, with: {to: soc@example.com}}
          - {name: disable, do: ad_ops.disable_account, with: {user: '${user.name}'}}
"""
OFFER = ["250-mail.example.com", "250 AUTH PLAIN XOAUTH2"]
# The password or token is the line behind AUTH; the refusal ends as Postfix's.
IN = [("AUTH", ["334 "]), ("*", ["235 2.7.0 Authentication successful"])]
TURNED_AWAY = [("AUTH", ["334 "]), ("*", [
    "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6"])]


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


def test_every_plugin_with_a_secret_is_here():
    plugins = os.path.join(TESTS, os.pardir, "plugins")
    secret = {os.path.basename(os.path.dirname(name))
              for name in glob.glob(os.path.join(plugins, "*", "*.c"))
              if b"HERALD_SECRET" in read(name)
              or b"HP_DIRECTORY_OPTIONS" in read(name)}
    here = set(re.findall(r"plugin: (\w+)", CONFIG))
    assert secret >= {"ad_enrich", "ad_respond", "smtp_notify"}
    assert secret - here - {"common"} == set()


def test_the_search_finds_what_leaks():
    for secret in CANARIES:
        for text in (secret, urllib.parse.quote(secret, safe=""),
                     base64.b64encode(b"herald:" + secret.encode()).decode(),
                     base64.b64encode(secret.encode()).decode()):
            assert secret in leaks(b"log: " + text.encode() + b" end")


class Servers:
    """Whom the daemon logs in to."""

    def __init__(self, service, pool, certificates):
        self.misp, self.vt, self.soar, self.sink, self.splunk = map(
            pool, ("misp", "virustotal", "soar", "sink", "splunk"))
        self.now, self.box = pool("servicenow"), pool("netbox")
        self.tokens = service("sink", name="tokens")
        self.tokens.settings(body={"access_token": ACCESS, "expires_in": 3600,
                                   "token_type": "Bearer"})
        tls = {"tls": certificates["good"], "implicit": True, "ehlo": OFFER,
               "ehlo_tls": OFFER}
        self.mail = Smtp(IN * 50, **tls)
        self.refuses = Smtp(TURNED_AWAY * 50, **tls)
        self.domain = SlapdAd(certificates, free_port())
        self.domain.new_user("jdoe", displayName="J. Doe")

    def values(self):
        ad = self.domain
        return {
            "MISP": self.misp.url, "VT": self.vt.url, "SOAR": self.soar.url,
            "NOW": self.now.url, "BOX": self.box.url,
            "SINK": self.sink.url, "SPLUNK": self.splunk.url,
            "TOKENS": self.tokens.url, "MAIL": str(self.mail.port),
            "MAIL_REFUSES": str(self.refuses.port), "CA": ad.ca,
            "READER": ad.reader, "WRITER": ad.writer,
            "AD": (f"domain: corp.example.com, servers: ['{ad.server}:"
                   f"{ad.port}'], tls: {{ca_file: '{ad.ca}'}}")}

    def close(self):
        self.domain.stop()
        for one in (self.mail, self.refuses):
            one.__exit__()


@pytest.fixture
def servers(service, pool, certificates):
    try:
        running = Servers(service, pool, certificates)
    except Unavailable as reason:
        pytest.skip(f"NOTHING IS TESTED OF SECRETS: {reason}")
    yield running
    running.close()


@pytest.fixture
def busy(herald, servers):
    # Whoever starts it lets it write cores.
    daemon = herald(CONFIG, started=False, arguments=[
        "prlimit", "--core=unlimited:unlimited"], **servers.values(), files={
            "credentials/misp": MISP,
            **{f"secrets/{name}": text for name, text in FILES.items()}},
        environment={"OLD_IN": OLD_IN})
    return daemon.start()


def send(daemon, number):
    daemon.post(f"/v1/splunk/webhook/{WEBHOOK}", dict(PAYLOAD, result=dict(
        PAYLOAD["result"], event_id=f"e{number}", src=f"8.8.4.{number}")))


def much_happens(daemon, servers):
    send(daemon, 1)
    # With the token that it was given; then with others.
    wait_until(lambda: servers.sink.requests(path="/guarded/*"), 30,
               daemon.log)
    for double, faults in (
            (servers.misp, ("500", "403", "html")), (servers.sink, ("500",)),
            (servers.vt, ("401", "redirect")),
            (servers.soar, ("500", "reset_after")),
            (servers.now, ("500", "html")), (servers.box, ("403", "html")),
            (servers.splunk, ("500", "401"))):
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
    wait_until(lambda: "535 5.7.8" in daemon.log()
               and "Invalid credentials" in daemon.log(), 60, daemon.log)


def told(daemon):
    """Everything that anybody is told, by what asked for it."""
    said = {" ".join(words): daemon.run_ctl(*words) for words in (
        ("status",), ("status", "--json"), ("list",), ("export",),
        ("explain", "@last"), ("explain", "@last", "--json"),
        ("show", "@last", "--json"), ("actions",), ("constants",),
        *(("plugin", one) for one in sorted(set(
            re.findall(r"plugin: (\w+)", CONFIG)))),
        ("check", daemon.config), ("reload", "--dry-run"),
        *(("test-connector", one) for one in
          re.findall(r"^  (\w+): {plugin", CONFIG, re.M)))}
    return {words: (ended.stdout + ended.stderr).encode()
            for words, ended in said.items()}


def read(name):
    with open(name, "rb") as file:
        return file.read()


def children(pid):
    """{what: its command line and environment} of whoever a process started."""
    found = {}
    for name in glob.glob(f"/proc/{pid}/task/*/children"):
        for child in read(name).split():
            for what in ("cmdline", "environ"):
                try:
                    found[f"child {what}"] = read(
                        f"/proc/{int(child)}/{what}")
                except OSError:
                    pass        # it is gone
    return found


def check_logged_in(servers):
    """They were talked to with the secrets: the test is about something."""
    assert servers.misp.requests() and servers.soar.requests()
    assert servers.splunk.requests()
    assert servers.now.requests() and servers.box.requests()
    assert servers.tokens.requests(method="POST", path="/s401/token")
    said = [one for session in servers.mail.sessions
            for one in session.commands if one.startswith("AUTH")]
    assert {one.split()[1] for one in said} == {"PLAIN", "XOAUTH2"}
    assert any("AUTH" in one.verbs() for one in servers.refuses.sessions)
    assert servers.domain.uac("jdoe") == 514
    assert servers.tokens.requests(method="POST", path="/token")
    guarded = servers.sink.requests(path="/guarded/*")
    assert guarded and all("authorization" in one["headers"]
                           for one in guarded)


def test_no_secret_is_seen(busy, servers):
    much_happens(busy, servers)
    places = told(busy)
    places["metrics"] = call(busy.port("ADMIN"), "GET", "/metrics")[2]
    backup = busy.path("backup")
    assert busy.run_ctl("backup", backup).returncode == 0
    check_logged_in(servers)
    # The sender's own credential in the environment is the operator's choice
    # ({env: NAME}); nobody else's is there.
    process = f"/proc/{busy.process.pid}"
    places["cmdline"] = read(process + "/cmdline")
    places["environ"] = read(process + "/environ")
    busy.reload()
    wait_until(lambda: places.update(children(busy.process.pid))
               or "reloaded" in busy.log(), 60, busy.log)
    for name in ("environ", "child environ"):
        places[name] = places.get(name, b"").replace(
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


def test_no_core_file_is_written(busy):
    """Nobody attaches, and no core is written, though it may be swapped in."""
    limits = read(f"/proc/{busy.process.pid}/limits").decode()
    core, = [line for line in limits.splitlines()
             if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another")
def test_nobody_of_our_user_may_look_into_memory(herald):
    """What is not dumpable belongs to root, whoever runs it.  A build with
    --enable-debug is there to be looked into."""
    daemon = herald(HEAD + "pipelines: [{name: default, steps: []}]\n",
                    started=False)
    os.chmod(daemon.folder, 0o777)
    daemon.fill_in()
    for name in glob.glob(daemon.folder + "/**", recursive=True):
        os.chown(name, 65534, 65534)
    daemon.arguments = ["setpriv", "--reuid=65534", "--clear-groups"]
    daemon.launch()
    wait_until(daemon.is_ready, 30, daemon.log)
    owner = os.stat(f"/proc/{daemon.process.pid}/status").st_uid
    assert owner == (65534 if has_crash_points() else 0)
