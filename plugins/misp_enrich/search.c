#include "misp_enrich/search.h"

#include <stdlib.h>

#include "common/json.h"

#include "misp_enrich/exchange.h"
#include "misp_enrich/finding.h"
#include "misp_enrich/reply.h"
#include "misp_enrich/value.h"

#define PAGES_MAX 20

struct search {
	struct misp *m;
	unsigned page;
	bool cut_short;	   /* the last page was full */
	bool no_sightings; /* with them the page was too long */
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

static void fail(struct search *s, const struct hp_answer *a)
{
	for (size_t i = 0; i < s->n; i++)
		hp_answer_end(a, s->m->h, s->findings[i].asked->req);
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
	struct hp_answer a;

	(void)self;
	(void)req;
	misp_answer_open(&a, s->m, reply);
	note_lists(s->m, a.status == HERALD_OK ? NULL : hp_text_str(&a.why).p);
	for (size_t i = 0; a.status == HERALD_OK && i < s->n; i++)
		misp_finding_add_lists(&s->findings[i], s->m->h, &a.body);
	hp_answer_close(&a);
	end(s);
}

static void ask_lists(struct search *s)
{
	struct hp_json body;

	hp_json_open(&body, s->m->h, HERALD_S("[]"));
	for (size_t i = 0; i < s->n; i++)
		hp_json_put(&body, "/-", s->findings[i].asked->value);
	if (!misp_post(s->m, s->findings[0].asked->req, "warninglists",
		       "checkValue", &body, on_lists, s))
		end(s);
	hp_json_close(&body);
}

static void take(void *ud, const struct misp_attribute *a)
{
	struct search *s = ud;

	for (size_t i = 0; i < s->n; i++)
		misp_finding_add(&s->findings[i], s->m->h, a);
}

/* What many have seen has a longer list than is read: then it is judged without
 * it, and the alert says so. */
static bool is_worth_another(const struct search *s, const struct hp_answer *a)
{
	return a->status == HERALD_TOO_BIG && s->m->sightings &&
	       !s->no_sightings;
}

static void ask_again(struct search *s)
{
	s->m->h->log(s->m->h, HERALD_NOTICE, s->findings[0].asked->req,
		     HERALD_S("MISP has more sightings than are read: judged "
			      "without them"));
	s->no_sightings = true;
	s->page--;
	ask(s);
}

static void on_page(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct search *s = ud;
	struct hp_answer a;
	size_t rows = 0;

	(void)self;
	(void)req;
	misp_answer_open(&a, s->m, reply);
	if (a.status == HERALD_OK && !misp_reply_read(&a.body, take, s, &rows))
		hp_answer_spoil(&a, HERALD_BAD_REPLY,
				"the answer has no attributes");
	s->cut_short = rows >= (size_t)s->m->page_size;
	if (is_worth_another(s, &a))
		ask_again(s);
	else if (a.status != HERALD_OK)
		fail(s, &a);
	else if (s->cut_short && s->page < PAGES_MAX)
		ask(s);
	else if (s->m->lists)
		ask_lists(s);
	else
		end(s);
	hp_answer_close(&a);
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
	if (s->m->sightings && !s->no_sightings)
		hp_json_put_int(body, "/includeSightings", 1);
	hp_json_put_int(body, "/limit", s->m->page_size);
	hp_json_put_int(body, "/page", s->page);
}

static void give_up(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		herald_fail(s->m->h, s->findings[i].asked->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
	free_search(s);
}

static void ask(struct search *s)
{
	struct hp_json body;

	s->page++;
	make_body(s, &body);
	if (!misp_post(s->m, s->findings[0].asked->req, "attributes",
		       "restSearch", &body, on_page, s))
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
