"""Commands that change much at once, against the real daemon: undo, retry of
many, list --if, backup and restore, secret set, trust."""
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

from herald import HEAD, WEBHOOK_TOKEN, find_program
from test_heraldctl import GOOD, USAGE, WRONG, payload, refused, settled
from waiting import wait_until

DEMO = HEAD + """
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
  demo: {plugin: demo, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
safety:
  actions:
    demo.isolate: {at_most: 3/1h, per_target: 2/1d, beyond: refuse}
    demo.release: {at_most: 3/1h, per_target: 2/1d, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond:
          - {name: off, do: demo.isolate, with: {host: h1}}
"""

CASES = HEAD + """
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
  soar:
    plugin: phantom_out
    url: @SOAR@
    secret: {file: @DIR@/secrets/soar}
pipelines:
  - name: default
    steps:
      - score: [{name: base, add: 30, because: it is an alert}]
      - respond: [{name: case, do: soar.create_case}]
"""


@pytest.fixture
def cases(herald, soar):
    return herald(CASES, SOAR=soar.url,
                  files={"secrets/soar": soar.key + "\n"})


def send(daemon, *states, **row):
    """Sends one; what `show` tells once it is in one of the states."""
    before = {one["id"] for one in daemon.ctl("list", "--all")["alerts"]}
    status, told = daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                               payload(**row))
    assert 200 <= status < 300, told
    new = wait_until(lambda: [one["id"] for one in
                              daemon.ctl("list", "--all")["alerts"]
                              if one["id"] not in before], 10, "it is listed")
    return settled(daemon, new[0], *states)


# Undo.

def test_undo_takes_back_what_was_done(herald):
    daemon = herald(DEMO)
    alert = send(daemon)
    assert [one["state"] for one in alert["actions"]] == ["done"]
    told = daemon.ctl("undo", alert["id"][:8], "--because", "a false alarm")
    assert told["alert"] == alert["id"]
    assert told["action"] == alert["actions"][0]["id"]

    def undone():
        now = daemon.ctl("show", alert["id"])
        states = {one["name"]: one["state"] for one in now["actions"]}
        return now if states == {"off": "undone", "off/undo": "done"} else None
    now = wait_until(undone, 20,
                     lambda: f"{daemon.ctl('show', alert['id'])}")
    assert any("a false alarm" in str(one["what"]) for one in now["entries"])
    assert "can be taken back" in refused(
        daemon, WRONG, "undo", alert["id"], "--because", "again")
    assert "only what is done" in refused(
        daemon, WRONG, "undo", told["action"], "--because", "again")


def test_undo_wants_a_reason_and_a_way_back(cases):
    alert = send(cases)
    assert "--because" in refused(cases, USAGE, "undo", alert["id"])
    assert "can be taken back" in refused(
        cases, WRONG, "undo", "@last", "--because", "x")
    assert "cannot be taken back" in refused(
        cases, WRONG, "undo", alert["actions"][0]["id"], "--because", "x")
    assert "begins with" in refused(
        cases, WRONG, "undo", "zz", "--because", "x")


# Many.

def dead_alerts(cases, soar, number):
    """Dead alerts of the users user0, user1, ..."""
    soar.fault("400", path="/rest/container")
    dead = [send(cases, "dead", number=one, user=f"user{one}")
            for one in range(number)]
    soar.reset()
    return dead


def test_many_dead_alerts_are_run_again_at_a_rate(cases, soar):
    dead = dead_alerts(cases, soar, 4)
    began = time.monotonic()
    told = cases.ctl("retry", "--if", 'user.name != "user1"', "--at", "10/2s",
                     "--because", "the label is there now")
    assert told["retry"]["at"] == "10/2s"
    for number in (0, 2, 3):
        settled(cases, dead[number]["id"], "done")
    # Three at one each 200 ms: two pauses lie between them.
    assert time.monotonic() - began >= 0.4
    wait_until(lambda: "retry" not in cases.ctl("status"), 10, "its end")
    assert cases.ctl("show", dead[1]["id"])["state"] == "dead"
    assert len(soar.effects("/rest/container")) == 3
    entry = next(one["what"] for one in
                 cases.ctl("show", dead[0]["id"])["entries"]
                 if one["kind"] == "retried")
    assert entry["because"] == "the label is there now"
    assert entry["if"] == 'user.name != "user1"'


def test_a_retry_of_many_can_be_stopped(cases, soar):
    dead = dead_alerts(cases, soar, 2)
    cases.ctl("retry", "--if", "true", "--at", "1/1h", "--because", "x")
    settled(cases, dead[1]["id"], "done")       # the newest is the first
    assert "another retry" in refused(
        cases, WRONG, "retry", "--if", "true", "--because", "x")
    assert cases.ctl("status")["retry"]["begun"] == 1
    cases.ctl("retry", "--stop", "--because", "not yet")
    assert "retry" not in cases.ctl("status")
    assert cases.ctl("show", dead[0]["id"])["state"] == "dead"
    refused(cases, WRONG, "retry", "--stop", "--because", "x")


@pytest.mark.parametrize("words", [
    ["--if", "user.nam == 1"], ["--if", "true", "--at", "often"],
    ["--if", "true", "--at", "0/1m"], ["--at", "1/1m"]])
def test_a_wrong_retry_of_many_begins_nothing(cases, words):
    refused(cases, USAGE, "retry", *words, "--because", "x")
    assert "retry" not in cases.ctl("status")


def test_list_if_gives_those_for_which_it_holds(cases):
    alerts = [send(cases, number=one, user=f"user{one}")
              for one in range(3)]
    listed = cases.ctl("list", "--if", 'user.name == "user1"')
    assert [one["id"] for one in listed["alerts"]] == [alerts[1]["id"]]
    assert listed["not_sure"] == 0 and not listed["more"]
    few = cases.ctl("list", "--if", "risk_score >= 30", "--limit", "2")
    assert [one["id"] for one in few["alerts"]] \
        == [alerts[2]["id"], alerts[1]["id"]]
    assert few["more"]
    assert "usr" in refused(cases, USAGE, "list", "--if", "usr.name == ''")
    unsure = cases.run_ctl("list", "--if", "1 / (severity_id * 0) > 1")
    assert unsure.returncode == GOOD
    assert "it cannot be said" in unsure.stderr


# Backups.

def backed_up(daemon, name="backup"):
    daemon.ctl("backup", daemon.path(name))
    return daemon.path(name)


def restored(herald, soar, folder):
    """Another daemon, not started, on the backup; what restore told."""
    other = herald(CASES, started=False, SOAR=soar.url,
                   files={"secrets/soar": soar.key + "\n"})
    other.fill_in()
    return other, other.ctl("restore", folder, "-c", other.config)


def test_a_backup_is_restored_with_what_was_open_in_doubt(cases, herald,
                                                          soar):
    ended = [send(cases, number=one) for one in range(3)]
    soar.fault("503", path="/rest/container")
    waiting = send(cases, "waiting", number=9)
    before = cases.ctl("list")
    folder = backed_up(cases)
    assert sorted(os.listdir(folder)) == ["configuration", "journal.db",
                                          "lock"]
    with open(os.path.join(folder, "configuration", "herald.yaml"),
              encoding="utf-8") as text:
        assert "soar.create_case" in text.read()
    assert os.stat(folder).st_mode & 0o077 == 0
    cases.stop()
    soar.reset()
    other, told = restored(herald, soar, folder)
    assert (told["alerts"], told["in_doubt"], told["kept"]) == (4, 1, "")
    other.start()
    after = other.ctl("list")
    assert [one["id"] for one in after["alerts"]] \
        == [one["id"] for one in before["alerts"]]
    for alert in ended:
        assert other.ctl("show", alert["id"])["entries"] == alert["entries"]
    doubt = other.ctl("actions", "--in-doubt")["actions"]
    assert [one["alert"] for one in doubt] == [waiting["id"]]
    assert "restored from a backup" in doubt[0]["message"]
    assert "restored" in other.ctl("status")["halted"]
    assert soar.requests(method="POST") == []
    other.ctl("settle", doubt[0]["id"], "not-done", "--because", "I looked")
    settled(other, waiting["id"], "done")
    assert len(soar.effects("/rest/container")) == 1


def test_a_backup_under_load_is_whole(cases, herald, soar):
    sent = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            number = len(sent)
            status, _ = cases.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                                   payload(number=number))
            sent.append(status)
    thread = threading.Thread(target=load)
    thread.start()
    try:
        wait_until(lambda: len(sent) > 20, 20, "some alerts")
        before = {one["id"] for one in cases.ctl("list", "--all")["alerts"]}
        folder = backed_up(cases)
    finally:
        stop.set()
        thread.join()
    assert set(sent) == {200}
    after = {one["id"] for one in cases.ctl("list", "--all")["alerts"]}
    cases.stop()
    other, _ = restored(herald, soar, folder)
    other.start()
    copied = {one["id"] for one in other.ctl("list", "--all")["alerts"]}
    assert before <= copied <= after


def test_a_stop_waits_for_the_backup(cases):
    for number in range(20):
        cases.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                   payload(number=number))
    folder = cases.path("backup")
    asked = subprocess.run(
        ["curl", "-s", "--unix-socket", cases.path("run/control"), "-d",
         json.dumps({"dir": folder}), "http://herald/v1/backup"],
        capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(asked.stdout)["dir"] == folder
    assert cases.stop() == 0
    assert os.path.exists(os.path.join(folder, "journal.db"))
    assert "made and checked" in cases.log()


def test_backup_and_restore_refuse_what_would_do_harm(cases):
    send(cases)
    folder = backed_up(cases)
    assert "already" in refused(cases, WRONG, "backup", folder)
    assert "in use by process" in refused(cases, WRONG, "restore", folder,
                                          "-c", cases.config)
    refused(cases, WRONG, "restore", cases.path("none"), "-c", cases.config)
    with open(os.path.join(folder, "journal.db"), "r+b") as store:
        store.seek(store.read().index(b'"jdoe"'))
        store.write(b'"jdo3"')
    cases.stop()
    before = sorted(os.listdir(cases.values["STATE"]))
    refused(cases, WRONG, "restore", folder, "-c", cases.config)
    assert [one for one in os.listdir(cases.values["STATE"])
            if one.startswith("journal.db")] \
        == [one for one in before if one.startswith("journal.db")]


def test_restore_keeps_the_former_store_beside(cases):
    first = send(cases, number=1)
    folder = backed_up(cases)
    send(cases, number=2)
    cases.stop()
    told = cases.ctl("restore", folder, "-c", cases.config)
    assert os.path.exists(told["kept"])
    assert not os.path.exists(os.path.join(cases.values["STATE"],
                                           "restoring"))
    cases.restart()
    assert [one["id"] for one in cases.ctl("list")["alerts"]] == [first["id"]]


def test_a_restore_that_was_cut_off_is_ended_before_a_start(cases):
    first = send(cases)
    folder = backed_up(cases)
    cases.stop()
    stage = os.path.join(cases.values["STATE"], "restoring")
    os.mkdir(stage, 0o700)
    shutil.copy(os.path.join(folder, "journal.db"), stage)
    cases.launch()
    assert cases.process.wait(30) == 1
    assert "-> heraldctl restore DIR" in cases.log()
    cases.ctl("restore", folder, "-c", cases.config)
    cases.restart()
    assert [one["id"] for one in cases.ctl("list")["alerts"]] == [first["id"]]


# Secrets.

def test_secret_set_lets_a_refused_connector_go_on(cases, soar):
    path = cases.write("secrets/soar", "wrong\n")
    cases.ctl("reload")
    alert = send(cases, "waiting")
    wait_until(lambda: cases.ctl("status")["connectors"][1]["health"]
               == "stopped", 20, lambda: f"stopped\n{cases.log()}")
    was = os.stat(path)
    ended = cases.run_ctl("secret", "set", "soar", stdin=soar.key + "\n")
    assert ended.returncode == GOOD, ended.stderr
    assert soar.key not in ended.stdout + ended.stderr
    settled(cases, alert["id"], "done")
    now = os.stat(path)
    assert (now.st_mode & 0o777, now.st_uid, now.st_gid) \
        == (0o600, was.st_uid, was.st_gid)
    with open(path, encoding="utf-8") as text:
        assert text.read() == soar.key + "\n"
    assert sorted(os.listdir(cases.path("secrets"))) == ["soar", "splunk"]


def test_secret_set_refuses_what_it_cannot_do(cases):
    assert "no connector is named" in refused(cases, WRONG, "secret", "set",
                                              "nobody")
    assert "its secrets: secret" in refused(
        cases, WRONG, "secret", "set", "soar", "--option", "url")
    refused(cases, USAGE, "secret", "get", "soar")
    ended = cases.run_ctl("secret", "set", "soar", stdin="\n")
    assert ended.returncode == WRONG and "is empty" in ended.stderr


def test_secret_set_says_what_else_to_do(herald, soar):
    config = CASES.replace("{file: @DIR@/secrets/soar}",
                           "{credential: soar}")
    daemon = herald(config, SOAR=soar.url,
                    files={"credentials/soar": soar.key + "\n"})
    text = refused(daemon, WRONG, "secret", "set", "soar")
    assert "/etc/herald/credentials/soar" in text and "restart" in text


# Trust.

def test_trust_writes_what_makes_the_connector_believe(herald, service,
                                                       certificates):
    certificate, key = certificates["self_signed"]
    soar = service("soar", tls=(certificate, key))
    daemon = herald(CASES, SOAR=soar.url,
                    files={"secrets/soar": soar.key + "\n"})
    assert daemon.run_ctl("test-connector", "soar").returncode == WRONG
    shown = daemon.run_ctl("trust", "soar")
    assert shown.returncode == WRONG and "nothing was written" in shown.stderr
    assert not os.path.exists(daemon.path("soar.pem"))
    told = daemon.ctl("trust", "soar", "--yes")
    assert told["file"] == daemon.path("soar.pem")
    assert told["fits"] and told["current"] and not told["vouched"]
    assert told["fingerprint"] in openssl(
        "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
    assert told["fingerprint"] in shown.stdout and told["pin"] in shown.stdout
    for line in (f"ca_file: {told['file']}", f"pin: '{told['pin']}'"):
        daemon.rewrite(CASES.replace(
            "plugin: phantom_out",
            f"plugin: phantom_out\n    tls: {{{line}}}"))
        assert daemon.ctl("reload")["ok"]
        ended = daemon.run_ctl("test-connector", "soar")
        assert ended.returncode == GOOD, (line, ended.stdout)
    assert "no connector" in refused(daemon, WRONG, "trust", "nobody")
    assert "no address" in refused(daemon, WRONG, "trust", "splunk")


def on_a_terminal(daemon, answer, *words):
    """heraldctl as a person runs it: (exit status, all that it says)."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
            [find_program("HERALDCTL", "heraldctl"), *words], stdin=theirs,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=daemon.environment(), cwd=daemon.folder) as running:
        os.close(theirs)
        os.write(ours, answer.encode())
        told = running.communicate(timeout=60)[0]
    os.close(ours)
    return running.returncode, told


@pytest.mark.parametrize("answer, status", [
    ("yes\n", GOOD), ("no\n", WRONG), ("y\n", WRONG), ("\n", WRONG),
    ("\x04", WRONG)])      # the end of what is typed
def test_trust_asks_a_person_once(herald, service, certificates, answer,
                                  status):
    soar = service("soar", tls=certificates["good"])
    daemon = herald(CASES, SOAR=soar.url,
                    files={"secrets/soar": soar.key + "\n"})
    ended, told = on_a_terminal(daemon, answer, "trust", "soar")
    assert ended == status, told
    assert told.count("(yes/no)") == 1
    for option in ("-subject", "-ext=subjectAltName", "-fingerprint"):
        said = openssl("x509", "-in", certificates["good"][0], "-noout",
                       "-sha256", *option.split("="))
        value = re.split("[=\n]", said.strip(), maxsplit=1)[-1].strip()
        assert value in told.replace("CN=", "CN = "), option
    # certificates.py: FOREVER.
    assert re.search(r"from +2020-01-01.00:00:00", told), told
    assert re.search(r"until +2099-12-31.00:00:00", told), told
    assert os.path.exists(daemon.path("soar.pem")) == (status == GOOD)
    assert ("tls: {ca_file: " in told) == (status == GOOD)
    assert soar.requests() == []


@pytest.mark.parametrize("words", [("--yes",), ()])
def test_trust_refuses_a_certificate_that_changed(herald, service,
                                                  certificates, words):
    soar = service("soar", tls=certificates["good"])
    daemon = herald(CASES, SOAR=soar.url,
                    files={"secrets/soar": soar.key + "\n"})
    assert daemon.ctl("trust", "soar", "--yes")["fits"]
    assert daemon.ctl("trust", "soar", "--yes")["fits"]     # it is the same
    with open(certificates["self_signed"][0], encoding="ascii") as other:
        before = daemon.write("soar.pem", other.read())
    ended, told = on_a_terminal(daemon, "yes\n", "trust", "soar", *words)
    assert ended == WRONG
    assert "holds another certificate" in told
    assert "find out why it changed" in told and "(yes/no)" not in told
    with open(certificates["self_signed"][0], encoding="ascii") as other, \
            open(before, encoding="ascii") as held:
        assert held.read() == other.read()
    os.remove(before)
    assert daemon.ctl("trust", "soar", "--yes")["fits"]


@pytest.mark.parametrize("shown, word", [
    ("expired", "not between its dates"), ("other_name", "not made for")])
def test_trust_says_what_does_not_fit(herald, service, certificates, shown,
                                      word):
    soar = service("soar", tls=certificates[shown])
    daemon = herald(CASES, SOAR=soar.url,
                    files={"secrets/soar": soar.key + "\n"})
    ended, told = on_a_terminal(daemon, "yes\n", "trust", "soar")
    assert ended == GOOD and word in told
    assert "tls: {pin: 'sha256//" in told and "ca_file" not in told


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, text=True,
                          check=True).stdout


# How it is.

LOOKUPS = CASES.replace("pipelines:", """\
  misp:
    plugin: misp_enrich
    url: @MISP@
    secret: {file: @DIR@/secrets/misp}
    limit: 100/1d
    retries: 0
pipelines:""").replace("    steps:", """\
    steps:
      - enrich: {by: [misp], within: 2s}""")


def test_status_tells_quotas_and_breakers(herald, misp, soar):
    daemon = herald(LOOKUPS, SOAR=soar.url, MISP=misp.url,
                    files={"secrets/soar": soar.key + "\n",
                           "secrets/misp": misp.key + "\n"})
    send(daemon)
    told = daemon.ctl("status")["lookups"]
    assert [one["connector"] for one in told] == ["misp"]
    assert told[0]["breaker"] == "closed"
    left = told[0]["quota_left"]
    assert 90 <= left < 100
    assert f"misp: 0 under way, {left} left of its quota" \
        in daemon.run_ctl("status").stdout
    misp.fault("503")
    for number in range(2, 8):
        send(daemon, number=number, src=f"198.51.100.{number}")
    told = daemon.ctl("status")["lookups"][0]
    assert told["breaker"] in ("open", "held"), told
    assert "heraldctl test-connector misp" in daemon.run_ctl("status").stdout
