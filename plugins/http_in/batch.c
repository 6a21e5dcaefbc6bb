#include "http_in/batch.h"

#include "common/text.h"

static void add(struct http_in_batch *batch, herald_str json, const char *row)
{
	herald_record *record = &batch->records[batch->n];

	if (batch->n == HTTP_IN_BATCH_MAX) {
		batch->too_many = true;
		return;
	}
	*record = (herald_record){
		.struct_size = sizeof(*record),
		.json = json,
		.row = row,
	};
	batch->list[batch->n++] = record;
}

static void clear(struct http_in_batch *batch)
{
	batch->n = 0;
	batch->too_many = false;
}

void http_in_batch_one(struct http_in_batch *batch, herald_str body)
{
	clear(batch);
	add(batch, body, NULL);
}

static herald_str behind(herald_str text, size_t n)
{
	return hp_str_trim((herald_str){ text.p + n, text.n - n });
}

/* Values up to the end.  Returns false if one is broken, or what stands between
 * them is not `between`. */
static bool take_values(struct http_in_batch *batch, const herald_host *h,
			herald_str rest, const char *between)
{
	while (rest.n > 0) {
		size_t n = h->json_span(h, rest);

		if (n == 0)
			return false;
		add(batch, hp_str_trim((herald_str){ rest.p, n }), NULL);
		rest = behind(rest, n);
		if (rest.n == 0 || !between[0])
			continue;
		if (rest.p[0] != between[0])
			return false;
		rest = behind(rest, 1);
		if (rest.n == 0)
			return false;
	}
	return true;
}

void http_in_batch_split(struct http_in_batch *batch, const herald_host *h,
			 herald_str body)
{
	herald_str text = hp_str_trim(body);
	bool whole;

	clear(batch);
	if (text.n > 1 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		whole = take_values(batch, h,
				    hp_str_trim((herald_str){ text.p + 1,
							      text.n - 2 }),
				    ",");
	else
		whole = take_values(batch, h, text, "");
	if (!whole)
		http_in_batch_one(batch, body);
}

void http_in_batch_list(struct http_in_batch *batch, const herald_host *h,
			herald_str body, const char *at)
{
	herald_doc *doc = h->json_parse(h, body, NULL);
	bool is_list = doc && h->json_get(doc, at, NULL) == HERALD_JSON_ARRAY;
	size_t n = is_list ? h->json_size(doc, at) : 0;

	h->json_free(doc);
	if (!is_list) {
		http_in_batch_one(batch, body);
		return;
	}
	clear(batch);
	for (size_t i = 0; i < n && !batch->too_many; i++) {
		char *row = i < HTTP_IN_BATCH_MAX ? batch->rows[i] : NULL;

		if (row)
			snprintf(row, sizeof(batch->rows[i]), "%s/%zu", at, i);
		add(batch, body, row);
	}
}
