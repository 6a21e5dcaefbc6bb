/* The examples of herald-expressions(7) are what they say: they compile, and
 * come to something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/expr/expr.h"
#include "tests/unit/expr_stage.h"

#define EXAMPLES 10

/* What each comes to over the stage, in the order of the page. */
static const char *const outcomes[EXAMPLES] = {
	"holds",		     /* an observable has score 9 */
	"not met",		     /* no groups */
	"not met",		     /* jdoe is a VIP */
	"holds",		     /* 198.51.100.23 is none of ours */
	"holds",		     /* 00:59 in Berlin */
	"value",   "holds", "holds", /* 1,072.5 */
	"not met", "value",
};

static char page[65536];

static void read_page(void)
{
	const char *folder = getenv("srcdir");
	char name[4096];
	FILE *file;
	size_t n;

	snprintf(name, sizeof(name), "%s/core/expr/herald-expressions.7",
		 folder ? folder : ".");
	file = fopen(name, "r");
	if (!file)
		fail_msg("%s: cannot be read", name);
	n = fread(page, 1, sizeof(page) - 1, file);
	page[n] = '\0';
	fclose(file);
}

/* roff to text, in place. */
static void unescape(char *text)
{
	static const struct {
		const char *roff;
		char c;
	} escapes[] = { { "\\-", '-' },	  { "\\e", '\\' },  { "\\(aq", '\'' },
			{ "\\(ha", '^' }, { "\\(ti", '~' }, { "\\(ga", '`' } };
	char *out = text;

	while (*text) {
		size_t i, n = 0;

		for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
			n = strlen(escapes[i].roff);
			if (strncmp(text, escapes[i].roff, n) == 0)
				break;
		}
		if (i < sizeof(escapes) / sizeof(escapes[0])) {
			*out++ = escapes[i].c;
			text += n;
		} else {
			assert_int_not_equal(*text, '\\');
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static void every_example_compiles_and_comes_to_something(void **state)
{
	char *at = page, *end;
	struct stage stage;
	size_t count = 0;

	(void)state;
	read_page();
	set_stage(&stage, BAD_SOURCE, 65, 65, 65);
	while ((at = strstr(at, "\n.EX\n"))) {
		struct hd_expr *expr;
		json_t *out;

		at += 5;
		end = strstr(at, "\n.EE\n");
		assert_non_null(end);
		*end = '\0';
		unescape(at);
		expr = compiled(at, HD_EXPR_ANY);
		out = hd_expr_explain(expr, &stage.scope);
		assert_true(count < EXAMPLES);
		if (strcmp(json_string_value(json_object_get(out, "outcome")),
			   outcomes[count]) != 0)
			fail_msg("%s: %s", at, json_dumps(out, 0));
		json_decref(out);
		hd_expr_free(expr);
		count++;
		at = end + 1;
	}
	strike(&stage);
	assert_int_equal(count, EXAMPLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_compiles_and_comes_to_something),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
