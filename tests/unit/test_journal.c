/* The store's promises while it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/journal_store.h"

static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	store_new(store);
	*state = store;
	if (store_open(store) < 0)
		fail_msg("%s", store->err.text);
	return 0;
}

static int teardown(void **state)
{
	store_free(*state);
	free(*state);
	return 0;
}

static void assert_bytes(const struct hd_bytes *bytes, const char *text)
{
	assert_int_equal(bytes->n, strlen(text));
	assert_memory_equal(bytes->p, text, bytes->n);
}

static bool count_one(void *ud)
{
	++*(int *)ud;
	return true;
}

static bool count_entry(void *ud, const struct hd_entry_row *row)
{
	(void)row;
	return count_one(ud);
}

static bool count_alert(void *ud, const struct hd_alert_row *row)
{
	(void)row;
	return count_one(ud);
}

static bool count_action(void *ud, const struct hd_action_row *row)
{
	(void)row;
	return count_one(ud);
}

/* --- what was committed is read back --- */

static void alert_reads_back_as_committed(void **state)
{
	struct store *store = *state;
	struct hd_alert_row row;
	struct hd_body body;
	char id[HD_ID_TEXT];
	int entries = 0;

	store_alert(store, id, 7);
	assert_int_equal(hd_reader_alert(store->reader, id, &row, &store->err),
			 HD_FOUND);
	assert_string_equal(row.id, id);
	assert_string_equal(row.uid, "uid-7");
	assert_string_equal(row.scope, "splunk_in");
	assert_string_equal(row.connector, "splunk");
	assert_string_equal(row.title, "Many failed logins");
	assert_string_equal(row.pipeline, "");
	assert_int_equal(row.severity, 4);
	assert_int_equal(row.received_ms, 1795564742007);
	assert_int_equal(row.state, HD_ALERT_RECEIVED);
	assert_int_equal(row.entries, 1);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_FOUND);
	assert_bytes(&body.raw, "{\"event_id\":7}");
	assert_bytes(&body.record, "{\"finding_info\":{\"uid\":7}}");
	assert_int_equal(body.ledger.n, 0);
	assert_int_equal(hd_reader_entries(store->reader, id, count_entry,
					   &entries, &store->err),
			 HD_FOUND);
	assert_int_equal(entries, 1);
}

static void unknown_alert_is_not_found(void **state)
{
	struct store *store = *state;
	struct hd_alert_row row;
	struct hd_body body;
	char id[HD_ID_TEXT];

	hd_journal_new_id(id);
	assert_int_equal(hd_reader_alert(store->reader, id, &row, &store->err),
			 HD_NOT_FOUND);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_NOT_FOUND);
}

static void raw_bytes_may_hold_anything(void **state)
{
	static const char raw[] = "\0\xff\xfe{not json\0";
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;
	struct hd_body body;
	char id[HD_ID_TEXT];

	hd_journal_new_id(id);
	row = alert_row(id, 0);
	row.state = HD_ALERT_QUARANTINED;
	row.reason = "no JSON";
	row.raw.p = raw;
	row.raw.n = sizeof(raw);
	row.record.p = NULL;
	row.record.n = 0;
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_FOUND);
	assert_int_equal(body.raw.n, sizeof(raw));
	assert_memory_equal(body.raw.p, raw, sizeof(raw));
	assert_int_equal(hd_reader_alert(store->reader, id, &row, &store->err),
			 HD_FOUND);
	assert_int_equal(row.state, HD_ALERT_QUARANTINED);
	assert_string_equal(row.reason, "no JSON");
}

/* What an idem ends with, behind its alert's id. */
static const char *idem_of(const char *id, const char *rest)
{
	static char idem[128];

	snprintf(idem, sizeof(idem), "%s/%s", id, rest);
	return idem;
}

static void decide(struct hd_txn *txn, const char *id, const char *rest)
{
	const struct hd_score score = { 65, 95 };
	const int64_t due_ms = 1795564800000;
	struct hd_alert_change change = {
		.if_state = HD_ALERT_RECEIVED,
		.state = HD_ALERT_WAITING,
		.pipeline = "suspicious_login",
		.config = "5c1e",
		.level = "high",
		.score = &score,
		.due_ms = &due_ms,
		.record = { "{\"enriched\":1}", 14 },
		.answers = { "[1]", 3 },
		.ledger = { "[2]", 3 },
	};
	struct hd_action_row action = action_row(id, idem_of(id, rest));

	hd_txn_alert_update(txn, id, &change);
	hd_txn_action_new(txn, &action);
	hd_txn_entry(txn, id, "decided", "{}");
}

static void decision_is_one_commit(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	struct hd_action_row action;
	struct hd_alert_row row;
	struct hd_body body;
	char id[HD_ID_TEXT], idem[64];

	store_alert(store, id, 1);
	snprintf(idem, sizeof(idem), "%.32s/p/disable", id);
	decide(txn, id, "p/disable");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_alert(store->reader, id, &row, &store->err),
			 HD_FOUND);
	assert_int_equal(row.state, HD_ALERT_WAITING);
	assert_string_equal(row.pipeline, "suspicious_login");
	assert_string_equal(row.level, "high");
	assert_string_equal(row.title, "Many failed logins");
	assert_int_equal(row.score_low, 65);
	assert_int_equal(row.score_high, 95);
	assert_int_equal(row.due_ms, 1795564800000);
	assert_int_equal(row.entries, 2);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_FOUND);
	assert_bytes(&body.record, "{\"enriched\":1}");
	assert_bytes(&body.received, "{\"finding_info\":{\"uid\":1}}");
	assert_bytes(&body.answers, "[1]");
	assert_bytes(&body.ledger, "[2]");
	assert_int_equal(hd_reader_action_idem(store->reader, idem, &action,
					       &store->err),
			 HD_FOUND);
	assert_string_equal(action.alert, id);
	assert_string_equal(action.params, "{\"user\":\"jdoe\"}");
	assert_int_equal(action.state, HD_ACTION_DECIDED);
}

static void later_decision_keeps_what_it_says_nothing_of(void **state)
{
	struct store *store = *state;
	struct hd_alert_change change = { .ledger = { "[3]", 3 } };
	struct hd_txn *txn = hd_txn_new();
	struct hd_body body;
	char id[HD_ID_TEXT];

	store_alert(store, id, 1);
	decide(txn, id, "x/y/z");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	txn = hd_txn_new();
	hd_txn_alert_update(txn, id, &change);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_FOUND);
	assert_bytes(&body.record, "{\"enriched\":1}");
	assert_bytes(&body.answers, "[1]");
	assert_bytes(&body.ledger, "[3]");
}

static void action_goes_from_state_to_state(void **state)
{
	struct store *store = *state;
	const int64_t tries = 1, due_ms = 5000;
	struct hd_action_change start = { .if_state = HD_ACTION_DECIDED,
					  .state = HD_ACTION_STARTED,
					  .memo = "{\"dn\":\"cn=x\"}",
					  .target_uid = "S-1-5-21-7",
					  .tries = &tries };
	struct hd_action_change pend = { .state = HD_ACTION_PENDING,
					 .due_ms = &due_ms };
	struct hd_action_row action;
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT], action_id[HD_ID_TEXT];

	store_alert(store, id, 1);
	decide(txn, id, "a/b/c");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_journal_action_id(idem_of(id, "a/b/c"), action_id);
	txn = hd_txn_new();
	hd_txn_action_update(txn, action_id, &start);
	hd_txn_action_update(txn, action_id, &pend);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_action(store->reader, action_id, &action,
					  NULL, &store->err),
			 HD_FOUND);
	assert_int_equal(action.state, HD_ACTION_PENDING);
	assert_string_equal(action.memo, "{\"dn\":\"cn=x\"}");
	assert_string_equal(action.target_uid, "S-1-5-21-7");
	assert_int_equal(action.tries, 1);
	assert_int_equal(action.due_ms, 5000);
	/* Not decided any more: the second start is refused, alone. */
	txn = hd_txn_new();
	hd_txn_action_update(txn, action_id, &start);
	assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
	assert_int_equal(store->err.code, ESTALE);
	assert_false(hd_journal_failed(store->journal, NULL));
}

static void store_keeps_all_over_a_restart(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	struct hd_window_row window = { "p", "k", "leader", 1, 99, 3, 4 };
	struct hd_budget_row budget = { "disable", 1000, 2 };
	struct hd_quota_row quota = { "vt", "500/1d", 7, 8 };
	struct hd_state_row value = { "splunk", "rt", { "a\0b", 3 } };
	struct hd_silence_row silence = { "s1", "true", "me", "noise", 1, 2 };
	char id[HD_ID_TEXT], *text = NULL;
	struct hd_journal_stats stats;
	struct hd_alert_row row;
	int n = 0;

	store_alert(store, id, 1);
	hd_txn_window_put(txn, &window);
	hd_txn_budget_add(txn, &budget, 0);
	hd_txn_quota_put(txn, &quota);
	hd_txn_state_put(txn, &value);
	hd_txn_silence_put(txn, &silence);
	hd_txn_config_put(txn, "5c1e", "herald: {}");
	hd_txn_meta_put(txn, "halt", "by jdoe");
	decide(txn, id, "a/b/c");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	store_close(store);
	assert_int_equal(store_open(store), 0);

	assert_int_equal(hd_reader_alert(store->reader, id, &row, &store->err),
			 HD_FOUND);
	assert_int_equal(row.state, HD_ALERT_WAITING);
	assert_int_equal(hd_reader_meta(store->reader, "halt", &text,
					&store->err),
			 HD_FOUND);
	assert_string_equal(text, "by jdoe");
	free(text);
	assert_int_equal(hd_reader_config(store->reader, "5c1e", &text,
					  &store->err),
			 HD_FOUND);
	assert_string_equal(text, "herald: {}");
	free(text);
	assert_int_equal(hd_reader_actions_open(store->reader, count_action, &n,
						&store->err),
			 0);
	assert_int_equal(n, 1);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.alerts[HD_ALERT_WAITING], 1);
	assert_int_equal(stats.alerts[HD_ALERT_RECEIVED], 0);
	assert_int_equal(stats.actions[HD_ACTION_DECIDED], 1);
	assert_int_equal(stats.damaged, 0);
}

/* --- the small tables --- */

static bool check_window(void *ud, const struct hd_window_row *row)
{
	assert_string_equal(row->pipeline, "p");
	assert_string_equal(row->key, "k");
	assert_int_equal(row->count, 9);
	return count_one(ud);
}

static void window_is_replaced_and_ends(void **state)
{
	struct store *store = *state;
	struct hd_window_row window = { "p", "k", "leader", 1, 99, 3, 4 };
	struct hd_txn *txn = hd_txn_new();
	int n = 0;

	hd_txn_window_put(txn, &window);
	window.count = 9;
	hd_txn_window_put(txn, &window);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_reader_windows(store->reader, 98, check_window, &n, &store->err);
	assert_int_equal(n, 1);
	hd_reader_windows(store->reader, 99, check_window, &n, &store->err);
	assert_int_equal(n, 1);
	txn = hd_txn_new();
	hd_txn_window_prune(txn, 99);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(store_int(store, "SELECT count(*)FROM window"), 1);
	txn = hd_txn_new();
	hd_txn_window_prune(txn, 100);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(store_int(store, "SELECT count(*)FROM window"), 0);
}

static bool sum_budget(void *ud, const struct hd_budget_row *row)
{
	*(int64_t *)ud += row->n;
	return true;
}

static void budget_counts_and_forgets(void **state)
{
	struct store *store = *state;
	struct hd_budget_row one = { "disable", 1000, 1 };
	struct hd_budget_row two = { "disable", 2000, 2 };
	struct hd_budget_row other = { "isolate", 500, 4 };
	struct hd_txn *txn = hd_txn_new();
	int64_t sum = 0;

	hd_txn_budget_add(txn, &one, 0);
	hd_txn_budget_add(txn, &two, 0);
	hd_txn_budget_add(txn, &other, 0);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_reader_budgets(store->reader, "disable", 0, sum_budget, &sum,
			  &store->err);
	assert_int_equal(sum, 3);
	sum = 0;
	hd_reader_budgets(store->reader, NULL, 600, sum_budget, &sum,
			  &store->err);
	assert_int_equal(sum, 3);
	txn = hd_txn_new();
	hd_txn_budget_add(txn, &two, 1500);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	sum = 0;
	hd_reader_budgets(store->reader, NULL, 0, sum_budget, &sum,
			  &store->err);
	assert_int_equal(sum, 8);
}

static bool check_state(void *ud, const struct hd_state_row *row)
{
	assert_string_equal(row->connector, "splunk");
	assert_string_equal(row->key, "rt");
	assert_bytes(&row->value, "2");
	return count_one(ud);
}

static void connector_state_is_kept_and_deleted(void **state)
{
	struct store *store = *state;
	struct hd_state_row row = { "splunk", "rt", { "1", 1 } };
	struct hd_txn *txn = hd_txn_new();
	int n = 0;

	hd_txn_state_put(txn, &row);
	row.value.p = "2";
	hd_txn_state_put(txn, &row);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_reader_states(store->reader, "splunk", check_state, &n, &store->err);
	hd_reader_states(store->reader, "other", check_state, &n, &store->err);
	assert_int_equal(n, 1);
	row.value.p = NULL;
	txn = hd_txn_new();
	hd_txn_state_put(txn, &row);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_reader_states(store->reader, NULL, check_state, &n, &store->err);
	assert_int_equal(n, 1);
}

static void meta_is_kept_and_deleted(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	char *text = NULL;

	hd_txn_meta_put(txn, "halt", "a");
	hd_txn_meta_put(txn, "halt", "b");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_meta(store->reader, "halt", &text,
					&store->err),
			 HD_FOUND);
	assert_string_equal(text, "b");
	free(text);
	txn = hd_txn_new();
	hd_txn_meta_put(txn, "halt", NULL);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_meta(store->reader, "halt", &text,
					&store->err),
			 HD_NOT_FOUND);
	txn = hd_txn_new();
	hd_txn_meta_put(txn, "store version", "99");
	assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
	assert_int_equal(store->err.code, EINVAL);
}

/* --- ids --- */

/* Of successive ids most begin with the four digits of the one before, and
 * differ in the next two.  (Two stretches may begin alike by chance, which is
 * at most 40 clashes; were the two digits random, there would be 79.) */
static void successive_ids_are_near_and_told_apart(void **state)
{
	enum { COUNT = 640, STRETCH = 64 };
	static char ids[COUNT][HD_ID_TEXT];
	int i, j, near = 0, clashes = 0;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		hd_journal_new_id(ids[i]);
		assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
		near += i > 0 && memcmp(ids[i], ids[i - 1], 4) == 0;
		for (j = i - 1; j >= 0; j--) {
			assert_memory_not_equal(ids[i] + 6, ids[j] + 6, 26);
			clashes += i - j < STRETCH &&
				   memcmp(ids[i], ids[j], 6) == 0;
		}
	}
	assert_true(near > COUNT * 9 / 10);
	assert_true(clashes <= 40);
}

/* --- redelivery --- */

static void same_uid_again_is_known(void **state)
{
	struct store *store = *state;
	char first[HD_ID_TEXT], again[HD_ID_TEXT], known_id[HD_ID_TEXT];
	struct hd_txn *txn = hd_txn_new();
	struct hd_action_row action;
	struct hd_alert_row row;
	bool known;

	store_alert(store, first, 5);
	hd_journal_new_id(again);
	row = alert_row(again, 5);
	hd_txn_alert_new(txn, &row);
	hd_txn_entry(txn, again, "received", "{}");
	action = action_row(again, idem_of(again, "x/y/z"));
	hd_txn_action_new(txn, &action);
	hd_txn_meta_put(txn, "beside", "stored");
	assert_int_equal(store_commit_new(store, txn, again, &known, known_id),
			 HD_TXN_OK);
	assert_true(known);
	assert_string_equal(known_id, first);
	assert_int_equal(hd_reader_alert(store->reader, again, &row,
					 &store->err),
			 HD_NOT_FOUND);
	assert_int_equal(store_int(store, "SELECT count(*)FROM entry"), 1);
	assert_int_equal(store_int(store, "SELECT count(*)FROM action"), 0);
	assert_int_equal(store_int(store, "SELECT count(*)FROM meta "
					  "WHERE name='beside'"),
			 1);
}

static void uid_counts_within_its_plugin(void **state)
{
	struct store *store = *state;
	char first[HD_ID_TEXT], other[HD_ID_TEXT];
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;
	bool known;

	store_alert(store, first, 5);
	hd_journal_new_id(other);
	row = alert_row(other, 5);
	row.scope = "imap_in";
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit_new(store, txn, other, &known, NULL),
			 HD_TXN_OK);
	assert_false(known);
}

static void empty_uid_is_never_known(void **state)
{
	struct store *store = *state;
	char id[HD_ID_TEXT];

	store_alert(store, id, 0);
	store_alert(store, id, 0);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 2);
}

static void same_uid_within_one_transaction_is_known(void **state)
{
	struct store *store = *state;
	char first[HD_ID_TEXT], again[HD_ID_TEXT], known_id[HD_ID_TEXT];
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;
	bool known;

	hd_journal_new_id(first);
	hd_journal_new_id(again);
	row = alert_row(first, 5);
	hd_txn_alert_new(txn, &row);
	row = alert_row(again, 5);
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit_new(store, txn, again, &known, known_id),
			 HD_TXN_OK);
	assert_true(known);
	assert_string_equal(known_id, first);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 1);
}

static void uids_are_forgotten_by_age(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT];
	struct hd_alert_row row;
	bool known;

	store_alert(store, id, 5);
	hd_txn_uid_forget(txn, 1795564742005);
	hd_journal_new_id(id);
	row = alert_row(id, 5);
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit_new(store, txn, id, &known, NULL),
			 HD_TXN_OK);
	assert_true(known); /* received at that very time */
	txn = hd_txn_new();
	hd_txn_uid_forget(txn, 1795564742006);
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit_new(store, txn, id, &known, NULL),
			 HD_TXN_OK);
	assert_false(known);
}

/* --- a transaction fails alone --- */

struct many {
	int ok, failed, order_errors, next;
};

struct one {
	struct many *many;
	int number;
};

static void on_one(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct one *one = ud;

	(void)txn;
	if (one->number != one->many->next)
		one->many->order_errors++;
	one->many->next++;
	if (status == HD_TXN_OK)
		one->many->ok++;
	else
		one->many->failed++;
}

static void bad_transactions_fail_alone_in_their_batch(void **state)
{
	enum { COUNT = 400 };
	static struct one ones[COUNT];
	struct store *store = *state;
	struct many many = { 0 };
	struct hd_journal_stats stats;
	char id[HD_ID_TEXT];
	int i;

	for (i = 0; i < COUNT; i++) {
		struct hd_txn *txn = hd_txn_new();
		struct hd_alert_change change = { .title = "none" };
		struct hd_alert_row row;

		hd_journal_new_id(id);
		row = alert_row(id, i + 1);
		hd_txn_alert_new(txn, &row);
		hd_txn_entry(txn, id, "received", "{}");
		if (i % 10 == 3) { /* of an alert that is not there */
			hd_journal_new_id(id);
			hd_txn_alert_update(txn, id, &change);
		}
		ones[i].many = &many;
		ones[i].number = i;
		hd_journal_commit(store->journal, txn, on_one, &ones[i]);
	}
	while (many.next < COUNT)
		uv_run(&store->loop, UV_RUN_ONCE);
	assert_int_equal(many.order_errors, 0);
	assert_int_equal(many.ok, 360);
	assert_int_equal(many.failed, 40);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 360);
	assert_int_equal(store_int(store, "SELECT count(*)FROM entry"), 360);
	assert_int_equal(store_int(store, "SELECT count(*)FROM body"), 360);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.alerts[HD_ALERT_RECEIVED], 360);
	assert_int_equal(stats.refused, 40);
	assert_int_equal(stats.transactions, COUNT);
	assert_true(stats.commits < COUNT);
	assert_false(hd_journal_failed(store->journal, NULL));
}

static void an_idem_is_unique_for_ever(void **state)
{
	struct store *store = *state;
	struct hd_action_row action;
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT];

	store_alert(store, id, 1);
	action = action_row(id, idem_of(id, "a/b/c"));
	hd_txn_action_new(txn, &action);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	txn = hd_txn_new();
	hd_txn_action_new(txn, &action);
	hd_txn_meta_put(txn, "beside", "not stored");
	assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
	assert_int_equal(store->err.code, EEXIST);
	assert_int_equal(store_int(store, "SELECT count(*)FROM meta "
					  "WHERE name='beside'"),
			 0);
}

static void wrong_operands_fail_with_a_word(void **state)
{
	struct store *store = *state;
	struct hd_alert_change change = { 0 };
	struct hd_txn *txn = hd_txn_new();

	hd_txn_alert_update(txn, "7f3a", &change);
	assert_false(hd_txn_is_empty(txn));
	assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
	assert_int_equal(store->err.code, EINVAL);
}

static void full_store_says_so_and_goes_on(void **state)
{
	struct store *store = *state;
	static char big[400000];
	struct hd_alert_row row;
	struct hd_txn *txn;
	char id[HD_ID_TEXT];
	int i, ok = 0;

	store_close(store);
	store->max_bytes = 2000000;
	assert_int_equal(store_open(store), 0);
	memset(big, 'x', sizeof(big));
	for (i = 0; i < 10; i++) {
		hd_journal_new_id(id);
		row = alert_row(id, i + 1);
		row.raw.p = big;
		row.raw.n = sizeof(big);
		row.state = HD_ALERT_QUARANTINED;
		txn = hd_txn_new();
		hd_txn_alert_new(txn, &row);
		switch (store_commit(store, txn)) {
		case HD_TXN_OK:
			ok++;
			break;
		case HD_TXN_FULL:
			assert_int_equal(store->err.code, ENOSPC);
			break;
		case HD_TXN_FAILED:
			fail_msg("%s", store->err.text);
		}
	}
	assert_in_range(ok, 3, 5);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), ok);
	assert_false(hd_journal_failed(store->journal, NULL));
	store_close(store);
	store->max_bytes = 0;
	assert_int_equal(store_open(store), 0);
	store_alert(store, id, 99);
}

/* --- finding --- */

static void id_is_found_by_unique_beginning(void **state)
{
	static const char *const ids[] = { "aa100000000000000000000000000001",
					   "aa200000000000000000000000000002",
					   "bb300000000000000000000000000003" };
	static const struct {
		const char *text;
		enum hd_found found;
		int count;
		const char *id;
	} cases[] = {
		{ "aa1", HD_FOUND, 1, "aa100000000000000000000000000001" },
		{ "b", HD_FOUND, 1, "bb300000000000000000000000000003" },
		{ "aa", HD_AMBIGUOUS, 2, NULL },
		{ "cc", HD_NOT_FOUND, 0, NULL },
		{ "", HD_NOT_FOUND, 0, NULL },
		{ "AA1", HD_NOT_FOUND, 0, NULL },
		{ "aa%", HD_NOT_FOUND, 0, NULL },
		{ "aa2000000000000000000000000000020", HD_NOT_FOUND, 0, NULL },
		{ "aa200000000000000000000000000002", HD_FOUND, 1,
		  "aa200000000000000000000000000002" },
		{ "@last", HD_FOUND, 1, "bb300000000000000000000000000003" },
	};
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT];
	size_t i;
	int count;

	for (i = 0; i < 3; i++) {
		struct hd_alert_row row = alert_row(ids[i], 0);

		hd_txn_alert_new(txn, &row);
	}
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		assert_int_equal(hd_reader_resolve(store->reader, cases[i].text,
						   id, &count, &store->err),
				 cases[i].found);
		assert_int_equal(count, cases[i].count);
		if (cases[i].id)
			assert_string_equal(id, cases[i].id);
	}
}

static void alert_is_found_by_uid(void **state)
{
	struct store *store = *state;
	struct hd_alert_row row;
	char id[HD_ID_TEXT];

	store_alert(store, id, 5);
	assert_int_equal(hd_reader_by_uid(store->reader, NULL, "uid-5", &row,
					  &store->err),
			 HD_FOUND);
	assert_string_equal(row.id, id);
	assert_int_equal(hd_reader_by_uid(store->reader, "other", "uid-5", &row,
					  &store->err),
			 HD_NOT_FOUND);
}

struct seen {
	int count;
	int64_t nums[300];
	int severities[300];
};

static bool see(void *ud, const struct hd_alert_row *row)
{
	struct seen *seen = ud;

	seen->nums[seen->count] = row->num;
	seen->severities[seen->count++] = row->severity;
	return true;
}

static void put_alerts(struct store *store, int count)
{
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT];
	int i;

	for (i = 0; i < count; i++) {
		static const int severities[] = { 1, 5, 99, 0, 4 };
		struct hd_alert_change change = { .state = HD_ALERT_DONE,
						  .pipeline = "even" };
		struct hd_alert_row row;

		hd_journal_new_id(id);
		row = alert_row(id, i + 1);
		row.severity = severities[i % 5];
		hd_txn_alert_new(txn, &row);
		if (i % 2 == 0)
			hd_txn_alert_update(txn, id, &change);
	}
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
}

static void list_goes_on_from_its_cursor(void **state)
{
	static const struct {
		const char *name;
		struct hd_alert_filter filter;
		int expected;
	} cases[] = {
		{ "all", { .limit = 7 }, 100 },
		{ "one state",
		  { .states = 1u << HD_ALERT_DONE, .limit = 7 },
		  50 },
		{ "two states",
		  { .states = 1u << HD_ALERT_DONE | 1u << HD_ALERT_DEAD,
		    .limit = 50 },
		  50 },
		{ "pipeline", { .pipeline = "even", .limit = 3 }, 50 },
		{ "since", { .since_ms = 1795564742091, .limit = 9 }, 10 },
		{ "no such", { .pipeline = "none" }, 0 },
	};
	struct store *store = *state;
	size_t i;
	int j;

	put_alerts(store, 100);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hd_alert_filter filter = cases[i].filter;
		struct seen seen = { 0 };
		int64_t next = 0;

		print_message("%s\n", cases[i].name);
		do {
			assert_int_equal(hd_reader_list(store->reader, &filter,
							see, &seen, &next,
							&store->err),
					 0);
			filter.before_num = next;
		} while (next != 0);
		assert_int_equal(seen.count, cases[i].expected);
		for (j = 1; j < seen.count; j++)
			assert_true(seen.nums[j] < seen.nums[j - 1]);
	}
}

static void backlog_comes_by_severity_then_age(void **state)
{
	struct store *store = *state;
	struct seen seen = { 0 };
	int severity = -1, before, i;
	int64_t num = 0;

	put_alerts(store, 100);
	do {
		before = seen.count;
		assert_int_equal(hd_reader_backlog(store->reader, severity, num,
						   7, see, &seen, &store->err),
				 0);
		if (seen.count > 0) {
			severity = seen.severities[seen.count - 1];
			num = seen.nums[seen.count - 1];
		}
	} while (seen.count > before);
	assert_int_equal(seen.count, 50);
	for (i = 1; i < seen.count; i++) {
		int last = seen.severities[i - 1] % 99;

		assert_true(seen.severities[i] % 99 <= last);
		if (seen.severities[i] % 99 == last)
			assert_true(seen.nums[i] > seen.nums[i - 1]);
	}
	assert_int_equal(seen.severities[0], 5);
}

static void due_alerts_come_soonest_first(void **state)
{
	struct store *store = *state;
	const int64_t due[] = { 300, 100, 200 };
	struct hd_txn *txn = hd_txn_new();
	struct seen seen = { 0 };
	char id[HD_ID_TEXT];
	int i;

	for (i = 0; i < 3; i++) {
		struct hd_alert_change change = { .due_ms = &due[i] };

		store_alert(store, id, i + 1);
		hd_txn_alert_update(txn, id, &change);
	}
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	hd_reader_alerts_due(store->reader, 200, 10, see, &seen, &store->err);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.nums[0], 2);
	assert_int_equal(seen.nums[1], 3);
}

static void actions_are_found_by_state_and_alert(void **state)
{
	struct store *store = *state;
	struct hd_action_change doubt = { .state = HD_ACTION_IN_DOUBT };
	struct hd_action_change done = { .state = HD_ACTION_DONE };
	struct hd_txn *txn = hd_txn_new();
	char id[HD_ID_TEXT], action[HD_ID_TEXT];
	int n;

	store_alert(store, id, 1);
	decide(txn, id, "a/b/1");
	{
		struct hd_action_row row = action_row(id, idem_of(id, "a/b/2"));

		hd_txn_action_new(txn, &row);
	}
	hd_journal_action_id(idem_of(id, "a/b/1"), action);
	hd_txn_action_update(txn, action, &doubt);
	hd_journal_action_id(idem_of(id, "a/b/2"), action);
	hd_txn_action_update(txn, action, &done);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	n = 0;
	hd_reader_actions(store->reader, id, count_action, &n, &store->err);
	assert_int_equal(n, 2);
	n = 0;
	hd_reader_actions_in(store->reader, HD_ACTION_IN_DOUBT, count_action,
			     &n, &store->err);
	assert_int_equal(n, 1);
	n = 0;
	hd_reader_actions_open(store->reader, count_action, &n, &store->err);
	assert_int_equal(n, 1);
	n = 0;
	hd_reader_actions_last(store->reader, 1, count_action, &n, &store->err);
	assert_int_equal(n, 1);
}

/* --- retention --- */

static void old_alerts_go_and_stay_remembered(void **state)
{
	struct store *store = *state;
	struct hd_alert_change done = { .state = HD_ALERT_DONE };
	struct hd_alert_change dead = { .state = HD_ALERT_DEAD };
	struct hd_action_change ended = { .state = HD_ACTION_DONE };
	char ids[4][HD_ID_TEXT], action[HD_ID_TEXT], again[HD_ID_TEXT];
	struct hd_journal_report report;
	struct hd_journal_stats stats;
	struct hd_alert_row row;
	struct hd_txn *txn;
	bool known;
	int i;

	for (i = 0; i < 4; i++)
		store_alert(store, ids[i], i + 1);
	txn = hd_txn_new();
	decide(txn, ids[0], "a/b/1");
	hd_journal_action_id(idem_of(ids[0], "a/b/1"), action);
	hd_txn_action_update(txn, action, &ended);
	hd_txn_alert_update(txn, ids[0], &done); /* goes */
	hd_txn_alert_update(txn, ids[1], &dead); /* dead stays */
	decide(txn, ids[2], "a/b/2");
	hd_txn_alert_update(txn, ids[2], &done); /* its action is open */
	hd_txn_alert_update(txn, ids[3], &done); /* too young */
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);

	txn = hd_txn_new();
	hd_txn_retire(txn, 1795564742004, 100);
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	assert_int_equal(hd_reader_alert(store->reader, ids[0], &row,
					 &store->err),
			 HD_NOT_FOUND);
	for (i = 1; i < 4; i++)
		assert_int_equal(hd_reader_alert(store->reader, ids[i], &row,
						 &store->err),
				 HD_FOUND);
	assert_int_equal(store_int(store, "SELECT count(*)FROM body"), 3);
	assert_int_equal(store_int(store, "SELECT count(*)FROM action"), 1);
	assert_int_equal(store_int(store, "SELECT count(*)FROM entry"), 4);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.alerts[HD_ALERT_DONE], 2);
	assert_int_equal(stats.actions[HD_ACTION_DONE], 0);

	hd_journal_new_id(again);
	row = alert_row(again, 1);
	txn = hd_txn_new();
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit_new(store, txn, again, &known, NULL),
			 HD_TXN_OK);
	assert_true(known);
	assert_int_equal(hd_journal_check(store->dir, &report, &store->err), 0);
	assert_string_equal(report.first, "");
}

static void retirement_passes_those_that_stay(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn;
	int i;

	put_alerts(store, 100); /* every second one is done */
	for (i = 0; i < 30; i++) {
		txn = hd_txn_new();
		hd_txn_retire(txn, INT64_MAX, 3);
		assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	}
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 50);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert "
					  "WHERE state='done'"),
			 0);
}

/* --- chains and digests --- */

static void removed_entry_is_noticed(void **state)
{
	static const struct {
		const char *name, *sql;
		int given;
	} cases[] = {
		{ "the last", "DELETE FROM entry WHERE seq=3", 2 },
		{ "one between", "DELETE FROM entry WHERE seq=2", 1 },
		{ "the first", "DELETE FROM entry WHERE seq=1", 0 },
		{ "changed text", "UPDATE entry SET json='{}' WHERE seq=2", 1 },
		{ "changed time", "UPDATE entry SET utc_ms=1 WHERE seq=1", 0 },
		{ "added",
		  "INSERT INTO entry(alert,seq,utc_ms,kind,json,hash)"
		  "SELECT alert,4,utc_ms,kind,json,hash FROM entry "
		  "WHERE seq=3",
		  3 },
		{ "count", "UPDATE alert SET entries=2", -1 },
	};
	struct store *store = *state;
	struct hd_journal_report report;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char id[HD_ID_TEXT];
		struct hd_txn *txn = hd_txn_new();
		int given = 0;

		print_message("%s\n", cases[i].name);
		store_sql(store, "DELETE FROM entry;DELETE FROM alert;"
				 "DELETE FROM body");
		store_alert(store, id, 0);
		hd_txn_entry(txn, id, "enriched", "{\"a\":1}");
		hd_txn_entry(txn, id, "done", "{\"b\":1}");
		assert_int_equal(store_commit(store, txn), HD_TXN_OK);
		store_sql(store, cases[i].sql);
		assert_int_equal(hd_reader_entries(store->reader, id,
						   count_entry, &given,
						   &store->err),
				 HD_DAMAGED);
		assert_int_equal(given,
				 cases[i].given < 0 ? 0 : cases[i].given);
		assert_int_equal(
			hd_journal_check(store->dir, &report, &store->err), 0);
		assert_int_equal(report.broken, cases[i].given < 0 ? 0 : 1);
		assert_int_equal(report.damaged, cases[i].given < 0 ? 1 : 0);
	}
}

static void changed_row_is_set_aside_once(void **state)
{
	struct store *store = *state;
	struct hd_journal_stats stats;
	struct hd_alert_row row;
	char id[HD_ID_TEXT], sound[HD_ID_TEXT];
	int n = 0, i;

	store_alert(store, id, 1);
	store_alert(store, sound, 2);
	store_sql(store, "UPDATE alert SET severity=1 WHERE uid='uid-1'");
	for (i = 0; i < 3; i++)
		assert_int_equal(hd_reader_alert(store->reader, id, &row,
						 &store->err),
				 HD_DAMAGED);
	hd_reader_backlog(store->reader, -1, 0, 10, count_alert, &n,
			  &store->err);
	assert_int_equal(n, 1);
	store_turn(store);
	assert_int_equal(store->damaged, 1);
	assert_string_equal(store->damaged_table, "alert");
	assert_int_equal(store_int(store, "SELECT count(*)FROM aside WHERE "
					  "tbl='alert' AND row=1 AND "
					  "instr(bytes,'uid-1')>0"),
			 1);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.damaged, 1);
	assert_int_equal(hd_reader_alert(store->reader, sound, &row,
					 &store->err),
			 HD_FOUND);
	/* It is not changed any more, and its uid is welcome again. */
	{
		struct hd_alert_change change = { .state = HD_ALERT_DONE };
		struct hd_txn *txn = hd_txn_new();

		hd_txn_alert_update(txn, id, &change);
		assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
		assert_int_equal(store->err.code, EBADMSG);
	}
	store_alert(store, id, 1);
	store_close(store);
	assert_int_equal(store_open(store), 0);
	hd_journal_stats(store->journal, &stats);
	assert_int_equal(stats.damaged, 1);
}

static void damaged_body_still_gives_the_decision(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	struct hd_body body;
	char id[HD_ID_TEXT];

	store_alert(store, id, 1);
	decide(txn, id, "a/b/1");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	store_sql(store, "UPDATE body SET raw=x'00'");
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_DAMAGED);
	assert_int_equal(body.raw.n, 0);
	assert_bytes(&body.ledger, "[2]");
}

static void damaged_halt_is_not_guessed(void **state)
{
	struct store *store = *state;
	struct hd_txn *txn = hd_txn_new();
	char *text = NULL;

	hd_txn_meta_put(txn, "halt", "by jdoe");
	assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	store_sql(store, "UPDATE meta SET text='' WHERE name='halt'");
	assert_int_equal(hd_reader_meta(store->reader, "halt", &text,
					&store->err),
			 HD_DAMAGED);
	assert_null(text);
}

static void missing_rows_are_noticed(void **state)
{
	struct store *store = *state;
	struct hd_journal_report report;
	char id[HD_ID_TEXT];

	store_alert(store, id, 1);
	store_alert(store, id, 2);
	assert_int_equal(hd_journal_check(store->dir, &report, &store->err), 0);
	assert_int_equal(report.missing, 0);
	assert_string_equal(report.first, "");
	store_sql(store, "DELETE FROM alert WHERE num=1;"
			 "DELETE FROM body WHERE num=2");
	assert_int_equal(hd_journal_check(store->dir, &report, &store->err), 0);
	assert_int_equal(report.missing, 2);
}

/* --- backup --- */

static void backup_is_a_whole_store(void **state)
{
	struct store *store = *state;
	struct store copy = { 0 };
	struct hd_alert_row row;
	char id[HD_ID_TEXT], dir[300];
	struct stat st;
	char path[512];

	store_alert(store, id, 1);
	snprintf(dir, sizeof(dir), "%s/backup", store->dir);
	if (hd_journal_backup(store->journal, dir, &store->err) < 0)
		fail_msg("%s", store->err.text);
	assert_int_equal(hd_journal_backup(store->journal, dir, &store->err),
			 -1);
	assert_int_equal(store->err.code, EEXIST);

	snprintf(copy.dir, sizeof(copy.dir), "%.255s", dir);
	store_path(&copy, "journal.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(uv_loop_init(&copy.loop), 0);
	if (store_open(&copy) < 0)
		fail_msg("%s", copy.err.text);
	assert_int_equal(hd_reader_alert(copy.reader, id, &row, &copy.err),
			 HD_FOUND);
	store_alert(&copy, id, 2);
	store_free(&copy);
}

static void disk_has_a_size(void **state)
{
	struct store *store = *state;
	int64_t total = 0, unused = 0;

	assert_int_equal(hd_journal_disk(store->journal, &total, &unused,
					 &store->err),
			 0);
	assert_true(total > 0 && unused > 0 && unused <= total);
}

/* --- the WAL --- */

static void wal_is_folded_while_work_goes_on(void **state)
{
	static char big[100000];
	struct store *store = *state;
	struct hd_journal_stats stats;
	struct many many = { 0 };
	static struct one ones[1000];
	char id[HD_ID_TEXT];
	int i;

	memset(big, 'x', sizeof(big));
	for (i = 0; i < 1000; i++) {
		struct hd_txn *txn = hd_txn_new();
		struct hd_alert_row row;

		hd_journal_new_id(id);
		row = alert_row(id, i + 1);
		row.raw.p = big;
		row.raw.n = sizeof(big);
		hd_txn_alert_new(txn, &row);
		ones[i].many = &many;
		ones[i].number = i;
		hd_journal_commit(store->journal, txn, on_one, &ones[i]);
		while (i - many.next > 20)
			uv_run(&store->loop, UV_RUN_ONCE);
	}
	while (many.next < 1000)
		uv_run(&store->loop, UV_RUN_ONCE);
	assert_int_equal(many.ok, 1000);
	hd_journal_stats(store->journal, &stats);
	assert_true(stats.checkpoints + stats.restarts > 0);
	assert_true(stats.wal_bytes < 80000000);
	assert_true(stats.file_bytes > 0);
	assert_false(hd_journal_failed(store->journal, NULL));
}

static void removed_file_is_the_end_of_the_store(void **state)
{
	struct store *store = *state;
	char id[HD_ID_TEXT], path[512];
	struct hd_err why;
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;

	store_path(store, "journal.db", path);
	assert_int_equal(unlink(path), 0);
	store_alert(store, id, 1); /* noticed behind the first commit */
	hd_journal_new_id(id);
	row = alert_row(id, 2);
	hd_txn_alert_new(txn, &row);
	assert_int_equal(store_commit(store, txn), HD_TXN_FAILED);
	assert_true(hd_journal_failed(store->journal, &why));
	assert_non_null(strstr(why.text, "removed while in use"));
	assert_int_equal(store->failed, 1);
}

static void clean_stop_leaves_one_file(void **state)
{
	struct store *store = *state;
	char id[HD_ID_TEXT], path[512];

	store_alert(store, id, 1);
	store_close(store);
	store_path(store, "journal.db-wal", path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(store_open(store), 0);
}

static void commits_at_the_end_are_answered(void **state)
{
	struct store *store = *state;
	static struct one ones[50];
	struct many many = { 0 };
	char id[HD_ID_TEXT];
	int i;

	for (i = 0; i < 50; i++) {
		struct hd_txn *txn = hd_txn_new();
		struct hd_alert_row row;

		hd_journal_new_id(id);
		row = alert_row(id, i + 1);
		hd_txn_alert_new(txn, &row);
		ones[i].many = &many;
		ones[i].number = i;
		hd_journal_commit(store->journal, txn, on_one, &ones[i]);
	}
	store_close(store);
	assert_int_equal(many.ok, 50);
	assert_int_equal(many.order_errors, 0);
	assert_int_equal(store_int(store, "SELECT count(*)FROM alert"), 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alert_reads_back_as_committed),
		TEST(unknown_alert_is_not_found),
		TEST(raw_bytes_may_hold_anything),
		TEST(decision_is_one_commit),
		TEST(later_decision_keeps_what_it_says_nothing_of),
		TEST(action_goes_from_state_to_state),
		TEST(store_keeps_all_over_a_restart),
		TEST(window_is_replaced_and_ends),
		TEST(budget_counts_and_forgets),
		TEST(connector_state_is_kept_and_deleted),
		TEST(meta_is_kept_and_deleted),
		TEST(successive_ids_are_near_and_told_apart),
		TEST(same_uid_again_is_known),
		TEST(uid_counts_within_its_plugin),
		TEST(empty_uid_is_never_known),
		TEST(same_uid_within_one_transaction_is_known),
		TEST(uids_are_forgotten_by_age),
		TEST(bad_transactions_fail_alone_in_their_batch),
		TEST(an_idem_is_unique_for_ever),
		TEST(wrong_operands_fail_with_a_word),
		TEST(full_store_says_so_and_goes_on),
		TEST(id_is_found_by_unique_beginning),
		TEST(alert_is_found_by_uid),
		TEST(list_goes_on_from_its_cursor),
		TEST(backlog_comes_by_severity_then_age),
		TEST(due_alerts_come_soonest_first),
		TEST(actions_are_found_by_state_and_alert),
		TEST(old_alerts_go_and_stay_remembered),
		TEST(retirement_passes_those_that_stay),
		TEST(removed_entry_is_noticed),
		TEST(changed_row_is_set_aside_once),
		TEST(damaged_body_still_gives_the_decision),
		TEST(damaged_halt_is_not_guessed),
		TEST(missing_rows_are_noticed),
		TEST(backup_is_a_whole_store),
		TEST(disk_has_a_size),
		TEST(wal_is_folded_while_work_goes_on),
		TEST(removed_file_is_the_end_of_the_store),
		TEST(clean_stop_leaves_one_file),
		TEST(commits_at_the_end_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
