"""The MISP double's objects: events, attributes, sightings, warning lists.

The start is the instance that the recorded exchanges were made with, read
from fixtures/misp/events_hit.json: two events, fifteen attributes.
"""
import copy
import ipaddress
import json
import os
import uuid

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "misp")

RFC1918 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
RFC5735 = ["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
           "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
           "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
           "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"]
WARNING_LISTS = [
    {"id": "89", "name": "List of RFC 1918 CIDR blocks",
     "category": "false_positive", "list": RFC1918},
    {"id": "91", "name": "List of RFC 5735 CIDR blocks",
     "category": "false_positive", "list": RFC5735},
]

NEW_ATTRIBUTE = {
    "object_id": "0", "object_relation": None, "category": "Network activity",
    "type": "ip-dst", "to_ids": True, "timestamp": "1795568603",
    "distribution": "5", "sharing_group_id": "0", "comment": "",
    "deleted": False, "disable_correlation": False, "first_seen": None,
    "last_seen": None,
}


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as exchange:
        return json.load(exchange)


def fixture_bytes(name):
    with open(os.path.join(FIXTURES, name), "rb") as body:
        return body.read()


class Store:
    def __init__(self):
        self.events = {}
        self.attributes = {}
        self.sightings = []
        self.warning_lists = copy.deepcopy(WARNING_LISTS)
        for one in fixture("events_hit.json")["response"]["body"]["response"]:
            self.take_event(one["Event"])

    def take_event(self, event):
        event = copy.deepcopy(event)
        attributes = event.pop("Attribute", [])
        for record in event.get("Object", []):
            for attribute in record.pop("Attribute", []):
                attribute["Object"] = {
                    key: record[key]
                    for key in ("id", "distribution", "sharing_group_id")}
                attributes.append(attribute)
        self.events[event["id"]] = event
        for attribute in attributes:
            self.take_attribute(attribute)

    def take_attribute(self, given):
        """Adds one, or changes the one with this id; short forms are
        completed, an `Event` inside it is merged into that event."""
        given = copy.deepcopy(given)
        event_id = str(given.get("event_id") or
                       given.get("Event", {}).get("id") or "1")
        number = str(given.get("id") or self.next_id(self.attributes))
        attribute = self.attributes.get(number) or dict(
            NEW_ATTRIBUTE, id=number, uuid=str(uuid.uuid4()))
        event = self.event_of(event_id)
        event.update(given.pop("Event", {}), id=event_id)
        attribute.update(given, id=number, event_id=event_id)
        self.attributes[number] = attribute
        return attribute

    def event_of(self, event_id):
        if event_id not in self.events:
            event = copy.deepcopy(self.events["1"])
            event.update(id=event_id, uuid=str(uuid.uuid4()), Tag=[],
                         Galaxy=[], info=f"event {event_id}")
            self.events[event_id] = event
        return self.events[event_id]

    @staticmethod
    def next_id(numbered):
        return str(max((int(key) for key in numbered), default=0) + 1)

    def load(self, data):
        """A list of attributes is added.  An object may hold `attributes`,
        `events`, `warninglists`, and `replace`: true to begin with none."""
        if isinstance(data, list):
            data = {"attributes": data}
        if data.get("replace"):
            self.attributes = {}
            self.sightings = []
        for event in data.get("events", []):
            self.event_of(str(event["id"])).update(event)
        for attribute in data.get("attributes", []):
            self.take_attribute(attribute)
        if "warninglists" in data:
            self.warning_lists = data["warninglists"]

    def all(self):
        return sorted(self.attributes.values(), key=lambda a: int(a["id"]))

    def warnings(self, value):
        """[(list, the entry that matched)] for one value."""
        hits = []
        for warning_list in self.warning_lists:
            for entry in warning_list["list"]:
                if covers(entry, value):
                    hits.append((warning_list, entry))
                    break
        return hits

    def add_sighting(self, attribute, kind, source, at):
        sighting = {
            "id": str(len(self.sightings) + 1),
            "attribute_id": attribute["id"], "event_id": attribute["event_id"],
            "org_id": "1", "date_sighting": str(at),
            "uuid": str(uuid.uuid4()), "source": source, "type": kind,
        }
        self.sightings.append(sighting)
        return sighting


def covers(entry, value):
    """An entry is a network, or a text that is equal."""
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(entry)
    except ValueError:
        return entry.lower() == value.lower()
