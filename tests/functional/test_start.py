"""Starts that fail, and connectors that do not start: what stands is taken
down in order, nothing is lost, and the log says what to do."""
import socket

import pytest

from herald import HEAD
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
@MORE@
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  acts: {plugin: acts, dir: '@DIR@'}
pipelines:
  - {name: default, steps: []}
"""


def ended(herald):
    """The exit status of a start that is expected to fail."""
    return wait_until(lambda: herald.process.poll() is not None, 30,
                      herald.log) and herald.process.returncode


@pytest.fixture
def taken():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


@pytest.mark.parametrize("name", ["INGEST_PORT", "ADMIN_PORT"])
def test_an_address_in_use_ends_the_start_in_order(herald, taken, name):
    one = herald(CONFIG, started=False, MORE="")
    one.fill_in()
    one.values[name] = taken
    one.rewrite()
    one.launch()
    assert ended(one) == 1
    assert f"127.0.0.1:{taken}" in one.log()
    assert "in use" in one.log()
    one.check_sanitizers()
    # what was there is whole: the next start is a good one
    one.start()


@pytest.mark.parametrize("more", [
    "  d: {plugin: demo, listen: ingest, create: fail}",
    "  a: {plugin: demo, listen: ingest, create: fail}\n  z: {plugin: demo, listen: ingest, create: nothing}"])
def test_connectors_that_never_started_end_with_the_others(herald, more):
    one = herald(CONFIG, MORE=more)
    log = one.log()
    assert log.count("is not started") == more.count("demo")
    assert one.stop() == 0
    assert one.log().count("notice stopped") == 1
