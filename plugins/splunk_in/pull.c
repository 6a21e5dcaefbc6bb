#include "splunk_in/pull.h"

#include <inttypes.h>
#include <stdlib.h>

#include "splunk_in/api.h"
#include "splunk_in/feed.h"
#include "splunk_in/job.h"

#define NOTABLES "notables"
#define NOTABLES_SEARCH "search `notable`"
#define KEY_SIZE 256
#define NUMBER_SIZE 24

struct search {
	const char *name, *text;
	char key[KEY_SIZE]; /* of its cursor in the state */
};

struct pull {
	struct splunk *s;
	struct search *searches;
	size_t n, at;
	int64_t every_ms, overlap_s, first_s;
	/* the run */
	struct job *job;
	struct feed feed;
	int64_t from_s, to_s; /* index time; -1: as far as is wanted */
	int64_t newest_s;     /* _indextime of its rows; -1: none had one */
	int64_t wait_ms;      /* that Splunk asked for */
	uint32_t status;      /* of this round: the worst */
	char why[API_WHY_MAX];
};

static void begin(struct pull *p);
static void run(struct pull *p);

/* ---- cursors ---- */

static int64_t cursor_of(const struct pull *p, const struct search *search)
{
	herald_str text = p->s->h->state_get(p->s->h, search->key);

	return text.n > 0 && hp_str_is_digits(text)
		       ? (int64_t)strtoll(text.p, NULL, 10)
		       : -1;
}

static void set_cursor(struct pull *p, const struct search *search,
		       int64_t cursor_s)
{
	char text[NUMBER_SIZE];

	if (cursor_s <= cursor_of(p, search))
		return;
	snprintf(text, sizeof(text), "%" PRId64, cursor_s);
	p->s->h->state_put(p->s->h, search->key, herald_cstr(text));
}

/* Up to where all is here, after a run that saw everything; -1: not known. */
static int64_t reached(const struct pull *p, int64_t clock_s)
{
	int64_t sure_s = clock_s - p->overlap_s;

	if (clock_s < 0)
		return p->newest_s;
	if (p->to_s >= 0)
		return p->to_s < sure_s ? p->to_s : sure_s;
	if (p->newest_s > clock_s)
		return clock_s;
	return p->newest_s > sure_s ? p->newest_s : sure_s;
}

/* ---- a round of all searches ---- */

static void on_timer(void *self, herald_id timer, void *ud)
{
	struct pull *p = ud;

	(void)self;
	(void)timer;
	p->at = 0;
	p->status = HERALD_OK;
	p->why[0] = '\0';
	p->wait_ms = 0;
	begin(p);
}

static void next_round(struct pull *p)
{
	const herald_host *h = p->s->h;

	api_health(p->s, API_PULL, p->status, herald_cstr(p->why));
	if (p->s->halted || p->s->api.stopped)
		return;
	h->timer(h, p->wait_ms > p->every_ms ? p->wait_ms : p->every_ms, 0,
		 on_timer, p);
}

static void note_trouble(struct pull *p, uint32_t status, herald_str why)
{
	const struct search *search = &p->searches[p->at];

	if (status == HERALD_CANCELLED)
		return;
	herald_logf(p->s->h, HERALD_WARNING, 0, "search %s: %.*s", search->name,
		    (int)why.n, why.p ? why.p : "");
	if (status <= p->status)
		return;
	p->status = status;
	snprintf(p->why, sizeof(p->why), "search %s: %.*s", search->name,
		 (int)why.n, why.p ? why.p : "");
}

static void next_search(struct pull *p)
{
	p->at++;
	if (p->at < p->n && !p->s->halted && !p->s->api.stopped)
		begin(p);
	else
		next_round(p);
}

/* ---- one run ---- */

static void on_fed(void *ud, uint32_t status, const char *why)
{
	struct pull *p = ud;

	if (status == HERALD_OK)
		job_next(p->job);
	else
		job_abort(p->job, status, why);
}

static void on_page(void *ud, struct hp_json *page, size_t rows)
{
	struct pull *p = ud;
	struct hp_path at;

	for (size_t i = 0; i < rows; i++) {
		int64_t indexed_s = hp_json_int(page,
						hp_path(&at, "/results/%zu", i),
						"/_indextime", -1);

		if (indexed_s > p->newest_s)
			p->newest_s = indexed_s;
	}
	p->s->h->metric(p->s->h, METRIC_PULLED, (double)rows);
	feed_page(&p->feed, page, rows);
}

static void on_bad_row(void *ud, herald_str text, herald_str why)
{
	struct pull *p = ud;

	feed_bad_row(&p->feed, text, why);
}

/* More rows than one search gives: the time is divided, down to a second. */
static bool divide(struct pull *p, int64_t clock_s)
{
	int64_t to_s = p->to_s >= 0 ? p->to_s : clock_s;

	if (p->from_s < 0 && clock_s >= 0)
		p->from_s = clock_s - p->first_s;
	if (clock_s < 0 || to_s - p->from_s < 2) {
		note_trouble(p, HERALD_TOO_BIG,
			     HERALD_S("over 50000 rows: narrow it down, the "
				      "oldest were not seen"));
		return false;
	}
	p->to_s = p->from_s + (to_s - p->from_s) / 2;
	return true;
}

/* The next part of a time that was divided; twice as long, as it went well.
 * False: that was the last one. */
static bool go_on(struct pull *p, int64_t clock_s)
{
	int64_t span_s = 2 * (p->to_s - p->from_s);

	if (p->to_s < 0 || p->to_s >= clock_s)
		return false;
	p->from_s = p->to_s - 1; /* whether the end counts is not said */
	p->to_s = p->from_s + span_s < clock_s ? p->from_s + span_s : -1;
	return true;
}

static void on_end(void *ud, const struct job_end *end)
{
	struct pull *p = ud;

	p->job = NULL;
	feed_fini(&p->feed);
	if (end->status != HERALD_OK) {
		note_trouble(p, end->status, end->why);
		if (end->retry_after_ms > p->wait_ms)
			p->wait_ms = end->retry_after_ms;
		next_search(p);
		return;
	}
	if (end->is_full && divide(p, end->clock_s)) {
		run(p);
		return;
	}
	if (end->is_partial)
		note_trouble(p, HERALD_RETRY, end->why);
	else
		set_cursor(p, &p->searches[p->at], reached(p, end->clock_s));
	if (!end->is_partial && go_on(p, end->clock_s))
		run(p);
	else
		next_search(p);
}

static const char *number(char *text, int64_t value)
{
	if (value < 0)
		return NULL;
	snprintf(text, NUMBER_SIZE, "%" PRId64, value);
	return text;
}

/* The first time of all goes back from Splunk's own now. */
static const char *earliest(struct pull *p, char *text)
{
	if (p->from_s >= 0)
		return number(text, p->from_s);
	snprintf(text, NUMBER_SIZE, "-%" PRId64 "s", p->first_s);
	return text;
}

static void run(struct pull *p)
{
	const struct search *search = &p->searches[p->at];
	const struct job_receiver receiver = { p, on_page, on_bad_row, on_end };
	char from[NUMBER_SIZE], to[NUMBER_SIZE];

	p->newest_s = -1;
	feed_init(&p->feed, p->s, on_fed, p);
	p->feed.search_name = search->name;
	p->job = job_search(p->s, search->text, earliest(p, from),
			    number(to, p->to_s), &receiver);
	if (!p->job) {
		note_trouble(p, HERALD_RETRY, HERALD_S("out of memory"));
		next_search(p);
	}
}

static void begin(struct pull *p)
{
	int64_t cursor_s = cursor_of(p, &p->searches[p->at]);

	p->from_s = cursor_s < 0 ? -1 : cursor_s - p->overlap_s;
	p->to_s = -1;
	run(p);
}

/* ---- life ---- */

static void add(struct pull *p, const char *name, const char *text)
{
	struct search *search = &p->searches[p->n++];

	search->name = name;
	search->text = text;
	snprintf(search->key, sizeof(search->key), "cursor.%s", name);
}

bool pull_create(struct splunk *s)
{
	const herald_host *h = s->h;
	bool notables = h->number(h, "notables") != 0;
	struct pull *p;
	uint32_t n = 0;

	while (h->option(h, "searches", n).p)
		n++;
	if (n == 0 && !notables)
		return true;
	p = calloc(1, sizeof(*p));
	if (!p)
		return false;
	s->pull = p;
	p->s = s;
	p->searches = calloc(n + 1, sizeof(*p->searches));
	if (!p->searches)
		return false;
	for (uint32_t i = 0; i < n; i++)
		add(p, h->option_key(h, "searches", i).p,
		    h->option(h, "searches", i).p);
	if (notables)
		add(p, NOTABLES, NOTABLES_SEARCH);
	p->every_ms = h->number(h, "every");
	p->overlap_s = h->number(h, "overlap") / 1000;
	p->first_s = h->number(h, "first") / 1000;
	return true;
}

void pull_start(struct splunk *s)
{
	if (s->pull)
		s->h->timer(s->h, 0, 0, on_timer, s->pull);
}

void pull_free(struct splunk *s)
{
	struct pull *p = s->pull;

	if (!p)
		return;
	job_free(p->job);
	feed_fini(&p->feed);
	free(p->searches);
	free(p);
	s->pull = NULL;
}
