#include "core/pipeline/doubt.h"

#include <string.h>

#include <herald/plugin.h>

#include "core/base/words.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/settings.h"
#include "core/expr/expr.h"
#include "core/expr/map.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

/* ---- conditions that hold for no alert ---- */

static int clamp(double score)
{
	return score < 0 ? 0 : score > 100 ? 100 : (int)score;
}

static void doubt_score(const struct hd_build *b, const struct hd_node *node,
			const struct hd_interval *score)
{
	hd_complain_warning(b->complaints, hd_node_place(node),
			    "this never holds: the contributions before it sum "
			    "up to %d at least and to %d at most",
			    score->low, score->high);
	hd_complain_remedy(b->complaints,
			   "change the threshold, or what is added");
}

static void doubt_truth(const struct hd_build *b, const struct hd_node *node,
			const struct hd_expr *expr)
{
	static const struct hd_interval any = { 0, 100, 0 };
	struct hd_interval score = { clamp(b->score_low), clamp(b->score_high),
				     0 };

	if (hd_expr_may_hold(expr, b->scored ? &score : NULL))
		return;
	if (b->scored && hd_expr_may_hold(expr, &any)) {
		doubt_score(b, node, &score);
		return;
	}
	hd_complain_warning(b->complaints, hd_node_place(node),
			    "this holds for no alert, whatever it says");
	hd_complain_remedy(b->complaints,
			   "mend the condition, or take out what it guards");
}

/* ---- attributes that nobody fills ---- */

/* Views whose rest comes from a connector, and the word of a key's `fills` that
 * covers them. */
static const struct {
	const char *view, *fills, *in_map;
} filled[] = {
	{ "user", "user", "user" },
	{ "device", "device", "device" },
	{ "src", "device", "src_endpoint" },
	{ "dst", "device", "dst_endpoint" },
};

/* Names and kinds are what any source says, or the core completes. */
static bool is_plain(const char *attribute)
{
	static const char *const plain[] = {
		"name", "uid",	    "type",	  "type_id", "ip",
		"mac",	"hostname", "email_addr", "domain",  "reputation",
	};
	size_t n = strcspn(attribute, ".[");

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strlen(plain[i]) == n &&
		    strncmp(plain[i], attribute, n) == 0)
			return true;
	return false;
}

struct looking {
	const char *view, *attribute; /* "user", "groups" */
	size_t n;		      /* of the attribute */
	bool found;
};

/* "evidences.user.groups.name" sets user.groups, and so does
 * "actor.user.groups". */
static void look_at_path(void *ud, const char *set)
{
	struct looking *l = ud;
	size_t view = strlen(l->view);

	for (const char *p = strstr(set, l->view); p && !l->found;
	     p = strstr(p + 1, l->view))
		l->found = (p == set || p[-1] == '.') && p[view] == '.' &&
			   strncmp(p + view + 1, l->attribute, l->n) == 0 &&
			   (p[view + 1 + l->n] == '\0' ||
			    p[view + 1 + l->n] == '.');
}

static bool connector_fills(const struct hd_build *b, const char *name,
			    const char *word)
{
	struct hd_instance *instance = b->connector(b->connector_ud, name);
	const struct hd_module *module;
	const herald_key *key;

	if (!instance)
		return true; /* what is wrong with it was said */
	module = hd_instance_module(instance);
	for (uint32_t i = 0; (key = hd_module_key(module, i)); i++)
		if (hd_words_have(key->fills, word))
			return true;
	return false;
}

static bool source_sets(const struct hd_build *b, const char *name,
			struct looking *l)
{
	struct hd_instance *instance = b->connector(b->connector_ud, name);
	const struct hd_map *map = instance ? hd_instance_map(instance) : NULL;

	if (!instance)
		return true;
	if (map)
		hd_map_sets(map, look_at_path, l);
	return l->found;
}

static bool is_set(const struct hd_build *b, const char *fills,
		   struct looking *l)
{
	const struct hd_settings *settings = b->program->settings;

	for (size_t i = 0; i < b->enrich_count; i++)
		if (connector_fills(b, b->enrich[i], fills))
			return true;
	for (size_t i = 0; b->pipeline->from && b->pipeline->from[i]; i++)
		if (source_sets(b, b->pipeline->from[i], l))
			return true;
	for (size_t i = 0; !b->pipeline->from && i < settings->connectors_count;
	     i++)
		if (source_sets(b, settings->connectors[i].name, l))
			return true;
	return false;
}

struct reading {
	const struct hd_build *b;
	const struct hd_node *node;
};

static void doubt_path(void *ud, const char *path)
{
	const struct reading *r = ud;
	size_t n = strcspn(path, ".[");

	for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++) {
		const char *rest = path + n + 1;
		struct looking l = { filled[i].in_map, rest, 0, false };

		if (strlen(filled[i].view) != n || path[n] != '.' ||
		    strncmp(filled[i].view, path, n) != 0 || is_plain(rest))
			continue;
		l.n = strcspn(rest, ".[");
		if (is_set(r->b, filled[i].fills, &l))
			continue;
		hd_complain_warning(
			r->b->complaints, hd_node_place(r->node),
			"nobody sets %.*s: neither the map of a source of this "
			"pipeline nor a connector that it asked before",
			(int)(n + 1 + l.n), path);
		hd_complain_remedy(r->b->complaints,
				   "ask one that fills '%s' in a step `enrich` "
				   "before (heraldctl plugins), or add a row "
				   "to the source's map",
				   filled[i].fills);
	}
}

void hd_doubt_condition(const struct hd_build *b, const struct hd_node *node,
			const struct hd_expr *expr)
{
	struct reading reading = { b, node };

	doubt_truth(b, node, expr);
	if (b->pipeline)
		hd_expr_paths(expr, doubt_path, &reading);
}

/* ---- pipelines that nothing reaches ---- */

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool takes_all_of(const struct hd_pipeline *first,
			 const struct hd_pipeline *second)
{
	if (first->cond &&
	    (!second->cond || strcmp(hd_expr_source(first->cond),
				     hd_expr_source(second->cond)) != 0))
		return false;
	if (!first->from)
		return true;
	if (!second->from)
		return false;
	for (size_t i = 0; second->from[i]; i++)
		if (!is_among(first->from, second->from[i]))
			return false;
	return true;
}

/* `default` comes last and takes what is left: nothing, perhaps. */
void hd_doubt_pipelines(const struct hd_build *b)
{
	const struct hd_program *p = b->program;

	for (size_t i = 1; i + 1 < p->count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct hd_node *node =
				hd_conf_entry(p->conf, HD_CONF_PIPELINES, i);

			if (!takes_all_of(&p->pipelines[k], &p->pipelines[i]))
				continue;
			hd_complain_warning(
				b->complaints, hd_node_place(node),
				"pipeline '%s' gets no alert: '%s' before it "
				"takes all of them",
				p->pipelines[i].name, p->pipelines[k].name);
			hd_complain_remedy(b->complaints,
					   "put it before '%s', or give that "
					   "one a narrower `if`",
					   p->pipelines[k].name);
			break;
		}
}
