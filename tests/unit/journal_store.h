/* journal_store.h - a store in a folder of its own, for the journal's tests */
#ifndef JOURNAL_STORE_H
#define JOURNAL_STORE_H

#include <stdint.h>
#include <uv.h>

#include "core/base/err.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"

struct store {
	char dir[256];
	uv_loop_t loop;
	struct hd_journal *journal;
	struct hd_reader *reader;
	struct hd_err err; /* of the last open, commit or read */
	int failed;	   /* calls of on_failed */
	int damaged;	   /* calls of on_damage */
	char damaged_table[32];
	int64_t check_bytes, max_bytes; /* for open */
};

/* An empty folder; the store is not open. */
void store_new(struct store *store);

/* Closes the store and removes the folder. */
void store_free(struct store *store);

/* 0, or -1 with store->err. */
int store_open(struct store *store);
void store_close(struct store *store);

/* Commits and runs the loop until the answer is there; store->err is the
 * transaction's. */
enum hd_txn_status store_commit(struct store *store, struct hd_txn *txn);

/* As store_commit(), and tells whether alert `id` was a redelivery. */
enum hd_txn_status store_commit_new(struct store *store, struct hd_txn *txn,
				    const char *id, bool *known,
				    char known_id[HD_ID_TEXT]);

/* Gives the loop a chance to deliver what is there. */
void store_turn(struct store *store);

/* Runs SQL on the file with a connection of its own. */
void store_sql(const struct store *store, const char *sql);

/* The first column of the first row, or -1 if there is none. */
int64_t store_int(const struct store *store, const char *sql);

/* "dir/name". */
void store_path(const struct store *store, const char *name, char out[512]);

/* A row of a new alert, received, severity 4, uid from `n` ("" for 0). */
struct hd_alert_row alert_row(const char id[HD_ID_TEXT], int n);

/* An action's row for the alert: state decided. */
struct hd_action_row action_row(const char *alert, const char *idem);

/* A new alert with one entry, stored. */
void store_alert(struct store *store, char id[HD_ID_TEXT], int n);

#endif
