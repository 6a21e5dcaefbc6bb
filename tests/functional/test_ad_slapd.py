"""ad_enrich and what Samba never does: size limits and referrals (OpenLDAP)."""
import pytest

from doing import Acting
from herald import free_port
from lookups import Asking
from private_net import Unavailable
from real_slapd import READER, Slapd, person, referral
from slapd_ad import SlapdAd

MAIL = {"recipient": "two@example.com", "subject": "x", "message_id": "1"}
# A black hole: who followed it would not be back in time.
AWAY = "ldap://192.0.2.1/dc=away"


@pytest.fixture
def slapd(certificates):
    running = []

    def start(*entries, more=""):
        try:
            server = Slapd(*certificates["good"], free_port(), more, entries)
        except Unavailable as reason:
            pytest.skip(f"NOTHING IS TESTED AGAINST OPENLDAP: {reason}")
        running.append(server.__enter__())
        return server
    yield start
    for one in running:
        one.__exit__()


@pytest.fixture
def asking(herald, certificates):
    def start(server, more="", secret="Passw0rd.reader"):
        return Asking(
            herald, "ad", "plugin: ad_enrich, domain: corp.example.com, "
            f"servers: ['127.0.0.1:{server.port}'], user: '{READER}', "
            "secret: {file: '@DIR@/secrets/reader'}, retries: 0, "
            "tls: {ca_file: '@CA@'}, timeout: 5s" + more,
            files={"secrets/reader": secret}, CA=certificates["ca"])
    return start


def test_more_than_the_server_gives_is_ambiguous(slapd, asking):
    server = slapd(person("one", "two@example.com"),
                   person("other", "two@example.com"), more="sizelimit 1")
    connector = asking(server)
    alert = connector.ask(MAIL)
    assert alert.outcome == "missing"
    assert "ambiguous: 1 and more objects" in connector.why(alert)


def test_many_pages_are_read_and_told_as_many(slapd, asking):
    server = slapd(*(person(f"p{i}", "two@example.com") for i in range(20)))
    connector = asking(server)
    alert = connector.ask(MAIL)
    assert alert.outcome == "missing"
    assert "ambiguous: 3 and more objects" in connector.why(alert)


def test_referrals_are_not_followed(slapd, asking):
    server = slapd(referral("away", AWAY))
    assert asking(server).ask({"user": "nobody"}).outcome == "clean"


def test_a_base_that_is_not_there_is_never_clean(slapd, asking):
    server = slapd(more="referral ldap://192.0.2.1")
    connector = asking(server, more=", base: 'dc=elsewhere'")
    alert = connector.ask({"user": "nobody"})
    assert alert.outcome == "missing"
    assert "there is no dc=elsewhere" in connector.why(alert)


def test_what_is_no_directory_of_microsofts_is_said(slapd, asking):
    server = slapd(person("one", "one@example.com"))
    connector = asking(server)
    alert = connector.ask({"user": "one"})
    assert alert.outcome == "missing"
    assert "are not all shown to us" in connector.why(alert)


def test_a_wrong_password_is_tried_once(slapd, asking):
    server = slapd()
    connector = asking(server, secret="wrong")
    for _ in range(3):
        assert connector.ask({"user": "one"}).outcome == "missing"
    assert server.log().count(" BIND dn=") == 1


@pytest.fixture
def domain(certificates):
    """OpenLDAP in the place of Active Directory, as contrib/demo has it where
    nobody is root."""
    try:
        running = SlapdAd(certificates, free_port())
    except Unavailable as reason:
        pytest.skip(f"NOTHING IS TESTED AGAINST OPENLDAP: {reason}")
    yield running
    running.stop()


def of(domain, plugin, user, name):
    return (f"plugin: {plugin}, domain: corp.example.com, servers: "
            f"['{domain.server}:{domain.port}'], user: '{user}', "
            f"secret: {{file: '@DIR@/secrets/{name}'}}, "
            "tls: {ca_file: '@CA@'}")


SAFETY = """\
safety:
  actions:
    ad.disable_account: {at_most: [5/1h], per_target: 1/1d, beyond: refuse}
"""


@pytest.fixture
def acting(herald, domain):
    return Acting(herald, "ad", of(domain, "ad_respond", domain.writer,
                                   "writer"),
                  "disable_account", {"user": "${user.name}"}, SAFETY,
                  CA=domain.ca, files={"secrets/writer": "Passw0rd.writer"})


def test_the_stand_in_tells_who_somebody_is(herald, domain):
    domain.new_user("boss", ["Domain Admins"], displayName="The Boss")
    asking = Asking(herald, "ad", of(domain, "ad_enrich", domain.reader,
                                     "reader"), CA=domain.ca,
                    files={"secrets/reader": "Passw0rd.reader"})
    alert = asking.ask({"user": "boss"})
    assert alert.outcome == "hit", asking.why(alert)
    user = alert.record["evidences"][0]["user"]
    assert user["full_name"] == "The Boss"
    assert [(one["name"], one["uid"]) for one in user["groups"]] == [
        ("Domain Users", "S-1-5-21-1-2-3-513"),
        ("Domain Admins", "S-1-5-21-1-2-3-512")]
    assert user["type_id"] == 2


def test_the_stand_in_lets_an_account_be_disabled(acting, domain):
    domain.new_user("alice")
    action = acting.act(user="alice")
    assert action["state"] == "done", action
    assert domain.uac("alice") == 514


def test_the_stand_in_has_domain_admins(acting, domain):
    domain.new_user("boss", ["Domain Admins"])
    action = acting.act(user="boss")
    assert action["state"] == "refused"
    assert "is in Domain Admins" in action["message"]
    assert domain.uac("boss") == 512
