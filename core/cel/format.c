#include "core/cel/format.h"

#include <math.h>
#include <stdlib.h>

#include "core/cel/build.h"
#include "core/cel/eval.h"
#include "core/cel/moment.h"
#include "core/cel/net.h"
#include "core/cel/text.h"

typedef struct hd_cel_value value;

#define MAX_PRECISION 60
#define MAX_LEVELS 100

static value refuse(struct hd_cel_call *call, const char *clause,
		    const value *v)
{
	return hd_cel_failf(call, HD_CEL_E_TYPE, "format: %s cannot write %s",
			    clause, hd_cel_kind_name(v->kind));
}

static const value fine = { .kind = HD_CEL_NONE };

/* ---- %s ---- */

/* Bytes as text; each run that is no UTF-8 as one replacement character. */
static void add_bytes(struct hd_cel_build *b, const value *v)
{
	bool bad = false;
	uint32_t code;
	size_t i = 0, len;

	while (i < v->n && !b->failed) {
		len = hd_cel_utf8_get(v->u.text + i, v->n - i, &code);
		if (len != 0)
			hd_cel_build_add(b, v->u.text + i, len);
		else if (!bad)
			hd_cel_build_adds(b, "\xef\xbf\xbd");
		bad = len == 0;
		i += bad ? 1 : len;
	}
}

static value add_text(struct hd_cel_build *b, const value *v, unsigned level);

static value add_list(struct hd_cel_build *b, const value *v, unsigned level)
{
	struct hd_cel_walk walk = { .of = v };
	value key, item, bad = fine;
	bool first = true;

	hd_cel_build_addc(b, '[');
	while (bad.kind == HD_CEL_NONE &&
	       hd_cel_walk_next(&walk, &key, &item)) {
		if (!first)
			hd_cel_build_adds(b, ", ");
		first = false;
		bad = add_text(b, &item, level);
	}
	hd_cel_build_addc(b, ']');
	return bad;
}

struct entry {
	value key, text;
};

static int by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (int)hd_cel_compare(&x->key, &y->key);
}

/* Entries in the order of their keys' texts. */
static value sorted_entries(struct hd_cel_build *b, const value *v,
			    unsigned level, struct entry **out)
{
	struct hd_cel_walk walk = { .of = v };
	size_t n = hd_cel_size(*v), i;
	value key, item, bad;

	*out = hd_cel_call_alloc(b->call, (n + 1) * sizeof(**out));
	if (!*out)
		return hd_cel_stopped(b->call);
	for (i = 0; i < n && hd_cel_walk_next(&walk, &key, &item); i++) {
		struct hd_cel_build one = { .call = b->call };

		bad = add_text(&one, &key, level);
		if (bad.kind != HD_CEL_NONE)
			return bad;
		(*out)[i].key = hd_cel_build_done(&one);
		if (hd_cel_bad(&(*out)[i].key))
			return (*out)[i].key;
		(*out)[i].text = item;
	}
	qsort(*out, n, sizeof(**out), by_text);
	return fine;
}

static value add_map(struct hd_cel_build *b, const value *v, unsigned level)
{
	size_t n = hd_cel_size(*v), i;
	struct entry *entries;
	value bad = sorted_entries(b, v, level, &entries);

	hd_cel_build_addc(b, '{');
	for (i = 0; i < n && bad.kind == HD_CEL_NONE; i++) {
		if (i > 0)
			hd_cel_build_adds(b, ", ");
		hd_cel_build_add(b, entries[i].key.u.text, entries[i].key.n);
		hd_cel_build_adds(b, ": ");
		bad = add_text(b, &entries[i].text, level);
	}
	hd_cel_build_addc(b, '}');
	return bad;
}

static value add_scalar(struct hd_cel_build *b, const value *v)
{
	char text[HD_CEL_DOUBLE_TEXT + HD_CEL_MOMENT_TEXT + HD_CEL_NET_TEXT];
	size_t n;

	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_NULL:
		n = (size_t)snprintf(text, sizeof(text), "null");
		break;
	case HD_CEL_BOOL:
		n = (size_t)snprintf(text, sizeof(text), "%s",
				     v->u.boolean ? "true" : "false");
		break;
	case HD_CEL_INT:
		n = (size_t)snprintf(text, sizeof(text), "%lld",
				     (long long)v->u.integer);
		break;
	case HD_CEL_UINT:
		n = (size_t)snprintf(text, sizeof(text), "%llu",
				     (unsigned long long)v->u.uinteger);
		break;
	case HD_CEL_DOUBLE:
		n = hd_cel_double_text(v->u.real, text);
		break;
	case HD_CEL_TIMESTAMP:
		n = hd_cel_moment_text(v, text);
		break;
	case HD_CEL_DURATION:
		n = hd_cel_duration_text(v->u.integer, text);
		break;
	case HD_CEL_IP:
	case HD_CEL_CIDR:
		n = hd_cel_net_text(v, text);
		break;
	default:
		return refuse(b->call, "%s", v);
	}
	hd_cel_build_add(b, text, n);
	return fine;
}

static value add_text(struct hd_cel_build *b, const value *v, unsigned level)
{
	if (level > MAX_LEVELS || !hd_cel_call_cost(b->call, 1))
		return hd_cel_stop(b->call, "a text nested too deep or too "
					    "long");
	switch ((enum hd_cel_kind)v->kind) {
	case HD_CEL_STRING:
	case HD_CEL_TYPE:
		hd_cel_build_add(b, v->u.text, v->n);
		return fine;
	case HD_CEL_BYTES:
		add_bytes(b, v);
		return fine;
	case HD_CEL_LIST:
		return add_list(b, v, level + 1);
	case HD_CEL_MAP:
		return add_map(b, v, level + 1);
	default:
		return add_scalar(b, v);
	}
}

/* ---- numbers ---- */

static bool add_not_finite(struct hd_cel_build *b, const value *v)
{
	char text[HD_CEL_DOUBLE_TEXT];

	if (v->kind != HD_CEL_DOUBLE || isfinite(v->u.real))
		return false;
	hd_cel_build_add(b, text, hd_cel_double_text(v->u.real, text));
	return true;
}

static value add_decimal(struct hd_cel_build *b, const value *v)
{
	if (!hd_cel_is_number(v))
		return refuse(b->call, "%d", v);
	return add_scalar(b, v);
}

static value add_fixed(struct hd_cel_build *b, const value *v, char style,
		       unsigned precision)
{
	char text[HD_CEL_FIXED_TEXT];
	double d = v->kind == HD_CEL_DOUBLE ? v->u.real
		   : v->kind == HD_CEL_INT  ? (double)v->u.integer
					    : (double)v->u.uinteger;

	if (!hd_cel_is_number(v))
		return refuse(b->call, style == 'f' ? "%f" : "%e", v);
	if (!add_not_finite(b, v))
		hd_cel_build_add(b, text,
				 hd_cel_fixed_text(d, style, precision, text));
	return fine;
}

/* Digits in base 2, 8 or 16, a minus before negative ones. */
static void add_digits(struct hd_cel_build *b, const value *v, unsigned bits,
		       const char *digits)
{
	bool minus = v->kind == HD_CEL_INT && v->u.integer < 0;
	uint64_t u = minus ? -v->u.uinteger : v->u.uinteger;
	char text[65];
	size_t at = sizeof(text);

	if (v->kind == HD_CEL_BOOL)
		u = v->u.boolean;
	do {
		text[--at] = digits[u & ((1u << bits) - 1)];
		u >>= bits;
	} while (u != 0);
	if (minus)
		hd_cel_build_addc(b, '-');
	hd_cel_build_add(b, text + at, sizeof(text) - at);
}

static value add_hex(struct hd_cel_build *b, const value *v, const char *digits)
{
	uint32_t i;

	if (v->kind == HD_CEL_INT || v->kind == HD_CEL_UINT) {
		add_digits(b, v, 4, digits);
		return fine;
	}
	if (v->kind != HD_CEL_STRING && v->kind != HD_CEL_BYTES)
		return refuse(b->call, "%x", v);
	for (i = 0; i < v->n && !b->failed; i++) {
		unsigned char c = (unsigned char)v->u.text[i];

		hd_cel_build_addc(b, digits[c >> 4]);
		hd_cel_build_addc(b, digits[c & 15]);
	}
	return fine;
}

static value add_base(struct hd_cel_build *b, const value *v, unsigned bits)
{
	bool ok = v->kind == HD_CEL_INT || v->kind == HD_CEL_UINT ||
		  (bits == 1 && v->kind == HD_CEL_BOOL);

	if (!ok)
		return refuse(b->call, bits == 1 ? "%b" : "%o", v);
	add_digits(b, v, bits, "01234567");
	return fine;
}

/* ---- clauses ---- */

static value add_clause(struct hd_cel_build *b, char clause, unsigned precision,
			const value *v)
{
	static const char lower[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";

	switch (clause) {
	case 's':
		return add_text(b, v, 0);
	case 'd':
		return add_decimal(b, v);
	case 'f':
	case 'e':
		return add_fixed(b, v, clause, precision);
	case 'x':
		return add_hex(b, v, lower);
	case 'X':
		return add_hex(b, v, upper);
	case 'o':
		return add_base(b, v, 3);
	case 'b':
		return add_base(b, v, 1);
	default:
		return hd_cel_failf(b->call, HD_CEL_E_VALUE,
				    "format: no clause '%%%c'", clause);
	}
}

/* Behind '%'.  False if the precision is no good. */
static bool read_precision(const char **p, const char *end, unsigned *out)
{
	*out = 6;
	if (*p == end || **p != '.')
		return true;
	(*p)++;
	if (*p == end || **p < '0' || **p > '9')
		return false;
	for (*out = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*out = *out * 10 + (unsigned)(**p - '0');
		if (*out > MAX_PRECISION)
			return false;
	}
	return true;
}

value hd_cel_format(struct hd_cel_call *call, const value *args, size_t n)
{
	struct hd_cel_build b = { .call = call };
	const char *p = args[0].u.text, *end = p + args[0].n, *percent;
	unsigned precision;
	size_t used = 0;
	value bad, arg;

	(void)n;
	while ((percent = p < end ? memchr(p, '%', (size_t)(end - p)) : NULL)) {
		hd_cel_build_add(&b, p, (size_t)(percent - p));
		p = percent + 1;
		if (p < end && *p == '%') {
			hd_cel_build_addc(&b, *p++);
			continue;
		}
		if (!read_precision(&p, end, &precision) || p == end)
			return hd_cel_fail(call, HD_CEL_E_VALUE,
					   "format: not a clause after '%'");
		arg = hd_cel_at(args[1], used++);
		if (arg.kind == HD_CEL_NONE)
			return hd_cel_fail(call, HD_CEL_E_VALUE,
					   "format: too few arguments");
		bad = add_clause(&b, *p++, precision, &arg);
		if (bad.kind != HD_CEL_NONE)
			return bad;
	}
	hd_cel_build_add(&b, p, (size_t)(end - p));
	return hd_cel_build_done(&b);
}
