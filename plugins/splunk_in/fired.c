#include "splunk_in/fired.h"

#include <stdlib.h>

#include "common/text.h"

void fired_free(struct fired_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].sid);
		free(list->items[i].name);
	}
	free(list->items);
	*list = (struct fired_list){ NULL, 0, 0, false };
}

static bool has_space(struct fired_list *list)
{
	size_t size = list->size ? 2 * list->size : 64;
	struct fired *more;

	if (list->n < list->size)
		return true;
	if (list->n >= FIRED_MAX)
		return false;
	more = realloc(list->items, size * sizeof(*more));
	if (!more)
		return false;
	list->items = more;
	list->size = size;
	return true;
}

static bool is_named(const struct splunk *s, herald_str action)
{
	herald_str name;

	for (uint32_t i = 0;
	     (name = s->h->option(s->h, "reconcile_actions", i)).p; i++)
		if (hp_str_same(name, action))
			return true;
	return false;
}

/* "webhook,herald" */
static bool is_for_us(const struct splunk *s, herald_str actions)
{
	while (actions.n > 0) {
		const char *comma = memchr(actions.p, ',', actions.n);
		size_t n = comma ? (size_t)(comma - actions.p) : actions.n;

		if (is_named(s, hp_str_trim((herald_str){ actions.p, n })))
			return true;
		n += comma ? 1 : 0;
		actions.p += n;
		actions.n -= n;
	}
	return false;
}

static void add(struct fired_list *list, struct hp_json *page, const char *at)
{
	bool digest = hp_json_is_true(page, at, "/digest_mode");
	int64_t count = hp_json_int(page, at, "/triggered_alerts", 1);
	struct fired *one;

	if (!has_space(list)) {
		list->is_cut = true;
		return;
	}
	one = &list->items[list->n];
	*one = (struct fired){
		.sid = hp_str_dup(hp_json_text(page, at, "/sid")),
		.name = hp_str_dup(hp_json_text(page, at, "/savedsearch_name")),
		.at_s = hp_json_int(page, at, "/trigger_time", -1),
		.alerts = digest || count < 1 || count > UINT32_MAX
				  ? 1
				  : (uint32_t)count,
	};
	if (one->sid && one->name && one->sid[0] && one->at_s >= 0) {
		list->n++;
		return;
	}
	free(one->sid);
	free(one->name);
}

size_t fired_read(struct fired_list *list, struct splunk *s,
		  struct hp_json *page)
{
	size_t n = hp_json_size(page, "/entry", "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/entry/%zu/content", i);
		if (is_for_us(s, hp_json_text(page, at.text, "/actions")))
			add(list, page, at.text);
	}
	return n;
}

/* ---- one a sid ---- */

static int by_sid(const void *a, const void *b)
{
	const struct fired *x = a, *y = b;
	int order = strcmp(x->sid, y->sid);

	return order != 0 ? order : (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

void fired_join(struct fired_list *list)
{
	size_t kept = 0;

	if (list->n == 0)
		return;
	qsort(list->items, list->n, sizeof(*list->items), by_sid);
	for (size_t i = 1; i < list->n; i++) {
		struct fired *one = &list->items[i], *last;

		last = &list->items[kept];
		if (strcmp(last->sid, one->sid) != 0) {
			list->items[++kept] = *one;
			continue;
		}
		if (one->alerts > last->alerts)
			last->alerts = one->alerts;
		free(one->sid);
		free(one->name);
	}
	list->n = kept + 1;
}
