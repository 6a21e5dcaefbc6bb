/* table.h - rows of the store and their digests
 *
 * Each table is described once: its columns, and where each stands in a
 * struct.  From that come the SQL texts, the binding of a struct to a
 * statement, the reading of a row into a struct, and the digest of what a row
 * says, which is its last column and is checked whenever a row is read.
 *
 * Parameters of all statements that write a row are numbered alike: ?1 is num,
 * then the columns in their order, then the digest.
 */
#ifndef HD_JOURNAL_TABLE_H
#define HD_JOURNAL_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/journal/rows.h"

#define HD_DIGEST_SIZE 16 /* SHA-256, cut: it finds damage, not forgers */
#define HD_CHAIN_SIZE 32  /* SHA-256, whole */
#define HD_FIELDS_MAX 32

struct hd_arena;
struct hd_buf;

enum hd_field_kind {
	HD_FIELD_INT,	/* int64_t */
	HD_FIELD_SMALL, /* int */
	HD_FIELD_TEXT,	/* const char * */
	HD_FIELD_JSON,	/* struct hd_bytes, stored as text */
	HD_FIELD_BLOB,	/* struct hd_bytes */
	HD_FIELD_CHAIN, /* uint8_t[HD_CHAIN_SIZE] */
	HD_FIELD_ALERT, /* enum hd_alert_state, stored as its name */
	HD_FIELD_ACTION /* enum hd_action_state, stored as its name */
};

struct hd_field {
	const char *name;
	enum hd_field_kind kind;
	size_t at; /* offset in the struct */
};

struct hd_table {
	const char *name;
	const struct hd_field *fields;
	int count;
	size_t num_at; /* offset of num in the struct */
	bool numbered; /* num is content: others refer to it */
};

/* Rows with what only the store needs beside them. */
struct hd_alert_rec {
	struct hd_alert_row row;
	uint8_t head[HD_CHAIN_SIZE]; /* hash of the last entry */
};

struct hd_body_rec {
	int64_t num; /* the alert's */
	struct hd_bytes raw, record;
};

struct hd_decision_rec {
	int64_t num; /* the alert's */
	struct hd_bytes record, answers, ledger;
};

/* Its digest is the chain's hash, so it is read by chain.h only. */
struct hd_entry_rec {
	int64_t num, alert;
	struct hd_entry_row row;
};

struct hd_action_rec {
	int64_t num, alert_num;
	struct hd_action_row row;
};

struct hd_window_rec {
	int64_t num;
	struct hd_window_row row;
};

struct hd_budget_rec {
	int64_t num;
	struct hd_budget_row row;
};

struct hd_quota_rec {
	int64_t num;
	struct hd_quota_row row;
};

struct hd_state_rec {
	int64_t num;
	struct hd_state_row row;
};

struct hd_silence_rec {
	int64_t num;
	struct hd_silence_row row;
};

struct hd_text_rec { /* config and meta */
	int64_t num;
	const char *name;
	struct hd_bytes text;
};

struct hd_uid_rec {
	int64_t num;
	const char *scope, *uid;
	int64_t received_ms;
};

struct hd_aside_rec {
	int64_t num;
	const char *table;
	int64_t row;
	int64_t found_ms;
	struct hd_bytes bytes;
};

extern const struct hd_table hd_table_alert, hd_table_body, hd_table_decision,
	hd_table_action, hd_table_window, hd_table_budget, hd_table_quota,
	hd_table_state, hd_table_silence, hd_table_config, hd_table_meta,
	hd_table_uid, hd_table_aside;

/* All of the above, ended by NULL. */
extern const struct hd_table *const hd_tables[];

/* Append SQL text. `skip` names columns between commas (",id,uid,") that are
 * not written; `key` the columns of a unique index. [any] */
void hd_table_select(struct hd_buf *sql, const struct hd_table *table,
		     const char *tail);
void hd_table_insert(struct hd_buf *sql, const struct hd_table *table);
void hd_table_update(struct hd_buf *sql, const struct hd_table *table,
		     const char *skip);
void hd_table_upsert(struct hd_buf *sql, const struct hd_table *table,
		     const char *key);

/* Binds `rec` and its digest.  Borrowed by `stmt` until it is reset.  Returns
 * SQLite's code. [any] */
int hd_table_bind(sqlite3_stmt *stmt, const struct hd_table *table,
		  const void *rec);

/* Fills `rec` from the row that a select of hd_table_select() stands on;
 * texts are borrowed from `stmt` until its next step.  False if the row is not
 * as it was written: then only num is filled. [any] */
bool hd_table_read(sqlite3_stmt *stmt, const struct hd_table *table, void *rec);

/* Moves the texts and bytes of `rec` into `arena`; NULL texts become "".
 * False when there is no memory. [any] */
bool hd_table_keep(const struct hd_table *table, void *rec,
		   struct hd_arena *arena);

/* Bytes of all texts and bytes in `rec`. [any] */
size_t hd_table_size(const struct hd_table *table, const void *rec);

/* The row's bytes as they are, for the table `aside`: each column as its
 * length, ":", its bytes and ",". [any] */
void hd_table_dump(sqlite3_stmt *stmt, struct hd_buf *out);

/* What a damaged row says of itself: its first column as text of at most 64
 * printable characters. [any] */
#define HD_ROW_KEY 65
void hd_table_key(sqlite3_stmt *stmt, char out[HD_ROW_KEY]);

#endif
