"""heraldctl against the real daemon: what it says, and its exit status."""
import grp
import json
import os
import re
import signal
import stat
import subprocess

import pytest

from herald import HEAD, WEBHOOK_TOKEN, find_program
from services import call
from waiting import wait_until

GOOD, WRONG, USAGE, NO_DAEMON, NOT_ALLOWED = range(5)

CONFIG = HEAD + """
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
    map:
      - {set: metadata.labels, to: 'row.label'}
  misp:
    plugin: misp_enrich
    url: @MISP@
    secret: {file: @DIR@/secrets/misp}
    timeout: 1s
  soar:
    plugin: phantom_out
    url: @SOAR@
    secret: {file: @DIR@/secrets/soar}
    timeout: 5s
pipelines:
  - name: login
    if: 'metadata.event_code == "Login"'
    steps:
      - dedup: {key: metadata.event_code, window: 1h}
      - enrich: {by: [misp], within: 2s}
      - score:
          - {name: base, add: 30, because: it is a login}
          - name: src_malicious
            if: 'src.reputation.score_id in [REPUTATION.MALICIOUS, REPUTATION.PROBABLY_MALICIOUS]'
            add: 35
            because: the source address is known bad
          - {name: admin, if: 'user.name == "admin"', add: 10, because: it is an admin}
      - respond:
          - {name: case, if: 'severity_id == 0', do: soar.create_case}
          - {name: never, if: 'user.name == "admin"', do: soar.create_case}
  - name: default
    steps:
      - score: [{name: base, add: 10, because: it is an alert}]
"""

DEMO = HEAD + """
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  demo: {plugin: demo, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps:
      - respond: [{name: note, do: demo.note}]
"""

PLAIN = HEAD + """
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps:
      - score: [{name: base, add: 10, because: it is an alert}]
"""


def payload(name="Login", number=1, **row):
    """As Splunk's webhook sends it."""
    return {"sid": f"scheduler__{number}", "search_name": name,
            "app": "search", "owner": "admin",
            "results_link": "http://splunk.example/x",
            "result": {"_time": str(1764028000 + number), "user": "jdoe",
                       "src": "203.0.113.66", **row}}


def send(herald, **more):
    """Sends one, waits for its end, returns it as `show --json` has it."""
    before = {one["id"] for one in herald.ctl("list")["alerts"]}
    status, body = herald.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                               payload(**more))
    assert 200 <= status < 300, body
    new = wait_until(lambda: [one for one in herald.ctl("list")["alerts"]
                              if one["id"] not in before],
                     10, "the alert is listed")
    return settled(herald, new[0]["id"])


def settled(herald, alert_id, *states):
    states = states or ("done", "dead", "merged", "dropped", "quarantined")

    def look():
        alert = herald.ctl("show", alert_id)
        return alert if alert["state"] in states else None
    return wait_until(look, 20, lambda: f"{alert_id} in {states}: "
                      f"{herald.ctl('show', alert_id)}\n{herald.log()}")


def refused(herald, status, *words):
    """The refusal of a command, which ends with the command that helps."""
    ended = herald.run_ctl(*words)
    assert ended.returncode == status, (words, ended.stdout, ended.stderr)
    assert ended.stdout == ""
    assert re.search(r"\n  -> \S.*\n$", ended.stderr), ended.stderr
    return ended.stderr


@pytest.fixture
def whole(herald, misp, soar):
    return herald(CONFIG, MISP=misp.url, SOAR=soar.url,
                  files={"secrets/misp": misp.key + "\n",
                         "secrets/soar": soar.key + "\n"})


# Looking.

def test_status_counts_by_state(herald):
    daemon = herald(PLAIN)
    status = daemon.ctl("status")
    assert status["mode"] == "live" and status["ready"]
    assert status["halted"] is None
    assert [one["name"] for one in status["connectors"]] == ["splunk"]
    assert sum(status["alerts"].values()) == 0
    send(daemon)
    alerts = daemon.ctl("status")["alerts"]
    assert alerts["done"] == 1
    assert (alerts["received"], alerts["running"], alerts["waiting"]) \
        == (0, 0, 0)
    text = daemon.run_ctl("status").stdout
    assert "mode live" in text and re.search(r"alerts +1 done", text)


def test_no_daemon_has_a_status_of_its_own(herald):
    daemon = herald(PLAIN)
    daemon.stop()
    assert "no heraldd at" in refused(daemon, NO_DAEMON, "status")


@pytest.mark.parametrize("words", [
    ["frobnicate"], ["show"], ["list", "--stat", "x"], ["settle", "x"],
    ["list", "--state"], ["list", "--limit", "0"], ["show", "a", "b"],
    ["halt"], ["retry", "--because", "x"], ["retry", "a"],
    ["retry", "a", "--if", "true", "--because", "x"], ["reload", "--dry-run=yes"]])
def test_wrong_usage_is_told_before_anybody_is_asked(herald, words):
    daemon = herald(PLAIN)
    daemon.stop()
    refused(daemon, USAGE, *words)


def test_ids_are_any_unique_beginning(herald):
    daemon = herald(PLAIN)
    refused(daemon, WRONG, "show", "@last")
    first = send(daemon, number=1)
    last = send(daemon, number=2)
    assert daemon.ctl("show", first["id"][:12])["id"] == first["id"]
    assert daemon.ctl("show", "@last")["id"] == last["id"]
    assert "no alert begins with" in refused(daemon, WRONG, "show", "zz")
    number = 3
    while not shared_digit(daemon):
        send(daemon, number=number)
        number += 1
    text = refused(daemon, WRONG, "show", shared_digit(daemon))
    assert "write more of it" in text


def shared_digit(daemon):
    """A first digit that two alerts have."""
    digits = [one["id"][0] for one in daemon.ctl("list")["alerts"]]
    return next((one for one in digits if digits.count(one) > 1), None)


def test_list_filters_and_pages(herald):
    daemon = herald(PLAIN)
    ids = [send(daemon, number=number)["id"] for number in range(5)]
    newest_first = list(reversed(ids))
    assert [one["id"] for one in daemon.ctl("list")["alerts"]] == newest_first
    few = daemon.ctl("list", "--limit", "2")
    assert [one["id"] for one in few["alerts"]] == newest_first[:2]
    assert few["more"]
    every = daemon.ctl("list", "--limit", "2", "--all")
    assert [one["id"] for one in every["alerts"]] == newest_first
    assert daemon.ctl("list", "--state", "dead")["alerts"] == []
    assert daemon.ctl("list", "--pipeline", "none")["alerts"] == []
    assert len(daemon.ctl("list", "--since", "1h", "--state",
                          "done,dead")["alerts"]) == 5
    assert daemon.ctl("list", "--since", "2100-01-01")["alerts"] == []
    assert "no state is called" in refused(daemon, USAGE, "list", "--state",
                                           "asleep")
    refused(daemon, USAGE, "list", "--since", "yesterday")


def test_export_is_every_alert_once(whole):
    ids = {send(whole, number=number, severity=str(number))["id"]
           for number in range(3)}
    lines = whole.export()
    assert {one["id"] for one in lines} == ids and len(lines) == 3
    for one in lines:
        assert {"id", "uid", "state", "pipeline", "severity", "received",
                "actions"} <= set(one)
    first = next(one for one in lines if one["actions"])
    assert first["actions"][0]["state"] == "done"
    assert first["actions"][0]["idem"] == f"{first['id']}/login/case"


# Why.

def test_explain_prints_the_ledger(whole, misp):
    misp.fault("500")
    alert = send(whole)
    text = whole.run_ctl("explain", alert["id"][:8]).stdout
    assert text.startswith(f"alert {alert['id'][:8]}  ")
    assert "user jdoe" in text
    assert re.search(r"^score 30 low \(could be 30 to 65: misp ", text, re.M)
    assert re.search(r"^ +\+30 +base +it is a login$", text, re.M)
    assert re.search(r"^ +\? +src_malicious \(\+35\) +unknown: misp", text,
                     re.M)
    assert re.search(r"^ +admin: not met\.$", text, re.M)
    assert re.search(r"^ +misp +ip 203\.0\.113\.66 +missing", text, re.M)
    assert re.search(r"^ +case +done +soar\.create_case +ticket \d+", text,
                     re.M)
    assert re.search(r"^ +never +not met +soar\.create_case$", text, re.M)
    assert re.search(r"^ +\S+ +received +from splunk$", text, re.M)
    told = whole.ctl("explain", alert["id"])
    assert [one["name"] for one in told["ledger"]] == \
        ["base", "src_malicious", "admin"]
    assert told["received"].endswith("Z")


def test_nothing_of_an_alert_reaches_the_terminal_raw(herald):
    daemon = herald(PLAIN)
    send(daemon, name="\x1b]0;owned\x07 \u202egnp.exe \x9b31m",
         signature="\x1b[2Jtitle")
    for words in (["list"], ["explain", "@last"], ["show", "@last"]):
        text = daemon.run_ctl(*words).stdout
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), text
    assert "\\u{1b}[2Jtitle" in daemon.run_ctl("list").stdout


def test_show_has_the_bytes_as_received(herald):
    daemon = herald(PLAIN)
    alert = send(daemon, name="Anything")
    assert json.loads(alert["raw"])["search_name"] == "Anything"
    assert alert["record"]["class_uid"] == 2004
    assert [one["kind"] for one in alert["entries"]] == ["received", "decided"]


def test_timeline_tells_each_thing_once(whole):
    alert = send(whole, user="admin")
    kinds = [one["kind"] for one in alert["entries"]]
    assert kinds == ["received", "decided", "action", "action", "ended"]


def test_tail_prints_alerts_as_they_end(herald):
    daemon = herald(PLAIN)
    first = send(daemon, number=1)
    tail = subprocess.Popen(
        [find_program("HERALDCTL", "heraldctl"), "tail", "--last", "5"],
        env=daemon.environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert f"alert={first['id'][:8]} " in tail.stdout.readline()
        second = send(daemon, number=2)
        line = tail.stdout.readline()
        assert f"alert={second['id'][:8]} " in line and "state=done" in line
    finally:
        tail.send_signal(signal.SIGINT)
        tail.wait(10)
        tail.stdout.close()


def test_plugin_gives_the_url_to_paste(herald):
    daemon = herald(PLAIN)
    connector = daemon.ctl("plugin", "splunk_in")["connectors"][0]
    route = connector["routes"][0]
    port = daemon.port("INGEST")
    assert route["url"] == \
        f"http://127.0.0.1:{port}/v1/splunk/webhook/TOKEN"
    assert route["url"] in route["curl"]
    target = route["url"].replace("TOKEN", WEBHOOK_TOKEN).split(str(port))[1]
    status, _, _ = call(port, "POST", target, payload())
    assert 200 <= status < 300
    assert "splunk_in" in daemon.run_ctl("plugins").stdout
    # One that nobody uses tells of itself, by its file.
    assert daemon.ctl("plugin", "misp_enrich")["name"] == "misp_enrich"


def test_constants(herald):
    constants = herald(PLAIN).ctl("constants")["constants"]
    assert constants["SEVERITY.HIGH"] == 4


def test_check_is_the_daemons_own(herald):
    daemon = herald(PLAIN)
    ended = daemon.run_ctl("check", "-c", daemon.config)
    assert ended.returncode == GOOD
    daemon.rewrite(PLAIN.replace("because:", "becuase:"))
    ended = daemon.run_ctl("check", "-c", daemon.config)
    assert ended.returncode == WRONG
    assert "did you mean 'because'" in ended.stderr


# Trying.

def submit(herald, alert, *words):
    name = herald.write("alert.json", json.dumps(alert))
    return herald.ctl("submit", name, *words)


def test_submit_is_a_dry_run_unless_told_otherwise(whole, soar):
    first = submit(whole, payload())
    assert first["state"] == "done" and first["pipeline"] == "login"
    assert [one["state"] for one in first["actions"]] == ["skipped"]
    assert "would have run soar.create_case" in first["actions"][0]["message"]
    assert soar.effects() == []
    # The same file again is another alert, and no repeat.
    second = submit(whole, payload())
    assert second["id"] != first["id"] and second["state"] == "done"
    # Nor does a real one become a repeat of it.
    assert send(whole)["state"] == "done"
    assert len(soar.effects("/rest/container")) == 1


def test_submit_act_acts(whole, soar):
    alert = submit(whole, payload(), "--act", "--as", "splunk")
    assert [one["state"] for one in alert["actions"]] == ["done"]
    assert len(soar.effects("/rest/container")) == 1


def test_submit_refuses_what_is_no_alert(whole):
    name = whole.write("alert.json", "[1, 2")
    assert "no JSON object" in refused(whole, WRONG, "submit", name)
    name = whole.write("alert.json", "{}")
    assert "is no source" in refused(whole, WRONG, "submit", name, "--as",
                                     "soar")
    refused(whole, WRONG, "submit", name, "--as", "nobody")


def test_a_source_cannot_make_its_alerts_dry_runs(whole, soar):
    alert = send(whole, label="herald:dry_run")
    assert "labels" not in alert["record"]["metadata"] or \
        "herald:dry_run" not in alert["record"]["metadata"]["labels"]
    assert [one["state"] for one in alert["actions"]] == ["done"]
    assert len(soar.effects("/rest/container")) == 1


@pytest.mark.parametrize("expression, told", [
    ("severity_id >= SEVERITY.HIGH", "holds\n  bool, cost 3\n"),
    ("user.name == 'root'", "not met\n  bool, cost 3\n"),
    ("user.uid == 'x'",
     "absent: user.uid\n  bool, cost 2\n  absent: user.uid\n"),
    ("user.?uid.orValue('x') == 'x'",
     "holds\n  bool, cost 5\n  absent: user.uid\n"),
    ("user.name + '!'", '"jdoe!"\n  string, cost 3\n'),
    ("[user.name]", '[\n  "jdoe"\n]\n  list(string), cost 2\n'),
])
def test_eval_tells_what_a_rule_would_see(whole, expression, told):
    alert = submit(whole, payload(severity="high"))
    assert whole.run_ctl("eval", expression, "--alert",
                         alert["id"][:12]).stdout == told
    name = whole.write("finding.json", json.dumps(alert["record"]))
    assert whole.run_ctl("eval", expression, "--alert", name).stdout == told


def test_eval_knows_what_is_not_known(whole, misp):
    misp.fault("500")
    alert = submit(whole, payload())
    ended = whole.run_ctl("eval", "enrich.misp.exists(a, true)", "--alert",
                          "@last")
    assert ended.stdout.startswith("not sure: misp"), ended
    assert re.search(r"\n  not known: enrich\.misp \(misp .*\)\n$",
                     ended.stdout), ended
    refused(whole, WRONG, "eval", "true", "--alert", "zz")
    # A file has no answers, so nothing is known of them.
    name = whole.write("finding.json", json.dumps(alert["record"]))
    ended = whole.run_ctl("eval", "enrich.misp.size() == 0", "--alert", name)
    assert ended.stdout.startswith("not sure: misp was not asked\n"), ended


def test_eval_sees_what_actions_came_to(whole):
    alert = send(whole)
    entry = alert["actions"][0]["name"]
    ended = whole.run_ctl("eval", f"done.{entry}.state", "--alert",
                          alert["id"])
    assert ended.stdout.startswith('"done"\n'), ended


def test_eval_points_to_what_is_wrong(whole):
    told = refused(whole, USAGE, "eval", "severity_id > 2 && usr.name == 'ü'")
    assert told == (
        "heraldctl: unknown name 'usr'\n"
        "  severity_id > 2 && usr.name == 'ü'\n"
        "                     ^\n"
        "  -> did you mean 'user'?\n")
    told = refused(whole, USAGE, "eval", "'ü' == message &&\n  true && severty")
    assert told.split("\n")[1:3] == ["    true && severty", "            ^"]
    ended = whole.run_ctl("--json", "eval", "severity_id > '2'")
    assert ended.returncode == USAGE
    assert json.loads(ended.stdout)["complaints"][0]["column"] == 13


# Acting.

def test_settle_ends_a_doubt(herald):
    daemon = herald(DEMO)
    doubt = send_doubtful(daemon, 1)
    assert daemon.ctl("status")["actions"]["in_doubt"] == 1
    assert "heraldctl actions --in-doubt" in daemon.run_ctl("status").stdout
    listed = daemon.ctl("actions", "--in-doubt")["actions"]
    assert [one["id"] for one in listed] == [doubt["id"]]
    daemon.ctl("settle", doubt["id"][:10], "done", "--because", "I saw it")
    alert = settled(daemon, doubt["alert"])
    assert alert["state"] == "done"
    assert alert["actions"][0]["state"] == "done"
    entry = next(one["what"] for one in alert["entries"]
                 if one["kind"] == "settled")
    assert entry["because"] == "I saw it"
    assert entry["by"] == f"uid {os.geteuid()}"
    assert "only what is in doubt" in refused(
        daemon, WRONG, "settle", doubt["id"], "done",
        "--because", "x")
    daemon.restart()
    assert daemon.ctl("show", doubt["alert"])["state"] == "done"


def test_settled_as_not_done_it_is_run_again(herald):
    daemon = herald(DEMO)
    doubt = send_doubtful(daemon, 1)
    daemon.ctl("settle", doubt["id"], "not-done", "--because", "looked")

    def tried_again():
        alert = daemon.ctl("show", doubt["alert"])
        states = [one["what"]["state"] for one in alert["entries"]
                  if one["kind"] == "action"]
        return states.count("in doubt") == 2
    wait_until(tried_again, 20, lambda: f"run again\n{daemon.log()}")
    assert "done or not-done" in refused(daemon, USAGE, "settle", doubt["id"],
                                         "maybe", "--because", "x")


def send_doubtful(daemon, number):
    """The action in doubt of a new alert: demo.note never says."""
    status, _ = daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
                            payload(number=number))
    assert 200 <= status < 300
    return wait_until(lambda: daemon.ctl("actions", "--in-doubt")["actions"],
                      20, lambda: f"in doubt\n{daemon.log()}")[0]


def test_retry_runs_what_failed_and_nothing_else(whole, soar):
    soar.fault("400", path="/rest/container")
    alert = send(whole)
    assert alert["state"] == "dead"
    assert "heraldctl list --state dead" in whole.run_ctl("status").stdout
    soar.reset()
    soar.fault("503", path="/rest/container")
    whole.ctl("retry", alert["id"], "--because", "the label is there now")
    settled(whole, alert["id"], "waiting")
    soar.reset()
    again = settled(whole, alert["id"], "done")
    assert [one["state"] for one in again["actions"]] == ["done"]
    assert len(soar.effects("/rest/container")) == 1
    assert "retried" in [one["kind"] for one in again["entries"]]
    assert "is done: retry" in refused(whole, WRONG, "retry", alert["id"],
                                       "--because", "x")


def test_drop_is_for_what_was_kept_for_people(whole, soar):
    soar.fault("400", path="/rest/container")
    alert = send(whole)
    whole.ctl("drop", alert["id"], "--because", "known")
    dropped = whole.ctl("show", alert["id"])
    assert dropped["state"] == "dropped" and "known" in dropped["reason"]
    refused(whole, WRONG, "drop", alert["id"], "--because", "x")


def test_halt_outlives_a_restart(herald):
    daemon = herald(PLAIN)
    daemon.ctl("halt", "--because", "storm")
    assert "storm" in daemon.ctl("status")["halted"]
    daemon.restart()
    assert "storm" in daemon.ctl("status")["halted"]
    daemon.ctl("unhalt", "--because", "over")
    assert daemon.ctl("status")["halted"] is None
    refused(daemon, WRONG, "unhalt", "--because", "over")
    daemon.restart()
    assert daemon.ctl("status")["halted"] is None


def test_a_stopped_connector_is_asked_nothing(whole, soar):
    whole.ctl("connector", "soar", "stop", "--because", "maintenance")
    text = whole.run_ctl("status").stdout
    assert "connector soar is stopped" in text and "maintenance" in text
    status, _ = whole.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", payload())
    assert 200 <= status < 300
    wait_until(lambda: whole.ctl("status")["alerts"]["waiting"] == 1, 20,
               "it waits")
    assert soar.requests(method="POST") == []
    whole.ctl("connector", "soar", "start", "--because", "done")
    wait_until(lambda: whole.ctl("status")["alerts"]["done"] == 1, 20,
               "it is done")
    refused(whole, WRONG, "connector", "nobody", "stop",
            "--because", "x")
    refused(whole, USAGE, "connector", "soar", "restart",
            "--because", "x")


def test_connector_tells_what_is_wrong(whole, soar):
    assert whole.run_ctl("test-connector", "soar").returncode == GOOD
    soar.fault("500")
    ended = whole.run_ctl("test-connector", "soar")
    assert ended.returncode == WRONG and "not well" in ended.stdout


# Running.

def test_reload_refuses_what_is_wrong(herald):
    daemon = herald(PLAIN)
    before = daemon.ctl("status")["configuration"]
    daemon.rewrite(PLAIN.replace("because:", "becuase:"))
    ended = daemon.run_ctl("reload")
    assert ended.returncode == WRONG
    assert "did you mean 'because'" in ended.stderr
    assert "the old configuration stays" in ended.stderr
    assert daemon.ctl("status")["configuration"] == before
    daemon.rewrite(PLAIN.replace("add: 10", "add: 20"))
    assert daemon.ctl("reload", "--dry-run")["id"] != before
    assert daemon.ctl("status")["configuration"] == before
    assert daemon.ctl("reload")["ok"]
    assert daemon.ctl("status")["configuration"] != before
    assert send(daemon)["score"] == {"low": 20, "high": 20}


# Roles.

def open_the_way(daemon):
    os.chmod(daemon.folder, 0o711)
    os.chmod(daemon.path("run"), 0o711)


def as_nobody(daemon, *words, groups="--clear-groups"):
    open_the_way(daemon)
    return subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", groups,
         find_program("HERALDCTL", "heraldctl"), *words],
        capture_output=True, text=True, timeout=60, check=False, cwd="/",
        env=daemon.environment())


@pytest.mark.parametrize("section, mode", [
    ("", 0o660), ("control: {admin: [root]}\n", 0o666)])
def test_the_socket_is_open_to_those_who_may_have_a_role(herald, section,
                                                         mode):
    """With the section everybody may ask, and is known by who he is."""
    daemon = herald(PLAIN + section)
    socket = os.stat(daemon.path("run/control"))
    assert stat.S_IMODE(socket.st_mode) == mode
    assert stat.S_ISSOCK(socket.st_mode)
    assert socket.st_uid == os.geteuid()


# core/control/api.md: the least role of each call.
CALLS = {
    "view": [
        "GET status", "GET alerts", "GET alerts/0", "GET alerts/0/explain",
        "GET actions", "GET tail", "GET plugins", "GET plugins/splunk_in",
        "GET constants", "POST eval"],
    "operate": [
        "POST submit", "POST actions/0/settle", "POST undo/0", "POST retry",
        "POST alerts/0/retry", "POST halt", "POST connectors/none/stop",
        "POST connectors/none/start", "POST connectors/none/test"],
    "approve": ["POST unhalt"],
    "admin": [
        "POST reload", "GET connectors/none/secret",
        "GET connectors/none/address", "POST backup", "GET backup",
        "GET export", "POST alerts/0/drop"],
}
MAY = {"view": {"view"}, "operate": {"view", "operate"},
       "approve": {"view", "approve"}, "admin": set(CALLS)}


def status_for_nobody(daemon, what):
    method, path = what.split(" ")
    body = ["-d", "{}"] if method == "POST" else []
    ended = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method,
         *body, "--unix-socket", daemon.path("run/control"),
         "http://herald/v1/" + path],
        capture_output=True, text=True, timeout=60, check=True, cwd="/")
    return int(ended.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")
@pytest.mark.parametrize("role", MAY)
def test_who_may_do_what(herald, role):
    grants = f"{role}: [nobody]" + (", admin: [root]" if role != "admin"
                                    else "")
    daemon = herald(PLAIN + f"control: {{{grants}}}\n")
    open_the_way(daemon)
    wrong = {what: code for least, calls in CALLS.items() for what in calls
             for code in [status_for_nobody(daemon, what)]
             if (code == 403) == (least in MAY[role])}
    assert wrong == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")
def test_roles_are_what_the_configuration_says(herald):
    daemon = herald(PLAIN)
    ended = as_nobody(daemon, "status")
    assert ended.returncode == NOT_ALLOWED
    assert "may not be opened by you" in ended.stderr
    daemon.rewrite(PLAIN + "control: {admin: [root]}\n")
    assert daemon.ctl("reload")["ok"]
    ended = as_nobody(daemon, "status")
    assert ended.returncode == NOT_ALLOWED and "no role" in ended.stderr
    daemon.rewrite(PLAIN + "control: {view: [nobody], admin: [root]}\n")
    assert daemon.ctl("reload")["ok"]
    assert as_nobody(daemon, "status").returncode == GOOD
    for words in (["reload"], ["halt", "--because", "x"], ["export"],
                  ["unhalt", "--because", "x"]):
        ended = as_nobody(daemon, *words)
        assert ended.returncode == NOT_ALLOWED, words
        assert "wants the role" in ended.stderr
    daemon.rewrite(PLAIN + "control: {operate: ['group:nogroup']}\n")
    assert daemon.ctl("reload")["ok"]
    assert as_nobody(daemon, "list").returncode == GOOD
    assert as_nobody(daemon, "halt", "--because", "x").returncode == GOOD
    assert as_nobody(daemon, "unhalt", "--because", "x").returncode == NOT_ALLOWED
    daemon.rewrite(PLAIN + "control: {view: ['group:daemon']}\n")
    assert daemon.ctl("reload")["ok"]
    assert as_nobody(daemon, "list").returncode == NOT_ALLOWED
    number = grp.getgrnam("daemon").gr_gid
    assert as_nobody(daemon, "list",
                     groups=f"--groups={number}").returncode == GOOD
    daemon.rewrite(PLAIN)
    assert daemon.ctl("reload")["ok"]
    assert "may not be opened" in as_nobody(daemon, "list").stderr
