/* gunzip.h - inflating with a bound
 *
 * What comes out is counted, never what is announced: a bomb costs its bound
 * and no more.
 */
#ifndef HD_NET_GUNZIP_H
#define HD_NET_GUNZIP_H

#include <stddef.h>

struct hd_buf;
struct hd_gunzip;

enum hd_gunzip_status {
	HD_GUNZIP_MORE,	   /* so far sound, not at its end */
	HD_GUNZIP_END,	   /* whole, checksum and length right */
	HD_GUNZIP_BAD,	   /* not gzip, damaged, or bytes after the end */
	HD_GUNZIP_TOO_BIG, /* over the buffer's maximum */
	HD_GUNZIP_MEMORY
};

/* One gzip stream (RFC 1952).  NULL if memory is lacking. [any] */
struct hd_gunzip *hd_gunzip_new(void);
void hd_gunzip_free(struct hd_gunzip *gz);

/* Takes `n` more bytes and appends what they make to `out`.  After anything but
 * MORE the answer stays; after END further bytes are BAD. [any] */
enum hd_gunzip_status hd_gunzip_feed(struct hd_gunzip *gz, const void *p,
				     size_t n, struct hd_buf *out);

#endif
