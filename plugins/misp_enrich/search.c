#include "misp_enrich/search.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"

#include "misp_enrich/finding.h"
#include "misp_enrich/reply.h"
#include "misp_enrich/value.h"

/* A page is read on the loop: some 50 us an attribute that is about a value
 * that was asked. */
#define REPLY_MAX (8u << 20) /* bytes of a page */
#define PAGES_MAX 20

/* Without Accept MISP answers HTML. */
const char *const misp_headers[] = { "Accept: application/json",
				     "Content-Type: application/json", NULL };

struct search {
	struct misp *m;
	unsigned page;
	bool cut_short; /* the last page was full */
	size_t n;
	struct misp_finding findings[];
};

/* ---- ending ---- */

static void free_search(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		misp_finding_fini(&s->findings[i]);
	free(s);
}

static void fail(struct search *s, uint32_t status, int64_t retry_after_ms,
		 const struct hp_text *why)
{
	for (size_t i = 0; i < s->n; i++)
		hp_end(s->m->h, s->findings[i].asked->req, status,
		       retry_after_ms, why);
	free_search(s);
}

/* Attributes that were not read may be about any of the values: what has none
 * so far is not known to be clean. */
static void end_one(struct search *s, struct misp_finding *f)
{
	const herald_host *h = s->m->h;
	herald_id req = f->asked->req;
	herald_str json = misp_finding_text(f, herald_cstr(s->m->url));

	if (f->result.failed)
		herald_fail(h, req, HERALD_BUSY, HERALD_S("out of memory"));
	else if (json.p)
		herald_done(h, req, HERALD_OK, json);
	else if (s->cut_short)
		herald_fail(h, req, HERALD_TOO_BIG,
			    HERALD_S("MISP has more attributes about values "
				     "of this search than are read"));
	else
		herald_done(h, req, HERALD_NOT_FOUND, (herald_str){ NULL, 0 });
}

static void end(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		end_one(s, &s->findings[i]);
	free_search(s);
}

/* ---- judging ---- */

/* MISP has a header of its own: seconds. */
static int64_t reset_ms(const herald_reply *reply)
{
	const char *text = herald_pair(reply->headers, "x-rate-limit-reset");
	int64_t seconds = 0;

	if (reply->retry_after_ms > 0 || !text)
		return reply->retry_after_ms;
	if (hp_str_is_digits(herald_cstr(text)) && strlen(text) < 10)
		seconds = strtol(text, NULL, 10);
	return seconds * 1000;
}

uint32_t misp_reply_status(const herald_reply *reply, struct hp_json *body,
			   struct hp_text *why, int64_t *retry_after_ms)
{
	uint32_t status = hp_reply_judge(reply, body, why);

	*retry_after_ms = reply->retry_after_ms;
	switch (status) {
	case HERALD_FORBIDDEN:
		return HERALD_AUTH; /* so it answers to a wrong key */
	case HERALD_NOT_FOUND:
		/* Of the path: a search without a match is 200. */
		hp_text_add(why, HERALD_S("; is this a MISP?"));
		return HERALD_BAD_REPLY;
	case HERALD_QUOTA:
		*retry_after_ms = reset_ms(reply);
		return status;
	default:
		return status;
	}
}

/* ---- asking ---- */

static void ask(struct search *s);

/* ---- warning lists ---- */

/* Said when it begins and when it is over, not once an alert. */
static void note_lists(struct misp *m, const char *trouble)
{
	if (trouble && !m->lists_failed)
		herald_logf(m->h, HERALD_WARNING, 0,
			    "warning lists cannot be asked: %s", trouble);
	else if (!trouble && m->lists_failed)
		herald_logf(m->h, HERALD_NOTICE, 0,
			    "warning lists can be asked again");
	m->lists_failed = trouble != NULL;
}

static void on_lists(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct search *s = ud;
	int64_t retry_after_ms = 0;
	struct hp_json body;
	struct hp_text why;

	(void)self;
	(void)req;
	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_open(s->m->h, reply, &body);
	if (misp_reply_status(reply, &body, &why, &retry_after_ms) ==
	    HERALD_OK) {
		note_lists(s->m, NULL);
		for (size_t i = 0; i < s->n; i++)
			misp_finding_add_lists(&s->findings[i], s->m->h, &body);
	} else {
		note_lists(s->m, hp_text_str(&why).p);
	}
	hp_json_close(&body);
	hp_text_fini(&why);
	end(s);
}

static void ask_lists(struct search *s)
{
	static const char *const path[] = { "warninglists", "checkValue",
					    NULL };
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = s->findings[0].asked->req,
		.method = "POST",
		.url = s->m->url,
		.path = path,
		.headers = misp_headers,
		.auth_secret = "secret",
	};
	struct hp_json body;

	hp_json_open(&body, s->m->h, HERALD_S("[]"));
	for (size_t i = 0; i < s->n; i++)
		hp_json_put(&body, "/-", s->findings[i].asked->value);
	rq.body = hp_json_all(&body);
	if (rq.body.p)
		s->m->h->http(s->m->h, &rq, on_lists, s);
	else
		end(s);
	hp_json_close(&body);
}

static void take(void *ud, const struct misp_attribute *a)
{
	struct search *s = ud;

	for (size_t i = 0; i < s->n; i++)
		misp_finding_add(&s->findings[i], s->m->h, a);
}

static void on_page(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct search *s = ud;
	int64_t retry_after_ms = 0;
	struct hp_json body;
	struct hp_text why;
	uint32_t status;
	size_t rows = 0;

	(void)self;
	(void)req;
	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_open(s->m->h, reply, &body);
	status = misp_reply_status(reply, &body, &why, &retry_after_ms);
	if (status == HERALD_OK && !misp_reply_read(&body, take, s, &rows)) {
		hp_text_add(&why, HERALD_S("the answer has no attributes"));
		status = HERALD_BAD_REPLY;
	}
	hp_json_close(&body);
	s->cut_short = rows >= (size_t)s->m->page_size;
	if (status != HERALD_OK)
		fail(s, status, retry_after_ms, &why);
	else if (s->cut_short && s->page < PAGES_MAX)
		ask(s);
	else if (s->m->lists)
		ask_lists(s);
	else
		end(s);
	hp_text_fini(&why);
}

static void put_values(struct search *s, struct hp_json *body)
{
	struct hp_path at;

	/* Only in {"OR": [...]} are '&&' and '!' plain text. */
	for (size_t i = 0; i < s->n; i++)
		hp_json_put(body, hp_path(&at, "/value/OR/%zu", i),
			    s->findings[i].asked->value);
}

static void make_body(struct search *s, struct hp_json *body)
{
	hp_json_open(body, s->m->h, (herald_str){ NULL, 0 });
	hp_json_put(body, "/returnFormat", HERALD_S("json"));
	put_values(s, body);
	if (s->m->to_ids)
		hp_json_put_int(body, "/to_ids", 1);
	hp_json_put_int(body, "/includeEventTags", 1);
	hp_json_put_int(body, "/includeContext", 1);
	hp_json_put_int(body, "/includeWarninglistHits", 1);
	if (s->m->decay)
		hp_json_put_int(body, "/includeDecayScore", 1);
	if (s->m->sightings)
		hp_json_put_int(body, "/includeSightings", 1);
	hp_json_put_int(body, "/limit", s->m->page_size);
	hp_json_put_int(body, "/page", s->page);
}

static void give_up(struct search *s)
{
	struct hp_text why;

	hp_text_init(&why, HP_WHY_MAX);
	hp_text_add(&why, HERALD_S("out of memory"));
	fail(s, HERALD_BUSY, 0, &why);
	hp_text_fini(&why);
}

static void ask(struct search *s)
{
	static const char *const path[] = { "attributes", "restSearch", NULL };
	const herald_host *h = s->m->h;
	struct hp_json body;
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = s->findings[0].asked->req,
		.method = "POST", /* PUT would return everything */
		.url = s->m->url,
		.path = path,
		.headers = misp_headers,
		.auth_secret = "secret",
		.max_reply = REPLY_MAX,
	};

	s->page++;
	make_body(s, &body);
	rq.body = hp_json_all(&body);
	if (rq.body.p)
		h->http(h, &rq, on_page, s);
	else
		give_up(s);
	hp_json_close(&body);
}

void misp_search_start(struct misp *m, const herald_lookup *const *batch,
		       uint32_t n)
{
	struct search *s = calloc(1, sizeof(*s) + n * sizeof(s->findings[0]));

	if (s)
		s->m = m;
	for (uint32_t i = 0; i < n; i++) {
		const char *trouble = misp_value_trouble(batch[i]->value);

		if (trouble)
			herald_fail(m->h, batch[i]->req, HERALD_NOT_APPLICABLE,
				    herald_cstr(trouble));
		else if (!s)
			herald_fail(m->h, batch[i]->req, HERALD_BUSY,
				    HERALD_S("out of memory"));
		else
			misp_finding_init(&s->findings[s->n++], batch[i]);
	}
	if (s && s->n > 0)
		ask(s);
	else
		free(s);
}
