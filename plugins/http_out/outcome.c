#include "http_out/outcome.h"

#include "common/reply.h"
#include "common/text.h"

#define ANSWER_MAX 500 /* bytes kept of an answer that is no JSON */

static bool is_given(const struct http_out *out, const char *option)
{
	return out->h->option(out->h, option, 0).p;
}

/* ---- a word on each ---- */

/* NULL, or why there is no list with a word on each of `count` alerts. */
static const char *read_words(struct http_out_answer *a, size_t count)
{
	const herald_host *h = a->out->h;
	uint32_t status;

	if (!a->body.d)
		return "the answer is no JSON: what became of each alert is "
		       "not known";
	hp_json_open(&a->words, h, (herald_str){ NULL, 0 });
	status = h->eval(h, "each", 0, a->vars.d, a->words.d, "/each");
	if (status == HERALD_NOT_FOUND)
		return "the answer lacks what `each` asks for";
	if (status != HERALD_OK)
		return "`each` fails; the log says why";
	if (hp_json_type(&a->words, "/each", "") != HERALD_JSON_ARRAY ||
	    hp_json_size(&a->words, "/each", "") != count)
		return "`each` gives no list with one word for each alert";
	return NULL;
}

/* As the host judges codes (herald_reply.status). */
static uint32_t status_of_code(int64_t code)
{
	if (code >= 200 && code < 300)
		return HERALD_OK;
	if (code == 408 || code == 425 || code == 429 || code == 503)
		return HERALD_RETRY;
	return code >= 500 && code < 600 ? HERALD_IN_DOUBT : HERALD_FAILED;
}

static uint32_t judge_word(struct http_out_answer *a, size_t index,
			   struct hp_text *why)
{
	uint32_t status = HERALD_FAILED;
	struct hp_path at;
	herald_str text;

	hp_path(&at, "/each/%zu", index);
	text = hp_json_text(&a->words, at.text, "");
	switch (hp_json_type(&a->words, at.text, "")) {
	case HERALD_JSON_TRUE:
		return HERALD_OK;
	case HERALD_JSON_INT:
		status = status_of_code(hp_json_int(&a->words, at.text, "", 0));
		break;
	default:
		break;
	}
	hp_text_addf(why, "the receiver did not take it");
	if (text.n > 0)
		hp_text_addf(why, ": %.*s", (int)text.n, text.p);
	return status;
}

/* ---- the whole ---- */

void http_out_answer_open(struct http_out_answer *a, struct http_out *out,
			  const herald_reply *reply, size_t batch)
{
	*a = (struct http_out_answer){ .out = out, .reply = reply };
	hp_reply_open(out->h, reply, &a->body);
	if (!hp_reply_was_taken(reply))
		return;
	hp_json_open(&a->vars, out->h, (herald_str){ NULL, 0 });
	hp_json_put_copy(&a->vars, "/answer", &a->body, "", "");
	a->each = batch != 0 && is_given(out, "each");
	if (a->each)
		a->why = read_words(a, batch);
}

void http_out_answer_close(struct http_out_answer *a)
{
	hp_json_close(&a->body);
	hp_json_close(&a->vars);
	hp_json_close(&a->words);
}

/* ---- ending ---- */

static void put_ticket(struct http_out_answer *a, size_t index,
		       struct hp_json *result)
{
	const herald_host *h = a->out->h;

	hp_json_put_int(&a->vars, "/index", (int64_t)index);
	if (!a->vars.d || !result->d)
		return;
	h->eval(h, "ticket_uid", 0, a->vars.d, result->d, "/ticket/uid");
	h->eval(h, "ticket_url", 0, a->vars.d, result->d, "/ticket/src_url");
}

static void end_done(struct http_out_answer *a, herald_id req, size_t index)
{
	const herald_host *h = a->out->h;
	struct hp_json result;

	hp_json_open(&result, h, (herald_str){ NULL, 0 });
	hp_json_put_int(&result, "/data/code", (int64_t)a->reply->code);
	if (a->body.d)
		put_ticket(a, index, &result);
	else
		hp_json_put(&result, "/data/answer",
			    hp_str_head(hp_str_trim(a->reply->body),
					ANSWER_MAX));
	herald_done(h, req, HERALD_OK, hp_json_all(&result));
	hp_json_close(&result);
}

/* Nothing there to post to is no sound answer, and where the receiver knows
 * repetitions by their key, what is unclear can be said again. */
static uint32_t final_status(struct http_out *out, uint32_t status)
{
	if (HERALD_CLASS(status) == 1)
		return HERALD_FAILED;
	if (status == HERALD_IN_DOUBT && out->h->number(out->h, "repeats"))
		return HERALD_RETRY;
	return status;
}

/* A batch was taken, and no words on its alerts can be read: those of an answer
 * that was cut off may be heard the next time, others never. */
static uint32_t status_without_words(const struct http_out_answer *a)
{
	return a->reply->status == HERALD_OK
		       ? HERALD_BAD_REPLY
		       : final_status(a->out, HERALD_IN_DOUBT);
}

void http_out_answer_end(struct http_out_answer *a, herald_id req, size_t index)
{
	uint32_t status = HERALD_OK;
	struct hp_text why;

	if (a->why) {
		herald_fail(a->out->h, req, status_without_words(a),
			    herald_cstr(a->why));
		return;
	}
	hp_text_init(&why, HP_WHY_MAX);
	if (!hp_reply_was_taken(a->reply)) {
		status = a->reply->status;
		hp_reply_judge(a->reply, &a->body, &why);
	} else if (a->each) {
		status = judge_word(a, index, &why);
	}
	if (status == HERALD_OK)
		end_done(a, req, index);
	else
		hp_end(a->out->h, req, final_status(a->out, status),
		       a->reply->retry_after_ms, &why);
	hp_text_fini(&why);
}
