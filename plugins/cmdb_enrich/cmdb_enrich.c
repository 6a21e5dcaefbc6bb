/* cmdb_enrich - whose host it is and how critical, from a file or a service */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/text.h"

#include "cmdb_enrich/cmdb.h"
#include "cmdb_enrich/key.h"

/* By index of `source`. */
static const struct cmdb_source *const sources[] = { &cmdb_csv, &cmdb_sqlite,
						     &cmdb_servicenow,
						     &cmdb_netbox };

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	struct cmdb *c = self;

	for (uint32_t i = 0; i < n; i++)
		c->source->lookup(c, batch[i]);
}

static void probe(void *self, herald_id req)
{
	struct cmdb *c = self;

	c->source->probe(c, req);
}

static void start(void *self)
{
	struct cmdb *c = self;

	if (c->source->start)
		c->source->start(c);
}

static void halt(void *self)
{
	struct cmdb *c = self;

	if (c->source->halt)
		c->source->halt(c);
}

/* ---- the configuration ---- */

static bool has(const herald_host *h, const char *option)
{
	return h->option(h, option, 0).p;
}

static bool reject(const struct cmdb *c, const char *option, const char *why)
{
	struct hp_text text;

	hp_text_init(&text, 256);
	hp_text_addf(&text, "source: %s %s '%s'",
		     c->h->option(c->h, "source", 0).p, why, option);
	c->h->reject(c->h, option, hp_text_str(&text));
	hp_text_fini(&text);
	return false;
}

static bool check_options(const struct cmdb *c)
{
	const char *const *word = c->source->ignores;

	if (!has(c->h, c->source->needs))
		return reject(c, c->source->needs, "wants");
	for (; *word; word++) {
		if (has(c->h, *word))
			return reject(c, *word, "knows no");
	}
	return true;
}

static bool init(struct cmdb *c)
{
	for (uint32_t i = 0; i < CMDB_OWN_MAX; i++)
		c->own[i] = c->h->option(c->h, "domain", i).p;
	return check_options(c) &&
	       cmdb_mapping_init(&c->mapping, c->h, c->source->fields) &&
	       (!c->source->init || c->source->init(c));
}

static void *create(const herald_host *h)
{
	const struct cmdb_source *source = sources[h->number(h, "source")];
	struct cmdb *c = calloc(1, source->size);

	if (!c) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	c->h = h;
	c->source = source;
	if (init(c))
		return c;
	free(c);
	return NULL;
}

static void destroy(void *self)
{
	struct cmdb *c = self;

	if (c->source->fini)
		c->source->fini(c);
	free(c);
}

/* clang-format off */
static const herald_option options[] = {
    { "source", HERALD_ENUM, 0, "csv", "csv|sqlite|servicenow|netbox",
      "what the assets are in" },
    { "file", HERALD_PATH, 0, NULL, NULL, "the CSV file or the SQLite database" },
    { "delimiter", HERALD_ENUM, 0, "comma", "comma|semicolon|tab",
      "what stands between the cells of a CSV file" },
    { "url", HERALD_URL, 0, NULL, "https|http", "address of the service" },
    { "secret", HERALD_STRING, HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "password of auth_user, or a token" },
    { "auth_user", HERALD_STRING, 0, NULL, NULL, "HTTP Basic with this user and the secret" },
    { "auth_prefix", HERALD_STRING, 0, "Bearer ", NULL, "text before a token" },
    { "table", HERALD_STRING, 0, NULL, NULL, "sqlite: default assets; servicenow: default cmdb_ci_computer" },
    { "query", HERALD_STRING, 0, NULL, NULL,
      "sqlite: a SELECT in place of `table`; servicenow: an encoded query that assets "
      "must satisfy as well" },
    { "domain", HERALD_HOST, HERALD_LIST, NULL, NULL,
      "hosts in it are also found by the first part of their name" },
    { "fields", HERALD_STRING, HERALD_MAP, NULL, NULL,
      "our word: what the source calls it" },
    { "levels", HERALD_ENUM, HERALD_MAP, NULL, "low|medium|high|critical",
      "a word of the source: which risk level it is" },
};

static const herald_metric metrics[] = {
    [CMDB_METRIC_ASSETS] = { "assets", HERALD_GAUGE, 0, NULL, "assets in use" },
    [CMDB_METRIC_SKIPPED] = { "skipped_lines", HERALD_GAUGE, 0, NULL, "bad lines of the file" },
};

/* What is said of a file is never kept.  `host` comes before `ip` in the order of
 * merging, so that an answer by name outranks one by address. */
#define KEY(type, help) { type, NULL, 0, 900, 900, 0, "asset", "device", help }
static const herald_key keys[] = {
    [CMDB_BY_HOST] = KEY("host", "names, short or full"),
    [CMDB_BY_IP] = KEY("ip", "addresses; in a file also the smallest network that holds it"),
    [CMDB_BY_MAC] = KEY("mac", "hardware addresses"),
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "cmdb_enrich",
    .version = "0.1.0",
    .summary = "tells whose host it is and how critical, from a file or a service",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/cmdb_enrich",
    .needs = HERALD_NEED_HTTP | HERALD_NEED_WORK | HERALD_NEED_FILES,
    .workers = 1,
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .start = start,
    .halt = halt,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
};
