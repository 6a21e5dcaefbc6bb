"""smtp_notify against a real Postfix, where there is one and we are root."""
import email
import email.policy

import pytest

from doing import LATER, Acting
from herald import free_port
from real_postfix import Postfix, Unavailable


@pytest.fixture
def postfix(certificates):
    try:
        server = Postfix(*certificates["good"], free_port())
    except Unavailable as reason:
        pytest.skip(str(reason))
    with server:
        yield server


PASSWORD = "a test's password"


def guarded_server(certificates, **more):
    """Takes mail from those alone who log in."""
    port, wrapped = free_port(), free_port()
    try:
        return Postfix(*certificates["good"], port, password=PASSWORD,
                       wrapped=wrapped, **more), port, wrapped
    except Unavailable as reason:
        pytest.skip(str(reason))


def guarded_mail(herald, certificates, url, password=PASSWORD, more=""):
    return Acting(herald, "mail", "plugin: smtp_notify, "
                  f"from: herald@example.com, url: '{url}', "
                  "secret: {file: @DIR@/secrets/mail}, "
                  f"tls: {{ca_file: '@CA@'}}{more}", "send",
                  {"to": "soc@example.com"},
                  CA=certificates["ca"], files={"secrets/mail": password})


@pytest.mark.parametrize("mechanism, more", [
    ("PLAIN", ""), ("LOGIN", ""), ("XOAUTH2", ", login: xoauth2")])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_login_is_let_in(herald, certificates, scheme, mechanism, more):
    server, port, wrapped = guarded_server(certificates,
                                           mechanisms=[mechanism])
    port = wrapped if scheme == "smtps" else port
    with server:
        acting = guarded_mail(herald, certificates,
                              f"{scheme}://localhost:{port}", more=more)
        action = acting.act()
        assert action["state"] == "done", (action, server.log())
        raw, = server.mails("soc@example.com")
        assert server.auth.seen == [(mechanism, True)]
    assert "with ESMTPSA" in parsed(raw)["Received"]


def test_plain_goes_before_login_and_a_token_before_both(herald,
                                                         certificates):
    for more, mechanism in (("", "PLAIN"), (", login: xoauth2", "XOAUTH2")):
        server, port, _ = guarded_server(
            certificates, mechanisms=["XOAUTH2", "LOGIN", "PLAIN"])
        with server:
            acting = guarded_mail(herald, certificates,
                                  f"smtp://localhost:{port}", more=more)
            assert acting.act()["state"] == "done"
            assert server.auth.seen == [(mechanism, True)]


@pytest.mark.parametrize("more", ["", ", login: xoauth2"])
def test_a_wrong_password_is_tried_once(herald, certificates, more):
    server, port, _ = guarded_server(
        certificates, mechanisms=["PLAIN", "XOAUTH2"])
    with server:
        acting = guarded_mail(herald, certificates,
                              f"smtp://localhost:{port}", "another", more)
        action = acting.act(LATER)
        assert "535 5.7.8" in action["message"]
        acting.act(LATER)
        assert [good for _, good in server.auth.seen] == [False]
        told = acting.herald.run_ctl("test-connector", "mail")
        assert told.returncode == 1
    assert "connector mail is stopped" in acting.herald.log()


def test_a_password_meets_a_server_that_wants_a_token(herald, certificates):
    server, port, _ = guarded_server(certificates, mechanisms=["XOAUTH2"])
    with server:
        acting = guarded_mail(herald, certificates,
                              f"smtp://localhost:{port}")
        action = acting.act(LATER)
        assert action["state"] not in ("done", "failed"), action
        assert server.auth.seen == []
    assert "connector mail is stopped" in acting.herald.log()


@pytest.fixture
def mail(herald, postfix, certificates):
    def start(**params):
        return Acting(herald, "mail", "plugin: smtp_notify, "
                      "from: herald@example.com, "
                      "url: 'smtp://localhost:@PORT@', "
                      "tls: {ca_file: '@CA@'}", "send", params,
                      PORT=str(postfix.port), CA=certificates["ca"])
    return start


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_a_mail_is_delivered_as_it_was_meant(postfix, mail):
    text = "b\n.\nMAIL FROM:<x@example.net>\n..\n" + "\u00fcber " * 40 + "\n"
    title = "Anmeldung f\u00fcr J\u00fcrgen\r\nBcc: lead@example.com"
    action = mail(to=["soc@example.com", "lead@example.com"],
                  subject="${finding_info.title}",
                  body="${finding_info.desc}").act(
                      signature=title, description=text)
    assert action["state"] == "done", action
    for who in ("soc@example.com", "lead@example.com"):
        raw, = postfix.mails(who)
        message = parsed(raw)
        assert message.get_content().rstrip() == text.rstrip()
        assert message["Subject"].split() == title.split()
        assert message["Bcc"] is None
        assert "with ESMTPS" in message["Received"]
        assert message["Return-Path"] == "<herald@example.com>"


def test_an_unknown_mailbox_harms_no_other(postfix, mail):
    action = mail(to=["nobody@example.com", "soc@example.com"]).act()
    assert action["state"] == "failed"
    assert "nobody@example.com: 550" in action["message"]
    assert len(postfix.mails("soc@example.com")) == 1


def test_a_mail_that_is_too_big_is_refused(postfix, mail):
    action = mail(to="soc@example.com", body="${finding_info.desc}").act(
        description="\u00fc" * 31000 + "x")
    assert action["state"] == "done"
    action = mail(to="soc@example.com",
                  body="${finding_info.desc}${finding_info.desc}").act(
                      description="\u00fc" * 31000)
    assert action["state"] == "failed"
    assert "552" in action["message"], postfix.log()
