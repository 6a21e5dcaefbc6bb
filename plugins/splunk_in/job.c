#include "splunk_in/job.h"

#include <inttypes.h>
#include <stdlib.h>

#include "splunk_in/api.h"

#define POLL_MIN_MS 200
#define POLL_MAX_MS 5000
#define LATE_S (7 * 86400) /* how late an event may be indexed */
#define TIME_AHEAD "+1d"   /* clocks of others */
#define NUMBER_SIZE 24

struct job {
	struct splunk *s;
	struct job_receiver to;
	char *search; /* NULL: by sid */
	char *index_earliest, *index_latest;
	char sid[JOB_SID_MAX];
	bool is_ours; /* to be deleted */
	bool tried_old;
	bool is_partial, is_full;
	int64_t clock_s;
	int64_t deadline_ms;
	int64_t poll_ms;
	uint64_t offset, total;
	uint32_t rows; /* of a page */
	struct hp_text why;
};

static void ask_status(struct job *job);

/* ---- ending ---- */

void job_free(struct job *job)
{
	if (!job)
		return;
	hp_text_fini(&job->why);
	free(job->search);
	free(job->index_earliest);
	free(job->index_latest);
	free(job);
}

/* Whether it went well is nobody's concern: a job ends by itself as well. */
static void on_deleted(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	(void)self;
	(void)req;
	(void)ud;
	(void)reply;
}

static void delete_job(struct job *job)
{
	const char *const rest[] = { job->sid, NULL };
	struct api_ask ask = { .method = "DELETE" };

	if (!job->is_ours || !job->sid[0] || job->s->halted)
		return;
	api_jobs(job->s, &ask, rest);
	api_ask(job->s, &ask, on_deleted, NULL);
}

static void end(struct job *job, uint32_t status, int64_t retry_after_ms)
{
	const struct job_end told = {
		.status = status,
		.why = hp_text_str(&job->why),
		.retry_after_ms = retry_after_ms,
		.clock_s = job->clock_s,
		.is_full = job->is_full,
		.is_partial = job->is_partial,
	};

	delete_job(job);
	job->to.end(job->to.ud, &told);
	job_free(job);
}

static void end_with(struct job *job, uint32_t status, const char *why)
{
	hp_text_add(&job->why, herald_cstr(why));
	end(job, status, 0);
}

void job_abort(struct job *job, uint32_t status, const char *why)
{
	end_with(job, status, why);
}

/* ---- waiting ---- */

static void on_timer(void *self, herald_id timer, void *ud)
{
	struct job *job = ud;

	(void)self;
	(void)timer;
	ask_status(job);
}

/* Asks again later, each time a little later, but not for ever. */
static void wait_for_it(struct job *job)
{
	const herald_host *h = job->s->h;

	if (job->s->halted) {
		end_with(job, HERALD_CANCELLED, "herald stops");
		return;
	}
	if (h->now_ms(h) > job->deadline_ms) {
		end_with(job, HERALD_TIMEOUT,
			 "the search was not done within search_timeout");
		return;
	}
	h->timer(h, job->poll_ms, 0, on_timer, job);
	job->poll_ms = job->poll_ms * 2 > POLL_MAX_MS ? POLL_MAX_MS
						      : job->poll_ms * 2;
}

/* ---- rows ---- */

static void number(char *text, uint64_t value)
{
	snprintf(text, NUMBER_SIZE, "%" PRIu64, value);
}

/* By halves to the one that is to blame. */
static void divide(struct job *job, const herald_reply *reply, const char *why)
{
	if (job->rows > 1) {
		job->rows = (job->rows + 1) / 2;
		job_next(job);
		return;
	}
	job->offset++;
	job->to.bad_row(job->to.ud, reply->body, herald_cstr(why));
}

static void take_page(struct job *job, struct hp_json *page)
{
	size_t n = hp_json_size(page, "/results", "");

	if (hp_json_type(page, "/results", "") != HERALD_JSON_ARRAY) {
		end_with(job, HERALD_BAD_REPLY, "the answer has no results");
		return;
	}
	if (n == 0) {
		end(job, HERALD_OK, 0);
		return;
	}
	job->offset += n;
	job->rows = job->rows * 2 > JOB_PAGE_ROWS ? JOB_PAGE_ROWS
						  : job->rows * 2;
	job->to.page(job->to.ud, page, n);
}

/* One JSON object to its end, whether or not it can be held. */
static bool is_whole(const struct job *job, herald_str text)
{
	return text.n > 0 && text.p[0] == '{' &&
	       job->s->h->json_span(job->s->h, text) > 0;
}

static void on_page(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct job *job = ud;
	struct hp_json page = { .h = job->s->h };
	uint32_t status;

	(void)self;
	(void)req;
	if (reply->code == 204) { /* not ready */
		wait_for_it(job);
		return;
	}
	if (reply->status == HERALD_TOO_BIG) {
		divide(job, reply, "a row of more than 16 MiB");
		return;
	}
	status = api_judge(job->s, reply, &page, &job->why);
	if (status == HERALD_BAD_REPLY && is_whole(job, reply->body)) {
		hp_text_fini(&job->why);
		divide(job, reply, "a row that cannot be held exactly");
	} else if (status != HERALD_OK) {
		end(job, status, reply->retry_after_ms);
	} else {
		take_page(job, &page);
	}
	hp_json_close(&page);
}

/* The server may give fewer rows than asked for: what ends it is the count that
 * the job told, or a page without rows. */
void job_next(struct job *job)
{
	const char *const rest[] = { job->sid, "results", NULL };
	char count[NUMBER_SIZE], offset[NUMBER_SIZE];
	struct api_ask ask = {
		.pairs = { "count", count, "offset", offset, NULL },
		.max_reply = JOB_PAGE_BYTES,
	};

	if (job->s->halted) {
		end_with(job, HERALD_CANCELLED, "herald stops");
		return;
	}
	if (job->offset >= job->total) {
		end(job, HERALD_OK, 0);
		return;
	}
	number(count, job->rows);
	number(offset, job->offset);
	api_jobs(job->s, &ask, rest);
	api_ask(job->s, &ask, on_page, job);
}

/* ---- the job's state ---- */

#define CONTENT "/entry/0/content"

/* Of messages that are errors the first; they say that rows may be lacking. */
static void note_messages(struct job *job, struct hp_json *body, bool failed)
{
	size_t n = hp_json_size(body, CONTENT "/messages", "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		const char *type;

		hp_path(&at, CONTENT "/messages/%zu", i);
		type = hp_json_cstr(body, at.text, "/type");
		if (strcmp(type, "ERROR") != 0 && strcmp(type, "FATAL") != 0)
			continue;
		job->is_partial = !failed;
		hp_text_add(&job->why, hp_json_text(body, at.text, "/text"));
		return;
	}
	if (!failed && hp_json_is_true(body, CONTENT "/isFinalized", "")) {
		job->is_partial = true;
		hp_text_add(&job->why,
			    HERALD_S("the search was ended before its time"));
	}
}

static void take_status(struct job *job, struct hp_json *body)
{
	const char *state = hp_json_cstr(body, CONTENT "/dispatchState", "");
	int64_t total = hp_json_int(body, CONTENT "/resultCount", "", 0);

	if (strcmp(state, "FAILED") == 0) {
		note_messages(job, body, true);
		if (job->why.n == 0)
			hp_text_add(&job->why, HERALD_S("the search failed"));
		end(job, HERALD_FAILED, 0);
		return;
	}
	if (strcmp(state, "DONE") != 0) {
		wait_for_it(job);
		return;
	}
	note_messages(job, body, false);
	job->total = total > 0 ? (uint64_t)total : 0;
	job->is_full = job->search && job->total >= JOB_ROWS_MAX;
	job_next(job);
}

static void on_status(void *self, herald_id req, void *ud,
		      const herald_reply *reply)
{
	struct job *job = ud;
	struct hp_json body = { .h = job->s->h };
	uint32_t status;

	(void)self;
	(void)req;
	if (reply->code == 204) {
		wait_for_it(job);
		return;
	}
	status = api_judge(job->s, reply, &body, &job->why);
	if (status == HERALD_NOT_FOUND && !job->is_ours && !job->tried_old &&
	    !job->s->api.is_new) {
		/* No such search, or no such path: old ones know another. */
		job->tried_old = true;
		job->s->api.is_old = !job->s->api.is_old;
		hp_text_fini(&job->why);
		ask_status(job);
	} else if (status != HERALD_OK) {
		end(job, status, reply->retry_after_ms);
	} else {
		take_status(job, &body);
	}
	hp_json_close(&body);
}

static void ask_status(struct job *job)
{
	const char *const rest[] = { job->sid, NULL };
	struct api_ask ask = { 0 };

	api_jobs(job->s, &ask, rest);
	api_ask(job->s, &ask, on_status, job);
}

/* ---- a new one ---- */

static void create(struct job *job);

static void take_sid(struct job *job, const herald_reply *reply,
		     struct hp_json *body)
{
	herald_str sid = hp_json_text(body, "/sid", "");

	if (sid.n == 0 || sid.n >= sizeof(job->sid)) {
		end_with(job, HERALD_BAD_REPLY, "the answer names no search");
		return;
	}
	memcpy(job->sid, sid.p, sid.n);
	job->clock_s = api_clock(reply);
	ask_status(job);
}

static void on_created(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	struct job *job = ud;
	struct hp_json body = { .h = job->s->h };
	struct api *api = &job->s->api;
	uint32_t status;

	(void)self;
	(void)req;
	status = api_judge(job->s, reply, &body, &job->why);
	if (status == HERALD_OK) {
		api->is_new = !api->is_old;
		take_sid(job, reply, &body);
	} else if (status == HERALD_NOT_FOUND && !job->tried_old &&
		   !api->is_old && !api->is_new) {
		job->tried_old = true;
		api->is_old = true;
		hp_text_fini(&job->why);
		herald_logf(job->s->h, HERALD_NOTICE, 0,
			    "this Splunk does not know search/v2: the old "
			    "paths are used");
		create(job);
	} else if (status == HERALD_IN_DOUBT) {
		/* A search more does no harm: it ends by itself. */
		end(job, HERALD_RETRY, reply->retry_after_ms);
	} else {
		end(job, status, reply->retry_after_ms);
	}
	hp_json_close(&body);
}

/* The time of the oldest event: before that of the oldest entry of the index,
 * which is "-3600s" or seconds since 1970. */
static const char *time_back(const struct job *job, char *text)
{
	const char *from = job->index_earliest ? job->index_earliest : "-0s";
	long long s = strtoll(from, NULL, 10) - LATE_S;
	bool is_relative = from[0] == '-';

	snprintf(text, NUMBER_SIZE, "%lld%s", s < 0 && !is_relative ? 0 : s,
		 is_relative ? "s" : "");
	return text;
}

static void create(struct job *job)
{
	static const char *const rest[] = { NULL };
	char most[NUMBER_SIZE], back[NUMBER_SIZE];
	struct api_ask ask = {
		.method = "POST",
		.pairs = { "search", job->search, "exec_mode", "normal",
			   "earliest_time", time_back(job, back), "latest_time",
			   TIME_AHEAD, "max_count", most, NULL }
	};
	size_t n = 10;

	number(most, JOB_ROWS_MAX);
	if (job->index_earliest) {
		ask.pairs[n++] = "index_earliest";
		ask.pairs[n++] = job->index_earliest;
	}
	if (job->index_latest) {
		ask.pairs[n++] = "index_latest";
		ask.pairs[n++] = job->index_latest;
	}
	ask.pairs[n] = NULL;
	api_jobs(job->s, &ask, rest);
	api_ask(job->s, &ask, on_created, job);
}

static struct job *job_new(struct splunk *s,
			   const struct job_receiver *receiver)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->s = s;
	job->to = *receiver;
	job->clock_s = -1;
	job->rows = JOB_PAGE_ROWS;
	job->poll_ms = POLL_MIN_MS;
	job->deadline_ms = s->h->now_ms(s->h) +
			   s->h->number(s->h, "search_timeout");
	hp_text_init(&job->why, API_WHY_MAX);
	return job;
}

static char *dup(const char *text)
{
	return text ? hp_str_dup(herald_cstr(text)) : NULL;
}

/* What begins with neither is meant as a search, as in Splunk's own window. */
static char *whole_search(const char *search)
{
	herald_str text = hp_str_trim(herald_cstr(search));
	struct hp_text whole;
	char *copy;

	hp_text_init(&whole, 1u << 16);
	if (text.n > 0 && text.p[0] != '|' && !hp_str_begins(text, "search "))
		hp_text_add(&whole, HERALD_S("search "));
	hp_text_add(&whole, text);
	copy = whole.cut ? NULL : hp_str_dup(hp_text_str(&whole));
	hp_text_fini(&whole);
	return copy;
}

struct job *job_search(struct splunk *s, const char *search,
		       const char *index_earliest, const char *index_latest,
		       const struct job_receiver *receiver)
{
	struct job *job = job_new(s, receiver);

	if (!job)
		return NULL;
	job->is_ours = true;
	job->search = whole_search(search);
	job->index_earliest = dup(index_earliest);
	job->index_latest = dup(index_latest);
	if (!job->search || (index_earliest && !job->index_earliest) ||
	    (index_latest && !job->index_latest)) {
		job_free(job);
		return NULL;
	}
	create(job);
	return job;
}

struct job *job_of_sid(struct splunk *s, const char *sid,
		       const struct job_receiver *receiver)
{
	struct job *job = strlen(sid) < JOB_SID_MAX ? job_new(s, receiver)
						    : NULL;

	if (!job)
		return NULL;
	snprintf(job->sid, sizeof(job->sid), "%s", sid);
	ask_status(job);
	return job;
}
