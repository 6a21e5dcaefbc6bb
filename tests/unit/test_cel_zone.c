#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/cel/moment.h"
#include "core/cel/zone.h"
#include "core/cel/zone_rule.h"

static int64_t at(const char *text)
{
	struct hd_cel_value v;

	assert_true(hd_cel_moment_parse(text, strlen(text), &v));
	return v.u.integer;
}

static void zones_have_their_offset(void **state)
{
	static const struct {
		const char *zone, *utc;
		int32_t offset;
	} cases[] = {
		{ "UTC", "2024-07-01T00:00:00Z", 0 },
		{ "", "2024-07-01T00:00:00Z", 0 },
		{ "Europe/Berlin", "2024-01-01T00:00:00Z", 3600 },
		{ "Europe/Berlin", "2024-03-31T00:59:59Z", 3600 },
		{ "Europe/Berlin", "2024-03-31T01:00:00Z", 7200 },
		{ "Europe/Berlin", "2024-10-27T00:59:59Z", 7200 },
		{ "Europe/Berlin", "2024-10-27T01:00:00Z", 3600 },
		{ "Europe/Berlin", "2500-07-01T00:00:00Z", 7200 },
		{ "Europe/Berlin", "2500-12-01T00:00:00Z", 3600 },
		{ "Australia/Sydney", "2009-02-13T23:31:30Z", 39600 },
		{ "Australia/Sydney", "2400-01-01T00:00:00Z", 39600 },
		{ "Australia/Sydney", "2400-07-01T00:00:00Z", 36000 },
		{ "Asia/Kathmandu", "2009-02-13T23:31:30Z", 20700 },
		{ "America/St_Johns", "2009-02-13T02:00:00Z", -12600 },
		{ "America/Argentina/Buenos_Aires", "2024-01-01T00:00:00Z",
		  -10800 },
		{ "Etc/GMT+5", "2024-01-01T00:00:00Z", -18000 },
		{ "+02:00", "2024-01-01T00:00:00Z", 7200 },
		{ "-02:30", "2024-01-01T00:00:00Z", -9000 },
		{ "02:00", "2024-01-01T00:00:00Z", 7200 },
		{ "-0130", "2024-01-01T00:00:00Z", -5400 },
	};
	struct hd_cel_zones *zones = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hd_cel_zone *zone = hd_cel_zones_get(
			&zones, cases[i].zone, strlen(cases[i].zone));

		if (!zone)
			print_error("no %s\n", cases[i].zone);
		assert_non_null(zone);
		assert_int_equal(hd_cel_zone_offset(zone, at(cases[i].utc)),
				 cases[i].offset);
	}
	hd_cel_zones_free(zones);
}

static void other_names_are_no_zones(void **state)
{
	static const char *const names[] = {
		"Europe/Berln",
		"../../etc/passwd",
		"/etc/passwd",
		"Europe/../UTC",
		"Europe//Berlin",
		"Europe/",
		".",
		"..",
		"zone.tab",
		"Europe",
		"tzdata.zi",
		"+25:00",
		"+1:00",
		"0100",
		"+01:00 ",
		"Local ",
		"UTC\n",
	};
	struct hd_cel_zones *zones = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (hd_cel_zones_get(&zones, names[i], strlen(names[i])))
			print_error("%s\n", names[i]);
		assert_null(
			hd_cel_zones_get(&zones, names[i], strlen(names[i])));
	}
	assert_null(hd_cel_zones_get(&zones, "UTC\0x", 5));
	hd_cel_zones_free(zones);
}

static void many_zones_are_forgotten_in_turn(void **state)
{
	struct hd_cel_zones *zones = NULL;
	char name[8];
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		name[0] = '+';
		name[1] = (char)('0' + i / 10 % 2);
		name[2] = (char)('0' + i % 10);
		name[3] = ':';
		name[4] = (char)('0' + i / 20 % 6);
		name[5] = '0';
		assert_non_null(hd_cel_zones_get(&zones, name, 6));
	}
	hd_cel_zones_free(zones);
}

static void rules_are_read_whole(void **state)
{
	static const struct {
		const char *text;
		const char *utc;
		int32_t offset;
	} good[] = {
		{ "CET-1CEST,M3.5.0,M10.5.0/3", "2024-07-01T00:00:00Z", 7200 },
		{ "<+0330>-3:30", "2024-07-01T00:00:00Z", 12600 },
		{ "EST5EDT,J60/2,J300/2", "2024-03-01T06:59:59Z", -18000 },
		{ "EST5EDT,J60/2,J300/2", "2024-03-01T07:00:00Z", -14400 },
		{ "EST5EDT,59/2,299/2", "2023-03-01T07:00:00Z", -14400 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-07-01T00:00:00Z",
		  -3600 },
		{ "IST-2IDT,M3.4.4/26,M10.5.0", "2024-07-01T00:00:00Z", 10800 },
	};
	static const char *const bad[] = {
		"",
		"C",
		"CET",
		"CET-1CEST",
		"CET-1CEST,M3",
		"CET-1CEST,M13.1.0,M10.5.0",
		"<+03",
		"CET-1CEST,M3.5.0,M10.5.0x",
		"CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,J0,J1",
		"CET-999",
		"CET-1CEST,366,1",
	};
	struct hd_cel_rule rule;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(hd_cel_rule_parse(good[i].text, &rule));
		assert_int_equal(hd_cel_rule_offset(&rule, at(good[i].utc)),
				 good[i].offset);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hd_cel_rule_parse(bad[i], &rule));
}

static void broken_files_are_refused(void **state)
{
	unsigned char bytes[200] = "TZif2";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(bytes); n += 7)
		assert_null(hd_cel_zone_read(bytes, n));
	memset(bytes + 20, 0xff, 24);
	assert_null(hd_cel_zone_read(bytes, sizeof(bytes)));
}

static void days_and_dates_agree(void **state)
{
	struct hd_cel_civil c;
	int64_t day;

	(void)state;
	for (day = -719162; day < 2932897; day += 13) {
		hd_cel_civil_of(day * 86400 + 86399, &c);
		assert_int_equal(hd_cel_civil_days(c.year, c.month, c.day),
				 day);
		assert_int_equal(c.weekday, ((day % 7) + 11) % 7);
		assert_true(c.yearday < 366 && c.hour == 23 && c.second == 59);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_have_their_offset),
		cmocka_unit_test(other_names_are_no_zones),
		cmocka_unit_test(many_zones_are_forgotten_in_turn),
		cmocka_unit_test(rules_are_read_whole),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(days_and_dates_agree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
