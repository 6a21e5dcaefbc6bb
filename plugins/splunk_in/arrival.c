/* FNV-1a, summed over members, so that their order does not count. */
#include "splunk_in/account.h"

#include "common/json.h"
#include "common/text.h"

#define START 0xcbf29ce484222325u
#define PRIME 0x100000001b3u

static uint64_t mix(uint64_t digest, herald_str text)
{
	for (size_t i = 0; i < text.n; i++)
		digest = (digest ^ (unsigned char)text.p[i]) * PRIME;
	return digest * PRIME;
}

uint64_t account_sid(herald_str sid)
{
	return mix(START, sid);
}

static uint64_t list(const herald_host *h, herald_doc *d, const char *path,
		     uint64_t name)
{
	size_t n = h->json_size(d, path);
	char at[HP_PATH_MAX];
	uint64_t sum = 0;
	herald_str text;

	for (size_t i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "%s/%zu", path, i);
		if (h->json_get(d, at, &text) == HERALD_JSON_STRING &&
		    text.n > 0)
			sum += mix(name, text);
	}
	return sum;
}

static uint64_t member(const herald_host *h, herald_doc *d, const char *row,
		       herald_str name)
{
	char path[HP_PATH_MAX - 24];
	uint64_t start = mix(START, name);
	herald_str text;

	if (!herald_pointer(path, sizeof(path), row, name))
		return 0;
	switch (h->json_get(d, path, &text)) {
	case HERALD_JSON_STRING:
		return text.n > 0 ? mix(start, text) : 0;
	case HERALD_JSON_ARRAY:
		return list(h, d, path, start);
	default:
		return 0;
	}
}

/* "_time" and what Splunk adds begin with a low line. */
static uint64_t row_of(const herald_host *h, herald_doc *d, const char *row)
{
	size_t n = h->json_size(d, row);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		herald_str name = h->json_key(d, row, i);

		if (name.n > 0 && name.p[0] != '_')
			sum += member(h, d, row, name);
	}
	return sum;
}

bool account_arrival(const herald_host *h, herald_str json, const char *row,
		     struct splunk_arrival *one)
{
	herald_doc *d = h->json_parse(h, json, NULL);
	herald_str sid;
	char at[64];
	bool is = false;

	if (!d)
		return false;
	if (h->json_get(d, "/sid", &sid) == HERALD_JSON_STRING && sid.n > 0) {
		herald_str id;

		is = true;
		one->sid = account_sid(sid);
		snprintf(at, sizeof(at), "%s/event_id", row);
		if (h->json_get(d, at, &id) == HERALD_JSON_STRING && id.n > 0)
			one->row = mix(START, id);
		else
			one->row = row_of(h, d, row);
	}
	h->json_free(d);
	return is;
}
