#include "splunk_in/export.h"

struct stream {
	export_row_fn fn;
	void *ud;
	struct hp_text *why;
	bool is_failed, is_ended;
};

static void take_messages(struct stream *stream, struct hp_json *line)
{
	size_t n = hp_json_size(line, "/messages", "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		const char *type = hp_json_cstr(
			line, hp_path(&at, "/messages/%zu", i), "/type");

		if (strcmp(type, "FATAL") != 0 && strcmp(type, "ERROR") != 0)
			continue;
		if (!stream->is_failed)
			hp_text_add(stream->why,
				    hp_json_text(line, at.text, "/text"));
		stream->is_failed = true;
	}
}

static void take_line(struct stream *stream, struct hp_json *line)
{
	take_messages(stream, line);
	if (hp_json_is_true(line, "/preview", ""))
		return;
	if (hp_json_type(line, "/result", "") == HERALD_JSON_OBJECT)
		stream->fn(stream->ud, line);
	if (hp_json_is_true(line, "/lastrow", ""))
		stream->is_ended = true;
}

static enum export_end end(const struct stream *stream)
{
	if (stream->is_failed) {
		if (stream->why->n == 0)
			hp_text_add(stream->why, HERALD_S("the search failed"));
		return EXPORT_FAILED;
	}
	if (!stream->is_ended) {
		hp_text_add(stream->why,
			    HERALD_S("the answer ended before its last row"));
		return EXPORT_BROKEN;
	}
	return EXPORT_WHOLE;
}

enum export_end export_read(const herald_host *h, herald_str text,
			    export_row_fn fn, void *ud, struct hp_text *why)
{
	struct stream stream = { .fn = fn, .ud = ud, .why = why };
	struct hp_json line;
	size_t span;

	while ((span = h->json_span(h, text)) > 0) {
		if (hp_json_open(&line, h, (herald_str){ text.p, span }))
			take_line(&stream, &line);
		hp_json_close(&line);
		text.p += span;
		text.n -= span;
	}
	if (hp_str_trim(text).n > 0)
		stream.is_ended = false;
	return end(&stream);
}
