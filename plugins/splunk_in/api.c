#include "splunk_in/api.h"

#include <stdlib.h>
#include <time.h>

/* ---- asking ---- */

static size_t put(const char **path, size_t n, const char *segment)
{
	path[n] = segment;
	return n + 1;
}

static size_t put_namespace(const struct splunk *s, const struct api_ask *ask,
			    const char **path)
{
	const char *app = ask->app ? ask->app : s->api.app;
	size_t n = 0;

	if (!ask->user && !app)
		return put(path, n, "services");
	n = put(path, n, "servicesNS");
	n = put(path, n, ask->user ? ask->user : "nobody");
	return put(path, n, app ? app : "-");
}

void api_ask(struct splunk *s, const struct api_ask *ask, herald_http_fn fn,
	     void *ud)
{
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	const char *path[API_SEGMENTS + 4], *pairs[2 * API_PAIRS + 3];
	bool posts = ask->method && strcmp(ask->method, "POST") == 0;
	size_t n = put_namespace(s, ask, path), m = 0;
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.flags = posts ? HERALD_HTTP_FORM : 0,
		.req = ask->req,
		.method = ask->method,
		.url = s->api.url,
		.path = path,
		.query = pairs,
		.headers = headers,
		.auth_secret = "token",
		.auth_prefix = s->api.user ? NULL : "Bearer ",
		.auth_user = s->api.user,
		.max_reply = ask->max_reply,
	};

	for (size_t i = 0; ask->path[i]; i++)
		n = put(path, n, ask->path[i]);
	path[n] = NULL;
	for (; ask->pairs[m]; m += 2) {
		pairs[m] = ask->pairs[m];
		pairs[m + 1] = ask->pairs[m + 1];
	}
	pairs[m] = "output_mode";
	pairs[m + 1] = "json";
	pairs[m + 2] = NULL;
	s->h->http(s->h, &rq, fn, ud);
}

void api_jobs(const struct splunk *s, struct api_ask *ask,
	      const char *const *rest)
{
	size_t n = put(ask->path, 0, "search");

	if (!s->api.is_old)
		n = put(ask->path, n, "v2");
	n = put(ask->path, n, "jobs");
	while (*rest && n < API_SEGMENTS)
		n = put(ask->path, n, *rest++);
	ask->path[n] = NULL;
}

/* ---- answers ---- */

/* Splunk's own words stand in a place of their own. */
uint32_t api_judge(struct splunk *s, const herald_reply *reply,
		   struct hp_json *body, struct hp_text *why)
{
	uint32_t status;
	herald_str words;

	hp_reply_open(s->h, reply, body);
	status = hp_reply_judge(reply, body, why);
	words = hp_json_text(body, "/messages/0/text", "");
	if (status != HERALD_OK && words.n > 0 &&
	    !(why->p && memmem(why->p, why->n, words.p, words.n))) {
		hp_text_addf(why, "%s", why->n > 0 ? ": " : "");
		hp_text_add(why, words);
	}
	if (status == HERALD_AUTH && !s->api.stopped) {
		s->api.stopped = true;
		herald_logf(s->h, HERALD_ERROR, 0,
			    "Splunk refuses the token: nothing is asked any "
			    "more -> give a new one, then heraldctl reload");
	}
	return status;
}

int64_t api_clock(const herald_reply *reply)
{
	const char *text = herald_pair(reply->headers, "date");
	struct tm tm = { 0 };
	const char *end;

	end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
	return end && !*end ? (int64_t)timegm(&tm) : -1;
}

/* ---- how it is ---- */

void api_health(struct splunk *s, unsigned part, uint32_t status,
		herald_str why)
{
	struct api *api = &s->api;
	unsigned worst = 0;

	api->status[part] = status;
	snprintf(api->why[part], sizeof(api->why[part]), "%.*s", (int)why.n,
		 why.p ? why.p : "");
	for (unsigned i = 1; i < API_PARTS; i++)
		if (api->status[i] > api->status[worst])
			worst = i;
	s->h->health(s->h, api->status[worst], herald_cstr(api->why[worst]));
}

bool api_is_there(const struct splunk *s)
{
	return s->api.url != NULL;
}

bool api_create(struct splunk *s)
{
	const herald_host *h = s->h;
	static const char *const alone[] = { "searches", "notables",
					     "reconcile" };

	s->api.url = h->option(h, "url", 0).p;
	s->api.user = h->option(h, "user", 0).p;
	s->api.app = h->option(h, "app", 0).p;
	if (s->api.url)
		return true;
	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		bool is_set = strcmp(alone[i], "searches") == 0
				      ? h->option(h, alone[i], 0).p != NULL
				      : h->number(h, alone[i]) > 0;

		if (is_set) {
			h->reject(h, alone[i],
				  HERALD_S("needs 'url' and 'token' of "
					   "Splunk's management port"));
			return false;
		}
	}
	return true;
}
