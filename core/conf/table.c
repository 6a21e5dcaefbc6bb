#include "core/conf/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/guess.h"
#include "core/conf/node_impl.h"
#include "core/conf/quoting.h"
#include "core/conf/rate.h"
#include "core/conf/secret_ref.h"

static void *member(const struct hd_key *key, void *out)
{
	return out && key->offset != HD_KEY_NOWHERE ? (char *)out + key->offset
						    : NULL;
}

/* Puts a single value where the table of table.h says. */
static void store(const struct hd_key *key, const struct hd_value *value,
		  const struct hd_node *node, void *out)
{
	void *to = member(key, out);

	if (!to)
		return;
	switch (key->type) {
	case HERALD_INT:
	case HERALD_DURATION:
	case HERALD_SIZE:
	case HD_TYPE_PERCENT:
	case HD_TYPE_DATE:
		*(int64_t *)to = value->number;
		break;
	case HERALD_BOOL:
		*(bool *)to = value->number != 0;
		break;
	case HERALD_ENUM:
		*(int *)to = (int)value->number;
		break;
	case HERALD_EXPR:
	case HERALD_TEMPLATE:
	case HERALD_JSON:
	case HD_TYPE_NODE:
		*(const struct hd_node **)to = node;
		break;
	default:
		*(const char **)to = value->text;
		break;
	}
}

static void store_node(const struct hd_key *key, const struct hd_node *node,
		       void *out)
{
	const struct hd_node **to = member(key, out);

	if (to)
		*to = node;
}

/* One value that is no list and no map of the operator's. */
static int check_single(const struct hd_key *key, const struct hd_node *node,
			const struct hd_check *check, void *out)
{
	struct hd_secret_ref secret, *secret_to = member(key, out);
	struct hd_rates rates, *rates_to = member(key, out);
	struct hd_value value = { 0 };
	char *path;
	int rc;

	if (key->flags & HERALD_SECRET)
		return hd_secret_ref_read(node, check,
					  secret_to ? secret_to : &secret);
	if (key->type == HD_TYPE_RATE)
		return hd_rates_read(node, check, rates_to ? rates_to : &rates);
	if (key->type == HD_TYPE_SUB) {
		path = hd_node_path(node);
		rc = hd_table_check(key->sub, node, path, check,
				    member(key, out));
		free(path);
		return rc;
	}
	rc = hd_value_check(key->type, key->values, node, check, &value);
	if (rc == 0)
		store(key, &value, node, out);
	return rc;
}

static int complain_of_shape(const struct hd_node *node, const char *want,
			     const struct hd_check *check)
{
	char *path = hd_node_path(node);

	hd_complain(check->complaints, hd_node_place(node), "%s is %s, not %s",
		    path, want, hd_node_kind(node));
	free(path);
	return hd_complain_remedy(check->complaints, "write %s", want);
}

static int check_items(const struct hd_key *key, const struct hd_node *node,
		       const struct hd_check *check)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < hd_node_count(node); i++) {
		if (check_single(key, hd_node_item(node, i), check, NULL) < 0)
			rc = -1;
	}
	return rc;
}

/* A list, or a single value in its place. */
static int check_list(const struct hd_key *key, const struct hd_node *node,
		      const struct hd_check *check)
{
	if (hd_node_type(node) == HD_NODE_SEQ)
		return check_items(key, node, check);
	if (hd_node_type(node) == HD_NODE_NULL)
		return complain_of_shape(node, "a list", check);
	return check_single(key, node, check, NULL);
}

static int check_map(const struct hd_key *key, const struct hd_node *node,
		     const struct hd_check *check)
{
	size_t i;
	int rc = 0;

	if (hd_node_type(node) != HD_NODE_MAP)
		return complain_of_shape(node, "a mapping", check);
	if (!(key->flags & HERALD_LIST))
		return check_items(key, node, check);
	for (i = 0; i < hd_node_count(node); i++) {
		if (check_list(key, hd_node_item(node, i), check) < 0)
			rc = -1;
	}
	return rc;
}

int hd_table_value(const struct hd_key *key, const struct hd_node *node,
		   const struct hd_check *check, void *out)
{
	int rc;

	if (!(key->flags & (HERALD_LIST | HERALD_MAP)))
		return check_single(key, node, check, out);
	if ((key->flags & HD_KEY_NOT_NULL) && hd_node_count(node) == 0 &&
	    hd_node_type(node) != HD_NODE_SCALAR) {
		char *path = hd_node_path(node);

		hd_complain(check->complaints, hd_node_place(node),
			    "%s is empty", path);
		free(path);
		return hd_complain_remedy(check->complaints,
					  "write at least one entry");
	}
	rc = key->flags & HERALD_MAP ? check_map(key, node, check)
				     : check_list(key, node, check);
	if (rc == 0)
		store_node(key, node, out);
	return rc;
}

static const struct hd_key *find_key(const struct hd_key *keys,
				     const char *name)
{
	for (; keys->name; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

int hd_table_unknown(const struct hd_node *node, const char *like,
		     const struct hd_check *check)
{
	const char *name = hd_node_name(node);
	char *path = hd_node_path(hd_node_parent(node));

	if (like)
		hd_complain(check->complaints, hd_node_key_place(node),
			    "unknown key '%s' in %s; did you mean '%s'?", name,
			    path, like);
	else
		hd_complain(check->complaints, hd_node_key_place(node),
			    "unknown key '%s' in %s", name, path);
	free(path);
	return -1;
}

static int refuse_unknown(const struct hd_key *keys, const struct hd_node *node,
			  const struct hd_check *check)
{
	struct hd_guess guess;
	char known[1024] = "";
	size_t n = 0;

	hd_guess_init(&guess, hd_node_name(node));
	for (; keys->name; keys++) {
		hd_guess_offer(&guess, keys->name);
		if (!(keys->flags & HD_KEY_LATER) && n < sizeof(known))
			n += (size_t)snprintf(known + n, sizeof(known) - n,
					      "%s%s", n > 0 ? ", " : "",
					      keys->name);
	}
	hd_table_unknown(node, guess.best, check);
	if (guess.best)
		return hd_complain_remedy(check->complaints,
					  "write '%s', or remove the key",
					  guess.best);
	return hd_complain_remedy(check->complaints, "the keys here are %s",
				  known);
}

static int refuse_later(const struct hd_node *node,
			const struct hd_check *check)
{
	char *path = hd_node_path(node);

	hd_complain(check->complaints, hd_node_key_place(node),
		    "%s comes in a later release", path);
	free(path);
	return hd_complain_remedy(check->complaints, "remove it for now");
}

/* True if `node` is no key, but what YAML cut off an expression before it:
 * the complaint about that one is enough. */
static bool is_cut_off(const struct hd_key *keys, const struct hd_node *node)
{
	size_t n, i;
	const char *text = hd_source_text(node->source, &n);
	const struct hd_key *key;
	struct hd_mangled mangled;

	for (i = 0; i < node->index; i++) {
		const struct hd_node *before = node->parent->items[i];

		key = find_key(keys, before->key);
		if (key && before->style == HD_NODE_PLAIN &&
		    (key->type == HERALD_EXPR ||
		     key->type == HERALD_TEMPLATE) &&
		    hd_quoting_cut_short(text, n, before->text_offset,
					 before->end_offset, &mangled) &&
		    node->key_offset >= mangled.start &&
		    node->key_offset < mangled.end)
			return true;
	}
	return false;
}

static int check_member(const struct hd_key *keys, const struct hd_node *node,
			const struct hd_check *check, void *out)
{
	const struct hd_key *key = find_key(keys, hd_node_name(node));

	if (!key)
		return is_cut_off(keys, node)
			       ? -1
			       : refuse_unknown(keys, node, check);
	if (key->flags & HD_KEY_LATER)
		return refuse_later(node, check);
	if (key->flags & HERALD_DEPRECATED) {
		hd_complain_warning(check->complaints, hd_node_key_place(node),
				    "'%s' is out of use", key->name);
		hd_complain_remedy(check->complaints,
				   "see the manual for what takes its place");
	}
	return hd_table_value(key, node, check, out);
}

/* Defaults of single values; RATE and what is kept as nodes have none. */
static void store_default(const struct hd_key *key, void *out)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;

	if (!key->def || !member(key, out) ||
	    (key->flags & (HERALD_LIST | HERALD_MAP | HERALD_SECRET)))
		return;
	if (key->type == HD_TYPE_RATE) {
		struct hd_rates *rates = member(key, out);

		if (hd_rate_parse(key->def, strlen(key->def), &rates->items[0],
				  why, remedy) == 0)
			rates->count = 1;
		return;
	}
	if (hd_value_parse(key->type, key->values, key->def, strlen(key->def),
			   &value, why, remedy) == 0)
		store(key, &value, NULL, out);
}

/* What a lacking key means: its default, those of a section, or trouble. */
static int fill_missing(const struct hd_key *key, const struct hd_node *map,
			struct hd_place place, const char *where,
			const struct hd_check *check, void *out)
{
	if (hd_node_get(map, key->name))
		return 0;
	if (key->flags & HERALD_REQUIRED) {
		hd_complain(check->complaints, place, "%s has no '%s'", where,
			    key->name);
		return hd_complain_remedy(
			check->complaints, "add '%s:' with %s", key->name,
			key->flags & HERALD_SECRET
				? "{credential: NAME} or "
				  "{file: PATH}"
				: hd_value_type_name(key->type));
	}
	if (key->type == HD_TYPE_SUB && key->sub &&
	    !(key->flags & (HERALD_LIST | HERALD_MAP))) {
		for (const struct hd_key *sub = key->sub; sub->name; sub++)
			store_default(sub, member(key, out));
	}
	store_default(key, out);
	return 0;
}

int hd_table_check(const struct hd_key *keys, const struct hd_node *map,
		   const char *where, const struct hd_check *check, void *out)
{
	const struct hd_node *none = NULL;
	const struct hd_key *key;
	struct hd_place place;
	size_t i;
	int rc = 0;

	if (map && hd_node_type(map) != HD_NODE_MAP &&
	    hd_node_type(map) != HD_NODE_NULL) {
		hd_complain(check->complaints, hd_node_place(map),
			    "%s is a mapping, not %s", where,
			    hd_node_kind(map));
		return hd_complain_remedy(check->complaints,
					  "write 'key: value' below it, or "
					  "{key: value}");
	}
	place = hd_node_key_place(map);
	map = hd_node_type(map) == HD_NODE_MAP ? map : none;
	for (i = 0; i < hd_node_count(map); i++) {
		if (check_member(keys, hd_node_item(map, i), check, out) < 0)
			rc = -1;
	}
	for (key = keys; key->name; key++) {
		if (fill_missing(key, map, place, where, check, out) < 0)
			rc = -1;
	}
	return rc;
}
