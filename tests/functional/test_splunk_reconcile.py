"""splunk_in reconciles: what fired in Splunk, what arrived, what is fetched."""
import concurrent.futures
import time

import pytest

from herald import WEBHOOK_TOKEN
from services import call
from test_splunk_pull import CONFIG, health
from waiting import wait_until

WEBHOOK = f"/v1/splunk/webhook/{WEBHOOK_TOKEN}"
NAME = "Multiple failed logins followed by a successful one"
RECONCILE = "    reconcile: 1s\n    reconcile_after: 60s"


@pytest.fixture
def splunk_at(splunk):
    """Splunk's clock stands still until the test moves it."""
    splunk.settings(clock=int(time.time()))
    return splunk


@pytest.fixture
def reconciling(herald, splunk_at):
    def start(more=RECONCILE):
        daemon = herald(CONFIG.replace("@MORE@", more),
                        files={"secrets/token": splunk_at.key},
                        SPLUNK=splunk_at.url)
        rounds(splunk_at, 2)    # the first one says from when on
        return daemon
    return start


def rounds(splunk, n):
    """Until n more rounds have read the list (an empty page ends it)."""
    def lists():
        return len([one for one in splunk.requests(path="*/fired_alerts/-")
                    if one["query"]["offset"] == "0"])
    before = lists()
    wait_until(lambda: lists() >= before + n, 30)


def clock(splunk, later_s=0):
    now = splunk.settings()["clock"] + later_s
    splunk.settings(clock=now)
    return now


def sid(number):
    return f"scheduler__admin_SEFfaGVyYWxk__RMD5a_at_1795564800_{number}"


def result(number, user="jdoe"):
    return {"_time": "1795564742", "user": user, "n": str(number),
            "src": ["198.51.100.23", "203.0.113.9"]}


def payload(number, row=None):
    return {"sid": sid(number), "search_name": NAME, "app": "TA-herald",
            "owner": "admin", "results_link": None,
            "result": row or result(number)}


def pulled_form(row):
    """The same row as the search API tells it."""
    return {"_serial": "0", "_time": "2026-11-24T23:59:02.000+00:00",
            **{name: row[name] for name in reversed(list(row))
               if name != "_time"}, "src": list(reversed(row["src"]))}


def fire(splunk, numbers, **more):
    splunk.data({
        "fired": [{"sid": sid(n), "savedsearch_name": NAME,
                   "trigger_time": clock(splunk), **more} for n in numbers],
        "results": {sid(n): [pulled_form(result(n))] for n in numbers}})


def figures(daemon):
    counters = ("fired", "received", "missing", "fetched", "lost", "late")
    names = {name: name + "_total" for name in counters}
    names["outstanding"] = "outstanding"
    told = daemon.metrics()
    return {name: int(told.get(
        f'herald_splunk_in_{metric}{{connector="splunk"}}', 0))
        for name, metric in names.items()}


def post_all(daemon, numbers):
    def post(number):
        return wait_until(
            lambda: daemon.post(WEBHOOK, payload(number))[0] == 200, 30)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert all(threads.map(post, numbers))


def test_a_thousand_fired(reconciling, splunk_at):
    """1000 fired, 37 withheld, 5 late, 3 double."""
    daemon = reconciling()
    everyone = list(range(1000))
    withheld, late, double = everyone[:37], everyone[37:42], everyone[50:53]
    fire(splunk_at, everyone)
    post_all(daemon, everyone[42:] + double)
    # Before reconcile_after nothing is missing.
    rounds(splunk_at, 2)
    assert figures(daemon)["fired"] == 0
    # Late, but in time.
    post_all(daemon, late)
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 37, 60,
               lambda: str(figures(daemon)))
    wanted = {"fired": 1000, "received": 963, "missing": 37, "fetched": 37,
              "lost": 0, "late": 0, "outstanding": 0}
    wait_until(lambda: figures(daemon) == wanted, 20,
               lambda: str(figures(daemon)))
    assert len(daemon.export()) == 1000
    assert "reconciled: 1000 fired, 963 received, 37 missing; 37 fetched, " \
        "0 lost" in daemon.log()
    # Later rounds count nothing twice.
    rounds(splunk_at, 2)
    assert figures(daemon) == wanted
    # Five of those that were fetched come after all, one of them twice.
    post_all(daemon, withheld[:5] + withheld[:1])
    assert figures(daemon) == dict(wanted, late=5)
    assert len(daemon.export()) == 1000
    fetched = splunk_at.requests(path="*/results")
    assert len(fetched) == 37


def test_a_restart_forgets_nothing(reconciling, splunk_at):
    daemon = reconciling()
    fire(splunk_at, range(20))
    post_all(daemon, range(10))
    daemon.restart()            # in order: what arrived is stored
    rounds(splunk_at, 2)
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 10, 30)
    assert figures(daemon)["received"] == 10
    assert len(daemon.export()) == 20
    # And what was judged is not judged again.
    daemon.restart()
    rounds(splunk_at, 2)
    assert figures(daemon)["fired"] == 0


def test_after_kill_9_it_is_rather_fetched_twice(reconciling, splunk_at):
    daemon = reconciling()
    fire(splunk_at, range(6))
    post_all(daemon, range(6))
    daemon.kill()
    daemon.restart()
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fired"] == 6, 30)
    rounds(splunk_at, 2)
    told = figures(daemon)
    assert told["received"] + told["missing"] == 6
    assert told["fetched"] == told["missing"]
    assert len(daemon.export()) == 6


def test_an_outage_of_herald_is_made_good(reconciling, splunk_at):
    daemon = reconciling()
    assert daemon.stop() == 0
    fire(splunk_at, range(8))
    clock(splunk_at, 3600)
    daemon.restart()
    wait_until(lambda: len(daemon.export()) == 8, 30)
    assert figures(daemon)["missing"] == 8


def test_what_fired_before_the_first_round_is_not_looked_for(herald, splunk_at):
    fire(splunk_at, range(5))
    clock(splunk_at, 61)
    daemon = herald(CONFIG.replace("@MORE@", RECONCILE),
                    files={"secrets/token": splunk_at.key},
                    SPLUNK=splunk_at.url)
    rounds(splunk_at, 3)
    assert figures(daemon)["fired"] == 0
    assert daemon.export() == []


def test_each_result_of_a_search_counts(reconciling, splunk_at):
    """digest_mode 0: one POST a row, all with one sid."""
    daemon = reconciling()
    rows = [result(i) for i in range(5)]
    splunk_at.data({
        "fired": [{"sid": sid("x"), "savedsearch_name": NAME,
                   "trigger_time": clock(splunk_at), "digest_mode": "0",
                   "triggered_alerts": "5"}],
        "results": {sid("x"): [pulled_form(row) for row in rows]}})
    for row in rows[:3] + rows[:1]:
        assert daemon.post(WEBHOOK, payload("x", row))[0] == 200
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 2, 30)
    assert figures(daemon)["received"] == 3
    assert len(daemon.export()) == 5


def test_hec_counts_as_arrived(reconciling, splunk_at):
    daemon = reconciling()
    fire(splunk_at, [1])
    for _ in range(2):
        assert call(daemon.port("INGEST"), "POST",
                    "/services/collector/event", {"event": payload(1)},
                    {"Authorization": "Splunk " + WEBHOOK_TOKEN})[0] == 200
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fired"] == 1, 30)
    assert figures(daemon)["received"] == 1
    assert len(daemon.export()) == 1


def test_alerts_that_are_not_for_herald_do_not_count(reconciling, splunk_at):
    daemon = reconciling()
    fire(splunk_at, [1], actions="email,script")
    fire(splunk_at, [2], actions="")
    fire(splunk_at, [3], actions="email, HERALD")
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 1, 30)
    assert figures(daemon)["fired"] == 1
    assert len(daemon.export()) == 1


def test_what_splunk_forgot_is_lost_and_said(reconciling, splunk_at):
    daemon = reconciling()
    fire(splunk_at, [1, 2])
    splunk_at.data({"forget": [sid(1)]})
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 1, 30)
    wait_until(lambda: figures(daemon)["lost"] == 1, 30)
    assert figures(daemon)["outstanding"] == 0
    assert f"does not have the results of {sid(1)}" in daemon.log()


@pytest.mark.parametrize("fault", ["500", "503", "reset_before", "html", "half"])
@pytest.mark.parametrize("where", ["*/fired_alerts/-", "*/results"])
def test_trouble_on_the_way_loses_nothing(reconciling, splunk_at, fault, where):
    daemon = reconciling()
    splunk_at.fault(fault, path=where, times=2)
    fire(splunk_at, range(3))
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 3, 40)
    assert figures(daemon)["missing"] == 3
    wait_until(lambda: figures(daemon)["outstanding"] == 0)
    assert len(daemon.export()) == 3


def test_a_list_without_pages_is_read_once(reconciling, splunk_at):
    splunk_at.settings(knows_offset=False)
    daemon = reconciling()
    fire(splunk_at, range(3))
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 3, 30)


def test_a_list_in_short_pages_is_read_whole(reconciling, splunk_at):
    splunk_at.settings(fired_most=7)
    daemon = reconciling()
    fire(splunk_at, range(30))
    clock(splunk_at, 61)
    wait_until(lambda: figures(daemon)["fetched"] == 30, 30)


def test_a_refused_token_stops_it(reconciling, splunk_at):
    daemon = reconciling()
    splunk_at.fault("401")
    wait_until(lambda: "refuses the token" in daemon.log(), 30)
    before = len(splunk_at.requests())
    assert daemon.post(WEBHOOK, payload(1))[0] == 200
    assert len(splunk_at.requests()) == before
    assert "reconcile" in str(health(daemon))
