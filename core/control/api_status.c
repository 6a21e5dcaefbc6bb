/* How herald is. */
#include "core/control/api.h"

#include <stdlib.h>

#include <herald/plugin.h>

#include "core/action/guard.h"
#include "core/base/clock.h"
#include "core/base/health.h"
#include "core/conf/load.h"
#include "core/conf/settings.h"
#include "core/control/control_impl.h"
#include "core/control/retry.h"
#include "core/control/roles.h"
#include "core/control/rows_json.h"
#include "core/expr/expr.h"
#include "core/journal/journal.h"
#include "core/lookup/lookup.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/rations.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

static void set_count(json_t *o, const char *name, int64_t value)
{
	json_object_set_new(o, name, json_integer(value));
}

/* Running ones are *received* in the journal: a restart begins them anew. */
static json_t *alerts_json(const struct hd_journal_stats *j,
			   const struct hd_engine_stats *e)
{
	int64_t running = (int64_t)e->running;
	json_t *o = json_object();

	for (int s = HD_ALERT_RECEIVED; s < HD_ALERT_STATES; s++)
		set_count(o, hd_alert_state_name((enum hd_alert_state)s),
			  j->alerts[s]);
	set_count(o, "received",
		  j->alerts[HD_ALERT_RECEIVED] > running
			  ? j->alerts[HD_ALERT_RECEIVED] - running
			  : 0);
	set_count(o, "running", running);
	return o;
}

static json_t *actions_json(const struct hd_journal_stats *j)
{
	json_t *o = json_object();
	char word[HD_STATE_WORD];

	for (int s = HD_ACTION_DECIDED; s < HD_ACTION_STATES; s++)
		set_count(o,
			  hd_state_word(hd_action_state_name(
						(enum hd_action_state)s),
					word),
			  j->actions[s]);
	return o;
}

static json_t *engine_json(const struct hd_engine_stats *e)
{
	json_t *o = json_object();

	set_count(o, "receiving", (int64_t)e->receiving);
	set_count(o, "running", (int64_t)e->running);
	set_count(o, "backlog", (int64_t)e->backlog);
	set_count(o, "acting", (int64_t)e->acting);
	set_count(o, "parked", (int64_t)e->parked);
	set_count(o, "received", (int64_t)e->received);
	set_count(o, "redelivered", (int64_t)e->redelivered);
	set_count(o, "busy", (int64_t)e->busy);
	return o;
}

static json_t *journal_json(const struct hd_control *control,
			    const struct hd_journal_stats *j)
{
	int64_t total, room;
	json_t *o = json_object();

	set_count(o, "commits", j->commits);
	set_count(o, "transactions", j->transactions);
	set_count(o, "waiting", j->waiting);
	set_count(o, "last_commit_us", j->last_commit_us);
	set_count(o, "full", j->full);
	set_count(o, "refused", j->refused);
	set_count(o, "damaged", j->damaged);
	set_count(o, "wal_bytes", j->wal_bytes);
	set_count(o, "file_bytes", j->file_bytes);
	set_count(o, "used_bytes", j->used_bytes);
	if (hd_journal_disk(control->env.journal, &total, &room, NULL) == 0) {
		set_count(o, "disk_bytes", total);
		set_count(o, "disk_free_bytes", room);
	}
	return o;
}

static json_t *connector_json(struct hd_instance *instance)
{
	const herald_plugin *p = hd_module_plugin(hd_instance_module(instance));
	const char *stopped = hd_instance_stopped(instance);
	const char *why = NULL;
	int64_t since_ms = 0;
	uint32_t health = hd_instance_health(instance, &why, &since_ms);
	json_t *o = json_object();

	hd_set_text(o, "name", hd_instance_name(instance));
	hd_set_text(o, "plugin", p->name);
	hd_set_text(o, "health",
		    stopped		  ? "stopped"
		    : health == HERALD_OK ? "ok"
					  : "degraded");
	hd_set_text(o, "why", stopped ? stopped : why);
	hd_set_time(o, "since", since_ms);
	hd_set_text(o, "mode",
		    hd_mode_name(hd_instance_common(instance)->mode));
	set_count(o, "in_flight", hd_instance_in_flight(instance));
	json_object_set_new(o, "source", json_boolean(p->source != NULL));
	return o;
}

static json_t *connectors_json(const struct hd_control *control)
{
	struct hd_instance *instance;
	json_t *list = json_array();

	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++)
		json_array_append_new(list, connector_json(instance));
	return list;
}

static json_t *parts_json(void)
{
	json_t *list = json_array();
	size_t count;
	struct hd_health_part *parts = hd_health_all(&count);

	for (size_t i = 0; i < count; i++) {
		json_t *o = json_object();

		hd_set_text(o, "name", parts[i].name);
		hd_set_text(o, "health", hd_health_word(parts[i].how));
		hd_set_text(o, "why", parts[i].why);
		hd_set_time(o, "since", parts[i].since_utc_ms);
		json_array_append_new(list, o);
	}
	free(parts);
	return list;
}

static json_t *roles_json(unsigned roles)
{
	json_t *list = json_array();

	for (unsigned role = HD_ROLE_VIEW; role <= HD_ROLE_ADMIN; role *= 2)
		if (roles & role)
			json_array_append_new(list,
					      json_string(hd_role_name(role)));
	return list;
}

static void set_state(json_t *o, const struct hd_control *control)
{
	const struct hd_guards *guards = control->env.guards;
	const char *not_ready = control->env.not_ready(control->env.ud);

	json_object_set_new(o, "ready", json_boolean(!not_ready));
	hd_set_text(o, "not_ready", not_ready);
	hd_set_text(o, "mode", hd_mode_name(hd_guards_mode(guards)));
	json_object_set_new(o, "halted",
			    hd_guards_halted(guards)
				    ? json_string_nocheck(
					      hd_guards_halted(guards))
				    : json_null());
}

void hd_api_status(struct hd_call *call)
{
	struct hd_control *control = call->control;
	struct hd_journal_stats j;
	struct hd_engine_stats e;
	json_t *o = json_object();

	hd_journal_stats(control->env.journal, &j);
	hd_engine_stats(control->env.engine, &e);
	hd_set_text(o, "version", PACKAGE_VERSION);
	hd_set_text(o, "configuration",
		    hd_conf_id(hd_engine_program(control->env.engine)->conf));
	hd_set_text(o, "plugin_dir",
		    hd_control_settings_of(control)->herald.plugin_dir);
	hd_set_time(o, "started", control->started_utc_ms);
	set_count(o, "uptime_s", (hd_now_ms() - control->started_ms) / 1000);
	set_state(o, control);
	json_object_set_new(o, "safety",
			    hd_guards_describe(control->env.guards,
					       hd_now_ms()));
	json_object_set_new(o, "alerts", alerts_json(&j, &e));
	json_object_set_new(o, "actions", actions_json(&j));
	json_object_set_new(o, "engine", engine_json(&e));
	json_object_set_new(o, "journal", journal_json(control, &j));
	json_object_set_new(o, "connectors", connectors_json(control));
	json_object_set_new(o, "limits",
			    hd_rations_describe(control->env.rations));
	json_object_set_new(o, "lookups",
			    hd_lookups_describe(control->env.lookups));
	json_object_set_new(o, "parts", parts_json());
	json_object_set_new(o, "roles", roles_json(call->roles));
	if (control->retry)
		json_object_set_new(o, "retry",
				    hd_retry_describe(control->retry));
	hd_call_answer(call, o);
}

static void add_constant(void *ud, const char *name, int64_t value)
{
	json_object_set_new(ud, name, json_integer(value));
}

void hd_api_constants(struct hd_call *call)
{
	json_t *o = json_object();

	hd_expr_constants(add_constant, o);
	hd_call_answer(call, json_pack("{s:o}", "constants", o));
}
