#include "core/cel/program.h"

#include <stdlib.h>

#include "core/cel/check.h"
#include "core/cel/issue.h"
#include "core/cel/parse.h"
#include "core/cel/pool.h"
#include "core/cel/regex.h"
#include "core/cel/text.h"

#define MAX_DEPTH 1000
#define MAX_LOCALS 1000

static struct hd_cel_limits with_defaults(const struct hd_cel_options *options)
{
	struct hd_cel_limits limits = options->limits;

	if (limits.source == 0)
		limits.source = 16384;
	if (limits.depth == 0)
		limits.depth = 250;
	if (limits.depth > MAX_DEPTH)
		limits.depth = MAX_DEPTH;
	if (limits.comprehensions == 0)
		limits.comprehensions = 4;
	if (limits.cost == 0)
		limits.cost = 100000;
	return limits;
}

/* Offset of the first byte that is no UTF-8, or `n`. */
static size_t bad_byte(const char *source, size_t n)
{
	uint32_t code;
	size_t i = 0, len;

	while (i < n && (len = hd_cel_utf8_get(source + i, n - i, &code)) != 0)
		i += len;
	return i;
}

static bool source_is_ok(struct hd_cel_diag *diag, const struct hd_cel_env *env,
			 uint32_t max)
{
	const char *trouble = hd_cel_env_first_trouble(env);
	size_t bad;

	if (trouble) {
		hd_cel_diag_add(diag, 0, 1, "", "the environment is broken: %s",
				trouble);
		return false;
	}
	if (diag->n > max) {
		hd_cel_diag_add(diag, 0, 1, "", "longer than %u bytes", max);
		return false;
	}
	bad = bad_byte(diag->source, diag->n);
	if (bad < diag->n)
		hd_cel_diag_add(diag, (uint32_t)bad, 1, "", "not UTF-8");
	return bad == diag->n;
}

static void want_type(struct hd_cel_checker *ck, const struct hd_cel_type *type,
		      const struct hd_cel_node *root, const char *expect)
{
	const struct hd_cel_type *wanted;

	if (!expect)
		return;
	wanted = hd_cel_type_parse(ck->pool, expect);
	if (!wanted)
		hd_cel_check_complain(ck, root, "", "'%s' is not a type",
				      expect);
	else if (!hd_cel_type_fits(&ck->bindings, type, wanted))
		hd_cel_check_complain(ck, root,
				      wanted->kind == HD_CEL_TYPE_BOOL
					      ? HD_CEL_COMPARE
					      : "",
				      "the expression is %s, %s is wanted",
				      hd_cel_type_text(ck->pool, type), expect);
}

static void compile(struct hd_cel_program *p, const struct hd_cel_env *env,
		    struct hd_cel_diag *diag,
		    const struct hd_cel_options *options)
{
	struct hd_cel_limits limits = with_defaults(options);
	struct hd_cel_checker ck = { .env = env,
				     .pool = &p->pool,
				     .diag = diag,
				     .container = options->container,
				     .unchecked = options->unchecked,
				     .max_macros = limits.comprehensions };
	const struct hd_cel_type *type;
	struct hd_cel_node *root;

	p->cost = limits.cost;
	if (!source_is_ok(diag, env, limits.source))
		return;
	root = hd_cel_parse(&p->pool, diag, limits.depth);
	if (!root)
		return;
	type = hd_cel_check(&ck, root);
	if (!diag->failed)
		want_type(&ck, type, root, options->expect);
	if (ck.max_locals > MAX_LOCALS)
		hd_cel_check_complain(&ck, root, "", "too many variables");
	if (diag->failed)
		return;
	p->type = hd_cel_type_text(&p->pool, type);
	p->locals = ck.max_locals;
	hd_cel_finish(p, diag, root, options->no_failing);
	p->root = root;
}

struct hd_cel_program *hd_cel_compile(const struct hd_cel_env *env,
				      const char *source, size_t n,
				      const struct hd_cel_options *options,
				      struct hd_cel_issues *issues)
{
	static const struct hd_cel_options none;
	struct hd_cel_program *p = hd_cel_must(calloc(1, sizeof(*p)));
	struct hd_cel_diag diag = {
		.source = source, .n = n, .issues = issues, .before = issues->n
	};

	hd_cel_pool_init(&p->pool, 0);
	compile(p, env, &diag, options ? options : &none);
	if (!diag.failed)
		return p;
	hd_cel_diag_sort(&diag);
	hd_cel_program_free(p);
	return NULL;
}

void hd_cel_program_free(struct hd_cel_program *p)
{
	if (!p)
		return;
	hd_cel_regex_free_all(p->patterns);
	hd_cel_arena_free(p->constants);
	hd_cel_pool_fini(&p->pool);
	free(p);
}

const char *hd_cel_program_type(const struct hd_cel_program *p)
{
	return p->type;
}

size_t hd_cel_program_refs(const struct hd_cel_program *p,
			   const struct hd_cel_ref **refs)
{
	*refs = p->refs;
	return p->n_refs;
}

size_t hd_cel_program_calls(const struct hd_cel_program *p,
			    const struct hd_cel_callsite **calls)
{
	*calls = p->calls;
	return p->n_calls;
}
