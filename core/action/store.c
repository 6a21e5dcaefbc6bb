/* Commits of rows.
 *
 * One commit holds all rows of a case that changed and are in no other commit,
 * and the alert's end if nothing is open any more.  Until it is durable none of
 * its rows moves, and nothing that depends on it happens. */
#include "core/action/action_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/guard.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/crash.h"
#include "core/base/err.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/journal/journal.h"

#define FULL_PAUSE_MS 1000 /* before storing again on a full disk */
#define ENTRY_MAX (1 << 20)

struct hd_storing {
	struct hd_actions *actions;
	struct hd_row *row;
	hd_step_fn next;
	struct hd_word *word; /* a person's; NULL: none */
	bool end;	      /* the alert's end is in it */
};

/* ---- the timeline, the metric ---- */

static void count_end(const struct hd_row *r)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 1024);
	hd_metric_label(&labels, "connector", r->connector);
	hd_metric_label(&labels, "action", r->action);
	hd_metric_label(&labels, "state", hd_action_state_name(r->state));
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_actions_total",
				    hd_buf_text(&labels),
				    "Actions by the state they came to."),
		      1);
	hd_buf_fini(&labels);
}

static void add_entry(struct hd_txn *txn, const struct hd_row *r)
{
	struct hd_buf line;

	hd_buf_init(&line, ENTRY_MAX);
	hd_json_line_begin(&line);
	hd_json_line_text(&line, "name", r->name);
	hd_json_line_text(&line, "do", r->connector);
	hd_json_line_text(&line, "action", r->action);
	hd_json_line_text(&line, "state", hd_action_state_name(r->state));
	hd_json_line_int(&line, "try", r->tries);
	hd_json_line_text(&line, "message", r->message);
	hd_json_line_end(&line);
	hd_txn_entry(txn, r->owner->alert, "action", hd_buf_text(&line));
	hd_buf_fini(&line);
}

/* ---- crash points: before_NAME and after_NAME of each commit ---- */

#ifdef HD_DEBUG /* in release builds there are no such points */
static const char *crash_name(const struct hd_row *r)
{
	switch (r->state) {
	case HD_ACTION_DECIDED:
		return "retry";
	case HD_ACTION_STARTED:
		if (!r->fresh)
			return "unclear";
		return hd_row_is_planned(r) ? "planned" : "started";
	case HD_ACTION_PENDING:
		return "pending";
	case HD_ACTION_IN_DOUBT:
		return "in_doubt";
	case HD_ACTION_SKIPPED:
		return "skipped";
	case HD_ACTION_REFUSED:
		return "refused";
	default:
		return "outcome";
	}
}

static void crash_here(const char *when, const struct hd_row *r)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", when, crash_name(r));
	hd_crash_point(name);
}
#else
#define crash_here(when, row) ((void)0)
#endif

/* ---- the commit ---- */

static void store_now(struct hd_storing *s);

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_pause(uv_timer_t *timer)
{
	struct hd_storing *s = timer->data;

	uv_close((uv_handle_t *)timer, free_closed);
	s->row->owner->unstored--;
	store_now(s);
}

static void store_later(struct hd_storing *s)
{
	struct hd_case *c = s->row->owner;
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	hd_warning("journal full: what action %.8s did waits to be stored",
		   s->row->id);
	c->ending = c->ending && !s->end;
	s->end = false;
	c->unstored++;
	uv_timer_init(s->actions->env.loop, timer);
	timer->data = s;
	uv_timer_start(timer, on_pause, FULL_PAUSE_MS, 0);
}

static void tell_person(struct hd_word *word, const struct hd_err *err)
{
	if (!word)
		return;
	word->fn(word->ud, err);
	free(word->kind);
	free(word->json);
	free(word);
}

static void release_rows(const struct hd_storing *s, bool stored)
{
	struct hd_case *c = s->row->owner;

	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = c->rows[i];

		if (r->storing != s)
			continue;
		r->storing = NULL;
		r->busy = false;
		if (!stored)
			continue;
		r->added = false;
		r->charged_ms = 0;
		if (hd_row_is_final(r))
			count_end(r);
	}
}

/* Not stored.  If it was the store, it is dead, and so is the daemon soon: what
 * depends on it must never happen, so the rows stay busy.  If it was this
 * commit alone, what the case holds is not true: it is read again later. */
static void not_stored(struct hd_storing *s, const struct hd_err *err)
{
	struct hd_actions *a = s->actions;
	struct hd_case *c = s->row->owner;

	hd_log(HD_LOG_ERROR, &(struct hd_log_context){ NULL, c->alert },
	       "action %.8s (%s): not stored: %s", s->row->id, s->row->name,
	       err->text);
	tell_person(s->word, err);
	if (!hd_journal_failed(a->env.journal, NULL)) {
		c->lost = true;
		c->pins--;
		release_rows(s, false);
		hd_actions_settle(a, c);
	}
	free(s);
	hd_actions_report_stopped(a);
}

static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	static const struct hd_err no_room = { .text = "the disk is full" };
	struct hd_storing *s = ud;
	struct hd_actions *a = s->actions;
	struct hd_row *r = s->row;
	hd_step_fn next = s->next;

	if (status == HD_TXN_FULL && !a->stopping) {
		store_later(s);
		return;
	}
	a->commits--;
	if (status != HD_TXN_OK) {
		not_stored(s, status == HD_TXN_FULL ? &no_room
						    : hd_txn_error(txn));
		return;
	}
	r->owner->pins--;
	release_rows(s, true);
	crash_here("after", r);
	tell_person(s->word, NULL);
	free(s);
	if (next)
		next(a, r);
	else
		hd_actions_settle(a, r->owner);
	hd_actions_report_stopped(a);
}

static void add_rows(struct hd_storing *s, struct hd_txn *txn)
{
	struct hd_case *c = s->row->owner;

	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = c->rows[i];

		if (r->storing != s)
			continue;
		if (r->added)
			hd_row_insert(r, txn);
		else
			hd_row_update(r, txn);
		hd_guard_charge(s->actions->env.guards, r, txn);
		add_entry(txn, r);
	}
}

/* The alert's state, if it follows from this commit: its end with the last row,
 * waiting again when a person opened one. */
static void add_state(struct hd_storing *s, struct hd_txn *txn)
{
	struct hd_actions *a = s->actions;
	struct hd_case *c = s->row->owner;
	enum hd_alert_state state = hd_case_outcome(c);
	struct hd_alert_change change = { 0 };

	if (state != HD_ALERT_KEEP && c->unstored == 0 && !c->ending) {
		change.state = state;
		hd_txn_alert_update(txn, c->alert, &change);
		a->env.finishing(a->env.ud, c, state, txn);
		c->ending = s->end = true;
	} else if (state == HD_ALERT_KEEP && s->word) {
		change.state = HD_ALERT_WAITING;
		change.reason = "";
		hd_txn_alert_update(txn, c->alert, &change);
	}
}

static void store_now(struct hd_storing *s)
{
	struct hd_txn *txn = hd_txn_new();

	add_rows(s, txn);
	if (s->word)
		hd_txn_entry(txn, s->row->owner->alert, s->word->kind,
			     s->word->json);
	add_state(s, txn);
	crash_here("before", s->row);
	hd_journal_commit(s->actions->env.journal, txn, on_stored, s);
}

static void store(struct hd_actions *a, struct hd_row *r, hd_step_fn next,
		  struct hd_word *word)
{
	struct hd_case *c = r->owner;
	struct hd_storing *s = hd_alloc(sizeof(*s));

	r->changed = true;
	hd_turn_resolve(a, c);
	s->actions = a;
	s->row = r;
	s->next = next;
	s->word = word;
	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *one = c->rows[i];

		if (!one->changed || one->storing)
			continue;
		one->changed = false;
		one->storing = s;
		one->busy = true;
	}
	c->pins++;
	a->commits++;
	store_now(s);
}

void hd_action_store(struct hd_actions *a, struct hd_row *r, hd_step_fn next)
{
	store(a, r, next, NULL);
}

void hd_action_store_word(struct hd_actions *a, struct hd_row *r,
			  struct hd_word *word)
{
	store(a, r, NULL, word);
}
