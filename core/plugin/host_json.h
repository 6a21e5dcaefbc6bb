/* host_json.h - herald_doc: JSON documents for plugins
 *
 * A tree of jansson behind the services json_*() of plugin.h, read and written
 * by the core's own reader and writer.  Texts that were given out live in the
 * document until it is changed.
 */
#ifndef HD_PLUGIN_HOST_JSON_H
#define HD_PLUGIN_HOST_JSON_H

#include <jansson.h>

#include <herald/plugin.h>

/* The tree.  Borrowed from `doc`, valid until it is changed.  [any: one
 * document in one thread at a time, as are the others] */
json_t *hd_host_json_root(herald_doc *doc);

/* Sets the value at `path`, making parents as json_set() does.  Takes ownership
 * of `value`, also on failure.  A status of plugin.h. */
uint32_t hd_host_json_put_take(herald_doc *doc, const char *path,
			       json_t *value);

#endif
