/* A file that a person gives. */
#include "core/control/api.h"

#include <stdbool.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/err.h"
#include "core/base/log.h"
#include "core/control/control_impl.h"
#include "core/control/roles.h"
#include "core/net/listener.h"
#include "core/pipeline/engine.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

static bool is_source(struct hd_instance *instance)
{
	return hd_module_plugin(hd_instance_module(instance))->source != NULL;
}

/* The one source that there is; NULL: the call has ended. */
static struct hd_instance *only_source(struct hd_call *call)
{
	const struct hd_control_env *env = &call->control->env;
	struct hd_instance *instance, *found = NULL;

	for (size_t i = 0; (instance = env->connector_at(env->ud, i)); i++) {
		if (!is_source(instance))
			continue;
		if (found) {
			hd_call_refuse(call, 400, "heraldctl status",
				       "there are several sources: say which "
				       "one it came from (--as %s, --as %s)",
				       hd_instance_name(found),
				       hd_instance_name(instance));
			return NULL;
		}
		found = instance;
	}
	if (!found)
		hd_call_refuse(call, 409, "heraldctl status",
			       "no connector is a source, so there is no map "
			       "for the file");
	return found;
}

static struct hd_instance *find_source(struct hd_call *call)
{
	const char *as = hd_call_text(call, "as");
	struct hd_instance *instance;

	if (!as)
		return only_source(call);
	instance = hd_control_connector(call->control, as);
	if (instance && is_source(instance))
		return instance;
	hd_call_refuse(call, 404, "heraldctl status",
		       instance ? "connector '%.80s' is no source"
				: "no connector is named '%.80s'",
		       as);
	return NULL;
}

static void on_submitted(void *ud, const char *id, const char *why)
{
	struct hd_call *call = ud;

	if (!id) {
		hd_call_refuse(call, 503, "heraldctl status", "not stored: %s",
			       why);
		return;
	}
	hd_call_answer(call, json_pack("{s:s}", "id", id));
}

void hd_api_submit(struct hd_call *call)
{
	struct hd_submission s = { 0 };
	struct hd_instance *instance;
	struct hd_err err;

	s.json = call->rq->body.p;
	s.n = call->rq->body.n;
	s.row = hd_call_text(call, "row");
	s.act = hd_call_flag(call, "act");
	s.fn = on_submitted;
	s.ud = call;
	if (s.act && (call->roles & HD_ROLE_ADMIN) == 0) {
		hd_call_refuse(call, 403, "heraldctl submit FILE",
			       "to act on a file wants the role admin; without "
			       "--act it is a dry run");
		return;
	}
	instance = find_source(call);
	if (!instance)
		return;
	if (s.act)
		hd_notice("a file was submitted to act on, by %s", call->by);
	if (hd_engine_submit(call->control->env.engine, instance, &s, &err) < 0)
		hd_call_refuse(call, 409, "heraldctl status", "%s", err.text);
}
