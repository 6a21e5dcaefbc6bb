"""A line to a server on loopback that can be cut."""
import socket
import threading


class Relay:
    """Passes bytes to a server, until it is told to hang, to close, or to keep
    back what the server says from the moment when `swallow()` is true."""

    def __init__(self, port, own=0, listening=None):
        """`listening`: a socket of another network, for a way in."""
        self.target = port
        self.hangs = False
        self.swallow = lambda: False
        self.swallowed = 0
        self.socket = listening or socket.create_server(("127.0.0.1", own))
        self.port = self.socket.getsockname()[1]
        self.lines = []
        self.count = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            self.lines.append(line)
            if not self.hangs:
                self.join(line)

    def join(self, line):
        server = socket.create_connection(("127.0.0.1", self.target))
        self.lines.append(server)
        for ends in ((line, server, False), (server, line, True)):
            threading.Thread(target=self.copy, args=ends, daemon=True).start()

    def copy(self, source, sink, is_answer):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                if is_answer and self.swallow():
                    self.swallowed += 1
                elif not self.hangs:
                    sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """All lines that are open; new ones are taken."""
        for line in self.lines:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            line.close()
        self.lines = []

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass    # it is closed
        self.socket.close()
        self.cut()
