/* plugin_text.h - the manual of a plugin, from its own declarations
 */
#ifndef HD_HERALDCTL_PLUGIN_TEXT_H
#define HD_HERALDCTL_PLUGIN_TEXT_H

#include <stddef.h>
#include <jansson.h>

struct hd_buf;

/* Appends what GET /v1/plugins/NAME or heraldd --describe answered. */
void hd_plugin_text(struct hd_buf *out, const json_t *plugin, size_t width);

#endif
