#include "splunk_in/notable.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/sha256.h"

#include "splunk_in/api.h"
#include "splunk_in/export.h"

#define MARK_SIZE 32
#define SEARCH_SIZE 512
#define ID_MAX 200
#define DAYS_BACK_S (7 * 86400)
#define REPLY_MAX (4u << 20)

struct update {
	struct splunk *s;
	const herald_call *call; /* stays valid until it is completed */
	struct hp_json params;
	struct hp_text comment; /* with the mark */
	char mark[MARK_SIZE];
	char id[ID_MAX + 1];
	char status[24], disposition[32]; /* numbers; "" for none */
	char earliest[24];
	/* the notable as it is */
	bool is_there, has_mark;
	char owner[128], now_status[24], now_urgency[24], now_disposition[32];
	struct hp_text why;
};

/* ---- ending ---- */

static void free_update(struct update *u)
{
	hp_json_close(&u->params);
	hp_text_fini(&u->comment);
	hp_text_fini(&u->why);
	free(u);
}

static void end(struct update *u, uint32_t status, int64_t retry_after_ms)
{
	hp_end(u->s->h, u->call->req, status, retry_after_ms, &u->why);
	free_update(u);
}

static void end_with(struct update *u, uint32_t status, const char *why)
{
	hp_text_add(&u->why, herald_cstr(why));
	end(u, status, 0);
}

static const char *param(struct update *u, const char *path)
{
	return hp_json_cstr(&u->params, path, "");
}

/* ---- the notable as it is ---- */

static bool is_as_wanted(const char *wanted, const char *is)
{
	return !wanted[0] || strcmp(wanted, is) == 0;
}

static bool is_done(struct update *u)
{
	return is_as_wanted(u->status, u->now_status) &&
	       is_as_wanted(u->disposition, u->now_disposition) &&
	       is_as_wanted(param(u, "/urgency"), u->now_urgency) &&
	       is_as_wanted(param(u, "/owner"), u->owner) &&
	       (u->comment.n == 0 || u->has_mark);
}

/* Somebody's, who is not the one that shall have it. */
static bool is_taken(struct update *u)
{
	return u->owner[0] && strcmp(u->owner, "unassigned") != 0 &&
	       strcmp(u->owner, param(u, "/owner")) != 0;
}

static bool changes_more_than_comment(struct update *u)
{
	return u->status[0] || u->disposition[0] || param(u, "/urgency")[0] ||
	       param(u, "/owner")[0];
}

static void copy(char *out, size_t size, struct hp_json *line, const char *path)
{
	snprintf(out, size, "%s", hp_json_cstr(line, path, ""));
}

static bool has_mark(struct update *u, struct hp_json *line, const char *path)
{
	return strstr(hp_json_cstr(line, path, ""), u->mark) != NULL;
}

static void on_row(void *ud, struct hp_json *line)
{
	struct update *u = ud;
	size_t comments = hp_json_size(line, "/result/comment", "");
	struct hp_path at;

	u->is_there = true;
	copy(u->owner, sizeof(u->owner), line, "/result/owner");
	copy(u->now_status, sizeof(u->now_status), line, "/result/status");
	copy(u->now_urgency, sizeof(u->now_urgency), line, "/result/urgency");
	copy(u->now_disposition, sizeof(u->now_disposition), line,
	     "/result/disposition");
	u->has_mark = has_mark(u, line, "/result/comment");
	for (size_t i = 0; i < comments; i++)
		if (has_mark(u, line, hp_path(&at, "/result/comment/%zu", i)))
			u->has_mark = true;
}

static void write_it(struct update *u);

static void decide(struct update *u)
{
	if (!u->is_there) {
		hp_text_addf(&u->why, "there is no notable %s", u->id);
		end(u, HERALD_FAILED, 0);
	} else if (is_done(u)) {
		end_with(u, HERALD_OK, "the notable is as it shall be");
	} else if (u->call->mode == HERALD_VERIFY) {
		end_with(u, HERALD_NOT_FOUND, "the notable was not changed");
	} else if (is_taken(u) && changes_more_than_comment(u) &&
		   !hp_json_is_true(&u->params, "/take_over", "")) {
		hp_text_addf(&u->why,
			     "the notable belongs to %s (take_over: true "
			     "changes it all the same)",
			     u->owner);
		end(u, HERALD_REFUSED, 0);
	} else {
		write_it(u);
	}
}

static void on_look(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct update *u = ud;
	struct hp_json none;

	(void)self;
	(void)req;
	if (reply->status != HERALD_OK) {
		uint32_t status = api_judge(u->s, reply, &none, &u->why);

		hp_json_close(&none);
		/* A look changes nothing, whatever became of it. */
		end(u, status == HERALD_IN_DOUBT ? HERALD_RETRY : status,
		    reply->retry_after_ms);
		return;
	}
	switch (export_read(u->s->h, reply->body, on_row, u, &u->why)) {
	case EXPORT_WHOLE:
		decide(u);
		return;
	case EXPORT_FAILED:
		end(u, HERALD_FAILED, 0);
		return;
	case EXPORT_BROKEN:
		end(u, HERALD_RETRY, 0);
		return;
	}
}

static void look(struct update *u)
{
	char search[SEARCH_SIZE];
	struct api_ask ask = {
		.req = u->call->req,
		.method = "POST",
		.pairs = { "search", search, "preview", "false",
			   "earliest_time", u->earliest, "latest_time", "+1d",
			   NULL },
		.max_reply = REPLY_MAX,
	};
	static const char *const rest[] = { "export", NULL };

	snprintf(search, sizeof(search),
		 "search `notable` | search event_id=\"%s\" | head 1 | fields "
		 "event_id, owner, status, urgency, disposition, comment",
		 u->id);
	api_jobs(u->s, &ask, rest);
	api_ask(u->s, &ask, on_look, u);
}

/* ---- changing it ---- */

/* success:false comes with 200; what does not say either is no answer. */
static uint32_t judge_success(struct update *u, struct hp_json *body)
{
	herald_str words = hp_json_text(body, "/message", "");

	if (hp_json_type(body, "/success", "") == HERALD_JSON_NONE) {
		hp_text_add(&u->why, HERALD_S("the answer does not say what "
					      "became of it"));
		return HERALD_IN_DOUBT;
	}
	if (hp_json_is_true(body, "/success", "") &&
	    hp_json_int(body, "/success_count", "", 0) >= 1) {
		hp_text_add(&u->why, words);
		return HERALD_OK;
	}
	hp_text_add(&u->why, HERALD_S("Splunk refused it: "));
	hp_text_add(&u->why, words);
	return HERALD_FAILED;
}

static void on_written(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	struct update *u = ud;
	struct hp_json body = { .h = u->s->h };
	uint32_t status;

	(void)self;
	(void)req;
	status = api_judge(u->s, reply, &body, &u->why);
	status = hp_reply_of_change(reply, status);
	if (status == HERALD_NOT_FOUND) {
		hp_text_add(&u->why, HERALD_S(" (is Enterprise Security "
					      "there?)"));
		status = HERALD_FAILED;
	}
	if (status == HERALD_OK)
		status = judge_success(u, &body);
	end(u, status, reply->retry_after_ms);
	hp_json_close(&body);
}

struct form {
	struct api_ask *ask;
	size_t n;
};

static void add(struct form *form, const char *name, const char *wanted,
		const char *is)
{
	if (is_as_wanted(wanted, is))
		return;
	form->ask->pairs[form->n++] = name;
	form->ask->pairs[form->n++] = wanted;
	form->ask->pairs[form->n] = NULL;
}

static void write_it(struct update *u)
{
	struct api_ask ask = {
		.req = u->call->req,
		.method = "POST",
		.path = { "notable_update", NULL },
		.pairs = { "ruleUIDs", u->id, NULL },
	};
	struct form form = { &ask, 2 };

	add(&form, "status", u->status, u->now_status);
	add(&form, "urgency", param(u, "/urgency"), u->now_urgency);
	add(&form, "newOwner", param(u, "/owner"), u->owner);
	add(&form, "disposition", u->disposition, u->now_disposition);
	if (!u->has_mark)
		add(&form, "comment", hp_text_str(&u->comment).p, "");
	api_ask(u->s, &ask, on_written, u);
}

/* ---- labels ---- */

static bool is_number(const char *text, const char *before)
{
	size_t n = strlen(before);

	return strncmp(text, before, n) == 0 &&
	       hp_str_is_digits(herald_cstr(text + n));
}

/* The name of the status with this label; false if there is none. */
static bool find_label(struct hp_json *body, const char *kind,
		       const char *label, char *out, size_t size)
{
	size_t n = hp_json_size(body, "/entry", "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/entry/%zu", i);
		if (!hp_str_same(hp_json_text(body, at.text, "/content/label"),
				 herald_cstr(label)) ||
		    strcmp(hp_json_cstr(body, at.text, "/content/status_type"),
			   kind) != 0)
			continue;
		snprintf(out, size, "%s", hp_json_cstr(body, at.text, "/name"));
		return true;
	}
	return false;
}

/* False: it was ended. */
static bool translate(struct update *u, struct hp_json *body, const char *kind,
		      const char *label, char *out, size_t size)
{
	if (!label[0] || out[0] || find_label(body, kind, label, out, size))
		return true;
	hp_text_addf(&u->why, "Splunk knows no %s '%s'",
		     strcmp(kind, "notable") == 0 ? "status" : kind, label);
	end(u, HERALD_BAD_INPUT, 0);
	return false;
}

static void on_labels(void *self, herald_id req, void *ud,
		      const herald_reply *reply)
{
	struct update *u = ud;
	struct hp_json body = { .h = u->s->h };
	uint32_t status;

	(void)self;
	(void)req;
	status = api_judge(u->s, reply, &body, &u->why);
	if (status != HERALD_OK)
		end(u, status == HERALD_NOT_FOUND ? HERALD_FAILED : status,
		    reply->retry_after_ms);
	else if (translate(u, &body, "notable", param(u, "/status"), u->status,
			   sizeof(u->status)) &&
		 translate(u, &body, "disposition", param(u, "/disposition"),
			   u->disposition, sizeof(u->disposition)))
		look(u);
	hp_json_close(&body);
}

static void ask_labels(struct update *u)
{
	const struct api_ask ask = {
		.req = u->call->req,
		.path = { "alerts", "reviewstatuses", NULL },
		.pairs = { "count", "-1", NULL },
		.max_reply = REPLY_MAX,
	};

	api_ask(u->s, &ask, on_labels, u);
}

/* ---- beginning ---- */

/* What stands in a search as text may hold nothing that ends it. */
static bool is_id(const char *id)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789@-_.:";

	return id[0] && !id[strspn(id, good)];
}

/* A notable is not far from the time that the alert tells. */
static void set_times(struct update *u, struct hp_json *record)
{
	int64_t at_s = hp_json_int(record, "/time", "", -1) / 1000;

	if (at_s > DAYS_BACK_S)
		snprintf(u->earliest, sizeof(u->earliest), "%" PRId64,
			 at_s - DAYS_BACK_S);
	else
		snprintf(u->earliest, sizeof(u->earliest), "-30d");
}

static bool set_comment(struct update *u)
{
	const char *comment = param(u, "/comment");
	char hex[HP_SHA256_HEX];

	if (!hp_sha256_hex(u->call->idem, hex))
		return false;
	snprintf(u->mark, sizeof(u->mark), "[herald %.12s]", hex);
	if (comment[0])
		hp_text_addf(&u->comment, "%s %s", comment, u->mark);
	return true;
}

static const char *prepare(struct update *u)
{
	const char *id, *status, *disposition;
	struct hp_json record;

	if (!hp_json_open(&record, u->s->h, u->call->record))
		return "the record is no JSON";
	set_times(u, &record);
	id = param(u, "/event_id");
	if (!id[0])
		id = hp_json_cstr(&record, "/finding_info/uid", "");
	if (strlen(id) <= ID_MAX)
		memcpy(u->id, id, strlen(id) + 1);
	hp_json_close(&record);
	status = param(u, "/status");
	disposition = param(u, "/disposition");
	if (is_number(status, ""))
		snprintf(u->status, sizeof(u->status), "%s", status);
	if (is_number(disposition, "disposition:"))
		snprintf(u->disposition, sizeof(u->disposition), "%s",
			 disposition);
	if (!is_id(u->id))
		return "the event_id is none of a notable";
	if (!set_comment(u))
		return "no digest could be made";
	if (u->comment.n == 0 && !status[0] && !disposition[0] &&
	    !param(u, "/urgency")[0] && !param(u, "/owner")[0])
		return "nothing is to be changed: give a status, urgency, "
		       "owner, disposition or comment";
	return NULL;
}

static void start(struct update *u)
{
	if ((param(u, "/status")[0] && !u->status[0]) ||
	    (param(u, "/disposition")[0] && !u->disposition[0]))
		ask_labels(u);
	else
		look(u);
}

void notable_run(struct splunk *s, const herald_call *call)
{
	struct update *u;
	const char *trouble;

	if (!api_is_there(s)) {
		herald_fail(s->h, call->req, HERALD_BAD_CONFIG,
			    HERALD_S("the connector has no 'url' of Splunk"));
		return;
	}
	u = calloc(1, sizeof(*u));
	if (!u) {
		herald_fail(s->h, call->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
		return;
	}
	u->s = s;
	u->call = call;
	hp_text_init(&u->why, HP_WHY_MAX);
	hp_text_init(&u->comment, 16u << 10);
	if (!hp_json_open(&u->params, s->h, call->params)) {
		end_with(u, HERALD_BAD_INPUT, "the parameters are no JSON");
		return;
	}
	trouble = prepare(u);
	if (trouble)
		end_with(u, HERALD_BAD_INPUT, trouble);
	else
		start(u);
}
