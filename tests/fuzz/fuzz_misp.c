/* Any bytes as MISP's answer: each value that was asked is completed exactly
 * once, with an object where it is a hit, and no further page is asked for
 * longer than it may be. */
#include <stdint.h>
#include <stdlib.h>

#include "core/plugin/instance_impl.h"
#include "misp_enrich/search.h"

#define VALUES 3
#define PAGES_MOST 21 /* the last is about warning lists */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static herald_http_fn asked_fn;
static void *asked_ud;
static unsigned completed[VALUES];

static herald_id http(const herald_host *h, const herald_http *rq,
		      herald_http_fn fn, void *ud)
{
	(void)h;
	(void)rq;
	asked_fn = fn;
	asked_ud = ud;
	return 1;
}

static void complete(const herald_host *h, herald_id req,
		     const herald_result *r)
{
	(void)h;
	completed[req - 1]++;
	if (r->status == HERALD_OK && (r->json.n < 2 || r->json.p[0] != '{'))
		abort();
	if (HERALD_CLASS(r->status) > 1 && r->message.n == 0)
		abort();
}

static void log_nothing(const herald_host *h, uint32_t level, herald_id req,
			herald_str text)
{
	(void)h;
	(void)level;
	(void)req;
	(void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const values[VALUES] = { "192.0.2.1", "a.example",
						    "2001:db8::1" };
	herald_host h = { .struct_size = sizeof(h),
			  .http = http,
			  .log = log_nothing,
			  .complete = complete };
	struct misp m = { .h = &h,
			  .url = "https://m.example",
			  .page_size = 2,
			  .decay = true,
			  .sightings = true,
			  .lists = true };
	herald_lookup lookups[VALUES];
	const herald_lookup *batch[VALUES];
	herald_reply reply = { .struct_size = sizeof(reply),
			       .body = { (const char *)data, n } };
	unsigned pages = 0;

	hd_host_fill_json(&h);
	for (size_t i = 0; i < VALUES; i++) {
		completed[i] = 0;
		lookups[i] = (herald_lookup){ .struct_size = sizeof(*lookups),
					      .req = i + 1,
					      .value = herald_cstr(values[i]) };
		batch[i] = &lookups[i];
	}
	misp_search_start(&m, batch, VALUES);
	while (completed[0] == 0) {
		if (++pages > PAGES_MOST)
			abort();
		asked_fn(&m, 1, asked_ud, &reply);
	}
	for (size_t i = 0; i < VALUES; i++)
		if (completed[i] != 1)
			abort();
	return 0;
}
