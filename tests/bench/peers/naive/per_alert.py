#!/usr/bin/env python3
"""What a scripted alert action does: started once for each alert, it asks one source after the other, then posts.
   per_alert.py ALERT_JSON_FILE|-      INTEL_URL, SINK_URL, SCENARIO (S1, S2) from the environment"""
import json, os, sys
import requests
intel, sink, sc = os.environ["INTEL_URL"], os.environ["SINK_URL"], os.environ.get("SCENARIO", "S2")
alert = json.load(sys.stdin if sys.argv[1] == "-" else open(sys.argv[1]))
if sc == "S1":
    requests.post(sink + "/sink", json=alert, timeout=10).raise_for_status()
    sys.exit(0)
r = alert["result"]
misp = requests.post(intel + "/attributes/restSearch", json={"value": r["src_ip"]}, headers={"Authorization": "k"}, timeout=10).json()
vt = requests.get(intel + "/api/v3/files/" + r["file_hash"], headers={"x-apikey": "k"}, timeout=10).json()
cmdb = requests.get(intel + "/cmdb/hosts/" + r["host"], timeout=10).json()
hits, mal = len(misp["response"]["Attribute"]), vt["data"]["attributes"]["last_analysis_stats"]["malicious"]
alert["enrichment"] = {"misp_hits": hits, "vt_malicious": mal, "criticality": cmdb["criticality"]}
requests.post(sink + ("/sink/malicious" if hits or mal >= 5 else "/sink/benign"), json=alert, timeout=10).raise_for_status()
