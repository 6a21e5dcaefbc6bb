"""What fault runs share: senders that give up on nothing.

A run makes messages; threads send each again and again until it is answered
2xx.  What was accepted is on disk (the file `accepted`, one uid of an alert a
line) before the next message is sent, so that the promise can be judged
whatever becomes of the run.
"""
import http.client
import itertools
import os
import threading
import time
from collections import Counter
from typing import NamedTuple

RETRY_S = 0.02                  # a sender's pause after a refusal


class Message(NamedTuple):
    target: str
    text: str
    headers: dict
    uids: list                  # of the alerts in it


class Senders:
    """Threads that send `make(0)` to `make(count - 1)`."""

    def __init__(self, port, make, count, accepted, connections=4, rate=0):
        self.port = port
        self.make = make
        self.count = count
        self.rate = rate        # messages a second; 0: as fast as they go
        self.accepted = os.open(accepted, os.O_WRONLY | os.O_CREAT |
                                os.O_APPEND, 0o600)
        self.numbers = itertools.count()
        self.begun = time.monotonic()
        self.given_up = threading.Event()
        self.refused = Counter()
        self.threads = [threading.Thread(target=self.send, daemon=True)
                        for _ in range(connections)]
        for thread in self.threads:
            thread.start()

    def send(self):
        peer = None
        for number in self.numbers:
            if number >= self.count or self.given_up.is_set():
                return
            self.pace(number)
            message = self.make(number)
            while not self.given_up.is_set():
                peer, accepted = self.send_once(peer, message)
                if accepted:
                    lines = "".join(uid + "\n" for uid in message.uids)
                    os.write(self.accepted, lines.encode())
                    os.fsync(self.accepted)
                    break
                self.given_up.wait(RETRY_S)

    def pace(self, number):
        if self.rate:
            due = self.begun + number / self.rate
            self.given_up.wait(max(0, due - time.monotonic()))

    def send_once(self, peer, message):
        """(connection to use next, whether it was accepted)."""
        try:
            peer = peer or http.client.HTTPConnection("127.0.0.1", self.port,
                                                      timeout=30)
            peer.request("POST", message.target, message.text.encode(),
                         message.headers)
            answer = peer.getresponse()
            answer.read()
            if 200 <= answer.status < 300:
                return peer, True
            self.refused[answer.status] += 1
            return peer, False
        except (OSError, http.client.HTTPException) as trouble:
            self.refused[type(trouble).__name__] += 1
            return None, False

    def busy(self):
        return any(thread.is_alive() for thread in self.threads)

    def wait(self):
        for thread in self.threads:
            thread.join()

    def give_up(self):
        self.given_up.set()
        self.wait()


def webhook(token, mount=""):
    return f"{mount}/v1/splunk/webhook/{token}"


JSON = {"Content-Type": "application/json"}
