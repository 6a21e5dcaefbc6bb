/* action.h - which function begins which call */
#ifndef HERALD_PHANTOM_ACTION_H
#define HERALD_PHANTOM_ACTION_H

#include <herald/plugin.h>

struct phantom;

/* In the order of the plugin's declaration. */
enum phantom_action {
	PHANTOM_CREATE_CASE,
	PHANTOM_ADD_ARTIFACTS,
	PHANTOM_RUN_PLAYBOOK,
	PHANTOM_ADD_COMMENT,
	PHANTOM_CLOSE_CASE,
	PHANTOM_REOPEN_CASE,
	PHANTOM_ACTIONS
};

/* Begins a call; it ends with h->complete(). [loop] */
void phantom_start(struct phantom *p, const herald_call *call);

#endif
