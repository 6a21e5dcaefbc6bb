#!/usr/bin/env python3
"""A fake NetBox 4: GET /api/APP/MODEL/ and /api/APP/MODEL/NUMBER/.

It knows the device and the address of fixtures/cmdb and what tests load.  As
the real one it redirects an address without its last '/', compares with `ie`
and `isw` without regard to case, and passes over filters that it does not know
if it is told to be old.
"""
import json
import os

import double
import wire

KEY = "nbt_example.netboxtoken"
OLD_KEY = "0123456789" * 4      # Authorization: Token
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "cmdb")
DEVICES, MACHINES = "dcim/devices", "virtualization/virtual-machines"
ADDRESSES = "ipam/ip-addresses"
MODELS = {DEVICES: "Device", MACHINES: "VirtualMachine",
          ADDRESSES: "IPAddress", "dcim/interfaces": "Interface",
          "virtualization/interfaces": "VMInterface"}
FILTERS = {
    "name__ie": lambda one, want: one["name"].lower() == want.lower(),
    "name__isw": lambda one, want: one["name"].lower().startswith(
        want.lower()),
    "address": lambda one, want: one["address"].split("/")[0] == want,
    "mac_address": lambda one, want: want.lower() in [
        mac["mac_address"].lower() for mac in one.get("mac_addresses", [])
        + ([one] if one.get("mac_address") else [])],
}
WORDS = {403: "You do not have permission to perform this action.",
         404: "Not found."}


def recorded(name):
    path = os.path.join(FIXTURES, f"netbox_{name}.json")
    with open(path, encoding="utf-8") as text:
        return json.load(text)["response"]


class NetBox(double.Double):
    settings = {
        "answer": None,         # a recorded response: for everything
        "unknown": [],          # filters that it does not know
        "hidden": [],           # numbers that are named and not shown
        "cursor": False,        # pages without a count
    }

    def start_over(self):
        self.models = {model: [] for model in MODELS}
        self.models[DEVICES] += recorded("device_hit")["body"]["results"]
        self.models[ADDRESSES] += recorded("ip_hit")["body"]["results"]

    def load(self, data):
        """{"dcim/devices": [{"id": 7, "name": "ws1"}]}"""
        for model, rows in data.items():
            self.models[model] += rows

    def state(self):
        return self.models

    def refusal(self, status, _request):
        return wire.Answer(status, {"detail": WORDS.get(status, "fault")})

    def answer(self, request):
        given = request.headers.get("authorization")
        if given is None:
            return wire.Answer(403, recorded("error_403_no_token")["body"])
        if given not in ("Bearer " + self.options.key, "Token " + OLD_KEY):
            return wire.Answer(403, recorded("error_403_bad_token")["body"])
        if self.set["answer"]:
            kept = self.set["answer"]
            return wire.Answer(kept["status"], kept["body"])
        if not request.path.endswith("/"):
            return wire.Answer(301, b"", {"Location": request.path + "/"})
        return self.route(request.path.removeprefix("/api/").strip("/"),
                          request)

    def route(self, where, request):
        if where in MODELS:
            return self.select(where, request)
        model, _, number = where.rpartition("/")
        if model not in MODELS or not number.isdigit():
            return wire.Answer(404, "<html>Page Not Found",
                               content_type="text/html")
        for one in self.models[model]:
            if one["id"] == int(number) and \
                    one["id"] not in self.set["hidden"]:
                return wire.Answer(200, one)
        return wire.Answer(404, {
            "detail": f"No {MODELS[model]} matches the given query."})

    def select(self, model, request):
        fits, limit = self.models[model], 50
        for name, want in request.query:
            if name == "limit":
                limit = int(want)
            elif name in ("exclude", "fields") or name in self.set["unknown"]:
                continue
            elif name in FILTERS:
                fits = [one for one in fits if FILTERS[name](one, want)]
            else:
                return wire.Answer(400, {name: ["Select a valid choice. "
                                                f"{want} is not one of the "
                                                "available choices."]})
        more = None
        if len(fits) > limit:
            more = f"https://netbox.example.org{request.path}" \
                   f"?limit={limit}&offset={limit}"
        return wire.Answer(200, {
            "count": None if self.set["cursor"] else len(fits), "next": more,
            "previous": None, "results": fits[:limit]})


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--key", default=KEY, help="the accepted one")
    double.run(NetBox, parser.parse_args())


if __name__ == "__main__":
    main()
