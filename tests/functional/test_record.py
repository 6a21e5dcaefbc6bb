"""What herald stores and sends is OCSF 1.6.0: the record of an alert that was
merged from three sources validates against the schema, whatever came in."""
import glob
import json
import os

import pytest
from jsonschema import Draft202012Validator

from herald import HEAD, send_webhook
from services import FIXTURES, fixture

CONFIG = HEAD + """
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: {file: '@DIR@/secrets/splunk'}}
  misp: {plugin: misp_enrich, url: '@MISP@', secret: {file: '@DIR@/secrets/misp'}}
  cmdb: {plugin: cmdb_enrich, file: '@DIR@/assets.csv'}
pipelines:
  - name: default
    steps:
      - dedup: {key: [metadata.event_code, user.name], window: 1h}
      - enrich: {by: [misp, cmdb], within: 10s}
      - score:
          - {name: base, add: 30, because: it came}
          - {name: bad, if: 'src.reputation.score_id >= 9', add: 40, because: known bad}
"""
SCHEMA = os.path.join(FIXTURES, os.pardir, "conformance", "ocsf",
                      "detection_finding.schema.json")
WEBHOOKS = sorted(
    os.path.basename(path) for path in
    glob.glob(os.path.join(FIXTURES, "splunk", "webhook_*.json")))


@pytest.fixture
def ready(herald, misp):
    with open(os.path.join(FIXTURES, "cmdb", "assets.csv"),
              encoding="utf-8") as assets:
        return herald(CONFIG, MISP=misp.url, files={
            "secrets/misp": misp.key + "\n", "assets.csv": assets.read()})


def test_every_webhook_becomes_a_valid_finding(ready):
    with open(SCHEMA, encoding="utf-8") as text:
        validator = Draft202012Validator(json.load(text))
    for name in WEBHOOKS:
        payload = fixture("splunk/" + name)
        row = payload.setdefault("result", {}) or {}
        row.update(dest_ip="192.0.2.42", src="203.0.113.45",
                   event_id=f"valid-{name}")
        payload["result"] = row
        alert = send_webhook(ready, payload)
        ready.wait_state(alert, "done", "merged")
        record = ready.ctl("show", alert)["record"]
        faults = [f"{fault.json_path}: {fault.message[:200]}"
                  for fault in validator.iter_errors(record)]
        assert not faults, f"{name}: {faults}"
