/* daemon.h - everything that runs, put together
 *
 * Owns the loop, the journal, the listeners and the connectors in force.
 */
#ifndef HD_HERALDD_DAEMON_H
#define HD_HERALDD_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "core/conf/settings.h"
#include "core/heraldd/alarm.h"

struct hd_control;
struct hd_engine;
struct hd_err;
struct hd_guards;
struct hd_http_client;
struct hd_journal;
struct hd_listener;
struct hd_lookups;
struct hd_rations;
struct hd_reader;
struct hd_setup;
struct hd_watch;

struct hd_daemon_listener {
	char *name, *address;
	char *tls; /* digest of certificate and key, "" without TLS */
	struct hd_listen_limits limits; /* those that it was opened with */
	struct hd_listener *listener;
	bool serving;
	bool closing; /* once no connector ends any more */
};

struct hd_daemon {
	const char *conf_path;
	uv_loop_t loop;
	struct hd_http_client *http;
	struct hd_journal *journal;
	struct hd_reader *reader;
	struct hd_guards *guards;
	struct hd_rations *rations;
	struct hd_lookups *lookups;
	struct hd_engine *engine;
	struct hd_control *control;
	struct hd_setup *setup; /* in force */
	struct hd_daemon_listener *listeners;
	size_t listener_count;
	struct hd_alarms alarms;
	struct hd_watch *watch;
	uv_signal_t on_term, on_int, on_hup;
	uv_timer_t hourly;
	size_t stopping_connectors;
	bool stopping, failed;
};

/* An empty one with its loop; `conf_path` is borrowed until the end.  -1 and
 * `err`: there is nothing to end. */
int hd_daemon_init(struct hd_daemon *d, const char *conf_path,
		   struct hd_err *err);

/* Starts everything with a sound configuration (takes the reference).  -1 and
 * `err`: what stands already ends with the loop, which is to be run and
 * hd_daemon_fini() to be called as after a good start. [loop] */
int hd_daemon_start(struct hd_daemon *d, struct hd_setup *setup_take,
		    struct hd_err *err);

/* Graceful: no new alerts; running steps end or are left to the next start. */
void hd_daemon_stop(struct hd_daemon *d, const char *because);

/* What plugins of this daemon are given; expr is filled in by the setup. */
struct hd_plugin_env;
void hd_daemon_plugin_env(struct hd_daemon *d, struct hd_plugin_env *env);

/* Makes d->setup the configuration in force: mode, pipelines, texts kept. */
void hd_daemon_enforce(struct hd_daemon *d);

/* The last connector has ended while stopping: called by connectors.c. */
void hd_daemon_connectors_ended(struct hd_daemon *d);

/* After the loop has ended. */
void hd_daemon_fini(struct hd_daemon *d);

#endif
