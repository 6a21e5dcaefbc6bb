#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/action/lane.h"
#include "core/action/row.h"

static void first_come_first_served(void **state)
{
	struct hd_dict lanes;
	struct hd_row rows[3] = { 0 };
	struct hd_lane *lane;

	(void)state;
	hd_dict_init(&lanes);
	lane = hd_lane_of(&lanes, "soar");
	assert_null(hd_lane_pop(lane));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			hd_lane_push(lane, &rows[i]);
		assert_int_equal(lane->waiting, 3);
		assert_true(rows[2].queued);
		for (int i = 0; i < 3; i++) {
			assert_ptr_equal(hd_lane_pop(lane), &rows[i]);
			assert_false(rows[i].queued);
		}
		assert_null(hd_lane_pop(lane));
		assert_int_equal(lane->waiting, 0);
	}
	hd_lanes_fini(&lanes);
}

static void one_that_goes_to_the_end_again(void **state)
{
	struct hd_dict lanes;
	struct hd_row rows[2] = { 0 };
	struct hd_lane *lane;

	(void)state;
	hd_dict_init(&lanes);
	lane = hd_lane_of(&lanes, "soar");
	hd_lane_push(lane, &rows[0]);
	hd_lane_push(lane, &rows[1]);
	hd_lane_push(lane, hd_lane_pop(lane));
	assert_ptr_equal(hd_lane_pop(lane), &rows[1]);
	assert_ptr_equal(hd_lane_pop(lane), &rows[0]);
	hd_lanes_fini(&lanes);
}

static void each_connector_has_its_own(void **state)
{
	struct hd_dict lanes;
	struct hd_row row = { 0 };

	(void)state;
	hd_dict_init(&lanes);
	hd_lane_push(hd_lane_of(&lanes, "soar"), &row);
	assert_null(hd_lane_pop(hd_lane_of(&lanes, "mail")));
	assert_ptr_equal(hd_lane_pop(hd_lane_of(&lanes, "soar")), &row);
	hd_lanes_fini(&lanes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(one_that_goes_to_the_end_again),
		cmocka_unit_test(each_connector_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
