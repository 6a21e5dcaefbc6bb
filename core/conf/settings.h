/* settings.h - the sections that need no other layer
 *
 * Parsed into plain structs.  What belongs to upper layers (pipelines, scores,
 * safety, options of connectors, parameters of alarms) is checked here for its
 * names and kept as nodes.  Texts are borrowed from the configuration, which
 * must live as long as the settings (hold a reference).
 */
#ifndef HD_CONF_SETTINGS_H
#define HD_CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf/secret_ref.h"

#define HD_CONF_VERSION 1
#define HD_RISK_LEVELS 5 /* risk_level_id 0 to 4 */

struct hd_complaints;
struct hd_conf;
struct hd_list;
struct hd_node;

enum hd_mode { HD_MODE_DRY_RUN, HD_MODE_NOTIFY, HD_MODE_LIVE };

struct hd_keep {
	int64_t done_ms, ids_ms;
	int64_t size_bytes; /* 0: no bound */
};

struct hd_limits {
	int64_t requests, backlog, running;
	int64_t disk_percent;
};

struct hd_herald_settings {
	int mode;		   /* enum hd_mode */
	const char *timezone;	   /* NULL: the system's */
	const struct hd_node *own; /* list of our own accounts and hosts */
	bool inline_secrets;
	struct hd_keep keep;
	struct hd_limits limits;
	const char *state_dir, *socket, *plugin_dir; /* NULL: the built-in */
};

/* Lists of texts: a user's name, or "group:NAME".  NULL: not given. */
struct hd_control_settings {
	bool given; /* false: root and the group herald have all */
	const struct hd_node *view, *operate, *approve, *admin;
};

/* How long a peer may take, and how many there may be at once. */
struct hd_listen_limits {
	int64_t connections, per_address;
	int64_t header_ms, body_ms, idle_ms;
};

struct hd_listen_settings {
	const char *name, *address;
	struct hd_listen_limits limits;
	bool tls;
	const char *cert; /* path, with tls */
	struct hd_secret_ref key;
	const struct hd_node *node;
};

struct hd_list_settings {
	const char *name;
	int kind; /* enum hd_list_kind */
	const struct hd_node *node;
};

struct hd_connector_settings {
	const char *name, *plugin;
	const struct hd_node *node; /* `plugin` is among its members */
};

struct hd_alarm_settings {
	const char *action; /* "mail.send" */
	const struct hd_node *with, *node;
};

struct hd_settings {
	struct hd_herald_settings herald;
	struct hd_control_settings control;
	struct hd_listen_settings *listen;
	size_t listen_count;
	struct hd_list_settings *lists;
	size_t lists_count;
	struct hd_connector_settings *connectors;
	size_t connectors_count;
	struct hd_alarm_settings *alarms;
	size_t alarms_count;
	/* Lower bounds of the score for each risk_level_id; [0] is 0. */
	int64_t risk_levels[HD_RISK_LEVELS];
};

/* Checks all sections of `conf` as far as this layer can.  Returns the
 * settings also when there were complaints, so that upper layers can add
 * theirs: ask hd_complaints_errors().  The caller frees it. [any] */
struct hd_settings *hd_settings_read(const struct hd_conf *conf,
				     struct hd_complaints *complaints);
void hd_settings_free(struct hd_settings *settings);

/* NULL if there is none. [any] */
const struct hd_connector_settings *
hd_settings_connector(const struct hd_settings *settings, const char *name);
const struct hd_listen_settings *
hd_settings_listen(const struct hd_settings *settings, const char *name);

/* "dry_run", "notify", "live". [any] */
const char *hd_mode_name(enum hd_mode mode);

/* risk_level_id 0..4 of a score. [any] */
int hd_settings_risk_level(const struct hd_settings *settings, int64_t score);

#endif
