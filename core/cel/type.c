#include "core/cel/type.h"

#include <ctype.h>
#include <string.h>

#include "core/cel/cel.h"
#include "core/cel/pool.h"

#define MAX_WEIGHT 256

static const struct hd_cel_type simple[] = {
	[HD_CEL_TYPE_DYN] = { HD_CEL_TYPE_DYN, 0, 1, 0, "dyn", { 0 } },
	[HD_CEL_TYPE_NULL] = { HD_CEL_TYPE_NULL, 0, 1, 0, "null_type", { 0 } },
	[HD_CEL_TYPE_BOOL] = { HD_CEL_TYPE_BOOL, 0, 1, 0, "bool", { 0 } },
	[HD_CEL_TYPE_INT] = { HD_CEL_TYPE_INT, 0, 1, 0, "int", { 0 } },
	[HD_CEL_TYPE_UINT] = { HD_CEL_TYPE_UINT, 0, 1, 0, "uint", { 0 } },
	[HD_CEL_TYPE_DOUBLE] = { HD_CEL_TYPE_DOUBLE, 0, 1, 0, "double", { 0 } },
	[HD_CEL_TYPE_STRING] = { HD_CEL_TYPE_STRING, 0, 1, 0, "string", { 0 } },
	[HD_CEL_TYPE_BYTES] = { HD_CEL_TYPE_BYTES, 0, 1, 0, "bytes", { 0 } },
	[HD_CEL_TYPE_TIMESTAMP] = { HD_CEL_TYPE_TIMESTAMP,
				    0,
				    1,
				    0,
				    "timestamp",
				    { 0 } },
	[HD_CEL_TYPE_DURATION] = { HD_CEL_TYPE_DURATION,
				   0,
				   1,
				   0,
				   "duration",
				   { 0 } },
	[HD_CEL_TYPE_IP] = { HD_CEL_TYPE_IP, 0, 1, 0, "net.IP", { 0 } },
	[HD_CEL_TYPE_CIDR] = { HD_CEL_TYPE_CIDR, 0, 1, 0, "net.CIDR", { 0 } },
};

static const struct {
	const char *name;
	uint8_t kind, params;
} constructors[] = {
	[HD_CEL_TYPE_LIST] = { "list", HD_CEL_TYPE_LIST, 1 },
	[HD_CEL_TYPE_MAP] = { "map", HD_CEL_TYPE_MAP, 2 },
	[HD_CEL_TYPE_OPTIONAL] = { "optional_type", HD_CEL_TYPE_OPTIONAL, 1 },
	[HD_CEL_TYPE_WRAPPER] = { "wrapper", HD_CEL_TYPE_WRAPPER, 1 },
	[HD_CEL_TYPE_TYPE] = { "type", HD_CEL_TYPE_TYPE, 1 },
};

const struct hd_cel_type *hd_cel_type_simple(enum hd_cel_type_kind kind)
{
	return &simple[kind];
}

static const struct hd_cel_type *dyn(void)
{
	return &simple[HD_CEL_TYPE_DYN];
}

static const struct hd_cel_type *make(struct hd_cel_pool *pool, uint8_t kind,
				      const char *name,
				      const struct hd_cel_type *const *p,
				      size_t n)
{
	struct hd_cel_type *t;
	unsigned weight = 1;
	size_t i;

	for (i = 0; i < n; i++)
		weight += p[i]->weight;
	if (weight > MAX_WEIGHT)
		return dyn();
	t = hd_cel_pool_zero(pool, sizeof(*t));
	t->kind = kind;
	t->n = (uint8_t)n;
	t->weight = (uint16_t)weight;
	t->name = name;
	for (i = 0; i < n; i++)
		t->p[i] = p[i];
	return t;
}

const struct hd_cel_type *hd_cel_type_of(struct hd_cel_pool *pool,
					 enum hd_cel_type_kind kind,
					 const struct hd_cel_type *of)
{
	return make(pool, kind, constructors[kind].name, &of, 1);
}

const struct hd_cel_type *hd_cel_type_list(struct hd_cel_pool *pool,
					   const struct hd_cel_type *of)
{
	return hd_cel_type_of(pool, HD_CEL_TYPE_LIST, of);
}

const struct hd_cel_type *hd_cel_type_map(struct hd_cel_pool *pool,
					  const struct hd_cel_type *key,
					  const struct hd_cel_type *value)
{
	const struct hd_cel_type *p[2] = { key, value };

	return make(pool, HD_CEL_TYPE_MAP, "map", p, 2);
}

/* ---- text ---- */

static const struct hd_cel_type *named(struct hd_cel_pool *pool,
				       const char *name, size_t n,
				       const struct hd_cel_type **p, size_t np)
{
	size_t i;

	for (i = 0; np == 0 && i <= HD_CEL_TYPE_CIDR; i++)
		if (strlen(simple[i].name) == n &&
		    memcmp(simple[i].name, name, n) == 0)
			return &simple[i];
	for (i = HD_CEL_TYPE_LIST; i <= HD_CEL_TYPE_TYPE; i++) {
		if (strlen(constructors[i].name) != n ||
		    memcmp(constructors[i].name, name, n) != 0)
			continue;
		while (np < constructors[i].params)
			p[np++] = dyn();
		if (np > constructors[i].params)
			return NULL;
		return make(pool, constructors[i].kind, constructors[i].name, p,
			    np);
	}
	name = hd_cel_pool_text(pool, name, n);
	if (n == 1 && np == 0 && isupper((unsigned char)name[0]))
		return make(pool, HD_CEL_TYPE_PARAM, name, NULL, 0);
	return make(pool, HD_CEL_TYPE_OBJECT, name, p, np);
}

static void skip_blanks(const char **text)
{
	while (**text == ' ')
		(*text)++;
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static const struct hd_cel_type *read_type(struct hd_cel_pool *pool,
					   const char **text, unsigned depth)
{
	const struct hd_cel_type *p[3];
	const char *name;
	size_t n, np = 0;

	skip_blanks(text);
	name = *text;
	while (is_name_byte(**text))
		(*text)++;
	n = (size_t)(*text - name);
	if (n == 0 || depth > 20)
		return NULL;
	if (**text != '(')
		return named(pool, name, n, p, 0);
	do {
		(*text)++;
		if (np == 3)
			return NULL;
		p[np] = read_type(pool, text, depth + 1);
		if (!p[np++])
			return NULL;
		skip_blanks(text);
	} while (**text == ',');
	if (**text != ')')
		return NULL;
	(*text)++;
	return named(pool, name, n, p, np);
}

const struct hd_cel_type *hd_cel_type_read(struct hd_cel_pool *pool,
					   const char **text)
{
	return read_type(pool, text, 0);
}

const struct hd_cel_type *hd_cel_type_parse(struct hd_cel_pool *pool,
					    const char *text)
{
	const struct hd_cel_type *type = read_type(pool, &text, 0);

	skip_blanks(&text);
	return *text == '\0' ? type : NULL;
}

const char *hd_cel_type_text(struct hd_cel_pool *pool,
			     const struct hd_cel_type *type)
{
	const char *a, *b;

	if (type->kind == HD_CEL_TYPE_VAR)
		return "dyn";
	/* Type values are all called "type", whatever they are the type of. */
	if (type->n == 0)
		return type->name;
	a = hd_cel_type_text(pool, type->p[0]);
	if (type->n == 1)
		return hd_cel_pool_printf(pool, "%s(%s)", type->name, a);
	b = hd_cel_type_text(pool, type->p[1]);
	if (type->n == 2)
		return hd_cel_pool_printf(pool, "%s(%s, %s)", type->name, a, b);
	return hd_cel_pool_printf(pool, "%s(%s, %s, %s)", type->name, a, b,
				  hd_cel_type_text(pool, type->p[2]));
}

bool hd_cel_type_same(const struct hd_cel_type *a, const struct hd_cel_type *b)
{
	size_t i;

	if (a == b)
		return true;
	if (a->kind == HD_CEL_TYPE_WRAPPER && b->kind != HD_CEL_TYPE_WRAPPER)
		return hd_cel_type_same(a->p[0], b);
	if (b->kind == HD_CEL_TYPE_WRAPPER && a->kind != HD_CEL_TYPE_WRAPPER)
		return hd_cel_type_same(a, b->p[0]);
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == HD_CEL_TYPE_VAR)
		return a->var == b->var;
	if (a->kind >= HD_CEL_TYPE_OBJECT && strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->n; i++)
		if (!hd_cel_type_same(a->p[i], b->p[i]))
			return false;
	return true;
}

static uint32_t bit(enum hd_cel_kind kind)
{
	return UINT32_C(1) << kind;
}

uint32_t hd_cel_type_kinds(const struct hd_cel_type *type)
{
	static const uint8_t kinds[] = {
		[HD_CEL_TYPE_NULL] = HD_CEL_NULL,
		[HD_CEL_TYPE_BOOL] = HD_CEL_BOOL,
		[HD_CEL_TYPE_INT] = HD_CEL_INT,
		[HD_CEL_TYPE_UINT] = HD_CEL_UINT,
		[HD_CEL_TYPE_DOUBLE] = HD_CEL_DOUBLE,
		[HD_CEL_TYPE_STRING] = HD_CEL_STRING,
		[HD_CEL_TYPE_BYTES] = HD_CEL_BYTES,
		[HD_CEL_TYPE_TIMESTAMP] = HD_CEL_TIMESTAMP,
		[HD_CEL_TYPE_DURATION] = HD_CEL_DURATION,
		[HD_CEL_TYPE_IP] = HD_CEL_IP,
		[HD_CEL_TYPE_CIDR] = HD_CEL_CIDR,
		[HD_CEL_TYPE_LIST] = HD_CEL_LIST,
		[HD_CEL_TYPE_MAP] = HD_CEL_MAP,
		[HD_CEL_TYPE_OPTIONAL] = HD_CEL_OPTIONAL,
		[HD_CEL_TYPE_TYPE] = HD_CEL_TYPE,
	};
	uint32_t all = bit(HD_CEL_KINDS) - 1;

	switch (type->kind) {
	case HD_CEL_TYPE_DYN:
	case HD_CEL_TYPE_PARAM:
	case HD_CEL_TYPE_VAR:
		return all;
	case HD_CEL_TYPE_WRAPPER:
		return hd_cel_type_kinds(type->p[0]) | bit(HD_CEL_NULL);
	case HD_CEL_TYPE_OBJECT:
		return bit(HD_CEL_MAP) | bit(HD_CEL_NULL);
	default:
		return bit(kinds[type->kind]);
	}
}
