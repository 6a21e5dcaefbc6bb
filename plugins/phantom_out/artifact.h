/* artifact.h - add_artifacts: the alert's values into a case that is there
 *
 * Each artifact has an identifier that is a pure function of the intention and
 * of its place in the alert, but SOAR takes a second one with the same: so the
 * run asks which of them are there, and adds the others.
 *
 * Where active playbooks are to begin, the last artifact of all starts them,
 * and only if it was not there before.
 */
#ifndef HERALD_PHANTOM_ARTIFACT_H
#define HERALD_PHANTOM_ARTIFACT_H

struct flow;

/* HERALD_RUN. [loop] */
void phantom_artifact_run(struct flow *f);

#endif
