"""A mail server that follows a script, in threads of the test's own process.

    with Smtp(transcript("data_451_then_retry")) as server:
        server.port
        server.sessions[0].commands     what it was told, without line ends
        server.mails                    Mail(sender, recipients, text: bytes)
        server.seen                     also those that it did not take

A script is a list of (command, answer): each command of the client takes the
first line of the script that fits and was not used; where none fits the server
answers as a plain one does.  An answer is a list of lines; DROP instead of one
closes the connection, RESET does so rudely.  A transcript of fixtures/smtp is
such a script.
"""
import os
import re
import socket
import ssl
import struct
import threading
from collections import namedtuple

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "smtp")
DROP, RESET = "(drop)", "(reset)"
END = "."                       # of a message
WAIT_S = 30

Mail = namedtuple("Mail", "sender recipients text")

PLAIN = {"EHLO": ["250-mail.example.com", "250 SIZE 10485760"],
         "HELO": ["250 mail.example.com"], "MAIL": ["250 2.1.0 Ok"],
         "RCPT": ["250 2.1.5 Ok"], "DATA": ["354 End data"],
         END: ["250 2.0.0 Ok: queued as 1"], "NOOP": ["250 2.0.0 Ok"],
         "RSET": ["250 2.0.0 Ok"], "QUIT": ["221 2.0.0 Bye"],
         "AUTH": ["503 5.5.1 not offered"],
         "STARTTLS": ["502 5.5.1 not offered"]}


def transcript(name):
    """The script of fixtures/smtp/transcript_NAME.txt."""
    path = os.path.join(FIXTURES, f"transcript_{name}.txt")
    script = [("(connect)", [])]
    with open(path, encoding="utf-8") as text:
        for line in text.read().splitlines():
            if line.startswith("C: "):
                script.append((verb_of(line[3:]), []))
            elif line.startswith("S: "):
                script[-1][1].append(line[3:])
            elif line.startswith("(connection drops"):
                script[-1] = (script[-1][0], DROP)
    return [step for step in script if step[1]]


def verb_of(command):
    """The first word of a command, "*" for what is none."""
    word = command.split(" ")[0].split(":")[0].upper()
    return word if word in PLAIN else "*"


class Session:
    def __init__(self):
        self.commands = []
        self.tls = False

    def verbs(self):
        return [one.split(" ")[0].upper() for one in self.commands]


class Smtp:
    """`tls`: (certificate, key).  `implicit`: from the first byte; else by
    STARTTLS, where the script (or `starttls`) offers it."""

    def __init__(self, script=(), tls=None, implicit=False, ehlo=(),
                 ehlo_tls=(), slow_body=False):
        self.script = list(script)
        self.given = list(script)
        self.implicit = implicit
        self.ehlo, self.ehlo_tls = list(ehlo), list(ehlo_tls)
        self.slow_body = slow_body
        self.sessions, self.mails, self.seen = [], [], []
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.listening = socket.create_server(("127.0.0.1", 0))
        if slow_body:
            # Small segments and a small window: a client's system can then
            # hold no more than a part of a large mail.
            self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                      4096)
            self.listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG,
                                      536)
        self.port = self.listening.getsockname()[1]
        self.open = set()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)   # ends accept()
        self.listening.close()
        for one in list(self.open):
            one.close()
        self.thread.join(WAIT_S)

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            peer.settimeout(WAIT_S)
            self.open.add(peer)
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        session = Session()
        self.sessions.append(session)
        try:
            if self.implicit:
                peer = self.context.wrap_socket(peer, server_side=True)
                session.tls = True
            Talk(self, session, peer).run()
        except (OSError, EOFError):
            pass
        finally:
            peer.close()
            self.open.discard(peer)

    def take(self, verb, argument):
        """The answer to a command."""
        for at, (wanted, answer) in enumerate(self.script):
            if wanted in (verb, f"{verb} {argument}"):
                del self.script[at]
                return answer
        return None

    def again(self):
        """The script from its beginning."""
        self.script = list(self.given)


class Talk:
    def __init__(self, server, session, peer):
        self.server, self.session = server, session
        self.begin(peer)
        self.sender, self.recipients = None, []

    def begin(self, peer):
        self.peer = peer
        self.lines = peer.makefile("rb")

    def run(self):
        self.answer(self.server.take("(connect)", "")
                    or ["220 mail.example.com ESMTP"])
        while True:
            line = self.lines.readline()
            if not line:
                return
            text = line.rstrip(b"\r\n").decode("utf-8", "replace")
            self.session.commands.append(text)
            self.command(text)
            if text.upper() == "QUIT":
                return

    def command(self, text):
        verb = verb_of(text)
        argument = text.partition(" ")[2]
        answer = self.server.take(verb, argument)
        if answer is None and verb == "EHLO" and self.server.ehlo:
            answer = self.server.ehlo_tls if self.session.tls \
                else self.server.ehlo
        if answer is None and verb == "STARTTLS" and self.server.context:
            answer = ["220 2.0.0 Ready to start TLS"]
        if answer is None:
            answer = PLAIN.get(verb, ["500 5.5.2 what?"])
        self.answer(answer)
        self.after(verb, text, answer)

    def after(self, verb, text, answer):
        good = answer[0][0] in "23"
        if verb == "STARTTLS" and good:
            self.begin(self.server.context.wrap_socket(self.peer,
                                                       server_side=True))
            self.session.tls = True
        elif verb == "MAIL" and good:
            self.sender = inside(text)
            self.recipients = []
        elif verb == "RCPT" and good:
            self.recipients.append(inside(text))
        elif verb == "DATA" and good:
            self.message()

    def message(self):
        if self.server.slow_body:
            self.answer(RESET)  # while most of the body is still to come
        text = b""
        while not text.endswith(b"\r\n.\r\n"):
            line = self.lines.readline()
            if not line:
                raise EOFError
            text += line
        answer = self.server.take(END, "") or PLAIN[END]
        mail = Mail(self.sender, self.recipients, text[:-3])
        self.server.seen.append(mail)
        if answer not in (DROP, RESET) and answer[0][0] == "2":
            self.server.mails.append(mail)
        self.answer(answer)

    def answer(self, answer):
        if answer == RESET:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        if answer in (DROP, RESET):
            raise EOFError
        self.peer.sendall("".join(one + "\r\n" for one in answer).encode())


def inside(command):
    found = re.search(r"<(.*)>", command)
    return found[1] if found else None
