#include "core/expr/env.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/ip.h"
#include "core/base/json_text.h"
#include "core/base/number.h"
#include "core/conf/list.h"
#include "core/expr/run.h"

#define TEXT_MAX_BYTES (1u << 20)
#define NUMBER_TEXT_MAX 64
#define MS_FROM 1000000000000 /* 13 digits: milliseconds */

typedef struct hd_cel_value value;

static value millis(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_timestamp_ms(args[0].u.integer);
}

static value listed(struct hd_cel_call *call, const value *args, size_t n)
{
	const struct hd_run *run = hd_cel_call_activation(call);
	const struct hd_expr_env *env = hd_cel_call_ud(call);
	const struct hd_list *list = NULL;
	char name[256];

	(void)n;
	if (args[0].n < sizeof(name)) {
		memcpy(name, args[0].u.text, args[0].n);
		name[args[0].n] = '\0';
		list = hd_dict_get(&env->lists, name);
	}
	if (!list)
		return hd_cel_call_error(call, "there is no such list");
	return hd_cel_bool(hd_list_has(list, args[1].u.text, args[1].n,
				       run->scope->now_ms));
}

static value missing(struct hd_cel_call *call, const value *args, size_t n)
{
	const struct hd_run *run = hd_cel_call_activation(call);

	(void)n;
	if (run->anything)
		return hd_cel_unknown(0);
	for (size_t i = 0; i < run->scope->missing_count; i++) {
		const char *name = run->scope->missing[i].connector;

		if (strlen(name) == args[0].n &&
		    memcmp(name, args[0].u.text, args[0].n) == 0)
			return hd_cel_bool(true);
	}
	return hd_cel_bool(false);
}

/* The word is kept for a later release; checks.c refuses each call. */
static value during(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)args;
	(void)n;
	return hd_cel_call_error(call, "during() is not there yet");
}

/* "72.5", "-3", "1,024", "1e3" without the commas; false if it is none. */
static bool clean_number(const char *text, size_t n, char *out, size_t size)
{
	size_t used = 0;

	while (n > 0 && text[n - 1] == ' ')
		n--;
	while (n > 0 && text[0] == ' ') {
		text++;
		n--;
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] == ',' && i > 0 && i + 3 < n)
			continue;
		if (used + 1 >= size || !strchr("0123456789.eE+-", text[i]) ||
		    !text[i])
			return false;
		out[used++] = text[i];
	}
	out[used] = '\0';
	return used > 0;
}

static size_t skip_digits(const char *text, size_t at)
{
	return at + strspn(text + at, "0123456789");
}

static bool is_number(const char *text)
{
	size_t at = text[0] == '-', before = at;

	at = skip_digits(text, at);
	if (at == before)
		return false;
	if (text[at] == '.') {
		before = ++at;
		at = skip_digits(text, at);
		if (at == before)
			return false;
	}
	if (text[at] == 'e' || text[at] == 'E') {
		at++;
		at += text[at] == '+' || text[at] == '-';
		before = at;
		at = skip_digits(text, at);
		if (at == before)
			return false;
	}
	return text[at] == '\0';
}

static bool text_to_double(const char *text, size_t n, double *out)
{
	char clean[NUMBER_TEXT_MAX];

	return clean_number(text, n, clean, sizeof(clean)) &&
	       is_number(clean) &&
	       hd_number_get_real(clean, strlen(clean), out) == 0 &&
	       isfinite(*out);
}

static value number(struct hd_cel_call *call, const value *args, size_t n)
{
	double result;

	(void)n;
	switch (args[0].kind) {
	case HD_CEL_INT:
		return hd_cel_double((double)args[0].u.integer);
	case HD_CEL_UINT:
		return hd_cel_double((double)args[0].u.uinteger);
	case HD_CEL_DOUBLE:
		return args[0];
	case HD_CEL_STRING:
		if (text_to_double(args[0].u.text, args[0].n, &result))
			return hd_cel_double(result);
		return hd_cel_call_error(call, "'%.*s' is no number",
					 args[0].n > 40 ? 40 : (int)args[0].n,
					 args[0].u.text);
	default:
		return hd_cel_call_error(call, "number(): a %s is none",
					 hd_cel_kind_name(args[0].kind));
	}
}

/* JSON text of a value in `out`; false when it is too long or has none. */
static bool put_json(struct hd_cel_call *call, value v, unsigned flags,
		     struct hd_buf *out)
{
	json_t *json = hd_cel_to_json(v);

	hd_buf_init(out, TEXT_MAX_BYTES);
	if (!json)
		return false;
	hd_json_write(out, json, flags);
	json_decref(json);
	return !hd_buf_failed(out) && hd_cel_call_cost(call, out->n / 64);
}

static value json_text(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_buf text;
	value result;

	(void)n;
	if (put_json(call, args[0], 0, &text))
		result = hd_cel_call_string(call, hd_buf_text(&text), text.n);
	else
		result = hd_cel_call_error(call, "json(): too long");
	hd_buf_fini(&text);
	return result;
}

static value digest(struct hd_cel_call *call, const value *args, size_t n)
{
	char hex[HD_SHA256_HEX];
	struct hd_buf text;
	value result;

	(void)n;
	if (put_json(call, args[0], HD_JSON_SORTED, &text)) {
		hd_sha256_hex(hd_buf_text(&text), text.n, hex);
		result = hd_cel_call_string(call, hex, strlen(hex));
	} else {
		result = hd_cel_call_error(call, "digest(): too long");
	}
	hd_buf_fini(&text);
	return result;
}

static int by_bytes(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;
	size_t n = json_string_length(*x), m = json_string_length(*y);
	int order = memcmp(json_string_value(*x), json_string_value(*y),
			   n < m ? n : m);

	return order != 0 ? order : (n > m) - (n < m);
}

static bool is_list_of_texts(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_array_size(list) > 0;
}

static json_t *in_order(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **items = hd_alloc_array(n, sizeof(json_t *));
	json_t *ordered = json_array();

	for (size_t i = 0; i < n; i++)
		items[i] = json_array_get(list, i);
	qsort(items, n, sizeof(json_t *), by_bytes);
	for (size_t i = 0; i < n; i++)
		json_array_append(ordered, items[i]);
	free(items);
	return ordered;
}

/* A list of texts by their bytes; anything else as it is. */
static value sorted(struct hd_cel_call *call, const value *args, size_t n)
{
	json_t *list = args[0].kind == HD_CEL_LIST ? hd_cel_to_json(args[0])
						   : NULL;
	value result = args[0];

	(void)n;
	if (is_list_of_texts(list)) {
		if (!hd_cel_call_cost(call, json_array_size(list)))
			result = hd_cel_call_error(call, "sorted(): too long");
		else
			result = hd_cel_call_json_take(call, in_order(list));
	}
	json_decref(list);
	return result;
}

static value no_time(struct hd_cel_call *call)
{
	return hd_cel_call_error(call, "epoch_ms(): that is no time");
}

static value epoch_ms(struct hd_cel_call *call, const value *args, size_t n)
{
	double seconds = args[0].u.real;
	int64_t ms = args[0].u.integer;

	(void)n;
	switch (args[0].kind) {
	case HD_CEL_INT:
		if (ms > -MS_FROM && ms < MS_FROM)
			ms *= 1000;
		return hd_cel_int(ms);
	case HD_CEL_DOUBLE:
		if (!(fabs(seconds) < 9e15))
			return no_time(call);
		if (fabs(seconds) < (double)MS_FROM)
			seconds *= 1000;
		return hd_cel_int((int64_t)floor(seconds));
	case HD_CEL_STRING:
		if (hd_time_parse(args[0].u.text, args[0].n, &ms) == 0)
			return hd_cel_int(ms);
		return no_time(call);
	default:
		return no_time(call);
	}
}

static value is_ip(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_ip ip;

	(void)call;
	(void)n;
	return hd_cel_bool(args[0].kind == HD_CEL_STRING &&
			   hd_ip_parse(args[0].u.text, args[0].n, &ip) == 0);
}

static value lower(struct hd_cel_call *call, const value *args, size_t n)
{
	char *copy = hd_cel_call_alloc(call, args[0].n);

	(void)n;
	if (!copy && args[0].n > 0)
		return hd_cel_call_error(call, "lower(): too long");
	for (size_t i = 0; i < args[0].n; i++) {
		char c = args[0].u.text[i];

		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return hd_cel_stringn(copy ? copy : "", args[0].n);
}

/* {domain, name}; a plain name has no domain. */
static value account(struct hd_cel_call *call, const value *args, size_t n)
{
	value keys[2] = { hd_cel_string("name"), hd_cel_string("domain") };
	const char *text = args[0].u.text;
	const char *slash = args[0].n > 0 ? memrchr(text, '\\', args[0].n)
					  : NULL;
	const char *at = args[0].n > 0 ? memrchr(text, '@', args[0].n) : NULL;
	value values[2] = { args[0] };
	size_t count = 1, before, after;

	(void)n;
	if (slash || at) {
		before = (size_t)((slash ? slash : at) - text);
		after = args[0].n - before - 1;
		values[0] = slash ? hd_cel_stringn(slash + 1, after)
				  : hd_cel_stringn(text, before);
		values[1] = slash ? hd_cel_stringn(text, before)
				  : hd_cel_stringn(at + 1, after);
		count = values[1].n > 0 ? 2 : 1;
	}
	return hd_cel_call_map(call, keys, values, count);
}

void hd_functions_add(struct hd_expr_env *env)
{
	static const struct {
		const char *signature;
		hd_cel_fn fn;
	} functions[] = {
		{ "account(string) -> map(string, string)", account },
		{ "digest(dyn) -> string", digest },
		{ "during(string) -> bool", during },
		{ "epoch_ms(dyn) -> int", epoch_ms },
		{ "is_ip(dyn) -> bool", is_ip },
		{ "json(dyn) -> string", json_text },
		{ "listed(string, string) -> bool", listed },
		{ "lower(string) -> string", lower },
		{ "millis(int) -> timestamp", millis },
		{ "missing(string) -> bool", missing },
		{ "number(dyn) -> double", number },
		{ "sorted(dyn) -> dyn", sorted },
	};

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		hd_cel_env_function(env->base, functions[i].signature,
				    functions[i].fn, env);
}
