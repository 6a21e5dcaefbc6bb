#include "core/control/gauges.h"

#include <herald/plugin.h>

#include "core/action/guard.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/metric.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/journal/journal.h"
#include "core/pipeline/engine.h"
#include "core/plugin/instance.h"

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

	hd_buf_init(&labels, 2048);
	hd_metric_label(&labels, label, value);
	hd_metric_set(hd_metric_get(HD_GAUGE, name, hd_buf_text(&labels), help),
		      number);
	hd_buf_fini(&labels);
}

static void set_states(const struct hd_journal_stats *j)
{
	char word[HD_STATE_WORD];

	for (int s = HD_ALERT_RECEIVED; s < HD_ALERT_STATES; s++)
		labelled("herald_alerts", "state",
			 hd_alert_state_name((enum hd_alert_state)s),
			 "Alerts in the journal by state",
			 (double)j->alerts[s]);
	for (int s = HD_ACTION_DECIDED; s < HD_ACTION_STATES; s++)
		labelled("herald_actions", "state",
			 hd_state_word(hd_action_state_name(
					       (enum hd_action_state)s),
				       word),
			 "Actions in the journal by state",
			 (double)j->actions[s]);
}

static void set_engine(const struct hd_engine_stats *e)
{
	gauge("herald_backlog", "Alerts received and not decided",
	      (double)e->backlog);
	gauge("herald_running", "Alerts in memory", (double)e->running);
	gauge("herald_receiving", "Records that wait for the journal",
	      (double)e->receiving);
	gauge("herald_acting", "Alerts whose actions are in memory",
	      (double)e->acting);
	gauge("herald_parked", "Alerts whose actions wait in the journal",
	      (double)e->parked);
	counter("herald_received_total", "Records taken", (int64_t)e->received);
	counter("herald_busy_total", "Times that a source was told to wait",
		(int64_t)e->busy);
}

static void set_journal(const struct hd_control *control,
			const struct hd_journal_stats *j)
{
	int64_t total, room;

	counter("herald_journal_commits_total", "Group commits", j->commits);
	counter("herald_journal_transactions_total", "Transactions in them",
		j->transactions);
	counter("herald_journal_full_total", "Transactions that found no room",
		j->full);
	gauge("herald_journal_waiting", "Transactions not stored yet",
	      (double)j->waiting);
	gauge("herald_journal_last_commit_seconds", "The last commit took",
	      (double)j->last_commit_us / 1e6);
	gauge("herald_journal_damaged_rows", "Rows set aside, ever",
	      (double)j->damaged);
	gauge("herald_journal_wal_bytes", "Not folded into the database yet",
	      (double)j->wal_bytes);
	gauge("herald_journal_file_bytes", "Size of the database file",
	      (double)j->file_bytes);
	gauge("herald_journal_failed", "1 once nothing can be stored",
	      hd_journal_failed(control->env.journal, NULL));
	if (hd_journal_disk(control->env.journal, &total, &room, NULL) == 0)
		gauge("herald_journal_disk_free_bytes",
		      "Room on the journal's disk", (double)room);
}

static void set_connectors(const struct hd_control *control)
{
	struct hd_instance *instance;

	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++) {
		const char *name = hd_instance_name(instance);

		labelled("herald_connector_up", "connector", name,
			 "1 if it is well and not stopped",
			 !hd_instance_stopped(instance) &&
				 hd_instance_health(instance, NULL, NULL) ==
					 HERALD_OK);
		labelled("herald_connector_in_flight", "connector", name,
			 "Calls under way", hd_instance_in_flight(instance));
	}
}

void hd_gauges_set(struct hd_control *control)
{
	struct hd_journal_stats j;
	struct hd_engine_stats e;

	hd_journal_stats(control->env.journal, &j);
	hd_engine_stats(control->env.engine, &e);
	set_states(&j);
	set_engine(&e);
	set_journal(control, &j);
	set_connectors(control);
	gauge("herald_halted", "1 while halted",
	      hd_guards_halted(control->env.guards) != NULL);
	gauge("herald_uptime_seconds", "Since the start",
	      (double)(hd_now_ms() - control->started_ms) / 1000);
}
