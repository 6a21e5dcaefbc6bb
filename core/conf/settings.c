#include "core/conf/settings.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/settings_impl.h"
#include "core/conf/table.h"

#define AT(member) offsetof(struct hd_herald_settings, member)
#define LIST HERALD_LIST

static const struct hd_key keep_keys[] = {
	{ "done", HERALD_DURATION, 0, "90d", "1h..3650d",
	  offsetof(struct hd_keep, done_ms), NULL },
	{ "size", HERALD_SIZE, 0, NULL, "16MiB..",
	  offsetof(struct hd_keep, size_bytes), NULL },
	{ "ids", HERALD_DURATION, 0, "90d", "1h..3650d",
	  offsetof(struct hd_keep, ids_ms), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key limits_keys[] = {
	{ "requests", HERALD_INT, 0, "1000", "1..1000000",
	  offsetof(struct hd_limits, requests), NULL },
	{ "backlog", HERALD_INT, 0, "200000", "1..100000000",
	  offsetof(struct hd_limits, backlog), NULL },
	{ "running", HERALD_INT, 0, "500", "1..100000",
	  offsetof(struct hd_limits, running), NULL },
	{ "disk", HD_TYPE_PERCENT, 0, "80%", "1%..99%",
	  offsetof(struct hd_limits, disk_percent), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key main_keys[] = {
	{ "mode", HERALD_ENUM, 0, "dry_run", "dry_run|notify|live", AT(mode),
	  NULL },
	{ "timezone", HD_TYPE_ZONE, 0, NULL, NULL, AT(timezone), NULL },
	{ "own", HERALD_STRING, LIST, NULL, NULL, AT(own), NULL },
	{ "inline_secrets", HERALD_BOOL, 0, "false", NULL, AT(inline_secrets),
	  NULL },
	{ "keep", HD_TYPE_SUB, 0, NULL, NULL, AT(keep), keep_keys },
	{ "limits", HD_TYPE_SUB, 0, NULL, NULL, AT(limits), limits_keys },
	{ "state_dir", HERALD_PATH, 0, NULL, NULL, AT(state_dir), NULL },
	{ "socket", HERALD_PATH, 0, NULL, NULL, AT(socket), NULL },
	{ "plugin_dir", HERALD_PATH, 0, NULL, NULL, AT(plugin_dir), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key control_keys[] = {
	{ "view", HERALD_STRING, LIST, NULL, NULL,
	  offsetof(struct hd_control_settings, view), NULL },
	{ "operate", HERALD_STRING, LIST, NULL, NULL,
	  offsetof(struct hd_control_settings, operate), NULL },
	{ "approve", HERALD_STRING, LIST, NULL, NULL,
	  offsetof(struct hd_control_settings, approve), NULL },
	{ "admin", HERALD_STRING, LIST, NULL, NULL,
	  offsetof(struct hd_control_settings, admin), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key safety_keys[] = {
	{ "protect", HD_TYPE_NODE, 0, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ "actions", HD_TYPE_NODE, 0, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

struct risk_levels {
	int64_t low, medium, high, critical;
};

static const struct hd_key risk_keys[] = {
	{ "low", HERALD_INT, 0, "20", "1..100",
	  offsetof(struct risk_levels, low), NULL },
	{ "medium", HERALD_INT, 0, "40", "1..100",
	  offsetof(struct risk_levels, medium), NULL },
	{ "high", HERALD_INT, 0, "60", "1..100",
	  offsetof(struct risk_levels, high), NULL },
	{ "critical", HERALD_INT, 0, "80", "1..100",
	  offsetof(struct risk_levels, critical), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_node *section(const struct hd_reader *reader,
				     const char *name)
{
	return hd_node_get(hd_conf_main(reader->conf), name);
}

static void read_version(struct hd_reader *reader)
{
	const struct hd_node *root = hd_conf_main(reader->conf);
	const struct hd_node *node = section(reader, "version");
	struct hd_value value;

	if (!node) {
		hd_complain(reader->check.complaints, hd_node_place(root),
			    "the configuration says no version");
		hd_complain_remedy(reader->check.complaints,
				   "begin the main file with 'version: 1'");
		return;
	}
	if (hd_value_check(HERALD_INT, NULL, node, &reader->check, &value) < 0)
		return;
	if (value.number == HD_CONF_VERSION)
		return;
	hd_complain(reader->check.complaints, hd_node_place(node),
		    "version %s of the configuration language is not known",
		    value.text);
	hd_complain_remedy(reader->check.complaints,
			   value.number > HD_CONF_VERSION
				   ? "this herald reads version 1: install the "
				     "release that reads %s"
				   : "write 'version: 1', not %s",
			   value.text);
}

/* A member of a role: a user, or group:NAME. */
static void check_role(const struct hd_reader *reader,
		       const struct hd_node *members)
{
	bool list = hd_node_type(members) == HD_NODE_SEQ;
	size_t i, count = list ? hd_node_count(members) : members != NULL;

	for (i = 0; i < count; i++) {
		const struct hd_node *one = list ? hd_node_item(members, i)
						 : members;
		const char *text = hd_node_text(one, NULL);

		if (text && strncmp(text, "group:", 6) == 0)
			text += 6;
		if (text && text[0] != '\0' &&
		    text[strcspn(text, " \t:/")] == '\0')
			continue;
		hd_complain(reader->check.complaints, hd_node_place(one),
			    "'%s' is no unix user or group", text ? text : "");
		hd_complain_remedy(reader->check.complaints,
				   "write a user's name, or 'group:NAME'");
	}
}

static void read_control(struct hd_reader *reader)
{
	struct hd_control_settings *control = &reader->settings->control;
	const struct hd_node *node = section(reader, "control");

	control->given = node != NULL;
	hd_table_check(control_keys, node, "control", &reader->check, control);
	check_role(reader, control->view);
	check_role(reader, control->operate);
	check_role(reader, control->approve);
	check_role(reader, control->admin);
	if (!node || control->admin)
		return;
	hd_complain_warning(reader->check.complaints, hd_node_key_place(node),
			    "nobody but root may reload, drop, export and "
			    "back up");
	hd_complain_remedy(reader->check.complaints,
			   "add 'admin: [root]' if that is meant");
}

static void read_risk_levels(struct hd_reader *reader)
{
	const struct hd_node *node = section(reader, "risk_levels");
	struct risk_levels levels = { 0 };
	int64_t *out = reader->settings->risk_levels;

	if (hd_table_check(risk_keys, node, "risk_levels", &reader->check,
			   &levels) < 0)
		return;
	if (levels.low >= levels.medium || levels.medium >= levels.high ||
	    levels.high >= levels.critical) {
		hd_complain(reader->check.complaints, hd_node_place(node),
			    "risk_levels do not rise: low %lld, medium %lld, "
			    "high %lld, critical %lld",
			    (long long)levels.low, (long long)levels.medium,
			    (long long)levels.high, (long long)levels.critical);
		hd_complain_remedy(reader->check.complaints,
				   "write each above the one before, as in "
				   "{low: 20, medium: 40, high: 60, critical: "
				   "80}");
		return;
	}
	out[1] = levels.low;
	out[2] = levels.medium;
	out[3] = levels.high;
	out[4] = levels.critical;
}

/* The section that decides whether secrets may be literals comes first. */
static void read_herald(struct hd_reader *reader)
{
	struct hd_herald_settings *herald = &reader->settings->herald;

	hd_table_check(main_keys, section(reader, "herald"), "herald",
		       &reader->check, herald);
	reader->check.inline_secrets = herald->inline_secrets;
}

static void refuse_times(struct hd_reader *reader)
{
	const struct hd_node *first = hd_conf_entry(reader->conf, HD_CONF_TIMES,
						    0);

	if (!first)
		return;
	hd_complain(reader->check.complaints,
		    hd_node_key_place(hd_node_parent(first)),
		    "times comes in a later release");
	hd_complain_remedy(reader->check.complaints, "remove it for now");
}

/* What no other pipeline took must go somewhere. */
static void check_default(struct hd_reader *reader)
{
	const struct hd_node *found =
		hd_conf_find(reader->conf, HD_CONF_PIPELINES, "default");
	const struct hd_node *condition = hd_node_get(found, "if");

	if (!found) {
		hd_complain(reader->check.complaints,
			    hd_node_place(hd_conf_main(reader->conf)),
			    "there is no pipeline 'default'");
		hd_complain_remedy(reader->check.complaints,
				   "add '- name: default' with its steps to "
				   "pipelines: it takes what no other took");
	}
	if (!condition)
		return;
	hd_complain(reader->check.complaints, hd_node_key_place(condition),
		    "the pipeline 'default' may not have an 'if'");
	hd_complain_remedy(reader->check.complaints,
			   "remove it: default takes what no other took");
}

struct hd_settings *hd_settings_read(const struct hd_conf *conf,
				     struct hd_complaints *complaints)
{
	struct hd_reader reader = {
		.conf = conf,
		.check = { .complaints = complaints },
		.settings = hd_alloc(sizeof(*reader.settings)),
	};

	read_version(&reader);
	read_herald(&reader);
	read_control(&reader);
	read_risk_levels(&reader);
	hd_table_check(safety_keys, section(&reader, "safety"), "safety",
		       &reader.check, NULL);
	refuse_times(&reader);
	check_default(&reader);
	hd_settings_read_named(&reader);
	return reader.settings;
}

void hd_settings_free(struct hd_settings *settings)
{
	if (!settings)
		return;
	free(settings->listen);
	free(settings->lists);
	free(settings->connectors);
	free(settings->alarms);
	free(settings);
}

const struct hd_connector_settings *
hd_settings_connector(const struct hd_settings *settings, const char *name)
{
	size_t i;

	for (i = 0; i < settings->connectors_count; i++) {
		if (strcmp(settings->connectors[i].name, name) == 0)
			return &settings->connectors[i];
	}
	return NULL;
}

const struct hd_listen_settings *
hd_settings_listen(const struct hd_settings *settings, const char *name)
{
	size_t i;

	for (i = 0; i < settings->listen_count; i++) {
		if (strcmp(settings->listen[i].name, name) == 0)
			return &settings->listen[i];
	}
	return NULL;
}

const char *hd_mode_name(enum hd_mode mode)
{
	static const char *const names[] = { "dry_run", "notify", "live" };

	return names[mode];
}

int hd_settings_risk_level(const struct hd_settings *settings, int64_t score)
{
	int level = HD_RISK_LEVELS - 1;

	while (level > 0 && score < settings->risk_levels[level])
		level--;
	return level;
}
