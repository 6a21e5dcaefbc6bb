/* pointer.h - changing a JSON tree at a JSON Pointer (RFC 6901)
 *
 * A change happens as a whole or not at all.  No document gets deeper than
 * HD_JSON_DEPTH, and no name longer than HD_JSON_KEY_MAX, so that what was made
 * here can be written and read again.
 */
#ifndef HD_PLUGIN_POINTER_H
#define HD_PLUGIN_POINTER_H

#include <stdint.h>
#include <jansson.h>

/* Sets the value at `path` below *root ("": replaces it).  Missing or null
 * parents are made: an array where the next segment is "-" or "0", else an
 * object.  In an array "-" and the index after the last append.  OK; BAD_INPUT
 * for no pointer, a parent that is a scalar, or an index past the end; TOO_BIG
 * for a tree too deep.  Takes ownership of `value`, also on failure. [any] */
uint32_t hd_pointer_set_take(json_t **root, const char *path, json_t *value);

/* Removes the value at `path`; the root becomes {}.  What is not there is no
 * error. [any] */
uint32_t hd_pointer_remove(json_t **root, const char *path);

#endif
