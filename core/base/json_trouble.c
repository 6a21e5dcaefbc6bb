#include "core/base/json_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

static void add_pointer_token(struct hd_buf *out,
			      const struct hd_json_frame *frame)
{
	size_t i;

	if (!frame->key.p) {
		hd_buf_addf(out, "/%zu", frame->index);
		return;
	}
	hd_buf_addc(out, '/');
	for (i = 0; i < frame->key.n; i++) {
		if (frame->key.p[i] == '~')
			hd_buf_adds(out, "~0");
		else if (frame->key.p[i] == '/')
			hd_buf_adds(out, "~1");
		else
			hd_buf_addc(out, frame->key.p[i]);
	}
}

static void copy_cut(const char *text, size_t n, char *out, size_t size)
{
	n = hd_utf8_cut(text, n, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

static void report_path(struct hd_json_reader *r)
{
	const struct hd_json_frame *frames[HD_JSON_OWN_DEPTH + 1];
	const struct hd_json_frame *frame;
	struct hd_buf path;
	size_t n = 0;

	for (frame = r->top; frame; frame = frame->up)
		frames[n++] = frame;
	hd_buf_init(&path, (size_t)HD_JSON_DEPTH * (2 * HD_JSON_KEY_MAX + 1));
	while (n > 0)
		add_pointer_token(&path, frames[--n]);
	copy_cut(hd_buf_text(&path), path.n, r->report->path,
		 sizeof(r->report->path));
	hd_buf_fini(&path);
}

int hd_json_trouble(struct hd_json_reader *r, enum hd_json_status status,
		    const char *at, const char *fmt, ...)
{
	char why[2 * HD_JSON_KEY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	r->report->status = status;
	r->report->offset = (size_t)(at - r->start);
	copy_cut(why, strlen(why), r->report->why, sizeof(r->report->why));
	report_path(r);
	return -1;
}

int hd_json_mend(struct hd_json_reader *r, const char *at, const char *what)
{
	if (!r->options->mend)
		return hd_json_trouble(r, HD_JSON_BAD, at, "%s", what);
	if (r->report->status == HD_JSON_OK)
		hd_json_trouble(r, HD_JSON_MENDED, at, "%s", what);
	return 0;
}

int hd_json_no_memory(struct hd_json_reader *r)
{
	return hd_json_trouble(r, HD_JSON_MEMORY, r->p, "out of memory");
}

int hd_json_unexpected(struct hd_json_reader *r, const char *wanted)
{
	unsigned char c;

	if (r->p == r->end)
		return hd_json_trouble(r, HD_JSON_BAD, r->p,
				       "ends where %s should be", wanted);
	c = (unsigned char)*r->p;
	if (c <= 0x20 || c >= 0x7f)
		return hd_json_trouble(r, HD_JSON_BAD, r->p,
				       "byte 0x%02x where %s should be", c,
				       wanted);
	return hd_json_trouble(r, HD_JSON_BAD, r->p, "'%c' where %s should be",
			       c, wanted);
}
