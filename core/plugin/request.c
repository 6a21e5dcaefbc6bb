/* Requests: what a plugin owes an answer for.
 *
 * A request lies in the cell's map until the plugin completes it, and in one
 * of three rings: `waiting`, sorted by deadline, while the asker waits (or
 * `served`, whose deadlines the listener watches); `late` once the host has
 * answered in the plugin's place.  What it points to stays
 * until the plugin completes it, as the ABI promises, however late.
 *
 * complete() copies and leaves a letter; everything else happens on the loop.
 */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"
#include "core/net/listener.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/status.h"
#include "core/plugin/visit.h"

#define JSON_MAX (8u << 20)  /* bytes of a result */
#define MEMO_MAX (16u << 10) /* bytes of a memo */
#define MESSAGE_MAX 2048     /* bytes, before they are escaped */
#define ESCAPED_MAX (16u << 10)

/* ---- the map and the rings ---- */

/* Most deadlines of one instance come in order, so the search is short. */
static void sort_in(struct hd_instance *i, struct hd_request *r)
{
	struct hd_link *at = &i->waiting;

	while (at->prev != &i->waiting &&
	       HD_LINK_OF(at->prev, struct hd_request, link)->deadline_ms >
		       r->deadline_ms)
		at = at->prev;
	hd_link_add(at, &r->link);
}

static void on_deadline(uv_timer_t *timer);

static void set_timer(struct hd_instance *i)
{
	const struct hd_request *first;
	int64_t left;

	if (!i->deadline)
		return;
	if (hd_link_is_empty(&i->waiting)) {
		uv_timer_stop(i->deadline);
		return;
	}
	first = HD_LINK_OF(i->waiting.next, struct hd_request, link);
	if (first->deadline_ms == INT64_MAX) {
		uv_timer_stop(i->deadline);
		return;
	}
	if (uv_is_active((uv_handle_t *)i->deadline) &&
	    i->deadline_set_ms == first->deadline_ms)
		return;
	i->deadline_set_ms = first->deadline_ms;
	left = first->deadline_ms - hd_now_ms();
	uv_update_time(i->env->loop);
	uv_timer_start(i->deadline, on_deadline, left > 0 ? (uint64_t)left : 0,
		       0);
}

struct hd_request *hd_request_new(struct hd_instance *i,
				  enum hd_request_kind kind,
				  int64_t deadline_ms)
{
	struct hd_request *r = hd_alloc(sizeof(*r));

	r->node.id = hd_idmap_new_id();
	r->kind = kind;
	r->deadline_ms = deadline_ms;
	if (kind == HD_SERVED) {
		hd_link_add(&i->served, &r->link);
	} else {
		sort_in(i, r);
		i->in_flight++;
	}
	pthread_mutex_lock(&i->cell->lock);
	hd_idmap_put(&i->cell->requests, &r->node);
	pthread_mutex_unlock(&i->cell->lock);
	if (i->waiting.next == &r->link)
		set_timer(i);
	return r;
}

struct hd_request *hd_request_find(struct hd_instance *i, herald_id id)
{
	struct hd_id_node *node;

	pthread_mutex_lock(&i->cell->lock);
	node = hd_idmap_get(&i->cell->requests, id);
	pthread_mutex_unlock(&i->cell->lock);
	return node ? HD_LINK_OF(node, struct hd_request, node) : NULL;
}

void hd_request_free(struct hd_instance *i, struct hd_request *r)
{
	pthread_mutex_lock(&i->cell->lock);
	hd_idmap_remove(&i->cell->requests, &r->node);
	pthread_mutex_unlock(&i->cell->lock);
	if (!r->answered && r->kind != HD_SERVED)
		i->in_flight--;
	hd_link_remove(&r->link);
	free(r->alert);
	free(r->texts);
	free(r);
	if (i->cancel_at_ms)
		hd_cell_poke(i->cell);
}

/* From here on what the plugin says comes late. */
static void set_answered(struct hd_instance *i, struct hd_request *r)
{
	r->answered = true;
	if (r->kind != HD_SERVED)
		i->in_flight--;
	hd_link_remove(&r->link);
	hd_link_add(&i->late, &r->link);
}

/* ---- cancelling, deadlines ---- */

struct cancel_mail {
	struct hd_mail mail;
	herald_id id;
};

static void call_cancel(struct hd_instance *i, herald_id id)
{
	if (!i->plugin->cancel || i->life == HD_LIFE_DESTROYED)
		return;
	hd_visit_begin(i, "cancel");
	i->plugin->cancel(i->self, id);
	hd_visit_end(i);
}

static void run_cancel(struct hd_instance *i, struct hd_mail *mail)
{
	herald_id id = ((struct cancel_mail *)mail)->id;

	if (hd_request_find(i, id))
		call_cancel(i, id);
}

void hd_request_cancel(struct hd_instance *i, struct hd_request *r)
{
	bool already;

	pthread_mutex_lock(&i->cell->lock);
	already = r->cancelled;
	r->cancelled = true;
	pthread_mutex_unlock(&i->cell->lock);
	if (already)
		return;
	hd_host_http_hurry(i, r->node.id);
	if (hd_visit_is_inside(i)) {
		struct cancel_mail *mail = hd_cell_mail(sizeof(*mail),
							run_cancel);

		mail->id = r->node.id;
		hd_cell_post(i->cell, mail);
		return;
	}
	call_cancel(i, r->node.id);
}

/* Answers in the plugin's place.  A RUN that was begun may have had its
 * effect. */
static void answer_for(struct hd_instance *i, struct hd_request *r,
		       uint32_t status, const char *message)
{
	struct hd_completion c = { .status = status,
				   .message = message,
				   .late_follows = r->late != NULL };

	if (r->kind == HD_RUN_ACTION && r->call.mode == HERALD_RUN)
		c.status = HERALD_IN_DOUBT;
	set_answered(i, r);
	hd_health_seen(i, c.status, message);
	r->fn(r->ud, &c);
}

static void expire(struct hd_instance *i, herald_id id)
{
	struct hd_request *r = hd_request_find(i, id);

	if (!r || r->answered)
		return;
	hd_metric_add(i->metrics.timed_out, 1);
	answer_for(i, r, HERALD_TIMEOUT, "no answer before the deadline");
	r = hd_request_find(i, id);
	if (r)
		hd_request_cancel(i, r);
}

static void on_deadline(uv_timer_t *timer)
{
	struct hd_instance *i = timer->data;
	int64_t now = hd_now_ms();

	while (!hd_link_is_empty(&i->waiting)) {
		struct hd_request *r = HD_LINK_OF(i->waiting.next,
						  struct hd_request, link);

		if (r->deadline_ms > now)
			break;
		expire(i, r->node.id);
	}
	set_timer(i);
}

void hd_request_cancel_all(struct hd_instance *i)
{
	while (!hd_link_is_empty(&i->waiting)) {
		struct hd_request *r = HD_LINK_OF(i->waiting.next,
						  struct hd_request, link);
		herald_id id = r->node.id;

		answer_for(i, r, HERALD_CANCELLED, "the connector was stopped");
		r = hd_request_find(i, id);
		if (r)
			hd_request_cancel(i, r);
	}
	while (!hd_link_is_empty(&i->served)) {
		struct hd_request *r = HD_LINK_OF(i->served.next,
						  struct hd_request, link);

		set_answered(i, r); /* 503, at the end */
		hd_request_cancel(i, r);
	}
	set_timer(i);
}

void hd_request_fini(struct hd_instance *i)
{
	static const struct hd_completion gone = {
		.status = HERALD_CANCELLED,
		.message = "the connector was stopped",
	};

	while (!hd_link_is_empty(&i->late)) {
		struct hd_request *r = HD_LINK_OF(i->late.next,
						  struct hd_request, link);

		if (r->late)
			r->late(r->ud, &gone);
		if (r->kind == HD_SERVED)
			hd_http_respond(r->served.http, 503, NULL, NULL, 0);
		hd_request_free(i, r);
	}
}

/* ---- completions ---- */

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

	hd_buf_init(&v.message, ESCAPED_MAX);
	fit_status(i, r, &v.c);
	read_message(i, m, &v);
	read_texts(i, r, m, &v);
	v.c.message = hd_buf_text(&v.message);
	if (r->answered)
		hd_metric_add(i->metrics.late, 1);
	hd_health_seen(i, v.c.status, v.c.message);
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
	set_timer(i);
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

uint32_t hd_request_cancelled(const herald_host *h, herald_id req)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_id_node *node;
	uint32_t yes = 1;

	HD_VISIT_CHECK_ANY(cell);
	pthread_mutex_lock(&cell->lock);
	node = cell->closed ? NULL : hd_idmap_get(&cell->requests, req);
	if (node)
		yes = HD_LINK_OF(node, struct hd_request, node)->cancelled;
	pthread_mutex_unlock(&cell->lock);
	return yes;
}
