#include "core/pipeline/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/suggest.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/conf/value.h"
#include "core/expr/template.h"
#include "core/pipeline/param_file.h"
#include "core/pipeline/program.h"
#include "core/plugin/common_options.h"
#include "core/plugin/module.h"

#define VALUE_MAX (256 * 1024) /* bytes of one parameter */
#define TEXT_TARGET_MAX 256    /* of a user's or host's name */

struct part {
	struct hd_template *template;
	char *source;
};

struct param {
	const herald_option *option; /* borrowed from the module */
	struct part *parts;	     /* several for a LIST or a MAP */
	char **keys;		     /* of a MAP */
	size_t count;
	json_t *json; /* a JSON parameter is constant */
	bool given;
};

struct hd_params {
	struct param *items;
	size_t count;
};

/* ---- declarations ---- */

static struct hd_params *new_params(const struct hd_module *module,
				    uint32_t action)
{
	struct hd_params *p = hd_alloc(sizeof(*p));
	const herald_option *o;

	while (hd_module_param(module, action, (uint32_t)p->count))
		p->count++;
	p->items = hd_alloc_array(p->count, sizeof(*p->items));
	for (size_t i = 0; i < p->count; i++) {
		o = hd_module_param(module, action, (uint32_t)i);
		p->items[i].option = o;
	}
	return p;
}

static struct param *find(struct hd_params *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].option->name, name) == 0)
			return &p->items[i];
	return NULL;
}

/* Texts that people read are always made; everything else is exact. */
static bool for_people(const herald_option *o)
{
	return o->type == HERALD_TEMPLATE &&
	       (!o->values || strcmp(o->values, "text") == 0 ||
		strcmp(o->values, "header") == 0 ||
		strcmp(o->values, "html") == 0);
}

static enum hd_escape escape_of(const herald_option *o)
{
	enum hd_escape escape = HD_ESCAPE_TEXT;

	if (o->type == HERALD_TEMPLATE && o->values)
		hd_escape_parse(o->values, &escape);
	return escape;
}

/* ---- building ---- */

static struct part *add_part(struct param *param, const char *source)
{
	struct part *part;

	param->parts = hd_realloc_array(param->parts, param->count + 1,
					sizeof(*param->parts));
	part = &param->parts[param->count++];
	part->template = NULL;
	part->source = hd_strdup(source);
	return part;
}

static void check_constant(struct hd_build *b, const struct param *param,
			   const struct part *part, const struct hd_node *node)
{
	uint32_t type = param->option->type;

	if (type == HERALD_TEMPLATE || type == HERALD_JSON ||
	    !hd_template_is_constant(part->template))
		return;
	hd_value_check(type, param->option->values, node, &b->check, NULL);
}

static void build_file(struct hd_build *b, struct param *param,
		       const struct hd_node *node)
{
	char *source;
	struct hd_template *t = hd_param_file_compile(b, node,
						      escape_of(param->option),
						      &source);

	if (t)
		add_part(param, source)->template = t;
	free(source);
}

static void build_scalar(struct hd_build *b, struct param *param,
			 const struct hd_node *node)
{
	struct hd_expr_names names = hd_build_names(b);
	struct part *part;

	if (param->option->type == HERALD_TEMPLATE && hd_param_is_file(node)) {
		build_file(b, param, node);
		return;
	}
	if (hd_node_type(node) != HD_NODE_SCALAR) {
		hd_complain(b->complaints, hd_node_place(node),
			    "parameter '%s' is %s, not %s", param->option->name,
			    hd_value_type_name(param->option->type),
			    hd_node_kind(node));
		return;
	}
	part = add_part(param, hd_node_text(node, NULL));
	part->template = hd_template_compile(b->program->env, &names, node,
					     escape_of(param->option),
					     b->complaints);
	if (part->template)
		check_constant(b, param, part, node);
}

static void build_map(struct hd_build *b, struct param *param,
		      const struct hd_node *node)
{
	if (hd_node_type(node) != HD_NODE_MAP) {
		hd_complain(b->complaints, hd_node_place(node),
			    "parameter '%s' is a mapping of names of your "
			    "choice, not %s",
			    param->option->name, hd_node_kind(node));
		return;
	}
	param->keys = hd_alloc_array(hd_node_count(node), sizeof(char *));
	for (size_t i = 0; i < hd_node_count(node); i++) {
		size_t before = param->count;

		build_scalar(b, param, hd_node_item(node, i));
		if (param->count > before)
			param->keys[before] = hd_strdup(hd_node_key(node, i));
	}
}

static void build_param(struct hd_build *b, struct param *param,
			const struct hd_node *node)
{
	param->given = true;
	if (param->option->type == HERALD_JSON) {
		param->json = hd_node_json(node);
	} else if (param->option->flags & HERALD_MAP) {
		build_map(b, param, node);
	} else if ((param->option->flags & HERALD_LIST) &&
		   hd_node_type(node) == HD_NODE_SEQ) {
		for (size_t i = 0; i < hd_node_count(node); i++)
			build_scalar(b, param, hd_node_item(node, i));
	} else {
		build_scalar(b, param, node);
	}
}

static void complain_unknown(struct hd_build *b, struct hd_params *p,
			     const struct hd_node *node)
{
	const char **names = hd_alloc_array(p->count + 1, sizeof(*names));
	struct hd_buf all;
	const char *like;

	hd_buf_init(&all, 4096);
	for (size_t i = 0; i < p->count; i++) {
		names[i] = p->items[i].option->name;
		hd_buf_addf(&all, "%s%s", i != 0 ? ", " : "", names[i]);
	}
	like = hd_suggest(hd_node_name(node), names);
	hd_complain(b->complaints, hd_node_key_place(node),
		    "the action has no parameter '%s'%s%s%s",
		    hd_node_name(node), like ? "; did you mean '" : "",
		    like ? like : "", like ? "'?" : "");
	hd_complain_remedy(b->complaints, "its parameters are: %s",
			   all.n != 0 ? hd_buf_text(&all) : "none");
	hd_buf_fini(&all);
	free(names);
}

struct hd_params *hd_params_build(struct hd_build *b,
				  const struct hd_module *module,
				  uint32_t action, const struct hd_node *with,
				  const struct hd_node *place)
{
	struct hd_params *p = new_params(module, action);
	struct param *param;

	for (size_t i = 0; i < hd_node_count(with); i++) {
		const struct hd_node *node = hd_node_item(with, i);

		param = find(p, hd_node_name(node));
		if (param)
			build_param(b, param, node);
		else
			complain_unknown(b, p, node);
	}
	for (size_t i = 0; i < p->count; i++) {
		const herald_option *o = p->items[i].option;

		if (p->items[i].given || !(o->flags & HERALD_REQUIRED))
			continue;
		hd_complain(b->complaints, hd_node_place(place),
			    "the action needs the parameter '%s': %s", o->name,
			    o->help ? o->help : "");
		hd_complain_remedy(b->complaints, "add with: {%s: ...}",
				   o->name);
	}
	return p;
}

void hd_params_free(struct hd_params *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		for (size_t k = 0; k < p->items[i].count; k++) {
			hd_template_free(p->items[i].parts[k].template);
			free(p->items[i].parts[k].source);
			if (p->items[i].keys)
				free(p->items[i].keys[k]);
		}
		free(p->items[i].parts);
		free(p->items[i].keys);
		json_decref(p->items[i].json);
	}
	free(p->items);
	free(p);
}

/* ---- rendering ---- */

/* The JSON value of a text that is sound for its type; NULL and why. */
static json_t *typed(const herald_option *o, const char *text, size_t n,
		     char *why, size_t why_size)
{
	char reason[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;

	if (o->type == HERALD_TEMPLATE)
		return json_stringn(text, n);
	if (hd_value_parse(o->type, o->values, text, n, &value, reason,
			   remedy) < 0) {
		snprintf(why, why_size, "parameter %s: '%.80s' %s", o->name,
			 text, reason);
		return NULL;
	}
	if ((o->type == HERALD_USER || o->type == HERALD_HOST) &&
	    n > TEXT_TARGET_MAX) {
		snprintf(why, why_size, "parameter %s: over %d bytes", o->name,
			 TEXT_TARGET_MAX);
		return NULL;
	}
	switch (o->type) {
	case HERALD_INT:
	case HERALD_DURATION:
	case HERALD_SIZE:
		return json_integer(value.number);
	case HERALD_BOOL:
		return json_boolean(value.number != 0);
	default:
		return json_stringn(text, n);
	}
}

static json_t *render_part(const herald_option *o, const struct part *part,
			   const struct hd_expr_scope *scope, char *why,
			   size_t why_size)
{
	struct hd_reason reason = { "" };
	enum hd_truth truth;
	struct hd_buf text;
	json_t *value;

	hd_buf_init(&text, VALUE_MAX);
	truth = hd_template_render(part->template, scope, for_people(o), &text,
				   &reason);
	if (hd_buf_failed(&text)) {
		snprintf(why, why_size, "parameter %s: over %d bytes", o->name,
			 VALUE_MAX);
		value = NULL;
	} else if (truth != HD_HOLDS && !for_people(o)) {
		snprintf(why, why_size, "parameter %s: %s %s", o->name,
			 truth == HD_ABSENT	? "absent:"
			 : truth == HD_NOT_SURE ? "not known:"
						: "error:",
			 reason.text);
		value = NULL;
	} else {
		value = typed(o, hd_buf_text(&text), text.n, why, why_size);
	}
	hd_buf_fini(&text);
	return value;
}

/* The items of a list that an expression came to, each of its type. */
static int add_items(const struct param *param, const json_t *items,
		     json_t *list, char *why, size_t why_size)
{
	const herald_option *o = param->option;
	json_t *item, *value;
	size_t i;

	json_array_foreach(items, i, item) {
		if (!json_is_string(item)) {
			snprintf(why, why_size,
				 "parameter %s: item %zu is no text", o->name,
				 i);
			return -1;
		}
		value = typed(o, json_string_value(item),
			      json_string_length(item), why, why_size);
		if (!value)
			return -1;
		json_array_append_new(list, value);
	}
	return 0;
}

/* One of a list: given as one ${expression} it may come to a list itself. */
static int add_part_value(const struct param *param, const struct part *part,
			  const struct hd_expr_scope *scope, json_t *list,
			  char *why, size_t why_size)
{
	json_t *value = NULL;
	int result;

	if (param->option->type != HERALD_TEMPLATE &&
	    hd_template_value(part->template, scope, &value, NULL) ==
		    HD_HOLDS &&
	    json_is_array(value)) {
		result = add_items(param, value, list, why, why_size);
		json_decref(value);
		return result;
	}
	json_decref(value);
	value = render_part(param->option, part, scope, why, why_size);
	if (!value)
		return -1;
	json_array_append_new(list, value);
	return 0;
}

static json_t *render_list(const struct param *param,
			   const struct hd_expr_scope *scope, char *why,
			   size_t why_size)
{
	json_t *list = json_array();

	for (size_t i = 0; i < param->count; i++)
		if (add_part_value(param, &param->parts[i], scope, list, why,
				   why_size) < 0) {
			json_decref(list);
			return NULL;
		}
	if (json_array_size(list) == 0 &&
	    (param->option->flags & HERALD_REQUIRED)) {
		snprintf(why, why_size, "parameter %s: an empty list",
			 param->option->name);
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *render_map(const struct param *param,
			  const struct hd_expr_scope *scope, char *why,
			  size_t why_size)
{
	json_t *map = json_object(), *value;

	for (size_t i = 0; i < param->count; i++) {
		value = render_part(param->option, &param->parts[i], scope, why,
				    why_size);
		if (!value) {
			json_decref(map);
			return NULL;
		}
		json_object_set_new(map, param->keys[i], value);
	}
	return map;
}

static json_t *render_param(const struct param *param,
			    const struct hd_expr_scope *scope, char *why,
			    size_t why_size)
{
	const herald_option *o = param->option;

	if (o->type == HERALD_JSON)
		return json_incref(param->json);
	if (o->flags & HERALD_MAP)
		return render_map(param, scope, why, why_size);
	if (o->flags & HERALD_LIST)
		return render_list(param, scope, why, why_size);
	return render_part(o, &param->parts[0], scope, why, why_size);
}

static json_t *default_of(const herald_option *o, char *why, size_t why_size)
{
	const char *at = o->def, *item;
	json_t *list, *value;
	size_t n;

	if (!(o->flags & HERALD_LIST))
		return typed(o, o->def, strlen(o->def), why, why_size);
	list = json_array();
	while (hd_common_next_default(&at, &item, &n)) {
		char *text = hd_memdup0(item, n);

		value = typed(o, text, n, why, why_size);
		free(text);
		if (!value) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, value);
	}
	return list;
}

json_t *hd_params_render(const struct hd_params *p,
			 const struct hd_expr_scope *scope, char *why,
			 size_t why_size)
{
	json_t *all = json_object(), *value;

	why[0] = '\0';
	for (size_t i = 0; i < p->count; i++) {
		const struct param *param = &p->items[i];
		const herald_option *o = param->option;

		if (param->given)
			value = render_param(param, scope, why, why_size);
		else if (o->def)
			value = default_of(o, why, why_size);
		else
			continue;
		if (!value) {
			json_decref(all);
			return NULL;
		}
		json_object_set_new(all, o->name, value);
	}
	return all;
}

void hd_params_paths(const struct hd_params *p,
		     void (*fn)(void *ud, const char *path), void *ud)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->items[i].count; k++)
			if (p->items[i].parts[k].template)
				hd_template_paths(p->items[i].parts[k].template,
						  fn, ud);
}

/* ---- as written, and back ---- */

static json_t *source_of(const struct param *param)
{
	json_t *value;

	if (param->json)
		return json_incref(param->json);
	if (param->keys)
		value = json_object();
	else if (param->option->flags & HERALD_LIST)
		value = json_array();
	else
		return json_string(param->parts[0].source);
	for (size_t i = 0; i < param->count; i++) {
		json_t *text = json_string(param->parts[i].source);

		if (param->keys)
			json_object_set_new(value, param->keys[i], text);
		else
			json_array_append_new(value, text);
	}
	return value;
}

json_t *hd_params_source(const struct hd_params *p)
{
	json_t *all = json_object();

	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].given)
			json_object_set_new(all, p->items[i].option->name,
					    source_of(&p->items[i]));
	return all;
}

struct reading {
	struct hd_expr_env *env;
	const struct hd_expr_names *names;
	bool failed;
};

static void read_text(struct reading *r, struct param *param,
		      const json_t *text)
{
	struct part *part;
	struct hd_err err;

	part = add_part(param,
			json_is_string(text) ? json_string_value(text) : "");
	part->template = hd_template_compile_text(
		r->env, r->names, part->source, escape_of(param->option), &err);
	if (!part->template)
		r->failed = true;
}

static void read_param(struct reading *r, struct param *param, json_t *source)
{
	const char *key;
	json_t *value;
	size_t i;

	param->given = true;
	if (param->option->type == HERALD_JSON) {
		param->json = json_incref(source);
	} else if (json_is_object(source)) {
		param->keys = hd_alloc_array(json_object_size(source),
					     sizeof(char *));
		json_object_foreach(source, key, value) {
			param->keys[param->count] = hd_strdup(key);
			read_text(r, param, value);
		}
	} else if (json_is_array(source)) {
		json_array_foreach(source, i, value)
			read_text(r, param, value);
	} else {
		read_text(r, param, source);
	}
}

struct hd_params *hd_params_from_source(struct hd_expr_env *env,
					const struct hd_expr_names *names,
					const struct hd_module *module,
					uint32_t action, const json_t *source)
{
	struct hd_params *p = new_params(module, action);
	struct reading r = { env, names, false };
	struct param *param;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)source, name, value) {
		param = find(p, name);
		if (param)
			read_param(&r, param, value);
		else
			r.failed = true;
	}
	if (r.failed) {
		hd_params_free(p);
		return NULL;
	}
	return p;
}
