"""The smallest HTTP/1.1 server that a fake service needs, on asyncio streams.

Content-Length and chunked bodies, keep-alive, Expect: 100-continue.  What an
answer looks like on the wire is the answer's own business (`send`), so that
faults which break HTTP are answers like any other.
"""
import asyncio
import json
import socket
import struct
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024

# Never written to a log and never shown by a control endpoint.
AUTH_HEADERS = {"authorization", "ph-auth-token", "x-apikey", "cookie",
                "proxy-authorization", "x-samlauthorization"}


class BadRequest(Exception):
    """The bytes are no HTTP request that this server reads."""


class Request:
    """One request as it came in; `headers` has lower-case names."""

    def __init__(self, method, target, headers, body=b""):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        parts = urlsplit(target)
        self.path = unquote(parts.path)
        self.query = parse_qsl(parts.query, keep_blank_values=True)
        self.at = ""

    def arrive(self):
        """/_at/NAME/x is x of the service NAME."""
        if self.path.startswith("/_at/"):
            self.at, slash, rest = self.path[len("/_at/"):].partition("/")
            self.path = slash + rest

    def json(self):
        """The body as JSON; ValueError where it is none."""
        return json.loads(self.body.decode("utf-8"))

    def seen(self):
        """What a log may hold: no credential, the body as JSON if it is."""
        headers = {name: "<masked>" if name in AUTH_HEADERS else value
                   for name, value in self.headers.items()}
        try:
            body = self.json() if self.body else None
        except ValueError:
            body = self.body.decode("utf-8", "replace")
        return {"method": self.method, "at": self.at, "path": self.path,
                "query": dict(self.query), "headers": headers, "body": body}


class Answer:
    """A plain answer.  Bytes and text go out as they are, the rest as JSON."""

    def __init__(self, status, body=b"", headers=None, content_type=None):
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
            content_type = content_type or "application/json"
        self.status = status
        self.body = body
        self.headers = dict(headers or {})
        self.headers.setdefault("Content-Type",
                                content_type or "text/plain; charset=UTF-8")

    def head(self, framing):
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines + [framing]) + "\r\n\r\n").encode()

    async def send(self, reader, writer):
        """Writes itself; returns whether the connection may be used again."""
        writer.write(self.head(f"Content-Length: {len(self.body)}")
                     + self.body)
        await writer.drain()
        return True


def reset(writer):
    """Ends the connection with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_chunked(reader):
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return body
        body += await reader.readexactly(size)
        if len(body) > MAX_BODY or await reader.readexactly(2) != b"\r\n":
            raise BadRequest("chunked body")


async def read_request(reader, writer):
    """The next request, or None when the peer is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise BadRequest("head cut off") from None
        return None
    lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
        pairs = [line.split(":", 1) for line in lines[1:] if line]
        headers = {name.lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequest("head") from None
    if not version.startswith("HTTP/1.") or not 0 <= length <= MAX_BODY:
        raise BadRequest("version or length")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await read_chunked(reader)
    else:
        body = await reader.readexactly(length) if length else b""
    return Request(method, target, headers, body)


async def talk(reader, writer, respond):
    """One connection: `await respond(request)` gives each answer."""
    try:
        while True:
            request = await read_request(reader, writer)
            if request is None:
                break
            answer = await respond(request)
            reusable = await answer.send(reader, writer)
            if not reusable or \
                    request.headers.get("connection", "").lower() == "close":
                break
    except BadRequest:
        await Answer(400).send(reader, writer)
    except (OSError, asyncio.IncompleteReadError,
            asyncio.LimitOverrunError, ValueError):
        pass                    # the peer went away, or speaks no HTTP
    finally:
        writer.close()
