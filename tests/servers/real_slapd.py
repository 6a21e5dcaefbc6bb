"""A real OpenLDAP on loopback that knows a few attributes of Active Directory:
for what Samba never does (size limits, referrals), and for slapd_ad.py.

    with Slapd(certificate, key, port, "sizelimit 1", ENTRIES) as server: ...

Debian's package; Unavailable says what is lacking.
"""
import os
import shutil
import subprocess
import tempfile

from private_net import Unavailable
from waiting import wait_until

PROGRAM = "/usr/sbin/slapd"
ROOT = "dc=corp,dc=example,dc=com"
READER = "cn=reader," + ROOT
ADMIN = "cn=admin," + ROOT
BYTES = "EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40"
NUMBER = ("EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 "
          "SINGLE-VALUE")
TEXT = "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.1.2.1.1 NAME 'sAMAccountName' {text} )
attributetype ( 1.1.2.1.2 NAME 'userPrincipalName' {text} )
attributetype ( 1.1.2.1.3 NAME 'proxyAddresses' {text} )
attributetype ( 1.1.2.1.4 NAME 'objectCategory' {text} )
attributetype ( 1.1.2.1.5 NAME 'objectSid' {bytes} )
attributetype ( 1.1.2.1.6 NAME 'objectGUID' {bytes} )
attributetype ( 1.1.2.1.7 NAME 'tokenGroups' {bytes} )
attributetype ( 1.1.2.1.8 NAME 'userAccountControl' {number} )
attributetype ( 1.1.2.1.9 NAME 'allowedAttributesEffective' {text} )
attributetype ( 1.1.2.1.10 NAME 'department' {text} )
objectclass ( 1.1.2.2.1 NAME 'user' SUP top AUXILIARY
  MAY ( sAMAccountName $ userPrincipalName $ proxyAddresses $ objectCategory $
    objectSid $ objectGUID $ tokenGroups $ userAccountControl $
    allowedAttributesEffective $ department ) )
objectclass ( 1.1.2.2.2 NAME 'group' SUP top STRUCTURAL
  MUST cn MAY ( sAMAccountName $ objectSid ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCertificateFile {folder}/certificate
TLSCertificateKeyFile {folder}/key
{more}
database mdb
suffix "{root}"
rootdn "{admin}"
rootpw Passw0rd.admin
directory {folder}/data
{access}access to * by anonymous auth by users read
"""
FIRST = f"""\
dn: {ROOT}
objectClass: domain
dc: corp

dn: {READER}
objectClass: person
cn: reader
sn: reader
userPassword: Passw0rd.reader

"""


def person(name, mail):
    return (f"dn: cn={name},{ROOT}\nobjectClass: inetOrgPerson\n"
            f"objectClass: user\ncn: {name}\nsn: {name}\nmail: {mail}\n"
            f"sAMAccountName: {name}\nobjectCategory: person\n\n")


def referral(name, url):
    return (f"dn: ou={name},{ROOT}\nobjectClass: referral\n"
            f"objectClass: extensibleObject\nou: {name}\nref: {url}\n\n")


class Slapd:
    def __init__(self, certificate, key, port, more, entries,
                 access=""):
        if not os.access(PROGRAM, os.X_OK):
            raise Unavailable(f"there is no {PROGRAM}: "
                              "contrib/install-deps test installs it")
        self.port = port
        self.folder = tempfile.mkdtemp(prefix="slapd-")
        os.mkdir(self.path("data"))
        shutil.copy(certificate, self.path("certificate"))
        shutil.copy(key, self.path("key"))
        self.write("conf", CONFIG.format(
            text=TEXT, bytes=BYTES, number=NUMBER, folder=self.folder,
            root=ROOT, admin=ADMIN, more=more, access=access))
        self.write("ldif", FIRST + "".join(entries))
        subprocess.run([PROGRAM, "-T", "add", "-f", self.path("conf"), "-l",
                        self.path("ldif")], check=True, timeout=60)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)

    def __enter__(self):
        with open(self.path("log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-f", self.path("conf"), "-h",
                 f"ldaps://127.0.0.1:{self.port}", "-d", "stats"],
                stdout=log, stderr=log)
        wait_until(lambda: "slapd starting" in self.log(), 20, self.log)
        return self

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
