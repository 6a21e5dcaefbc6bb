#!/usr/bin/env python3
"""Herald beside a name server that does not answer, or answers badly.

    unshare -n -m names.py COUNT

run.py starts it in network and mount namespaces of its own: 127.0.0.1:53 is
ours there, and /etc/resolv.conf names it.  A line `ok ...` or `FAIL ...` for
each kind of trouble.
"""
import os
import socket
import subprocess
import sys
import tempfile
import threading

from stage import Doubles, Run, Stage
from services import call
from world import LATE_S, latencies

NO_ANSWER, FAILS, NO_NAME = "no answer", "SERVFAIL", "NXDOMAIN"
RCODE = {FAILS: 2, NO_NAME: 3}


class NameServer(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.kind = NO_ANSWER
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def run(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            self.asked += 1
            if self.kind != NO_ANSWER:
                head = bytearray(question[:12])
                head[2] |= 0x80
                head[3] = RCODE[self.kind]
                head[6:12] = bytes(6)
                self.socket.sendto(bytes(head) + question[12:], peer)


def own_world(folder):
    resolv = os.path.join(folder, "resolv.conf")
    with open(resolv, "w", encoding="ascii") as out:
        out.write("nameserver 127.0.0.1\noptions timeout:3 attempts:2\n")
    for words in (["ip", "link", "set", "lo", "up"],
                  ["mount", "--bind", resolv, "/etc/resolv.conf"]):
        subprocess.run(words, check=True)


def named(text):
    """MISP is at a name that somebody has to resolve."""
    return text.replace("@MISP@", "http://misp.fault.example:@MISP_AT@")


def one_kind(run, stage, server, kind, count):
    run.begin(f"names: {kind}")
    server.kind = kind
    stage.herald.restart()      # what it knew of that name before is gone
    before = server.asked
    taken = stage.send(count, 60)
    took = latencies(lambda: call(stage.herald.port("ADMIN"), "GET",
                                  "/readyz"), 2 * count)
    run.check(taken == count, f"{taken} of {count} taken")
    run.check(took[-1] < LATE_S, f"the loop stood for {took[-1]:.2f} s")
    stage.idle(60)
    run.check(server.asked > before, "nobody asked the name server")
    print("FAIL" if run.violations else "ok", kind, *run.violations,
          flush=True)


def main():
    folder = tempfile.mkdtemp(prefix="names-")
    own_world(folder)
    server = NameServer()
    run = Run("names", 0, True, folder)
    with Doubles(folder) as doubles, Stage(
            doubles, change=named, MISP_AT=doubles.misp.port) as stage:
        stage.start()
        for kind in (NO_ANSWER, FAILS, NO_NAME):
            one_kind(run, stage, server, kind, int(sys.argv[1]))
        stage.end(run)
        stage.judge(run)
    subprocess.run(["rm", "-r", folder], check=True)
    print(*run.violations, sep="\n")
    return bool(run.violations)


if __name__ == "__main__":
    sys.exit(main())
