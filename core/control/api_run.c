/* What changes how herald runs. */
#include "core/control/api.h"

#include <stdlib.h>

#include <herald/plugin.h>

#include "core/action/action.h"
#include "core/action/guard.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/journal/journal.h"
#include "core/pipeline/engine.h"
#include "core/plugin/instance.h"
#include "core/plugin/status.h"

#define PROBE_MS 30000

void hd_api_reload(struct hd_call *call)
{
	struct hd_control *control = call->control;
	bool dry_run = hd_call_flag(call, "dry_run");

	if (!dry_run)
		hd_notice("reload asked for by %s", call->by);
	hd_call_answer(call, control->env.reload(control->env.ud, dry_run));
}

/* ---- halt ---- */

static void answer_halted(struct hd_call *call)
{
	const char *halted = call->control ? hd_guards_halted(
						     call->control->env.guards)
					   : NULL;

	hd_call_answer(call,
		       json_pack("{s:b, s:s?}", "ok", true, "halted", halted));
}

static bool is_stored(struct hd_call *call, enum hd_txn_status status,
		      struct hd_txn *txn)
{
	if (status == HD_TXN_OK)
		return true;
	if (status == HD_TXN_FULL)
		hd_call_refuse(
			call, 503, "heraldctl status",
			"the journal has no room, so a restart would not "
			"know of it; it holds until then");
	else
		hd_call_fail(call, hd_txn_error(txn));
	return false;
}

static void on_halted(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	if (is_stored(ud, status, txn))
		answer_halted(ud);
}

static char *because_of(const struct hd_call *call)
{
	const char *because = hd_call_text(call, "because");
	char when[HD_UTC_TEXT];

	hd_utc_text(hd_utc_ms(), when);
	return hd_strf("%.500s (%s, %s)", because ? because : "no reason given",
		       call->by, when);
}

/* It holds at once, and is then made to outlive a restart. */
void hd_api_halt(struct hd_call *call)
{
	struct hd_control *control = call->control;
	struct hd_txn *txn = hd_txn_new();
	char *because = because_of(call);

	control->halts++;
	hd_guards_halt(control->env.guards, because);
	hd_warning("halted: %s -> heraldctl unhalt", because);
	hd_txn_meta_put(txn, "halt", because);
	free(because);
	hd_journal_commit(control->env.journal, txn, on_halted, call);
}

static void on_unhalted(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_call *call = ud;
	const uint64_t *halts = call->ud;

	if (!is_stored(call, status, txn))
		return;
	if (call->control && call->control->halts == *halts) {
		hd_guards_halt(call->control->env.guards, NULL);
		hd_notice("unhalted by %s", call->by);
	}
	answer_halted(call);
}

/* The other way round: only what is stored is let go. */
void hd_api_unhalt(struct hd_call *call)
{
	struct hd_control *control = call->control;
	uint64_t *halts;
	struct hd_txn *txn;

	if (!hd_guards_halted(control->env.guards)) {
		hd_call_refuse(call, 409, "heraldctl status",
			       "herald is not halted");
		return;
	}
	halts = hd_alloc(sizeof(*halts));
	*halts = control->halts;
	call->ud = halts;
	txn = hd_txn_new();
	hd_txn_meta_put(txn, "halt", NULL);
	hd_journal_commit(control->env.journal, txn, on_unhalted, call);
}

/* ---- connectors ---- */

static struct hd_instance *find_instance(struct hd_call *call)
{
	struct hd_instance *instance = hd_control_connector(call->control,
							    call->arg);

	if (!instance)
		hd_call_refuse(call, 404, "heraldctl status",
			       "no connector is named '%.80s'", call->arg);
	return instance;
}

static void answer_connector(struct hd_call *call, struct hd_instance *instance)
{
	const char *stopped = hd_instance_stopped(instance);

	hd_call_answer(call, json_pack("{s:b, s:s, s:s?}", "ok", true, "name",
				       call->arg, "stopped", stopped));
}

void hd_api_connector_stop(struct hd_call *call)
{
	struct hd_instance *instance = find_instance(call);
	const char *because;
	char *text;

	if (!instance)
		return;
	because = hd_call_text(call, "because");
	text = hd_strf("stopped by %s%s%.500s", call->by, because ? ": " : "",
		       because ? because : "");
	hd_instance_halt(instance, text);
	hd_notice("connector %s: %s", call->arg, text);
	free(text);
	answer_connector(call, instance);
}

void hd_api_connector_start(struct hd_call *call)
{
	struct hd_instance *instance = find_instance(call);

	if (!instance)
		return;
	hd_instance_resume(instance);
	hd_notice("connector %s: started by %s", call->arg, call->by);
	if (!hd_instance_stopped(instance))
		hd_actions_wake(hd_engine_actions(call->control->env.engine),
				call->arg);
	answer_connector(call, instance);
}

static void on_probed(void *ud, const struct hd_completion *c)
{
	struct hd_call *call = ud;
	json_t *o = json_object();
	bool ok = HERALD_CLASS(c->status) == 0;

	json_object_set_new(o, "ok", json_boolean(ok));
	hd_set_text(o, "name", call->arg);
	hd_set_text(o, "status", hd_status_words(c->status));
	hd_set_text(o, "message", c->message);
	if (c->status == HERALD_UNSUPPORTED)
		json_object_set_new(o, "untested", json_true());
	if (c->json)
		json_object_set(o, "data", c->json);
	hd_call_answer(call, o);
}

void hd_api_connector_test(struct hd_call *call)
{
	struct hd_instance *instance = find_instance(call);

	if (instance)
		hd_instance_probe(instance, hd_now_ms() + PROBE_MS, on_probed,
				  call);
}
