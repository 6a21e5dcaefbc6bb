/* status.h - close_case and reopen_case: the status of a case
 *
 * The plan notes the status that the case has, so that an undo knows what to
 * put back.  An undo is refused where somebody gave the case another status
 * since.
 */
#ifndef HERALD_PHANTOM_STATUS_H
#define HERALD_PHANTOM_STATUS_H

struct flow;

/* HERALD_PLAN, HERALD_RUN and HERALD_VERIFY of both. [loop] */
void phantom_status_plan(struct flow *f);
void phantom_status_run(struct flow *f);
void phantom_status_verify(struct flow *f);

#endif
