#include "core/expr/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/expr/env.h"
#include "core/expr/escape.h"
#include "core/expr/lexeme.h"
#include "core/expr/program.h"

#define TEXT_MAX_BYTES (1u << 20)
#define PIECES_MAX 1000

struct piece {
	struct hd_expr *expr; /* NULL: a text */
	char *text;
	size_t n;
};

struct hd_template {
	struct hd_expr_env *env;
	enum hd_escape escape;
	struct piece *pieces;
	size_t count;
};

/* ---- reading ---- */

struct reading {
	struct hd_template *t;
	const struct hd_expr_names *names;
	const char *text; /* all of it: places are counted from here */
	size_t base;	  /* of the expression that is compiled now */
	hd_expr_issue_fn fn;
	void *ud;
	bool failed;
};

static void complain(struct reading *reading, size_t offset, const char *text,
		     const char *remedy)
{
	reading->failed = true;
	reading->fn(reading->ud, offset, text, remedy);
}

static void complain_in_expr(void *ud, size_t offset, const char *text,
			     const char *remedy)
{
	struct reading *reading = ud;

	complain(reading, reading->base + offset, text, remedy);
}

static struct piece *add_piece(struct hd_template *t)
{
	t->pieces = hd_realloc_array(t->pieces, t->count + 1,
				     sizeof(*t->pieces));
	t->pieces[t->count] = (struct piece){ 0 };
	return &t->pieces[t->count++];
}

static void add_text(struct hd_template *t, struct hd_buf *text)
{
	struct piece *piece;

	if (text->n == 0)
		return;
	piece = add_piece(t);
	piece->n = text->n;
	piece->text = hd_buf_steal(text);
}

/* The closing brace of the expression that begins at `p`, or NULL. */
static const char *find_close(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		struct hd_lexeme lexeme = hd_lexeme_next(p, end);

		if (lexeme.kind == HD_LEXEME_OTHER) {
			if (*p == '}' && depth-- == 0)
				return p;
			if (*p == '{')
				depth++;
		}
		p = lexeme.end;
	}
	return NULL;
}

static bool is_blank(const char *p, const char *end)
{
	struct hd_lexeme lexeme = hd_lexeme_next(p, end);

	return p == end ||
	       (lexeme.kind == HD_LEXEME_BLANK && lexeme.end == end);
}

/* Reads "${...}" at `p`; returns what stands behind it, NULL if it is broken
 * beyond reading on. */
static const char *read_expr(struct reading *reading, const char *p,
			     const char *end)
{
	size_t offset = (size_t)(p - reading->text);
	const char *close = find_close(p + 2, end);
	struct hd_expr *expr;

	if (!close) {
		complain(reading, offset, "'${' without '}'",
			 "write '$$' for a dollar sign");
		return NULL;
	}
	if (is_blank(p + 2, close)) {
		complain(reading, offset, "'${}' without an expression", "");
		return close + 1;
	}
	reading->base = offset + 2;
	expr = hd_expr_compile_part(reading->t->env, reading->names, p + 2,
				    (size_t)(close - p) - 2, HD_EXPR_ANY,
				    complain_in_expr, reading);
	if (expr)
		add_piece(reading->t)->expr = expr;
	return close + 1;
}

static void read_all(struct reading *reading, size_t n)
{
	const char *p = reading->text, *end = p + n;
	struct hd_buf text;

	hd_buf_init(&text, n + 1);
	while (p && p < end) {
		if (reading->t->count >= PIECES_MAX) {
			complain(reading, 0, "too many '${' in one text", "");
			break;
		}
		if (end - p >= 2 && p[0] == '$' && p[1] == '$') {
			hd_buf_addc(&text, '$');
			p += 2;
		} else if (end - p >= 2 && p[0] == '$' && p[1] == '{') {
			add_text(reading->t, &text);
			p = read_expr(reading, p, end);
		} else {
			hd_buf_addc(&text, *p++);
		}
	}
	add_text(reading->t, &text);
	hd_buf_fini(&text);
}

static struct hd_template *compile(struct hd_expr_env *env,
				   const struct hd_expr_names *names,
				   const char *text, size_t n,
				   enum hd_escape escape, hd_expr_issue_fn fn,
				   void *ud)
{
	struct hd_template *t = hd_alloc(sizeof(*t));
	struct reading reading = {
		.t = t, .names = names, .text = text, .fn = fn, .ud = ud
	};

	t->env = env;
	t->escape = escape;
	read_all(&reading, n);
	if (!reading.failed)
		return t;
	hd_template_free(t);
	return NULL;
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

struct hd_template *hd_template_compile(struct hd_expr_env *env,
					const struct hd_expr_names *names,
					const struct hd_node *node,
					enum hd_escape escape,
					struct hd_complaints *complaints)
{
	struct in_node in = { node, complaints, NULL };
	struct hd_template *t;
	size_t n;
	const char *text = hd_node_text(node, &n);

	if (!text) {
		hd_complain(complaints, hd_node_place(node),
			    "a text is expected, this is %s",
			    hd_node_kind(node));
		return NULL;
	}
	t = compile(env, names, text, n, escape, complain_in_node, &in);
	free(in.path);
	return t;
}

static void tell(void *ud, size_t offset, const char *text, const char *remedy)
{
	struct hd_err *err = ud;

	if (err && err->code == 0)
		hd_err_set(err, EINVAL, "byte %zu: %s%s%s", offset + 1, text,
			   remedy && remedy[0] ? "; " : "",
			   remedy ? remedy : "");
}

struct hd_template *hd_template_compile_text(struct hd_expr_env *env,
					     const struct hd_expr_names *names,
					     const char *text,
					     enum hd_escape escape,
					     struct hd_err *err)
{
	if (err)
		err->code = 0;
	return compile(env, names, text, strlen(text), escape, tell, err);
}

struct in_file {
	const struct hd_node *node;
	struct hd_complaints *complaints;
	const char *path, *text;
};

static void complain_in_file(void *ud, size_t offset, const char *text,
			     const char *remedy)
{
	struct in_file *in = ud;
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset && in->text[i]; i++) {
		column = in->text[i] == '\n' ? 1 : column + 1;
		line += in->text[i] == '\n';
	}
	hd_complain(in->complaints, hd_node_place(in->node), "%s:%zu:%zu: %s",
		    in->path, line, column, text);
	if (remedy && remedy[0])
		hd_complain_remedy(in->complaints, "%s", remedy);
}

struct hd_template *hd_template_compile_file(struct hd_expr_env *env,
					     const struct hd_expr_names *names,
					     const struct hd_node *node,
					     const char *path, const char *text,
					     enum hd_escape escape,
					     struct hd_complaints *complaints)
{
	struct in_file in = { node, complaints, path, text };

	return compile(env, names, text, strlen(text), escape, complain_in_file,
		       &in);
}

void hd_template_free(struct hd_template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		hd_expr_free(t->pieces[i].expr);
		free(t->pieces[i].text);
	}
	free(t->pieces);
	free(t);
}

bool hd_template_is_constant(const struct hd_template *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->pieces[i].expr)
			return false;
	return true;
}

void hd_template_paths(const struct hd_template *t,
		       void (*fn)(void *ud, const char *path), void *ud)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->pieces[i].expr)
			hd_expr_paths(t->pieces[i].expr, fn, ud);
}

/* ---- writing ---- */

/* "65 (could be 65 to 100: vt timed out)" for an expression that is nothing
 * but the score or its level; false for all others. */
static bool put_interval(const struct hd_template *t,
			 const struct hd_expr *expr,
			 const struct hd_expr_scope *scope, struct hd_buf *out)
{
	const struct hd_interval *risk = scope->risk;
	const struct hd_risk_levels *levels = &t->env->levels;
	char text[256], missing[160];
	int known, low, high;

	if (!risk || risk->low == risk->high)
		return false;
	known = hd_risk_level(levels, risk->known);
	low = hd_risk_level(levels, risk->low);
	high = hd_risk_level(levels, risk->high);
	hd_run_missing(scope, missing, sizeof(missing));
	if (strcmp(expr->source, "risk_score") == 0) {
		snprintf(text, sizeof(text), "%d (could be %d to %d",
			 risk->known, risk->low, risk->high);
	} else if (low != high && strcmp(expr->source, "risk_level_id") == 0) {
		snprintf(text, sizeof(text), "%d (could be %d to %d", known,
			 low, high);
	} else if (low != high && strcmp(expr->source, "risk_level") == 0) {
		snprintf(text, sizeof(text), "%s (could be %s to %s",
			 hd_risk_level_name(known), hd_risk_level_name(low),
			 hd_risk_level_name(high));
	} else {
		return false;
	}
	hd_escape_put(out, t->escape, text, strlen(text));
	if (missing[0])
		hd_escape_put(out, t->escape, ": ", 2);
	hd_escape_put(out, t->escape, missing, strlen(missing));
	hd_escape_put(out, t->escape, ")", 1);
	return true;
}

/* What people read instead. */
static void put_unsaid(const struct hd_template *t, enum hd_truth truth,
		       const struct hd_reason *why, struct hd_buf *out)
{
	char text[sizeof(why->text) + 32];

	if (truth == HD_ABSENT)
		snprintf(text, sizeof(text), "(no %s)", why->text);
	else if (truth == HD_NOT_SURE)
		snprintf(text, sizeof(text), "(not known: %s)", why->text);
	else
		snprintf(text, sizeof(text), "(error)");
	hd_escape_put(out, t->escape, text, strlen(text));
}

static enum hd_truth put_value(const struct hd_template *t,
			       const struct hd_expr *expr,
			       const struct hd_expr_scope *scope,
			       struct hd_buf *out, struct hd_reason *why)
{
	struct hd_run *run = hd_run_begin(expr, scope);
	struct hd_cel_value value;
	enum hd_truth truth = hd_run_eval(run, &value, why);
	const char *text;
	size_t n;

	if (truth == HD_HOLDS) {
		if (hd_cel_to_text(value, t->env->arena, &text, &n)) {
			hd_escape_put(out, t->escape, text, n);
		} else {
			truth = HD_ERROR;
			snprintf(why->text, sizeof(why->text),
				 "the text is too long");
		}
	}
	hd_run_end(run);
	return truth;
}

static enum hd_truth put_piece(const struct hd_template *t,
			       const struct piece *piece,
			       const struct hd_expr_scope *scope, bool lenient,
			       struct hd_buf *out, struct hd_reason *why)
{
	enum hd_truth truth;

	if (!piece->expr) {
		/* An order of the operator's own, but never two lines. */
		if (t->escape == HD_ESCAPE_HEADER)
			hd_escape_put(out, t->escape, piece->text, piece->n);
		else
			hd_buf_add(out, piece->text, piece->n);
		return HD_HOLDS;
	}
	if (lenient && put_interval(t, piece->expr, scope, out))
		return HD_NOT_SURE;
	truth = put_value(t, piece->expr, scope, out, why);
	if (lenient && truth != HD_HOLDS)
		put_unsaid(t, truth, why, out);
	return truth;
}

/* HD_ERROR is worse than HD_NOT_SURE is worse than HD_ABSENT: as they stand in
 * the enum. */
enum hd_truth hd_template_render(const struct hd_template *t,
				 const struct hd_expr_scope *scope,
				 bool lenient, struct hd_buf *out,
				 struct hd_reason *why)
{
	enum hd_truth worst = HD_HOLDS;
	struct hd_reason here;

	if (why)
		why->text[0] = '\0';
	for (size_t i = 0; i < t->count; i++) {
		enum hd_truth truth;

		here.text[0] = '\0';
		truth = put_piece(t, &t->pieces[i], scope, lenient, out, &here);
		if (truth > worst) {
			worst = truth;
			if (why)
				*why = here;
		}
		if (!lenient && truth != HD_HOLDS)
			break;
	}
	return worst;
}

enum hd_truth hd_template_value(const struct hd_template *t,
				const struct hd_expr_scope *scope, json_t **out,
				struct hd_reason *why)
{
	struct hd_buf text;
	enum hd_truth truth;

	*out = NULL;
	if (t->count == 1 && t->pieces[0].expr)
		return hd_expr_value(t->pieces[0].expr, scope, out, why);
	hd_buf_init(&text, TEXT_MAX_BYTES);
	truth = hd_template_render(t, scope, false, &text, why);
	if (truth == HD_HOLDS && hd_buf_failed(&text)) {
		truth = HD_ERROR;
		if (why)
			snprintf(why->text, sizeof(why->text),
				 "the text is too long");
	}
	if (truth == HD_HOLDS)
		*out = json_stringn(hd_buf_text(&text), text.n);
	if (truth == HD_HOLDS && !*out) {
		truth = HD_ERROR;
		if (why)
			snprintf(why->text, sizeof(why->text),
				 "the text is no UTF-8");
	}
	hd_buf_fini(&text);
	return truth;
}
