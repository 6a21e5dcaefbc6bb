#include "phantom_out/flow.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/reply.h"
#include "common/sha256.h"

#define SDI_HEX 32 /* digits of the digest that are used */

/* One request and what comes after it. */
struct step {
	struct flow *flow;
	phantom_next_fn next;
	bool writes, once;
};

/* ---- ending ---- */

static void free_flow(struct flow *f)
{
	hp_json_close(&f->params);
	hp_json_close(&f->memo);
	hp_text_fini(&f->text);
	free(f);
}

void phantom_fail(struct flow *f, uint32_t status, int64_t retry_after_ms)
{
	hp_end(f->p->h, f->call->req, status, retry_after_ms, &f->text);
	free_flow(f);
}

void phantom_fail_with(struct flow *f, uint32_t status, const char *why)
{
	hp_text_add(&f->text, herald_cstr(why));
	phantom_fail(f, status, 0);
}

void phantom_end(struct flow *f, uint32_t status, struct hp_json *out,
		 herald_str memo)
{
	herald_result result;

	herald_result_init(&result, status);
	if (out)
		result.json = hp_json_all(out);
	result.message = hp_text_str(&f->text);
	result.memo = memo;
	if (status == HERALD_PENDING)
		result.retry_after_ms = f->p->poll_ms;
	f->p->h->complete(f->p->h, f->call->req, &result);
	free_flow(f);
}

void phantom_put_ticket(struct flow *f, struct hp_json *out)
{
	herald_str url = herald_cstr(f->p->url);
	char number[PHANTOM_NUMBER_SIZE];
	struct hp_text link;

	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	snprintf(number, sizeof(number), "%" PRId64, f->container);
	hp_text_init(&link, 2048);
	hp_text_add(&link, url);
	hp_text_addf(&link, "/mission/%s", number);
	hp_json_put(out, "/ticket/uid", herald_cstr(number));
	hp_json_put(out, "/ticket/src_url", hp_text_str(&link));
	hp_text_fini(&link);
}

/* ---- asking ---- */

/* A gateway that gave up may have handed the request on. */
static bool leaves_doubt(const struct step *step, const herald_reply *reply)
{
	return step->once && reply->code >= 500 && reply->code != 503;
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct step *step = ud;
	struct flow *f = step->flow;
	struct phantom_verdict v;
	struct hp_json body;

	(void)self;
	(void)req;
	hp_reply_open(f->p->h, reply, &body);
	v = phantom_judge(reply, &body, step->writes, &f->text);
	if (v.status == HERALD_OK)
		step->next(f, &body, &v);
	else if (leaves_doubt(step, reply))
		phantom_fail(f, HERALD_IN_DOUBT, v.retry_after_ms);
	else
		phantom_fail(f, v.status, v.retry_after_ms);
	hp_json_close(&body);
	free(step);
}

static void send_step(struct flow *f, const char *object, int64_t id,
		      const char *const *query, struct hp_json *body,
		      const struct step *like)
{
	static const char *const headers[] = { "Accept: application/json",
					       "Content-Type: application/json",
					       NULL };
	char number[PHANTOM_NUMBER_SIZE];
	const char *const path[] = { "rest", object, id > 0 ? number : NULL,
				     NULL };
	struct step *step = malloc(sizeof(*step));
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = f->call->req,
		.method = body ? "POST" : "GET",
		.url = f->p->url,
		.path = path,
		.query = query,
		.headers = headers,
		.auth_secret = "secret",
		.auth_header = "ph-auth-token",
	};

	snprintf(number, sizeof(number), "%" PRId64, id);
	if (body)
		rq.body = hp_json_all(body);
	if (!step || (body && !rq.body.p)) {
		free(step);
		phantom_fail_with(f, HERALD_BUSY, "out of memory");
		return;
	}
	*step = *like;
	f->p->h->http(f->p->h, &rq, on_reply, step);
}

void phantom_ask(struct flow *f, const char *object, int64_t id,
		 const char *const *query, struct hp_json *body,
		 phantom_next_fn next)
{
	const struct step like = { f, next, body != NULL, false };

	send_step(f, object, id, query, body, &like);
}

void phantom_ask_once(struct flow *f, const char *object, struct hp_json *body,
		      phantom_next_fn next)
{
	const struct step like = { f, next, true, true };

	send_step(f, object, 0, NULL, body, &like);
}

/* ---- which case ---- */

bool phantom_flow_name(struct flow *f, herald_str text)
{
	char hex[HP_SHA256_HEX];

	if (!hp_sha256_hex(text, hex)) {
		phantom_fail_with(f, HERALD_FAILED, "no digest could be made");
		return false;
	}
	snprintf(f->sdi, sizeof(f->sdi), "herald-%.*s", SDI_HEX, hex);
	return true;
}

static void on_found(struct flow *f, struct hp_json *body,
		     const struct phantom_verdict *v)
{
	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of containers");
		return;
	}
	f->container = hp_json_int(body, "/data/0/id", "", 0);
	f->found(f);
}

void phantom_find_named(struct flow *f, void (*next)(struct flow *f))
{
	char quoted[PHANTOM_SDI_SIZE + 2];
	const char *const query[] = { "_filter_source_data_identifier", quoted,
				      "page_size", "1", NULL };

	f->found = next;
	snprintf(quoted, sizeof(quoted), "\"%s\"", f->sdi);
	phantom_ask(f, "container", 0, query, NULL, on_found);
}

static void with_case(struct flow *f)
{
	if (f->container > 0)
		f->and_then(f);
	else
		phantom_fail_with(f, HERALD_FAILED, "no case has this key");
}

void phantom_find_case(struct flow *f, void (*next)(struct flow *f))
{
	herald_str key = hp_json_text(&f->params, "/key", "");

	f->container = hp_json_int(&f->memo, "/container", "",
				   hp_json_int(&f->params, "/container", "",
					       0));
	f->and_then = next;
	if (f->container > 0)
		next(f);
	else if (key.n == 0)
		phantom_fail_with(f, HERALD_BAD_INPUT,
				  "neither container nor key says which case");
	else if (phantom_flow_name(f, key))
		phantom_find_named(f, with_case);
}

/* ---- whose run ---- */

void phantom_note_run(struct phantom *p, int64_t run)
{
	p->noted[p->noted_count++ % PHANTOM_NOTED_MAX] = run;
}

bool phantom_is_noted(const struct phantom *p, int64_t run)
{
	for (size_t i = 0; i < PHANTOM_NOTED_MAX && i < p->noted_count; i++) {
		if (p->noted[i] == run)
			return true;
	}
	return false;
}

/* ---- beginning ---- */

static bool read_call(struct flow *f)
{
	if (!hp_json_open(&f->params, f->p->h, f->call->params)) {
		phantom_fail_with(f, HERALD_BAD_INPUT,
				  "the parameters are no JSON");
		return false;
	}
	if (!hp_json_open(&f->memo, f->p->h, f->call->memo)) {
		phantom_fail_with(f, HERALD_BAD_INPUT, "the memo is no JSON");
		return false;
	}
	return true;
}

struct flow *phantom_flow_new(struct phantom *p, const herald_call *call)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f) {
		herald_fail(p->h, call->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
		return NULL;
	}
	f->p = p;
	f->call = call;
	f->memo.h = p->h;
	hp_text_init(&f->text, HP_WHY_MAX);
	return read_call(f) ? f : NULL;
}
