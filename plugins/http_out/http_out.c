/* http_out - tells other services by a POST
 *
 * Chat rooms, pagers, ticket systems: whoever takes JSON.  The answer is judged
 * by its code alone; what it says is kept, and may be made a ticket.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/story.h"
#include "common/text.h"

#include "http_out/batch.h"
#include "http_out/outcome.h"
#include "http_out/request.h"

#define LINE_MAX 4096

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

/* ---- the actions ---- */

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct http_out_answer answer;

	(void)ud;
	http_out_answer_open(&answer, self, reply, 0);
	http_out_answer_end(&answer, req, 0);
	http_out_answer_close(&answer);
}

static void say(struct http_out *out, const herald_call *call, herald_str body)
{
	const struct http_out_post post = {
		.req = call->req,
		.key = call->idem,
		.type = "application/json",
		.body = body,
	};
	const char *why = http_out_send(out, &post, on_reply, NULL);

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
	else if (call->action == SEND_ALERT && out->batches)
		http_out_batches_add(out->batches, call);
	else if (call->action == SEND_ALERT)
		say(out, call, call->record);
	else
		post(out, call);
}

/* ---- life ---- */

static bool is_batch_sound(const herald_host *h)
{
	int64_t batch = h->number(h, "batch");

	if (h->option(h, "each", 0).p && batch == 1)
		h->reject(h, "each", HERALD_S("is for batches: set batch"));
	else if (batch > 1 && batch > h->number(h, "max_in_flight"))
		h->reject(h, "batch",
			  HERALD_S("never fills: no more actions than "
				   "max_in_flight are under way at once, so "
				   "set that to two or three batches"));
	else
		return true;
	return false;
}

static void destroy(void *self)
{
	struct http_out *out = self;

	http_out_batches_free(out->batches);
	free(out);
}

static void *create(const herald_host *h)
{
	struct http_out *out;

	if (!is_batch_sound(h))
		return NULL;
	out = calloc(1, sizeof(*out));
	if (out) {
		out->h = h;
		out->sign = h->number(h, "sign") != 0;
	}
	if (out && h->number(h, "batch") > 1) {
		out->batches = http_out_batches_new(out);
		if (!out->batches) {
			destroy(out);
			out = NULL;
		}
	}
	if (!out)
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
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

/* What has gathered was begun. */
static void halt(void *self)
{
	struct http_out *out = self;

	if (out->batches)
		http_out_batches_flush(out->batches);
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
    { "batch", HERALD_INT, 0, "1", "1..1000", "send_alert: so many alerts in one request" },
    { "batch_form", HERALD_ENUM, 0, "array", "array|lines", "a JSON array, or one alert a line" },
    { "batch_bytes", HERALD_SIZE, 0, "1MiB", "1KiB..64MiB", "no batch of several is longer" },
    { "linger", HERALD_DURATION, 0, "5ms", NULL, "how long an alert waits to fill a batch" },
    { "each", HERALD_EXPR, 0, NULL, NULL,
      "from `answer`: a list with a word on each alert of a batch, true or a code, else why not" },
    { "ticket_uid", HERALD_EXPR, 0, NULL, NULL,
      "identifier of a ticket, from `answer` and `index`, the alert's place" },
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
    .halt = halt,
    .destroy = destroy,
    .actions = &actions,
};
