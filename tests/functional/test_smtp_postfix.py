"""smtp_notify against a real Postfix, where there is one and we are root."""
import email
import email.policy

import pytest

from doing import Acting
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
