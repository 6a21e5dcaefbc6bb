/* common_options.h - the options that the host adds to every connector
 *
 * One table of them.  A plugin that names one of these changes its default and
 * nothing else.  What concerns lookups and actions is read into struct
 * hd_common for those who act on it; all of it can be read by the plugin, the
 * mappings `tls` and `oauth2` as tls_ca_file, tls_pin, ..., oauth2_url, ...
 */
#ifndef HD_PLUGIN_COMMON_OPTIONS_H
#define HD_PLUGIN_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "core/conf/rate.h"
#include "core/conf/settings.h"

struct hd_err;
struct hd_node;

enum hd_share {
	HD_SHARE_DEFAULT, /* as the key's EXTERNAL flag and our own lists say */
	HD_SHARE_ALL,	  /* every value may leave, also our own */
	HD_SHARE_NONE	  /* no value leaves */
};

/* Host options that others act on.  Texts are borrowed from the instance. */
struct hd_common {
	enum hd_mode mode; /* HD_MODE_LIVE unless lowered */
	int64_t timeout_ms, linger_ms;
	uint32_t max_in_flight, retries;
	struct hd_rates limits; /* several windows; count 0: unlimited */
	bool limit_calendar;	/* 1d is a day in UTC */
	int64_t cache_ttl_ms;	/* -1: as the key declares */
	enum hd_share share;
	const char *const *types; /* NULL-ended; NULL: all that it declares */
	const char *fills;	  /* NULL: as declared */
};

/* Which plugins an option is for. */
enum hd_common_for {
	HD_FOR_ALL,
	HD_FOR_SOURCES, /* with a map */
	HD_FOR_ROUTES,
	HD_FOR_ENRICHERS,
	HD_FOR_ACTIONS,
	HD_FOR_CALLED, /* enrichers and those with actions */
	HD_FOR_HTTP,   /* those that ask by http() */
	HD_FOR_LATER,  /* comes in a later release */
	HD_FOR_READING /* part of `tls` or `oauth2`: not written by this name */
};

struct hd_common_row {
	const char *name;
	uint32_t type, flags; /* as struct hd_key */
	const char *def, *values, *help;
	enum hd_common_for who;
};

/* The table; ends with a NULL name. [any] */
extern const struct hd_common_row hd_common_rows[];

/* The row of that name, or NULL. [any] */
const struct hd_common_row *hd_common_row(const char *name);

/* True if this row has a meaning for `plugin`: to the host, or to the plugin
 * itself, which names it. [any] */
bool hd_common_is_for(const struct hd_common_row *row,
		      const herald_plugin *plugin);

/* Checks an option that a plugin declares: if it has the name of a row it must
 * be of its type and give a default for it; names that the host needs for
 * itself are refused.  0 or -1. [any] */
int hd_common_check_declared(const herald_option *option, struct hd_err *err);

/* The node that the option `name` is read from: "tls_pin" is `pin` of `tls`,
 * "oauth2_url" is `url` of `oauth2`, any other name a member of `section`.
 * NULL if there is none. [any] */
const struct hd_node *hd_common_node(const struct hd_node *section,
				     const char *name);

/* Goes through the default of a LIST, items separated by commas, brackets
 * around them or not: false at the end.  *at begins as the default. [any] */
bool hd_common_next_default(const char **at, const char **item, size_t *n);

#endif
