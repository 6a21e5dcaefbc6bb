#include "http_out/batch.h"

#include <stdlib.h>

#include "common/sha256.h"
#include "common/text.h"

#include "http_out/outcome.h"

#define BODY_MAX (256u << 20) /* a single alert may be over batch_bytes */
#define KEYS_MAX (1u << 20)
#define KEY_DIGITS 32
#define MEMORY_PAUSE_MS 1000

/* Calls and what they point to are the host's, valid until they are completed.
 */
struct batch {
	struct http_out_batches *owner;
	size_t n;
	const herald_call *calls[];
};

struct http_out_batches {
	struct http_out *out;
	bool lines;
	size_t max, max_bytes;
	int64_t linger_ms;
	struct batch *gathering; /* room for `max` */
	size_t bytes;
	herald_id timer; /* 0: none */
	bool soon;	 /* ... and it does not wait for others */
	size_t under_way;
};

static struct batch *new_batch(struct http_out_batches *b, size_t max)
{
	struct batch *batch = calloc(1, sizeof(*batch) +
						max * sizeof(batch->calls[0]));

	if (batch)
		batch->owner = b;
	return batch;
}

struct http_out_batches *http_out_batches_new(struct http_out *out)
{
	const herald_host *h = out->h;
	struct http_out_batches *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->out = out;
	b->lines = h->number(h, "batch_form") == 1;
	b->max = (size_t)h->number(h, "batch");
	b->max_bytes = (size_t)h->number(h, "batch_bytes");
	b->linger_ms = h->number(h, "linger");
	b->gathering = new_batch(b, b->max);
	if (!b->gathering) {
		free(b);
		return NULL;
	}
	return b;
}

void http_out_batches_free(struct http_out_batches *b)
{
	if (!b)
		return;
	free(b->gathering);
	free(b);
}

/* ---- what is sent ---- */

/* Line ends stand between values only, if at all. */
static void add_line(struct hp_text *body, herald_str record)
{
	size_t begin = body->n;

	hp_text_add(body, record);
	for (size_t i = begin; i < body->n; i++)
		if (body->p[i] == '\n' || body->p[i] == '\r')
			body->p[i] = ' ';
	hp_text_add(body, HERALD_S("\n"));
}

static void make_body(const struct batch *batch, struct hp_text *body)
{
	if (batch->owner->lines) {
		for (size_t i = 0; i < batch->n; i++)
			add_line(body, batch->calls[i]->record);
		return;
	}
	for (size_t i = 0; i < batch->n; i++) {
		hp_text_add(body, i == 0 ? HERALD_S("[") : HERALD_S(","));
		hp_text_add(body, batch->calls[i]->record);
	}
	hp_text_add(body, HERALD_S("]"));
}

static bool make_key(const struct batch *batch, herald_str body,
		     char key[HP_SHA256_HEX])
{
	char hex[HP_SHA256_HEX];
	struct hp_text keys;
	bool ok;

	hp_text_init(&keys, KEYS_MAX);
	for (size_t i = 0; i < batch->n; i++) {
		hp_text_add(&keys, batch->calls[i]->idem);
		hp_text_add(&keys, HERALD_S("\n"));
	}
	ok = hp_sha256_hex(body, hex);
	hp_text_add(&keys, herald_cstr(hex));
	ok = ok && !keys.cut && hp_sha256_hex(hp_text_str(&keys), key);
	hp_text_fini(&keys);
	key[KEY_DIGITS] = '\0';
	return ok;
}

/* The earliest of all: an attempt must not outlast the time that it has. */
static uint32_t time_left(const struct batch *batch)
{
	const herald_host *h = batch->owner->out->h;
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < batch->n; i++)
		if (batch->calls[i]->deadline_ms < first)
			first = batch->calls[i]->deadline_ms;
	first -= h->now_ms(h);
	if (first < 1)
		return 1;
	return first < UINT32_MAX ? (uint32_t)first : UINT32_MAX;
}

/* ---- the answer ---- */

static void send(struct batch *batch);

static bool blames_content(const herald_reply *reply)
{
	return reply->code == 400 || reply->code == 413 || reply->code == 422;
}

static bool split(struct batch *batch)
{
	size_t half = batch->n / 2;
	struct batch *rest = new_batch(batch->owner, batch->n - half);

	if (!rest)
		return false;
	rest->n = batch->n - half;
	memcpy(rest->calls, batch->calls + half,
	       rest->n * sizeof(rest->calls[0]));
	batch->n = half;
	send(batch);
	send(rest);
	return true;
}

static void settle(struct batch *batch, const herald_reply *reply)
{
	struct http_out_answer answer;

	http_out_answer_open(&answer, batch->owner->out, reply, batch->n);
	for (size_t i = 0; i < batch->n; i++)
		http_out_answer_end(&answer, batch->calls[i]->req, i);
	http_out_answer_close(&answer);
	free(batch);
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct batch *batch = ud;
	struct http_out_batches *b = batch->owner;

	(void)self;
	(void)req;
	b->under_way--;
	if (batch->n == 1 || !blames_content(reply) || !split(batch))
		settle(batch, reply);
	/* Who gathered meanwhile has waited for this. */
	if (b->under_way == 0)
		http_out_batches_flush(b);
}

/* ---- sending ---- */

static const char *post(struct batch *batch, struct hp_text *body)
{
	struct http_out_batches *b = batch->owner;
	char key[HP_SHA256_HEX];
	struct http_out_post post = {
		.timeout_ms = time_left(batch),
		.type = b->lines ? "application/x-ndjson" : "application/json",
	};

	make_body(batch, body);
	post.body = hp_text_str(body);
	if (body->cut || !make_key(batch, post.body, key))
		return "no memory for what is to be sent";
	post.key = herald_cstr(key);
	return http_out_send(b->out, &post, on_reply, batch);
}

static void send(struct batch *batch)
{
	struct http_out_batches *b = batch->owner;
	struct hp_text body;
	const char *why;

	hp_text_init(&body, BODY_MAX);
	why = post(batch, &body);
	hp_text_fini(&body);
	if (!why) {
		b->under_way++;
		return;
	}
	for (size_t i = 0; i < batch->n; i++)
		herald_fail(b->out->h, batch->calls[i]->req, HERALD_BAD_CONFIG,
			    herald_cstr(why));
	free(batch);
}

/* ---- gathering ---- */

static void stop_timer(struct http_out_batches *b)
{
	if (b->timer != 0)
		b->out->h->stop(b->out->h, b->timer);
	b->timer = 0;
	b->soon = false;
}

static void on_time(void *self, herald_id timer, void *ud)
{
	struct http_out_batches *b = ud;

	(void)self;
	(void)timer;
	b->timer = 0;
	http_out_batches_flush(b);
}

static void start_timer(struct http_out_batches *b, int64_t ms, bool soon)
{
	stop_timer(b);
	b->soon = soon;
	b->timer = b->out->h->timer(b->out->h, ms, 0, on_time, b);
}

void http_out_batches_flush(struct http_out_batches *b)
{
	struct batch *batch = b->gathering, *next;

	stop_timer(b);
	if (batch->n == 0)
		return;
	next = new_batch(b, b->max);
	if (!next) {
		herald_logf(b->out->h, HERALD_ERROR, 0, "out of memory");
		start_timer(b, MEMORY_PAUSE_MS, true);
		return;
	}
	b->gathering = next;
	b->bytes = 0;
	send(batch);
}

/* Alone it goes with those that come in the same turn of the loop. */
static void set_timer(struct http_out_batches *b)
{
	bool soon = b->under_way == 0;

	if (b->timer == 0 || (soon && !b->soon))
		start_timer(b, soon ? 0 : b->linger_ms, soon);
}

void http_out_batches_add(struct http_out_batches *b, const herald_call *call)
{
	size_t n = call->record.n + 1;

	if (b->bytes + n > b->max_bytes)
		http_out_batches_flush(b);
	if (b->gathering->n == b->max) { /* it could not be sent */
		herald_fail(b->out->h, call->req, HERALD_RETRY,
			    HERALD_S("out of memory"));
		return;
	}
	b->gathering->calls[b->gathering->n++] = call;
	b->bytes += n;
	if (b->gathering->n == b->max)
		http_out_batches_flush(b);
	else
		set_timer(b);
}
