"""The steps of the story.  Each tells what happens and verifies it: a step
that returns is true, one that is not raises Failed.
"""
import json
import os
import re

from world import Failed

ENABLED, DISABLED = 512, 514
WORDS = {ENABLED: "enabled", DISABLED: "disabled"}
PLAYBOOK = "local/suspicious_login"


def tell(line=""):
    print(line, flush=True)


def same(what, got, wanted):
    if got != wanted:
        raise Failed(f"{what}: {got!r}, and not {wanted!r}")
    tell(f"    ok: {what}")


def has(what, text, word):
    if word not in text:
        raise Failed(f"{what}: {word!r} is not in {text!r}")
    tell(f"    ok: {what}")


def title(text):
    tell()
    tell(text)


def quote(text):
    for line in text.rstrip().splitlines():
        tell(f"      | {line}")


# ---- what can be seen ----

def tell_account(world, case, wanted):
    """What stands in the directory itself, asked beside herald."""
    uac = world.directory.uac(case.user)
    tell(f"  In the directory {case.user} ({case.name}, "
         f"{', '.join(case.groups)}) has userAccountControl {uac}: "
         f"{WORDS.get(uac, 'neither enabled nor disabled')}.")
    same(f"the account is {WORDS[wanted]}", uac, wanted)


def tell_case(world, alert):
    container, runs = world.case_of(alert)
    tell(f"  In the SOAR there is case {container['id']}, "
         f"\"{container['name']}\", with {len(container['artifacts'])} "
         "artifacts.")
    return container, runs


def tell_mail(world, alert, account):
    mails = world.mails_of(alert)
    tell("  In the mailbox of the SOC:")
    for one in mails:
        quote(f"Subject: {one['Subject']}\n\n{one.get_content()}")
    same("it is one mail", len(mails), 1)
    has(f"it says of the account: {account}", mails[0].get_content(),
        f"account: {account}")


def action_of(alert, name):
    found = [one for one in alert["actions"] if one["name"] == name]
    return found[0] if found else {"state": "absent", "message": ""}


def explain(world, alert):
    tell(f"    $ heraldctl explain {alert['id'][:8]}")
    quote(world.say("explain", alert["id"]))


def send(world, case):
    tell("  Splunk fires: failed log-ins and then a success of "
         f"{case.user} from {case.row['src']} on {case.row['dest']}.")
    world.send(case.payload)
    return world.settled(case.uid)


# ---- an account is disabled ----

def is_enriched(alert, case):
    """Each source has said its part, and it stands in the record."""
    record = alert["record"]
    user = record["evidences"][0]["user"]
    same("the directory knows who the user is", user["full_name"], case.name)
    has("... and the groups", [one["name"] for one in user["groups"]],
        case.groups[0])
    same("the asset file knows the host's owner",
         record["device"]["owner"]["name"], "netops")

    def hits(connector):
        return sorted(one["value"] for one in alert["answers"] if
                      (one["connector"], one["outcome"]) == (connector, "hit"))
    same("MISP knows the address and the file as bad", hits("misp"),
         sorted([case.row["src"], case.row["file_hash"]]))
    same("VirusTotal knows the address", hits("vt"), [case.row["src"]])


def cef_values(container):
    """{CEF key: set of values} over all artifacts of a container."""
    values = {}
    for artifact in container["artifacts"]:
        for key, value in artifact["cef"].items():
            values.setdefault(key, set()).update(
                value if isinstance(value, list) else [value])
    return values


def holds_observables(world, case, container):
    with open(os.path.join(world.options.source, "tests", "fixtures", "soar",
                           "cim_to_cef.json"), encoding="utf-8") as table:
        names = json.load(table)
    values = cef_values(container)
    wanted = {"src": names["src"], "dest_ip": names["dest_ip"],
              "user": names["user"], "file_hash": names["file_hash"],
              "dest": "destinationHostName"}
    for field, key in wanted.items():
        if case.row[field] not in values.get(key, set()):
            raise Failed(f"no artifact has {key} = {case.row[field]}: "
                         f"{values}")
    tell("    ok: each observable is in the cef of an artifact")


def ended_playbook(world, runs, container):
    for run in runs:
        tell(f"  Its playbook {run['playbook_id']} has run: {run['status']}.")
    same("one playbook, to its end", [
        (run["playbook_id"], run["status"], run["container"])
        for run in runs], [(PLAYBOOK, "success", container["id"])])


def disabled(world, cases):
    case = cases["clerk"]
    title("1. Beyond the threshold: the account is disabled")
    tell_account(world, case, ENABLED)
    alert = send(world, case)
    explain(world, alert)
    is_enriched(alert, case)
    same("the level is critical", alert["level"], "Critical")
    same("what is decided is done", action_of(alert, "disable")["state"],
         "done")
    tell_account(world, case, DISABLED)
    container, runs = tell_case(world, alert)
    holds_observables(world, case, container)
    ended_playbook(world, runs, container)
    tell_mail(world, alert, "done")
    return alert


def merged(world, cases, alert):
    case = cases["clerk"]
    title("2. The same finding twice more: nothing happens twice")
    for number in (1, 2):
        again = case.repeat(number)
        world.send(again)
        late = world.settled(again["result"]["event_id"])
        tell(f"  Repeat {number} is {late['state']}: {late.get('reason', '')}")
        same("it is merged", late["state"], "merged")
    _, runs = world.case_of(alert)
    same("still one run of the playbook", len(runs), 1)
    same("still one mail", len(world.mails_of(alert)), 1)
    same("MISP was asked for each value once", sorted(
        one for one in world.misp.asked() if one in case.values),
        sorted(case.values))


# ---- an account is left alone ----

def refused(world, case, why, word):
    """Beyond the threshold, and not disabled; people hear of it."""
    tell_account(world, case, ENABLED)
    alert = send(world, case)
    action = action_of(alert, "disable")
    tell(f"  herald: {alert['level']}, and disabling the account is "
         f"{action['state']}: {action['message']}")
    same("the level is critical", alert["level"], "Critical")
    same("what was decided is refused", action["state"], "refused")
    has(why, action["message"], word)
    tell_account(world, case, ENABLED)
    tell_case(world, alert)
    tell_mail(world, alert, "refused")


def never_an_admin(world, cases):
    title("3. A Domain Admin: never")
    refused(world, cases["admin"], "it is for the group", "Domain Admins")


def halted(world, cases):
    title("4. Somebody has called a halt")
    tell("    $ heraldctl halt --because maintenance")
    world.say("halt", "--because", "maintenance")
    refused(world, cases["held"], "it is for the halt", "maintenance")
    tell("    $ heraldctl unhalt --because 'all clear'")
    world.say("unhalt", "--because", "all clear")


def spent(world, cases):
    title("5. One account an hour is what the owner allowed")
    refused(world, cases["second"], "it is for the budget", "1/1h")


# ---- not sure is not enough ----

def not_sure(world, case, lacking):
    """Could be beyond the threshold: a person decides."""
    tell_account(world, case, ENABLED)
    alert = send(world, case)
    score = alert["score"]
    tell(f"  herald: the score is between {score['low']} and {score['high']}, "
         f"for {lacking} did not answer.")
    if not score["low"] < 80 <= score["high"]:
        raise Failed(f"the threshold is not within the score {score}")
    tell("    ok: it could be beyond the threshold, and is not surely so")
    same("no answer counts as clean", {
        one["outcome"] for one in alert["answers"]
        if one["connector"] == lacking and
        one["value"] in (case.user, case.row["src"])}, {"missing"})
    if action_of(alert, "disable")["state"] not in ("skipped", "absent"):
        raise Failed(f"the account: {action_of(alert, 'disable')}")
    tell("    ok: the account is not even tried")
    tell_account(world, case, ENABLED)
    container, _ = tell_case(world, alert)
    text = json.dumps(container).lower()
    if lacking not in text or not re.search("missing|unknown|not known", text):
        raise Failed(f"the case does not say that {lacking} is missing: "
                     f"{container.get('description')}")
    tell("    ok: the case says what is missing")
    tell_mail(world, alert, "left as it is")


def without_directory(world, cases):
    title("6. The directory does not answer")
    world.line.hangs = True
    not_sure(world, cases["dark"], "ad")
    world.line.hangs = False
    world.line.cut()
    tell("    $ heraldctl test-connector ad")
    quote(world.say("test-connector", "ad"))


def without_misp(world, cases):
    title("7. MISP answers 500, and VirusTotal knows nothing")
    world.misp.fault("500", path="/attributes/restSearch")
    not_sure(world, cases["unsure"], "misp")
    world.misp.mend()


# ---- and back ----

def undone(world, cases, alert):
    case = cases["clerk"]
    title("8. It was a mistake: heraldctl undo")
    action = action_of(alert, "disable")
    tell(f"    $ heraldctl undo {action['id'][:8]} --because 'it was me'")
    world.say("undo", action["id"], "--because", "it was me")
    world.action(alert, "disable", "undone")
    tell_account(world, case, ENABLED)


def all_of_them(world, cases):
    alert = disabled(world, cases)
    merged(world, cases, alert)
    never_an_admin(world, cases)
    halted(world, cases)
    spent(world, cases)
    without_directory(world, cases)
    without_misp(world, cases)
    undone(world, cases, alert)
