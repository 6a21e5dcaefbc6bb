/* sighting.h - add_sighting: telling MISP that a value was seen
 *
 * A sighting has no identifier of ours, but a source: "herald
 * 91c6187dd758b434", the digits being a digest of the intention.  A run looks
 * for it before it writes, so that a lost answer makes no second one.  MISP
 * writes one for each attribute of the value and tells the last.
 */
#ifndef HERALD_MISP_SIGHTING_H
#define HERALD_MISP_SIGHTING_H

#include <herald/plugin.h>

struct misp;

/* HERALD_RUN. [loop] */
void misp_sighting_run(struct misp *m, const herald_call *call);

#endif
