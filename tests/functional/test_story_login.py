"""Failed log-ins and then a success: the example conf/examples/active-directory.yaml,
with a real Active Directory, a real Postfix where the mailbox is looked into, and
doubles of all else, as root."""
import contextlib
import email
import email.policy
import itertools
import os
import sys

import pytest

from directories import SECRETS
from herald import WEBHOOK_TOKEN, free_port
from real_postfix import Postfix, Unavailable
from real_samba import NAME
from relay import Relay
from services import DOUBLES, TESTS, fixture
from waiting import wait_until

sys.path.insert(0, DOUBLES)
from smtp import Smtp, transcript       # noqa: E402

EXAMPLE = os.path.join(TESTS, "..", "conf", "examples",
                       "active-directory.yaml")
BAD_IP = "203.0.113.45"     # known to the doubles of MISP and VirusTotal
ASSETS = "hostname,criticality\nvpn-gw-01,high\nkiosk,low\n"
CREDENTIALS = {"splunk_token": WEBHOOK_TOKEN,
               "ad_ro": SECRETS["secrets/svc.reader"],
               "ad_rw": SECRETS["secrets/svc.herald"],
               "mail": "x", "misp": "x", "vt": "x", "soar": "x"}
# What differs from the example: where things are, and who we are.
HERE = [
    ("  mode: live", "  mode: @MODE@\n  state_dir: @STATE@\n"
     "  socket: @SOCKET@\n  plugin_dir: @PLUGIN_DIR@\n#"),
    ("127.0.0.1:8443", "127.0.0.1:@INGEST_PORT@"),
    ("127.0.0.1:9464", "127.0.0.1:@ADMIN_PORT@"),
    ("user: svc-herald-ro", "user: svc.reader\n    tls: {ca_file: '@CA@'}\n"
     "    timeout: 3s@READER@"),
    ("user: svc-herald\n", "user: svc.herald\n    tls: {ca_file: '@CA@'}\n"),
    ("/etc/herald/assets.csv", "@DIR@/assets.csv"),
    ("https://misp.example.com", "@MISP@"),
    ("plugin: vt_enrich,", "plugin: vt_enrich, url: '@VT@/api/v3', "
     "share: all, "),
    ("https://soar.example.com", "@SOAR@"),
    ("url: 'smtp://smtp.example.com:587'",
     "url: 'smtp://127.0.0.1:@MAIL@', @MAIL_TLS@"),
    (", secret: {credential: mail}", ""),
    ("[5/1h, 20/1d]", "@AT_MOST@"),
    # A playbook that is followed to its end, instead of begun.
    ("secret: {credential: soar}", "secret: {credential: soar}, poll: 100ms"),
    ("with: {playbook: local/suspicious_login, severity: high}",
     "with: {severity: high}\n"
     "          - name: playbook\n            do: soar.run_playbook\n"
     "            with: {container: '${done.case.result.container_id}', "
     "playbook: local/suspicious_login}"),
    ("beyond: refuse}", "beyond: refuse}\n"
     "    soar.run_playbook: {at_most: 20/1h, per_target: 5/1d, "
     "beyond: refuse}"),
]
PEOPLE = itertools.count()


def example():
    with open(EXAMPLE, encoding="utf-8") as text:
        return text.read()


def test_the_example_is_good_as_it_stands(herald):
    text = example().replace(*HERE[0]).replace("@MODE@", "live").replace(
        "/etc/herald/assets.csv", "@DIR@/assets.csv")
    files = {"assets.csv": ASSETS,
             **{f"credentials/{name}": value
                for name, value in CREDENTIALS.items()}}
    checked = herald(text, started=False, files=files).check()
    assert checked.returncode == 0, checked.stdout + checked.stderr


class Story:
    def __init__(self, herald, directory, service, mail, mode="live",
                 at_most="[5/1h, 20/1d]", reader=""):
        self.directory = directory
        self.mail = mail
        self.soar = service("soar")
        self.soar.settings(run_statuses=["pending", "running", "success"])
        self.misp, self.vt = misp, vt = service("misp"), service("virustotal")
        keys = {**CREDENTIALS, "misp": misp.key, "vt": vt.key,
                "soar": self.soar.key}
        text = example()
        for before, after in HERE:
            assert before in text, before
            text = text.replace(before, after)
        self.herald = herald(
            text, MODE=mode, AT_MOST=at_most, READER=reader, CA=directory.ca,
            MISP=misp.url, VT=vt.url, SOAR=self.soar.url, MAIL=str(mail.port),
            MAIL_TLS=mail.tls, files={"assets.csv": ASSETS,
                   **{f"credentials/{name}": value
                      for name, value in keys.items()}})

    def someone(self, *groups):
        name = f"story{next(PEOPLE)}"
        self.directory.new_user(name, groups=("Finance-Users", *groups),
                                displayName="Some One", title="Clerk")
        return name

    def tell(self, user, host="vpn-gw-01"):
        """The alert at its end, and the action that disables."""
        payload = fixture("splunk/webhook_failed_then_success.json")
        uid = f"story-{user}"
        payload["result"].update(user=user, src=BAD_IP, dest=host,
                                 event_id=uid)
        status, told = self.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", payload)
        assert status == 200, told
        alert = wait_until(lambda: self.ended(uid), 40, lambda: (
            f"{uid}: {self.herald.export()}\n{self.herald.log()}"))
        rows = {one["name"]: one for one in alert["actions"]}
        return self.herald.ctl("explain", alert["id"]), rows

    def ended(self, uid):
        for one in self.herald.export():
            if one["uid"] == uid and one["state"] in ("done", "dead"):
                return one
        return None

    def told_soc(self):
        return [email.message_from_bytes(one, policy=email.policy.default)
                for one in self.mail.read()]


class ScriptedMail(Smtp):
    tls = "starttls: off"

    def __init__(self):
        super().__init__(transcript("plain_ok"))

    def read(self):
        return [one.text for one in self.mails]


class RealMail(Postfix):
    def __init__(self, certificates):
        super().__init__(*certificates["good"], free_port())
        self.tls = f"tls: {{ca_file: '{certificates['ca']}'}}"

    def read(self):
        return self.mails("soc@example.com")


@pytest.fixture
def stories(directory, herald, service):
    """Starts stories with this server for mail."""
    with contextlib.ExitStack() as servers:
        yield lambda mail, **more: Story(
            herald, directory, service, servers.enter_context(mail), **more)


@pytest.fixture
def story(stories):
    return lambda **more: stories(ScriptedMail(), **more)


def check_enriched(it, alert, user):
    """What each source said stands in the record, and decided."""
    said = {(one["connector"], one["value"]): one["outcome"]
            for one in alert["answers"]}
    for one in (("ad", user), ("cmdb", "vpn-gw-01"),
                ("misp", BAD_IP), ("vt", BAD_IP)):
        assert said[one] == "hit", (one, said)
    record = alert["record"]
    known = record["evidences"][0]["user"]
    assert known["full_name"] == "Some One"
    assert known["ldap_person"]["job_title"] == "Clerk"
    # Finance-All holds Finance-Users, whose member the user is.
    assert {"Finance-Users", "Finance-All"} <= {
        one["name"] for one in known["groups"]}
    assert record["device"]["risk_level"] == "High"
    bad, = [one for one in record["observables"] if one["value"] == BAD_IP]
    assert bad["reputation"]["score_id"] >= 9
    providers = {one["provider"] for one in record["enrichments"]}
    assert {"ad", "cmdb", "misp", "vt"} <= providers
    assert BAD_IP in it.misp.asked()
    assert [one["path"] for one in it.vt.requests()].count(
        f"/api/v3/ip_addresses/{BAD_IP}") == 1


def check_case(it, alert, rows, user):
    state = it.soar.state()
    case, = state["containers"]
    assert case["severity"] == "high"
    cefs = [one["cef"] for one in case["artifacts"]]
    assert any(user in one.values() for one in cefs), cefs
    assert any(BAD_IP in one.values() for one in cefs), cefs
    # It was begun once, was pending, and was asked about until its end.
    run, = state["runs"]
    assert run["playbook_id"] == "local/suspicious_login"
    assert (run["container"], run["status"]) == (case["id"], "success")
    told = [one["what"].get("message", "") for one in alert["entries"]
            if one["kind"] == "action" and one["what"]["state"] == "pending"]
    assert any(one.endswith(": running") for one in told), alert["entries"]
    assert rows["playbook"]["state"] == "done"
    assert "success" in rows["playbook"]["message"]
    assert len(it.soar.requests(method="GET",
                                path=f"/rest/playbook_run/{run['id']}")) == 3


def test_a_critical_one_is_disabled_and_people_hear_of_it(
        stories, directory, certificates):
    try:
        it = stories(RealMail(certificates))
    except Unavailable as reason:
        pytest.skip(f"NOTHING IS TESTED AGAINST POSTFIX: {reason}")
    user = it.someone()
    assert directory.uac(user) == 512
    alert, rows = it.tell(user)
    check_enriched(it, alert, user)
    assert alert["score"] == {"low": 90, "high": 90}, alert["ledger"]
    counted = {one["name"]: one["add"] for one in alert["ledger"]
               if one["counted"] == "counted"}
    assert counted == {"base": 30, "finance": 10, "critical_host": 15,
                       "src_malicious": 35}
    assert rows["disable"]["state"] == "done"
    assert directory.uac(user) == 514
    check_case(it, alert, rows, user)
    mail, = it.told_soc()
    assert "with ESMTPS" in mail["Received"]
    assert mail["To"] == "soc@example.com"
    assert mail["Subject"] == ("[Critical] Multiple failed logins followed by "
                               f"a successful one: {user}")
    assert "Some One (Clerk), score 90" in mail.get_content()
    assert "account: done" in mail.get_content()


def not_disabled(it, user, host="vpn-gw-01"):
    """... and the case and the mail are there all the same."""
    alert, rows = it.tell(user, host)
    assert it.directory.uac(user) == 512
    assert len(it.soar.state()["containers"]) >= 1
    assert len(it.told_soc()) >= 1
    return alert, rows, it.told_soc()[-1].get_content()


def test_a_domain_admin_is_not_disabled(story):
    it = story()
    alert, rows, mail = not_disabled(it, it.someone("Domain Admins"))
    assert alert["score"] == {"low": 100, "high": 100}
    assert rows["disable"]["state"] == "refused"
    assert "Domain Admins" in rows["disable"]["message"]
    assert "account: refused" in mail


def test_the_budget_ends(story, directory):
    it = story(at_most="1/1h")
    first, second = it.someone(), it.someone()
    it.tell(first)
    assert directory.uac(first) == 514
    _, rows, _ = not_disabled(it, second)
    assert rows["disable"]["state"] == "refused"
    assert "1/1h" in rows["disable"]["message"]


def test_without_an_answer_of_the_directory_it_is_not_sure(story):
    line = Relay(636)
    line.hangs = True
    try:
        it = story(reader=f"\n    servers: ['{NAME}:{line.port}']")
        alert, rows, mail = not_disabled(it, it.someone(), "kiosk")
    finally:
        line.close()
    assert alert["score"]["low"] < 80 <= alert["score"]["high"], alert["score"]
    assert "disable" not in rows or rows["disable"]["state"] == "skipped"
    assert "(not known: ad" in mail


def test_a_halt_holds_the_account_and_nothing_else(story):
    it = story()
    told = it.herald.run_ctl("halt", "--because", "maintenance")
    assert told.returncode == 0
    _, rows, _ = not_disabled(it, it.someone())
    assert rows["disable"]["state"] == "refused"
    assert "maintenance" in rows["disable"]["message"]


def test_notify_opens_the_case_only(story):
    it = story(mode="notify")
    _, rows, _ = not_disabled(it, it.someone())
    assert rows["disable"]["state"] == "skipped"
    assert "512 becomes 514" in rows["disable"]["summary"]
