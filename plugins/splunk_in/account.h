/* account.h - what arrived by itself, and what became of what fired
 *
 * Splunk's list of fired alerts names searches by sid; an alert that arrives
 * names its sid, too.  Each sid has a row here: how many different rows of it
 * arrived (the same one twice counts once), and, once the list was looked at,
 * what became of it:
 *
 *	SEEN      arrived, and was not looked for yet
 *	RECEIVED  looked for and found: all of it had arrived
 *	MISSING   looked for, not all of it had arrived; is to be fetched
 *	FETCHED   that was done
 *	LOST      Splunk does not have it any more
 *
 * It is kept over restarts (the state keys arrived.0 ... arrived.7), without
 *the single rows.  Everything is bounded: beyond ACCOUNT_MAX sids the one that
 *was touched longest ago is forgotten.
 *
 * All functions are [loop].
 */
#ifndef HERALD_SPLUNK_IN_ACCOUNT_H
#define HERALD_SPLUNK_IN_ACCOUNT_H

#include "splunk_in/splunk.h"

#define ACCOUNT_MAX 16384

enum account_state {
	ACCOUNT_SEEN,
	ACCOUNT_RECEIVED,
	ACCOUNT_MISSING,
	ACCOUNT_FETCHED,
	ACCOUNT_LOST,
	ACCOUNT_STATES
};

struct account_row {
	uint64_t sid;
	enum account_state state;
	uint32_t rows;	  /* different ones that arrived */
	uint32_t missing; /* when it was looked for */
	int64_t touched_s;
	uint64_t *digests; /* of the rows, in order; the first few */
	uint32_t digest_count, digest_size;
};

struct account;

/* NULL: no memory. */
struct account *account_new(void);
void account_free(struct account *account);

/* A row that arrived; true if it came after it was found missing. */
bool account_arrived(struct account *account, const struct splunk_arrival *one,
		     int64_t now_s);

/* That of a sid, made if there is none; NULL: no memory. */
struct account_row *account_row(struct account *account, uint64_t sid,
				int64_t now_s);

/* NULL: there is none. */
struct account_row *account_find(const struct account *account, uint64_t sid);

/* What is to be fetched and was not touched since: it cannot be fetched any
 * more.  Returns how many alerts that are. */
size_t account_lose(struct account *account, int64_t before_s);

/* Changes the row, which the next account_save() then stores. */
void account_set(struct account *account, struct account_row *row,
		 enum account_state state, uint32_t missing);

/* Forgets what was touched before `before_s` and is not to be fetched. */
void account_forget(struct account *account, int64_t before_s);

/* How many are to be fetched. */
size_t account_outstanding(const struct account *account);

/* To and from the state of the instance. */
void account_save(struct account *account, const herald_host *h);
void account_load(struct account *account, const herald_host *h);

/* ---- digests (arrival.c) ---- */

/* Of a name of a search's run. */
uint64_t account_sid(herald_str sid);

/* What `json` (with "sid" and, at `row`, a result) tells: false if it names no
 * sid.  Neither the order of members and values counts, nor the time, which
 * each way writes in its own form. */
bool account_arrival(const herald_host *h, herald_str json, const char *row,
		     struct splunk_arrival *one);

#endif
