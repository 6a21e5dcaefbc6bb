#include "core/journal/chain.h"

#include <string.h>

#include "core/base/digest.h"

void hd_chain_begin(const char *alert_id, uint8_t head[HD_CHAIN_SIZE])
{
	struct hd_piece pieces[] = { { "entries of", 10 },
				     { alert_id, strlen(alert_id) } };

	hd_sha256_pieces(pieces, 2, head);
}

static void put_int(uint8_t out[8], int64_t value)
{
	int i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)value >> (8 * i));
}

void hd_chain_add(uint8_t head[HD_CHAIN_SIZE], const struct hd_entry_row *row)
{
	uint8_t before[HD_CHAIN_SIZE], numbers[16];
	struct hd_piece pieces[] = { { before, sizeof(before) },
				     { numbers, sizeof(numbers) },
				     { row->kind, strlen(row->kind) },
				     { row->json, strlen(row->json) } };

	memcpy(before, head, sizeof(before));
	put_int(numbers, row->seq);
	put_int(numbers + 8, row->utc_ms);
	hd_sha256_pieces(pieces, 4, head);
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
	const char *text;

	if (sqlite3_column_type(stmt, column) != SQLITE_TEXT)
		return NULL;
	text = (const char *)sqlite3_column_text(stmt, column);
	return text && strlen(text) == (size_t)sqlite3_column_bytes(stmt,
								    column)
		       ? text
		       : NULL;
}

bool hd_chain_read(sqlite3_stmt *stmt, uint8_t head[HD_CHAIN_SIZE], int64_t seq,
		   struct hd_entry_row *out)
{
	const void *hash;

	out->seq = sqlite3_column_int64(stmt, 1);
	out->utc_ms = sqlite3_column_int64(stmt, 2);
	out->kind = text_of(stmt, 3);
	out->json = text_of(stmt, 4);
	if (out->seq != seq || !out->kind || !out->json)
		return false;
	hash = sqlite3_column_blob(stmt, 5);
	if (sqlite3_column_bytes(stmt, 5) != HD_CHAIN_SIZE || !hash)
		return false;
	hd_chain_add(head, out);
	return memcmp(head, hash, HD_CHAIN_SIZE) == 0;
}
