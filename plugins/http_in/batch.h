/* batch.h - several alerts in one request
 *
 * A JSON array, or documents one after the other (a line each, or without
 * anything between them).  The bytes of each are kept as they came.
 */
#ifndef HERALD_HTTP_IN_BATCH_H
#define HERALD_HTTP_IN_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#define HTTP_IN_BATCH_MAX 1000 /* alerts of one request */

struct http_in_batch {
	herald_record records[HTTP_IN_BATCH_MAX];
	const herald_record *list[HTTP_IN_BATCH_MAX];
	char rows[HTTP_IN_BATCH_MAX][64]; /* for http_in_batch_list */
	uint32_t n;
	bool too_many;
};

/* The body as a whole: one alert. */
void http_in_batch_one(struct http_in_batch *batch, herald_str body);

/* The items of an array, or the documents.  A body that is neither, or broken
 * off, is one alert: the host keeps it for a person. [any] */
void http_in_batch_split(struct http_in_batch *batch, const herald_host *h,
			 herald_str body);

/* The items of the list that stands at the JSON Pointer `at`: each alert is the
 * whole body with another row, so that its table can read what they share.  One
 * alert if there is no such list. [any] */
void http_in_batch_list(struct http_in_batch *batch, const herald_host *h,
			herald_str body, const char *at);

#endif
