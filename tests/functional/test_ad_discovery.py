"""Controllers by DNS: a real name server (unbound), a real directory (Samba),
as root."""
import pytest

from directories import SECRETS, lines
from herald import free_port
from lookups import Asking
from private_net import Unavailable
from real_samba import NAME
from real_unbound import Unbound

DOMAIN = "corp.example.com."
ALL = "_ldap._tcp.dc._msdcs." + DOMAIN
SITE = "_ldap._tcp.Berlin._sites.dc._msdcs." + DOMAIN


def srv(name, port, priority=0, ttl=60, host=NAME):
    return f"{name} {ttl} IN SRV {priority} 100 {port} {host}."


@pytest.fixture
def dns(directory):
    running = []

    def start(*records):
        try:
            server = Unbound(free_port(), records)
        except Unavailable as reason:
            pytest.skip(f"NOTHING IS TESTED AGAINST A NAME SERVER: {reason}")
        running.append(server.__enter__())
        return server
    yield start
    for one in running:
        one.__exit__()


@pytest.fixture
def ad(directory, herald):
    def start(*servers, more=""):
        where = ", ".join(f"'127.0.0.1:{one.port}'" for one in servers)
        return Asking(herald, "ad", lines(
            "ad_enrich", servers=[],
            more=f", dns: [{where}], timeout: 6s, retries: 0" + more),
            files=SECRETS, CA=directory.ca)
    return start


def test_the_first_by_priority_is_asked_first(ad, dns, relay):
    first, second = relay(), relay()
    server = dns(srv(ALL, second.port, 20), srv(ALL, first.port, 10))
    assert ad(server).ask({"user": "alice"}).outcome == "hit"
    assert first.count > 0 and second.count == 0


def test_the_next_by_priority_is_asked_when_the_first_is_down(ad, dns, relay):
    first, second = relay(), relay()
    server = dns(srv(ALL, second.port, 20), srv(ALL, first.port, 10))
    first.close()
    assert ad(server).ask({"user": "alice"}).outcome == "hit"
    assert second.count > 0


def test_port_389_of_a_record_is_636_with_tls(ad, dns):
    assert ad(dns(srv(ALL, 389))).ask({"user": "alice"}).outcome == "hit"


def test_a_site_has_its_own(ad, dns, relay):
    here, there = relay(), relay()
    server = dns(srv(ALL, there.port), srv(SITE, here.port))
    assert ad(server, more=", site: Berlin").ask(
        {"user": "alice"}).outcome == "hit"
    assert here.count > 0 and there.count == 0


def test_what_dns_does_not_know_is_said(ad, dns):
    connector = ad(dns(srv(SITE, 636)))
    alert = connector.ask({"user": "alice"})
    assert alert.outcome == "missing"
    assert ALL[:-1] in connector.why(alert)


def test_servfail_passes(ad, dns):
    server = dns(srv(ALL, 636))
    connector = ad(server)
    server.restart(broken=True)
    alert = connector.ask({"user": "alice"})
    assert alert.outcome == "missing"
    assert "DNS answers SERVFAIL" in connector.why(alert)
    server.restart()
    assert connector.ask({"user": "alice"}).outcome == "hit"


def test_silence_passes(ad, dns):
    """ldns 1.8.3 would hold the server for dead from now on."""
    server = dns(srv(ALL, 636))
    connector = ad(server)
    server.pause()
    alert = connector.ask({"user": "alice"})
    assert alert.outcome == "missing"
    assert f"no answer of 127.0.0.1:{server.port}" in connector.why(alert)
    server.resume()
    assert connector.ask({"user": "alice"}).outcome == "hit"


def test_the_second_name_server_is_asked(ad, dns):
    silent, good = dns(srv(ALL, 1)), dns(srv(ALL, 636))
    silent.pause()
    assert ad(silent, good).ask({"user": "alice"}).outcome == "hit"


def test_known_controllers_stay_while_dns_is_silent(ad, dns, relay):
    line = relay()
    server = dns(srv(ALL, line.port, ttl=0))
    connector = ad(server)
    assert connector.ask({"user": "alice"}).outcome == "hit"
    server.pause()
    line.cut()
    assert connector.ask({"user": "dave"}).outcome == "hit"
    assert "the controllers known before stay in use" in \
        connector.herald.log()
