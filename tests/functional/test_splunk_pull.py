"""splunk_in pulls: searches that run again and again, and what they give."""
import time

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from services import fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
    url: '@SPLUNK@'
    token: {file: @DIR@/secrets/token}
    every: 1s
@MORE@
pipelines:
  - name: default
    steps: []
"""
SEARCHES = "    searches: {logins: 'search index=main | table *'}"
NOTABLES = "    notables: true"
NOTABLE = fixture("splunk/notable_event.json")
INTERNAL = {"_bkt", "_cd", "_indextime", "_serial", "_si", "_sourcetype"}


@pytest.fixture
def pulling(herald, splunk):
    def start(more=SEARCHES, token=None, started=True):
        return herald(CONFIG.replace("@MORE@", more), started=started,
                      files={"secrets/token": token or splunk.key},
                      SPLUNK=splunk.url)
    return start


def row(number, ago_s=60, **more):
    return {"index": "main", "_indextime": str(int(time.time() - ago_s)),
            "_time": "2026-11-25T00:05:55.000+00:00", "n": str(number), **more}


def numbers(daemon):
    return sorted(one["record"]["unmapped"]["splunk"]["n"]
                  for one in records(daemon))


def records(daemon):
    return [daemon.ctl("show", one["id"]) for one in daemon.export()]


def created(splunk):
    return splunk.requests("POST", "*/search/*jobs")


def form(request):
    from urllib.parse import parse_qsl
    return dict(parse_qsl(request["body"]))


def rounds(splunk, n):
    """Until n more searches were begun and ended."""
    before = len(splunk.state()["deleted"])
    wait_until(lambda: len(splunk.state()["deleted"]) >= before + n, 30)


def health(daemon):
    return next(one for one in daemon.ctl("status")["connectors"]
                if one["name"] == "splunk")


# The life of a search.

def test_a_notable_is_pulled(pulling, splunk):
    splunk.data({"rows": [dict(NOTABLE,
                               _indextime=str(int(time.time()) - 60))]})
    daemon = pulling(NOTABLES)
    found = wait_until(lambda: records(daemon))[0]["record"]
    assert found["finding_info"]["uid"] == NOTABLE["event_id"]
    assert found["metadata"]["event_code"] == NOTABLE["search_name"]
    assert found["severity_id"] == 4
    assert not INTERNAL & set(found["unmapped"]["splunk"])
    asked = created(splunk)[0]
    assert asked["path"] == "/services/search/v2/jobs"
    assert form(asked)["search"] == "search `notable`"
    assert form(asked)["index_earliest"] == "-3600s"
    # The job is waited for, and deleted.
    rounds(splunk, 2)
    assert len(daemon.export()) == 1


def test_the_same_notable_by_webhook_is_one_alert(pulling, splunk):
    payload = fixture("splunk/webhook_es_notable_row.json")
    splunk.data({"rows": [dict(NOTABLE,
                               _indextime=str(int(time.time()) - 60))]})
    daemon = pulling(NOTABLES)
    wait_until(daemon.export)
    assert daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", payload)[0] == 200
    assert len(daemon.export()) == 1


def test_the_cursor_moves_with_overlap_and_survives_a_restart(pulling, splunk):
    newest = int(time.time()) - 100
    splunk.data({"rows": [row(1, 300), row(2, _indextime=str(newest))]})
    daemon = pulling(SEARCHES + "\n    overlap: 200s")
    wait_until(lambda: numbers(daemon) == ["1", "2"])
    rounds(splunk, 2)
    daemon.kill()
    daemon.restart()
    rounds(splunk, 2)
    assert int(form(created(splunk)[-1])["index_earliest"]) == newest - 200
    # One that was indexed late, within the overlap, is not missed.
    splunk.data({"rows": [row(3, 250)]})
    wait_until(lambda: numbers(daemon) == ["1", "2", "3"])


def test_without_rows_the_cursor_follows_splunks_clock(pulling, splunk):
    clock = int(time.time()) - 5000
    splunk.settings(clock=clock)
    pulling(SEARCHES + "\n    overlap: 30s")
    rounds(splunk, 2)
    assert int(form(created(splunk)[-1])["index_earliest"]) == clock - 60


def test_late_events_are_looked_for_however_long_herald_was_away(pulling,
                                                                 splunk):
    """Seven days before the oldest time of the index that is asked for."""
    clock = int(time.time()) - 40 * 86400
    splunk.settings(clock=clock)
    pulling(SEARCHES + "\n    overlap: 30s\n    first: 30d")
    rounds(splunk, 2)
    first, last = form(created(splunk)[0]), form(created(splunk)[-1])
    assert first["index_earliest"] == f"-{30 * 86400}s"
    assert first["earliest_time"] == f"-{37 * 86400}s"
    assert int(last["index_earliest"]) == clock - 60
    assert int(last["earliest_time"]) == clock - 60 - 7 * 86400


def test_a_row_of_the_future_does_not_take_the_cursor_there(pulling, splunk):
    clock = int(time.time()) - 5000
    splunk.settings(clock=clock)
    splunk.data({"rows": [row(1, -10 ** 8), row(2, -10 ** 7)]})
    daemon = pulling(SEARCHES + "\n    overlap: 30s")
    wait_until(lambda: numbers(daemon) == ["1", "2"])
    rounds(splunk, 2)
    assert int(form(created(splunk)[-1])["index_earliest"]) == clock - 30


def test_without_a_clock_only_rows_move_the_cursor(pulling, splunk):
    splunk.settings(date=False)
    pulling()
    rounds(splunk, 2)
    assert form(created(splunk)[-1])["index_earliest"] == "-3600s"


@pytest.mark.parametrize("page_most", [50000, 70])
def test_pages_until_all_rows_are_here(pulling, splunk, page_most):
    # The server may give fewer rows than are asked for.
    splunk.settings(page_most=page_most)
    splunk.data({"rows": [row(i) for i in range(2345 if page_most > 70
                                                else 345)]})
    daemon = pulling()
    many = 2345 if page_most > 70 else 345
    wait_until(lambda: len(daemon.export()) == many, 60)
    rounds(splunk, 1)
    assert len(daemon.export()) == many


def test_more_rows_than_one_search_gives(pulling, splunk):
    # The double stops at 50000 as splunk_in asks for it.
    splunk.settings(rows_most=50000)
    splunk.data({"rows": [{"index": "main", "event_id": "a",
                           "_indextime": str(int(time.time()) - 3000 + i // 20)}
                          for i in range(50100)]})
    pulling("    searches: {logins: 'index=main'}")
    rounds(splunk, 3)
    asked = [form(one) for one in created(splunk)[:3]]
    assert "index_latest" not in asked[0]
    middle = int(asked[1]["index_latest"])
    assert int(asked[1]["index_earliest"]) < middle
    assert int(asked[2]["index_earliest"]) == middle - 1


def test_a_search_without_a_command_gets_one(pulling, splunk):
    pulling("    searches: {a: ' index=main', b: '| makeresults', "
            "c: 'search index=main', d: '`notable`'}")
    wait_until(lambda: len(created(splunk)) >= 4)
    assert [form(one)["search"] for one in created(splunk)[:4]] == [
        "search index=main", "| makeresults", "search index=main",
        "search `notable`"]


def test_an_app_is_a_namespace(pulling, splunk):
    pulling(NOTABLES + "\n    app: SplunkEnterpriseSecuritySuite")
    asked = wait_until(lambda: created(splunk))[0]
    assert asked["path"] == "/servicesNS/nobody/" \
        "SplunkEnterpriseSecuritySuite/search/v2/jobs"


def test_by_name_and_password(pulling, splunk):
    splunk.data({"rows": [row(1)]})
    daemon = pulling(SEARCHES + "\n    user: herald")
    wait_until(lambda: numbers(daemon) == ["1"])


# What goes wrong.

def test_204_is_not_ready_and_not_empty(pulling, splunk):
    splunk.settings(not_ready=3, polls=2)
    splunk.data({"rows": [row(1)]})
    daemon = pulling()
    wait_until(lambda: numbers(daemon) == ["1"], 30)


def test_an_old_splunk_knows_other_paths(pulling, splunk):
    splunk.settings(knows_v2=False)
    splunk.data({"rows": [row(1)]})
    daemon = pulling()
    wait_until(lambda: numbers(daemon) == ["1"])
    assert "the old paths are used" in daemon.log()
    rounds(splunk, 1)
    assert len([one for one in created(splunk) if "/v2/" in one["path"]]) == 1


def test_a_failed_search_says_why_and_moves_nothing(pulling, splunk):
    splunk.settings(fails="Error in 'search' command: Unable to parse")
    splunk.data({"rows": [row(1)]})
    daemon = pulling()
    wait_until(lambda: "Unable to parse" in str(health(daemon)))
    assert daemon.export() == []
    splunk.settings(fails=None)
    wait_until(lambda: numbers(daemon) == ["1"])
    wait_until(lambda: "Unable to parse" not in str(health(daemon)))
    # Failed ones are deleted, too.
    assert len(splunk.state()["deleted"]) >= 2


@pytest.mark.parametrize("settings", [
    {"finalized": True},
    {"messages": [{"type": "ERROR", "text": "Search peer idx2 is down"}]}])
def test_a_search_that_lacks_rows_does_not_move_the_cursor(pulling, splunk,
                                                           settings):
    splunk.settings(**settings)
    splunk.data({"rows": [row(1)]})
    daemon = pulling()
    wait_until(lambda: numbers(daemon) == ["1"])
    rounds(splunk, 2)
    assert form(created(splunk)[-1])["index_earliest"] == "-3600s"
    told = settings.get("messages", [{"text": "before its time"}])[0]["text"]
    assert told in str(health(daemon))


def test_a_refused_token_is_tried_once(pulling, splunk):
    daemon = pulling(token="wrong")
    wait_until(lambda: "refuses the token" in daemon.log())
    assert len(splunk.requests()) == 1
    # What is received goes on.
    payload = fixture("splunk/webhook_failed_then_success.json")
    assert daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", payload)[0] == 200
    assert "not properly authenticated" in str(health(daemon))
    assert len(splunk.requests()) == 1


@pytest.mark.parametrize("fault", ["500", "503", "429:1", "502", "reset_before",
                                   "reset_after", "html", "empty", "half",
                                   "shape", "404"])
def test_trouble_with_results_loses_nothing(pulling, splunk, fault):
    splunk.fault(fault, path="*/results", times=2)
    splunk.data({"rows": [row(1), row(2)]})
    daemon = pulling()
    wait_until(lambda: numbers(daemon) == ["1", "2"], 30)


def test_one_bad_row_does_not_hold_up_the_others(pulling, splunk):
    name = "k" * 2000           # no name that a record can have
    splunk.data({"rows": [row(i) for i in range(20)]
                 + [row("bad", **{name: "v"})] + [row(i, 100)
                                                  for i in range(20, 40)]})
    daemon = pulling()
    wait_until(lambda: len(daemon.export()) == 41, 30)
    states = [one["state"] for one in daemon.export()]
    assert states.count("quarantined") == 1


def test_a_full_house_is_waited_for(herald, splunk, misp):
    splunk.data({"rows": [row(i) for i in range(1500)]})
    daemon = herald(
        CONFIG.replace("@MORE@", SEARCHES)
        .replace("herald:", "herald:\n  limits: {backlog: 100}", 1)
        .replace("pipelines:", """\
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: @DIR@/secrets/misp}}
pipelines:""").replace("[]", "[enrich: {by: [misp], within: 60s}]"),
        files={"secrets/misp": misp.key, "secrets/token": splunk.key},
        MISP=misp.url, SPLUNK=splunk.url)
    wait_until(lambda: len(daemon.export()) == 1500, 60)


@pytest.mark.parametrize("more,said", [
    ("    searches: {a: 'index=main'}", "searches"),
    ("    notables: true", "notables"), ("    reconcile: 5m", "reconcile")])
def test_without_url_nothing_can_be_pulled(pulling, more, said):
    daemon = pulling(more, started=False)
    daemon.text = daemon.text.replace("    url: '@SPLUNK@'\n", "")
    ended = daemon.check()
    assert ended.returncode != 0
    assert said in ended.stderr and "'url' and 'token'" in ended.stderr


def test_the_probe_says_whom_it_is(pulling, splunk):
    daemon = pulling()
    told = daemon.run_ctl("test-connector", "splunk")
    assert told.returncode == 0 and "as herald" in told.stdout
    splunk.fault("401", path="*/current-context")
    assert daemon.run_ctl("test-connector", "splunk").returncode != 0
