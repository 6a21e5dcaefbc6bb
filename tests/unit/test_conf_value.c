#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <herald/plugin.h>

#include "core/conf/guess.h"
#include "core/conf/rate.h"
#include "core/conf/value.h"

#define HOUR (3600 * INT64_C(1000))

static const struct good {
	uint32_t type;
	const char *values, *text;
	int64_t number;
} good[] = {
	{ HERALD_STRING, NULL, "", 0 },
	{ HERALD_INT, NULL, "-12", -12 },
	{ HERALD_INT, "1..5", "5", 5 },
	{ HERALD_INT, "1..", "500000", 500000 },
	{ HERALD_INT, "-3..3", "-3", -3 },
	{ HERALD_INT, NULL, "9223372036854775807", INT64_MAX },
	{ HERALD_BOOL, NULL, "true", 1 },
	{ HERALD_BOOL, NULL, "no", 0 },
	{ HERALD_BOOL, NULL, "Yes", 1 },
	{ HERALD_DURATION, NULL, "500ms", 500 },
	{ HERALD_DURATION, NULL, "10s", 10000 },
	{ HERALD_DURATION, NULL, "5m", 300000 },
	{ HERALD_DURATION, NULL, "2h", 2 * HOUR },
	{ HERALD_DURATION, "1s..7d", "7d", 168 * HOUR },
	{ HERALD_DURATION, NULL, "36500d", 36500 * 24 * HOUR },
	{ HERALD_SIZE, NULL, "64KiB", 65536 },
	{ HERALD_SIZE, NULL, "20GiB", INT64_C(20) << 30 },
	{ HERALD_SIZE, NULL, "7", 7 },
	{ HERALD_ENUM, "a|bc|d", "d", 2 },
	{ HERALD_URL, "https|http", "https://misp.example.com", 0 },
	{ HERALD_URL, NULL, "smtp://[2001:db8::1]:587", 0 },
	{ HERALD_URL, NULL, "https://host:8443/a?b=c@d", 0 },
	{ HERALD_PATH, NULL, "/etc/herald", 0 },
	{ HERALD_HOSTPORT, NULL, "dc1.example.com:636", 636 },
	{ HERALD_HOSTPORT, NULL, "[2001:db8::1]:636", 636 },
	{ HERALD_EMAIL, NULL, "soc+x@example.com", 0 },
	{ HERALD_IP, NULL, "192.0.2.1", 0 },
	{ HERALD_IP, NULL, "2001:db8::1", 0 },
	{ HERALD_USER, NULL, "CORP\\svc herald", 0 },
	{ HERALD_HOST, NULL, "corp.example.com", 0 },
	{ HERALD_HOST, NULL, "2001:db8::1", 0 },
	{ HERALD_EXPR, NULL, "true", 0 },
	{ HD_TYPE_NAME, NULL, "a_1", 0 },
	{ HD_TYPE_RATE, NULL, "5/1h", 0 },
	{ HD_TYPE_PERCENT, NULL, "0%", 0 },
	{ HD_TYPE_PERCENT, "1%..99%", "80%", 80 },
	{ HD_TYPE_DATE, NULL, "1970-01-02", 24 * HOUR },
	{ HD_TYPE_DATE, NULL, "2000-02-29", 11016 * 24 * HOUR },
	{ HD_TYPE_DATE, NULL, "2026-12-31", 20818 * 24 * HOUR },
	{ HD_TYPE_ZONE, NULL, "UTC", 0 },
	{ HD_TYPE_ADDRESS, NULL, "0.0.0.0:8443", 8443 },
	{ HD_TYPE_ADDRESS, NULL, "[::1]:0", 0 },
};

static void sound_values_are_read(void **state)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (hd_value_parse(good[i].type, good[i].values, good[i].text,
				   strlen(good[i].text), &value, why,
				   remedy) < 0)
			fail_msg("'%s' %s", good[i].text, why);
		if (value.number != good[i].number)
			fail_msg("'%s' reads %lld", good[i].text,
				 (long long)value.number);
	}
}

static const struct bad {
	uint32_t type;
	const char *values, *text, *why, *remedy;
} bad[] = {
	{ HERALD_INT, NULL, "", "no whole number", "digits" },
	{ HERALD_INT, NULL, "1.5", "no whole number", "digits" },
	{ HERALD_INT, NULL, "0x10", "no whole number", "digits" },
	{ HERALD_INT, NULL, "9223372036854775808", "no whole number", "" },
	{ HERALD_INT, "1..5", "6", "is not from 1 to 5", "1..5" },
	{ HERALD_INT, "1..5", "0", "is not from 1 to 5", "1..5" },
	{ HERALD_INT, "1..", "0", "is below 1", "1.." },
	{ HERALD_INT, "..5", "6", "is above 5", "..5" },
	{ HERALD_BOOL, NULL, "1", "neither true nor false", "true" },
	{ HERALD_DURATION, NULL, "10", "no duration", "10s" },
	{ HERALD_DURATION, NULL, "10 s", "no duration", "10s" },
	{ HERALD_DURATION, NULL, "1h30m", "no duration", "10s" },
	{ HERALD_DURATION, NULL, "-1s", "no duration", "10s" },
	{ HERALD_DURATION, NULL, "36501d", "no duration", "10s" },
	{ HERALD_DURATION, "1s..1h", "2h", "is not from 1s to 1h", "1s..1h" },
	{ HERALD_SIZE, NULL, "64KB", "no size", "64KiB" },
	{ HERALD_SIZE, NULL, "99999999999TiB", "no size", "64KiB" },
	{ HERALD_ENUM, "alpha|beta", "alhpa", "did you mean 'alpha'",
	  "alpha or beta" },
	{ HERALD_ENUM, "alpha|beta", "", "not permitted", "alpha or beta" },
	{ HERALD_URL, NULL, "misp.example.com", "no URL", "https://" },
	{ HERALD_URL, "https", "http://x", "another scheme", "https://" },
	{ HERALD_URL, NULL, "https://u:p@x/", "holds a user name", "secret" },
	{ HERALD_URL, NULL, "https:///x", "no sound host", "://host" },
	{ HERALD_URL, NULL, "https://x y/", "no URL", "https://" },
	{ HERALD_URL, NULL, "https://x:0/", "no sound host", "://host" },
	{ HERALD_PATH, NULL, "etc", "no absolute path", "/" },
	{ HERALD_HOSTPORT, NULL, "dc1", "no host and port", ":636" },
	{ HERALD_HOSTPORT, NULL, "dc1:65536", "no host and port", ":636" },
	{ HERALD_EMAIL, NULL, "soc", "no mail address", "soc@" },
	{ HERALD_EMAIL, NULL, "a@b@c", "no mail address", "soc@" },
	{ HERALD_EMAIL, NULL, "a@b\r\nBcc:x", "no mail address", "soc@" },
	{ HERALD_EMAIL, NULL, "SOC <a@b.c>", "no mail address", "soc@" },
	{ HERALD_IP, NULL, "192.0.2.256", "no IP address", "192.0.2.1" },
	{ HERALD_IP, NULL, "192.0.2.0/24", "no IP address", "192.0.2.1" },
	{ HERALD_USER, NULL, "", "no account name", "svc-herald" },
	{ HERALD_HOST, NULL, "https://x", "no host name", "without scheme" },
	{ HERALD_HOST, NULL, "a..b", "no host name", "" },
	{ HERALD_EXPR, NULL, " \n", "is empty", "" },
	{ HD_TYPE_NAME, NULL, "Ab", "no name", "letter" },
	{ HD_TYPE_NAME, NULL, "1a", "no name", "letter" },
	{ HD_TYPE_RATE, NULL, "5", "no limit", "5/1h" },
	{ HD_TYPE_RATE, NULL, "5/500ms", "no limit", "5/1h" },
	{ HD_TYPE_RATE, NULL, "x/1h", "no limit", "5/1h" },
	{ HD_TYPE_PERCENT, NULL, "101%", "no percentage", "100%" },
	{ HD_TYPE_DATE, NULL, "2026-02-29", "no date", "2026-12-31" },
	{ HD_TYPE_DATE, NULL, "2026-1-1", "no date", "2026-12-31" },
	{ HD_TYPE_ZONE, NULL, "../etc/passwd", "no time zone", "Berlin" },
	{ HD_TYPE_ZONE, NULL, "", "no time zone", "Berlin" },
	{ HD_TYPE_ADDRESS, NULL, "localhost:80", "no address", "127.0.0.1" },
	{ HD_TYPE_ADDRESS, NULL, "::1:80", "no address", "127.0.0.1" },
	{ 4711, NULL, "x", "does not know", "" },
};

static void wrong_values_are_refused_with_a_remedy(void **state)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (hd_value_parse(bad[i].type, bad[i].values, bad[i].text,
				   strlen(bad[i].text), &value, why,
				   remedy) == 0)
			fail_msg("'%s' is taken", bad[i].text);
		if (!strstr(why, bad[i].why) || !strstr(remedy, bad[i].remedy))
			fail_msg("'%s' %s -> %s", bad[i].text, why, remedy);
	}
}

static void rates_are_counts_in_windows(void **state)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_rate rate;

	(void)state;
	assert_int_equal(hd_rate_parse("500/1d", 6, &rate, why, remedy), 0);
	assert_int_equal(rate.count, 500);
	assert_int_equal(rate.window_ms, 24 * HOUR);
	assert_int_equal(hd_rate_parse("0/1s", 4, &rate, why, remedy), 0);
	assert_int_equal(rate.count, 0);
	assert_int_equal(hd_rate_parse("9999999999/1s", 13, &rate, why, remedy),
			 -1);
}

static const struct {
	const char *word, *best; /* of because, name, if, add */
} guesses[] = {
	{ "becuase", "because" }, { "nmae", "name" },
	{ "adds", "add" },	  { "becasue", "because" },
	{ "iff", "if" },	  { "Name", "name" },
	{ "NAEM", "name" },	  { "x", NULL },
	{ "whatever", NULL },	  { "", NULL },
};

static void near_words_are_guessed(void **state)
{
	static const char *const words[] = { "because", "name", "if", "add" };
	struct hd_guess guess;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		hd_guess_init(&guess, guesses[i].word);
		for (k = 0; k < 4; k++)
			hd_guess_offer(&guess, words[k]);
		if (!guesses[i].best && guess.best)
			fail_msg("%s: %s", guesses[i].word, guess.best);
		if (guesses[i].best)
			assert_string_equal(guess.best, guesses[i].best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_values_are_read),
		cmocka_unit_test(wrong_values_are_refused_with_a_remedy),
		cmocka_unit_test(rates_are_counts_in_windows),
		cmocka_unit_test(near_words_are_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
