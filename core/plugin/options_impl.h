/* options_impl.h - the inside of struct hd_options, for options*.c only */
#ifndef HD_PLUGIN_OPTIONS_IMPL_H
#define HD_PLUGIN_OPTIONS_IMPL_H

#include "core/plugin/options.h"

struct hd_option_item {
	char *key; /* of a MAP */
	char *text;
	size_t n;
	int64_t number;
	struct hd_secret *secret;
	struct hd_expr *expr;
	struct hd_template *tmpl;
};

/* One row of the table that the section is checked against. */
struct hd_option {
	const char *name;
	uint32_t type, flags;
	const char *def, *values;
	const struct hd_node *node; /* NULL: not given */
	struct hd_option_item *items;
	size_t count;
};

struct hd_options {
	struct hd_option *rows;
	size_t count;
	struct hd_common common;
	const char **types;
	char *fills;
	char digest[HD_SHA256_HEX], digest_all[HD_SHA256_HEX];
};

/* The row of that name, or NULL. [any] */
const struct hd_option *hd_options_find(const struct hd_options *options,
					const char *name);

/* The plugin's own declaration of `name`, or NULL. [any] */
const herald_option *hd_options_declared(const herald_plugin *plugin,
					 const char *name);

/* Makes the rows of a plugin's connectors, without values. [any] */
void hd_options_make_rows(struct hd_options *options,
			  const herald_plugin *plugin);

/* Checks the section against the rows: unknown, missing and wrong ones. 0 or,
 * having complained, -1. [any] */
int hd_options_check_section(const struct hd_options *options,
			     const struct hd_options_from *from);

/* Checks what the host's options say once they have been read, and fills
 * `common`.  0 or, having complained, -1. [any] */
int hd_options_read_common(struct hd_options *options,
			   const struct hd_options_from *from);

/* Fills both digests. [any] */
void hd_options_make_digests(struct hd_options *options,
			     const herald_plugin *plugin);

#endif
