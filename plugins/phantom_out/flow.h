/* flow.h - opening a case and starting its playbook, any number of times
 *
 * The case has an identifier that is a pure function of the intention (or of
 * the key that the configuration gives), so each run looks first:
 *
 *	is there a container with it?  else create it with all artifacts
 *	is there a run of a playbook on it?  else start the one that is wanted
 *
 * A run that breaks off anywhere is simply run again.
 */
#ifndef HERALD_PHANTOM_FLOW_H
#define HERALD_PHANTOM_FLOW_H

#include <stdbool.h>

#include <herald/plugin.h>

struct phantom {
	const herald_host *h;
	const char *url, *label;
	bool run_automation;
};

/* HERALD_RUN of create_case. [loop] */
void phantom_flow_start(struct phantom *p, const herald_call *call);

#endif
