"""http_enrich against services that answer in pages."""
import json

import pytest

from lookups import Asking
from test_http_enrich import IP, asking, exchange, playing  # noqa: F401

LIST = "auth: none, types: [ip], path: '/v1/${value}', items: answer.list, "
BY_ADDRESS = LIST + "next: answer.next"
BY_LINK = "auth: none, types: [ip], path: '/v1/${value}', items: answer, " \
    "next: link_next"


def page(path, numbers, **members):
    return exchange(path, body={"list": numbers, **members})


def linked(path, numbers, link):
    return exchange(path, body=numbers, headers={"Link": link})


def test_pages_are_joined_in_their_order(herald, playing):  # noqa: F811
    service = playing(
        page(f"/v1/{IP}", [1, 2], next=f"/v1/{IP}/?after=2", total=5),
        page(f"/v1/{IP}/?after=2", [None, {"n": 4}], next="/more"),
        page("/more", [5], next=None))
    own = asking(herald, service, BY_ADDRESS + ", query: {}, "
                 "desc: 'string(answer.total) + \" \" + string(page) + \" \" +"
                 " string(items.size())'")
    answer = own.ask({"src": IP}).answer
    assert answer["data"] == [1, 2, None, {"n": 4}, 5]
    assert answer["short_desc"] == "5 3 5"      # answer is the first page
    assert len(service.requests()) == 3


def test_one_page_may_be_all(herald, playing):  # noqa: F811
    own = asking(herald, playing(page(f"/v1/{IP}", [])), BY_ADDRESS +
                 ", hit: 'items.size() > 0'")
    assert own.ask({"src": IP}).outcome == "clean"


def test_the_link_header_leads_on(herald, playing):  # noqa: F811
    service = playing(
        linked(f"/v1/{IP}", [1], f'</v1/{IP}?p=2>; rel="next last"'),
        linked(f"/v1/{IP}?p=2", [2], f'</v1/{IP}>; rel="prev first"'))
    assert asking(herald, service, BY_LINK).ask(
        {"src": IP}).answer["data"] == [1, 2]


def test_whole_addresses_of_our_origin_are_followed(herald, sink):
    """The double that answers knows its own address."""
    sink.settings(body={"list": [7], "next": sink.url + "/second"})
    own = asking(herald, sink, LIST + "next: 'page == 1 ? answer.next : \"\"'")
    assert own.ask({"src": IP}).answer["data"] == [7, 7]
    assert [one["path"] for one in sink.requests()] == [f"/v1/{IP}", "/second"]


@pytest.mark.parametrize("there", [
    "@OTHER@/x", "//127.0.0.1:1/x", "http://127.0.0.1@evil.example/x",
    "https://127.0.0.1/x", "ftp://127.0.0.1/x", "x"])
def test_the_secret_goes_nowhere_else(herald, service, sink, there):
    other = service("sink")
    sink.settings(body={"list": [7], "next": there.replace(
        "@OTHER@", other.url)})
    own = asking(herald, sink, BY_ADDRESS.replace("auth: none", "secret: "
                 "{file: @DIR@/secrets/own}"))
    alert = own.ask({"src": IP})
    assert alert.outcome == "missing"
    assert "`next` names" in own.why(alert)
    assert len(sink.requests()) == 1 and other.requests() == []


def test_the_secret_goes_with_each_page(herald, sink):
    sink.settings(body={"list": [7], "next": "/second"})
    own = asking(herald, sink, "types: [ip], items: answer.list, "
                 "next: 'page == 1 ? answer.next : null', "
                 "secret: {file: @DIR@/secrets/own}, auth_header: X-Key, "
                 "auth_prefix: ''")
    assert own.ask({"src": IP}).outcome == "hit"
    assert ["x-key" in one["headers"] for one in sink.requests()] == [True] * 2


def test_a_cursor_goes_into_the_query(herald, playing):  # noqa: F811
    service = playing(
        page(f"/v1/{IP}?n=2", [1], cursor="a b&n=3"),
        page(f"/v1/{IP}?n=2&after=a%20b%26n%3D3", [2], cursor=""))
    assert asking(herald, service, LIST + "query: {n: '2'}, next_is: cursor, "
                  "next: answer.cursor, next_query: after").ask(
        {"src": IP}).answer["data"] == [1, 2]


def test_an_offset_takes_the_place_of_the_first(herald, playing):  # noqa: F811
    service = playing(page(f"/v1/{IP}?offset=0", [1, 2], total=3),
                      page(f"/v1/{IP}?offset=2", [3], total=3))
    assert asking(herald, service, LIST + "query: {offset: '0'}, "
                  "next_is: cursor, next_query: offset, "
                  "next: 'page * 2 < answer.total ? string(page * 2) : \"\"'"
                  ).ask(
        {"src": IP}).answer["data"] == [1, 2, 3]


def test_templates_see_page_and_cursor(herald, playing):  # noqa: F811
    def post(body, answer):
        return exchange("/search", method="POST", request=body, body=answer)
    service = playing(
        post({"q": IP, "page": 1, "after": ""}, {"list": [1], "c": 'x"y'}),
        post({"q": IP, "page": 2, "after": 'x"y'}, {"list": [2]}))
    own = asking(herald, service, "auth: none, types: [ip], path: /search, "
                 "method: POST, body: '{\"q\": \"${value}\", \"page\": "
                 "${page}, \"after\": \"${cursor}\"}', items: answer.list, "
                 "next_is: cursor, next: answer.c")
    assert own.ask({"src": IP}).answer["data"] == [1, 2]


def test_headers_are_seen(herald, playing):  # noqa: F811
    service = playing(
        exchange(f"/v1/{IP}", body=[1], headers={"X-Next": "/second"}),
        exchange("/second", body=[2]))
    assert asking(herald, service, "auth: none, types: [ip], "
                  "path: '/v1/${value}', items: answer, "
                  "next: 'headers[?\"x-next\"].orValue(null)'").ask(
        {"src": IP}).answer["data"] == [1, 2]


@pytest.mark.parametrize("second, words", [
    ({"next": "/second"}, "a page lacks"),
    ({"list": {"n": 1}}, "gives no list"),
    ({"list": [2], "next": {"at": 3}}, "neither a text nor a number"),
    ({"list": [2], "next": "/second"}, "for the second time"),
])
def test_a_page_that_does_not_fit_is_no_answer(
        herald, playing, second, words):  # noqa: F811
    service = playing(page(f"/v1/{IP}", [1], next="/second"),
                      exchange("/second", body=second))
    own = asking(herald, service, BY_ADDRESS)
    alert = own.ask({"src": IP})
    assert alert.outcome == "missing"
    assert words in own.why(alert)
    assert len(service.requests()) == 2


@pytest.mark.parametrize("fault", [
    "404", "429", "500", "html", "empty", "half", "huge", "reset_before",
    "redirect"])
def test_half_an_answer_is_none(herald, playing, fault):  # noqa: F811
    service = playing(page(f"/v1/{IP}", [1], next="/second"),
                      page("/second", [2]))
    service.fault(fault, path="/second")
    own = asking(herald, service, BY_ADDRESS + ", not_found_is_clean: true")
    assert own.ask({"src": IP}).outcome == "missing"
    assert service.requests(path="/second")


def endless(herald, sink, more, body):
    sink.settings(body=body)
    own = asking(herald, sink, LIST + "next_is: cursor, next: page, "
                 "next_query: p" + more)
    alert = own.ask({"src": IP})
    assert alert.outcome == "missing"
    return own.why(alert)


@pytest.mark.parametrize("more, most", [("", 10), (", pages: 3", 3)])
def test_pages_are_bounded(herald, sink, more, most):
    assert "more pages than option pages" in endless(
        herald, sink, more, {"list": []})
    assert len(sink.requests()) == most


def test_their_bytes_are_bounded(herald, sink):
    why = endless(herald, sink, "", {"list": ["x" * 1048576 * 3]})
    assert len(sink.requests()) == 3, why


def test_all_pages_have_one_deadline(herald, sink):
    """Each would be in time for itself."""
    sink.settings(body={"list": []})
    sink.fault("latency:300")
    own = asking(herald, sink, LIST + "next_is: cursor, next: page, "
                 "next_query: p, pages: 100, timeout: 1s")
    assert own.ask({"src": IP}).outcome == "missing"
    assert len(sink.requests()) <= 4


@pytest.mark.parametrize("lines, words", [
    ("next: answer.next", "items"), ("items: answer", "next"),
    ("items: answer, next: page, next_query: p", "next_is: cursor"),
    ("items: answer, next: page, pages: 0", "pages")])
def test_half_a_configuration_is_refused(herald, sink, lines, words):
    with pytest.raises(ChildProcessError) as told:
        asking(herald, sink, "auth: none, " + lines)
    assert words in str(told.value)


# ---- the record ----

def user_of(alert):
    return alert.record["evidences"][0]["user"]


def asked(herald, service, lines, row):
    own = Asking(herald, "own", "plugin: http_enrich, url: '@URL@', "
                 "share: all, retries: 0, auth: none, " + lines,
                 URL=service.url)
    return own.ask(row)


def test_a_user_is_completed_and_not_replaced(herald, playing):  # noqa: F811
    service = playing(exchange("/u/jdoe", body={
        "login": "other", "name": "J. Doe", "mail": "jdoe@corp.example"}))
    alert = asked(herald, service, "types: [user], path: '/u/${value}', "
                  "fills: [user], user: '{\"name\": answer.login, "
                  "\"full_name\": answer.name, \"email_addr\": answer.mail}'",
                  {"user": "jdoe", "src": IP})
    assert user_of(alert)["name"] == "jdoe"
    assert user_of(alert)["full_name"] == "J. Doe"
    assert user_of(alert)["email_addr"] == "jdoe@corp.example"


def test_a_device_completes_the_endpoint_that_holds_the_value(
        herald, playing):  # noqa: F811
    service = playing(exchange(f"/d/{IP}", body={"host": "w1", "os": "Linux"}),
                      exchange("/d/198.51.100.99", body={"host": "w2"}))
    alert = asked(herald, service, "types: [ip], path: '/d/${value}', "
                  "fills: [device], device: '{\"hostname\": answer.host}'",
                  {"src": IP, "dest": "198.51.100.99"})
    evidence = alert.record["evidences"][0]
    assert evidence["src_endpoint"]["hostname"] == "w1"
    assert evidence["dst_endpoint"]["hostname"] == "w2"


@pytest.mark.parametrize("options, score_id, base_score", [
    ("score: answer.level", 9, 9),
    ("score: answer.level, base_score: answer.percent", 9, 87.5)])
def test_a_reputation_stands_at_the_observable(
        herald, playing, options, score_id, base_score):  # noqa: F811
    service = playing(exchange(f"/r/{IP}", body={"level": 9, "percent": 87.5}))
    alert = asked(herald, service, "types: [ip], path: '/r/${value}', " +
                  options, {"src": IP})
    one, = [one for one in alert.record["observables"]
            if one.get("value") == IP and "reputation" in one]
    assert one["reputation"]["score_id"] == score_id
    assert one["reputation"]["base_score"] == base_score


@pytest.mark.parametrize("value", [
    'a"b', 'x","admin":true,"y":"', "\u00fc\U0001f600",
    "${value}"])
def test_a_value_stays_a_value_in_a_body(herald, sink, value):
    alert = asked(herald, sink, "types: [user], method: POST, path: /q, "
                  "body: '{\"q\": \"${value}\", \"deep\": [\"${value}\"]}'",
                  {"user": value})
    assert alert.outcome == "hit"
    sent, = sink.requests()
    assert sent["body"] == {"q": value, "deep": [value]}
    assert sent["headers"]["content-type"] == "application/json"


def test_a_body_that_is_no_json_is_not_made_by_values(herald, sink):
    """Inside a string only: a number's place takes what is a number."""
    asked(herald, sink, "types: [ip], method: POST, path: /q, "
          "body: '{\"n\": ${size(value)}}'", {"src": IP})
    assert json.loads(json.dumps(sink.requests()[0]["body"])) == {"n": len(IP)}
