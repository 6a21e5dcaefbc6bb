"""cmdb_enrich and a database: what it says, and who else has it open."""
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from lookups import Asking
from waiting import wait_until

TABLE = ("create table assets (hostname text, fqdn text, ip text, "
         "criticality text, zone text)")
ROWS = [("ws1", "ws1.corp.example.com", "192.0.2.1", "high", "lan"),
        ("ws2", None, "192.0.2.2", "low", "lan"),
        ("net", None, "203.0.113.0/24", "medium", "guest")]


def fill(path, rows=ROWS, table=TABLE, wal=False):
    """Made and closed; `wal` leaves it in that mode."""
    made = sqlite3.connect(path)
    if wal:
        made.execute("pragma journal_mode=wal")
    made.execute(table)
    marks = ",".join("?" * len(rows[0])) if rows else ""
    made.executemany(f"insert into assets values ({marks})", rows)
    made.commit()
    made.close()
    return path


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "as%se?ts#1.db")


def asking(herald, path, more=""):
    return Asking(herald, "cmdb", "plugin: cmdb_enrich, source: sqlite, "
                  "types: [host, ip], file: '@FILE@'" + more, FILE=path)


def told(ask, words, times=1):
    wait_until(lambda: ask.herald.log().count(words) >= times, 20,
               lambda: f"{words!r} in the log:\n" + ask.herald.log())


def change(path, *statements):
    one = sqlite3.connect(path)
    for statement in statements:
        one.execute(statement)
    one.commit()
    one.close()


def beside(path):
    folder, name = os.path.split(path)
    return sorted(one for one in os.listdir(folder)
                  if one.startswith(name) and one != name)


def first(alert, kind="device.hostname"):
    return [one for one in alert.answers if one["name"] == kind][0]


def test_a_host_is_told_as_from_a_sheet(herald, path):
    ask = asking(herald, fill(path))
    alert = ask.ask({"dest": "WS1"})
    assert first(alert)["data"] == {
        "hostname": "ws1", "fqdn": "ws1.corp.example.com",
        "ip": "192.0.2.1", "criticality": "high", "zone": "lan"}
    assert alert.record["device"]["risk_level_id"] == 3
    assert ask.ask({"dest": "ws2"}).record["device"]["risk_level_id"] == 1
    network = ask.ask({"dest_ip": "203.0.113.9"}).record["device"]
    assert network["risk_level_id"] == 2 and "hostname" not in network
    assert ask.ask({"dest": "nobody"}).outcome == "clean"
    told(ask, "3 assets")


def test_a_query_and_fields_choose_and_name(herald, path):
    change(path, "create table ci (Nom text, Wert text, live int)",
           "insert into ci values ('a', 'rot', 1), ('b', 'rot', 0)")
    ask = asking(herald, path, ", query: 'select Nom, Wert from ci where "
                 "live;', fields: {hostname: nom, criticality: Wert}, levels: "
                 "{rot: critical}")
    assert ask.ask({"dest": "a"}).record["device"]["risk_level_id"] == 4
    assert ask.ask({"dest": "b"}).outcome == "clean"


def test_another_table_is_read(herald, path):
    change(path, 'create table "my ""ci""" (hostname, criticality)',
           'insert into "my ""ci""" values (\'a\', \'low\')')
    ask = asking(herald, path, """, table: 'my "ci"'""")
    assert ask.ask({"dest": "a"}).outcome == "hit"


def test_cells_of_every_type_are_read(herald, path):
    change(path, "create table assets (hostname, a, b, c, d, criticality)",
           "insert into assets values ('a', 1, 2.5, null, x'6162', 'low')",
           "insert into assets values ('b', 1, 2, 3, x'610062', 'low')")
    ask = asking(herald, path)
    assert first(ask.ask({"dest": "a"}))["data"] == {
        "hostname": "a", "a": "1", "b": "2.5", "d": "ab",
        "criticality": "low"}
    told(ask, "1 asset, 1 row skipped (row 2: a cell holds a NUL)")


# A file that changes, and one that others have open.

def test_a_change_is_taken(herald, path):
    ask = asking(herald, fill(path))
    assert ask.ask({"dest": "new"}).outcome == "clean"
    change(path, "insert into assets (hostname) values ('new')")
    told(ask, "4 assets")
    assert ask.ask({"dest": "new"}).outcome == "hit"


def test_what_others_write_is_read_before_it_is_in_the_file(herald, path):
    """WAL: the file itself does not change."""
    fill(path, wal=True)
    writer = sqlite3.connect(path)
    writer.execute("pragma wal_autocheckpoint=0")
    writer.execute("update assets set zone = 'x'")
    writer.commit()
    ask = asking(herald, path)
    assert first(ask.ask({"dest": "ws1"}))["data"]["zone"] == "x"
    size = os.stat(path).st_size
    writer.execute("insert into assets (hostname) values ('new')")
    writer.commit()
    told(ask, "4 assets")
    assert ask.ask({"dest": "new"}).outcome == "hit"
    assert os.stat(path).st_size == size
    # ... and what is not committed is not.
    writer.execute("delete from assets where hostname = 'new'")
    assert ask.ask({"dest": "new"}).outcome == "hit"
    writer.close()


@pytest.mark.parametrize("wal", [False, True])
def test_nothing_is_left_beside_it(herald, path, wal):
    """A -shm of ours would lock the writer out."""
    ask = asking(herald, fill(path, wal=wal))
    assert ask.ask({"dest": "ws1"}).outcome == "hit"
    assert beside(path) == []
    change(path, "insert into assets (hostname) values ('new')")
    told(ask, "4 assets")
    assert beside(path) == []


def test_a_folder_that_cannot_be_written_is_enough(herald, path):
    fill(path, wal=True)
    os.chmod(path, 0o444)
    os.chmod(os.path.dirname(path), 0o555)
    try:
        ask = asking(herald, path)
        assert ask.ask({"dest": "ws1"}).outcome == "hit"
    finally:
        os.chmod(os.path.dirname(path), 0o755)


def test_one_that_is_locked_is_read_when_it_is_not(herald, path):
    fill(path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("begin exclusive")
    ask = asking(herald, path)
    alert = ask.ask({"dest": "ws1"})
    assert alert.outcome == "missing"
    assert "database is locked" in ask.why(alert)
    writer.execute("rollback")
    told(ask, "3 assets")
    assert ask.ask({"dest": "ws2"}).outcome == "hit"


def test_a_lock_leaves_the_former_in_use(herald, path):
    ask = asking(herald, fill(path))
    assert ask.ask({"dest": "ws1"}).outcome == "hit"
    change(path, "insert into assets (hostname) values ('new')")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("begin exclusive")
    os.utime(path)
    told(ask, "database is locked; the former")
    assert ask.ask({"dest": "ws2"}).outcome == "hit"
    writer.execute("rollback")
    told(ask, "4 assets")


KILLED = """
import os, signal, sqlite3, sys
one = sqlite3.connect(sys.argv[1], isolation_level=None)
one.execute("pragma cache_size=1")
one.execute("begin")
one.execute("insert into assets (hostname, zone) select 'x' || value, "
            "hex(randomblob(2000)) from json_each(?)",
            (str(list(range(500))),))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("wal", [False, True])
def test_a_writer_that_died_is_told_or_does_no_harm(herald, path, wal):
    fill(path, wal=wal)
    ended = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert beside(path)
    ask = asking(herald, path)
    alert = ask.ask({"dest": "ws1"})
    if wal:     # what it did not commit is not there
        assert alert.outcome == "hit"
        told(ask, "3 assets")
        return
    assert alert.outcome == "missing"   # to roll it back is to write
    assert "attempt to write a readonly database" in ask.why(alert)
    change(path, "select 1 from assets")
    told(ask, "3 assets")


def test_a_log_without_its_index_is_told(herald, path):
    """Its writer died, and somebody tidied up."""
    fill(path, wal=True)
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    os.unlink(path + "-shm")
    ask = asking(herald, path)
    alert = ask.ask({"dest": "ws1"})
    assert alert.outcome == "missing"
    assert "unable to open database file" in ask.why(alert)
    assert beside(path) == [os.path.basename(path) + "-wal"]
    change(path, "select 1 from assets")
    told(ask, "3 assets")


# What is refused.

@pytest.mark.parametrize("content, words", [
    (b"hostname,ip\na,192.0.2.1\n" * 90, "file is not a database"),
    (b"", "no such table: assets"),
    (b"SQLite format 3\0" + b"\xff" * 2000, "file is not a database")])
def test_what_is_no_database_is_told(herald, path, content, words):
    with open(path, "wb") as out:
        out.write(content)
    ask = asking(herald, path)
    told(ask, words)
    alert = ask.ask({"dest": "ws1"})
    assert alert.outcome == "missing"
    os.unlink(path)
    fill(path)
    told(ask, "3 assets")


def test_a_broken_page_is_told_and_the_former_stays(herald, path):
    rows = [(f"h{i}", None, None, "low", "x" * 500) for i in range(200)]
    ask = asking(herald, fill(path, rows))
    told(ask, "200 assets")
    with open(path, "r+b") as out:
        out.seek(4096 * 3)
        out.write(b"\xff" * 8192)
    told(ask, "database disk image is malformed; the former 200 assets stay")
    assert ask.ask({"dest": "h1"}).outcome == "hit"


def test_one_that_has_shrunk_is_not_taken(herald, path):
    ask = asking(herald, fill(path))
    told(ask, "3 assets")
    change(path, "delete from assets where hostname != 'ws1'")
    told(ask, "1 assets, it had 3; the former 3 assets stay in use")
    assert ask.ask({"dest": "ws2"}).outcome == "hit"


@pytest.mark.parametrize("query, words", [
    ("delete from assets", "option query would write"),
    ("select 1 as hostname; delete from assets",
     "option query is more than one statement"),
    ("-- nothing", "option query is empty"),
    ("select zone from assets", "no column is named hostname, fqdn, ip"),
    ("select hostname, hostname from assets", "two columns are named"),
    ("attach ':memory:' as x", "the query selects nothing"),
    ("selekt", "syntax error")])
def test_queries_that_are_none_are_told(herald, path, query, words):
    ask = asking(herald, fill(path), f', query: "{query}"')
    told(ask, words)
    assert ask.ask({"dest": "ws1"}).outcome == "missing"
    left = sqlite3.connect(path)
    assert left.execute("select count(*) from assets").fetchone() == (3,)
    left.close()


def test_a_query_without_end_holds_nobody_up(herald, path):
    ask = asking(herald, fill(path), ", query: 'with recursive n(hostname) as "
                 "(select 1 union all select hostname + 1 from n) select "
                 "hostname from n where hostname < 0', timeout: 1s")
    assert ask.ask({"dest": "ws1"}).outcome == "missing"
    ask.herald.stop()           # it ends with the connector


@pytest.mark.parametrize("more, words", [
    (", table: a, query: 'select 1'", "say `table` or `query`, not both"),
    (", url: 'https://a.example'", "source: sqlite knows no 'url'")])
def test_options_that_do_not_fit_are_refused(herald, path, more, words):
    with pytest.raises(ChildProcessError) as refused:
        asking(herald, fill(path), more)
    assert words in str(refused.value)


def test_a_database_is_no_sheet(herald, path):
    ask = Asking(herald, "cmdb", "plugin: cmdb_enrich, file: '@FILE@'",
                 FILE=fill(path))
    told(ask, "it is an SQLite database: say source: sqlite")
