#include "splunk_in/hec.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

#define ASKED_MAX 10000 /* numbers of one question */

/* ---- taking what was sent ---- */

static void pay(struct splunk *s, const struct splunk_debt *debt,
		uint32_t status)
{
	if (status != HERALD_OK)
		hec_answer(s, debt->req, HEC_BUSY, 0);
	else
		hec_answer(s, debt->req, (enum hec_code)debt->code,
			   debt->number);
}

/* The answer left long ago.  What could not be stored never becomes safe. */
static void pay_ack(struct splunk *s, const struct splunk_debt *debt,
		    uint32_t status)
{
	struct hec_channel channel;

	memcpy(channel.id, debt->channel, sizeof(channel.id));
	if (status == HERALD_OK)
		hec_acks_keep(s->acks, &channel, debt->ack);
	else
		hec_acks_drop(s->acks, &channel, debt->ack);
}

/* All in one transaction; the answer comes when it is settled. */
static uint32_t emit(struct splunk *s, const struct hec_batch *batch,
		     const struct splunk_debt *debt)
{
	const herald_record **records = calloc(batch->n, sizeof(*records));
	uint32_t status;

	if (!records)
		return HERALD_BUSY;
	for (uint32_t i = 0; i < batch->n; i++)
		records[i] = &batch->items[i].record;
	status = splunk_emit(s, records, debt);
	free(records);
	return status;
}

static void answer_refusal(struct splunk *s, herald_id req, uint32_t status)
{
	if (status == HERALD_BUSY)
		hec_answer(s, req, HEC_BUSY, 0);
	else if (status == HERALD_TOO_BIG)
		hec_answer_too_many(s, req);
	else
		hec_answer(s, req, HEC_INVALID_FORMAT, 0);
}

/* With a number to ask about; answered at once. */
static void take_for_ack(struct splunk *s, herald_id req,
			 const struct hec_batch *batch,
			 const struct hec_channel *channel)
{
	struct splunk_debt debt = { .records = batch->n,
				    .pay = pay_ack,
				    .arrives = true };
	uint32_t status;

	memcpy(debt.channel, channel->id, sizeof(debt.channel));
	if (!hec_acks_take(s->acks, channel, s->h->now_ms(s->h), &debt.ack)) {
		hec_answer(s, req, HEC_BUSY, 0);
		return;
	}
	status = emit(s, batch, &debt);
	if (status == HERALD_OK) {
		hec_answer_ack(s, req, debt.ack);
		return;
	}
	hec_acks_drop(s->acks, channel, debt.ack);
	answer_refusal(s, req, status);
}

static void take(struct splunk *s, herald_id req, const struct hec_batch *batch,
		 enum hec_code code)
{
	const struct splunk_debt debt = {
		.req = req,
		.records = batch->n,
		.code = code,
		.number = code == HEC_SUCCESS ? -1 : (long)batch->n,
		.pay = pay,
		.arrives = true,
	};
	uint32_t status = emit(s, batch, &debt);

	if (status != HERALD_OK)
		answer_refusal(s, req, status);
}

/* `channel` is NULL where acknowledgements are off.  A bad envelope is told
 * once those before it are on disk, with them or without. */
static void take_or_refuse(struct splunk *s, herald_id req,
			   const struct hec_batch *batch, enum hec_code code,
			   const struct hec_channel *channel)
{
	if (batch->n > HEC_EVENTS_MAX)
		hec_answer_too_many(s, req);
	else if (batch->n == 0 && code == HEC_SUCCESS)
		hec_answer(s, req, HEC_NO_DATA, -1);
	else if (batch->n == 0)
		hec_answer(s, req, code, 0);
	else if (channel && code == HEC_SUCCESS)
		take_for_ack(s, req, batch, channel);
	else
		take(s, req, batch, code);
}

static void serve(struct splunk *s, const herald_request *rq, bool lines)
{
	struct hec_batch batch = { NULL, 0, 0 };
	struct hec_channel channel;
	enum hec_code code;

	if (hec_is_refused(s, rq))
		return;
	code = s->acks ? hec_channel_of(rq, &channel) : HEC_SUCCESS;
	if (code == HEC_SUCCESS && hp_str_trim(rq->body).n == 0)
		code = HEC_NO_DATA;
	if (code != HEC_SUCCESS) {
		hec_answer(s, rq->req, code, -1);
		return;
	}
	code = lines ? hec_batch_lines(&batch, s->h, rq->body, rq->query)
		     : hec_batch_read(&batch, s->h, rq->body);
	take_or_refuse(s, rq->req, &batch, code, s->acks ? &channel : NULL);
	hec_batch_free(&batch, s->h);
}

void hec_events(struct splunk *s, const herald_request *rq)
{
	serve(s, rq, false);
}

void hec_raw(struct splunk *s, const herald_request *rq)
{
	serve(s, rq, true);
}

/* ---- acknowledgements ---- */

static void tell(struct splunk *s, const struct hec_channel *channel,
		 struct hp_json *asked, struct hp_text *out)
{
	size_t n = hp_json_size(asked, "/acks", "");
	int64_t now_ms = s->h->now_ms(s->h);
	const char *between = "";
	struct hp_path at;

	hp_text_add(out, HERALD_S("{\"acks\":{"));
	for (size_t i = 0; i < n; i++) {
		int64_t number = hp_json_int(asked,
					     hp_path(&at, "/acks/%zu", i), "",
					     -1);

		if (number < 0)
			continue;
		hp_text_addf(out, "%s\"%lld\":%s", between, (long long)number,
			     hec_acks_ask(s->acks, channel, now_ms,
					  (uint64_t)number)
				     ? "true"
				     : "false");
		between = ",";
	}
	hp_text_add(out, HERALD_S("}}\n"));
}

static void answer_question(struct splunk *s, const herald_request *rq,
			    const struct hec_channel *channel)
{
	struct hp_json asked;
	struct hp_text out;

	hp_json_open(&asked, s->h, rq->body);
	hp_text_init(&out, 1u << 20);
	if (hp_json_type(&asked, "/acks", "") != HERALD_JSON_ARRAY ||
	    hp_json_size(&asked, "/acks", "") > ASKED_MAX) {
		hec_answer(s, rq->req, HEC_INVALID_FORMAT, -1);
	} else {
		tell(s, channel, &asked, &out);
		splunk_answer(s, rq->req, 200, NULL, hp_text_str(&out));
	}
	hp_text_fini(&out);
	hp_json_close(&asked);
}

void hec_asks(struct splunk *s, const herald_request *rq)
{
	struct hec_channel channel;
	enum hec_code code = HEC_ACK_DISABLED;

	if (hec_is_refused(s, rq))
		return;
	if (s->acks)
		code = hec_channel_of(rq, &channel);
	if (code == HEC_SUCCESS && hp_str_trim(rq->body).n == 0)
		code = HEC_NO_DATA;
	if (code == HEC_SUCCESS)
		answer_question(s, rq, &channel);
	else
		hec_answer(s, rq->req, code, -1);
}

void hec_health(struct splunk *s, const herald_request *rq)
{
	bool acks = !s->acks || hec_acks_has_room(s->acks, s->h->now_ms(s->h));
	enum hec_code code = HEC_HEALTHY;

	if (s->full)
		code = acks ? HEC_QUEUES_FULL : HEC_ALL_FULL;
	else if (!acks)
		code = HEC_ACKS_FULL;
	hec_answer(s, rq->req, code, -1);
}
