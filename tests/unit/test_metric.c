#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/metric.h"

/* The exposition format 0.0.4: families by name, each with help and type. */
static void families_are_written_in_order(void **state)
{
	static const char wanted[] =
		"# HELP herald_a_seconds time\\nof \\\\ a\n"
		"# TYPE herald_a_seconds gauge\n"
		"herald_a_seconds 1.5\n"
		"# HELP herald_b_total b\n"
		"# TYPE herald_b_total counter\n"
		"herald_b_total{connector=\"misp\",to=\"a\\\"\\\\\\n\"} 3\n"
		"herald_b_total{connector=\"vt\"} 0\n";
	struct hd_metric *b;
	struct hd_buf out;

	(void)state;
	hd_buf_init(&out, 10000);
	hd_metric_label(&out, "connector", "misp");
	hd_metric_label(&out, "to", "a\"\\\n");
	b = hd_metric_get(HD_COUNTER, "herald_b_total", hd_buf_text(&out), "b");
	hd_metric_get(HD_COUNTER, "herald_b_total", "connector=\"vt\"", "b");
	hd_metric_set(hd_metric_get(HD_GAUGE, "herald_a_seconds", "",
				    "time\nof \\ a"),
		      1.5);
	assert_ptr_equal(hd_metric_get(HD_COUNTER, "herald_b_total",
				       hd_buf_text(&out), "b"),
			 b);
	hd_metric_add(b, 1);
	hd_metric_add(b, 2);
	assert_true(hd_metric_value(b) == 3);
	hd_buf_clear(&out);
	hd_metric_write(&out);
	assert_string_equal(hd_buf_text(&out), wanted);
	hd_buf_fini(&out);
}

static void histogram_counts_up_to_each_bound(void **state)
{
	static const char *const wanted[] = {
		"\nherald_h_seconds_bucket{x=\"y\",le=\"0.001\"} 2\n",
		"\nherald_h_seconds_bucket{x=\"y\",le=\"0.0025\"} 3\n",
		"\nherald_h_seconds_bucket{x=\"y\",le=\"1.0\"} 3\n",
		"\nherald_h_seconds_bucket{x=\"y\",le=\"60.0\"} 4\n",
		"\nherald_h_seconds_bucket{x=\"y\",le=\"+Inf\"} 5\n",
		"\nherald_h_seconds_sum{x=\"y\"} 161.0035\n",
		"\nherald_h_seconds_count{x=\"y\"} 5\n",
	};
	struct hd_metric *h = hd_metric_get(HD_HISTOGRAM, "herald_h_seconds",
					    "x=\"y\"", "h");
	struct hd_buf out;
	size_t i;

	(void)state;
	hd_metric_observe(h, 0.0005);
	hd_metric_observe(h, 0.001);
	hd_metric_observe(h, 0.002);
	hd_metric_observe(h, 60);
	hd_metric_observe(h, 101);
	assert_true(hd_metric_value(h) == 5);
	hd_buf_init(&out, 10000);
	hd_metric_write(&out);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(hd_buf_text(&out), wanted[i]))
			fail_msg("no%sin:\n%s", wanted[i], hd_buf_text(&out));
	hd_buf_fini(&out);
}

static void sizes_have_buckets_of_their_own(void **state)
{
	static const char wanted[] = "# TYPE herald_sizes histogram\n"
				     "herald_sizes_bucket{le=\"1.0\"} 1\n"
				     "herald_sizes_bucket{le=\"2.0\"} 1\n"
				     "herald_sizes_bucket{le=\"4.0\"} 2\n"
				     "herald_sizes_bucket{le=\"8.0\"} 2\n"
				     "herald_sizes_bucket{le=\"16.0\"} 2\n"
				     "herald_sizes_bucket{le=\"32.0\"} 2\n"
				     "herald_sizes_bucket{le=\"64.0\"} 2\n"
				     "herald_sizes_bucket{le=\"128.0\"} 2\n"
				     "herald_sizes_bucket{le=\"256.0\"} 2\n"
				     "herald_sizes_bucket{le=\"512.0\"} 2\n"
				     "herald_sizes_bucket{le=\"1024.0\"} 2\n"
				     "herald_sizes_bucket{le=\"+Inf\"} 3\n"
				     "herald_sizes_sum 2004\n"
				     "herald_sizes_count 3\n";
	struct hd_metric *h = hd_metric_get(HD_SIZES, "herald_sizes", "", "s");
	struct hd_buf out;

	(void)state;
	hd_metric_observe(h, 1);
	hd_metric_observe(h, 3);
	hd_metric_observe(h, 2000);
	assert_true(hd_metric_value(h) == 3);
	hd_buf_init(&out, 100000);
	hd_metric_write(&out);
	assert_non_null(strstr(hd_buf_text(&out), wanted));
	hd_buf_fini(&out);
}

static void what_is_cleared_is_left_out_until_it_is_set(void **state)
{
	struct hd_metric *gone, *stays;
	struct hd_buf out;

	(void)state;
	gone = hd_metric_get(HD_GAUGE, "herald_c", "x=\"gone\"", "c");
	stays = hd_metric_get(HD_GAUGE, "herald_c", "x=\"stays\"", "c");
	hd_metric_set(gone, 1);
	hd_metric_set(stays, 2);
	hd_metric_clear("herald_c");
	hd_metric_set(stays, 3);
	hd_buf_init(&out, 100000);
	hd_metric_write(&out);
	assert_non_null(strstr(hd_buf_text(&out), "herald_c{x=\"stays\"} 3\n"));
	assert_null(strstr(hd_buf_text(&out), "gone"));
	hd_metric_set(gone, 4);
	hd_buf_clear(&out);
	hd_metric_write(&out);
	assert_non_null(strstr(hd_buf_text(&out), "herald_c{x=\"gone\"} 4\n"));
	hd_buf_fini(&out);
}

static void odd_values_have_their_words(void **state)
{
	struct hd_metric *gauge = hd_metric_get(HD_GAUGE, "herald_g", "", "g");
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ INFINITY, "\nherald_g +Inf\n" },
		{ -INFINITY, "\nherald_g -Inf\n" },
		{ NAN, "\nherald_g NaN\n" },
		{ -2, "\nherald_g -2\n" },
		{ 1e300, "\nherald_g 1e+300\n" },
	};
	struct hd_buf out;
	size_t i;

	(void)state;
	hd_buf_init(&out, 10000);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_buf_clear(&out);
		hd_metric_set(gauge, cases[i].value);
		hd_metric_write(&out);
		assert_non_null(strstr(hd_buf_text(&out), cases[i].text));
	}
	hd_buf_fini(&out);
}

static void *add_many(void *arg)
{
	int i;

	for (i = 0; i < 100000; i++)
		hd_metric_add(arg, 1);
	return NULL;
}

static void no_addition_is_lost_between_threads(void **state)
{
	struct hd_metric *counter = hd_metric_get(HD_COUNTER, "herald_t_total",
						  "", "t");
	pthread_t threads[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many,
						counter),
				 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(hd_metric_value(counter) == 400000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_written_in_order),
		cmocka_unit_test(histogram_counts_up_to_each_bound),
		cmocka_unit_test(sizes_have_buckets_of_their_own),
		cmocka_unit_test(what_is_cleared_is_left_out_until_it_is_set),
		cmocka_unit_test(odd_values_have_their_words),
		cmocka_unit_test(no_addition_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
