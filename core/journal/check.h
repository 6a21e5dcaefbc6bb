/* check.h - looking at a whole store */
#ifndef HD_JOURNAL_CHECK_H
#define HD_JOURNAL_CHECK_H

#include <sqlite3.h>
#include <stdbool.h>

#include "core/journal/journal.h"
#include "core/journal/store.h"

/* Structure of trees and indexes. -1 if a page or tree is damaged; an index
 * that only does not fit its table is told by *indexes.  Rows whose columns
 * are not what they should be are left to their digests. [any] */
int hd_check_structure(sqlite3 *db, bool *indexes, struct hd_err *err);

/* Digests, chains and counts. `fn` (may be NULL) is told of each damaged row.
 * `counts` gets the sound rows by state. 0 or -1. [any] */
int hd_check_rows(sqlite3 *db, struct hd_journal_report *out,
		  struct hd_counts *counts, hd_damaged_fn fn, void *ud,
		  struct hd_err *err);

/* hd_journal_check() of one file. [any] */
int hd_check_file(const char *path, struct hd_journal_report *out,
		  struct hd_err *err);

#endif
