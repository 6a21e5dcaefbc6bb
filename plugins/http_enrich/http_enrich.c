/* http_enrich - asks any service that answers JSON
 *
 * The request is made from templates, the answer read by expressions: for the
 * many services that need no connector of their own.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/text.h"

#include "http_enrich/answer.h"
#include "http_enrich/pages.h"
#include "http_enrich/question.h"

struct enrich {
	const herald_host *h;
	bool clean_404, pages;
};

/* By index of the key. */
static const char *const types[] = { "ip",   "domain", "host", "url",
				     "hash", "email",  "user", "mac" };

/* ---- one lookup ---- */

struct ask {
	struct hp_json vars; /* for the expressions, when the answer comes */
	struct http_enrich_pages *pages; /* NULL: the answer has only one */
};

static void end_ask(struct ask *ask)
{
	http_enrich_pages_free(ask->pages);
	hp_json_close(&ask->vars);
	free(ask);
}

/* All of the answer is there. */
static void answered(struct enrich *e, herald_id req, struct ask *ask)
{
	const char *why = "no memory to hold the answer";
	struct hp_json out;
	uint32_t status;

	hp_json_open(&out, e->h, (herald_str){ NULL, 0 });
	status = ask->vars.failed
			 ? HERALD_FAILED
			 : http_enrich_read(e->h, &ask->vars, &out, &why);
	if (status == HERALD_OK && !hp_json_all(&out).p)
		status = HERALD_FAILED;
	if (status == HERALD_OK)
		herald_done(e->h, req, status, hp_json_all(&out));
	else if (status == HERALD_NOT_FOUND)
		herald_done(e->h, req, status, (herald_str){ NULL, 0 });
	else
		herald_fail(e->h, req, status, herald_cstr(why));
	hp_json_close(&out);
}

static void refused(struct enrich *e, herald_id req, const herald_reply *reply,
		    struct hp_json *body)
{
	uint32_t status;
	struct hp_text why;

	hp_text_init(&why, HP_WHY_MAX);
	status = hp_reply_judge(reply, body, &why);
	/* Only the operator knows whether 404 says "not known" here. */
	if (status == HERALD_NOT_FOUND)
		status = HERALD_BAD_REPLY;
	hp_end(e->h, req, status, reply->retry_after_ms, &why);
	hp_text_fini(&why);
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply);

/* False, and told: the page that it is the turn of cannot be asked for. */
static bool ask_page(struct enrich *e, herald_id req, struct ask *ask)
{
	static const struct http_enrich_turn only = {
		.max_reply = HTTP_ENRICH_REPLY_MAX,
	};
	const char *why = http_enrich_ask(
		e->h, &ask->vars, req,
		ask->pages ? http_enrich_pages_turn(ask->pages) : &only,
		on_reply, ask);

	if (why)
		herald_fail(e->h, req, HERALD_BAD_INPUT, herald_cstr(why));
	return !why;
}

/* True if another page was asked for. */
static bool take_page(struct enrich *e, herald_id req, struct ask *ask,
		      const herald_reply *reply, struct hp_json *body)
{
	uint32_t status;
	const char *why;

	hp_json_put_int(&ask->vars, "/code", (int64_t)reply->code);
	if (!ask->pages) {
		hp_json_put_copy(&ask->vars, "/answer", body, "", "");
		answered(e, req, ask);
		return false;
	}
	switch (http_enrich_pages_take(ask->pages, &ask->vars, reply, body,
				       &status, &why)) {
	case HTTP_ENRICH_MORE:
		return ask_page(e, req, ask);
	case HTTP_ENRICH_LAST:
		answered(e, req, ask);
		return false;
	default:
		herald_fail(e->h, req, status, herald_cstr(why));
		return false;
	}
}

/* Only the first page tells whether the service knows the value. */
static bool is_clean(const struct enrich *e, const struct ask *ask,
		     const herald_reply *reply)
{
	return reply->status == HERALD_NOT_FOUND && e->clean_404 &&
	       http_enrich_pages_at_first(ask->pages);
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct enrich *e = self;
	struct ask *ask = ud;
	struct hp_json body;
	bool more = false;

	hp_reply_open(e->h, reply, &body);
	if (is_clean(e, ask, reply))
		herald_done(e->h, req, HERALD_NOT_FOUND,
			    (herald_str){ NULL, 0 });
	else if (reply->status == HERALD_OK && body.d)
		more = take_page(e, req, ask, reply, &body);
	else
		refused(e, req, reply, &body);
	hp_json_close(&body);
	if (!more)
		end_ask(ask);
}

/* ---- lookups ---- */

static bool prepare(struct enrich *e, const herald_lookup *q, struct ask *ask)
{
	if (!http_enrich_vars(&ask->vars, e->h, types[q->key], q))
		return false;
	if (e->pages)
		ask->pages = http_enrich_pages_new(e->h, &ask->vars);
	return !e->pages || ask->pages;
}

static void begin(struct enrich *e, const herald_lookup *q)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask || !prepare(e, q, ask)) {
		herald_fail(e->h, q->req, HERALD_FAILED,
			    HERALD_S("out of memory"));
		if (ask)
			end_ask(ask);
		return;
	}
	if (!ask_page(e, q->req, ask))
		end_ask(ask);
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		begin(self, batch[i]);
}

/* ---- life ---- */

static bool is_given(const herald_host *h, const char *option)
{
	return h->option(h, option, 0).p;
}

/* All complaints at once. */
static bool is_sound(const herald_host *h)
{
	bool pages = is_given(h, "next"), sound = true;

	if (is_given(h, "body") && h->number(h, "method") == 0) {
		h->reject(h, "body", HERALD_S("is sent by method: POST only"));
		sound = false;
	}
	if (pages != is_given(h, "items")) {
		h->reject(h, pages ? "next" : "items",
			  HERALD_S("pages need both: items, the list in each "
				   "page, and next, what comes after it"));
		sound = false;
	}
	if (is_given(h, "next_query") && h->number(h, "next_is") == 0) {
		h->reject(h, "next_query",
			  HERALD_S("is for next_is: cursor only"));
		sound = false;
	}
	return sound;
}

static void *create(const herald_host *h)
{
	struct enrich *e;

	if (!is_sound(h))
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	e->h = h;
	e->clean_404 = h->number(h, "not_found_is_clean") != 0;
	e->pages = is_given(h, "next");
	return e;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "address of the service" },
    { "path", HERALD_TEMPLATE, 0, NULL, "url", "appended to it: /v1/ip/${value}" },
    { "query", HERALD_TEMPLATE, HERALD_MAP, NULL, "text", "name: template" },
    { "headers", HERALD_TEMPLATE, HERALD_MAP, NULL, "header", "name: template" },
    { "method", HERALD_ENUM, 0, "GET", "GET|POST", NULL },
    { "body", HERALD_TEMPLATE, 0, NULL, "json", "JSON, for POST" },
    { "secret", HERALD_STRING, HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL, "what proves who we are" },
    { "auth", HERALD_ENUM, 0, "secret", "secret|none", "none: the service asks for nothing" },
    { "auth_header", HERALD_STRING, 0, "Authorization", NULL, "header of the secret" },
    { "auth_prefix", HERALD_STRING, 0, "Bearer ", NULL, "text before it" },
    { "auth_user", HERALD_STRING, 0, NULL, NULL, "HTTP Basic with this user and the secret" },
    { "not_found_is_clean", HERALD_BOOL, 0, "false", NULL,
      "404 says that the service knows nothing of the value" },
    { "next", HERALD_EXPR, 0, NULL, NULL,
      "what comes after a page, from `answer`, `headers`, `link_next`, `page`; nothing: it was the last" },
    { "next_is", HERALD_ENUM, 0, "address", "address|cursor",
      "cursor: for the templates, or for next_query" },
    { "next_query", HERALD_STRING, 0, NULL, NULL, "member of the query that takes the cursor" },
    { "items", HERALD_EXPR, 0, NULL, NULL, "the list in a page; `items` is then that of all pages" },
    { "pages", HERALD_INT, 0, "10", "1..100", "more of them are no answer" },
    { "hit", HERALD_EXPR, 0, NULL, NULL, "does the service know it? default: yes" },
    { "data", HERALD_EXPR, 0, NULL, NULL, "what is kept; default: the whole answer" },
    { "score", HERALD_EXPR, 0, NULL, NULL, "reputation.score_id: 0 to 10" },
    { "base_score", HERALD_EXPR, 0, NULL, NULL, "reputation.base_score; default: score" },
    { "desc", HERALD_EXPR, 0, NULL, NULL, "a text for people" },
    { "link", HERALD_EXPR, 0, NULL, NULL, "an address for people" },
    { "device", HERALD_EXPR, 0, NULL, NULL, "an OCSF device, to complete that of the alert" },
    { "user", HERALD_EXPR, 0, NULL, NULL, "an OCSF user, to complete that of the alert" },
    { "location", HERALD_EXPR, 0, NULL, NULL, "an OCSF location, to complete the endpoint's" },
    { "labels", HERALD_EXPR, 0, NULL, NULL, "a list of texts" },
};

#define KEY(type, context, help) \
    { type, context, 1, 3600, 900, HERALD_EXTERNAL, "reputation", "user,device,location", help }
static const herald_key keys[] = {
    KEY("ip", NULL, "addresses"),
    KEY("domain", NULL, "names with a dot"),
    KEY("host", NULL, "names of hosts"),
    KEY("url", NULL, "whole URLs"),
    KEY("hash", NULL, "digests of files"),
    KEY("email", NULL, "mail addresses"),
    KEY("user", "user.domain", "accounts"),
    KEY("mac", NULL, "hardware addresses"),
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "http_enrich",
    .version = "0.1.0",
    .summary = "asks any service that answers JSON",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/http_enrich",
    .needs = HERALD_NEED_HTTP,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .enricher = &enricher,
};
