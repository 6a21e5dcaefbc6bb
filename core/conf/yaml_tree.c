#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/node_impl.h"
#include "core/conf/quoting.h"
#include "core/conf/yaml_impl.h"

#define KEY_MAX 200

static const struct fy_mark *token_mark(struct fy_token *token)
{
	return token ? fy_token_start_mark(token) : NULL;
}

/* Where the parser says the node begins; `lacking` for what has no mark: a
 * value that is empty, a mapping or list without members. */
static size_t node_offset(struct fy_node *node, size_t lacking)
{
	const struct fy_mark *mark = NULL;
	void *at = NULL;
	struct fy_node *first;
	struct fy_node_pair *pair;

	if (!node)
		return lacking;
	if (fy_node_is_scalar(node)) {
		mark = token_mark(fy_node_get_scalar_token(node));
	} else if (fy_node_is_sequence(node)) {
		first = fy_node_sequence_iterate(node, &at);
		return node_offset(first, lacking);
	} else {
		pair = fy_node_mapping_iterate(node, &at);
		return pair ? node_offset(fy_node_pair_key(pair), lacking)
			    : lacking;
	}
	return mark ? mark->input_pos : lacking;
}

static bool is_marked(struct fy_node *node)
{
	return node && (fy_node_get_tag_token(node) ||
			fy_node_get_anchor(node) || fy_node_is_alias(node));
}

static size_t marked_offset(struct fy_node *node, size_t lacking)
{
	const struct fy_mark *mark = token_mark(fy_node_get_tag_token(node));

	if (mark)
		return mark->input_pos;
	/* An anchor has no mark.  It stands behind the key, or before the
	 * first item. */
	return fy_node_get_anchor(node) ? lacking : node_offset(node, lacking);
}

static bool mend_marked(struct hd_yaml *yaml, struct fy_node *node,
			size_t lacking)
{
	struct hd_mangled mangled;
	size_t n;
	const char *text = hd_source_text(yaml->copy, &n);

	return hd_quoting_find(text, n, marked_offset(node, lacking),
			       &mangled) &&
	       hd_yaml_mend(yaml, &mangled);
}

static bool mend_short(struct hd_yaml *yaml, struct fy_node *node,
		       struct hd_mangled mangled)
{
	struct fy_token *token = fy_node_get_scalar_token(node);
	const struct fy_mark *start = token_mark(token);
	const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
	size_t n;
	const char *text = hd_source_text(yaml->copy, &n);

	if (!start || !end || fy_token_scalar_style(token) != FYSS_PLAIN)
		return false;
	return hd_quoting_cut_short(text, n, start->input_pos, end->input_pos,
				    &mangled) &&
	       hd_yaml_mend(yaml, &mangled);
}

static bool mend_node(struct hd_yaml *yaml, struct fy_node *node,
		      struct hd_mangled key, size_t lacking);

static bool mend_pair(struct hd_yaml *yaml, struct fy_node_pair *pair)
{
	struct fy_node *key = fy_node_pair_key(pair);
	size_t offset = node_offset(key, 0), n = 0;
	const char *name = key ? fy_node_get_scalar(key, &n) : NULL;
	struct hd_mangled mangled = { 0 };

	if (!name)
		return false;
	mangled.key = offset;
	mangled.key_n = n;
	return mend_node(yaml, fy_node_pair_value(pair), mangled, offset);
}

static bool mend_node(struct hd_yaml *yaml, struct fy_node *node,
		      struct hd_mangled key, size_t lacking)
{
	size_t text_n;
	const char *text = hd_source_text(yaml->copy, &text_n);
	struct fy_node_pair *pair;
	struct fy_node *item;
	void *at = NULL;

	if (!node)
		return false;
	if (is_marked(node) && mend_marked(yaml, node, lacking))
		return true;
	if (fy_node_is_mapping(node)) {
		while ((pair = fy_node_mapping_iterate(node, &at)) != NULL) {
			if (mend_pair(yaml, pair))
				return true;
		}
	} else if (fy_node_is_sequence(node)) {
		while ((item = fy_node_sequence_iterate(node, &at)) != NULL) {
			if (mend_node(yaml, item, key,
				      node_offset(item, lacking)))
				return true;
		}
	} else if (!fy_node_is_alias(node) && key.key + key.key_n <= text_n &&
		   hd_quoting_is_expr_key(text + key.key, key.key_n)) {
		return mend_short(yaml, node, key);
	}
	return false;
}

bool hd_yaml_mend_tree(struct hd_yaml *yaml, struct fy_node *root)
{
	struct hd_mangled none = { 0 };

	return mend_node(yaml, root, none, 0);
}

static enum hd_node_style style_of(struct fy_token *token)
{
	switch (fy_token_scalar_style(token)) {
	case FYSS_SINGLE_QUOTED:
		return HD_NODE_SINGLE;
	case FYSS_DOUBLE_QUOTED:
		return HD_NODE_DOUBLE;
	case FYSS_LITERAL:
		return HD_NODE_LITERAL;
	case FYSS_FOLDED:
		return HD_NODE_FOLDED;
	default:
		return HD_NODE_PLAIN;
	}
}

/* Plain, literal and folded text begin at their mark, quoted text behind its
 * quote; text that was mended has none in the file. */
static void set_places(struct hd_yaml *yaml, struct hd_node *node,
		       struct fy_token *token)
{
	const struct fy_mark *start = token_mark(token);
	const struct fy_mark *end = fy_token_end_mark(token);
	size_t n;
	const char *text = hd_source_text(yaml->source, &n);

	if (!start || !end)
		return;
	node->text_offset = hd_yaml_origin(yaml, start->input_pos);
	node->end_offset = hd_yaml_origin(yaml, end->input_pos);
	node->offset = node->text_offset;
	if (node->style == HD_NODE_LITERAL || node->style == HD_NODE_FOLDED) {
		while (node->offset < n && text[node->offset] == ' ')
			node->offset++;
	} else if (node->style != HD_NODE_PLAIN) {
		if (node->offset > 0 &&
		    text[node->offset - 1] ==
			    (node->style == HD_NODE_SINGLE ? '\'' : '"'))
			node->offset--;
		else
			node->style = HD_NODE_PLAIN;
	}
}

static bool is_null_text(const char *text)
{
	return strcmp(text, "") == 0 || strcmp(text, "~") == 0 ||
	       strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
	       strcmp(text, "NULL") == 0;
}

static int copy_scalar(struct hd_yaml *yaml, struct fy_node *from,
		       struct hd_node *node)
{
	struct fy_token *token = fy_node_get_scalar_token(from);
	size_t n = 0;
	const char *text = fy_node_get_scalar(from, &n);

	if (!token) /* nothing at all */
		return 0;
	node->type = HD_NODE_SCALAR;
	node->style = style_of(token);
	set_places(yaml, node, token);
	if (text && memchr(text, '\0', n)) {
		hd_complain(yaml->complaints, hd_node_place(node),
			    "a text may not hold the character NUL");
		return hd_complain_remedy(yaml->complaints, "remove the \\0");
	}
	node->text = hd_memdup0(text ? text : "", text ? n : 0);
	node->n = text ? n : 0;
	if (node->style == HD_NODE_PLAIN && is_null_text(node->text))
		node->type = HD_NODE_NULL;
	return 0;
}

static int refuse_marked(struct hd_yaml *yaml, struct fy_node *from,
			 struct hd_place place)
{
	size_t n;
	const char *tag = fy_node_get_tag(from, &n);

	if (tag) {
		hd_complain(yaml->complaints, place,
			    "tags ('%.*s') are not taken",
			    (int)(n < 40 ? n : 40), tag);
		return hd_complain_remedy(yaml->complaints,
					  "remove the tag, or put the text in "
					  "single quotes");
	}
	if (fy_node_is_alias(from))
		hd_complain(yaml->complaints, place,
			    "aliases ('*name') are not taken");
	else
		hd_complain(yaml->complaints, place,
			    "anchors ('&name') are not taken");
	return hd_complain_remedy(yaml->complaints,
				  "write the value out; what is shared has "
				  "names of its own (lists, scores, times)");
}

static struct hd_node *copy_node(struct hd_yaml *yaml, struct fy_node *from,
				 const struct hd_node *parent, size_t lacking);

/* -1, having complained, if it is no key of ours. */
static int copy_key(struct hd_yaml *yaml, struct fy_node *from,
		    struct hd_place place, char **out)
{
	size_t n = 0;
	const char *text = from && fy_node_is_scalar(from) &&
					   !fy_node_is_alias(from)
				   ? fy_node_get_scalar(from, &n)
				   : NULL;

	if (!text || n == 0 || memchr(text, '\0', n) || is_marked(from)) {
		hd_complain(yaml->complaints, place,
			    "a key must be a plain text");
		return hd_complain_remedy(yaml->complaints,
					  "write 'name: value'");
	}
	if (n == 2 && memcmp(text, "<<", 2) == 0) {
		hd_complain(yaml->complaints, place,
			    "merge keys ('<<') are not taken");
		return hd_complain_remedy(yaml->complaints,
					  "write the members out");
	}
	if (n > KEY_MAX) {
		hd_complain(yaml->complaints, place,
			    "a key of %zu bytes; %d are permitted", n, KEY_MAX);
		return hd_complain_remedy(yaml->complaints,
					  "is a ': ' inside a text? then put "
					  "the text in single quotes");
	}
	*out = hd_memdup0(text, n);
	return 0;
}

static int by_key(const void *left, const void *right)
{
	const struct hd_node *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	return order != 0 ? order : (*a)->index < (*b)->index ? -1 : 1;
}

static int check_repeats(struct hd_yaml *yaml, const struct hd_node *map)
{
	struct hd_node **sorted;
	size_t i;
	int rc = 0;

	if (map->count < 2)
		return 0;
	sorted = hd_alloc_array(map->count, sizeof(*sorted));
	memcpy(sorted, map->items, map->count * sizeof(*sorted));
	qsort(sorted, map->count, sizeof(*sorted), by_key);
	for (i = 1; i < map->count; i++) {
		if (strcmp(sorted[i]->key, sorted[i - 1]->key) != 0)
			continue;
		hd_complain(yaml->complaints, hd_node_key_place(sorted[i]),
			    "key '%s' stands here a second time; the first is "
			    "on line %u",
			    sorted[i]->key,
			    hd_node_key_place(sorted[i - 1]).line);
		rc = hd_complain_remedy(yaml->complaints,
					"remove one of the two");
	}
	free(sorted);
	return rc;
}

static void append(struct hd_node *parent, struct hd_node *child, size_t *cap)
{
	if (parent->count == *cap) {
		*cap = *cap ? *cap * 2 : 4;
		parent->items = hd_realloc_array(parent->items, *cap,
						 sizeof(*parent->items));
	}
	child->index = parent->count;
	parent->items[parent->count++] = child;
}

static int copy_sequence(struct hd_yaml *yaml, struct fy_node *from,
			 struct hd_node *node)
{
	struct fy_node *item;
	struct hd_node *child;
	size_t cap = 0;
	void *at = NULL;
	int rc = 0;

	node->type = HD_NODE_SEQ;
	while ((item = fy_node_sequence_iterate(from, &at)) != NULL) {
		child = copy_node(yaml, item, node, node->offset);
		if (child)
			append(node, child, &cap);
		else
			rc = -1;
	}
	return rc;
}

static int copy_mapping(struct hd_yaml *yaml, struct fy_node *from,
			struct hd_node *node)
{
	struct fy_node_pair *pair;
	struct hd_node *child;
	size_t cap = 0, offset, origin;
	void *at = NULL;
	char *key;
	int rc = 0;

	node->type = HD_NODE_MAP;
	while ((pair = fy_node_mapping_iterate(from, &at)) != NULL) {
		offset = node_offset(fy_node_pair_key(pair), 0);
		origin = hd_yaml_origin(yaml, offset);
		key = NULL;
		if (copy_key(yaml, fy_node_pair_key(pair),
			     hd_source_place(yaml->source, origin), &key) < 0)
			rc = -1;
		child = copy_node(yaml, fy_node_pair_value(pair), node, offset);
		if (!key || !child) {
			free(key);
			hd_node_free(child);
			rc = -1;
			continue;
		}
		child->key = key;
		child->key_offset = origin;
		append(node, child, &cap);
	}
	return check_repeats(yaml, node) < 0 ? -1 : rc;
}

static int copy_content(struct hd_yaml *yaml, struct fy_node *from,
			struct hd_node *node, size_t lacking)
{
	if (!from)
		return 0;
	if (is_marked(from))
		return refuse_marked(
			yaml, from,
			hd_yaml_place(yaml, marked_offset(from, lacking)));
	if (fy_node_is_sequence(from))
		return copy_sequence(yaml, from, node);
	if (fy_node_is_mapping(from))
		return copy_mapping(yaml, from, node);
	return copy_scalar(yaml, from, node);
}

/* `lacking` is the place of what has none of its own: that of its key. */
static struct hd_node *copy_node(struct hd_yaml *yaml, struct fy_node *from,
				 const struct hd_node *parent, size_t lacking)
{
	struct hd_node *node;

	if (++yaml->nodes > HD_NODES_MAX) {
		if (yaml->nodes == HD_NODES_MAX + 1) {
			hd_complain(yaml->complaints,
				    hd_yaml_place(yaml,
						  node_offset(from, lacking)),
				    "more than %d values in one file",
				    HD_NODES_MAX);
			hd_complain_remedy(yaml->complaints,
					   "long lists have files of their "
					   "own: {file: PATH, of: ...}");
		}
		return NULL;
	}
	node = hd_alloc(sizeof(*node));
	node->source = yaml->source;
	node->parent = parent;
	node->offset = hd_yaml_origin(yaml, node_offset(from, lacking));
	node->text_offset = node->end_offset = node->offset;
	if (copy_content(yaml, from, node, lacking) < 0) {
		hd_node_free(node);
		return NULL;
	}
	return node;
}

struct hd_node *hd_yaml_tree(struct hd_yaml *yaml, struct fy_node *root)
{
	struct hd_node *tree;

	yaml->nodes = 0;
	if (!fy_node_is_mapping(root) && !is_marked(root)) {
		hd_complain(yaml->complaints,
			    hd_yaml_place(yaml, node_offset(root, 0)),
			    "a configuration is a mapping of sections");
		hd_complain_remedy(yaml->complaints,
				   "write 'section: ...' at the beginning of "
				   "a line, as in 'connectors:'");
		return NULL;
	}
	tree = copy_node(yaml, root, NULL, 0);
	return tree;
}
