"""Class j of bad-inputs.tsv, as a sender that is let in sends it to http_in.

Whatever such a sender sends is kept: what is no alert for a person, with the
bytes as they came.  Where the table leaves a choice, or herald does otherwise
than it says, the case says why.
"""
import codecs
import itertools
import json
import time

import pytest

from bad_inputs import PATH, bad_inputs, running
from services import call
from waiting import wait_until

daemon = pytest.fixture(running, scope="module", name="daemon")
numbers = itertools.count()
DECIDED = ("done", "quarantined", "waiting", "dropped")


def send(daemon, body, path=PATH):
    """(status, answer, [what herald then shows of each new alert])"""
    before = {one["id"] for one in daemon.export()}
    status, _, text = call(daemon.port("INGEST"), "POST", path, body,
                           {"Content-Type": "application/json"})

    def new():
        found = [one for one in daemon.export() if one["id"] not in before]
        return [found] if all(one["state"] in DECIDED
                              for one in found) else None
    alerts, = wait_until(new, 60, "decided")
    return status, json.loads(text), alerts


def shown(daemon, alert):
    return daemon.ctl("show", alert["id"])


def is_well(daemon):
    status, told, alerts = send(daemon, b'{"well": %d}' % next(numbers))
    assert (status, told, len(alerts)) == (200, {"stored": True}, 1)
    assert daemon.process.poll() is None


def nested(depth):
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


def unique(body):
    """Content is identity: each case is made an alert of its own."""
    return body.replace(b"%N", b"%d" % next(numbers))


# ---- no JSON object ----

NOTHING = {"j01": b"", "j02": b" \r\n\t ", "j02-lf": b"\n"}

NO_JSON = {
    "j08": (b'{"a":1} x', "bad_json"),
    "j08-two": (b'{"a":1}{"a":2}', "bad_json"),
    "j08-nul": (b'{"a":1}\0', "bad_json"),
    "j10": (b'{"a":1,}', "bad_json"),
    "j10-list": (b'{"a":[1,]}', "bad_json"),
    "j10-none": (b'{"a":,}', "bad_json"),
    "j10-first": (b'{,"a":1}', "bad_json"),
    "j11": (b"{'a':1}", "bad_json"),
    "j11-no": (b"{a:1}", "bad_json"),
    "j12": (b'{"a":1 /* x */}', "bad_json"),
    "j12-line": (b'{"a":1 // x\n}', "bad_json"),
    "j12-hash": (b'# x\n{"a":1}', "bad_json"),
    "j13": (b'{"a":NaN}', "bad_json"),
    "j14": (b'{"a":-Infinity}', "bad_json"),
    "j14-plus": (b'{"a":Infinity}', "bad_json"),
    "j14-null": (b'{"a":Null}', "bad_json"),
    "j14-undefined": (b'{"a":undefined}', "bad_json"),
    "j19": (b'{"a":01}', "bad_json"),
    "j19-minus": (b'{"a":-01}', "bad_json"),
    "j19-plus": (b'{"a":+1}', "bad_json"),
    "j19-dot": (b'{"a":.5}', "bad_json"),
    "j19-end": (b'{"a":5.}', "bad_json"),
    "j19-exponent": (b'{"a":5e}', "bad_json"),
    "j19-hex": (b'{"a":0x10}', "bad_json"),
    "j19-minus-only": (b'{"a":-}', "bad_json"),
    "j25": (b'{"a":"x\ny"}', "bad_json"),
    "j25-tab": (b'{"a":"x\ty"}', "bad_json"),
    "j25-bell": (b'{"a":"x\x07y"}', "bad_json"),
    "j25-escape": (b'{"a":"\\x41"}', "bad_json"),
    "j25-short": (b'{"a":"\\u12"}', "bad_json"),
    "j33": ('{"a":1}'.encode("utf-16-le"), "bad_json"),
    "j33-be": ('{"a":1}'.encode("utf-16-be"), "bad_json"),
    "j33-bom": (codecs.BOM_UTF16_LE + '{"a":1}'.encode("utf-16-le"),
                "bad_json"),
    "j33-utf8-bom": (codecs.BOM_UTF8 + b'{"a":1}', "bad_json"),
    "j33-utf32": ('{"a":1}'.encode("utf-32-le"), "bad_json"),
    "j33-gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\0", "bad_json"),
    "j03": (b'"a text"', "not_object"),
    "j03-number": (b"5", "not_object"),
    "j03-null": (b"null", "not_object"),
    "j03-true": (b"true", "not_object"),
    "j04": (b'[{"a":1}]', "not_object"),
    "j04-empty": (b"[]", "not_object"),
}


@bad_inputs(NOTHING)
def test_bad_input_without_content(daemon, case):
    status, _, alerts = send(daemon, case)
    assert (status, alerts) == (400, [])


@bad_inputs(NO_JSON)
def test_bad_input_that_is_no_alert(daemon, case):
    """400, and kept all the same: whoever makes a sender write broken JSON
    must not make an alert disappear."""
    body, word = case
    status, told, alerts = send(daemon, body)
    assert (status, told["error"]) == (400, word)
    assert [one["state"] for one in alerts] == ["quarantined"]
    assert alerts[0]["reason"]
    is_well(daemon)


def test_bad_input_tells_of_utf16(daemon):          # the hint of j33
    _, _, (alert,) = send(daemon, '{"hint":1}'.encode("utf-16-le"))
    assert "UTF-16" in alert["reason"]


@bad_inputs({"j50": b'{"user":"jd\\u00e9\xc3\xa9","n":[-1.5e3,true,{}]}'})
def test_bad_input_cut_at_every_byte(daemon, case):
    for n in range(1, len(case)):
        status, _, _ = call(daemon.port("INGEST"), "POST", PATH, case[:n],
                            {"Content-Type": "application/json"})
        assert status == 400, case[:n]
    is_well(daemon)


# ---- not exact ----

NOT_EXACT = {
    "j06": (b'{"user":"a","user":"krbtgt"}', "repeated"),
    "j06-deep": (b'{"a":[{"user":"a","user":"a"}]}', "repeated"),
    "j06-empty": (b'{"":1,"":2}', "repeated"),
    "j07": (b'{"user":"a","us\\u0065r":"b"}', "repeated"),
    "j15": (b'{"a":1e999}', "range"),
    "j15-minus": (b'{"a":-1e999}', "range"),
    "j15-digits": (b'{"a":' + b"9" * 400 + b".0}", "range"),
    "j17": (b'{"a":9223372036854775808}', "64"),
    "j17-minus": (b'{"a":-9223372036854775809}', "64"),
    "j17-huge": (b'{"a":' + b"9" * 10000 + b"}", "64"),
    "j37": (nested(512), "deep"),
    "j37-65": (nested(64), "deep"),
    "j38": (nested(2048), "deep"),
    "j39": (nested(2049), "deep"),
    "j40": (nested(100000), "deep"),
    "j40-open": (b"[" * 100000, "deep"),
    "j40-objects": (b'{"a":' * 100000, "deep"),
    "j45": (b'{"' + b"k" * 65536 + b'":1}', "name"),
    "j45-1025": (b'{"' + b"k" * 1025 + b'":1}', "name"),
    "j45-escapes": (b'{"' + b"\\u00e9" * 513 + b'":1}', "name"),
}


@bad_inputs(NOT_EXACT)
def test_bad_input_that_is_not_exact(daemon, case):
    body, word = case
    status, told, (alert,) = send(daemon, body)
    assert (status, told["error"]) == (422, "not_exact")
    assert alert["state"] == "quarantined"
    assert word in alert["reason"], alert
    assert shown(daemon, alert)["raw"].encode() == body
    is_well(daemon)


# ---- mended: attackers choose bytes, not fates ----

MENDED = {
    # The table says 422 or U+FFFD for these ...
    "j22": (b'{"n":%N,"a":"x\\u0000y"}', "x\ufffdy"),
    "j28": (b'{"n":%N,"a":"x\xc0\xafy"}', None),
    "j28-byte": (b'{"n":%N,"a":"x\xffy"}', "x\ufffdy"),
    "j28-beyond": (b'{"n":%N,"a":"x\xf4\x90\x80\x80y"}', None),
    "j28-latin1": (b'{"n":%N,"a":"caf\xe9"}', "caf\ufffd"),
    "j29": (b'{"n":%N,"a":"x\xed\xa0\x80y"}', None),
    "j31": (b'{"n":%N,"a":"x\xe2\x82"}', "x\ufffd"),
    # ... and 400 for these: a field of an attacker's choice (a file's name)
    # would then keep the whole alert from people.
    "j24": (b'{"n":%N,"a":"x\0y"}', "x\ufffdy"),
    "j26": (b'{"n":%N,"a":"x\\ud800y"}', "x\ufffdy"),
    "j26-pair": (b'{"n":%N,"a":"x\\ud800\\ud800y"}', "x\ufffd\ufffdy"),
    "j27": (b'{"n":%N,"a":"x\\udc00y"}', "x\ufffdy"),
}


def unmapped(daemon, alert):
    return shown(daemon, alert)["record"]["unmapped"]["http"]


@bad_inputs(MENDED)
def test_bad_input_that_is_mended(daemon, case):
    body, text = unique(case[0]), case[1]
    status, told, (alert,) = send(daemon, body)
    assert (status, told) == (200, {"stored": True})
    assert alert["state"] != "quarantined"
    assert "mended" in shown(daemon, alert)["record"]["metadata"]["labels"]
    seen = unmapped(daemon, alert)["a"]
    assert "\ufffd" in seen and "\0" not in seen
    assert text is None or seen == text


@bad_inputs({"j23": b'{"n":%N,"a\\u0000b":1}'})
def test_bad_input_nul_in_a_name(daemon, case):
    """A name is not mended into another name: 422, or U+FFFD in it."""
    status, _, (alert,) = send(daemon, unique(case))
    if status == 200:
        assert unmapped(daemon, alert)["a\ufffdb"] == 1
    else:
        assert (status, alert["state"]) == (422, "quarantined")


# ---- odd, and sound ----

SOUND = {
    "j16": (b'{"n":%N,"a":1e-999}', 0.0),
    "j18": (b'{"n":%N,"a":-9223372036854775808}', -2 ** 63),
    "j18-max": (b'{"n":%N,"a":9223372036854775807}', 2 ** 63 - 1),
    "j18-double": (b'{"n":%N,"a":0.1}', 0.1),
    "j20": (b'{"n":%N,"a":-0}', 0),
    "j20-real": (b'{"n":%N,"a":-0.0}', 0.0),
    "j34": ('{"n":%N,"a":"\u202egnp.exe"}'.encode(), "\u202egnp.exe"),
    "j35": (b'{"n":%N,"a":{"__proto__":{"x":1}}}', {"__proto__": {"x": 1}}),
    "j36": (b'{"n":%N,"a":{"":1}}', {"": 1}),
    "j36-slash": (b'{"n":%N,"a":{"/":1,"~":2,".":3}}',
                  {"/": 1, "~": 2, ".": 3}),
    "j37-58": (b'{"n":%N,"a":' + b"[" * 58 + b"1" + b"]" * 58 + b"}", None),
    "j45-1024": (b'{"n":%N,"a":1,"' + b"k" * 1024 + b'":1}', 1),
    "j43-few": (b'{"n":%N,"a":"' + b"\\u00e9" * 1000 + b'"}', "\u00e9" * 1000),
}


@bad_inputs(SOUND)
def test_odd_input_is_taken(daemon, case):
    body, value = unique(case[0]), case[1]
    status, told, (alert,) = send(daemon, body)
    assert (status, told) == (200, {"stored": True})
    seen = unmapped(daemon, alert)["a"]
    if value is not None:
        assert seen == value and isinstance(seen, type(value)), seen


def test_odd_input_is_shown_escaped(daemon):        # the rest of j34
    send(daemon, '{"title":"\u202egnp.exe","shown":1}'.encode())
    told = daemon.run_ctl("list").stdout
    assert "gnp.exe" in told and "\u202e" not in told
    assert "\u202e" not in daemon.log()


@bad_inputs({
    "j43": b'{"n":%N,"a":"' + b"\\u0041" * 300000 + b'"}',
    "j49": b'{"n":%N,' + b",".join(
        b'"k%05d":%d' % (i, i) for i in range(50000)) + b"}",
    "j49-items": b'{"n":%N,"a":[' + b"0," * 500000 + b"0]}"})
def test_much_input_is_read_in_time(daemon, case):
    """Names' hashes are seeded at random, so nobody can choose names that
    collide; the bound is for a sanitizer's build on a busy machine, where a
    quadratic reader would need minutes."""
    began = time.monotonic()
    status, _, alerts = send(daemon, unique(case))
    assert time.monotonic() - began < 30
    assert status == 200 and len(alerts) == 1
    is_well(daemon)


# ---- lists ----

@bad_inputs({"j04": 2, "j04-one": 1})
def test_list_is_taken_where_it_is_wanted(daemon, case):
    body = b"[" + b",".join(unique(b'{"n":%N}') for _ in range(case)) + b"]"
    status, _, alerts = send(daemon, body, "/many" + PATH)
    assert (status, len(alerts)) == (200, case)


@bad_inputs({"j48": b'{"a":1,"a":2}', "j48-number": b"5",
             "j48-deep": nested(80)})
def test_list_with_one_bad_alert(daemon, case):
    """999 taken, one kept for a person, and the answer says which."""
    rows = [unique(b'{"n":%N}') for _ in range(1000)]
    rows[417] = case
    status, told, alerts = send(daemon, b"[" + b",".join(rows) + b"]",
                                "/many" + PATH)
    assert status == 200
    assert told == {"stored": True, "quarantined": 1, "places": [417]}
    assert sum(one["state"] == "quarantined" for one in alerts) == 1
    assert len(alerts) == 1000


def test_list_with_many_bad_alerts(daemon):
    """The answer is bounded; the count is right."""
    rows = [unique(b'{"n":%N}') if i == 0 else b"%d" % i for i in range(1000)]
    status, told, alerts = send(daemon, b"[" + b",".join(rows) + b"]",
                                "/many" + PATH)
    assert (status, told["quarantined"]) == (200, 999)
    assert told["places"][:3] == [1, 2, 3]
    assert len(alerts) == 1000
