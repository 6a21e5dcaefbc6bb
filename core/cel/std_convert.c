/* Conversions between the scalar types; base64. */
#include "core/cel/build.h"
#include "core/cel/env.h"
#include "core/cel/eval.h"
#include "core/cel/moment.h"
#include "core/cel/net.h"
#include "core/cel/text.h"

typedef struct hd_cel_value value;

static value same(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)call;
	(void)n;
	return args[0];
}

static value out_of_range(struct hd_cel_call *call, const char *type)
{
	return hd_cel_failf(call, HD_CEL_E_VALUE, "out of the range of %s",
			    type);
}

static value no_such(struct hd_cel_call *call, const value *text,
		     const char *type)
{
	int n = text->n > 40 ? 40 : (int)text->n;

	while (n > 0 && n < (int)text->n &&
	       ((unsigned char)text->u.text[n] & 0xc0) == 0x80)
		n--;
	return hd_cel_failf(call, HD_CEL_E_VALUE, "'%.*s' is no %s", n,
			    text->u.text, type);
}

/* ---- numbers ---- */

static value int_of_uint(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	if (args[0].u.uinteger > INT64_MAX)
		return out_of_range(call, "int");
	return hd_cel_int((int64_t)args[0].u.uinteger);
}

/* The bounds themselves are out: a double near them cannot tell which int it
 * stands for. */
static value int_of_double(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	double d = args[0].u.real;

	(void)n;
	if (!(d > -9223372036854775808.0 && d < 9223372036854775808.0))
		return out_of_range(call, "int");
	return hd_cel_int((int64_t)d);
}

static value int_of_text(struct hd_cel_call *call, const value *args, size_t n)
{
	int64_t i;

	(void)n;
	if (!hd_cel_int_parse(args[0].u.text, args[0].n, &i))
		return no_such(call, &args[0], "int");
	return hd_cel_int(i);
}

static value int_of_timestamp(struct hd_cel_call *call, const value *args,
			      size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_int(args[0].u.integer);
}

static value uint_of_int(struct hd_cel_call *call, const value *args, size_t n)
{
	(void)n;
	if (args[0].u.integer < 0)
		return out_of_range(call, "uint");
	return hd_cel_uint((uint64_t)args[0].u.integer);
}

static value uint_of_double(struct hd_cel_call *call, const value *args,
			    size_t n)
{
	double d = args[0].u.real;

	(void)n;
	if (!(d >= 0 && d < 18446744073709551616.0))
		return out_of_range(call, "uint");
	return hd_cel_uint((uint64_t)d);
}

static value uint_of_text(struct hd_cel_call *call, const value *args, size_t n)
{
	uint64_t u;

	(void)n;
	if (!hd_cel_uint_parse(args[0].u.text, args[0].n, &u))
		return no_such(call, &args[0], "uint");
	return hd_cel_uint(u);
}

static value double_of_int(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_double((double)args[0].u.integer);
}

static value double_of_uint(struct hd_cel_call *call, const value *args,
			    size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_double((double)args[0].u.uinteger);
}

static value double_of_text(struct hd_cel_call *call, const value *args,
			    size_t n)
{
	double d;

	(void)n;
	if (!hd_cel_call_cost(call, args[0].n / 64))
		return hd_cel_stopped(call);
	if (!hd_cel_double_parse(args[0].u.text, args[0].n, &d))
		return no_such(call, &args[0], "double");
	return hd_cel_double(d);
}

static value bool_of_text(struct hd_cel_call *call, const value *args, size_t n)
{
	static const char *const words[] = { "false", "true", "False", "True",
					     "FALSE", "TRUE", "f",     "t",
					     "F",     "T",    "0",     "1" };
	size_t i;

	(void)n;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == args[0].n &&
		    memcmp(words[i], args[0].u.text, args[0].n) == 0)
			return hd_cel_bool(i % 2 == 1);
	return no_such(call, &args[0], "bool");
}

/* ---- texts ---- */

static value string_of_bool(struct hd_cel_call *call, const value *args,
			    size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_string(args[0].u.boolean ? "true" : "false");
}

static value string_of_int(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	(void)n;
	return hd_cel_call_stringf(call, "%lld", (long long)args[0].u.integer);
}

static value string_of_uint(struct hd_cel_call *call, const value *args,
			    size_t n)
{
	(void)n;
	return hd_cel_call_stringf(call, "%llu",
				   (unsigned long long)args[0].u.uinteger);
}

static value string_of_double(struct hd_cel_call *call, const value *args,
			      size_t n)
{
	char text[HD_CEL_DOUBLE_TEXT];

	(void)n;
	return hd_cel_call_string(call, text,
				  hd_cel_double_text(args[0].u.real, text));
}

static value string_of_bytes(struct hd_cel_call *call, const value *args,
			     size_t n)
{
	(void)n;
	if (!hd_cel_call_cost(call, args[0].n / 64))
		return hd_cel_stopped(call);
	if (!hd_cel_utf8_ok(args[0].u.text, args[0].n))
		return hd_cel_fail(call, HD_CEL_E_VALUE,
				   "the bytes are no UTF-8");
	return hd_cel_stringn(args[0].u.text, args[0].n);
}

static value string_of_timestamp(struct hd_cel_call *call, const value *args,
				 size_t n)
{
	char text[HD_CEL_MOMENT_TEXT];

	(void)n;
	return hd_cel_call_string(call, text, hd_cel_moment_text(args, text));
}

static value string_of_duration(struct hd_cel_call *call, const value *args,
				size_t n)
{
	char text[HD_CEL_MOMENT_TEXT];

	(void)n;
	return hd_cel_call_string(
		call, text, hd_cel_duration_text(args[0].u.integer, text));
}

static value string_of_address(struct hd_cel_call *call, const value *args,
			       size_t n)
{
	char text[HD_CEL_NET_TEXT];

	(void)n;
	return hd_cel_call_string(call, text, hd_cel_net_text(args, text));
}

static value bytes_of_text(struct hd_cel_call *call, const value *args,
			   size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_bytes(args[0].u.text, args[0].n);
}

/* ---- base64 ---- */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

size_t hd_cel_base64(const void *from, size_t n, char *out)
{
	const unsigned char *p = from;
	char *start = out;
	size_t i;

	for (i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		*out++ = base64[v >> 18];
		*out++ = base64[v >> 12 & 63];
		*out++ = i + 1 < n ? base64[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? base64[v & 63] : '=';
	}
	return (size_t)(out - start);
}

static value encode(struct hd_cel_call *call, const value *args, size_t n)
{
	size_t len = ((size_t)args[0].n + 2) / 3 * 4;
	char *text = hd_cel_call_alloc(call, len + 1);

	(void)n;
	if (!text)
		return hd_cel_stopped(call);
	return hd_cel_stringn(text,
			      hd_cel_base64(args[0].u.text, args[0].n, text));
}

static int base64_digit(char c)
{
	const char *at = c != '\0' ? strchr(base64, c) : NULL;

	return at ? (int)(at - base64) : -1;
}

/* With padding or without it; nothing else. */
static value decode(struct hd_cel_call *call, const value *args, size_t n)
{
	const char *p = args[0].u.text;
	size_t len = args[0].n, i, out = 0;
	char *bytes = hd_cel_call_alloc(call, len + 1);
	uint32_t bits = 0;

	(void)n;
	if (!bytes)
		return hd_cel_stopped(call);
	if (len % 4 == 0 && len > 0 && p[len - 1] == '=')
		len -= p[len - 2] == '=' ? 2 : 1;
	for (i = 0; i < len; i++) {
		int digit = base64_digit(p[i]);

		if (digit < 0)
			return no_such(call, &args[0], "base64");
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 0)
			bytes[out++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	if (len % 4 == 1)
		return no_such(call, &args[0], "base64");
	return hd_cel_bytes(bytes, out);
}

const struct hd_cel_builtin hd_cel_std_convert[] = {
	{ "int(int) -> int", same, false, NULL },
	{ "int(uint) -> int", int_of_uint, false, NULL },
	{ "int(double) -> int", int_of_double, false, NULL },
	{ "int(string) -> int", int_of_text, false, NULL },
	{ "int(timestamp) -> int", int_of_timestamp, false, NULL },
	{ "uint(uint) -> uint", same, false, NULL },
	{ "uint(int) -> uint", uint_of_int, false, NULL },
	{ "uint(double) -> uint", uint_of_double, false, NULL },
	{ "uint(string) -> uint", uint_of_text, false, NULL },
	{ "double(double) -> double", same, false, NULL },
	{ "double(int) -> double", double_of_int, false, NULL },
	{ "double(uint) -> double", double_of_uint, false, NULL },
	{ "double(string) -> double", double_of_text, false, NULL },
	{ "bool(bool) -> bool", same, false, NULL },
	{ "bool(string) -> bool", bool_of_text, false, NULL },
	{ "string(string) -> string", same, false, NULL },
	{ "string(bool) -> string", string_of_bool, false, NULL },
	{ "string(int) -> string", string_of_int, false, NULL },
	{ "string(uint) -> string", string_of_uint, false, NULL },
	{ "string(double) -> string", string_of_double, false, NULL },
	{ "string(bytes) -> string", string_of_bytes, false, NULL },
	{ "string(timestamp) -> string", string_of_timestamp, false, NULL },
	{ "string(duration) -> string", string_of_duration, false, NULL },
	{ "string(net.IP) -> string", string_of_address, false, NULL },
	{ "string(net.CIDR) -> string", string_of_address, false, NULL },
	{ "bytes(bytes) -> bytes", same, false, NULL },
	{ "bytes(string) -> bytes", bytes_of_text, false, NULL },
	{ "base64.encode(bytes) -> string", encode, false, NULL },
	{ "base64.decode(string) -> bytes", decode, false, NULL },
	{ NULL, NULL, false, NULL }
};
