#include "core/record/record.h"

#include <string.h>

#include "core/record/places.h"

#define OTHER 99

/* The short names, and what they are called in an entry of evidences[]. */
static const struct view {
	const char *name, *attribute;
	enum hd_role role;
} views[] = {
	{ "user", "user", HD_ROLE_USER },
	{ "device", NULL, HD_ROLE_DEVICE },
	{ "src", "src_endpoint", HD_ROLE_ENDPOINT },
	{ "actor", "actor", HD_ROLE_ACTOR },
	{ "dst", "dst_endpoint", HD_ROLE_ENDPOINT },
	{ "email", "email", HD_ROLE_EMAIL },
	{ "file", "file", HD_ROLE_FILE },
	{ "process", "process", HD_ROLE_PROCESS },
	{ "query", "query", HD_ROLE_QUERY },
	{ "url", "url", HD_ROLE_URL },
};

int hd_record_view_find(const char *name)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i].name, name) == 0)
			return (int)i;
	return -1;
}

static const struct view *find_view(const char *name)
{
	int number = hd_record_view_find(name);

	return number >= 0 ? &views[number] : NULL;
}

static json_t *find_object(json_t *record, const struct view *view)
{
	json_t *entry, *object;
	size_t i;

	if (view->attribute) {
		json_array_foreach(json_object_get(record, "evidences"), i,
				   entry) {
			object = json_object_get(entry, view->attribute);
			if (json_is_object(object))
				return object;
		}
	}
	object = json_object_get(record, view->name);
	return json_is_object(object) ? object : NULL;
}

json_t *hd_record_view_at(json_t *record, int number)
{
	return find_object(record, &views[number]);
}

json_t *hd_record_view(json_t *record, const char *name)
{
	const struct view *view = find_view(name);

	return view ? find_object(record, view) : NULL;
}

struct worst {
	json_t *observables;
	int score_id;
	double base_score;
};

static bool is_same(const json_t *observable, int type_id, const json_t *value)
{
	const char *a = json_string_value(json_object_get(observable, "value"));
	const char *b = json_string_value(value);

	return a && b &&
	       json_integer_value(json_object_get(observable, "type_id")) ==
		       type_id &&
	       strcmp(a, b) == 0;
}

static void take_worst(void *ud, int type_id, const char *path, json_t *value,
		       enum hd_role role, json_t *holder)
{
	struct worst *worst = ud;
	json_t *observable;
	size_t i;

	(void)path;
	(void)role;
	(void)holder;
	json_array_foreach(worst->observables, i, observable) {
		const json_t *reputation = json_object_get(observable,
							   "reputation");
		int score_id = (int)json_integer_value(
			json_object_get(reputation, "score_id"));

		if (!reputation || score_id == OTHER ||
		    score_id <= worst->score_id ||
		    !is_same(observable, type_id, value))
			continue;
		worst->score_id = score_id;
		worst->base_score = json_number_value(
			json_object_get(reputation, "base_score"));
	}
}

int hd_record_view_reputation(json_t *record, const char *name, double *base)
{
	const struct view *view = find_view(name);
	struct worst worst = { json_object_get(record, "observables"), -1, 0 };

	if (!view)
		return -1;
	hd_places_walk(find_object(record, view), view->role, take_worst,
		       &worst);
	if (base && worst.score_id >= 0)
		*base = worst.base_score;
	return worst.score_id;
}
