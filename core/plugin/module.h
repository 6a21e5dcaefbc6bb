/* module.h - loading the shared object of a plugin
 *
 * A plugin is loaded by path, after every folder from / down and the file have
 * been checked: owner root (or the user that we run as), not writable by group
 * or others (sticky folders of root excepted), no symbolic link out.  Its
 * constructors run first in a child, so that one that exits or hangs costs a
 * word, not the daemon.  The ELF header is read before dlopen(): an executable
 * stack is refused.  The exported descriptor is copied into zeroed memory with
 * the size that it declares, so that fields which an older plugin does not have
 * read as zero; what a newer one has beyond ours is ignored.  A module is never
 * unloaded.
 */
#ifndef HD_PLUGIN_MODULE_H
#define HD_PLUGIN_MODULE_H

#include <herald/plugin.h>

struct hd_err;
struct hd_module;

/* Loads DIR/NAME.so, or gives the one that was loaded under this name before.
 * NULL and `err` (with the path searched and what to do) if it is missing, not
 * trusted, no ELF, has no herald_plugin_v1, a wrong magic, major or size, a name
 * that is not NAME, a declaration that breaks the rules of plugin.h.  Borrowed,
 * valid until the process ends. [loop] */
const struct hd_module *hd_module_load(const char *dir, const char *name,
				       struct hd_err *err);

/* The descriptor as copied; its lists are reached by the functions below, since
 * their items may be shorter or longer than ours. [any] */
const herald_plugin *hd_module_plugin(const struct hd_module *module);
const char *hd_module_path(const struct hd_module *module);

/* The i-th item, copied into zeroed memory at load; NULL past the end. [any] */
const herald_option *hd_module_option(const struct hd_module *m, uint32_t i);
const herald_key *hd_module_key(const struct hd_module *m, uint32_t i);
const herald_action *hd_module_action(const struct hd_module *m, uint32_t i);
const herald_option *hd_module_param(const struct hd_module *m, uint32_t action,
				     uint32_t i);
const herald_metric *hd_module_metric(const struct hd_module *m, uint32_t i);
const herald_route *hd_module_route(const struct hd_module *m, uint32_t i);
const herald_map *hd_module_map(const struct hd_module *m, uint32_t i);

/* Index of the action `name`, or -1. [any] */
int hd_module_action_find(const struct hd_module *m, const char *name);

/* What `heraldctl plugin NAME` prints: options, keys, actions, effects, rights,
 * routes, map, as JSON.  The caller owns the reference. [any] */
#include <jansson.h>
json_t *hd_module_describe(const struct hd_module *m);

#endif
