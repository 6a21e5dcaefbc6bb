#include "cmdb_enrich/exchange.h"

void cmdb_url_add(struct hp_text *out, const struct cmdb *c)
{
	herald_str url = c->h->option(c->h, "url", 0);

	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	hp_text_add(out, url);
}

void cmdb_get(struct cmdb *c, herald_id req, const char *url,
	      const char *const *path, const char *const *query,
	      herald_http_fn fn, const void *ud)
{
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	const herald_host *h = c->h;
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.method = "GET",
		.url = url,
		.path = path,
		.query = query,
		.headers = headers,
		.auth_secret = "secret",
		.auth_prefix = h->option(h, "auth_prefix", 0).p,
		.auth_user = h->option(h, "auth_user", 0).p,
	};

	h->http(h, &rq, fn, (void *)(uintptr_t)ud);
}
