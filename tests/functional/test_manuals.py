"""Each plugin's README and `heraldctl plugin NAME` against what the plugin
declares: all of it is named, and nothing else.

A README names options in tables whose head begins with `option` (or `of every
connector`), parameters in tables that begin with `parameter` or in a sentence
"Parameters: ...", actions in tables that begin with `action`, keys in a sentence
"Kinds: ...".
"""
import glob
import json
import os
import re
import subprocess

import pytest

import herald as harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PLUGINS = sorted(os.path.basename(os.path.dirname(name))
                 for name in glob.glob(os.path.join(ROOT, "plugins/*/local.am"))
                 if not name.endswith("common/local.am"))
CONFIG = harness.HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines: [{name: default, steps: [{stop: {because: x}}]}]
"""
# Words of every connector that are nested: tls: {ca_file: ...}.
NESTED = {"tls"}


def declared(plugin, folder, made={}):      # asked once
    if plugin not in made:
        told = subprocess.run(
            [harness.find_program("HERALDD", "heraldd"), "--log-level",
             "warning", "--describe", plugin, "--plugin-dir",
             harness.gather_plugins(folder)],
            capture_output=True, text=True, timeout=60, check=False)
        assert told.returncode == 0, told.stderr
        made[plugin] = json.loads(told.stdout)
    return made[plugin]


class Manual:
    def __init__(self, plugin):
        path = os.path.join(ROOT, "plugins", plugin, "README.md")
        with open(path, encoding="utf-8") as text:
            self.text = text.read()
        self.spans = re.findall(r"`([^`]+)`", self.text)
        self.code = "\n".join(self.spans) + "\n" + "\n".join(
            line for line in self.text.splitlines()
            if line.startswith("    "))

    def names(self, name):
        return re.search(rf"(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])",
                         self.code) is not None

    def first_cells(self, *heads):
        """Names in the first cells of the tables with such a head."""
        found, inside = [], False
        for line in self.text.splitlines():
            cells = [cell.strip() for cell in line.split("|")]
            if not line.startswith("|"):
                inside = False
            elif cells[1] in heads:
                inside = True
            elif inside:
                found += re.findall(r"`([a-z][a-z0-9_]*)`", cells[1])
        return found

    def sentence(self, word):
        """Names in the sentences that begin with it."""
        found = []
        for told in re.findall(rf"^{word}[^:.]*: (.*?)(?:\.\s|\.$)", self.text,
                               re.M | re.S):
            found += re.findall(r"`([a-z][a-z0-9_]*)`",
                                re.sub(r"\(.*?\)", "", told, flags=re.S))
        return found

    def done_actions(self):
        return re.findall(r"\bdo: \w+\.([a-z][a-z0-9_]*)", self.text)


def names(items, key="name"):
    return {one[key] for one in items}


def params(about):
    return {one["name"] for action in about.get("actions", [])
            for one in action["params"]}


@pytest.fixture(params=PLUGINS)
def plugin(request, tmp_path):
    try:
        about = declared(request.param, str(tmp_path / "plugins"))
    except harness.NotBuilt as reason:
        pytest.skip(str(reason))
    return about, Manual(request.param)


def test_all_that_is_declared_is_in_the_readme(plugin):
    about, manual = plugin
    wanted = names(about["options"]) | params(about) | names(
        about.get("actions", [])) | names(about.get("keys", []), "type")
    assert sorted(one for one in wanted if not manual.names(one)) == []


def test_effects_are_in_the_readme(plugin):
    about, manual = plugin
    for action in about.get("actions", []):
        assert re.search(
            rf"`{action['name']}`[\s|(]*{action['effect']}", manual.text), \
            f"{action['name']} {action['effect']}"


def test_the_readme_invents_no_option(plugin):
    about, manual = plugin
    known = names(about["options"]) | names(about["host_options"]) | NESTED
    assert set(manual.first_cells("option", "of every connector")) <= known


def test_the_readme_invents_no_action_and_no_parameter(plugin):
    about, manual = plugin
    assert set(manual.first_cells("parameter")
               + manual.sentence("Parameters")) <= params(about)
    actions = names(about.get("actions", []))
    assert set(manual.first_cells("action")) <= actions
    if actions:
        # Examples may show another connector's action as well.
        assert not manual.done_actions() or \
            set(manual.done_actions()) & actions


def test_the_readme_tells_the_kinds(plugin):
    about, manual = plugin
    told = manual.sentence("Kinds")
    if told:
        assert set(told) == names(about["keys"], "type")
    else:       # one that asks whatever it is told to says so elsewhere
        assert len(about.get("keys", [])) in (0, 8, 9, 10, 11, 12)


@pytest.mark.parametrize("word", ["## Configuration", "## Rights"])
def test_a_readme_has_its_parts(plugin, word):
    assert word in plugin[1].text


def test_heraldctl_plugin_tells_all(plugin, herald, monkeypatch):
    about, _ = plugin
    monkeypatch.setenv("COLUMNS", "400")
    told = herald(CONFIG).run_ctl("plugin", about["name"])
    assert told.returncode == 0, told.stderr
    text = " ".join(told.stdout.split())
    for one in about["options"] + about["host_options"]:
        assert re.search(rf"(^| ){one['name']} ", text), one["name"]
        assert " ".join((one.get("help") or "").split()) in text
    for one in about.get("keys", []):
        assert f" {one['type']}" in text
    for one in about.get("actions", []):
        assert f"action {one['name']} ({one['effect']}" in text
        assert not one.get("undo") or f"undone by {one['undo']}" in text
        for param in one["params"]:
            assert f" {param['name']} " in text
    assert "may use: " + ", ".join(about["needs"]) in text


# ---- herald.yaml(5) ----

KEY_TABLES = ["core/conf/settings.c", "core/conf/settings_named.c",
              "core/pipeline/program.c", "core/pipeline/safety.c",
              "core/plugin/common_options.c",
              *(os.path.relpath(one, ROOT) for one in sorted(glob.glob(
                  os.path.join(ROOT, "core/pipeline/step_*.c"))))]
KEY = re.compile(r'^\t\{ "([a-z_]+)", (?:HERALD|HD_TYPE)_[^}]*?\}', re.M)


@pytest.mark.parametrize("table", KEY_TABLES)
def test_each_key_of_the_configuration_is_in_its_manual(table):
    with open(os.path.join(ROOT, "core/conf/herald.yaml.5"),
              encoding="utf-8") as page:
        words = set(re.findall(r"[a-z_]+[a-z0-9_]*", page.read()))
    with open(os.path.join(ROOT, table), encoding="utf-8") as source:
        keys = {key[1] for key in KEY.finditer(source.read())
                if "HD_KEY_LATER" not in key[0]
                and "HD_FOR_LATER" not in key[0]
                and not key[1].startswith("tls_")}
    assert keys <= words, sorted(keys - words)
