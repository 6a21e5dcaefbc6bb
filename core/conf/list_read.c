#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/file.h"
#include "core/conf/list_impl.h"
#include "core/conf/node.h"

#define KINDS "user|host|net|domain|text"
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define FILE_RANK 1000 /* complaints about lists come behind the others */

static const char *const kinds[] = { "user", "host", "net", "domain", "text" };
static const char *const examples[] = {
	[HD_LIST_USER] = "ann, CORP\\ann or ann@corp.example",
	[HD_LIST_HOST] = "srv1 or srv1.corp.example",
	[HD_LIST_NET] = ("192.0.2.0/24 (no bits set behind the prefix), "
			 "192.0.2.1 or 2001:db8::/32"),
	[HD_LIST_DOMAIN] = "example.com",
	[HD_LIST_TEXT] = "any text of one line",
};

static struct hd_list *new_list(const char *name, enum hd_list_kind kind)
{
	struct hd_list *list = hd_alloc(sizeof(*list));

	list->name = hd_strdup(name);
	list->kind = kind;
	hd_dict_init(&list->values);
	hd_dict_init(&list->shorts);
	return list;
}

static int refuse_entry(const struct hd_list *list, struct hd_place place,
			const char *text, size_t n,
			const struct hd_check *check)
{
	hd_complain(check->complaints, place,
		    "'%.*s' is no entry of a list of kind %s",
		    (int)(n < 80 ? n : 80), text, kinds[list->kind]);
	return hd_complain_remedy(check->complaints, "write %s",
				  examples[list->kind]);
}

/* A comment begins the line, or follows a blank. */
static size_t cut_comment(const char *line, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (line[i] == '#' &&
		    (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
			break;
	}
	while (i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t'))
		i--;
	return i;
}

/* Takes " until=DATE" off the end of the entry; -1 if the date is none. */
static int cut_until(struct hd_place place, const char *line, size_t *n,
		     int64_t *until_ms, const struct hd_check *check)
{
	static const char word[] = "until=";
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value date;
	size_t start = *n;

	*until_ms = INT64_MAX;
	while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '\t')
		start--;
	if (start == 0 || *n - start < sizeof(word) - 1 ||
	    memcmp(line + start, word, sizeof(word) - 1) != 0)
		return 0;
	if (hd_value_parse(HD_TYPE_DATE, NULL, line + start + sizeof(word) - 1,
			   *n - start - sizeof(word) + 1, &date, why,
			   remedy) < 0) {
		place.col += (unsigned)hd_source_chars(line, start);
		hd_complain(check->complaints, place, "'%.*s' %s",
			    (int)(*n - start), line + start, why);
		return hd_complain_remedy(check->complaints, "%s", remedy);
	}
	*until_ms = date.number + DAY_MS;
	while (start > 0 && (line[start - 1] == ' ' || line[start - 1] == '\t'))
		start--;
	*n = start;
	return 0;
}

static int add_line(struct hd_list *list, const struct hd_source *file,
		    unsigned line_no, const struct hd_check *check)
{
	struct hd_place place = { file, line_no, 1 };
	int64_t until_ms;
	size_t n, first = 0;
	const char *line = hd_source_line(file, line_no, &n);

	n = cut_comment(line, n);
	while (first < n && (line[first] == ' ' || line[first] == '\t'))
		first++;
	if (first == n)
		return 0;
	line += first;
	n -= first;
	place.col += (unsigned)first;
	if (cut_until(place, line, &n, &until_ms, check) < 0)
		return -1;
	if (hd_list_add(list, line, n, until_ms))
		return 0;
	return refuse_entry(list, place, line, n, check);
}

struct hd_list *hd_list_parse(const char *name, enum hd_list_kind kind,
			      const char *file, const char *text, size_t n,
			      const struct hd_check *check)
{
	struct hd_source *source = hd_source_new(file, text, n, FILE_RANK);
	struct hd_list *list = new_list(name, kind);
	unsigned line;
	int rc = 0;

	for (line = 1; line <= hd_source_lines(source); line++) {
		if (add_line(list, source, line, check) < 0)
			rc = -1;
		if (list->count > HD_LIST_ENTRIES_MAX) {
			struct hd_place place = { source, line, 1 };

			hd_complain(check->complaints, place,
				    "more than %d entries",
				    HD_LIST_ENTRIES_MAX);
			rc = hd_complain_remedy(check->complaints,
						"shorten the list");
			break;
		}
	}
	hd_source_free(source);
	if (rc == 0)
		return list;
	hd_list_free(list);
	return NULL;
}

static struct hd_list *read_file(const char *name, enum hd_list_kind kind,
				 const struct hd_node *node,
				 const struct hd_check *check)
{
	const char *path = hd_node_text(node, NULL);
	struct hd_err err = { 0, "" };
	struct hd_list *list = NULL;
	char *text;
	size_t n;

	text = hd_file_read(path, HD_LIST_FILE_MAX, &n, &err);
	if (text) {
		list = hd_list_parse(name, kind, path, text, n, check);
		free(text);
		return list;
	}
	hd_complain(check->complaints, hd_node_place(node), "list %s: %s: %s",
		    name, path, err.text);
	hd_complain_remedy(check->complaints,
			   "make the file, one entry a line, readable for the "
			   "user herald; it may be empty");
	return NULL;
}

static struct hd_list *read_values(const char *name, enum hd_list_kind kind,
				   const struct hd_node *node,
				   const struct hd_check *check)
{
	bool seq = hd_node_type(node) == HD_NODE_SEQ;
	size_t i, n, count = seq ? hd_node_count(node) : 1;
	struct hd_list *list = new_list(name, kind);
	int rc = 0;

	for (i = 0; i < count; i++) {
		const struct hd_node *one = seq ? hd_node_item(node, i) : node;
		const char *text = hd_node_text(one, &n);

		if (!text || !hd_list_add(list, text, n, INT64_MAX))
			rc = refuse_entry(list, hd_node_place(one),
					  text ? text : "", n, check);
	}
	if (rc == 0)
		return list;
	hd_list_free(list);
	return NULL;
}

struct hd_list *hd_list_read(const char *name, const struct hd_node *node,
			     const struct hd_check *check)
{
	const struct hd_node *file = hd_node_get(node, "file");
	const struct hd_node *values = hd_node_get(node, "values");
	struct hd_value kind;

	if (hd_value_check(HERALD_ENUM, KINDS, hd_node_get(node, "of"), check,
			   &kind) < 0)
		return NULL;
	if (hd_node_text(file, NULL))
		return read_file(name, (enum hd_list_kind)kind.number, file,
				 check);
	return read_values(name, (enum hd_list_kind)kind.number, values, check);
}
