#include "core/action/guard_rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/expr/expr.h"

struct hd_guard_rules *hd_guard_rules_new(void)
{
	struct hd_guard_rules *r = hd_alloc(sizeof(*r));

	r->accounts = hd_alloc_array(1, sizeof(*r->accounts));
	r->hosts = hd_alloc_array(1, sizeof(*r->hosts));
	return r;
}

static void free_names(const char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((char *)names[i]);
	free(names);
}

void hd_guard_rules_free(struct hd_guard_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->rule_count; i++)
		hd_expr_free(r->rules[i].cond);
	free(r->rules);
	free(r->limits);
	free_names(r->accounts, r->account_count);
	free_names(r->hosts, r->host_count);
	free(r);
}

static void add_name(const char ***names, size_t *n, const char *name)
{
	if (!name[0])
		return;
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*names)[i], name) == 0)
			return;
	*names = hd_realloc_array(*names, *n + 2, sizeof(**names));
	(*names)[(*n)++] = hd_strdup(name);
	(*names)[*n] = NULL;
}

void hd_guard_rules_account(struct hd_guard_rules *r, const char *name)
{
	add_name(&r->accounts, &r->account_count, name);
}

void hd_guard_rules_host(struct hd_guard_rules *r, const char *host)
{
	add_name(&r->hosts, &r->host_count, host);
}

static bool is_of(const char *full, const char *connector, const char *action)
{
	size_t n = strlen(connector);

	return strncmp(full, connector, n) == 0 && full[n] == '.' &&
	       strcmp(full + n + 1, action) == 0;
}

const struct hd_guard_limit *
hd_guard_rules_limit(const struct hd_guard_rules *r, const char *connector,
		     const char *action)
{
	for (size_t i = 0; i < r->limit_count; i++)
		if (is_of(r->limits[i].action, connector, action))
			return &r->limits[i];
	return NULL;
}
