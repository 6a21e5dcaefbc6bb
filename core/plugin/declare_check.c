#include "core/plugin/declare_check.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/err.h"
#include "core/conf/value.h"
#include "core/plugin/common_options.h"

#define WORKERS_MAX 64
#define BATCH_MAX 10000
#define BODY_MAX (64u << 20)

static bool is_name(const char *text)
{
	return text && hd_value_is_name(text, strlen(text));
}

/* True if `word` (n bytes) stands in `list` ("a|b|c", any separator). */
static bool has_word(const char *list, char separator, const char *word,
		     size_t n)
{
	while (*list) {
		const char *end = strchr(list, separator);
		size_t len = end ? (size_t)(end - list) : strlen(list);

		if (len == n && memcmp(list, word, n) == 0)
			return true;
		list += end ? len + 1 : len;
	}
	return false;
}

/* True if all words of `text`, separated by commas, stand in `list`. */
static bool all_words(const char *text, const char *list)
{
	for (;;) {
		const char *end = strchr(text, ',');
		size_t n = end ? (size_t)(end - text) : strlen(text);

		if (n == 0 || !has_word(list, '|', text, n))
			return false;
		if (!end)
			return true;
		text = end + 1;
	}
}

static bool is_number(uint32_t type)
{
	return type == HERALD_INT || type == HERALD_DURATION ||
	       type == HERALD_SIZE;
}

/* `values` of an option or parameter.  Bounds of numbers are checked by
 * reading the default or "0" with them: a broken one fails there. */
static int check_values(const herald_option *o, struct hd_err *err)
{
	if ((o->flags & HERALD_SECRET) && o->values &&
	    strcmp(o->values, "whole") != 0 && !strstr(o->values, ".."))
		return hd_err_set(err, EINVAL,
				  "a secret's values are \"whole\" or "
				  "min..max bytes, not '%s'",
				  o->values);
	if (o->type == HERALD_ENUM && (!o->values || !o->values[0]))
		return hd_err_set(err, EINVAL, "an ENUM without values");
	if (o->type == HERALD_TEMPLATE &&
	    (!o->values || !has_word("text|header|html|json|url|ldap", '|',
				     o->values, strlen(o->values))))
		return hd_err_set(err, EINVAL,
				  "a TEMPLATE needs one of text, header, html, "
				  "json, url, ldap as values");
	if (is_number(o->type) && o->values && !strstr(o->values, ".."))
		return hd_err_set(err, EINVAL,
				  "bounds '%s' are not of the form min..max",
				  o->values);
	return 0;
}

static bool default_is_checked_later(uint32_t type)
{
	return type == HERALD_EXPR || type == HERALD_TEMPLATE ||
	       type == HERALD_JSON;
}

/* A list's default is several values (common_options.h). */
static int check_list_default(const herald_option *o, struct hd_err *err)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	const char *at = o->def, *item;
	struct hd_value value;
	size_t n;

	if (default_is_checked_later(o->type))
		return hd_err_set(err, EINVAL,
				  "a list of expressions, templates or JSON "
				  "cannot have a default");
	while (hd_common_next_default(&at, &item, &n)) {
		if (hd_value_parse(o->type, o->values, item, n, &value, why,
				   remedy) < 0)
			return hd_err_set(err, EINVAL, "the default '%s' %s",
					  o->def, why);
	}
	return 0;
}

static int check_default(const herald_option *o, struct hd_err *err)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_value value;

	if (!o->def)
		return 0;
	if (o->flags & (HERALD_REQUIRED | HERALD_SECRET | HERALD_MAP))
		return hd_err_set(err, EINVAL,
				  "a default, though it is required, a secret "
				  "or a map");
	if (o->flags & HERALD_LIST)
		return check_list_default(o, err);
	if (default_is_checked_later(o->type))
		return 0;
	if (hd_value_parse(o->type, o->values, o->def, strlen(o->def), &value,
			   why, remedy) < 0)
		return hd_err_set(err, EINVAL, "the default '%s' %s", o->def,
				  why);
	return 0;
}

static int check_flags(const herald_option *o, bool is_param,
		       struct hd_err *err)
{
	if ((o->flags & HERALD_SECRET) && o->type != HERALD_STRING)
		return hd_err_set(err, EINVAL, "a secret must be a STRING");
	if ((o->flags & HERALD_SECRET) && is_param)
		return hd_err_set(err, EINVAL,
				  "a parameter cannot be a secret");
	if ((o->flags & HERALD_HTTP_AUTH) && !(o->flags & HERALD_SECRET))
		return hd_err_set(err, EINVAL, "HTTP_AUTH is for secrets");
	if ((o->flags & HERALD_LIST) && (o->flags & HERALD_MAP))
		return hd_err_set(err, EINVAL, "both a list and a map");
	if ((o->flags & HERALD_MAP) && (o->flags & HERALD_SECRET))
		return hd_err_set(err, EINVAL, "a map of secrets");
	if ((o->flags & HERALD_TARGET) && !is_param)
		return hd_err_set(err, EINVAL,
				  "TARGET is for parameters of actions");
	return 0;
}

static int check_option(const herald_option *o, bool is_param,
			struct hd_err *err)
{
	if (!is_name(o->name))
		return hd_err_set(err, EINVAL,
				  "'%.64s' is no name ([a-z][a-z0-9_]*)",
				  o->name ? o->name : "(null)");
	if (o->type < HERALD_STRING || o->type > HERALD_TEMPLATE)
		return hd_err_set(err, EINVAL,
				  "%s: type %u is not known to this herald",
				  o->name, o->type);
	if (check_flags(o, is_param, err) < 0 || check_values(o, err) < 0 ||
	    check_default(o, err) < 0)
		return hd_err_wrap(err, "%s", o->name);
	return 0;
}

static int check_options(const herald_options *options, bool is_param,
			 struct hd_err *err)
{
	for (uint32_t i = 0; i < options->count; i++) {
		const herald_option *o = &options->items[i];

		if (check_option(o, is_param, err) < 0)
			return -1;
		for (uint32_t k = 0; k < i; k++) {
			if (strcmp(options->items[k].name, o->name) == 0)
				return hd_err_set(err, EINVAL,
						  "%s is declared twice",
						  o->name);
		}
	}
	return 0;
}

static int check_metrics(const herald_metrics *metrics, struct hd_err *err)
{
	for (uint32_t i = 0; i < metrics->count; i++) {
		const herald_metric *m = &metrics->items[i];

		if (!is_name(m->name))
			return hd_err_set(err, EINVAL, "metric %u has no name",
					  i);
		if (m->type < HERALD_COUNTER || m->type > HERALD_HISTOGRAM)
			return hd_err_set(err, EINVAL,
					  "metric %s: type %u is not known to "
					  "this herald",
					  m->name, m->type);
	}
	return 0;
}

static int check_key(const herald_key *key, struct hd_err *err)
{
	if (!key->type ||
	    !has_word("ip|host|domain|url|md5|sha1|sha256|sha512|hash|email|"
		      "user|mac",
		      '|', key->type, strlen(key->type)))
		return hd_err_set(
			err, EINVAL,
			"key '%.64s' is none of ip, host, domain, "
			"url, md5, sha1, sha256, sha512, hash, email, "
			"user, mac",
			key->type ? key->type : "(null)");
	if (key->batch_max > BATCH_MAX)
		return hd_err_set(err, EINVAL,
				  "key %s: batch_max %u, at most %d", key->type,
				  key->batch_max, BATCH_MAX);
	if (key->kind && !is_name(key->kind))
		return hd_err_set(err, EINVAL,
				  "key %s: kind '%.64s' is no name", key->type,
				  key->kind);
	if (key->fills && !all_words(key->fills, "user|device|location"))
		return hd_err_set(err, EINVAL,
				  "key %s: fills '%.64s' is not made of user, "
				  "device, location and commas",
				  key->type, key->fills);
	return 0;
}

static int check_enricher(const herald_enricher *e, struct hd_err *err)
{
	if (!e->lookup)
		return hd_err_set(err, EINVAL, "an enricher without lookup()");
	if (e->keys.count == 0)
		return hd_err_set(err, EINVAL, "an enricher without keys");
	for (uint32_t i = 0; i < e->keys.count; i++) {
		if (check_key(&e->keys.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static const herald_action *find_action(const herald_actions *actions,
					const char *name)
{
	for (uint32_t i = 0; i < actions->list.count; i++) {
		const herald_action *a = &actions->list.items[i];

		if (a->name && strcmp(a->name, name) == 0)
			return a;
	}
	return NULL;
}

static int check_params(const herald_action *a, struct hd_err *err)
{
	unsigned targets = 0;

	if (check_options(&a->params, true, err) < 0)
		return hd_err_wrap(err, "parameter");
	for (uint32_t i = 0; i < a->params.count; i++) {
		if (a->params.items[i].flags & HERALD_TARGET)
			targets++;
	}
	if (targets > 1)
		return hd_err_set(err, EINVAL, "%u parameters are its target",
				  targets);
	return 0;
}

static int check_action(const herald_actions *all, const herald_action *a,
			struct hd_err *err)
{
	if (find_action(all, a->name) != a)
		return hd_err_set(err, EINVAL, "declared twice");
	if (a->effect >= HERALD_CONTAINS && !(a->flags & HERALD_PLANS))
		return hd_err_set(err, EINVAL,
				  "it contains or destroys, so it must plan "
				  "(HERALD_PLANS)");
	if (a->undo && !find_action(all, a->undo))
		return hd_err_set(err, EINVAL,
				  "its undo '%.64s' is no action of this "
				  "plugin",
				  a->undo);
	return check_params(a, err);
}

static int check_actions(const herald_actions *actions, struct hd_err *err)
{
	if (!actions->run)
		return hd_err_set(err, EINVAL, "actions without run()");
	if (actions->list.count == 0)
		return hd_err_set(err, EINVAL, "actions with an empty list");
	for (uint32_t i = 0; i < actions->list.count; i++) {
		const herald_action *a = &actions->list.items[i];

		if (!is_name(a->name))
			return hd_err_set(err, EINVAL,
					  "action '%.64s' is no name "
					  "([a-z][a-z0-9_]*)",
					  a->name ? a->name : "(null)");
		if (check_action(actions, a, err) < 0)
			return hd_err_wrap(err, "action %s", a->name);
	}
	return 0;
}

static int check_route(const herald_routes *all, uint32_t i, struct hd_err *err)
{
	const herald_route *r = &all->items[i];

	if (!r->method || !has_word("GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS",
				    '|', r->method, strlen(r->method)))
		return hd_err_set(err, EINVAL, "route %u: '%.64s' is no method",
				  i, r->method ? r->method : "(null)");
	if (!r->path || r->path[0] != '/')
		return hd_err_set(err, EINVAL,
				  "route %u: the path does not begin with '/'",
				  i);
	if (r->max_body > BODY_MAX)
		return hd_err_set(err, EINVAL,
				  "route %s: max_body %u, at most %u", r->path,
				  r->max_body, BODY_MAX);
	for (uint32_t k = 0; k < i; k++) {
		if (strcmp(all->items[k].path, r->path) == 0 &&
		    strcmp(all->items[k].method, r->method) == 0)
			return hd_err_set(err, EINVAL,
					  "route %s %s is declared twice",
					  r->method, r->path);
	}
	return 0;
}

static int check_source(const herald_source *s, struct hd_err *err)
{
	if (!s->settled || !s->resume)
		return hd_err_set(err, EINVAL,
				  "a source without settled() or resume()");
	if (s->routes.count > 0 && !s->request)
		return hd_err_set(err, EINVAL, "routes without request()");
	for (uint32_t i = 0; i < s->routes.count; i++) {
		if (check_route(&s->routes, i, err) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < s->map.count; i++) {
		if (!s->map.items[i].set || !s->map.items[i].to)
			return hd_err_set(err, EINVAL,
					  "map row %u lacks set or to", i);
	}
	return 0;
}

static int check_head(const herald_plugin *p, struct hd_err *err)
{
	if (!is_name(p->name))
		return hd_err_set(err, EINVAL,
				  "'%.64s' is no name ([a-z][a-z0-9_]*, at "
				  "most 64)",
				  p->name ? p->name : "(null)");
	if (!p->version || !p->summary || !p->license)
		return hd_err_set(err, EINVAL,
				  "version, summary and license must be given");
	if (!p->create || !p->destroy)
		return hd_err_set(err, EINVAL,
				  "create() and destroy() must be given");
	if (!p->source && !p->enricher && !p->actions)
		return hd_err_set(err, EINVAL,
				  "it is no source, no enricher and has no "
				  "actions");
	if (p->workers > WORKERS_MAX)
		return hd_err_set(err, EINVAL, "%u workers, at most %d",
				  p->workers, WORKERS_MAX);
	if ((p->needs & HERALD_NEED_WORK) && p->workers == 0)
		return hd_err_set(err, EINVAL,
				  "it needs work() and has 0 workers");
	return 0;
}

int hd_declare_check(const herald_plugin *p, struct hd_err *err)
{
	if (check_head(p, err) < 0)
		return -1;
	if (check_options(&p->options, false, err) < 0)
		return hd_err_wrap(err, "option");
	for (uint32_t i = 0; i < p->options.count; i++) {
		if (hd_common_check_declared(&p->options.items[i], err) < 0)
			return hd_err_wrap(err, "option");
	}
	if (check_metrics(&p->metrics, err) < 0)
		return -1;
	if (p->source && check_source(p->source, err) < 0)
		return -1;
	if (p->enricher && check_enricher(p->enricher, err) < 0)
		return -1;
	if (p->actions && check_actions(p->actions, err) < 0)
		return -1;
	return 0;
}
