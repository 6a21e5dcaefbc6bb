/* export.h - what search/v2/jobs/export streams
 *
 * One JSON object a line, with a row or a message; previews repeat rows and
 * change, errors come inside a 200, and only a stream whose last line says
 * "lastrow" is whole.
 */
#ifndef HERALD_SPLUNK_IN_EXPORT_H
#define HERALD_SPLUNK_IN_EXPORT_H

#include "common/json.h"
#include "common/text.h"

enum export_end {
	EXPORT_WHOLE,
	EXPORT_FAILED, /* Splunk says why */
	EXPORT_BROKEN, /* ended before its end */
};

/* `row` is that of a line, below /result of `line`; it lives until the call
 * returns. */
typedef void (*export_row_fn)(void *ud, struct hp_json *line);

/* Calls `fn` for each row that is no preview.  `why` is for people where it is
 * not whole. [loop] */
enum export_end export_read(const herald_host *h, herald_str text,
			    export_row_fn fn, void *ud, struct hp_text *why);

#endif
