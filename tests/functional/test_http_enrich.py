"""http_enrich against recorded exchanges and a receiver of anything."""
import json

import pytest

from lookups import Asking
from waiting import wait_until

IP = "198.51.100.23"


def exchange(path, status=200, body=None, method="GET", request=None, **more):
    return {"request": {"method": method, "path": path, "body": request},
            "response": {"status": status, "body": body, **more}}


@pytest.fixture
def playing(service, tmp_path):
    """Starts a service that plays these exchanges."""
    def start(*exchanges):
        folder = tmp_path / "exchanges"
        folder.mkdir()
        for number, one in enumerate(exchanges):
            (folder / f"{number}.json").write_text(json.dumps(one))
        return service("generic", str(folder))
    return start


def asking(herald, service, lines):
    # Documentation addresses are never asked but by `share: all`.
    return Asking(herald, "own", "plugin: http_enrich, url: '@URL@', "
                  "share: all, retries: 0, " + lines,
                  files={"secrets/own": "example-key-of-ours"},
                  URL=service.url)


def test_an_answer_is_mapped(herald, playing):
    own = asking(herald, playing(exchange(
        f"/v1/ip/{IP}?detail=full", body={
            "known": True, "score": 87, "owner": {"team": "web", "host": "w1"},
            "ref": 17})), """auth: none, types: [ip], fills: [device],
      path: '/v1/ip/${value}', query: {detail: full},
      hit: 'answer.known', data: '{"score": answer.score}',
      score: 'answer.score > 80 ? 9 : 3', base_score: answer.score,
      desc: '"seen " + string(answer.score)',
      link: '"https://own.example/" + string(answer.ref)',
      device: '{"hostname": answer.owner.host}'""".replace("\n", " "))
    alert = own.ask({"src": IP, "dest": IP})
    answer = alert.answer
    assert answer["data"] == {"score": 87}
    assert answer["reputation"]["score_id"] == 9
    assert answer["reputation"]["base_score"] == 87
    assert answer["short_desc"] == "seen 87"
    assert answer["src_url"] == "https://own.example/17"
    assert alert.record["device"]["hostname"] == "w1"


def test_without_expressions_the_whole_answer_is_kept(herald, playing):
    own = asking(herald, playing(exchange(f"/{IP}", body={"a": [1, None]})),
                 "auth: none, types: [ip], path: '/${value}'")
    assert own.ask({"src": IP}).answer["data"] == {"a": [1, None]}


def test_a_list_may_be_the_answer(herald, playing):
    own = asking(herald, playing(exchange(f"/{IP}", body=[{"n": 3}])),
                 "auth: none, types: [ip], path: '/${value}', "
                 "hit: 'answer.size() > 0', data: 'answer[0]'")
    assert own.ask({"src": IP}).answer["data"] == {"n": 3}


@pytest.mark.parametrize("body, hit, outcome", [
    ({"known": False}, "answer.known", "clean"),
    ([], "answer.size() > 0", "clean"),
    ({"known": True}, "answer.known", "hit"),
    ({"other": 1}, "answer.known", "missing"),
    ({"known": "no"}, "answer.known", "missing"),
    ({"known": 1}, "answer.known.x", "missing"),
])
def test_hit_decides(herald, playing, body, hit, outcome):
    own = asking(herald, playing(exchange(f"/{IP}", body=body)),
                 f"auth: none, types: [ip], path: '/${{value}}', hit: '{hit}'")
    assert own.ask({"src": IP}).outcome == outcome, own.herald.log()


@pytest.mark.parametrize("more, outcome", [
    ("not_found_is_clean: true", "clean"),
    ("not_found_is_clean: false", "missing")])
def test_404_is_clean_where_it_says_so(herald, playing, more, outcome):
    own = asking(herald, playing(exchange("/else")),
                 "auth: none, types: [ip], path: '/${value}', " + more)
    assert own.ask({"src": IP}).outcome == outcome


def test_a_post_with_a_body(herald, playing):
    own = asking(herald, playing(exchange(
        "/search", method="POST", request={"q": 'CORP "x"', "kind": "user"},
        body={"groups": ["a"]})), """auth: none, types: [user], method: POST,
        path: /search, body: '{"q": "${value}", "kind": "${type}"}',
        headers: {X-Who: '${value}'}""".replace("\n", " "))
    assert own.ask({"user": 'CORP "x"'}).outcome == "hit"


@pytest.mark.parametrize("more, header, value", [
    ("", "authorization", "<masked>"),
    (", auth_header: X-Api-Key, auth_prefix: ''", "x-api-key", None),
    (", auth_user: herald", "authorization", "<masked>")])
def test_the_secret_goes_where_it_is_told(herald, playing, more, header,
                                          value):
    service = playing(exchange(f"/{IP}", body={"a": 1}))
    own = asking(herald, service, "types: [ip], path: '/${value}', "
                 "secret: {file: @DIR@/secrets/own}" + more)
    assert own.ask({"src": IP}).outcome == "hit"
    sent = service.requests()[0]["headers"]
    assert header in sent
    assert value is None or sent[header] == value


def test_a_secret_that_is_not_there_asks_nothing(herald, playing):
    service = playing(exchange(f"/{IP}", body={"a": 1}))
    own = asking(herald, service, "types: [ip], path: '/${value}'")
    assert own.ask({"src": IP}).outcome == "missing"
    assert service.requests() == []


@pytest.mark.parametrize("value", [
    "a/../../admin", "..", "a?x=1#y", "a%2f..", "x&admin=1", "a b", "\u00fc"])
def test_a_value_bends_nothing(herald, sink, value):
    own = asking(herald, sink, "auth: none, types: [user], "
                 "path: '/v1/${value}/end', query: {q: '${value}'}, "
                 "headers: {X-Value: '${value}'}")
    own.ask({"user": value})
    for one in sink.requests():     # as it is decoded there
        assert one["path"] == f"/v1/{value}/end"
        assert list(one["query"].items()) == [("q", value)]


@pytest.mark.parametrize("more", [
    "score: 11", "score: '\"high\"'", "score: '-1'", "base_score: 5",
    "desc: 7", "device: '\"x\"'", "data: 'answer.a.b.c / 0'",
    "desc: 'answer.a + 1'"])
def test_an_expression_that_does_not_fit_is_no_answer(herald, playing, more):
    own = asking(herald, playing(exchange(f"/{IP}", body={"a": "x"})),
                 "auth: none, types: [ip], path: '/${value}', " + more)
    assert own.ask({"src": IP}).outcome == "missing"


def test_what_is_absent_is_left_out(herald, playing):
    own = asking(herald, playing(exchange(f"/{IP}", body={"a": 1})),
                 "auth: none, types: [ip], path: '/${value}', "
                 "desc: answer.none, device: answer.none, score: answer.none")
    answer = own.ask({"src": IP}).answer
    assert "short_desc" not in answer and "reputation" not in answer


def test_retry_after_holds_the_connector(herald, playing):
    service = playing(exchange(f"/{IP}", body={"a": 1}))
    service.fault("429:1", times=1)
    own = asking(herald, service, "auth: none, types: [ip], "
                 "path: '/${value}'")
    assert own.ask({"src": IP}).outcome == "missing"
    wait_until(lambda: own.ask({"src": IP}).outcome == "hit", 10)
    first, second = service.requests()
    assert second["time"] - first["time"] >= 1


def test_private_addresses_stay_here_unless_shared(herald, playing):
    service = playing(exchange("/10.1.2.3", body={"a": 1}))
    lines = "auth: none, types: [ip], path: '/${value}'"
    own = Asking(herald, "own", "plugin: http_enrich, url: '@URL@', " + lines,
                 URL=service.url)
    assert own.ask({"src": "10.1.2.3"}).outcome == "clean"
    assert service.requests() == []
    assert asking(herald, service, lines).ask(
        {"src": "10.1.2.3"}).outcome == "hit"


@pytest.mark.parametrize("lines, words", [
    ("body: '{}'", "method: POST"), ("types: [iban]", "iban"),
    ("hit: 'answer.('", "hit"), ("path: '/${value'", "path")])
def test_wrong_configurations_are_refused(herald, playing, lines, words):
    with pytest.raises(ChildProcessError) as told:
        asking(herald, playing(exchange("/")), "auth: none, " + lines)
    assert words in str(told.value)
