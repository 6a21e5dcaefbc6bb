#include "http_enrich/pages.h"

#include <stdlib.h>

#include "common/text.h"

#include "http_enrich/address.h"
#include "http_enrich/link.h"

#define ADDRESS_MAX 8192
#define BYTES_MAX HTTP_ENRICH_REPLY_MAX /* of all pages together */

struct http_enrich_pages {
	const herald_host *h;
	struct hp_json
		held; /* {"first", "items", "seen": [what `next` said]} */
	struct hp_text address;
	struct hp_text cursor;
	struct http_enrich_turn turn;
	int64_t page; /* that is asked for, from 1 */
};

static void put_text(struct hp_json *j, const char *path, herald_str text)
{
	if (j->d && HERALD_CLASS(j->h->json_set(j->d, path, HERALD_JSON_STRING,
						text)) != 0)
		j->failed = true;
}

static void put_place(struct http_enrich_pages *pages, struct hp_json *vars)
{
	hp_json_put_int(vars, "/page", pages->page);
	put_text(vars, "/cursor", hp_text_str(&pages->cursor));
}

struct http_enrich_pages *http_enrich_pages_new(const herald_host *h,
						struct hp_json *vars)
{
	struct http_enrich_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->h = h;
	pages->page = 1;
	pages->turn.max_reply = BYTES_MAX;
	hp_text_init(&pages->address, ADDRESS_MAX);
	hp_text_init(&pages->cursor, ADDRESS_MAX);
	hp_json_open(&pages->held, h, HERALD_S("{\"items\":[],\"seen\":[]}"));
	put_place(pages, vars);
	return pages;
}

void http_enrich_pages_free(struct http_enrich_pages *pages)
{
	if (!pages)
		return;
	hp_json_close(&pages->held);
	hp_text_fini(&pages->address);
	hp_text_fini(&pages->cursor);
	free(pages);
}

bool http_enrich_pages_at_first(const struct http_enrich_pages *pages)
{
	return !pages || pages->page == 1;
}

const struct http_enrich_turn *
http_enrich_pages_turn(const struct http_enrich_pages *pages)
{
	return &pages->turn;
}

/* ---- what a page says ---- */

static void put_headers(const herald_host *h, struct hp_json *vars,
			const herald_reply *reply)
{
	const char *const *list = reply->headers;
	herald_str next = { NULL, 0 };
	char path[HP_PATH_MAX];

	h->json_set(vars->d, "/link_next", HERALD_JSON_NONE, next);
	h->json_set(vars->d, "/headers", HERALD_JSON_OBJECT, HERALD_S("{}"));
	for (; list && list[0]; list += 2) {
		herald_str value = herald_cstr(list[1]);

		if (herald_pointer(path, sizeof(path), "/headers",
				   herald_cstr(list[0])))
			put_text(vars, path, value);
		if (!next.p && strcmp(list[0], "link") == 0)
			next = http_enrich_link_next(value);
	}
	hp_json_put(vars, "/link_next", next);
}

static const char *append_item(struct http_enrich_pages *pages,
			       struct hp_json *found, uint32_t i)
{
	struct hp_path from;

	hp_path(&from, "/items/%u", i);
	if (hp_json_type(found, from.text, "") == HERALD_JSON_NULL)
		pages->h->json_set(pages->held.d, "/items/-", HERALD_JSON_NULL,
				   (herald_str){ NULL, 0 });
	else
		hp_json_put_copy(&pages->held, "/items/-", found, from.text,
				 "");
	return pages->held.failed ? "no memory to hold the answer" : NULL;
}

/* The list in this page is added to those before. */
static const char *take_items(struct http_enrich_pages *pages,
			      struct hp_json *vars, struct hp_json *found)
{
	const char *why = NULL;
	uint32_t status = pages->h->eval(pages->h, "items", 0, vars->d,
					 found->d, "/items");
	size_t n = hp_json_size(found, "/items", "");

	if (status == HERALD_NOT_FOUND)
		return "a page lacks what `items` asks for";
	if (status != HERALD_OK)
		return "`items` fails; the log says why";
	if (hp_json_type(found, "/items", "") != HERALD_JSON_ARRAY)
		return "`items` gives no list";
	for (uint32_t i = 0; !why && i < n; i++)
		why = append_item(pages, found, i);
	return why;
}

/* What comes after this page, in *next; {NULL, 0}: nothing. */
static const char *read_next(struct http_enrich_pages *pages,
			     struct hp_json *vars, struct hp_json *found,
			     herald_str *next)
{
	uint32_t status = pages->h->eval(pages->h, "next", 0, vars->d, found->d,
					 "/next");

	*next = (herald_str){ NULL, 0 };
	if (status == HERALD_NOT_FOUND)
		return NULL;
	if (status != HERALD_OK)
		return "`next` fails; the log says why";
	switch (hp_json_type(found, "/next", "")) {
	case HERALD_JSON_NONE:
	case HERALD_JSON_NULL:
	case HERALD_JSON_FALSE:
		return NULL;
	case HERALD_JSON_STRING:
	case HERALD_JSON_INT:
		*next = hp_json_text(found, "/next", "");
		return NULL;
	default:
		return "`next` is neither a text nor a number";
	}
}

/* ---- going on ---- */

static bool was_seen(struct http_enrich_pages *pages, herald_str next)
{
	size_t n = hp_json_size(&pages->held, "/seen", "");
	struct hp_path at;

	for (uint32_t i = 0; i < n; i++)
		if (hp_str_is(next,
			      hp_json_cstr(&pages->held,
					   hp_path(&at, "/seen/%u", i), "")))
			return true;
	return false;
}

static const char *set_place(struct http_enrich_pages *pages, herald_str next)
{
	const herald_host *h = pages->h;
	const char *why = NULL;

	if (h->number(h, "next_is") == 0) {
		hp_text_fini(&pages->address);
		why = http_enrich_next_address(h->option(h, "url", 0), next,
					       &pages->address);
		pages->turn.address = hp_text_str(&pages->address).p;
	} else {
		hp_text_fini(&pages->cursor);
		hp_text_add(&pages->cursor, next);
		pages->turn.cursor = hp_text_str(&pages->cursor);
		if (pages->cursor.cut)
			why = "`next` is too long";
	}
	return why;
}

static const char *go_on(struct http_enrich_pages *pages, struct hp_json *vars,
			 const herald_reply *reply, herald_str next,
			 uint32_t *status)
{
	const char *why;

	*status = HERALD_TOO_BIG;
	if (pages->page == pages->h->number(pages->h, "pages"))
		return "there are more pages than option pages allows";
	if (reply->body.n >= pages->turn.max_reply)
		return "the pages are over 8 MiB together";
	*status = HERALD_BAD_REPLY;
	if (was_seen(pages, next))
		return "`next` names a page for the second time: they would "
		       "not end";
	why = set_place(pages, next);
	if (why)
		return why;
	hp_json_put(&pages->held, "/seen/-", next);
	pages->turn.max_reply -= (uint32_t)reply->body.n;
	pages->page++;
	put_place(pages, vars);
	return NULL;
}

static const char *read_page(struct http_enrich_pages *pages,
			     struct hp_json *vars, const herald_reply *reply,
			     bool *more, uint32_t *status)
{
	struct hp_json found;
	herald_str next = { NULL, 0 };
	const char *why;

	put_headers(pages->h, vars, reply);
	hp_json_open(&found, pages->h, (herald_str){ NULL, 0 });
	why = take_items(pages, vars, &found);
	if (!why)
		why = read_next(pages, vars, &found, &next);
	*more = next.n > 0;
	if (!why && *more)
		why = go_on(pages, vars, reply, next, status);
	hp_json_close(&found);
	return why;
}

enum http_enrich_more http_enrich_pages_take(struct http_enrich_pages *pages,
					     struct hp_json *vars,
					     const herald_reply *reply,
					     struct hp_json *body,
					     uint32_t *status, const char **why)
{
	bool more = false;

	*status = HERALD_BAD_REPLY;
	if (pages->page == 1)
		hp_json_put_copy(&pages->held, "/first", body, "", "");
	hp_json_put_copy(vars, "/answer", body, "", "");
	*why = read_page(pages, vars, reply, &more, status);
	if (*why)
		return HTTP_ENRICH_BROKEN;
	if (more)
		return HTTP_ENRICH_MORE;
	hp_json_put_copy(vars, "/answer", &pages->held, "/first", "");
	hp_json_put_copy(vars, "/items", &pages->held, "/items", "");
	vars->failed = vars->failed || pages->held.failed;
	return HTTP_ENRICH_LAST;
}
