#include "core/pipeline/alarm_actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/pipeline/params.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

#define TEXT_MAX (1 << 20)
#define HIGH 4

struct alarm {
	char *connector, *action;
	struct hd_params *params;
};

struct hd_alarm_actions {
	struct alarm *items;
	size_t count;
};

static void fini_alarm(struct alarm *a)
{
	free(a->connector);
	free(a->action);
	hd_params_free(a->params);
}

static int complain_action(struct hd_build *b, const struct hd_node *node,
			   const char *what)
{
	hd_complain(b->complaints, hd_node_place(node),
		    "alarms: '%s' is no action of a connector here", what);
	return hd_complain_remedy(b->complaints,
				  "write do: CONNECTOR.ACTION, such as "
				  "mail.send; heraldctl plugins");
}

static int build_alarm(struct hd_build *b, const struct hd_alarm_settings *s,
		       struct alarm *a)
{
	const struct hd_node *node = hd_node_get(s->node, "do");
	const struct hd_module *module;
	struct hd_instance *instance;
	const herald_action *action;
	const char *dot = s->action ? strchr(s->action, '.') : NULL;
	int index;

	if (!s->action)
		return -1; /* complained of by the settings */
	if (!dot)
		return complain_action(b, node, s->action);
	a->connector = hd_memdup0(s->action, (size_t)(dot - s->action));
	a->action = hd_strdup(dot + 1);
	instance = b->connector(b->connector_ud, a->connector);
	if (!instance)
		return hd_settings_connector(b->program->settings, a->connector)
			       ? -1
			       : complain_action(b, node, s->action);
	module = hd_instance_module(instance);
	index = hd_module_action_find(module, a->action);
	if (index < 0)
		return complain_action(b, node, s->action);
	action = hd_module_action(module, (uint32_t)index);
	if (action->effect > HERALD_NOTIFIES) {
		hd_complain(b->complaints, hd_node_place(node),
			    "alarms: %s does more than tell people", s->action);
		return hd_complain_remedy(b->complaints,
					  "choose an action that notifies");
	}
	a->params = hd_params_build(b, module, (uint32_t)index, s->with,
				    s->node);
	return 0;
}

static void warn_of_one_way(struct hd_build *b,
			    const struct hd_alarm_actions *alarms,
			    const struct hd_settings *settings)
{
	for (size_t i = 1; i < alarms->count; i++)
		if (strcmp(alarms->items[i].connector,
			   alarms->items[0].connector) != 0)
			return;
	if (alarms->count == 0)
		return;
	hd_complain_warning(b->complaints,
			    hd_node_place(settings->alarms[0].node),
			    "all alarms go through the connector %s: nobody "
			    "hears of it when that one fails",
			    alarms->items[0].connector);
	hd_complain_remedy(b->complaints, "add an alarm by another connector");
}

struct hd_alarm_actions *hd_alarm_actions_build(struct hd_build *b)
{
	const struct hd_settings *settings = b->program->settings;
	struct hd_alarm_actions *alarms = hd_alloc(sizeof(*alarms));

	alarms->items = hd_alloc_array(settings->alarms_count,
				       sizeof(*alarms->items));
	for (size_t i = 0; i < settings->alarms_count; i++) {
		struct alarm *a = &alarms->items[alarms->count];

		if (build_alarm(b, &settings->alarms[i], a) == 0) {
			alarms->count++;
			continue;
		}
		fini_alarm(a);
		memset(a, 0, sizeof(*a));
	}
	warn_of_one_way(b, alarms, settings);
	return alarms;
}

void hd_alarm_actions_free(struct hd_alarm_actions *alarms)
{
	if (!alarms)
		return;
	for (size_t i = 0; i < alarms->count; i++)
		fini_alarm(&alarms->items[i]);
	free(alarms->items);
	free(alarms);
}

/* ---- sending ---- */

static json_t *record_of(const char *kind, const char *object, const char *text)
{
	char *title = hd_strf("herald: %s%s%s", kind, object[0] ? " " : "",
			      object);
	json_t *record = json_pack(
		"{s:i, s:i, s:i, s:i, s:I, s:i, s:s, s:s, s:{s:s}, s:{s:s, "
		"s:{s:s, s:s}}}",
		"class_uid", 2004, "category_uid", 2, "activity_id", 1,
		"type_uid", 200401, "time", (json_int_t)hd_utc_ms(),
		"severity_id", HIGH, "severity", "High", "message", text,
		"finding_info", "title", title, "metadata", "version", "1.6.0",
		"product", "name", "herald", "vendor_name", "herald");

	free(title);
	return record;
}

static char *text_of(const json_t *value)
{
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_json_write(&text, value, 0);
	return hd_buf_steal(&text);
}

static void on_sent(void *ud, const struct hd_completion *c)
{
	char *connector = ud;

	if (HERALD_CLASS(c->status) != 0)
		hd_log(HD_LOG_ERROR,
		       &(struct hd_log_context){ connector, NULL },
		       "an alarm could not be sent: %s", c->message);
	free(connector);
}

static void send_one(const struct alarm *a, struct hd_instance *instance,
		     json_t *record, const char *idem)
{
	const struct hd_module *module = hd_instance_module(instance);
	int index = hd_module_action_find(module, a->action);
	struct hd_expr_scope scope = { 0 };
	struct hd_intent intent = { 0 };
	char why[256];
	char *params, *text;
	json_t *value;

	scope.record = record;
	scope.now_ms = hd_utc_ms();
	value = hd_params_render(a->params, &scope, why, sizeof(why));
	if (!value || index < 0) {
		hd_log(HD_LOG_ERROR,
		       &(struct hd_log_context){ a->connector, NULL },
		       "an alarm could not be sent: %s",
		       value ? "the action is gone" : why);
		json_decref(value);
		return;
	}
	params = text_of(value);
	text = text_of(record);
	intent.action = (uint32_t)index;
	intent.mode = HERALD_RUN;
	intent.params = params;
	intent.record = text;
	intent.idem = idem;
	intent.deadline_ms = hd_now_ms() +
			     hd_instance_common(instance)->timeout_ms;
	hd_instance_run(instance, &intent, on_sent, hd_strdup(a->connector));
	json_decref(value);
	free(params);
	free(text);
}

void hd_alarm_actions_send(const struct hd_alarm_actions *alarms,
			   hd_connector_fn connector, void *ud,
			   const char *kind, const char *object,
			   const char *text)
{
	json_t *record;
	char *idem;

	if (!alarms || alarms->count == 0)
		return;
	record = record_of(kind, object, text);
	idem = hd_strf("alarm/%s/%s/%lld", kind, object,
		       (long long)hd_utc_ms());
	for (size_t i = 0; i < alarms->count; i++) {
		const struct alarm *a = &alarms->items[i];
		struct hd_instance *instance = connector(ud, a->connector);

		/* its own trouble is not told through itself */
		if (instance && !hd_instance_stopped(instance) &&
		    strcmp(object, a->connector) != 0)
			send_one(a, instance, record, idem);
	}
	free(idem);
	json_decref(record);
}
