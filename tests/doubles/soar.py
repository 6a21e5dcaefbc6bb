#!/usr/bin/env python3
"""A fake Splunk SOAR that answers as the recorded one did.

    POST /rest/container[/ID]      GET /rest/container[/ID]
    POST /rest/artifact[/ID]       GET /rest/artifact[/ID]     one or a list
    POST /rest/playbook_run[/ID]   GET /rest/playbook_run[/ID]
    POST /rest/container_comment, note, action_run, container_attachment
    GET  /rest/version, container_options, severity, container_comment, note

GET /_double/state shows containers (with artifacts, comments and notes in
them), runs, and `automation`: the artifacts that started active playbooks.
Only the header ph-auth-token is understood.
"""
import copy
import json
import os
import re
import time

import double
import soar_query
import wire

TOKEN = "example-automation-token"
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "fixtures", "soar")
NO_AUTH = "No supported auth information provided in request"
BAD_TOKEN = "Invalid automation token"
WORDS = {401: BAD_TOKEN, 403: "Forbidden", 404: "Object not found",
         500: "Specific server message"}
UPLOAD_MAX = 32 * 1024 * 1024
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FIRST_IDS = {"container": 42, "artifact": 101, "playbook_run": 46,
             "container_comment": 9, "note": 12, "action_run": 42,
             "container_attachment": 5}
INDEX = ("source_data_identifier", "container")
OWN = {"polls", "playbook_id"}     # of a run: ours, not shown to clients
OPTION_OF = {"label": "label", "severity": "severity",
             "sensitivity": "sensitivity", "status": "status"}


class Refused(Exception):
    """The request fails: `answer` goes out."""

    def __init__(self, message, status=200, **more):
        super().__init__(message)
        self.status = status
        self.body = {"failed": True, **more, "message": message}


class Soar(double.Double):
    settings = {
        "run_polls": 1,             # polls of a run before its outcome
        "run_outcome": "success",   # or failed
        "run_statuses": None,       # a list: the whole sequence, last repeats
        "playbooks": None,          # a list of those that exist; None: any
        "duplicate_status": 200,    # of a container that exists: 200, 400, 409
        "reject_duplicate_artifacts": False,    # 8.5.0 does not
        "artifacts_answer": "ids",  # or "list": both are seen
        "options": None,            # container_options; None: as recorded
    }

    def start_over(self):
        self.set["run_polls"] = self.options.run_polls
        self.set["options"] = fixture("container_options_200.json")
        self.objects = {kind: {} for kind in FIRST_IDS}
        self.having = {}        # (kind, field, value) -> objects; see INDEX
        self.automation = []

    def load(self, data):
        """{"container": [...], "artifact": [...]}: objects that exist."""
        for kind, given in data.items():
            for one in given:
                number = one.get("id") or self.next_id(kind)
                self.keep(kind, dict(one, id=number))

    def state(self):
        def of(kind, number):
            return self.having.get((kind, "container", number), [])
        return {
            "containers": [dict(one, artifacts=of("artifact", one["id"]),
                                comments=of("container_comment", one["id"]),
                                notes=of("note", one["id"]))
                           for one in self.objects["container"].values()],
            "runs": list(self.objects["playbook_run"].values()),
            "automation": self.automation,
        }

    # Answers.

    def refusal(self, status, _request):
        return wire.Answer(status, {"failed": True,
                                    "message": WORDS.get(status, "fault")})

    def answer(self, request):
        if len(request.body) > UPLOAD_MAX:
            return wire.Answer(413, fixture_text("too_large_413.html.txt"),
                               content_type="text/html")
        try:
            self.authenticate(request)
            body = self.route(request)
        except Refused as refused:
            return wire.Answer(refused.status, refused.body)
        return body if isinstance(body, wire.Answer) else wire.Answer(200,
                                                                      body)

    def authenticate(self, request):
        token = request.headers.get("ph-auth-token")
        if token is None:
            raise Refused(NO_AUTH, 401)
        if token != self.options.token:
            raise Refused(BAD_TOKEN, 401)

    def route(self, request):
        parts = request.path.strip("/").split("/")
        if parts[0] != "rest" or not 2 <= len(parts) <= 3:
            raise Refused("Object not found", 404)
        kind, number = parts[1], parts[2] if len(parts) > 2 else None
        if request.method == "DELETE":
            raise Refused("Forbidden", 403)
        if request.method == "GET":
            return self.get(kind, number, request.query)
        if request.method != "POST":
            raise Refused("Method not allowed", 405)
        return self.post(kind, number, request)

    def get(self, kind, number, query):
        if kind == "version":
            return fixture("version_200.json")
        if kind == "container_options":
            return self.set["options"]
        if kind == "severity":
            return self.severities()
        if kind not in self.objects:
            raise Refused("Object not found", 404)
        if number is None:
            return soar_query.listing(
                lambda field, value: self.rows(kind, field, value), query,
                lambda one: self.shown(kind, one))
        one = self.find(kind, number)
        if kind == "playbook_run":
            self.step(one)
        return self.shown(kind, one)

    def severities(self):
        names = self.set["options"]["severity"]
        return {"count": len(names), "num_pages": 1, "data": [
            {"id": number, "name": name, "is_default": name == "medium",
             "disabled": False} for number, name in enumerate(names, 1)]}

    def post(self, kind, number, request):
        try:
            body = request.json()
        except ValueError:
            raise Refused("Invalid JSON", 400) from None
        creators = {"container": self.create_container,
                    "artifact": self.create_artifacts,
                    "playbook_run": self.run_playbook,
                    "container_comment": self.comment,
                    "note": self.note_down,
                    "action_run": self.run_action,
                    "container_attachment": self.attach}
        if kind not in creators:
            raise Refused("Object not found", 404)
        if number is not None:
            return self.update(kind, self.find(kind, number), body)
        if not isinstance(body, dict) and kind != "artifact":
            raise Refused("The body must be an object", 400)
        return creators[kind](body)

    # Objects.

    def next_id(self, kind):
        last = next(reversed(self.objects[kind]), FIRST_IDS[kind] - 1)
        return last + 1

    def rows(self, kind, field, value):
        """Those that can have this value; all where no field is given."""
        if field in INDEX:
            return self.having.get((kind, field, value), [])
        return list(self.objects[kind].values())

    def keep(self, kind, one):
        self.objects[kind][one["id"]] = one
        for field in INDEX:
            if field in one:
                self.having.setdefault((kind, field, one[field]),
                                       []).append(one)

    def find(self, kind, number):
        if not str(number).isdigit() or \
                int(number) not in self.objects.get(kind, {}):
            raise Refused("Object not found", 404)
        return self.objects[kind][int(number)]

    def put(self, kind, one):
        one = dict(one, id=self.next_id(kind), create_time=now())
        self.keep(kind, one)
        return one

    def shown(self, kind, one):
        if kind == "container":
            artifacts = self.rows("artifact", "container", one["id"])
            return dict(one, artifact_count=len(artifacts))
        return {name: one[name] for name in one if name not in OWN}

    def update(self, kind, one, body):
        if set(INDEX) & set(body):
            raise Refused(f"Read only: {sorted(set(INDEX) & set(body))}", 400)
        if kind == "playbook_run":
            if body.get("cancel") is not True:
                raise Refused("cancel must be true", 400)
            one.update(status="failed", cancelled=now(), polls=-1)
        elif kind == "artifact" and "tags" in body and "label" not in body:
            one.update(body, label="")      # what is not sent again is lost
        else:
            one.update(body)
        self.effect(one.get("source_data_identifier"),
                    f"/rest/{kind}/{one['id']}", body)
        return {"success": True, "id": one["id"]}

    # Containers.

    def create_container(self, body):
        self.check_container(body)
        key = (body.get("source_data_identifier"), body.get("asset_id"))
        for one in self.rows("container", "source_data_identifier", key[0]):
            if key[0] and one["asset"] == key[1]:
                raise Refused("container already exists",
                              self.set["duplicate_status"],
                              existing_container_id=one["id"])
        artifacts = body.get("artifacts", [])
        for artifact in artifacts:
            self.check_artifact(artifact)
        one = self.put("container", {
            "name": body["name"], "label": body["label"],
            "description": body.get("description", ""),
            "status": body.get("status", "new"),
            "severity": body.get("severity", "medium"),
            "sensitivity": body.get("sensitivity", "amber"),
            "source_data_identifier": key[0],
            "container_type": body.get("container_type", "default"),
            "start_time": body.get("start_time"), "asset": key[1],
            "owner": None, "tags": body.get("tags", []),
            "data": body.get("data", {}),
            "custom_fields": body.get("custom_fields", {})})
        self.effect(key[0], "/rest/container", {"id": one["id"],
                                                "name": one["name"]})
        answer = {"success": True, "id": one["id"]}
        if artifacts:
            answer.update(self.embed(artifacts, one["id"]))
        return answer

    def check_container(self, body):
        for name in ("name", "label"):
            if not body.get(name) or not isinstance(body[name], str):
                raise Refused(f"{name}: this field is required", 400)
        label = body["label"]
        if label not in self.set["options"]["label"]:
            raise Refused(f'Label "{label}" does not exist')
        for name, option in OPTION_OF.items():
            if name in body and body[name] not in self.set["options"][option]:
                raise Refused(f"Invalid {name}")
        self.check_times(body)
        self.check_shapes(body, {"data": dict, "custom_fields": dict,
                                 "tags": list, "artifacts": list})

    @staticmethod
    def check_times(body):
        for name in ("start_time", "end_time", "due_time"):
            if body.get(name) is not None and \
                    not MOMENT.fullmatch(str(body[name])):
                raise Refused(f"Invalid {name}")

    @staticmethod
    def check_shapes(body, shapes):
        words = {dict: "an object", list: "a list"}
        for name, shape in shapes.items():
            if name in body and not isinstance(body[name], shape):
                raise Refused(f"{name} must be {words[shape]}")

    def embed(self, artifacts, container):
        """Those inside a new container; automation starts with the last."""
        told = []
        for position, artifact in enumerate(artifacts, 1):
            artifact.setdefault("run_automation", position == len(artifacts))
            told.append(self.try_artifact(dict(artifact,
                                               container_id=container)))
        if self.set["artifacts_answer"] == "list":
            return {"artifacts": told}
        return {"new_artifacts_ids": [one["id"] for one in told
                                      if one.get("success")]}

    # Artifacts.

    def create_artifacts(self, body):
        if not isinstance(body, list):
            return self.create_artifact(body)
        return [self.try_artifact(one) for one in body]

    def try_artifact(self, body):
        """One of several: a refusal stands for itself."""
        try:
            return self.create_artifact(body)
        except Refused as refused:
            return refused.body

    def create_artifact(self, body):
        self.check_artifact(body)
        container = self.find("container", body.get("container_id"))
        self.reject_duplicate(body)
        one = self.put("artifact", {
            "container": container["id"], "name": body.get("name", "artifact"),
            "label": body.get("label", "event"), "type": body.get("type"),
            "severity": body.get("severity", "medium"),
            "source_data_identifier": body.get("source_data_identifier"),
            "start_time": body.get("start_time"), "end_time": None,
            "cef": body.get("cef", {}), "cef_types": body.get("cef_types", {}),
            "data": body.get("data", {}), "tags": body.get("tags", []),
            "version": 1, "description": body.get("description")})
        if body.get("run_automation", True):
            self.automation.append(one["id"])
        self.effect(one["source_data_identifier"], "/rest/artifact",
                    {"id": one["id"], "container": container["id"]})
        return {"success": True, "id": one["id"]}

    def check_artifact(self, body):
        if not isinstance(body, dict):
            raise Refused("artifact must be an object")
        self.check_shapes(body, {"cef": dict, "cef_types": dict, "data": dict,
                                 "tags": list})
        if any(isinstance(value, (dict, list))
               for value in body.get("cef", {}).values()):
            raise Refused("cef must be flat")
        severity = body.get("severity", "medium")
        if severity not in self.set["options"]["severity"]:
            raise Refused("Invalid severity")
        self.check_times(body)

    def reject_duplicate(self, body):
        key = body.get("source_data_identifier")
        if not key or not self.set["reject_duplicate_artifacts"]:
            return
        for one in self.rows("artifact", "source_data_identifier", key):
            if one["container"] == body["container_id"]:
                raise Refused("artifact already exists",
                              existing_artifact_id=one["id"])

    # Playbooks.

    def run_playbook(self, body):
        container = self.find("container", body.get("container_id"))
        playbook, scope = body.get("playbook_id"), body.get("scope", "new")
        known = self.set["playbooks"]
        if isinstance(playbook, bool) or \
                not isinstance(playbook, (int, str)) or \
                (known is not None and playbook not in known):
            raise Refused(f'Playbook "{playbook}" not found')
        if body.get("run") is not True:
            raise Refused("run must be true")
        if scope not in ("new", "all") and not isinstance(scope, list):
            raise Refused("Invalid scope")
        one = self.put("playbook_run", dict(
            fixture("playbook_run_status_running.json"),
            container=container["id"], status="pending",
            playbook=playbook if isinstance(playbook, int) else 17,
            playbook_id=playbook,
            inputs=body.get("inputs", {}), start_time=now(), polls=0))
        self.effect(container["source_data_identifier"], "/rest/playbook_run",
                    {"id": one["id"], "playbook": playbook,
                     "container": container["id"]})
        return {"playbook_run_id": str(one["id"]), "received": True}

    def statuses(self):
        if self.set["run_statuses"]:
            return self.set["run_statuses"]
        polls = self.set["run_polls"]
        waiting = ["pending"] * (polls > 1)
        waiting += ["running"] * (polls - len(waiting))
        return waiting + [self.set["run_outcome"]]

    def step(self, run):
        """One poll: the next status of the sequence."""
        if run["polls"] < 0:
            return
        sequence = self.statuses()
        run["status"] = sequence[min(run["polls"], len(sequence) - 1)]
        run["polls"] += 1
        run["update_time"] = now()
        if run["status"] in ("success", "failed"):
            told = fixture(f"playbook_run_status_{run['status']}.json")
            message = json.loads(told["message"])
            message["playbook_run_id"] = run["id"]
            run["message"] = json.dumps(message, separators=(",", ":"))

    # Other writes.

    def add_to_container(self, kind, body, names):
        container = self.find("container", body.get("container_id"))
        for name in names:
            if not isinstance(body.get(name), str) or not body[name]:
                raise Refused(f"{name}: this field is required", 400)
        one = self.put(kind, dict(body, container=container["id"]))
        self.effect(container["source_data_identifier"], f"/rest/{kind}", one)
        return one["id"]

    def comment(self, body):
        return {"success": True, "id": self.add_to_container(
            "container_comment", body, ["comment"])}

    def note_down(self, body):
        return {"success": True, "id": self.add_to_container(
            "note", body, ["title", "content"])}

    def attach(self, body):
        number = self.add_to_container("container_attachment", body,
                                       ["file_name", "file_content"])
        return {"succeeded": True, "vault_id": f"{number:040x}"}

    def run_action(self, body):
        number = self.add_to_container("action_run", body,
                                       ["action", "name", "type"])
        return {"success": True, "action_run_id": number,
                "message": f"Action '{body['action']}' queued"}


def now():
    at = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + \
        ".%06dZ" % (at % 1 * 1000000)


def fixture_text(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as text:
        return text.read()


def fixture(name, made={}):     # read once
    if name not in made:
        made[name] = json.loads(fixture_text(name))
    return copy.deepcopy(made[name])


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("--token", default=TOKEN, help="the accepted one")
    parser.add_argument("--run-polls", type=int, default=1,
                        help="polls of a run before it has ended")
    double.run(Soar, parser.parse_args())


if __name__ == "__main__":
    main()
