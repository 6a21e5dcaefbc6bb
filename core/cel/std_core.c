/* size, contains, startsWith, endsWith, matches, type, dyn. */
#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/program.h"
#include "core/cel/regex.h"
#include "core/cel/text.h"
#include "core/cel/unknown.h"

typedef struct hd_cel_value value;

static value size_text(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	if (!hd_cel_call_cost(call, args[0].n / 1024))
		return hd_cel_stopped(call);
	return hd_cel_int(
		(int64_t)hd_cel_utf8_count(args[0].u.text, args[0].n));
}

static value size_bytes(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int(args[0].n);
}

static value size_list(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int((int64_t)hd_cel_size(args[0]));
}

/* A list that is there is whole, a map may get more members. */
static value size_map(struct hd_cel_call *call, const value *args, size_t n)
{
	value v = hd_cel_whole(call, args[0]);

	(void)n;
	if (v.kind == HD_CEL_UNKNOWN)
		return v;
	return hd_cel_int((int64_t)hd_cel_size(v));
}

static value contains(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *part = &args[1];

	(void)n;
	if (!hd_cel_call_cost(call, (text->n + part->n) / 1024))
		return hd_cel_stopped(call);
	if (part->n == 0)
		return hd_cel_bool(true);
	return hd_cel_bool(
		text->n >= part->n &&
		memmem(text->u.text, text->n, part->u.text, part->n) != NULL);
}

static value starts_with(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *part = &args[1];

	(void)call;
	(void)n;
	return hd_cel_bool(part->n == 0 ||
			   (text->n >= part->n &&
			    memcmp(text->u.text, part->u.text, part->n) == 0));
}

static value ends_with(struct hd_cel_call *call, const value *args, size_t n)
{
	const value *text = &args[0], *part = &args[1];

	(void)call;
	(void)n;
	return hd_cel_bool(part->n == 0 ||
			   (text->n >= part->n &&
			    memcmp(text->u.text + (text->n - part->n),
				   part->u.text, part->n) == 0));
}

static const void *prepare_pattern(struct hd_cel_program *program,
				   value literal, char *why, size_t size)
{
	struct hd_cel_regex *regex = hd_cel_regex_compile(literal.u.text,
							  literal.n, why, size);

	if (regex)
		hd_cel_regex_link(regex, &program->patterns);
	return regex;
}

static value matches(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_cel_regex *regex;
	char why[256];
	value v;

	(void)n;
	if (call->node->tool)
		return hd_cel_regex_match(call, call->node->tool, &args[0]);
	if (!hd_cel_call_cost(call, 20 + args[1].n))
		return hd_cel_stopped(call);
	regex = hd_cel_regex_compile(args[1].u.text, args[1].n, why,
				     sizeof(why));
	if (!regex)
		return hd_cel_failf(call, HD_CEL_E_VALUE, "%s", why);
	hd_cel_call_cost(call, hd_cel_regex_states(regex));
	v = hd_cel_regex_match(call, regex, &args[0]);
	hd_cel_regex_free_all(regex);
	return v;
}

static value type_of(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *name = hd_cel_kind_name(args[0].kind);

	(void)call;
	(void)n;
	return (value){ .kind = HD_CEL_TYPE,
			.n = (uint32_t)strlen(name),
			.u.text = name };
}

static value same(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0];
}

const struct hd_cel_builtin hd_cel_std_core[] = {
	{ "size(string) -> int", size_text, false, NULL },
	{ "size(bytes) -> int", size_bytes, false, NULL },
	{ "size(list(T)) -> int", size_list, true, NULL },
	{ "size(map(K, V)) -> int", size_map, true, NULL },
	{ "string.size() -> int", size_text, false, NULL },
	{ "bytes.size() -> int", size_bytes, false, NULL },
	{ "(list(T)).size() -> int", size_list, true, NULL },
	{ "(map(K, V)).size() -> int", size_map, true, NULL },
	{ "string.contains(string) -> bool", contains, false, NULL },
	{ "string.startsWith(string) -> bool", starts_with, false, NULL },
	{ "string.endsWith(string) -> bool", ends_with, false, NULL },
	{ "string.matches(string) -> bool", matches, false, prepare_pattern },
	{ "matches(string, string) -> bool", matches, false, prepare_pattern },
	{ "type(T) -> type(T)", type_of, true, NULL },
	{ "dyn(T) -> dyn", same, true, NULL },
	{ NULL, NULL, false, NULL }
};
