/* complete(): what a plugin said, made fit for the core.
 *
 * The service copies and leaves a letter, on any thread; reading, judging and
 * handing over happen on the loop.  A result is bounded, its JSON is read by
 * the strict reader, and whatever is wrong with it is the plugin's fault, is
 * counted, and never makes an outcome look better than it was.
 */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/base/mutant.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/status.h"
#include "core/plugin/visit.h"

#define JSON_MAX (8u << 20)  /* bytes of a result */
#define MEMO_MAX (16u << 10) /* bytes of a memo */
#define MESSAGE_MAX 2048     /* bytes, before they are escaped */
#define ESCAPED_MAX (16u << 10)

enum spoilt { SOUND, TOO_LONG, MEMO_TOO_LONG, NO_MEMORY };

struct done_mail {
	struct hd_mail mail;
	herald_id id;
	uint32_t status;
	enum spoilt spoilt;
	int64_t retry_after_ms, ttl_s;
	size_t json_n, message_n, memo_n;
	char text[]; /* json, message, memo, each ended by '\0' */
};

/* What the plugin said, made fit for the core. */
struct verdict {
	struct hd_completion c;
	struct hd_buf message;
};

void hd_request_count_dropped(struct hd_instance *i, herald_id id)
{
	hd_metric_add(hd_idmap_was_given(id) ? i->metrics.repeated
					     : i->metrics.unknown,
		      1);
}

static void drop(struct hd_instance *i, herald_id id)
{
	bool known = hd_idmap_was_given(id);

	hd_request_count_dropped(i, id);
	hd_instance_log(i, HD_LOG_WARNING,
			known ? "completed request %llu, which had ended"
			      : "completed request %llu, which never was",
			(unsigned long long)id);
}

static uint32_t known_status(uint32_t status)
{
	/* A class that this host does not know is read as a failure. */
	return HERALD_CLASS(status) <= HD_CLASS_PENDING ? status
							: HERALD_FAILED;
}

/* The answer of a plugin cannot be read.  Where an action was carried out, it
 * was carried out: only what it says of it is lost. */
static void spoil(struct hd_instance *i, const struct hd_request *r,
		  struct verdict *v, const char *why)
{
	uint32_t class = HERALD_CLASS(v->c.status);

	hd_metric_add(i->metrics.bad_reply, 1);
	hd_buf_clear(&v->message);
	hd_buf_addf(&v->message, "%s gave an answer that cannot be used: %s",
		    i->name, why);
	json_decref(v->c.json);
	v->c.json = NULL;
	v->c.memo = NULL;
	v->c.memo_n = 0;
	if (r->kind != HD_RUN_ACTION || r->call.mode != HERALD_RUN)
		v->c.status = HERALD_BAD_REPLY;
	else if (class == HD_CLASS_PENDING)
		v->c.status = HERALD_IN_DOUBT;
}

static json_t *read_object(const char *text, size_t n, const char *what,
			   struct hd_buf *why)
{
	const struct hd_json_options strict = { 0 };
	struct hd_json_report report;
	json_t *json = hd_json_read(text, n, &strict, &report);

	if (!json) {
		hd_buf_addf(why, "%s: %s", what, report.why);
	} else if (!json_is_object(json)) {
		hd_buf_addf(why, "%s is no object", what);
		json_decref(json);
		json = NULL;
	}
	return json;
}

static void read_texts(struct hd_instance *i, const struct hd_request *r,
		       const struct done_mail *m, struct verdict *v)
{
	const char *memo = m->text + m->json_n + m->message_n + 2;
	struct hd_buf why;

	hd_buf_init(&why, MESSAGE_MAX);
	if (m->spoilt == TOO_LONG)
		hd_buf_addf(&why, "over %u bytes", JSON_MAX);
	else if (m->spoilt == MEMO_TOO_LONG)
		hd_buf_addf(&why, "memo over %u bytes", MEMO_MAX);
	else if (m->spoilt == NO_MEMORY)
		hd_buf_adds(&why, "there was no memory to hold it");
	else if (m->json_n > 0)
		v->c.json = read_object(m->text, m->json_n, "json", &why);
	if (why.n == 0 && m->memo_n > 0) {
		json_t *json = read_object(memo, m->memo_n, "memo", &why);

		if (json) {
			v->c.memo = memo;
			v->c.memo_n = m->memo_n;
		}
		json_decref(json);
	}
	if (why.n > 0)
		spoil(i, r, v, hd_buf_text(&why));
	hd_buf_fini(&why);
}

/* Statuses that have no meaning for this kind of request. */
static void fit_status(const struct hd_instance *i, const struct hd_request *r,
		       struct hd_completion *c)
{
	uint32_t class = HERALD_CLASS(c->status);
	const herald_action *a;

	if (r->kind != HD_RUN_ACTION) {
		if (class == HD_CLASS_IN_DOUBT)
			c->status = HERALD_RETRY;
		else if (class == HD_CLASS_PENDING)
			c->status = HERALD_BAD_REPLY;
		return;
	}
	a = &i->plugin->actions->list.items[r->call.action];
	if (class == HD_CLASS_PENDING && r->call.mode == HERALD_PLAN)
		c->status = HERALD_BAD_REPLY;
	else if (class == HD_CLASS_PENDING && !(a->flags & HERALD_VERIFIES))
		c->status = HERALD_IN_DOUBT; /* nobody could ask later */
}

static void read_message(const struct hd_instance *i, const struct done_mail *m,
			 struct verdict *v)
{
	char *text;
	size_t n = m->message_n;

	if (n == 0) {
		if (!hd_status_is_sound(m->status))
			hd_buf_addf(&v->message, "%s: %s, no reason was given",
				    i->name, hd_status_words(m->status));
		return;
	}
	text = hd_memdup0(m->text + m->json_n + 1, n);
	n = hd_secret_mask(text, n);
	hd_utf8_escape(&v->message, text, n);
	free(text);
}

static void deliver(struct hd_instance *i, struct hd_request *r,
		    const struct done_mail *m)
{
	hd_complete_fn fn = r->answered ? r->late : r->fn;
	struct verdict v = { .c = { .status = known_status(m->status),
				    .retry_after_ms = m->retry_after_ms,
				    .ttl_s = m->ttl_s } };
	void *ud = r->ud;

	hd_inflight_enter(r->mark);
	hd_buf_init(&v.message, ESCAPED_MAX);
	fit_status(i, r, &v.c);
	read_message(i, m, &v);
	read_texts(i, r, m, &v);
	v.c.message = hd_buf_text(&v.message);
	if (r->answered)
		hd_metric_add(i->metrics.late, 1);
	hd_health_seen(i, v.c.status, v.c.message);
	hd_inflight_leave(r->mark);
	if (!hd_mutant("double_complete"))
		hd_request_free(i, r);
	if (fn)
		fn(ud, &v.c);
	json_decref(v.c.json);
	hd_buf_fini(&v.message);
}

static void run_done(struct hd_instance *i, struct hd_mail *mail)
{
	const struct done_mail *m = (struct done_mail *)mail;
	struct hd_request *r = hd_request_find(i, m->id);

	if (!r || r->kind == HD_SERVED) {
		drop(i, m->id);
		return;
	}
	deliver(i, r, m);
	hd_request_set_timer(i);
}

static char *append(char *at, herald_str s)
{
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	at[s.n] = '\0';
	return at + s.n + 1;
}

/* A result in our size, whatever the plugin's is, and within our bounds. */
static enum spoilt read_result(herald_result *r, const herald_result *from)
{
	enum spoilt spoilt = SOUND;

	memset(r, 0, sizeof(*r));
	memcpy(r, from,
	       from->struct_size < sizeof(*r) ? from->struct_size : sizeof(*r));
	if (!r->json.p)
		r->json.n = 0;
	if (!r->message.p)
		r->message.n = 0;
	if (!r->memo.p)
		r->memo.n = 0;
	if (r->memo.n > MEMO_MAX)
		spoilt = MEMO_TOO_LONG;
	if (r->json.n > JSON_MAX)
		spoilt = TOO_LONG;
	if (spoilt != SOUND)
		r->json.n = r->memo.n = 0;
	if (r->message.n > MESSAGE_MAX)
		r->message.n = hd_utf8_cut(r->message.p, r->message.n,
					   MESSAGE_MAX);
	return spoilt;
}

static struct done_mail *new_done(herald_result *r, enum spoilt *spoilt)
{
	size_t n = sizeof(struct done_mail) + r->message.n + 3;
	struct done_mail *m;

	m = hd_cell_mail_try(n + r->json.n + r->memo.n, run_done);
	if (m)
		return m;
	*spoilt = NO_MEMORY;
	r->json.n = r->memo.n = 0;
	return hd_cell_mail(n, run_done);
}

void hd_request_complete(const herald_host *h, herald_id req,
			 const herald_result *result)
{
	struct hd_cell *cell = hd_cell_of(h);
	herald_result r;
	enum spoilt spoilt = read_result(&r, result);
	struct done_mail *m = new_done(&r, &spoilt);
	char *at;

	HD_VISIT_CHECK_ANY(cell);
	m->id = req;
	m->status = r.status;
	m->spoilt = spoilt;
	m->retry_after_ms = r.retry_after_ms > 0 ? r.retry_after_ms : 0;
	m->ttl_s = r.ttl_s;
	m->json_n = r.json.n;
	m->message_n = r.message.n;
	m->memo_n = r.memo.n;
	at = append(m->text, r.json);
	at = append(at, r.message);
	append(at, r.memo);
	if (!hd_cell_post(cell, m))
		hd_cell_count_late(cell, "complete");
}
