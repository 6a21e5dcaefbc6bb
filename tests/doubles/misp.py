#!/usr/bin/env python3
"""A fake MISP 2.5.1 that answers as the recorded one did, traps included.

    POST /attributes/restSearch   json, text, csv, count
    POST /events/restSearch       whole events
    GET  /servers/getVersion
    POST /sightings/add[/ID]
    POST /warninglists/checkValue
    POST /attributes/add/EVENT    GET /attributes/view/ID   GET /events/view/ID

Also: GET /_double/asked gives every value that a search named, in order.
Formats that no test needs (xml, stix, ...) are answered as unknown ones.
"""
import ipaddress
import json
import time

import double
import misp_data
import misp_filter
import misp_view
import wire

KEY = ("example" * 6)[:40]
JSON_TYPE = "application/json; charset=UTF-8"
NO_KEY = ("Authentication failed. Please make sure you pass the API key of an "
          "API enabled user along in the Authorization header.")
BAD_ADDRESS = "It is not possible to use this Auth key from your IP address"
NO_PERMISSION = "You do not have permission to use this functionality."
BAD_JSON = ("Invalid JSON input. Make sure that the JSON input is a correctly "
            "formatted JSON string. This request has been blocked to avoid an "
            "unfiltered request.")
NO_PARAMETERS = ("Restsearch queries using GET and no parameters are not "
                 "allowed. If you have passed parameters via a JSON body, make "
                 "sure you use POST requests.")
NO_SIGHTING = ("Could not add the Sighting. Reason: No valid attributes found "
               "that match the criteria.")
WORDS = {404: "Not Found", 429: "Rate limit exceeded.",
         403: NO_KEY, 405: BAD_JSON, 500: "An Internal Error Has Occurred."}
ADDRESS_TYPES = {"ip-src", "ip-dst"}


class Misp(double.Double):
    settings = {
        "rate_limit": 0,        # searches in a window of 900 s; 0: no limit
        "deny": None,           # "address" or "permission": 403 for the key
    }

    def start_over(self):
        self.store = misp_data.Store()
        self.searches = 0
        self.asked = []

    def load(self, data):
        self.store.load(data)

    def state(self):
        return {"attributes": self.store.all(),
                "events": list(self.store.events.values()),
                "sightings": self.store.sightings}

    def controls(self):
        return {**super().controls(), ("GET", "asked"): lambda _: self.asked}

    # Answers.

    def error(self, status, words, url, request, headers=None):
        """JSON for who asked for it, a web page for all others."""
        if not wants_json(request):
            page = misp_data.fixture_bytes("error_403_no_key_html.body")
            page = page.replace(NO_KEY.encode(), words.encode())
            return wire.Answer(status, page, headers,
                               content_type="text/html; charset=UTF-8")
        return self.json(status, {"name": words, "message": words, "url": url},
                         headers)

    @staticmethod
    def json(status, value, headers=None):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return wire.Answer(status, text, headers, content_type=JSON_TYPE)

    def refusal(self, status, request):
        return self.error(status, WORDS.get(status, "fault"), request.path,
                          request)

    def key_trouble(self, request):
        if request.headers.get("authorization") != self.options.key:
            return NO_KEY
        return {"address": BAD_ADDRESS,
                "permission": NO_PERMISSION}.get(self.set["deny"])

    def answer(self, request):
        trouble = self.key_trouble(request)
        if trouble:
            return self.error(403, trouble, request.path, request)
        if request.path.endswith("/restSearch"):
            return self.search(request)
        if not wants_json(request):
            return wire.Answer(200, "<!DOCTYPE html>\n<html></html>\n",
                               content_type="text/html; charset=UTF-8")
        try:
            body = request.json() if request.body else {}
        except ValueError:
            return self.error(405, BAD_JSON, request.path, request)
        return self.route(request, body)

    def route(self, request, body):
        parts = request.path.strip("/").split("/")
        last = parts[2] if len(parts) > 2 else None
        calls = {
            ("servers", "getVersion"): lambda: self.json(
                200, misp_data.fixture("version.json")["response"]["body"]),
            ("warninglists", "checkValue"): lambda: self.check_values(body),
            ("sightings", "add"): lambda: self.add_sightings(body, last),
            ("attributes", "add"): lambda: self.add(body, last),
            ("attributes", "view"): lambda: self.view_attribute(request, last),
            ("events", "view"): lambda: self.view_event(request, last),
        }
        call = calls.get(tuple(parts[:2]))
        if call is None:
            return self.error(404, "Not Found", request.path, request)
        return call()

    # Searches.

    def search(self, request):
        if request.path not in ("/attributes/restSearch",
                                "/events/restSearch"):
            return self.error(404, "Not Found", request.path, request)
        limits = self.rate_headers()
        if limits and self.searches > self.set["rate_limit"]:
            return self.error(429, "Rate limit exceeded.", request.path,
                              request, limits)
        try:
            body = self.search_body(request)
        except ValueError:
            return self.error(405, BAD_JSON, request.path, request)
        if body is None:
            return self.error(400, NO_PARAMETERS, request.path, request)
        return self.found(request, body, limits)

    def rate_headers(self):
        limit = self.set["rate_limit"]
        if not limit:
            return {}
        self.searches += 1
        return {"X-Rate-Limit-Limit": str(limit),
                "X-Rate-Limit-Remaining": str(max(0, limit - self.searches)),
                "X-Rate-Limit-Reset": "900"}

    def search_body(self, request):
        """The parameters; None for a GET without any.  What comes with PUT or
        DELETE is not read: everything is returned."""
        if request.method == "GET":
            return dict(request.query) or None
        if request.method != "POST" or not request.body:
            return {}
        body = request.json()
        if isinstance(body, dict) and isinstance(body.get("request"), dict):
            body = body["request"]
        return body if isinstance(body, dict) else {}

    def found(self, request, body, headers):
        form = str(body.get("returnFormat") or "json")
        if form not in misp_view.FORMATS:
            return self.error(404, "Invalid output format.", request.path,
                              request)
        self.asked += misp_filter.asked_values(body)
        if form == "text":
            body = dict(body, to_ids=1, published=1)
        rows, skipped = misp_view.select(self.store, body)
        if request.path == "/events/restSearch":
            rows = misp_view.events_of(self.store, rows)
        page, count = misp_view.page(rows, body, skipped)
        headers = dict(headers, **{
            "X-Result-Count": str(count), "X-Export-Module-Used": form,
            "X-Response-Format": misp_view.FORMATS[form][0],
            "X-Skipped-Elements-Count": str(skipped)})
        if not wants_json(request) and form == "json":
            return wire.Answer(200, "<!DOCTYPE html>\n<html></html>\n",
                               content_type="text/html; charset=UTF-8")
        text = misp_view.written(self.store, request.path, form, page, body)
        return wire.Answer(200, text, headers,
                           content_type=misp_view.FORMATS[form][1])

    # The other calls.

    def check_values(self, body):
        hits = {}
        for value in body if isinstance(body, list) else [body]:
            found = [{"id": one["id"], "name": one["name"], "matched": entry}
                     for one, entry in self.store.warnings(str(value))]
            if found:
                hits[str(value)] = found
        return self.json(200, hits)

    def sighted(self, body, number):
        """The attributes that a sighting is about."""
        values = misp_filter.as_list(body.get("values") or body.get("value"))
        return [a for a in self.store.all()
                if a["id"] == number or a["uuid"] == body.get("uuid")
                or any(misp_filter.same(value, half) for value in values
                       for half in misp_filter.halves(a))]

    def add_sightings(self, body, number):
        """One for each attribute; only the last is told."""
        last = None
        for attribute in self.sighted(body, number):
            last = self.store.add_sighting(
                attribute, str(body.get("type", "0")), body.get("source", ""),
                body.get("timestamp") or int(time.time()))
            self.effect(last["uuid"], "/sightings/add", last)
        if last is None:
            return self.json(200, {"message": NO_SIGHTING})
        return self.json(200, {"Sighting": last})

    def add(self, body, event_id):
        trouble = self.add_trouble(body, event_id)
        if trouble:
            words = "Could not add Attribute"
            return self.json(403, {
                "saved": False, "name": words, "message": words,
                "url": "/attributes/add", "errors": {"value": [trouble]}})
        attribute = self.store.take_attribute(dict(body, event_id=event_id))
        self.effect(attribute["uuid"], "/attributes/add", attribute)
        return self.json(200, {"Attribute": attribute})

    def add_trouble(self, body, event_id):
        kind, value = body.get("type"), str(body.get("value", ""))
        if kind in ADDRESS_TYPES:
            try:
                ipaddress.ip_address(value)
            except ValueError:
                return "IP address has an invalid format."
        if any((a["event_id"], a["type"], a["value"]) ==
               (event_id, kind, value) for a in self.store.all()):
            return "A similar attribute already exists for this event."
        return None

    def view_attribute(self, request, number):
        attribute = self.store.attributes.get(number)
        if attribute is None:
            return self.error(405, "Invalid attribute", request.path, request)
        return self.json(200, {"Attribute": attribute})

    def view_event(self, request, number):
        event = self.store.events.get(number)
        if event is None:
            return self.error(404, "Invalid event", request.path, request)
        return self.json(200, misp_view.whole_event(self.store, event))


def wants_json(request):
    return "application/json" in request.headers.get("accept", "")


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--key", default=KEY, help="the one that is accepted")
    double.run(Misp, parser.parse_args())


if __name__ == "__main__":
    main()
