/* Any bytes as an answer of ServiceNow and of NetBox: a lookup is ended exactly
 * once, however often the answer is the same, and never with another asset than
 * the one that was asked for.  The first byte says which of them, and what was
 * asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmdb_enrich/cmdb.h"
#include "cmdb_enrich/key.h"
#include "common/text.h"
#include "core/plugin/instance_impl.h"

#define CALLS_MAX 16 /* a search asks four times, and an owner */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static herald_http_fn pending;
static void *pending_ud;
static unsigned calls, ends;
static herald_str asked_value;
static enum cmdb_kind asked_kind;

static herald_id http(const herald_host *h, const herald_http *rq,
		      herald_http_fn fn, void *ud)
{
	(void)h;
	if (pending || ++calls > CALLS_MAX || rq->req != 1)
		abort();
	pending = fn;
	pending_ud = ud;
	return 1;
}

static bool holds(herald_str text, herald_str part)
{
	for (; text.n >= part.n; text.p++, text.n--) {
		if (hp_str_begins(text, part.p))
			return true;
	}
	return false;
}

/* An asset that was found by its name has it. */
static void complete(const herald_host *h, herald_id req,
		     const herald_result *r)
{
	herald_doc *d;

	if (req != 1 || ++ends > 1)
		abort();
	if (HERALD_CLASS(r->status) > 1 && r->message.n == 0)
		abort();
	if (r->status != HERALD_OK)
		return;
	d = h->json_parse(h, r->json, NULL);
	if (!d || h->json_get(d, "", NULL) != HERALD_JSON_OBJECT)
		abort();
	if (asked_kind == CMDB_BY_HOST && !holds(r->json, asked_value))
		abort();
	h->json_free(d);
}

static herald_str option(const herald_host *h, const char *name, uint32_t i)
{
	(void)h;
	if (strcmp(name, "url") == 0 && i == 0)
		return HERALD_S("https://cmdb.example.com");
	return (herald_str){ NULL, 0 };
}

static int64_t clock_ms(const herald_host *h)
{
	(void)h;
	return INT64_C(1795564742000);
}

static void map(struct cmdb_mapping *m, const struct cmdb_field *fields)
{
	for (; fields->name; fields++)
		m->fields[m->field_count++] = *fields;
}

static void answer(struct cmdb *c, herald_str body)
{
	static const char *const headers[] = { "content-type",
					       "application/json",
					       "x-total-count", "1", NULL };
	const herald_reply reply = {
		.struct_size = sizeof(reply),
		.code = 200,
		.body = body,
		.headers = headers,
	};
	herald_http_fn fn = pending;

	pending = NULL;
	fn(c, 1, pending_ud, &reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const herald_str values[CMDB_KINDS] = {
		{ "srv-pay01", 9 },
		{ "192.0.2.42", 10 },
		{ "00:00:5e:00:53:2a", 17 },
	};
	herald_host h = { .struct_size = sizeof(h) };
	struct cmdb c = { .h = &h };
	herald_lookup asked = { .struct_size = sizeof(asked), .req = 1 };
	char *body;

	if (n == 0)
		return 0;
	hd_host_fill_json(&h);
	h.http = http;
	h.complete = complete;
	h.option = option;
	h.utc_ms = clock_ms;
	c.source = data[0] & 1 ? &cmdb_netbox : &cmdb_servicenow;
	map(&c.mapping, c.source->fields);
	asked.key = (data[0] >> 1) % CMDB_KINDS;
	asked.value = asked_value = values[asked.key];
	asked_kind = (enum cmdb_kind)asked.key;
	pending = NULL;
	calls = ends = 0;
	body = malloc(n);
	memcpy(body, data + 1, n - 1);
	body[n - 1] = '\0';
	c.source->lookup(&c, &asked);
	while (pending)
		answer(&c, (herald_str){ body, n - 1 });
	if (ends != 1)
		abort();
	free(body);
	return 0;
}
