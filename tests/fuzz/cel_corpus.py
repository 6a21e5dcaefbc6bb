#!/usr/bin/python3
"""Writes one file per conformance expression, and some that are none, as input
for fuzz_cel.

usage: cel_corpus.py FOLDER
"""
import hashlib
import json
import pathlib
import sys


# What the conformance file, which is nearly all sound, does not come to: the
# parser's complaints, and literals in their rarer forms.
EXTRA = [
    "", " ", "(", ")", "a.", "a.?", "a[", "a[1", "a[?", "a[?1", "a[?1]", "f(", "f(1,",
    "f(1", "[1,", "[1, 2,]", "[?a, b]", "[,]", "{", "{1", "{1:", "{1: 2",
    "{?1: a}", "{?1: a, 2: b,}", "{,}", "{1: 2 3: 4}", "a ? b", "a ? b :", "a ? : c", "? :",
    "!", "!!", "!!a", "---1", "- -1", "-", "a in", "in a", "a && ", "|| a", "a = b",
    "a == ", "1 +", "* 2", "a.b.c.`d-e`", "a.`", "a.``", "a.`b", "`a`", "a{b: 1}",
    "a.b{c: 1}", ".a", ".a.b", "..a", ".", "a..b", "'", "'a", "\"", "\"a", "'''a",
    "\"\"\"a\"\"", "r'a", "r\"\\\"", "b'\\x00\\377'", "b'\\xzz'", "B\"a\"", "bR'a'", "rb'a'",
    "Rb'\\'", "'\\q'", "'\\x4'", "'\\x41'", "'\\u004'", "'\\u0041'", "'\\ud800'",
    "'\\U00110000'", "'\\U0001F431'", "'\\U0001'", "'\\101'", "'\\400'", "'\\10'",
    "b'\\u0041'", "'a\nb'", "'''a\nb'''", "'\\a\\b\\f\\n\\r\\t\\v\\\\\\?\\'\\\"\\`'",
    "0x", "0xg", "0xFFFFFFFFFFFFFFFFF", "0xffu", "1u", "1U", "1uu", "1.", ".5", "1.5e", "1e+",
    "1e400", "1e-400", "9223372036854775808", "-9223372036854775808",
    "18446744073709551616u", "1..2", "1.a", "1a", "1_000", "01", "a // comment", "// only",
    "a /* b */", "a @ b", "a # b", "a $ b", "a ~ b", "a | b", "a & b", "a ^ b", "\x01", "\x7f",
    "caf\u00e9", "\u202e", "if", "else", "for a", "let b", "package", "import x", "void",
    "var a", "function", "namespace", "return", "while", "as", "break", "const", "continue",
    "true false", "null null", "a b", "has(a)", "has(a.b)", "has()", "has(a.b, c)", "has(a[1])",
    "a.all(b)", "a.all(b, c, d)", "a.all(1, b)", "a.exists(b.c, d)", "a.map(b, c, d, e)",
    "a.filter(x, x)", "a.exists_one(x, x)", "a.existsOne(i, x, x)", "a.transformList(i, v, v)",
    "a.transformList(i, v, v, v)", "a.transformMap(k, v, v)", "a.transformMapEntry(k, v, {k: v})",
    "cel.bind(x, 1, x)", "cel.bind(1, 2, 3)", "cel.bind(x)", "a.optMap(x, x)", "a.optMap(1, x)",
    "a.optFlatMap(x, optional.of(x))", "cel.block([1], 2)", "math.greatest()", "math.least(1, 2)",
    "(" * 60 + "1" + ")" * 60, "[" * 300, "-" * 300 + "1", "a" + ".b" * 300, "1" + "+1" * 300,
    "a?b:" * 100 + "c", "f(" * 100, "{1:" * 100, "!" * 300 + "true", "a[" * 100,
]


def main():
    source = pathlib.Path(__file__).parent.parent / "conformance/cel/simple.jsonl"
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    tests = [json.loads(line) for line in source.read_text().splitlines()]
    inputs = [(1 if test.get("disable_check") else 4, test["expr"])
              for test in tests] + [(4, text) for text in EXTRA]
    for mode, text in inputs:
        data = bytes([mode]) + text.encode()
        name = hashlib.sha256(data).hexdigest()[:16]
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
