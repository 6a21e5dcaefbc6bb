/* enrich: the step's configuration.  How it runs: enrich.c. */
#include "core/pipeline/program.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/pipeline/enrich.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

struct raw_enrich {
	const struct hd_node *by, *of, *within, *cond;
};

#define AT(field) offsetof(struct raw_enrich, field)
static const struct hd_key enrich_keys[] = {
	{ "by", HD_TYPE_NAME, HERALD_LIST | HERALD_REQUIRED | HD_KEY_NOT_NULL,
	  NULL, NULL, AT(by), NULL },
	{ "of", HERALD_STRING, HERALD_LIST, NULL, NULL, AT(of), NULL },
	{ "within", HD_TYPE_NODE, 0, NULL, NULL, AT(within), NULL },
	{ "if", HERALD_EXPR, 0, NULL, NULL, AT(cond), NULL },
	{ 0 },
};
#undef AT

static size_t list_count(const struct hd_node *list)
{
	return hd_node_type(list) == HD_NODE_SCALAR ? 1 : hd_node_count(list);
}

static const struct hd_node *list_item(const struct hd_node *list, size_t i)
{
	return hd_node_type(list) == HD_NODE_SCALAR ? list
						    : hd_node_item(list, i);
}

static void add_by(struct hd_enrich *e, const char *name,
		   struct hd_instance *instance)
{
	struct hd_enrich_by *a;

	e->by = hd_realloc_array(e->by, e->count + 1, sizeof(*e->by));
	a = &e->by[e->count++];
	memset(a, 0, sizeof(*a));
	a->name = name;
	for (int k = 0; instance && k < HD_KIND_COUNT; k++) {
		int key = hd_instance_key(instance, (enum hd_kind)k);

		if (key < 0)
			continue;
		a->of[k].asks = true;
		a->of[k].enrichment = hd_strdup(
			hd_module_key(hd_instance_module(instance),
				      (uint32_t)key)
				->kind);
		a->of[k].fills = hd_strdup(
			hd_enrich_fills(instance, (uint32_t)key));
	}
}

static bool is_in_by(const struct hd_enrich *e, const char *name)
{
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->by[i].name, name) == 0)
			return true;
	return false;
}

static void build_by(struct hd_build *b, struct hd_enrich *e,
		     const struct hd_node *by)
{
	for (size_t i = 0; i < list_count(by); i++) {
		const struct hd_node *item = list_item(by, i);
		const char *name = hd_node_text(item, NULL);
		struct hd_instance *instance = hd_build_connector(b, item);

		if (!name || is_in_by(e, name))
			continue;
		if (instance &&
		    !hd_module_plugin(hd_instance_module(instance))->enricher) {
			hd_complain(b->complaints, hd_node_place(item),
				    "connector %s cannot be asked: its plugin "
				    "%s looks nothing up",
				    name,
				    hd_module_plugin(
					    hd_instance_module(instance))
					    ->name);
			hd_complain_remedy(b->complaints,
					   "leave it out of `by`");
		}
		add_by(e, name, instance);
	}
}

static void build_of(struct hd_build *b, struct hd_enrich *e,
		     const struct hd_node *of)
{
	for (size_t i = 0; i < list_count(of); i++) {
		const struct hd_node *item = list_item(of, i);
		const char *word = hd_node_text(item, NULL);

		if (word && hd_kind_parse(word, &e->kinds) >= 0)
			continue;
		hd_complain(b->complaints, hd_node_place(item),
			    "'%s' is nothing that can be looked up",
			    word ? word : "?");
		hd_complain_remedy(b->complaints,
				   "ip, host, domain, url, hash, md5, sha1, "
				   "sha256, sha512, email, user or mac");
	}
}

static void build_within(struct hd_build *b, struct hd_enrich *e,
			 const struct hd_node *within)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;
	const char *text;
	size_t n;

	e->within_ms = HD_ENRICH_WITHIN_MS;
	text = hd_node_text(within, &n);
	if (!within)
		return;
	if (text && hd_value_parse(HERALD_DURATION, "1ms..1h", text, n, &value,
				   why, remedy) == 0)
		e->within_ms = value.number;
	else if (text && strpbrk(text, "(?"))
		e->within = hd_build_expr(b, within, HD_EXPR_DURATION);
	else
		hd_value_check(HERALD_DURATION, "1ms..1h", within, &b->check,
			       NULL);
}

static void *build(struct hd_build *b, const struct hd_node *body)
{
	struct raw_enrich raw = { 0 };
	struct hd_enrich *e;

	if (hd_table_check(enrich_keys, body, "enrich", &b->check, &raw) < 0)
		return NULL;
	e = hd_alloc(sizeof(*e));
	build_by(b, e, raw.by);
	if (raw.of)
		build_of(b, e, raw.of);
	else
		e->kinds = (1u << HD_KIND_COUNT) - 1;
	build_within(b, e, raw.within);
	for (size_t i = 0; i < e->count; i++)
		hd_build_add(&b->enrich, &b->enrich_count, e->by[i].name);
	return e;
}

static void free_enrich(void *data)
{
	struct hd_enrich *e = data;

	for (size_t i = 0; i < e->count; i++)
		for (int k = 0; k < HD_KIND_COUNT; k++) {
			free(e->by[i].of[k].enrichment);
			free(e->by[i].of[k].fills);
		}
	free(e->by);
	hd_expr_free(e->within);
	free(e);
}

const struct hd_step_type hd_step_enrich = {
	.name = "enrich",
	.build = build,
	.free = free_enrich,
	.run = hd_enrich_run,
	.abandon = hd_enrich_abandon,
};
