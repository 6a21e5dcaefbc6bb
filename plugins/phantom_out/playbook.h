/* playbook.h - run_playbook: a playbook on a case, from its start to its end
 *
 * A run has no identifier of ours, and what SOAR tells of one names the
 * playbook by a number that we may not know.  So the plan notes the latest run
 * on the case; the start answers with the run's id, which becomes the memo; and
 * where that answer was lost, the run is the one that began on the case since
 * the plan (of that number, if the playbook is given as one), and that no
 * other action of this connector is known to have started:
 *
 *	none		it did not take place, and is started
 *	one		it is ours
 *	several		nobody can tell: a person settles it
 *
 * So it is never started twice.  After a crash, a run that somebody else
 * started between plan and crash may be taken for ours.
 */
#ifndef HERALD_PHANTOM_PLAYBOOK_H
#define HERALD_PHANTOM_PLAYBOOK_H

#include <stdbool.h>

struct flow;
struct hp_json;

/* HERALD_PLAN, HERALD_RUN and HERALD_VERIFY. [loop] */
void phantom_playbook_plan(struct flow *f);
void phantom_playbook_run(struct flow *f);
void phantom_playbook_verify(struct flow *f);

/* ---- for create_case as well ---- */

/* The parameter, "" if absent.  Borrowed from f->params. [loop] */
const char *phantom_playbook_of(struct flow *f);

/* NULL, or why it is no name of a playbook. [loop] */
const char *phantom_playbook_check(struct flow *f);

/* Opens `body` as that of POST /rest/playbook_run; the caller closes it.
 * [loop] */
void phantom_playbook_make(struct flow *f, struct hp_json *body);

/* Takes f->run from the answer; false if it names none. [loop] */
bool phantom_playbook_take_run(struct flow *f, struct hp_json *body);

#endif
