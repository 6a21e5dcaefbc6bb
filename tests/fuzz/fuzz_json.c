/* fuzz_json.c - our reader and writer of JSON, with jansson as the reference
 *
 * For any bytes:
 *  - what we read jansson reads too, as the same tree;
 *  - what only jansson reads is NOT_EXACT (too deep, a long name), or has to do
 *    with NUL: it is told to allow it in strings, and skips raw ones between
 *    tokens;
 *  - what we write, mended or not, both read back as the tree that was written,
 *    and it is written again in the same bytes;
 *  - a prefix read and a span agree where a value in brackets or quotes ends.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/base/utf8.h"

#define THEIR_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static bool has_nul(const json_t *value)
{
	const char *key;
	json_t *member;
	size_t key_len;
	size_t i;
	bool any = false;

	if (json_is_string(value))
		return memchr(json_string_value(value), '\0',
			      json_string_length(value)) != NULL;
	json_array_foreach(value, i, member) any |= has_nul(member);
	json_object_keylen_foreach((json_t *)value, key, key_len, member)
		any |= memchr(key, '\0', key_len) || has_nul(member);
	return any;
}

static void check_written(const json_t *value, unsigned flags)
{
	struct hd_buf first;
	struct hd_buf second;
	struct hd_json_report report;
	json_t *ours;
	json_t *theirs;

	hd_buf_init(&first, 1 << 26);
	hd_buf_init(&second, 1 << 26);
	hd_json_write(&first, value, flags);
	must(!hd_buf_failed(&first), "room for the text");
	must(hd_utf8_valid(first.p, first.n), "written text is UTF-8");
	ours = hd_json_read(first.p, first.n, NULL, &report);
	must(ours && report.status == HD_JSON_OK, "we read what we wrote");
	must(json_equal(ours, value), "what we wrote is the tree");
	theirs = json_loadb(first.p, first.n, THEIR_FLAGS, NULL);
	must(theirs && json_equal(theirs, value), "jansson reads the tree");
	hd_json_write(&second, ours, flags);
	must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0,
	     "written again it is the same text");
	json_decref(ours);
	json_decref(theirs);
	hd_buf_fini(&first);
	hd_buf_fini(&second);
}

static void check_against_reference(const char *text, size_t n)
{
	struct hd_json_report report;
	json_t *ours = hd_json_read(text, n, NULL, &report);
	json_t *theirs = json_loadb(text, n, THEIR_FLAGS, NULL);

	must(!ours == (report.status != HD_JSON_OK), "status tells");
	if (ours && theirs)
		must(json_equal(ours, theirs), "both read the same tree");
	if (ours && !theirs)
		must(0, "jansson refuses what we read");
	if (!ours && theirs)
		must(report.status == HD_JSON_NOT_EXACT || has_nul(theirs) ||
			     memchr(text, '\0', n),
		     "we refuse what jansson reads");
	if (ours)
		check_written(ours, 0);
	json_decref(ours);
	json_decref(theirs);
}

static void check_mended(const char *text, size_t n)
{
	static const struct hd_json_options options = { .mend = true,
							.prefix = true,
							.max_text = 16 };
	struct hd_json_report report;
	json_t *value = hd_json_read(text, n, &options, &report);

	must(report.offset <= n && report.used <= n, "places are inside");
	must(hd_utf8_valid(report.path, strlen(report.path)), "path is UTF-8");
	if (!value)
		return;
	must(report.status == HD_JSON_OK || report.status == HD_JSON_MENDED,
	     "status of a value");
	if (!json_is_number(value) && !json_is_boolean(value) &&
	    !json_is_null(value))
		must(hd_json_span(text, n) == report.used, "span is the value");
	check_written(value, 0);
	check_written(value, HD_JSON_SORTED);
	check_written(value, HD_JSON_INDENT | HD_JSON_ASCII);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A block of its own size, so that a byte too far is seen. */
	char *text = malloc(size != 0 ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	check_against_reference(text, size);
	check_mended(text, size);
	free(text);
	return 0;
}
