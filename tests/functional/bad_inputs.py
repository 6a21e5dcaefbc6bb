"""The rows of conformance/bad-inputs.tsv as parameters of tests.

    @bad_inputs({"j01": ("", 400), ...})
    def test_bad_input(daemon, case):

makes test_bad_input[j01] of each.  test_bad_inputs.py sees to it that no row
is forgotten.  A case whose name has more behind the row's id (`j28-nul`) is a
brother of that row.
"""
import os

import pytest

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
