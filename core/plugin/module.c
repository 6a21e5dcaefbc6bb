#include "core/plugin/module.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/conf/value.h"
#include "core/plugin/declare.h"
#include "core/plugin/elf_file.h"
#include "core/plugin/object.h"
#include "core/plugin/trial.h"
#include "core/plugin/trust.h"

#define SYMBOL "herald_plugin_v1"

struct hd_module {
	struct hd_declared declared;
	struct hd_object object;
	char *name, *path;
	char build_id[HD_BUILD_ID_TEXT];
	struct hd_module *next;
};

/* Loaded modules; they stay until the process ends. */
static struct hd_module *modules;

static struct hd_module *find_loaded(const char *name)
{
	struct hd_module *m = modules;

	while (m && strcmp(m->name, name) != 0)
		m = m->next;
	return m;
}

static int read_descriptor(struct hd_module *m, struct hd_err *err)
{
	const void *symbol;
	size_t size = 0;

	symbol = hd_object_symbol(&m->object, SYMBOL, &size);
	if (!symbol)
		return hd_err_set(err, ENOENT,
				  "%s exports no " SYMBOL
				  " -> it is no herald plugin, or was built "
				  "without HERALD_PLUGIN",
				  m->path);
	if (hd_declare_read(&m->declared, &m->object, symbol, size, m->name,
			    err) < 0)
		return hd_err_wrap(err, "%s", m->path);
	return 0;
}

/* What is refused after dlopen() stays mapped, unused: its constructors have
 * run, and their traces are not undone by dlclose(). */
static struct hd_module *load(const char *name, const char *path,
			      const char *build_id, struct hd_err *err)
{
	struct hd_module *m = hd_alloc(sizeof(*m));

	m->name = hd_strdup(name);
	m->path = hd_strdup(path);
	memcpy(m->build_id, build_id, sizeof(m->build_id));
	if (hd_object_open(&m->object, path, err) < 0 ||
	    read_descriptor(m, err) < 0) {
		hd_declare_fini(&m->declared);
		free(m->path);
		free(m->name);
		free(m);
		return NULL;
	}
	m->next = modules;
	modules = m;
	hd_info("loaded plugin %s %s from %s build %s", name,
		m->declared.plugin.version, path,
		build_id[0] ? build_id : "unknown");
	return m;
}

static struct hd_module *find_or_load(const char *dir, const char *name,
				      struct hd_err *err)
{
	char path[PATH_MAX], build_id[HD_BUILD_ID_TEXT];
	struct hd_module *m = find_loaded(name);

	if (!hd_value_is_name(name, strlen(name))) {
		hd_err_set(err, EINVAL, "no name ([a-z][a-z0-9_]*)");
		return NULL;
	}
	if (hd_trust_resolve(dir, name, path, err) < 0)
		return NULL;
	if (m && strcmp(m->path, path) == 0)
		return m;
	if (m) {
		hd_err_set(err, EEXIST,
			   "%s: a plugin of this name was loaded from %s "
			   "-> restart herald to change it",
			   path, m->path);
		return NULL;
	}
	if (hd_elf_file_check(path, build_id, err) < 0 ||
	    hd_trial_load(path, HD_TRIAL_MS, err) < 0)
		return NULL;
	return load(name, path, build_id, err);
}

const struct hd_module *hd_module_load(const char *dir, const char *name,
				       struct hd_err *err)
{
	struct hd_module *m = find_or_load(dir, name, err);

	if (!m)
		hd_err_wrap(err, "plugin %.64s", name);
	return m;
}

const herald_plugin *hd_module_plugin(const struct hd_module *m)
{
	return &m->declared.plugin;
}

const char *hd_module_path(const struct hd_module *m)
{
	return m->path;
}

const char *hd_module_build_id(const struct hd_module *m)
{
	return m->build_id;
}

/* NULL past the end of `list`. */
#define ITEM(list, i) ((i) < (list).count ? &(list).items[i] : NULL)

const herald_option *hd_module_option(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.plugin.options, i);
}

const herald_key *hd_module_key(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.enricher.keys, i);
}

const herald_action *hd_module_action(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.actions.list, i);
}

const herald_option *hd_module_param(const struct hd_module *m, uint32_t action,
				     uint32_t i)
{
	const herald_action *a = hd_module_action(m, action);

	return a ? ITEM(a->params, i) : NULL;
}

const herald_metric *hd_module_metric(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.plugin.metrics, i);
}

const herald_route *hd_module_route(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.source.routes, i);
}

const herald_map *hd_module_map(const struct hd_module *m, uint32_t i)
{
	return ITEM(m->declared.source.map, i);
}

int hd_module_action_find(const struct hd_module *m, const char *name)
{
	const herald_action_list *list = &m->declared.actions.list;

	for (uint32_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}
