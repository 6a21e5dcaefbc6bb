#include "core/plugin/common_options.h"

#include <errno.h>
#include <string.h>

#include "core/base/err.h"
#include "core/conf/node.h"
#include "core/conf/table.h"
#include "core/conf/value.h"

#define LEVELS "debug|info|notice|warning|error"

const struct hd_common_row hd_common_rows[] = {
	{ "mode", HERALD_ENUM, 0, "live", "dry_run|notify|live",
	  "the highest mode in which its actions run", HD_FOR_ACTIONS },
	{ "timeout", HERALD_DURATION, 0, "10s", "100ms..1h",
	  "how long one request may take, retries included", HD_FOR_ALL },
	{ "max_in_flight", HERALD_INT, 0, "16", "1..10000",
	  "requests under way at once", HD_FOR_ALL },
	{ "limit", HD_TYPE_RATE, 0, NULL, NULL,
	  "at most so many questions and actions in a time: 4/1m or [4/1m, "
	  "500/1d]; beyond it actions wait",
	  HD_FOR_CALLED },
	{ "retries", HERALD_INT, 0, "2", "0..10",
	  "repetitions after passing trouble", HD_FOR_ENRICHERS },
	{ "proxy", HERALD_URL, 0, NULL, "http|https",
	  "HTTP proxy for its requests", HD_FOR_HTTP },
	{ "no_proxy", HERALD_STRING, HERALD_LIST, NULL, NULL,
	  "names, domains, addresses and networks reached without the proxy",
	  HD_FOR_HTTP },
	{ "proxy_user", HERALD_STRING, 0, NULL, NULL, "who we are to the proxy",
	  HD_FOR_HTTP },
	{ "proxy_secret", HERALD_STRING, HERALD_SECRET, NULL, NULL,
	  "what proves that to the proxy", HD_FOR_HTTP },
	{ "tls", HD_TYPE_SUB, 0, NULL, NULL,
	  "whom to believe: {ca_file}, {pin}, {server_name} or "
	  "{verify: false, until}; who we are: {cert_file, key_file}",
	  HD_FOR_ALL },
	{ "oauth2", HD_TYPE_SUB, 0, NULL, NULL,
	  "a token for its requests, fetched and renewed: {url, client_id, "
	  "secret, scope, audience, auth: header|body}",
	  HD_FOR_HTTP },
	{ "cache_ttl", HERALD_DURATION, 0, NULL, "0s..365d",
	  "how long an answer is used again, in place of what it declares",
	  HD_FOR_ENRICHERS },
	{ "share", HERALD_ENUM, 0, "default", "default|all|none",
	  "which values may leave the organization", HD_FOR_ENRICHERS },
	{ "linger", HERALD_DURATION, 0, "5ms", "0ms..1s",
	  "how long a lookup waits to fill a batch", HD_FOR_ENRICHERS },
	{ "types", HERALD_STRING, HERALD_LIST, NULL, NULL,
	  "kinds of values that it is asked about; all that it declares if "
	  "absent",
	  HD_FOR_ENRICHERS },
	{ "fills", HERALD_STRING, HERALD_LIST, NULL, NULL,
	  "what its answers complete, of user, device, location",
	  HD_FOR_ENRICHERS },
	{ "listen", HD_TYPE_NAME, 0, NULL, NULL,
	  "the listener that serves its routes", HD_FOR_ROUTES },
	{ "mount", HERALD_STRING, 0, NULL, NULL,
	  "stands before each of its routes: /team_a", HD_FOR_ROUTES },
	{ "map", HD_TYPE_NODE, 0, NULL, NULL,
	  "rows {set, to, if} added to its table", HD_FOR_SOURCES },
	{ "log_level", HERALD_ENUM, 0, "info", LEVELS,
	  "the least important of its messages that is logged", HD_FOR_ALL },
	{ "isolate", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL,
	  "runs in a process of its own", HD_FOR_LATER },
	{ "reserve", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL,
	  "part of the limit that is kept for high severity", HD_FOR_LATER },
	{ "silent_after", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL,
	  "alarm when nothing came for so long", HD_FOR_LATER },
	{ "tenant", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL,
	  "whose alerts a source brings", HD_FOR_LATER },
	{ "tls_ca_file", HERALD_PATH, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "tls_pin", HERALD_STRING, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "tls_server_name", HERALD_HOST, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "tls_verify", HERALD_BOOL, 0, "true", NULL, NULL, HD_FOR_READING },
	{ "tls_until", HD_TYPE_DATE, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "tls_cert_file", HERALD_PATH, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "tls_key_file", HERALD_PATH, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "oauth2_url", HERALD_URL, 0, NULL, "https|http", NULL,
	  HD_FOR_READING },
	{ "oauth2_client_id", HERALD_STRING, 0, NULL, NULL, NULL,
	  HD_FOR_READING },
	{ "oauth2_secret", HERALD_STRING, HERALD_SECRET, NULL, NULL, NULL,
	  HD_FOR_READING },
	{ "oauth2_scope", HERALD_STRING, 0, NULL, NULL, NULL, HD_FOR_READING },
	{ "oauth2_audience", HERALD_STRING, 0, NULL, NULL, NULL,
	  HD_FOR_READING },
	{ "oauth2_auth", HERALD_ENUM, 0, "header", "header|body", NULL,
	  HD_FOR_READING },
	{ NULL, 0, 0, NULL, NULL, NULL, HD_FOR_ALL },
};

const struct hd_common_row *hd_common_row(const char *name)
{
	const struct hd_common_row *row = hd_common_rows;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	return row->name ? row : NULL;
}

static bool names(const herald_plugin *plugin, const char *option)
{
	for (uint32_t i = 0; i < plugin->options.count; i++)
		if (strcmp(plugin->options.items[i].name, option) == 0)
			return true;
	return false;
}

bool hd_common_is_for(const struct hd_common_row *row,
		      const herald_plugin *plugin)
{
	if (names(plugin, row->name))
		return true;
	switch (row->who) {
	case HD_FOR_SOURCES:
		return plugin->source && plugin->source->map.count > 0;
	case HD_FOR_ROUTES:
		return plugin->source && plugin->source->routes.count > 0;
	case HD_FOR_ENRICHERS:
		return plugin->enricher;
	case HD_FOR_ACTIONS:
		return plugin->actions;
	case HD_FOR_CALLED:
		return plugin->enricher || plugin->actions;
	case HD_FOR_HTTP:
		return (plugin->needs & HERALD_NEED_HTTP) != 0;
	case HD_FOR_ALL:
	case HD_FOR_LATER:
	case HD_FOR_READING:
		break;
	}
	return true;
}

/* Parts of a mapping are read as MAPPING_MEMBER. */
const struct hd_node *hd_common_node(const struct hd_node *section,
				     const char *name)
{
	static const char *const mappings[] = { "tls", "oauth2" };
	size_t n;

	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		n = strlen(mappings[i]);
		if (strncmp(name, mappings[i], n) == 0 && name[n] == '_')
			return hd_node_get(hd_node_get(section, mappings[i]),
					   name + n + 1);
	}
	return hd_node_get(section, name);
}

static bool is_reserved(const char *name)
{
	return strcmp(name, "plugin") == 0 || strcmp(name, "tls") == 0 ||
	       strncmp(name, "proxy_", 6) == 0 || strcmp(name, "map") == 0 ||
	       strncmp(name, "tls_", 4) == 0 || strncmp(name, "oauth2", 6) == 0;
}

/* A rate is written as STRING in the ABI, which has no type for it. */
static bool is_of_type(const herald_option *o, const struct hd_common_row *row)
{
	if (row->type == HD_TYPE_RATE || row->type == HD_TYPE_NAME)
		return o->type == HERALD_STRING;
	return o->type == row->type;
}

int hd_common_check_declared(const herald_option *o, struct hd_err *err)
{
	const struct hd_common_row *row = hd_common_row(o->name);
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	const char *at = o->def, *item;
	struct hd_value value;
	size_t n;

	if (is_reserved(o->name) || (row && row->who == HD_FOR_LATER))
		return hd_err_set(err, EINVAL,
				  "%s: the host keeps this name for itself",
				  o->name);
	if (!row)
		return 0;
	if (!is_of_type(o, row))
		return hd_err_set(err, EINVAL,
				  "%s: the host has an option of this name and "
				  "another type",
				  o->name);
	if (!o->def)
		return hd_err_set(
			err, EINVAL,
			"%s: an option of the host is named to change "
			"its default, and there is none",
			o->name);
	while (hd_common_next_default(&at, &item, &n)) {
		if (hd_value_parse(row->type, row->values, item, n, &value, why,
				   remedy) < 0)
			return hd_err_set(err, EINVAL,
					  "%s: the default '%s' %s", o->name,
					  o->def, why);
	}
	return 0;
}

bool hd_common_next_default(const char **at, const char **item, size_t *n)
{
	const char *p = *at + strspn(*at, " [,");
	size_t len = strcspn(p, ",]");

	if (len == 0)
		return false;
	*at = p + len;
	while (len > 0 && p[len - 1] == ' ')
		len--;
	*item = p;
	*n = len;
	return true;
}
