#include "core/net/gunzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/base/buf.h"

#define GZIP_ONLY (16 + MAX_WBITS)

struct hd_gunzip {
	z_stream z;
	enum hd_gunzip_status status;
};

struct hd_gunzip *hd_gunzip_new(void)
{
	struct hd_gunzip *gz = calloc(1, sizeof(*gz));

	if (gz && inflateInit2(&gz->z, GZIP_ONLY) != Z_OK) {
		free(gz);
		return NULL;
	}
	return gz;
}

void hd_gunzip_free(struct hd_gunzip *gz)
{
	if (!gz)
		return;
	inflateEnd(&gz->z);
	free(gz);
}

static enum hd_gunzip_status judge(const struct hd_gunzip *gz, int rc)
{
	switch (rc) {
	case Z_OK:
	case Z_BUF_ERROR: /* it wants more input or more room */
		return HD_GUNZIP_MORE;
	case Z_STREAM_END:
		return gz->z.avail_in == 0 ? HD_GUNZIP_END : HD_GUNZIP_BAD;
	case Z_MEM_ERROR:
		return HD_GUNZIP_MEMORY;
	default:
		return HD_GUNZIP_BAD;
	}
}

/* One turn: inflates into a piece on the stack, so that the buffer's maximum
 * holds to the byte and a full buffer is told apart from one byte too many. */
static enum hd_gunzip_status turn(struct hd_gunzip *gz, struct hd_buf *out)
{
	unsigned char piece[16384];
	enum hd_gunzip_status status;
	size_t made;

	gz->z.next_out = piece;
	gz->z.avail_out = sizeof(piece);
	status = judge(gz, inflate(&gz->z, Z_NO_FLUSH));
	made = sizeof(piece) - gz->z.avail_out;
	if (out->n + made > out->max)
		return HD_GUNZIP_TOO_BIG;
	hd_buf_add(out, piece, made);
	return hd_buf_failed(out) ? HD_GUNZIP_MEMORY : status;
}

enum hd_gunzip_status hd_gunzip_feed(struct hd_gunzip *gz, const void *p,
				     size_t n, struct hd_buf *out)
{
	if (n == 0)
		return gz->status;
	if (gz->status == HD_GUNZIP_END)
		gz->status = HD_GUNZIP_BAD;
	if (gz->status != HD_GUNZIP_MORE)
		return gz->status;
	gz->z.next_in = (z_const Bytef *)(uintptr_t)p;
	gz->z.avail_in = (uInt)n;
	do {
		gz->status = turn(gz, out);
	} while (gz->status == HD_GUNZIP_MORE && gz->z.avail_out == 0);
	return gz->status;
}
