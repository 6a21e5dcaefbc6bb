#include "core/journal/table.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"

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
