#include "core/heraldd/reload.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/control/control.h"
#include "core/heraldd/connectors.h"
#include "core/heraldd/daemon.h"
#include "core/heraldd/listeners.h"
#include "core/heraldd/notify.h"
#include "core/heraldd/setup.h"
#include "core/pipeline/program.h"

#define TEXT_MAX (1 << 20)

static void count(const char *outcome, double n)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 128);
	hd_metric_label(&labels, "outcome", outcome);
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_config_reloads_total",
				    hd_buf_text(&labels),
				    "Reloads by their outcome."),
		      n);
	hd_buf_fini(&labels);
}

/* From 0: the first refusal is an increase. */
void hd_reload_init(void)
{
	count("done", 0);
	count("refused", 0);
}

static bool unchanged(const struct hd_connector *a,
		      const struct hd_connector *b)
{
	return strcmp(hd_instance_digest_all(a->instance),
		      hd_instance_digest_all(b->instance)) == 0;
}

static void add_change(json_t *changes, const char *name, const char *what)
{
	char *text = hd_strf("connector %s: %s", name, what);

	json_array_append_new(changes, json_string(text));
	free(text);
}

static void list_changes(const struct hd_setup *old, const struct hd_setup *new,
			 json_t *changes)
{
	for (size_t i = 0; i < new->count; i++) {
		const struct hd_connector *c = new->connectors[i];
		const struct hd_connector *was = hd_setup_connector(old,
								    c->name);

		if (!was)
			add_change(changes, c->name, "new");
		else if (!unchanged(was, c))
			add_change(changes, c->name, "changed");
	}
	for (size_t i = 0; i < old->count; i++)
		if (old->connectors[i] &&
		    !hd_setup_connector(new, old->connectors[i]->name))
			add_change(changes, old->connectors[i]->name,
				   "removed");
	if (strcmp(hd_conf_id(old->program->conf),
		   hd_conf_id(new->program->conf)) != 0)
		json_array_append_new(changes,
				      json_string("configuration text"));
}

static struct hd_connector **slot_of(struct hd_setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->count; i++)
		if (setup->connectors[i] &&
		    strcmp(setup->connectors[i]->name, name) == 0)
			return &setup->connectors[i];
	return NULL;
}

static void discard(struct hd_connector *c)
{
	hd_instance_discard(c->instance);
	free(c->name);
	free(c);
}

/* Puts the running connector in the place of the one that was only made. */
static void keep_running(struct hd_setup *old, struct hd_connector **slot,
			 struct hd_connector **was)
{
	discard(*slot);
	*slot = *was;
	if (!(*slot)->home)
		(*slot)->home = hd_setup_ref(old);
	*was = NULL;
}

/* Its routes would stay behind on a listener that goes. */
static bool has_moved(struct hd_daemon *d, const struct hd_connector *was)
{
	const struct hd_listener *on = hd_instance_listener(was->instance);
	const char *name = hd_instance_option(was->instance, "listen");

	return on && name && hd_listeners_find(d, name) != on;
}

static void take_over(struct hd_daemon *d, struct hd_setup *old,
		      struct hd_setup *new)
{
	for (size_t i = 0; i < new->count; i++) {
		struct hd_connector **was = slot_of(old,
						    new->connectors[i]->name);
		struct hd_connector *ending;

		if (was && unchanged(*was, new->connectors[i]) &&
		    !has_moved(d, *was)) {
			keep_running(old, &new->connectors[i], was);
			continue;
		}
		if (!was) {
			hd_connectors_start(d, new->connectors[i]);
			continue;
		}
		ending = *was;
		*was = NULL;
		if (!ending->home)
			ending->home = hd_setup_ref(old);
		if (hd_instance_is_exclusive(ending->instance)) {
			hd_connectors_end(d, ending, new->connectors[i]);
		} else {
			hd_connectors_start(d, new->connectors[i]);
			hd_connectors_end(d, ending, NULL);
		}
	}
	for (size_t i = 0; i < old->count; i++) {
		struct hd_connector *ending = old->connectors[i];

		old->connectors[i] = NULL;
		if (!ending)
			continue;
		if (!ending->home)
			ending->home = hd_setup_ref(old);
		hd_connectors_end(d, ending, NULL);
	}
}

static json_t *outcome_of(bool ok, const struct hd_setup *setup,
			  struct hd_complaints *complaints, json_t *changes)
{
	struct hd_buf text;
	json_t *outcome;

	hd_buf_init(&text, TEXT_MAX);
	hd_complaints_print(complaints, &text);
	outcome = json_pack("{s:b, s:s, s:o, s:o}", "ok", ok, "text",
			    hd_buf_text(&text), "complaints",
			    hd_complaints_json(complaints), "changes", changes);
	if (ok)
		json_object_set_new(outcome, "id",
				    json_string(
					    hd_conf_id(setup->program->conf)));
	hd_buf_fini(&text);
	return outcome;
}

static void log_refusal(struct hd_daemon *d, struct hd_complaints *complaints)
{
	const struct hd_complaint *first;
	char *text;

	count("refused", 1);
	first = hd_complaints_count(complaints) != 0
			? hd_complaints_get(complaints, 0)
			: NULL;
	text = hd_strf("reload refused, the old configuration stays: %s:%u:%u: "
		       "%s -> heraldctl check",
		       first ? first->file : "?", first ? first->line : 0,
		       first ? first->col : 0, first ? first->text : "?");
	hd_alarms_raise(&d->alarms, "reload", "", text);
	hd_error("%s", text);
	free(text);
}

/* An admin listener at a new address serves the admin pages too. */
static void serve_admin(struct hd_daemon *d, const struct hd_listener *was)
{
	struct hd_listener *admin = hd_listeners_find(d, "admin");
	struct hd_err err;

	if (admin && admin != was &&
	    hd_control_admin(d->control, admin, &err) < 0)
		hd_error("admin pages: %s", err.text);
}

json_t *hd_reload(struct hd_daemon *d, bool dry_run)
{
	const struct hd_listener *admin = hd_listeners_find(d, "admin");
	struct hd_complaints *complaints = hd_complaints_new();
	json_t *changes = json_array(), *outcome;
	struct hd_setup *new, *old = d->setup;
	struct hd_plugin_env env;
	struct hd_err err;
	bool ok;

	hd_notify_reloading();
	hd_daemon_plugin_env(d, &env);
	new = hd_setup_read(d->conf_path, &env, complaints);
	ok = new &&hd_complaints_errors(complaints) == 0;
	if (ok)
		list_changes(old, new, changes);
	if (ok && !dry_run &&
	    hd_listeners_open(d, new->program->settings, &err) < 0) {
		hd_complain(complaints, (struct hd_place){ 0 }, "%s", err.text);
		hd_listeners_close_others(d, old->program->settings);
		ok = false;
	}
	outcome = outcome_of(ok, new, complaints, changes);
	if (!ok && !dry_run)
		log_refusal(d, complaints);
	if (!ok || dry_run) {
		hd_setup_unref(new);
	} else {
		d->setup = new;
		hd_daemon_enforce(d);
		serve_admin(d, admin);
		take_over(d, old, new);
		hd_listeners_close_others(d, new->program->settings);
		/* by the connectors that are in force now */
		hd_alarms_raise(&d->alarms, "reload", "", NULL);
		if (hd_listeners_start(d, &err) < 0)
			hd_error("%s", err.text);
		hd_setup_unref(old);
		count("done", 1);
		hd_notice("reloaded: configuration %.8s",
			  hd_conf_id(new->program->conf));
	}
	hd_complaints_free(complaints);
	hd_notify("READY=1");
	return outcome;
}
