/* notable.h - writing back to a notable of Enterprise Security
 *
 *	which number has this status?    only where it was named by its label
 *	what is the notable like now?    by a search for its event_id
 *	is it as it shall be? done.      else: POST notable_update
 *
 * A comment ends with a mark that is a pure function of the intention, so a
 * comment that was written is found again.  Each run looks first, and VERIFY is
 * the same look: run twice it has the effect of once.  (A comment that somebody
 * wrote in between hides ours where Splunk tells the newest only: ours may then
 * be there twice.)
 *
 * What a person took is his: where the notable has another owner, all but a
 * comment is refused unless `take_over` says otherwise.
 */
#ifndef HERALD_SPLUNK_IN_NOTABLE_H
#define HERALD_SPLUNK_IN_NOTABLE_H

#include "splunk_in/splunk.h"

/* RUN and VERIFY of notable_update. [loop] */
void notable_run(struct splunk *s, const herald_call *call);

#endif
