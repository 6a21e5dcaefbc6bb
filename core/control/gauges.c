#include "core/control/gauges.h"

#include <string.h>

#include <herald/plugin.h>

#include "core/action/guard.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/metric.h"
#include "core/control/control_impl.h"
#include "core/control/gauges_process.h"
#include "core/control/rows_json.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/lookup/lookup.h"
#include "core/pipeline/engine.h"
#include "core/plugin/rations.h"
#include "core/plugin/instance.h"

#define LABELS_MAX 2048

static void gauge(const char *name, const char *help, double value)
{
	hd_metric_set(hd_metric_get(HD_GAUGE, name, "", help), value);
}

/* A counter that somebody else keeps: what was added since the last look. */
static void counter(const char *name, const char *help, int64_t value)
{
	struct hd_metric *m = hd_metric_get(HD_COUNTER, name, "", help);
	double more = (double)value - hd_metric_value(m);

	if (more > 0)
		hd_metric_add(m, more);
}

static void labelled(const char *name, const char *label, const char *value,
		     const char *help, double number)
{
	struct hd_buf labels;

	hd_buf_init(&labels, LABELS_MAX);
	hd_metric_label(&labels, label, value);
	hd_metric_set(hd_metric_get(HD_GAUGE, name, hd_buf_text(&labels), help),
		      number);
	hd_buf_fini(&labels);
}

/* ---- what the journal holds ---- */

static void set_states(const struct hd_journal_stats *j)
{
	char word[HD_STATE_WORD];

	for (int s = HD_ALERT_RECEIVED; s < HD_ALERT_STATES; s++)
		labelled("herald_journal_alerts", "state",
			 hd_alert_state_name((enum hd_alert_state)s),
			 "Alerts in the journal by state.",
			 (double)j->alerts[s]);
	for (int s = HD_ACTION_DECIDED; s < HD_ACTION_STATES; s++)
		labelled("herald_journal_actions", "state",
			 hd_state_word(hd_action_state_name(
					       (enum hd_action_state)s),
				       word),
			 "Actions in the journal by state; those in doubt wait "
			 "for a person.",
			 (double)j->actions[s]);
}

/* Of those that cannot be read nothing is said. */
static void set_ages(struct hd_reader *reader)
{
	static const enum hd_alert_state states[] = { HD_ALERT_RECEIVED,
						      HD_ALERT_WAITING };
	int64_t now = hd_utc_ms(), ms;
	struct hd_err err;

	hd_metric_clear("herald_oldest_alert_seconds");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (hd_reader_oldest(reader, states[i], &ms, &err) < 0)
			continue;
		labelled("herald_oldest_alert_seconds", "state",
			 hd_alert_state_name(states[i]),
			 "Age of the oldest alert that is not decided "
			 "(received), or whose actions are not all at their "
			 "end (waiting).",
			 ms != 0 && ms < now ? (double)(now - ms) / 1000 : 0);
	}
}

static void set_journal(const struct hd_control *control,
			const struct hd_journal_stats *j)
{
	int64_t total, room;

	counter("herald_journal_commits_total", "Group commits.", j->commits);
	counter("herald_journal_transactions_total", "Transactions in them.",
		j->transactions);
	counter("herald_journal_full_total", "Transactions that found no room.",
		j->full);
	counter("herald_journal_checkpoints_total",
		"Times that the WAL was folded into the database.",
		j->checkpoints + j->restarts);
	gauge("herald_journal_queue", "Transactions not stored yet.",
	      (double)j->waiting);
	gauge("herald_journal_damaged_rows", "Rows set aside, ever.",
	      (double)j->damaged);
	gauge("herald_journal_wal_bytes", "Not folded into the database yet.",
	      (double)j->wal_bytes);
	gauge("herald_journal_file_bytes", "Size of the database file.",
	      (double)j->file_bytes);
	gauge("herald_journal_used_bytes",
	      "Of the database file, what is not free for new rows.",
	      (double)j->used_bytes);
	gauge("herald_journal_failed", "1 once nothing can be stored.",
	      hd_journal_failed(control->env.journal, NULL));
	if (hd_journal_disk(control->env.journal, &total, &room, NULL) != 0)
		return;
	gauge("herald_journal_disk_free_bytes", "Room on the journal's disk.",
	      (double)room);
	gauge("herald_journal_disk_size_bytes", "Size of the journal's disk.",
	      (double)total);
}

/* ---- what is in memory ---- */

static void set_engine(const struct hd_engine_stats *e)
{
	gauge("herald_backlog", "Alerts received and not decided.",
	      (double)e->backlog);
	gauge("herald_running",
	      "Alerts in memory, on their way through a "
	      "pipeline.",
	      (double)e->running);
	gauge("herald_receiving", "Records that wait for the journal.",
	      (double)e->receiving);
	gauge("herald_acting", "Alerts whose actions are in memory.",
	      (double)e->acting);
	gauge("herald_parked", "Alerts whose actions wait in the journal.",
	      (double)e->parked);
	gauge("herald_accepting", "0 while alerts are refused.", !e->closed);
	counter("herald_received_total", "Records taken.",
		(int64_t)e->received);
	counter("herald_busy_total", "Times that a source was told to wait.",
		(int64_t)e->busy);
}

/* ---- connectors ---- */

static const char *const breaker_states[] = { "closed", "held", "open",
					      "half_open" };

static void set_breaker(const char *connector, const char *state)
{
	struct hd_buf labels;

	for (size_t i = 0; i < 4; i++) {
		hd_buf_init(&labels, LABELS_MAX);
		hd_metric_label(&labels, "connector", connector);
		hd_metric_label(&labels, "state", breaker_states[i]);
		hd_metric_set(
			hd_metric_get(HD_GAUGE, "herald_breaker_state",
				      hd_buf_text(&labels),
				      "1 for the state that the connector's "
				      "breaker is in; it is asked while that "
				      "is closed, once while half open."),
			strncmp(state, breaker_states[i], 4) == 0);
		hd_buf_fini(&labels);
	}
}

static double number_of(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

static void set_limits(const struct hd_rations *rations)
{
	json_t *list = hd_rations_describe(rations), *one;
	size_t i;

	hd_metric_clear("herald_quota_left");
	json_array_foreach(list, i, one)
		labelled("herald_quota_left", "connector",
			 json_string_value(json_object_get(one, "connector")),
			 "Questions and actions left in the tightest window of "
			 "`limit`.",
			 number_of(one, "quota_left"));
	json_decref(list);
}

static void set_lookups(const struct hd_lookups *lookups)
{
	json_t *list = hd_lookups_describe(lookups), *one;
	size_t i;

	hd_metric_clear("herald_breaker_state");
	hd_metric_clear("herald_lookups_open");
	hd_metric_clear("herald_lookups_queued");
	json_array_foreach(list, i, one) {
		const char *name = json_string_value(
			json_object_get(one, "connector"));

		set_breaker(name,
			    json_string_value(json_object_get(one, "breaker")));
		labelled("herald_lookups_open", "connector", name,
			 "Questions without an answer.",
			 number_of(one, "questions"));
		labelled("herald_lookups_queued", "connector", name,
			 "Of these, not yet asked.", number_of(one, "queued"));
	}
	json_decref(list);
}

static void set_connectors(const struct hd_control *control)
{
	struct hd_instance *instance;

	hd_metric_clear("herald_connector_up");
	hd_metric_clear("herald_connector_in_flight");
	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++) {
		const char *name = hd_instance_name(instance);

		labelled("herald_connector_up", "connector", name,
			 "1 if it is well and not stopped.",
			 !hd_instance_stopped(instance) &&
				 hd_instance_health(instance, NULL, NULL) ==
					 HERALD_OK);
		labelled("herald_connector_in_flight", "connector", name,
			 "Calls under way.", hd_instance_in_flight(instance));
	}
}

void hd_gauges_set(struct hd_control *control)
{
	struct hd_journal_stats j;
	struct hd_engine_stats e;

	hd_journal_stats(control->env.journal, &j);
	hd_engine_stats(control->env.engine, &e);
	set_states(&j);
	set_ages(control->env.reader);
	set_engine(&e);
	set_journal(control, &j);
	set_lookups(control->env.lookups);
	set_limits(control->env.rations);
	set_connectors(control);
	gauge("herald_halted", "1 while halted.",
	      hd_guards_halted(control->env.guards) != NULL);
	hd_gauges_process(control->started_utc_ms);
}
