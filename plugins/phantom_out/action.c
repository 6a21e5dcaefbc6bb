#include "phantom_out/action.h"

#include <stddef.h>

#include "phantom_out/artifact.h"
#include "phantom_out/case.h"
#include "phantom_out/comment.h"
#include "phantom_out/flow.h"
#include "phantom_out/playbook.h"
#include "phantom_out/status.h"

typedef void (*begin_fn)(struct flow *f);

static const begin_fn begins[PHANTOM_ACTIONS][HERALD_VERIFY + 1] = {
	[PHANTOM_CREATE_CASE] = { [HERALD_RUN] = phantom_case_run },
	[PHANTOM_ADD_ARTIFACTS] = { [HERALD_RUN] = phantom_artifact_run },
	[PHANTOM_RUN_PLAYBOOK] = { [HERALD_PLAN] = phantom_playbook_plan,
				   [HERALD_RUN] = phantom_playbook_run,
				   [HERALD_VERIFY] = phantom_playbook_verify },
	[PHANTOM_ADD_COMMENT] = { [HERALD_RUN] = phantom_comment_run },
	[PHANTOM_CLOSE_CASE] = { [HERALD_PLAN] = phantom_status_plan,
				 [HERALD_RUN] = phantom_status_run,
				 [HERALD_VERIFY] = phantom_status_verify },
	[PHANTOM_REOPEN_CASE] = { [HERALD_PLAN] = phantom_status_plan,
				  [HERALD_RUN] = phantom_status_run,
				  [HERALD_VERIFY] = phantom_status_verify },
};

static begin_fn begin_of(const herald_call *call)
{
	if (call->action >= PHANTOM_ACTIONS || call->mode > HERALD_VERIFY ||
	    (call->undoing && call->action != PHANTOM_REOPEN_CASE))
		return NULL;
	return begins[call->action][call->mode];
}

void phantom_start(struct phantom *p, const herald_call *call)
{
	begin_fn begin = begin_of(call);
	struct flow *f;

	if (!begin) {
		herald_fail(p->h, call->req, HERALD_UNSUPPORTED,
			    HERALD_S("the action cannot be called that way"));
		return;
	}
	f = phantom_flow_new(p, call);
	if (f)
		begin(f);
}
