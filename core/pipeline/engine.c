#include "core/pipeline/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/action/action.h"
#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/pipeline/defer.h"
#include "core/pipeline/engine_impl.h"
#include "core/pipeline/keep.h"
#include "core/pipeline/poison.h"

#define DISK_CHECK_MS 1000

static void resolve(void *ud, struct hd_case *c, struct hd_row *row)
{
	hd_defer_resolve(ud, c, row);
}

static struct hd_instance *connector(void *ud, const char *name)
{
	struct hd_engine *engine = ud;

	return engine->env.connector(engine->env.ud, name);
}

static void raise_alarm(void *ud, const char *kind, const char *object,
			const char *text)
{
	hd_engine_alarm(ud, kind, object, text);
}

static bool holds(void *ud, const char *alert)
{
	const struct hd_engine *engine = ud;

	return hd_poison_holds(engine->poison, alert);
}

static void left(void *ud, const char *alert)
{
	struct hd_engine *engine = ud;

	hd_poison_left(engine->poison, alert);
}

/* Tells when it begins and when it is over; true: then, and there is room. */
static bool tell_of_disk(struct hd_engine *engine, const char *kind, bool was,
			 bool is, const char *words)
{
	if (was != is)
		hd_engine_alarm(engine, kind, "journal", is ? words : NULL);
	return was && !is;
}

static void check_disk(uv_timer_t *timer)
{
	struct hd_engine *engine = timer->data;
	bool was_full = engine->disk_full, was_low = engine->disk_low, room;
	int64_t total, free_bytes, percent, used;
	struct hd_err err;

	if (hd_journal_disk(engine->env.journal, &total, &free_bytes, &err) <
		    0 ||
	    total <= 0)
		return;
	percent = engine->program->settings->herald.limits.disk_percent;
	used = total - free_bytes;
	engine->disk_full = used / (total / 100 + 1) >= percent;
	engine->disk_low = used / (total / 1000 + 1) >= percent * 9;
	room = tell_of_disk(engine, "disk", was_full, engine->disk_full,
			    "the disk of the journal is filled beyond "
			    "herald.limits.disk: alerts are refused (503) "
			    "-> heraldctl status");
	room |= tell_of_disk(engine, "disk low", was_low, engine->disk_low,
			     "the disk of the journal is filled nearly to "
			     "herald.limits.disk: alerts below high severity "
			     "are refused (503) -> heraldctl status");
	if (room)
		hd_intake_room(engine);
}

static void on_kept(void *ud)
{
	hd_engine_report_stopped(ud);
}

struct hd_engine *hd_engine_new(const struct hd_engine_env *env)
{
	struct hd_engine *engine = hd_alloc(sizeof(*engine));
	struct hd_actions_env actions = { 0 };

	engine->env = *env;
	engine->at_severity = -1;
	hd_windows_init(&engine->windows);
	hd_dict_init(&engine->running);
	hd_dict_init(&engine->broken);
	hd_dict_init(&engine->waiting);
	actions.loop = env->loop;
	actions.journal = env->journal;
	actions.reader = env->reader;
	actions.guards = env->guards;
	actions.rations = env->rations;
	actions.ud = engine;
	actions.connector = connector;
	actions.resolve = resolve;
	actions.alarm = raise_alarm;
	actions.finishing = hd_finishing;
	actions.finished = hd_finished;
	actions.holds = holds;
	actions.left = left;
	engine->actions = hd_actions_new(&actions);
	engine->keeper = hd_keeper_new(env->loop, env->journal, on_kept,
				       engine);
	engine->poison = hd_poison_new(engine);
	engine->disk_timer = hd_alloc(sizeof(*engine->disk_timer));
	uv_timer_init(env->loop, engine->disk_timer);
	engine->disk_timer->data = engine;
	return engine;
}

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

/* They wait for answers, and begin anew at the next start. */
static void leave_running(struct hd_engine *engine)
{
	struct hd_alert *alert;
	size_t at = 0;

	while ((alert = hd_dict_next(&engine->running, &at, NULL)))
		hd_alert_free(alert);
}

void hd_engine_free(struct hd_engine *engine)
{
	if (!engine)
		return;
	leave_running(engine);
	hd_dict_fini(&engine->running);
	hd_dict_fini(&engine->broken);
	hd_dict_fini(&engine->waiting);
	hd_actions_free(engine->actions);
	hd_keeper_free(engine->keeper);
	hd_poison_free(engine->poison);
	hd_windows_fini(&engine->windows);
	hd_program_unref(engine->program);
	uv_close((uv_handle_t *)engine->disk_timer, free_closed);
	free(engine);
}

void hd_engine_set_program(struct hd_engine *engine, struct hd_program *program)
{
	struct hd_program *old = engine->program;

	engine->program = hd_program_ref(program);
	hd_keeper_set(engine->keeper, &program->settings->herald.keep);
	hd_program_unref(old);
}

struct hd_program *hd_engine_program(const struct hd_engine *engine)
{
	return engine->program;
}

int hd_engine_recover(struct hd_engine *engine, struct hd_err *err)
{
	struct hd_journal_stats stats;

	hd_journal_stats(engine->env.journal, &stats);
	engine->backlog = (size_t)stats.alerts[HD_ALERT_RECEIVED];
	hd_poison_recover(engine->poison);
	if (hd_windows_load(&engine->windows, engine->env.reader, err) < 0)
		return hd_err_wrap(err, "dedup windows");
	if (hd_actions_recover(engine->actions, err) < 0)
		return hd_err_wrap(err, "open actions");
	if (engine->backlog != 0 || hd_actions_parked(engine->actions) != 0)
		hd_notice("recovered: %zu alerts to decide, %zu with open "
			  "actions",
			  engine->backlog, hd_actions_parked(engine->actions));
	engine->more = engine->backlog != 0;
	check_disk(engine->disk_timer);
	uv_timer_start(engine->disk_timer, check_disk, DISK_CHECK_MS,
		       DISK_CHECK_MS);
	hd_keeper_start(engine->keeper);
	hd_poison_start(engine->poison);
	hd_run_refill(engine);
	return 0;
}

/* ---- stopping ---- */

void hd_engine_report_stopped(struct hd_engine *engine)
{
	void (*fn)(void *ud) = engine->on_stopped;

	if (!fn || engine->commits != 0 || hd_keeper_is_busy(engine->keeper))
		return;
	engine->on_stopped = NULL;
	/* Now: what is missing because a connector ends must not decide. */
	leave_running(engine);
	hd_actions_stop(engine->actions, fn, engine->on_stopped_ud);
}

void hd_engine_stop(struct hd_engine *engine, void (*fn)(void *ud), void *ud)
{
	engine->stopping = true;
	uv_timer_stop(engine->disk_timer);
	hd_keeper_stop(engine->keeper);
	engine->on_stopped = fn;
	engine->on_stopped_ud = ud;
	hd_engine_report_stopped(engine);
}

/* ---- for others ---- */

void hd_engine_stats(const struct hd_engine *engine,
		     struct hd_engine_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->running = hd_dict_count(&engine->running);
	out->receiving = engine->receiving;
	out->backlog = engine->backlog;
	out->acting = hd_actions_active(engine->actions);
	out->parked = hd_actions_parked(engine->actions);
	out->received = engine->received;
	out->redelivered = engine->redelivered;
	out->busy = engine->busy;
	out->closed = hd_intake_closed(engine);
}

struct hd_actions *hd_engine_actions(struct hd_engine *engine)
{
	return engine->actions;
}

uv_loop_t *hd_engine_loop(struct hd_engine *engine)
{
	return engine->env.loop;
}

struct hd_windows *hd_engine_windows(struct hd_engine *engine)
{
	return &engine->windows;
}

struct hd_lookups *hd_engine_lookups(struct hd_engine *engine)
{
	return engine->env.lookups;
}

struct hd_instance *hd_engine_connector(struct hd_engine *engine,
					const char *name)
{
	return engine->env.connector(engine->env.ud, name);
}

void hd_engine_alarm(struct hd_engine *engine, const char *kind,
		     const char *object, const char *text)
{
	engine->env.alarm(engine->env.ud, kind, object, text);
}
