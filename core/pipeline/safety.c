#include "core/pipeline/safety.h"

#include <stdlib.h>
#include <string.h>

#include "core/action/guard_rules.h"
#include "core/base/alloc.h"
#include "core/base/suggest.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/table.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define LINE "{at_most: [5/1h], per_target: 1/1d, beyond: refuse}"
#define NAMES_MAX 64 /* looked at for "did you mean" */

/* ---- protect ---- */

struct raw_rule {
	const char *name, *because;
	const struct hd_node *cond;
};

#define AT(field) offsetof(struct raw_rule, field)
static const struct hd_key rule_keys[] = {
	{ "name", HD_TYPE_NAME, HERALD_REQUIRED, NULL, NULL, AT(name), NULL },
	{ "if", HERALD_EXPR, HERALD_REQUIRED, NULL, NULL, AT(cond), NULL },
	{ "because", HERALD_STRING, HERALD_REQUIRED, NULL, NULL, AT(because),
	  NULL },
	{ "for", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ 0 },
};
#undef AT

static bool begins_with(const char *path, const char *name)
{
	size_t n = strlen(name);

	return strncmp(path, name, n) == 0 &&
	       (path[n] == '\0' || path[n] == '.' || path[n] == '[');
}

static void note_kind(void *ud, const char *path)
{
	struct hd_guard_rule *rule = ud;

	if (begins_with(path, "target.user"))
		rule->of_user = true;
	else if (begins_with(path, "target.device"))
		rule->of_device = true;
	else if (begins_with(path, "target")) /* either of the two */
		rule->of_user = rule->of_device = true;
}

static void build_rule(struct hd_build *b, struct hd_guard_rules *rules,
		       const struct hd_node *node)
{
	static const struct hd_expr_names names = { .target = true };
	struct hd_guard_rule rule = { 0 };
	struct raw_rule raw = { 0 };

	if (hd_table_check(rule_keys, node, "an entry of safety.protect",
			   &b->check, &raw) < 0)
		return;
	rule.name = raw.name;
	rule.because = raw.because;
	rule.cond = hd_expr_compile(b->program->env, &names, raw.cond,
				    HD_EXPR_BOOL, b->complaints);
	if (!rule.cond)
		return;
	hd_expr_paths(rule.cond, note_kind, &rule);
	rules->rules[rules->rule_count++] = rule;
}

static void build_protect(struct hd_build *b, struct hd_guard_rules *rules)
{
	const struct hd_conf *conf = b->program->conf;
	size_t n = hd_conf_count(conf, HD_CONF_PROTECT);

	rules->rules = hd_alloc_array(n + 1, sizeof(*rules->rules));
	for (size_t i = 0; i < n; i++)
		build_rule(b, rules, hd_conf_entry(conf, HD_CONF_PROTECT, i));
}

/* ---- actions ---- */

enum { BEYOND_REFUSE, BEYOND_APPROVE };

struct raw_limit {
	struct hd_rates at_most, per_target;
	int beyond;
};

#define AT(field) offsetof(struct raw_limit, field)
static const struct hd_key limit_keys[] = {
	{ "at_most", HD_TYPE_RATE, 0, NULL, NULL, AT(at_most), NULL },
	{ "per_target", HD_TYPE_RATE, 0, NULL, NULL, AT(per_target), NULL },
	{ "beyond", HERALD_ENUM, 0, "refuse", "refuse|approve", AT(beyond),
	  NULL },
	{ "approval", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ "needs", HD_TYPE_NODE, HD_KEY_LATER, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ 0 },
};
#undef AT

static struct hd_instance *find_connector(struct hd_build *b,
					  const struct hd_node *entry,
					  const char *name)
{
	struct hd_instance *instance = b->connector(b->connector_ud, name);
	const char *like;

	if (instance || hd_settings_connector(b->program->settings, name))
		return instance; /* what is wrong with it was said there */
	hd_complain(b->complaints, hd_node_key_place(entry),
		    "no connector is named '%s'", name);
	like = hd_conf_like(b->program->conf, HD_CONF_CONNECTORS, name);
	if (like)
		hd_complain_remedy(b->complaints, "write %s.%s", like,
				   strchr(hd_node_name(entry), '.') + 1);
	else
		hd_complain_remedy(b->complaints,
				   "declare it below connectors:, or remove "
				   "the entry");
	return NULL;
}

static void complain_action(struct hd_build *b, const struct hd_node *entry,
			    const struct hd_module *module, const char *name,
			    const char *action)
{
	const char *names[NAMES_MAX] = { 0 };
	const char *like;
	uint32_t n = 0;

	for (; n < NAMES_MAX - 1 && hd_module_action(module, n); n++)
		names[n] = hd_module_action(module, n)->name;
	like = hd_suggest(action, names);
	hd_complain(b->complaints, hd_node_key_place(entry),
		    "connector %s has no action '%s'", name, action);
	if (like)
		hd_complain_remedy(b->complaints, "write %s.%s", name, like);
	else
		hd_complain_remedy(b->complaints,
				   "see heraldctl plugin %s, or remove the "
				   "entry",
				   hd_module_plugin(module)->name);
}

/* The action that the entry is about, or NULL having complained. */
static const herald_action *find_action(struct hd_build *b,
					const struct hd_node *entry)
{
	char *name = hd_strdup(hd_node_name(entry));
	char *dot = strchr(name, '.');
	const herald_action *action = NULL;
	const struct hd_module *module;
	struct hd_instance *instance;
	int index;

	if (dot) /* else it was complained of when the files were merged */
		*dot = '\0';
	instance = dot ? find_connector(b, entry, name) : NULL;
	if (instance) {
		module = hd_instance_module(instance);
		index = hd_module_action_find(module, dot + 1);
		if (index < 0)
			complain_action(b, entry, module, name, dot + 1);
		else
			action = hd_module_action(module, (uint32_t)index);
	}
	free(name);
	return action;
}

static void complain_destroys(struct hd_build *b, struct hd_place place,
			      const char *connector, const char *action)
{
	hd_complain(b->complaints, place,
		    "what %s%s%s does cannot be brought back: it needs an "
		    "approval, and those come in a later release",
		    connector, connector[0] ? "." : "", action);
	hd_complain_remedy(b->complaints, "leave it out until then");
}

static int check_contains(struct hd_build *b, const struct hd_node *entry,
			  const struct raw_limit *raw)
{
	const struct hd_node *beyond = hd_node_get(entry, "beyond");

	if (raw->beyond == BEYOND_APPROVE) {
		hd_complain(b->complaints, hd_node_place(beyond),
			    "approvals come in a later release");
		return hd_complain_remedy(b->complaints,
					  "write beyond: refuse");
	}
	if (raw->at_most.count == 0) {
		hd_complain(b->complaints, hd_node_key_place(entry),
			    "%s has no at_most: how often may it be done?",
			    hd_node_name(entry));
		return hd_complain_remedy(b->complaints, "%s: " LINE,
					  hd_node_name(entry));
	}
	return 0;
}

/* What records and notifies has no target and waits for its turn. */
static int check_harmless(struct hd_build *b, const struct hd_node *entry)
{
	static const char *const others[] = { "per_target", "beyond" };

	for (size_t i = 0; i < 2; i++) {
		const struct hd_node *other = hd_node_get(entry, others[i]);

		if (!other)
			continue;
		hd_complain(b->complaints, hd_node_key_place(other),
			    "'%s' is for actions that contain or destroy; more "
			    "of %s than its at_most waits for its turn",
			    others[i], hd_node_name(entry));
		return hd_complain_remedy(b->complaints, "leave '%s' out",
					  others[i]);
	}
	return 0;
}

static void build_limit(struct hd_build *b, struct hd_guard_rules *rules,
			const struct hd_node *entry)
{
	const herald_action *action = find_action(b, entry);
	struct raw_limit raw = { 0 };
	struct hd_guard_limit *limit;
	int rc;

	rc = hd_table_check(limit_keys, entry, "an entry of safety.actions",
			    &b->check, &raw);
	if (rc < 0 || !action)
		return;
	if (action->effect >= HERALD_DESTROYS) {
		complain_destroys(b, hd_node_key_place(entry), "",
				  hd_node_name(entry));
		return;
	}
	rc = action->effect >= HERALD_CONTAINS ? check_contains(b, entry, &raw)
					       : check_harmless(b, entry);
	if (rc < 0)
		return;
	limit = &rules->limits[rules->limit_count++];
	limit->action = hd_node_name(entry);
	limit->effect = (int)action->effect;
	limit->at_most = raw.at_most;
	limit->per_target = raw.per_target;
}

static void build_actions(struct hd_build *b, struct hd_guard_rules *rules)
{
	const struct hd_conf *conf = b->program->conf;
	size_t n = hd_conf_count(conf, HD_CONF_ACTIONS);

	rules->limits = hd_alloc_array(n + 1, sizeof(*rules->limits));
	for (size_t i = 0; i < n; i++)
		build_limit(b, rules, hd_conf_entry(conf, HD_CONF_ACTIONS, i));
}

void hd_safety_use(struct hd_build *b, const char *connector,
		   const herald_action *action, const struct hd_node *place)
{
	char *name;

	if (action->effect < HERALD_CONTAINS)
		return;
	name = hd_strf("%s.%s", connector, action->name);
	if (action->effect >= HERALD_DESTROYS) {
		complain_destroys(b, hd_node_place(place), connector,
				  action->name);
	} else if (!hd_conf_find(b->program->conf, HD_CONF_ACTIONS, name)) {
		hd_complain(b->complaints, hd_node_place(place),
			    "%s contains, and safety.actions does not say how "
			    "often it may be done",
			    name);
		hd_complain_remedy(b->complaints,
				   "add  safety:\n         actions:\n"
				   "           %s: " LINE,
				   name);
	}
	free(name);
}

/* ---- what herald itself uses ---- */

/* "https://user@host:8443/x", "host:25", "[::1]:636", "host" to the host. */
static char *host_of(const char *text)
{
	const char *at = strstr(text, "://"), *end, *user;

	at = at ? at + 3 : text;
	end = at + strcspn(at, "/?#");
	user = memchr(at, '@', (size_t)(end - at));
	if (user)
		at = user + 1;
	if (at[0] == '[')
		return hd_memdup0(at + 1, strcspn(at + 1, "]"));
	if (strchr(at, ':') != strrchr(at, ':') && at == text)
		return hd_strdup(text); /* an address of IPv6 by itself */
	return hd_memdup0(at, strcspn(at, ":/?#"));
}

enum use { USE_NONE, USE_ACCOUNT, USE_HOST };

static enum use use_of(const char *name, uint32_t type, uint32_t flags)
{
	if (flags & HERALD_SECRET)
		return USE_NONE;
	if (type == HERALD_USER || strcmp(name, "user") == 0)
		return USE_ACCOUNT;
	if (type == HERALD_URL || type == HERALD_HOSTPORT ||
	    type == HERALD_HOST)
		return USE_HOST;
	return USE_NONE;
}

static void add_use(struct hd_guard_rules *rules, enum use use,
		    const char *text)
{
	char *host;

	if (!text)
		return;
	if (use == USE_ACCOUNT) {
		hd_guard_rules_account(rules, text);
		return;
	}
	host = host_of(text);
	hd_guard_rules_host(rules, host);
	free(host);
}

/* All values of a list; of an option that is not given, its default. */
static void add_option(struct hd_guard_rules *rules,
		       const struct hd_instance *instance,
		       const struct hd_node *section, const char *name,
		       enum use use)
{
	const struct hd_node *node = hd_node_get(section, name);

	if (hd_node_count(node) == 0)
		add_use(rules, use, hd_instance_option(instance, name));
	for (size_t i = 0; i < hd_node_count(node); i++)
		add_use(rules, use, hd_node_text(hd_node_item(node, i), NULL));
}

static void add_connector(struct hd_build *b, struct hd_guard_rules *rules,
			  const struct hd_connector_settings *settings)
{
	const struct hd_instance *instance = b->connector(b->connector_ud,
							  settings->name);
	const herald_option *option;
	uint32_t i = 0;

	if (!instance)
		return;
	add_option(rules, instance, settings->node, "proxy", USE_HOST);
	while ((option = hd_module_option(hd_instance_module(instance), i++))) {
		enum use use = use_of(option->name, option->type,
				      option->flags);

		if (use != USE_NONE)
			add_option(rules, instance, settings->node,
				   option->name, use);
	}
}

struct hd_guard_rules *hd_safety_build(struct hd_build *b)
{
	struct hd_guard_rules *rules = hd_guard_rules_new();

	build_protect(b, rules);
	build_actions(b, rules);
	for (size_t i = 0; i < b->program->settings->connectors_count; i++)
		add_connector(b, rules, &b->program->settings->connectors[i]);
	return rules;
}
