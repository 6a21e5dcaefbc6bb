#!/usr/bin/python3
"""What herald calls a valid finding, python3-jsonschema calls one too.

First the findings made of Splunk's fixtures must satisfy OCSF's own schema.
Then sound records are damaged at random (with a fixed seed): both must say the
same of each, and herald must make a valid finding of each.
"""
import copy
import glob
import json
import os
import random
import subprocess
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
PROGRAM = os.path.join(os.getcwd(), "tests", "unit", "record_lines")
DAMAGED = 400


def validator():
    path = TESTS + "/conformance/ocsf/detection_finding.schema.json"
    with open(path, encoding="utf-8") as file:
        return Draft202012Validator(json.load(file))


def findings():
    names = sorted(glob.glob(TESTS + "/fixtures/splunk/webhook_*.json"))
    assert len(names) >= 7, names
    out = subprocess.run([PROGRAM, "complete"] + names, check=True,
                         stdout=subprocess.PIPE).stdout
    records = [json.loads(line) for line in out.splitlines()]
    assert len(records) == len(names)
    return list(zip(names, records))


def places(value, found=None):
    """Every container in a record."""
    found = [] if found is None else found
    if isinstance(value, (dict, list)):
        found.append(value)
        for item in value.values() if isinstance(value, dict) else value:
            places(item, found)
    return found


def damage(rng, record):
    record = copy.deepcopy(record)
    record.get("unmapped", {}).pop("splunk", None)
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.choice([p for p in places(record) if p])
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = rng.choice(list(keys))
        what = rng.randrange(4)
        if what == 0:
            del place[key]
        elif what == 1 and isinstance(place, dict):
            place[rng.choice(("color", "name", "type_id", "uid"))] = \
                rng.choice(("x", 0, 7, None))
        else:
            place[key] = rng.choice(
                ("text", "", 1, 99, -1, 70000, 2.5, True, None, [], {},
                 ["a"], [{}], {"name": "n"}, "y" * 50, 9))
    return record


def through(what, records):
    lines = "".join(json.dumps(r) + "\n" for r in records)
    out = subprocess.run([PROGRAM, what], input=lines.encode(),
                         check=True, stdout=subprocess.PIPE).stdout
    out = out.decode().splitlines()
    assert len(out) == len(records)
    return out


def check(judge, name, record):
    errors = list(judge.iter_errors(record))
    for error in errors:
        print("%s: %s: %s" % (name, error.json_path, error.message))
    return len(errors)


def main():
    judge = validator()
    made = findings()
    faults = sum(check(judge, name, record) for name, record in made)

    with open(TESTS + "/fixtures/ocsf/detection_finding-brute_force.json",
              encoding="utf-8") as file:
        sound = [json.load(file)] + [record for _, record in made]
    rng = random.Random(20261125)
    damaged = [damage(rng, rng.choice(sound)) for _ in range(DAMAGED)]
    said = through("validate", damaged)
    valid = 0
    for record, word in zip(damaged, said):
        error = next(judge.iter_errors(record), None)
        valid += error is None
        if (error is None) != (word == "ok"):
            print("herald: %s\nschema: %s\n%s" % (
                word, error and "%s: %s" % (error.json_path, error.message),
                json.dumps(record)[:2000]))
            faults += 1
    for record, line in zip(damaged, through("foreign", damaged)):
        if check(judge, "completed", json.loads(line)):
            print("made of %s" % json.dumps(record)[:2000])
            faults += 1
    # Either way: a test in which all is broken, or nothing is, shows little.
    assert DAMAGED // 10 < valid < DAMAGED * 9 // 10, valid
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
