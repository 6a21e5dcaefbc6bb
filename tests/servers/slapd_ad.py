"""A domain for whoever is not root: a real OpenLDAP that holds what Active
Directory would, behind ad_front.py.  Used as real_samba.py's is:

    directory = SlapdAd(certificates, port)
    directory.server, directory.reader, directory.writer    whom to ask, as whom
    directory.new_user("alice", ["Domain Admins"], displayName="Alice")
    directory.uac("alice")
    directory.stop()

Nobody computes anything here: groups, and who may write what, stand in the
entries as they were given.
"""
import base64
import subprocess
import uuid

from ad_front import AdFront, sid
from real_slapd import ADMIN, READER, ROOT, Slapd

STAFF = "ou=Staff," + ROOT
WRITER = "cn=writer," + ROOT
DOMAIN = (21, 1, 2, 3)
GROUPS = {"Domain Admins": 512, "Domain Users": 513, "Finance-Users": 1201}
MAY_WRITE = f"""\
access to attrs=userAccountControl
  by dn.exact="{WRITER}" write by users read by anonymous auth
"""


def binary(name, value):
    return f"{name}:: {base64.b64encode(value).decode()}\n"


def named(rid):
    return binary("objectSid", sid(*DOMAIN, rid))


class SlapdAd:
    kind = "OpenLDAP, in the place of an Active Directory"
    server = "127.0.0.1"
    reader, writer, staff = READER, WRITER, STAFF
    passwords = ("Passw0rd.reader", "Passw0rd.writer")

    def __init__(self, certificates, port):
        self.ca = certificates["ca"]
        self.guids = {}
        self.count = 2000
        self.slapd = Slapd(*certificates["good"], port, "",
                           [self.writers(), *map(self.group, GROUPS)],
                           access=MAY_WRITE)
        self.slapd.__enter__()
        self.front = AdFront(port, certificates["good"], self.ca, self.guids)
        self.port = self.front.port

    @staticmethod
    def writers():
        return (f"dn: {WRITER}\nobjectClass: person\ncn: writer\nsn: writer\n"
                "userPassword: Passw0rd.writer\n\n"
                f"dn: {STAFF}\nobjectClass: organizationalUnit\nou: Staff\n\n")

    @staticmethod
    def group(name):
        return (f"dn: cn={name},{ROOT}\nobjectClass: group\ncn: {name}\n"
                f"sAMAccountName: {name}\n{named(GROUPS[name])}\n")

    def tool(self, *words, text=None):
        name, *rest = words
        done = subprocess.run(
            [name, "-x", "-H", f"ldaps://127.0.0.1:{self.slapd.port}", "-D",
             ADMIN, "-w", "Passw0rd.admin", *rest], input=text, text=True,
            capture_output=True, timeout=60, check=False,
            env={"LDAPTLS_CACERT": self.ca, "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def new_user(self, name, groups=(), **attributes):
        dn = f"cn={name},{STAFF}"
        guid = uuid.uuid4()
        self.guids[str(guid)] = dn
        self.count += 1
        tokens = "".join(binary("tokenGroups", sid(*DOMAIN, GROUPS[one]))
                         for one in ("Domain Users", *groups))
        more = "".join(f"{key}: {value}\n" for key, value
                       in attributes.items())
        self.tool("ldapadd", text=(
            f"dn: {dn}\nobjectClass: inetOrgPerson\nobjectClass: user\n"
            f"cn: {name}\nsn: {name}\nsAMAccountName: {name}\n"
            f"userPrincipalName: {name}@corp.example.com\n"
            "objectCategory: person\nuserAccountControl: 512\n"
            "allowedAttributesEffective: userAccountControl\n"
            f"{binary('objectGUID', guid.bytes_le)}{named(self.count)}"
            f"{tokens}{more}\n"))
        return dn

    def how_to_ask(self, name):
        """The command with which a person sees an account."""
        return (f"LDAPTLS_CACERT={self.ca} ldapsearch -xLLL -H "
                f"ldaps://127.0.0.1:{self.slapd.port} -D {ADMIN} -w "
                f"Passw0rd.admin -b {ROOT} '(sAMAccountName={name})' "
                "userAccountControl")

    def uac(self, name):
        told = self.tool("ldapsearch", "-LLL", "-b", ROOT,
                         f"(sAMAccountName={name})", "userAccountControl")
        return int(told.partition("userAccountControl: ")[2].split()[0])

    def stop(self):
        self.front.close()
        self.slapd.__exit__()
