#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/action/park.h"
#include "core/base/clock.h"

struct woken {
	char ids[64][HD_ID_TEXT];
	size_t n;
};

static void note(void *ud, const char *alert, const char *woken)
{
	struct woken *w = ud;

	(void)woken;
	snprintf(w->ids[w->n++], HD_ID_TEXT, "%s", alert);
}

struct fixture {
	uv_loop_t loop;
	struct hd_park *park;
	struct woken woken;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	uv_loop_init(&f->loop);
	f->park = hd_park_new(&f->loop, note, &f->woken);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hd_park_free(f->park);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

/* Runs the loop until nothing is parked any more. */
static void drain(struct fixture *f)
{
	while (hd_park_count(f->park) != 0)
		uv_run(&f->loop, UV_RUN_ONCE);
}

/* Parked at a time that lies between the two, however slow the machine is. */
struct due {
	int64_t not_before, not_after;
};

static struct due put(struct fixture *f, int id, int64_t wait_ms)
{
	char text[16];
	struct due due;

	snprintf(text, sizeof(text), "%d", id);
	due.not_before = hd_now_ms() + wait_ms;
	hd_park_put(f->park, text, wait_ms, NULL);
	due.not_after = hd_now_ms() + wait_ms;
	return due;
}

static void assert_order(const struct woken *w, const struct due *due)
{
	for (size_t i = 1; i < w->n; i++)
		assert_true(due[strtol(w->ids[i - 1], NULL, 10)].not_before <=
			    due[strtol(w->ids[i], NULL, 10)].not_after);
}

static void wakes_in_the_order_of_time(void **state)
{
	struct fixture *f = *state;
	struct due due[3];

	due[0] = put(f, 0, 6);
	due[1] = put(f, 1, 2);
	due[2] = put(f, 2, 4);
	drain(f);
	assert_int_equal(f->woken.n, 3);
	assert_order(&f->woken, due);
}

static void later_word_replaces_the_earlier(void **state)
{
	struct fixture *f = *state;

	hd_park_put(f->park, "a", 3600000, NULL);
	hd_park_put(f->park, "a", 0, NULL);
	assert_int_equal(hd_park_count(f->park), 1);
	drain(f);
	assert_int_equal(f->woken.n, 1);
}

static void started_connector_wakes_its_own(void **state)
{
	struct fixture *f = *state;

	hd_park_put(f->park, "mine", 3600000, "soar");
	hd_park_put(f->park, "other", 3600000, "mail");
	hd_park_wake(f->park, "soar");
	/* not UV_RUN_ONCE: it fires what is due, and then waits for the next */
	while (f->woken.n == 0)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_string_equal(f->woken.ids[0], "mine");
	assert_int_equal(hd_park_count(f->park), 1);
	assert_true(hd_park_take(f->park, "other"));
	assert_false(hd_park_take(f->park, "other"));
}

static void paused_wakes_nobody(void **state)
{
	struct fixture *f = *state;

	hd_park_pause(f->park, true);
	hd_park_put(f->park, "a", 0, NULL);
	for (int i = 0; i < 3; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_int_equal(f->woken.n, 0);
	hd_park_pause(f->park, false);
	drain(f);
	assert_int_equal(f->woken.n, 1);
}

static void heap_survives_taking_from_its_middle(void **state)
{
	struct fixture *f = *state;
	struct due due[60];
	char id[16];

	for (int i = 0; i < 60; i++)
		due[i] = put(f, i, (i * 37) % 20);
	for (int i = 0; i < 60; i += 3) {
		snprintf(id, sizeof(id), "%d", i);
		assert_true(hd_park_take(f->park, id));
	}
	drain(f);
	assert_int_equal(f->woken.n, 40);
	assert_order(&f->woken, due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wakes_in_the_order_of_time,
						setup, teardown),
		cmocka_unit_test_setup_teardown(later_word_replaces_the_earlier,
						setup, teardown),
		cmocka_unit_test_setup_teardown(started_connector_wakes_its_own,
						setup, teardown),
		cmocka_unit_test_setup_teardown(paused_wakes_nobody, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			heap_survives_taking_from_its_middle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
