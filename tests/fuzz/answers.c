#include "answers.h"

#include <string.h>

#include "core/plugin/instance_impl.h"

#define ANSWER_END 0x1e
#define NOW_MS INT64_C(1000000)

static const uint16_t codes[] = { 200, 200, 201, 204, 301, 400, 401, 403,
				  404, 409, 413, 429, 500, 502, 503, 0 };

static const uint8_t *rest;
static size_t left;

static herald_http_fn asked_fn;
static herald_timer_fn timer_fn;
static void *asked_ud;
static herald_id asked_req;

static herald_id http(const herald_host *h, const herald_http *rq,
		      herald_http_fn fn, void *ud)
{
	(void)h;
	asked_fn = fn;
	asked_ud = ud;
	asked_req = rq->req;
	return 1;
}

static herald_id timer(const herald_host *h, int64_t first_ms, int64_t every_ms,
		       herald_timer_fn fn, void *ud)
{
	(void)h;
	(void)first_ms;
	(void)every_ms;
	timer_fn = fn;
	asked_ud = ud;
	return 2;
}

static void stop(const herald_host *h, herald_id id)
{
	(void)h;
	if (id == 2)
		timer_fn = NULL;
}

static int64_t now_ms(const herald_host *h)
{
	(void)h;
	return NOW_MS;
}

static void log_nothing(const herald_host *h, uint32_t level, herald_id req,
			herald_str text)
{
	(void)h;
	(void)level;
	(void)req;
	(void)text;
}

static void no_health(const herald_host *h, uint32_t status, herald_str why)
{
	(void)h;
	(void)status;
	(void)why;
}

static int64_t number(const herald_host *h, const char *name)
{
	(void)h;
	(void)name;
	return 60000;
}

static herald_str no_option(const herald_host *h, const char *name, uint32_t i)
{
	(void)h;
	(void)name;
	(void)i;
	return (herald_str){ NULL, 0 };
}

void answers_init(herald_host *h, const uint8_t *data, size_t n)
{
	memset(h, 0, sizeof(*h));
	h->struct_size = sizeof(*h);
	h->http = http;
	h->timer = timer;
	h->stop = stop;
	h->now_ms = now_ms;
	h->log = log_nothing;
	h->health = no_health;
	h->option = no_option;
	h->number = number;
	hd_host_fill_json(h);
	rest = data;
	left = n;
	asked_fn = NULL;
	timer_fn = NULL;
}

/* As plugin.h says of herald_reply. */
static uint32_t status_of(uint32_t code)
{
	switch (code) {
	case 401:
		return HERALD_AUTH;
	case 403:
		return HERALD_FORBIDDEN;
	case 404:
		return HERALD_NOT_FOUND;
	case 429:
		return HERALD_QUOTA;
	case 503:
		return HERALD_RETRY;
	default:
		return code == 0 || code >= 500	    ? HERALD_IN_DOUBT
		       : code >= 200 && code <= 299 ? HERALD_OK
						    : HERALD_FAILED;
	}
}

static herald_reply next_answer(void)
{
	herald_reply reply = { .struct_size = sizeof(reply) };
	const uint8_t *end;

	if (left > 0) {
		reply.code = codes[*rest % (sizeof(codes) / sizeof(codes[0]))];
		rest++;
		left--;
		end = memchr(rest, ANSWER_END, left);
		reply.body.p = (const char *)rest;
		reply.body.n = end ? (size_t)(end - rest) : left;
		left -= reply.body.n + (end ? 1 : 0);
		rest += reply.body.n + (end ? 1 : 0);
	}
	reply.status = status_of(reply.code);
	if (reply.status != HERALD_OK)
		reply.error = HERALD_S("as it was told");
	return reply;
}

bool answers_give(void *self)
{
	herald_http_fn fn = asked_fn;
	herald_timer_fn tick = timer_fn;
	herald_reply reply;

	asked_fn = NULL;
	timer_fn = NULL;
	if (tick) {
		tick(self, 2, asked_ud);
		return true;
	}
	if (!fn)
		return false;
	reply = next_answer();
	fn(self, asked_req, asked_ud, &reply);
	return true;
}
