/* The demo plugin on a real loop: its lookups are told by their value what to
 * do (tests/plugins/demo.c). */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <curl/curl.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/net/http_client.h"
#include "core/net/listener.h"
#include "core/plugin/instance.h"
#include "core/plugin/status.h"
#include "core/plugin/visit.h"
#include "tests/unit/plugin_help.h"

#define LIMIT_MS 10000 /* of anything that is waited for */
#define SOON_MS 40     /* a deadline that is to pass */

static const struct hd_module *demo;
static uv_loop_t loop;
static struct hd_expr_env *expr;
static struct hd_http_client *client;
static struct hd_listener *listener;

/* What the environment was told. */
static struct {
	uint32_t emit_status;
	bool settle_at_once;
	unsigned emitted, changed, notes;
	uint64_t tag;
	char record[256], note[256];
	uint32_t note_level;
	void *note_ud;
} seen;

static struct hd_instance *instance; /* of the test that runs */

static struct hd_listener *env_listener(void *ud, const char *name)
{
	(void)ud;
	return strcmp(name, "in") == 0 ? listener : NULL;
}

static uint32_t env_emit(void *ud, struct hd_instance *i,
			 const herald_record *const *records, uint32_t n,
			 uint64_t tag)
{
	(void)ud;
	assert_int_equal(n, 1);
	seen.emitted++;
	seen.tag = tag;
	snprintf(seen.record, sizeof(seen.record), "%.*s",
		 (int)records[0]->json.n, records[0]->json.p);
	if (seen.emit_status == HERALD_OK && seen.settle_at_once)
		hd_instance_settled(i, tag, HERALD_OK);
	return seen.emit_status;
}

static void env_note(void *ud, void *request_ud, uint32_t level,
		     const char *text, size_t n)
{
	(void)ud;
	seen.notes++;
	seen.note_level = level;
	seen.note_ud = request_ud;
	snprintf(seen.note, sizeof(seen.note), "%.*s", (int)n, text);
}

static void env_changed(void *ud, struct hd_instance *i)
{
	(void)ud;
	(void)i;
	seen.changed++;
}

static struct hd_plugin_env env;

/* ---- completions ---- */

struct answer {
	unsigned count, late;
	uint32_t status;
	char json[512], message[512], memo[64];
	bool has_json, late_follows;
	int64_t retry_after_ms;
};

static void keep(struct answer *a, const struct hd_completion *c)
{
	a->status = c->status;
	a->has_json = c->json;
	a->late_follows = c->late_follows;
	a->retry_after_ms = c->retry_after_ms;
	a->json[0] = '\0';
	if (c->json) {
		char *text = json_dumps(c->json, JSON_COMPACT);

		snprintf(a->json, sizeof(a->json), "%s", text);
		free(text);
	}
	snprintf(a->message, sizeof(a->message), "%s", c->message);
	snprintf(a->memo, sizeof(a->memo), "%.*s", (int)c->memo_n,
		 c->memo ? c->memo : "");
}

static void on_answer(void *ud, const struct hd_completion *c)
{
	struct answer *a = ud;

	a->count++;
	keep(a, c);
}

static void on_late(void *ud, const struct hd_completion *c)
{
	struct answer *a = ud;

	a->late++;
	keep(a, c);
}

/* ---- the loop ---- */

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happened for %d ms", LIMIT_MS);
}

/* Turns the loop until *count is at least `least`. */
static void turn_until(const unsigned *count, unsigned least)
{
	uv_timer_t timer;

	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_limit, LIMIT_MS, 0);
	while (*count < least)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void on_stopped(void *ud)
{
	(*(unsigned *)ud)++;
}

static void stop(int64_t grace_ms)
{
	unsigned stopped = 0;

	hd_instance_stop(instance, grace_ms, on_stopped, &stopped);
	if (!stopped)
		turn_until(&stopped, 1);
	instance = NULL;
}

/* ---- making instances ---- */

#define DEMO "plugin: demo\nlisten: in\nsecret: s3cr3t-word\n"

static struct hd_instance *make(const char *lines,
				struct hd_complaints *complaints)
{
	struct hd_instance *i;
	const struct hd_node *node;
	struct hd_conf *conf;

	node = help_section(lines, &conf, complaints);
	i = hd_instance_new(&env, demo, "c", node, complaints);
	hd_conf_unref(conf);
	return i;
}

static void start(const char *lines)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_err err;

	instance = make(lines, complaints);
	help_expect_no_complaints(complaints);
	hd_complaints_free(complaints);
	assert_non_null(instance);
	if (hd_instance_start(instance, &err) < 0)
		fail_msg("%s", err.text);
}

static void ask(const char *value, int64_t for_ms, struct answer *a)
{
	const struct hd_question q = { .value = value,
				       .value_n = strlen(value),
				       .alert = "7f3a",
				       .ud = a };

	memset(a, 0, sizeof(*a));
	hd_instance_lookup(instance, 0, &q, 1, hd_now_ms() + for_ms, on_answer,
			   on_late);
	assert_int_equal(a->count, 0); /* never inside the call */
}

static void ask_and_wait(const char *value, struct answer *a)
{
	ask(value, LIMIT_MS, a);
	turn_until(&a->count, 1);
	assert_int_equal(a->count, 1);
	assert_int_equal(hd_instance_in_flight(instance), 0);
}

static void run_action(uint32_t action, uint32_t mode, const char *params,
		       const char *memo, int64_t for_ms, struct answer *a)
{
	const struct hd_intent intent = {
		.action = action,
		.mode = mode,
		.params = params,
		.record = "{}",
		.idem = "7f3a/p/e",
		.memo = memo,
		.alert = "7f3a",
		.deadline_ms = hd_now_ms() + for_ms,
	};

	memset(a, 0, sizeof(*a));
	hd_instance_run(instance, &intent, on_answer, a);
	assert_int_equal(a->count, 0);
	turn_until(&a->count, 1);
}

static double metric(const char *name, const char *labels)
{
	return hd_metric_value(hd_metric_get(HD_COUNTER, name, labels, ""));
}

static double dropped(const char *reason)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "connector=\"c\",reason=\"%s\"",
		 reason);
	return metric("herald_plugin_completions_dropped_total", labels);
}

#define C_LABEL "connector=\"c\""

/* ---- lookups ---- */

static const struct {
	const char *value;
	uint32_t status;
	const char *json;    /* NULL: none */
	const char *message; /* a part of it */
} lookups[] = {
	{ "at_once", HERALD_OK, "{\"data\":{\"way\":\"at_once\"}}", "" },
	{ "clean", HERALD_NOT_FOUND, NULL, "" },
	{ "timer", HERALD_OK, "{\"data\":{\"way\":\"timer\"}}", "" },
	{ "ticks", HERALD_OK, "{\"data\":{\"way\":\"ticks\"}}", "" },
	{ "work", HERALD_OK, "{\"data\":{\"way\":\"work\"}}", "" },
	/* p21 */
	{ "thread", HERALD_OK, "{\"data\":{\"way\":\"post\"}}", "" },
	/* p28 */
	{ "broken_json", HERALD_BAD_REPLY, NULL, "cannot be used" },
	{ "repeated_key", HERALD_BAD_REPLY, NULL, "repeated key" },
	{ "a_list", HERALD_BAD_REPLY, NULL, "no object" },
	{ "broken_utf8", HERALD_BAD_REPLY, NULL, "cannot be used" },
	{ "too_long", HERALD_BAD_REPLY, NULL, "over 8388608 bytes" },
	{ "no_reason", HERALD_UNREACHABLE, NULL, "c: unreachable, no reason" },
	{ "odd_class", HERALD_FAILED, NULL, "from the future" },
	{ "in_doubt", HERALD_RETRY, NULL, "line broke" },
	{ "forbidden", HERALD_FORBIDDEN, NULL, "no right" },
	{ "quota", HERALD_QUOTA, NULL, "500 a day" },
	{ "slow", HERALD_OK, "{\"data\":{\"way\":\"slow\"}}", "" },
	{ "no_secret", HERALD_BAD_INPUT, NULL, "names no secret" },
	{ "foreign_http", HERALD_BAD_INPUT, NULL, "" },
};

static void each_way_to_answer_arrives_once(void **state)
{
	(void)state;
	start(DEMO "url: 'http://127.0.0.1:1/'\n");
	for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
		struct answer a;

		ask_and_wait(lookups[i].value, &a);
		if (a.status != lookups[i].status)
			fail_msg("%s: 0x%x %s", lookups[i].value, a.status,
				 a.message);
		if (lookups[i].json)
			assert_string_equal(a.json, lookups[i].json);
		else
			assert_false(a.has_json);
		if (!strstr(a.message, lookups[i].message))
			fail_msg("%s: '%s'", lookups[i].value, a.message);
		assert_true(a.message[0] || hd_status_is_sound(a.status));
	}
	stop(1000);
}

static void bad_results_are_counted(void **state)
{
	double before;
	struct answer a;

	(void)state;
	start(DEMO);
	before = metric("herald_plugin_bad_results_total", C_LABEL);
	ask_and_wait("broken_json", &a);
	ask_and_wait("too_long", &a);
	assert_true(metric("herald_plugin_bad_results_total", C_LABEL) ==
		    before + 2);
	ask_and_wait("quota", &a);
	assert_int_equal(a.retry_after_ms, 3600000);
	stop(1000);
}

static void a_batch_is_one_call_and_answered_one_by_one(void **state)
{
	struct answer a[3] = { 0 };
	struct hd_question q[3];
	static const char *const values[] = { "one", "work", "clean" };

	(void)state;
	start(DEMO);
	memset(q, 0, sizeof(q));
	for (size_t i = 0; i < 3; i++) {
		q[i].value = values[i];
		q[i].value_n = strlen(values[i]);
		q[i].ud = &a[i];
	}
	hd_instance_lookup(instance, 0, q, 3, hd_now_ms() + LIMIT_MS, on_answer,
			   NULL);
	assert_int_equal(hd_instance_in_flight(instance), 3);
	turn_until(&a[1].count, 1);
	assert_int_equal(a[0].count, 1);
	assert_int_equal(a[2].status, HERALD_NOT_FOUND);
	assert_string_equal(a[1].json, "{\"data\":{\"way\":\"work\"}}");
	stop(1000);
}

static void workers_are_bounded_and_the_rest_waits(void **state)
{
	struct answer a[4] = { 0 };
	struct hd_question q[4];

	(void)state;
	start(DEMO);
	memset(q, 0, sizeof(q));
	for (size_t i = 0; i < 4; i++) {
		q[i].value = "work";
		q[i].value_n = 4;
		q[i].ud = &a[i];
	}
	hd_instance_lookup(instance, 0, q, 4, hd_now_ms() + LIMIT_MS, on_answer,
			   NULL);
	for (size_t i = 0; i < 4; i++) {
		turn_until(&a[i].count, 1);
		/* "crowd": more than two at once, or a third worker. */
		assert_string_equal(a[i].json, "{\"data\":{\"way\":\"work\"}}");
	}
	stop(1000);
}

static void the_context_is_handed_over(void **state)
{
	struct answer a = { 0 };
	struct hd_question q = { .value = "context",
				 .value_n = 7,
				 .context = "{\"user\":{\"domain\":\"D\"}}",
				 .ud = &a };

	(void)state;
	start(DEMO);
	hd_instance_lookup(instance, 1, &q, 1, hd_now_ms() + LIMIT_MS,
			   on_answer, NULL);
	turn_until(&a.count, 1);
	assert_string_equal(a.json, "{\"data\":{\"context\":{\"user\":"
				    "{\"domain\":\"D\"}}}}");
	stop(1000);
}

static void p19_what_is_not_completed_times_out(void **state)
{
	double before;
	struct answer a;

	(void)state;
	start(DEMO);
	before = metric("herald_plugin_requests_timed_out_total", C_LABEL);
	ask("never", SOON_MS, &a);
	turn_until(&a.count, 1);
	assert_int_equal(a.status, HERALD_TIMEOUT);
	assert_non_null(strstr(a.message, "deadline"));
	assert_true(a.late_follows);
	assert_int_equal(hd_instance_in_flight(instance), 0);
	assert_true(metric("herald_plugin_requests_timed_out_total", C_LABEL) ==
		    before + 1);
	/* The instance works on. */
	ask_and_wait("timer", &a);
	assert_int_equal(a.status, HERALD_OK);
	stop(0);
}

static void p19_a_late_answer_comes_late_and_once(void **state)
{
	double before;
	struct answer a;

	(void)state;
	start(DEMO);
	before = dropped("late");
	ask("late", SOON_MS, &a);
	turn_until(&a.late, 1);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.late, 1);
	assert_int_equal(a.status, HERALD_OK);
	assert_string_equal(a.json, "{\"data\":{\"way\":\"late\"}}");
	assert_true(dropped("late") == before + 1);
	stop(1000);
}

static void what_never_comes_is_late_at_the_end(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	ask("forget", SOON_MS, &a);
	turn_until(&a.count, 1);
	stop(0);
	assert_int_equal(a.late, 1);
	assert_int_equal(a.status, HERALD_CANCELLED);
}

static void an_answer_in_destroy_is_the_last_that_counts(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	ask("never", SOON_MS, &a);
	turn_until(&a.count, 1);
	stop(0);
	assert_int_equal(a.late, 1);
	assert_string_equal(a.json, "{\"data\":{\"way\":\"in destroy\"}}");
}

static void p20_repeated_and_unknown_ids_are_dropped(void **state)
{
	double repeated, unknown;
	struct answer a;

	(void)state;
	start(DEMO);
	repeated = dropped("repeated");
	unknown = dropped("unknown");
	ask_and_wait("twice", &a);
	assert_string_equal(a.json, "{\"data\":{\"way\":\"first\"}}");
	/* The letters that came with it. */
	ask_and_wait("at_once", &a);
	assert_true(dropped("repeated") == repeated + 1);
	assert_true(dropped("unknown") == unknown + 1);
	stop(1000);
}

static void p20_calls_after_destroy_are_dropped(void **state)
{
	double before = metric("herald_plugin_after_destroy_total", "");
	struct answer a;

	(void)state;
	start(DEMO);
	stop(1000);
	start(DEMO);
	/* By the table of the instance before, with an id of this one. */
	ask_and_wait("after_destroy", &a);
	assert_string_equal(a.json, "{\"data\":{\"way\":\"after_destroy\"}}");
	assert_true(metric("herald_plugin_after_destroy_total", "") ==
		    before + 2);
	stop(1000);
}

static void auth_stops_the_instance_until_it_is_started(void **state)
{
	const char *why;
	struct answer a;

	(void)state;
	start(DEMO);
	seen.changed = 0;
	ask_and_wait("auth", &a);
	assert_int_equal(a.status, HERALD_AUTH);
	assert_string_equal(hd_instance_stopped(instance), "wrong password");
	assert_int_equal(hd_instance_health(instance, &why, NULL), HERALD_AUTH);
	assert_string_equal(why, "wrong password");
	assert_int_equal(seen.changed, 1);
	ask_and_wait("at_once", &a);
	assert_int_equal(a.status, HERALD_BUSY);
	assert_string_equal(a.message, "wrong password");
	hd_instance_resume(instance);
	assert_null(hd_instance_stopped(instance));
	ask_and_wait("at_once", &a);
	assert_int_equal(a.status, HERALD_OK);
	stop(1000);
}

static void passing_trouble_shows_in_the_health(void **state)
{
	struct answer a;
	const char *why;

	(void)state;
	start(DEMO);
	ask_and_wait("at_once", &a);
	seen.changed = 0;
	assert_int_equal(hd_instance_health(instance, NULL, NULL), HERALD_OK);
	ask_and_wait("no_reason", &a);
	assert_int_equal(hd_instance_health(instance, &why, NULL),
			 HERALD_UNREACHABLE);
	assert_int_equal(seen.changed, 1);
	ask_and_wait("clean", &a);
	assert_int_equal(hd_instance_health(instance, NULL, NULL), HERALD_OK);
	for (int i = 0; i < 4; i++)
		ask_and_wait("forbidden", &a);
	assert_int_equal(hd_instance_health(instance, NULL, NULL), HERALD_OK);
	ask_and_wait("forbidden", &a);
	assert_int_equal(hd_instance_health(instance, NULL, NULL),
			 HERALD_FORBIDDEN);
	stop(1000);
}

static void p18_a_slow_call_is_counted(void **state)
{
	double slow, stalled;
	struct answer a;

	(void)state;
	start(DEMO);
	slow = metric("herald_plugin_slow_calls_total", C_LABEL);
	stalled = metric("herald_plugin_stalled_calls_total", C_LABEL);
	ask_and_wait("slow", &a);
	assert_true(metric("herald_plugin_slow_calls_total", C_LABEL) >=
		    slow + 1);
	assert_true(metric("herald_plugin_stalled_calls_total", C_LABEL) ==
		    stalled);
	ask_and_wait("stall", &a);
	assert_true(metric("herald_plugin_stalled_calls_total", C_LABEL) ==
		    stalled + 1);
	stop(1000);
}

static void p30_a_secret_is_masked_wherever_it_is_said(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	seen.notes = 0;
	ask_and_wait("indiscreet", &a);
	assert_null(strstr(a.message, "s3cr3t-word"));
	assert_non_null(strstr(a.message, "***"));
	assert_int_equal(seen.notes, 1);
	assert_null(strstr(seen.note, "s3cr3t-word"));
	assert_null(strchr(seen.note, '\n'));
	assert_non_null(strstr(seen.note, "sent ***"));
	assert_int_equal(seen.note_level, HERALD_WARNING);
	assert_ptr_equal(seen.note_ud, &a);
	stop(1000);
}

static void notes_of_one_request_are_bounded(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	seen.notes = 0;
	ask_and_wait("many_notes", &a);
	assert_int_equal(seen.notes, 32);
	stop(1000);
}

static void expressions_are_evaluated_also_for_workers(void **state)
{
	static const char *const values[] = { "rule", "rule_in_work" };
	struct answer a;

	(void)state;
	start(DEMO "rule: 'n + 1'\ntext: 'x ${name}'\n");
	for (size_t i = 0; i < 2; i++) {
		ask_and_wait(values[i], &a);
		if (a.status != HERALD_OK)
			fail_msg("%s: %s", values[i], a.message);
		assert_string_equal(a.json, "{\"data\":{\"rule\":42,"
					    "\"text\":\"x &lt;b&gt;\"}}");
	}
	stop(1000);
	/* Absent members: it came to nothing. */
	start(DEMO "rule: 'nobody + 1'\n");
	ask_and_wait("rule", &a);
	assert_string_equal(a.json, "{}");
	stop(1000);
}

/* ---- probe ---- */

static void probe_is_asked_also_while_stopped(void **state)
{
	struct answer a = { 0 };

	(void)state;
	start(DEMO "url: 'http://127.0.0.1:1/'\n");
	hd_instance_halt(instance, "an operator said so");
	hd_instance_probe(instance, hd_now_ms() + LIMIT_MS, on_answer, &a);
	turn_until(&a.count, 1);
	assert_int_equal(a.status, HERALD_OK);
	stop(1000);
}

/* ---- actions ---- */

enum { NOTE, ISOLATE, RELEASE };

static void an_action_is_planned_run_and_verified(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	run_action(ISOLATE, HERALD_PLAN, "{}", NULL, LIMIT_MS, &a);
	assert_int_equal(a.status, HERALD_OK);
	assert_non_null(strstr(a.json, "\"uid\":\"h1\""));
	assert_string_equal(a.memo, "{\"was\":\"free\"}");
	run_action(ISOLATE, HERALD_RUN, "{}", "{\"was\":\"free\"}", LIMIT_MS,
		   &a);
	/* The demo gives its memo back as json. */
	assert_string_equal(a.json, "{\"was\":\"free\"}");
	assert_string_equal(a.memo, "");
	run_action(ISOLATE, HERALD_VERIFY, "{}", NULL, LIMIT_MS, &a);
	assert_int_equal(a.status, HERALD_OK);
	stop(1000);
}

static const struct {
	const char *params;
	uint32_t status;
	const char *memo, *message;
} runs[] = {
	{ "{\"way\":\"pending\"}", HERALD_PENDING, "{\"job\":7}", "as asked" },
	/* What was begun cannot be asked about without its memo. */
	{ "{\"way\":\"bad_memo\"}", HERALD_IN_DOUBT, "", "memo" },
	/* What was done is done, whatever is said of it. */
	{ "{\"way\":\"bad_json\"}", HERALD_OK, "", "cannot be used" },
};

static void a_runs_outcome_is_kept_where_it_can_be(void **state)
{
	(void)state;
	start(DEMO);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct answer a;

		run_action(ISOLATE, HERALD_RUN, runs[i].params, NULL, LIMIT_MS,
			   &a);
		if (a.status != runs[i].status)
			fail_msg("%s: 0x%x", runs[i].params, a.status);
		assert_string_equal(a.memo, runs[i].memo);
		assert_non_null(strstr(a.message, runs[i].message));
	}
	stop(1000);
}

static void pending_of_what_cannot_be_verified_is_in_doubt(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	run_action(NOTE, HERALD_RUN, "{}", NULL, LIMIT_MS, &a);
	assert_int_equal(a.status, HERALD_IN_DOUBT);
	stop(1000);
}

static void a_run_over_its_deadline_is_in_doubt(void **state)
{
	struct answer a;

	(void)state;
	start(DEMO);
	run_action(ISOLATE, HERALD_RUN, "{\"way\":\"never\"}", NULL, SOON_MS,
		   &a);
	assert_int_equal(a.status, HERALD_IN_DOUBT);
	assert_false(a.late_follows);
	stop(0);
}

/* ---- life ---- */

static void p17_a_rejected_configuration_is_refused(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();

	(void)state;
	assert_null(make(DEMO "create: reject\n", complaints));
	help_expect_complaint(complaints,
			      "herald.yaml:7:13: connectors.c.create: "
			      "is not to my liking");
	hd_complaints_free(complaints);
}

static void p17_a_failed_create_leaves_a_stopped_instance(void **state)
{
	static const struct {
		const char *lines, *why;
	} cases[] = {
		{ DEMO "create: fail\n", "the moon is full" },
		{ DEMO "create: nothing\n", "create() gave nothing" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hd_complaints *complaints = hd_complaints_new();
		struct hd_err err = { 0 };

		instance = make(cases[i].lines, complaints);
		help_expect_no_complaints(complaints);
		hd_complaints_free(complaints);
		assert_non_null(instance);
		assert_non_null(
			strstr(hd_instance_stopped(instance), cases[i].why));
		assert_int_equal(hd_instance_start(instance, &err), -1);
		assert_non_null(strstr(err.text, cases[i].why));
		assert_int_not_equal(hd_instance_health(instance, NULL, NULL),
				     HERALD_OK);
		/* Nor can it be made to work by asking. */
		hd_instance_resume(instance);
		assert_non_null(hd_instance_stopped(instance));
		stop(0);
	}
}

static void p18_a_create_that_blocks_fails_the_instance(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_err err = { 0 };

	(void)state;
	env.start_limit_ms = 30; /* the demo blocks for 60 */
	instance = make(DEMO "create: block\n", complaints);
	env.start_limit_ms = 0;
	hd_complaints_free(complaints);
	assert_non_null(instance);
	assert_int_equal(hd_instance_start(instance, &err), -1);
	assert_non_null(strstr(err.text, "create() took"));
	stop(0);
}

static void a_check_creates_and_destroys_without_a_loop(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_plugin_env was = env;
	struct hd_instance *i;

	(void)state;
	env.loop = NULL;
	env.http = NULL;
	env.journal = NULL;
	env.reader = NULL;
	i = make(DEMO, complaints);
	help_expect_no_complaints(complaints);
	assert_non_null(i);
	hd_instance_discard(i);
	hd_instance_discard(NULL);
	hd_complaints_free(complaints);
	env = was;
}

static void an_unknown_listener_fails_the_start(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_err err = { 0 };

	(void)state;
	instance = make("plugin: demo\nlisten: elsewhere\n", complaints);
	hd_complaints_free(complaints);
	assert_int_equal(hd_instance_start(instance, &err), -1);
	assert_non_null(strstr(err.text, "no listener 'elsewhere'"));
	assert_non_null(hd_instance_stopped(instance));
	stop(0);
}

static void a_stop_waits_for_what_is_under_way(void **state)
{
	unsigned stopped = 0;
	struct answer a;

	(void)state;
	start(DEMO);
	ask("work", LIMIT_MS, &a);
	hd_instance_stop(instance, LIMIT_MS, on_stopped, &stopped);
	turn_until(&stopped, 1);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.status, HERALD_OK);
	instance = NULL;
}

static void after_its_grace_a_stop_cancels(void **state)
{
	unsigned stopped = 0;
	struct answer a;

	(void)state;
	start(DEMO);
	ask("late", LIMIT_MS, &a);
	hd_instance_stop(instance, SOON_MS, on_stopped, &stopped);
	turn_until(&stopped, 1);
	/* Answered by the host, then late by the plugin's cancel(). */
	assert_int_equal(a.count, 1);
	assert_int_equal(a.late, 1);
	assert_int_equal(a.status, HERALD_OK);
	instance = NULL;
}

static void what_is_asked_while_it_stops_is_refused(void **state)
{
	unsigned stopped = 0;
	struct answer a, b;

	(void)state;
	start(DEMO);
	ask("late", LIMIT_MS, &a);
	hd_instance_stop(instance, 2 * SOON_MS, on_stopped, &stopped);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(stopped, 0);
	ask("at_once", LIMIT_MS, &b);
	turn_until(&stopped, 1);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.status, HERALD_BUSY);
	instance = NULL;
}

static void count_handle(uv_handle_t *handle, void *ud)
{
	(void)handle;
	(*(unsigned *)ud)++;
}

static unsigned handles(void)
{
	unsigned n = 0;

	uv_walk(&loop, count_handle, &n);
	return n;
}

static void a_worker_that_does_not_return_is_left(void **state)
{
	unsigned stopped = 0, before;
	char dir[64], lines[160];
	struct answer a;
	FILE *f;

	(void)state;
	help_make_dir(dir, sizeof(dir));
	snprintf(lines, sizeof(lines), DEMO "greeting: '%s/go'\n", dir);
	uv_run(&loop, UV_RUN_NOWAIT);
	before = handles();
	start(lines);
	ask("stuck", LIMIT_MS, &a);
	hd_instance_stop(instance, 0, on_stopped, &stopped);
	turn_until(&stopped, 1);
	assert_int_equal(a.status, HERALD_CANCELLED);
	/* It is said to have ended, and is not destroyed below the worker. */
	snprintf(lines, sizeof(lines), "%s/go", dir);
	f = fopen(lines, "w");
	assert_non_null(f);
	fclose(f);
	turn_until(&a.late, 1);
	while (handles() > before)
		uv_run(&loop, UV_RUN_ONCE);
	instance = NULL;
	help_remove_dir(dir);
}

#ifdef HD_DEBUG
static void a_service_out_of_place_ends_a_debug_build(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct hd_complaints *complaints = hd_complaints_new();

		signal(SIGABRT, SIG_DFL);
		make(DEMO "create: trespass\n", complaints);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}
#endif

/* ---- state ---- */

static bool on_state(void *ud, const struct hd_state_row *row)
{
	assert_string_equal(row->connector, "c");
	assert_string_equal(row->key, "starts");
	snprintf(ud, 16, "%.*s", (int)row->value.n, (const char *)row->value.p);
	return true;
}

static void state_is_found_again_after_a_restart(void **state)
{
	struct hd_journal_options options = { .loop = &loop };
	char dir[64], store[80], value[16] = "";
	struct hd_err err = { 0 };
	struct answer a;

	(void)state;
	help_make_dir(dir, sizeof(dir));
	snprintf(store, sizeof(store), "%s/store", dir);
	options.dir = store;
	for (int round = 1; round <= 2; round++) {
		env.journal = hd_journal_open(&options, &err);
		if (!env.journal)
			fail_msg("%s", err.text);
		env.reader = hd_reader_open(env.journal, &err);
		assert_non_null(env.reader);
		start(DEMO);
		ask_and_wait("starts", &a);
		assert_string_equal(a.json,
				    round == 1 ? "{\"data\":{\"way\":\"1\"}}"
					       : "{\"data\":{\"way\":\"2\"}}");
		stop(1000);
		hd_reader_close(env.reader);
		hd_journal_close(env.journal);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	env.journal = hd_journal_open(&options, &err);
	env.reader = hd_reader_open(env.journal, &err);
	assert_int_equal(
		hd_reader_states(env.reader, "c", on_state, value, &err), 0);
	assert_string_equal(value, "2");
	hd_reader_close(env.reader);
	hd_journal_close(env.journal);
	uv_run(&loop, UV_RUN_NOWAIT);
	env.journal = NULL;
	env.reader = NULL;
	help_remove_dir(store);
	help_remove_dir(dir);
}

static void a_successor_made_before_finds_the_last_put(void **state)
{
	struct hd_journal_options options = { .loop = &loop };
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_instance *successor;
	char dir[64], store[80];
	struct hd_err err = { 0 };
	struct answer a;

	(void)state;
	help_make_dir(dir, sizeof(dir));
	snprintf(store, sizeof(store), "%s/store", dir);
	options.dir = store;
	env.journal = hd_journal_open(&options, &err);
	assert_non_null(env.journal);
	env.reader = hd_reader_open(env.journal, &err);
	/* As a reload does: created for the check, started later. */
	successor = make(DEMO, complaints);
	help_expect_no_complaints(complaints);
	hd_complaints_free(complaints);
	start(DEMO); /* puts "1" */
	stop(1000);
	instance = successor;
	assert_int_equal(hd_instance_start(instance, &err), 0);
	ask_and_wait("starts", &a);
	assert_string_equal(a.json, "{\"data\":{\"way\":\"2\"}}");
	stop(1000);
	hd_reader_close(env.reader);
	hd_journal_close(env.journal);
	uv_run(&loop, UV_RUN_NOWAIT);
	env.journal = NULL;
	env.reader = NULL;
	help_remove_dir(store);
	help_remove_dir(dir);
}

/* ---- HTTP, both ways ---- */

struct http_answer {
	unsigned count;
	uint32_t status, code;
	char body[256], header[64];
};

static void on_http(void *ud, uint64_t id, const struct hd_http_reply *r)
{
	struct http_answer *a = ud;
	const char *header = herald_pair(r->headers, "x-from");

	(void)id;
	a->status = r->status;
	a->code = r->code;
	snprintf(a->body, sizeof(a->body), "%.*s", (int)r->body.n,
		 r->body.p ? r->body.p : "");
	snprintf(a->header, sizeof(a->header), "%s", header ? header : "");
	a->count++;
}

static struct hd_http_peer *peer;

static void post(const char *path, const char *token, const char *body,
		 struct http_answer *a)
{
	char url[128], header[64];
	const char *headers[] = { header, NULL };
	struct hd_http_call call = { .url = url, .headers = headers };

	memset(a, 0, sizeof(*a));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s",
		 hd_listener_port(listener), path);
	snprintf(header, sizeof(header), "X-Token: %s", token);
	if (body) {
		call.method = "POST";
		call.body = herald_cstr(body);
	}
	hd_http_send(peer, &call, on_http, a);
}

static void post_and_wait(const char *path, const char *token, const char *body,
			  struct http_answer *a)
{
	post(path, token, body, a);
	turn_until(&a->count, 1);
}

static void start_serving(const char *lines)
{
	const struct hd_http_peer_options peer_options = { .name = "test" };
	struct hd_err err = { 0 };

	start(lines);
	assert_int_equal(hd_listener_start(listener, &err), 0);
	peer = hd_http_peer_new(client, &peer_options, &err);
	assert_non_null(peer);
}

static void free_listener(void)
{
	hd_listener_free(listener);
	listener = NULL; /* set_up() makes the next one */
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void stop_serving(void)
{
	stop(1000);
	hd_http_peer_free(peer);
	free_listener();
}

static void a_served_record_is_answered_when_it_is_settled(void **state)
{
	struct http_answer a;

	(void)state;
	start_serving(DEMO);
	seen.emit_status = HERALD_OK;
	seen.emitted = 0;
	post("/demo", "s3cr3t-word", "{\"x\":1}", &a);
	turn_until(&seen.emitted, 1);
	assert_string_equal(seen.record, "{\"x\":1}");
	assert_int_equal(a.count, 0);
	hd_instance_settled(instance, seen.tag, HERALD_OK);
	turn_until(&a.count, 1);
	assert_int_equal(a.code, 200);
	assert_string_equal(a.body, "{\"text\":\"Success\"}");

	/* Settled inside emit(): told in a later turn. */
	seen.settle_at_once = true;
	post_and_wait("/demo", "s3cr3t-word", "{\"x\":2}", &a);
	assert_int_equal(a.code, 200);
	seen.settle_at_once = false;

	/* Could not be stored. */
	post("/demo", "s3cr3t-word", "{\"x\":3}", &a);
	turn_until(&seen.emitted, 3);
	hd_instance_settled(instance, seen.tag, HERALD_BUSY);
	turn_until(&a.count, 1);
	assert_int_equal(a.code, 503);
	stop_serving();
}

static void a_refused_record_is_answered_at_once(void **state)
{
	struct http_answer a;

	(void)state;
	start_serving(DEMO);
	seen.emitted = 0;
	post_and_wait("/demo", "another", "{}", &a);
	assert_int_equal(a.code, 401);
	assert_int_equal(seen.emitted, 0);
	seen.emit_status = HERALD_BAD_INPUT;
	post_and_wait("/demo", "s3cr3t-word", "{}", &a);
	assert_int_equal(a.code, 400);
	seen.emit_status = HERALD_BUSY;
	post_and_wait("/demo", "s3cr3t-word", "{}", &a);
	assert_int_equal(a.code, 503);
	/* Room again: told once. */
	hd_instance_room(instance);
	hd_instance_room(instance);
	assert_true(
		hd_metric_value(hd_metric_get(HD_GAUGE, "herald_demo_resumed",
					      C_LABEL, "")) == 1);
	seen.emit_status = HERALD_OK;
	stop_serving();
}

static void routes_have_their_mount_and_prefix(void **state)
{
	struct http_answer a;

	(void)state;
	start_serving(DEMO "mount: /team\n");
	post_and_wait("/team/demo/tree/a/b", "", NULL, &a);
	assert_int_equal(a.code, 200);
	assert_string_equal(a.body, "/a/b");
	post_and_wait("/demo/tree/a", "", NULL, &a);
	assert_int_equal(a.code, 404);
	stop_serving();
}

static void a_thread_may_answer_a_request(void **state)
{
	struct http_answer a;

	(void)state;
	start_serving(DEMO);
	post_and_wait("/demo/thread", "", NULL, &a);
	assert_int_equal(a.code, 200);
	assert_string_equal(a.body, "from a thread");
	assert_string_equal(a.header, "thread");
	stop_serving();
}

static void an_unanswered_request_is_cancelled(void **state)
{
	const struct hd_listener_options options = { .name = "in",
						     .address = "127.0.0.1:0",
						     .answer_ms = SOON_MS };
	double cancels = metric("herald_demo_cancels_total", C_LABEL);
	struct http_answer a;
	struct hd_err err;

	(void)state;
	free_listener();
	listener = hd_listener_new(&loop, &options, &err);
	assert_non_null(listener);
	start_serving(DEMO);
	post_and_wait("/demo/never", "", NULL, &a);
	assert_int_equal(a.code, 503);
	stop_serving();
	assert_true(metric("herald_demo_cancels_total", C_LABEL) ==
		    cancels + 1);
}

static void a_request_that_waits_at_the_end_gets_503(void **state)
{
	struct http_answer a;

	(void)state;
	start_serving(DEMO);
	seen.emit_status = HERALD_OK;
	post("/demo", "s3cr3t-word", "{}", &a);
	turn_until(&seen.emitted, 1);
	/* Nobody settles it: the plugin never answers. */
	stop(SOON_MS);
	turn_until(&a.count, 1);
	assert_int_equal(a.code, 503);
	hd_http_peer_free(peer);
	free_listener();
}

static void a_taken_route_fails_the_second_start(void **state)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_instance *first, *second;
	struct hd_err err = { 0 };

	(void)state;
	start_serving(DEMO);
	first = instance;
	second = make(DEMO, complaints);
	help_expect_no_complaints(complaints);
	hd_complaints_free(complaints);
	assert_int_equal(hd_instance_start(second, &err), -1);
	assert_non_null(strstr(err.text, "/demo"));
	instance = second;
	stop(0);
	instance = first;
	stop_serving();
}

/* The service that the demo's lookups ask. */
static void serve_lookup(void *ud, struct hd_http_request *rq)
{
	static const char *const headers[] = { "Content-Type: text/x", NULL };
	const char *token = herald_pair(rq->headers, "x-token");
	const char *q = herald_pair(rq->query, "q");
	bool right = token && strcmp(token, "s3cr3t-word") == 0 && q &&
		     strcmp(q, "a b&c") == 0;

	(void)ud;
	hd_http_respond(rq, right ? 200 : 401, headers, rq->path.p, rq->path.n);
}

static void http_carries_the_secret_and_brings_the_reply(void **state)
{
	const struct hd_listener_route route = { .method = "GET",
						 .path = "/v1",
						 .prefix = true,
						 .fn = serve_lookup };
	char lines[128];
	struct hd_err err;
	struct answer a;

	(void)state;
	assert_true(hd_listener_route_add(listener, &route, &err) != 0);
	assert_int_equal(hd_listener_start(listener, &err), 0);
	snprintf(lines, sizeof(lines), DEMO "url: 'http://127.0.0.1:%d'\n",
		 hd_listener_port(listener));
	start(lines);
	ask_and_wait("http", &a);
	if (a.status != HERALD_OK)
		fail_msg("0x%x %s", a.status, a.message);
	assert_string_equal(a.json, "{\"data\":{\"body\":\"/http\","
				    "\"type\":\"text/x\"}}");
	stop(1000);
	free_listener();
}

/* ---- the group ---- */

static int set_up_all(void **state)
{
	static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
	struct hd_err err = { 0 };
	char dir[64];

	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	signal(SIGPIPE, SIG_IGN);
	help_make_dir(dir, sizeof(dir));
	help_copy_plugin("demo", dir, "demo");
	demo = hd_module_load(dir, "demo", &err);
	help_remove_dir(dir);
	if (!demo)
		fail_msg("%s", err.text);
	uv_loop_init(&loop);
	expr = hd_expr_env_new(&levels, "UTC");
	client = hd_http_client_new(&loop, NULL, &err);
	assert_non_null(client);
	env = (struct hd_plugin_env){
		.loop = &loop,
		.http = client,
		.expr = expr,
		.inline_secrets = true,
		.linger_ms = 200,
		.listener = env_listener,
		.emit = env_emit,
		.note = env_note,
		.changed = env_changed,
	};
	return 0;
}

static int set_up(void **state)
{
	const struct hd_listener_options options = { .name = "in",
						     .address = "127.0.0.1:0" };
	struct hd_err err;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	if (!listener)
		listener = hd_listener_new(&loop, &options, &err);
	return listener ? 0 : -1;
}

/* After a failed test, so that the others are not harmed. */
static int tear_down(void **state)
{
	(void)state;
	if (instance)
		stop(0);
	return 0;
}

static void on_client_closed(void *ud)
{
	(*(unsigned *)ud)++;
}

static int tear_down_all(void **state)
{
	unsigned closed = 0;

	(void)state;
	hd_listener_free(listener);
	hd_http_client_free(client, on_client_closed, &closed);
	turn_until(&closed, 1);
	uv_run(&loop, UV_RUN_NOWAIT);
	hd_expr_env_free(expr);
	/* Whoever left a handle open is found here. */
	if (uv_loop_close(&loop) != 0) {
		uv_print_all_handles(&loop, stderr);
		return -1;
	}
	curl_global_cleanup();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_way_to_answer_arrives_once),
		TEST(bad_results_are_counted),
		TEST(a_batch_is_one_call_and_answered_one_by_one),
		TEST(workers_are_bounded_and_the_rest_waits),
		TEST(the_context_is_handed_over),
		TEST(p19_what_is_not_completed_times_out),
		TEST(p19_a_late_answer_comes_late_and_once),
		TEST(what_never_comes_is_late_at_the_end),
		TEST(an_answer_in_destroy_is_the_last_that_counts),
		TEST(p20_repeated_and_unknown_ids_are_dropped),
		TEST(p20_calls_after_destroy_are_dropped),
		TEST(auth_stops_the_instance_until_it_is_started),
		TEST(passing_trouble_shows_in_the_health),
		TEST(p18_a_slow_call_is_counted),
		TEST(p30_a_secret_is_masked_wherever_it_is_said),
		TEST(notes_of_one_request_are_bounded),
		TEST(expressions_are_evaluated_also_for_workers),
		TEST(probe_is_asked_also_while_stopped),
		TEST(an_action_is_planned_run_and_verified),
		TEST(a_runs_outcome_is_kept_where_it_can_be),
		TEST(pending_of_what_cannot_be_verified_is_in_doubt),
		TEST(a_run_over_its_deadline_is_in_doubt),
		TEST(p17_a_rejected_configuration_is_refused),
		TEST(p17_a_failed_create_leaves_a_stopped_instance),
		TEST(p18_a_create_that_blocks_fails_the_instance),
		TEST(a_check_creates_and_destroys_without_a_loop),
		TEST(an_unknown_listener_fails_the_start),
		TEST(a_stop_waits_for_what_is_under_way),
		TEST(after_its_grace_a_stop_cancels),
		TEST(what_is_asked_while_it_stops_is_refused),
		TEST(a_worker_that_does_not_return_is_left),
#ifdef HD_DEBUG
		TEST(a_service_out_of_place_ends_a_debug_build),
#endif
		TEST(state_is_found_again_after_a_restart),
		TEST(a_successor_made_before_finds_the_last_put),
		TEST(a_served_record_is_answered_when_it_is_settled),
		TEST(a_refused_record_is_answered_at_once),
		TEST(routes_have_their_mount_and_prefix),
		TEST(a_thread_may_answer_a_request),
		TEST(an_unanswered_request_is_cancelled),
		TEST(a_request_that_waits_at_the_end_gets_503),
		TEST(a_taken_route_fails_the_second_start),
		TEST(http_carries_the_secret_and_brings_the_reply),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
