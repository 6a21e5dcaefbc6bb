"""The rows of conformance/bad-inputs.tsv as parameters of tests.

    @bad_inputs({"j01": ("", 400), ...})
    def test_bad_input(daemon, case):

makes test_bad_input[j01] of each.  test_bad_inputs.py sees to it that no row
is forgotten.  A case whose name has more behind the row's id (`j28-nul`) is a
brother of that row.
"""
import os

import pytest

from herald import HEAD, Herald, NotBuilt, find_program
from services import TESTS

NAME = os.path.join(TESTS, "conformance", "bad-inputs.tsv")


def all_rows():
    """{id: (class, input, expected)}"""
    with open(NAME, encoding="utf-8") as table:
        lines = [line.rstrip("\n").split("\t") for line in table]
    return {one[0]: tuple(one[1:]) for one in lines[1:]}


def bad_inputs(cases):
    """Parametrizes `case` with these {"id": case}."""
    return pytest.mark.parametrize("case", list(cases.values()),
                                   ids=list(cases))


SECRET = "a-secret-of-more-than-24-bytes"

# One path takes a document as one alert, the other a list as many; both know
# their senders by the path, `bearer` by the header.
CONFIG = HEAD + """\
connectors:
  in: {plugin: http_in, listen: ingest, auth: path, secret: {file: @DIR@/secrets/in}}
  many: {plugin: http_in, listen: ingest, mount: /many, auth: path, batch: true, secret: {file: @DIR@/secrets/in}}
  bearer: {plugin: http_in, listen: ingest, mount: /bearer, secret: {file: @DIR@/secrets/in}}
  github: {plugin: http_in, listen: ingest, mount: /github, auth: github, secret: {file: @DIR@/secrets/in}}
  standard: {plugin: http_in, listen: ingest, mount: /standard, auth: standard, secret: {file: @DIR@/secrets/in}}
  splunk: {plugin: splunk_in, listen: ingest, mount: /splunk, secret: {file: @DIR@/secrets/in}}
pipelines:
  - name: default
    steps: []
"""
PATH = "/v1/http/" + SECRET


def running():
    """One daemon for all cases of a module: nothing sent may harm it."""
    try:
        find_program("HERALDD", "heraldd")
    except NotBuilt as reason:
        pytest.skip(str(reason))
    one = Herald(CONFIG, files={"secrets/in": SECRET}).start()
    yield one
    one.remove()


def rows_of(module):
    """The ids of rows that a module's tests are parametrized with."""
    found = set()
    for name, function in vars(module).items():
        if not name.startswith("test_"):
            continue
        for mark in getattr(function, "pytestmark", ()):
            if mark.name == "parametrize":
                found |= {str(one).split("-")[0]
                          for one in mark.kwargs.get("ids") or ()}
    return found
