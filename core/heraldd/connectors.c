#include "core/heraldd/connectors.h"

#include <stdlib.h>

#include "core/action/action.h"
#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/heraldd/daemon.h"
#include "core/heraldd/listeners.h"
#include "core/heraldd/setup.h"
#include "core/lookup/lookup.h"
#include "core/pipeline/engine.h"

#define GRACE_MS 20000 /* for what is under way, before it is cancelled */

struct hd_instance *hd_connectors_find(struct hd_daemon *d, const char *name)
{
	struct hd_connector *c = d->setup ? hd_setup_connector(d->setup, name)
					  : NULL;

	return c ? c->instance : NULL;
}

void hd_connectors_start(struct hd_daemon *d, struct hd_connector *c)
{
	const struct hd_log_context ctx = { c->name, NULL };
	struct hd_err err;
	char *text;

	if (hd_instance_start(c->instance, &err) == 0) {
		hd_alarms_raise(&d->alarms, "connector", c->name, NULL);
		/* What waits for a connector of this name may be due now. */
		hd_actions_wake(hd_engine_actions(d->engine), c->name);
		return;
	}
	hd_log(HD_LOG_ERROR, &ctx, "not started: %s", err.text);
	text = hd_strf("connector %s is not started: %s -> heraldctl status",
		       c->name, err.text);
	hd_alarms_raise(&d->alarms, "connector", c->name, text);
	free(text);
}

struct hd_ending {
	struct hd_daemon *daemon;
	struct hd_connector *connector, *next;
	struct hd_instance *instance; /* a name only: it is gone at the end */
};

static void on_ended(void *ud)
{
	struct hd_ending *e = ud;
	struct hd_daemon *d = e->daemon;
	struct hd_setup *home = e->connector->home;

	hd_debug("connector %s ended", e->connector->name);
	hd_lookups_forget(d->lookups, e->instance, "its connector was stopped");
	hd_engine_forget(d->engine, e->instance);
	if (e->next) {
		e->next->waits = NULL;
		if (!d->stopping)
			hd_connectors_start(d, e->next);
	}
	free(e->connector->name);
	free(e->connector);
	free(e);
	d->stopping_connectors--;
	if (home)
		hd_setup_unref(home);
	hd_listeners_tidy(d);
	if (d->stopping && d->stopping_connectors == 0)
		hd_daemon_connectors_ended(d);
}

/* Who comes after `e`; NULL: nobody. */
static void set_next(struct hd_ending *e, struct hd_connector *next)
{
	e->next = next;
	if (next)
		next->waits = e;
}

void hd_connectors_end(struct hd_daemon *d, struct hd_connector *c,
		       struct hd_connector *next)
{
	struct hd_ending *e = hd_alloc(sizeof(*e));

	e->daemon = d;
	e->connector = c;
	d->stopping_connectors++;
	e->instance = c->instance;
	if (next)
		hd_instance_leave_routes(c->instance);
	/* One that still waits for another to end was never started: who takes
	 * its place waits for that other. */
	set_next(c->waits ? c->waits : e, next);
	hd_instance_stop(c->instance, d->stopping ? 5000 : GRACE_MS, on_ended,
			 e);
}
