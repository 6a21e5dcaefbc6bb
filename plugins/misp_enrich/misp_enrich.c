/* misp_enrich - what a MISP knows about addresses, names, hashes and mail */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/text.h"

#include "misp_enrich/search.h"

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	misp_search_start(self, batch, n);
}

static void on_version(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	struct misp *m = self;
	int64_t retry_after_ms = 0;
	struct hp_json body;
	struct hp_text why;
	herald_str version;
	uint32_t status;

	(void)ud;
	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_open(m->h, reply, &body);
	status = misp_reply_status(reply, &body, &why, &retry_after_ms);
	version = hp_json_text(&body, "/version", "");
	if (status == HERALD_OK && version.n == 0) {
		hp_text_add(&why, HERALD_S("the answer names no version"));
		status = HERALD_BAD_REPLY;
	}
	if (status == HERALD_OK)
		hp_text_addf(&why, "MISP %.*s", (int)version.n, version.p);
	hp_end(m->h, req, status, retry_after_ms, &why);
	hp_json_close(&body);
	hp_text_fini(&why);
}

static void probe(void *self, herald_id req)
{
	static const char *const path[] = { "servers", "getVersion", NULL };
	struct misp *m = self;
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.url = m->url,
		.path = path,
		.headers = misp_headers,
		.auth_secret = "secret",
	};

	m->h->http(m->h, &rq, on_version, NULL);
}

static void *create(const herald_host *h)
{
	struct misp *m = calloc(1, sizeof(*m));

	if (!m) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	m->h = h;
	m->url = h->option(h, "url", 0).p;
	m->page_size = h->number(h, "page_size");
	m->to_ids = h->number(h, "to_ids") != 0;
	return m;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "address of the MISP" },
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET, NULL, NULL,
      "key of a MISP user who may read (an automation key)" },
    { "to_ids", HERALD_BOOL, 0, "false", NULL,
      "ask only for attributes that are meant for detection" },
    { "page_size", HERALD_INT, HERALD_EXPERT, "200", "1..5000",
      "attributes in one page of an answer; twenty pages are read" },
};

#define KEY(type, help) \
    { type, NULL, 100, 3600, 900, 0, "threat_intel", NULL, help }
static const herald_key keys[] = {
    KEY("ip", "addresses, also those of ip|port and domain|ip"),
    KEY("domain", "names, also those of hostname|port and domain|ip"),
    KEY("url", "whole URLs"),
    KEY("md5", "files, also by filename|md5"),
    KEY("sha1", "files, also by filename|sha1"),
    KEY("sha256", "files, also by filename|sha256"),
    KEY("sha512", "files, also by filename|sha512"),
    KEY("email", "senders and recipients"),
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "misp_enrich",
    .version = "0.1.0",
    .summary = "asks a MISP what it knows about addresses, names, hashes and mail",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/misp_enrich",
    .needs = HERALD_NEED_HTTP,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
};
