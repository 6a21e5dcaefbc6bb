/* What changes how herald runs. */
#include "core/control/api.h"

#include "core/control/control_impl.h"

void hd_api_reload(struct hd_call *call)
{
	struct hd_control *control = call->control;
	bool dry_run = hd_call_flag(call, "dry_run");

	hd_call_answer(call, control->env.reload(control->env.ud, dry_run));
}
