/* What Active Directory sends, read: SIDs, times, flags, results, filters, and
 * the order of SRV records.  Expected values are those of fixtures/ldap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <ldap.h>

#include "common/ad_account.h"
#include "common/ad_time.h"
#include "common/base64.h"
#include "common/ldap_entry.h"
#include "common/ldap_filter.h"
#include "common/ldap_outcome.h"
#include "common/sid.h"
#include "common/srv.h"
#include "common/uac.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static json_t *fixture(const char *name)
{
	char path[512];
	json_error_t error;
	json_t *value;

	snprintf(path, sizeof(path), TEST_SRCDIR "/fixtures/ldap/%s", name);
	value = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (!value)
		fail_msg("%s: %s", path, error.text);
	return value;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- identifiers ---- */

/* user-alice-tokengroups.ldif and what its comment says of them. */
static const struct {
	const char *base64, *sid;
} sids[] = {
	{ "AQUAAAAAAAUVAAAAZaxkaYW5i2rVAnNxUwQAAA==",
	  "S-1-5-21-1768205413-1787541893-1903362773-1107" },
	{ "AQUAAAAAAAUVAAAAZaxkaYW5i2rVAnNxAQIAAA==",
	  "S-1-5-21-1768205413-1787541893-1903362773-513" },
	{ "AQIAAAAAAAUgAAAAIQIAAA==", "S-1-5-32-545" },
	{ "AQEAAAAAAAUSAAAA", "S-1-5-18" },
};

static herald_str decode(const char *base64, unsigned char *out)
{
	size_t n;

	assert_true(hp_base64_read(herald_cstr(base64), out, &n));
	return (herald_str){ (const char *)out, n };
}

static void sid_reads_as_the_directory_means_it(void **state)
{
	unsigned char bytes[64];
	char text[HP_SID_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(sids); i++) {
		assert_true(hp_sid_text(decode(sids[i].base64, bytes), text));
		assert_string_equal(text, sids[i].sid);
		assert_true(hp_sid_is_text(herald_cstr(text)));
	}
}

static void bytes_that_are_no_sid_are_refused(void **state)
{
	unsigned char bytes[64];
	herald_str sid = decode(sids[0].base64, bytes);
	char text[HP_SID_TEXT];

	(void)state;
	for (size_t n = 0; n < sid.n; n++)
		assert_false(hp_sid_text((herald_str){ sid.p, n }, text));
	bytes[sid.n] = 0;
	assert_false(hp_sid_text((herald_str){ sid.p, sid.n + 1 }, text));
	bytes[0] = 2;
	assert_false(hp_sid_text(sid, text));
	bytes[0] = 1;
	bytes[1] = 255;
	assert_false(hp_sid_text(sid, text));
	assert_string_equal(text, "");
}

static void text_that_is_no_sid_is_refused(void **state)
{
	static const char many[] =
		"S-1-5-21-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16";
	static const char *const no[] = {
		"",	   "S-1",	  "S-1-",	  "S-1-5",
		"S-1-5-",  "S-1-5-21-",	  "S-1-5--21",	  "S-2-5-21",
		"S-1-5-x", "S-1-5-21 ",	  "S-1-5-21)(x=*", "alice",
		many,	   "S-1-5-21-4294967296",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++)
		if (hp_sid_is_text(herald_cstr(no[i])))
			fail_msg("'%s' was taken for a SID", no[i]);
	assert_true(hp_sid_is_text(herald_cstr("s-1-5-21-4294967295")));
}

static void rid_is_of_a_domain_only(void **state)
{
	static const char admins[] = "S-1-5-21-1-2-3-512";

	(void)state;
	assert_int_equal(hp_sid_rid(admins), 512);
	assert_int_equal(hp_sid_rid("S-1-5-32-544"), 0);
	assert_int_equal(hp_sid_rid("alice"), 0);
	assert_true(hp_sid_is(admins, HERALD_S("512")));
	assert_true(hp_sid_is(admins, HERALD_S("s-1-5-21-1-2-3-512")));
	assert_false(hp_sid_is(admins, HERALD_S("12")));
	assert_false(hp_sid_is("S-1-5-32-544", HERALD_S("544")));
	assert_true(hp_sid_is("S-1-5-32-544", HERALD_S("S-1-5-32-544")));
}

/* outcomes.json, the last filter. */
static void guid_has_three_fields_the_other_way_round(void **state)
{
	static const char want[] = "195d28c7-908c-4c3f-b701-c78d87bc754c";
	unsigned char bytes[64];
	char text[HP_GUID_TEXT];
	struct hp_text filter;

	(void)state;
	assert_true(hp_guid_text(decode("xyhdGYyQP0y3AceNh7x1TA==", bytes),
				 text));
	assert_string_equal(text, want);
	assert_true(hp_guid_is_text(herald_cstr(text)));
	assert_false(hp_guid_is_text(
		HERALD_S("195d28c7-908c-4c3f-b701-c78d87bc754)")));
	assert_false(hp_guid_is_text(HERALD_S("195d28c7")));
	hp_text_init(&filter, 100);
	hp_filter_guid(&filter, want);
	assert_string_equal(hp_text_str(&filter).p,
			    "(objectGUID=\\c7\\28\\5d\\19\\8c\\90\\3f\\4c\\b7"
			    "\\01\\c7\\8d\\87\\bc\\75\\4c)");
	hp_text_fini(&filter);
}

/* ---- times ---- */

static void filetime_is_as_recorded(void **state)
{
	json_t *all = fixture("filetime.json");
	const json_t *pair;
	size_t i, timed = 0;

	(void)state;
	json_array_foreach(json_object_get(all, "pairs"), i, pair) {
		const char *text = text_of(pair, "filetime");
		const json_t *unix_s = json_object_get(pair, "unix");
		int64_t ms = -1;

		assert_int_equal(hp_filetime_ms(herald_cstr(text), &ms),
				 unix_s != NULL);
		if (!unix_s)
			continue;
		timed++;
		assert_int_equal(ms,
				 (int64_t)(json_number_value(unix_s) * 1000));
	}
	assert_int_equal(timed, 2);
	json_decref(all);
}

static void what_is_no_number_is_no_time(void **state)
{
	static const char *const no[] = { "", "-", "1x", " 1", "1 ",
					  "9223372036854775808",
					  "-9223372036854775809" };
	int64_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(hp_number64(herald_cstr(no[i]), &n));
	assert_true(hp_number64(HERALD_S("-9223372036854775808"), &n));
	assert_true(n == INT64_MIN);
	assert_true(hp_number64(HERALD_S("9223372036854775807"), &n));
	assert_true(n == INT64_MAX);
}

/* 2026-11-25 01:06:22 UTC is 1795568782: by date -d. */
static void generalized_time_reads(void **state)
{
	static const char *const no[] = { "20261125010622", "2026112501062Z",
					  "20261325010622Z", "x",
					  "20261125010622.0", "",
					  "20261125010622+0100" };
	int64_t ms;

	(void)state;
	assert_true(hp_generalized_ms(HERALD_S("20261125010622.0Z"), &ms));
	assert_int_equal(ms, INT64_C(1795568782000));
	assert_true(hp_generalized_ms(HERALD_S("19700101000000Z"), &ms));
	assert_int_equal(ms, 0);
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(hp_generalized_ms(herald_cstr(no[i]), &ms));
}

/* ---- flags ---- */

static void every_bit_has_its_name(void **state)
{
	json_t *all = fixture("useraccountcontrol.json");
	json_t *bits = json_object_get(all, "bits");
	const char *name, *found;
	const json_t *value;

	(void)state;
	assert_int_equal(json_object_size(bits), 16);
	json_object_foreach(bits, name, value) {
		uint32_t one = (uint32_t)json_integer_value(value);

		found = hp_uac_next(&one);
		assert_non_null(found);
		assert_string_equal(found, name);
		assert_int_equal(one, 0);
	}
	json_decref(all);
}

static void bits_come_one_by_one(void **state)
{
	uint32_t bits = 66050 | 0x80000000u;

	(void)state;
	assert_string_equal(hp_uac_next(&bits), "ACCOUNTDISABLE");
	assert_string_equal(hp_uac_next(&bits), "NORMAL_ACCOUNT");
	assert_string_equal(hp_uac_next(&bits), "DONT_EXPIRE_PASSWORD");
	assert_null(hp_uac_next(&bits));
}

/* ---- results ---- */

static void refused_binds_say_why(void **state)
{
	json_t *all = fixture("outcomes.json"), *bind;
	const json_t *one;
	const char *code, *reason;
	json_t *words;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "bind"), i, bind) {
		int result = (int)json_integer_value(
			json_object_get(bind, "result"));
		uint32_t status = hp_ldap_status(result, HP_LDAP_BIND);

		assert_int_equal(status,
				 result == 0 ? HERALD_OK : HERALD_AUTH);
	}
	words = json_object_get(all, "bind_sub_codes");
	json_object_foreach(words, code, one) {
		char said[128];

		snprintf(said, sizeof(said),
			 "80090308: LdapErr: DSID-0C0903A9, comment: "
			 "AcceptSecurityContext error, data %s, v1db1",
			 code);
		reason = hp_ldap_bind_reason(said);
		if (!reason)
			fail_msg("nothing is said for %s", code);
	}
	assert_null(hp_ldap_bind_reason("data 5321, v1db1"));
	assert_null(hp_ldap_bind_reason(""));
	json_decref(all);
}

static void results_mean_what_they_mean(void **state)
{
	static const struct {
		int code;
		enum hp_ldap_step step;
		uint32_t status;
	} cases[] = {
		{ LDAP_BUSY, HP_LDAP_READ, HERALD_BUSY },
		{ LDAP_UNAVAILABLE, HP_LDAP_READ, HERALD_RETRY },
		{ LDAP_NO_SUCH_OBJECT, HP_LDAP_READ, HERALD_NOT_FOUND },
		{ LDAP_INSUFFICIENT_ACCESS, HP_LDAP_WRITE, HERALD_FORBIDDEN },
		{ LDAP_INVALID_SYNTAX, HP_LDAP_WRITE, HERALD_BAD_INPUT },
		{ LDAP_INVALID_DN_SYNTAX, HP_LDAP_READ, HERALD_BAD_INPUT },
		{ LDAP_UNWILLING_TO_PERFORM, HP_LDAP_WRITE, HERALD_FAILED },
		{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, HP_LDAP_WRITE,
		  HERALD_UNSUPPORTED },
		/* a read may be repeated, a write whose answer is lost may have
		 * taken place */
		{ LDAP_SERVER_DOWN, HP_LDAP_READ, HERALD_UNREACHABLE },
		{ LDAP_SERVER_DOWN, HP_LDAP_WRITE, HERALD_IN_DOUBT },
		{ LDAP_TIMEOUT, HP_LDAP_READ, HERALD_TIMEOUT },
		{ LDAP_TIMEOUT, HP_LDAP_WRITE, HERALD_IN_DOUBT },
		{ LDAP_ENCODING_ERROR, HP_LDAP_WRITE, HERALD_IN_DOUBT },
		{ LDAP_OTHER, HP_LDAP_WRITE, HERALD_FAILED },
		{ LDAP_REFERRAL, HP_LDAP_READ, HERALD_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(hp_ldap_status(cases[i].code, cases[i].step),
				 cases[i].status);
}

static void words_never_hold_what_is_no_text(void **state)
{
	struct hp_text why;

	(void)state;
	hp_text_init(&why, 1024);
	hp_ldap_words(&why, LDAP_BUSY, "\xff\xfe");
	assert_string_equal(hp_text_str(&why).p, "Server is busy (51)");
	hp_text_fini(&why);
	hp_ldap_words(&why, LDAP_INVALID_CREDENTIALS, "error, data 532, v1");
	assert_string_equal(hp_text_str(&why).p, "Invalid credentials: the "
						 "password has expired (49)");
	hp_text_fini(&why);
}

/* ---- filters ---- */

static void filters_are_as_rfc_4515_says(void **state)
{
	json_t *all = fixture("outcomes.json");
	const json_t *list = json_object_get(all, "filters_rfc4515"), *one;
	struct hp_text filter;
	size_t i, seen = 0;

	(void)state;
	json_array_foreach(list, i, one) {
		const json_t *value = json_object_get(one, "value");

		if (strcmp(json_string_value(value), "objectGUID bytes") == 0)
			continue;
		hp_text_init(&filter, 100);
		hp_filter_value(&filter,
				(herald_str){ json_string_value(value),
					      json_string_length(value) });
		assert_string_equal(hp_text_str(&filter).p,
				    text_of(one, "escaped"));
		hp_text_fini(&filter);
		seen++;
	}
	assert_int_equal(seen, 5);
	json_decref(all);
}

static void no_value_is_more_than_a_value(void **state)
{
	struct hp_text filter;

	(void)state;
	hp_text_init(&filter, 200);
	hp_filter_is(&filter, "sAMAccountName", "",
		     HERALD_S("*)(adminCount=1"));
	assert_string_equal(hp_text_str(&filter).p,
			    "(sAMAccountName=\\2a\\29\\28adminCount=1)");
	hp_text_fini(&filter);
}

/* ---- ranges ---- */

static void ranges_are_read(void **state)
{
	static const struct {
		const char *text;
		bool is;
		size_t n, low, next;
	} cases[] = {
		{ "member;range=0-1499", true, 6, 0, 1500 },
		{ "member;Range=1500-*", true, 6, 1500, 0 },
		{ "tokenGroups", false, 0, 0, 0 },
		{ "member;range=", false, 0, 0, 0 },
		{ "member;range=5", false, 0, 0, 0 },
		{ "member;range=5-4", false, 0, 0, 0 },
		{ "member;range=5-*x", false, 0, 0, 0 },
		{ "member;range=-5-6", false, 0, 0, 0 },
		{ "member;range=0-99999999999999999999", false, 0, 0, 0 },
		{ ";range=0-1", false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = 0, low = 0, next = 0;

		if (hp_range_read(cases[i].text, &n, &low, &next) !=
		    cases[i].is)
			fail_msg("%s", cases[i].text);
		if (!cases[i].is)
			continue;
		assert_int_equal(n, cases[i].n);
		assert_int_equal(low, cases[i].low);
		assert_int_equal(next, cases[i].next);
	}
}

/* ---- SRV ---- */

static uint32_t always_most(void *ud, uint32_t most)
{
	(void)ud;
	return most;
}

static uint32_t always_zero(void *ud, uint32_t most)
{
	(void)ud;
	(void)most;
	return 0;
}

static void srv_goes_by_priority_then_by_chance(void **state)
{
	static const struct hp_srv given[] = {
		{ "late", 389, 10, 100 },
		{ "light", 389, 0, 10 },
		{ "none", 389, 0, 0 },
		{ "heavy", 389, 0, 90 },
	};
	struct hp_srv items[COUNT(given)];

	(void)state;
	memcpy(items, given, sizeof(given));
	hp_srv_order(items, COUNT(items), always_most, NULL);
	assert_string_equal(items[0].host, "heavy");
	assert_string_equal(items[3].host, "late");
	memcpy(items, given, sizeof(given));
	hp_srv_order(items, COUNT(items), always_zero, NULL);
	assert_string_equal(items[0].host, "none");
	assert_string_equal(items[3].host, "late");
	hp_srv_order(items, 0, always_zero, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sid_reads_as_the_directory_means_it),
		cmocka_unit_test(bytes_that_are_no_sid_are_refused),
		cmocka_unit_test(text_that_is_no_sid_is_refused),
		cmocka_unit_test(rid_is_of_a_domain_only),
		cmocka_unit_test(guid_has_three_fields_the_other_way_round),
		cmocka_unit_test(filetime_is_as_recorded),
		cmocka_unit_test(what_is_no_number_is_no_time),
		cmocka_unit_test(generalized_time_reads),
		cmocka_unit_test(every_bit_has_its_name),
		cmocka_unit_test(bits_come_one_by_one),
		cmocka_unit_test(refused_binds_say_why),
		cmocka_unit_test(results_mean_what_they_mean),
		cmocka_unit_test(words_never_hold_what_is_no_text),
		cmocka_unit_test(filters_are_as_rfc_4515_says),
		cmocka_unit_test(no_value_is_more_than_a_value),
		cmocka_unit_test(ranges_are_read),
		cmocka_unit_test(srv_goes_by_priority_then_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
