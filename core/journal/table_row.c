#include "core/journal/table.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/journal/arena.h"

#define FLAT_MAX 8192

/* --- values and digests --- */

struct value {
	bool is_int, is_blob;
	int64_t i;
	const void *p;
	size_t n;
};

/* What a digest is made of: the table's name, num where it counts, and each
 * column; integers as eight bytes, the lowest first. */
struct content {
	struct hd_piece pieces[HD_FIELDS_MAX];
	uint8_t ints[HD_FIELDS_MAX][8];
	size_t count;
};

static void add_int(struct content *content, int64_t value)
{
	uint8_t *p = content->ints[content->count];
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)value >> (8 * i));
	content->pieces[content->count].p = p;
	content->pieces[content->count++].n = 8;
}

static void add_value(struct content *content, const struct value *value)
{
	if (value->is_int) {
		add_int(content, value->i);
		return;
	}
	content->pieces[content->count].p = value->n != 0 ? value->p : "";
	content->pieces[content->count++].n = value->n;
}

static void begin_content(struct content *content, const struct hd_table *table,
			  int64_t num)
{
	content->count = 0;
	content->pieces[content->count].p = table->name;
	content->pieces[content->count++].n = strlen(table->name);
	if (table->numbered)
		add_int(content, num);
}

/* Most rows are short: hashing them in one go costs a third of piece by piece,
 * and is the same by hd_sha256_pieces()'s contract. */
static void end_content(const struct content *content,
			uint8_t out[HD_SHA256_SIZE])
{
	uint8_t flat[FLAT_MAX];
	size_t used = 0, i;
	int j;

	for (i = 0; i < content->count; i++) {
		const struct hd_piece *piece = &content->pieces[i];

		if (piece->n > FLAT_MAX || used + 8 + piece->n > FLAT_MAX) {
			hd_sha256_pieces(content->pieces, content->count, out);
			return;
		}
		for (j = 0; j < 8; j++)
			flat[used++] = (uint8_t)((uint64_t)piece->n >> (8 * j));
		memcpy(flat + used, piece->p, piece->n);
		used += piece->n;
	}
	hd_sha256(flat, used, out);
}

static struct value text_value(const char *text)
{
	struct value value = { .p = text ? text : "" };

	value.n = strlen(value.p);
	return value;
}

static struct value value_of(const struct hd_field *field, const void *rec)
{
	const char *at = (const char *)rec + field->at;
	const struct hd_bytes *bytes = (const void *)at;
	struct value value = { 0 };

	switch (field->kind) {
	case HD_FIELD_INT:
		value.is_int = true;
		value.i = *(const int64_t *)(const void *)at;
		break;
	case HD_FIELD_SMALL:
		value.is_int = true;
		value.i = *(const int *)(const void *)at;
		break;
	case HD_FIELD_TEXT:
		return text_value(*(const char *const *)(const void *)at);
	case HD_FIELD_ALERT:
		return text_value(hd_alert_state_name(
			*(const enum hd_alert_state *)(const void *)at));
	case HD_FIELD_ACTION:
		return text_value(hd_action_state_name(
			*(const enum hd_action_state *)(const void *)at));
	case HD_FIELD_JSON:
	case HD_FIELD_BLOB:
		value.is_blob = field->kind == HD_FIELD_BLOB;
		value.p = bytes->n != 0 ? bytes->p : "";
		value.n = bytes->n;
		break;
	case HD_FIELD_CHAIN:
		value.is_blob = true;
		value.p = at;
		value.n = HD_CHAIN_SIZE;
		break;
	}
	return value;
}

static int bind_value(sqlite3_stmt *stmt, int index, const struct value *value)
{
	if (value->is_int)
		return sqlite3_bind_int64(stmt, index, value->i);
	if (value->is_blob)
		return sqlite3_bind_blob64(stmt, index, value->p, value->n,
					   SQLITE_STATIC);
	return sqlite3_bind_text64(stmt, index, value->p, value->n,
				   SQLITE_STATIC, SQLITE_UTF8);
}

int hd_table_bind(sqlite3_stmt *stmt, const struct hd_table *table,
		  const void *rec)
{
	uint8_t digest[HD_SHA256_SIZE];
	struct content content;
	int64_t num = *(const int64_t *)(const void *)((const char *)rec +
						       table->num_at);
	int rc = sqlite3_bind_int64(stmt, 1, num);
	int i;

	begin_content(&content, table, num);
	for (i = 0; i < table->count && rc == SQLITE_OK; i++) {
		struct value value = value_of(&table->fields[i], rec);

		add_value(&content, &value);
		rc = bind_value(stmt, i + 2, &value);
	}
	if (rc != SQLITE_OK)
		return rc;
	end_content(&content, digest);
	return sqlite3_bind_blob(stmt, table->count + 2, digest, HD_DIGEST_SIZE,
				 SQLITE_TRANSIENT);
}

/* --- reading --- */

static int column_type(enum hd_field_kind kind)
{
	switch (kind) {
	case HD_FIELD_INT:
	case HD_FIELD_SMALL:
		return SQLITE_INTEGER;
	case HD_FIELD_BLOB:
	case HD_FIELD_CHAIN:
		return SQLITE_BLOB;
	default:
		return SQLITE_TEXT;
	}
}

/* False if the column is not of the kind that was written. */
static bool column_value(sqlite3_stmt *stmt, int column,
			 enum hd_field_kind kind, struct value *value)
{
	int type = column_type(kind);

	memset(value, 0, sizeof(*value));
	if (sqlite3_column_type(stmt, column) != type)
		return false;
	if (type == SQLITE_INTEGER) {
		value->is_int = true;
		value->i = sqlite3_column_int64(stmt, column);
		return true;
	}
	if (type == SQLITE_TEXT)
		value->p = sqlite3_column_text(stmt, column);
	else
		value->p = sqlite3_column_blob(stmt, column);
	value->n = (size_t)sqlite3_column_bytes(stmt, column);
	if (!value->p) {
		value->p = "";
		return value->n == 0;
	}
	return true;
}

static void store_value(const struct hd_field *field, const struct value *value,
			void *rec)
{
	char *at = (char *)rec + field->at;

	switch (field->kind) {
	case HD_FIELD_INT:
		*(int64_t *)(void *)at = value->i;
		break;
	case HD_FIELD_SMALL:
		*(int *)(void *)at = (int)value->i;
		break;
	case HD_FIELD_TEXT:
		*(const char **)(void *)at = value->p;
		break;
	case HD_FIELD_JSON:
	case HD_FIELD_BLOB:
		((struct hd_bytes *)(void *)at)->p = value->p;
		((struct hd_bytes *)(void *)at)->n = value->n;
		break;
	case HD_FIELD_CHAIN:
		memset(at, 0, HD_CHAIN_SIZE);
		if (value->n == HD_CHAIN_SIZE)
			memcpy(at, value->p, HD_CHAIN_SIZE);
		break;
	case HD_FIELD_ALERT:
		*(enum hd_alert_state *)(void *)at = hd_alert_state_of(
			value->p);
		break;
	case HD_FIELD_ACTION:
		*(enum hd_action_state *)(void *)at = hd_action_state_of(
			value->p);
		break;
	}
}

static bool digest_fits(sqlite3_stmt *stmt, int column,
			const struct content *content)
{
	uint8_t digest[HD_SHA256_SIZE];
	struct value stored;

	if (!column_value(stmt, column, HD_FIELD_BLOB, &stored) ||
	    stored.n != HD_DIGEST_SIZE)
		return false;
	end_content(content, digest);
	return memcmp(digest, stored.p, HD_DIGEST_SIZE) == 0;
}

bool hd_table_read(sqlite3_stmt *stmt, const struct hd_table *table, void *rec)
{
	struct content content;
	struct value value;
	int64_t num = sqlite3_column_int64(stmt, 0);
	int i;

	*(int64_t *)(void *)((char *)rec + table->num_at) = num;
	begin_content(&content, table, num);
	for (i = 0; i < table->count; i++) {
		if (!column_value(stmt, i + 1, table->fields[i].kind, &value))
			return false;
		add_value(&content, &value);
		store_value(&table->fields[i], &value, rec);
	}
	return digest_fits(stmt, table->count + 1, &content);
}

static bool keep_field(const struct hd_field *field, void *rec,
		       struct hd_arena *arena)
{
	void *at = (char *)rec + field->at;
	const char **text = at;
	struct hd_bytes *bytes = at;

	switch (field->kind) {
	case HD_FIELD_TEXT:
		*text = hd_arena_text(arena, *text);
		return *text != NULL;
	case HD_FIELD_JSON:
	case HD_FIELD_BLOB:
		if (!bytes->p)
			bytes->n = 0;
		bytes->p = hd_arena_copy(arena, bytes->n != 0 ? bytes->p : "",
					 bytes->n);
		return bytes->p != NULL;
	default:
		return true;
	}
}

bool hd_table_keep(const struct hd_table *table, void *rec,
		   struct hd_arena *arena)
{
	int i;

	for (i = 0; i < table->count; i++) {
		if (!keep_field(&table->fields[i], rec, arena))
			return false;
	}
	return true;
}

size_t hd_table_size(const struct hd_table *table, const void *rec)
{
	size_t size = 0;
	int i;

	for (i = 0; i < table->count; i++) {
		if (column_type(table->fields[i].kind) != SQLITE_INTEGER)
			size += value_of(&table->fields[i], rec).n;
	}
	return size;
}

void hd_table_dump(sqlite3_stmt *stmt, struct hd_buf *out)
{
	int count = sqlite3_column_count(stmt);
	int i;

	for (i = 0; i < count; i++) {
		const void *p = sqlite3_column_blob(stmt, i);
		int n = sqlite3_column_bytes(stmt, i);

		hd_buf_addf(out, "%d:", n);
		hd_buf_add(out, p ? p : "", (size_t)n);
		hd_buf_addc(out, ',');
	}
}

void hd_table_key(sqlite3_stmt *stmt, char out[HD_ROW_KEY])
{
	const char *p = sqlite3_column_blob(stmt, 1);
	int n = sqlite3_column_bytes(stmt, 1);
	int i;

	for (i = 0; i < n && i < HD_ROW_KEY - 1; i++)
		out[i] = p[i] > ' ' && p[i] < 127 ? p[i] : '.';
	out[i] = '\0';
}
