#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

void hd_buf_init(struct hd_buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void hd_buf_fini(struct hd_buf *buf)
{
	free(buf->p);
	hd_buf_init(buf, buf->max);
}

void hd_buf_clear(struct hd_buf *buf)
{
	buf->n = 0;
	buf->failed = false;
	if (buf->p)
		buf->p[0] = '\0';
}

/* A text that lacks a word would be taken for whole. */
#define SMALL 65536

static size_t next_capacity(const struct hd_buf *buf, size_t need)
{
	size_t cap = buf->cap != 0 ? buf->cap : 256;

	while (cap < need)
		cap *= 2;
	return cap < buf->max + 1 ? cap : buf->max + 1;
}

char *hd_buf_room(struct hd_buf *buf, size_t n)
{
	char *p;
	size_t cap;

	if (buf->failed || n > buf->max || buf->n > buf->max - n) {
		buf->failed = true;
		return NULL;
	}
	if (buf->n + n + 1 > buf->cap) {
		cap = next_capacity(buf, buf->n + n + 1);
		p = cap <= SMALL ? hd_realloc_array(buf->p, cap, 1)
				 : realloc(buf->p, cap);
		if (!p) {
			buf->failed = true;
			return NULL;
		}
		buf->p = p;
		buf->cap = cap;
	}
	return buf->p + buf->n;
}

void hd_buf_grew(struct hd_buf *buf, size_t n)
{
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void hd_buf_add(struct hd_buf *buf, const void *p, size_t n)
{
	char *room = hd_buf_room(buf, n);

	if (!room)
		return;
	if (n != 0)
		memcpy(room, p, n);
	hd_buf_grew(buf, n);
}

void hd_buf_adds(struct hd_buf *buf, const char *text)
{
	hd_buf_add(buf, text, strlen(text));
}

void hd_buf_addc(struct hd_buf *buf, char c)
{
	hd_buf_add(buf, &c, 1);
}

void hd_buf_addf(struct hd_buf *buf, const char *fmt, ...)
{
	size_t size = buf->cap - buf->n;
	char *room = buf->p ? buf->p + buf->n : NULL;
	va_list ap;
	int n;

	if (buf->failed)
		return;
	va_start(ap, fmt);
	n = vsnprintf(room, size, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= size) { /* it did not fit */
		room = hd_buf_room(buf, (size_t)n);
		if (!room) {
			if (buf->p)
				buf->p[buf->n] = '\0';
			return;
		}
		va_start(ap, fmt);
		n = vsnprintf(room, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	if (n < 0)
		buf->failed = true;
	else
		hd_buf_grew(buf, (size_t)n);
}

bool hd_buf_failed(const struct hd_buf *buf)
{
	return buf->failed;
}

const char *hd_buf_text(const struct hd_buf *buf)
{
	return buf->p ? buf->p : "";
}

char *hd_buf_steal(struct hd_buf *buf)
{
	char *p = buf->p ? buf->p : hd_strdup("");

	hd_buf_init(buf, buf->max);
	return p;
}
