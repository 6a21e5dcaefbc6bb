#include "core/control/tail.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/control/api.h"
#include "core/control/control_impl.h"

#define WAITERS_MAX 100
#define WAIT_MAX_MS 25000
#define LOOK_MS 500 /* how often it is seen who has waited long enough */

struct hd_waiter {
	TAILQ_ENTRY(hd_waiter) link;
	struct hd_call *call;
	int64_t after, due_ms;
};

void hd_tail_init(struct hd_tail *tail, uv_loop_t *loop)
{
	memset(tail, 0, sizeof(*tail));
	TAILQ_INIT(&tail->waiters);
	/* Larger than any number of a former process. */
	tail->first = tail->next = hd_utc_ms() * 1000;
	tail->timer = hd_alloc(sizeof(*tail->timer));
	uv_timer_init(loop, tail->timer);
	tail->timer->data = tail;
}

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void answer(struct hd_tail *tail, struct hd_call *call, int64_t after)
{
	json_t *lines = json_array();
	int64_t from = after + 1 > tail->first ? after + 1 : tail->first;

	for (int64_t i = from; i < tail->next; i++) {
		const char *line = tail->lines[i % HD_TAIL_LINES];

		json_array_append_new(
			lines, json_pack("{s:I, s:o}", "seq", (json_int_t)i,
					 "line", json_string_nocheck(line)));
	}
	hd_call_answer(call, json_pack("{s:o, s:I}", "lines", lines, "after",
				       (json_int_t)(tail->next - 1)));
}

static void end_wait(struct hd_tail *tail, struct hd_waiter *w)
{
	TAILQ_REMOVE(&tail->waiters, w, link);
	if (--tail->waiting == 0)
		uv_timer_stop(tail->timer);
	answer(tail, w->call, w->after);
	free(w);
}

static void on_timer(uv_timer_t *timer)
{
	struct hd_tail *tail = timer->data;
	struct hd_waiter *w, *next;
	int64_t now = hd_now_ms();

	for (w = TAILQ_FIRST(&tail->waiters); w; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->due_ms <= now)
			end_wait(tail, w);
	}
}

void hd_tail_fini(struct hd_tail *tail)
{
	struct hd_waiter *w;

	while ((w = TAILQ_FIRST(&tail->waiters)))
		end_wait(tail, w);
	uv_close((uv_handle_t *)tail->timer, free_closed);
	for (size_t i = 0; i < HD_TAIL_LINES; i++)
		free(tail->lines[i]);
}

void hd_tail_add(struct hd_tail *tail, const char *line)
{
	char **slot = &tail->lines[tail->next % HD_TAIL_LINES];
	struct hd_waiter *w;

	free(*slot);
	*slot = hd_strdup(line);
	tail->next++;
	if (tail->next - tail->first > HD_TAIL_LINES)
		tail->first = tail->next - HD_TAIL_LINES;
	while ((w = TAILQ_FIRST(&tail->waiters)))
		end_wait(tail, w);
}

void hd_tail_left(struct hd_tail *tail, struct hd_call *call)
{
	struct hd_waiter *w;

	TAILQ_FOREACH(w, &tail->waiters, link)
	if (w->call == call) {
		end_wait(tail, w);
		return;
	}
}

static void wait_for_more(struct hd_tail *tail, struct hd_call *call,
			  int64_t after, int64_t wait_ms)
{
	struct hd_waiter *w = hd_alloc(sizeof(*w));

	w->call = call;
	w->after = after;
	w->due_ms = hd_now_ms() + wait_ms;
	TAILQ_INSERT_TAIL(&tail->waiters, w, link);
	if (tail->waiting++ == 0)
		uv_timer_start(tail->timer, on_timer, LOOK_MS, LOOK_MS);
}

void hd_api_tail(struct hd_call *call)
{
	struct hd_tail *tail = &call->control->tail;
	int64_t after = -1, wait_ms = 0, last = 0;

	if (hd_call_number(call, "after", 0, INT64_MAX - 1, &after) < 0 ||
	    hd_call_number(call, "wait_ms", 0, WAIT_MAX_MS, &wait_ms) < 0 ||
	    hd_call_number(call, "last", 0, HD_TAIL_LINES, &last) < 0)
		return;
	if (after < 0) /* begins to watch: what was before is not asked for */
		after = tail->next - 1 - last;
	/* A clock that was set back between two processes. */
	if (after >= tail->next)
		after = tail->first - 1;
	if (after < tail->next - 1 || wait_ms == 0 ||
	    tail->waiting >= WAITERS_MAX)
		answer(tail, call, after);
	else
		wait_for_more(tail, call, after, wait_ms);
}
