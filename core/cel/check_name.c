/* Names: variables, constants, types, attributes, keys. */
#include "core/cel/check.h"

#include "core/cel/issue.h"

static const struct {
	const char *name, *type;
} type_names[] = {
	{ "bool", "bool" },
	{ "int", "int" },
	{ "uint", "uint" },
	{ "double", "double" },
	{ "string", "string" },
	{ "bytes", "bytes" },
	{ "null_type", "null_type" },
	{ "list", "list(dyn)" },
	{ "map", "map(dyn, dyn)" },
	{ "type", "type(dyn)" },
	{ "optional_type", "optional_type(dyn)" },
	{ "google.protobuf.Timestamp", "timestamp" },
	{ "google.protobuf.Duration", "duration" },
	{ "net.IP", "net.IP" },
	{ "net.CIDR", "net.CIDR" },
};

/* The container without its last `drop` parts; its length, -1 if it has not
 * that many. */
static int shorter(const char *container, size_t drop)
{
	size_t n = strlen(container);

	for (; drop > 0; drop--) {
		if (n == 0)
			return -1;
		while (n > 0 && container[n - 1] != '.')
			n--;
		if (n > 0)
			n--;
	}
	return (int)n;
}

const char *hd_cel_check_candidate(struct hd_cel_checker *ck, const char *name,
				   bool rooted, size_t i)
{
	int n;

	if (rooted || !ck->container)
		return i == 0 ? name : NULL;
	n = shorter(ck->container, i);
	if (n <= 0)
		return n == 0 ? name : NULL;
	return hd_cel_pool_printf(ck->pool, "%.*s.%s", n, ck->container, name);
}

static const struct hd_cel_scope *find_local(const struct hd_cel_checker *ck,
					     const struct hd_cel_node *ident)
{
	const struct hd_cel_scope *s;

	if (ident->flags & HD_CEL_NODE_ROOTED)
		return NULL;
	for (s = ck->scope; s; s = s->outer)
		if (strcmp(s->name, ident->name) == 0)
			return s;
	return NULL;
}

static bool is_plain(const struct hd_cel_node *node)
{
	return node->op == HD_CEL_OP_SELECT &&
	       !(node->flags & (HD_CEL_NODE_OPTIONAL | HD_CEL_NODE_TEST |
				HD_CEL_NODE_QUOTED));
}

static const struct hd_cel_node *root_of(const struct hd_cel_node *node)
{
	while (is_plain(node))
		node = node->a;
	return node;
}

const char *hd_cel_check_chain(struct hd_cel_checker *ck,
			       const struct hd_cel_node *node)
{
	const struct hd_cel_node *at;
	size_t n = node->name_n;
	char *text;

	/* (a.b).c is a selection from a.b whatever a.b.c may be. */
	for (at = node; is_plain(at); at = at->a) {
		if (at->a->flags & HD_CEL_NODE_PAREN)
			return NULL;
		n += at->a->name_n + 1;
	}
	if (at->op != HD_CEL_OP_IDENT || find_local(ck, at))
		return NULL;
	text = hd_cel_pool_alloc(ck->pool, n + 1);
	text[n] = '\0';
	for (at = node;; at = at->a) {
		n -= at->name_n;
		memcpy(text + n, at->name, at->name_n);
		if (n == 0)
			return text;
		text[--n] = '.';
	}
}

static const struct hd_cel_path *root_path(struct hd_cel_checker *ck,
					   const char *name, unsigned slot)
{
	struct hd_cel_path *path = hd_cel_check_path(ck, NULL, "", name);

	path->slot = slot;
	return path;
}

static const struct hd_cel_type *use_type(struct hd_cel_checker *ck,
					  struct hd_cel_node *node, size_t i)
{
	node->op = HD_CEL_OP_CONST;
	node->value = (struct hd_cel_value){ .kind = HD_CEL_TYPE,
					     .n = (uint32_t)strlen(
						     type_names[i].name),
					     .u.text = type_names[i].name };
	return hd_cel_type_of(ck->pool, HD_CEL_TYPE_TYPE,
			      hd_cel_type_parse(ck->pool, type_names[i].type));
}

/* NULL if nothing is called that. */
static const struct hd_cel_type *use_name(struct hd_cel_checker *ck,
					  struct hd_cel_node *node,
					  const char *name, bool rooted)
{
	const struct hd_cel_decl *d;
	const char *full;
	size_t i, j;

	for (i = 0; (full = hd_cel_check_candidate(ck, name, rooted, i)); i++) {
		d = hd_cel_env_find(ck->env, full, strlen(full));
		if (d && d->constant) {
			node->op = HD_CEL_OP_CONST;
			node->value = d->value;
			return d->type;
		}
		if (d) {
			node->op = HD_CEL_OP_VAR;
			node->slot = (uint16_t)d->slot;
			node->path = root_path(ck, d->name, d->slot);
			return d->type;
		}
		for (j = 0; j < sizeof(type_names) / sizeof(type_names[0]); j++)
			if (strcmp(type_names[j].name, full) == 0)
				return use_type(ck, node, j);
	}
	return NULL;
}

static const char *nearest_name(const struct hd_cel_checker *ck,
				const char *name)
{
	struct hd_cel_nearest nearest = { .wanted = name };
	const struct hd_cel_scope *s;
	const struct hd_cel_env *env;
	const struct hd_cel_decl *d;

	for (s = ck->scope; s; s = s->outer)
		hd_cel_nearest_try(&nearest, s->name);
	for (env = ck->env; env; env = env->parent)
		for (d = env->decls; d; d = d->next)
			hd_cel_nearest_try(&nearest, d->name);
	return nearest.best;
}

/* SEVERITY.HIHG may be meant as one name, devise.hostname as an attribute of
 * what its first word names. */
static const struct hd_cel_type *unknown_name(struct hd_cel_checker *ck,
					      struct hd_cel_node *node,
					      const char *name)
{
	const struct hd_cel_node *at = node;
	const char *best;

	if (ck->unchecked) {
		node->path = root_path(ck, name, 0);
		return hd_cel_check_fail(ck, node, name);
	}
	best = nearest_name(ck, name);
	if (!best && node->op == HD_CEL_OP_SELECT) {
		at = root_of(node);
		name = at->name;
		best = nearest_name(ck, name);
	}
	return hd_cel_check_complain(ck, at,
				     hd_cel_check_did_you_mean(ck, best),
				     "unknown name '%s'", name);
}

const struct hd_cel_type *hd_cel_check_ident(struct hd_cel_checker *ck,
					     struct hd_cel_node *node)
{
	const struct hd_cel_scope *local = find_local(ck, node);
	const struct hd_cel_type *type;

	if (local) {
		node->op = HD_CEL_OP_LOCAL;
		node->slot = (uint16_t)local->slot;
		node->path = local->path;
		return local->type;
	}
	type = use_name(ck, node, node->name,
			(node->flags & HD_CEL_NODE_ROOTED) != 0);
	return type ? type : unknown_name(ck, node, node->name);
}

/* ---- selections ---- */

static const struct hd_cel_path *longer_path(struct hd_cel_checker *ck,
					     const struct hd_cel_node *node,
					     const char *name)
{
	struct hd_cel_path *path;

	if (!node->a->path)
		return NULL;
	path = name ? hd_cel_check_path(ck, node->a->path, ".", name)
		    : hd_cel_check_path(ck, node->a->path, "", "[*]");
	path->tested = node->a->path->tested ||
		       (node->flags &
			(HD_CEL_NODE_OPTIONAL | HD_CEL_NODE_TEST));
	return path;
}

static const struct hd_cel_type *object_field(struct hd_cel_checker *ck,
					      const struct hd_cel_node *at,
					      const char *object,
					      const char *name)
{
	const struct hd_cel_provider *provider = hd_cel_env_find_provider(
		ck->env);
	struct hd_cel_nearest nearest = { .wanted = name };
	const struct hd_cel_type *type = NULL;
	const char *text = NULL;
	size_t i;

	if (provider)
		text = provider->field(provider->ud, object, name);
	if (text)
		type = hd_cel_type_parse(ck->pool, text);
	if (type)
		return type;
	for (i = 0; provider && provider->name; i++) {
		const char *other = provider->name(provider->ud, object, i);

		if (!other)
			break;
		hd_cel_nearest_try(&nearest, other);
	}
	return hd_cel_check_complain(
		ck, at, hd_cel_check_did_you_mean(ck, nearest.best),
		"no attribute '%s' in %s", name, object);
}

/* The type of an attribute of something of type `of`. */
static const struct hd_cel_type *field_type(struct hd_cel_checker *ck,
					    const struct hd_cel_node *at,
					    const struct hd_cel_type *of,
					    const char *name)
{
	switch (of->kind) {
	case HD_CEL_TYPE_MAP:
		if (!hd_cel_check_fits(ck, of->p[0], HD_CEL_TYPE_STRING))
			break;
		return of->p[1];
	case HD_CEL_TYPE_OBJECT:
		return object_field(ck, at, of->name, name);
	case HD_CEL_TYPE_VAR:
		hd_cel_type_fits(&ck->bindings, hd_cel_dyn(), of);
		return hd_cel_dyn();
	case HD_CEL_TYPE_DYN:
		return of;
	default:
		break;
	}
	return hd_cel_check_complain(ck, at, "", "%s has no attributes ('%s')",
				     hd_cel_check_text(ck, of), name);
}

/* With optionals on either side: a.?b, and a.b of an optional a. */
static const struct hd_cel_type *select_type(struct hd_cel_checker *ck,
					     const struct hd_cel_node *node,
					     const struct hd_cel_type *of,
					     const char *name)
{
	const struct hd_cel_type *type;
	bool optional = (node->flags & HD_CEL_NODE_OPTIONAL) != 0;

	if (of->kind == HD_CEL_TYPE_OPTIONAL) {
		optional = true;
		of = hd_cel_check_now(ck, of->p[0]);
	}
	type = field_type(ck, node, of, name);
	if (!optional)
		return type;
	type = hd_cel_check_now(ck, type);
	if (type->kind == HD_CEL_TYPE_OPTIONAL)
		return type;
	return hd_cel_type_of(ck->pool, HD_CEL_TYPE_OPTIONAL, type);
}

const struct hd_cel_type *hd_cel_check_select(struct hd_cel_checker *ck,
					      struct hd_cel_node *node)
{
	const struct hd_cel_node *root = root_of(node);
	const char *chain = root != node ? hd_cel_check_chain(ck, node) : NULL;
	bool rooted = (root->flags & HD_CEL_NODE_ROOTED) != 0;
	const struct hd_cel_type *of = NULL, *type;

	if (chain) {
		type = use_name(ck, node, chain, rooted);
		if (type)
			return type;
	}
	/* Complain about all of SEVERITY.HIHG, not its first word. */
	if (chain && node->a == root) {
		of = use_name(ck, node->a, root->name, rooted);
		if (!of)
			return unknown_name(ck, node, chain);
	}
	if (!of)
		of = hd_cel_check_node(ck, node->a);
	of = ck->unchecked ? hd_cel_dyn() : hd_cel_check_now(ck, of);
	node->path = longer_path(ck, node, node->name);
	type = select_type(ck, node, of, node->name);
	if (node->flags & HD_CEL_NODE_TEST)
		return hd_cel_type_simple(HD_CEL_TYPE_BOOL);
	return type;
}

/* ---- keys ---- */

static bool is_number_type(const struct hd_cel_type *type)
{
	if (type->kind == HD_CEL_TYPE_WRAPPER)
		type = type->p[0];
	return type->kind >= HD_CEL_TYPE_INT &&
	       type->kind <= HD_CEL_TYPE_DOUBLE;
}

static const struct hd_cel_type *element_type(struct hd_cel_checker *ck,
					      const struct hd_cel_node *node,
					      const struct hd_cel_type *of,
					      const struct hd_cel_type *key)
{
	bool by_name = node->b->op == HD_CEL_OP_CONST &&
		       node->b->value.kind == HD_CEL_STRING;

	switch (of->kind) {
	case HD_CEL_TYPE_LIST:
		if (hd_cel_check_fits(ck, key, HD_CEL_TYPE_INT))
			return of->p[0];
		break;
	case HD_CEL_TYPE_MAP:
		if (hd_cel_type_fits(&ck->bindings, key, of->p[0]) ||
		    (is_number_type(hd_cel_check_now(ck, key)) &&
		     is_number_type(hd_cel_check_now(ck, of->p[0]))))
			return of->p[1];
		break;
	case HD_CEL_TYPE_OBJECT:
		if (by_name)
			return object_field(ck, node->b, of->name,
					    node->b->value.u.text);
		if (hd_cel_check_fits(ck, key, HD_CEL_TYPE_STRING))
			return hd_cel_dyn();
		break;
	case HD_CEL_TYPE_VAR:
		hd_cel_type_fits(&ck->bindings, hd_cel_dyn(), of);
		return hd_cel_dyn();
	case HD_CEL_TYPE_DYN:
		return of;
	default:
		break;
	}
	return hd_cel_check_complain(ck, node, "", "no [%s] of %s",
				     hd_cel_check_text(ck, key),
				     hd_cel_check_text(ck, of));
}

const struct hd_cel_type *hd_cel_check_index(struct hd_cel_checker *ck,
					     struct hd_cel_node *node)
{
	const struct hd_cel_type *of = hd_cel_check_node(ck, node->a);
	const struct hd_cel_type *key = hd_cel_check_node(ck, node->b);
	bool optional = (node->flags & HD_CEL_NODE_OPTIONAL) != 0;
	const struct hd_cel_value *name = &node->b->value;
	bool by_name = node->b->op == HD_CEL_OP_CONST &&
		       name->kind == HD_CEL_STRING;

	of = hd_cel_check_now(ck, of);
	node->path = longer_path(ck, node, by_name ? name->u.text : NULL);
	if (of->kind == HD_CEL_TYPE_OPTIONAL) {
		optional = true;
		of = hd_cel_check_now(ck, of->p[0]);
	}
	of = element_type(ck, node, of, key);
	if (!optional)
		return of;
	of = hd_cel_check_now(ck, of);
	if (of->kind == HD_CEL_TYPE_OPTIONAL)
		return of;
	return hd_cel_type_of(ck->pool, HD_CEL_TYPE_OPTIONAL, of);
}
