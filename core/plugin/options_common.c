#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/plugin/options_impl.h"

#define TEXT_MAX 4096 /* bytes of `fills` */

static void read_rates(struct hd_options *o)
{
	struct hd_rates *rates = &o->common.limits;
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];

	for (size_t i = 0;
	     i < hd_options_count(o, "limit") && rates->count < HD_RATES_MAX;
	     i++) {
		herald_str text = hd_options_text(o, "limit", i);

		if (hd_rate_parse(text.p, text.n, &rates->items[rates->count],
				  why, remedy) == 0)
			rates->count++;
	}
}

static void read_types(struct hd_options *o)
{
	size_t n = hd_options_count(o, "types");

	if (n == 0)
		return;
	o->types = hd_alloc_array(n + 1, sizeof(*o->types));
	for (size_t i = 0; i < n; i++)
		o->types[i] = hd_options_text(o, "types", i).p;
	o->common.types = o->types;
}

static void read_fills(struct hd_options *o)
{
	struct hd_buf buf;
	size_t n = hd_options_count(o, "fills");

	if (n == 0)
		return;
	hd_buf_init(&buf, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			hd_buf_addc(&buf, ',');
		hd_buf_adds(&buf, hd_options_text(o, "fills", i).p);
	}
	o->fills = hd_buf_steal(&buf);
	o->common.fills = o->fills;
}

/* True if a key that the plugin declares is asked about values of `type`. */
static bool key_covers(const herald_key *key, const char *type)
{
	if (strcmp(key->type, type) == 0)
		return true;
	if (strcmp(key->type, "host") == 0)
		return strcmp(type, "domain") == 0;
	if (strcmp(key->type, "hash") == 0)
		return strncmp(type, "sha", 3) == 0 || strcmp(type, "md5") == 0;
	return false;
}

static bool plugin_covers(const herald_plugin *p, const char *type)
{
	for (uint32_t i = 0; i < p->enricher->keys.count; i++) {
		if (key_covers(&p->enricher->keys.items[i], type))
			return true;
	}
	return false;
}

static bool plugin_fills(const herald_plugin *p, const char *what)
{
	for (uint32_t i = 0; i < p->enricher->keys.count; i++) {
		const char *fills = p->enricher->keys.items[i].fills;

		/* "user", "device", "location": none is part of another. */
		if (fills && strstr(fills, what))
			return true;
	}
	return false;
}

static int check_narrowing(const struct hd_options *o,
			   const struct hd_options_from *from)
{
	int rc = 0;

	for (size_t i = 0; i < hd_options_count(o, "types"); i++) {
		const char *type = hd_options_text(o, "types", i).p;

		if (!plugin_covers(from->plugin, type))
			rc = hd_complain(from->complaints,
					 hd_node_place(
						 hd_options_node(o, "types")),
					 "plugin %s has no lookups of '%s'",
					 from->plugin->name, type);
	}
	for (size_t i = 0; i < hd_options_count(o, "fills"); i++) {
		const char *what = hd_options_text(o, "fills", i).p;

		if (!plugin_fills(from->plugin, what))
			rc = hd_complain(from->complaints,
					 hd_node_place(
						 hd_options_node(o, "fills")),
					 "answers of plugin %s never fill '%s'",
					 from->plugin->name, what);
	}
	return rc;
}

static int check_routes(const struct hd_options *o,
			const struct hd_options_from *from)
{
	herald_str mount = hd_options_text(o, "mount", 0);
	const struct hd_node *node = hd_options_node(o, "mount");

	if (hd_options_count(o, "listen") == 0) {
		hd_complain(from->complaints, hd_node_key_place(from->node),
			    "connectors.%s has routes and no 'listen'",
			    from->name);
		return hd_complain_remedy(from->complaints,
					  "add 'listen: NAME' of a listener");
	}
	if (mount.n == 0)
		return 0;
	if (mount.p[0] != '/' || mount.p[mount.n - 1] == '/' ||
	    strstr(mount.p, "//"))
		return hd_complain(from->complaints, hd_node_place(node),
				   "mount '%s' is no path of the form /a/b",
				   mount.p);
	return 0;
}

int hd_options_read_common(struct hd_options *o,
			   const struct hd_options_from *from)
{
	const herald_plugin *p = from->plugin;
	const herald_option *limit = hd_options_declared(p, "limit");
	struct hd_common *c = &o->common;

	c->mode = p->actions ? (enum hd_mode)hd_options_number(o, "mode")
			     : HD_MODE_LIVE;
	c->timeout_ms = hd_options_number(o, "timeout");
	c->linger_ms = hd_options_number(o, "linger");
	c->max_in_flight = (uint32_t)hd_options_number(o, "max_in_flight");
	c->retries = (uint32_t)hd_options_number(o, "retries");
	c->cache_ttl_ms = hd_options_count(o, "cache_ttl") > 0
				  ? hd_options_number(o, "cache_ttl")
				  : -1;
	c->share = (enum hd_share)hd_options_number(o, "share");
	c->limit_calendar = limit && limit->values &&
			    strcmp(limit->values, "utc_day") == 0;
	read_rates(o);
	read_types(o);
	read_fills(o);
	if (p->enricher && check_narrowing(o, from) < 0)
		return -1;
	if (p->source && p->source->routes.count > 0)
		return check_routes(o, from);
	return 0;
}
