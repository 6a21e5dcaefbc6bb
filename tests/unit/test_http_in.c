/* http_in: signatures, batches, and senders that guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/content.h"
#include "common/strikes.h"
#include "core/plugin/instance_impl.h"
#include "http_in/batch.h"
#include "http_in/signature.h"

static herald_host h;
static struct http_in_batch batch;

/* ---- GitHub's way: the example of its documentation ---- */

#define GITHUB_KEY HERALD_S("It's a Secret to Everybody")
#define GITHUB_BODY HERALD_S("Hello, World!")
#define GITHUB_MAC \
	"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static void githubs_own_example_is_sound(void **state)
{
	(void)state;
	assert_true(http_in_github_is_sound(GITHUB_KEY, "sha256=" GITHUB_MAC,
					    GITHUB_BODY));
}

static const char *const unsound[] = {
	NULL,
	"",
	"sha256=",
	GITHUB_MAC,
	"sha1=" GITHUB_MAC, /* a13 */
	"SHA256=" GITHUB_MAC,
	"sha256= " GITHUB_MAC,
	"sha256=" GITHUB_MAC " ",
	"sha256="
	"757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
	"sha256="
	"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
};

static void anything_else_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsound) / sizeof(unsound[0]); i++) {
		if (http_in_github_is_sound(GITHUB_KEY, unsound[i],
					    GITHUB_BODY))
			fail_msg("'%s'", unsound[i] ? unsound[i] : "(null)");
	}
	/* a04, a14: other bytes, other message. */
	assert_false(http_in_github_is_sound(GITHUB_KEY, "sha256=" GITHUB_MAC,
					     HERALD_S("Hello, World! ")));
	assert_false(http_in_github_is_sound(
		HERALD_S("another key"), "sha256=" GITHUB_MAC, GITHUB_BODY));
}

/* ---- Standard Webhooks: the example of its reference libraries ---- */

#define KEY HERALD_S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
#define BODY HERALD_S("{\"test\": 2432232314}")
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME "1614265330"
#define MAC "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static bool standard(const char *id, const char *time, const char *signature)
{
	const char *const headers[] = {
		"webhook-id",
		id,
		"webhook-timestamp",
		time,
		"webhook-signature",
		signature,
		NULL,
	};

	return http_in_standard_is_sound(KEY, headers, BODY);
}

static const struct {
	const char *id, *time, *signature;
	bool sound;
} standards[] = {
	{ ID, TIME, MAC, true },
	{ ID, TIME, "v1,AAAA " MAC, true }, /* a09 */
	{ ID, TIME, MAC " v2,AAAA", true },
	{ ID, TIME, "v1a," MAC, false }, /* a10 */
	{ ID, TIME, "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false },
	{ ID, TIME, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false },
	{ ID, TIME,
	  "v1, g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false }, /* a11 */
	{ ID, TIME,
	  "v1,g0hM9SsE+OTPJTGt/tmIKtSy\nZlE3uFJELVlNIOLJ1OE=", false },
	{ ID, TIME, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false },
	{ ID, TIME, "", false },
	{ ID, TIME, " ", false },
	{ ID, "1614265331", MAC, false },
	{ "msg_other", TIME, MAC, false },
	{ "", TIME, MAC, false },
	/* What is signed is the same text; what it means is not. */
	{ ID "." TIME, "{\"test\": 2432232314}", MAC, false },
};

static void one_sound_signature_is_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(standards) / sizeof(standards[0]); i++) {
		if (standard(standards[i].id, standards[i].time,
			     standards[i].signature) != standards[i].sound)
			fail_msg("row %zu: %s", i, standards[i].signature);
	}
	assert_false(http_in_standard_is_sound(KEY, NULL, BODY));
}

static const struct {
	const char *time;
	bool timely;
} times[] = {
	{ "1700000000", true },
	{ "1699999700", true },
	{ "1699999699", false }, /* a05 */
	{ "1700000300", true },
	{ "1700000301", false },
	{ "1e9", false },
	{ "-1", false }, /* a07 */
	{ " 1700000000", false },
	{ "1700000000 ", false },
	{ "+1700000000", false },
	{ "1700000000.0", false },
	{ "", false },
	{ "99999999999999999999", false },
	{ "0", false },
};

static void a_timestamp_is_a_plain_number_near_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const char *const headers[] = { "webhook-timestamp",
						times[i].time, NULL };

		if (http_in_standard_is_timely(headers, 1700000000) !=
		    times[i].timely)
			fail_msg("'%s'", times[i].time);
	}
	assert_false(http_in_standard_is_timely(NULL, 1700000000));
}

/* ---- batches ---- */

static const struct {
	const char *body, *parts[4];
} splits[] = {
	{ "[{\"a\":1},{\"b\":2}]", { "{\"a\":1}", "{\"b\":2}" } },
	{ " [ {\"a\": 1} , 7,\"x,]\" ] ", { "{\"a\": 1}", "7", "\"x,]\"" } },
	{ "{\"a\":1}\n{\"b\":2}\n", { "{\"a\":1}", "{\"b\":2}" } },
	{ "{\"a\":1}{\"b\":2}", { "{\"a\":1}", "{\"b\":2}" } },
	{ "{\"a\":1}", { "{\"a\":1}" } },
	{ "[]", { NULL } },
	{ "[ ]", { NULL } },
	/* What is broken is one alert, kept whole for a person. */
	{ "[{\"a\":1},{\"b\":2}", { "[{\"a\":1},{\"b\":2}" } },
	{ "[{\"a\":1},]", { "[{\"a\":1},]" } },
	{ "[{\"a\":1} {\"b\":2}]", { "[{\"a\":1} {\"b\":2}]" } },
	{ "[,]", { "[,]" } },
	{ "{\"a\":1},{\"b\":2}", { "{\"a\":1},{\"b\":2}" } },
	{ "{\"a\":1}\n{\"b\":", { "{\"a\":1}\n{\"b\":" } },
	{ "nonsense", { "nonsense" } },
};

static void a_batch_is_split_into_its_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
		size_t n = 0;

		http_in_batch_split(&batch, &h, herald_cstr(splits[i].body));
		for (; n < 4 && splits[i].parts[n]; n++) {
			herald_str json = batch.records[n].json;

			assert_true(n < batch.n);
			if (json.n != strlen(splits[i].parts[n]) ||
			    memcmp(json.p, splits[i].parts[n], json.n) != 0)
				fail_msg("%s: part %zu", splits[i].body, n);
		}
		if (batch.n != n || batch.too_many)
			fail_msg("%s: %u parts", splits[i].body, batch.n);
	}
}

static void a_batch_is_bounded(void **state)
{
	static char body[4 * HTTP_IN_BATCH_MAX + 16];
	size_t n = 0;

	(void)state;
	body[n++] = '[';
	for (size_t i = 0; i < HTTP_IN_BATCH_MAX; i++) {
		memcpy(body + n, "{},", 3);
		n += 3;
	}
	body[n - 1] = ']';
	http_in_batch_split(&batch, &h, (herald_str){ body, n });
	assert_int_equal(batch.n, HTTP_IN_BATCH_MAX);
	assert_false(batch.too_many);
	memcpy(body + n - 1, ",{}]", 4);
	http_in_batch_split(&batch, &h, (herald_str){ body, n + 3 });
	assert_true(batch.too_many);
}

static void a_list_inside_gives_rows_of_the_whole(void **state)
{
	herald_str body = HERALD_S("{\"by\":\"x\",\"alerts\":[{},{\"a\":1}]}");

	(void)state;
	http_in_batch_list(&batch, &h, body, "/alerts");
	assert_int_equal(batch.n, 2);
	assert_string_equal(batch.records[0].row, "/alerts/0");
	assert_string_equal(batch.records[1].row, "/alerts/1");
	assert_ptr_equal(batch.records[1].json.p, body.p);
	http_in_batch_list(&batch, &h, body, "/none");
	assert_int_equal(batch.n, 1);
	assert_null(batch.records[0].row);
	http_in_batch_list(&batch, &h, HERALD_S("{\"alerts\":["), "/alerts");
	assert_int_equal(batch.n, 1);
	http_in_batch_list(&batch, &h, HERALD_S("{\"alerts\":[]}"), "/alerts");
	assert_int_equal(batch.n, 0);
}

/* ---- guessing ---- */

static void who_guesses_is_turned_away_for_a_minute(void **state)
{
	static struct hp_strikes strikes;
	const herald_str bad = HERALD_S("192.0.2.1:4711");
	const herald_str same = HERALD_S("192.0.2.1:815");
	const herald_str other = HERALD_S("192.0.2.10:4711");
	int i;

	(void)state;
	for (i = 1; i < HP_STRIKES_LIMIT; i++)
		assert_false(hp_strikes_add(&strikes, bad, 1000));
	assert_int_equal(hp_strikes_wait_ms(&strikes, bad, 1000), 0);
	assert_true(hp_strikes_add(&strikes, bad, 2000));
	assert_false(hp_strikes_add(&strikes, bad, 2000));
	assert_int_equal(hp_strikes_wait_ms(&strikes, same, 2000), 59000);
	assert_int_equal(hp_strikes_wait_ms(&strikes, other, 2000), 0);
	assert_int_equal(hp_strikes_wait_ms(&strikes, bad, 61000), 0);
	/* A new minute begins at none. */
	assert_false(hp_strikes_add(&strikes, bad, 61000));
	assert_int_equal(hp_strikes_wait_ms(&strikes, bad, 61000), 0);
}

static void many_addresses_do_not_grow_the_table(void **state)
{
	static struct hp_strikes strikes;
	char peer[64];
	int i, k;

	(void)state;
	for (i = 0; i < 3 * HP_STRIKES_ROWS; i++) {
		snprintf(peer, sizeof(peer), "[2001:db8::%x]:1", i + 1);
		for (k = 0; k < HP_STRIKES_LIMIT; k++)
			hp_strikes_add(&strikes, herald_cstr(peer), i);
		assert_true(hp_strikes_wait_ms(&strikes, herald_cstr(peer), i) >
			    0);
	}
	assert_int_equal(hp_strikes_wait_ms(&strikes,
					    HERALD_S("[2001:db8::1]:1"), i),
			 0);
}

/* ---- content types ---- */

static const struct {
	const char *type;
	bool json;
} types[] = {
	{ NULL, true },
	{ "", true },
	{ "application/json", true },
	{ "Application/JSON ; charset=utf-8", true },
	{ "text/json", true },
	{ "application/x-ndjson", true },
	{ "application/cloudevents+json", true },
	{ "+json", false },
	{ "application/jsonx", false },
	{ "text/plain", false },
	{ "application/x-www-form-urlencoded", false },
};

static void json_has_several_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (hp_content_is_json(types[i].type) != types[i].json)
			fail_msg("'%s'",
				 types[i].type ? types[i].type : "(null)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(githubs_own_example_is_sound),
		cmocka_unit_test(anything_else_is_not),
		cmocka_unit_test(one_sound_signature_is_enough),
		cmocka_unit_test(a_timestamp_is_a_plain_number_near_ours),
		cmocka_unit_test(a_batch_is_split_into_its_bytes),
		cmocka_unit_test(a_batch_is_bounded),
		cmocka_unit_test(a_list_inside_gives_rows_of_the_whole),
		cmocka_unit_test(who_guesses_is_turned_away_for_a_minute),
		cmocka_unit_test(many_addresses_do_not_grow_the_table),
		cmocka_unit_test(json_has_several_names),
	};

	hd_host_fill_json(&h);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
