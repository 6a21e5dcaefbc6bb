"""Who may log in to a real Postfix: the server's side of Dovecot's
authentication protocol, for one user with one password or token.

    with AuthServer("/tmp/x/auth", "user", "secret", ["PLAIN"]) as auth:
        auth.seen       [(mechanism, let in)]
"""
import base64
import os
import socket
import threading


class AuthServer:
    def __init__(self, path, user, secret, mechanisms):
        self.user, self.secret = user, secret
        self.mechanisms = mechanisms
        self.seen = []
        self.open = set()
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        os.chmod(path, 0o666)
        self.listening.listen()
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in list(self.open):
            one.close()
        self.thread.join(30)

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            self.open.add(peer)
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        tell(peer, "VERSION", 1, 1)
        for one in self.mechanisms:
            tell(peer, "MECH", one, "plaintext")
        for line in (("SPID", 1), ("CUID", 1), ("COOKIE", "0" * 32),
                     ("DONE",)):
            tell(peer, *line)
        waiting = {}
        try:
            for line in peer.makefile(encoding="ascii"):
                self.hear(peer, waiting, line.rstrip("\n").split("\t"))
        except OSError:
            pass

    def hear(self, peer, waiting, words):
        if words[0] == "AUTH":
            said = [one[5:] for one in words if one.startswith("resp=")]
            waiting[words[1]] = [words[2], [decoded(one) for one in said]]
        elif words[0] == "CONT":
            waiting[words[1]][1].append(decoded(words[2]))
        else:
            return
        self.answer(peer, words[1], *waiting[words[1]])

    def answer(self, peer, number, mechanism, said):
        """`said` so far: of LOGIN the user and the password, else one."""
        if len(said) < (2 if mechanism == "LOGIN" else 1):
            asked = {"LOGIN": ["Username:", "Password:"]}.get(mechanism, [""])
            tell(peer, "CONT", number, encoded(asked[len(said)]))
            return
        good = said == self.wanted(mechanism)
        self.seen.append((mechanism, good))
        tell(peer, "OK" if good else "FAIL", number, "user=" + self.user)

    def wanted(self, mechanism):
        return {"PLAIN": [f"\0{self.user}\0{self.secret}"],
                "LOGIN": [self.user, self.secret],
                "XOAUTH2": [f"user={self.user}\1auth=Bearer {self.secret}"
                            "\1\1"]}[mechanism]


def tell(peer, *words):
    peer.sendall(("\t".join(map(str, words)) + "\n").encode("ascii"))


def decoded(text):
    return base64.b64decode(text).decode("utf-8")


def encoded(text):
    return base64.b64encode(text.encode("ascii")).decode("ascii")
