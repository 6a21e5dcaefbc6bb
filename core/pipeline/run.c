/* An alert's way through its pipeline. */
#include "core/pipeline/engine_impl.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/pipeline/poison.h"
#include "core/plugin/inflight.h"

#define REFILL_ROWS 64 /* read from the backlog at once */

static bool comes_from(const struct hd_pipeline *p, const char *connector)
{
	if (!p->from)
		return true;
	for (size_t i = 0; p->from[i]; i++)
		if (strcmp(p->from[i], connector) == 0)
			return true;
	return false;
}

static bool matches(struct hd_alert *alert, const struct hd_pipeline *p)
{
	struct hd_expr_scope scope;
	struct hd_reason why;
	enum hd_truth truth;

	if (!comes_from(p, alert->connector))
		return false;
	if (!p->cond)
		return true;
	hd_alert_scope(alert, &scope);
	truth = hd_expr_holds(p->cond, &scope, &why);
	if (truth == HD_ERROR) {
		alert->pipeline = p; /* for the alarm's words */
		hd_alert_alarm(alert, "if of the pipeline", why.text);
	}
	return truth == HD_HOLDS;
}

/* The first that matches; `default` is the last and takes all. */
static void choose_pipeline(struct hd_alert *alert)
{
	const struct hd_program *program = alert->program;
	size_t i = 0;

	while (i + 1 < program->count &&
	       !matches(alert, &program->pipelines[i]))
		i++;
	alert->pipeline = &program->pipelines[i];
}

/* Does the step run, and how sure is its condition?  One that only acts on
 * certainty is told of the rest and decides itself. */
static bool step_applies(struct hd_alert *alert, const struct hd_step *step,
			 enum hd_truth *holds)
{
	struct hd_expr_scope scope;
	struct hd_reason why;

	*holds = HD_HOLDS;
	if (!step->cond)
		return true;
	hd_alert_scope(alert, &scope);
	*holds = hd_expr_holds(step->cond, &scope, &why);
	return *holds != HD_NOT_MET && *holds != HD_ABSENT;
}

static void step_ended(struct hd_alert *alert)
{
	const struct hd_step *step = &alert->pipeline->steps[alert->step];

	hd_metric_observe(hd_step_seconds(step->type),
			  (double)(hd_now_us() - alert->step_us) / 1e6);
}

static enum hd_step_result run_step(struct hd_alert *alert)
{
	const struct hd_step *step = &alert->pipeline->steps[alert->step];
	enum hd_step_result result;
	enum hd_truth holds;

	if (!step_applies(alert, step, &holds))
		return HD_STEP_NEXT;
	alert->step_us = hd_now_us();
	result = step->type->run(alert, step->data, holds);
	if (result != HD_STEP_WAIT)
		step_ended(alert);
	return result;
}

/* False if one waits. */
static bool run_steps(struct hd_alert *alert)
{
	const struct hd_pipeline *p = alert->pipeline;
	enum hd_step_result result = HD_STEP_NEXT;

	while (result == HD_STEP_NEXT && alert->step < p->count) {
		result = run_step(alert);
		if (result == HD_STEP_NEXT)
			alert->step++;
	}
	return result != HD_STEP_WAIT;
}

void hd_run_start(struct hd_alert *alert)
{
	hd_inflight_enter(alert->mark);
	if (!alert->pipeline)
		choose_pipeline(alert);
	if (run_steps(alert))
		hd_decide(alert);
	hd_inflight_leave(alert->mark);
}

void hd_run_at_once(struct hd_alert *alert, struct hd_txn *txn)
{
	alert->unstored = true;
	choose_pipeline(alert);
	if (!alert->pipeline->alone)
		return;
	run_steps(alert);
	hd_decide_in(alert, txn);
	alert->decided = true;
}

void hd_run_stored(struct hd_alert *alert)
{
	hd_alert_stored(alert);
	if (alert->decided) {
		hd_decided(alert);
	} else if (alert->engine->stopping) {
		alert->engine->more = true;
		hd_alert_free(alert);
	} else {
		hd_run_start(alert);
	}
}

/* What a connector that is being stopped did not answer is not missing: the
 * next start asks again, and nothing is committed behind the engine's end. */
void hd_run_continue(struct hd_alert *alert)
{
	if (alert->engine->stopping)
		return;
	hd_inflight_enter(alert->mark);
	step_ended(alert);
	alert->step++;
	if (run_steps(alert))
		hd_decide(alert);
	hd_inflight_leave(alert->mark);
}

/* ---- the backlog ---- */

struct refill {
	struct hd_engine *engine;
	char ids[REFILL_ROWS][HD_ID_TEXT];
	char *connectors[REFILL_ROWS];
	int64_t received_ms[REFILL_ROWS];
	int severity[REFILL_ROWS];
	int count, seen;
};

static bool note_row(void *ud, const struct hd_alert_row *row)
{
	struct refill *r = ud;
	struct hd_engine *engine = r->engine;

	r->seen++;
	engine->at_severity = row->severity;
	engine->at_num = row->num;
	if (hd_dict_get(&engine->running, row->id) ||
	    hd_dict_get(&engine->broken, row->id) ||
	    hd_poison_holds(engine->poison, row->id))
		return true;
	memcpy(r->ids[r->count], row->id, HD_ID_TEXT);
	r->connectors[r->count] = hd_strdup(row->connector);
	r->received_ms[r->count] = row->received_ms;
	r->severity[r->count] = row->severity;
	r->count++;
	return true;
}

/* The record as it was received: the run begins anew. */
static json_t *read_record(struct hd_engine *engine, const char *id)
{
	struct hd_json_report report;
	struct hd_body body;
	struct hd_err err;
	json_t *record;

	if (hd_reader_body(engine->env.reader, id, &body, &err) != HD_FOUND)
		return NULL;
	record = hd_json_read(body.received.p, body.received.n, NULL, &report);
	if (!record)
		hd_error("alert %.8s: its record cannot be read: %s", id,
			 report.why);
	return record;
}

/* What cannot be read cannot run: kept for people, once. */
static void give_up(struct hd_engine *engine, const char *id)
{
	const struct hd_alert_change change = {
		.state = HD_ALERT_DEAD,
		.reason = "its record cannot be read",
	};
	struct hd_txn *txn = hd_txn_new();
	char *text = hd_strf("alert %.8s is dead: its record cannot be read -> "
			     "heraldctl show %.8s",
			     id, id);

	hd_dict_put(&engine->broken, id, engine);
	hd_txn_alert_update(txn, id, &change);
	hd_txn_entry(txn, id, "dead",
		     "{\"why\":\"its record cannot be read\"}");
	hd_journal_commit(engine->env.journal, txn, NULL, NULL);
	hd_engine_alarm(engine, "dead", id, text);
	free(text);
}

static void start_stored(struct hd_engine *engine, const struct refill *r,
			 int i)
{
	json_t *record = read_record(engine, r->ids[i]);

	if (record)
		hd_run_start(hd_alert_new(engine, r->ids[i], r->connectors[i],
					  r->received_ms[i], r->severity[i],
					  record, NULL));
	else
		give_up(engine, r->ids[i]);
}

void hd_run_stored_one(struct hd_engine *engine, const char *id)
{
	struct hd_alert_row row;
	struct refill r;
	struct hd_err err;

	if (hd_reader_alert(engine->env.reader, id, &row, &err) != HD_FOUND)
		return;
	memset(&r, 0, sizeof(r));
	memcpy(r.ids[0], row.id, HD_ID_TEXT);
	r.connectors[0] = hd_strdup(row.connector);
	r.received_ms[0] = row.received_ms;
	r.severity[0] = row.severity;
	start_stored(engine, &r, 0);
	free(r.connectors[0]);
}

static size_t running_max(const struct hd_engine *engine)
{
	return (size_t)engine->program->settings->herald.limits.running;
}

/* Not past those that wait in the journal: they are read by severity and age,
 * and a new one with them. */
bool hd_run_has_place(const struct hd_engine *engine)
{
	return !engine->more && !engine->stopping &&
	       hd_dict_count(&engine->running) < running_max(engine);
}

static int read_backlog(struct hd_engine *engine, struct refill *r)
{
	size_t room = running_max(engine) - hd_dict_count(&engine->running);
	int limit = room < REFILL_ROWS ? (int)room : REFILL_ROWS;
	struct hd_err err;

	memset(r, 0, sizeof(*r));
	r->engine = engine;
	if (hd_reader_backlog(engine->env.reader, engine->at_severity,
			      engine->at_num, limit, note_row, r, &err) == 0)
		return 0;
	hd_error("backlog cannot be read: %s", err.text);
	return -1;
}

/* The end of the list: alerts came meanwhile, so the next way through begins at
 * its head.  A way on which none was begun has seen that all the others run. */
static void rewind_backlog(struct hd_engine *engine)
{
	engine->more = engine->found;
	engine->found = false;
	engine->at_severity = -1;
	engine->at_num = 0;
}

/* Fills the free places from the journal, by severity and age. */
void hd_run_refill(struct hd_engine *engine)
{
	struct refill r;

	while (engine->more && !engine->stopping && !engine->failed &&
	       hd_dict_count(&engine->running) < running_max(engine)) {
		if (read_backlog(engine, &r) < 0)
			return;
		if (r.seen == 0)
			rewind_backlog(engine);
		for (int i = 0; i < r.count; i++) {
			engine->found = true;
			start_stored(engine, &r, i);
			free(r.connectors[i]);
		}
	}
}

json_t *hd_engine_record(struct hd_engine *engine, const char *id)
{
	struct hd_alert *alert = hd_dict_get(&engine->running, id);
	struct hd_body body;
	struct hd_err err;

	if (alert && alert->record)
		return json_incref(alert->record);
	if (alert)
		return hd_json_read(alert->text, strlen(alert->text), NULL,
				    NULL);
	if (hd_reader_body(engine->env.reader, id, &body, &err) != HD_FOUND)
		return NULL;
	return hd_json_read(body.record.p, body.record.n, NULL, NULL);
}
