"""splunk_in writes back: notable_update."""
import os

import pytest

from herald import HEAD, WEBHOOK_TOKEN
from services import FIXTURES, fixture
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  splunk:
    plugin: splunk_in
    listen: ingest
    secret: {file: @DIR@/secrets/splunk}
    url: '@SPLUNK@'
    token: {file: @DIR@/secrets/token}
pipelines:
  - name: default
    steps:
      - respond:
          - {name: back, do: splunk.notable_update, with: @WITH@}
"""
PAYLOAD = fixture("splunk/webhook_es_notable_row.json")
NOTABLE = fixture("splunk/notable_event.json")
ID = NOTABLE["event_id"]


@pytest.fixture
def writing(herald, splunk):
    splunk.data({"rows": [dict(NOTABLE)]})

    def start(parameters):
        return herald(CONFIG.replace("@WITH@", parameters),
                      files={"secrets/token": splunk.key}, SPLUNK=splunk.url)
    return start


def send(daemon, **changed):
    body = dict(PAYLOAD, result=dict(PAYLOAD["result"], **changed))
    assert daemon.post(f"/v1/splunk/webhook/{WEBHOOK_TOKEN}", body)[0] == 200


def action(daemon, *states):
    def found():
        rows = [row for one in daemon.export() for row in one["actions"]]
        return rows[0] if rows and rows[0]["state"] in states else None
    return wait_until(found, 30, lambda: str(daemon.export()) + daemon.log())


def written(splunk):
    return [one["details"] for one in splunk.effects("*/notable_update")]


def test_what_is_wanted_is_written_once(writing, splunk):
    daemon = writing("{status: 'in progress', owner: analyst1, urgency: "
                     "critical, disposition: 'disposition:1', comment: "
                     "'case for ${finding_info.title}'}")
    send(daemon)
    action(daemon, "done")
    done, = written(splunk)
    comment = done.pop("comment")
    assert done == {"status": "2", "owner": "analyst1", "urgency": "critical",
                    "disposition": "disposition:1"}
    assert comment.startswith("case for Failed logins then success for jdoe "
                              "[herald ")
    request, = splunk.requests("POST", "*/notable_update")
    assert request["body"].startswith("ruleUIDs=3F0D5A1C-0000-4000-8000-"
                                      "0A1B2C3D4E5F%40%40notable%40%40")


def test_what_is_so_already_is_not_written(writing, splunk):
    daemon = writing("{status: New, urgency: high}")
    send(daemon)
    assert "is as it shall be" in str(action(daemon, "done"))
    assert written(splunk) == []


def test_only_what_differs_is_written(writing, splunk):
    daemon = writing("{status: '1', urgency: low}")
    send(daemon)
    action(daemon, "done")
    assert written(splunk) == [{"urgency": "low"}]


@pytest.mark.parametrize("fault", ["reset_after", "half", "empty"])
def test_a_lost_answer_writes_no_second_comment(writing, splunk, fault):
    splunk.fault(fault, path="*/notable_update", times=1, after_effect=True)
    daemon = writing("{comment: hello}")
    send(daemon)
    action(daemon, "done")
    assert len(written(splunk)) == 1


def test_what_did_not_arrive_is_written_again(writing, splunk):
    splunk.fault("reset_before", path="*/notable_update", times=1)
    daemon = writing("{comment: hello, status: '4'}")
    send(daemon)
    action(daemon, "done")
    assert len(written(splunk)) == 1


def test_what_a_person_took_is_his(herald, splunk):
    splunk.data({"rows": [dict(NOTABLE, owner="analyst7")]})
    daemon = herald(CONFIG.replace("@WITH@", "{status: '2', owner: analyst1}"),
                    files={"secrets/token": splunk.key}, SPLUNK=splunk.url)
    send(daemon)
    assert "belongs to analyst7" in str(action(daemon, "refused"))
    assert written(splunk) == []


@pytest.mark.parametrize("parameters", [
    "{comment: seen}", "{status: '2', take_over: true}",
    "{status: '2', owner: analyst7}"])
def test_but_a_comment_or_a_word_of_the_owner_is_good(herald, splunk,
                                                      parameters):
    splunk.data({"rows": [dict(NOTABLE, owner="analyst7")]})
    daemon = herald(CONFIG.replace("@WITH@", parameters),
                    files={"secrets/token": splunk.key}, SPLUNK=splunk.url)
    send(daemon)
    action(daemon, "done")
    assert len(written(splunk)) == 1


def test_success_false_with_200_is_a_failure(writing, splunk):
    splunk.settings(update_refused=True)
    daemon = writing("{status: '2'}")
    send(daemon)
    assert "None of the events could be updated" in str(action(daemon,
                                                               "failed"))


@pytest.mark.parametrize("stream,said", [
    ("jobs_export_fatal.ndjson.txt", "Mismatched quotes"),
    ("jobs_export_no_results.ndjson.txt", "there is no notable")])
def test_a_look_that_says_no(writing, splunk, stream, said):
    with open(os.path.join(FIXTURES, "splunk", stream),
              encoding="utf-8") as text:
        splunk.settings(export=text.read())
    daemon = writing("{status: '2'}")
    send(daemon)
    assert said in str(action(daemon, "failed"))
    assert written(splunk) == []


def test_a_stream_without_its_end_is_asked_for_again(writing, splunk):
    splunk.settings(export='{"preview": false, "offset": 0, "result": '
                    '{"status": "2"}}\n')
    daemon = writing("{status: '2'}")
    send(daemon)
    wait_until(lambda: splunk.requests("POST", "*/export"))
    splunk.settings(export=None)
    action(daemon, "done")
    assert written(splunk) == [{"status": "2"}]


@pytest.mark.parametrize("uid", ['x" | delete | search "', "a`b`", "a b",
                                 "a" * 300])
def test_an_id_that_would_end_the_search_is_refused(writing, splunk, uid):
    daemon = writing("{status: '2'}")
    send(daemon, event_id=uid)
    assert "is none of a notable" in str(action(daemon, "failed"))
    assert splunk.requests() == []


@pytest.mark.parametrize("parameters,said", [
    ("{status: Nonsense}", "knows no status 'Nonsense'"),
    ("{disposition: New}", "knows no disposition 'New'"),
    ("{take_over: true}", "nothing is to be changed")])
def test_wrong_parameters(writing, splunk, parameters, said):
    daemon = writing(parameters)
    send(daemon)
    assert said in str(action(daemon, "failed"))
    assert written(splunk) == []


def test_without_enterprise_security(writing, splunk):
    splunk.fault("404", path="*/notable_update")
    daemon = writing("{status: '2'}")
    send(daemon)
    assert "is Enterprise Security" in str(action(daemon, "failed"))
