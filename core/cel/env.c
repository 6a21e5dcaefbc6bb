#include "core/cel/env.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/cel/pool.h"

struct hd_cel_env *hd_cel_env_extend(const struct hd_cel_env *parent)
{
	struct hd_cel_env *env = hd_cel_must(calloc(1, sizeof(*env)));

	hd_cel_pool_init(&env->pool, 0);
	env->parent = parent;
	return env;
}

void hd_cel_env_free(struct hd_cel_env *env)
{
	if (!env)
		return;
	hd_cel_pool_fini(&env->pool);
	free(env);
}

static int trouble(struct hd_cel_env *env, const char *what, const char *name,
		   const char *why)
{
	if (!env->trouble)
		env->trouble = hd_cel_pool_printf(&env->pool, "%s '%s': %s",
						  what, name, why);
	return -1;
}

const char *hd_cel_env_first_trouble(const struct hd_cel_env *env)
{
	for (; env; env = env->parent)
		if (env->trouble)
			return env->trouble;
	return NULL;
}

const char *hd_cel_env_trouble(const struct hd_cel_env *env)
{
	return hd_cel_env_first_trouble(env);
}

/* ---- names ---- */

const struct hd_cel_decl *hd_cel_env_find(const struct hd_cel_env *env,
					  const char *name, size_t n)
{
	const struct hd_cel_decl *d;

	for (; env; env = env->parent)
		for (d = env->decls; d; d = d->next)
			if (strncmp(d->name, name, n) == 0 &&
			    d->name[n] == '\0')
				return d;
	return NULL;
}

static bool is_dotted_name(const char *name)
{
	bool start = true;

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c == '.' ? start : start && isdigit(c))
			return false;
		if (c != '.' && c != '_' && !isalnum(c))
			return false;
		start = c == '.';
	}
	return !start;
}

static struct hd_cel_decl *declare(struct hd_cel_env *env, const char *what,
				   const char *name)
{
	struct hd_cel_decl *d;

	if (!is_dotted_name(name)) {
		trouble(env, what, name, "not a name");
		return NULL;
	}
	/* A child may give a name of its parent another meaning. */
	for (d = env->decls; d; d = d->next) {
		if (strcmp(d->name, name) == 0) {
			trouble(env, what, name, "declared twice");
			return NULL;
		}
	}
	d = hd_cel_pool_zero(&env->pool, sizeof(*d));
	d->name = hd_cel_pool_text(&env->pool, name, strlen(name));
	d->next = env->decls;
	env->decls = d;
	return d;
}

int hd_cel_env_var(struct hd_cel_env *env, const char *name, const char *type,
		   unsigned slot)
{
	const struct hd_cel_type *t = hd_cel_type_parse(&env->pool, type);
	struct hd_cel_decl *d;

	if (!t)
		return trouble(env, "type", type, "not a type");
	if (slot >= HD_CEL_SLOTS)
		return trouble(env, "variable", name, "slot too large");
	d = declare(env, "variable", name);
	if (!d)
		return -1;
	d->type = t;
	d->slot = slot;
	return 0;
}

static const struct hd_cel_type *type_of_scalar(const struct hd_cel_value *v)
{
	switch (v->kind) {
	case HD_CEL_NULL:
		return hd_cel_type_simple(HD_CEL_TYPE_NULL);
	case HD_CEL_BOOL:
		return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
	case HD_CEL_INT:
		return hd_cel_type_simple(HD_CEL_TYPE_INT);
	case HD_CEL_UINT:
		return hd_cel_type_simple(HD_CEL_TYPE_UINT);
	case HD_CEL_DOUBLE:
		return hd_cel_type_simple(HD_CEL_TYPE_DOUBLE);
	case HD_CEL_STRING:
		return hd_cel_type_simple(HD_CEL_TYPE_STRING);
	case HD_CEL_BYTES:
		return hd_cel_type_simple(HD_CEL_TYPE_BYTES);
	case HD_CEL_TIMESTAMP:
		return hd_cel_type_simple(HD_CEL_TYPE_TIMESTAMP);
	case HD_CEL_DURATION:
		return hd_cel_type_simple(HD_CEL_TYPE_DURATION);
	default:
		return NULL;
	}
}

int hd_cel_env_const(struct hd_cel_env *env, const char *name,
		     struct hd_cel_value value)
{
	const struct hd_cel_type *t = type_of_scalar(&value);
	struct hd_cel_decl *d;

	if (!t)
		return trouble(env, "constant", name, "not a scalar");
	d = declare(env, "constant", name);
	if (!d)
		return -1;
	if (value.kind == HD_CEL_STRING || value.kind == HD_CEL_BYTES)
		value.u.text = hd_cel_pool_text(&env->pool, value.u.text,
						value.n);
	d->type = t;
	d->constant = true;
	d->value = value;
	return 0;
}

void hd_cel_env_provider(struct hd_cel_env *env,
			 const struct hd_cel_provider *provider)
{
	struct hd_cel_provider *copy = hd_cel_pool_alloc(&env->pool,
							 sizeof(*copy));

	*copy = *provider;
	env->provider = copy;
}

const struct hd_cel_provider *
hd_cel_env_find_provider(const struct hd_cel_env *env)
{
	for (; env; env = env->parent)
		if (env->provider)
			return env->provider;
	return NULL;
}

/* ---- functions ---- */

const struct hd_cel_function *
hd_cel_env_find_function(const struct hd_cel_env *env, const char *name)
{
	const struct hd_cel_function *f;

	for (; env; env = env->parent)
		for (f = env->functions; f; f = f->next)
			if (strcmp(f->name, name) == 0)
				return f;
	return NULL;
}

/* "string", "net.IP", "T": a type that a function may be called on; NULL for
 * the name of a namespace. */
static const struct hd_cel_type *receiver_type(struct hd_cel_pool *pool,
					       const char *text, size_t n)
{
	const struct hd_cel_type *t =
		hd_cel_type_parse(pool, hd_cel_pool_text(pool, text, n));

	return t && t->kind != HD_CEL_TYPE_OBJECT ? t : NULL;
}

struct signature {
	const char *name;
	size_t name_n;
	struct hd_cel_overload *o;
	const struct hd_cel_type *params[HD_CEL_MAX_PARAMS];
};

static bool add_param(struct signature *s, const struct hd_cel_type *type)
{
	if (!type || s->o->n == HD_CEL_MAX_PARAMS)
		return false;
	s->params[s->o->n++] = type;
	return true;
}

/* The part before the parameters: a name, with a receiver's type before it. */
static const char *read_head(struct hd_cel_pool *pool, const char *p,
			     struct signature *s)
{
	const struct hd_cel_type *of;
	const char *end, *dot = NULL, *i;

	if (*p == '(') {
		p++;
		s->o->receiver = true;
		if (!add_param(s, hd_cel_type_read(pool, &p)) || *p != ')' ||
		    p[1] != '.')
			return NULL;
		p += 2;
	}
	end = p + strcspn(p, "(");
	for (i = p; i < end; i++)
		if (*i == '.')
			dot = i;
	of = !s->o->receiver && dot ? receiver_type(pool, p, (size_t)(dot - p))
				    : NULL;
	if (of) {
		s->o->receiver = true;
		add_param(s, of);
		p = dot + 1;
	}
	s->name = p;
	s->name_n = (size_t)(end - p);
	return *end == '(' && s->name_n > 0 ? end + 1 : NULL;
}

static bool has_param(const struct hd_cel_type *type)
{
	size_t i;

	if (type->kind == HD_CEL_TYPE_PARAM)
		return true;
	for (i = 0; i < type->n; i++)
		if (has_param(type->p[i]))
			return true;
	return false;
}

static bool read_signature(struct hd_cel_pool *pool, const char *text,
			   struct signature *s)
{
	const char *p = read_head(pool, text, s);
	uint32_t i;

	if (!p)
		return false;
	while (*p != ')') {
		if (!add_param(s, hd_cel_type_read(pool, &p)))
			return false;
		if (*p == ',')
			p++;
		else if (*p != ')')
			return false;
	}
	p++;
	if (strncmp(p, " -> ", 4) != 0)
		return false;
	s->o->result = hd_cel_type_parse(pool, p + 4);
	if (!s->o->result)
		return false;
	s->o->generic = has_param(s->o->result);
	s->o->params = hd_cel_pool_alloc(pool,
					 s->o->n * sizeof(*s->o->params) + 1);
	s->o->kinds = hd_cel_pool_alloc(pool,
					s->o->n * sizeof(*s->o->kinds) + 1);
	for (i = 0; i < s->o->n; i++) {
		s->o->params[i] = s->params[i];
		s->o->kinds[i] = hd_cel_type_kinds(s->o->params[i]);
		s->o->generic = s->o->generic || has_param(s->o->params[i]);
	}
	return true;
}

static struct hd_cel_function *own_function(struct hd_cel_env *env,
					    const char *name)
{
	const struct hd_cel_function *inherited;
	struct hd_cel_function *f;

	for (f = env->functions; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	inherited = hd_cel_env_find_function(env->parent, name);
	f = hd_cel_pool_zero(&env->pool, sizeof(*f));
	f->name = name;
	f->inherited = inherited ? inherited->overloads : NULL;
	f->overloads = f->inherited;
	f->next = env->functions;
	env->functions = f;
	return f;
}

static bool is_same_call(const struct hd_cel_overload *a,
			 const struct hd_cel_overload *b)
{
	uint32_t i;

	if (a->n != b->n || a->receiver != b->receiver)
		return false;
	for (i = 0; i < a->n; i++)
		if (!hd_cel_type_same(a->params[i], b->params[i]))
			return false;
	return true;
}

static struct hd_cel_overload *add_function(struct hd_cel_env *env,
					    const char *signature)
{
	struct hd_cel_overload *o = hd_cel_pool_zero(&env->pool, sizeof(*o));
	struct signature s = { .o = o };
	const struct hd_cel_overload *other;
	struct hd_cel_function *f;

	o->text = hd_cel_pool_text(&env->pool, signature, strlen(signature));
	if (!read_signature(&env->pool, o->text, &s)) {
		trouble(env, "function", signature, "not a signature");
		return NULL;
	}
	f = own_function(env, hd_cel_pool_text(&env->pool, s.name, s.name_n));
	for (other = f->overloads; other; other = other->next) {
		if (is_same_call(o, other)) {
			trouble(env, "function", signature, "declared twice");
			return NULL;
		}
	}
	/* In the order of declaration, those of a parent last. */
	o->next = f->inherited;
	if (f->last)
		f->last->next = o;
	else
		f->overloads = o;
	f->last = o;
	return o;
}

int hd_cel_env_function(struct hd_cel_env *env, const char *signature,
			hd_cel_fn fn, void *ud)
{
	struct hd_cel_overload *o = add_function(env, signature);

	if (!o)
		return -1;
	o->own = true;
	o->whole = true;
	o->fn = fn;
	o->ud = ud;
	return 0;
}

static void add_builtins(struct hd_cel_env *env,
			 const struct hd_cel_builtin *table)
{
	for (; table->signature; table++) {
		struct hd_cel_overload *o = add_function(env, table->signature);

		if (!o)
			abort(); /* the table is wrong */
		o->whole = !table->part;
		o->fn = table->fn;
		o->prepare = table->prepare;
	}
}

struct hd_cel_env *hd_cel_env_new(void)
{
	struct hd_cel_env *env = hd_cel_env_extend(NULL);

	add_builtins(env, hd_cel_std_operators);
	add_builtins(env, hd_cel_std_core);
	add_builtins(env, hd_cel_std_convert);
	add_builtins(env, hd_cel_std_text);
	add_builtins(env, hd_cel_std_time);
	add_builtins(env, hd_cel_std_math);
	add_builtins(env, hd_cel_std_net);
	add_builtins(env, hd_cel_std_optional);
	return env;
}
