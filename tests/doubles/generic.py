#!/usr/bin/env python3
"""Plays recorded exchanges: fixtures with `request` and `response`.

    generic.py FILE|FOLDER... [--tls ...]

The answer is that of the first exchange whose method, path, query and, if
several are left, JSON body are those of the request; else 404.  A file whose
name says error or danger never wins over another one, so a folder can be
given whole; to meet the error, use a fault or give that file alone.
"""
import glob
import json
import os
from urllib.parse import parse_qsl, unquote, urlsplit

import double
import wire


def exchanges_in(place):
    names = sorted(glob.glob(os.path.join(place, "*.json"))) \
        if os.path.isdir(place) else [place]
    for name in names:
        with open(name, encoding="utf-8") as text:
            exchange = json.load(text)
        if isinstance(exchange, dict) and "request" in exchange \
                and "status" in exchange.get("response", {}):
            yield Exchange(os.path.basename(name), exchange)


class Exchange:
    def __init__(self, name, exchange):
        self.is_error = "error" in name or "danger" in name
        self.method = exchange["request"]["method"]
        parts = urlsplit(exchange["request"]["path"])
        self.path = unquote(parts.path)
        self.query = sorted(parse_qsl(parts.query, keep_blank_values=True))
        self.body = exchange["request"].get("body")
        self.response = exchange["response"]

    def fits(self, request):
        return (self.method == request.method and self.path == request.path
                and self.query == sorted(request.query))

    def answer(self):
        body = self.response.get("body_text", "")
        if "body" in self.response:
            body = json.dumps(self.response["body"])
        return wire.Answer(self.response["status"], body,
                           self.response.get("headers"))


class Generic(double.Double):
    def start_over(self):
        self.exchanges = [one for place in self.options.exchanges
                          for one in exchanges_in(place)]
        self.exchanges.sort(key=lambda one: one.is_error)

    def answer(self, request):
        fitting = [one for one in self.exchanges if one.fits(request)]
        if not fitting:
            return self.refusal(404, request)
        body = request.seen()["body"]
        same = [one for one in fitting if one.body == body]
        if request.method not in ("GET", "HEAD"):
            self.effect(None, request.path, body)
        return (same or fitting)[0].answer()


def main():
    parser = double.arguments(__doc__.splitlines()[0])
    parser.add_argument("exchanges", nargs="+", metavar="FILE|FOLDER")
    double.run(Generic, parser.parse_args())


if __name__ == "__main__":
    main()
