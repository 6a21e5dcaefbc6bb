"""The doubles as processes: start, ask, tell, end.

    with Service("misp", folder) as misp:
        misp.url, misp.key
        misp.data([{"type": "ip-dst", "value": "192.0.2.1"}])
        misp.fault("500", path="/attributes/*", times=1)
        misp.requests(path="/attributes/restSearch")
"""
import fnmatch
import http.client
import json
import os
import signal
import subprocess
import sys

from waiting import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
DOUBLES = os.path.join(TESTS, "doubles")
FIXTURES = os.path.join(TESTS, "fixtures")

# What each double accepts unless told otherwise: (option, value).
CREDENTIALS = {
    "misp": ("--key", ("example" * 6)[:40]),
    "netbox": ("--key", "nbt_example.netboxtoken"),
    "servicenow": ("--key", "example-servicenow-key"),
    "soar": ("--token", "example-automation-token"),
    "splunk": ("--token", "example-splunk-token"),
    "virustotal": ("--key", "example-virustotal-key"),
}


def fixture(name):
    """A JSON fixture by its path below tests/fixtures."""
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as text:
        return json.load(text)


def call(port, method, target, body=None, headers=None, timeout_s=30):
    """(status, headers, bytes) of one request to a loopback port."""
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        peer.request(method, target, body, headers or {})
        answer = peer.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        peer.close()


class Service:
    """A running double.  `control` speaks plain HTTP: with tls, control
    connections are not verified."""

    def __init__(self, kind, folder, *arguments, name=None, tls=None):
        self.kind = kind
        self.name = name or kind
        self.key = CREDENTIALS.get(kind, (None, ""))[1]
        self.tls = tls
        base = os.path.join(folder, self.name)
        self.log = base + ".effects"
        self.port_file = base + ".port"
        command = [sys.executable, os.path.join(DOUBLES, kind + ".py"),
                   "--port", "0", "--port-file", self.port_file,
                   "--log", self.log, *arguments]
        if kind in CREDENTIALS:
            command += CREDENTIALS[kind]
        if tls:
            command += ["--tls", *tls]
        self.process = subprocess.Popen(command)
        wait_until(self.is_up, 30, f"{self.name} listens")
        with open(self.port_file, encoding="ascii") as port:
            self.port = int(port.read())
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended by itself, status "
                                 f"{self.process.returncode}")
        return os.path.exists(self.port_file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.resume()
            self.process.wait(30)

    def pause(self):
        """The service is there and answers nothing, until `resume`."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def control(self, method, name, body=None):
        target = "/_double/" + name
        if self.tls:
            status, text = self.call_tls(method, target, body)
        else:
            status, _, text = call(self.port, method, target, body)
        told = json.loads(text)
        if status != 200:
            raise ValueError(f"{self.name} {name}: {told}")
        return told

    def call_tls(self, method, target, body):
        import ssl
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        peer = http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=context, timeout=30)
        try:
            peer.request(method, target,
                         None if body is None else json.dumps(body))
            answer = peer.getresponse()
            return answer.status, answer.read()
        finally:
            peer.close()

    # What it saw.

    def requests(self, method=None, path="*", at=None):
        return [one for one in self.control("GET", "requests")
                if method in (None, one["method"])
                and at in (None, one["at"])
                and fnmatch.fnmatchcase(one["path"], path)]

    def effects(self, path="*"):
        return [one for one in self.control("GET", "effects")
                if fnmatch.fnmatchcase(one["path"], path)]

    def state(self):
        return self.control("GET", "state")

    def asked(self):
        """The values that a MISP was asked about, in order."""
        return self.control("GET", "asked")

    # What it shall do.

    def fault(self, kind, method=None, path="*", body="", times=-1,
              after_effect=None, at=None):
        match = {"path": path, "body": body}
        if method:
            match["method"] = method
        if at is not None:
            match["at"] = at
        self.control("POST", "fault", {
            "kind": kind, "match": match, "times": times,
            "after_effect": after_effect})

    def mend(self, at=None):
        """No fault any more (there)."""
        self.control("POST", "mend", {} if at is None else {"at": at})

    def settings(self, **changed):
        return self.control("POST", "settings", changed)

    def data(self, given):
        self.control("POST", "data", given)

    def reset(self):
        """As it was started; its log goes on."""
        self.key = CREDENTIALS.get(self.kind, (None, ""))[1]
        self.control("POST", "reset")
