#include "http_in/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_in/batch.h"

enum trouble { SOUND, BAD_JSON, NO_OBJECT, NOT_EXACT };

static const struct {
	uint32_t code;
	const char *word;
	const char *text;
} answers[] = {
	[BAD_JSON] = { 400, "bad_json", "this is no JSON" },
	[NO_OBJECT] = { 400, "not_object", "an alert is a JSON object" },
	[NOT_EXACT] = { 422, "not_exact",
			"a name stands twice or is over 1 KiB, something is "
			"nested deeper than 64, or a number is out of range" },
};

static enum trouble judge(const herald_host *h, herald_str json)
{
	uint32_t status = HERALD_OK;
	herald_doc *doc = h->json_parse(h, json, &status);
	bool is_object = doc &&
			 h->json_get(doc, "", NULL) == HERALD_JSON_OBJECT;

	h->json_free(doc);
	if (status == HERALD_NOT_EXACT)
		return NOT_EXACT;
	if (status == HERALD_BAD_INPUT)
		return BAD_JSON;
	return is_object ? SOUND : NO_OBJECT;
}

static void tell_one(struct http_in_verdict *v, enum trouble trouble)
{
	v->code = answers[trouble].code;
	snprintf(v->body, sizeof(v->body),
		 "{\"error\":\"%s\",\"text\":\"%s; it is kept for a "
		 "person\",\"quarantined\":true}\n",
		 answers[trouble].word, answers[trouble].text);
}

/* As many places as there is room for: "quarantined" counts them all. */
static void tell_some(struct http_in_verdict *v,
		      const unsigned char troubles[HTTP_IN_BATCH_MAX],
		      uint32_t n, uint32_t bad)
{
	int at = snprintf(v->body, sizeof(v->body),
			  "{\"stored\":true,\"quarantined\":%u,\"places\":[",
			  bad);
	const char *comma = "";

	v->code = 200;
	for (uint32_t i = 0; i < n && at < (int)sizeof(v->body) - 20; i++) {
		if (troubles[i] == SOUND)
			continue;
		at += snprintf(v->body + at, sizeof(v->body) - (size_t)at,
			       "%s%u", comma, i);
		comma = ",";
	}
	snprintf(v->body + at, sizeof(v->body) - (size_t)at, "]}\n");
}

bool http_in_verdict(struct http_in_verdicts *verdicts, const herald_host *h,
		     const struct http_in_batch *batch, herald_id req)
{
	unsigned char troubles[HTTP_IN_BATCH_MAX] = { SOUND };
	uint32_t n = batch->n, bad = 0;
	struct http_in_verdict *v;

	if (n > 0 && batch->records[0].row)
		n = 1; /* all rows are of one document */
	for (uint32_t i = 0; i < n; i++) {
		troubles[i] = (unsigned char)judge(h, batch->records[i].json);
		bad += troubles[i] != SOUND;
	}
	if (bad == 0)
		return true;
	v = calloc(1, sizeof(*v));
	if (!v)
		return false;
	v->req = req;
	if (bad == n)
		tell_one(v, (enum trouble)troubles[0]);
	else
		tell_some(v, troubles, n, bad);
	SLIST_INSERT_HEAD(&verdicts->list, v, link);
	return true;
}

struct http_in_verdict *http_in_verdict_take(struct http_in_verdicts *verdicts,
					     herald_id req)
{
	struct http_in_verdict *v;

	SLIST_FOREACH(v, &verdicts->list, link)
	{
		if (v->req == req) {
			SLIST_REMOVE(&verdicts->list, v, http_in_verdict, link);
			return v;
		}
	}
	return NULL;
}

void http_in_verdicts_free(struct http_in_verdicts *verdicts)
{
	struct http_in_verdict *v;

	while ((v = SLIST_FIRST(&verdicts->list))) {
		SLIST_REMOVE_HEAD(&verdicts->list, link);
		free(v);
	}
}
