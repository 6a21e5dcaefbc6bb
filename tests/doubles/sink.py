#!/usr/bin/env python3
"""A receiver of anything: each request that comes through is an effect.

The effect's identifier is the header Idempotency-Key.  A fault may stand in
the path, so that a client's URL says what it shall meet:
/reset_after/notify, /rnd:20/hook, /s429/x (s401 s404 s409 s429 s429far s500
are the statuses; s429 says Retry-After: 1).  /ok/... is as no fault at all.
"""
import double
import faults
import wire

IN_PATH = {"s401": "401", "s404": "404", "s409": "409", "s429": "429:1",
           "s429far": "429far", "s500": "500"}


def fault_in_path(path):
    word = path.split("/")[1] if "/" in path else ""
    word = IN_PATH.get(word, word)
    try:
        return faults.Rule(word)
    except ValueError:
        return None             # an ordinary path


class Sink(double.Double):
    settings = {"status": 200, "body": {"id": 1, "success": True}}

    def answer(self, request):
        body = request.seen()["body"]
        self.effect(request.headers.get("idempotency-key"), request.path,
                    body)
        return wire.Answer(self.set["status"], self.set["body"])

    def fault_for(self, request):
        rule = fault_in_path(request.path)
        return self.faults.resolve(rule) if rule else super().fault_for(
            request)


def main():
    double.run(Sink, double.arguments(__doc__.splitlines()[0]).parse_args())


if __name__ == "__main__":
    main()
