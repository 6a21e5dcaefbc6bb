#include "splunk_in/hec.h"

#include <inttypes.h>

/* clang-format off */
static const struct {
	uint32_t http;
	const char *text;
} answers[] = {
	[HEC_SUCCESS] = { 200, "Success" },
	[HEC_TOKEN_DISABLED] = { 403, "Token disabled" },
	[HEC_TOKEN_REQUIRED] = { 401, "Token is required" },
	[HEC_INVALID_AUTHORIZATION] = { 401, "Invalid authorization" },
	[HEC_INVALID_TOKEN] = { 403, "Invalid token" },
	[HEC_NO_DATA] = { 400, "No data" },
	[HEC_INVALID_FORMAT] = { 400, "Invalid data format" },
	[HEC_INCORRECT_INDEX] = { 400, "Incorrect index" },
	[HEC_INTERNAL_ERROR] = { 500, "Internal server error" },
	[HEC_BUSY] = { 503, "Server is busy" },
	[HEC_CHANNEL_MISSING] = { 400, "Data channel is missing" },
	[HEC_INVALID_CHANNEL] = { 400, "Invalid data channel" },
	[HEC_EVENT_REQUIRED] = { 400, "Event field is required" },
	[HEC_EVENT_BLANK] = { 400, "Event field cannot be blank" },
	[HEC_ACK_DISABLED] = { 400, "ACK is disabled" },
	[HEC_FIELDS_ERROR] = { 400, "Error in handling indexed fields" },
	[HEC_QUERY_AUTHORIZATION] = { 400, "Query string authorization is not enabled" },
	[HEC_HEALTHY] = { 200, "HEC is healthy" },
	[HEC_QUEUES_FULL] = { 503, "HEC is unhealthy, queues are full" },
	[HEC_ACKS_FULL] = { 503, "HEC is unhealthy, ack service unavailable" },
	[HEC_ALL_FULL] = { 503, "HEC is unhealthy, queues are full, ack service unavailable" },
};
/* clang-format on */

static void answer(struct splunk *s, herald_id req, enum hec_code code,
		   const char *more)
{
	char body[200];

	snprintf(body, sizeof(body), "{\"text\":\"%s\",\"code\":%d%s}\n",
		 answers[code].text, (int)code, more);
	splunk_answer(s, req, answers[code].http,
		      answers[code].http == 503 ? SPLUNK_RETRY_AFTER : NULL,
		      herald_cstr(body));
}

void hec_answer(struct splunk *s, herald_id req, enum hec_code code,
		long number)
{
	char blame[48] = "";

	if (number >= 0)
		snprintf(blame, sizeof(blame), ",\"invalid-event-number\":%ld",
			 number);
	answer(s, req, code, blame);
}

void hec_answer_ack(struct splunk *s, herald_id req, uint64_t ack)
{
	char id[48];

	snprintf(id, sizeof(id), ",\"ackId\":%" PRIu64, ack);
	answer(s, req, HEC_SUCCESS, id);
}

void hec_answer_too_many(struct splunk *s, herald_id req)
{
	splunk_answer(s, req, 413, NULL,
		      HERALD_S("{\"text\":\"Too much in one request\","
			       "\"code\":6}\n"));
}
