#include "core/pipeline/alert.h"

#include <stdlib.h>
#include <string.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/pipeline/engine_impl.h"
#include "core/pipeline/poison.h"
#include "core/plugin/inflight.h"

static bool has_label(const json_t *record, const char *label)
{
	json_t *one;
	size_t i;

	json_array_foreach(hd_json_at(record, "/metadata/labels"), i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), label) == 0)
			return true;
	return false;
}

struct hd_alert *hd_alert_new(struct hd_engine *engine, const char *id,
			      const char *connector, int64_t received_ms,
			      int severity, json_t *record_take,
			      char *text_take)
{
	struct hd_alert *a = hd_alloc(sizeof(*a));

	a->engine = engine;
	a->program = hd_program_ref(engine->program);
	snprintf(a->id, sizeof(a->id), "%s", id);
	a->mark = hd_inflight_note(id, NULL, "step");
	a->connector = hd_strdup(connector);
	a->received_ms = received_ms;
	a->began_ms = hd_now_ms();
	a->now_ms = hd_utc_ms();
	a->severity = severity;
	a->record = record_take;
	a->text = text_take;
	a->changed = !text_take;
	a->dry_run = has_label(record_take, HD_LABEL_DRY_RUN);
	a->notes = json_array();
	hd_asked_init(&a->asked);
	hd_ledger_init(&a->ledger);
	hd_dict_put(&engine->running, id, a);
	return a;
}

void hd_alert_change(struct hd_alert *a)
{
	free(a->text);
	a->text = NULL;
	a->changed = true;
}

static void leave_memory(struct hd_alert *a)
{
	hd_dict_del(&a->engine->running, a->id);
	hd_poison_left(a->engine->poison, a->id);
}

void hd_alert_free(struct hd_alert *a)
{
	if (!a)
		return;
	if (a->step_state && a->pipeline && a->step < a->pipeline->count &&
	    a->pipeline->steps[a->step].type->abandon)
		a->pipeline->steps[a->step].type->abandon(a);
	if (hd_dict_get(&a->engine->running, a->id) == a)
		leave_memory(a);
	hd_inflight_clear(a->mark);
	hd_asked_fini(&a->asked);
	hd_ledger_fini(&a->ledger);
	hd_case_free(a->rows);
	json_decref(a->record);
	free(a->text);
	json_decref(a->notes);
	json_decref(a->held);
	hd_program_unref(a->program);
	free(a->connector);
	free(a->claim);
	free(a->reason);
	free(a);
}

void hd_alert_scope(const struct hd_alert *a, struct hd_expr_scope *scope)
{
	memset(scope, 0, sizeof(*scope));
	scope->record = a->record;
	scope->enrich = a->asked.enrich;
	scope->missing = a->asked.missing;
	scope->missing_count = a->asked.missing_count;
	scope->risk = a->ledger.scored ? &a->ledger.interval : NULL;
	scope->now_ms = a->now_ms;
}

void hd_alert_end(struct hd_alert *a, enum hd_alert_state state,
		  const char *reason)
{
	a->end = state;
	free(a->reason);
	a->reason = hd_strdup(reason);
}

void hd_alert_note(struct hd_alert *a, const char *kind, json_t *what_take)
{
	json_array_append_new(a->notes, json_pack("[s, o]", kind, what_take));
}

/* It may be a redelivery, of which nobody ever hears. */
static void hold_alarm(struct hd_alert *a, const char *where, const char *text)
{
	if (!a->held)
		a->held = json_array();
	json_array_append_new(a->held, json_pack("[s, s]", where, text));
}

void hd_alert_alarm(struct hd_alert *a, const char *where, const char *why)
{
	char *text = hd_strf("alert %.8s: pipeline %s: %s: %s -> heraldctl "
			     "explain %.8s",
			     a->id, a->pipeline ? a->pipeline->name : "-",
			     where, why, a->id);

	hd_alert_note(a, "error",
		      json_pack("{s:s, s:s}", "where", where, "why", why));
	if (a->unstored)
		hold_alarm(a, where, text);
	else
		hd_engine_alarm(a->engine, "rule error", where, text);
	free(text);
}

void hd_alert_stored(struct hd_alert *a)
{
	json_t *one;
	size_t i;

	a->unstored = false;
	json_array_foreach(a->held, i, one)
		hd_engine_alarm(a->engine, "rule error",
				json_string_value(json_array_get(one, 0)),
				json_string_value(json_array_get(one, 1)));
	json_decref(a->held);
	a->held = NULL;
}
