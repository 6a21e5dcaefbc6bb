/* A plain condition is evaluated without asking for memory.  The linker puts
 * the counters below in the place of malloc() and its kin; jansson, which is a
 * library of its own, is told to use them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "core/expr/expr.h"
#include "tests/unit/expr_stage.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static size_t count;

void *__wrap_malloc(size_t n)
{
	count++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	count++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	count++;
	return __real_realloc(p, n);
}

static const char *const plain[] = {
	"severity_id >= 4 && user.name != \"x\"",
	"metadata.event_code.startsWith(\"Multiple\")",
	"\"new_location\" in metadata.labels",
	"device.?risk_score.orValue(0) > 50",
	"has(device.risk_score) && device.risk_score > 50",
	"disposition_id in [DISPOSITION.BLOCKED, DISPOSITION.QUARANTINED]",
	"listed(\"never_isolate\", device.hostname)",
	"evidences.exists(e, e.?file.?name.orValue(\"\") == \"f\")",
	"risk_level_id >= RISK.HIGH",
	"enrich.misp.exists(m, m.reputation.score_id >= 9)",
};

static void plain_conditions_take_no_memory(void **state)
{
	struct hd_reason why;
	struct stage stage;
	size_t faults = 0;

	(void)state;
	set_stage(&stage, 0, 40, 55, 85);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct hd_expr *expr = compiled(plain[i], HD_EXPR_BOOL);
		enum hd_truth truth;

		/* what is kept for all times may be made the first time */
		hd_expr_holds(expr, &stage.scope, &why);
		count = 0;
		truth = hd_expr_holds(expr, &stage.scope, &why);
		if (count != 0 || truth == HD_ERROR) {
			print_error("%s: %s, %zu allocations\n", plain[i],
				    hd_truth_name(truth), count);
			faults++;
		}
		hd_expr_free(expr);
	}
	strike(&stage);
	assert_int_equal(faults, 0);
}

static void the_counters_count(void **state)
{
	struct hd_expr *expr = compiled("record", HD_EXPR_ANY);
	struct stage stage;
	json_t *out;

	(void)state;
	set_stage(&stage, 0, 0, 0, 0);
	count = 0;
	json_decref(json_object());
	assert_true(count > 0);
	count = 0;
	free(hd_alloc(1));
	assert_true(count > 0);
	assert_int_equal(hd_expr_value(expr, &stage.scope, &out, NULL),
			 HD_HOLDS);
	json_decref(out);
	hd_expr_free(expr);
	strike(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counters_count),
		cmocka_unit_test(plain_conditions_take_no_memory),
	};

	json_set_alloc_funcs(__wrap_malloc, free);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
