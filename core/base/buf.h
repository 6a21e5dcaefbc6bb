/* buf.h - bytes that grow up to a maximum
 *
 * The maximum is told when the buffer is made.  An append that would pass it,
 * or for which memory is lacking, is left out and makes the buffer *failed*
 * for good: build the whole thing, then ask hd_buf_failed() once.  Where 64 KiB
 * are lacking the process ends, as alloc.h says.  The content is always
 * followed by a '\0' that is not counted.
 */
#ifndef HD_BASE_BUF_H
#define HD_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct hd_buf {
	char *p; /* NULL until the first append */
	size_t n, cap, max;
	bool failed;
};

/* Empty, at most `max` bytes. [any] */
void hd_buf_init(struct hd_buf *buf, size_t max);

/* Frees the memory; the buffer may be used again, with the same maximum.
 * [any] */
void hd_buf_fini(struct hd_buf *buf);

/* Forgets content and failure, keeps the memory. [any] */
void hd_buf_clear(struct hd_buf *buf);

/* [any] */
void hd_buf_add(struct hd_buf *buf, const void *p, size_t n);
void hd_buf_adds(struct hd_buf *buf, const char *text);
void hd_buf_addc(struct hd_buf *buf, char c);
void hd_buf_addf(struct hd_buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes behind the content, or NULL (the buffer is then
 * failed).  What was written there counts after hd_buf_grew(). [any] */
char *hd_buf_room(struct hd_buf *buf, size_t n);
void hd_buf_grew(struct hd_buf *buf, size_t n);

/* True once an append was left out. [any] */
bool hd_buf_failed(const struct hd_buf *buf);

/* The content as text, "" when empty.  Borrowed from `buf`, valid until the
 * next append. [any] */
const char *hd_buf_text(const struct hd_buf *buf);

/* Hands the content to the caller, who frees it (never NULL); the buffer is
 * empty afterwards. [any] */
char *hd_buf_steal(struct hd_buf *buf);

#endif
