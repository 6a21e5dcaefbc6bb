#!/usr/bin/env python3
"""Runs peers beside each other (A B A B ...) and prints medians, spread and
ratios: rates and CPU of a machine that does other things too mean little by
themselves.

    compare.py [--runs N] [--scenarios S1,S2,S3] [--peers heraldd,async-js,...]
               [--phases max,low,kill,outage] [--secs S] [--out FILE]

All ratios are to the first peer.  Only the first peer is killed (`kill`,
`outage`): the others are there for their speed.  Each run is a line of JSON
in FILE (./bench-results.jsonl), as bench.py prints it."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# (phase, member, heading, format)
COLUMNS = [
    ("max", "rate", "alerts/s", "%.0f"),
    ("max", "cpu_ms_per_1000", "CPU ms/1,000", "%.0f"),
    ("max", "p99_ms", "p99 ms at max", "%.0f"),
    ("max", "rss_mib", "RSS MiB", "%.0f"),
    ("low", "p50_ms", "p50 ms at 20/s", "%.1f"),
    ("low", "p99_ms", "p99 ms at 20/s", "%.1f"),
    (None, "rss_idle_mib", "RSS idle MiB", "%.0f"),
    (None, "start_s", "start s", "%.2f"),
]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scenarios", default="S1,S2,S3")
    parser.add_argument("--peers", default="heraldd,async-js,ceiling")
    parser.add_argument("--phases", default="max,low,kill,outage")
    parser.add_argument("--secs", type=float, default=6)
    parser.add_argument("--out", default="bench-results.jsonl")
    return parser.parse_args()


def peer_file(peer):
    with open(os.path.join(HERE, "peers", peer, "peer.json"),
              encoding="utf-8") as file:
        return json.load(file)


def run(peer, scenario, phases, options):
    """What bench.py measured, or None (it says why on stderr)."""
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, "bench.py"), peer, scenario,
         "--phases", ",".join(phases), "--secs", str(options.secs),
         "--out", options.out],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=False)
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout)


def value_of(result, phase, name):
    part = result if phase is None else result.get(phase, {})
    return part.get(name)


def spread(values, form):
    if not values:
        return "-"
    text = form % statistics.median(values)
    if len(values) > 1:
        text += " (%s..%s)" % (form % min(values), form % max(values))
    return text


def print_speed(scenario, results, peers):
    print(f"\n{scenario}: median (least..most)")
    print(f"{'':16}" + "".join(f"{peer:>26}" for peer in peers) +
          "".join(f"{'ratio to ' + peer:>20}" for peer in peers[1:]))
    for phase, name, heading, form in COLUMNS:
        cells, middle = [], []
        for peer in peers:
            values = [value_of(r, phase, name) for r in results[peer]]
            values = [v for v in values if v is not None]
            cells.append(spread(values, form))
            middle.append(statistics.median(values) if values else None)
        ratios = [f"{middle[0] / m:.2f}" if middle[0] is not None and m
                  else "-" for m in middle[1:]]
        print(f"{heading:16}" + "".join(f"{cell:>26}" for cell in cells) +
              "".join(f"{ratio:>20}" for ratio in ratios))


def print_promises(scenario, results):
    """Of the first peer; True if nothing was lost and every way was right."""
    good = True
    for number, result in enumerate(results, 1):
        words = []
        for phase in ("kill", "outage"):
            if phase not in result:
                continue
            part = result[phase]
            words.append(f"{phase}: lost {part['lost_acked']} of "
                         f"{part['acked']}, {part['dups']} twice")
            good = good and part["lost_acked"] == 0
        if "max" in result:
            part = result["max"]
            words.append(f"wrong path {part['wrong_path']}")
            good = good and part["wrong_path"] == 0
            if part["lookups"]:
                words.append(f"lookups {part['lookups']} for "
                             f"{part['distinct_values']} values")
        print(f"{scenario} run {number}: " + "; ".join(words))
    return good


def main():
    options = arguments()
    peers = options.peers.split(",")
    phases = options.phases.split(",")
    if "async-js" in peers and not shutil.which("node"):
        print("no node here: without async-js", file=sys.stderr)
        peers.remove("async-js")
    print(time.strftime("%Y-%m-%d %H:%M"), f"{os.cpu_count()} cores, load",
          " ".join(f"{load:.1f}" for load in os.getloadavg()))
    good = True
    for scenario in options.scenarios.split(","):
        able = [p for p in peers if scenario in peer_file(p)["scenarios"]]
        results = {peer: [] for peer in able}
        for _ in range(options.runs):
            for peer in able:
                wanted = [p for p in phases if peer == able[0] or
                          p not in ("kill", "outage")]
                result = run(peer, scenario, wanted, options)
                good = good and result is not None
                if result:
                    results[peer].append(result)
        print_speed(scenario, results, able)
        good = print_promises(scenario, results[able[0]]) and good
        sys.stdout.flush()
    print("\nload at the end", " ".join(f"{x:.1f}" for x in os.getloadavg()))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
