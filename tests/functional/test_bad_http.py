"""Class h of bad-inputs.tsv at the daemon's own listener; what the listener
sees of each is in unit/test_framing.c."""
import itertools
import os
import socket
import sys

import pytest

from bad_inputs import PATH, bad_inputs, running
from services import TESTS
from waiting import wait_until

sys.path.insert(0, os.path.join(TESTS, "fault"))

import corpus_http      # noqa: E402

WAIT_S = 15             # longer than the deadline for headers

daemon = pytest.fixture(running, scope="module", name="daemon")
numbers = itertools.count()


def new_body():
    return b'{"n":"%010d"}' % next(numbers)


def ask(daemon, data, half_close=False, want=0):
    """(all that came back, closed by the daemon)"""
    peer = socket.create_connection(("127.0.0.1", daemon.port("INGEST")))
    peer.settimeout(WAIT_S)
    text = b""
    try:
        peer.sendall(data)
        if half_close:
            peer.shutdown(socket.SHUT_WR)
        while True:
            part = peer.recv(65536)
            if not part:
                return text, True
            text += part
            if want and text.count(b'"stored":true') >= want:
                return text, False
    except (ConnectionResetError, BrokenPipeError):
        return text, True
    except socket.timeout:
        return text, False
    finally:
        peer.close()


def refusals(daemon):
    return sum(value for name, value in daemon.metrics().items()
               if name.startswith("herald_http_rejected"))


def stored(daemon):
    return len(daemon.export())


def is_well(daemon):
    before = stored(daemon)
    text, _ = ask(daemon, post(), want=1)
    assert text.startswith(b"HTTP/1.1 200 ")
    assert stored(daemon) == before + 1
    assert daemon.process.poll() is None


def post(body=None, headers=None, line=None):
    """A request with these headers (a length by default)."""
    body = new_body() if body is None else body
    if headers is None:
        headers = b"Content-Length: %d\r\n" % len(body)
    line = line or b"POST " + PATH.encode() + b" HTTP/1.1"
    return line + b"\r\nHost: h\r\nContent-Type: application/json\r\n" \
        + headers + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"


def chunked(framing):
    """`framing` with the body of 18 bytes for %s."""
    return post(framing.replace(b"%s", new_body()), CHUNKED)


def header(text):
    return post(headers=b"Content-Length: 18\r\n" + text + b"\r\n")


def line(text):
    return post(line=text)


# Brothers of the rows: as bad, in other words.
REFUSED = {
    "h03-equal": lambda: header(b"Content-Length: 18"),
    "h03-te": lambda: header(b"Transfer-Encoding: chunked"),
    "h03-te-first": lambda: post(
        b"0\r\n\r\n", CHUNKED + b"Content-Length: 5\r\n"),
    "h06-empty": lambda: post(headers=b"Content-Length: \r\n"),
    "h06-real": lambda: post(headers=b"Content-Length: 18.0\r\n"),
    "h06-blank": lambda: post(headers=b"Content-Length: 1 8\r\n"),
    "h11-identity": lambda: post(headers=b"Transfer-Encoding: identity\r\n"),
    "h11-twice": lambda: post(b"0\r\n\r\n", CHUNKED + CHUNKED),
    "h11-list": lambda: post(
        b"0\r\n\r\n", b"Transfer-Encoding: chunked, chunked\r\n"),
    "h11-tab": lambda: post(
        b"0\r\n\r\n", b"Transfer-Encoding: \x0bchunked\r\n"),
    "h11-1.0": lambda: post(
        b"0\r\n\r\n", CHUNKED,
        b"POST " + PATH.encode() + b" HTTP/1.0"),
    "h14-first": lambda: line(
        b"POST " + PATH.encode() + b" HTTP/1.1\r\n X: 1"),
    "h16-name": lambda: header(b"X\rY: 1"),
    "h16-nul": lambda: header(b"X: a\0b"),
    "h16-del": lambda: header(b"X: a\x7fb"),
    "h16-blank": lambda: header(b"X : 1"),
    "h16-colon": lambda: header(b": 1"),
    "h16-none": lambda: header(b"nothing"),
    "h16-at": lambda: header(b"X@Y: 1"),
    "h19-lf": lambda: line(b"POST /v1/http%0a HTTP/1.1"),
    "h19-half": lambda: line(b"POST /v1/http%2 HTTP/1.1"),
    "h19-no-hex": lambda: line(b"POST /v1/http%zz HTTP/1.1"),
    "h19-utf8": lambda: line(b"POST /v1/http%c0%af HTTP/1.1"),
    "h19-raw": lambda: line(b"POST /v1/http\xff HTTP/1.1"),
    "h19-query": lambda: line(
        b"POST " + PATH.encode() + b"?a=%00 HTTP/1.1"),
    "h20-plain": lambda: line(b"POST /v1/../v1/http HTTP/1.1"),
    "h20-slash": lambda: line(b"POST /v1%2fhttp HTTP/1.1"),
    "h20-back": lambda: line(b"POST /v1\\http HTTP/1.1"),
    "h20-absolute": lambda: line(b"POST http://h/v1/http HTTP/1.1"),
    "h20-star": lambda: line(b"POST * HTTP/1.1"),
    "h20-none": lambda: line(b"POST  HTTP/1.1"),
    "h21-query": lambda: line(
        b"POST " + PATH.encode() + b"?" + b"a" * 20000 + b" HTTP/1.1"),
    "h21-pairs": lambda: line(
        b"POST " + PATH.encode() + b"?" + b"a&" * 500 + b" HTTP/1.1"),
    "h23-one": lambda: header(b"X: " + b"a" * 20000),
    "h23-name": lambda: header(b"X" * 20000 + b": 1"),
    "h25-authorization": lambda: header(
        b"Authorization: Bearer a\r\nAuthorization: Bearer b"),
    "h26-2.0": lambda: line(b"POST " + PATH.encode() + b" HTTP/2.0"),
    "h26-1.2": lambda: line(b"POST " + PATH.encode() + b" HTTP/1.2"),
    "h26-lower": lambda: line(b"POST " + PATH.encode() + b" http/1.1"),
    "h26-word": lambda: line(b"POST " + PATH.encode() + b" X"),
    "h31-unknown": lambda: line(b"BREW " + PATH.encode() + b" HTTP/1.1"),
    "h31-get": lambda: line(b"GET " + PATH.encode() + b" HTTP/1.1"),
    "h34-negative": lambda: chunked(b"-1\r\n%s\r\n0\r\n\r\n"),
    "h34-hex": lambda: chunked(b"0x12\r\n%s\r\n0\r\n\r\n"),
    "h34-plus": lambda: chunked(b"+12\r\n%s\r\n0\r\n\r\n"),
    "h34-blank": lambda: chunked(b" 12\r\n%s\r\n0\r\n\r\n"),
    "h34-none": lambda: chunked(b"\r\n%s\r\n0\r\n\r\n"),
    "h34-word": lambda: chunked(b"zz\r\n%s\r\n0\r\n\r\n"),
    "h34-end": lambda: chunked(b"12\r\n%sX\r\n0\r\n\r\n"),
    "h41-two": lambda: header(b"Expect: 100-continue, x"),
    "h45-deflate": lambda: header(b"Content-Encoding: deflate"),
    "h45-twice": lambda: header(b"Content-Encoding: gzip, gzip"),
    "h45-two": lambda: header(
        b"Content-Encoding: gzip\r\nContent-Encoding: gzip"),
    "h46-form": lambda: post().replace(
        b"application/json", b"application/x-www-form-urlencoded"),
}

CORPUS = {number: (what, want) for number, what, _, want
          in corpus_http.corpus(PATH)}
LIBRARY = {"h36"}               # see test_bad_chunk_extension


def of_corpus(number):
    body = new_body()
    return next(data for one, _, data, _ in corpus_http.corpus(PATH, body)
                if one == number)


def corpus_with(want):
    return {number: number for number, (_, wanted) in CORPUS.items()
            if wanted == want and number not in LIBRARY}


def check_refused(daemon, data):
    before, alerts = refusals(daemon), stored(daemon)
    text, closed = ask(daemon, data)
    assert closed, text
    # A reset may take the answer along where the rest was still on its way.
    if len(data) < 30000:
        assert text.startswith(b"HTTP/1.1 4") \
            or text.startswith(b"HTTP/1.1 505 "), text
    wait_until(lambda: refusals(daemon) > before, 5, "counted")
    assert stored(daemon) == alerts
    is_well(daemon)


@bad_inputs({number: number for number in corpus_with("4xx")
             if number != "h46"})
def test_bad_input(daemon, case):
    check_refused(daemon, of_corpus(case))


@bad_inputs({name: make for name, make in REFUSED.items()
             if not name.startswith("h46")})
def test_bad_brother(daemon, case):
    check_refused(daemon, case())


@bad_inputs({"h46": lambda: of_corpus("h46"),
             **{name: make for name, make in REFUSED.items()
                if name.startswith("h46")}})
def test_bad_content_type(daemon, case):
    """The route's own refusal: the request was sound, the line goes on."""
    alerts = stored(daemon)
    text, _ = ask(daemon, case(), half_close=True)
    assert text.startswith(b"HTTP/1.1 415 "), text
    assert stored(daemon) == alerts


@bad_inputs({"h36": "h36"})
def test_bad_chunk_extension(daemon, case):
    """The library's own 500, which nobody can turn into a 4xx: the handler is
    not called.  The line is closed and nothing is stored."""
    alerts = stored(daemon)
    text, closed = ask(daemon, of_corpus(case))
    assert closed and (not text or text.startswith(b"HTTP/1.1 500 ")), text
    assert stored(daemon) == alerts
    is_well(daemon)


@bad_inputs(corpus_with("ok"))
def test_sound_input(daemon, case):
    # One body, sent twice or once: one alert.
    alerts = stored(daemon)
    want = 2 if case == "h42" else 1
    data = of_corpus(case).replace(
        b"Host: h\r\n", b"Host: h\r\nContent-Type: application/json\r\n")
    text, _ = ask(daemon, data, want=want)
    assert text.count(b"HTTP/1.1 200 ") == want, text
    assert stored(daemon) == alerts + 1


@bad_inputs(corpus_with("close"))
def test_bad_silence(daemon, case):
    alerts = stored(daemon)
    text, closed = ask(daemon, of_corpus(case),
                       half_close=case in corpus_http.HALF_CLOSED)
    assert closed and b" 200 " not in text, text
    assert stored(daemon) == alerts
    is_well(daemon)
