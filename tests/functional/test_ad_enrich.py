"""ad_enrich against a real Active Directory (Samba), as root."""
import time

import pytest

from directories import SECRETS, lines
from lookups import CONFIG, Asking
from real_samba import NAME, ROOT, STAFF


@pytest.fixture
def ad(directory, herald):
    def start(*words, files=None, **more):
        return Asking(herald, "ad", lines("ad_enrich", *words, **more),
                      files={**SECRETS, **(files or {})}, CA=directory.ca)
    return start


def user_of(alert):
    return alert.record["evidences"][0]["user"]


def names(groups):
    return {one["name"] for one in groups}


@pytest.mark.parametrize("security", ["ldaps", "starttls"])
def test_a_user_is_told_whole(ad, directory, security):
    alert = ad(security).ask({"user": "Alice"})
    user = user_of(alert)
    data = alert.answers[0]["data"]
    sid = user["uid"]
    assert sid.startswith("S-1-5-21-")
    assert user["full_name"] == "Alice Example"
    assert user["email_addr"] == "alice@corp.example.com"
    assert user["phone_number"] == "+1 555 0100"
    assert user["type_id"] == 1
    assert user["org"] == {"name": "Example Corp", "ou_name": "Finance"}
    person = user["ldap_person"]
    assert person["ldap_dn"] == "CN=Alice Example," + STAFF
    assert person["job_title"] == "Payroll Analyst"
    assert person["manager"]["name"] == "mallory"
    assert person["manager"]["email_addr"] == "mallory@corp.example.com"
    # nested, primary and built-in ones: as in fixtures/ldap
    assert names(user["groups"]) == {"Finance-Users", "Finance-All",
                                     "Tier0-Admins", "Domain Users", "Users"}
    primary, = [one for one in user["groups"]
                if one["name"] == "Domain Users"]
    assert primary["uid"] == sid.rpartition("-")[0] + "-513"
    assert data["enabled"] is True
    assert data["locked"] is False
    assert data["flags"] == ["NORMAL_ACCOUNT"]
    assert data["password_age_days"] == 0
    # The domain may be kept for a while in a build tree.
    assert 0 <= time.time() - data["password_set_time"] / 1000 < 86400
    assert data["department"] == "Finance"
    assert data["manager"] == "CN=Mallory Manager," + STAFF
    assert "password_must_change" in data
    assert alert.answers[0]["type"] == "identity"


def test_a_user_is_found_by_every_name(ad, directory):
    connector = ad()
    sid = directory.get("alice", "objectSid")[0]
    for name in ("alice", "ALICE@corp.example.com", sid, "CORP\\alice",
                 "corp.example.com\\alice"):
        alert = connector.ask({"user": name})
        assert alert.outcome == "hit", name
        assert alert.answers[0]["data"]["account"] == "alice"


def test_the_suffix_of_a_upn_need_not_be_the_domain(ad, directory):
    directory.new_user("upn1")
    directory.set(f"CN=upn1,{STAFF}", "userPrincipalName",
                  "first.last@example.org")
    connector = ad()
    for name in ("first.last@example.org", "upn1@corp.example.com"):
        alert = connector.ask({"user": name})
        assert alert.answers[0]["data"]["account"] == "upn1", name
    assert connector.ask({"user": "upn1@example.org"}).outcome == "clean"


def test_a_user_is_found_by_mail(ad, directory):
    directory.new_user("mailed", mail="mailed@example.org")
    alert = ad().ask({"recipient": "Mailed@example.org", "subject": "x",
                      "message_id": "1"})
    assert alert.answers[0]["data"]["account"] == "mailed"


def test_a_computer_is_told(ad, directory):
    connector = ad()
    for name in ("WS0042", "ws0042.corp.example.com"):
        alert = connector.ask({"dest": name})
        device = alert.record["device"]
        assert device["os"]["name"] == "Windows 11 Enterprise"
        assert device["uid"] == directory.get("WS0042$", "objectSid")[0]
        assert "Domain Computers" in names(device["groups"])
        assert alert.answers[0]["data"]["enabled"] is True
    assert connector.ask({"dest": "ws0042.example.org"}).outcome == "clean"
    dc = connector.ask({"dest": "dc1"})
    assert "SERVER_TRUST_ACCOUNT" in dc.answers[0]["data"]["flags"]
    assert dc.answers[0]["data"]["privileged"] is True


def test_the_unknown_is_clean(ad, directory):
    assert ad().ask({"user": "nobody.here"}).outcome == "clean"


def test_an_account_of_a_machine_is_not_ours(ad, directory):
    alert = ad().ask({"user": "WS0042\\alice"})
    assert alert.outcome == "clean"
    assert "full_name" not in user_of(alert)


def test_no_name_is_more_than_a_name(ad, directory):
    connector = ad()
    alert = connector.ask({"user": "j.o(hn) smith"})
    assert alert.answers[0]["data"]["account"] == "j.o(hn) smith"
    for name in ("*", "*)(adminCount=1", "ali*", "a\\2a"):
        assert connector.ask({"user": name}).outcome == "clean", name
    alert = connector.ask({"user": "jmueller"})
    assert user_of(alert)["full_name"] == "M\u00fcller, J\u00f6rg"
    assert user_of(alert)["ldap_person"]["ldap_dn"].startswith(
        "CN=M\u00fcller\\, J\u00f6rg")


def test_two_are_ambiguous_and_nobody_is_taken(ad, directory):
    for name in ("twin1", "twin2"):
        directory.new_user(name, mail="twins@example.org")
    connector = ad()
    alert = connector.ask({"recipient": "twins@example.org", "subject": "x",
                           "message_id": "2"})
    assert alert.outcome == "missing"
    said = connector.why(alert)
    assert "ambiguous: 2 objects" in said
    assert f"CN=twin1,{STAFF}" in said and f"CN=twin2,{STAFF}" in said


def test_states_are_told(ad, directory):
    connector = ad()
    directory.samba_tool("user", "disable", "bob.disabled")
    told = connector.ask({"user": "bob.disabled"}).answers[0]["data"]
    assert told["enabled"] is False and "ACCOUNTDISABLE" in told["flags"]
    directory.new_user("mustchange")
    directory.set(f"CN=mustchange,{STAFF}", "pwdLastSet", "0")
    told = connector.ask({"user": "mustchange"}).answers[0]["data"]
    assert told["password_must_change"] is True
    assert told["password_expired"] is True
    assert "password_age_days" not in told


def test_who_is_privileged_is_told_by_groups(ad, directory):
    directory.new_user("boss", groups=["Domain Admins"])
    alert = ad().ask({"user": "boss"})
    assert alert.answers[0]["data"]["privileged"] is True
    assert user_of(alert)["type_id"] == 2
    assert {"Domain Admins", "Administrators",
            "Denied RODC Password Replication Group"} <= names(
                user_of(alert)["groups"])
    told = ad().ask({"user": "mallory"}).answers[0]["data"]
    assert told["admin_count"] == 1 and told["privileged"] is False


def test_outside_of_base_is_nobody(ad, directory):
    connector = ad(more=f", base: 'OU=Service,{ROOT}'")
    assert connector.ask({"user": "alice"}).outcome == "clean"
    alert = connector.ask({"user": "svc.reader"})
    assert "Domain Users" in names(user_of(alert)["groups"])


# Being let in.

def refused(connector, word):
    alert = connector.ask({"user": "alice"})
    assert alert.outcome == "missing"
    assert word in connector.why(alert)


@pytest.mark.parametrize("user, secret, word", [
    ("svc.reader", "wrong", "wrong user or password"),
    ("bob.disabled", "wrong", "wrong user or password"),
    ("nobody", "wrong", "wrong user or password"),
])
def test_a_wrong_password_is_tried_once(ad, relay, user, secret, word):
    before = relay()
    connector = ad(user=user, secret=secret,
                   servers=[f"{NAME}:{before.port}", f"{NAME}:636"])
    refused(connector, word)
    refused(connector, "")
    refused(connector, "")
    assert before.count == 1


def test_an_expired_password_says_so(ad, directory):
    directory.new_user("old")
    directory.set(f"CN=old,{STAFF}", "pwdLastSet", "0")
    refused(ad(user="old", files={"secrets/old": "Passw0rd.old"}),
            "the password must be changed")


def test_a_disabled_account_says_so(ad, directory):
    directory.new_user("off")
    directory.samba_tool("user", "disable", "off")
    refused(ad(user="off", files={"secrets/off": "Passw0rd.off"}),
            "the account is disabled")


def test_a_wrong_certificate_authority_is_not_believed(ad, directory,
                                                       certificates, herald):
    connector = Asking(herald, "ad", lines("ad_enrich"), files=SECRETS,
                       CA=certificates["ca"])
    refused(connector, f"{NAME}:636: TLS: its certificate is not accepted")


def test_a_pin_stands_in_for_the_rest(ad, directory):
    pin = directory.pin()
    assert ad(tls=f"{{pin: '{pin}'}}").ask({"user": "alice"}).outcome == "hit"
    wrong = "sha256//" + "A" * 43 + "="
    refused(ad(tls=f"{{pin: '{wrong}'}}"), "TLS")


def test_a_certificate_for_another_name_is_not_believed(ad, directory):
    other = "dc2.corp.example.com:636"
    refused(ad(servers=[other]), "certificate is not accepted")
    assert ad(servers=[other], tls=f"{{ca_file: '@CA@', server_name: {NAME}}}"
              ).ask({"user": "alice"}).outcome == "hit"


def test_starttls_with_a_wrong_authority_sends_no_password(
        directory, certificates, herald):
    connector = Asking(herald, "ad", lines("ad_enrich", "starttls"),
                       files=SECRETS, CA=certificates["ca"])
    refused(connector, "StartTLS: its certificate is not accepted")


# Kerberos.

def krb5(directory):
    return {"KRB5_CONFIG": directory.path("krb5.conf")}


@pytest.fixture
def kerberos(directory, herald):
    def start(user="svc.reader", **more):
        return Asking(herald, "ad", lines("ad_enrich", "gssapi", user=user,
                                          **more),
                      files=SECRETS, CA=directory.ca,
                      environment=krb5(directory))
    return start


def test_kerberos_with_a_keytab(kerberos, directory):
    keytab = directory.keytab("svc.reader")
    alert = kerberos(secret="none", more=f", keytab: '{keytab}'").ask(
        {"user": "alice"})
    assert user_of(alert)["full_name"] == "Alice Example"
    assert "Tier0-Admins" in names(user_of(alert)["groups"])


def test_kerberos_with_a_password(kerberos, directory):
    alert = kerberos().ask({"user": "alice"})
    assert user_of(alert)["full_name"] == "Alice Example"


def test_kerberos_says_why_not(kerberos, directory):
    refused(kerberos(secret="wrong"), "Kerberos log-in")
    refused(kerberos(secret="none"), "neither keytab nor secret")
    refused(kerberos(secret="none", more=", keytab: '/nonexistent'"),
            "Kerberos log-in")


# Controllers that come and go.

def test_a_cut_line_is_opened_again(ad, relay):
    line = relay()
    connector = ad(servers=[f"{NAME}:{line.port}"])
    assert connector.ask({"user": "alice"}).outcome == "hit"
    line.cut()
    assert connector.ask({"user": "dave"}).outcome == "hit"
    assert line.count >= 2


def test_the_second_controller_answers_when_the_first_stops(ad, relay):
    first = relay()
    second = relay()
    connector = ad(servers=[f"{NAME}:{first.port}", f"{NAME}:{second.port}"])
    assert connector.ask({"user": "alice"}).outcome == "hit"
    assert second.count == 0
    first.close()
    assert connector.ask({"user": "dave"}).outcome == "hit"
    assert second.count > 0


def test_the_second_controller_answers_when_the_first_hangs(ad, relay):
    first = relay()
    first.hangs = True
    second = relay()
    connector = ad(servers=[f"{NAME}:{first.port}", f"{NAME}:{second.port}"],
                   more=", timeout: 4s")
    assert connector.ask({"user": "alice"}).outcome == "hit"
    tries = first.count
    assert connector.ask({"user": "dave"}).outcome == "hit"
    assert first.count <= tries + 1     # it is tried last for a while


def test_nobody_there_is_missing(ad, relay):
    line = relay()
    line.close()
    refused(ad(servers=[f"{NAME}:{line.port}"], more=", timeout: 2s"),
            f"{NAME}:{line.port}")


def test_controllers_are_found_by_dns(ad, directory):
    assert ad(servers=[]).ask({"user": "alice"}).outcome == "hit"
    refused(ad(servers=[], more=", site: nowhere, timeout: 3s"),
            "DNS knows no _ldap._tcp.nowhere._sites.dc._msdcs."
            "corp.example.com")


def test_the_probe_says_who_is_let_in(ad, directory):
    connector = ad()
    told = connector.herald.ctl("test-connector", "ad")
    assert f"{NAME}:636 lets svc.reader@corp.example.com in" in str(told)


@pytest.mark.parametrize("plugin", ["ad_enrich", "ad_respond"])
@pytest.mark.parametrize("words, more, said", [
    ([], {"more": ", base: 'OU=Nobody,DC=corp,DC=example,DC=com'"},
     "there is no OU=Nobody,DC=corp,DC=example,DC=com, or we do not see it"),
    ([], {"servers": [f"{NAME}:389"]},
     "a port of security: starttls; LDAPS is on 636"),
    (["starttls"], {"servers": [f"{NAME}:636"]},
     "a port of security: ldaps; StartTLS is on 389"),
])
def test_the_probe_says_what_is_wrong(directory, herald, plugin, words, more,
                                      said):
    config = CONFIG.replace("@NAME@", "ad").replace(
        "@LINES@", lines(plugin, *words, **more))
    config = config[:config.index("pipelines:")] + \
        "pipelines: [{name: default, steps: []}]\n"
    told = herald(config, files=SECRETS, CA=directory.ca).run_ctl(
        "test-connector", "ad")
    assert told.returncode != 0
    assert said in told.stdout + told.stderr


@pytest.mark.parametrize("more, word", [
    ({"more": ", base: staff"}, "write where to look: OU="),
    ({"more": ", keytab: '/etc/krb5.keytab'"}, "a key is for Kerberos"),
    ({"servers": ["dc1"]}, "host:port"),
    ({"security": "gssapi", "user": "CORP\\svc"}, "Kerberos wants a princip"),
])
def test_what_cannot_work_is_refused_at_load(herald, more, word):
    text = lines("ad_enrich", **{"secret": "svc.reader", "tls": "{}", **more})
    config = CONFIG.replace("@NAME@", "ad").replace("@LINES@", text).replace(
        "@OF@", "")
    checked = herald(config, started=False, files=SECRETS).check()
    assert checked.returncode != 0
    assert word in checked.stderr + checked.stdout
