/* feed.h - pages of rows on their way into herald
 *
 * A page is offered to the host until it has taken it and has it on disk: where
 * there is no room it waits for room, where it could not be stored it comes
 * again.  Only then the feed says done(), and the next page is asked for.
 *
 * A row goes in as the webhook would have sent it, so that both make one alert:
 *
 *	{"sid": ..., "search_name": ..., "result": ROW}
 *
 * without what Splunk adds for itself (_bkt, _cd, ...).
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_FEED_H
#define HERALD_SPLUNK_IN_FEED_H

#include "common/json.h"

#include "splunk_in/splunk.h"

typedef void (*feed_done_fn)(void *ud, uint32_t status, const char *why);

struct feed {
	struct splunk *s;
	struct feed *next;	       /* of those that wait for room */
	const char *sid, *search_name; /* of its rows; NULL: none */
	feed_done_fn done;	       /* OK, or what can never be taken */
	void *ud;
	/* the page under way */
	herald_doc **docs;
	herald_record *records;
	const herald_record **list;
	uint32_t n;
};

/* `sid` and `search_name` are borrowed for the life of the feed. */
void feed_init(struct feed *feed, struct splunk *s, feed_done_fn done,
	       void *ud);

/* Drops the page; no done() comes.  Not while a page is being stored. */
void feed_fini(struct feed *feed);

/* Rows of a page, copied.  done() comes later. */
void feed_page(struct feed *feed, struct hp_json *page, size_t rows);

/* Bytes that are no row, for a person. */
void feed_bad_row(struct feed *feed, herald_str text, herald_str why);

/* There is room again. */
void feed_resume(struct splunk *s);

#endif
