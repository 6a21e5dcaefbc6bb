/* The index of what can be looked up.  Entries whose `name` is a place of the
 * record are made anew; those that came from elsewhere (the map, an enricher)
 * stay behind them. */
#include "core/record/record.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/number.h"
#include "core/record/places.h"
#include "core/record/schema.h"

#define VALUE_MAX_BYTES (1u << 20)
#define OBSERVABLES_MAX 4096

struct index {
	json_t *list;	    /* the new observables */
	json_t *seen;	    /* "2 198.51.100.23": true */
	json_t *reputation; /* the same key: what was known */
	struct hd_buf key;
};

/* The key of a value, valid until the next call; NULL if it is too long. */
static const char *key_of(struct index *index, int64_t type_id,
			  const char *value)
{
	char number[HD_NUMBER_TEXT];

	hd_buf_clear(&index->key);
	hd_buf_add(&index->key, number, hd_number_put_int(type_id, number));
	hd_buf_addc(&index->key, ' ');
	hd_buf_adds(&index->key, value);
	return hd_buf_failed(&index->key) ? NULL : hd_buf_text(&index->key);
}

/* True the first time that it is asked about a value. */
static bool is_new(struct index *index, int64_t type_id, const char *value)
{
	const char *key = key_of(index, type_id, value);

	if (!key || json_object_get(index->seen, key) ||
	    json_array_size(index->list) >= OBSERVABLES_MAX)
		return false;
	json_object_set_new_nocheck(index->seen, key, json_true());
	return true;
}

static const char *type_caption(int64_t type_id)
{
	static const struct hd_ocsf_attribute *type;

	if (!type)
		type = hd_ocsf_path("observables.type_id", NULL);
	return hd_ocsf_caption(type, type_id);
}

/* Of names and texts that are known to be sound. */
static void put(json_t *object, const char *name, json_t *value_take)
{
	json_object_set_new_nocheck(object, name, value_take);
}

static void add_place(void *ud, int type_id, const char *path, json_t *value,
		      enum hd_role role, json_t *holder)
{
	struct index *index = ud;
	const char *text = json_string_value(value);
	json_t *observable, *reputation;
	char number[24];

	(void)role;
	(void)holder;
	if (!text) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		text = number;
	}
	if (!is_new(index, type_id, text))
		return;
	observable = json_object();
	put(observable, "name", json_stringn_nocheck(path, strlen(path)));
	put(observable, "type_id", json_integer(type_id));
	put(observable, "type", json_string_nocheck(type_caption(type_id)));
	put(observable, "value",
	    text == number ? json_string_nocheck(number) : json_incref(value));
	if (json_object_size(index->reputation) != 0) {
		reputation = json_object_get(index->reputation,
					     key_of(index, type_id, text));
		if (reputation)
			json_object_set(observable, "reputation", reputation);
	}
	json_array_append_new(index->list, observable);
}

static bool is_place(const json_t *name)
{
	static const char *const roots[] = { "device.", "actor.", "evidences[",
					     "vulnerabilities[" };
	const char *text = json_string_value(name);

	for (size_t i = 0; text && i < sizeof(roots) / sizeof(roots[0]); i++)
		if (strncmp(text, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

static void keep_reputations(struct index *index, json_t *old)
{
	json_t *observable;
	size_t i;

	json_array_foreach(old, i, observable) {
		json_t *reputation = json_object_get(observable, "reputation");
		const char *value = json_string_value(
			json_object_get(observable, "value"));
		const char *key;

		if (!reputation || !value)
			continue;
		key = key_of(index,
			     json_integer_value(
				     json_object_get(observable, "type_id")),
			     value);
		if (key)
			json_object_set(index->reputation, key, reputation);
	}
}

static void keep_others(struct index *index, json_t *old)
{
	json_t *observable;
	size_t i;

	json_array_foreach(old, i, observable) {
		const char *value = json_string_value(
			json_object_get(observable, "value"));
		int64_t type_id = json_integer_value(
			json_object_get(observable, "type_id"));

		if (is_place(json_object_get(observable, "name")))
			continue;
		if (!value || is_new(index, type_id, value))
			json_array_append(index->list, observable);
	}
}

void hd_record_index(json_t *record)
{
	json_t *old = json_object_get(record, "observables");
	struct index index = {
		json_array(), json_object(), json_object(), { 0 }
	};

	hd_buf_init(&index.key, VALUE_MAX_BYTES);
	keep_reputations(&index, old);
	hd_places_walk(record, HD_ROLE_RECORD, add_place, &index);
	keep_others(&index, old);
	if (json_array_size(index.list) > 0)
		json_object_set(record, "observables", index.list);
	else
		json_object_del(record, "observables");
	json_decref(index.list);
	json_decref(index.seen);
	json_decref(index.reputation);
	hd_buf_fini(&index.key);
}
