/* vt_enrich - what VirusTotal says of addresses, domains, files and URLs
 *
 * Lookups only, by GET: a submission would publish the value.  Which values may
 * leave is the core's to decide (HERALD_EXTERNAL), how many questions a minute
 * and a day as well (`limit`).
 */
#include <herald/plugin.h>

#include <stdbool.h>
#include <stdlib.h>

#include "common/base64.h"
#include "common/json.h"
#include "common/reply.h"
#include "common/text.h"

#include "vt_enrich/judge.h"
#include "vt_enrich/report.h"

#define REPLY_MAX (8u << 20) /* reports of files name every engine */
#define URL_MAX 8192	     /* bytes; longer ones are no question */
#define SOON_MS 5000	     /* after TooManyRequestsError */

struct vt {
	const herald_host *h;
	const char *url;
	struct vt_quota quota;
};

/* By index of the key: where the objects are, for us and for people. */
static const struct {
	const char *collection, *gui;
} kinds[] = {
	{ "ip_addresses", "ip-address" },
	{ "domains", "domain" },
	{ "files", "file" },
	{ "files", "file" },
	{ "files", "file" },
	{ "urls", "url" },
};
enum { KEY_URL = 5 };

static const char quota_state[] = "quota";

/* So that a restart does not knock at a door that opens at midnight. */
static void keep_quota(struct vt *vt)
{
	char text[VT_QUOTA_TEXT];

	vt_quota_write(&vt->quota, vt->h->now_ms(vt->h), vt->h->utc_ms(vt->h),
		       text);
	if (vt->h->state_put(vt->h, quota_state, herald_cstr(text)) !=
	    HERALD_OK)
		herald_logf(vt->h, HERALD_WARNING, 0,
			    "the wait for quota cannot be kept");
}

static void note_answer(struct vt *vt)
{
	bool waited = vt->quota.waits > 0;

	vt_quota_answered(&vt->quota);
	if (waited)
		keep_quota(vt);
}

static int64_t spend_quota(struct vt *vt)
{
	int64_t wait = vt_quota_spent(&vt->quota, vt->h->now_ms(vt->h),
				      vt->h->utc_ms(vt->h));

	keep_quota(vt);
	return wait;
}

static void refused(struct vt *vt, herald_id req, uint32_t status,
		    const herald_reply *reply, struct hp_json *body)
{
	int64_t retry_after_ms = reply->retry_after_ms;
	struct hp_text why;

	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_judge(reply, body, &why);
	if (status == HERALD_QUOTA && retry_after_ms == 0)
		retry_after_ms = spend_quota(vt);
	if (status == HERALD_BUSY && retry_after_ms == 0)
		retry_after_ms = SOON_MS;
	hp_end(vt->h, req, status, retry_after_ms, &why);
	hp_text_fini(&why);
}

static void answered(struct vt *vt, herald_id req, struct hp_json *body,
		     const char *gui)
{
	struct hp_json out;
	bool is_report;
	herald_str json;

	note_answer(vt);
	hp_json_open(&out, vt->h, (herald_str){ NULL, 0 });
	is_report = vt_report_read(body, gui, &out);
	json = hp_json_all(&out);
	if (!is_report)
		herald_fail(vt->h, req, HERALD_BAD_REPLY,
			    HERALD_S("the answer is no report of VirusTotal"));
	else if (!json.p)
		herald_fail(vt->h, req, HERALD_FAILED,
			    HERALD_S("no memory to hold the answer"));
	else
		herald_done(vt->h, req, HERALD_OK, json);
	hp_json_close(&out);
}

static uint32_t judge(const herald_reply *reply, struct hp_json *body)
{
	const char *word = hp_json_cstr(body, "/error/code", "");

	if (reply->status == HERALD_OK && !body->d)
		return HERALD_BAD_REPLY;
	return vt_judge(reply->status, reply->code, word);
}

static void on_report(void *self, herald_id req, void *ud,
		      const herald_reply *reply)
{
	const char *gui = ud;
	struct vt *vt = self;
	struct hp_json body;
	uint32_t status;

	hp_reply_open(vt->h, reply, &body);
	status = judge(reply, &body);
	if (status == HERALD_OK) {
		answered(vt, req, &body, gui);
	} else if (status == HERALD_NOT_FOUND) {
		note_answer(vt);
		herald_done(vt->h, req, status, (herald_str){ NULL, 0 });
	} else {
		refused(vt, req, status, reply, &body);
	}
	hp_json_close(&body);
}

static void get(struct vt *vt, herald_id req, const char *collection,
		const char *id, herald_http_fn fn, const char *gui)
{
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	const char *const path[] = { collection, id, NULL };
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.url = vt->url,
		.path = path,
		.headers = headers,
		.auth_secret = "secret",
		.auth_header = "x-apikey",
		.auth_prefix = "",
		.max_reply = REPLY_MAX,
	};

	vt->h->http(vt->h, &rq, fn, (void *)(uintptr_t)gui);
}

static void ask(struct vt *vt, const herald_lookup *q)
{
	char id[HP_BASE64_SIZE(URL_MAX)];
	const char *name = q->value.p;

	if (q->value.n > URL_MAX) {
		herald_fail(vt->h, q->req, HERALD_BAD_INPUT,
			    HERALD_S("the value is too long"));
		return;
	}
	if (q->key == KEY_URL) {
		hp_base64_url(id, q->value.p, q->value.n);
		name = id;
	}
	get(vt, q->req, kinds[q->key].collection, name, on_report,
	    kinds[q->key].gui);
}

/* Of a wait that began before a restart the core does not know. */
static void wait_on(struct vt *vt, herald_id req, int64_t left_ms)
{
	struct hp_text why;

	hp_text_init(&why, HP_WHY_MAX);
	hp_text_add(&why, HERALD_S("the quota was spent before the restart"));
	hp_end(vt->h, req, HERALD_QUOTA, left_ms, &why);
	hp_text_fini(&why);
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	struct vt *vt = self;

	for (uint32_t i = 0; i < n; i++) {
		int64_t left = vt_quota_left(&vt->quota, vt->h->now_ms(vt->h));

		if (left > 0)
			wait_on(vt, batch[i]->req, left);
		else
			ask(vt, batch[i]);
	}
}

static void on_probe(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct vt *vt = self;
	struct hp_json body;
	uint32_t status;

	(void)ud;
	hp_reply_open(vt->h, reply, &body);
	status = judge(reply, &body);
	if (HERALD_CLASS(status) <= 1)
		note_answer(vt);
	if (HERALD_CLASS(status) <= 1)
		herald_fail(vt->h, req, HERALD_OK,
			    HERALD_S("it answers and takes the key"));
	else
		refused(vt, req, status, reply, &body);
	hp_json_close(&body);
}

/* There is nothing to ask that is free; this is one question of the quota. */
static void probe(void *self, herald_id req)
{
	get(self, req, "ip_addresses", "8.8.8.8", on_probe, NULL);
}

static void *create(const herald_host *h)
{
	struct vt *vt = calloc(1, sizeof(*vt));

	if (!vt) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	vt->h = h;
	vt->url = h->option(h, "url", 0).p;
	return vt;
}

/* The limit tells which key it is made for. */
static bool has_public_limit(const herald_host *h)
{
	return hp_str_is(h->option(h, "limit", 0), "4/1m") &&
	       hp_str_is(h->option(h, "limit", 1), "500/1d") &&
	       !h->option(h, "limit", 2).p;
}

static void start(void *self)
{
	struct vt *vt = self;
	herald_str kept = vt->h->state_get(vt->h, quota_state);

	if (kept.p)
		vt_quota_read(&vt->quota, kept.p, vt->h->now_ms(vt->h),
			      vt->h->utc_ms(vt->h));
	if (has_public_limit(vt->h))
		herald_logf(vt->h, HERALD_NOTICE, 0,
			    "limit is that of a public key, which VirusTotal "
			    "does not allow for business workflows");
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, 0, "https://www.virustotal.com/api/v3", "https|http",
      "address of the API" },
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "the API key; a public one is not allowed in business workflows" },
    { "limit", HERALD_STRING, 0, "[4/1m, 500/1d]", "utc_day",
      "that of a public key; a day begins at 00:00 UTC" },
    { "types", HERALD_STRING, HERALD_LIST, "ip, domain, md5, sha1, sha256", NULL,
      "add url where URLs may be shown to VirusTotal: they often carry tokens" },
    { "timeout", HERALD_DURATION, 0, "20s", NULL, NULL },
};

#define KEY(type, help) \
    { type, NULL, 1, 24 * 3600, 6 * 3600, HERALD_EXTERNAL, "reputation", NULL, help }
static const herald_key keys[] = {
    KEY("ip", "public addresses"),
    KEY("domain", "public names"),
    KEY("md5", "files"),
    KEY("sha1", "files"),
    KEY("sha256", "files"),
    [KEY_URL] = KEY("url", "whole URLs; not asked unless `types` names them"),
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "vt_enrich",
    .version = "0.1.0",
    .summary = "asks VirusTotal about addresses, domains, files and URLs",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/vt_enrich",
    .needs = HERALD_NEED_HTTP | HERALD_NEED_STATE,
    .options = HERALD_ITEMS(options),
    .create = create,
    .start = start,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
};
