/* Addresses, request targets, queries, Retry-After: what peers write. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/net/http_verdict.h"
#include "core/net/url.h"

static void must(int good)
{
	if (!good)
		abort();
}

/* What was taken, put together and taken again is the same place. */
static void check_address(const char *text)
{
	struct hd_url url, again;
	struct hd_buf out;

	if (hd_url_parse(&url, text, NULL) < 0)
		return;
	hd_buf_init(&out, 1 << 20);
	must(hd_url_build(&url, NULL, NULL, &out, NULL) == 0);
	must(hd_url_parse(&again, hd_buf_text(&out), NULL) == 0);
	must(hd_url_same_origin(&url, &again));
	must(!url.path[0] || strcmp(url.path, again.path) == 0);
	hd_url_fini(&again);
	hd_url_fini(&url);
	hd_buf_fini(&out);
}

/* One segment of any bytes comes back as it was, and as one segment. */
static void check_segment(const char *text)
{
	const char *segments[] = { text, NULL };
	struct hd_url base = { .scheme = (char *)"http",
			       .host = (char *)"h",
			       .port = 80,
			       .path = (char *)"" };
	struct hd_buf out;

	hd_buf_init(&out, 1 << 22);
	if (hd_url_build(&base, segments, NULL, &out, NULL) == 0) {
		must(strchr(out.p + 9, '/') == NULL);
		must(strpbrk(out.p + 9, "?#") == NULL);
	}
	hd_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = hd_memdup0(data, n), *path, **query;
	int64_t ms;
	size_t i;

	path = hd_url_decode_path((const char *)data, n, NULL);
	must(!path || (path[0] == '/' && !strstr(path, "/../")));
	query = hd_url_decode_query((const char *)data, n, 64, NULL);
	for (i = 0; query && query[i]; i++)
		must(i < 128);
	ms = hd_http_retry_after(text, 784111777000);
	must(ms >= 0 && ms <= HD_RETRY_AFTER_MAX_MS);
	check_address(text);
	check_segment(text);
	free(path);
	free(query);
	free(text);
	return 0;
}
