#include "common/reply.h"

#include <string.h>

bool hp_reply_open(const herald_host *h, const herald_reply *reply,
		   struct hp_json *body)
{
	uint32_t type;

	*body = (struct hp_json){ .h = h };
	if (!reply->body.p || reply->body.n == 0)
		return false;
	hp_json_open(body, h, reply->body);
	type = hp_json_type(body, "", "");
	if (type == HERALD_JSON_OBJECT || type == HERALD_JSON_ARRAY)
		return true;
	hp_json_close(body);
	return false;
}

/* Where services put their words, the more telling first. */
static herald_str words_of(struct hp_json *body)
{
	static const char *const places[] = { "/message", "/error/message",
					      "/error", "/detail" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		herald_str text = hp_json_text(body, places[i], "");

		if (text.n > 0)
			return text;
	}
	return (herald_str){ NULL, 0 };
}

uint32_t hp_reply_judge(const herald_reply *reply, struct hp_json *body,
			struct hp_text *why)
{
	const char *type = herald_pair(reply->headers, "content-type");
	herald_str words = words_of(body);

	if (reply->status == HERALD_OK && body->d)
		return HERALD_OK;
	if (reply->status == HERALD_OK) {
		hp_text_addf(why, "the answer is no JSON but %s",
			     reply->body.n == 0 ? "empty"
			     : type		? type
						: "something without a type");
		return HERALD_BAD_REPLY;
	}
	hp_text_add(why, reply->error);
	/* the host's text shows the beginning of a short answer already */
	if (words.n > 0 &&
	    !(reply->error.p &&
	      memmem(reply->error.p, reply->error.n, words.p, words.n))) {
		hp_text_addf(why, "%s", why->n > 0 ? ": " : "");
		hp_text_add(why, words);
	}
	return reply->status;
}

bool hp_reply_was_taken(const herald_reply *reply)
{
	return reply->code >= 200 && reply->code < 300;
}

uint32_t hp_reply_of_change(const herald_reply *reply, uint32_t status)
{
	bool unread = status == HERALD_BAD_REPLY || status == HERALD_TOO_BIG;

	return unread && hp_reply_was_taken(reply) ? HERALD_IN_DOUBT : status;
}

void hp_end(const herald_host *h, herald_id req, uint32_t status,
	    int64_t retry_after_ms, const struct hp_text *why)
{
	herald_result result;

	herald_result_init(&result, status);
	result.message = hp_text_str(why);
	result.retry_after_ms = retry_after_ms;
	h->complete(h, req, &result);
}

void hp_answer_open(struct hp_answer *a, const herald_host *h,
		    const herald_reply *reply)
{
	hp_text_init(&a->why, HP_WHY_MAX);
	hp_reply_open(h, reply, &a->body);
	a->status = hp_reply_judge(reply, &a->body, &a->why);
	a->retry_after_ms = reply->retry_after_ms;
}

void hp_answer_close(struct hp_answer *a)
{
	hp_json_close(&a->body);
	hp_text_fini(&a->why);
}

void hp_answer_spoil(struct hp_answer *a, uint32_t status, const char *why)
{
	a->status = status;
	hp_text_add(&a->why, herald_cstr(why));
}

void hp_answer_end(const struct hp_answer *a, const herald_host *h,
		   herald_id req)
{
	hp_end(h, req, a->status, a->retry_after_ms, &a->why);
}
