"""Every row of bad-inputs.tsv is tested somewhere: classes h, j, a and f have
files of their own, the configuration stands here, and of the others this says
which test it is.  A row without a test has a reason."""
import importlib
import os
import re
import socket
import tempfile

import pytest

import test_wrong_config as wrong
from bad_inputs import all_rows, bad_inputs, rows_of
from herald import HEAD
from services import TESTS
from test_wrong_config import GOOD, heraldd_t, limits, respond, score
from waiting import wait_until

MODULES = ["test_bad_http", "test_bad_json", "test_bad_auth",
           "test_bad_fields", "test_bad_inputs"]

# Rows whose test has another name: (file below tests/, name of the test).
GUARDS = "functional/test_guards.py"
CLIENT = "unit/test_http_client.c"
MODULE = "unit/test_module.c"
INSTANCE = "unit/test_instance.c"
SMTP = "functional/test_smtp_notify.py"
OPEN = "unit/test_journal_open.c"
FAULT = "unit/test_journal_fault.c"
ELSEWHERE = {
    "f01": ("functional/test_ad_enrich.py", "test_no_name_is_more_than_a_name"),
    "f02": ("functional/test_ad_enrich.py", "test_no_name_is_more_than_a_name"),
    "f30": (SMTP, "test_a_subject_stays_a_subject"),
    "f31": (SMTP, "test_a_body_stays_a_body"),
    "f32": (SMTP, "test_a_recipient_is_one_address"),
    "f33": (SMTP, "test_html_goes_beside_the_text"),
    "f43": (GUARDS, "test_alerts_of_herald_itself_contain_nothing"),
    "p01": (MODULE, "p01_what_is_no_elf_file_is_refused"),
    "p03": (MODULE, "p03_no_descriptor_is_refused"),
    "p04": ("unit/test_declare.c", '"p04"'),
    "p05": ("unit/test_declare.c", '"p05"'),
    "p06": (MODULE, "p06_a_newer_plugin_is_loaded_without_its_extras"),
    "p07": (MODULE, "p07_a_descriptor_longer_than_its_symbol_is_refused"),
    "p08": (MODULE, "p08_names_that_lead_elsewhere_are_refused"),
    "p09": (MODULE, "p09_the_same_name_from_elsewhere_is_refused"),
    "p10": (MODULE, "p10_a_file_that_others_may_write_is_refused"),
    "p11": (MODULE, "p11_a_folder_that_others_may_write_is_refused"),
    "p13": (MODULE, "p13_a_constructor_that_ends_the_process_is_survived"),
    "p14": (MODULE, "p14_a_constructor_that_hangs_is_ended"),
    "p15": (MODULE, "p15_an_executable_stack_is_refused"),
    "p16": (MODULE, "p16_a_missing_function_is_told_in_the_loaders_words"),
    "p17": (INSTANCE, "p17_a_rejected_configuration_is_refused"),
    "p18": (INSTANCE, "p18_a_create_that_blocks_fails_the_instance"),
    "p19": (INSTANCE, "p19_a_late_answer_comes_late_and_once"),
    "p20": (INSTANCE, "p20_repeated_and_unknown_ids_are_dropped"),
    "p21": (INSTANCE, "each_way_to_answer_arrives_once"),
    "p28": (INSTANCE, "bad_results_are_counted"),
    "p30": (INSTANCE, "p30_a_secret_is_masked_wherever_it_is_said"),
    "u01": (CLIENT, "refused_u01"),
    "u02": (CLIENT, "syn_dropped_u02"),
    "u03": (CLIENT, "never_answers_u03"),
    "u04": (CLIENT, "drip_u04"),
    "u05": (CLIENT, "endless_body_u05"),
    "u06": (CLIENT, "gzip_bomb_u06"),
    "u07": ("functional/faults.tsv", "own\thtml\tfinal"),
    "u08": ("functional/faults.tsv", "own\tempty\tfinal"),
    "u10": ("functional/faults.tsv", "vt\tshape\tfinal"),
    "u12": (CLIENT, '"u12 404"'),
    "u13": (CLIENT, '"u13 409"'),
    "u14": (CLIENT, '"u14 429"'),
    "u15": (CLIENT, '"u15 429 far"'),
    "u17": (CLIENT, "redirects_are_not_followed_u17_u18_u19"),
    "u18": (CLIENT, "redirects_are_not_followed_u17_u18_u19"),
    "u19": (CLIENT, "redirects_are_not_followed_u17_u18_u19"),
    "u20": ("unit/test_tls.c", '"u20 wrong name"'),
    "u21": ("unit/test_tls.c", '"u21 expired"'),
    "u22": ("unit/test_tls.c", '"u22 self-signed"'),
    "u23": ("unit/test_tls.c", '"u23 TLS 1.0 only"'),
    "u24": ("unit/test_tls.c", '"u24 pin mismatch"'),
    "u25": ("unit/test_tls.c", "bad_policies_are_refused_at_load_u25"),
    "u26": (CLIENT, "no_such_name_u26"),
    "u29": (CLIENT, "reset_after_sending_u29"),
    "u33": ("functional/test_ad_enrich.py", "test_starttls_with_a_wrong_authority_sends_no_password"),
    "u34": ("functional/test_ad_enrich.py", "test_two_are_ambiguous_and_nobody_is_taken"),
    "u35": (SMTP, "test_a_drop_before_the_end_is_tried_again"),
    "u36": (SMTP, "test_an_unknown_outcome_keeps_its_message_id"),
    "u37": (SMTP, "test_stripped_starttls_is_never_clear_text"),
    "u39": ("unit/test_phantom.c", '"2xx, failed true, no existing_*"'),
    "s01": (OPEN, "cut_log_keeps_what_is_whole"),
    "s02": ("unit/test_journal_damage.c", "flipped_bit_is_noticed_and_nothing_is_served_changed"),
    "s03": (OPEN, "zero_filled_log_is_no_log"),
    "s04": (OPEN, "wal_without_database_is_refused"),
    "s06": (OPEN, "older_store_is_copied_and_brought_up_to_date"),
    "s07": (OPEN, "store_in_use_is_refused_with_the_pid"),
    "s08": (FAULT, "any_failing_call_costs_no_acknowledged_alert"),
    "s10": (FAULT, "failed_sync_is_the_end_of_the_store"),
    "s12": ("functional/test_pipeline.py", "test_a_backlog_is_worked_off"),
    "s13": ("unit/test_lookup.c", "a_jumping_wall_clock_frees_nothing"),
    "s14": ("unit/test_guard_many.c", "a_clock_that_is_behind_makes_no_room"),
    "c18": (OPEN, "folder_of_somebody_else_is_refused"),
    "c22": ("functional/test_pipeline.py", "test_a_broken_configuration_changes_nothing"),
    "c23": ("functional/test_pipeline.py", "test_an_alert_under_way_ends_with_what_it_began_with"),
}

# Rows that cannot be tested yet, or mean nothing to herald as it is.
WITHOUT = {
    "f15": "blast radius of lists: approvals come in a later release",
    "f34": "herald writes no CSV: export is JSON",
    "p23": "a crash in a plugin and its poison alert: with the runner",
    "p24": "a plugin that loops: with the runner",
    "p25": "a plugin that leaks: with the runner",
    "p31": "threads left behind: with plugin-check",
    "u32": "libldap is told to chase no referral (LDAP_OPT_REFERRALS off); "
           "the directory of the tests sends none",
    "u38": "splunk_in takes what is sent and starts no search",
}


def test_every_row_is_tested_or_has_a_reason():
    tested = set(ELSEWHERE)
    for name in MODULES:
        tested |= rows_of(importlib.import_module(name))
    rows = {number for number, row in all_rows().items() if row[0] != "link"}
    assert rows - tested - set(WITHOUT) == set()
    assert set(WITHOUT) & tested == set()
    assert set(ELSEWHERE) | set(WITHOUT) <= rows


@bad_inputs({number: where for number, where in ELSEWHERE.items()})
def test_bad_input_is_tested_elsewhere(case):
    name, test = case
    with open(os.path.join(TESTS, name), encoding="utf-8") as text:
        assert re.search(r"(?<!\w)" + re.escape(test) + r"(?!\w)",
                         text.read()), case


# ---- class c: refused, with a word that helps ----

def upstream(lines):
    return GOOD.replace("secret: example-token", "secret: example-token, "
                        + lines)


CONFIGURATIONS = {
    "c01": (upstream("lable: x"), ["herald.yaml:", "did you mean 'label'"]),
    "c01-section": (GOOD + "conectors: {}\n", ["connectors"]),
    "c02": (GOOD.replace("plugin: misp_enrich", "plugin: misp_enrch"),
            ["misp_enrch", "plugins"]),
    "c02-path": (GOOD.replace("plugin: misp_enrich", "plugin: ../misp"),
                 ["../misp"]),
    "c03": (GOOD + "listen: {}\n", ["listen"]),
    "c03-connector": (GOOD.replace(
        "  soar: {", "  misp: {plugin: targets, log: /dev/null}\n  soar: {"),
        ["misp"]),
    "c04": (GOOD.replace("inline_secrets: true", "inline_secrets: true\n"
                         "  limits: {disk: 250%}"), ["100"]),
    "c04-negative": (upstream("max_in_flight: -1"), ["1"]),
    "c04-huge": (upstream("max_in_flight: 99999999999999999999"), ["1"]),
    "c05": (GOOD.replace("url: 'http://127.0.0.1:9', secret: example-key-of-"
                         "misp", "secret: example-key-of-misp"), ["url"]),
    "c06": (wrong.CASES["scores in a circle"][0].replace("§", ""),
            ["circle"]),
    "c06-self": (wrong.HEAD + "scores:\n  a: [{use: a}]\npipelines:\n"
                 "  - {name: x, steps: [{score: [{use: a}]}]}" + wrong.TAIL,
                 ["circle"]),
    "c07": (respond("- {do: soar.nothing}"), ["nothing", "heraldctl plugin phantom_out"]),
    "c07-connector": (respond("- {do: nobody.create_case}"), ["nobody"]),
    "c09": ("", ["version"]),
    "c09-blank": ("\n\n# nothing\n", ["version"]),
    "c11": (GOOD + "# " + "x" * 10_000_000 + "\nnone: 1\n", []),
    "c11-value": (GOOD.replace("mode: notify", "mode: " + "x" * 10_000_000),
                  []),
    "c15": (GOOD.replace("  inline_secrets: true\n", ""), ["credential"]),
    "c16": (upstream("tls: {verify: false}"), ["until"]),
    "c17": (upstream("tls: {verify: false, until: 2020-01-01}"), ["2020"]),
    "c17-far": (upstream("tls: {verify: false, until: 2099-01-01}"), ["90"]),
    "c21": (respond("- {do: locks.lock, with: {target: x}}"),
            ["locks.lock", "at_most"]),
    "c21-empty": (limits("locks.lock: {}"), ["at_most"]),
}


@bad_inputs(CONFIGURATIONS)
def test_bad_configuration(case):
    text, words = case
    done = heraldd_t(text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr) < 20000
    for word in words:
        assert word in done.stderr, done.stderr


@bad_inputs({"c15-admitted": GOOD})
def test_bad_secret_is_admitted_with_a_warning(case):
    done = heraldd_t(case)
    assert done.returncode == 0
    assert "is written out" in done.stderr
    assert "example-token" not in done.stderr


@bad_inputs({"c08": "- stop: {if: 'true', because: x}\n- drop: {because: y}",
             "c08-drop": "- drop: {because: x}\n- stop: {because: y}"})
def test_unreachable_step_is_told(case):
    done = heraldd_t(wrong.steps(case))
    assert done.returncode == 0
    assert re.search("warning: (?!connectors)", done.stderr), done.stderr


@bad_inputs({"c14": 0o644, "c14-write": 0o620, "c14-others": 0o604,
             "c14-all": 0o666})
def test_bad_mode_of_a_secret(case):
    with tempfile.NamedTemporaryFile() as secret:
        secret.write(b"example-token\n")
        secret.flush()
        os.chmod(secret.name, case)
        done = heraldd_t(GOOD.replace(
            "secret: example-token", f"secret: {{file: {secret.name}}}"))
    assert done.returncode == 1
    assert f"{case:04o}" in done.stderr and "0640" in done.stderr


@bad_inputs({"c25": "(a+)+$", "c25-alternatives": "(a|a)*b",
             "c25-repeats": "((a{1,100}){1,100}){1,100}"})
def test_bad_pattern_is_bounded(case):
    """Linear (test_bad_fields.py measures it), or refused for its size."""
    done = heraldd_t(score(
        "- {name: x, if: 'message.matches(\"%s\")', add: 1, because: x}"
        % case))
    assert done.returncode == 0 or "pattern" in done.stderr, done.stderr


PLAIN = HEAD + """\
connectors:
  in: {plugin: splunk_in, listen: ingest, secret: {file: @DIR@/secrets/splunk}}
pipelines:
  - {name: default, steps: []}
"""


@bad_inputs({"c19": "/dev/shm"})
def test_bad_file_system_of_the_store(herald, case):
    if not os.path.isdir(case):
        pytest.skip("NO tmpfs AT /dev/shm")
    with tempfile.TemporaryDirectory(dir=case) as state:
        daemon = herald(PLAIN, STATE=state)
        assert "in memory (tmpfs)" in daemon.log()
        assert daemon.stop() == 0


# ---- brothers of class s ----

@bad_inputs({"s07-again": None})
def test_second_daemon_on_one_store(herald, case):
    first = herald(PLAIN)
    second = herald(PLAIN, started=False, STATE=first.values["STATE"])
    second.fill_in()
    second.launch()
    wait_until(lambda: second.process.poll() is not None, 30, second.log)
    assert second.process.returncode == 1
    assert f"in use by process {first.process.pid}" in second.log()
    second.process = case
    with socket.create_connection(("127.0.0.1", first.port("ADMIN"))):
        pass
