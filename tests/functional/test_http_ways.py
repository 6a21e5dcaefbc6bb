"""How a connector gets to its service, the same for all: a token by OAuth2, a
certificate of our own (a real nginx asks for it), a proxy.  Each way is gone by
a source (notables pulled from Splunk), an enricher (MISP) and an output (SOAR).
"""
import os
import stat
import time

import pytest

from between import CLIENT, Gateway, Nginx, Proxy, Unavailable
from herald import HEAD
from services import fixture
from waiting import wait_until

NOTABLE = fixture("splunk/notable_event.json")
KNOWN = "203.0.113.45"      # to the double of MISP
CONFIG = HEAD + """\
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}, url: '@SPLUNK@', notables: true, every: 1s, @SPLUNK_WAY@}
  misp: {plugin: misp_enrich, url: '@MISP@', share: all, retries: 0, warning_lists: false, cache_ttl: 0s, @MISP_WAY@}
  soar: {plugin: phantom_out, url: '@SOAR@', secret: {file: @DIR@/secrets/soar}, @SOAR_WAY@}
pipelines:
  - name: default
    steps:
      - enrich: {by: [misp], of: [ip], within: 10s}
      - respond:
          - {name: case, do: soar.create_case}
"""
NAMES = ("splunk", "misp", "soar")
SECRET = {"splunk": "token: {file: @DIR@/secrets/splunk_key}, ",
          "misp": "secret: {file: @DIR@/secrets/misp_key}, ", "soar": ""}
OAUTH2 = ("oauth2: {url: '%s', client_id: herald, "
          "secret: {file: @DIR@/secrets/client}}")


class Ways:
    """Alerts that come from Splunk, one by one, and what became of them."""

    def __init__(self, herald, doubles, urls, ways):
        self.doubles = dict(zip(NAMES, doubles))
        self.rows = []
        splunk, misp, soar = doubles
        values = {name.upper(): url for name, url in zip(NAMES, urls)}
        config = CONFIG
        for name in NAMES:
            config = config.replace(f"@{name.upper()}_WAY@", ways[name])
        self.herald = herald(config, **values, files={
            "secrets/splunk_key": splunk.key, "secrets/misp_key": misp.key,
            "secrets/soar": soar.key, "secrets/client": CLIENT[1],
            "secrets/proxy": "example proxy secret"})

    def tell(self):
        """The next alert at its end."""
        uid = f"way-{len(self.rows)}"
        self.rows.append(dict(NOTABLE, event_id=uid, src=KNOWN,
                              rule_name=f"rule {uid}",
                              _indextime=str(int(time.time()) - 60)))
        self.doubles["splunk"].data({"rows": self.rows})
        return wait_until(lambda: self.ended(uid), 40, lambda: (
            f"{self.herald.export()}\n{self.herald.log()}"))

    def ended(self, uid):
        for one in self.herald.export():
            if one["uid"] == uid and one["state"] in ("done", "dead"):
                return one
        return None

    def is_known(self, alert):
        """True if MISP's word on the address is there."""
        record = self.herald.ctl("show", alert["id"])["record"]
        return any(one["provider"] == "misp" and one["data"]
                   for one in record.get("enrichments", []))

    def why(self, alert):
        told = [one for one in self.herald.ctl("explain", alert["id"])[
            "answers"] if one["connector"] == "misp"]
        return told[0].get("detail") or told[0].get("reason", "")

    def cases(self):
        return len(self.doubles["soar"].state()["containers"])


@pytest.fixture
def doubles(splunk, misp, soar):
    return splunk, misp, soar


def went_well(ways, alerts=1):
    for _ in range(alerts):
        alert = ways.tell()
        assert alert["state"] == "done", alert
        assert ways.is_known(alert), ways.why(alert)
    assert ways.cases() == alerts


# ---- OAuth2 ----

@pytest.fixture
def gateways(doubles):
    splunk, misp, _soar = doubles
    put = {"splunk": {"Authorization": f"Bearer {splunk.key}"},
           "misp": {"Authorization": misp.key}, "soar": {}}
    made = {name: Gateway(double.port, put[name])
            for name, double in zip(NAMES, doubles)}
    yield made
    for one in made.values():
        one.__exit__()


@pytest.fixture
def by_token(herald, doubles, gateways):
    """Without any secret of the services that a token stands in for."""
    return lambda: Ways(herald, doubles,
                        [gateways[name].url for name in NAMES],
                        {name: OAUTH2 % gateways[name].token_url
                         for name in NAMES})


def test_one_token_opens_each_way_again_and_again(by_token, gateways):
    went_well(by_token(), alerts=3)
    for name, gateway in gateways.items():
        assert gateway.issued == 1, name
        assert gateway.passed >= 2 and gateway.refused == 0, name


def test_a_token_that_ended_early_is_renewed_and_the_request_repeated(
        by_token, gateways):
    ways = by_token()
    went_well(ways)
    for gateway in gateways.values():
        gateway.revoke()
    alert = ways.tell()
    assert alert["state"] == "done" and ways.is_known(alert)
    assert ways.cases() == 2
    for name, gateway in gateways.items():
        assert gateway.issued == 2, name
        assert gateway.refused >= 1, name


@pytest.mark.parametrize("trouble, word", [
    ((503, b"later"), "503"),
    ((200, b"<html>log in</html>"), "token"),
    ((200, b'{"token_type": "Bearer"}'), "access_token"),
    ((400, b'{"error": "invalid_scope"}'), "invalid_scope")])
def test_without_a_token_nothing_is_asked(by_token, gateways, trouble, word):
    gateways["misp"].trouble = trouble
    ways = by_token()
    alert = ways.tell()
    assert not ways.is_known(alert)
    assert word in ways.why(alert)
    assert gateways["misp"].passed == gateways["misp"].refused == 0
    assert ways.cases() == 1            # the others do not suffer
    assert CLIENT[1] not in ways.herald.log()


def test_when_tokens_are_given_again_it_goes_on(by_token, gateways):
    gateways["misp"].trouble = (503, b"later")
    ways = by_token()
    assert not ways.is_known(ways.tell())
    gateways["misp"].trouble = None

    def probe_is_well():
        return ways.herald.run_ctl("test-connector", "misp").returncode == 0
    wait_until(probe_is_well, 60, ways.herald.log)
    assert ways.is_known(ways.tell())


def test_a_client_that_is_refused_is_not_tried_again_and_again(
        by_token, gateways):
    """Repeated refusals lock accounts."""
    gateways["misp"].trouble = (401, b'{"error": "invalid_client"}')
    ways = by_token()
    assert not ways.is_known(ways.tell())
    wait_until(lambda: "connector misp is stopped" in ways.herald.log(), 30,
               ways.herald.log)
    asked = gateways["misp"].asked
    ways.tell()
    assert gateways["misp"].asked == asked


def test_a_secret_is_wanted_where_there_is_no_token(herald):
    daemon = herald(HEAD + "connectors:\n  misp: {plugin: misp_enrich, "
                    "url: 'https://misp.example.com'}\n"
                    "pipelines: [{name: default, steps: []}]\n",
                    started=False)
    checked = daemon.check()
    assert checked.returncode == 1
    assert "'secret'" in checked.stdout + checked.stderr


# ---- a certificate of our own ----

@pytest.fixture
def nginx(doubles, certificates):
    try:
        running = Nginx(certificates["good"], certificates["ca"],
                        [one.port for one in doubles])
    except Unavailable as reason:
        pytest.skip(f"NO CERTIFICATE OF A CLIENT IS TESTED: {reason}")
    with running:
        yield running


def by_certificate(herald, doubles, nginx, certificates, pair):
    tls = f"tls: {{ca_file: '{certificates['ca']}'"
    if pair:
        tls += f", cert_file: '{pair[0]}', key_file: '{pair[1]}'"
    return Ways(herald, doubles,
                [f"https://127.0.0.1:{port}" for port in nginx.ports],
                {name: SECRET[name] + tls + "}" for name in NAMES})


def test_our_certificate_lets_in(herald, doubles, nginx, certificates):
    went_well(by_certificate(herald, doubles, nginx, certificates,
                             certificates["client"]))
    assert set(nginx.answered()) <= {"200", "201"}


@pytest.mark.parametrize("pair", [None, "other_client"])
def test_without_it_nobody_is_let_in(herald, doubles, nginx, certificates,
                                     pair):
    ways = by_certificate(herald, doubles, nginx, certificates,
                          certificates.get(pair))
    probe = ways.herald.run_ctl("test-connector", "misp")
    assert probe.returncode == 1
    wait_until(lambda: "400" in nginx.answered(), 30, nginx.told)
    assert set(nginx.answered()) == {"400"}
    assert "400" in probe.stdout + probe.stderr
    for double in doubles:
        assert double.requests() == []


def test_a_key_that_others_may_read_is_refused(herald, certificates,
                                               tmp_path):
    certificate, key = certificates["client"]
    open_key = tmp_path / "open.key"
    with open(key, encoding="ascii") as source:
        open_key.write_text(source.read())
    os.chmod(open_key, 0o644)
    for path, word in ((str(open_key), "0644"),
                       (str(tmp_path / "none.key"), "none.key")):
        daemon = herald(
            HEAD + "connectors:\n  misp: {plugin: misp_enrich, url: "
            "'https://misp.example.com', secret: {file: "
            f"@DIR@/secrets/splunk}}, tls: {{cert_file: '{certificate}', "
            f"key_file: '{path}'}}}}\n"
            "pipelines: [{name: default, steps: []}]\n", started=False)
        checked = daemon.check()
        assert checked.returncode == 1, path
        assert word in checked.stdout + checked.stderr
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600


# ---- a proxy ----

@pytest.fixture
def encrypted(service, certificates):
    """The doubles again, behind TLS: only a tunnel leads there."""
    return [service(kind, tls=certificates["good"]) for kind in NAMES]


def by_proxy(herald, encrypted, certificates, more):
    """`more`: of all connectors."""
    tls = f"tls: {{ca_file: '{certificates['ca']}'}}, "
    return Ways(herald, encrypted, [one.url for one in encrypted],
                {name: SECRET[name] + tls + more for name in NAMES})


def test_all_go_through_the_proxy(herald, encrypted, certificates):
    with Proxy() as proxy:
        went_well(by_proxy(herald, encrypted, certificates,
                           f"proxy: '{proxy.url}'"))
        assert set(proxy.targets) == {f"127.0.0.1:{one.port}"
                                      for one in encrypted}


USER = (", proxy_user: herald, "
        "proxy_secret: {file: @DIR@/secrets/proxy}")


def test_the_proxy_knows_us(herald, encrypted, certificates):
    with Proxy(user=("herald", "example proxy secret")) as proxy:
        ways = by_proxy(herald, encrypted, certificates,
                        f"proxy: '{proxy.url}'" + USER)
        went_well(ways)
        assert "example proxy secret" not in ways.herald.log()


@pytest.mark.parametrize("proxy, more, word", [
    ({"user": ("herald", "another")}, USER, "407"),
    ({"user": ("herald", "another")}, "", "407"),
    ({"closed": True}, "", "403")])
def test_a_proxy_that_refuses_is_told_from_the_service(
        herald, encrypted, certificates, proxy, more, word):
    with Proxy(**proxy) as refusing:
        ways = by_proxy(herald, encrypted, certificates,
                        f"proxy: '{refusing.url}'" + more)
        probe = ways.herald.run_ctl("test-connector", "misp")
        assert probe.returncode == 1
        assert word in probe.stdout + probe.stderr
        assert "proxy" in probe.stdout + probe.stderr
        assert refusing.targets == []
    for double in encrypted:
        assert double.requests() == []


def test_a_proxy_that_is_not_there(herald, encrypted, certificates):
    with Proxy() as proxy:
        url = proxy.url
    ways = by_proxy(herald, encrypted, certificates, f"proxy: '{url}'")
    probe = ways.herald.run_ctl("test-connector", "misp")
    assert probe.returncode == 1
    assert "connect" in (probe.stdout + probe.stderr).lower()


def test_some_are_reached_without_it(herald, encrypted, certificates):
    with Proxy() as proxy:
        went_well(by_proxy(herald, encrypted, certificates,
                           f"proxy: '{proxy.url}', no_proxy: [127.0.0.0/8]"))
        assert proxy.targets == []
