#include "core/expr/checks.h"

#include <stdlib.h>
#include <string.h>

#include "core/conf/guess.h"
#include "core/expr/env.h"
#include "core/expr/lexeme.h"

#define NAME_MAX_BYTES 256
#define SHOWN_MAX 20 /* lists that are named */
#define NOT_ASKED "name it in `by` of a step `enrich` before this one"

void hd_checks_complain(struct hd_checks *checks, size_t offset,
			const char *text, const char *remedy)
{
	checks->failed = true;
	checks->fn(checks->ud, offset, text, remedy);
}

static bool is_listed(const char *const *list, const char *name, size_t n)
{
	for (; list && *list; list++)
		if (strlen(*list) == n && memcmp(*list, name, n) == 0)
			return true;
	return false;
}

/* "did you mean 'misp'?", else "there are 'misp', 'vt'", else `none`. */
static void choose(const struct hd_guess *guess, const char *all,
		   const char *none, char *out, size_t size)
{
	if (guess->best)
		snprintf(out, size, "did you mean '%s'?", guess->best);
	else
		snprintf(out, size, "%s%s", all[0] ? "there is " : "",
			 all[0] ? all : none);
}

static void add_quoted(char *all, size_t size, const char *name)
{
	size_t n = strlen(all);

	snprintf(all + n, size - n, "%s'%s'", n > 0 ? ", " : "", name);
}

static void guess_of(const char *const *list, const char *name,
		     const char *none, char *out, size_t size)
{
	char all[NAME_MAX_BYTES] = "";
	struct hd_guess guess;

	hd_guess_init(&guess, name);
	for (; list && *list; list++) {
		hd_guess_offer(&guess, *list);
		add_quoted(all, sizeof(all), *list);
	}
	choose(&guess, all, none, out, size);
}

/* Skips blanks, comments and one lexeme of `text`; NULL if another stands
 * there. */
static const char *skip_lexeme(const char *p, const char *end, const char *text)
{
	struct hd_lexeme lexeme = hd_lexeme_next(p, end);

	if (lexeme.kind == HD_LEXEME_BLANK)
		lexeme = hd_lexeme_next(lexeme.end, end);
	if (lexeme.n != strlen(text) ||
	    memcmp(lexeme.start, text, lexeme.n) != 0)
		return NULL;
	return lexeme.end;
}

/* Where `second` stands in the first "first.second" of the source; `otherwise`
 * if it is written in another way. */
static size_t place_of(const struct hd_expr *expr, const char *first,
		       const char *second, size_t otherwise)
{
	const char *p = expr->source, *end = p + strlen(p);

	while (p < end) {
		const char *name = skip_lexeme(p, end, first);

		name = name ? skip_lexeme(name, end, ".") : NULL;
		name = name ? skip_lexeme(name, end, second) : NULL;
		if (name)
			return (size_t)(name - expr->source) - strlen(second);
		p = hd_lexeme_next(p, end).end;
	}
	return otherwise;
}

/* `path` is "enrich.misp" or longer: its second name must be in `list`. */
static void check_second_name(struct hd_checks *checks,
			      const struct hd_cel_ref *ref, const char *first,
			      const char *const *list, const char *why,
			      const char *none)
{
	size_t skip = strlen(first);
	const char *name;
	char copy[NAME_MAX_BYTES], text[2 * NAME_MAX_BYTES];
	char remedy[2 * NAME_MAX_BYTES];
	size_t n;

	if (strncmp(ref->path, first, skip) != 0 ||
	    (ref->path[skip] && ref->path[skip] != '.' &&
	     ref->path[skip] != '['))
		return;
	if (ref->path[skip] != '.') {
		snprintf(text, sizeof(text), "'%s' as a whole", first);
		snprintf(remedy, sizeof(remedy), "say which: %s.NAME", first);
		hd_checks_complain(checks, ref->offset, text, remedy);
		return;
	}
	name = ref->path + skip + 1;
	n = strcspn(name, ".[");
	if (is_listed(list, name, n))
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)n, name);
	snprintf(text, sizeof(text), "%s.%s: %s", first, copy, why);
	guess_of(list, copy, none, remedy, sizeof(remedy));
	hd_checks_complain(checks,
			   place_of(checks->expr, first, copy, ref->offset),
			   text, remedy);
}

void hd_checks_refs(struct hd_checks *checks)
{
	const struct hd_cel_ref *refs;
	size_t n = hd_cel_program_refs(checks->expr->program, &refs);

	if (!checks->expr->in_record)
		return;
	for (size_t i = 0; i < n; i++) {
		if (refs[i].slot == HD_SLOT_ENRICH)
			check_second_name(checks, &refs[i], "enrich",
					  checks->names->enrich,
					  "no step before asks that connector",
					  NOT_ASKED);
		if (refs[i].slot == HD_SLOT_DONE)
			check_second_name(checks, &refs[i], "done",
					  checks->names->done,
					  "no entry before has that name",
					  "no entry of respond stands before");
	}
}

static void literal_of(const struct hd_cel_callsite *call, char *out,
		       size_t size)
{
	const struct hd_cel_value *name = call->args[0];

	out[0] = '\0';
	if (name && name->kind == HD_CEL_STRING)
		snprintf(out, size, "%.*s", (int)name->n, name->u.text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void guess_list(const struct hd_dict *lists, const char *name, char *out,
		       size_t size)
{
	const char *names[SHOWN_MAX + 1] = { NULL };
	const char *key;
	size_t at = 0, n = 0;

	while (n < SHOWN_MAX && hd_dict_next(lists, &at, &key))
		names[n++] = key;
	qsort(names, n, sizeof(names[0]), by_text);
	guess_of(names, name, "there are no lists: see the section `lists`",
		 out, size);
}

/* Where the first argument begins that is written in the brackets of a call. */
static size_t place_of_argument(const struct hd_expr *expr,
				const struct hd_cel_callsite *call)
{
	const char *end = expr->source + strlen(expr->source);
	const char *p = skip_lexeme(expr->source + call->offset, end,
				    call->function);
	struct hd_lexeme lexeme;

	p = p ? skip_lexeme(p, end, "(") : NULL;
	if (!p)
		return call->offset;
	lexeme = hd_lexeme_next(p, end);
	if (lexeme.kind == HD_LEXEME_BLANK)
		p = lexeme.end;
	return (size_t)(p - expr->source);
}

static void check_list(struct hd_checks *checks,
		       const struct hd_cel_callsite *call, const char *name)
{
	const struct hd_dict *lists = &checks->expr->env->lists;
	char text[2 * NAME_MAX_BYTES], remedy[2 * NAME_MAX_BYTES];

	if (hd_dict_get(lists, name))
		return;
	snprintf(text, sizeof(text), "there is no list '%s'", name);
	guess_list(lists, name, remedy, sizeof(remedy));
	hd_checks_complain(checks, place_of_argument(checks->expr, call), text,
			   remedy);
}

static void check_missing(struct hd_checks *checks,
			  const struct hd_cel_callsite *call, const char *name)
{
	char text[2 * NAME_MAX_BYTES], remedy[2 * NAME_MAX_BYTES];

	if (is_listed(checks->names->enrich, name, strlen(name)))
		return;
	snprintf(text, sizeof(text),
		 "missing(\"%s\"): no step before asks that connector", name);
	guess_of(checks->names->enrich, name, NOT_ASKED, remedy,
		 sizeof(remedy));
	hd_checks_complain(checks, place_of_argument(checks->expr, call), text,
			   remedy);
}

static void check_call(struct hd_checks *checks,
		       const struct hd_cel_callsite *call)
{
	char name[NAME_MAX_BYTES], text[2 * NAME_MAX_BYTES];
	bool is_list = strcmp(call->function, "listed") == 0;

	if (strcmp(call->function, "during") == 0)
		hd_checks_complain(checks, call->offset,
				   "during() comes with a later release",
				   "write now.getHours(\"Europe/Berlin\") and "
				   "now.getDayOfWeek(\"Europe/Berlin\")");
	if (!is_list && strcmp(call->function, "missing") != 0)
		return;
	literal_of(call, name, sizeof(name));
	if (!name[0]) {
		snprintf(text, sizeof(text),
			 "the first argument of %s() is a name in quotes",
			 call->function);
		hd_checks_complain(checks,
				   place_of_argument(checks->expr, call), text,
				   is_list ? "write listed(\"NAME\", x)"
					   : "write missing(\"NAME\")");
	} else if (is_list) {
		check_list(checks, call, name);
	} else {
		check_missing(checks, call, name);
	}
}

void hd_checks_calls(struct hd_checks *checks)
{
	const struct hd_cel_callsite *calls;
	size_t n = hd_cel_program_calls(checks->expr->program, &calls);

	for (size_t i = 0; i < n; i++)
		check_call(checks, &calls[i]);
}

void hd_checks_number(struct hd_checks *checks)
{
	const char *type = hd_cel_program_type(checks->expr->program);
	char text[NAME_MAX_BYTES];

	if (strcmp(type, "int") == 0 || strcmp(type, "uint") == 0 ||
	    strcmp(type, "double") == 0 || strcmp(type, "dyn") == 0)
		return;
	snprintf(text, sizeof(text), "a number is expected, this is %s", type);
	hd_checks_complain(checks, 0, text, "convert it: number(x), double(x)");
}
