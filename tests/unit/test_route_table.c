#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/net/route_table.h"

static uint64_t add(struct hd_route_table *table, const char *method,
		    const char *path, bool prefix)
{
	const struct hd_listener_route want = { .method = method,
						.path = path,
						.prefix = prefix };

	return hd_route_add(table, &want, NULL);
}

static void is_found(const struct hd_route_table *table, const char *method,
		     const char *path, uint64_t id, const char *allowed)
{
	const struct hd_route *route;
	struct hd_buf allow;

	hd_buf_init(&allow, 100);
	route = hd_route_find(table, method, path, &allow);
	if ((route ? route->id : 0) != id)
		fail_msg("%s %s: route %d", method, path,
			 route ? (int)route->id : 0);
	assert_string_equal(hd_buf_text(&allow), allowed);
	hd_buf_fini(&allow);
}

static void longest_path_wins(void **state)
{
	struct hd_route_table table = { 0 };
	uint64_t all = add(&table, "POST", "/", true);
	uint64_t in = add(&table, "POST", "/in", true);
	uint64_t exact = add(&table, "POST", "/in/exact", false);
	uint64_t get = add(&table, "GET", "/in/exact", false);

	(void)state;
	is_found(&table, "POST", "/x", all, "");
	is_found(&table, "POST", "/in", in, "");
	is_found(&table, "POST", "/in/x/y", in, "");
	is_found(&table, "POST", "/inner", all, "");
	is_found(&table, "POST", "/in/exact", exact, "");
	is_found(&table, "POST", "/in/exact/x", in, "");
	is_found(&table, "GET", "/in/exact", get, "");
	is_found(&table, "HEAD", "/in/exact", get, "");
	is_found(&table, "PUT", "/in/exact", 0, "GET, HEAD, POST");
	is_found(&table, "GET", "/x", 0, "POST");
	hd_route_remove(&table, all);
	is_found(&table, "POST", "/x", 0, "");
	hd_route_remove(&table, exact);
	hd_route_remove(&table, exact);
	is_found(&table, "POST", "/in/exact", 0, "GET, HEAD");
	hd_route_table_fini(&table);
}

static void what_was_left_is_taken_over(void **state)
{
	struct hd_route_table table = { 0 };
	uint64_t old = add(&table, "POST", "/in", false), fresh;

	(void)state;
	hd_route_leave(&table, old);
	assert_true(hd_route_get(&table, old)->paused);
	is_found(&table, "POST", "/in", old, "");
	fresh = add(&table, "POST", "/in", false);
	assert_int_not_equal(fresh, 0);
	assert_null(hd_route_get(&table, old));
	assert_false(hd_route_get(&table, fresh)->paused);
	is_found(&table, "POST", "/in", fresh, "");
	hd_route_leave(&table, fresh);
	old = add(&table, "GET", "/other", false);
	hd_route_forget_left(&table);
	is_found(&table, "POST", "/in", 0, "");
	is_found(&table, "GET", "/other", old, "");
	hd_route_table_fini(&table);
}

static void bad_routes_are_refused(void **state)
{
	struct hd_route_table table = { 0 };

	(void)state;
	assert_int_not_equal(add(&table, "GET", "/a b", false), 0);
	assert_int_equal(add(&table, "GET", "/a b", true), 0);
	assert_int_equal(add(&table, "get", "/x", false), 0);
	assert_int_equal(add(&table, "", "/x", false), 0);
	assert_int_equal(add(&table, "GET", "x", false), 0);
	assert_int_equal(add(&table, "GET", "", false), 0);
	assert_int_equal(add(&table, "GET", "/a%20b", false), 0);
	assert_int_equal(add(&table, "GET", "/x?y", false), 0);
	assert_int_equal(add(&table, "GET", "/../x", false), 0);
	hd_route_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_path_wins),
		cmocka_unit_test(what_was_left_is_taken_over),
		cmocka_unit_test(bad_routes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
