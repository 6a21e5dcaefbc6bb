#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/pipeline/ledger.h"

struct row {
	const char *name;
	enum hd_counted counted;
	double value, low, high;
	int group;
};

#define COUNTED(name, v) { name, HD_COUNTED, v, 0, 0, 0 }
#define UNKNOWN(name, lo, hi) { name, HD_NOT_COUNTED_UNKNOWN, 0, lo, hi, 0 }

static void sum(struct hd_ledger *l, const struct row *rows, size_t n,
		int groups)
{
	hd_ledger_init(l);
	for (size_t i = 0; i < n; i++) {
		struct hd_contribution c = { 0 };

		c.name = rows[i].name;
		c.because = "because";
		c.counted = rows[i].counted;
		c.value = rows[i].value;
		c.low = rows[i].low;
		c.high = rows[i].high;
		c.group = rows[i].group;
		hd_ledger_add(l, &c);
	}
	l->groups = groups;
	hd_ledger_sum(l);
}

static void check(const struct row *rows, size_t n, int groups, int known,
		  int low, int high)
{
	struct hd_ledger l;

	sum(&l, rows, n, groups);
	assert_int_equal(l.interval.known, known);
	assert_int_equal(l.interval.low, low);
	assert_int_equal(l.interval.high, high);
	hd_ledger_fini(&l);
}

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void adds_what_counts_and_nothing_else(void **state)
{
	const struct row rows[] = {
		COUNTED("a", 30), COUNTED("b", 35), COUNTED("c", -10),
		{ "d", HD_NOT_COUNTED_NOT_MET, 50, 0, 50, 0 },
		{ "e", HD_NOT_COUNTED_ABSENT, 50, 0, 50, 0 },
	};

	(void)state;
	check(rows, N(rows), 0, 55, 55, 55);
}

static void unknown_widens_in_its_direction(void **state)
{
	const struct row rows[] = { COUNTED("a", 65), UNKNOWN("up", 0, 30),
				    UNKNOWN("down", -25, 0) };

	(void)state;
	check(rows, N(rows), 0, 65, 40, 95);
}

static void sum_is_clamped_when_read_not_before(void **state)
{
	const struct row over[] = { COUNTED("a", 90), COUNTED("b", 90),
				    COUNTED("c", -100) };
	const struct row below[] = { COUNTED("a", -5) };
	const struct row wide[] = { COUNTED("a", 95), UNKNOWN("b", 0, 50) };

	(void)state;
	check(over, N(over), 0, 80, 80, 80);
	check(below, N(below), 0, 0, 0, 0);
	check(wide, N(wide), 0, 95, 95, 100);
}

static void of_a_group_only_the_largest_counts(void **state)
{
	const struct row rows[] = {
		COUNTED("base", 10),
		{ "misp", HD_COUNTED, 35, 0, 35, 1 },
		{ "vt", HD_COUNTED, 15, 0, 15, 1 },
	};
	struct hd_ledger l;

	(void)state;
	sum(&l, rows, N(rows), 1);
	assert_int_equal(l.interval.known, 45);
	assert_int_equal(l.items[1].counted, HD_COUNTED);
	assert_int_equal(l.items[2].counted, HD_NOT_COUNTED_SMALLER);
	hd_ledger_fini(&l);
}

/* What is unknown may turn out larger than what is known of its group, and
 * takes nothing away. */
static void unknown_of_a_group_raises_only_beyond_its_largest(void **state)
{
	const struct row smaller[] = {
		{ "known", HD_COUNTED, 35, 0, 35, 1 },
		{ "unknown", HD_NOT_COUNTED_UNKNOWN, 15, 0, 15, 1 },
	};
	const struct row larger[] = {
		{ "known", HD_COUNTED, 15, 0, 15, 1 },
		{ "unknown", HD_NOT_COUNTED_UNKNOWN, 35, 0, 35, 1 },
	};

	(void)state;
	check(smaller, N(smaller), 1, 35, 35, 35);
	check(larger, N(larger), 1, 15, 15, 35);
}

static void error_widens_as_unknown_does(void **state)
{
	const struct row rows[] = { COUNTED("a", 20),
				    { "b", HD_NOT_COUNTED_ERROR, 30, 0, 30,
				      0 } };

	(void)state;
	check(rows, N(rows), 0, 20, 20, 50);
}

static void words_tell_what_counted_and_what_is_missing(void **state)
{
	const struct row rows[] = { COUNTED("base", 30), COUNTED("minus", -5) };
	struct hd_ledger l;
	char *text;

	(void)state;
	sum(&l, rows, N(rows), 0);
	text = hd_ledger_details(&l);
	assert_string_equal(text, "base +30, minus -5");
	free(text);
	hd_ledger_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_what_counts_and_nothing_else),
		cmocka_unit_test(unknown_widens_in_its_direction),
		cmocka_unit_test(sum_is_clamped_when_read_not_before),
		cmocka_unit_test(of_a_group_only_the_largest_counts),
		cmocka_unit_test(
			unknown_of_a_group_raises_only_beyond_its_largest),
		cmocka_unit_test(error_widens_as_unknown_does),
		cmocka_unit_test(words_tell_what_counted_and_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
