/* case.h - create_case: opening a case and starting its playbook
 *
 * The case has an identifier that is a pure function of the intention (or of
 * the key that the configuration gives), so each run looks first:
 *
 *	is there a container with it?  else create it with all artifacts
 *	is there a run of a playbook on it?  else start the one that is wanted
 *
 * A run that breaks off anywhere is simply run again.
 */
#ifndef HERALD_PHANTOM_CASE_H
#define HERALD_PHANTOM_CASE_H

struct flow;

/* HERALD_RUN. [loop] */
void phantom_case_run(struct flow *f);

#endif
