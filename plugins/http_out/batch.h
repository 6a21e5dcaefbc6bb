/* batch.h - many alerts in one POST
 *
 * Alerts gather until `batch` of them are there, `batch_bytes` are full, or
 * `linger` is over since the first of them; where no request is under way,
 * nobody is waited for.  One answer settles all of them.  Each is still an
 * action of its own: one that is to be tried again gathers again, with whom it
 * then meets.
 *
 * The key of a request is a digest of the keys of its actions and of its body:
 * the same alerts in the same order have the same key, also after a crash, and
 * a receiver that folds requests by key can never fold different ones.  Where
 * they are cut differently the second time, the alert's own metadata.uid tells
 * that it came before.
 *
 * A request that is refused for what is in it (400, 413, 422) is sent again in
 * two halves, down to the single alert: none fails for another one's fault.
 */
#ifndef HERALD_HTTP_OUT_BATCH_H
#define HERALD_HTTP_OUT_BATCH_H

#include <herald/plugin.h>

#include "http_out/request.h"

/* NULL: no memory.  The caller frees it; nothing is under way then. [loop] */
struct http_out_batches *http_out_batches_new(struct http_out *out);
void http_out_batches_free(struct http_out_batches *batches);

/* Takes an action that sends its alert; it will be completed. [loop] */
void http_out_batches_add(struct http_out_batches *batches,
			  const herald_call *call);

/* Sends what has gathered, now. [loop] */
void http_out_batches_flush(struct http_out_batches *batches);

#endif
