#include "smtp_notify/delivery.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/story.h"
#include "common/text.h"

#include "smtp_notify/address.h"
#include "smtp_notify/message.h"
#include "smtp_notify/progress.h"
#include "smtp_notify/session.h"

#define RECIPIENTS_MAX 50
#define WHY_MAX 1500
#define SUBJECT_MAX 4096
#define STORY_MAX (64u * 1024)

struct delivery {
	const herald_host *h;
	const herald_call *call;
	struct hp_json params, record;
	struct smtp_progress progress;
	struct hp_text why, subject, body;
	herald_str people[RECIPIENTS_MAX]; /* `to`, then `copy` */
	size_t to_count, count;
	struct smtp_message message;
	uint32_t trouble; /* what stopped us, or the last passing trouble */
	char answer[512]; /* of the server, to the last mail that it took */
};

static void init(struct delivery *d, const herald_host *h,
		 const herald_call *call)
{
	*d = (struct delivery){ .h = h, .call = call };
	hp_text_init(&d->why, WHY_MAX);
	hp_text_init(&d->subject, SUBJECT_MAX);
	hp_text_init(&d->body, STORY_MAX);
	hp_json_open(&d->params, h, call->params);
	hp_json_open(&d->record, h, call->record);
	smtp_progress_open(&d->progress, h, call->memo);
}

static void fini(struct delivery *d)
{
	smtp_progress_close(&d->progress);
	hp_json_close(&d->record);
	hp_json_close(&d->params);
	hp_text_fini(&d->body);
	hp_text_fini(&d->subject);
	hp_text_fini(&d->why);
}

static void complete(struct delivery *d, uint32_t status,
		     int64_t retry_after_ms, herald_str json)
{
	herald_result result;

	herald_result_init(&result, status);
	result.json = json;
	result.message = hp_text_str(&d->why);
	result.retry_after_ms = retry_after_ms;
	result.memo = smtp_progress_memo(&d->progress);
	d->h->complete(d->h, d->call->req, &result);
}

/* ---- who ---- */

static bool is_known(const struct delivery *d, herald_str address)
{
	for (size_t i = 0; i < d->count; i++) {
		if (hp_str_same(d->people[i], address))
			return true;
	}
	return false;
}

static uint32_t add_person(struct delivery *d, herald_str address)
{
	if (!smtp_address_is_sound(address)) {
		hp_text_addf(&d->why, "'%.*s' is not one mail address",
			     (int)address.n, address.p ? address.p : "");
		return HERALD_REFUSED;
	}
	if (is_known(d, address))
		return HERALD_OK;
	if (d->count == RECIPIENTS_MAX) {
		hp_text_addf(&d->why, "more than %d recipients",
			     RECIPIENTS_MAX);
		return HERALD_TOO_BIG;
	}
	d->people[d->count++] = address;
	return HERALD_OK;
}

static uint32_t add_people(struct delivery *d, const char *list)
{
	size_t count = hp_json_size(&d->params, list, "");
	uint32_t status = HERALD_OK;

	if (hp_json_type(&d->params, list, "") == HERALD_JSON_STRING)
		return add_person(d, hp_json_text(&d->params, list, ""));
	for (size_t i = 0; i < count && status == HERALD_OK; i++) {
		struct hp_path at;

		status = add_person(
			d, hp_json_text(&d->params,
					hp_path(&at, "%s/%zu", list, i), ""));
	}
	return status;
}

static bool is_allowed(const struct delivery *d, herald_str address)
{
	herald_str domain = smtp_address_domain(address), one;
	uint32_t i = 0;

	one = d->h->option(d->h, "domains", 0);
	if (!one.p)
		return true;
	for (; one.p; one = d->h->option(d->h, "domains", ++i)) {
		if (hp_str_same(one, domain))
			return true;
	}
	return false;
}

static uint32_t read_people(struct delivery *d)
{
	uint32_t status = add_people(d, "/to");

	d->to_count = d->count;
	if (status == HERALD_OK)
		status = add_people(d, "/copy");
	if (status != HERALD_OK)
		return status;
	if (d->to_count == 0) {
		hp_text_add(&d->why, HERALD_S("nobody to send it to"));
		return HERALD_BAD_INPUT;
	}
	for (size_t i = 0; i < d->count; i++) {
		if (is_allowed(d, d->people[i]))
			continue;
		hp_text_addf(&d->why, "%.*s is in none of `domains`",
			     (int)d->people[i].n, d->people[i].p);
		return HERALD_REFUSED;
	}
	return HERALD_OK;
}

/* ---- what ---- */

static herald_str alert_of(struct delivery *d)
{
	herald_str uid = hp_json_text(&d->record, "/metadata/uid", "");
	const char *end;

	if (uid.n > 0)
		return uid;
	/* The key of an intention begins with its alert. */
	end = memchr(d->call->idem.p, '/', d->call->idem.n);
	return (herald_str){ d->call->idem.p,
			     end ? (size_t)(end - d->call->idem.p)
				 : d->call->idem.n };
}

static void fill_message(struct delivery *d)
{
	struct smtp_message *m = &d->message;

	m->instance = herald_cstr(d->h->instance);
	m->idem = d->call->idem;
	m->from = d->h->option(d->h, "from", 0);
	m->from_name = d->h->option(d->h, "from_name", 0);
	m->reply_to = d->h->option(d->h, "reply_to", 0);
	m->to = d->people;
	m->to_count = d->to_count;
	m->copy = d->people + d->to_count;
	m->copy_count = d->count - d->to_count;
	m->alert = alert_of(d);
	m->utc_ms = d->h->utc_ms(d->h);
	m->html = hp_json_text(&d->params, "/html", "");
	m->subject = hp_json_text(&d->params, "/subject", "");
	m->body = hp_json_text(&d->params, "/body", "");
	if (m->subject.n == 0) {
		hp_story_line(&d->subject, &d->record);
		m->subject = hp_text_str(&d->subject);
	}
	if (m->body.n == 0) {
		hp_story_text(&d->body, &d->record);
		m->body = hp_text_str(&d->body);
	}
}

/* ---- sending ---- */

static void note_trouble(struct delivery *d, herald_str to,
			 const struct hp_text *why)
{
	hp_text_addf(&d->why, "%s%.*s: ", d->why.n > 0 ? "; " : "", (int)to.n,
		     to.p);
	hp_text_add(&d->why, hp_text_str(why));
}

static enum smtp_fate fate_of(uint32_t status)
{
	if (status == HERALD_OK)
		return SMTP_DONE;
	if (status == HERALD_IN_DOUBT)
		return SMTP_DOUBT;
	if (status == HERALD_FAILED || status == HERALD_BAD_INPUT)
		return SMTP_FAILED;
	return SMTP_OPEN;
}

/* Trouble of the server, not of one mailbox: the others need not be tried. */
static bool ends_all(uint32_t status, const struct smtp_session *session)
{
	if (HERALD_CLASS(status) == 2)
		return status != HERALD_RETRY ||
		       strncmp(smtp_session_answer(session), "421", 3) == 0;
	return fate_of(status) == SMTP_OPEN;
}

static uint32_t send_one(struct delivery *d, struct smtp_session *session,
			 herald_str to)
{
	herald_str envelope = d->h->option(d->h, "bounces_to", 0);
	struct hp_text mail, why;
	uint32_t status;

	hp_text_init(&mail, SMTP_MESSAGE_MAX);
	hp_text_init(&why, WHY_MAX);
	if (!smtp_message_write(&mail, &d->message, to)) {
		hp_text_add(&why, HERALD_S("the mail is too long"));
		status = HERALD_FAILED;
	} else {
		status = smtp_session_send(
			session, envelope.n > 0 ? envelope : d->message.from,
			to, hp_text_str(&mail), d->call->deadline_ms, &why);
	}
	if (status != HERALD_OK)
		note_trouble(d, to, &why);
	smtp_progress_note(&d->progress, to, fate_of(status));
	hp_text_fini(&mail);
	hp_text_fini(&why);
	return status;
}

static bool is_time_up(const struct delivery *d)
{
	return d->h->cancelled(d->h, d->call->req) ||
	       d->h->now_ms(d->h) >= d->call->deadline_ms;
}

static void send_all(struct delivery *d, struct smtp_session *session)
{
	for (size_t i = 0; i < d->count; i++) {
		uint32_t status;

		if (smtp_progress_of(&d->progress, d->people[i]) != SMTP_OPEN)
			continue;
		if (is_time_up(d)) {
			d->trouble = HERALD_TIMEOUT;
			return;
		}
		status = send_one(d, session, d->people[i]);
		if (status == HERALD_OK)
			snprintf(d->answer, sizeof(d->answer), "%s",
				 smtp_session_answer(session));
		else if (fate_of(status) == SMTP_OPEN)
			d->trouble = status;
		if (ends_all(status, session) && status != HERALD_OK)
			return;
	}
}

/* ---- the end ---- */

static size_t open_count(struct delivery *d)
{
	size_t open = 0;

	for (size_t i = 0; i < d->count; i++)
		open += smtp_progress_of(&d->progress, d->people[i]) ==
			SMTP_OPEN;
	return open;
}

/* Somebody has no mail yet. */
static void finish_open(struct delivery *d, herald_str json)
{
	unsigned tries = smtp_progress_try(&d->progress);
	int64_t pause_ms = 0;

	if (HERALD_CLASS(d->trouble) == 2)
		pause_ms = smtp_pause_ms(tries,
					 d->h->number(d->h, "retry_after"));
	complete(d, d->trouble, pause_ms, json);
}

static void finish(struct delivery *d)
{
	size_t done = smtp_progress_count(&d->progress, SMTP_DONE);
	struct hp_json out;
	herald_str json;

	hp_json_open(&out, d->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&out, "/data/sent", (int64_t)done);
	hp_json_put(&out, "/data/answer", herald_cstr(d->answer));
	json = hp_json_all(&out);
	if (open_count(d) > 0)
		finish_open(d, json);
	else if (smtp_progress_count(&d->progress, SMTP_DOUBT) > 0)
		complete(d, HERALD_IN_DOUBT, 0, json);
	else if (smtp_progress_count(&d->progress, SMTP_FAILED) > 0)
		complete(d, HERALD_FAILED, 0, json);
	else
		complete(d, HERALD_OK, 0, json);
	hp_json_close(&out);
}

static void deliver(struct delivery *d)
{
	uint32_t status = read_people(d);
	struct smtp_session *session;

	if (status != HERALD_OK) {
		complete(d, status, 0, (herald_str){ NULL, 0 });
		return;
	}
	session = smtp_session_open(d->h, d->call->req);
	if (!session) {
		hp_text_add(&d->why, HERALD_S("out of memory"));
		complete(d, HERALD_RETRY, 0, (herald_str){ NULL, 0 });
		return;
	}
	smtp_progress_begin(&d->progress, d->people, d->count);
	fill_message(d);
	send_all(d, session);
	smtp_session_close(session);
	finish(d);
}

void smtp_deliver(const herald_host *h, const herald_call *call)
{
	struct delivery d;

	init(&d, h, call);
	deliver(&d);
	fini(&d);
}
