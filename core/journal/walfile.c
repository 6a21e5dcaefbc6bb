#include "core/journal/walfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"

#define WAL_HEADER 32
#define FRAME_HEADER 24
#define MAGIC UINT32_C(0x377f0682) /* + 1: checksums over big-endian words */
#define FORMAT 3007000

struct scan {
	FILE *file;
	uint8_t header[WAL_HEADER];
	uint8_t *frame; /* FRAME_HEADER + page */
	uint32_t page;
	bool big_endian;
	uint32_t sum[2]; /* so far, over header and frames */
	bool torn_end;	 /* seen the last frame of the torn transaction */
};

static uint32_t get_be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint32_t get_le(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* `n` is a multiple of 8. */
static void add_sum(const struct scan *scan, const uint8_t *p, size_t n,
		    uint32_t sum[2])
{
	size_t i;

	for (i = 0; i < n; i += 8) {
		sum[0] += sum[1] +
			  (scan->big_endian ? get_be(p + i) : get_le(p + i));
		sum[1] += sum[0] + (scan->big_endian ? get_be(p + i + 4)
						     : get_le(p + i + 4));
	}
}

static bool header_is_sound(struct scan *scan)
{
	uint32_t magic = get_be(scan->header);

	if ((magic & ~UINT32_C(1)) != MAGIC ||
	    get_be(scan->header + 4) != FORMAT)
		return false;
	scan->big_endian = (magic & 1) != 0;
	scan->page = get_be(scan->header + 8);
	if (scan->page < 512 || scan->page > 65536 ||
	    (scan->page & (scan->page - 1)) != 0)
		return false;
	add_sum(scan, scan->header, 24, scan->sum);
	return scan->sum[0] == get_be(scan->header + 24) &&
	       scan->sum[1] == get_be(scan->header + 28);
}

/* Of the same log as the header: older ones had other salts. */
static bool frame_is_ours(const struct scan *scan)
{
	return memcmp(scan->frame + 8, scan->header + 16, 8) == 0;
}

static bool frame_is_sound(struct scan *scan)
{
	uint32_t sum[2] = { scan->sum[0], scan->sum[1] };

	if (!frame_is_ours(scan) || get_be(scan->frame) == 0)
		return false;
	add_sum(scan, scan->frame, 8, sum);
	add_sum(scan, scan->frame + FRAME_HEADER, scan->page, sum);
	if (sum[0] != get_be(scan->frame + 16) ||
	    sum[1] != get_be(scan->frame + 20))
		return false;
	memcpy(scan->sum, sum, sizeof(sum));
	return true;
}

/* Sound frames count once the commit that ends them was seen. */
static void take_frame(struct scan *scan, struct hd_walfile *out)
{
	bool commit = get_be(scan->frame + 4) != 0;

	if (!out->unsound && frame_is_sound(scan)) {
		out->torn++;
		if (commit) {
			out->frames += out->torn;
			out->torn = 0;
		}
		return;
	}
	if (!frame_is_ours(scan))
		return;
	out->unsound = true;
	out->torn++;
	if (scan->torn_end)
		out->behind++;
	scan->torn_end = scan->torn_end || commit;
}

/* True if anything but zeros stands behind the header. */
static bool has_content(FILE *file)
{
	int c;

	while ((c = getc(file)) == 0)
		;
	return c != EOF;
}

static int scan_file(struct scan *scan, const char *path,
		     struct hd_walfile *out, struct hd_err *err)
{
	size_t n = fread(scan->header, 1, WAL_HEADER, scan->file);

	if (n < WAL_HEADER || !header_is_sound(scan)) {
		if (!has_content(scan->file))
			return 0;
		return hd_err_set(err, EBADMSG,
				  "%s: its header is damaged, and commits may "
				  "stand behind it",
				  path);
	}
	scan->frame = malloc(FRAME_HEADER + scan->page);
	if (!scan->frame)
		return hd_err_sys(err, ENOMEM, "%s", path);
	n = FRAME_HEADER + scan->page;
	while (fread(scan->frame, 1, n, scan->file) == n)
		take_frame(scan, out);
	if (ferror(scan->file))
		return hd_err_sys(err, EIO, "%s", path);
	if (out->behind > 0)
		return hd_err_set(err, EBADMSG,
				  "%s: it is damaged behind frame %lld, and "
				  "later commits stand there",
				  path, (long long)out->frames);
	return 0;
}

int hd_walfile_scan(const char *path, struct hd_walfile *out,
		    struct hd_err *err)
{
	struct scan scan = { 0 };
	int rc;

	memset(out, 0, sizeof(*out));
	scan.file = fopen(path, "re");
	if (!scan.file)
		return hd_err_sys(err, errno, "%s", path);
	rc = scan_file(&scan, path, out, err);
	free(scan.frame);
	fclose(scan.file);
	return rc;
}
