#include "core/expr/checks.h"

#include <string.h>

#include "core/conf/guess.h"
#include "core/expr/env.h"
#include "core/expr/lexeme.h"

#define NAME_MAX_BYTES 256

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

static void guess_of(const char *const *list, const char *name, char *out,
		     size_t size)
{
	struct hd_guess guess;

	out[0] = '\0';
	hd_guess_init(&guess, name);
	for (; list && *list; list++)
		hd_guess_offer(&guess, *list);
	if (guess.best)
		snprintf(out, size, "did you mean '%s'?", guess.best);
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
			      const char *const *list, const char *why)
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
		snprintf(text, sizeof(text),
			 "'%s' as a whole: say which, %s.NAME", first, first);
		hd_checks_complain(checks, ref->offset, text, "");
		return;
	}
	name = ref->path + skip + 1;
	n = strcspn(name, ".[");
	if (is_listed(list, name, n))
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)n, name);
	snprintf(text, sizeof(text), "%s.%s: %s", first, copy, why);
	guess_of(list, copy, remedy, sizeof(remedy));
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
					  "no step before asks that connector");
		if (refs[i].slot == HD_SLOT_DONE)
			check_second_name(checks, &refs[i], "done",
					  checks->names->done,
					  "no entry before has that name");
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

static void guess_list(const struct hd_dict *lists, const char *name, char *out,
		       size_t size)
{
	struct hd_guess guess;
	const char *key;
	size_t at = 0;

	out[0] = '\0';
	hd_guess_init(&guess, name);
	while (hd_dict_next(lists, &at, &key))
		hd_guess_offer(&guess, key);
	if (guess.best)
		snprintf(out, size, "did you mean '%s'?", guess.best);
}

static void check_call(struct hd_checks *checks,
		       const struct hd_cel_callsite *call)
{
	const struct hd_dict *lists = &checks->expr->env->lists;
	char name[NAME_MAX_BYTES], text[2 * NAME_MAX_BYTES];
	char remedy[2 * NAME_MAX_BYTES];
	bool is_list = strcmp(call->function, "listed") == 0;

	if (strcmp(call->function, "during") == 0)
		hd_checks_complain(checks, call->offset,
				   "during() comes with a later release", "");
	if (!is_list && strcmp(call->function, "missing") != 0)
		return;
	literal_of(call, name, sizeof(name));
	if (!name[0]) {
		snprintf(text, sizeof(text),
			 "the first argument of %s() is a name in quotes",
			 call->function);
		hd_checks_complain(checks, call->offset, text, "");
	} else if (is_list && !hd_dict_get(lists, name)) {
		snprintf(text, sizeof(text), "there is no list '%s'", name);
		guess_list(lists, name, remedy, sizeof(remedy));
		hd_checks_complain(checks, call->offset, text, remedy);
	} else if (!is_list &&
		   !is_listed(checks->names->enrich, name, strlen(name))) {
		snprintf(text, sizeof(text),
			 "missing(\"%s\"): no step before asks that connector",
			 name);
		guess_of(checks->names->enrich, name, remedy, sizeof(remedy));
		hd_checks_complain(checks, call->offset, text, remedy);
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
	hd_checks_complain(checks, 0, text, "");
}
