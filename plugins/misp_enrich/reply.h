/* reply.h - the attributes in an answer of restSearch
 *
 * Three shapes are in use, by endpoint and version:
 *
 *	{"response": {"Attribute": [...]}}		attributes
 *	{"response": [{"Event": {"Attribute": [..]}}]}	events
 *	[...]						either, bare
 *
 * Anything else is no answer, and must not read as "nothing known".
 */
#ifndef HERALD_MISP_REPLY_H
#define HERALD_MISP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/json.h"

/* One attribute.  Places are JSON Pointers, texts borrowed from `reply`. */
struct misp_attribute {
	struct hp_json *reply;
	const char *at;	   /* of the attribute */
	const char *event; /* of its event; nothing may be there */
	herald_str type, value;
};

typedef void (*misp_attribute_fn)(void *ud, const struct misp_attribute *a);

/* Calls `fn` for each attribute.  False if the shape is none of the above;
 * *rows: what counts for paging. [loop] */
bool misp_reply_read(struct hp_json *reply, misp_attribute_fn fn, void *ud,
		     size_t *rows);

#endif
