"""What is sent: failed log-ins and then a success, of one user after another.

Values are those of a fixture, or drawn from a seed.
"""
import copy
import json
import os

HASH = "44d88612fea8a8f36de82e1278abb02fa9d7e0c1b2f34a5968c7d6e5f4031221"
PEOPLE = (      # role, account unless drawn, name, title, groups
    ("clerk", "jdoe", "Jo Doe", "Payroll Clerk", ["Finance-Users"]),
    ("admin", "root.admin", "Ada Root", "Administrator", ["Domain Admins"]),
    ("second", "mmore", "Mo More", "Accountant", ["Finance-Users"]),
    ("held", "hhold", "Hal Hold", "Accountant", ["Finance-Users"]),
    ("dark", "ddark", "Dee Dark", "Accountant", ["Finance-Users"]),
    ("unsure", "uunsure", "Una Unsure", "Accountant", ["Finance-Users"]),
)
OBSERVABLES = ("src", "dest_ip", "dest", "file_hash")


class Case:
    """One user's alert: who it is, and the payload of Splunk's webhook."""

    def __init__(self, role, person, payload):
        self.role = role
        self.user, self.name, self.title, self.groups = person
        self.payload = payload
        self.row = payload["result"]
        self.uid = self.row["event_id"]
        self.values = {self.row[one] for one in OBSERVABLES}

    def repeat(self, number):
        """The same finding again: other event_id, sid and _time only."""
        again = copy.deepcopy(self.payload)
        again["sid"] += f"_{number}"
        event_id = int(self.uid, 16) + number
        again["result"]["event_id"] = f"{event_id % 2 ** 128:032x}"
        again["result"]["_time"] = str(int(self.row["_time"]) + 60 * number)
        return again

    def asset(self):
        host = self.row["dest"].split(".")[0]
        return (f"{host},{self.row['dest']},{self.row['dest_ip']},,netops,"
                "netops@example.com,Network,production,high,gateway\n")

    def misp_attributes(self):
        event = {"id": "1337", "info": "Credential stuffing against VPN",
                 "threat_level_id": "1", "published": True}
        return [{"type": kind, "value": self.row[field], "to_ids": True,
                 "Event": event}
                for kind, field in (("ip-src", "src"),
                                    ("sha256", "file_hash"))]


def report_of_virustotal(source, address):
    """What VirusTotal says of a bad address, about this one."""
    path = f"{source}/tests/fixtures/virustotal/ip_malicious.json"
    with open(path, encoding="utf-8") as text:
        data = json.load(text)["response"]["body"]["data"]
    return {f"ip_addresses/{address}": dict(data, id=address)}


def draw(payload, number, rng):
    """Values for a payload: from the seed, or plain ones."""
    row = payload["result"]
    if rng is None:
        row.update(src=f"203.0.113.{50 + number}", dest_ip="198.51.100.7",
                   file_hash=HASH, event_id=f"{16 * (number + 1):032x}")
        return
    hexa = "0123456789abcdef"
    row.update(
        user="u" + "".join(rng.choices("abcdefghij", k=7)) + str(number),
        src=f"203.0.113.{40 * number + rng.randint(1, 40)}",
        dest_ip=f"198.51.100.{40 * number + rng.randint(1, 40)}",
        dest="".join(rng.choices("klmnopqrst", k=8)) + f"{number}.example.com",
        file_hash="".join(rng.choices(hexa, k=64)),
        event_id="".join(rng.choices(hexa, k=32)))
    payload["sid"] = f"scheduler__admin__{rng.getrandbits(48)}"


def make(source, rng=None):
    """{role: Case} of all people."""
    path = os.path.join(source, "tests", "fixtures", "splunk",
                        "webhook_failed_then_success.json")
    with open(path, encoding="utf-8") as text:
        fixture = json.load(text)
    cases = {}
    for number, (role, user, name, title, groups) in enumerate(PEOPLE):
        payload = copy.deepcopy(fixture)
        payload["result"]["user"] = user
        payload["sid"] += f"_{role}"
        draw(payload, number, rng)
        cases[role] = Case(role, (payload["result"]["user"], name, title,
                                  groups), payload)
    return cases
