#!/usr/bin/env python3
"""An upstream with faults in its paths: mock_upstream.py PORT LOGFILE

The sink of tests/doubles under the command line that fault runs use by hand:
POST or GET /FAULT/anything, FAULT one of doubles/faults.py, s401 s404 s409
s429 s429far s500, or ok.  Each request that takes effect is one fsynced log
line: time, idempotency key, path, body.
"""
import os
import sys

DOUBLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       "doubles")
sys.path.insert(0, DOUBLES)

import double   # noqa: E402
import sink     # noqa: E402


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    double.run(sink.Sink, double.arguments("").parse_args(
        ["--port", sys.argv[1], "--log", sys.argv[2]]))


if __name__ == "__main__":
    main()
