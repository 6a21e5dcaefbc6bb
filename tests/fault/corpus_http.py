#!/usr/bin/env python3
"""Raw HTTP framing corpus for a listener.

    corpus_http.py [--path /in] HOST:PORT [HOST:PORT ...]

prints what each server answers to each case.  What herald shall do stands in
the table: 4xx = any 4xx and close, close = no answer needed, ok = 2xx.  Exit
status 1 if the first server did otherwise in any case.
"""
import argparse
import socket
import sys

BODY = b'{"result":{"a":1}}'
WAIT_S = 3


def corpus(path, body=BODY):
    """(id, what, bytes, expected) ...; `path` is where a POST is taken, `body`
    18 bytes that are sent there."""
    where = path.encode()
    sized = b"Host: h\r\nContent-Length: 18\r\n"
    chunked = b"Host: h\r\nTransfer-Encoding: chunked\r\n"

    def req(line=b"POST " + where + b" HTTP/1.1", hdr=sized, sent=body):
        return line + b"\r\n" + hdr + b"\r\n" + sent

    def cl(value):
        return req(hdr=b"Host: h\r\nContent-Length: " + value + b"\r\n")

    def te(value, sent=body):
        return req(hdr=b"Host: h\r\nTransfer-Encoding: " + value + b"\r\n",
                   sent=sent)

    def line(text):
        return req(line=text + b" HTTP/1.1")

    many = b"".join(b"X%d: 1\r\n" % i for i in range(5000))
    one_byte = b"".join(b"1\r\n" + body[i:i + 1] + b"\r\n" for i in range(18))
    hello = bytes.fromhex("16030100a5010000a10303") + b"\0" * 160
    return [
        ("h01", "plain valid POST", req(), "ok"),
        ("h03", "two different CL",
         req(hdr=sized + b"Content-Length: 4\r\n"), "4xx"),
        ("h05", "CL list '18, 18'", cl(b"18, 18"), "4xx"),
        ("h06", "negative CL", cl(b"-1"), "4xx"),
        ("h07", "CL with plus", cl(b"+18"), "4xx"),
        ("h08", "CL 2^64", cl(b"18446744073709551616"), "4xx"),
        ("h09", "CL 10 GB declared", cl(b"10737418240"), "4xx"),
        ("h10", "CL hex", cl(b"0x12"), "4xx"),
        ("h11", "TE: xchunked", te(b"xchunked"), "4xx"),
        ("h12", "TE: gzip, chunked", te(b"gzip, chunked", b"0\r\n\r\n"),
         "4xx"),
        ("h14", "obs-fold header",
         req(hdr=b"Host: h\r\nX-A: 1\r\n 2\r\nContent-Length: 18\r\n"),
         "4xx"),
        ("h15", "bare LF line ends", b"POST " + where +
         b" HTTP/1.1\nHost: h\nContent-Length: 18\n\n" + body, "4xx"),
        ("h16", "bare CR in header",
         req(hdr=b"Host: h\r\nX: a\rb\r\nContent-Length: 18\r\n"), "4xx"),
        ("h18", "NUL in URL", line(b"POST " + where + b"\0x"), "4xx"),
        ("h19", "%00 in URL", line(b"POST " + where + b"%00x"), "4xx"),
        ("h20", "%2e%2e/ in URL",
         line(b"POST /%2e%2e/%2e%2e/etc/passwd"), "4xx"),
        ("h21", "URL of 64 KiB", line(b"POST /" + b"a" * 65536), "4xx"),
        ("h23", "5000 headers", req(hdr=b"Host: h\r\n" + many +
                                    b"Content-Length: 18\r\n"), "4xx"),
        ("h24", "no Host", req(hdr=b"Content-Length: 18\r\n"), "4xx"),
        ("h25", "two Hosts",
         req(hdr=b"Host: a\r\nHost: b\r\nContent-Length: 18\r\n"), "4xx"),
        ("h26", "HTTP/0.9", b"GET /\r\n", "4xx"),
        ("h28", "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "4xx"),
        ("h29", "TLS client hello on plain port", hello, "close"),
        ("h31", "lower-case method", line(b"post " + where), "4xx"),
        ("h32", "CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "4xx"),
        ("h33", "TRACE", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "4xx"),
        ("h34", "chunk size 2^64",
         req(hdr=chunked, sent=b"FFFFFFFFFFFFFFFFF\r\nx"), "4xx"),
        ("h36", "chunk ext 64 KiB",
         req(hdr=chunked, sent=b"12;" + b"e" * 65536 + b"\r\n" + body +
             b"\r\n0\r\n\r\n"), "4xx"),
        ("h38", "trailer smuggles header",
         req(hdr=chunked, sent=b"12\r\n" + body +
             b"\r\n0\r\nAuthorization: Bearer x\r\n\r\n"), "ok"),
        ("h39", "one-byte chunks x 18",
         req(hdr=chunked, sent=one_byte + b"0\r\n\r\n"), "ok"),
        ("h40", "Expect: 100-continue",
         req(hdr=b"Host: h\r\nExpect: 100-continue\r\n"
             b"Content-Length: 18\r\n"), "ok"),
        ("h41", "Expect: unknown",
         req(hdr=b"Host: h\r\nExpect: 200-ok\r\nContent-Length: 18\r\n"),
         "4xx"),
        ("h42", "pipelined twice", req() + req(), "ok"),
        ("h43", "body shorter than CL, then FIN", req(sent=body[:5]),
         "close"),
        ("h44", "body longer than CL",
         req(sent=body + b"GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"), "ok"),
        ("h45", "gzip bomb declared",
         req(hdr=b"Host: h\r\nContent-Encoding: gzip\r\n"
             b"Content-Length: 18\r\n"), "4xx"),
        ("h46", "Content-Type text/xml",
         req(hdr=b"Host: h\r\nContent-Type: text/xml\r\n"
             b"Content-Length: 18\r\n"), "4xx"),
    ]


HALF_CLOSED = {"h43"}           # we end our side after sending


def first_line(host, port, data, half_close=False):
    """The status line, or what happened instead."""
    peer = socket.create_connection((host, port), WAIT_S)
    peer.settimeout(WAIT_S)
    text = b""
    try:
        peer.sendall(data)
        if half_close:
            peer.shutdown(socket.SHUT_WR)
        while b"\r\n" not in text:
            part = peer.recv(4096)
            if not part:
                break
            text += part
    except socket.timeout:
        return f"hang>{WAIT_S}s"
    except OSError:
        return "reset"
    finally:
        peer.close()
    return text.split(b"\r\n")[0].decode("latin1")[:26] if text else "closed"


def status_of(text):
    words = text.split()
    if len(words) > 1 and words[0].startswith("HTTP/"):
        return int(words[1]) if words[1].isdigit() else None
    return None


def as_expected(want, text):
    status = status_of(text)
    if want == "ok":
        return status == 100 or status is not None and 200 <= status < 300
    if want == "4xx":
        return status is not None and 400 <= status < 500
    return not text.startswith("hang") and (status is None or status >= 400)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", default="/in")
    parser.add_argument("servers", nargs="+", metavar="HOST:PORT")
    options = parser.parse_args()
    servers = [one.rsplit(":", 1) for one in options.servers]
    wrong = 0
    for number, what, data, want in corpus(options.path):
        told = [first_line(host, int(port), data, number in HALF_CLOSED)
                for host, port in servers]
        wrong += not as_expected(want, told[0])
        print("%-4s %-32s want %-6s %s" % (
            number, what, want, " | ".join("%-26s" % one for one in told)))
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
