"""A real Postfix on loopback, in a folder of its own.

    with Postfix(certificate, key, port) as server:
        server.port, server.mails("soc@example.com")    raw bytes of each
    with Postfix(certificate, key, port, password="x", wrapped=other_port):
        takes mail only from herald@example.com with that password; `wrapped`
        is encrypted from the first byte

Debian's package, started as root: Unavailable says what is lacking.
"""
import glob
import os
import pwd
import shutil
import subprocess
import tempfile

from auth_server import AuthServer
from waiting import wait_until

PROGRAM = "/usr/sbin/postfix"
DAEMONS = "/usr/lib/postfix/sbin"
USER = "herald@example.com"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.com
mydestination =
smtputf8_enable = no
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ soc@example.com=soc/, lead@example.com=lead/ }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_peername_lookup = no
message_size_limit = 200000
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
"""
LOGIN = """\
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = yes
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""
WRAPPED = """\
127.0.0.1:{wrapped} inet n - n - - smtpd
 -o smtpd_tls_wrappermode=yes
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Unavailable(Exception):
    pass


class Postfix:
    def __init__(self, certificate, key, port, password=None, wrapped=None,
                 mechanisms=("PLAIN", "LOGIN")):
        if not os.access(PROGRAM, os.X_OK):
            raise Unavailable(f"there is no {PROGRAM}: install postfix")
        if os.geteuid() != 0:
            raise Unavailable("only root can start postfix")
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="postfix-")
        os.chmod(self.folder, 0o755)
        nobody = pwd.getpwnam("nobody").pw_uid
        for name in ("conf", "queue", "data", "mail"):
            os.mkdir(self.path(name), 0o755)
        shutil.chown(self.path("data"), "postfix")
        os.chown(self.path("mail"), nobody, -1)
        self.values = values = {
            "folder": self.folder, "daemons": DAEMONS, "uid": nobody,
            "port": port, "wrapped": wrapped,
            "certificate": shutil.copy(certificate, self.path("conf")),
            "key": shutil.copy(key, self.path("conf"))}
        self.write("conf/main.cf", (
            MAIN + LOGIN * bool(password)).format(**values))
        self.write("conf/master.cf", (
            MASTER + WRAPPED * bool(wrapped)).format(**values))
        self.auth = password and AuthServer(self.path("auth"), USER, password,
                                            mechanisms)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)

    def run(self, word):
        return subprocess.run([PROGRAM, "-c", self.path("conf"), word],
                              capture_output=True, text=True, timeout=60,
                              check=False)

    def log(self):
        try:
            with open(self.path("log"), encoding="utf-8") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def __enter__(self):
        if self.auth:
            self.auth.__enter__()
        told = self.run("start")
        assert told.returncode == 0, told.stderr + self.log()
        return self

    def __exit__(self, *_):
        self.run("stop")
        wait_until(lambda: self.run("status").returncode != 0, 30)
        if self.auth:
            self.auth.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mails(self, address, count=1):
        """So many mails of a mailbox."""
        folder = self.path("mail/" + address.split("@")[0] + "/new/*")
        names = wait_until(
            lambda: len(glob.glob(folder)) >= count and glob.glob(folder),
            30, self.log)
        found = []
        for name in sorted(names):
            with open(name, "rb") as mail:
                found.append(mail.read())
        return found
