"""What loads and does not do what its author meant: warnings of heraldd -t, with
their place, and none for what is right."""
import pytest

from herald import HEAD

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}@MAP@}
  cmdb: {plugin: cmdb_enrich, file: '@DIR@/assets.csv'}
pipelines:
@PIPELINES@
  - {name: default, steps: []}
"""

ASSETS = "ip,hostname\n192.0.2.1,a\n"

SCORES = """\
  - name: p
    steps:
      - score:
          - {name: base, add: 40, because: x}
          - best_of:
              - {name: one, if: 'severity_id >= 4', add: 20, because: x}
              - {name: two, if: 'severity_id >= 5', add: 30, because: x}
          - {name: less, if: 'severity_id == 1', add: -10, because: x}
          - {name: graded, value: 'severity_id', between: [0, 5], because: x}
      - stop: {because: x, if: '@IF@'}
"""


@pytest.fixture
def told(herald):
    """What heraldd -t says; every configuration here is a good one."""
    def check(pipelines, more=""):
        one = herald(CONFIG, files={"assets.csv": ASSETS},
                     started=False, PIPELINES=pipelines, MAP=more)
        ended = one.check()
        assert ended.returncode == 0, ended.stderr
        return ended.stderr
    return check


def test_who_was_asked_may_be_missing(told):
    assert "warning" not in told("""\
  - name: p
    steps:
      - enrich: {by: [cmdb], within: 1s}
      - score:
          - {name: base, add: 20, because: x}
          - {name: unknown, if: 'missing("cmdb")', add: 10, because: x}
""")


@pytest.mark.parametrize("condition, word", [
    ("risk_score >= 75", None),
    ("risk_score > 75", "to 0 at least and to 75 at most"),
    ("risk_score == 60", None),
    ("risk_level_id >= RISK.CRITICAL", "75 at most"),
    ("severity_id > 4 && risk_score >= 76", "75 at most"),
    ("severity_id > 4 || risk_score >= 76", None),
    ("severity_id > 4 && severity_id < 4 && false", "holds for no alert"),
    ("1 > 2", "holds for no alert"),
    ("1 < 2", None),
    ("now > timestamp(\"2020-01-01T00:00:00Z\")", None),
])
def test_thresholds(told, condition, word):
    said = told(SCORES.replace("@IF@", condition))
    if word is None:
        assert "warning" not in said
    else:
        assert word in said
        assert "herald.yaml:23:" in said
        assert "\n  -> " in said


def test_before_the_first_score_any_score_may_come(told):
    assert "warning" not in told(
        "  - {name: p, steps: [{stop: {because: x, if: 'risk_score >= 99'}}]}")


@pytest.mark.parametrize("steps, more, word", [
    ("[{stop: {because: x, if: 'user.groups.exists(g, g.name == \"x\")'}}]", "", "user.groups"),
    ("[{stop: {because: x, if: 'user.name == \"x\"'}}]", "", None),
    ("[{stop: {because: x, if: 'device.risk_level_id > 3'}}]", "", "device.risk_level_id"),
    ("[{enrich: {by: [cmdb]}}, {stop: {because: x, if: 'device.risk_level_id > 3'}}]", "", None),
    ("[{stop: {because: x, if: 'device.risk_level_id > 3'}}]",
     ", map: [{set: device.risk_level_id, to: '4'}]", None),
    ("[{stop: {because: x, if: 'user.groups.exists(g, g.name == \"x\")'}}]",
     ", map: [{set: evidences.user.groups.name, to: row.group}]", None),
])
def test_attributes_that_nobody_sets(told, steps, more, word):
    said = told("  - {name: p, steps: " + steps + "}", more)
    if word is None:
        assert "warning" not in said
    else:
        assert f"warning: nobody sets {word}: " in said


@pytest.mark.parametrize("pipelines, hidden", [
    ("  - {name: a, steps: []}\n  - {name: b, if: 'severity_id > 3', steps: []}", "b"),
    ("  - {name: a, from: [in], steps: []}\n  - {name: b, from: [in], steps: []}", "b"),
    ("  - {name: a, if: 'severity_id > 3', steps: []}\n"
     "  - {name: b, if: 'severity_id > 3', steps: []}", "b"),
    ("  - {name: a, from: [in], steps: []}\n  - {name: b, steps: []}", None),
    ("  - {name: a, if: 'severity_id > 4', steps: []}\n"
     "  - {name: b, if: 'severity_id > 3', steps: []}", None),
])
def test_pipelines_that_get_no_alert(told, pipelines, hidden):
    said = told(pipelines)
    if hidden is None:
        assert "warning" not in said
    else:
        assert f"pipeline '{hidden}' gets no alert: 'a' before it" in said
