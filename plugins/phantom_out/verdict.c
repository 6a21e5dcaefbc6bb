#include "phantom_out/verdict.h"

#include "common/reply.h"

static int64_t existing_id(struct hp_json *body)
{
	int64_t id = hp_json_int(body, "/existing_container_id", "", 0);

	return id > 0 ? id : hp_json_int(body, "/existing_artifact_id", "", 0);
}

static bool is_success(uint32_t code)
{
	return code >= 200 && code < 300;
}

/* An answer with 2xx. */
static uint32_t judge_success(const herald_reply *reply, struct hp_json *body,
			      bool writes, struct hp_text *why)
{
	uint32_t status = hp_reply_judge(reply, body, why);

	if (hp_json_is_true(body, "/failed", "")) {
		hp_text_add(why, HERALD_S("SOAR refused it: "));
		hp_text_add(why, hp_json_text(body, "/message", ""));
		return HERALD_FAILED;
	}
	if (status == HERALD_OK)
		return HERALD_OK;
	/* A page of a proxy came from somebody else: SOAR saw nothing. */
	if (status == HERALD_BAD_REPLY && reply->body.n > 0)
		return HERALD_RETRY;
	return writes ? HERALD_IN_DOUBT : HERALD_RETRY;
}

/* The action looks before it writes, so it may be run again after a 5xx. */
static uint32_t judge_refusal(uint32_t code, uint32_t status)
{
	if (code == 401 || code == 403)
		return HERALD_AUTH;
	if (code >= 500)
		return HERALD_RETRY;
	return status == HERALD_NOT_FOUND ? HERALD_FAILED : status;
}

struct phantom_verdict phantom_judge(const herald_reply *reply,
				     struct hp_json *body, bool writes,
				     struct hp_text *why)
{
	struct phantom_verdict v = { .retry_after_ms = reply->retry_after_ms };

	v.existing = reply->code > 0 && reply->code < 500 ? existing_id(body)
							  : 0;
	if (v.existing > 0)
		return v;
	if (is_success(reply->code))
		v.status = judge_success(reply, body, writes, why);
	else
		v.status = judge_refusal(reply->code,
					 hp_reply_judge(reply, body, why));
	return v;
}
