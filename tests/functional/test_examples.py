"""The complete examples of the manual: what they hold, but for what comes later,
is understood."""
import os
import re
import shutil
import subprocess

import pytest

from herald import find_program, gather_plugins

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, os.pardir, os.pardir, "conf", "examples")

# Keys and functions that come later, and connectors that are not among ours.
LATER = re.compile(
    r"comes (in|with) a later release"
    r"|plugin (geo_enrich|m365_respond|defender_respond): ")
LISTS = {"vpn_exits.txt": "192.0.2.0/24", "never_isolate.txt": "dc1",
         "service_users.txt": "svc-backup", "partner_domains.txt": "example.org"}


@pytest.fixture
def place(tmp_path):
    """The examples with files of their own in the places that they name."""
    etc, conf = tmp_path / "etc", tmp_path / "conf"
    shutil.copytree(EXAMPLES, conf)
    for path in [conf / "herald.yaml", *sorted((conf / "conf.d").iterdir())]:
        text = path.read_text().replace("/etc/herald", str(etc)).replace(
            "/usr/share/GeoIP", str(etc))
        if path.name == "herald.yaml":
            text = text.replace("\nherald:", "\nherald:\n  plugin_dir: "
                                + gather_plugins(str(tmp_path / "plugins")), 1)
        path.write_text(text)
        for name in set(re.findall(re.escape(str(etc)) + r"/[\w./-]+\w", text)):
            make(name, LISTS.get(os.path.basename(name), "x" * 32))
        for name in re.findall(r"credential: (\w+)", text):
            make(str(tmp_path / "credentials" / name), "x" * 32)
    return tmp_path


def make(path, text):
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path, "w", encoding="ascii",
              opener=lambda p, f: os.open(p, f, 0o600)) as out:
        out.write(text + "\n")


def test_only_what_comes_later_is_refused(place):
    ended = subprocess.run(
        [find_program("HERALDD", "heraldd"), "-t", "-c",
         str(place / "conf" / "herald.yaml")],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "CREDENTIALS_DIRECTORY": str(place / "credentials")})
    heads = [line for line in ended.stderr.splitlines()
             if re.match(r"\S+:\d+:\d+: ", line) and ": warning: " not in line]
    assert len(heads) > 10
    assert [line for line in heads if not LATER.search(line)] == []
