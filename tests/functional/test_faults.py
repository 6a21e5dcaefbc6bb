"""Every HTTP connector against every fault of its service: faults.tsv."""
import os

import pytest

from faulting import FaultStage, all_of, name_of, table

TABLE = table(os.path.join(os.path.dirname(__file__), "faults.tsv"))


@pytest.fixture(scope="module")
def stage(request, tmp_path_factory, certificates):
    folder = str(tmp_path_factory.mktemp("faults"))
    yield from all_of(request, TABLE, lambda lines: FaultStage(
        lines, folder, certificates))


def is_as_said(again, requests):
    """Do these requests bear out the word of the column `again`?"""
    if len(requests) < 2:
        return again == ("no" if requests else "never")
    pause = requests[1]["time"] - requests[0]["time"]
    return again == "yes" or again[-1:] == "s" and pause >= int(again[:-1])


@pytest.mark.parametrize("line", TABLE, ids=name_of)
def test_fault(stage, line):
    name = name_of(line)
    seen = stage.see(name)
    requests = stage.asked(name)
    told = f"{seen}\n{stage.health[name]}\n{requests}"
    assert seen.status == line.status, told
    assert seen.alert == line.alert, told
    assert is_as_said(line.again, requests), told
    assert line.words == "-" or any(
        words in seen.message for words in line.words.split("|")), told
