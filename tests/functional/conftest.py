"""Fixtures of the functional tests; see herald.py and services.py.

A test that asks for `herald` is skipped where no build was named, and fails
where one was named and something is missing from it.
"""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "servers")]

import certificates as making   # noqa: E402
import herald as harness        # noqa: E402
from private_net import Unavailable     # noqa: E402
from real_samba import Samba    # noqa: E402
from relay import Relay         # noqa: E402
from services import Service    # noqa: E402


@pytest.fixture
def service(tmp_path):
    """Starts doubles: service("misp", ...)."""
    running = []

    def start(kind, *arguments, **more):
        count = sum(one.kind == kind for one in running)
        more.setdefault("name", f"{kind}{count or ''}")
        running.append(Service(kind, str(tmp_path), *arguments, **more))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Names of certificates and keys; see certificates.py."""
    return making.make(str(tmp_path_factory.mktemp("certificates")))


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """Doubles that outlive a test; each test finds them as new."""
    running = {}

    def take(kind):
        if kind not in running or running[kind].process.poll() is not None:
            folder = str(tmp_path_factory.mktemp(kind))
            running[kind] = Service(kind, folder)
        running[kind].reset()
        return running[kind]

    yield take
    for one in running.values():
        one.stop()


@pytest.fixture
def misp(pool):
    return pool("misp")


@pytest.fixture
def soar(pool):
    return pool("soar")


@pytest.fixture
def splunk(pool):
    return pool("splunk")


@pytest.fixture
def virustotal(pool):
    return pool("virustotal")


@pytest.fixture
def servicenow(pool):
    return pool("servicenow")


@pytest.fixture
def netbox(pool):
    return pool("netbox")


@pytest.fixture
def sink(pool):
    return pool("sink")


@pytest.fixture
def herald():
    """Starts daemons: herald(CONFIG, files={...}, MISP=misp.url)."""
    try:
        harness.find_program("HERALDD", "heraldd")
    except harness.NotBuilt as reason:
        pytest.skip(str(reason))
    made = []

    def start(config, started=True, **more):
        made.append(harness.Herald(config, **more))
        return made[-1].start() if started else made[-1]

    yield start
    troubles = []
    for one in made:
        try:
            one.remove()
        except AssertionError as trouble:
            troubles.append(str(trouble))
    assert not troubles, "\n".join(troubles)


@pytest.fixture(scope="session")
def samba():
    """An Active Directory; it takes ten seconds, once in a build tree."""
    keep, build = map(os.environ.get, ("HERALD_SAMBA", "HERALD_BUILD"))
    if not keep and build:
        keep = os.path.join(build, "samba")
    try:
        running = Samba(keep=keep)
    except Unavailable as reason:
        pytest.skip(f"NOTHING IS TESTED AGAINST ACTIVE DIRECTORY: {reason}")
    yield running
    running.stop()


@pytest.fixture
def directory(samba):
    """The same, and the test is in its network: doubles of `pool` are not."""
    with samba.net:
        yield samba


@pytest.fixture
def relay(directory):
    """Starts lines to the directory that can be cut: relay(port)."""
    running = []

    def start(port=636):
        running.append(Relay(port))
        return running[-1]

    yield start
    for one in running:
        one.close()
