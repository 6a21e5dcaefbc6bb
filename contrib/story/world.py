"""herald and all that it talks to, in a folder that goes away.

    with World(options) as world:       in a network of its own, where it may
        world.send(payload)             as Splunk does
        world.directory.uac("alice")
        world.mails_of(alert)

Where nobody may make a network or be a mail server, something stands in for
the directory and the mail server: `world.stage` says what plays.
"""
import contextlib
import email
import email.policy
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import certificates
from maildir import PretendedMail
from private_net import Unavailable as NoNet
from real_postfix import Postfix, Unavailable as NoPostfix
from real_samba import Samba
from relay import Relay
from services import Service, call
from slapd_ad import SlapdAd
from waiting import wait_until

WEBHOOK = "/v1/splunk/webhook/example-webhook-token"
WAIT_S = 60
PRETENDING = ("misp", "virustotal", "soar")


class Failed(Exception):
    """Something is not as it must be."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    def __init__(self, options):
        self.options = options
        self.stage = []         # (role, who plays it)
        self.folder = self.misp = self.virustotal = self.soar = None
        self.directory = self.line = self.post = self.herald = None
        self.ports = {}
        self.ends = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            self.ends = ends
            self.build()
            self.ends = ends.pop_all()
        return self

    def __exit__(self, *_):
        self.ends.close()

    def build(self):
        self.folder = tempfile.mkdtemp(prefix="herald-demo-")
        self.ends.callback(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o711)
        for name in ("state", "run", "certificates"):
            os.mkdir(self.path(name), 0o700)
        made = certificates.make(self.path("certificates"))
        doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        for door in doors:
            self.ends.callback(door.close)
        self.open_directory(made)
        self.open_mail(made)
        for kind in PRETENDING:
            service = self.ends.enter_context(Service(kind, self.folder))
            setattr(self, kind, service)
        self.stage.append(("only pretending",
                           "Splunk, MISP, VirusTotal, Splunk SOAR"))
        self.start_herald()
        self.open_doors(doors)

    def path(self, name):
        return os.path.join(self.folder, name)

    # Who plays.

    def open_directory(self, made):
        try:
            self.directory = Samba(keep=self.options.keep)
            self.ends.callback(self.directory.stop)
            self.ends.enter_context(self.directory.net)
            why = "in a network of its own"
        except NoNet as reason:
            self.directory = SlapdAd(made, free_port())
            self.ends.callback(self.directory.stop)
            why = str(reason)
        self.stage.append(("directory", f"{self.directory.kind} ({why})"))
        # What reads the directory goes by a line that can be held.
        self.line = Relay(self.directory.port)
        self.ends.callback(self.line.close)

    def open_mail(self, made):
        try:
            self.post = self.ends.enter_context(
                Postfix(*made["good"], free_port()))
            why = "Postfix"
        except NoPostfix as reason:
            self.post = self.ends.enter_context(
                PretendedMail(made["good"], self.folder))
            why = f"a server that only pretends ({reason})"
        self.stage.append(("mail server", why))
        self.mail_ca = made["ca"]

    def open_doors(self, doors):
        """Ways from the network outside into this one: for curl."""
        for name, door in zip(("INGEST", "ADMIN"), doors):
            way = Relay(self.ports[name], listening=door)
            self.ends.callback(way.close)
            self.ports["OUTSIDE_" + name] = way.port

    # herald

    def values(self):
        ad = self.directory
        return {
            "INGEST_PORT": self.ports["INGEST"],
            "ADMIN_PORT": self.ports["ADMIN"],
            "AD_READ": f"{ad.server}:{self.line.port}",
            "AD_WRITE": f"{ad.server}:{ad.port}",
            "AD_READER": ad.reader, "AD_WRITER": ad.writer,
            "AD_READER_SECRET": ad.passwords[0],
            "AD_WRITER_SECRET": ad.passwords[1],
            "AD_CA": ad.ca, "AD_STAFF": ad.staff,
            "MISP": self.misp.url, "VT": self.virustotal.url,
            "SOAR": self.soar.url, "MAIL": self.post.port,
            "MAIL_CA": self.mail_ca,
            "/usr/share/herald/demo-assets.csv": self.path("assets.csv")}

    def write_configuration(self):
        conf = os.path.join(self.options.source, "conf")
        shutil.copy(os.path.join(conf, "demo-assets.csv"),
                    self.path("assets.csv"))
        with open(self.path("assets.csv"), "a", encoding="utf-8") as out:
            out.write(self.options.assets)
        with open(os.path.join(conf, "demo.yaml"), encoding="utf-8") as demo:
            text = demo.read()
        for name, value in self.values().items():
            name = name if name.startswith("/") else f"@{name}@"
            text = text.replace(name, str(value))
        with open(self.path("herald.yaml"), "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(text)

    def environment(self):
        return {**os.environ, "STATE_DIRECTORY": self.path("state"),
                "RUNTIME_DIRECTORY": self.path("run")}

    def log(self):
        with open(self.path("heraldd.log"), encoding="utf-8",
                  errors="replace") as log:
            return log.read()

    def start_herald(self):
        """Somebody else may take a port between choosing and listening."""
        self.ends.callback(self.stop_herald)
        for _ in range(3):
            self.ports = {"INGEST": free_port(), "ADMIN": free_port()}
            self.write_configuration()
            self.launch()
            try:
                self.wait_for("readiness of heraldd", self.is_ready)
                return
            except Failed:
                if "already in use" not in self.log():
                    raise
        raise Failed("no free ports in three starts:\n" + self.log())

    def launch(self):
        with open(self.path("heraldd.log"), "wb") as log:
            self.herald = subprocess.Popen(
                [f"{self.options.root}/sbin/heraldd", "-c",
                 self.path("herald.yaml")], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.folder,
                env=self.environment())

    def is_ready(self):
        try:
            return call(self.ports["ADMIN"], "GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop_herald(self):
        if self.herald and self.is_alive():
            self.herald.send_signal(signal.SIGTERM)
            try:
                self.herald.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.herald.kill()
                self.herald.wait()

    def is_alive(self):
        return self.herald.poll() is None

    def wait_for(self, what, found):
        """What `found` gives once it gives something."""
        def look():
            if not self.is_alive():
                raise Failed("heraldd ended:\n" + self.log())
            return found()
        return wait_until(look, WAIT_S, lambda: what + "\n" + self.log())

    # Talking to it.

    def url(self, listener, path):
        """Of herald, from outside."""
        return f"http://127.0.0.1:{self.ports['OUTSIDE_' + listener]}{path}"

    def send(self, payload):
        status, _, answer = call(
            self.ports["INGEST"], "POST", WEBHOOK, payload,
            {"Content-Type": "application/json"})
        if status != 200:
            raise Failed(f"the webhook was answered {status}: {answer}")

    def say(self, *words):
        """What heraldctl says to a person."""
        done = subprocess.run(
            [f"{self.options.root}/bin/heraldctl", *words], text=True,
            env=self.environment(), capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"heraldctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def ctl(self, *words):
        return json.loads(self.say("--json", *words))

    def settled(self, uid):
        """The alert with this event_id, once nothing of it is under way."""
        def look():
            for line in self.say("export").splitlines():
                one = json.loads(line)
                if one["uid"] == uid and one["state"] not in (
                        "received", "running", "waiting"):
                    return self.ctl("explain", one["id"])
            return None
        return self.wait_for(f"end of the alert {uid}", look)

    def action(self, alert, name, *states):
        """An action of an alert, once it is in one of the states."""
        def look():
            for one in self.ctl("explain", alert["id"])["actions"]:
                if one["name"] == name and one["state"] in states:
                    return one
            return None
        return self.wait_for(f"{name} to be {' or '.join(states)}", look)

    # What the services saw.

    def case_of(self, alert):
        """(container, runs of playbooks on it) of an alert's own case."""
        number = [str(one["result"]["container_id"])
                  for one in alert["actions"]
                  if one["name"] == "case" and one["state"] == "done"]
        state = self.soar.state()
        cases = [one for one in state["containers"]
                 if [str(one["id"])] == number]
        if len(cases) != 1:
            raise Failed(f"the alert has the cases {number}, and the SOAR "
                         f"{len(cases)} of them: {alert['actions']}")
        return cases[0], [run for run in state["runs"]
                          if run["container"] == cases[0]["id"]]

    def mailbox(self):
        return self.post.path("mail/soc/new")

    def mails_of(self, alert):
        """What is in the SOC's mailbox about an alert, once it is there."""
        def look():
            return [one for one in map(read_mail, glob.glob(
                self.mailbox() + "/*"))
                if one["X-Herald-Alert-Id"] == alert["id"]]
        return self.wait_for(f"mail about {alert['id']}", look)


def read_mail(name):
    with open(name, "rb") as text:
        return email.message_from_binary_file(text,
                                              policy=email.policy.default)
