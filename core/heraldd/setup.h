/* setup.h - a configuration with its connectors
 *
 * Reading one touches nothing that runs: `heraldd -t`, a reload that is
 * refused, and a start all go through here.  Connectors are made (create()),
 * not started.
 */
#ifndef HD_HERALDD_SETUP_H
#define HD_HERALDD_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/plugin/instance.h"

struct hd_complaints;
struct hd_program;
struct hd_ending; /* connectors.c */
struct hd_setup;

/* A connector lives in the setup that made it, which lives as long as the last
 * of its connectors: a reload may keep it. */
struct hd_connector {
	char *name;
	struct hd_instance *instance;
	struct hd_setup *home;	 /* one reference */
	struct hd_ending *waits; /* it is started when that one has ended */
};

struct hd_setup {
	unsigned refs;
	struct hd_plugin_env plugin_env;
	struct hd_program *program;
	struct hd_connector **connectors; /* NULL items: taken by another */
	size_t count;
};

/* Reads `path` and everything that belongs to it.  `env` is what plugins are
 * given (its expr and inline_secrets are filled in here); with NULL nothing can
 * be started.  Returns NULL when the files cannot be read as YAML; else look at
 * hd_complaints_errors(). [loop] */
struct hd_setup *hd_setup_read(const char *path,
			       const struct hd_plugin_env *env,
			       struct hd_complaints *complaints);

struct hd_setup *hd_setup_ref(struct hd_setup *setup);
/* The last one discards connectors that were never started. */
void hd_setup_unref(struct hd_setup *setup);

/* The connector of that name, or NULL. [loop] */
struct hd_connector *hd_setup_connector(const struct hd_setup *setup,
					const char *name);

/* The built-in folders, unless the configuration or the service manager names
 * others.  Borrowed. [any] */
const char *hd_setup_state_dir(const struct hd_setup *setup);
const char *hd_setup_socket(const struct hd_setup *setup);
const char *hd_setup_plugin_dir(const struct hd_setup *setup);

#endif
