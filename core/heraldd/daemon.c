/* Start: journal, connectors, recovery, and only then the listeners, so that
 * nothing is accepted that could not be carried on.  Stop: the listeners
 * refuse, the engine ends its commits, the connectors are drained, and the
 * journal is closed last. */
#include "core/heraldd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/action.h"
#include "core/action/guard.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/health.h"
#include "core/base/log.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/source.h"
#include "core/control/control.h"
#include "core/heraldd/connectors.h"
#include "core/heraldd/listeners.h"
#include "core/heraldd/notify.h"
#include "core/heraldd/reload.h"
#include "core/heraldd/setup.h"
#include "core/heraldd/watch.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/journal/restore.h"
#include "core/lookup/lookup.h"
#include "core/net/http_client.h"
#include "core/pipeline/alarm_actions.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/fatal.h"
#include "core/plugin/inflight.h"
#include "core/plugin/rations.h"

#define HOUR_MS 3600000

/* ---- what the parts below are given ---- */

static struct hd_listener *find_listener(void *ud, const char *name)
{
	return hd_listeners_find(ud, name);
}

static uint32_t on_emit(void *ud, struct hd_instance *instance,
			const herald_record *const *records, uint32_t n,
			uint64_t tag)
{
	struct hd_daemon *d = ud;

	return hd_engine_emit(d->engine, instance, records, n, tag);
}

static struct hd_instance *find_connector(void *ud, const char *name)
{
	return hd_connectors_find(ud, name);
}

static struct hd_instance *connector_at(void *ud, size_t i)
{
	struct hd_daemon *d = ud;

	return i < d->setup->count && d->setup->connectors[i]
		       ? d->setup->connectors[i]->instance
		       : NULL;
}

static void on_alarm(void *ud, const char *kind, const char *object,
		     const char *text)
{
	struct hd_daemon *d = ud;

	hd_alarms_raise(&d->alarms, kind, object, text);
}

static void send_alarm(void *ud, const char *kind, const char *object,
		       const char *text)
{
	struct hd_daemon *d = ud;

	if (d->setup && !d->stopping)
		hd_alarm_actions_send(d->setup->program->alarms, find_connector,
				      d, kind, object, text);
}

static void on_line(void *ud, const char *line)
{
	struct hd_daemon *d = ud;

	if (d->control)
		hd_control_line(d->control, line);
}

/* A connector that can be used again wakes the actions that wait for it. */
static void on_changed(void *ud, struct hd_instance *instance)
{
	struct hd_daemon *d = ud;
	const char *name = hd_instance_name(instance);
	const char *why = hd_instance_stopped(instance);
	char *text;

	if (hd_connectors_find(d, name) != instance)
		return;
	if (!why) {
		hd_alarms_raise(&d->alarms, "connector", name, NULL);
		if (d->engine)
			hd_actions_wake(hd_engine_actions(d->engine), name);
		return;
	}
	text = hd_strf("connector %s is stopped: %s -> heraldctl connector %s "
		       "start",
		       name, why, name);
	hd_alarms_raise(&d->alarms, "connector", name, text);
	free(text);
}

static void on_note(void *ud, void *request_ud, uint32_t level,
		    const char *text, size_t n)
{
	(void)ud;
	(void)request_ud;
	(void)level;
	(void)text;
	(void)n;
}

static const char *not_ready(void *ud)
{
	struct hd_daemon *d = ud;
	struct hd_engine_stats stats;

	if (d->stopping)
		return "herald stops";
	hd_engine_stats(d->engine, &stats);
	return stats.closed;
}

static json_t *on_reload(void *ud, bool dry_run)
{
	return hd_reload(ud, dry_run);
}

static void on_journal_failed(void *ud, const struct hd_err *why)
{
	struct hd_daemon *d = ud;

	hd_error("the journal failed: %s: nothing more is accepted; herald "
		 "ends, so that a new start reads again what is there",
		 why->text);
	hd_health_set("journal", HD_HEALTH_FAILED, why->text);
	d->failed = true;
	hd_daemon_stop(d, "the journal failed");
}

static void on_damage(void *ud, const struct hd_damage *damage)
{
	struct hd_daemon *d = ud;
	char *text = hd_strf("journal: a damaged row of table %s was set aside "
			     "(%s) -> heraldctl backup, then look at the table "
			     "aside",
			     damage->table, damage->key ? damage->key : "?");

	hd_alarms_raise(&d->alarms, "store", damage->table, text);
	free(text);
}

void hd_daemon_plugin_env(struct hd_daemon *d, struct hd_plugin_env *env)
{
	memset(env, 0, sizeof(*env));
	env->loop = &d->loop;
	env->http = d->http;
	env->journal = d->journal;
	env->reader = d->reader;
	env->ud = d;
	env->listener = find_listener;
	env->emit = on_emit;
	env->note = on_note;
	env->changed = on_changed;
}

/* ---- stopping ---- */

/* One that never started ends within the call: the count is held meanwhile,
 * so that only the last one ends the daemon. */
static void on_engine_stopped(void *ud)
{
	struct hd_daemon *d = ud;
	size_t n = d->setup ? d->setup->count : 0;

	d->stopping_connectors++;
	for (size_t i = 0; i < n; i++) {
		struct hd_connector *c = d->setup->connectors[i];

		d->setup->connectors[i] = NULL;
		if (c)
			hd_connectors_end(d, c, NULL);
	}
	if (--d->stopping_connectors == 0)
		hd_daemon_connectors_ended(d);
}

/* A start may have failed before there was an engine. */
static void end(struct hd_daemon *d)
{
	d->stopping = true;
	hd_inflight_stopping();
	hd_listeners_stop(d);
	if (d->engine)
		hd_engine_stop(d->engine, on_engine_stopped, d);
	else
		on_engine_stopped(d);
}

void hd_daemon_stop(struct hd_daemon *d, const char *because)
{
	if (d->stopping)
		return;
	hd_notice("stopping: %s", because);
	hd_notify("STOPPING=1");
	end(d);
}

static void close_handle(void *handle)
{
	if (((uv_handle_t *)handle)->data)
		uv_close(handle, NULL);
}

static void on_control_idle(void *ud)
{
	hd_daemon_connectors_ended(ud);
}

void hd_daemon_connectors_ended(struct hd_daemon *d)
{
	/* A backup reads the journal. */
	if (d->control && !hd_control_idle(d->control, on_control_idle, d))
		return;
	hd_control_free(d->control);
	d->control = NULL;
	hd_listeners_free(d);
	hd_engine_free(d->engine);
	d->engine = NULL;
	hd_lookups_free(d->lookups);
	d->lookups = NULL;
	hd_rations_free(d->rations);
	d->rations = NULL;
	if (d->http)
		hd_http_client_free(d->http, NULL, NULL);
	d->http = NULL;
	hd_watch_stop(d->watch);
	d->watch = NULL;
	close_handle(&d->on_term);
	close_handle(&d->on_int);
	close_handle(&d->on_hup);
	/* It ends already, in order. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	close_handle(&d->hourly);
	uv_stop(&d->loop);
}

/* ---- starting ---- */

static void on_signal(uv_signal_t *handle, int signum)
{
	struct hd_daemon *d = handle->data;
	json_t *outcome;

	if (signum != SIGHUP) {
		hd_daemon_stop(d, signum == SIGTERM ? "SIGTERM" : "SIGINT");
		return;
	}
	outcome = hd_reload(d, false);
	json_decref(outcome);
}

static void repeat_alarms(uv_timer_t *timer)
{
	struct hd_daemon *d = timer->data;

	hd_alarms_repeat(&d->alarms, hd_now_ms());
}

static int watch_signal(struct hd_daemon *d, uv_signal_t *handle, int signum,
			struct hd_err *err)
{
	int rc = uv_signal_init(&d->loop, handle);

	if (rc == 0) {
		handle->data = d;
		rc = uv_signal_start(handle, on_signal, signum);
	}
	if (rc < 0)
		return hd_err_set(err, -rc, "signal %d: %s", signum,
				  uv_strerror(rc));
	return 0;
}

static int open_store(struct hd_daemon *d, const char *dir, struct hd_err *err)
{
	struct hd_journal_options options = { 0 };

	if (hd_restore_is_open(dir))
		return hd_err_set(err, EBUSY,
				  "%s: a restore was begun there and not ended "
				  "-> heraldctl restore DIR",
				  dir);
	options.dir = dir;
	options.loop = &d->loop;
	options.on_failed = on_journal_failed;
	options.on_damage = on_damage;
	options.ud = d;
	d->journal = hd_journal_open(&options, err);
	if (!d->journal)
		return -1;
	hd_health_set("journal", HD_HEALTH_OK, NULL);
	d->reader = hd_reader_open(d->journal, err);
	return d->reader ? 0 : -1;
}

/* Without it herald runs, but could not tell which alert it died over. */
static void open_inflight(const char *dir)
{
	struct hd_last_end last;
	struct hd_err err;

	if (hd_inflight_open(dir, &last, &err) < 0) {
		hd_error("%s: which alert a crash is due to cannot be told",
			 err.text);
		return;
	}
	hd_fatal_install();
	if (!last.crashed)
		return;
	if (last.connector[0])
		hd_warning("the last end was a crash: %s in %s() of connector "
			   "%s",
			   last.signal != 0 ? hd_fatal_name(last.signal)
					    : "exit()",
			   last.call, last.connector);
	else
		hd_warning("the last end was no clean stop: %s",
			   last.signal < 0    ? "killed"
			   : last.signal == 0 ? "exit()"
					      : hd_fatal_name(last.signal));
}

static void make_lookups(struct hd_daemon *d, const char *state_dir)
{
	char *file = hd_strf("%s/cache.db", state_dir);
	const struct hd_lookups_env env = {
		.loop = &d->loop,
		.rations = d->rations,
		.cache_file = file,
		.ud = d,
		.alarm = on_alarm,
	};

	d->lookups = hd_lookups_new(&env);
	free(file);
}

static int make_engine(struct hd_daemon *d, struct hd_err *err)
{
	struct hd_engine_env env = { 0 };

	d->guards = hd_guards_new(hd_utc_ms(), hd_now_ms());
	hd_guards_alarm(d->guards, on_alarm, d);
	env.loop = &d->loop;
	env.journal = d->journal;
	env.reader = d->reader;
	env.guards = d->guards;
	env.lookups = d->lookups;
	env.rations = d->rations;
	env.ud = d;
	env.connector = find_connector;
	env.alarm = on_alarm;
	env.line = on_line;
	d->engine = hd_engine_new(&env);
	return hd_guards_load(d->guards, d->reader, err);
}

static void keep_texts(struct hd_daemon *d)
{
	const struct hd_conf *conf = d->setup->program->conf;
	struct hd_txn *txn = hd_txn_new();
	struct hd_buf all;
	size_t n;

	hd_buf_init(&all, 64u << 20);
	for (size_t i = 0; i < hd_conf_files(conf); i++) {
		const struct hd_source *s = hd_conf_file(conf, i);

		const char *text = hd_source_text(s, &n);

		hd_buf_addf(&all, "# ---- %s\n", hd_source_name(s));
		hd_buf_add(&all, text, n);
		hd_buf_addc(&all, '\n');
	}
	hd_txn_config_put(txn, hd_conf_id(conf), hd_buf_text(&all));
	hd_buf_fini(&all);
	hd_journal_commit(d->journal, txn, NULL, NULL);
}

void hd_daemon_enforce(struct hd_daemon *d)
{
	hd_guards_set_mode(
		d->guards,
		(enum hd_mode)d->setup->program->settings->herald.mode);
	hd_guards_set_rules(d->guards, d->setup->program->rules);
	hd_engine_set_program(d->engine, d->setup->program);
	if (d->control)
		hd_control_enforce(d->control);
	keep_texts(d);
}

static int read_halt(struct hd_daemon *d, struct hd_err *err)
{
	char *because = NULL;

	switch (hd_reader_meta(d->reader, "halt", &because, err)) {
	case HD_FOUND:
		hd_guards_halt(d->guards, because);
		hd_warning("halted: %s -> heraldctl unhalt", because);
		break;
	case HD_DAMAGED:
		hd_guards_halt(d->guards, "the word about a halt is damaged");
		hd_error("halted: the word about a halt is damaged in the "
			 "journal -> heraldctl unhalt");
		break;
	case HD_READ_FAILED:
		return -1;
	default:
		break;
	}
	free(because);
	return 0;
}

static int open_control(struct hd_daemon *d, struct hd_err *err)
{
	struct hd_control_env env = { 0 };
	struct hd_listener *admin;

	env.loop = &d->loop;
	env.engine = d->engine;
	env.journal = d->journal;
	env.reader = d->reader;
	env.guards = d->guards;
	env.lookups = d->lookups;
	env.rations = d->rations;
	env.ud = d;
	env.connector_at = connector_at;
	env.reload = on_reload;
	env.not_ready = not_ready;
	d->control = hd_control_new(&env, hd_setup_socket(d->setup), err);
	if (!d->control)
		return -1;
	admin = hd_listeners_find(d, "admin");
	return admin ? hd_control_admin(d->control, admin, err) : 0;
}

/* The configuration is read once more with everything that can run. */
static int read_again(struct hd_daemon *d, struct hd_err *err)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_plugin_env env;
	int result = 0;

	hd_daemon_plugin_env(d, &env);
	d->setup = hd_setup_read(d->conf_path, &env, complaints);
	if (!d->setup || hd_complaints_errors(complaints) != 0)
		result = hd_err_set(err, EINVAL,
				    "the configuration changed while herald "
				    "started -> heraldd -t");
	hd_complaints_free(complaints);
	return result;
}

/* Everything up to the point where alerts may come in. */
static int start(struct hd_daemon *d, const char *state_dir, struct hd_err *err)
{
	if (open_store(d, state_dir, err) < 0)
		return -1;
	open_inflight(state_dir);
	d->rations = hd_rations_new(d->journal, d->reader);
	make_lookups(d, state_dir);
	d->http = hd_http_client_new(&d->loop, NULL, err);
	if (!d->http || make_engine(d, err) < 0 || read_again(d, err) < 0 ||
	    hd_listeners_open(d, d->setup->program->settings, err) < 0 ||
	    read_halt(d, err) < 0)
		return -1;
	hd_daemon_enforce(d);
	if (open_control(d, err) < 0)
		return -1;
	for (size_t i = 0; i < d->setup->count; i++)
		hd_connectors_start(d, d->setup->connectors[i]);
	if (hd_engine_recover(d->engine, err) < 0)
		return -1;
	return hd_listeners_start(d, err);
}

static int watch_signals(struct hd_daemon *d, struct hd_err *err)
{
	if (watch_signal(d, &d->on_term, SIGTERM, err) < 0 ||
	    watch_signal(d, &d->on_int, SIGINT, err) < 0)
		return -1;
	return watch_signal(d, &d->on_hup, SIGHUP, err);
}

int hd_daemon_init(struct hd_daemon *d, const char *conf_path,
		   struct hd_err *err)
{
	int rc;

	memset(d, 0, sizeof(*d));
	d->conf_path = conf_path;
	rc = uv_loop_init(&d->loop);
	if (rc < 0)
		return hd_err_set(err, -rc, "the loop: %s", uv_strerror(rc));
	uv_loop_configure(&d->loop, UV_METRICS_IDLE_TIME);
	return 0;
}

int hd_daemon_start(struct hd_daemon *d, struct hd_setup *setup_take,
		    struct hd_err *err)
{
	char *state_dir = hd_strdup(hd_setup_state_dir(setup_take));
	int started;

	hd_alarms_init(&d->alarms);
	d->alarms.send = send_alarm;
	d->alarms.ud = d;
	hd_setup_unref(setup_take);
	started = start(d, state_dir, err);
	free(state_dir);
	if (started < 0 || watch_signals(d, err) < 0) {
		end(d);
		return -1;
	}
	d->watch = hd_watch_start(&d->loop);
	hd_reload_init();
	uv_timer_init(&d->loop, &d->hourly);
	d->hourly.data = d;
	uv_timer_start(&d->hourly, repeat_alarms, HOUR_MS, HOUR_MS);
	hd_notice("started: configuration %.8s, mode %s, %zu connectors",
		  hd_conf_id(d->setup->program->conf),
		  hd_mode_name(hd_guards_mode(d->guards)), d->setup->count);
	hd_notify("READY=1");
	return 0;
}

/* ---- after the loop ---- */

void hd_daemon_fini(struct hd_daemon *d)
{
	hd_setup_unref(d->setup);
	hd_reader_close(d->reader);
	hd_inflight_close();
	hd_journal_close(d->journal);
	hd_guards_free(d->guards);
	hd_alarms_fini(&d->alarms);
	/* handles that close themselves want some more turns */
	for (int i = 0; i < 100 && uv_run(&d->loop, UV_RUN_NOWAIT) != 0; i++)
		;
	if (uv_loop_close(&d->loop) != 0)
		hd_debug("the loop still has handles");
	hd_notice("stopped");
}
