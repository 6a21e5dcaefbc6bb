/* plugin_text.h - the manual of a plugin, from its own declarations
 */
#ifndef HD_HERALDCTL_PLUGIN_TEXT_H
#define HD_HERALDCTL_PLUGIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct hd_buf;

/* Appends what GET /v1/plugins/NAME or heraldd --describe answered; a source's
 * map only if it is asked for, since it is long. */
void hd_plugin_text(struct hd_buf *out, const json_t *plugin, size_t width,
		    bool map);

#endif
