"""Class a of bad-inputs.tsv: whoever is not known is turned away, and nothing
of it is stored."""
import base64
import hashlib
import hmac
import json
import time

import pytest

from bad_inputs import PATH, SECRET, bad_inputs, running
from services import call

daemon = pytest.fixture(running, scope="module", name="daemon")

BODY = '{"rule": "x", "n": 1}'
WRONG = SECRET[:-1] + "x"


def send(daemon, target, headers=None, body=BODY, port_of="INGEST"):
    return call(daemon.port(port_of), "POST", target, body,
                {"Content-Type": "application/json", **(headers or {})})


@pytest.fixture(autouse=True)
def forgiven(daemon):
    """Wrong secrets of one address are counted for a minute: each case starts
    with none.  Also: the daemon is well, and no secret is in its log."""
    daemon.restart()
    yield
    assert send(daemon, "/bearer/v1/http", bearer(SECRET))[0] == 200
    log = daemon.log()
    assert SECRET not in log and WRONG not in log


def bearer(secret):
    return {"Authorization": "Bearer " + secret}


def sha(body, key=SECRET, algorithm="sha256"):
    return hmac.new(key.encode(), body.encode(), algorithm).hexdigest()


def signature(body, at, key=SECRET, ident="msg_1"):
    mac = hmac.new(key.encode(), f"{ident}.{at}.{body}".encode(),
                   hashlib.sha256).digest()
    return base64.b64encode(mac).decode()


def standard(at=None, sign=None, ident="msg_1", **headers):
    """As Standard Webhooks say, `sign` in place of the sound signature."""
    at = str(int(time.time()) if at is None else at)
    told = sign if sign is not None else \
        "v1," + signature(BODY, at, ident=ident)
    return {"webhook-id": ident, "webhook-timestamp": at,
            "webhook-signature": told, **headers}


def split(text, between):
    return "v1," + text[:9] + between + text[9:]


NOW = time.time
HTTP = "/bearer/v1/http"
WEBHOOK = "/splunk/v1/splunk/webhook/"
HEC = "/splunk/services/collector/event"

REFUSED = {
    "a01": lambda: (HTTP, {}),
    "a01-empty": lambda: (HTTP, {"Authorization": ""}),
    "a01-scheme": lambda: (HTTP, {"Authorization": "Basic " + SECRET}),
    "a01-bare": lambda: (HTTP, {"Authorization": SECRET}),
    "a01-path": lambda: ("/v1/http/", {}),
    "a01-webhook": lambda: (WEBHOOK, {}),
    "a01-hec": lambda: (HEC, {}),
    "a02": lambda: (HTTP, bearer(WRONG)),
    "a02-longer": lambda: (HTTP, bearer(SECRET + "x")),
    "a02-shorter": lambda: (HTTP, bearer(SECRET[:-1])),
    "a02-case": lambda: (HTTP, bearer(SECRET.upper())),
    "a02-bytes": lambda: (HTTP, bearer("\xff" * 30)),
    "a02-long": lambda: (HTTP, bearer("x" * 8000)),
    "a02-path": lambda: ("/v1/http/" + WRONG, {}),
    "a02-more": lambda: (PATH + "/", {}),
    "a02-webhook": lambda: (WEBHOOK + WRONG, {}),
    "a03": lambda: (HTTP + "?token=" + SECRET, {}),
    "a03-access": lambda: (HTTP + "?access_token=" + SECRET, {}),
    "a03-webhook": lambda: (WEBHOOK + "?token=" + SECRET, {}),
    "a04": lambda: ("/github/v1/http",
                    {"X-Hub-Signature-256": "sha256=" + sha(BODY + " ")}),
    "a04-key": lambda: ("/github/v1/http",
                        {"X-Hub-Signature-256": "sha256=" + sha(BODY, WRONG)}),
    "a04-empty": lambda: ("/github/v1/http",
                          {"X-Hub-Signature-256": "sha256="}),
    "a04-upper": lambda: ("/github/v1/http", {
        "X-Hub-Signature-256": "SHA256=" + sha(BODY)}),
    "a04-short": lambda: ("/github/v1/http", {
        "X-Hub-Signature-256": "sha256=" + sha(BODY)[:-2]}),
    "a05": lambda: ("/standard/v1/http", standard(at=int(NOW()) - 302)),
    "a05-ahead": lambda: ("/standard/v1/http", standard(at=int(NOW()) + 310)),
    "a05-zero": lambda: ("/standard/v1/http", standard(at=0)),
    "a07": lambda: ("/standard/v1/http", standard(at="1e9")),
    "a07-minus": lambda: ("/standard/v1/http", standard(at="-1")),
    "a07-real": lambda: ("/standard/v1/http",
                         standard(at="%.1f" % NOW())),
    "a07-plus": lambda: ("/standard/v1/http", standard(at="+%d" % NOW())),
    "a07-ms": lambda: ("/standard/v1/http", standard(at=int(NOW() * 1000))),
    "a07-wrap": lambda: ("/standard/v1/http",
                         standard(at=int(NOW()) + 2 ** 64)),
    "a07-none": lambda: ("/standard/v1/http", standard(at="")),
    "a10": lambda: ("/standard/v1/http", standard(
        sign="v1a," + signature(BODY, int(NOW())))),
    "a10-v2": lambda: ("/standard/v1/http", standard(
        sign="v2," + signature(BODY, int(NOW())))),
    "a10-none": lambda: ("/standard/v1/http", standard(
        sign=signature(BODY, int(NOW())))),
    "a10-empty": lambda: ("/standard/v1/http", standard(sign="v1,")),
    "a10-id": lambda: ("/standard/v1/http", {
        **standard(), "webhook-id": "msg_2"}),
    "a10-dot": lambda: ("/standard/v1/http", standard(ident="a.b")),
    "a11": lambda: ("/standard/v1/http", standard(
        sign=split(signature(BODY, int(NOW())), " "))),
    "a11-tab": lambda: ("/standard/v1/http", standard(
        sign=split(signature(BODY, int(NOW())), "\t"))),
    "a11-pad": lambda: ("/standard/v1/http", standard(
        sign="v1," + signature(BODY, int(NOW())).rstrip("="))),
    "a13": lambda: ("/github/v1/http", {
        "X-Hub-Signature": "sha1=" + sha(BODY, algorithm="sha1")}),
    "a13-in-256": lambda: ("/github/v1/http", {
        "X-Hub-Signature-256": "sha1=" + sha(BODY, algorithm="sha1")}),
    "a14": lambda: ("/standard/v1/http", standard(), BODY.replace(" ", "")),
    "a14-github": lambda: ("/github/v1/http", {
        "X-Hub-Signature-256": "sha256=" + sha(BODY)},
        BODY.replace(" ", "")),
}


@bad_inputs(REFUSED)
def test_bad_input(daemon, case):
    before = daemon.export()
    assert send(daemon, *case())[0] == 401
    assert daemon.export() == before


@bad_inputs({"a07-blank": " 1700000000"})
def test_bad_blank_before_a_time(daemon, case):
    """A blank before a header's value is no part of it: what is signed is the
    bare number, which is stale here."""
    assert send(daemon, "/standard/v1/http", standard(at=case))[0] == 401


@bad_inputs({"a02-hec": "Splunk " + WRONG, "a02-hec-basic":
             "Basic " + base64.b64encode(b"x:" + WRONG.encode()).decode()})
def test_bad_token_of_hec(daemon, case):
    before = daemon.export()
    status, _, text = send(daemon, HEC, {"Authorization": case},
                           '{"event": {"a": 1}}')
    assert (status, json.loads(text)["code"]) == (403, 4)
    assert daemon.export() == before


@bad_inputs({"a09": "v1,AAAA {}", "a09-other": "v1a,AAAA {}",
             "a09-first": "{} v1,AAAA"})
def test_one_of_two_signatures(daemon, case):
    at = int(time.time())
    sign = case.format("v1," + signature(BODY, at))
    assert send(daemon, "/standard/v1/http",
                standard(at=at, sign=sign))[0] == 200


@bad_inputs({"a15": "x" * 23, "a15-long": "x" * 1025})
def test_bad_secret_in_the_configuration(daemon, case):
    former = daemon.write("secrets/in", case)
    told = daemon.run_ctl("check", daemon.config)
    daemon.write("secrets/in", SECRET)
    assert former and told.returncode != 0
    assert "bytes" in told.stderr and case not in told.stderr


@bad_inputs({"a16": (HTTP, bearer(WRONG)),
             "a16-path": ("/v1/http/" + WRONG, {}),
             "a16-github": ("/github/v1/http", {
                 "X-Hub-Signature-256": "sha256=" + sha(BODY, WRONG)}),
             "a16-webhook": (WEBHOOK + WRONG, {})})
def test_who_guesses_is_turned_away(daemon, case):
    """... and the others are not."""
    answers = [send(daemon, *case)[0] for _ in range(60)]
    assert set(answers) == {401, 429}
    assert answers[-1] == 429 and answers.count(401) <= 20
    assert send(daemon, "/many" + PATH, body="[" + BODY + "]")[0] == 200
    status, _, _ = call(daemon.port("ADMIN"), "GET", "/healthz")
    assert status == 200
    daemon.restart()
