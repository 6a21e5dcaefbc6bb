/* Any bytes as the answers of Splunk's management port: a search ends, once,
 * whatever it is told, no page has more rows than it holds, and a list of fired
 * alerts names no run twice. */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "splunk_in/fired.h"
#include "splunk_in/job.h"

#define STEPS_MOST 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Of actions that Splunk lists, one counts. */
static herald_str option(const herald_host *h, const char *name, uint32_t i)
{
	(void)h;
	return strcmp(name, "reconcile_actions") == 0 && i == 0
		       ? HERALD_S("webhook")
		       : (herald_str){ NULL, 0 };
}

struct watch {
	struct job *job;
	struct splunk *s;
	unsigned ended, pages;
	bool due; /* the next page is wanted */
};

static void on_page(void *ud, struct hp_json *page, size_t rows)
{
	struct watch *w = ud;

	if (rows == 0 || rows != hp_json_size(page, "/results", "") ||
	    rows > JOB_PAGE_ROWS)
		abort();
	w->pages++;
	w->due = true;
}

static void on_bad_row(void *ud, herald_str text, herald_str why)
{
	struct watch *w = ud;

	(void)text;
	if (why.n == 0)
		abort();
	w->due = true;
}

static void on_end(void *ud, const struct job_end *end)
{
	struct watch *w = ud;

	w->ended++;
	if (end->status != HERALD_OK && end->why.n == 0)
		abort();
}

static void run_search(struct splunk *s, bool by_sid)
{
	struct watch w = { .s = s };
	struct job_receiver receiver = { &w, on_page, on_bad_row, on_end };
	unsigned steps = 0;

	w.job = by_sid ? job_of_sid(s, "scheduler__x", &receiver)
		       : job_search(s, "search index=x", "1", NULL, &receiver);
	if (!w.job)
		abort();
	for (;;) {
		if (w.due) {
			w.due = false;
			if (w.pages > 50)
				job_abort(w.job, HERALD_CANCELLED, "enough");
			else
				job_next(w.job);
		} else if (!answers_give(s)) {
			break;
		}
		if (++steps > STEPS_MOST)
			abort();
	}
	if (w.ended != 1)
		abort();
}

static void read_fired(struct splunk *s, const uint8_t *data, size_t n)
{
	struct fired_list list = { 0 };
	struct hp_json page;

	hp_json_open(&page, s->h, (herald_str){ (const char *)data, n });
	fired_read(&list, s, &page);
	fired_read(&list, s, &page);
	hp_json_close(&page);
	fired_join(&list);
	for (size_t i = 0; i < list.n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(list.items[i].sid, list.items[j].sid) == 0)
				abort();
	fired_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	herald_host h;
	struct splunk s = { .h = &h, .api = { .url = "https://s.example" } };

	if (n < 1)
		return 0;
	answers_init(&h, data + 1, n - 1);
	h.option = option;
	run_search(&s, data[0] & 1);
	read_fired(&s, data + 1, n - 1);
	return 0;
}
