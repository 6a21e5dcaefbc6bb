#include "misp_enrich/sighting.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/sha256.h"
#include "common/text.h"

#include "misp_enrich/exchange.h"
#include "misp_enrich/reply.h"
#include "misp_enrich/search.h"
#include "misp_enrich/value.h"

#define DIGEST_SHOWN 16 /* digits */
#define SOURCE_MAX 200

struct sighting {
	struct misp *m;
	const herald_call *call; /* stays valid until it is completed */
	struct hp_json params;
	char source[SOURCE_MAX];
	unsigned attributes; /* of the value */
	bool was_there;
};

/* ---- ending ---- */

static void finish(struct sighting *s)
{
	hp_json_close(&s->params);
	free(s);
}

static void fail(struct sighting *s, uint32_t status, const char *why)
{
	herald_fail(s->m->h, s->call->req, status, herald_cstr(why));
	finish(s);
}

static herald_str value_of(struct sighting *s)
{
	return hp_json_text(&s->params, "/value", "");
}

static void succeed(struct sighting *s)
{
	herald_result result;
	struct hp_json out;
	struct hp_text text;

	hp_text_init(&text, HP_WHY_MAX);
	hp_text_addf(&text, "sighting of %s for %u attribute%s%s",
		     value_of(s).p, s->attributes,
		     s->attributes == 1 ? "" : "s",
		     s->was_there ? " (it was there already)" : "");
	hp_json_open(&out, s->m->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&out, "/data/attributes", s->attributes);
	hp_json_put(&out, "/data/source", herald_cstr(s->source));
	herald_result_init(&result, HERALD_OK);
	result.json = hp_json_all(&out);
	result.message = hp_text_str(&text);
	s->m->h->complete(s->m->h, s->call->req, &result);
	hp_json_close(&out);
	hp_text_fini(&text);
	finish(s);
}

/* ---- asking ---- */

static void post(struct sighting *s, const char *first, const char *second,
		 struct hp_json *body, herald_http_fn fn)
{
	if (!misp_post(s->m, s->call->req, first, second, body, fn, s))
		fail(s, HERALD_BUSY, "out of memory");
}

/* The key may read, as the search has shown: it is the role that may not. */
static uint32_t status_of_write(const herald_reply *reply, uint32_t status)
{
	if (reply->code == 403)
		return HERALD_FORBIDDEN;
	return hp_reply_of_change(reply, status);
}

static void end_badly(struct sighting *s, struct hp_answer *a)
{
	hp_answer_end(a, s->m->h, s->call->req);
	finish(s);
}

static void on_added(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct sighting *s = ud;
	struct hp_answer a;

	(void)self;
	(void)req;
	misp_answer_open(&a, s->m, reply);
	/* No match is 200 with a message. */
	if (a.status == HERALD_OK &&
	    hp_json_text(&a.body, "/message", "").n > 0)
		hp_answer_spoil(&a, HERALD_FAILED,
				hp_json_cstr(&a.body, "/message", ""));
	else if (a.status == HERALD_OK &&
		 hp_json_type(&a.body, "/Sighting", "") != HERALD_JSON_OBJECT)
		hp_answer_spoil(&a, HERALD_IN_DOUBT,
				"the answer tells of no sighting");
	a.status = status_of_write(reply, a.status);
	if (a.status == HERALD_OK)
		succeed(s);
	else
		end_badly(s, &a);
	hp_answer_close(&a);
}

/* MISP's numbers for what the parameter says. */
static const char *type_number(struct sighting *s)
{
	herald_str type = hp_json_text(&s->params, "/type", "");

	if (hp_str_is(type, "false_positive"))
		return "1";
	return hp_str_is(type, "expired") ? "2" : "0";
}

static void add(struct sighting *s)
{
	struct hp_json body;

	hp_json_open(&body, s->m->h, (herald_str){ NULL, 0 });
	hp_json_put(&body, "/values/0", value_of(s));
	hp_json_put(&body, "/source", herald_cstr(s->source));
	hp_json_put(&body, "/type", herald_cstr(type_number(s)));
	hp_json_put_int(&body, "/timestamp", s->m->h->utc_ms(s->m->h) / 1000);
	post(s, "sightings", "add", &body, on_added);
	hp_json_close(&body);
}

/* ---- is it there already ---- */

static void see(void *ud, const struct misp_attribute *a)
{
	struct sighting *s = ud;
	size_t n = hp_json_size(a->reply, a->at, "/Sighting");
	struct hp_path at;

	if (!misp_value_fits(a->type, a->value, value_of(s)))
		return;
	s->attributes++;
	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "%s/Sighting/%zu", a->at, i);
		if (hp_str_is(hp_json_text(a->reply, at.text, "/source"),
			      s->source))
			s->was_there = true;
	}
}

static void on_found(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct sighting *s = ud;
	struct hp_answer a;
	size_t rows = 0;

	(void)self;
	(void)req;
	misp_answer_open(&a, s->m, reply);
	if (a.status == HERALD_OK && !misp_reply_read(&a.body, see, s, &rows))
		hp_answer_spoil(&a, HERALD_BAD_REPLY,
				"the answer has no attributes");
	if (a.status != HERALD_OK)
		end_badly(s, &a);
	else if (s->attributes == 0)
		fail(s, HERALD_FAILED, "MISP has no attribute of this value");
	else if (s->was_there)
		succeed(s);
	else
		add(s);
	hp_answer_close(&a);
}

static void look(struct sighting *s)
{
	struct hp_json body;

	hp_json_open(&body, s->m->h, (herald_str){ NULL, 0 });
	hp_json_put(&body, "/returnFormat", HERALD_S("json"));
	hp_json_put(&body, "/value/OR/0", value_of(s));
	hp_json_put_int(&body, "/includeSightings", 1);
	hp_json_put_int(&body, "/limit", s->m->page_size);
	hp_json_put_int(&body, "/page", 1);
	post(s, "attributes", "restSearch", &body, on_found);
	hp_json_close(&body);
}

/* ---- beginning ---- */

static bool make_source(struct sighting *s)
{
	char hex[HP_SHA256_HEX];

	if (!hp_sha256_hex(s->call->idem, hex))
		return false;
	snprintf(s->source, sizeof(s->source), "%.100s %.*s", s->m->source,
		 DIGEST_SHOWN, hex);
	return true;
}

void misp_sighting_run(struct misp *m, const herald_call *call)
{
	struct sighting *s = calloc(1, sizeof(*s));
	const char *trouble;

	if (!s) {
		herald_fail(m->h, call->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
		return;
	}
	s->m = m;
	s->call = call;
	if (!hp_json_open(&s->params, m->h, call->params)) {
		fail(s, HERALD_BAD_INPUT, "the parameters are no JSON");
		return;
	}
	trouble = misp_value_trouble(value_of(s));
	if (trouble)
		fail(s, HERALD_BAD_INPUT, trouble);
	else if (!make_source(s))
		fail(s, HERALD_FAILED, "no digest could be made");
	else
		look(s);
}
