"""Who may stand between herald and a service: a gateway that wants a token by
OAuth2 client credentials (RFC 6749, 4.4), a proxy (RFC 9110, 9.3.6), and a real
nginx that wants a certificate of the client.

    with Gateway(double.port, {"Authorization": double.key}) as gateway:
        gateway.url, gateway.token_url
        gateway.issued      how many tokens it gave
        gateway.revoke()    those given so far are good no more

All listen on loopback, on ports of their own.
"""
import base64
import http.client
import http.server
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.parse

from waiting import wait_until

CLIENT = ("herald", "example client secret/+")
NGINX = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{servers}}}
"""
NGINX_SERVER = """\
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate[0]};
        ssl_certificate_key {certificate[1]};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
"""


class Unavailable(Exception):
    """The machine has no such server."""


def basic(authorization):
    """Name and secret; RFC 6749, 2.3.1: both are encoded as in a form first."""
    word, _, pair = (authorization or "").partition(" ")
    if word != "Basic":
        return None
    return tuple(urllib.parse.unquote_plus(part) for part in
                 base64.b64decode(pair).decode().split(":", 1))


def read_body(request):
    return request.rfile.read(int(request.headers.get("Content-Length") or 0))


def answer(request, status, body, kind="application/json", **headers):
    request.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": len(body),
                        **headers}.items():
        request.send_header(name.replace("_", "-"), str(value))
    request.end_headers()
    request.wfile.write(body)


class Serving:
    """A server in a thread; `handler` is made with `owner`, this one."""

    def __init__(self, handler):
        made = type("Handler", (handler,), {
            "owner": self, "protocol_version": "HTTP/1.1",
            "log_message": lambda *_: None})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# ---- a gateway that wants a token ----

class Gateway(Serving):
    """`put`: headers that it sets for the service behind."""

    def __init__(self, behind, put):
        super().__init__(GatewayHandler)
        self.behind, self.put = behind, put
        self.token_url = self.url + "/oauth2/token"
        self.issued = self.asked = self.refused = self.passed = 0
        self.good = set()
        self.trouble = None     # (status, body) in place of a token

    def issue(self, form, authorization):
        with self.lock:
            self.asked += 1
            if self.trouble:
                return self.trouble
            if basic(authorization) != CLIENT:
                return 401, b'{"error": "invalid_client"}'
            if b"grant_type=client_credentials" not in form:
                return 400, b'{"error": "unsupported_grant_type"}'
            self.issued += 1
            token = f"token-{self.port}-{self.issued}"
            self.good.add("Bearer " + token)
            return 200, json.dumps({
                "access_token": token, "token_type": "Bearer",
                "expires_in": 3600}).encode()

    def lets_in(self, authorization):
        with self.lock:
            if authorization in self.good:
                self.passed += 1
                return True
            self.refused += 1
            return False

    def revoke(self):
        with self.lock:
            self.good.clear()


class GatewayHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = read_body(self)
        given = self.headers.get("Authorization")
        if self.path == "/oauth2/token":
            answer(self, *self.owner.issue(body, given))
        elif not self.owner.lets_in(given):
            answer(self, 401, b'{"error": "invalid_token"}',
                   WWW_Authenticate='Bearer error="invalid_token"')
        else:
            self.pass_on(body)

    do_POST = do_GET

    def pass_on(self, body):
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("authorization", "host")}
        peer = http.client.HTTPConnection("127.0.0.1", self.owner.behind,
                                          timeout=30)
        peer.request(self.command, self.path, body,
                     {**headers, **self.owner.put})
        reply = peer.getresponse()
        answer(self, reply.status, reply.read(),
               reply.getheader("Content-Type") or "text/plain")
        peer.close()


# ---- a proxy ----

class Proxy(Serving):
    """`user`: (name, password) that it wants; `closed`: it lets nobody out."""

    def __init__(self, user=None, closed=False):
        super().__init__(ProxyHandler)
        self.user, self.closed = user, closed
        self.targets = []       # "host:port" of each tunnel

    def refusal(self, given):
        if self.user:
            pair = base64.b64encode(":".join(self.user).encode()).decode()
            if given != "Basic " + pair:
                return 407
        return 403 if self.closed else None


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    def do_CONNECT(self):
        refusal = self.owner.refusal(self.headers.get("Proxy-Authorization"))
        if refusal:
            answer(self, refusal, b"no", "text/plain",
                   **({"Proxy_Authenticate": "Basic realm=out"}
                      if refusal == 407 else {}))
            self.close_connection = True
            return
        host, port = self.path.rsplit(":", 1)
        self.owner.targets.append(self.path)
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            self.tunnel(far)
        self.close_connection = True

    def tunnel(self, far):
        near = self.connection
        while True:
            for source in select.select([near, far], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                (far if source is near else near).sendall(data)


# ---- nginx ----

class Nginx:
    """Wants a client's certificate of `ca`, and passes on to `behind`, ports of
    doubles; `ports` are its own for them."""

    def __init__(self, certificate, ca, behind):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        if not program:
            raise Unavailable("there is no nginx: contrib/install-deps test "
                              "installs it")
        self.folder = tempfile.mkdtemp(prefix="nginx-")
        held = [socket.create_server(("127.0.0.1", 0)) for _ in behind]
        self.ports = [one.getsockname()[1] for one in held]
        servers = "".join(NGINX_SERVER.format(
            port=port, behind=target, certificate=certificate, ca=ca)
            for port, target in zip(self.ports, behind))
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write(NGINX.format(folder=self.folder, servers=servers))
        for one in held:
            one.close()
        self.process = subprocess.Popen(
            [program, "-e", os.path.join(self.folder, "error.log"), "-c",
             config], stderr=subprocess.DEVNULL)
        wait_until(self.is_up, 30, self.told)

    def is_up(self):
        assert self.process.poll() is None, self.told()
        try:
            for port in self.ports:
                socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    def told(self):
        with open(os.path.join(self.folder, "error.log"),
                  encoding="utf-8") as log:
            return log.read()

    def answered(self):
        """The codes of all its answers."""
        with open(os.path.join(self.folder, "access.log"),
                  encoding="utf-8") as log:
            return [line.split('"')[2].split()[0] for line in log]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)
