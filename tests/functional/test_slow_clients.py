"""Clients that do not come to an end, or come in crowds: whoever is late or too
many is cut off and counted, and the others do not notice."""
import contextlib
import json
import socket
import threading
import time

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from services import call
from waiting import wait_until

TARGET = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
HEADER = f"POST {TARGET} HTTP/1.1\r\nHost: h\r\nContent-Type: " \
    "application/json\r\n"

CONFIG = HEAD.replace("@INGEST_PORT@'}", "@INGEST_PORT@', limits: @LIMITS@}") \
    + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - name: default
    steps: []
"""


@pytest.fixture
def listening(herald):
    return lambda limits="{}": herald(CONFIG, LIMITS=limits)


def body(uid):
    return json.dumps({"sid": uid, "search_name": "a test",
                       "result": {"event_id": uid}}).encode()


def rejected(daemon, reason):
    return daemon.metrics().get(
        f'herald_http_rejected_total{{listener="ingest",reason="{reason}"}}',
        0)


def connect(daemon, source="127.0.0.1"):
    peer = socket.create_connection(("127.0.0.1", daemon.port("INGEST")),
                                    timeout=30, source_address=(source, 0))
    return peer


def drip(peer, text, every_s=0.1):
    """Sends a byte now and then until the other side is gone: the seconds."""
    begun = time.monotonic()
    peer.settimeout(every_s)
    for i in range(len(text)):
        try:
            peer.send(text[i:i + 1])
            if not peer.recv(4096):
                break
        except socket.timeout:
            continue            # it still listens
        except OSError:
            break
    else:
        raise AssertionError("it listened to the end")
    return time.monotonic() - begun


def is_served(daemon, uid, source="127.0.0.1"):
    with contextlib.closing(connect(daemon, source)) as peer:
        data = body(uid)
        peer.sendall(HEADER.encode() + b"Connection: close\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(data) + data)
        text = b""
        while True:
            try:
                part = peer.recv(4096)
            except OSError:
                return False
            if not part:
                return text.startswith(b"HTTP/1.1 200 ")
            text += part


# ---- deadlines are total: a byte now and then does not move them ----

def test_headers_have_ten_seconds_in_all(listening):
    daemon = listening()
    took = drip(connect(daemon), HEADER.encode() + b"X: " + b"a" * 400)
    assert 9.5 < took < 20
    assert rejected(daemon, "header_deadline") == 1
    assert is_served(daemon, "after")


def test_headers_have_the_time_that_is_given(listening):
    daemon = listening("{headers: 1s}")
    took = drip(connect(daemon), HEADER.encode() + b"X: " + b"a" * 400)
    assert 0.9 < took < 8
    assert rejected(daemon, "header_deadline") == 1


def test_a_body_has_the_time_that_is_given(listening):
    daemon = listening("{body: 1s}")
    peer = connect(daemon)
    peer.sendall(HEADER.encode() + b"Content-Length: 10000\r\n\r\n{")
    assert 0.9 < drip(peer, b" " * 10000) < 8
    assert rejected(daemon, "body_deadline") == 1
    assert rejected(daemon, "header_deadline") == 0
    assert daemon.export() == []


def test_chunks_without_an_end_have_no_more(listening):
    daemon = listening("{body: 1s}")
    peer = connect(daemon)
    peer.sendall(HEADER.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    assert 0.9 < drip(peer, b"1\r\n \r\n" * 200) < 8
    assert rejected(daemon, "body_deadline") == 1


def test_a_kept_connection_ends_without_a_word(listening):
    daemon = listening("{idle: 1s}")
    peer = connect(daemon)
    data = body("one")
    peer.sendall(HEADER.encode() + b"Content-Length: %d\r\n\r\n" % len(data)
                 + data)
    assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
    begun = time.monotonic()
    assert peer.recv(4096) == b""
    assert time.monotonic() - begun < 8
    assert rejected(daemon, "header_deadline") == 0


def test_changed_limits_wait_for_the_next_start(listening):
    daemon = listening("{headers: 1s}")
    daemon.values["LIMITS"] = "{headers: 2s}"
    daemon.rewrite()
    daemon.reload()
    wait_until(lambda: "listen.ingest: changed limits hold from the next "
               "start on" in daemon.log(), 20, daemon.log)
    assert is_served(daemon, "after")


# ---- crowds ----

def test_an_address_has_its_share_and_others_have_theirs(listening):
    daemon = listening("{per_address: 4}")
    crowd = [connect(daemon) for _ in range(4)]
    for peer in crowd:
        peer.send(b"P")
    assert not is_served(daemon, "a")
    wait_until(lambda: rejected(daemon, "connections") >= 1, 10)
    for i in range(2, 6):
        assert is_served(daemon, f"b{i}", f"127.0.0.{i}")
    crowd.pop().close()
    wait_until(lambda: is_served(daemon, "a"), 20, "room again")
    for peer in crowd:
        peer.close()
    assert {one["uid"] for one in daemon.export()} == {
        "a", "b2", "b3", "b4", "b5"}


def test_a_full_listener_has_room_once_the_late_are_cut(listening):
    daemon = listening("{connections: 10, per_address: 5, headers: 2s}")
    crowd = [connect(daemon, f"127.0.0.{2 + i % 5}") for i in range(10)]
    for peer in crowd:
        peer.send(b"P")
    # It stands in the queue of the system, and is let in when the first go.
    assert is_served(daemon, "patient")
    assert rejected(daemon, "header_deadline") >= 1
    for peer in crowd:
        peer.close()


class Crowd(threading.Thread):
    """Connections, each of which sends a byte now and then, and comes again
    when it was cut off."""

    def __init__(self, daemon, count):
        super().__init__(daemon=True)
        self.daemon_under_test = daemon
        self.peers = [None] * count
        self.again = 0
        self.ended = threading.Event()
        self.start()

    def connect(self, i):
        peer = socket.socket()
        peer.bind((f"127.0.1.{1 + i % 50}", 0))
        peer.setblocking(False)
        peer.connect_ex(("127.0.0.1", self.daemon_under_test.port("INGEST")))
        self.peers[i] = peer

    def run(self):
        for i in range(len(self.peers)):
            self.connect(i)
        while not self.ended.wait(0.2):
            for i, peer in enumerate(self.peers):
                try:
                    peer.send(b"P")
                except BlockingIOError:
                    pass        # it is still being connected
                except OSError:
                    peer.close()
                    self.again += 1
                    self.connect(i)

    def stop(self):
        self.ended.set()
        self.join()
        for peer in self.peers:
            peer.close()


def test_a_crowd_of_slow_ones_does_not_delay_a_good_sender(listening):
    daemon = listening("{headers: 2s}")
    crowd = Crowd(daemon, 200)
    try:
        slowest, sent = 0, 0
        while crowd.again < 400:        # each was cut off twice
            begun = time.monotonic()
            assert is_served(daemon, f"good{sent}")
            slowest = max(slowest, time.monotonic() - begun)
            sent += 1
    finally:
        crowd.stop()
    assert slowest < 5
    assert rejected(daemon, "header_deadline") >= 200
    assert len(daemon.export()) == sent
    assert is_served(daemon, "after")


# ---- no room ----

FULL = HEAD.replace("herald:", "herald:\n  limits: {backlog: 5, running: 1}",
                    1) + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  web: {plugin: http_in, listen: ingest, auth: path, secret: {file: @DIR@/secrets/web}}
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:
  - name: default
    steps: [enrich: {by: [misp], within: 60s}]
"""
WEB = "a-secret-of-more-than-24-bytes"
HEC = {"Authorization": "Splunk " + WEBHOOK_TOKEN}
WAYS = {
    "webhook": (TARGET, {}, lambda uid: {
        "sid": uid, "search_name": "a test",
        "result": {"event_id": uid, "src": "8.8.4.4", "severity": "high"}}),
    "hec": ("/services/collector/event", HEC, lambda uid: {
        "event": {"event_id": uid, "src": "8.8.4.4", "severity": "high"}}),
    "http": ("/v1/http/" + WEB, {}, lambda uid: {
        "alert_id": uid, "title": "a test", "severity": "high",
        "src_ip": "8.8.4.4"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_at_the_bound_it_says_when_to_come_again_and_recovers(herald, misp,
                                                              way):
    daemon = herald(FULL, MISP=misp.url, files={
        "secrets/misp": misp.key, "secrets/web": WEB})
    target, headers, make = WAYS[way]

    def post(number):
        return call(daemon.port("INGEST"), "POST", target, make(f"{number}"),
                    {"Content-Type": "application/json", **headers})
    misp.pause()
    try:
        answers = [post(number)[:2] for number in range(12)]
    finally:
        misp.resume()
    taken = [i for i, (status, _) in enumerate(answers) if status == 200]
    told = [head.get("Retry-After") for status, head in answers
            if status == 503]
    assert len(taken) + len(told) == 12, answers
    assert len(taken) == 5 and taken == list(range(5))
    assert all(one and 1 <= int(one) <= 60 for one in told), answers
    # Whoever was sent away comes again, and nothing is lost or twice.
    for number in range(5, 12):
        wait_until(lambda: post(number)[0] == 200, 30, daemon.log)
    wait_until(lambda: [one["state"] for one in daemon.export()]
               == ["done"] * 12, 30, daemon.log)
