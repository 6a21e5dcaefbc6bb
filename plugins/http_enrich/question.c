#include "http_enrich/question.h"

#include <stdlib.h>

#include "common/text.h"

#define SEGMENTS_MAX 32
#define PAIRS_MAX 32
#define HEADERS_MAX 32

/* Everything that the request points to. */
struct question {
	const herald_host *h;
	struct hp_json *vars, texts; /* what the templates made */
	const struct http_enrich_turn *turn;
	char *path;
	const char *segments[SEGMENTS_MAX + 1];
	const char *pairs[2 * (PAIRS_MAX + 1) + 1]; /* and the cursor */
	char *headers[HEADERS_MAX + 1];
	size_t header_count;
	herald_str body;
	const char *why; /* it cannot be asked */
};

bool http_enrich_vars(struct hp_json *vars, const herald_host *h,
		      const char *type, const herald_lookup *q)
{
	struct hp_json context;

	hp_json_open(vars, h, (herald_str){ NULL, 0 });
	hp_json_put(vars, "/value", q->value);
	hp_json_put(vars, "/type", herald_cstr(type));
	hp_json_open(&context, h,
		     q->context.n > 0 ? q->context : HERALD_S("{}"));
	hp_json_put_copy(vars, "/context", &context, "", "");
	hp_json_close(&context);
	return !vars->failed;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; false for a broken escape, and for a NUL. */
static bool decode(char *text)
{
	char *out = text;

	for (; *text; text++, out++) {
		int high, low;

		if (*text != '%') {
			*out = *text;
			continue;
		}
		high = hex(text[1]);
		low = high < 0 ? -1 : hex(text[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out = (char)(high << 4 | low);
		text += 2;
	}
	*out = '\0';
	return true;
}

bool http_enrich_segments(char *path, const char **out, size_t max)
{
	size_t n = 0;

	out[0] = NULL;
	path += *path == '/';
	while (*path) {
		size_t length = strcspn(path, "/");
		bool last = path[length] == '\0';

		path[length] = '\0';
		if (length == 0 || n == max || !decode(path))
			return false;
		out[n++] = path;
		out[n] = NULL;
		if (last)
			return true;
		path += length + 1;
	}
	/* Nothing at all, or a last '/'. */
	return n == 0;
}

/* ---- the templates ---- */

static bool is_given(const struct question *q, const char *option, uint32_t i)
{
	return q->h->option(q->h, option, i).p;
}

/* A template's text, in `texts` at `at`; NULL, with q->why, if it comes to
 * nothing. */
static const char *render(struct question *q, const char *option, uint32_t i,
			  const char *at)
{
	uint32_t status = q->h->eval(q->h, option, i, q->vars->d, q->texts.d,
				     at);

	if (status == HERALD_OK)
		return hp_json_cstr(&q->texts, at, "");
	q->why = status == HERALD_NOT_FOUND
			 ? "a template asks for what this alert does not have"
			 : "a template fails";
	return NULL;
}

static void make_path(struct question *q)
{
	const char *text;

	if (!is_given(q, "path", 0))
		return;
	text = render(q, "path", 0, "/path");
	if (!text)
		return;
	q->path = hp_str_dup(herald_cstr(text));
	if (!q->path ||
	    !http_enrich_segments(q->path, q->segments, SEGMENTS_MAX))
		q->why = "the path is not of the form /a/b";
}

/* All texts are made before any is borrowed: each changes the document. */
static size_t make_texts(struct question *q, const char *option)
{
	struct hp_path at;
	uint32_t i = 0;

	while (!q->why && is_given(q, option, i)) {
		render(q, option, i, hp_path(&at, "/%s/%u", option, i));
		i++;
	}
	return i;
}

static void make_pairs(struct question *q, size_t count)
{
	struct hp_path at;

	if (count > PAIRS_MAX)
		q->why = "more than 32 members of query";
	for (uint32_t i = 0; !q->why && i < count; i++) {
		q->pairs[2 * i] = q->h->option_key(q->h, "query", i).p;
		q->pairs[2 * i + 1] = hp_json_cstr(&q->texts,
						   hp_path(&at, "/query/%u", i),
						   "");
	}
}

/* In place of a member of that name, if there is one. */
static void set_cursor(struct question *q)
{
	const char *name = q->h->option(q->h, "next_query", 0).p;
	size_t i = 0;

	if (!name || !q->turn->cursor.p)
		return;
	while (q->pairs[i] && strcmp(q->pairs[i], name) != 0)
		i += 2;
	q->pairs[i] = name;
	q->pairs[i + 1] = q->turn->cursor.p;
}

static void add_header(struct question *q, const char *name, const char *value)
{
	char *line = NULL;

	if (q->header_count == HEADERS_MAX)
		q->why = "more than 32 headers";
	else if (asprintf(&line, "%s: %s", name, value) < 0)
		q->why = "out of memory";
	else
		q->headers[q->header_count++] = line;
}

static void make_headers(struct question *q, size_t count)
{
	struct hp_path at;

	add_header(q, "Accept", "application/json");
	if (is_given(q, "body", 0))
		add_header(q, "Content-Type", "application/json");
	for (uint32_t i = 0; !q->why && i < count; i++)
		add_header(q, q->h->option_key(q->h, "headers", i).p,
			   hp_json_cstr(&q->texts,
					hp_path(&at, "/headers/%u", i), ""));
}

static void make(struct question *q)
{
	size_t pairs = 0, headers;

	if (!q->turn->address) {
		make_path(q);
		pairs = make_texts(q, "query");
	}
	headers = make_texts(q, "headers");
	if (!q->why && is_given(q, "body", 0))
		render(q, "body", 0, "/body");
	if (q->why)
		return;
	make_pairs(q, pairs);
	set_cursor(q);
	make_headers(q, headers);
	q->body = hp_json_text(&q->texts, "/body", "");
}

/* ---- asking ---- */

static void fill_auth(const herald_host *h, herald_http *rq)
{
	if (h->number(h, "auth") != 0)
		return;
	rq->auth_secret = "secret";
	rq->auth_header = h->option(h, "auth_header", 0).p;
	rq->auth_prefix = h->option(h, "auth_prefix", 0).p;
	rq->auth_user = h->option(h, "auth_user", 0).p;
}

static void ask(struct question *q, herald_id req, herald_http_fn fn, void *ud)
{
	static const char *const methods[] = { "GET", "POST" };
	const herald_host *h = q->h;
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.method = methods[h->number(h, "method") == 1],
		.url = q->turn->address ? q->turn->address
					: h->option(h, "url", 0).p,
		.path = q->segments,
		.query = q->pairs,
		.headers = (const char *const *)q->headers,
		.body = q->body,
		.max_reply = q->turn->max_reply,
	};

	fill_auth(h, &rq);
	h->http(h, &rq, fn, ud);
}

const char *http_enrich_ask(const herald_host *h, struct hp_json *vars,
			    herald_id req, const struct http_enrich_turn *turn,
			    herald_http_fn fn, void *ud)
{
	struct question q = { .h = h, .vars = vars, .turn = turn };

	hp_json_open(&q.texts, h, (herald_str){ NULL, 0 });
	make(&q);
	if (!q.why)
		ask(&q, req, fn, ud);
	for (size_t i = 0; i < q.header_count; i++)
		free(q.headers[i]);
	free(q.path);
	hp_json_close(&q.texts);
	return q.why;
}
