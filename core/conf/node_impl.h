/* node_impl.h - the tree from the inside, for the files that build it */
#ifndef HD_CONF_NODE_IMPL_H
#define HD_CONF_NODE_IMPL_H

#include "core/conf/node.h"

#define HD_NODES_MAX 200000 /* of a file */

struct hd_complaints;

struct hd_node {
	enum hd_node_type type;
	enum hd_node_style style;
	const struct hd_source *source;
	const struct hd_node *parent;
	size_t index; /* in the parent */
	char *key;    /* a member's name, else NULL */
	size_t key_offset;
	size_t offset;	    /* of the value in the source */
	size_t text_offset; /* of a scalar's first byte, behind its quote */
	size_t end_offset;  /* behind a scalar's last byte, before its quote */
	char *text;
	size_t n;
	struct hd_node **items;
	size_t count;
};

/* Frees the node and all below.  NULL is fine. */
void hd_node_free(struct hd_node *node);

/* The tree of a file, whose root is a mapping.  NULL, having complained, if it
 * is none.  The caller frees it by hd_node_free, before `source`. [any] */
struct hd_node *hd_yaml_read(const struct hd_source *source,
			     struct hd_complaints *complaints);

#endif
