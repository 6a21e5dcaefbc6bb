#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <herald/plugin.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/pipeline/asked.h"
#include "tests/unit/json_help.h"

/* Answers that are about the same things, so that whose is merged first
 * matters: only the order of (connector, type, value) may decide. */
static const struct said {
	const char *connector;
	unsigned order;
	enum hd_kind kind;
	const char *value, *enrichment, *fills;
	enum hd_outcome outcome;
	const char *result;
} said[] = {
	{ "misp", 0, HD_KIND_IP, "198.51.100.1", "threat_intel", NULL, HD_HIT,
	  "{'reputation': {'base_score': 2, 'score_id': 9}, 'data': {'n': 1},"
	  " 'labels': ['tlp:amber']}" },
	{ "vt", 1, HD_KIND_IP, "198.51.100.1", "reputation", "location", HD_HIT,
	  "{'reputation': {'base_score': 70, 'score_id': 10},"
	  " 'location': {'country': 'DE'}, 'labels': ['vt']}" },
	{ "geo", 2, HD_KIND_IP, "198.51.100.1", "location", "location", HD_HIT,
	  "{'location': {'country': 'FR', 'city': 'Lyon'}}" },
	{ "misp", 0, HD_KIND_IP, "198.51.100.2", "threat_intel", NULL, HD_CLEAN,
	  NULL },
	{ "vt", 1, HD_KIND_IP, "198.51.100.2", "reputation", "location",
	  HD_MISSING, NULL },
	{ "ad", 3, HD_KIND_USER, "ann", "identity", "user", HD_HIT,
	  "{'user': {'full_name': 'Ann A', 'groups': [{'name': 'g'}]}}" },
	{ "hr", 4, HD_KIND_USER, "ann", "identity", "user", HD_HIT,
	  "{'user': {'full_name': 'Ann B', 'email_addr': 'ann@b.example'}}" },
	{ "ad", 3, HD_KIND_USER, "bob", "identity", "user", HD_MISSING, NULL },
	{ "hr", 4, HD_KIND_USER, "bob", "identity", "user", HD_CLEAN, NULL },
	{ "cmdb", 5, HD_KIND_HOST, "srv.example", "asset", "device", HD_HIT,
	  "{'device': {'risk_level_id': 4}, 'observables': [{'type': 'ip',"
	  " 'value': '192.0.2.9'}]}" },
	{ "edr", 6, HD_KIND_HOST, "srv.example", "asset", "device", HD_HIT,
	  "{'device': {'risk_level_id': 1, 'os': {'name': 'x',"
	  " 'type_id': 200}}}" },
	{ "vt", 1, HD_KIND_HOST, "srv.example", "reputation", NULL,
	  HD_NOT_APPLICABLE, NULL },
};
#define SAID (sizeof(said) / sizeof(said[0]))

#define RECORD                                                           \
	"{'device': {'hostname': 'srv.example'}, 'evidences': [{'user':" \
	" {'name': 'ann'}, 'src_endpoint': {'ip': '198.51.100.1'}},"     \
	" {'user': {'name': 'bob'}, 'src_endpoint': {'ip':"              \
	" '198.51.100.2'}}]}"

static json_t *finding(void)
{
	static const struct hd_record_origin origin = { .id = "i",
							.received_ms = 1 };
	json_t *record = json_of(RECORD);

	hd_record_complete(record, &origin, "raw", 3);
	return record;
}

static struct hd_answer *answer_of(const struct said *s)
{
	json_t *result = s->result ? json_of(s->result) : NULL;
	struct hd_answer *answer = hd_answer_new(
		s->outcome, HERALD_OK, result,
		s->outcome == HD_MISSING ? "timed out" : NULL, 7, 3);

	json_decref(result);
	return answer;
}

static void shuffle(size_t order[SAID], unsigned *seed)
{
	for (size_t i = 0; i < SAID; i++)
		order[i] = i;
	for (size_t i = SAID; i-- > 1;) {
		size_t other = (size_t)rand_r(seed) % (i + 1);
		size_t kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
}

static char *text_of(const json_t *value)
{
	struct hd_buf text;

	hd_buf_init(&text, 1 << 20);
	hd_json_write(&text, value, 0);
	return hd_buf_steal(&text);
}

/* Asks in one order, is answered in another: record and answers as text. */
static char *run(const size_t asked_in[SAID], const size_t answered_in[SAID])
{
	struct hd_asked asked;
	json_t *record = finding(), *answers, *all;
	size_t at[SAID];
	char *text;

	hd_asked_init(&asked);
	for (size_t i = 0; i < SAID; i++) {
		const struct said *s = &said[asked_in[i]];

		at[asked_in[i]] = hd_asked_add(&asked, s->connector, s->kind,
					       s->value, s->enrichment,
					       s->fills, s->order);
		hd_asked_mention(&asked, s->connector);
	}
	for (size_t i = 0; i < SAID; i++)
		asked.items[at[answered_in[i]]].answer = answer_of(
			&said[answered_in[i]]);
	hd_asked_merge(&asked, 0, record);
	answers = hd_asked_json(&asked);
	all = json_pack("[O, O, O]", record, answers, asked.enrich);
	text = text_of(all);
	json_decref(all);
	json_decref(answers);
	json_decref(record);
	hd_asked_fini(&asked);
	return text;
}

/* Members of `enrich` are made when their connector is asked, so only answers
 * come in another order there. */
static void who_answers_first_changes_nothing(void **state)
{
	size_t in_order[SAID], order[SAID];
	unsigned seed = 4711;
	char *first, *text;

	(void)state;
	for (size_t i = 0; i < SAID; i++)
		in_order[i] = i;
	first = run(in_order, in_order);
	assert_non_null(strstr(first, "Ann A"));
	assert_non_null(strstr(first, "\"full_name\":\"Ann A\""));
	for (int i = 0; i < 1000; i++) {
		shuffle(order, &seed);
		text = run(in_order, order);
		if (strcmp(text, first) != 0)
			fail_msg("round %d:\n%s\n%s", i, text, first);
		free(text);
	}
	free(first);
}

static json_t *record_of(const size_t order[SAID])
{
	char *text = run(order, order);
	json_t *all = json_loads(text, 0, NULL);
	json_t *record = json_incref(json_array_get(all, 0));

	json_decref(all);
	free(text);
	return record;
}

static void who_is_asked_first_does_not_change_the_record(void **state)
{
	size_t order[SAID];
	unsigned seed = 17;
	json_t *first, *record;

	(void)state;
	for (size_t i = 0; i < SAID; i++)
		order[i] = i;
	first = record_of(order);
	for (int i = 0; i < 1000; i++) {
		shuffle(order, &seed);
		record = record_of(order);
		assert_true(json_equal(record, first));
		json_decref(record);
	}
	json_decref(first);
}

static void add_answered(struct hd_asked *asked, const struct said *s)
{
	size_t at = hd_asked_add(asked, s->connector, s->kind, s->value,
				 s->enrichment, s->fills, s->order);

	asked->items[at].answer = answer_of(s);
}

static void a_clean_answer_is_a_word_where_it_judges(void **state)
{
	struct hd_asked asked;
	json_t *record = finding();

	(void)state;
	hd_asked_init(&asked);
	add_answered(&asked, &said[3]); /* misp, clean */
	add_answered(&asked, &said[8]); /* hr, clean */
	hd_asked_merge(&asked, 0, record);
	assert_true(json_same(
		json_object_get(asked.enrich, "misp"),
		"[{'value': '198.51.100.2', 'type': 'ip', 'status': 'clean',"
		" 'data': {}, 'reputation': {'base_score': 0.0,"
		" 'score_id': 0}}]"));
	assert_true(json_same(json_object_get(asked.enrich, "hr"),
			      "[{'value': 'bob', 'type': 'user', 'status':"
			      " 'clean', 'data': {}}]"));
	assert_int_equal(asked.missing_count, 0);
	json_decref(record);
	hd_asked_fini(&asked);
}

static void what_is_missing_is_told_with_what_it_fills(void **state)
{
	struct hd_asked asked;
	json_t *record = finding();

	(void)state;
	hd_asked_init(&asked);
	add_answered(&asked, &said[4]); /* vt, missing */
	hd_asked_merge(&asked, 0, record);
	assert_int_equal(asked.missing_count, 1);
	assert_string_equal(asked.missing[0].connector, "vt");
	assert_string_equal(asked.missing[0].fills, "location");
	assert_string_equal(asked.missing[0].kind, "reputation");
	assert_string_equal(asked.missing[0].types, "ip");
	assert_string_equal(asked.missing[0].reason, "timed out");
	assert_true(json_same(json_object_get(asked.enrich, "vt"), "[]"));
	json_decref(record);
	hd_asked_fini(&asked);
}

/* Its shape is not one that the record can hold: as if it had not come. */
static void an_answer_of_the_wrong_shape_is_missing(void **state)
{
	static const struct said wrong = { "ad",	 0,
					   HD_KIND_USER, "ann",
					   "identity",	 "user",
					   HD_HIT,	 "{'user': ['ann']}" };
	struct hd_asked asked;
	json_t *record = finding(), *before = json_deep_copy(record);

	(void)state;
	hd_asked_init(&asked);
	add_answered(&asked, &wrong);
	hd_asked_merge(&asked, 0, record);
	assert_int_equal(asked.missing_count, 1);
	assert_true(json_equal(record, before));
	json_decref(before);
	json_decref(record);
	hd_asked_fini(&asked);
}

static void the_journal_brings_it_all_back(void **state)
{
	struct hd_asked asked, again;
	json_t *record = finding(), *kept;

	(void)state;
	hd_asked_init(&asked);
	hd_asked_init(&again);
	for (size_t i = 0; i < SAID; i++)
		add_answered(&asked, &said[i]);
	hd_asked_mention(&asked, "silent");
	hd_asked_merge(&asked, 0, record);
	kept = hd_asked_json(&asked);
	hd_asked_restore(&again, kept);
	assert_true(json_equal(again.enrich, asked.enrich));
	assert_true(json_object_get(again.enrich, "silent") != NULL);
	assert_int_equal(again.missing_count, asked.missing_count);
	for (size_t i = 0; i < asked.missing_count; i++) {
		assert_string_equal(again.missing[i].connector,
				    asked.missing[i].connector);
		assert_string_equal(again.missing[i].reason,
				    asked.missing[i].reason);
	}
	json_decref(kept);
	json_decref(record);
	hd_asked_fini(&asked);
	hd_asked_fini(&again);
}

static void each_value_is_asked_about_once(void **state)
{
	struct hd_asked asked;

	(void)state;
	hd_asked_init(&asked);
	hd_asked_add(&asked, "vt", HD_KIND_IP, "1.1.1.1", NULL, NULL, 0);
	assert_true(hd_asked_has(&asked, "vt", HD_KIND_IP, "1.1.1.1"));
	assert_false(hd_asked_has(&asked, "vt", HD_KIND_HOST, "1.1.1.1"));
	assert_false(hd_asked_has(&asked, "vt", HD_KIND_IP, "1.1.1.2"));
	assert_false(hd_asked_has(&asked, "misp", HD_KIND_IP, "1.1.1.1"));
	hd_asked_fini(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_first_changes_nothing),
		cmocka_unit_test(who_is_asked_first_does_not_change_the_record),
		cmocka_unit_test(a_clean_answer_is_a_word_where_it_judges),
		cmocka_unit_test(what_is_missing_is_told_with_what_it_fills),
		cmocka_unit_test(an_answer_of_the_wrong_shape_is_missing),
		cmocka_unit_test(the_journal_brings_it_all_back),
		cmocka_unit_test(each_value_is_asked_about_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
