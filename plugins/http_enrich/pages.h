/* pages.h - an answer that comes in pages
 *
 *	page 1 ──► items, next ──► page 2 ──► ... ──► no next: the answer
 *
 * `items` finds the list in each page, `next` what comes after it: an address,
 * or a cursor for the templates.  All or nothing: a page that cannot be had, a
 * page too many, one that was had already make the lookup fail; the beginning
 * of a list is never taken for the list.
 */
#ifndef HERALD_HTTP_ENRICH_PAGES_H
#define HERALD_HTTP_ENRICH_PAGES_H

#include <herald/plugin.h>

#include "common/json.h"

#include "http_enrich/question.h"

struct http_enrich_pages;

enum http_enrich_more {
	HTTP_ENRICH_LAST,  /* `vars` hold all pages: `items`, and as `answer`
			    * the first of them */
	HTTP_ENRICH_MORE,  /* the next one is to be asked for */
	HTTP_ENRICH_BROKEN /* *status and *why say why */
};

/* Puts `page` and `cursor` of the first page into `vars`.  NULL: no memory.
 * The caller frees it. [loop] */
struct http_enrich_pages *http_enrich_pages_new(const herald_host *h,
						struct hp_json *vars);
void http_enrich_pages_free(struct http_enrich_pages *pages);

/* No page was taken yet; NULL: so it is. [loop] */
bool http_enrich_pages_at_first(const struct http_enrich_pages *pages);

/* Where the page that is to be asked for now is.  Borrowed from `pages`, valid
 * until the next page is taken. [loop] */
const struct http_enrich_turn *
http_enrich_pages_turn(const struct http_enrich_pages *pages);

/* Takes the page that came; `body` is that of `reply`. [loop] */
enum http_enrich_more
http_enrich_pages_take(struct http_enrich_pages *pages, struct hp_json *vars,
		       const herald_reply *reply, struct hp_json *body,
		       uint32_t *status, const char **why);

#endif
