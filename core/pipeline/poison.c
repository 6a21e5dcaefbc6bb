#include "core/pipeline/poison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/pipeline/engine_impl.h"
#include "core/plugin/inflight.h"

#define LINE_MAX_BYTES 4096

struct hd_poison {
	struct hd_engine *engine;
	struct hd_dict held;   /* id -> itself, on the heap */
	struct hd_dict buried; /* id -> why, on the heap */
	char turn[HD_ID_TEXT]; /* the one that runs; "": none */
	unsigned noting;       /* entries "crash" that are not stored yet */
	bool started;
	uv_timer_t *timer;
};

static void next_turn(struct hd_poison *p);

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

struct hd_poison *hd_poison_new(struct hd_engine *engine)
{
	struct hd_poison *p = hd_alloc(sizeof(*p));

	p->engine = engine;
	hd_dict_init(&p->held);
	hd_dict_init(&p->buried);
	p->timer = hd_alloc(sizeof(*p->timer));
	uv_timer_init(engine->env.loop, p->timer);
	p->timer->data = p;
	return p;
}

static void free_texts(struct hd_dict *dict)
{
	size_t at = 0;
	char *text;

	while ((text = hd_dict_next(dict, &at, NULL)))
		free(text);
	hd_dict_fini(dict);
}

void hd_poison_free(struct hd_poison *p)
{
	free_texts(&p->held);
	free_texts(&p->buried);
	uv_close((uv_handle_t *)p->timer, free_closed);
	free(p);
}

/* ---- words ---- */

/* "in lookup() of connector misp". */
static void add_place(struct hd_buf *out, const struct hd_suspect *s)
{
	if (s->connector[0])
		hd_buf_addf(out, "in %s() of connector %s", s->call,
			    s->connector);
	else
		hd_buf_adds(out, "in its own code");
}

static void add_entry(struct hd_txn *txn, const struct hd_suspect *s,
		      const char *kind)
{
	struct hd_buf line;

	hd_buf_init(&line, LINE_MAX_BYTES);
	hd_json_line_begin(&line);
	hd_json_line_text(&line, "connector", s->connector);
	hd_json_line_text(&line, "call", s->call);
	hd_json_line_int(&line, "crashes", (int64_t)s->crashes);
	hd_json_line_end(&line);
	hd_txn_entry(txn, s->alert, kind, hd_buf_text(&line));
	hd_buf_fini(&line);
}

static char *reason_of(const struct hd_suspect *s)
{
	struct hd_buf text;

	hd_buf_init(&text, LINE_MAX_BYTES);
	hd_buf_addf(&text, "poison: herald died %u times ", s->crashes);
	add_place(&text, s);
	return hd_buf_steal(&text);
}

static void count(const struct hd_suspect *s)
{
	struct hd_buf labels;

	hd_buf_init(&labels, LINE_MAX_BYTES);
	hd_metric_label(&labels, "connector", s->connector);
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_poison_total",
				    hd_buf_text(&labels),
				    "Alerts given up, as herald died over them "
				    "again and again."),
		      1);
	hd_buf_fini(&labels);
}

/* ---- given up ---- */

struct burial {
	struct hd_engine *engine;
	char id[HD_ID_TEXT];
	char *reason;
};

static void on_buried(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct burial *b = ud;
	struct hd_engine *engine = b->engine;
	char *text;

	engine->commits--;
	if (status == HD_TXN_OK) {
		engine->backlog--;
		hd_told_dead(engine, b->id, b->reason);
		text = hd_strf("alert %.8s is dead: %s -> heraldctl explain "
			       "%.8s, heraldctl retry %.8s",
			       b->id, b->reason, b->id, b->id);
		hd_engine_alarm(engine, "dead", b->id, text);
		free(text);
		hd_inflight_absolve(b->id);
		hd_intake_room(engine);
	} else {
		/* It stays a suspect, and held back: the next start tries. */
		hd_error("alert %.8s: %s: that cannot be stored: %s", b->id,
			 b->reason,
			 status == HD_TXN_FULL ? "no room"
					       : hd_txn_error(txn)->text);
	}
	free(b->reason);
	free(b);
	hd_engine_report_stopped(engine);
}

/* Nothing of it was decided. */
static void bury(struct hd_poison *p, const struct hd_suspect *s)
{
	struct hd_engine *engine = p->engine;
	struct burial *b = hd_alloc(sizeof(*b));
	struct hd_alert_change change = { .if_state = HD_ALERT_RECEIVED,
					  .state = HD_ALERT_DEAD };
	struct hd_txn *txn = hd_txn_new();

	b->engine = engine;
	snprintf(b->id, sizeof(b->id), "%s", s->alert);
	b->reason = reason_of(s);
	change.reason = b->reason;
	hd_txn_alert_update(txn, s->alert, &change);
	add_entry(txn, s, "poison");
	hd_dict_put(&engine->broken, s->alert, engine);
	engine->commits++;
	hd_journal_commit(engine->env.journal, txn, on_buried, b);
	count(s);
}

/* Its rows that would be called again end; what cannot be known is said. */
static void bury_rows(struct hd_poison *p, const struct hd_suspect *s)
{
	struct hd_txn *txn = hd_txn_new();
	char *reason = reason_of(s);

	add_entry(txn, s, "poison");
	hd_journal_commit(p->engine->env.journal, txn, NULL, NULL);
	hd_error("alert %.8s: %s: its open actions there are given up -> "
		 "heraldctl explain %.8s",
		 s->alert, reason, s->alert);
	count(s);
	free(hd_dict_put(&p->buried, s->alert, reason));
	hd_actions_give_up(p->engine->actions, s->alert, s->connector, reason);
	hd_inflight_absolve(s->alert);
}

void hd_poison_ending(struct hd_poison *p, const char *id,
		      enum hd_alert_state state, struct hd_txn *txn)
{
	char *reason = hd_dict_del(&p->buried, id);

	if (reason && state == HD_ALERT_DEAD) {
		const struct hd_alert_change change = { .reason = reason };

		hd_txn_alert_update(txn, id, &change);
	}
	free(reason);
}

/* ---- at the start ---- */

/* False: it is no suspect any more. */
static bool is_open(struct hd_poison *p, const char *id,
		    enum hd_alert_state *state, struct hd_err *err)
{
	struct hd_alert_row row;

	if (hd_reader_alert(p->engine->env.reader, id, &row, err) != HD_FOUND)
		return false;
	*state = row.state;
	return row.state == HD_ALERT_RECEIVED || row.state == HD_ALERT_WAITING;
}

static void on_noted(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_poison *p = ud;
	struct hd_engine *engine = p->engine;

	engine->commits--;
	p->noting--;
	if (status != HD_TXN_OK)
		hd_error("a crash cannot be noted with its alert: %s",
			 status == HD_TXN_FULL ? "no room"
					       : hd_txn_error(txn)->text);
	next_turn(p);
	hd_engine_report_stopped(engine);
}

static void note_crash(struct hd_poison *p, const struct hd_suspect *s)
{
	struct hd_txn *txn = hd_txn_new();
	struct hd_buf place;

	add_entry(txn, s, "crash");
	p->engine->commits++;
	p->noting++;
	hd_journal_commit(p->engine->env.journal, txn, on_noted, p);
	hd_buf_init(&place, LINE_MAX_BYTES);
	add_place(&place, s);
	hd_log(HD_LOG_WARNING,
	       &(struct hd_log_context){ s->connector, s->alert },
	       "herald died %s, crash %u of %d that this alert is given",
	       hd_buf_text(&place), s->crashes, HD_INFLIGHT_CRASHES);
	hd_buf_fini(&place);
}

static void judge(struct hd_poison *p, const struct hd_suspect *s)
{
	enum hd_alert_state state = HD_ALERT_KEEP;
	struct hd_err err;

	if (!is_open(p, s->alert, &state, &err)) {
		hd_inflight_absolve(s->alert);
		return;
	}
	if (s->fresh)
		note_crash(p, s);
	if (s->crashes >= HD_INFLIGHT_CRASHES && state == HD_ALERT_RECEIVED)
		bury(p, s);
	else
		free(hd_dict_put(&p->held, s->alert, hd_strdup(s->alert)));
}

void hd_poison_recover(struct hd_poison *p)
{
	struct hd_suspect s;
	size_t at = 0;

	while (hd_inflight_suspect(&at, &s))
		judge(p, &s);
	if (hd_dict_count(&p->held) != 0)
		hd_notice("%zu alerts were under way when herald died: they "
			  "run one at a time",
			  hd_dict_count(&p->held));
}

/* ---- one at a time ---- */

static bool is_in_memory(const struct hd_engine *engine, const char *id)
{
	return hd_dict_get(&engine->running, id) ||
	       hd_actions_has(engine->actions, id);
}

static void begin(struct hd_poison *p, const char *id)
{
	enum hd_alert_state state;
	struct hd_err err;

	if (!is_open(p, id, &state, &err))
		return;
	if (state == HD_ALERT_RECEIVED)
		hd_run_stored_one(p->engine, id);
	else
		hd_actions_resume(p->engine->actions, id);
}

static void on_turn(uv_timer_t *timer)
{
	struct hd_poison *p = timer->data;
	char id[HD_ID_TEXT];
	const char *key;
	size_t at = 0;

	if (p->engine->stopping || p->turn[0] ||
	    !hd_dict_next(&p->held, &at, &key))
		return;
	snprintf(id, sizeof(id), "%s", key);
	memcpy(p->turn, id, sizeof(id));
	begin(p, id);
	hd_poison_left(p, id);
}

/* Not before the last crash is stored: the next one would take it along. */
static void next_turn(struct hd_poison *p)
{
	if (p->started && p->noting == 0)
		uv_timer_start(p->timer, on_turn, 0, 0);
}

void hd_poison_start(struct hd_poison *p)
{
	struct hd_suspect s;
	size_t at = 0;
	char *id;

	while (hd_inflight_suspect(&at, &s)) {
		if (s.crashes < HD_INFLIGHT_CRASHES)
			continue;
		id = hd_dict_del(&p->held, s.alert);
		if (id)
			bury_rows(p, &s);
		free(id);
	}
	p->started = true;
	next_turn(p);
}

bool hd_poison_holds(const struct hd_poison *p, const char *id)
{
	return hd_dict_get(&p->held, id) && strcmp(p->turn, id) != 0;
}

void hd_poison_left(struct hd_poison *p, const char *id)
{
	if (strcmp(p->turn, id) != 0 || p->engine->stopping ||
	    is_in_memory(p->engine, id))
		return;
	free(hd_dict_del(&p->held, id));
	hd_inflight_absolve(id);
	p->turn[0] = '\0';
	next_turn(p);
}
