"""A real name server (unbound) on loopback, with the records that it is given.

    with Unbound(port, ["x.example. 60 IN SRV 0 1 636 dc1.example."]) as dns:
        dns.pause(), dns.resume()       it answers nothing meanwhile
        dns.restart(broken=True)        it answers SERVFAIL

Debian's package; Unavailable says what is lacking.
"""
import os
import shutil
import signal
import subprocess
import tempfile

from private_net import Unavailable
from waiting import wait_until

PROGRAM = "/usr/sbin/unbound"
CONFIG = """\
server:
  interface: 127.0.0.1@{port}
  port: {port}
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  logfile: ""
  use-syslog: no
  verbosity: 1
  do-daemonize: no
  do-ip6: no
  outbound-msg-retry: 1
  module-config: "iterator"
{records}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 192.0.2.1
"""


class Unbound:
    def __init__(self, port, records):
        if not os.access(PROGRAM, os.X_OK):
            raise Unavailable(f"there is no {PROGRAM}: "
                              "contrib/install-deps test installs it")
        self.port = port
        self.records = records
        self.folder = tempfile.mkdtemp(prefix="unbound-")
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, broken=False):
        # Without them it has nobody to ask: there is no way out.
        records = "" if broken else "\n".join(
            f"  local-data: '{one}'" for one in self.records)
        text = CONFIG.format(port=self.port, folder=self.folder,
                             records=records)
        with open(self.path("conf"), "w", encoding="ascii") as out:
            out.write(text)
        with open(self.path("log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-d", "-c", self.path("conf")], stdout=log,
                stderr=log)
        wait_until(lambda: "start of service" in self.log(), 20, self.log)

    def stop(self):
        self.resume()
        self.process.terminate()
        self.process.wait(20)

    def restart(self, broken=False):
        self.stop()
        self.start(broken)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
