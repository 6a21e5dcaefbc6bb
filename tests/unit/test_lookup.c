/* Lookups on a real loop, with the plugin `asked` (tests/plugins/asked.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/metric.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/lookup/lookup.h"
#include "core/net/http_client.h"
#include "core/plugin/rations.h"
#include "core/plugin/instance.h"
#include "tests/unit/plugin_help.h"

#define LIMIT_MS 10000 /* of anything that is waited for */
#define DOMAIN 0       /* keys of the plugin */
#define HOST 1
#define USER 2

static const struct hd_module *module;
static uv_loop_t loop;
static struct hd_expr_env *expr;
static struct hd_http_client *client;

static char dir[256]; /* of the journal and the cache */
static struct hd_journal *journal;
static struct hd_reader *reader;
static struct hd_instance *instance;
static struct hd_lookups *lookups;
static struct hd_rations *rations;
static struct {
	int count;
	char kind[64], object[64], text[512];
} alarms;

/* ---- the loop ---- */

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happened for %d ms", LIMIT_MS);
}

/* Turns the loop until *count is at least `least`. */
static void turn_until(const int *count, int least)
{
	uv_timer_t timer;

	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_limit, LIMIT_MS, 0);
	while (*count < least)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* ---- questions ---- */

struct seen {
	int count;
	enum hd_outcome outcome;
	uint32_t status;
	char reason[256];
	int64_t call, batch; /* of the plugin */
	char context[128];
	bool held, late;
	struct hd_wait *wait;
};

static void look_at(struct seen *s, const struct hd_answer *a)
{
	json_t *data = json_object_get(a->result, "data");
	char *context = json_dumps(json_object_get(data, "context"), 0);

	s->count++;
	s->wait = NULL;
	s->outcome = a->outcome;
	s->status = a->status;
	snprintf(s->reason, sizeof(s->reason), "%s",
		 a->reason ? a->reason : "");
	s->call = json_integer_value(json_object_get(data, "call"));
	s->batch = json_integer_value(json_object_get(data, "batch"));
	s->held = json_is_true(json_object_get(data, "held"));
	s->late = json_is_true(json_object_get(data, "late"));
	snprintf(s->context, sizeof(s->context), "%s", context ? context : "");
	free(context);
}

static void on_answer(void *ud, struct hd_answer *answer)
{
	look_at(ud, answer);
}

static void ask_with(struct hd_ask ask, const char *value, struct seen *s)
{
	static const enum hd_kind kinds[] = { HD_KIND_DOMAIN, HD_KIND_HOST,
					      HD_KIND_USER };
	struct hd_answer *answer;

	memset(s, 0, sizeof(*s));
	ask.instance = instance;
	ask.kind = kinds[ask.key];
	ask.value = value;
	ask.value_n = strlen(value);
	answer = hd_lookups_ask(lookups, &ask, on_answer, s, &s->wait);
	if (answer) {
		assert_null(s->wait);
		look_at(s, answer);
		hd_answer_unref(answer);
	} else {
		assert_int_equal(s->count, 0); /* never inside the call */
	}
}

static void ask(uint32_t key, const char *value, struct seen *s)
{
	ask_with((struct hd_ask){ .key = key }, value, s);
}

static void ask_and_wait(uint32_t key, const char *value, struct seen *s)
{
	ask(key, value, s);
	turn_until(&s->count, 1);
	assert_int_equal(s->count, 1);
}

static double counter(const char *outcome)
{
	char labels[64];

	snprintf(labels, sizeof(labels), "connector=\"c\",outcome=\"%s\"",
		 outcome);
	return hd_metric_value(
		hd_metric_get(HD_COUNTER, "herald_lookups_total", labels, ""));
}

/* What is said of the one connector. */
static bool is_described(const char *member, const char *wanted)
{
	json_t *list = hd_lookups_describe(lookups);
	const json_t *value = json_object_get(json_array_get(list, 0), member);
	char *text = json_dumps(value, JSON_ENCODE_ANY);
	bool same = text && strcmp(text, wanted) == 0;

	free(text);
	json_decref(list);
	return same;
}

/* ---- parts ---- */

static void on_alarm(void *ud, const char *kind, const char *object,
		     const char *text)
{
	(void)ud;
	alarms.count++;
	snprintf(alarms.kind, sizeof(alarms.kind), "%s", kind);
	snprintf(alarms.object, sizeof(alarms.object), "%s", object);
	snprintf(alarms.text, sizeof(alarms.text), "%s", text);
}

static void start_instance(const char *lines)
{
	struct hd_plugin_env env = { .loop = &loop,
				     .http = client,
				     .expr = expr,
				     .inline_secrets = true };
	struct hd_complaints *complaints = hd_complaints_new();
	const struct hd_node *node;
	struct hd_conf *conf;
	char text[512];
	struct hd_err err;

	snprintf(text, sizeof(text), "plugin: asked\n%s", lines);
	node = help_section(text, &conf, complaints);
	instance = hd_instance_new(&env, module, "c", node, complaints);
	help_expect_no_complaints(complaints);
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
	assert_non_null(instance);
	if (hd_instance_start(instance, &err) < 0)
		fail_msg("%s", err.text);
}

static void on_stopped(void *ud)
{
	(*(int *)ud)++;
}

static void stop_instance(void)
{
	struct hd_instance *was = instance;
	int stopped = 0;

	instance = NULL;
	hd_instance_stop(was, 0, on_stopped, &stopped);
	if (!stopped)
		turn_until(&stopped, 1);
	hd_lookups_forget(lookups, was, "its connector was stopped");
}

static void open_store(void)
{
	const struct hd_journal_options options = { .dir = dir, .loop = &loop };
	struct hd_err err;

	journal = hd_journal_open(&options, &err);
	if (!journal)
		fail_msg("%s", err.text);
	reader = hd_reader_open(journal, &err);
	assert_non_null(reader);
}

static void open_lookups(bool keep)
{
	char file[300];
	struct hd_lookups_env env = { .loop = &loop,
				      .alarm = on_alarm };

	snprintf(file, sizeof(file), "%s/cache.db", dir);
	env.cache_file = keep ? file : NULL;
	rations = hd_rations_new(keep ? journal : NULL, keep ? reader : NULL);
	env.rations = rations;
	lookups = hd_lookups_new(&env);
}

static void start(const char *lines)
{
	open_lookups(false);
	start_instance(lines);
}

/* With journal and cache. */
static void start_kept(const char *lines)
{
	open_store();
	open_lookups(true);
	start_instance(lines);
}

static void end_kept(void)
{
	stop_instance();
	hd_lookups_free(lookups);
	hd_rations_free(rations);
	rations = NULL;
	lookups = NULL;
	hd_reader_close(reader);
	hd_journal_close(journal);
	journal = NULL;
	uv_run(&loop, UV_RUN_NOWAIT);
}

static int set_up(void **state)
{
	(void)state;
	memset(&alarms, 0, sizeof(alarms));
	snprintf(dir, sizeof(dir), "/tmp/herald-lookup-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hd_clock_set_offset(0);
	if (instance)
		stop_instance();
	hd_lookups_free(lookups);
	hd_rations_free(rations);
	rations = NULL;
	lookups = NULL;
	if (journal) {
		hd_reader_close(reader);
		hd_journal_close(journal);
		journal = NULL;
	}
	help_remove_dir(dir);
	uv_run(&loop, UV_RUN_NOWAIT);
	return 0;
}

/* ---- joining, batches ---- */

static void equal_questions_are_asked_once(void **state)
{
	double joined = counter("joined");
	struct seen a, b, c;

	(void)state;
	start("");
	ask(DOMAIN, "ok-1", &a);
	ask(DOMAIN, "ok-1", &b);
	ask(DOMAIN, "ok-2", &c);
	turn_until(&c.count, 1);
	assert_int_equal(a.count, 1);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.outcome, HD_HIT);
	assert_int_equal(a.batch, 2); /* two values, in one call */
	assert_int_equal(c.call, 1);
	assert_true(counter("joined") == joined + 1);
}

static void batches_are_filled_and_no_larger_than_declared(void **state)
{
	struct seen seen[9];
	char value[32];

	(void)state;
	start("");
	for (int i = 0; i < 9; i++) {
		snprintf(value, sizeof(value), "ok-%d", i);
		ask(DOMAIN, value, &seen[i]);
	}
	turn_until(&seen[8].count, 1);
	for (int i = 0; i < 9; i++) {
		assert_int_equal(seen[i].call, i / 4 + 1);
		assert_int_equal(seen[i].batch, i < 8 ? 4 : 1);
	}
}

/* While a call is under way the next ones wait for company; a full batch does
 * not. */
static void lingers_only_while_a_call_is_under_way(void **state)
{
	struct seen held, a, b, full[4], released;
	char value[32];

	(void)state;
	start("linger: 1s\n");
	ask(DOMAIN, "held-1", &held);
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	ask(DOMAIN, "ok-a", &a);
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(a.count, 0); /* it lingers */
	ask(DOMAIN, "ok-b", &b);
	for (int i = 0; i < 4; i++) {
		snprintf(value, sizeof(value), "ok-full-%d", i);
		ask(DOMAIN, value, &full[i]);
	}
	turn_until(&full[3].count, 1);
	assert_int_equal(a.batch, 4);
	assert_int_equal(b.call, a.call);
	ask_and_wait(HOST, "release-x.example.org", &released);
	turn_until(&held.count, 1);
	assert_true(held.held);
}

/* Where questions come less often than that, waiting brings no company. */
static void a_rare_question_does_not_linger(void **state)
{
	struct seen held, a, b, released;
	int64_t began;

	(void)state;
	start("linger: 400ms\n");
	ask(DOMAIN, "held-1", &held);
	began = hd_now_ms();
	while (hd_now_ms() - began <= 400)
		uv_run(&loop, UV_RUN_NOWAIT);
	ask(DOMAIN, "ok-a", &a);
	ask(DOMAIN, "ok-b", &b);
	began = hd_now_ms();
	turn_until(&b.count, 1);
	assert_true(hd_now_ms() - began < 400);
	assert_int_equal(a.batch, 2); /* those of one turn still go together */
	ask_and_wait(HOST, "release-x.example.org", &released);
	turn_until(&held.count, 1);
}

static void no_more_calls_than_max_in_flight(void **state)
{
	struct seen seen[3], more;
	char value[48];

	(void)state;
	start("max_in_flight: 2\n");
	for (int i = 0; i < 3; i++) {
		snprintf(value, sizeof(value), "held-%d.example.org", i);
		ask(HOST, value, &seen[i]);
	}
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(hd_instance_in_flight(instance), 2);
	ask(DOMAIN, "ok-1", &more);
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(more.count, 0); /* of another key, the same bound */
	hd_lookups_leave(more.wait);
	for (int i = 0; i < 3; i++)
		hd_lookups_leave(seen[i].wait);
}

/* ---- memory ---- */

static void answers_are_remembered(void **state)
{
	struct seen a, b, c, d;

	(void)state;
	start("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	ask(DOMAIN, "ok-1", &b);
	assert_int_equal(b.count, 1); /* at once */
	assert_int_equal(b.call, a.call);
	ask_and_wait(DOMAIN, "none-1", &c);
	assert_int_equal(c.outcome, HD_CLEAN);
	ask(DOMAIN, "none-1", &d);
	assert_int_equal(d.count, 1);
}

static void ttl_zero_is_never_remembered(void **state)
{
	struct seen a, b;

	(void)state;
	start("cache_ttl: 1h\n");
	ask_and_wait(USER, "ok-ann", &a);
	ask_and_wait(USER, "ok-ann", &b);
	assert_int_equal(b.call, a.call + 1);
}

static void cache_ttl_of_nothing_remembers_nothing(void **state)
{
	struct seen a, b;

	(void)state;
	start("cache_ttl: 0s\n");
	ask_and_wait(DOMAIN, "ok-1", &a);
	ask_and_wait(DOMAIN, "ok-1", &b);
	assert_int_equal(b.call, a.call + 1);
	ask_and_wait(DOMAIN, "none-1", &a);
	ask(DOMAIN, "none-1", &b);
	assert_int_equal(b.count, 0);
	turn_until(&b.count, 1);
}

static void context_makes_another_question(void **state)
{
	struct seen a, b;

	(void)state;
	start("");
	ask_with((struct hd_ask){ .key = USER,
				  .context = "{\"user\":{\"domain\":\"A\"}}" },
		 "ok-ann", &a);
	ask_with((struct hd_ask){ .key = USER,
				  .context = "{\"user\":{\"domain\":\"B\"}}" },
		 "ok-ann", &b);
	turn_until(&b.count, 1);
	assert_string_equal(a.context, "{\"user\": {\"domain\": \"A\"}}");
	assert_string_equal(b.context, "{\"user\": {\"domain\": \"B\"}}");
}

static void a_late_answer_is_remembered(void **state)
{
	struct seen a, b;

	(void)state;
	start("timeout: 100ms\n");
	ask_and_wait(DOMAIN, "held-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_int_equal(a.status, HERALD_TIMEOUT);
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	ask(DOMAIN, "held-1", &b);
	assert_int_equal(b.count, 1);
	assert_true(b.late);
}

static void one_that_leaves_is_not_told_and_the_answer_is_kept(void **state)
{
	struct seen a, b, c;

	(void)state;
	start("");
	ask(DOMAIN, "ok-1", &a);
	ask(DOMAIN, "ok-2", &b);
	hd_lookups_leave(a.wait);
	turn_until(&b.count, 1);
	assert_int_equal(a.count, 0);
	ask(DOMAIN, "ok-1", &c);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.call, 1);
}

/* ---- trouble ---- */

static void passing_trouble_is_tried_again(void **state)
{
	int64_t began = hd_now_ms();
	struct seen a;

	(void)state;
	start("retries: 2\n");
	ask_and_wait(DOMAIN, "again-1", &a);
	assert_int_equal(a.outcome, HD_HIT);
	assert_int_equal(a.call, 3);
	assert_true(hd_now_ms() - began >= 200 + 400);
}

static void no_more_tries_than_allowed(void **state)
{
	struct seen a;

	(void)state;
	start("retries: 1\n");
	ask_and_wait(DOMAIN, "again-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_string_equal(a.reason, "as it was told to");
}

static void no_try_after_the_deadline(void **state)
{
	int64_t began = hd_now_ms();
	struct seen a;

	(void)state;
	start("retries: 10\ntimeout: 500ms\n");
	ask_and_wait(DOMAIN, "down-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_true(hd_now_ms() - began < 500);
}

static void retry_after_holds_that_question_alone(void **state)
{
	struct seen a, b, c;

	(void)state;
	start("");
	ask_and_wait(DOMAIN, "busy-1", &a);
	ask(DOMAIN, "busy-1", &b);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.outcome, HD_MISSING);
	ask_and_wait(DOMAIN, "ok-1", &c);
	assert_int_equal(c.outcome, HD_HIT);
	assert_int_equal(c.call, 2);
}

static void a_spent_quota_of_the_service_holds_it(void **state)
{
	struct seen a, b, c;

	(void)state;
	start("");
	ask_and_wait(DOMAIN, "spent-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_true(is_described("breaker", "\"held\""));
	ask(DOMAIN, "ok-1", &b);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.status, HERALD_QUOTA);
	assert_non_null(strstr(b.reason, "asked again at 20"));
	ask(HOST, "ok-1.example.org", &c);
	assert_int_equal(c.count, 1);
	assert_int_equal(alarms.count, 1);
	assert_string_equal(alarms.kind, "quota spent");
	assert_string_equal(alarms.object, "c");
	assert_non_null(strstr(alarms.text, " -> heraldctl "));
}

static void failures_in_a_row_open_the_breaker(void **state)
{
	struct seen seen[5], a, b;
	char value[32];

	(void)state;
	start("retries: 0\n");
	for (int i = 0; i < 5; i++) {
		snprintf(value, sizeof(value), "down-%d", i);
		ask_and_wait(DOMAIN, value, &seen[i]);
	}
	assert_true(is_described("breaker", "\"open\""));
	ask(DOMAIN, "ok-1", &a);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_string_equal(a.reason, "not asked after 5 failures in a row: as "
				      "it was told to");
	ask(DOMAIN, "ok-2", &b);
	assert_int_equal(b.count, 1);
}

/* P10: what waits behind a dead service does not wait for long. */
static void an_open_breaker_ends_what_is_queued(void **state)
{
	enum { N = 200 };
	static struct seen seen[N];
	char value[48];
	int missing = 0;

	(void)state;
	start("retries: 0\nmax_in_flight: 1\n");
	for (int i = 0; i < N; i++) {
		snprintf(value, sizeof(value), "down-%d.example.org", i);
		ask(HOST, value, &seen[i]);
	}
	turn_until(&seen[N - 1].count, 1);
	for (int i = 0; i < N; i++)
		missing += strstr(seen[i].reason, "not asked after") != NULL;
	assert_int_equal(missing, N - 5);
}

static void refused_credentials_stop_it_without_another_try(void **state)
{
	struct seen a, b;

	(void)state;
	start("");
	ask_and_wait(DOMAIN, "refused-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_non_null(hd_instance_stopped(instance));
	ask(DOMAIN, "ok-1", &b);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.status, HERALD_AUTH);
	hd_instance_resume(instance);
	ask_and_wait(DOMAIN, "ok-1", &b);
	assert_int_equal(b.outcome, HD_HIT);
	assert_int_equal(b.call, 2);
}

/* ---- quotas ---- */

static void a_spent_limit_is_missing_with_its_time(void **state)
{
	struct seen a, b, c, d;

	(void)state;
	start("limit: [2/1h, 100/1d]\n");
	ask(DOMAIN, "ok-1", &a);
	ask(DOMAIN, "ok-2", &b);
	ask(DOMAIN, "ok-3", &c);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.outcome, HD_MISSING);
	assert_int_equal(c.status, HERALD_QUOTA);
	assert_non_null(
		strstr(c.reason, "quota of 2/1h spent, free again at 20"));
	ask(DOMAIN, "ok-3", &d);
	turn_until(&b.count, 1);
	assert_int_equal(a.outcome, HD_HIT);
	assert_int_equal(alarms.count, 1); /* once */
	ask(DOMAIN, "ok-1", &d); /* what is remembered costs nothing */
	assert_int_equal(d.outcome, HD_HIT);
}

static void each_try_counts(void **state)
{
	struct seen a;

	(void)state;
	start("limit: 2/1h\nretries: 5\n");
	ask_and_wait(DOMAIN, "again-1", &a);
	assert_int_equal(a.outcome, HD_MISSING);
	assert_int_equal(a.status, HERALD_QUOTA);
}

static int take(int from, int to)
{
	struct seen s;
	char value[48];
	int hits = 0;

	for (int i = from; i < to; i++) {
		snprintf(value, sizeof(value), "ok-%d.example.org", i);
		ask_and_wait(HOST, value, &s);
		hits += s.outcome == HD_HIT;
	}
	return hits;
}

static void a_limit_outlives_an_orderly_restart(void **state)
{
	(void)state;
	start_kept("limit: 10/1d\n");
	assert_int_equal(take(0, 6), 6);
	end_kept();
	start_kept("limit: 10/1d\n");
	assert_int_equal(take(100, 110), 4); /* to the last one */
	assert_true(is_described("quota_left", "0"));
	end_kept();
	hd_clock_set_offset(INT64_C(26) * 3600000);
	start_kept("limit: 10/1d\n");
	assert_int_equal(take(200, 220), 10);
	end_kept();
}

/* The store as kill -9 would leave it: nothing was told at the end. */
static void crash(void)
{
	static const char *const names[] = { "journal.db", "journal.db-wal" };
	char from[300], to[300], buf[65536];
	size_t n;

	for (size_t i = 0; i < 2; i++) {
		FILE *in, *out;

		snprintf(from, sizeof(from), "%s/%s", dir, names[i]);
		snprintf(to, sizeof(to), "%s/%s.crash", dir, names[i]);
		in = fopen(from, "rb");
		out = fopen(to, "wb");
		while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
			assert_int_equal(fwrite(buf, 1, n, out), n);
		fclose(in);
		fclose(out);
	}
	end_kept();
	for (size_t i = 0; i < 2; i++) {
		snprintf(to, sizeof(to), "%s/%s", dir, names[i]);
		snprintf(from, sizeof(from), "%s/%s.crash", dir, names[i]);
		assert_int_equal(rename(from, to), 0);
	}
}

/* What was reserved is lost; more than the limit is never given. */
static void a_crash_gives_no_more_than_the_limit(void **state)
{
	int given = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		start_kept("limit: 100/1d\n");
		given += take(i * 1000, i * 1000 + (i < 3 ? 17 : 200));
		crash();
	}
	assert_in_range(given, 100 - 3 * 13, 100);
}

static void a_jumping_wall_clock_frees_nothing(void **state)
{
	(void)state;
	start_kept("limit: 5/1h\n");
	assert_int_equal(take(0, 5), 5);
	hd_clock_set_offset(INT64_C(10) * 365 * 86400000);
	assert_int_equal(take(10, 12), 0);
	hd_clock_set_offset(-INT64_C(3600000));
	assert_int_equal(take(20, 22), 0);
	end_kept();
}

static void a_changed_limit_keeps_what_was_used(void **state)
{
	(void)state;
	start_kept("limit: 5/1d\n");
	assert_int_equal(take(0, 5), 5);
	stop_instance(); /* as a reload does */
	start_instance("limit: 7/1d\n");
	assert_int_equal(take(10, 20), 2);
	end_kept();
}

/* ---- the cache's file ---- */

static void answers_outlive_a_restart(void **state)
{
	struct seen a, b;

	(void)state;
	start_kept("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	ask_and_wait(DOMAIN, "none-1", &b);
	ask_and_wait(USER, "ok-ann", &b);
	end_kept();
	start_kept("");
	ask(DOMAIN, "ok-1", &a);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.outcome, HD_HIT);
	assert_int_equal(a.batch, 1);
	ask(DOMAIN, "none-1", &b);
	assert_int_equal(b.outcome, HD_CLEAN);
	ask_and_wait(USER, "ok-ann", &b);
	assert_int_equal(b.call, 1); /* the first of this process */
	end_kept();
	hd_clock_set_offset(61000); /* over the TTL of 60 s */
	start_kept("");
	ask(DOMAIN, "ok-1", &a);
	assert_int_equal(a.count, 0);
	turn_until(&a.count, 1);
	end_kept();
}

static void spoil(long at, const char *bytes, size_t n)
{
	char file[300];
	FILE *f;

	snprintf(file, sizeof(file), "%s/cache.db", dir);
	f = fopen(file, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void a_damaged_cache_is_made_anew(void **state)
{
	char rubbish[8192];
	struct seen a;

	(void)state;
	memset(rubbish, 'x', sizeof(rubbish));
	start_kept("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	end_kept();
	spoil(0, rubbish, sizeof(rubbish));
	start_kept("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	assert_int_equal(a.call, 1);
	end_kept();
	start_kept("");
	ask(DOMAIN, "ok-1", &a);
	assert_int_equal(a.count, 1); /* it works again */
	end_kept();
}

/* Every byte of the file in turn: what is given out is what was written. */
static void a_changed_answer_is_not_given_out(void **state)
{
	struct seen a;
	char file[300];
	long size, at;
	FILE *f;
	char *all;

	(void)state;
	start_kept("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	end_kept();
	snprintf(file, sizeof(file), "%s/cache.db", dir);
	f = fopen(file, "rb");
	assert_non_null(f);
	all = calloc(1, 1 << 20);
	size = (long)fread(all, 1, 1 << 20, f);
	fclose(f);
	for (at = 0; at < size; at++)
		if (memcmp(all + at, "\"batch\":1", 9) == 0)
			break;
	free(all);
	assert_true(at < size);
	spoil(at + 8, "7", 1);
	start_kept("");
	ask_and_wait(DOMAIN, "ok-1", &a);
	assert_int_equal(a.batch, 1); /* asked anew */
	end_kept();
}

/* ---- the end ---- */

static void forgotten_while_asking(void **state)
{
	struct seen queued[3], held;
	char value[48];

	(void)state;
	start("max_in_flight: 1\n");
	ask(HOST, "held-1.example.org", &held);
	for (int i = 0; i < 3; i++) {
		snprintf(value, sizeof(value), "ok-%d.example.org", i);
		ask(HOST, value, &queued[i]);
	}
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	stop_instance();
	assert_int_equal(held.count, 1);
	assert_int_equal(held.outcome, HD_MISSING);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(queued[i].count, 1);
		assert_int_equal(queued[i].outcome, HD_MISSING);
	}
}

static void forgotten_between_two_tries(void **state)
{
	struct seen a;

	(void)state;
	start("retries: 5\n");
	ask(DOMAIN, "again-1", &a);
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(a.count, 0);
	stop_instance();
	assert_int_equal(a.count, 1);
	assert_string_equal(a.reason, "its connector was stopped");
}

static void ten_thousand_questions(void **state)
{
	enum { N = 10000 };
	struct seen *seen = calloc(N, sizeof(*seen));
	char value[32];

	(void)state;
	assert_non_null(seen);
	start("");
	for (int i = 0; i < N; i++) {
		snprintf(value, sizeof(value), "ok-%d", i);
		ask(DOMAIN, value, &seen[i]);
	}
	for (int i = 0; i < N; i++) {
		turn_until(&seen[i].count, 1);
		assert_int_equal(seen[i].outcome, HD_HIT);
	}
	free(seen);
}

static void questions_of_one_connector_are_bounded(void **state)
{
	enum { N = 20001 };
	struct seen *seen = calloc(N, sizeof(*seen));
	char value[48];

	(void)state;
	assert_non_null(seen);
	start("max_in_flight: 1\n");
	for (int i = 0; i < N; i++) {
		snprintf(value, sizeof(value), "held-%d.example.org", i);
		ask(HOST, value, &seen[i]);
	}
	assert_int_equal(seen[N - 2].count, 0);
	assert_int_equal(seen[N - 1].count, 1);
	assert_string_equal(seen[N - 1].reason,
			    "too many questions are under way");
	stop_instance();
	assert_int_equal(seen[0].count, 1);
	free(seen);
}

/* ---- policy ---- */

static void values_that_must_stay_are_not_asked(void **state)
{
	struct seen a;

	(void)state;
	start("");
	ask_with((struct hd_ask){ .key = HOST, .red = true },
		 "ok-1.example.org", &a);
	assert_int_equal(a.outcome, HD_NOT_APPLICABLE);
	ask_with((struct hd_ask){ .key = HOST, .own = true },
		 "ok-1.example.org", &a);
	assert_int_equal(a.outcome, HD_NOT_APPLICABLE);
	ask_with((struct hd_ask){ .key = DOMAIN, .own = true, .red = true },
		 "ok-1.example.org", &a); /* a key that stays inside */
	turn_until(&a.count, 1);
	assert_int_equal(a.outcome, HD_HIT);
}

static int group_set_up(void **state)
{
	const struct hd_risk_levels levels = { 20, 40, 60, 80 };
	struct hd_err err;

	(void)state;
	help_make_dir(dir, sizeof(dir));
	help_copy_plugin("asked", dir, "asked");
	module = hd_module_load(dir, "asked", &err);
	help_remove_dir(dir);
	if (!module)
		fail_msg("%s", err.text);
	uv_loop_init(&loop);
	expr = hd_expr_env_new(&levels, "UTC");
	client = hd_http_client_new(&loop, NULL, &err);
	return client ? 0 : -1;
}

static int group_tear_down(void **state)
{
	(void)state;
	hd_http_client_free(client, NULL, NULL);
	hd_expr_env_free(expr);
	while (uv_run(&loop, UV_RUN_NOWAIT) != 0)
		;
	return uv_loop_close(&loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_questions_are_asked_once),
		TEST(batches_are_filled_and_no_larger_than_declared),
		TEST(lingers_only_while_a_call_is_under_way),
		TEST(a_rare_question_does_not_linger),
		TEST(no_more_calls_than_max_in_flight),
		TEST(answers_are_remembered),
		TEST(ttl_zero_is_never_remembered),
		TEST(cache_ttl_of_nothing_remembers_nothing),
		TEST(context_makes_another_question),
		TEST(a_late_answer_is_remembered),
		TEST(one_that_leaves_is_not_told_and_the_answer_is_kept),
		TEST(passing_trouble_is_tried_again),
		TEST(no_more_tries_than_allowed),
		TEST(no_try_after_the_deadline),
		TEST(retry_after_holds_that_question_alone),
		TEST(a_spent_quota_of_the_service_holds_it),
		TEST(failures_in_a_row_open_the_breaker),
		TEST(an_open_breaker_ends_what_is_queued),
		TEST(refused_credentials_stop_it_without_another_try),
		TEST(a_spent_limit_is_missing_with_its_time),
		TEST(each_try_counts),
		TEST(a_limit_outlives_an_orderly_restart),
		TEST(a_crash_gives_no_more_than_the_limit),
		TEST(a_jumping_wall_clock_frees_nothing),
		TEST(a_changed_limit_keeps_what_was_used),
		TEST(answers_outlive_a_restart),
		TEST(a_damaged_cache_is_made_anew),
		TEST(a_changed_answer_is_not_given_out),
		TEST(forgotten_while_asking),
		TEST(forgotten_between_two_tries),
		TEST(ten_thousand_questions),
		TEST(questions_of_one_connector_are_bounded),
		TEST(values_that_must_stay_are_not_asked),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
