"""What OpenLDAP lacks of Active Directory's manners, in front of a slapd:

    <GUID=...> in place of a DN     in searches and modifications
    (objectSid=S-1-5-...)           the text of a SID in a filter

    front = AdFront(slapd.port, (certificate, key), ca, {guid: dn})
    front.port

All else goes through as it is, one question after the other, both ways in TLS.
"""
import os
import socket
import ssl
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "doubles"))

from directory import (OCTETS, SEQUENCE, parts,  # noqa: E402
                       read_exactly, sid, tlv)

SEARCH, MODIFY = 0x63, 0x66
# What ends the answer to a request; others have none.
ENDS = {0x60: 0x61, SEARCH: 0x65, MODIFY: 0x67}
AND, OR, NOT, EQUAL = 0xa0, 0xa1, 0xa2, 0xa3
BY_GUID = b"<GUID="


def read_parts(line):
    """The (tag, value) pairs of one message: number, operation, controls."""
    head = read_exactly(line, 2)
    n = head[1]
    if n & 128:
        n = int.from_bytes(read_exactly(line, n & 127), "big")
    return list(parts(read_exactly(line, n)))


def as_message(pairs):
    return tlv(SEQUENCE, b"".join(tlv(*one) for one in pairs))


def with_sids(tag, value):
    """A filter in which SIDs are bytes."""
    if tag in (AND, OR, NOT):
        inner = [with_sids(*one) for one in parts(value)]
    elif tag == EQUAL:
        inner = list(parts(value))
        (_, name), (_, given) = inner
        if name.lower() == b"objectsid" and given.startswith(b"S-1-5-"):
            numbers = (int(one) for one in given.split(b"-")[3:])
            inner[1] = (OCTETS, sid(*numbers))
    else:
        return tag, value
    return tag, b"".join(tlv(*one) for one in inner)


class AdFront:
    def __init__(self, target, identity, ca, names):
        self.target = target
        self.names = names
        self.inward = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.inward.load_cert_chain(*identity)
        self.outward = ssl.create_default_context(cafile=ca)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lines = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(line,),
                             daemon=True).start()

    def serve(self, line):
        try:
            client = self.inward.wrap_socket(line, server_side=True)
            server = self.outward.wrap_socket(
                socket.create_connection(("127.0.0.1", self.target)),
                server_hostname="localhost")
        except OSError:
            line.close()
            return
        self.lines |= {client, server}
        try:
            while True:
                self.exchange(client, server)
        except OSError:
            pass    # one of them has gone
        for one in (client, server):
            self.lines.discard(one)
            one.close()

    def exchange(self, client, server):
        number, (tag, body), *more = read_parts(client)
        server.sendall(as_message([number, (tag, self.translated(tag, body)),
                                   *more]))
        last = ENDS.get(tag)
        while last:
            answer = read_parts(server)
            client.sendall(as_message(answer))
            if answer[1][0] == last:
                last = None

    def translated(self, tag, body):
        if tag not in (SEARCH, MODIFY):
            return body
        fields = list(parts(body))
        dn = fields[0][1]
        if dn.startswith(BY_GUID):
            guid = dn[len(BY_GUID):-1].decode()
            fields[0] = (OCTETS, self.names.get(guid, "cn=nobody"))
        if tag == SEARCH:
            fields[6] = with_sids(*fields[6])
        return b"".join(tlv(*one) for one in fields)

    def close(self):
        for one in [self.socket, *self.lines]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
