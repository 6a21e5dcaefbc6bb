"""The daemon and the service manager: what it tells whoever listens at
NOTIFY_SOCKET, and how it ends when it is told to."""
import os
import re
import socket
import time

import pytest

from acting import Acting
from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  acts: {plugin: acts, dir: '@DIR@/acts', timeout: 60s}
  misp:
    plugin: misp_enrich
    url: @MISP@
    secret: {file: @DIR@/secrets/misp}
    timeout: 600s
pipelines:
  - name: default
    steps:
      - enrich: {by: [misp], within: 600s}
      - respond: [{name: a, do: acts.record}]
"""


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.told = []

    def read(self, timeout_s=0):
        """All that was told so far."""
        self.socket.settimeout(timeout_s or None)
        self.socket.setblocking(timeout_s != 0)
        try:
            if timeout_s:
                self.socket.settimeout(timeout_s)
            while True:
                self.told.append(self.socket.recv(4096).decode())
                self.socket.setblocking(False)
        except (BlockingIOError, TimeoutError):
            return self.told

    def wait(self, line, deadline_s=30):
        """The first message with a line that matches, taken with all before."""
        def found():
            self.read(0.2)
            for i, one in enumerate(self.told):
                if re.search(line, one, re.M):
                    del self.told[:i + 1]
                    return one
            return None
        return wait_until(found, deadline_s, lambda: f"{line}: {self.told}")


@pytest.fixture
def manager(tmp_path):
    one = Manager(str(tmp_path))
    yield one
    one.socket.close()


@pytest.fixture
def served(herald, misp, manager):
    if "HAVE_SYSTEMD 1" not in open(os.path.join(
            os.environ["HERALD_BUILD"], "config.h"), encoding="ascii").read():
        pytest.skip("built without libsystemd")

    def start(**environment):
        return Acting(herald, config=CONFIG, MISP=misp.url,
                      files={"secrets/misp": misp.key},
                      environment={"NOTIFY_SOCKET": manager.path,
                                   **environment})
    return start


def test_ready_reloading_and_stopping_are_told(served, manager):
    daemon = served().herald
    manager.wait("^READY=1$")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.reload()
    told = manager.wait("^RELOADING=1$")
    at = int(re.search(r"^MONOTONIC_USEC=(\d+)$", told, re.M)[1])
    assert before <= at <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.wait("^READY=1$")
    good = daemon.text
    daemon.rewrite(good + "nonsense: 1\n")
    daemon.reload()
    manager.wait("^RELOADING=1$")
    manager.wait("^READY=1$")   # as before, which goes on
    assert daemon.stop() == 0
    manager.wait("^STOPPING=1$")


def test_the_watchdog_is_fed_while_the_loop_turns(served, manager):
    acting = served(WATCHDOG_USEC="400000")
    manager.wait("^READY=1$")
    for _ in range(5):
        manager.wait("^WATCHDOG=1$", 5)
    acting.tell("record.run", "holds:3000")
    acting.send("one")
    log = wait_until(lambda: (lambda log: log if "the loop has been held"
                              in log else None)(acting.herald.log()), 20)
    assert re.search(r"error the loop has been held for \d+ ms by connector "
                     r"acts, in run\(\)", log), log
    manager.read()
    manager.told.clear()        # held: nothing comes
    assert not [one for one in manager.read(0.6) if "WATCHDOG" in one]
    manager.wait("^WATCHDOG=1$", 20)
    acting.ended("one")


def test_no_watchdog_was_asked_for(served, manager):
    acting = served()
    manager.wait("^READY=1$")
    acting.send("one")
    acting.ended("one")
    assert not [one for one in manager.read(0.5) if "WATCHDOG" in one]


@pytest.mark.parametrize("what", ["lookup", "action"])
def test_a_stop_waits_for_nobody_for_ever(served, misp, what):
    """Inside TimeoutStopSec=60s by far, and the alert goes on afterwards."""
    acting = served()
    if what == "lookup":
        misp.pause()
    else:
        acting.tell("record.run", "hang")
    try:
        acting.send("one", src="203.0.113.45")
        if what == "action":
            wait_until(lambda: acting.herald.metrics()[
                'herald_connector_in_flight{connector="acts"}'] == 1, 20)
        else:
            wait_until(lambda: acting.herald.metrics()[
                "herald_running"] == 1, 20)
        began = time.monotonic()
        assert acting.herald.stop() == 0
        assert time.monotonic() - began < 30
    finally:
        misp.resume()
    acting.herald.restart()
    assert acting.ended("one")["state"] == "done"


def test_while_it_stops_nothing_is_taken(served, misp):
    acting = served()
    misp.pause()
    try:
        acting.send("one", src="203.0.113.45")
        wait_until(lambda: acting.herald.metrics()["herald_running"] == 1, 20)
        acting.herald.process.terminate()
        wait_until(lambda: "stopping: SIGTERM" in acting.herald.log(), 20)
        try:
            status = acting.herald.post(
                f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", {"result": {"a": 1}})[0]
        except OSError:
            status = None
        assert status in (None, 503)
        assert acting.herald.stop() == 0
    finally:
        misp.resume()
    acting.herald.restart()
    assert acting.ended("one")["state"] == "done"
    assert len(acting.herald.export()) == 1


STUCK = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  demo: {plugin: demo, listen: ingest, timeout: 1s, greeting: '@DIR@/never'}
pipelines:
  - name: default
    steps:
      - enrich: {by: [demo], within: 1s}
"""


def test_a_thread_that_never_comes_back_does_not_keep_it(herald):
    """libuv would wait for it in exit()."""
    daemon = herald(STUCK)
    daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", {
        "sid": "1", "result": {"user": "stuck"}})
    wait_until(lambda: daemon.export()
               and daemon.export()[0]["state"] == "done", 30, daemon.log)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 40
    assert "does not give back its threads" in daemon.log()
