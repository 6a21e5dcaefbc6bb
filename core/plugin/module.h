/* module.h - loading the shared object of a plugin
 *
 * A plugin is loaded by path, after every folder from / down and the file have
 * been checked (trust.h).  The ELF header is read before dlopen() (elf_file.h):
 * an executable stack is refused.  Its constructors run first in a child
 * (trial.h), so that one that exits or hangs costs a word, not the daemon.  The
 * exported descriptor and its lists are copied and checked (declare.h), so that
 * fields which an older plugin does not have read as zero; what a newer one has
 * beyond ours is ignored.  A module is never unloaded.
 */
#ifndef HD_PLUGIN_MODULE_H
#define HD_PLUGIN_MODULE_H

#include <jansson.h>

#include <herald/plugin.h>

struct hd_err;
struct hd_module;

/* Loads DIR/NAME.so, or gives the one that was loaded from there before.  NULL
 * and `err` (with the path and what to do) if it is missing, not trusted, no
 * ELF, has no herald_plugin_v1, a wrong magic, major or size, a name that is
 * not NAME, a declaration that breaks the rules of plugin.h, or if a plugin of
 * this name was loaded from elsewhere.  Borrowed, valid until the process ends.
 * Blocks for the time that its constructors take, twice, at most 5 s the first
 * time. [loop] */
const struct hd_module *hd_module_load(const char *dir, const char *name,
				       struct hd_err *err);

/* The descriptor as copied.  Its lists, and those of source, enricher and
 * actions, hold items of our size, so they may be indexed as arrays.  Borrowed,
 * valid until the process ends. [any] */
const herald_plugin *hd_module_plugin(const struct hd_module *module);

/* Borrowed; the build id is "" if the file has none. [any] */
const char *hd_module_path(const struct hd_module *module);
const char *hd_module_build_id(const struct hd_module *module);

/* The i-th item of those lists; NULL past the end. [any] */
const herald_option *hd_module_option(const struct hd_module *m, uint32_t i);
const herald_key *hd_module_key(const struct hd_module *m, uint32_t i);
const herald_action *hd_module_action(const struct hd_module *m, uint32_t i);
const herald_option *hd_module_param(const struct hd_module *m, uint32_t action,
				     uint32_t i);
const herald_metric *hd_module_metric(const struct hd_module *m, uint32_t i);
const herald_route *hd_module_route(const struct hd_module *m, uint32_t i);
const herald_map *hd_module_map(const struct hd_module *m, uint32_t i);

/* Index of the action `name`, or -1. [any] */
int hd_module_action_find(const struct hd_module *module, const char *name);

/* What `heraldctl plugin NAME` prints: options, keys, actions, effects, rights,
 * routes, map, as JSON.  The caller owns the reference. [any] */
json_t *hd_module_describe(const struct hd_module *module);

#endif
