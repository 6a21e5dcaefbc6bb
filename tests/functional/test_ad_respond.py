"""ad_respond against a real Active Directory (Samba), as root."""
import itertools

import pytest

from directories import SECRETS, lines
from herald import HEAD, WEBHOOK_TOKEN
from real_samba import NAME, ROOT, STAFF
from relay import Relay
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  ad_ops: {@LINES@}
safety:
  protect:
    - name: break_glass
      if: 'target.user.groups.exists(g, g.name == "Break-Glass")'
      because: people do that
  actions:
    ad_ops.disable_account: {at_most: @AT_MOST@, per_target: 5/1h, beyond: refuse}
    ad_ops.enable_account: {at_most: 50/1h, per_target: 5/1h, beyond: refuse}
    ad_ops.force_password_change: {at_most: 50/1h, per_target: 5/1h, beyond: refuse}
pipelines:
  - name: default
    steps:
      - respond:
          - {name: disable, if: 'unmapped.splunk.what == "disable"', do: ad_ops.disable_account, with: {user: '${user.name}'}}
          - {name: enable, if: 'unmapped.splunk.what == "enable"', do: ad_ops.enable_account, with: {user: '${user.name}'}}
          - {name: force, if: 'unmapped.splunk.what == "force"', do: ad_ops.force_password_change, with: {user: '${user.name}'}}
          - {name: whole, if: 'unmapped.splunk.what == "whole"', do: ad_ops.disable_account, with: {user: '${unmapped.splunk.whom}'}}
"""
PEOPLE = itertools.count()
ENDED = ("done", "failed", "refused", "in_doubt", "skipped", "undone")


class Ops:
    """A daemon that acts on accounts as it is told."""
    numbers = itertools.count()

    def __init__(self, herald, directory, text, at_most="50/1h", mode="live",
                 **more):
        config = CONFIG.replace("@LINES@", text).replace(
            "mode: live", f"mode: {mode}")
        self.herald = herald(config, files=SECRETS, CA=directory.ca,
                             AT_MOST=at_most, **more)

    def send(self, what, user, **row):
        uid = f"ad-{next(self.numbers)}"
        status, told = self.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
            {"sid": uid, "search_name": "Detection",
             "result": {"event_id": uid, "what": what, "user": user, **row}})
        assert status == 200, told
        return uid

    def alert(self, uid):
        for one in self.herald.export():
            if one["uid"] == uid:
                return one
        return None

    def shown(self, uid):
        return self.herald.ctl("show", self.alert(uid)["id"])["actions"]

    def actions(self, uid):
        alert = self.alert(uid)
        return {one["name"]: one for one in alert["actions"]} if alert else {}

    def ended(self, uid, name=None, states=ENDED):
        def look():
            for one in self.actions(uid).values():
                if one["state"] in states and name in (None, one["name"]):
                    return one
            return None
        return wait_until(look, 30, lambda: (
            f"{uid}: {self.alert(uid)}\n{self.herald.log()}"))

    def act(self, what, user, **row):
        return self.ended(self.send(what, user, **row))

    def undo(self, uid, name):
        row = self.actions(uid)[name]
        told = self.herald.run_ctl("undo", row["id"], "--because", "a test")
        assert told.returncode == 0, told.stdout + told.stderr
        return self.ended(uid, name + "/undo")


@pytest.fixture
def ops(directory, herald):
    def start(*words, at_most="50/1h", mode="live", environment=None, **more):
        more.setdefault("user", "svc.herald")
        return Ops(herald, directory, lines("ad_respond", *words, **more),
                   at_most, mode, environment=environment)
    return start


@pytest.fixture
def somebody(directory):
    """Makes users that nobody else uses."""
    def make(**more):
        name = f"user{next(PEOPLE)}"
        directory.new_user(name, **more)
        return name
    return make


@pytest.mark.parametrize("security", ["ldaps", "starttls", "gssapi"])
def test_an_account_is_disabled_and_given_back(ops, directory, somebody,
                                               security):
    user = somebody(groups=["Finance-Users"], displayName="Some Body")
    daemon = ops(security,
                 environment={"KRB5_CONFIG": directory.path("krb5.conf")})
    uid = daemon.send("disable", user)
    row = daemon.ended(uid)
    assert row["state"] == "done", row
    assert directory.uac(user) == 514
    target = daemon.shown(uid)[0]["target"]
    assert target["uid"] == directory.get(user, "objectSid")[0]
    assert target["user"]["uid_alt"] == directory.get(user, "objectGUID")[0]
    assert {"Finance-Users", "Finance-All", "Tier0-Admins", "Domain Users",
            "Users"} == {one["name"] for one in target["user"]["groups"]}
    assert f"disable {user} (Some Body, CN={user},{STAFF}): enabled now" \
        in row["summary"]
    assert "512 becomes 514" in row["summary"]
    back = daemon.undo(uid, "disable")
    assert back["state"] == "done", back
    assert directory.uac(user) == 512
    assert daemon.actions(uid)["disable"]["state"] == "undone"


def test_all_other_flags_stay(ops, directory, somebody):
    user = somebody()
    directory.set(f"CN={user},{STAFF}", "userAccountControl", "66048")
    daemon = ops()
    uid = daemon.send("disable", user)
    assert daemon.ended(uid)["state"] == "done"
    assert directory.uac(user) == 66050
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 66048


def test_who_was_disabled_before_stays_so(ops, directory, somebody):
    user = somebody()
    directory.samba_tool("user", "disable", user)
    daemon = ops()
    uid = daemon.send("disable", user)
    row = daemon.ended(uid)
    assert row["state"] == "done"
    assert "stays 514" in row["summary"]
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 514


def test_an_undo_takes_nothing_back_that_others_changed(ops, directory,
                                                        somebody):
    user = somebody()
    daemon = ops()
    uid = daemon.send("disable", user)
    assert daemon.ended(uid)["state"] == "done"
    directory.set(f"CN={user},{STAFF}", "userAccountControl", "66050")
    back = daemon.undo(uid, "disable")
    assert back["state"] == "refused", back
    assert "somebody changed userAccountControl" in back["message"]
    assert "66050" in back["message"] and "514" in back["message"]
    assert directory.uac(user) == 66050


def test_an_object_that_was_moved_is_still_the_same(ops, directory, somebody):
    user = somebody()
    daemon = ops()
    uid = daemon.send("disable", user)
    assert daemon.ended(uid)["state"] == "done"
    directory.modify(f"dn: CN={user},{STAFF}\nchangetype: modrdn\n"
                     f"newrdn: CN={user}-moved\ndeleteoldrdn: 1\n")
    directory.new_user(user + "b")
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 512


def test_an_account_is_enabled_and_given_back(ops, directory, somebody):
    user = somebody()
    directory.samba_tool("user", "disable", user)
    daemon = ops()
    uid = daemon.send("enable", user)
    assert daemon.ended(uid)["state"] == "done"
    assert directory.uac(user) == 512
    assert daemon.undo(uid, "enable")["state"] == "done"
    assert directory.uac(user) == 514


def test_a_new_password_is_forced(ops, directory, somebody):
    user = somebody()
    daemon = ops()
    uid = daemon.send("force", user)
    row = daemon.ended(uid)
    assert row["state"] == "done", row
    assert directory.get(user, "pwdLastSet") == ["0"]
    assert daemon.act("force", user)["state"] == "done"
    told = daemon.herald.run_ctl("undo", row["id"], "--because", "x")
    assert told.returncode != 0     # a password cannot be given back


def test_a_password_that_never_expires_is_not_forced(ops, directory,
                                                     somebody):
    user = somebody()
    directory.set(f"CN={user},{STAFF}", "userAccountControl", "66048")
    row = ops().act("force", user)
    assert row["state"] == "refused"
    assert "never expires" in row["message"]
    assert directory.get(user, "pwdLastSet") != ["0"]


# Who is not touched.

def test_what_is_not_one_user_is_refused(ops, directory, somebody):
    daemon = ops()
    for name in ("no.such.user", "*", "WS0042$", "Finance-Users"):
        row = daemon.act("disable", name)
        assert row["state"] == "refused", row
        assert f"there is no user {name} below {ROOT}" in row["message"]
    row = daemon.act("whole", "x", whom="WS0042\\alice")
    assert row["state"] == "refused"
    assert "is of another domain" in row["message"]


def test_administrators_are_never_touched(ops, directory, somebody):
    user = somebody(groups=["Domain Admins"])
    row = ops().act("disable", user)
    assert row["state"] == "refused"
    assert "Domain Admins S-1-5-21-" in row["message"]
    assert "whose members are never touched" in row["message"]
    assert directory.uac(user) == 512


def test_the_nested_are_protected_by_the_core(ops, directory, somebody):
    directory.samba_tool("group", "add", "Break-Glass")
    directory.samba_tool("group", "add", "Break-Inner")
    directory.samba_tool("group", "addmembers", "Break-Glass", "Break-Inner")
    user = somebody(groups=["Break-Inner"])
    row = ops().act("disable", user)
    assert row["state"] == "refused"
    assert "break_glass" in row["message"]
    assert directory.uac(user) == 512


@pytest.mark.parametrize("user, word", [
    ("Administrator", "account of the domain itself"),
    ("krbtgt", "account of the domain itself"),
    ("svc.herald", "herald's own account"),
])
def test_some_are_never_touched_at_all(ops, directory, user, word):
    before = directory.uac(user)
    row = ops(more=", never: ['1']").act("disable", user)
    assert row["state"] == "refused"
    assert word in row["message"]
    assert directory.uac(user) == before


def test_a_halt_holds(ops, directory, somebody):
    user = somebody()
    daemon = ops()
    uid = daemon.send("disable", user)
    assert daemon.ended(uid)["state"] == "done"
    told = daemon.herald.run_ctl("halt", "--because", "x")
    assert told.returncode == 0
    other = somebody()
    row = daemon.act("disable", other)
    assert row["state"] == "refused"
    assert directory.uac(other) == 512
    # what was done can be taken back all the same
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 512


def test_outside_of_base_is_nobody(ops, directory, somebody):
    user = somebody()
    row = ops(more=f", base: 'OU=Service,{ROOT}'").act("disable", user)
    assert row["state"] == "refused"
    assert directory.uac(user) == 512


def test_no_right_is_told_by_the_plan(ops, directory, somebody):
    user = somebody()
    row = ops(user="svc.reader").act("disable", user)
    assert row["state"] == "failed"
    assert "svc.reader@corp.example.com may not write userAccountControl " \
        f"of CN={user},{STAFF}" in row["message"]
    assert directory.uac(user) == 512


def test_a_budget_ends(ops, directory, somebody):
    users = [somebody() for _ in range(3)]
    daemon = ops(at_most="2/1h")
    states = [daemon.act("disable", user)["state"] for user in users]
    assert states == ["done", "done", "refused"]
    assert [directory.uac(user) for user in users] == [514, 514, 512]


@pytest.mark.parametrize("mode", ["dry_run", "notify"])
def test_a_lower_mode_only_says_what_it_would_do(ops, directory, somebody,
                                                 mode):
    user = somebody()
    row = ops(mode=mode).act("disable", user)
    assert row["state"] == "skipped"
    assert "512 becomes 514" in row["summary"]
    assert directory.uac(user) == 512


# Trouble.

def test_refused_credentials_stop_it(ops, directory, somebody, relay):
    line = relay()
    user = somebody()
    daemon = ops(secret="wrong", servers=[f"{NAME}:{line.port}"])
    uid = daemon.send("disable", user)
    wait_until(lambda: "wrong user or password" in daemon.herald.log(), 20,
               daemon.herald.log)
    daemon.send("disable", user)
    wait_until(lambda: daemon.alert(uid), 20, "kept")
    assert line.count == 1
    assert directory.uac(user) == 512


def test_nobody_there_is_tried_again(ops, directory, somebody, relay):
    line = relay()
    port = line.port
    line.close()
    user = somebody()
    daemon = ops(servers=[f"{NAME}:{port}"], more=", timeout: 2s")
    uid = daemon.send("disable", user)
    wait_until(lambda: f"{NAME}:{port}" in str(daemon.actions(uid)), 20,
               daemon.herald.log)
    assert directory.uac(user) == 512
    again = Relay(636, port)
    try:
        assert daemon.ended(uid)["state"] == "done"
    finally:
        again.close()
    assert directory.uac(user) == 514


def test_a_lost_answer_is_looked_up(ops, directory, somebody, relay):
    """The change is made, and its answer never comes."""
    user = somebody()
    line = relay()
    line.swallow = lambda: directory.uac(user) == 514
    daemon = ops(servers=[f"{NAME}:{line.port}"], more=", timeout: 3s")
    uid = daemon.send("disable", user)
    wait_until(lambda: line.swallowed, 20, daemon.herald.log)
    line.swallow = lambda: False
    row = daemon.ended(uid)
    assert row["state"] == "done", row
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 512


def test_what_others_change_meanwhile_is_not_overwritten(
        ops, directory, somebody, relay):
    """Somebody is faster: between the run's look and its change."""
    user = somebody()
    line = relay()
    daemon = ops(servers=[f"{NAME}:{line.port}"])
    meddled = []

    def meddle():
        """Each answer is passed on; behind the first one of the run the
        account is another."""
        if not meddled and "started" in [
                one["state"] for one in daemon.actions(uid).values()]:
            meddled.append(1)
            directory.set(f"CN={user},{STAFF}", "userAccountControl", "66048")
        return False

    uid = daemon.send("force", "nobody")    # the line is there from now on
    daemon.ended(uid)
    line.swallow = meddle
    uid = daemon.send("disable", user)
    row = daemon.ended(uid)
    assert meddled and row["state"] == "done", row
    assert directory.uac(user) == 66050
    assert daemon.undo(uid, "disable")["state"] == "done"
    assert directory.uac(user) == 66048
