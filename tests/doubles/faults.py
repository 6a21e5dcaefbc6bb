"""Faults that any double can be told to show.

A rule says which requests (method, path pattern, text in the body, `at`: the
service that was asked, double.py), what happens to them (`kind`, some with an argument after a colon), how many times
(-1 for ever), and whether the effect takes place first (`after_effect`; the
default is the kind's own).  The first rule that fits and has times left wins.

    latency:MS      the true answer, late          (effect takes place)
    slow            latency:3000
    late[:S]        latency of 45 s, or S
    hang            no answer; the connection stays open
    drip[:S]        a blank each S seconds (5), without end       (effect)
    huge            blanks as fast as they are read, without end  (effect)
    gzipbomb        1 GiB of blanks as 1 MiB of gzip              (effect)
    html            200 and a login page                          (effect)
    empty half shape   200 and no body, cut JSON, other JSON      (effect)
    cut             the true answer, broken off in the middle     (effect)
    reset_before    RST instead of an answer
    reset_after     the same once the effect took place
    close           FIN instead of an answer
    400 401 403 404 409 413 500 503   that status, worded as the service does
    429[:S]         with Retry-After: S; 429 alone without; 429far: 10^9
    502             an HTML page of a front end
    redirect        302 to another origin; redirect_self to itself
    rnd:P           with P per cent one of the others at random, else none
"""
import asyncio
import fnmatch
import gzip
import io
import random

import wire

WITH_EFFECT = {"latency", "slow", "late", "drip", "huge", "gzipbomb", "html",
               "empty", "half", "shape", "cut", "reset_after"}
STATUSES = {"400", "401", "403", "404", "409", "413", "500", "503"}
AT_RANDOM = ["hang", "slow", "drip", "huge", "html", "empty", "half", "shape",
             "reset_before", "reset_after", "late", "429:1", "500"]
KINDS = WITH_EFFECT | STATUSES | {"hang", "reset_before", "close", "429",
                                  "429far", "502", "redirect",
                                  "redirect_self", "rnd"}

HTML_502 = "\r\n".join([
    "<html>", "<head><title>502 Bad Gateway</title></head>", "<body>",
    "<center><h1>502 Bad Gateway</h1></center>",
    "<hr><center>nginx</center>", "</body>", "</html>", ""])
ELSEWHERE = "http://127.0.0.1:1/latest/meta-data/"


class Hang:
    async def send(self, reader, writer):
        await reader.read()     # until the client gives up
        return False


class Reset:
    async def send(self, reader, writer):
        wire.reset(writer)
        return False


class Close:
    async def send(self, reader, writer):
        return False


class Late:
    """Another answer, `seconds` later."""

    def __init__(self, answer, seconds):
        self.answer = answer
        self.seconds = seconds

    async def send(self, reader, writer):
        await asyncio.sleep(self.seconds)
        return await self.answer.send(reader, writer)


class Cut:
    """FIN before the body is whole; as much was announced."""

    def __init__(self, answer):
        self.answer = answer

    async def send(self, reader, writer):
        body = self.answer.body or b" "
        head = self.answer.head(f"Content-Length: {len(body)}")
        writer.write(head + body[:len(body) // 2])
        await writer.drain()
        return False


class Endless(wire.Answer):
    """A chunked body without end; one blank each `pause` s, or a flood."""

    def __init__(self, pause):
        super().__init__(200, b"", {"Content-Type": "application/json"})
        self.pause = pause

    async def send(self, reader, writer):
        flood = b"10000\r\n" + b" " * 65536 + b"\r\n"
        writer.write(self.head("Transfer-Encoding: chunked"))
        while not writer.is_closing():
            writer.write(b"1\r\n \r\n" if self.pause else flood)
            await writer.drain()
            await asyncio.sleep(self.pause)
        return False


def bomb(made=[]):              # one for the process: it takes a second
    if not made:
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb") as pack:
            for _ in range(1024):
                pack.write(b" " * 1048576)
        made.append(packed.getvalue())
    return made[0]


def split_kind(kind):
    word, _, argument = str(kind).partition(":")
    if word not in KINDS:
        raise ValueError(f"no fault of kind {kind!r}")
    return word, float(argument) if argument else None


class Rule:
    def __init__(self, kind, match=None, times=-1, after_effect=None):
        self.kind = str(kind)
        self.match = dict(match or {})
        self.times = times
        self.after_effect = after_effect
        unknown = set(self.match) - {"method", "path", "body", "at"}
        if unknown:
            raise ValueError(f"match knows no {sorted(unknown)}")
        if split_kind(self.kind)[0] in ("latency", "rnd") \
                and split_kind(self.kind)[1] is None:
            raise ValueError(f"{kind} needs an argument")

    @staticmethod
    def of(given):
        """From a word, or from the object of POST /_double/fault."""
        if isinstance(given, str):
            return Rule(given)
        return Rule(**given)

    def fits(self, request):
        return (self.times != 0
                and self.match.get("method", request.method) == request.method
                and self.match.get("at", request.at) == request.at
                and fnmatch.fnmatchcase(request.path,
                                        self.match.get("path", "*"))
                and self.match.get("body", "") in
                request.body.decode("utf-8", "replace"))


class Faults:
    def __init__(self, seed=None):
        self.rules = []
        self.random = random.Random(seed)

    def add(self, given):
        for one in given if isinstance(given, list) else [given]:
            self.rules.append(Rule.of(one))

    def clear(self, at=None):
        self.rules = [one for one in self.rules
                      if at is not None and one.match.get("at") != at]

    def take(self, request):
        """(kind, whether the effect comes first), or None."""
        for rule in self.rules:
            if rule.fits(request):
                rule.times -= rule.times > 0
                return self.resolve(rule)
        return None

    def resolve(self, rule):
        kind = rule.kind
        word, argument = split_kind(kind)
        if word == "rnd":
            if self.random.random() * 100 >= argument:
                return None
            kind = self.random.choice(AT_RANDOM)
        effect = split_kind(kind)[0] in WITH_EFFECT
        if rule.after_effect is not None:
            effect = rule.after_effect
        return kind, effect


def status_answer(double, request, word, argument):
    answer = double.refusal(int(word[:3]), request)
    if word == "429far":
        answer.headers["Retry-After"] = "1000000000"
    elif word == "429" and argument is not None:
        answer.headers["Retry-After"] = str(int(argument))
    return answer


def spoil(kind, true_answer, request, double):
    """The answer that a client sees under this fault.  `true_answer` is None
    where the effect did not take place."""
    word, argument = split_kind(kind)
    if word in ("latency", "slow", "late"):
        seconds = {"latency": (argument or 0) / 1000, "slow": 3,
                   "late": 45 if argument is None else argument}[word]
        return Late(true_answer or double.answer(request), seconds)
    if word == "hang":
        return Hang()
    if word in ("reset_before", "reset_after"):
        return Reset()
    if word == "close":
        return Close()
    if word == "cut":
        return Cut(true_answer or double.answer(request))
    if word == "drip":
        return Endless(5 if argument is None else argument)
    if word == "huge":
        return Endless(0)
    if word in ("redirect", "redirect_self"):
        target = ELSEWHERE if word == "redirect" else request.target
        return wire.Answer(302, b"", {"Location": target})
    if word == "502":
        return wire.Answer(502, HTML_502, content_type="text/html")
    if word in STATUSES or word.startswith("429"):
        return status_answer(double, request, word, argument)
    return {
        "html": lambda: wire.Answer(200, "<html><form action=/login>",
                                    content_type="text/html"),
        "empty": lambda: wire.Answer(200, b"", {
            "Content-Type": "application/json"}),
        "half": lambda: wire.Answer(200, b'{"id":1,"succ', {
            "Content-Type": "application/json"}),
        "shape": lambda: wire.Answer(200, [{"id": {"id": []}}]),
        "gzipbomb": lambda: wire.Answer(200, bomb(), {
            "Content-Type": "application/json", "Content-Encoding": "gzip"}),
    }[word]()
