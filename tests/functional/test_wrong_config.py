"""Wrong configurations: each is refused with its place and a remedy.

In a case's text `§` stands where the complaint must point to; it is taken out
before heraldd -t reads the file.  `word` must stand in the complaint or its
remedy.  Line and column count from 1, in characters.
"""
import os
import re
import subprocess
import tempfile

import pytest

from herald import NotBuilt, find_program, gather_plugins

HEAD = """\
version: 1
herald:
  plugin_dir: '@PLUGINS@'
  mode: notify
  inline_secrets: true
listen:
  ingest: {address: '127.0.0.1:8443'}
connectors:
  splunk: {plugin: splunk_in, listen: ingest, secret: example-webhook-token}
  misp: {plugin: misp_enrich, url: 'http://127.0.0.1:9', secret: example-key-of-misp}
  soar: {plugin: phantom_out, url: 'http://127.0.0.1:9', secret: example-token}
  locks: {plugin: targets, log: /dev/null}
"""
TAIL = """
  - name: default
    steps: []
"""


def steps(text):
    """One pipeline with these steps."""
    body = "\n".join("      " + line if line else "" for line in
                     text.strip("\n").split("\n"))
    return HEAD + "pipelines:\n  - name: one\n    steps:\n" + body + TAIL


def condition(expression):
    return steps(f"- stop: {{if: {expression}, because: it is so}}")


def score(rule):
    return steps("- score:\n    " + rule)


def respond(entry):
    return steps("- respond:\n    " + entry)


GOOD = HEAD + "pipelines:" + TAIL


def safety(text):
    """A section `safety` with these lines."""
    return HEAD + "safety:\n" + "".join(
        "  " + line + "\n" for line in text.strip("\n").split("\n")) \
        + "pipelines:" + TAIL


def protect(rule):
    return safety("protect:\n  - " + rule)


def limits(entry):
    return safety("actions:\n  " + entry)


CASES = {
    # The file as a whole.
    "empty": ("§", "version"),
    "tab": ("version: 1\nherald:\n§\tmode: notify\n", "blank"),
    "unclosed bracket": (HEAD + "pipelines: §[\n", "bracket"),
    "version is newer": (GOOD.replace("version: 1", "version: §99"), "release"),
    "unknown section": (GOOD + "§piplines: []\n", "pipelines"),
    "section twice": (GOOD + "§listen: {}\n", "listen"),
    "anchor": (HEAD + "pipelines:\n  - name: default\n    §steps: &a []\n", "anchor"),
    # Keys.
    "unknown key of herald": (GOOD.replace("mode: notify", "§mod: notify"), "mode"),
    "wrong word of an enum": (GOOD.replace("mode: notify", "mode: §loud"), "live"),
    "unknown key of a pipeline": (
        HEAD + "pipelines:\n  - name: default\n    §step: []\n", "steps"),
    "later key": (
        HEAD + "pipelines:\n  - name: default\n    steps: []\n    §rate: 5/1m\n",
        "later"),
    "misspelt because": (score("- {name: a, add: 1, §becuase: x}"), "because"),
    "number out of range": (
        GOOD.replace("inline_secrets: true",
                     "inline_secrets: true\n  limits: {disk: §250%}"),
        "100"),
    # Connectors.
    "unknown plugin": (
        GOOD.replace("plugin: misp_enrich", "plugin: §misp_enrch"), "misp_enrch"),
    "missing required option": (
        GOOD.replace("url: 'http://127.0.0.1:9', secret: example-key-of-misp",
                     "secret: example-key-of-misp").replace("  misp: {", "  §misp: {"),
        "url"),
    "unknown option": (
        GOOD.replace("secret: example-token", "secret: example-token, §lable: x"),
        "label"),
    "option of the wrong type": (
        GOOD.replace("secret: example-token", "secret: example-token, timeout: §soon"),
        "10s"),
    "listener that is not there": (
        GOOD.replace("listen: ingest,", "listen: §ingst,"), "listen"),
    "limit of a listener that is none": (
        GOOD.replace("  ingest: {address: '127.0.0.1:8443'}", "  ingest: {address: '127.0.0.1:8443', limits: {§header: 10s}}", 1), "headers"),
    "time of a listener that is none": (
        GOOD.replace("  ingest: {address: '127.0.0.1:8443'}", "  ingest: {address: '127.0.0.1:8443', limits: {headers: §10}}", 1), "10s"),
    "literal secret": (
        GOOD.replace("  inline_secrets: true\n", "").replace(
            "secret: example-token", "secret: §example-token"), "credential"),
    "tls switched off without an end": (
        GOOD.replace("secret: example-token",
                     "secret: example-token, tls: {verify: §false}"), "until"),
    # Pipelines.
    "no default": ("§" + HEAD + "pipelines: []\n", "default"),
    "default with an if": (
        HEAD + "pipelines:\n  - name: default\n    §if: 'true'\n    steps: []\n",
        "if"),
    "name twice": (
        HEAD + "pipelines:\n  - {name: a, steps: []}\n  - {name: §a, steps: []}"
        + TAIL, "a"),
    "from an unknown connector": (
        HEAD + "pipelines:\n  - {name: a, from: [§splnk], steps: []}" + TAIL,
        "splunk"),
    "unknown step": (steps("- §enrch: {by: [misp]}"), "enrich"),
    "two steps in one": (
        steps("- stop: {because: x}\n  §drop: {because: x}"), "dash"),
    "ask comes later": (steps("- §ask: {name: a}"), "later"),
    # Steps.
    "dedup without window": (steps("- §dedup: {key: [user.name]}"), "window"),
    "enrich by nobody known": (steps("- enrich: {by: [§mips]}"), "misp"),
    "enrich of nothing known": (steps("- enrich: {by: [misp], of: [§adress]}"), "ip"),
    "enrich by one that looks nothing up": (steps("- enrich: {by: [§soar]}"), "by"),
    "score without reason": (score("- {§name: a, add: 5}"), "because"),
    "score of nothing": (score("- {§name: a, because: x}"), "add"),
    "use of unknown scores": (score("- {use: §who}"), "who"),
    "scores in a circle": (
        HEAD + "scores:\n  a: [{use: b}]\n  b: [{use: §a}]\npipelines:\n"
        "  - {name: x, steps: [{score: [{use: a}]}]}" + TAIL, "circle"),
    "value without bounds": (
        score("- {name: a, value: §'1 + 1', because: x}"), "between"),
    "do without an action": (respond("- {do: §soar}"), "soar.create_case"),
    "unknown action": (respond("- {do: §soar.create_cas}"), "create_case"),
    "unknown parameter": (
        respond("- {do: soar.create_case, with: {§playbok: local/x}}"), "playbook"),
    "same name twice": (
        respond("- {name: a, do: soar.create_case}\n"
                "    - {§name: a, do: soar.create_case}"), "name"),
    # Expressions.
    "no such attribute": (condition("'finding_info.§titel == \"x\"'"), "title"),
    "no such variable": (condition("'§usr.name == \"x\"'"), "user"),
    "types that never meet": (condition("'severity_id §== \"4\"'"), "int"),
    "no boolean": (condition("'severity_id §+ 1'"), "bool"),
    "syntax": (condition("'severity_id >= §'"), "severity_id"),
    "enrich of one not asked": (condition("'enrich.§misp.size() > 0'"), "misp"),
    "unknown function": (condition("'§lisstd(\"a\", user.name)'"), "listed"),
    "unknown list": (condition("'listed(§\"vip\", user.name)'"), "lists"),
    "unknown constant": (condition("'severity_id == SEVERITY.§HIHG'"), "HIGH"),
    "in a block": (
        steps("- stop:\n    if: |-\n      severity_id > 3\n"
              "      && §usr.name == \"x\"\n    because: x"), "user"),
    "in quotes that are doubled": (
        condition("'message == \"it''s\" && §usr.name == \"x\"'"), "user"),
    "in double quotes": (
        condition('"message == \\"x\\" && §usr.name == \\"x\\""'), "user"),
    "in a folded block": (
        steps("- stop:\n    if: >-\n      severity_id > 3\n"
              "      && §usr.name == \"x\"\n    because: x"), "user"),
    "no condition": (condition("'user.§name'"), "as in x > 0"),
    "words for operators": (
        condition("'severity_id > 3 §and true'"), "'&&'"),
    "a word for not": (condition("'not §true'"), "'!'"),
    "in a text": (condition("'\"a\" §in message'"), "contains"),
    "one equal sign": (condition("'message §= \"x\"'"), "=="),
    "a quote left open": (condition("'message == §\"x'"), "quote"),
    "a bracket left open": (condition("'(severity_id > 3§'"), "end"),
    "a bracket too many": (condition("'severity_id > 3§)'"), "closes nothing"),
    "a list without quotes": (
        condition("'listed(§user.name, \"vip\")'"), "listed(\"NAME\", x)"),
    "a misspelt list": (
        condition("'listed( §\"vpi\", user.name)'")
        + "lists:\n  vip: {values: [x], of: user}\n", "did you mean 'vip'"),
    "lists there are": (
        condition("'listed(§\"quite another\", user.name)'")
        + "lists:\n  vip: {values: [x], of: user}\n", "there is 'vip'"),
    "all of enrich": (condition("'§enrich.size() > 0'"), "enrich.NAME"),
    "first elsewhere": (condition("'§first.severity_id > 3'"), "dedup"),
    "row elsewhere": (condition("'§row.x == \"x\"'"), "map"),
    "seconds added to a time": (condition("'now §- 5 > now'"), "duration("),
    "a comparison with null": (condition("'message §== null'"), "has("),
    "a duration that is none": (
        condition("'now - §duration(\"5x\") > now'"), "1h30m"),
    "a network that is none": (
        condition("'§cidr(\"10.0.0.0/33\").containsIP(src.ip)'"),
        "10.0.0.0/8"),
    "a division by zero": (condition("'1 §/ 0 == severity_id'"), "always"),
    "a pattern that is none": (
        condition("'message.matches(§\"(a\")'"), "without )"),
    "no method": (condition("'message.§startwith(\"x\")'"), "startsWith"),
    "too few arguments": (condition("'§listed(\"vip\")'"),
                          "listed(string, string)"),
    "int and double": (condition("'risk_score §+ 0.5 > 3.0'"), "double(x)"),
    "during": (condition("'§during(\"night\")'"), "getHours"),
    "done of nobody": (
        respond("- {name: a, do: soar.create_case, if: 'done.§b.state == \"done\"'}"),
        "before"),
    "template": (
        respond("- {do: soar.create_case, with: {name: 'x ${user.§nam} y'}}"),
        "name"),
    # The eight ways in which YAML mangles an unquoted expression.
    "quoting: leading !": (
        steps("- stop:\n    if: §!(severity_id > 3)\n    because: x"),
        "'!(severity_id > 3)'"),
    "quoting: leading \"": (
        steps("- stop:\n    if: §\"x\" in metadata.labels\n    because: x"),
        "'\"x\" in metadata.labels'"),
    "quoting: leading [": (
        steps("- stop:\n    if: §[1, 2].exists(i, i == severity_id)\n    because: x"),
        "'[1, 2].exists(i, i == severity_id)'"),
    "quoting: leading {": (
        steps("- stop:\n    if: §{\"a\": 1}.size() == severity_id\n    because: x"),
        "'{\"a\": 1}.size() == severity_id'"),
    "quoting: leading &": (
        steps("- stop:\n    if: §&& severity_id > 3\n    because: x"), "'&&"),
    "quoting: leading *": (
        steps("- stop:\n    if: §*severity_id > 3\n    because: x"), "'*"),
    "quoting: colon and blank": (
        steps("- stop:\n    if: §severity_id > 3 ? true : false\n    because: x"),
        "'severity_id > 3 ? true : false'"),
    "quoting: blank and #": (
        steps("- stop:\n    if: §user.name == \"a #b\"\n    because: x"),
        "'user.name == \"a #b\"'"),
    "quoting: comma inside { }": (
        steps("- stop: {if: §severity_id in [1, 2] || listed(\"a\", user.name), because: x}"),
        "'severity_id in"),
    # Safety.
    "unknown key of safety": (safety("§protct: []"), "protect"),
    "protection without a reason": (
        protect("{§name: a, if: 'target.user.name == \"x\"'}"), "because"),
    "protection without a condition": (protect("{§name: a, because: x}"), "if"),
    "protection of what the alert says": (
        protect("{name: a, if: '§user.name == \"x\"', because: x}"), "target"),
    "protection of a misspelt attribute": (
        protect("{name: a, if: 'target.user.§nam == \"x\"', because: x}"),
        "name"),
    "protection that yields no boolean": (
        protect("{name: a, if: 'target.user.§name', because: x}"), "bool"),
    "protection by an unknown list": (
        protect("{name: a, if: 'listed(§\"never\", target.device.hostname)', "
                "because: x}"), "never"),
    "protection for some actions comes later": (
        protect("{name: a, if: 'target.user.name == \"x\"', because: x, "
                "§for: [locks.lock]}"), "later"),
    "protection named twice": (
        safety("protect:\n"
               "  - {name: a, if: 'target.user.name == \"x\"', because: x}\n"
               "  - {name: §a, if: 'target.user.name == \"y\"', because: x}"),
        "a"),
    "limit of an unknown connector": (
        limits("§lcks.lock: {at_most: 5/1h}"), "locks.lock"),
    "limit of an unknown action": (
        limits("§locks.lok: {at_most: 5/1h}"), "locks.lock"),
    "limit of no action": (limits("§locks: {at_most: 5/1h}"), "CONNECTOR.ACTION"),
    "unknown key of a limit": (
        limits("locks.lock: {at_most: 5/1h, §per_taget: 1/1d}"), "per_target"),
    "limit that is none": (limits("locks.lock: {at_most: §often}"), "5/1h"),
    "contains without at_most": (
        limits("§locks.lock: {per_target: 1/1d}"), "at_most: [5/1h]"),
    "approvals come later": (
        limits("locks.lock: {at_most: 5/1h, beyond: §approve}"), "later"),
    "an approval comes later": (
        limits("locks.lock: {at_most: 5/1h, §approval: {by: approve}}"),
        "later"),
    "beyond the rate of what records": (
        limits("soar.create_case: {at_most: 5/1h, §beyond: refuse}"), "turn"),
    "per target of what has no target": (
        limits("soar.create_case: {at_most: 5/1h, §per_target: 1/1d}"), "turn"),
    "contains without a limit": (
        respond("- {do: §locks.lock, with: {target: x}}"),
        "locks.lock: {at_most: [5/1h], per_target: 1/1d, beyond: refuse}"),
    "contains without a limit, as or_else": (
        respond("- {do: soar.create_case, or_else: {do: §locks.lock}}"),
        "locks.lock: {at_most: [5/1h]"),
    "destroys": (respond("- {do: §locks.wipe}"), "later"),
    "destroys within limits": (
        limits("§locks.wipe: {at_most: 1/1d}"), "later"),
}


def heraldd_t(text):
    try:
        heraldd = find_program("HERALDD", "heraldd")
    except NotBuilt as why:
        pytest.skip(str(why))
    with tempfile.TemporaryDirectory(prefix="herald-") as folder:
        plugins = gather_plugins(os.path.join(folder, "plugins"))
        path = os.path.join(folder, "herald.yaml")
        if isinstance(text, str):
            text = text.encode()
        wide = text.startswith(b"\xff\xfe")
        with open(path, "wb") as out:
            out.write(text.replace(
                b"@PLUGINS@", b"" if wide else plugins.encode()))
        return subprocess.run([heraldd, "-t", "-c", path], check=False,
                              capture_output=True, text=True, timeout=60)


def test_the_frame_is_good():
    """Else every case could be refused for the frame alone."""
    done = heraldd_t(GOOD)
    assert done.returncode == 0, done.stderr
    done = heraldd_t(respond("- {name: a, do: soar.create_case}"))
    assert done.returncode == 0, done.stderr
    done = heraldd_t(respond("- {do: locks.lock, with: {target: x}}") + """
safety:
  protect:
    - {name: a, if: 'target.user.name == "x"', because: x}
  actions:
    locks.lock: {at_most: [5/1h, 20/1d], per_target: 1/1d, beyond: refuse}
    soar.create_case: {at_most: 5/1m}
""")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", CASES)
def test_refused_with_place_and_remedy(name):
    text, word = CASES[name]
    before = text[:text.index("§")].split("\n")
    place = f"{len(before)}:{len(before[-1]) + 1}"
    done = heraldd_t(text.replace("§", ""))
    assert done.returncode == 1, done.stdout + done.stderr
    complaints = re.split(r"(?m)^(?=\S*herald\.yaml:)", done.stderr)
    fitting = [c for c in complaints if f"herald.yaml:{place}:" in c]
    assert fitting, f"nothing at {place}:\n{done.stderr}"
    assert any(word in c for c in fitting), f"no '{word}':\n{done.stderr}"


def test_a_secret_is_hidden_in_every_complaint_about_its_line():
    done = heraldd_t(GOOD.replace("secret: example-token",
                                  "lable: x, secret: example-token, tpyes: x"))
    assert done.stderr.count("herald.yaml:11:") >= 2, done.stderr
    assert "example-token" not in done.stderr


def test_all_complaints_at_once():
    text = respond("- {do: soar.create_cas}") + \
        "lists:\n  a: {values: [x], of: nothing}\n"
    done = heraldd_t(text.replace("mode: notify", "mode: loud"))
    for word in ("loud", "create_cas", "nothing"):
        assert word in done.stderr


# ---- the file itself, as hands make it at night ----

ODD = {
    # name: (bytes, place or None, words in the complaint or its remedy)
    "utf-16": (GOOD.encode("utf-16"), ["UTF-8"]),
    "latin-1": (GOOD.replace("version: 1", "# caf\u00e9\nversion: 1")
                .encode("latin-1"), ["UTF-8"]),
    "a NUL": (GOOD.encode().replace(b"notify", b"no\0tify"), []),
    "a control byte": (GOOD.encode().replace(b"notify", b"no\x07tify"), []),
    "a tab in the middle": (
        GOOD.encode().replace(b"  mode: notify", b"\tmode: notify"), ["blank"]),
    "a merge key": (GOOD.encode() + b"lists:\n  a: {<<: {values: [x]}, of: user}\n",
                    ["<<"]),
    "an alias": (GOOD.encode().replace(b"mode: notify", b"mode: *m"), ["*"]),
    "a tag": (GOOD.encode().replace(b"mode: notify", b"mode: !!str notify"),
              ["tag"]),
    "two documents": (GOOD.encode() + b"---\nversion: 1\n", ["document"]),
    "a list at the top": (b"- version: 1\n", ["mapping"]),
    "a text at the top": (b"version 1\n", ["mapping"]),
    "a quote left open": (GOOD.encode().replace(b"notify", b"'notify"), ["quote"]),
    "a missing blank": (GOOD.encode().replace(b"mode: notify", b"mode:notify"), []),
    "smart quotes": (GOOD.encode().replace(b"mode: notify",
                     "mode: \u201cnotify\u201d".encode()), ["notify"]),
    "a unit that is none": (
        GOOD.encode().replace(b"secret: example-token",
                              b"secret: example-token, timeout: 5 seconds"), ["10s"]),
    "a number without a unit": (
        GOOD.encode().replace(b"secret: example-token",
                              b"secret: example-token, timeout: 5"), ["10s"]),
    "a negative duration": (
        GOOD.encode().replace(b"secret: example-token",
                              b"secret: example-token, timeout: -5s"), ["timeout"]),
    "an address without a port": (
        GOOD.encode().replace(b"127.0.0.1:8443", b"127.0.0.1"), ["port"]),
    "a port of 70000": (
        GOOD.encode().replace(b"127.0.0.1:8443", b"127.0.0.1:70000"), ["port"]),
    "an URL without a scheme": (
        GOOD.encode().replace(b"url: 'http://127.0.0.1:9', secret: example-token",
                              b"url: soar.example.com, secret: example-token"),
        ["http"]),
    "an URL with a password": (
        GOOD.encode().replace(b"url: 'http://127.0.0.1:9', secret: example-token",
                              b"url: 'http://a:hush@h/', secret: example-token"),
        ["holds a user name", "options of their own"]),
    "a mapping where a text belongs": (
        GOOD.encode().replace(b"mode: notify", b"mode: {a: b}"), ["mode"]),
    "a list where a text belongs": (
        GOOD.encode().replace(b"mode: notify", b"mode: [notify]"), ["mode"]),
    "nothing where a text belongs": (
        GOOD.encode().replace(b"plugin: misp_enrich", b"plugin:"), ["plugin"]),
    "a version as text": (GOOD.encode().replace(b"version: 1", b"version: one"),
                          ["version"]),
    "a connector's name": (GOOD.encode().replace(b"  soar: {", b"  so ar: {"),
                           ["so ar"]),
    "a key that is a number": (GOOD.encode() + b"7: x\n", ["7"]),
}
SOUND = {
    "CR LF": GOOD.replace("\n", "\r\n").encode(),
    "no line end at the end": GOOD.rstrip("\n").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_refused_with_a_place(name):
    data, words = ODD[name]
    done = heraldd_t(data)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"herald\.yaml(:\d+:\d+)?: ", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert "hush" not in done.stderr


@pytest.mark.parametrize("name", SOUND)
def test_odd_files_that_are_sound(name):
    done = heraldd_t(SOUND[name])
    assert done.returncode == 0, done.stderr


SECRETS = {
    "missing": (None, 0, "No such file"),
    "a folder": ("folder", 0o700, "secret"),
    "empty": (b"", 0o600, "empty"),
    "an empty first line": (b"\nexample\n", 0o600, "empty"),
    "a NUL": (b"exam\0ple\n", 0o600, "NUL"),
    "too long": (b"x" * 20000, 0o600, "16384"),
    "open to others": (b"example\n", 0o604, "0604"),
    "writable by the group": (b"example\n", 0o660, "0660"),
    "a pipe": ("pipe", 0o600, "regular"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_secret_files_are_refused_with_place_and_remedy(tmp_path, name):
    made, mode, word = SECRETS[name]
    path = tmp_path / "secret"
    if made == "folder":
        path.mkdir()
    elif made == "pipe":
        os.mkfifo(path)
    elif made is not None:
        path.write_bytes(made)
    if made is not None:
        path.chmod(mode)
    done = heraldd_t(GOOD.replace("secret: example-token",
                                  f"secret: {{file: {path}}}"))
    assert done.returncode == 1
    assert re.search(r"herald\.yaml:\d+:\d+: .*secret", done.stderr), done.stderr
    assert word in done.stderr and "  -> " in done.stderr, done.stderr


def test_a_folder_or_nothing_in_place_of_the_file(tmp_path):
    heraldd = find_program("HERALDD", "heraldd") if \
        os.environ.get("HERALD_BUILD") else pytest.skip("no build")
    for path in (tmp_path, tmp_path / "nothing"):
        done = subprocess.run([heraldd, "-t", "-c", str(path)], check=False,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert str(path) in done.stderr
