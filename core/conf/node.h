/* node.h - the tree of a configuration file
 *
 * Copied out of the YAML parser and constant afterwards.  Every node knows
 * its place, the place of the key that leads to it, and its path.  What the
 * parser takes silently and we do not (aliases, anchors, tags, merge keys,
 * repeated keys, keys that are no text) never gets into a tree.
 *
 * A scalar is text as written: its type is that of the option it is for.
 * A plain `~`, `null` or nothing at all is HD_NODE_NULL; "~" is text.
 *
 * All pointers are borrowed from the configuration (load.h), valid until its
 * last reference goes.  Every function accepts NULL for a node and answers as
 * for an empty one.
 */
#ifndef HD_CONF_NODE_H
#define HD_CONF_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/conf/source.h"

struct hd_node;

enum hd_node_type { HD_NODE_NULL, HD_NODE_SCALAR, HD_NODE_SEQ, HD_NODE_MAP };

enum hd_node_style {
	HD_NODE_PLAIN,
	HD_NODE_SINGLE,	 /* 'quoted' */
	HD_NODE_DOUBLE,	 /* "quoted" */
	HD_NODE_LITERAL, /* | */
	HD_NODE_FOLDED	 /* > */
};

/* [any] */
enum hd_node_type hd_node_type(const struct hd_node *node);
enum hd_node_style hd_node_style(const struct hd_node *node);

/* "a mapping", "a list", "text", "nothing": for complaints. [any] */
const char *hd_node_kind(const struct hd_node *node);

/* The text of a scalar and its bytes (n may be NULL), ended by '\0' and
 * without one inside; NULL for other types. [any] */
const char *hd_node_text(const struct hd_node *node, size_t *n);

/* True for a scalar that reads `text`. [any] */
bool hd_node_is(const struct hd_node *node, const char *text);

/* Items of a sequence, or members of a mapping, in the order of the file.
 * hd_node_item gives an item or a member's value, NULL past the end;
 * hd_node_key the name of the index-th member, or of the member that `node`
 * is of its parent (hd_node_name), NULL if there is none. [any] */
size_t hd_node_count(const struct hd_node *node);
const struct hd_node *hd_node_item(const struct hd_node *node, size_t index);
const char *hd_node_key(const struct hd_node *node, size_t index);
const char *hd_node_name(const struct hd_node *node);

/* The member `key` of a mapping; NULL if there is none. [any] */
const struct hd_node *hd_node_get(const struct hd_node *map, const char *key);

/* Text of the member `key`, NULL if there is none or it is no scalar. [any] */
const char *hd_node_get_text(const struct hd_node *map, const char *key);

const struct hd_node *hd_node_parent(const struct hd_node *node);

/* Where the value begins (a quoted one: at its quote; a mapping or list: at
 * its first key or item; an empty one: at its key), and where the key stands
 * that leads to it (an item of a list: as hd_node_place). [any] */
struct hd_place hd_node_place(const struct hd_node *node);
struct hd_place hd_node_key_place(const struct hd_node *node);

/* The place of the byte at `offset` of a scalar's text.  Text that
 * stands otherwise in the file (it was mended, say) is placed at the start of
 * the scalar. [any] */
struct hd_place hd_node_place_at(const struct hd_node *node, size_t offset);

/* "pipelines.suspicious_login.steps[2].score[0]": items of the list
 * `pipelines` by their `name`.  "" for the root.  The caller frees it. [any] */
char *hd_node_path(const struct hd_node *node);

/* As JSON: plain scalars typed by the core schema of YAML 1.2 (null, true,
 * 12, 0x1F, 0o17, and reals in JSON's form), quoted ones and blocks are
 * strings; an integer beyond int64, .inf and .nan stay strings.  A new
 * reference. [any] */
json_t *hd_node_json(const struct hd_node *node);

#endif
