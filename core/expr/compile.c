#include "core/expr/expr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/expr/checks.h"
#include "core/expr/env.h"
#include "core/expr/names.h"
#include "core/expr/program.h"
#include "core/expr/run.h"

/* ---- names of an expression's own ---- */

struct naming {
	struct hd_expr *expr;
	const struct hd_cel_env *known;
	bool too_many;
};

static bool is_constant_word(const char *name)
{
	/* SEVERITY, RISK, ...: nobody's member is called so. */
	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static void add_name(void *ud, const char *name, size_t n)
{
	struct naming *naming = ud;
	struct hd_expr *expr = naming->expr;
	char *copy = hd_memdup0(name, n);

	if (is_constant_word(copy) || strcmp(copy, "now") == 0 ||
	    strcmp(copy, "row") == 0)
		goto skip;
	for (size_t i = 0; i < expr->name_count; i++)
		if (strcmp(expr->names[i], copy) == 0)
			goto skip;
	if (expr->name_count == HD_EXPR_NAMES_MAX) {
		naming->too_many = true;
		goto skip;
	}
	hd_cel_env_var(expr->own, copy, "dyn",
		       HD_SLOT_NAME + (unsigned)expr->name_count);
	expr->names[expr->name_count++] = copy;
	return;
skip:
	free(copy);
}

static const struct hd_cel_env *choose_env(struct hd_expr *expr,
					   const struct hd_expr_names *names)
{
	struct hd_expr_env *env = expr->env;
	struct naming naming = { .expr = expr };

	if (names->target)
		return env->target;
	if (!names->row && !names->free) {
		expr->in_record = true;
		return names->first ? env->first : env->record;
	}
	expr->own = hd_cel_env_extend(names->row ? env->row : env->base);
	expr->names = hd_alloc_array(HD_EXPR_NAMES_MAX, sizeof(char *));
	hd_names_scan(expr->source, strlen(expr->source), add_name, &naming);
	return naming.too_many ? NULL : expr->own;
}

/* ---- what an evaluation must prepare ---- */

/* True if `path` is the view itself, or reads its reputation. */
static bool asks_reputation(const char *path, const char *view)
{
	size_t n = strlen(view);

	if (strncmp(path, view, n) != 0)
		return false;
	path += n;
	return !*path || *path == '[' || strncmp(path, ".reputation", 11) == 0;
}

static bool is_end(char c)
{
	return c == '\0' || c == '.' || c == '[';
}

/* How often an ordered enum stands in a text; in a path it is a whole name. */
static size_t count_ordered(const char *text, bool is_path)
{
	size_t count = 0;

	for (size_t i = 0; i < HD_ORDERED; i++) {
		size_t n = strlen(hd_ordered[i]);

		for (const char *p = text; (p = strstr(p, hd_ordered[i]));
		     p += n)
			if (!is_path ||
			    ((p == text || p[-1] == '.') && is_end(p[n])))
				count++;
	}
	return count;
}

/* Where the source says more of them than the paths do (a value was taken out
 * of its place before), they may be anywhere. */
static void note_ordered(struct hd_expr *expr, const struct hd_cel_ref *refs,
			 size_t n)
{
	size_t said = count_ordered(expr->source, false);
	size_t found = 0;

	for (size_t i = 0; said > 0 && i < n; i++) {
		if (count_ordered(refs[i].path, true) == 0)
			continue;
		/* one that is a variable itself is seen to where it is read */
		if (strpbrk(refs[i].path, ".["))
			expr->ordered[refs[i].slot] = true;
		found++;
	}
	for (size_t i = 0; found < said && i < HD_SLOT_COUNT; i++)
		expr->ordered[i] = true;
}

static void note_refs(struct hd_expr *expr)
{
	const struct hd_cel_ref *refs;
	size_t n = hd_cel_program_refs(expr->program, &refs);

	for (size_t i = 0; i < n; i++) {
		if (expr->in_record)
			expr->fillable |= hd_unknown_met(refs[i].path);
		if (refs[i].slot == HD_SLOT_DONE)
			expr->reads_done = true;
		for (unsigned v = 0; expr->in_record && v < HD_VIEWS; v++)
			if (asks_reputation(refs[i].path, hd_views[v].name))
				expr->reputations |= 1u << v;
		if (expr->in_record &&
		    hd_slot_is_of_risk(expr->env, refs[i].slot))
			expr->reads_risk = true;
	}
	note_ordered(expr, refs, n);
}

/* ---- compiling ---- */

static const char *expected(enum hd_expr_type type)
{
	switch (type) {
	case HD_EXPR_BOOL:
		return "bool";
	case HD_EXPR_INT:
		return "int";
	case HD_EXPR_STRING:
		return "string";
	case HD_EXPR_DURATION:
		return "duration";
	case HD_EXPR_NUMBER:
	case HD_EXPR_ANY:
		break;
	}
	return NULL;
}

/* Names that stand in other places, and what there is in this one. */
static const char *remedy_of(const struct hd_checks *checks,
			     const struct hd_cel_issue *issue)
{
	static const struct {
		const char *text, *remedy;
	} elsewhere[] = {
		{ "unknown name 'first'",
		  "`first` is known in `unless` of dedup only" },
		{ "unknown name 'target'",
		  "`target` is known in the section safety only" },
		{ "unknown name 'row'",
		  "`row` is known in the map of a source only; what no row of "
		  "it takes is in unmapped" },
	};

	if (strncmp(issue->text, "unknown name", 12) != 0)
		return issue->remedy;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcmp(issue->text, elsewhere[i].text) == 0)
			return elsewhere[i].remedy;
	if (checks->names->target)
		return "write target.user or target.device: what the action "
		       "would hit";
	return issue->remedy[0] ? issue->remedy
				: "names are attributes of OCSF 2004, or those "
				  "of herald-expressions(7)";
}

/* "view.user" is how types of ours are told from OCSF's: nobody's business. */
static void hide_views(char *text)
{
	static const char type[] = " view.";
	size_t n = sizeof(type) - 1;

	while ((text = strstr(text, type))) {
		text++; /* the blank stays */
		memmove(text, text + n - 1, strlen(text + n - 1) + 1);
	}
}

static void report(struct hd_checks *checks, const struct hd_cel_issues *issues)
{
	for (size_t i = 0; i < issues->n; i++) {
		const struct hd_cel_issue *issue = &issues->items[i];

		hide_views(issue->text);
		hd_checks_complain(checks, issue->offset, issue->text,
				   remedy_of(checks, issue));
	}
}

struct hd_expr *hd_expr_compile_part(struct hd_expr_env *env,
				     const struct hd_expr_names *names,
				     const char *source, size_t n,
				     enum hd_expr_type type,
				     hd_expr_issue_fn fn, void *ud)
{
	static const struct hd_expr_names none;
	struct hd_expr *expr = hd_alloc(sizeof(*expr));
	struct hd_checks checks = { expr, names ? names : &none, fn, ud,
				    false };
	struct hd_cel_options options = { .expect = expected(type),
					  .no_failing = true };
	struct hd_cel_issues issues = { 0 };
	const struct hd_cel_env *cel;

	expr->env = env;
	expr->source = hd_memdup0(source, n);
	cel = choose_env(expr, checks.names);
	if (!cel) {
		hd_checks_complain(&checks, 0,
				   "too many names in one expression", "");
		goto out;
	}
	expr->program = hd_cel_compile(cel, expr->source, n, &options, &issues);
	report(&checks, &issues);
	if (!expr->program)
		goto out;
	hd_checks_refs(&checks);
	hd_checks_calls(&checks);
	if (type == HD_EXPR_NUMBER)
		hd_checks_number(&checks);
	note_refs(expr);
out:
	hd_cel_issues_fini(&issues);
	if (checks.failed || !expr->program) {
		hd_expr_free(expr);
		expr = NULL;
	}
	return expr;
}

struct in_node {
	const struct hd_node *node;
	struct hd_complaints *complaints;
	char *path;
};

static void complain_in_node(void *ud, size_t offset, const char *text,
			     const char *remedy)
{
	struct in_node *in = ud;

	if (!in->path)
		in->path = hd_node_path(in->node);
	hd_complain(in->complaints, hd_node_place_at(in->node, offset),
		    "%s in %s", text, in->path);
	if (remedy && remedy[0])
		hd_complain_remedy(in->complaints, "%s", remedy);
}

struct hd_expr *hd_expr_compile(struct hd_expr_env *env,
				const struct hd_expr_names *names,
				const struct hd_node *node,
				enum hd_expr_type type,
				struct hd_complaints *complaints)
{
	struct in_node in = { node, complaints, NULL };
	size_t n;
	const char *text = hd_node_text(node, &n);
	struct hd_expr *expr;

	if (!text) {
		hd_complain(complaints, hd_node_place(node),
			    "an expression is expected, this is %s",
			    hd_node_kind(node));
		return NULL;
	}
	expr = hd_expr_compile_part(env, names, text, n, type, complain_in_node,
				    &in);
	free(in.path);
	return expr;
}

static void tell(void *ud, size_t offset, const char *text, const char *remedy)
{
	struct hd_err *err = ud;

	if (err && err->code == 0)
		hd_err_set(err, EINVAL, "column %zu: %s%s%s", offset + 1, text,
			   remedy && remedy[0] ? "; " : "",
			   remedy ? remedy : "");
}

struct hd_expr *hd_expr_compile_text(struct hd_expr_env *env,
				     const struct hd_expr_names *names,
				     const char *text, enum hd_expr_type type,
				     struct hd_err *err)
{
	if (err)
		err->code = 0;
	return hd_expr_compile_part(env, names, text, strlen(text), type, tell,
				    err);
}

struct hd_expr *hd_expr_try(struct hd_expr_env *env,
			    const struct hd_expr_names *names, const char *text,
			    enum hd_expr_type type, hd_expr_issue_fn fn,
			    void *ud)
{
	return hd_expr_compile_part(env, names, text, strlen(text), type, fn,
				    ud);
}

void hd_expr_free(struct hd_expr *expr)
{
	if (!expr)
		return;
	hd_cel_program_free(expr->program);
	hd_cel_env_free(expr->own);
	for (size_t i = 0; i < expr->name_count; i++)
		free(expr->names[i]);
	free(expr->names);
	free(expr->source);
	free(expr);
}

const char *hd_expr_source(const struct hd_expr *expr)
{
	return expr->source;
}

void hd_expr_paths(const struct hd_expr *expr,
		   void (*fn)(void *ud, const char *path), void *ud)
{
	const struct hd_cel_ref *refs;
	size_t n = hd_cel_program_refs(expr->program, &refs);

	for (size_t i = 0; i < n; i++)
		fn(ud, refs[i].path);
}

bool hd_expr_is_name(const struct hd_expr *expr)
{
	return expr->name_count == 1 &&
	       strcmp(expr->names[0], expr->source) == 0;
}
