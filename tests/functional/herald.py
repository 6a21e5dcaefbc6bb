"""The real heraldd in a folder of its own, for tests.

Where things are is told by the environment:

    HERALD_BUILD        the build tree, or each for itself:
    HERALDD             the daemon
    HERALDCTL           the command-line client
    HERALD_PLUGIN_DIR   a folder with the plugins' .so files

A configuration is YAML text in which @NAME@ is filled in: names that end in
_PORT are free ports, DIR is the folder, SOCKET and PLUGIN_DIR are in it, so is
STATE unless the test gives another, and all others are given by the test.
"""
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from services import call
from waiting import wait_until

START_S = 30
STOP_S = 60
WEBHOOK_TOKEN = "example-webhook-token"

# The sections that most tests share; a test adds connectors and pipelines.
HEAD = """\
version: 1
herald:
  mode: live
  state_dir: @STATE@
  socket: @SOCKET@
  plugin_dir: @PLUGIN_DIR@
listen:
  ingest: {address: '127.0.0.1:@INGEST_PORT@'}
  admin: {address: '127.0.0.1:@ADMIN_PORT@'}
"""

SANITIZER = re.compile(
    r"ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer"
    r"|runtime error: |Assertion .* failed")


class NotBuilt(Exception):
    """No heraldd to test was named."""


def find_program(variable, name):
    if os.environ.get(variable):
        return os.environ[variable]
    build = os.environ.get("HERALD_BUILD")
    if not build:
        raise NotBuilt(f"neither {variable} nor HERALD_BUILD is set")
    places = [os.path.join(build, name),
              os.path.join(build, "core", name, name)]
    for place in places:
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    raise FileNotFoundError(f"{name}: not in {places}")


def gather_plugins(folder):
    """A folder that holds every built plugin, as an installation has it."""
    given = os.environ.get("HERALD_PLUGIN_DIR")
    if given:
        return given
    build = os.environ.get("HERALD_BUILD")
    if not build:
        raise NotBuilt("neither HERALD_PLUGIN_DIR nor HERALD_BUILD is set")
    os.makedirs(folder, mode=0o755, exist_ok=True)
    for pattern in ("plugins/*/.libs/*.so", "tests/plugins/.libs/*.so"):
        for plugin in glob.glob(os.path.join(build, pattern)):
            placed = shutil.copy(plugin, folder)
            os.chmod(placed, 0o755)     # not writable by others, as is wanted
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Herald:
    """One configured daemon; it may be started again and again on its state.
    `files` (name: text) are written beside the configuration, 0600."""

    def __init__(self, config, files=None, arguments=(), environment=None,
                 **values):
        self.text = config
        self.values = values
        self.arguments = list(arguments)
        self.extra_environment = dict(environment or {})
        self.folder = tempfile.mkdtemp(prefix="herald-")
        self.config = os.path.join(self.folder, "herald.yaml")
        self.stderr = os.path.join(self.folder, "stderr")
        self.process = None
        self.expected_end = True
        for name in ("state", "run", "credentials"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        self.plugin_dir = gather_plugins(os.path.join(self.folder, "plugins"))
        self.write("secrets/splunk", WEBHOOK_TOKEN + "\n")
        for name, text in (files or {}).items():
            self.write(name, text)

    # Files.

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file in the folder, for this user only."""
        os.makedirs(os.path.dirname(self.path(name)), mode=0o700,
                    exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(text)
        return self.path(name)

    def log(self):
        """All that the daemon wrote to stderr, over all its starts."""
        try:
            with open(self.stderr, encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def fill_in(self):
        """Writes the configuration; ports are new ones each time."""
        self.values.update(DIR=self.folder, SOCKET=self.path("run/control"),
                           PLUGIN_DIR=self.plugin_dir)
        self.values.setdefault("STATE", self.path("state"))
        names = set(re.findall(r"@([A-Z][A-Z0-9_]*)@", self.text))
        for name in names:
            if name.endswith("_PORT"):
                self.values[name] = free_port()
        missing = names - set(self.values)
        if missing:
            raise ValueError(f"nothing to fill in for {sorted(missing)}")
        self.rewrite()

    def rewrite(self, config=None):
        """The configuration as text, same ports: for a reload."""
        self.text = config or self.text
        text = re.sub(r"@([A-Z][A-Z0-9_]*)@",
                      lambda name: str(self.values[name[1]]), self.text)
        self.write("herald.yaml", text)

    # Life.

    def environment(self):
        return {**os.environ,
                "STATE_DIRECTORY": self.values["STATE"],
                "RUNTIME_DIRECTORY": self.path("run"),
                "CREDENTIALS_DIRECTORY": self.path("credentials"),
                "HERALD_SOCKET": self.path("run/control"),
                **self.extra_environment}

    def start(self):
        """Starts and waits until it is ready; ChildProcessError with its log
        if it ends instead.  A port that somebody took between choosing and
        listening is chosen anew."""
        for _ in range(5):
            self.fill_in()
            if self.start_once():
                return self
        raise AssertionError("no free port in five starts:\n" + self.log())

    def start_once(self):
        """False if the address was in use."""
        before = len(self.log())
        self.launch()
        try:
            wait_until(self.is_ready, START_S, lambda: "ready\n" + self.log())
        except ChildProcessError:
            self.process = None
            if "already in use" in self.log()[before:]:
                return False
            raise
        return True

    def check(self):
        """heraldd -t on the configuration: a CompletedProcess with text."""
        self.fill_in()
        return subprocess.run(
            [find_program("HERALDD", "heraldd"), "-t", "-c", self.config],
            capture_output=True, text=True, timeout=60, check=False,
            env=self.environment(), cwd=self.folder)

    def launch(self):
        """Starts the process; does not wait."""
        with open(self.stderr, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*self.arguments, find_program("HERALDD", "heraldd"),
                 "-c", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), cwd=self.folder)
        self.expected_end = True

    def is_ready(self):
        if self.process.poll() is not None:
            raise ChildProcessError(
                f"heraldd ended with {self.process.returncode}:\n"
                + self.log())
        if "ADMIN_PORT" in self.values:
            try:
                return call(self.port("ADMIN"), "GET", "/readyz",
                            timeout_s=5)[0] == 200
            except (OSError, http.client.HTTPException):
                return False
        return self.run_ctl("status").returncode == 0

    def stop(self):
        """SIGTERM and its exit status; an orderly end has 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(
                    f"no end within {STOP_S} s of SIGTERM:\n"
                    + self.log()) from None
        return self.process.returncode

    def kill(self):
        """kill -9: the process is gone when this returns.  One that was gone
        before must have died so itself (at a crash point)."""
        self.expected_end = False
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.check_end(self.process.returncode)

    def restart(self):
        """Starts again on the same state with the same ports."""
        if self.process.poll() is None:
            self.check_end(self.stop())
        self.launch()
        wait_until(self.is_ready, START_S,
                   lambda: "ready again\n" + self.log())
        return self

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def remove(self):
        """The end: stops it, checks what it left, deletes the folder."""
        try:
            status = self.stop() if self.process is not None else None
            self.check_sanitizers()
            if status is not None:
                self.check_end(status)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def check_end(self, status):
        """An orderly end has 0, one that was meant to be killed -9."""
        wanted = 0 if self.expected_end else -signal.SIGKILL
        assert status == wanted, \
            f"heraldd ended with {status}:\n{self.log()}"

    def check_sanitizers(self):
        found = SANITIZER.search(self.log())
        assert not found, f"{found[0]}\n" + self.log()

    # Talking to it.

    def port(self, name):
        return self.values[name + "_PORT"]

    def run_ctl(self, *words, stdin=None):
        """heraldctl as it is: a CompletedProcess with text."""
        return subprocess.run(
            [find_program("HERALDCTL", "heraldctl"), *words], input=stdin,
            capture_output=True, text=True, timeout=60, check=False,
            env=self.environment(), cwd=self.folder)

    def ctl(self, *words):
        """What `heraldctl WORDS --json` says; AssertionError on failure."""
        ended = self.run_ctl(*words, "--json")
        assert ended.returncode == 0, \
            f"heraldctl {words}: {ended.returncode}\n{ended.stdout}" \
            f"{ended.stderr}"
        return json.loads(ended.stdout)

    def export(self):
        """Every alert with its actions, as `heraldctl export` tells them."""
        ended = self.run_ctl("export")
        assert ended.returncode == 0, ended.stderr
        return [json.loads(line) for line in ended.stdout.split("\n") if line]

    def post(self, target, body, headers=None, port="INGEST"):
        """(status, parsed or raw body) of a POST to a listener."""
        status, _, text = call(
            self.port(port), "POST", target, body,
            {"Content-Type": "application/json", **(headers or {})})
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def metrics(self):
        """{'name{labels}': value} of /metrics."""
        status, _, text = call(self.port("ADMIN"), "GET", "/metrics")
        assert status == 200, text
        lines = [line for line in text.decode().splitlines()
                 if line and not line.startswith("#")]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in lines}

    def alert(self, alert_id):
        """The exported alert with this id, or None."""
        found = [one for one in self.export() if one["id"] == alert_id]
        return found[0] if found else None

    def wait_state(self, alert_id, *states, deadline_s=30):
        """The alert once it is in one of the states."""
        def reached():
            alert = self.alert(alert_id)
            return alert if alert and alert["state"] in states else None
        return wait_until(reached, deadline_s, lambda: (
            f"{alert_id} in {states}: {self.alert(alert_id)}\n{self.log()}"))


def send_webhook(herald, payload, token=WEBHOOK_TOKEN):
    """Sends an alert as Splunk's webhook action does; the id of the alert
    that came of it.  The answer to Splunk names none, and there is none for
    what was known already: AssertionError."""
    before = {one["id"] for one in herald.export()}
    status, body = herald.post(f"/v1/splunk/webhook/{token}", payload)
    assert 200 <= status < 300, f"{status} {body}\n{herald.log()}"
    new = {one["id"] for one in herald.export()} - before
    assert len(new) == 1, f"{len(new)} new alerts\n{herald.log()}"
    return new.pop()
