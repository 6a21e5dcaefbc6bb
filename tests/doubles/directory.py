"""A directory that answers as a test wants: LDAP over TLS, in this process.

    with Directory(certificate, key, answer) as server:
        server.port, server.asked       [(base, filter, attributes), ...]

`answer(base, filter, attributes)` gives a list of what goes out, in order:
(dn, {attribute: [bytes, ...]}) an entry; an int ends the search with that
result code; REFER a reference; GARBAGE bytes that are no message; HALF the
beginning of a TLS record, and then silence; HANG silence.  The filter is bytes
as they came (BER), good for `b"alice" in filter`.  Every bind is taken.
"""
import socket
import ssl
import struct
import threading

REFER, GARBAGE, HALF, HANG = "refer", "garbage", "half", "hang"
BIND, UNBIND, SEARCH, ABANDON = 0x60, 0x42, 0x63, 0x50
SEQUENCE, SET, INTEGER, OCTETS, ENUM = 0x30, 0x31, 0x02, 0x04, 0x0a


def tlv(tag, value):
    if isinstance(value, str):
        value = value.encode()
    n = len(value)
    if n < 128:
        return bytes([tag, n]) + value
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 128 | size]) + n.to_bytes(size, "big") + value


def integer(value, tag=INTEGER):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def parts(data):
    """The (tag, value) pairs that follow each other."""
    while data:
        n, at = data[1], 2
        if n & 128:
            at = 2 + (n & 127)
            n = int.from_bytes(data[2:at], "big")
        yield data[0], data[at:at + n]
        data = data[at + n:]


def read_exactly(line, n):
    data = b""
    while len(data) < n:
        more = line.recv(n - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def read_message(line):
    head = read_exactly(line, 2)
    if head[1] & 128:
        head += read_exactly(line, head[1] & 127)
        n = int.from_bytes(head[2:], "big")
    else:
        n = head[1]
    (_, number), (tag, body), *_ = parts(read_exactly(line, n))
    return int.from_bytes(number, "big"), tag, body


def message(number, tag, body):
    return tlv(SEQUENCE, integer(number) + tlv(tag, body))


def result(code, text=""):
    return integer(code, ENUM) + tlv(OCTETS, "") + tlv(OCTETS, text)


def entry(dn, attributes):
    return tlv(OCTETS, dn) + tlv(SEQUENCE, b"".join(
        tlv(SEQUENCE, tlv(OCTETS, name) + tlv(SET, b"".join(
            tlv(OCTETS, one) for one in values)))
        for name, values in attributes.items()))


def sid(*numbers):
    """S-1-5-N-N-... as bytes."""
    return struct.pack("<BB", 1, len(numbers)) + (5).to_bytes(6, "big") + \
        b"".join(struct.pack("<I", one) for one in numbers)


class Directory:
    def __init__(self, certificate, key, answer):
        self.answer = answer
        self.asked = []
        self.binds = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lines = []

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in [self.socket] + self.lines:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def accept(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            self.lines.append(raw)
            threading.Thread(target=self.serve, args=(raw,),
                             daemon=True).start()

    def serve(self, raw):
        try:
            # Kept beside, for what is to go out without TLS.
            bare = socket.socket(fileno=raw.detach())
            kept = socket.fromfd(bare.fileno(), socket.AF_INET,
                                 socket.SOCK_STREAM)
            self.lines.append(kept)
            line = self.context.wrap_socket(bare, server_side=True)
            while self.take(line, kept):
                pass
        except (OSError, ConnectionError, ValueError):
            pass

    def take(self, line, kept):
        number, tag, body = read_message(line)
        if tag == UNBIND:
            return False
        if tag == BIND:
            self.binds += 1
            line.sendall(message(number, BIND + 1, result(0)))
        elif tag == SEARCH:
            return self.search(line, kept, number, list(parts(body)))
        return True

    def search(self, line, kept, number, fields):
        base, wanted = fields[0][1].decode(), fields[7][1]
        names = [name.decode() for _, name in parts(wanted)]
        query = tlv(*fields[6])
        self.asked.append((base, query, names))
        for one in self.answer(base, query, names):
            if one == HANG:
                return True
            if one == HALF:
                kept.sendall(b"\x17\x03\x03\x10\x00" + b"x" * 7)
                return True
            if one == GARBAGE:
                line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return False
            if one == REFER:
                line.sendall(message(number, 0x73, tlv(
                    OCTETS, "ldap://192.0.2.1/dc=away")))
            elif isinstance(one, int):
                line.sendall(message(number, SEARCH + 2, result(one, "no")))
            else:
                line.sendall(message(number, SEARCH + 1, entry(*one)))
        return True
