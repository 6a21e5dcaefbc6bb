/* options.h - a connector's section, checked and read
 *
 * A section holds `plugin`, the options that the plugin declares and those
 * that the host adds (common_options.h).  Everything is copied out of the
 * configuration, which may go while the connector lives; only hd_options_node
 * points into it.  Values are constant, so any thread may read them.
 *
 * A list that is absent has no values; an option that is absent and has a
 * default has that as its one value.
 */
#ifndef HD_PLUGIN_OPTIONS_H
#define HD_PLUGIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include <herald/plugin.h>

#include "core/base/digest.h"
#include "core/plugin/common_options.h"

struct hd_complaints;
struct hd_expr;
struct hd_expr_env;
struct hd_node;
struct hd_options;
struct hd_secret;
struct hd_template;

struct hd_options_from {
	const herald_plugin *plugin;
	const char *name;	    /* of the connector */
	const struct hd_node *node; /* its section */
	struct hd_expr_env *expr;   /* NULL: EXPR and TEMPLATE are refused */
	bool inline_secrets;
	struct hd_complaints *complaints;
};

/* Checks and reads everything.  NULL after complaints.  The caller frees it
 * with hd_options_free(). [loop] */
struct hd_options *hd_options_read(const struct hd_options_from *from);
void hd_options_free(struct hd_options *options);

/* As herald_host.option, option_key and number.  Borrowed from `options`.  An
 * unknown name has no values and the number 0. [any] */
herald_str hd_options_text(const struct hd_options *options, const char *name,
			   size_t index);
herald_str hd_options_key(const struct hd_options *options, const char *name,
			  size_t index);
int64_t hd_options_number(const struct hd_options *options, const char *name);
size_t hd_options_count(const struct hd_options *options, const char *name);

/* The index-th value of a SECRET, EXPR or TEMPLATE option, NULL past the end
 * or for another type.  Borrowed from `options`. [any] */
struct hd_secret *hd_options_secret(const struct hd_options *options,
				    const char *name, size_t index);
const struct hd_expr *hd_options_expr(const struct hd_options *options,
				      const char *name, size_t index);
const struct hd_template *hd_options_template(const struct hd_options *options,
					      const char *name, size_t index);

/* True if `text` is one of the values of the SECRET option `name`, all of them
 * compared in constant time. [any] */
bool hd_options_secret_is(const struct hd_options *options, const char *name,
			  const char *text, size_t n);

/* The index-th value of all URL options together, NULL past the end: whose
 * origins may see credentials. [any] */
const char *hd_options_url(const struct hd_options *options, size_t index);

/* Where `name` stands in the configuration, NULL if it is not given; valid as
 * long as the configuration. [loop] */
const struct hd_node *hd_options_node(const struct hd_options *options,
				      const char *name);

/* [any] */
const struct hd_common *hd_options_common(const struct hd_options *options);

/* Hex SHA-256 of the plugin's name and version and all values: without
 * secrets (for caches), with them (for reload). [any] */
const char *hd_options_digest(const struct hd_options *options);
const char *hd_options_digest_all(const struct hd_options *options);

#endif
