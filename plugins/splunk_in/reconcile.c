#include "splunk_in/reconcile.h"

#include <inttypes.h>
#include <stdlib.h>

#include "splunk_in/account.h"
#include "splunk_in/api.h"
#include "splunk_in/feed.h"
#include "splunk_in/fired.h"
#include "splunk_in/job.h"

#define FLOOR_KEY "reconciled" /* nothing before it is looked for any more */
#define SLACK_S 600	       /* entries may show up a little late */
#define KEEP_S 86400
#define SAVE_MS 10000
#define NUMBER_SIZE 24
#define LIST_BYTES (16u << 20)

struct reconcile {
	struct splunk *s;
	int64_t every_ms, after_s;
	/* the round */
	struct fired_list list;
	size_t offset;
	char first_sid[JOB_SID_MAX]; /* of the page before */
	int64_t clock_s;
	size_t at; /* of the list, while fetching */
	struct job *job;
	struct feed feed;
	uint32_t fired, received, missing, fetched, lost;
	uint32_t status;
	int64_t wait_ms;
	char why[API_WHY_MAX];
};

static void ask_list(struct reconcile *r);
static void fetch_next(struct reconcile *r);

static void count(struct reconcile *r, uint32_t *number, uint32_t metric,
		  size_t n)
{
	*number += (uint32_t)n;
	r->s->h->metric(r->s->h, metric, (double)n);
}

/* ---- a round and its end ---- */

static void on_round(void *self, herald_id timer, void *ud)
{
	struct reconcile *r = ud;

	(void)self;
	(void)timer;
	if (r->s->halted)
		return;
	r->offset = 0;
	r->first_sid[0] = '\0';
	r->clock_s = -1;
	r->fired = r->received = r->missing = r->fetched = r->lost = 0;
	r->status = HERALD_OK;
	r->why[0] = '\0';
	r->wait_ms = 0;
	ask_list(r);
}

static void note_trouble(struct reconcile *r, uint32_t status, herald_str why)
{
	if (status == HERALD_CANCELLED)
		return;
	herald_logf(r->s->h, HERALD_WARNING, 0, "reconcile: %.*s", (int)why.n,
		    why.p ? why.p : "");
	if (status <= r->status)
		return;
	r->status = status;
	snprintf(r->why, sizeof(r->why), "reconcile: %.*s", (int)why.n,
		 why.p ? why.p : "");
}

static void end_round(struct reconcile *r)
{
	const herald_host *h = r->s->h;

	fired_free(&r->list);
	account_forget(r->s->account, r->clock_s - KEEP_S);
	account_save(r->s->account, h);
	h->metric(h, METRIC_OUTSTANDING,
		  (double)account_outstanding(r->s->account));
	if (r->missing + r->fetched + r->lost > 0)
		herald_logf(h, HERALD_NOTICE, 0,
			    "reconciled: %u fired, %u received, %u missing; "
			    "%u fetched, %u lost",
			    r->fired, r->received, r->missing, r->fetched,
			    r->lost);
	api_health(r->s, API_RECONCILE, r->status, herald_cstr(r->why));
	if (!r->s->halted && !r->s->api.stopped)
		h->timer(h, r->wait_ms > r->every_ms ? r->wait_ms : r->every_ms,
			 0, on_round, r);
}

/* ---- fetching ---- */

static void on_fed(void *ud, uint32_t status, const char *why)
{
	struct reconcile *r = ud;

	if (status == HERALD_OK)
		job_next(r->job);
	else
		job_abort(r->job, status, why);
}

static void on_page(void *ud, struct hp_json *page, size_t rows)
{
	struct reconcile *r = ud;

	feed_page(&r->feed, page, rows);
}

static void on_bad_row(void *ud, herald_str text, herald_str why)
{
	struct reconcile *r = ud;

	feed_bad_row(&r->feed, text, why);
}

static void settle(struct reconcile *r, const struct job_end *end,
		   struct account_row *row)
{
	if (end->status == HERALD_OK) {
		count(r, &r->fetched, METRIC_FETCHED, row->missing);
		account_set(r->s->account, row, ACCOUNT_FETCHED, row->missing);
		if (end->is_partial)
			herald_logf(r->s->h, HERALD_WARNING, 0,
				    "fetched what Splunk has of %s: %.*s",
				    r->list.items[r->at].sid, (int)end->why.n,
				    end->why.p ? end->why.p : "");
	} else if (end->status == HERALD_NOT_FOUND) {
		count(r, &r->lost, METRIC_LOST, row->missing);
		account_set(r->s->account, row, ACCOUNT_LOST, row->missing);
		herald_logf(r->s->h, HERALD_ERROR, 0,
			    "lost: Splunk does not have the results of %s "
			    "(%s) any more",
			    r->list.items[r->at].sid,
			    r->list.items[r->at].name);
	} else {
		note_trouble(r, end->status, end->why);
		if (end->retry_after_ms > r->wait_ms)
			r->wait_ms = end->retry_after_ms;
	}
}

static void on_end(void *ud, const struct job_end *end)
{
	struct reconcile *r = ud;
	struct account_row *row = account_find(
		r->s->account,
		account_sid(herald_cstr(r->list.items[r->at].sid)));

	r->job = NULL;
	feed_fini(&r->feed);
	if (row)
		settle(r, end, row);
	r->at++;
	/* What passes for one passes for all. */
	if (HERALD_CLASS(end->status) == 2 || HERALD_CLASS(end->status) == 3 ||
	    r->s->halted)
		end_round(r);
	else
		fetch_next(r);
}

static void fetch(struct reconcile *r, const struct fired *one)
{
	const struct job_receiver receiver = { r, on_page, on_bad_row, on_end };

	feed_init(&r->feed, r->s, on_fed, r);
	r->feed.sid = one->sid;
	r->feed.search_name = one->name;
	r->job = job_of_sid(r->s, one->sid, &receiver);
	if (r->job)
		return;
	note_trouble(r, HERALD_RETRY, HERALD_S("out of memory"));
	end_round(r);
}

static void fetch_next(struct reconcile *r)
{
	for (; r->at < r->list.n; r->at++) {
		const struct fired *one = &r->list.items[r->at];
		const struct account_row *row = account_find(
			r->s->account, account_sid(herald_cstr(one->sid)));

		if (row && row->state == ACCOUNT_MISSING) {
			fetch(r, one);
			return;
		}
	}
	end_round(r);
}

/* ---- judging ---- */

static int64_t floor_of(const struct reconcile *r)
{
	herald_str text = r->s->h->state_get(r->s->h, FLOOR_KEY);

	return text.n > 0 && hp_str_is_digits(text)
		       ? (int64_t)strtoll(text.p, NULL, 10)
		       : -1;
}

static void set_floor(struct reconcile *r, int64_t floor_s)
{
	char text[NUMBER_SIZE];

	if (floor_s <= floor_of(r))
		return;
	snprintf(text, sizeof(text), "%" PRId64, floor_s);
	r->s->h->state_put(r->s->h, FLOOR_KEY, herald_cstr(text));
}

static void judge(struct reconcile *r, const struct fired *one)
{
	struct account_row *row = account_row(
		r->s->account, account_sid(herald_cstr(one->sid)), r->clock_s);
	uint32_t there;

	if (!row || row->state != ACCOUNT_SEEN)
		return;
	there = row->rows < one->alerts ? row->rows : one->alerts;
	count(r, &r->fired, METRIC_FIRED, one->alerts);
	count(r, &r->received, METRIC_RECEIVED, there);
	count(r, &r->missing, METRIC_MISSING, one->alerts - there);
	account_set(r->s->account, row,
		    there == one->alerts ? ACCOUNT_RECEIVED : ACCOUNT_MISSING,
		    one->alerts - there);
}

static void judge_all(struct reconcile *r)
{
	int64_t floor_s = floor_of(r), until_s = r->clock_s - r->after_s;

	for (size_t i = 0; floor_s >= 0 && i < r->list.n; i++) {
		const struct fired *one = &r->list.items[i];
		struct account_row *row;

		if (one->at_s > floor_s && one->at_s <= until_s)
			judge(r, one);
		row = account_find(r->s->account,
				   account_sid(herald_cstr(one->sid)));
		if (row) /* it is still listed */
			row->touched_s = r->clock_s;
	}
	if (!r->list.is_cut)
		count(r, &r->lost, METRIC_LOST,
		      account_lose(r->s->account, r->clock_s));
	set_floor(r, floor_s < 0 ? until_s : until_s - SLACK_S);
	r->at = 0;
	fetch_next(r);
}

/* ---- the list ---- */

/* A Splunk that does not know `offset` gives the same page for ever. */
static bool is_new_page(struct reconcile *r, struct hp_json *page)
{
	const char *sid = hp_json_cstr(page, "/entry/0/content/sid", "");
	bool is_new = strcmp(sid, r->first_sid) != 0;

	snprintf(r->first_sid, sizeof(r->first_sid), "%s", sid);
	return is_new;
}

static void take_list(struct reconcile *r, const herald_reply *reply,
		      struct hp_json *page)
{
	size_t n;

	if (r->clock_s < 0)
		r->clock_s = api_clock(reply);
	if (r->clock_s < 0)
		r->clock_s = r->s->h->utc_ms(r->s->h) / 1000;
	n = is_new_page(r, page) ? fired_read(&r->list, r->s, page) : 0;
	r->offset += n;
	if (n > 0 && !r->list.is_cut) {
		ask_list(r);
		return;
	}
	if (r->list.is_cut)
		note_trouble(r, HERALD_TOO_BIG,
			     HERALD_S("over 100000 fired alerts: the rest was "
				      "not looked for"));
	fired_join(&r->list);
	judge_all(r);
}

static void on_list(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct reconcile *r = ud;
	struct hp_json page = { .h = r->s->h };
	struct hp_text why;
	uint32_t status;

	(void)self;
	(void)req;
	hp_text_init(&why, API_WHY_MAX);
	status = api_judge(r->s, reply, &page, &why);
	if (status == HERALD_OK && !r->s->halted) {
		take_list(r, reply, &page);
	} else {
		note_trouble(r, status, hp_text_str(&why));
		r->wait_ms = reply->retry_after_ms;
		if (r->clock_s < 0)
			r->clock_s = r->s->h->utc_ms(r->s->h) / 1000;
		end_round(r);
	}
	hp_json_close(&page);
	hp_text_fini(&why);
}

static void ask_list(struct reconcile *r)
{
	char number[NUMBER_SIZE], most[NUMBER_SIZE];
	const struct api_ask ask = {
		.user = "nobody",
		.app = "-",
		.path = { "alerts", "fired_alerts", "-", NULL },
		.pairs = { "count", most, "offset", number, NULL },
		.max_reply = LIST_BYTES,
	};

	snprintf(most, sizeof(most), "%d", FIRED_PAGE);
	snprintf(number, sizeof(number), "%zu", r->offset);
	api_ask(r->s, &ask, on_list, r);
}

/* ---- what arrives ---- */

void reconcile_arrived(struct splunk *s, const struct splunk_arrival *arrivals,
		       uint32_t n)
{
	int64_t now_s = s->h->utc_ms(s->h) / 1000;

	for (uint32_t i = 0; s->account && i < n; i++)
		if (account_arrived(s->account, &arrivals[i], now_s))
			s->h->metric(s->h, METRIC_LATE, 1);
}

static void on_save(void *self, herald_id timer, void *ud)
{
	struct reconcile *r = ud;

	(void)self;
	(void)timer;
	account_save(r->s->account, r->s->h);
}

/* ---- life ---- */

bool reconcile_create(struct splunk *s)
{
	int64_t every_ms = s->h->number(s->h, "reconcile");

	if (every_ms <= 0)
		return true;
	s->reconcile = calloc(1, sizeof(*s->reconcile));
	s->account = account_new();
	if (!s->reconcile || !s->account)
		return false;
	s->reconcile->s = s;
	s->reconcile->every_ms = every_ms;
	s->reconcile->after_s = s->h->number(s->h, "reconcile_after") / 1000;
	return true;
}

void reconcile_start(struct splunk *s)
{
	if (!s->reconcile)
		return;
	account_load(s->account, s->h);
	s->h->timer(s->h, 0, 0, on_round, s->reconcile);
	s->h->timer(s->h, SAVE_MS, SAVE_MS, on_save, s->reconcile);
}

void reconcile_halt(struct splunk *s)
{
	if (s->account)
		account_save(s->account, s->h);
}

void reconcile_free(struct splunk *s)
{
	struct reconcile *r = s->reconcile;

	account_free(s->account);
	s->account = NULL;
	if (!r)
		return;
	job_free(r->job);
	feed_fini(&r->feed);
	fired_free(&r->list);
	free(r);
	s->reconcile = NULL;
}
