/* chain.h - the entries of an alert, each bound to the one before
 *
 * An entry's hash covers the hash before it, its number, time, kind and text;
 * the first one's "hash before" is made from the alert's id.  The alert's row
 * holds the last hash and the count, so that a line cannot be changed, added,
 * removed or cut off the end without notice.
 */
#ifndef HD_JOURNAL_CHAIN_H
#define HD_JOURNAL_CHAIN_H

#include <sqlite3.h>
#include <stdbool.h>

#include "core/journal/table.h"

/* The head of an alert without entries. [any] */
void hd_chain_begin(const char *alert_id, uint8_t head[HD_CHAIN_SIZE]);

/* Moves `head` on by one entry. [any] */
void hd_chain_add(uint8_t head[HD_CHAIN_SIZE], const struct hd_entry_row *row);

/* Statements: ?1 alert, ?2 seq, ?3 utc_ms, ?4 kind, ?5 json, ?6 hash. */
#define HD_CHAIN_INSERT                                      \
	"INSERT INTO entry(alert,seq,utc_ms,kind,json,hash)" \
	"VALUES(?1,?2,?3,?4,?5,?6)"
/* ?1 alert; in order. */
#define HD_CHAIN_SELECT                                                   \
	"SELECT num,seq,utc_ms,kind,json,hash FROM entry WHERE alert=?1 " \
	"ORDER BY seq"

/* Reads the row that HD_CHAIN_SELECT stands on, moves `head` on and compares.
 * False if it is not the next entry of that chain. [any] */
bool hd_chain_read(sqlite3_stmt *stmt, uint8_t head[HD_CHAIN_SIZE], int64_t seq,
		   struct hd_entry_row *out);

#endif
