"""A daemon that does one thing with each alert, for tests of connectors.

    with the fixture `herald`:
    acting = Acting(herald, "room", "plugin: http_out, url: '@URL@'",
                    "post", {"text": "${user.name}"}, URL=sink.url)
    action = acting.act(user="jdoe")        the action once it has ended
    action = acting.act(LATER, user="x")    or has something to say
"""
import itertools
import json

from herald import HEAD, WEBHOOK_TOKEN
from waiting import wait_until

CONFIG = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
  @NAME@: {@LINES@}
@SAFETY@
pipelines:
  - name: default
    steps:
      - respond:
          - {name: it, do: @NAME@.@ACTION@, with: @WITH@}
"""
ENDED = ("done", "failed", "refused", "in_doubt", "skipped")
LATER = ENDED + ("with a message",)


class Acting:
    numbers = itertools.count()

    def __init__(self, herald, name, lines, action, params, safety="",
                 **more):
        self.uid = None
        config = CONFIG
        for word, text in (("SAFETY", safety), ("NAME", name),
                           ("LINES", lines),
                           ("ACTION", action), ("WITH", json.dumps(params))):
            config = config.replace(f"@{word}@", text)
        self.herald = herald(config, **more)

    def act(self, states=ENDED, **row):
        self.uid = f"act-{next(self.numbers)}"
        status, told = self.herald.post(
            f"/v1/splunk/webhook/{WEBHOOK_TOKEN}",
            {"sid": self.uid, "search_name": "Detection",
             "result": {"event_id": self.uid, **row}})
        assert status == 200, told
        return wait_until(lambda: self.action(states), 30, lambda: (
            f"{self.uid}: {self.alert()}\n" + self.herald.log()))

    def alert(self):
        for one in self.herald.export():
            if one["uid"] == self.uid:
                return one
        return None

    def action(self, states):
        alert = self.alert()
        for one in alert["actions"] if alert else []:
            if one["state"] in states or \
                    states is LATER and one.get("message"):
                return one
        return None
