"""What all fake services share: command line, recording, faults, control.

A double is a class with `answer(request)`: synchronous, on one thread, so its
state needs no lock.  It calls `self.effect(...)` for whatever would change the
world; each effect is one line of the effect log, on disk before the answer
leaves:

    TIME IDENTIFIER PATH JSON

The identifier is what the client sent to be recognised by (an idempotency
key, a source_data_identifier), percent-encoded so that it holds no blank, or
"-".  Requests go to FILE.requests.jsonl as one JSON object a line, without
credentials.

A path that begins with /_at/NAME is served as what follows it: one double is
many services then, each with an address, faults and requests of its own (`at`
in both).

Control, for tests (never a fault, never recorded):

    GET  /_double/requests   what was asked, oldest first
    GET  /_double/effects    what was done, oldest first
    GET  /_double/state      the service's own objects
    POST /_double/fault      a rule or a list of them (see faults.py)
    POST /_double/mend       no fault any more, or none {"at": NAME}
    POST /_double/settings   {"name": value}: the service's own switches
    POST /_double/data       the service's own objects, added or replaced
    POST /_double/reset      as started; the logs go on
"""
import argparse
import asyncio
import collections
import ctypes
import json
import os
import signal
import ssl
import sys
import time
from urllib.parse import quote

import faults
import wire

KEEP_REQUESTS = 100000          # in memory; the log file holds all
PR_SET_PDEATHSIG = 1


class Double:
    """Base of all doubles.  Subclasses say what `answer` and `refusal` are."""

    settings = {}               # names and defaults of the switches

    def __init__(self, options):
        self.options = options
        self.faults = faults.Faults(options.seed)
        self.requests = collections.deque(maxlen=KEEP_REQUESTS)
        self.effects = []
        self.effect_log = open_log(options.log)
        self.request_log = open_log(
            options.log + ".requests.jsonl" if options.log else None)
        self.reset()

    # What a service defines.

    def start_over(self):
        """Brings the service's own objects back to the start."""

    def answer(self, request):
        raise NotImplementedError

    def refusal(self, status, _request):
        """An error answer as this service words it."""
        return wire.Answer(status, {"message": "fault"})

    def state(self):
        return {}

    def load(self, data):
        raise ValueError("this service has no data to load")

    # What a service uses.

    def effect(self, identifier, path, details):
        """Records that something took place; durable when it returns."""
        at = time.time()
        identifier = str(identifier) if identifier else "-"
        self.effects.append({"time": at, "id": identifier, "path": path,
                             "details": details})
        if self.effect_log is not None:
            line = "%.6f %s %s %s\n" % (
                at, quote(identifier, safe=":/@+=,;|-"), quote(path),
                json.dumps(details, ensure_ascii=False))
            os.write(self.effect_log, line.encode())
            os.fsync(self.effect_log)

    # The rest is the same for all.

    def reset(self):
        self.set = dict(self.settings)
        self.faults.clear()
        self.requests.clear()
        self.effects = []
        self.start_over()
        for rule in self.options.fault:
            self.faults.add(json.loads(rule) if rule[:1] in "[{" else rule)
        if self.options.data:
            with open(self.options.data, encoding="utf-8") as data:
                self.load(json.load(data))

    def note(self, request):
        seen = request.seen()
        seen["time"] = time.time()
        self.requests.append(seen)
        if self.request_log is not None:
            line = json.dumps(seen, ensure_ascii=False) + "\n"
            os.write(self.request_log, line.encode())

    async def respond(self, request):
        if request.path.startswith("/_double/"):
            return self.control(request)
        request.arrive()
        self.note(request)
        fault = self.fault_for(request)
        if fault is None:
            return self.answer(request)
        kind, effect_first = fault
        true_answer = self.answer(request) if effect_first else None
        return faults.spoil(kind, true_answer, request, self)

    def fault_for(self, request):
        return self.faults.take(request)

    def control(self, request):
        what = (request.method, request.path[len("/_double/"):])
        try:
            given = request.json() if request.body else {}
            return wire.Answer(200, self.controls()[what](given))
        except KeyError as missing:
            return wire.Answer(404, {"error": f"no control {missing}"})
        except (TypeError, ValueError) as bad:
            return wire.Answer(400, {"error": str(bad)})

    def controls(self):
        """(method, name) -> function of the JSON sent, giving JSON."""
        return {
            ("GET", "requests"): lambda _: list(self.requests),
            ("GET", "effects"): lambda _: self.effects,
            ("GET", "state"): lambda _: self.state(),
            ("POST", "fault"): lambda given: self.faults.add(given) or {},
            ("POST", "mend"): lambda given: self.faults.clear(**given) or {},
            ("POST", "settings"): self.change_settings,
            ("POST", "data"): lambda given: self.load(given) or {},
            ("POST", "reset"): lambda _: self.reset() or {},
        }

    def change_settings(self, given):
        unknown = set(given) - set(self.settings)
        if unknown:
            raise ValueError(f"no setting {sorted(unknown)}")
        self.set.update(given)
        return self.set


def open_log(path):
    if path is None:
        return None
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
                   0o600)


def arguments(description):
    """The command line of every double; a service may add to it."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0,
                        help="0: a free one, see --port-file")
    parser.add_argument("--port-file", help="the port is written here once "
                        "the service listens")
    parser.add_argument("--log", help="effects, one line each; requests go "
                        "to the same name with .requests.jsonl")
    parser.add_argument("--data", help="JSON file of the service's objects")
    parser.add_argument("--fault", action="append", default=[],
                        help="a kind, or a rule as JSON (faults.py)")
    parser.add_argument("--seed", type=int, help="of faults at random")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    return parser


def tls_context(options):
    if not options.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    return context


def write_port(path, port):
    """Readers see a whole number or no file."""
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(f"{port}\n")
    os.rename(path + ".new", path)


def end_with_parent():
    """A test runner that is killed leaves no double behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


async def listen(double, options):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await asyncio.start_server(
        lambda reader, writer: wire.talk(reader, writer, double.respond),
        "127.0.0.1", options.port, limit=wire.MAX_HEAD, backlog=512,
        ssl=tls_context(options))
    port = server.sockets[0].getsockname()[1]
    if options.port_file:
        write_port(options.port_file, port)
    else:
        print(port, flush=True)
    await stop.wait()
    server.close()


def run(make, options):
    """Serves `make(options)` until SIGTERM or SIGINT."""
    end_with_parent()
    try:
        asyncio.run(listen(make(options), options))
    except OSError as error:
        sys.exit(f"{sys.argv[0]}: {error}")
