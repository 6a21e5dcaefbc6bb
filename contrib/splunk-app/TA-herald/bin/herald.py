#!/usr/bin/env python3
"""Sends every result row of an alert to herald, and loses none.

Splunk runs `herald.py --execute` with the alert as JSON (or XML) on stdin.  The
alert is noted in a spool on disk, then its rows are read from results.csv.gz
and spooled as HEC envelopes, and only then sent.  What could not be sent, or
was when this was killed, is sent by the next run, before its own.  A row that
is sent twice is one alert: herald knows it by its sid and fields.

Exit status: 0 all is sent, 1 something waits in the spool, 2 wrong use.
"""
import csv
import fcntl
import gzip
import json
import os
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml
import zlib

BATCH_ROWS = 500
BATCH_BYTES = 512 * 1024        # herald takes 1 MiB
TRIES = 4
TIMEOUT_S = 15
VALUE = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|$)")
HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)


def log(level, text):
    print(f"{level} {text}", file=sys.stderr)


# The alert.

def from_xml(text):
    root = xml.fromstring(text)
    alert = {one.tag: one.text or "" for one in root if not len(one)}
    alert["configuration"] = {one.get("name"): one.text or "" for one in
                              root.iterfind("configuration/param")}
    alert["result"] = {}
    for field in root.iterfind("result/field"):
        values = [one.text or "" for one in field.iter("text")]
        alert["result"][field.get("k")] = \
            values[0] if len(values) == 1 else values
    return alert


def read_alert(text):
    return from_xml(text) if text.lstrip()[:1] == "<" else json.loads(text)


def decode(row):
    """A row without its __mv_ columns; lists where they hold several."""
    plain = {}
    for name, cell in row.items():
        if name is None or name.startswith("__mv_"):
            continue
        several = row.get("__mv_" + name)
        if several:
            values = [one.replace("$$", "$")
                      for one in VALUE.findall(several)]
            plain[name] = values[0] if len(values) == 1 else values
        elif cell:
            plain[name] = cell
    return plain


def rows_of(alert):
    """All rows; the first one where Splunk kept no file.  Of a damaged file
    those before the damage: it is told, and holds up no other alert."""
    csv.field_size_limit(sys.maxsize)
    count = 0
    try:
        with gzip.open(alert.get("results_file") or "", "rt",
                       encoding="utf-8", errors="replace",
                       newline="") as table:
            lines = (line.replace("\0", "\ufffd") for line in table)
            for row in csv.DictReader(lines):
                yield decode(row)
                count += 1
    except FileNotFoundError:
        log("WARN", "there is no results file: only the first row is sent")
        yield alert.get("result") or {}
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        log("ERROR", f"{alert['results_file']} cannot be read: {error}: only "
                     f"{max(count, 1)} of its rows are sent")
        alert["damaged"] = True
        if not count:
            yield alert.get("result") or {}


def envelopes(alert):
    common = {name: alert.get(name) for name in
              ("sid", "search_name", "app", "owner", "results_link")}
    for number, row in enumerate(rows_of(alert)):
        event = dict(common, rid=number, result=row)
        yield json.dumps({"source": "TA-herald", "sourcetype": "herald:alert",
                          "host": alert.get("server_host") or "",
                          "event": event})


def batches(alert):
    batch, size = [], 0
    for one in envelopes(alert):
        if batch and (len(batch) == BATCH_ROWS
                      or size + len(one) > BATCH_BYTES):
            yield "\n".join(batch)
            batch, size = [], 0
        batch.append(one)
        size += len(one) + 1
    if batch:
        yield "\n".join(batch)


# The spool: ID.alert, whose rows are to be read; ID-N.rows, to be sent.

class Spool:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def names(self, ending):
        return sorted(name for name in os.listdir(self.folder)
                      if name.endswith(ending))

    def put(self, name, text):
        """On disk under this name, whole, or not at all."""
        with open(self.path(name + ".new"), "w", encoding="utf-8",
                  opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.rename(self.path(name + ".new"), self.path(name))
        self.sync()

    def sync(self):
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def remove(self, name):
        os.unlink(self.path(name))
        self.sync()

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as text:
            return text.read()

    def expand(self):
        """Alerts to rows; one that was begun and not ended begins anew.  False
        if one had rows that cannot be read: it is kept, as .damaged."""
        whole = True
        for name in self.names(".alert"):
            alert = json.loads(self.read(name))
            for number, batch in enumerate(batches(alert)):
                self.put(f"{name[:-6]}-{number:06}.rows",
                         alert["configuration"]["url"] + "\n" + batch)
            if alert.get("damaged"):
                os.rename(self.path(name), self.path(name + ".damaged"))
                whole = False
            else:
                self.remove(name)
        return whole


# Sending.

class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def opener(url, verify=True):
    parts = urllib.parse.urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("the URL must begin with https://")
    context = ssl.create_default_context()
    if not verify and local:    # splunkd's own certificate
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(
        NoRedirect, urllib.request.HTTPSHandler(context=context))


def token_of(alert):
    url = (alert["server_uri"].rstrip("/") + "/servicesNS/nobody/TA-herald"
           "/storage/passwords/herald%3Atoken%3A?output_mode=json")
    request = urllib.request.Request(url, headers={
        "Authorization": "Splunk " + alert["session_key"]})
    with opener(url, verify=False).open(request, timeout=TIMEOUT_S) as answer:
        return json.load(answer)["entry"][0]["content"]["clear_password"]


def post(url, body, token):
    """(sent, to be tried again, words)"""
    request = urllib.request.Request(
        url, gzip.compress(body.encode()), {
            "Authorization": "Splunk " + token, "Content-Encoding": "gzip",
            "Content-Type": "application/json"})
    try:
        with opener(url).open(request, timeout=TIMEOUT_S) as answer:
            code = json.loads(answer.read(65536))["code"]
        return code == 0, True, f"code {code}"
    except urllib.error.HTTPError as error:
        again = error.code >= 500 or error.code in (401, 403, 408, 429) or \
            error.code < 400
        return False, again, f"HTTP {error.code}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return False, True, str(error)


def send(spool, name, token, pause):
    """True once it is out of the way."""
    url, _, body = spool.read(name).partition("\n")
    for number in range(TRIES):
        sent, again, words = post(url, body, token)
        if sent:
            spool.remove(name)
            return True
        if not again:
            log("ERROR", f"herald refused {name} for good: {words}; it is "
                         "kept as .refused")
            os.rename(spool.path(name), spool.path(name + ".refused"))
            return True
        if number + 1 < TRIES:
            time.sleep(pause * 2 ** number)
    log("ERROR", f"herald cannot be reached, {name} waits: {words}")
    return False


def send_all(spool, token, pause):
    # An orderly end at the first that fails: it is the same herald.
    return all(send(spool, name, token, pause)
               for name in spool.names(".rows"))


def execute(text):
    alert = read_alert(text)
    url = alert["configuration"]["url"]
    opener(url)
    spool = Spool(os.environ.get("HERALD_SPOOL")
                  or os.path.join(HOME, "local", "spool"))
    noted = {name: value for name, value in alert.items()
             if name != "session_key"}
    spool.put(f"{time.time_ns():020}-{os.getpid()}.alert", json.dumps(noted))
    with open(spool.path("lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        whole = spool.expand()
        try:
            token = token_of(alert)
        except (OSError, ValueError, KeyError, IndexError) as error:
            log("ERROR", f"no token in storage/passwords: {error}")
            return 1
        pause = float(os.environ.get("HERALD_PAUSE") or 1)
        if not send_all(spool, token, pause) or not whole:
            return 1
    log("INFO", "all rows were sent")
    return 0


def main():
    if sys.argv[1:] != ["--execute"]:
        log("ERROR", "usage: herald.py --execute < ALERT")
        return 2
    try:
        return execute(sys.stdin.read())
    except (KeyError, ValueError, TypeError, xml.ParseError) as error:
        log("ERROR", f"this is no alert: {error}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
