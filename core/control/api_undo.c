/* What was done is taken back. */
#include "core/control/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/action.h"
#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/control/control_impl.h"
#include "core/control/person.h"
#include "core/pipeline/engine.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

/* What an alert has that can be taken back. */
struct undoable {
	const struct hd_control *control;
	size_t count;
	char id[HD_ID_TEXT]; /* of the last one */
	char names[256];     /* "case, block", perhaps cut */
};

static bool has_way_back(const struct hd_control *control,
			 const struct hd_action_row *row)
{
	struct hd_instance *instance = hd_control_connector(control,
							    row->connector);
	const struct hd_module *module;
	int i;

	if (!instance)
		return false;
	module = hd_instance_module(instance);
	i = hd_module_action_find(module, row->action);
	return i >= 0 && hd_module_action(module, (uint32_t)i)->undo;
}

static bool look_at(void *ud, const struct hd_action_row *row)
{
	struct undoable *u = ud;
	size_t n = strlen(u->names);

	if (row->state != HD_ACTION_DONE || row->undo_of[0] ||
	    !has_way_back(u->control, row))
		return true;
	snprintf(u->id, sizeof(u->id), "%s", row->id);
	snprintf(u->names + n, sizeof(u->names) - n, "%s%s %.20s",
		 u->count != 0 ? ", " : "", row->name, row->id);
	u->count++;
	return true;
}

/* The alert's one action that can be taken back becomes the call's; -1: the
 * call has ended. */
static int choose(struct hd_call *call, const char *alert)
{
	struct undoable u = { .control = call->control };
	struct hd_err err;

	if (hd_reader_actions(call->control->env.reader, alert, look_at, &u,
			      &err) < 0) {
		hd_call_fail(call, &err);
		return -1;
	}
	if (u.count != 1) {
		hd_call_refuse(call, 409, "heraldctl show ID",
			       u.count == 0
				       ? "alert %.8s: nothing that was done "
					 "can be taken back%s"
				       : "alert %.8s: say which one: %s",
			       alert, u.names);
		return -1;
	}
	free(call->arg);
	call->arg = hd_strdup(u.id);
	return 0;
}

/* An action's id begins as its alert's does, so a short ID means the alert. */
static int find_action(struct hd_call *call, struct hd_action_row *row)
{
	bool last = strcmp(call->arg, "@last") == 0;
	enum hd_found found;
	char id[HD_ID_TEXT];
	struct hd_err err = { 0 };
	int count = 0;

	found = hd_reader_resolve(call->control->env.reader, call->arg, id,
				  &count, &err);
	if (found == HD_FOUND || found == HD_AMBIGUOUS || last) {
		if (hd_call_alert(call, id) < 0 || choose(call, id) < 0)
			return -1;
	}
	return hd_call_action(call, row);
}

/* ---- the word ---- */

static void on_stored(void *ud, const struct hd_err *err)
{
	struct hd_call *call = ud;

	if (err)
		hd_call_fail(call, err);
	else
		hd_call_answer(call,
			       json_pack("{s:b, s:s, s:s}", "ok", true, "alert",
					 call->ud, "action", call->arg));
}

static void refuse(struct hd_call *call, const char *name, const char *alert,
		   const struct hd_err *err)
{
	char *help = hd_strf("heraldctl show %.8s", alert);

	hd_call_refuse(call, err->code == ESHUTDOWN ? 503 : 409, help,
		       "%s of alert %.8s: %s", name, alert, err->text);
	free(help);
}

static void undo(struct hd_call *call, const struct hd_action_row *row)
{
	const char *because = hd_call_text(call, "because");
	char *message = hd_person_message(call->by, because, "taken back");
	char *json = hd_person_entry(call->by, because,
				     json_pack("{s:s}", "name", row->name));
	char *name = hd_strdup(row->name), *alert = hd_strdup(row->alert);
	char *id = hd_strdup(row->id);
	struct hd_undoing u = { .alert = alert,
				.row = id,
				.message = message,
				.kind = "undo asked for",
				.json = json,
				.fn = on_stored,
				.ud = call };
	struct hd_err err;

	free(call->arg);
	call->arg = hd_strdup(id);
	call->ud = hd_strdup(alert);
	if (hd_actions_undo(hd_engine_actions(call->control->env.engine), &u,
			    &err) == 0)
		hd_notice("alert %.8s: %s: %s", alert, name, message);
	else
		refuse(call, name, alert, &err);
	free(message);
	free(json);
	free(name);
	free(alert);
	free(id);
}

void hd_api_undo(struct hd_call *call)
{
	struct hd_action_row row;

	if (find_action(call, &row) == 0)
		undo(call, &row);
}
