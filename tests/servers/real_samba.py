"""A real Active Directory: Samba as a domain controller, in a network of its own.

    samba = Samba()                 provisioned and started: some ten seconds
    samba = Samba(keep=folder)      the domain is kept there for the next ones
    with samba.net:                 where it can be reached
        samba.uac("alice")          what stands in the directory
    samba.stop()

Debian's packages, as root: Unavailable says what is lacking.  The accounts are
those of fixtures/ldap/seed.ldif; see samba-ad-double.sh for their rights.
"""
import base64
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile

from private_net import PrivateNet, Unavailable
from waiting import wait_until

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                        "fixtures", "ldap")
SCRIPT = os.path.join(FIXTURES, "samba-ad-double.sh")
SEED = os.path.join(FIXTURES, "seed.ldif")
PROGRAMS = ("samba", "samba-tool", "ldbadd", "ldbmodify", "ldbsearch",
            "ldapsearch", "kinit")
NAME = "dc1.corp.example.com"
ROOT = "DC=corp,DC=example,DC=com"
STAFF = "OU=Staff," + ROOT


def provisioned(keep):
    """A domain below `keep`, made unless this very one is there; to be copied
    while the lock on `keep` is held."""
    version = subprocess.run(["samba", "--version"], capture_output=True,
                             check=True).stdout
    made_of = hashlib.sha256(version)
    for name in (SCRIPT, SEED):
        with open(name, "rb") as text:
            made_of.update(text.read())
    kept = os.path.join(keep, made_of.hexdigest()[:16])
    if not os.path.exists(kept):
        fresh = os.path.join(keep, "fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        script("provision", fresh)
        os.rename(fresh, kept)
    return kept


def script(word, folder):
    told = subprocess.run(["sh", SCRIPT, word, folder], text=True,
                          capture_output=True, timeout=300, check=False)
    if told.returncode != 0:
        raise AssertionError(f"samba: {told.stdout}{told.stderr}"
                             f"{log_of(folder)}")


def log_of(folder):
    text = ""
    for name in ("provision.log", "seed.log", "samba.out"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8",
                      errors="replace") as log:
                text += log.read()[-3000:]
        except FileNotFoundError:
            pass
    return text


class Samba:
    kind = "Samba, an Active Directory domain controller"
    server, port = NAME, 636
    reader, writer, staff = "svc.reader", "svc.herald", STAFF
    passwords = ("Passw0rd.svc.reader", "Passw0rd.svc.herald")

    def __init__(self, keep=None):
        lacking = [one for one in PROGRAMS if not shutil.which(one)]
        if lacking:
            raise Unavailable(f"there is no {', '.join(lacking)}: "
                              "contrib/install-deps test installs it")
        self.net = PrivateNet({NAME: "127.0.0.1", "dc2.corp.example.com":
                               "127.0.0.1"}, "nameserver 127.0.0.1\n")
        self.folder = tempfile.mkdtemp(prefix="samba-")
        os.chmod(self.folder, 0o755)
        self.ca = self.path("ca.pem")
        with self.net:
            if keep:
                self.copy(keep)
            script("start", self.folder)

    def copy(self, keep):
        os.makedirs(keep, exist_ok=True)
        with open(os.path.join(keep, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            subprocess.run(["cp", "-a", provisioned(keep) + "/.",
                            self.folder], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def log(self):
        return log_of(self.folder)

    @property
    def pid(self):
        with open(self.path("samba.pid"), encoding="ascii") as pid:
            return int(pid.read())

    def stop(self):
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        wait_until(lambda: not self.runs(), 20, "samba ended")
        self.net.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def runs(self):
        """Not as a zombie of whoever started it."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
                return stat.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    # What an administrator does beside us.

    def tool(self, *words, text=None):
        done = subprocess.run(list(words), input=text, capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    @property
    def database(self):
        return self.path("dc/private/sam.ldb")

    def samba_tool(self, *words):
        return self.tool("samba-tool", *words, "-H", self.database, "-s",
                         self.path("smb.conf"))

    def modify(self, ldif):
        self.tool("ldbmodify", "-H", self.database, text=ldif)

    def add(self, ldif):
        self.tool("ldbadd", "-H", self.database, text=ldif)

    def set(self, dn, attribute, value):
        self.modify(f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n"
                    f"{attribute}: {value}\n")

    def get(self, account, attribute):
        """The values of an attribute, by sAMAccountName."""
        told = self.tool("ldbsearch", "-H", self.database,
                         f"(sAMAccountName={account})", attribute)
        return [line.partition(": ")[2] for line in told.splitlines()
                if line.lower().startswith(attribute.lower() + ": ")]

    def pin(self):
        """The digest of the controller's public key, as curl writes it."""
        return "sha256//" + self.tool("sh", "-c", (
            "openssl x509 -in \"$0\" -noout -pubkey | "
            "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary "
            "| openssl base64"),
            self.path("dc/private/tls/cert.pem")).strip()

    def how_to_ask(self, account):
        """The command with which a person sees an account."""
        return (f"ldbsearch -H {self.database} '(sAMAccountName={account})' "
                "userAccountControl")

    def uac(self, account):
        return int(self.get(account, "userAccountControl")[0])

    def new_user(self, name, groups=(), **attributes):
        """A user below OU=Staff, enabled, with a password."""
        dn = f"CN={name},{STAFF}"
        more = "".join(f"{key}: {value}\n" for key, value
                       in attributes.items())
        password = base64.b64encode(
            f"Passw0rd.{name}".encode("utf-16-le")).decode()
        self.add(f"dn: {dn}\nobjectClass: user\nsAMAccountName: {name}\n"
                 f"userPrincipalName: {name}@corp.example.com\n"
                 f"clearTextPassword:: {password}\n"
                 f"userAccountControl: 512\n{more}")
        for group in groups:
            self.samba_tool("group", "addmembers", group, name)
        return dn

    def keytab(self, name):
        path = self.path(name + ".keytab")
        self.tool("samba-tool", "domain", "exportkeytab", path,
                  f"--principal={name}@CORP.EXAMPLE.COM", "-s",
                  self.path("smb.conf"))
        return path
