/* The decision of an alert, and its end. */
#include "core/pipeline/engine_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/crash.h"
#include "core/base/err.h"
#include "core/base/json_line.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/conf/load.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/pipeline/poison.h"
#include "core/record/record.h"

#define TEXT_MAX (16u << 20)
#define FULL_PAUSE_MS 1000

/* ---- the one log line ---- */

/* took_ms < 0: it began in a former life. */
static void count_alert(const char *pipeline, enum hd_alert_state state,
			int64_t took_ms)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 2048);
	hd_metric_label(&labels, "pipeline", pipeline);
	if (took_ms >= 0)
		hd_metric_observe(hd_metric_get(HD_HISTOGRAM,
						"herald_alert_seconds",
						hd_buf_text(&labels),
						"How long alerts take, from "
						"their first step to their "
						"end."),
				  (double)took_ms / 1000);
	hd_metric_label(&labels, "state", hd_alert_state_name(state));
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_alerts_total",
				    hd_buf_text(&labels),
				    "Alerts by the state they ended in."),
		      1);
	hd_buf_fini(&labels);
}

static void add_case_number(const struct hd_case *c, struct hd_buf *line)
{
	for (size_t i = 0; c && i < c->count; i++) {
		const char *text = c->rows[i]->ticket;
		json_t *ticket = NULL;
		const char *uid;

		if (text[0])
			ticket = hd_json_read(text, strlen(text), NULL, NULL);
		uid = json_string_value(json_object_get(ticket, "uid"));
		if (uid)
			hd_buf_addf(line, " case=%s", uid);
		json_decref(ticket);
	}
}

static void log_end(struct hd_engine *engine, const char *id,
		    const char *pipeline, enum hd_alert_state state,
		    const char *score, const struct hd_case *c,
		    const char *reason, int64_t began_ms)
{
	int64_t took = began_ms != 0 ? hd_now_ms() - began_ms : -1;
	struct hd_buf line;

	hd_buf_init(&line, 2048);
	hd_buf_addf(&line, "alert=%.8s pipeline=%s state=%s", id, pipeline,
		    hd_alert_state_name(state));
	if (score && score[0])
		hd_buf_addf(&line, " %s", score);
	add_case_number(c, &line);
	if (took >= 0)
		hd_buf_addf(&line, " took=%lld.%03llds",
			    (long long)(took / 1000), (long long)(took % 1000));
	if (reason && reason[0])
		hd_buf_addf(&line, " reason=\"%s\"", reason);
	hd_info("%s", hd_buf_text(&line));
	engine->env.line(engine->env.ud, hd_buf_text(&line));
	hd_buf_fini(&line);
	count_alert(pipeline, state, took);
}

static void alarm_dead(struct hd_engine *engine, const char *id)
{
	char *text = hd_strf("alert %.8s is dead: an action of it failed -> "
			     "heraldctl explain %.8s, heraldctl retry %.8s",
			     id, id, id);

	hd_engine_alarm(engine, "dead", id, text);
	free(text);
}

/* Nothing failed to be done: nothing could be decided. */
static void alarm_undecided(struct hd_engine *engine, const char *id)
{
	char *text = hd_strf("alert %.8s is dead: conditions of its pipeline "
			     "failed, so it came to no action -> heraldctl "
			     "explain %.8s",
			     id, id);

	hd_engine_alarm(engine, "dead", id, text);
	free(text);
}

/* The journal will not have it: it is left as it is. */
static void alarm_unstored(struct hd_alert *a, const struct hd_err *why)
{
	char *text = hd_strf("the decision on alert %.8s cannot be stored: %s "
			     "-> heraldctl show %.8s",
			     a->id, why->text, a->id);

	hd_dict_put(&a->engine->broken, a->id, a->engine);
	hd_engine_alarm(a->engine, "store", a->id, text);
	free(text);
}

/* ---- what the journal gets ---- */

static char *score_text(const struct hd_alert *a)
{
	const struct hd_interval *i = &a->ledger.interval;
	char *text;

	if (!a->ledger.scored)
		return hd_strdup("");
	text = hd_strf("score=%d level=%s", i->known,
		       hd_risk_level_name(
			       hd_risk_level(&a->program->levels, i->known)));
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (i->low != i->high) {
		char *wide = hd_strf("%s range=%d..%d", text, i->low, i->high);

		free(text);
		text = wide;
	}
	return text;
}

static char *json_text(const json_t *value)
{
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_json_write(&text, value, 0);
	return hd_buf_steal(&text);
}

static char *text_take(json_t *value)
{
	char *text = json_text(value);

	json_decref(value);
	return text;
}

static void add_notes(const struct hd_alert *a, struct hd_txn *txn)
{
	json_t *note;
	size_t i;

	json_array_foreach(a->notes, i, note) {
		char *text = json_text(json_array_get(note, 1));

		hd_txn_entry(txn, a->id,
			     json_string_value(json_array_get(note, 0)), text);
		free(text);
	}
}

static void add_decision_entry(const struct hd_alert *a,
			       enum hd_alert_state state, struct hd_txn *txn)
{
	const struct hd_interval *r = &a->ledger.interval;
	struct hd_buf line;

	hd_buf_init(&line, TEXT_MAX);
	hd_json_line_begin(&line);
	hd_json_line_text(&line, "pipeline", a->pipeline->name);
	hd_json_line_text(&line, "configuration", hd_conf_id(a->program->conf));
	hd_json_line_text(&line, "state", hd_alert_state_name(state));
	if (a->ledger.scored) {
		hd_json_line_open(&line, "score");
		hd_json_line_int(&line, "known", r->known);
		hd_json_line_int(&line, "low", r->low);
		hd_json_line_int(&line, "high", r->high);
		hd_json_line_end(&line);
	}
	if (a->reason)
		hd_json_line_text(&line, "reason", a->reason);
	if (a->leader[0])
		hd_json_line_text(&line, "leader", a->leader);
	if (a->rows)
		hd_json_line_int(&line, "actions", (int64_t)a->rows->count);
	hd_json_line_end(&line);
	hd_txn_entry(txn, a->id, "decided", hd_buf_text(&line));
	hd_buf_fini(&line);
}

struct texts {
	char *answers, *ledger;
};

static void add_alert(struct hd_alert *a, enum hd_alert_state state,
		      const struct texts *t, struct hd_txn *txn)
{
	const struct hd_interval *r = &a->ledger.interval;
	const struct hd_score score = { r->low, r->high };
	struct hd_alert_change change = { 0 };

	change.if_state = HD_ALERT_RECEIVED;
	change.state = state;
	change.pipeline = a->pipeline->name;
	change.config = hd_conf_id(a->program->conf);
	change.reason = a->reason;
	change.leader = a->leader[0] ? a->leader : NULL;
	if (a->changed)
		change.record = (struct hd_bytes){ a->text, strlen(a->text) };
	if (json_object_size(a->asked.enrich) != 0)
		change.answers = (struct hd_bytes){ t->answers,
						    strlen(t->answers) };
	if (a->ledger.scored) {
		change.ledger = (struct hd_bytes){ t->ledger,
						   strlen(t->ledger) };
		change.score = &score;
		change.level = hd_risk_level_name(
			hd_risk_level(&a->program->levels, r->known));
	}
	hd_txn_alert_update(txn, a->id, &change);
}

static void add_window(struct hd_alert *a, struct hd_txn *txn)
{
	struct hd_window *win;

	if (!a->claim)
		return;
	win = hd_windows_find(&a->engine->windows, a->pipeline->name, a->claim);
	if (win)
		hd_windows_store(win, txn);
}

/* A merge is also told on the leader's timeline. */
static void add_repeat(struct hd_alert *a, struct hd_txn *txn)
{
	json_t *entry;
	char *text;

	if (a->end != HD_ALERT_MERGED)
		return;
	entry = json_pack("{s:s, s:I}", "alert", a->id, "count",
			  (json_int_t)hd_windows_count(&a->engine->windows,
						       a->leader));
	text = json_text(entry);
	hd_txn_entry(txn, a->leader, "repeat", text);
	free(text);
	json_decref(entry);
}

/* ---- the commit ---- */

static enum hd_alert_state state_of(const struct hd_alert *a)
{
	enum hd_alert_state rows;

	if (a->end != HD_ALERT_KEEP && a->end != HD_ALERT_DONE)
		return a->end;
	if (a->rows) {
		rows = hd_case_outcome(a->rows);
		return rows == HD_ALERT_KEEP ? HD_ALERT_WAITING : rows;
	}
	/* Its rules failed and nothing was done: not done, for people. */
	return a->failed_entries != 0 ? HD_ALERT_DEAD : HD_ALERT_DONE;
}

static void commit_decision(struct hd_alert *a);

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_pause(uv_timer_t *timer)
{
	struct hd_alert *a = timer->data;

	uv_close((uv_handle_t *)timer, free_closed);
	commit_decision(a);
}

static void decide_later(struct hd_alert *a)
{
	uv_timer_t *timer = hd_alloc(sizeof(*timer));

	hd_warning("journal full: the decision on alert %.8s waits", a->id);
	uv_timer_init(a->engine->env.loop, timer);
	timer->data = a;
	uv_timer_start(timer, on_pause, FULL_PAUSE_MS, 0);
}

static void hand_over(struct hd_alert *a, enum hd_alert_state state)
{
	struct hd_engine *engine = a->engine;
	struct hd_case *c = a->rows;
	char *score = score_text(a);

	if (state == HD_ALERT_WAITING) {
		c->began_ms = a->began_ms;
		c->score = score;
		c->record = a->text;
		a->text = NULL;
		a->rows = NULL;
		hd_actions_take(engine->actions, c);
		return;
	}
	log_end(engine, a->id, a->pipeline->name, state, score, c, a->reason,
		a->began_ms);
	if (state == HD_ALERT_DEAD && c)
		alarm_dead(engine, a->id);
	else if (state == HD_ALERT_DEAD)
		alarm_undecided(engine, a->id);
	if (state == HD_ALERT_DEAD || state == HD_ALERT_DROPPED)
		hd_windows_leader_failed(&engine->windows, a->id);
	free(score);
}

void hd_decided(struct hd_alert *a)
{
	hd_crash_point("decided");
	hand_over(a, state_of(a));
	hd_alert_free(a);
}

static void on_decided(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_alert *a = ud;
	struct hd_engine *engine = a->engine;

	if (status == HD_TXN_FULL && !engine->stopping) {
		decide_later(a);
		return;
	}
	engine->commits--;
	if (status == HD_TXN_OK) {
		engine->backlog--;
		hd_decided(a);
	} else {
		if (status == HD_TXN_FAILED)
			alarm_unstored(a, hd_txn_error(txn));
		hd_alert_free(a);
	}
	hd_intake_room(engine);
	hd_run_refill(engine);
	hd_engine_report_stopped(engine);
}

static void add_decision(struct hd_alert *a, struct hd_txn *txn)
{
	enum hd_alert_state state = state_of(a);
	struct texts t = { NULL, NULL };

	if (json_object_size(a->asked.enrich) != 0)
		t.answers = text_take(hd_asked_json(&a->asked));
	if (a->ledger.scored)
		t.ledger = text_take(hd_ledger_json(&a->ledger));
	add_notes(a, txn);
	add_decision_entry(a, state, txn);
	add_alert(a, state, &t, txn);
	add_window(a, txn);
	add_repeat(a, txn);
	for (size_t i = 0; a->rows && i < a->rows->count; i++)
		hd_row_insert(a->rows->rows[i], txn);
	free(t.answers);
	free(t.ledger);
	hd_crash_point("before_decided");
}

static void commit_decision(struct hd_alert *a)
{
	struct hd_txn *txn = hd_txn_new();

	add_decision(a, txn);
	hd_journal_commit(a->engine->env.journal, txn, on_decided, a);
}

/* What intake set becomes later; what the sender said stays. */
static void set_processed(const struct hd_alert *a)
{
	json_t *metadata = json_object_get(a->record, "metadata");
	const json_t *time = json_object_get(metadata, "processed_time");

	if (!time || json_integer_value(time) == a->received_ms)
		json_object_set_new(metadata, "processed_time",
				    json_integer(hd_utc_ms()));
}

/* From here on the record is its text: the tree goes while it is still in the
 * processor's cache, and an alert that waits for its commit is small. */
static void finish_record(struct hd_alert *a)
{
	int64_t count = hd_windows_count(&a->engine->windows, a->id);

	if (count > 1) {
		hd_alert_change(a);
		json_object_set_new(a->record, "count", json_integer(count));
	}
	if (a->changed) {
		set_processed(a);
		a->text = json_text(a->record);
	}
	json_decref(a->record);
	a->record = NULL;
}

void hd_decide(struct hd_alert *a)
{
	finish_record(a);
	a->engine->commits++;
	commit_decision(a);
}

void hd_decide_in(struct hd_alert *a, struct hd_txn *txn)
{
	finish_record(a);
	add_decision(a, txn);
}

void hd_told_dead(struct hd_engine *engine, const char *id, const char *reason)
{
	log_end(engine, id, "-", HD_ALERT_DEAD, NULL, NULL, reason, 0);
}

/* ---- alerts whose last action ended (core/action) ---- */

void hd_finishing(void *ud, struct hd_case *c, enum hd_alert_state state,
		  struct hd_txn *txn)
{
	struct hd_engine *engine = ud;
	struct hd_buf line;

	hd_buf_init(&line, TEXT_MAX);
	hd_json_line_begin(&line);
	hd_json_line_text(&line, "state", hd_alert_state_name(state));
	hd_json_line_end(&line);
	hd_txn_entry(txn, c->alert, "ended", hd_buf_text(&line));
	hd_buf_fini(&line);
	hd_poison_ending(engine->poison, c->alert, state, txn);
}

void hd_finished(void *ud, struct hd_case *c, enum hd_alert_state state)
{
	struct hd_engine *engine = ud;
	char *score = NULL;
	struct hd_alert_row row;
	struct hd_err err;

	if (!c->score &&
	    hd_reader_alert(engine->env.reader, c->alert, &row, &err) ==
		    HD_FOUND &&
	    row.level[0])
		score = hd_strf("score=%lld", (long long)row.score_low);
	log_end(engine, c->alert, c->pipeline, state,
		c->score ? c->score : score, c, NULL, c->began_ms);
	free(score);
	if (state == HD_ALERT_DEAD) {
		alarm_dead(engine, c->alert);
		hd_windows_leader_failed(&engine->windows, c->alert);
	}
	hd_engine_report_stopped(engine);
}
