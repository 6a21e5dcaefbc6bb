/* misp_enrich - what a MISP knows about addresses, names, hashes and mail */
#include <herald/plugin.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

#include "misp_enrich/exchange.h"
#include "misp_enrich/search.h"
#include "misp_enrich/sighting.h"

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	misp_search_start(self, batch, n);
}

/* ---- which version, and what the key may do ---- */

#define OLDEST 204 /* 2.4: whose answers look like these */

/* "2.5.1" is 205; 0 for what is no version. */
static unsigned version_number(herald_str version)
{
	unsigned major = 0, minor = 0;

	if (!version.p || sscanf(version.p, "%2u.%2u", &major, &minor) != 2)
		return 0;
	return major * 100 + minor;
}

/* Says in `a` who it is, or why that cannot be told. */
static void read_version(struct misp *m, struct hp_answer *a)
{
	herald_str version = hp_json_text(&a->body, "/version", "");

	if (a->status != HERALD_OK)
		return;
	if (version_number(version) == 0) {
		hp_answer_spoil(a, HERALD_BAD_REPLY,
				"the answer names no version");
		return;
	}
	hp_text_addf(&a->why, "MISP %.*s", (int)version.n, version.p);
	m->is_old = version_number(version) < OLDEST;
	if (m->is_old)
		hp_text_add(&a->why, HERALD_S(", older than 2.4: its answers "
					      "may be misread"));
	if (!hp_json_is_true(&a->body, "/perm_sighting", ""))
		hp_text_add(&a->why,
			    HERALD_S("; the key may not add sightings"));
}

static void on_probed(void *self, herald_id req, void *ud,
		      const herald_reply *reply)
{
	struct misp *m = self;
	struct hp_answer a;

	(void)ud;
	misp_answer_open(&a, m, reply);
	read_version(m, &a);
	hp_answer_end(&a, m->h, req);
	hp_answer_close(&a);
}

static void probe(void *self, herald_id req)
{
	misp_get_version(self, req, on_probed);
}

/* What is wrong now may be mended by the time that something is asked: it is
 * told, and no more. */
static void on_started(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	struct misp *m = self;
	struct hp_answer a;

	(void)req;
	(void)ud;
	if (reply->status == HERALD_CANCELLED)
		return;
	misp_answer_open(&a, m, reply);
	read_version(m, &a);
	m->h->log(m->h,
		  a.status != HERALD_OK || m->is_old ? HERALD_WARNING
						     : HERALD_NOTICE,
		  0, hp_text_str(&a.why));
	hp_answer_close(&a);
}

static void start(void *self)
{
	misp_get_version(self, 0, on_started);
}

static void run(void *self, const herald_call *call)
{
	struct misp *m = self;

	if (call->mode == HERALD_RUN && !call->undoing)
		misp_sighting_run(m, call);
	else
		herald_fail(m->h, call->req, HERALD_UNSUPPORTED,
			    HERALD_S("a sighting is added, not planned"));
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
	m->decay = h->number(h, "decay") != 0;
	m->sightings = h->number(h, "sightings") != 0;
	m->lists = h->number(h, "warning_lists") != 0;
	m->source = h->option(h, "source", 0).p;
	return m;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "address of the MISP" },
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "key of a MISP user who may read (an automation key)" },
    { "to_ids", HERALD_BOOL, 0, "false", NULL,
      "ask only for attributes that are meant for detection" },
    { "decay", HERALD_BOOL, 0, "true", NULL,
      "ask for decay scores: what every model calls decayed counts less" },
    { "sightings", HERALD_BOOL, 0, "true", NULL,
      "ask for sightings: what was last seen as a false positive counts less" },
    { "warning_lists", HERALD_BOOL, 0, "true", NULL,
      "ask on which warning lists a value is, also one that no event has" },
    { "source", HERALD_STRING, 0, "herald", NULL, "who adds sightings, as MISP shows it" },
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

static const herald_option sighting_params[] = {
    { "value", HERALD_STRING, HERALD_REQUIRED | HERALD_TARGET, NULL, NULL, "what was seen" },
    { "type", HERALD_ENUM, 0, "seen", "seen|false_positive|expired", "what is said of it" },
};

static const herald_action list[] = {
    { "add_sighting", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL, HERALD_ITEMS(sighting_params),
      "tells MISP that a value was seen, or was a false positive" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(list),
    .run = run,
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
    .start = start,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
    .actions = &actions,
};
