#include "core/expr/env.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/record/schema.h"

const char *const hd_ordered[HD_ORDERED] = {
	"severity_id",	 "risk_level_id", "priority_id",
	"confidence_id", "impact_id",	  "score_id",
};

const struct hd_view hd_views[HD_VIEWS] = {
	{ "actor", "view.actor", "actor" },
	{ "device", "view.device", "device" },
	{ "dst", "view.dst", "network_endpoint" },
	{ "email", "view.email", "email" },
	{ "file", "view.file", "file" },
	{ "process", "view.process", "process" },
	{ "query", "view.query", "dns_query" },
	{ "src", "view.src", "network_endpoint" },
	{ "url", "view.url", "url" },
	{ "user", "view.user", "user" },
};

/* Objects of ours beside those of OCSF. */
static const struct {
	const char *object, *field, *type;
} own[] = {
	{ "answer", "data", "dyn" },
	{ "answer", "reputation", "reputation" },
	{ "answer", "status", "string" },
	{ "answer", "type", "string" },
	{ "answer", "value", "string" },
	{ "outcome", "message", "string" },
	{ "outcome", "result", "dyn" },
	{ "outcome", "state", "string" },
	{ "score", "high", "int" },
	{ "score", "low", "int" },
	{ "target", "device", "device" },
	{ "target", "user", "user" },
};

#define OWN_COUNT (sizeof(own) / sizeof(own[0]))

static const struct hd_view *view_of_type(const char *type)
{
	for (size_t i = 0; i < HD_VIEWS; i++)
		if (strcmp(hd_views[i].type, type) == 0)
			return &hd_views[i];
	return NULL;
}

/* "list(string)": the caller frees it. */
static char *type_text(const struct hd_ocsf_attribute *attribute)
{
	static const char *const plain[] = {
		[HD_OCSF_STRING] = "string", [HD_OCSF_INT] = "int",
		[HD_OCSF_REAL] = "double",   [HD_OCSF_BOOL] = "bool",
		[HD_OCSF_OPEN] = "dyn",
	};
	const struct hd_ocsf_object *held = hd_ocsf_held(attribute);
	const char *single = held ? held->name : plain[attribute->type];

	if (held && held->open)
		single = "map(string, dyn)";
	return attribute->array ? hd_strf("list(%s)", single)
				: hd_strdup(single);
}

const char *hd_types_of(struct hd_expr_env *env, const char *object,
			const char *field)
{
	const struct hd_view *view = view_of_type(object);
	const struct hd_ocsf_object *schema = hd_ocsf_object(view ? view->object
								  : object);
	const struct hd_ocsf_attribute *attribute;
	char *key, *text;

	for (size_t i = 0; i < OWN_COUNT; i++)
		if (strcmp(own[i].object, object) == 0 &&
		    strcmp(own[i].field, field) == 0)
			return own[i].type;
	if (view && strcmp(field, "reputation") == 0)
		return "reputation";
	attribute = schema ? hd_ocsf_attribute(schema, field) : NULL;
	if (!attribute)
		return NULL;
	key = hd_strf("%s.%s", schema->name, field);
	text = hd_dict_get(&env->types, key);
	if (!text) {
		text = type_text(attribute);
		hd_dict_put(&env->types, key, text);
	}
	free(key);
	return text;
}

static const char *field_type(void *ud, const char *object, const char *field)
{
	return hd_types_of(ud, object, field);
}

static const char *field_name(void *ud, const char *object, size_t i)
{
	const struct hd_view *view = view_of_type(object);
	const struct hd_ocsf_object *schema = hd_ocsf_object(view ? view->object
								  : object);

	(void)ud;
	if (view && i == schema->count)
		return "reputation";
	if (schema)
		return i < schema->count ? schema->attributes[i].name : NULL;
	for (size_t k = 0; k < OWN_COUNT; k++)
		if (strcmp(own[k].object, object) == 0 && i-- == 0)
			return own[k].field;
	return NULL;
}

void hd_types_provide(struct hd_expr_env *env, struct hd_cel_env *cel)
{
	struct hd_cel_provider provider = { field_type, field_name, env };

	hd_cel_env_provider(cel, &provider);
}

int hd_slot_of_attribute(const char *name)
{
	const struct hd_ocsf_object *class = &hd_ocsf_objects[0];
	const struct hd_ocsf_attribute *attribute = hd_ocsf_attribute(class,
								      name);

	if (!attribute)
		return -1;
	return HD_SLOT_ATTRIBUTE + (int)(attribute - class->attributes);
}
