"""ad_enrich against a directory that answers as no good one would."""
import sys

import pytest

from lookups import Asking
from services import DOUBLES
from waiting import wait_until

sys.path.insert(0, DOUBLES)
from directory import (GARBAGE, HALF, HANG, REFER, Directory,   # noqa: E402
                       sid)

DN = "CN=Alice,DC=corp,DC=example,DC=com"
DOMAIN = (21, 1, 2, 3)
GUID = bytes(range(16))
ALICE = {"objectSid": [sid(*DOMAIN, 1104)], "objectGUID": [GUID],
         "sAMAccountName": [b"alice"], "userAccountControl": [b"512"],
         "objectClass": [b"user"], "displayName": [b"Alice Example"]}
BY_GUID = "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>"
GROUPS = [sid(*DOMAIN, rid) for rid in (513, 1201, 1202, 1203, 1204)]


class Corp:
    """Alice and her groups; what a test wants otherwise it changes."""

    def __init__(self):
        self.alice = [(DN, ALICE), 0]
        self.groups = [(DN, {"tokenGroups": GROUPS}), 0]
        self.other = [0]

    def __call__(self, base, query, names):
        if base == BY_GUID:
            return self.tokens(names[0])
        return self.alice if b"alice" in query else self.other

    def tokens(self, _):
        return self.groups


@pytest.fixture
def corp(certificates):
    answers = Corp()
    with Directory(*certificates["good"], answers) as server:
        answers.server = server
        yield answers


@pytest.fixture
def asking(herald, certificates, corp):
    return Asking(
        herald, "ad", "plugin: ad_enrich, domain: corp.example.com, "
        f"servers: ['127.0.0.1:{corp.server.port}'], user: svc, "
        "secret: {file: '@DIR@/secrets/svc'}, retries: 0, "
        "tls: {ca_file: '@CA@'}, timeout: 3s",
        files={"secrets/svc": "x"}, CA=certificates["ca"])


def missing(asking, word, user="alice"):
    alert = asking.ask({"user": user})
    assert alert.outcome == "missing"
    assert word in asking.why(alert)


def hit(asking, user="alice"):
    alert = asking.ask({"user": user})
    assert alert.outcome == "hit", asking.why(alert)
    return alert.record["evidences"][0]["user"]


def uids(user):
    return [one["uid"] for one in user["groups"]]


def test_a_user_is_told(asking, corp):
    user = hit(asking)
    assert user["full_name"] == "Alice Example"
    assert uids(user) == [f"S-1-5-21-1-2-3-{rid}"
                          for rid in (513, 1201, 1202, 1203, 1204)]
    assert "name" not in user["groups"][0]      # nobody knows them


def test_a_long_name_is_not_taken_for_another(asking, corp):
    """Short names are cut at 15 characters: srv-application-01 has this one,
    and srv-application-03 is not in the directory."""
    there = dict(ALICE, sAMAccountName=[b"SRV-APPLICATION$"],
                 objectClass=[b"computer"], userAccountControl=[b"4096"],
                 dNSHostName=[b"srv-application-01.corp.example.com"])

    def answer(base, query, names):
        if base == BY_GUID:
            return corp.groups
        known = (b"srv-application$", b"srv-application-01.corp.example.com")
        found = any(one in query.lower() for one in known)
        return [(DN, there), 0] if found else [0]
    corp.server.answer = answer
    for name in ("srv-application-03", "srv-application-03.corp.example.com"):
        assert asking.ask({"dest": name}).outcome == "clean"
    for name in ("srv-application", "srv-application-01"):
        assert asking.ask({"dest": name}).outcome == "hit"


def test_groups_in_parts_are_read_to_their_end(asking, corp):
    def tokens(name):
        low = int(name.partition("range=")[2].partition("-")[0] or 0)
        if low < 4:
            return [(DN, {f"tokenGroups;range={low}-{low + 1}":
                          GROUPS[low:low + 2]}), 0]
        return [(DN, {f"tokenGroups;range={low}-*": GROUPS[low:]}), 0]
    corp.tokens = tokens
    assert uids(hit(asking)) == [f"S-1-5-21-1-2-3-{rid}" for rid in (
        513, 1201, 1202, 1203, 1204)]
    assert [names for base, _, names in corp.server.asked
            if base == BY_GUID] == [["tokenGroups"],
                                    ["tokenGroups;range=2-*"],
                                    ["tokenGroups;range=4-*"]]


def test_a_part_that_comes_again_is_no_loop(asking, corp):
    corp.groups = [(DN, {"tokenGroups;range=0-1": GROUPS[:2]}), 0]
    missing(asking, "gives the same part of tokenGroups again")


def test_part_of_the_groups_is_never_taken_for_all(asking, corp):
    def tokens(name):
        if "range=" in name:
            return [51]
        return [(DN, {"tokenGroups;range=0-1": GROUPS[:2]}), 0]
    corp.tokens = tokens
    missing(asking, "Server is busy")


@pytest.mark.parametrize("groups, word", [
    ([(DN, {}), 0], "tokenGroups is not shown to us"),
    ([0], "is gone"),
    ([(DN, {"tokenGroups": [b"\x01\x05junk"]}), 0], "is no SID"),
    ([(DN, {"tokenGroups": GROUPS}), 50], "Insufficient access"),
])
def test_without_all_groups_nothing_is_told(asking, corp, groups, word):
    corp.groups = groups
    missing(asking, word)


def test_references_are_passed_over(asking, corp):
    corp.alice = [REFER, (DN, ALICE), REFER, 0]
    corp.other = [REFER, 0]
    hit(asking)
    assert asking.ask({"user": "nobody"}).outcome == "clean"


@pytest.mark.parametrize("code, word", [
    (51, "Server is busy"), (52, "Server is unavailable"),
    (3, "Time limit exceeded"), (1, "Operations error"), (10, "Referral"),
    (32, "there is no DC=corp,DC=example,DC=com"), (80, "no (80)"),
])
def test_a_result_that_is_no_answer_is_missing_and_passes(asking, corp, code,
                                                          word):
    corp.alice = [code]
    missing(asking, word)
    corp.alice = [(DN, ALICE), 0]
    hit(asking, "alice@corp.example.com")


def test_a_size_limit_without_entries_is_missing(asking, corp):
    corp.alice = [4]
    missing(asking, "Size limit exceeded")


@pytest.mark.parametrize("way", [GARBAGE, HALF, HANG])
def test_a_line_that_breaks_off_ends_in_time(asking, corp, way):
    corp.alice = [way]
    missing(asking, "")
    corp.alice = [(DN, ALICE), 0]
    wait_until(lambda: asking.ask({"user": "alice"}).outcome == "hit", 30,
               asking.herald.log)


@pytest.mark.parametrize("lacking", ["objectSid", "objectGUID",
                                     "sAMAccountName", "userAccountControl"])
def test_half_an_account_is_none(asking, corp, lacking):
    corp.alice = [(DN, {key: value for key, value in ALICE.items()
                        if key != lacking}), 0]
    missing(asking, "are not all shown to us")


def test_what_is_no_text_is_left_out(asking, corp):
    corp.alice = [(DN, {**ALICE, "displayName": [b"\xff\xfe"],
                        "title": [b"a\x00b"], "mail": [b""],
                        "pwdLastSet": [b"99999999999999999999"],
                        "whenCreated": [b"never"]}), 0]
    alert = asking.ask({"user": "alice"})
    user = alert.record["evidences"][0]["user"]
    assert "full_name" not in user and "email_addr" not in user
    told = alert.answer["data"]
    assert "title" not in told and "password_set_time" not in told
    assert "created_time" not in told
