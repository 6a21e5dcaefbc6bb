#!/usr/bin/env python3
"""A fake ServiceNow: GET /api/now/table/TABLE with an encoded query.

It knows the computer of fixtures/cmdb and those that tests load.  A field that
no asset has is passed over in a query, as the real one does unless told
otherwise.
"""
import base64
import json
import os

import double
import wire

USER, KEY = "herald", "example-servicenow-key"
TABLES = ("cmdb_ci_computer", "cmdb_ci_server")
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "cmdb")
WORDS = {400: "Invalid query", 403: "Insufficient rights to query records",
         404: "No Record found", 429: "Rate limit exceeded"}
OPERATORS = {                   # longest first: ISEMPTY ends a condition
    "!=": lambda have, want: have != want,
    "=": lambda have, want: have == want,
    "STARTSWITH": lambda have, want: have.startswith(want),
    "ISEMPTY": lambda have, _: have == "",
}


def recorded(name):
    path = os.path.join(FIXTURES, f"servicenow_{name}.json")
    with open(path, encoding="utf-8") as text:
        return json.load(text)["response"]


def shown(record):
    """Each field as display_value=all shows it; tests may give plain text."""
    return {name: value if isinstance(value, dict)
            else {"display_value": value, "value": value}
            for name, value in record.items()}


class ServiceNow(double.Double):
    settings = {
        "answer": None,         # a recorded response: for everything
        "hidden": False,        # rights: assets are counted, not shown
        "unknown": [],          # fields that the tables do not have
        "reset": 0,             # X-RateLimit-Reset of a 429, in seconds
        "cancelled": False,     # 200 with a failure beside the list
    }

    def start_over(self):
        self.tables = {table: [] for table in TABLES}
        found = recorded("hit_display_value_all")["body"]["result"]
        self.tables["cmdb_ci_computer"] += found

    def load(self, data):
        """[{"name": "WS1", ...}] into the first table."""
        self.tables["cmdb_ci_computer"] += [shown(one) for one in data]

    def state(self):
        return self.tables

    @staticmethod
    def error(status, message, detail=None, headers=None):
        return wire.Answer(status, {"error": {
            "message": message, "detail": detail}, "status": "failure"},
            headers)

    def refusal(self, status, _request):
        headers = {}
        if status == 429 and self.set["reset"]:
            headers["X-RateLimit-Reset"] = str(self.set["reset"])
        if status == 401:
            return self.not_let_in()
        return self.error(status, WORDS.get(status, "fault"), None, headers)

    @staticmethod
    def not_let_in():
        kept = recorded("error_401")
        return wire.Answer(401, kept["body"], kept["headers"])

    def is_let_in(self, request):
        basic = base64.b64encode(f"{USER}:{self.options.key}".encode())
        return request.headers.get("authorization") in (
            "Basic " + basic.decode(), "Bearer " + self.options.key)

    def answer(self, request):
        if not self.is_let_in(request):
            return self.not_let_in()
        if self.set["answer"]:
            kept = self.set["answer"]
            return wire.Answer(kept["status"], kept.get(
                "body", kept.get("body_text", "")), kept["headers"])
        table, _, one = request.path.removeprefix(
            "/api/now/table/").partition("/")
        if table not in self.tables:
            return self.error(400, f"Invalid table {table}")
        if one:
            return self.error(404, "No Record found", "Record doesn't exist "
                              "or ACL restricts the record retrieval")
        return self.select(self.tables[table], dict(request.query))

    def select(self, records, query):
        fits = [one for one in records
                if self.matches(one, query.get("sysparm_query", ""))]
        cut = fits[:int(query.get("sysparm_limit", "10000"))]
        wanted = query.get("sysparm_fields", "")
        cut = [self.view(one, wanted, query) for one in cut]
        body = {"result": [] if self.set["hidden"] else cut}
        if self.set["cancelled"]:
            body["error"] = {"message": "Transaction cancelled: maximum "
                             "execution time exceeded", "detail": None}
            body["status"] = "failure"
        return wire.Answer(200, body, {"X-Total-Count": str(len(fits))})

    def has(self, field):
        return field not in self.set["unknown"] and any(
            field in one for one in sum(self.tables.values(), []))

    def view(self, record, wanted, query):
        names = wanted.split(",") if wanted else list(record)
        one = {name: record.get(name, {"display_value": "", "value": ""})
               for name in names if self.has(name)}
        if query.get("sysparm_display_value") == "all":
            return one
        return {name: value["value"] for name, value in one.items()}

    def matches(self, record, query):
        return any(self.matches_all(record, part)
                   for part in query.split("^NQ"))

    def matches_all(self, record, query):
        met = True
        for either in query.replace("^OR", "\0").split("^"):
            conditions = [self.holds(record, one)
                          for one in either.split("\0") if one]
            conditions = [one for one in conditions if one is not None]
            met = met and (not conditions or any(conditions))
        return met

    def holds(self, record, condition):
        """None: of a field that there is not, and so no condition."""
        for word, holds in OPERATORS.items():
            field, found, want = condition.partition(word)
            if found:
                break
        else:
            raise ValueError(f"condition {condition!r}")
        if not self.has(field):
            return None
        have = record.get(field, {"value": ""})["value"]
        return holds(have.lower(), want.lower())


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--key", default=KEY,
                        help=f"password of {USER}, and a token")
    double.run(ServiceNow, parser.parse_args())


if __name__ == "__main__":
    main()
