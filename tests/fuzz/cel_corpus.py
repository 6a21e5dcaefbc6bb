#!/usr/bin/python3
"""Writes one file per conformance expression, as input for fuzz_cel.

usage: cel_corpus.py FOLDER
"""
import hashlib
import json
import pathlib
import sys


def main():
    source = pathlib.Path(__file__).parent.parent / "conformance/cel/simple.jsonl"
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for line in source.read_text().splitlines():
        test = json.loads(line)
        mode = 1 if test.get("disable_check") else 4
        data = bytes([mode]) + test["expr"].encode()
        name = hashlib.sha256(data).hexdigest()[:16]
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
