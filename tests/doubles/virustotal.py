#!/usr/bin/env python3
"""A fake VirusTotal v3: GET /api/v3/{ip_addresses,domains,files,urls}/ID.

It knows the objects of fixtures/virustotal and those that tests load; all
else is NotFoundError.  A file is found by each of its digests, and answers
with its SHA-256 as id.
"""
import glob
import ipaddress
import json
import os

import double
import wire

KEY = "example-virustotal-key"
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "virustotal")
CODES = {400: "BadRequestError", 401: "WrongCredentialsError",
         403: "ForbiddenError", 404: "NotFoundError",
         429: "QuotaExceededError", 500: "TransientError",
         503: "TransientError"}
WORDS = {"ip_addresses": "IP address", "domains": "Domain", "files": "File",
         "urls": "URL"}


def recorded(status):
    """The recorded exchanges that ended so, by file name."""
    found = {}
    for name in sorted(glob.glob(os.path.join(FIXTURES, "*.json"))):
        with open(name, encoding="utf-8") as text:
            exchange = json.load(text)
        if exchange.get("response", {}).get("status") == status:
            found[os.path.basename(name)] = exchange
    return found


class VirusTotal(double.Double):
    settings = {
        "minute": 0,            # answers before QuotaExceededError; 0: no end
        "too_many": False,      # TooManyRequestsError for everything
        "answer": None,         # a recorded response: for everything
    }

    def start_over(self):
        self.asked = 0
        self.objects = {}
        for exchange in recorded(200).values():
            where = exchange["request"]["path"].split("/api/v3/")[1]
            self.take(where, exchange["response"]["body"]["data"])

    def take(self, where, data):
        collection = where.split("/")[0]
        self.objects[where] = data
        for digest in ("md5", "sha1", "sha256"):
            value = data.get("attributes", {}).get(digest)
            if collection == "files" and value:
                self.objects[f"files/{value}"] = data

    def load(self, data):
        """{"ip_addresses/192.0.2.1": {"id": ..., "attributes": {...}}}"""
        for where, one in data.items():
            self.take(where, one)

    def error(self, status, code, message):
        return wire.Answer(status, {"error": {"code": code,
                                              "message": message}})

    def refusal(self, status, _request):
        return self.error(status, CODES.get(status, "TransientError"), "fault")

    def answer(self, request):
        key = request.headers.get("x-apikey")
        if key != self.options.key:
            name = "no_key" if key is None else "wrong_key"
            return wire.Answer(401, recorded(401)[f"error_401_{name}.json"]
                               ["response"]["body"])
        self.asked += 1
        if self.set["answer"]:
            return self.recorded_answer(self.set["answer"])
        if self.set["too_many"] or 0 < self.set["minute"] < self.asked:
            name = "too_many" if self.set["too_many"] else "quota"
            return wire.Answer(429, recorded(429)[f"error_429_{name}.json"]
                               ["response"]["body"])
        return self.look_up(*request.path.removeprefix("/api/v3/")
                            .partition("/")[::2])

    @staticmethod
    def recorded_answer(response):
        if "body" in response:
            return wire.Answer(response["status"], response["body"])
        return wire.Answer(response["status"], response["body_text"],
                           content_type="text/html")

    def look_up(self, collection, name):
        if collection not in WORDS:
            return self.error(403, "ForbiddenError", "You are not authorized "
                              "to perform the requested operation")
        if collection == "ip_addresses" and not is_address(name):
            return self.error(400, "InvalidArgumentError",
                              f'"{name}" is not a valid IP address')
        data = self.objects.get(f"{collection}/{name}")
        if data is None:
            return self.error(404, "NotFoundError",
                              f'{WORDS[collection]} "{name}" not found')
        return wire.Answer(200, {"data": data})


def is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--key", default=KEY, help="the accepted one")
    double.run(VirusTotal, parser.parse_args())


if __name__ == "__main__":
    main()
