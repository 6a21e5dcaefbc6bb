"""A TLS server that shows whatever certificate, and keeps all that it hears.

    liar = Liar(certificate_and_key)
    liar.port
    liar.calls          how many came
    liar.clear          what they said before TLS, bytes
    liar.inside         what they said in it

In threads of the test's own process.  `certificate` None: it speaks no TLS, and
all is clear.  `oldest`: nothing but TLS 1.0.  `begin` comes first: what leads
to TLS in a protocol with StartTLS (below); `greet` is said in TLS.  It answers
nothing: whoever has said something in TLS is left.
"""
import os
import socket
import ssl
import sys
import threading
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "doubles"))

from directory import message, read_message, result   # noqa: E402

WAIT_S = 30
EXTENDED_ANSWER = 0x78
REFUSED = 2                     # protocolError of LDAP


class Liar:
    def __init__(self, certificate, oldest=False, begin=None, greet=b""):
        self.calls, self.clear, self.inside = 0, b"", b""
        self.begin, self.greet = begin, greet
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        if oldest:
            self.speak_the_oldest()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def speak_the_oldest(self):
        with warnings.catch_warnings():     # that nobody should
            warnings.simplefilter("ignore")
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = ssl.TLSVersion.TLSv1

    def close(self):
        try:
            self.listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass                # it is closed
        self.listening.close()

    def accept(self):
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            self.calls += 1
            threading.Thread(target=self.talk, args=(line,),
                             daemon=True).start()

    def talk(self, line):
        line.settimeout(WAIT_S)
        try:
            with line:
                self.hear(line)
        except OSError:
            pass                # it has left, or does not believe us

    def hear(self, line):
        goes_on = self.begin is None or self.begin(self, line)
        if not goes_on or self.context is None:
            self.keep_clear(line)
            return
        with self.context.wrap_socket(line, server_side=True) as inside:
            inside.sendall(self.greet)
            self.inside += inside.recv(65536)

    def keep_clear(self, line):
        """All that comes; it hears nothing from us."""
        while True:
            data = line.recv(65536)
            if not data:
                return
            self.clear += data

    def line_of_text(self, line):
        text = b""
        while not text.endswith(b"\n"):
            data = line.recv(1)
            if not data:
                raise ConnectionError
            text += data
        self.clear += text
        return text


def smtp(offer):
    """Up to the client's STARTTLS; False where that is not offered."""
    def begin(liar, line):
        line.sendall(b"220 mail.example.com ESMTP\r\n")
        liar.line_of_text(line)
        word = b"STARTTLS" if offer else b"AUTH PLAIN LOGIN"
        line.sendall(b"250-mail.example.com\r\n250 " + word + b"\r\n")
        if not offer:
            return False
        liar.line_of_text(line)
        line.sendall(b"220 2.0.0 Ready\r\n")
        return True
    return begin


def ldap(offer):
    """The same of the extended operation of LDAP."""
    def begin(liar, line):
        number, tag, body = read_message(line)
        liar.clear += bytes([tag]) + body
        line.sendall(message(number, EXTENDED_ANSWER,
                             result(0 if offer else REFUSED)))
        return offer
    return begin
