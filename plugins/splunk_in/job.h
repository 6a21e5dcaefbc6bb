/* job.h - the rows of one search of Splunk, page by page
 *
 *	create a job -> ask until it is done -> pages of rows -> delete it
 *
 * or the rows of a search that ran already, by its sid (which is then not
 * deleted).  A page is handed over and the next one is asked for when the
 * receiver wants it, so memory is bounded by a page.  A page that is too big or
 * cannot be read is asked for again by halves, down to the single row that is
 * to blame: one bad row never holds up those behind it.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_JOB_H
#define HERALD_SPLUNK_IN_JOB_H

#include "common/json.h"
#include "common/text.h"

#include "splunk_in/splunk.h"

#define JOB_PAGE_ROWS 1000
#define JOB_PAGE_BYTES (16u << 20)
#define JOB_ROWS_MAX 50000 /* that a search is asked for */
#define JOB_SID_MAX 512

struct job;

/* How it ended. */
struct job_end {
	uint32_t status; /* NOT_FOUND: there is no such sid (any more) */
	herald_str why;	 /* where it is not OK */
	int64_t retry_after_ms;
	int64_t clock_s; /* of Splunk when the search began; -1: not told */
	bool is_full;	 /* there may be more rows than it was asked for */
	bool is_partial; /* Splunk says that rows may be lacking; see why */
};

struct job_receiver {
	void *ud;
	/* Rows stand in /results of `page`, which may be kept by taking it
	 * (set page->d to NULL).  Then job_next(). */
	void (*page)(void *ud, struct hp_json *page, size_t rows);
	/* One row could not be had: `text`, as far as it came.  Then
	 * job_next(). */
	void (*bad_row)(void *ud, herald_str text, herald_str why);
	/* Nothing comes after it; the job is freed when this returns. */
	void (*end)(void *ud, const struct job_end *end);
};

/* A new search; `search` as the user would type it.  The times are
 * Splunk's words or numbers, or NULL.  NULL: no memory, and no call. */
struct job *job_search(struct splunk *s, const char *search,
		       const char *index_earliest, const char *index_latest,
		       const struct job_receiver *receiver);

/* One that ran. */
struct job *job_of_sid(struct splunk *s, const char *sid,
		       const struct job_receiver *receiver);

/* The next page, after page() or bad_row(). */
void job_next(struct job *job);

/* Ends it in place of job_next(): end() is called. */
void job_abort(struct job *job, uint32_t status, const char *why);

/* At the end of all things, when no callback can come: frees it without a
 * word.  Accepts NULL. */
void job_free(struct job *job);

#endif
