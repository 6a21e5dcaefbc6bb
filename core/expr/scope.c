/* Where the value of each variable comes from.  The record's tree is used as
 * it is, but for four things that only the language sees: `reputation` of a
 * view, 99 of an ordered enum reading 0, the "Unknown" that OCSF made us write,
 * and the reputation 0 of whoever knew nothing, which are no answers while one
 * who could give them is missing.  Then, and only then, a copy is made. */
#include "core/expr/run.h"

#include <assert.h>
#include <string.h>

#include "core/base/words.h"
#include "core/record/record.h"
#include "core/record/schema.h"

#define OTHER 99
#define NOTHING_KNOWN 0 /* reputation.score_id */
#define ANSWERS_MAX 256 /* of one connector, for one alert */
#define CONNECTORS_MAX 64

static struct hd_cel_value keep(struct hd_run *run, json_t *tree)
{
	assert(run->owned_count < HD_RUN_OWNED);
	run->owned[run->owned_count++] = tree;
	return hd_cel_json(tree);
}

/* ---- 99 reads 0 ---- */

static bool is_ordered(const char *name)
{
	for (size_t i = 0; i < HD_ORDERED; i++)
		if (strcmp(name, hd_ordered[i]) == 0)
			return true;
	return false;
}

static bool is_other(const char *name, const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) == OTHER &&
	       is_ordered(name);
}

static bool holds_other(json_t *tree);

/* Goes through large lists each time that they are asked for: names are looked
 * at only where the value is suspicious. */
static bool object_holds_other(json_t *object)
{
	void *iter = json_object_iter(object);

	for (; iter; iter = json_object_iter_next(object, iter)) {
		json_t *value = json_object_iter_value(iter);

		if (json_is_string(value))
			continue;
		if (holds_other(value) ||
		    (json_is_integer(value) &&
		     is_other(json_object_iter_key(iter), value)))
			return true;
	}
	return false;
}

static bool holds_other(json_t *tree)
{
	size_t n;

	if (json_is_object(tree))
		return object_holds_other(tree);
	if (!json_is_array(tree))
		return false;
	n = json_array_size(tree);
	for (size_t i = 0; i < n; i++)
		if (holds_other(json_array_get(tree, i)))
			return true;
	return false;
}

static void zero_others(json_t *tree)
{
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_object(tree)) {
		json_object_foreach(tree, name, value) {
			if (is_other(name, value))
				json_object_set_new(tree, name,
						    json_integer(0));
			else
				zero_others(value);
		}
	} else if (json_is_array(tree)) {
		json_array_foreach(tree, i, value)
			zero_others(value);
	}
}

/* `tree` as the language sees it: itself, or a copy that the run owns. */
static json_t *seen_tree(struct hd_run *run, unsigned slot, json_t *tree)
{
	json_t *copy;

	if (!tree || !run->expr->ordered[slot] || !holds_other(tree))
		return tree;
	copy = json_deep_copy(tree);
	zero_others(copy);
	keep(run, copy);
	return copy;
}

static struct hd_cel_value seen(struct hd_run *run, unsigned slot, json_t *tree)
{
	return hd_cel_json(seen_tree(run, slot, tree));
}

/* ---- views ---- */

/* The word of `fills` that covers a view. */
static const char *filled_by(const char *view)
{
	if (strcmp(view, "user") == 0)
		return "user";
	if (strcmp(view, "device") == 0 || strcmp(view, "src") == 0 ||
	    strcmp(view, "dst") == 0)
		return "device";
	return NULL;
}

static bool may_be_filled(const struct hd_run *run, const char *view)
{
	const char *word = filled_by(view);

	for (size_t i = 0; word && i < run->scope->missing_count; i++)
		if (hd_words_have(run->scope->missing[i].fills, word))
			return true;
	return false;
}

static bool is_filler(const struct hd_ocsf_attribute *attribute,
		      const json_t *value)
{
	const char *caption;

	if (!attribute->sibling || !json_is_integer(value) ||
	    json_integer_value(value) != 0)
		return false;
	caption = hd_ocsf_caption(attribute, 0);
	return caption && strcmp(caption, "Unknown") == 0;
}

/* A copy without "Unknown"; NULL if there is none in it. */
static json_t *without_fillers(const struct hd_ocsf_object *schema,
			       json_t *object)
{
	json_t *copy = NULL;

	for (size_t i = 0; i < schema->count; i++) {
		const struct hd_ocsf_attribute *attribute =
			&schema->attributes[i];

		if (!is_filler(attribute,
			       json_object_get(object, attribute->name)))
			continue;
		if (!copy)
			copy = json_copy(object);
		json_object_del(copy, attribute->name);
		json_object_del(copy, attribute->sibling);
	}
	return copy;
}

/* That nobody who answered knows anything is the last word only where everybody
 * has answered. */
static json_t *reputation_of(json_t *record, const char *view,
			     bool is_last_word)
{
	double base = 0;
	int score_id = hd_record_view_reputation(record, view, &base);
	json_t *reputation;

	if (score_id < 0 || (score_id == NOTHING_KNOWN && !is_last_word))
		return NULL;
	reputation = json_object();
	json_object_set_new(reputation, "base_score", json_real(base));
	json_object_set_new(reputation, "score_id", json_integer(score_id));
	json_object_set_new(
		reputation, "score",
		json_string(hd_ocsf_caption(
			hd_ocsf_path("observables.reputation.score_id", NULL),
			score_id)));
	return reputation;
}

static struct hd_cel_value resolve_view(struct hd_run *run, unsigned slot)
{
	unsigned index = slot - HD_SLOT_VIEW;
	const struct hd_view *view = &hd_views[index];
	json_t *object = hd_record_view_at(run->scope->record,
					   run->expr->env->views[index]);
	json_t *copy = NULL, *reputation = NULL;

	if (!object)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	if (may_be_filled(run, view->name))
		copy = without_fillers(hd_ocsf_object(view->object), object);
	if (run->expr->reputations & 1u << index)
		reputation = reputation_of(run->scope->record, view->name,
					   !hd_unknown_judges_view(run->scope,
								   view->name));
	if (reputation) {
		if (!copy)
			copy = json_copy(object);
		json_object_set_new(copy, "reputation", reputation);
	}
	if (!copy)
		return seen(run, slot, object);
	if (run->expr->ordered[slot] && holds_other(copy)) {
		json_t *deep = json_deep_copy(copy);

		json_decref(copy);
		copy = deep;
		zero_others(copy);
	}
	return keep(run, copy);
}

/* ---- observables ---- */

static bool says_nothing(const json_t *observable)
{
	const json_t *score_id = json_object_get(
		json_object_get(observable, "reputation"), "score_id");

	return json_is_integer(score_id) &&
	       json_integer_value(score_id) == NOTHING_KNOWN;
}

/* Without the reputations of those who knew nothing. */
static struct hd_cel_value resolve_observables(struct hd_run *run,
					       unsigned slot, json_t *list)
{
	json_t *copy = json_deep_copy(list), *one;
	size_t i;

	json_array_foreach(copy, i, one)
		if (says_nothing(one))
			json_object_del(one, "reputation");
	if (run->expr->ordered[slot])
		zero_others(copy);
	return keep(run, copy);
}

/* ---- the other variables ---- */

/* NONE if the variable does not follow from the score, or there is none. */
static struct hd_cel_value of_score(const struct hd_run *run, unsigned slot)
{
	const struct hd_expr_env *env = run->expr->env;
	int level = hd_risk_level(&env->levels, run->score);

	if (slot == env->risk_slots[HD_RISK_SCORE])
		return hd_cel_int(run->score);
	if (slot == env->risk_slots[HD_RISK_LEVEL_ID])
		return hd_cel_int(level);
	if (slot == env->risk_slots[HD_RISK_LEVEL])
		return hd_cel_string(hd_risk_level_name(level));
	return (struct hd_cel_value){ .kind = HD_CEL_NONE };
}

static struct hd_cel_value resolve_attribute(struct hd_run *run, unsigned slot)
{
	const struct hd_ocsf_attribute *attribute =
		&hd_ocsf_objects[0].attributes[slot - HD_SLOT_ATTRIBUTE];
	struct hd_cel_value v = { .kind = HD_CEL_NONE };
	json_t *value;

	if (run->scope->risk && run->expr->reads_risk)
		v = of_score(run, slot);
	if (v.kind != HD_CEL_NONE)
		return v;
	value = json_object_getn(
		run->scope->record, attribute->name,
		run->expr->env->name_bytes[slot - HD_SLOT_ATTRIBUTE]);
	if (is_other(attribute->name, value))
		return hd_cel_int(0);
	if (json_is_array(value) && hd_unknown_judges(run->scope) &&
	    strcmp(attribute->name, "observables") == 0)
		return resolve_observables(run, slot, value);
	return seen(run, slot, value);
}

static struct hd_cel_value resolve_risk(struct hd_run *run)
{
	json_t *risk;

	if (!run->scope->risk)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	risk = json_object();
	json_object_set_new(risk, "low", json_integer(run->scope->risk->low));
	json_object_set_new(risk, "high", json_integer(run->scope->risk->high));
	return keep(run, risk);
}

/* The number of the lookup of `connector` that is missing; -1 if none is. */
static long missing_id(const struct hd_run *run, const char *connector)
{
	for (size_t i = 0; i < run->scope->missing_count; i++)
		if (strcmp(run->scope->missing[i].connector, connector) == 0)
			return (long)i;
	return -1;
}

/* Some values were answered and one was not: the list ends with an unknown, so
 * that exists() can be true, but all() and the lack of a hit are not sure. */
static struct hd_cel_value open_list(struct hd_run *run, json_t *answers,
				     uint32_t id)
{
	struct hd_cel_value items[ANSWERS_MAX + 1];
	size_t n = json_array_size(answers);

	if (n > ANSWERS_MAX)
		n = ANSWERS_MAX;
	for (size_t i = 0; i < n; i++)
		items[i] = hd_cel_json(json_array_get(answers, i));
	items[n] = hd_cel_unknown(id);
	return hd_cel_make_list(run->expr->env->arena, items, n + 1);
}

struct answered {
	struct hd_cel_value keys[CONNECTORS_MAX], values[CONNECTORS_MAX];
	size_t n;
};

static void put_answers(struct answered *answered, const char *connector,
			struct hd_cel_value value)
{
	if (answered->n == CONNECTORS_MAX)
		return;
	answered->keys[answered->n] = hd_cel_string(connector);
	answered->values[answered->n++] = value;
}

/* True the first time that a connector stands among those that are missing. */
static bool is_first(const struct hd_run *run, size_t id)
{
	return missing_id(run, run->scope->missing[id].connector) == (long)id;
}

/* What connectors answered; a missing one of which nothing came is unknown. */
static struct hd_cel_value resolve_enrich(struct hd_run *run)
{
	json_t *enrich = seen_tree(run, HD_SLOT_ENRICH, run->scope->enrich);
	struct answered answered = { .n = 0 };
	const char *name;
	json_t *answers;

	if (run->scope->missing_count == 0)
		return enrich ? hd_cel_json(enrich) : keep(run, json_object());
	for (size_t i = 0; i < run->scope->missing_count; i++) {
		name = run->scope->missing[i].connector;
		answers = json_object_get(enrich, name);
		if (is_first(run, i))
			put_answers(&answered, name,
				    json_array_size(answers) == 0
					    ? hd_cel_unknown((uint32_t)i)
					    : open_list(run, answers,
							(uint32_t)i));
	}
	json_object_foreach(enrich, name, answers)
		if (missing_id(run, name) < 0)
			put_answers(&answered, name, hd_cel_json(answers));
	return hd_cel_make_map(run->expr->env->arena, answered.keys,
			       answered.values, answered.n);
}

static bool is_parked(const struct hd_run *run, const char *entry)
{
	const char *const *parked = run->scope->parked;

	for (; parked && *parked; parked++)
		if (strcmp(*parked, entry) == 0)
			return true;
	return false;
}

/* Entries of respond, without those whose path is unknown. */
static struct hd_cel_value resolve_done(struct hd_run *run)
{
	json_t *done = run->scope->done;
	json_t *copy;
	const char *name;
	json_t *value;

	if (done && (!run->scope->parked || !*run->scope->parked))
		return seen(run, HD_SLOT_DONE, done);
	copy = json_object();
	json_object_foreach(done, name, value)
		if (!is_parked(run, name))
			json_object_set(copy, name, value);
	return keep(run, copy);
}

static struct hd_cel_value resolve_name(struct hd_run *run, unsigned index)
{
	json_t *of = run->scope->vars ? run->scope->vars : run->scope->received;

	if (index >= run->expr->name_count)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	return hd_cel_json(json_object_get(of, run->expr->names[index]));
}

static struct hd_cel_value resolve(struct hd_run *run, unsigned slot)
{
	const struct hd_expr_scope *scope = run->scope;

	switch (slot) {
	case HD_SLOT_NOW:
		return hd_cel_timestamp_ms(scope->now_ms);
	case HD_SLOT_RECORD:
		return seen(run, slot, scope->record);
	case HD_SLOT_FIRST:
		return seen(run, slot, scope->first);
	case HD_SLOT_ENRICH:
		return resolve_enrich(run);
	case HD_SLOT_RISK:
		return resolve_risk(run);
	case HD_SLOT_DONE:
		return resolve_done(run);
	case HD_SLOT_ROW:
		return hd_cel_json(scope->row);
	case HD_SLOT_TARGET:
		return seen(run, slot, scope->target);
	default:
		break;
	}
	if (slot >= HD_SLOT_NAME)
		return resolve_name(run, slot - HD_SLOT_NAME);
	if (slot >= HD_SLOT_ATTRIBUTE)
		return resolve_attribute(run, slot);
	return resolve_view(run, slot);
}

struct hd_cel_value hd_scope_resolve(void *ud, unsigned slot,
				     struct hd_cel_call *call)
{
	struct hd_run *run = ud;

	(void)call;
	if (slot >= HD_SLOT_COUNT)
		return (struct hd_cel_value){ .kind = HD_CEL_NONE };
	if (run->cached[slot] != run->turn) {
		run->cache[slot] = resolve(run, slot);
		run->cached[slot] = run->turn;
	}
	return run->cache[slot];
}
