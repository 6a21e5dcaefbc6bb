#!/usr/bin/env python3
"""A hundred lines that keep herald's promises, or break one on purpose.

It stands in for heraldd and heraldctl where kill9.py itself is tested: a
checker that never goes red checks nothing.  FAKE_FLAW names what is wrong:

    lose     says 2xx before the alert is stored
    twice    makes a new idempotency key at each try
    early    records an action as done before it is
    mixed    puts the user of another alert into a case
"""
import hashlib
import http.client
import json
import os
import queue
import signal
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import yaml

FLAW = os.environ.get("FAKE_FLAW", "")
JOURNAL = os.path.join(os.environ["STATE_DIRECTORY"], "journal")
TOKEN = "example-automation-token"


def read_journal():
    """{alert id: its last record}; a cut last line was never promised."""
    alerts = {}
    try:
        with open(JOURNAL, encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    record = json.loads(line)
                    alerts.setdefault(record["id"], {}).update(record)
    except FileNotFoundError:
        pass
    return alerts


class Fake:
    def __init__(self, config):
        self.soar = urlsplit(config["connectors"]["soar"]["url"]).netloc
        self.lock = threading.Lock()
        self.mend_journal()
        self.alerts = read_journal()
        self.work = queue.Queue()
        self.log = os.open(JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT,
                           0o600)
        for alert in self.alerts.values():
            if alert["state"] == "received":
                self.work.put(alert["id"])
        threading.Thread(target=self.act, daemon=True).start()

    @staticmethod
    def mend_journal():
        """Cuts what a crash left of a last line."""
        try:
            with open(JOURNAL, "r+b") as journal:
                journal.truncate(journal.read().rfind(b"\n") + 1)
        except FileNotFoundError:
            pass

    def store(self, record):
        self.alerts.setdefault(record["id"], {}).update(record)
        os.write(self.log, (json.dumps(record) + "\n").encode())
        os.fsync(self.log)

    def take(self, payload):
        alert_id = payload["result"]["event_id"]
        record = {"id": alert_id, "state": "received",
                  "idem": f"{alert_id}/default/case",
                  "cef": {"destinationUserName": payload["result"]["user"],
                          "sourceAddress": payload["result"]["src"]}}
        with self.lock:
            if alert_id in self.alerts:
                return alert_id
            if FLAW == "lose":
                threading.Timer(0.3, self.store_later, [record]).start()
                return alert_id
            self.store(record)
        self.work.put(alert_id)
        return alert_id

    def store_later(self, record):
        with self.lock:
            self.store(record)
        self.work.put(record["id"])

    def act(self):
        while True:
            alert = self.alerts[self.work.get()]
            record = {"id": alert["id"], "state": "done",
                      "idem": alert["idem"]}
            if FLAW == "twice":
                record["idem"] += f"/{uuid.uuid4()}"
            if FLAW == "early":
                with self.lock:
                    self.store(record)
                time.sleep(0.01)
            self.open_case(record["idem"], dict(alert["cef"]))
            if FLAW == "twice":
                time.sleep(0.01)
            with self.lock:
                self.store(record)

    def open_case(self, idem, cef):
        if FLAW == "mixed":
            cef["destinationUserName"] = "user0"
        digest = hashlib.sha256(idem.encode()).hexdigest()[:32]
        peer = http.client.HTTPConnection(self.soar, timeout=30)
        peer.request("POST", "/rest/container", json.dumps({
            "name": "case", "label": "events",
            "artifacts": [{"label": "event", "name": "event", "cef": cef,
                           "source_data_identifier": "herald-" + digest}],
            "source_data_identifier": "herald-" + digest}),
            {"ph-auth-token": TOKEN})
        told = json.loads(peer.getresponse().read())
        peer.close()
        if "id" not in told and "existing_container_id" not in told:
            raise ValueError(told)


def serve(config):
    fake = Fake(config)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def say(self, body):
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self):
            self.say({})

        def do_POST(self):
            size = int(self.headers["Content-Length"])
            self.say({"id": fake.take(json.loads(self.rfile.read(size)))})

    servers = []
    for listener in config["listen"].values():
        host, port = listener["address"].rsplit(":", 1)
        servers.append(ThreadingHTTPServer((host, int(port)), Handler))
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


def control(words):
    alerts = read_journal().values()
    if words[0] == "status":
        counts = {}
        for alert in alerts:
            counts[alert["state"]] = counts.get(alert["state"], 0) + 1
        print(json.dumps({"alerts": counts}))
        return
    for alert in alerts:
        state = "done" if alert["state"] == "done" else "decided"
        print(json.dumps({"id": alert["id"], "uid": alert["id"],
                          "state": alert["state"],
                          "actions": [{"idem": alert["idem"],
                                       "state": state}]}))


def main():
    if sys.argv[1] != "-c":
        control(sys.argv[1:])
        return
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with open(sys.argv[2], encoding="utf-8") as text:
        serve(yaml.safe_load(text))


if __name__ == "__main__":
    main()
