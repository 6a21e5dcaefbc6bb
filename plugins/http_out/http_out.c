/* http_out - tells other services by a POST
 *
 * Chat rooms, pagers, ticket systems: whoever takes JSON.  The answer is judged
 * by its code alone; what it says is kept, and may be made a ticket.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/story.h"
#include "common/text.h"

#include "http_out/request.h"

#define LINE_MAX 4096
#define ANSWER_MAX 500 /* bytes kept of an answer that is no JSON */

enum { POST, SEND_ALERT };

/* ---- what is said ---- */

/* {"text": ...} from the parameter, or the alert in a line. */
static bool make_text(struct http_out *out, const herald_call *call,
		      struct hp_json *params, struct hp_json *body)
{
	herald_str text = hp_json_text(params, "/text", "");
	struct hp_json record;
	struct hp_text line;

	hp_text_init(&line, LINE_MAX);
	if (text.n == 0) {
		hp_json_open(&record, out->h, call->record);
		hp_story_line(&line, &record);
		hp_json_close(&record);
		text = hp_text_str(&line);
	}
	hp_json_open(body, out->h, (herald_str){ NULL, 0 });
	hp_json_put(body, "/text", text);
	hp_text_fini(&line);
	return !body->failed;
}

/* The body as a document, from the parameter that a template made. */
static bool make_body(struct http_out *out, const herald_call *call,
		      struct hp_json *params, struct hp_json *body)
{
	herald_str json = hp_json_text(params, "/json", "");

	if (json.n > 0)
		return hp_json_open(body, out->h, json);
	return make_text(out, call, params, body);
}

/* ---- what became of it ---- */

static void put_ticket(struct http_out *out, struct hp_json *answer,
		       struct hp_json *result)
{
	struct hp_json vars;

	hp_json_open(&vars, out->h, (herald_str){ NULL, 0 });
	hp_json_put_copy(&vars, "/answer", answer, "", "");
	if (vars.d && result->d) {
		out->h->eval(out->h, "ticket_uid", 0, vars.d, result->d,
			     "/ticket/uid");
		out->h->eval(out->h, "ticket_url", 0, vars.d, result->d,
			     "/ticket/src_url");
	}
	hp_json_close(&vars);
}

static void done(struct http_out *out, herald_id req, const herald_reply *reply)
{
	struct hp_json answer, result;

	hp_json_open(&result, out->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&result, "/data/code", (int64_t)reply->code);
	if (hp_reply_open(out->h, reply, &answer))
		put_ticket(out, &answer, &result);
	else
		hp_json_put(&result, "/data/answer",
			    hp_str_head(hp_str_trim(reply->body), ANSWER_MAX));
	hp_json_close(&answer);
	herald_done(out->h, req, HERALD_OK, hp_json_all(&result));
	hp_json_close(&result);
}

/* Nothing there to post to is no sound answer, and where the receiver knows
 * repetitions by their key, what is unclear can be said again. */
static uint32_t status_of(struct http_out *out, uint32_t status)
{
	if (HERALD_CLASS(status) == 1)
		return HERALD_FAILED;
	if (status == HERALD_IN_DOUBT && out->h->number(out->h, "repeats"))
		return HERALD_RETRY;
	return status;
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct http_out *out = self;
	struct hp_json answer;
	struct hp_text why;

	(void)ud;
	if (hp_reply_was_taken(reply)) {
		done(out, req, reply);
		return;
	}
	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_open(out->h, reply, &answer);
	hp_reply_judge(reply, &answer, &why);
	hp_end(out->h, req, status_of(out, reply->status),
	       reply->retry_after_ms, &why);
	hp_json_close(&answer);
	hp_text_fini(&why);
}

/* ---- the actions ---- */

static void say(struct http_out *out, const herald_call *call, herald_str body)
{
	const char *why = http_out_send(out, call, body, on_reply, NULL);

	if (why)
		herald_fail(out->h, call->req, HERALD_BAD_CONFIG,
			    herald_cstr(why));
}

static void post(struct http_out *out, const herald_call *call)
{
	struct hp_json params, body;
	herald_str text = { NULL, 0 };

	hp_json_open(&params, out->h, call->params);
	if (make_body(out, call, &params, &body))
		text = hp_json_all(&body);
	if (text.p)
		say(out, call, text);
	else
		herald_fail(out->h, call->req, HERALD_BAD_INPUT,
			    HERALD_S("parameter json: what the template makes "
				     "is no sound JSON"));
	hp_json_close(&body);
	hp_json_close(&params);
}

static void run(void *self, const herald_call *call)
{
	struct http_out *out = self;

	if (call->mode != HERALD_RUN)
		herald_fail(out->h, call->req, HERALD_UNSUPPORTED,
			    HERALD_S("it is sent, not planned or verified"));
	else if (call->action == SEND_ALERT)
		say(out, call, call->record);
	else
		post(out, call);
}

/* ---- life ---- */

static void *create(const herald_host *h)
{
	struct http_out *out = calloc(1, sizeof(*out));

	if (!out) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	out->h = h;
	out->sign = h->number(h, "sign") != 0;
	return out;
}

static void start(void *self)
{
	struct http_out *out = self;
	size_t none = 0;
	char room[1];

	out->has_secret = out->h->secret(out->h, "secret", room, &none) !=
			  HERALD_NOT_FOUND;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "where it is sent" },
    { "secret", HERALD_STRING, HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "what proves who we are; without it nothing is said of that" },
    { "sign", HERALD_BOOL, 0, "false", NULL,
      "sign with the secret (Standard Webhooks) instead of sending it" },
    { "auth_header", HERALD_STRING, 0, "Authorization", NULL, "header of the secret" },
    { "auth_prefix", HERALD_STRING, 0, "Bearer ", NULL, "text before it" },
    { "auth_user", HERALD_STRING, 0, NULL, NULL, "HTTP Basic with this user and the secret" },
    { "method", HERALD_ENUM, 0, "POST", "POST|PUT", NULL },
    { "headers", HERALD_STRING, HERALD_MAP, NULL, NULL, "further headers, by name" },
    { "repeats", HERALD_BOOL, 0, "false", NULL,
      "the receiver folds requests of one Idempotency-Key: what is unclear is sent again" },
    { "ticket_uid", HERALD_EXPR, 0, NULL, NULL, "identifier of a ticket, from `answer`" },
    { "ticket_url", HERALD_EXPR, 0, NULL, NULL, "its address for people, from `answer`" },
};

static const herald_option params[] = {
    { "text", HERALD_TEMPLATE, 0, NULL, "text",
      "sent as {\"text\": ...}; default: level, title and user" },
    { "json", HERALD_TEMPLATE, 0, NULL, "json", "the whole body, instead of text" },
};

static const herald_action list[] = {
    [POST] = { .name = "post", .effect = HERALD_NOTIFIES, .params = HERALD_ITEMS(params),
               .help = "sends a message" },
    /* Whoever keeps alerts knows one again by its metadata.uid. */
    [SEND_ALERT] = { .name = "send_alert", .effect = HERALD_RECORDS,
                     .flags = HERALD_IDEMPOTENT,
                     .help = "sends the alert with all enrichment, as OCSF" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(list),
    .run = run,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "http_out",
    .version = "0.1.0",
    .summary = "posts messages and alerts to other services",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/http_out",
    .needs = HERALD_NEED_HTTP | HERALD_NEED_SECRETS,
    .options = HERALD_ITEMS(options),
    .create = create,
    .start = start,
    .destroy = destroy,
    .actions = &actions,
};
