/* What is in a request's body: envelopes one behind the other, or lines. */
#include "splunk_in/hec.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

static struct hec_event *next_event(struct hec_batch *batch)
{
	struct hec_event *more;
	uint32_t size;

	if (batch->n == batch->size) {
		size = batch->size ? 2 * batch->size : 16;
		more = realloc(batch->items, size * sizeof(*more));
		if (!more)
			return NULL;
		batch->items = more;
		batch->size = size;
	}
	return &batch->items[batch->n];
}

enum hec_code hec_batch_read(struct hec_batch *batch, const herald_host *h,
			     herald_str body)
{
	enum hec_code code = HEC_SUCCESS;
	struct hec_event *event;
	size_t span;

	while (code == HEC_SUCCESS && hp_str_trim(body).n > 0 &&
	       batch->n <= HEC_EVENTS_MAX) {
		span = h->json_span(h, body);
		event = next_event(batch);
		if (span == 0)
			code = HEC_INVALID_FORMAT;
		else if (!event)
			code = HEC_INTERNAL_ERROR;
		else
			code = hec_event_read(event, h,
					      (herald_str){ body.p, span });
		if (code == HEC_SUCCESS)
			batch->n++;
		body.p += span;
		body.n -= span;
	}
	return code;
}

/* ---- lines ---- */

static enum hec_code read_line(struct hec_event *event, const herald_host *h,
			       herald_str line, const char *const *query)
{
	static const char *const beside[] = { "host", "source", "sourcetype",
					      "index" };
	struct hp_json envelope;
	struct hp_path path;
	enum hec_code code;

	if (!hp_json_open(&envelope, h, (herald_str){ NULL, 0 }))
		return HEC_INTERNAL_ERROR;
	hp_json_put(&envelope, "/event", line);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		hp_json_put(&envelope, hp_path(&path, "/%s", beside[i]),
			    herald_cstr(herald_pair(query, beside[i])));
	code = envelope.failed
		       ? HEC_INVALID_FORMAT
		       : hec_event_read(event, h, hp_json_all(&envelope));
	if (code == HEC_SUCCESS)
		event->record.raw = line;
	hp_json_close(&envelope);
	return code;
}

/* The next line without its end; `*body` is what stands behind it. */
static herald_str take_line(herald_str *body)
{
	const char *end = memchr(body->p, '\n', body->n);
	size_t n = end ? (size_t)(end - body->p) : body->n;
	herald_str line = { body->p, n };

	n += end ? 1 : 0;
	body->p += n;
	body->n -= n;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum hec_code hec_batch_lines(struct hec_batch *batch, const herald_host *h,
			      herald_str body, const char *const *query)
{
	enum hec_code code = HEC_SUCCESS;
	struct hec_event *event;
	herald_str line;

	while (code == HEC_SUCCESS && body.n > 0 &&
	       batch->n <= HEC_EVENTS_MAX) {
		line = take_line(&body);
		if (hp_str_trim(line).n == 0)
			continue;
		event = next_event(batch);
		code = event ? read_line(event, h, line, query)
			     : HEC_INTERNAL_ERROR;
		if (code == HEC_SUCCESS)
			batch->n++;
	}
	return code;
}

void hec_batch_free(struct hec_batch *batch, const herald_host *h)
{
	for (uint32_t i = 0; i < batch->n; i++)
		hec_event_fini(&batch->items[i], h);
	free(batch->items);
}
