#include "core/expr/env.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/conf/list.h"
#include "core/expr/run.h"
#include "core/record/record.h"
#include "core/record/schema.h"

static_assert(HD_SLOT_COUNT <= HD_CEL_SLOTS, "CEL has room for our slots");
static_assert(HD_SLOT_VIEW + HD_VIEWS <= HD_SLOT_ATTRIBUTE,
	      "views do not run into attributes");

/* ---- constants ---- */

static const struct {
	const char *name, *path;
} enums[] = {
	{ "SEVERITY", "severity_id" },
	{ "RISK", "risk_level_id" },
	{ "REPUTATION", "observables.reputation.score_id" },
	{ "DISPOSITION", "disposition_id" },
	{ "OBSERVABLE", "observables.type_id" },
	{ "DEVICE", "device.type_id" },
	{ "STATUS", "status_id" },
	{ "VERDICT", "verdict_id" },
	{ "ACTION", "action_id" },
	{ "CONFIDENCE", "confidence_id" },
	{ "IMPACT", "impact_id" },
	{ "PRIORITY", "priority_id" },
};

/* "Suspicious/Risky" to "SUSPICIOUS_RISKY". */
static void put_constant_name(const char *prefix, const char *caption,
			      char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s.", prefix);
	bool gap = false;

	for (; *caption && n + 2 < size; caption++) {
		char c = *caption;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')) {
			gap = true;
			continue;
		}
		if (gap && out[n - 1] != '.')
			out[n++] = '_';
		gap = false;
		out[n++] = c;
	}
	out[n] = '\0';
}

void hd_expr_constants(void (*fn)(void *ud, const char *name, int64_t value),
		       void *ud)
{
	char name[128];

	for (size_t i = 0; i < sizeof(enums) / sizeof(enums[0]); i++) {
		const struct hd_ocsf_attribute *attribute =
			hd_ocsf_path(enums[i].path, NULL);

		for (size_t k = 0; k < attribute->caption_count; k++) {
			put_constant_name(enums[i].name,
					  attribute->captions[k].caption, name,
					  sizeof(name));
			fn(ud, name, attribute->captions[k].value);
		}
	}
}

static void add_constant(void *ud, const char *name, int64_t value)
{
	hd_cel_env_const(ud, name, hd_cel_int(value));
}

/* ---- variables ---- */

static bool is_view(const char *name)
{
	for (size_t i = 0; i < HD_VIEWS; i++)
		if (strcmp(hd_views[i].name, name) == 0)
			return true;
	return false;
}

static void add_record(struct hd_expr_env *env)
{
	const struct hd_ocsf_object *class = &hd_ocsf_objects[0];
	struct hd_cel_env *cel = env->record;

	for (size_t i = 0; i < class->count; i++) {
		const char *name = class->attributes[i].name;

		if (!is_view(name))
			hd_cel_env_var(cel, name,
				       hd_types_of(env, class->name, name),
				       (unsigned)hd_slot_of_attribute(name));
	}
	for (unsigned i = 0; i < HD_VIEWS; i++)
		hd_cel_env_var(cel, hd_views[i].name, hd_views[i].type,
			       HD_SLOT_VIEW + i);
	hd_cel_env_var(cel, "record", class->name, HD_SLOT_RECORD);
	hd_cel_env_var(cel, "enrich", "map(string, list(answer))",
		       HD_SLOT_ENRICH);
	hd_cel_env_var(cel, "risk", "score", HD_SLOT_RISK);
	hd_cel_env_var(cel, "done", "map(string, outcome)", HD_SLOT_DONE);
}

static unsigned slot_of(const char *attribute)
{
	int slot = hd_slot_of_attribute(attribute);

	assert(slot >= 0);
	return (unsigned)slot;
}

bool hd_slot_is_of_risk(const struct hd_expr_env *env, unsigned slot)
{
	for (size_t i = 0; i < HD_RISK_SLOTS; i++)
		if (env->risk_slots[i] == slot)
			return true;
	return false;
}

static void check_env(const struct hd_cel_env *cel)
{
	const char *trouble = hd_cel_env_trouble(cel);

	if (trouble) {
		fprintf(stderr, "expressions: %s\n", trouble);
		abort();
	}
}

struct hd_expr_env *hd_expr_env_new(const struct hd_risk_levels *levels,
				    const char *zone)
{
	struct hd_expr_env *env = hd_alloc(sizeof(*env));

	assert(hd_ocsf_objects[0].count <= HD_SLOT_NAME - HD_SLOT_ATTRIBUTE);
	env->levels = *levels;
	for (unsigned i = 0; i < HD_VIEWS; i++)
		env->views[i] = hd_record_view_find(hd_views[i].name);
	env->risk_slots[HD_RISK_SCORE] = slot_of("risk_score");
	env->risk_slots[HD_RISK_LEVEL_ID] = slot_of("risk_level_id");
	env->risk_slots[HD_RISK_LEVEL] = slot_of("risk_level");
	env->timezone = hd_strdup(zone);
	hd_dict_init(&env->lists);
	hd_dict_init(&env->types);
	env->arena = hd_cel_arena_new(0);
	env->run = hd_alloc(sizeof(*env->run));
	env->base = hd_cel_env_new();
	hd_types_provide(env, env->base);
	hd_expr_constants(add_constant, env->base);
	hd_functions_add(env);
	hd_cel_env_var(env->base, "now", "timestamp", HD_SLOT_NOW);
	env->record = hd_cel_env_extend(env->base);
	add_record(env);
	env->first = hd_cel_env_extend(env->record);
	hd_cel_env_var(env->first, "first", hd_ocsf_objects[0].name,
		       HD_SLOT_FIRST);
	env->target = hd_cel_env_extend(env->base);
	hd_cel_env_var(env->target, "target", "target", HD_SLOT_TARGET);
	env->row = hd_cel_env_extend(env->base);
	hd_cel_env_var(env->row, "row", "map(string, dyn)", HD_SLOT_ROW);
	check_env(env->first);
	check_env(env->target);
	check_env(env->row);
	return env;
}

void hd_expr_env_free(struct hd_expr_env *env)
{
	size_t at = 0;
	char *text;

	if (!env)
		return;
	hd_cel_env_free(env->row);
	hd_cel_env_free(env->target);
	hd_cel_env_free(env->first);
	hd_cel_env_free(env->record);
	hd_cel_env_free(env->base);
	hd_cel_arena_free(env->arena);
	free(env->run);
	while ((text = hd_dict_next(&env->types, &at, NULL)))
		free(text);
	hd_dict_fini(&env->types);
	hd_dict_fini(&env->lists);
	free(env->timezone);
	free(env);
}

void hd_expr_env_list(struct hd_expr_env *env, const char *name,
		      const struct hd_list *list)
{
	hd_dict_put(&env->lists, name, (void *)list);
}
