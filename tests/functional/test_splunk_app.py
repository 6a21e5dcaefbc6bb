"""The alert action of contrib/splunk-app, run as Splunk runs it."""
import glob
import gzip
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from services import FIXTURES, TESTS, fixture
from waiting import wait_until

PROGRAM = os.path.join(os.path.dirname(TESTS), "contrib", "splunk-app",
                       "TA-herald", "bin", "herald.py")
CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps: []
"""
ROWS = fixture("splunk/results_three_rows.decoded.json")


class Splunkd(http.server.BaseHTTPRequestHandler):
    """Gives the token, and plays a herald that answers `status`, if asked."""
    status, got, hold = 200, [], None

    def do_GET(self):
        assert self.headers["Authorization"] == \
            "Splunk EXAMPLESESSIONKEY^DoNotLog"
        self.say(200, {"entry": [{"content": {
            "clear_password": WEBHOOK_TOKEN}}]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(gzip.decompress(body).decode())
        if self.hold:
            self.hold.wait(30)
        self.say(self.status, {"text": "Success", "code": 0})

    def say(self, status, body):
        text = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass                # the sender was killed

    def log_message(self, *_):
        pass


@pytest.fixture
def splunkd():
    Splunkd.status, Splunkd.got, Splunkd.hold = 200, [], None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Splunkd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def action(tmp_path, splunkd):
    return Action(tmp_path, splunkd)


class Action:
    def __init__(self, folder, splunkd):
        self.splunkd = splunkd
        self.spool = str(folder / "spool")
        self.results = str(folder / "results.csv.gz")
        with open(os.path.join(FIXTURES, "splunk",
                               "results_three_rows.csv.txt"), "rb") as text, \
                gzip.open(self.results, "wb") as out:
            out.write(text.read())

    def alert(self, url):
        one = fixture("splunk/custom_alert_stdin.json")
        one.update(results_file=self.results, server_uri=self.splunkd)
        one["configuration"]["url"] = url
        return json.dumps(one)

    def start(self):
        return subprocess.Popen(
            [sys.executable, PROGRAM, "--execute"], stdin=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={
                **os.environ, "HERALD_SPOOL": self.spool,
                "HERALD_PAUSE": "0.01", "PYTHONDONTWRITEBYTECODE": "1"})

    def run(self, url, text=None):
        process = self.start()
        _, said = process.communicate(text or self.alert(url), timeout=60)
        assert "DoNotLog" not in said and WEBHOOK_TOKEN not in said
        return process.returncode, said

    def waiting(self):
        return [name for name in glob.glob(self.spool + "/*")
                if not name.endswith("lock")]


def hec(daemon):
    return f"http://127.0.0.1:{daemon.port('INGEST')}/services/collector/event"


def uids(daemon):
    return sorted(one["uid"] for one in daemon.export())


EXPECTED = sorted(row["event_id"] for row in ROWS)


def test_all_rows_are_sent(herald, action):
    daemon = herald(CONFIG)
    assert action.run(hec(daemon))[0] == 0
    assert uids(daemon) == EXPECTED
    assert action.waiting() == []


def test_rows_are_decoded(action):
    assert action.run(action.splunkd)[0] == 0
    sent = [json.loads(line)["event"]["result"]
            for line in Splunkd.got[0].splitlines()]
    assert sent == ROWS


def cut(results):
    with open(results, "rb") as whole:
        text = whole.read()
    return text[:len(text) // 2]


def not_packed(_):
    return b"this is no gzip"


@pytest.mark.parametrize("damage, rows", [(cut, None), (not_packed, 1)])
def test_a_damaged_file_holds_up_no_other_alert(action, damage, rows):
    with open(action.results, "rb") as whole:
        good = whole.read()
    bad = damage(action.results)
    with open(action.results, "wb") as out:
        out.write(bad)
    status, said = action.run(action.splunkd)
    assert status == 1 and "cannot be read" in said
    sent = "\n".join(Splunkd.got).splitlines()
    assert sent and (rows is None or len(sent) == rows)
    assert [name[-8:] for name in action.waiting()] == [".damaged"]
    with open(action.results, "wb") as out:
        out.write(good)
    Splunkd.got.clear()
    assert action.run(action.splunkd)[0] == 0
    assert len(Splunkd.got[0].splitlines()) == len(ROWS)


def test_a_zero_byte_costs_no_row(action):
    with gzip.open(action.results, "wb") as out:
        out.write(b"event_id,user_agent\r\n1,a\0b\r\n2,c\r\n")
    assert action.run(action.splunkd)[0] == 0
    sent = [json.loads(line)["event"]["result"]
            for line in Splunkd.got[0].splitlines()]
    assert sent == [{"event_id": "1", "user_agent": "a\ufffdb"},
                    {"event_id": "2", "user_agent": "c"}]


def test_what_could_not_be_sent_waits_for_the_next_run(herald, action):
    Splunkd.status = 503
    status, said = action.run(action.splunkd)
    assert status == 1 and "waits" in said
    assert len(Splunkd.got) == 4 and len(action.waiting()) == 1
    Splunkd.status = 200
    os.unlink(action.results)   # Splunk tidied up meanwhile
    assert action.run(action.splunkd)[0] == 0
    assert Splunkd.got[4] == Splunkd.got[0]
    assert action.waiting() == []


@pytest.mark.parametrize("status", [302, 401, 403, 408, 429, 500])
def test_a_refusal_that_may_pass_keeps_it(action, status):
    Splunkd.status = status
    assert action.run(action.splunkd)[0] == 1
    assert len(action.waiting()) == 1


def test_what_is_refused_for_good_does_not_block(action):
    Splunkd.status = 400
    assert action.run(action.splunkd)[0] == 0
    assert [name[-8:] for name in action.waiting()] == [".refused"]
    assert len(Splunkd.got) == 1


def test_killed_in_the_middle_nothing_is_lost_or_doubled(herald, action):
    daemon = herald(CONFIG)
    Splunkd.hold = threading.Event()
    process = action.start()
    process.stdin.write(action.alert(action.splunkd))
    process.stdin.close()
    wait_until(lambda: Splunkd.got)     # it was taken, the answer is not there
    process.kill()
    process.wait()
    process.stderr.close()
    Splunkd.hold.set()
    Splunkd.hold = None
    # What waits goes where it was meant for; here herald takes it, twice.
    for name in action.waiting():
        with open(name, encoding="utf-8") as text:
            rows = text.read().partition("\n")[2]
        with open(name, "w", encoding="utf-8") as out:
            out.write(hec(daemon) + "\n" + rows)
    assert action.run(hec(daemon))[0] == 0
    assert uids(daemon) == EXPECTED
    assert action.waiting() == []


def test_killed_before_the_rows_were_read(herald, action):
    daemon = herald(CONFIG)
    os.makedirs(action.spool)
    alert = json.loads(action.alert(hec(daemon)))
    alert["sid"] = "another"
    del alert["session_key"]
    with open(action.spool + "/0-1.alert", "w", encoding="utf-8") as out:
        json.dump(alert, out)
    with open(action.spool + "/0-1-000000.rows.new", "w",
              encoding="utf-8") as out:
        out.write("half a li")
    assert action.run(hec(daemon))[0] == 0
    assert uids(daemon) == EXPECTED     # event_id: the same alerts
    assert daemon.metrics()[
        'herald_splunk_in_stored_total{connector="splunk"}'] == 6


def test_xml_and_no_results_file(herald, action):
    daemon = herald(CONFIG)
    with open(os.path.join(FIXTURES, "splunk", "custom_alert_stdin.xml.txt"),
              encoding="utf-8") as text:
        alert = text.read().replace(
            "https://127.0.0.1:8089", action.splunkd).replace(
            "https://herald.example.com:8443/services/collector/event",
            hec(daemon))
    status, said = action.run(None, alert)
    assert status == 0 and "only the first row" in said
    assert uids(daemon) == ["b6a0d4f2c1e94b70a1d6a5d3f0a8c2e9"]


def test_wrong_use(action):
    assert action.run(None, "nothing")[0] == 2
    assert action.run("http://herald.example.com/x")[0] == 2
