#include "tests/unit/plugin_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/net/http_verdict.h"
#include "core/plugin/instance_impl.h"

static struct rig *rig_of(const herald_host *h)
{
	return (struct rig *)(void *)(uintptr_t)h;
}

static void add(struct rig_call *call, const char *before, const char *text)
{
	size_t n = strlen(call->line);

	snprintf(call->line + n, sizeof(call->line) - n, "%s%s", before, text);
}

static herald_id http(const herald_host *h, const herald_http *rq,
		      herald_http_fn fn, void *ud)
{
	struct rig *rig = rig_of(h);
	struct rig_call *call = &rig->calls[rig->call_count++];

	assert_true(rig->call_count <= RIG_MAX);
	assert_string_equal(rq->auth_secret, "secret");
	call->line[0] = '\0';
	add(call, "", rq->method ? rq->method : "GET");
	add(call, " ", "");
	for (size_t i = 0; rq->path && rq->path[i]; i++)
		add(call, "/", rq->path[i]);
	for (size_t i = 0; rq->query && rq->query[i]; i += 2) {
		add(call, i == 0 ? "?" : "&", rq->query[i]);
		add(call, "=", rq->query[i + 1]);
	}
	call->body = rq->body.n > 0
			     ? json_loadb(rq->body.p, rq->body.n, 0, NULL)
			     : NULL;
	call->req = rq->req;
	call->fn = fn;
	call->ud = ud;
	return rig->call_count;
}

static void complete(const herald_host *h, herald_id req,
		     const herald_result *r)
{
	struct rig *rig = rig_of(h);
	struct rig_result *result = &rig->results[rig->result_count++];

	assert_true(rig->result_count <= RIG_MAX);
	result->req = req;
	result->status = r->status;
	result->json = r->json.n > 0 ? json_loadb(r->json.p, r->json.n, 0, NULL)
				     : NULL;
	result->retry_after_ms = r->retry_after_ms;
	snprintf(result->message, sizeof(result->message), "%.*s",
		 (int)r->message.n, r->message.p ? r->message.p : "");
	snprintf(result->memo, sizeof(result->memo), "%.*s", (int)r->memo.n,
		 r->memo.p ? r->memo.p : "");
	/* What plugin.h asks of every result. */
	if (HERALD_CLASS(r->status) > 1)
		assert_true(r->message.n > 0);
	if (r->json.n > 0)
		assert_true(json_is_object(result->json));
}

void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	hd_host_fill_json(&rig->h);
	rig->h.struct_size = sizeof(rig->h);
	rig->h.http = http;
	rig->h.complete = complete;
}

void rig_fini(struct rig *rig)
{
	assert_int_equal(rig->answered, rig->call_count);
	for (size_t i = 0; i < rig->call_count; i++)
		json_decref(rig->calls[i].body);
	for (size_t i = 0; i < rig->result_count; i++)
		json_decref(rig->results[i].json);
}

void rig_answer(struct rig *rig, uint32_t code, const char *const *headers,
		const char *body)
{
	const char *const *h = headers;
	const struct rig_call *call;
	struct hd_http_outcome outcome = {
		.result = code > 0 ? CURLE_OK : CURLE_RECV_ERROR,
		.code = code,
		.sent = true,
	};
	herald_reply reply = { .struct_size = sizeof(reply), .code = code };

	assert_true(rig->answered < rig->call_count);
	call = &rig->calls[rig->answered++];
	outcome.repeatable = strncmp(call->line, "GET ", 4) == 0;
	reply.status = hd_http_verdict(&outcome);
	for (; h && *h; h += 2)
		if (strcmp(h[0], "retry-after") == 0)
			reply.retry_after_ms = hd_http_retry_after(h[1], 0);
	reply.headers = headers;
	reply.body = herald_cstr(body);
	if (reply.status != HERALD_OK)
		reply.error = HERALD_S("the service said no");
	call->fn(rig->self, call->req, call->ud, &reply);
}

const char *rig_line(const struct rig *rig, size_t call)
{
	assert_true(call < rig->call_count);
	return rig->calls[call].line;
}

const struct rig_result *rig_result(const struct rig *rig, herald_id req)
{
	const struct rig_result *found = NULL;

	for (size_t i = 0; i < rig->result_count; i++) {
		if (rig->results[i].req != req)
			continue;
		assert_null(found);
		found = &rig->results[i];
	}
	return found;
}

char *rig_fixture(const char *name, size_t *n)
{
	char path[512];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/fixtures/%s", TEST_SRCDIR, name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s", path);
	*n = 0;
	do {
		size += 65536;
		text = realloc(text, size + 1);
		*n += fread(text + *n, 1, size - *n, file);
	} while (*n == size);
	fclose(file);
	text[*n] = '\0';
	return text;
}

char *rig_recorded(const char *name)
{
	size_t n;
	char *text = rig_fixture(name, &n), *body;
	json_t *exchange = json_loadb(text, n, 0, NULL);
	json_t *response = json_object_get(exchange, "response");

	assert_non_null(json_object_get(response, "body"));
	body = json_dumps(json_object_get(response, "body"), JSON_ENCODE_ANY);
	json_decref(exchange);
	free(text);
	return body;
}
