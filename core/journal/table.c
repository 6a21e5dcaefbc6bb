#include "core/journal/table.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/journal/arena.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define FLAT_MAX 8192
#define AT(type, member) offsetof(struct type, member)

static const struct hd_field alert_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_alert_rec, row.id) },
	{ "uid", HD_FIELD_TEXT, AT(hd_alert_rec, row.uid) },
	{ "scope", HD_FIELD_TEXT, AT(hd_alert_rec, row.scope) },
	{ "connector", HD_FIELD_TEXT, AT(hd_alert_rec, row.connector) },
	{ "severity", HD_FIELD_SMALL, AT(hd_alert_rec, row.severity) },
	{ "received_ms", HD_FIELD_INT, AT(hd_alert_rec, row.received_ms) },
	{ "state", HD_FIELD_ALERT, AT(hd_alert_rec, row.state) },
	{ "title", HD_FIELD_TEXT, AT(hd_alert_rec, row.title) },
	{ "reason", HD_FIELD_TEXT, AT(hd_alert_rec, row.reason) },
	{ "pipeline", HD_FIELD_TEXT, AT(hd_alert_rec, row.pipeline) },
	{ "config", HD_FIELD_TEXT, AT(hd_alert_rec, row.config) },
	{ "level", HD_FIELD_TEXT, AT(hd_alert_rec, row.level) },
	{ "score_low", HD_FIELD_INT, AT(hd_alert_rec, row.score_low) },
	{ "score_high", HD_FIELD_INT, AT(hd_alert_rec, row.score_high) },
	{ "leader", HD_FIELD_TEXT, AT(hd_alert_rec, row.leader) },
	{ "due_ms", HD_FIELD_INT, AT(hd_alert_rec, row.due_ms) },
	{ "changed_ms", HD_FIELD_INT, AT(hd_alert_rec, row.changed_ms) },
	{ "entries", HD_FIELD_INT, AT(hd_alert_rec, row.entries) },
	{ "head", HD_FIELD_CHAIN, AT(hd_alert_rec, head) },
};

static const struct hd_field body_fields[] = {
	{ "raw", HD_FIELD_BLOB, AT(hd_body_rec, raw) },
	{ "record", HD_FIELD_JSON, AT(hd_body_rec, record) },
};

static const struct hd_field decision_fields[] = {
	{ "record", HD_FIELD_JSON, AT(hd_decision_rec, record) },
	{ "answers", HD_FIELD_JSON, AT(hd_decision_rec, answers) },
	{ "ledger", HD_FIELD_JSON, AT(hd_decision_rec, ledger) },
};

static const struct hd_field action_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_action_rec, row.id) },
	{ "idem", HD_FIELD_TEXT, AT(hd_action_rec, row.idem) },
	{ "alert_num", HD_FIELD_INT, AT(hd_action_rec, alert_num) },
	{ "alert", HD_FIELD_TEXT, AT(hd_action_rec, row.alert) },
	{ "pipeline", HD_FIELD_TEXT, AT(hd_action_rec, row.pipeline) },
	{ "name", HD_FIELD_TEXT, AT(hd_action_rec, row.name) },
	{ "connector", HD_FIELD_TEXT, AT(hd_action_rec, row.connector) },
	{ "action", HD_FIELD_TEXT, AT(hd_action_rec, row.action) },
	{ "effect", HD_FIELD_SMALL, AT(hd_action_rec, row.effect) },
	{ "mode", HD_FIELD_TEXT, AT(hd_action_rec, row.mode) },
	{ "undo_of", HD_FIELD_TEXT, AT(hd_action_rec, row.undo_of) },
	{ "params", HD_FIELD_TEXT, AT(hd_action_rec, row.params) },
	{ "spec", HD_FIELD_TEXT, AT(hd_action_rec, row.spec) },
	{ "target", HD_FIELD_TEXT, AT(hd_action_rec, row.target) },
	{ "target_uid", HD_FIELD_TEXT, AT(hd_action_rec, row.target_uid) },
	{ "summary", HD_FIELD_TEXT, AT(hd_action_rec, row.summary) },
	{ "memo", HD_FIELD_TEXT, AT(hd_action_rec, row.memo) },
	{ "state", HD_FIELD_ACTION, AT(hd_action_rec, row.state) },
	{ "due_ms", HD_FIELD_INT, AT(hd_action_rec, row.due_ms) },
	{ "tries", HD_FIELD_INT, AT(hd_action_rec, row.tries) },
	{ "retry_until_ms", HD_FIELD_INT,
	  AT(hd_action_rec, row.retry_until_ms) },
	{ "deadline_ms", HD_FIELD_INT, AT(hd_action_rec, row.deadline_ms) },
	{ "result", HD_FIELD_TEXT, AT(hd_action_rec, row.result) },
	{ "ticket", HD_FIELD_TEXT, AT(hd_action_rec, row.ticket) },
	{ "message", HD_FIELD_TEXT, AT(hd_action_rec, row.message) },
	{ "created_ms", HD_FIELD_INT, AT(hd_action_rec, row.created_ms) },
	{ "changed_ms", HD_FIELD_INT, AT(hd_action_rec, row.changed_ms) },
};

static const struct hd_field window_fields[] = {
	{ "pipeline", HD_FIELD_TEXT, AT(hd_window_rec, row.pipeline) },
	{ "key", HD_FIELD_TEXT, AT(hd_window_rec, row.key) },
	{ "leader", HD_FIELD_TEXT, AT(hd_window_rec, row.leader) },
	{ "first_ms", HD_FIELD_INT, AT(hd_window_rec, row.first_ms) },
	{ "until_ms", HD_FIELD_INT, AT(hd_window_rec, row.until_ms) },
	{ "count", HD_FIELD_INT, AT(hd_window_rec, row.count) },
	{ "severity", HD_FIELD_SMALL, AT(hd_window_rec, row.severity) },
};

static const struct hd_field budget_fields[] = {
	{ "scope", HD_FIELD_TEXT, AT(hd_budget_rec, row.scope) },
	{ "utc_ms", HD_FIELD_INT, AT(hd_budget_rec, row.utc_ms) },
	{ "n", HD_FIELD_INT, AT(hd_budget_rec, row.n) },
};

static const struct hd_field quota_fields[] = {
	{ "connector", HD_FIELD_TEXT, AT(hd_quota_rec, row.connector) },
	{ "window", HD_FIELD_TEXT, AT(hd_quota_rec, row.window) },
	{ "since_ms", HD_FIELD_INT, AT(hd_quota_rec, row.since_ms) },
	{ "used", HD_FIELD_INT, AT(hd_quota_rec, row.used) },
};

static const struct hd_field state_fields[] = {
	{ "connector", HD_FIELD_TEXT, AT(hd_state_rec, row.connector) },
	{ "key", HD_FIELD_TEXT, AT(hd_state_rec, row.key) },
	{ "value", HD_FIELD_BLOB, AT(hd_state_rec, row.value) },
};

static const struct hd_field silence_fields[] = {
	{ "id", HD_FIELD_TEXT, AT(hd_silence_rec, row.id) },
	{ "cond", HD_FIELD_TEXT, AT(hd_silence_rec, row.cond) },
	{ "who", HD_FIELD_TEXT, AT(hd_silence_rec, row.who) },
	{ "because", HD_FIELD_TEXT, AT(hd_silence_rec, row.because) },
	{ "from_ms", HD_FIELD_INT, AT(hd_silence_rec, row.from_ms) },
	{ "until_ms", HD_FIELD_INT, AT(hd_silence_rec, row.until_ms) },
};

static const struct hd_field text_fields[] = {
	{ "name", HD_FIELD_TEXT, AT(hd_text_rec, name) },
	{ "text", HD_FIELD_JSON, AT(hd_text_rec, text) },
};

static const struct hd_field uid_fields[] = {
	{ "scope", HD_FIELD_TEXT, AT(hd_uid_rec, scope) },
	{ "uid", HD_FIELD_TEXT, AT(hd_uid_rec, uid) },
	{ "received_ms", HD_FIELD_INT, AT(hd_uid_rec, received_ms) },
};

static const struct hd_field aside_fields[] = {
	{ "tbl", HD_FIELD_TEXT, AT(hd_aside_rec, table) },
	{ "row", HD_FIELD_INT, AT(hd_aside_rec, row) },
	{ "found_ms", HD_FIELD_INT, AT(hd_aside_rec, found_ms) },
	{ "bytes", HD_FIELD_BLOB, AT(hd_aside_rec, bytes) },
};

#define TABLE(name, fields, struct_name, num, numbered)                      \
	const struct hd_table hd_table_##name = {                            \
		#name, fields, COUNT(fields), AT(struct_name, num), numbered \
	}

TABLE(alert, alert_fields, hd_alert_rec, row.num, true);
TABLE(body, body_fields, hd_body_rec, num, true);
TABLE(decision, decision_fields, hd_decision_rec, num, true);
TABLE(action, action_fields, hd_action_rec, num, false);
TABLE(window, window_fields, hd_window_rec, num, false);
TABLE(budget, budget_fields, hd_budget_rec, num, false);
TABLE(quota, quota_fields, hd_quota_rec, num, false);
TABLE(state, state_fields, hd_state_rec, num, false);
TABLE(silence, silence_fields, hd_silence_rec, num, false);
TABLE(config, text_fields, hd_text_rec, num, false);
TABLE(meta, text_fields, hd_text_rec, num, false);
TABLE(uid, uid_fields, hd_uid_rec, num, false);
TABLE(aside, aside_fields, hd_aside_rec, num, false);

const struct hd_table *const hd_tables[] = {
	&hd_table_alert,    &hd_table_body,
	&hd_table_decision, &hd_table_action,
	&hd_table_window,   &hd_table_budget,
	&hd_table_quota,    &hd_table_state,
	&hd_table_silence,  &hd_table_config,
	&hd_table_meta,	    &hd_table_uid,
	&hd_table_aside,    NULL,
};

/* --- SQL texts --- */

void hd_table_select(struct hd_buf *sql, const struct hd_table *table,
		     const char *tail)
{
	int i;

	hd_buf_addf(sql, "SELECT %s.num", table->name);
	for (i = 0; i < table->count; i++)
		hd_buf_addf(sql, ",%s.%s", table->name, table->fields[i].name);
	hd_buf_addf(sql, ",%s.digest FROM %s %s", table->name, table->name,
		    tail);
}

static void add_values(struct hd_buf *sql, const struct hd_table *table,
		       bool with_num)
{
	int i;

	hd_buf_addf(sql, "INSERT INTO %s(%s", table->name,
		    with_num ? "num," : "");
	for (i = 0; i < table->count; i++)
		hd_buf_addf(sql, "%s,", table->fields[i].name);
	hd_buf_addf(sql, "digest)VALUES(%s", with_num ? "?1," : "");
	for (i = 0; i < table->count; i++)
		hd_buf_addf(sql, "?%d,", i + 2);
	hd_buf_addf(sql, "?%d)", table->count + 2);
}

void hd_table_insert(struct hd_buf *sql, const struct hd_table *table)
{
	add_values(sql, table, table->numbered);
}

static bool is_listed(const char *list, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), ",%s,", name);
	return strstr(list, word) != NULL;
}

void hd_table_update(struct hd_buf *sql, const struct hd_table *table,
		     const char *skip)
{
	int i;

	hd_buf_addf(sql, "UPDATE %s SET ", table->name);
	for (i = 0; i < table->count; i++) {
		if (!is_listed(skip, table->fields[i].name))
			hd_buf_addf(sql, "%s=?%d,", table->fields[i].name,
				    i + 2);
	}
	hd_buf_addf(sql, "digest=?%d WHERE num=?1", table->count + 2);
}

void hd_table_upsert(struct hd_buf *sql, const struct hd_table *table,
		     const char *key)
{
	char keys[128];
	int i;

	snprintf(keys, sizeof(keys), ",%s,", key);
	add_values(sql, table, table->numbered);
	hd_buf_addf(sql, "ON CONFLICT(%s)DO UPDATE SET ", key);
	for (i = 0; i < table->count; i++) {
		const char *name = table->fields[i].name;

		if (!is_listed(keys, name))
			hd_buf_addf(sql, "%s=excluded.%s,", name, name);
	}
	hd_buf_adds(sql, "digest=excluded.digest");
}

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
