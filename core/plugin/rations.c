#include "core/plugin/rations.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/plugin/common_options.h"
#include "core/plugin/instance.h"
#include "core/plugin/ration.h"

struct listener {
	void (*fn)(void *ud, struct hd_ration *ration);
	void *ud;
};

struct entry {
	struct hd_ration *ration;
	struct hd_rates rates; /* those that it was given last */
	bool calendar;
};

struct hd_rations {
	struct hd_journal *journal;
	struct hd_reader *reader;
	struct entry *entries;
	size_t count;
	struct listener *listeners;
	size_t listener_count;
};

struct hd_rations *hd_rations_new(struct hd_journal *journal,
				  struct hd_reader *reader)
{
	struct hd_rations *all = hd_alloc(sizeof(*all));

	all->journal = journal;
	all->reader = reader;
	return all;
}

void hd_rations_free(struct hd_rations *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < all->count; i++)
		hd_ration_free(all->entries[i].ration);
	free(all->entries);
	free(all->listeners);
	free(all);
}

void hd_rations_listen(struct hd_rations *all,
		       void (*fn)(void *ud, struct hd_ration *ration), void *ud)
{
	all->listeners = hd_realloc_array(all->listeners,
					  all->listener_count + 1,
					  sizeof(*all->listeners));
	all->listeners[all->listener_count++] = (struct listener){ fn, ud };
}

static void on_ready(void *ud, struct hd_ration *ration)
{
	const struct hd_rations *all = ud;

	for (size_t i = 0; i < all->listener_count; i++)
		all->listeners[i].fn(all->listeners[i].ud, ration);
}

static struct entry *entry_of(struct hd_rations *all, const char *connector)
{
	struct entry *e;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(hd_ration_name(all->entries[i].ration), connector) ==
		    0)
			return &all->entries[i];
	all->entries = hd_realloc_array(all->entries, all->count + 1,
					sizeof(*all->entries));
	e = &all->entries[all->count++];
	memset(e, 0, sizeof(*e));
	e->ration = hd_ration_new(all->journal, connector, on_ready, all);
	return e;
}

static bool same_rates(const struct hd_rates *a, const struct hd_rates *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].count != b->items[i].count ||
		    a->items[i].window_ms != b->items[i].window_ms)
			return false;
	return true;
}

struct hd_ration *hd_rations_of(struct hd_rations *all,
				const struct hd_instance *instance)
{
	const struct hd_common *common = hd_instance_common(instance);
	struct entry *e;

	if (common->limits.count == 0)
		return NULL;
	e = entry_of(all, hd_instance_name(instance));
	if (same_rates(&e->rates, &common->limits) &&
	    e->calendar == common->limit_calendar)
		return e->ration;
	e->rates = common->limits;
	e->calendar = common->limit_calendar;
	hd_ration_set(e->ration, &e->rates, e->calendar, all->reader);
	return e->ration;
}

json_t *hd_rations_describe(const struct hd_rations *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct hd_ration *r = all->entries[i].ration;
		json_t *o = json_object();

		json_object_set_new(o, "connector",
				    json_string_nocheck(hd_ration_name(r)));
		json_object_set_new(o, "quota_left",
				    json_integer(hd_ration_left(r)));
		json_array_append_new(list, o);
	}
	return list;
}
