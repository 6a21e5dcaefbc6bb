/* content.h - what a request says it holds */
#ifndef HERALD_PLUGINS_CONTENT_H
#define HERALD_PLUGINS_CONTENT_H

#include <stdbool.h>

/* True for application/json, text/json, anything that ends with +json, and
 * lines of JSON (application/x-ndjson), each with or without parameters; and
 * for NULL and "": a hand-made request may say nothing. [any] */
bool hp_content_is_json(const char *type);

#endif
