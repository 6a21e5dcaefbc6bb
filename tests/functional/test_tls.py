"""No credential leaves without a verified peer (P11): every connector that
speaks TLS against every server that cannot prove who it is.  One daemon for all
of it (faulting.py); each pair has a server of its own, which keeps what it
hears: before TLS no secret, in TLS not one byte.
"""
import itertools

import pytest

from faulting import KINDS, Action, Line, Lookup, Stage, all_of, name_of
from liar import Liar, ldap, smtp
from waiting import wait_until

CANARY = "example-canary-secret"
NO_PIN = "sha256//" + "A" * 43 + "="

CA, OTHER_CA = "{ca_file: '@CA@'}", "{ca_file: '@OTHER_CA@'}"
TRUST = "-> heraldctl trust @NAME@"

# What the server shows, whom we are told to believe, and what the message must
# hold: of HTTP and mail, of LDAP (whose library tells nothing of certificates).
DISTRUST = "its certificate is not accepted"
VARIANTS = {
    "good": ("good", CA, "", ""),
    "expired": ("expired", CA, "expired " + TRUST, DISTRUST),
    "other_name": ("other_name", CA, "'127.0.0.1' " + TRUST, DISTRUST),
    "self_signed": ("self_signed", CA, "self-signed certificate " + TRUST,
                    DISTRUST),
    "other_ca": ("good", OTHER_CA, "issuer certificate " + TRUST, DISTRUST),
    "no_ca": ("good", "", "issuer certificate " + TRUST, DISTRUST),
    "pin": ("good", f"{{pin: '{NO_PIN}'}}",
            "is not the one in tls.pin: find out why before you change that "
            + TRUST, DISTRUST),
    # TLS 1.0 and nothing else.
    "oldest": ("good", CA, "TLS 1.2 or later is required",
               "TLS 1.2 or later is required"),
    # No TLS at all: it is silent.
    "none": (None, CA, "", ""),
    # It offers no StartTLS.
    "stripped": (None, CA, "STARTTLS not supported", "Protocol error"),
}


class Mail(Action):
    def __init__(self, **more):
        super().__init__(
            "send", "{to: soc@example.com}", "mail", "smtp_notify", None,
            {"hit": {}}, options="from: herald@example.com, user: herald, ",
            **more)


class Directory:
    where = "servers: ['{}']"

    @staticmethod
    def options(security):
        return ("domain: corp.example.com, user: svc, retries: 0, "
                f"security: {security}, ")


class Asks(Directory, Lookup):
    def __init__(self, security):
        super().__init__("ad", "ad_enrich", None, {"hit": {"user": "alice"}},
                         options=self.options(security))


class Disables(Directory, Action):
    def __init__(self, security):
        super().__init__(
            "disable_account", "{user: '${user.name}'}", "ad", "ad_respond",
            None, {"hit": {"user": "alice"}},
            options=self.options(security).replace("retries: 0, ", ""))

    def limits(self, name):
        return (f"    {name}.disable_account: "
                "{at_most: [5/1h], per_target: 5/1h, beyond: refuse}\n")


KINDS.update({
    "mail": Mail(), "mail_starttls": Mail(),
    "ad": Asks("ldaps"), "ad_starttls": Asks("starttls"),
    "ad_ops": Disables("ldaps"), "ad_ops_starttls": Disables("starttls"),
})
HTTP = ["misp", "vt", "own", "now", "box", "soar", "room", "pull"]
MAIL, LDAP = ["mail", "mail_starttls"], ["ad", "ad_starttls", "ad_ops",
                                         "ad_ops_starttls"]


def scheme(connector):
    return {"mail": "smtps://", "mail_starttls": "smtp://"}.get(
        connector, "" if connector in LDAP else "https://")


def makes_sense(connector, variant):
    return variant != "stripped" or connector.endswith("_starttls")


def words(line):
    told = VARIANTS[line.fault][3 if line.connector in LDAP else 2]
    return told.replace("@NAME@", name_of(line))


PAIRS = [Line(connector, variant, "", "", "", "")
         for connector, variant in itertools.product(HTTP + MAIL + LDAP,
                                                     VARIANTS)
         if makes_sense(connector, variant)]


class Liars(Stage):
    files = {f"secrets/of_{one}": CANARY for one in (
        "misp", "virustotal", "generic", "servicenow", "netbox", "soar",
        "sink", "splunk", "mail", "ad")}

    def __init__(self, lines, certificates):
        super().__init__(lines)
        self.certificates = certificates
        self.liars = {name: self.liar(line)
                      for name, line in self.lines.items()}

    def liar(self, line):
        begin, greet = None, b""
        if line.connector.endswith("_starttls"):
            way = smtp if line.connector in MAIL else ldap
            begin = way(line.fault != "stripped")
        elif line.connector == "mail":
            greet = b"220 mail.example.com ESMTP\r\n"
        shown = VARIANTS[line.fault][0]
        return Liar(self.certificates.get(shown), begin=begin, greet=greet,
                    oldest=line.fault == "oldest")

    def connector(self, name, line):
        tls = VARIANTS[line.fault][1].replace(
            "@CA@", self.certificates["ca"]).replace(
            "@OTHER_CA@", self.certificates["other_ca"])
        address = f"{scheme(line.connector)}127.0.0.1:{self.liars[name].port}"
        return self.kind(name).connector(name, address, tls)

    def told(self, name):
        """What the operator is told: of the alert, of a pull by its health."""
        if self.lines[name].connector != "pull":
            return self.see(name).message

        def why():
            self.looked = 0
            self.look()
            return self.health[name].get("why")
        return wait_until(why, 30, self.daemon.log)

    def close(self):
        try:
            super().close()
        finally:
            for one in self.liars.values():
                one.close()


@pytest.fixture(scope="module")
def stage(request, certificates):
    yield from all_of(request, PAIRS, lambda lines: Liars(lines, certificates))


@pytest.mark.parametrize("line", PAIRS, ids=name_of)
def test_no_byte_for_whom_we_do_not_believe(stage, line):
    told = stage.told(name_of(line))
    liar = stage.liars[name_of(line)]
    assert liar.calls > 0
    assert CANARY.encode() not in liar.clear
    if line.fault == "good":    # so it would have been heard
        assert liar.inside
    else:
        assert liar.inside == b""
        assert words(line) in told
