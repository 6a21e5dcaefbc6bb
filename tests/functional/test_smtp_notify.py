"""smtp_notify against a scripted mail server."""
import base64
import email
import email.policy
import json
import sys
from html import escape

import pytest

from doing import ENDED, LATER, Acting
from services import DOUBLES, fixture
from waiting import wait_until

sys.path.insert(0, DOUBLES)
from smtp import DROP, RESET, Smtp, transcript      # noqa: E402

CLEAR = "url: 'smtp://127.0.0.1:@PORT@', starttls: off"
STARTTLS = "url: 'smtp://localhost:@PORT@', tls: {ca_file: '@CA@'}"
IMPLICIT = "url: 'smtps://localhost:@PORT@', tls: {ca_file: '@CA@'}"
LOGIN = ", user: herald@example.com, secret: {file: @DIR@/secrets/mail}"
HEADERS = ["date", "from", "to", "subject", "message-id", "auto-submitted",
           "x-auto-response-suppress", "precedence", "x-herald-alert-id",
           "mime-version", "content-type"]
OFFER = ["250-mail.example.com", "250-STARTTLS", "250 8BITMIME"]
OFFER_TLS = ["250-mail.example.com", "250 AUTH PLAIN LOGIN"]


class Mailer(Acting):
    def __init__(self, herald, server, lines=CLEAR, to="soc@example.com",
                 ca="", started=True, **more):
        super().__init__(
            herald, "mail",
            "plugin: smtp_notify, from: herald@example.com, " + lines,
            "send", {"to": to, **more},
            files={"secrets/mail": "s3cret-of-mail"}, PORT=str(server.port),
            CA=ca, started=started)


def parsed(mail):
    return email.message_from_bytes(mail.text, policy=email.policy.default)


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def test_a_mail_arrives_whole(herald):
    with Smtp(transcript("plain_ok")) as server:
        mailer = Mailer(herald, server, copy=["lead@example.com"],
                        subject="[${severity}] ${user.name}",
                        body="User ${user.name}\n\nfrom ${src.ip}\n")
        assert mailer.act(user="jdoe", src="198.51.100.23",
                           urgency="high")["state"] == "done"
    assert [mail.recipients for mail in server.mails] == [
        ["soc@example.com"], ["lead@example.com"]]
    assert len(server.sessions) == 1        # two transactions, one login
    message = parsed(server.mails[0])
    assert message["From"] == '"herald" <herald@example.com>' \
        or message["From"] == "herald <herald@example.com>"
    assert message["To"] == "soc@example.com"
    assert message["Cc"] == "lead@example.com"
    assert message["Subject"] == "[High] jdoe"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Precedence"] == "bulk"
    assert message["X-Herald-Alert-Id"] == mailer.alert()["id"]
    assert message["Message-ID"].endswith(".mail@example.com>")
    assert message["Date"].datetime.utcoffset().total_seconds() == 0
    assert text_of(message) == "User jdoe\n\nfrom 198.51.100.23\n"
    assert parsed(server.mails[1])["Message-ID"] != message["Message-ID"]


def test_without_a_text_the_alert_is_told(herald):
    with Smtp() as server:
        Mailer(herald, server).act(
            user="jdoe", urgency="critical", signature="Malware found",
            url="http://evil.example.net/x")
    message = parsed(server.mails[0])
    assert message["Subject"] == "[Critical] Malware found: jdoe"
    text = text_of(message)
    assert "jdoe" in text and "hxxp://evil.example.net/x" in text
    assert "http://" not in text


def test_html_goes_beside_the_text(herald):
    with Smtp() as server:
        Mailer(herald, server, body="${user.name} & co",
               html="<p>${user.name}</p>").act(
                   user="<script>alert(1)</script>")
    message = parsed(server.mails[0])
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert plain.get_content().rstrip() == "<script>alert(1)</script> & co"
    assert html.get_content().rstrip() == \
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"


# fixtures/smtp: what each conversation comes to.
@pytest.mark.parametrize("name, state, words", [
    ("plain_ok", "done", None),
    ("greeting_421", "message", "421"),
    ("rcpt_550_unknown", "failed", "550 5.1.1"),
    ("rcpt_451_greylisted", "message", "451 4.7.1 Greylisted"),
    ("data_451_then_retry", "message", "451 4.3.0"),
    ("data_552_too_big", "failed", "552 5.3.4"),
    ("data_554_rejected", "failed", "554 5.7.1"),
    ("lost_after_data", "in_doubt", "may have taken it"),
])
def test_transcripts(herald, name, state, words):
    with Smtp(transcript(name)) as server:
        action = Mailer(herald, server).act(
            LATER if state == "message" else ENDED)
    if state == "message":
        assert action["state"] not in ENDED, action
    else:
        assert action["state"] == state, action
    if words:
        assert words in action["message"]


# The same where somebody logs in: over TLS, or not at all.
@pytest.mark.parametrize("name, state, words", [
    ("auth_login_ok", "done", None),
    ("auth_535", "message", "535 5.7.8"),
    ("auth_454_temporary", "message", "454 4.7.0"),
    ("auth_xoauth2_ok", "message", None),
])
def test_logins(herald, certificates, name, state, words):
    with Smtp(transcript(name), tls=certificates["good"],
              implicit=True) as server:
        action = Mailer(herald, server, IMPLICIT + LOGIN,
                        ca=certificates["ca"]).act(
                            LATER if state == "message" else ENDED)
    if state == "done":
        assert action["state"] == state
        assert "czNjcmV0LW9mLW1haWw=" in server.sessions[0].commands
    else:
        assert action["state"] not in ENDED, action
        assert not server.mails
        assert "MAIL" not in server.sessions[0].verbs()
    if words:
        assert words in action["message"]


# A token: SASL's string is user=USER^Aauth=Bearer TOKEN^A^A.
@pytest.mark.parametrize("name, state", [
    ("auth_xoauth2_ok", "done"), ("auth_xoauth2_rejected", "message"),
    ("auth_login_ok", "message")])
def test_tokens(herald, certificates, name, state):
    with Smtp(transcript(name), tls=certificates["good"],
              implicit=True) as server:
        mailer = Mailer(herald, server, IMPLICIT + LOGIN + ", login: xoauth2",
                        ca=certificates["ca"])
        action = mailer.act(LATER if state == "message" else ENDED)
    told = base64.b64encode(b"user=herald@example.com\1auth=Bearer "
                            b"s3cret-of-mail\1\1").decode("ascii")
    verbs, commands = server.sessions[0].verbs(), server.sessions[0].commands
    if name == "auth_login_ok":         # the server takes passwords only
        assert "AUTH" not in verbs
    else:
        assert told in commands
    if state == "done":
        assert action["state"] == "done"
        assert len(server.mails) == 1
    else:
        assert action["state"] not in ENDED, action
        assert "MAIL" not in verbs and len(server.sessions) == 1
        assert "connector mail is stopped" in mailer.herald.log()
    assert "s3cret-of-mail" not in mailer.herald.log()
    assert told not in mailer.herald.log()


def test_starttls_then_login(herald, certificates):
    with Smtp(transcript("starttls_auth_plain_ok"),
              tls=certificates["good"]) as server:
        assert Mailer(herald, server, STARTTLS + LOGIN,
                      ca=certificates["ca"]).act()["state"] == "done"
    session = server.sessions[0]
    assert session.tls
    assert session.verbs()[:5] == ["EHLO", "STARTTLS", "EHLO", "AUTH",
                                   session.verbs()[4]]
    assert len(server.mails) == 1


def test_a_greeting_of_many_lines_is_one(herald, certificates):
    """As of Exim and postscreen: what is offered before STARTTLS, where a
    server takes no log-in, is not what it offers after it."""
    hello = ["220-mail.example.com ESMTP", "220-No spam,", "220 please"]
    script = [("(connect)", hello), ("AUTH", ["334 "]),
              ("*", ["235 2.7.0 Authentication successful"])]
    with Smtp(script, tls=certificates["good"], ehlo=OFFER,
              ehlo_tls=OFFER_TLS) as server:
        action = Mailer(herald, server, STARTTLS + LOGIN,
                        ca=certificates["ca"]).act()
    assert action["state"] == "done", action
    assert server.sessions[0].verbs()[:4] == ["EHLO", "STARTTLS", "EHLO",
                                              "AUTH"]


def test_stripped_starttls_is_never_clear_text(herald):
    with Smtp(transcript("starttls_stripped")) as server:
        action = Mailer(herald, server,
                        "url: 'smtp://127.0.0.1:@PORT@'").act()
    assert action["state"] == "failed"
    assert server.sessions[0].verbs() in (["EHLO"], ["EHLO", "QUIT"])


@pytest.mark.parametrize("which, lines", [
    ("expired", STARTTLS), ("other_name", STARTTLS),
    ("self_signed", STARTTLS), ("good", "url: 'smtp://localhost:@PORT@'"),
    ("other_name", IMPLICIT)])
def test_a_server_that_cannot_prove_itself_gets_nothing(herald, certificates,
                                                        which, lines):
    with Smtp(tls=certificates[which], ehlo=OFFER, ehlo_tls=OFFER_TLS,
              implicit=lines == IMPLICIT) as server:
        action = Mailer(herald, server, lines + LOGIN,
                        ca=certificates["ca"]).act()
    assert action["state"] == "failed"
    assert "certificate" in action["message"].lower()
    assert "-> heraldctl trust mail" in action["message"]
    for session in server.sessions:
        assert "AUTH" not in session.verbs()
        assert "MAIL" not in session.verbs()


def test_the_wrong_kind_of_port_is_told(herald, certificates):
    with Smtp(tls=certificates["good"], ehlo=OFFER) as server:
        action = Mailer(herald, server, IMPLICIT,
                        ca=certificates["ca"]).act(LATER)
    assert "smtp:// by STARTTLS" in action["message"]


def test_another_name_may_be_told(herald, certificates):
    lines = STARTTLS.replace("{ca_file: '@CA@'}",
                             "{ca_file: '@CA@', server_name: other.example}")
    with Smtp(tls=certificates["other_name"], ehlo=OFFER,
              ehlo_tls=OFFER_TLS) as server:
        assert Mailer(herald, server, lines,
                      ca=certificates["ca"]).act()["state"] == "done"
    assert server.sessions[0].tls


def test_credentials_but_no_auth_offered_sends_nothing(herald, certificates):
    with Smtp(tls=certificates["good"], ehlo=OFFER,
              ehlo_tls=["250-mail.example.com", "250 8BITMIME"]) as server:
        action = Mailer(herald, server, STARTTLS + LOGIN,
                        ca=certificates["ca"]).act(
                            LATER)
    assert "no way to log in" in action["message"]
    assert action["state"] not in ("done", "failed")
    assert "MAIL" not in server.sessions[0].verbs()
    assert not server.mails


def test_a_password_never_goes_over_a_clear_line(herald):
    with Smtp(ehlo=["250-mail.example.com", "250 AUTH PLAIN LOGIN"]) as server:
        action = Mailer(herald, server,
                        CLEAR + ", secret: {file: @DIR@/secrets/mail}").act()
    assert action["state"] == "failed"
    assert "not encrypted" in action["message"]
    assert not server.sessions


def test_a_wrong_login_stops_the_connector(herald, certificates):
    with Smtp(transcript("auth_535") * 2, tls=certificates["good"],
              implicit=True) as server:
        mailer = Mailer(herald, server, IMPLICIT + LOGIN,
                        ca=certificates["ca"])
        mailer.act(LATER)
        mailer.act(LATER)
        assert len(server.sessions) == 1


def test_one_bad_recipient_harms_no_other(herald):
    bad = [("RCPT TO:<nobody@example.com>", ["550 5.1.1 User unknown"])]
    with Smtp(bad) as server:
        action = Mailer(herald, server, to=[
            "soc@example.com", "nobody@example.com",
            "lead@example.com"]).act()
    assert action["state"] == "failed"
    assert "nobody@example.com: 550 5.1.1" in action["message"]
    assert [mail.recipients[0] for mail in server.mails] == [
        "soc@example.com", "lead@example.com"]


def test_mixed_fates_are_told_apart(herald):
    """rcpt_mixed: taken, refused for good, later; each in its own time."""
    late = [("RCPT TO:<nobody@example.com>", ["550 5.1.1 User unknown"]),
            ("RCPT TO:<late@example.com>", ["452 4.2.2 Mailbox full"])]
    assert [answer[0][:3] for _, answer in transcript("rcpt_mixed")
            if answer[0][0] in "45"] == ["550", "452"]
    with Smtp(late) as server:
        action = Mailer(herald, server, CLEAR + ", retry_after: 1s", to=[
            "soc@example.com", "nobody@example.com",
            "late@example.com"]).act()
    assert action["state"] == "failed"
    assert [mail.recipients[0] for mail in server.mails] == [
        "soc@example.com", "late@example.com"]


def test_a_retry_does_not_repeat_those_who_have_it(herald):
    later = [("RCPT TO:<late@example.com>", ["452 4.2.2 Mailbox full"])]
    with Smtp(later) as server:
        action = Mailer(herald, server, CLEAR + ", retry_after: 1s", to=[
            "soc@example.com", "late@example.com"]).act()
    assert action["state"] == "done", action
    assert [mail.recipients[0] for mail in server.mails] == [
        "soc@example.com", "late@example.com"]


def test_a_drop_before_the_end_is_tried_again(herald):      # u35
    with Smtp(slow_body=True) as server:
        # Each byte becomes three, and the server's window is small.
        mailer = Mailer(herald, server, body="${finding_info.desc}" * 4)
        action = mailer.act(LATER, description="\u00fc" * 31000)
    assert action["state"] not in ENDED, action


def test_an_unknown_outcome_keeps_its_message_id(herald):   # u36
    with Smtp([(".", DROP)]) as server:
        mailer = Mailer(herald, server)
        action = mailer.act()
        assert action["state"] == "in_doubt"
        told = mailer.herald.run_ctl("settle", action["id"], "not-done",
                                     "--because", "a test")
        assert told.returncode == 0, told.stderr
        wait_until(lambda: server.mails, 30, mailer.herald.log)
    first, second = [parsed(mail)["Message-ID"] for mail in server.seen]
    assert first == second


def test_a_reset_before_the_body_is_tried_again(herald):
    with Smtp([("DATA", RESET)]) as server:
        action = Mailer(herald, server, CLEAR + ", retry_after: 1s").act()
    assert action["state"] == "done"
    assert len(server.mails) == 1


def test_nobody_there_is_tried_again(herald):
    with Smtp() as server:
        mailer = Mailer(herald, server)
    action = mailer.act(LATER)
    assert action["state"] not in ENDED


def vectors(field):
    return [one for one in fixture("smtp/injection_vectors.json")
            if one["field"] == field]


@pytest.mark.parametrize("vector", vectors("subject"),
                         ids=lambda one: one["value"][:12].strip())
def test_a_subject_stays_a_subject(herald, vector):
    with Smtp() as server:
        Mailer(herald, server, subject="${finding_info.title}",
               body="as always").act(signature=vector["value"])
    message = parsed(server.mails[0])
    assert message["Bcc"] is None and message["X-Injected"] is None
    assert message["Subject"].split() == vector["value"].split()
    assert server.mails[0].recipients == ["soc@example.com"]
    assert "injected" not in message.get_content()


@pytest.mark.parametrize("vector", vectors("body"))
def test_a_body_stays_a_body(herald, vector):               # f31
    with Smtp() as server:
        Mailer(herald, server, body="${finding_info.title}").act(
            signature=vector["value"])
        assert len(server.mails) == 1
    raw = server.mails[0].text
    assert b"\n." not in raw
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    wanted = vector["value"].replace("\r\n", "\n").rstrip("\n")
    assert text_of(parsed(server.mails[0])).rstrip("\n") == wanted
    assert [one for one in server.sessions[0].commands
            if one.startswith("MAIL")] == [
                one for one in server.sessions[0].commands
                if one.startswith("MAIL FROM:<herald@example.com>")]


@pytest.mark.parametrize("vector", vectors("recipient")
                         + vectors("recipient suffix"))
def test_a_recipient_is_one_address(herald, vector):        # f32
    with Smtp() as server:
        action = Mailer(herald, server, to="${finding_info.title}").act(
            LATER, signature=vector["value"])
        assert action["state"] == "refused", action
        assert not server.mails


@pytest.mark.parametrize("vector", fixture("smtp/injection_vectors.json"),
                         ids=lambda one: one["field"])
def test_no_vector_injects_anywhere(herald, vector):
    """Each value in every place that an alert can fill."""
    value = vector["value"]
    with Smtp() as server:
        Mailer(herald, server, subject="${finding_info.title}",
               body="${finding_info.title}",
               html="<p>${finding_info.title}</p>").act(signature=value)
    session, = server.sessions
    assert [one.split(" ")[0] for one in session.commands
            if one.split(" ")[0] in ("MAIL", "RCPT", "DATA")] == [
                "MAIL", "RCPT", "DATA"]
    mail, = server.mails
    assert (mail.sender, mail.recipients) == (
        "herald@example.com", ["soc@example.com"])
    message = parsed(mail)
    assert sorted(name.lower() for name in message.keys()) == sorted(HEADERS)
    plain, html = message.iter_parts()
    cleaned = value.replace("\0", "\ufffd")
    assert message["Subject"].split() == cleaned.split()
    assert text_of(plain).split() == cleaned.split()
    assert "<p>" + escape(cleaned).replace("&#x27;", "&#39;").replace(
        "\r\n", "\n") + "</p>" == text_of(html).rstrip("\n")
    for part in (plain, html):
        assert sorted(name.lower() for name in part.keys()) == [
            "content-transfer-encoding", "content-type"]


@pytest.mark.parametrize("field", ["from", "bounces_to", "reply_to", "ehlo",
                                   "from_name"])
@pytest.mark.parametrize("vector", [
    one for one in fixture("smtp/injection_vectors.json")
    if one["field"] in ("sender", "recipient", "subject",
                        "recipient suffix")], ids=lambda one: one["field"])
def test_no_vector_injects_by_the_configuration(herald, vector, field):
    lines = (CLEAR + ", from: herald@example.com").replace(
        "from: herald@example.com" if field == "from" else "-", "")
    with Smtp() as server:
        try:
            acting = Acting(
                herald, "mail", "plugin: smtp_notify, " + lines.rstrip(", ")
                + f", {field}: {json.dumps(vector['value'])}", "send",
                {"to": "soc@example.com"}, PORT=str(server.port))
        except ChildProcessError as refused:
            assert field in str(refused)
            return
        acting.act(LATER)
    assert field in ("from_name", "ehlo")
    for mail in server.mails:
        assert mail.recipients == ["soc@example.com"]
        assert sorted(name.lower() for name in parsed(mail).keys()) == sorted(
            set(HEADERS) - {"content-type"} | {
                "content-type", "content-transfer-encoding"})
    for session in server.sessions:
        assert [one for one in session.commands
                if "evil@example.net" in one and one[:4] != "EHLO"] == []


# Texts in files.

def test_texts_may_stand_in_files(herald):
    with Smtp() as server:
        mailer = Mailer(herald, server, started=False, **{
            name: {"file": f"@DIR@/{name}.txt"}
            for name in ("subject", "body", "html")})
        mailer.herald.write("subject.txt", "Alert for ${user.name}\n")
        mailer.herald.write("body.txt", "Dear all,\n\n${user.name} $$5\n")
        mailer.herald.write("html.txt", "<b>${user.name}</b>\n")
        mailer.herald.start()
        mailer.act(user="<j&d>")
    message = parsed(server.mails[0])
    plain, html = message.iter_parts()
    assert message["Subject"] == "Alert for <j&d>"
    assert text_of(plain) == "Dear all,\n\n<j&d> $5\n"
    assert text_of(html) == "<b>&lt;j&amp;d&gt;</b>\n"


@pytest.mark.parametrize("text, words", [
    (None, "No such file"),
    ("one\ntwo ${user.nam} x", ".txt:2:12: "),
    ("a\n${", ".txt:2:"),
    ("x" * 1100000, "over 1 MiB"),
], ids=["absent", "unknown attribute", "no end", "too big"])
def test_a_wrong_file_is_refused_at_load(herald, text, words):
    mailer = Mailer(herald, Smtp(), started=False,
                    body={"file": "@DIR@/body.txt"})
    if text is not None:
        mailer.herald.write("body.txt", text)
    with pytest.raises(ChildProcessError) as told:
        mailer.herald.start()
    assert words in str(told.value)


@pytest.mark.parametrize("given, words", [
    ({"body": {"file": "body.txt"}}, "absolute path"),
    ({"body": {"file": "/x", "more": "y"}}, "not a mapping"),
    ({"body": {}}, "not a mapping"),
    ({"copy": {"file": "/x"}}, "not a mapping")])
def test_only_texts_stand_in_files(herald, given, words):
    mailer = Mailer(herald, Smtp(), started=False, **given)
    with pytest.raises(ChildProcessError) as told:
        mailer.herald.start()
    assert words in str(told.value)


def test_other_domains_are_refused(herald):
    with Smtp() as server:
        mailer = Mailer(herald, server, CLEAR + ", domains: [example.com]",
                        to=["soc@example.com", "x@elsewhere.example"])
        assert mailer.act()["state"] == "refused"
        assert not server.sessions


def test_the_probe_logs_in_and_sends_nothing(herald, certificates):
    with Smtp(tls=certificates["good"], ehlo=OFFER, ehlo_tls=OFFER_TLS,
              script=[("AUTH", ["334"]), ("*", ["235 2.7.0 Ok"])]) as server:
        mailer = Mailer(herald, server, STARTTLS + LOGIN,
                        ca=certificates["ca"])
        told = mailer.herald.run_ctl("test-connector", "mail")
        assert told.returncode == 0, told.stdout + told.stderr
    verbs = server.sessions[0].verbs()
    assert "NOOP" in verbs and "MAIL" not in verbs


def test_the_password_is_in_no_log(herald, certificates):
    with Smtp(transcript("auth_535"), tls=certificates["good"],
              implicit=True) as server:
        mailer = Mailer(herald, server, IMPLICIT + LOGIN,
                        ca=certificates["ca"])
        mailer.act(LATER)
        log = mailer.herald.log()
    assert "s3cret-of-mail" not in log
    assert "czNjcmV0LW9mLW1haWw=" not in log


@pytest.mark.parametrize("lines, words", [
    ("url: 'http://x'", "scheme"),
    (CLEAR.replace("@PORT@", "25") + ", user: x", "starttls"),
    ("url: 'smtp://x', reply_to: 'a@b, c@d'", "mail address"),
])
def test_wrong_configurations_are_refused(herald, lines, words):
    with pytest.raises(ChildProcessError) as told:
        Acting(herald, "mail", "plugin: smtp_notify, from: herald@example.com,"
               + lines, "send", {"to": "a@b.c"})
    assert words in str(told.value)
