#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/settings_impl.h"
#include "core/conf/table.h"

struct tls {
	const char *cert;
	struct hd_secret_ref key;
};

static const struct hd_key tls_keys[] = {
	{ "cert", HERALD_PATH, HERALD_REQUIRED, NULL, NULL,
	  offsetof(struct tls, cert), NULL },
	{ "key", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET, NULL, NULL,
	  offsetof(struct tls, key), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

struct listen {
	const char *address;
	struct tls tls;
	struct hd_listen_limits limits;
};

static const struct hd_key listen_limits_keys[] = {
	{ "connections", HERALD_INT, 0, "1000", "1..100000",
	  offsetof(struct hd_listen_limits, connections), NULL },
	{ "per_address", HERALD_INT, 0, "100", "1..100000",
	  offsetof(struct hd_listen_limits, per_address), NULL },
	{ "headers", HERALD_DURATION, 0, "10s", "100ms..10m",
	  offsetof(struct hd_listen_limits, header_ms), NULL },
	{ "body", HERALD_DURATION, 0, "60s", "100ms..10m",
	  offsetof(struct hd_listen_limits, body_ms), NULL },
	{ "idle", HERALD_DURATION, 0, "60s", "100ms..1h",
	  offsetof(struct hd_listen_limits, idle_ms), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key listen_keys[] = {
	{ "address", HD_TYPE_ADDRESS, HERALD_REQUIRED, NULL, NULL,
	  offsetof(struct listen, address), NULL },
	{ "tls", HD_TYPE_SUB, 0, NULL, NULL, offsetof(struct listen, tls),
	  tls_keys },
	{ "limits", HD_TYPE_SUB, 0, NULL, NULL, offsetof(struct listen, limits),
	  listen_limits_keys },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key list_keys[] = {
	{ "of", HERALD_ENUM, HERALD_REQUIRED, NULL, "user|host|net|domain|text",
	  offsetof(struct hd_list_settings, kind), NULL },
	{ "file", HERALD_PATH, 0, NULL, NULL, HD_KEY_NOWHERE, NULL },
	{ "values", HERALD_STRING, HERALD_LIST, NULL, NULL, HD_KEY_NOWHERE,
	  NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static const struct hd_key alarm_keys[] = {
	{ "do", HERALD_STRING, HERALD_REQUIRED, NULL, NULL,
	  offsetof(struct hd_alarm_settings, action), NULL },
	{ "with", HD_TYPE_NODE, 0, NULL, NULL,
	  offsetof(struct hd_alarm_settings, with), NULL },
	{ NULL, 0, 0, NULL, NULL, 0, NULL },
};

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 ||
	       strncmp(address, "[::1]:", 6) == 0;
}

/* Tokens in the clear on a network are worth a word. */
static void warn_plain(struct hd_reader *reader,
		       const struct hd_listen_settings *listen)
{
	if (listen->tls || is_loopback(listen->address))
		return;
	hd_complain_warning(reader->check.complaints,
			    hd_node_place(hd_node_get(listen->node, "address")),
			    "the listener '%s' takes alerts and secrets from "
			    "the network without TLS",
			    listen->name);
	hd_complain_remedy(reader->check.complaints,
			   "add 'tls: {cert: PATH, key: {file: PATH}}', or "
			   "listen on 127.0.0.1 behind a proxy");
}

static void read_listener(struct hd_reader *reader, const struct hd_node *node)
{
	struct hd_settings *settings = reader->settings;
	struct hd_listen_settings *out =
		&settings->listen[settings->listen_count];
	char *where = hd_node_path(node);
	struct listen listen = { 0 };

	if (!hd_value_is_name(hd_node_name(node), strlen(hd_node_name(node)))) {
		hd_complain(reader->check.complaints, hd_node_key_place(node),
			    "'%s' is no name", hd_node_name(node));
		hd_complain_remedy(reader->check.complaints,
				   "names are made of a-z, 0-9 and _, and "
				   "begin with a letter");
	}
	if (hd_table_check(listen_keys, node, where, &reader->check, &listen) ==
	    0) {
		out->name = hd_node_name(node);
		out->address = listen.address;
		out->limits = listen.limits;
		out->tls = hd_node_get(node, "tls") != NULL;
		out->cert = listen.tls.cert;
		out->key = listen.tls.key;
		out->node = node;
		settings->listen_count++;
		warn_plain(reader, out);
	}
	free(where);
}

static void read_listeners(struct hd_reader *reader)
{
	const struct hd_node *node = hd_node_get(hd_conf_main(reader->conf),
						 "listen");
	size_t i, count = hd_node_count(node);

	if (!node)
		return;
	if (hd_node_type(node) != HD_NODE_MAP) {
		hd_complain(reader->check.complaints, hd_node_place(node),
			    "listen is a mapping, not %s", hd_node_kind(node));
		hd_complain_remedy(reader->check.complaints,
				   "write 'NAME: {address: ...}' below it");
		return;
	}
	reader->settings->listen =
		hd_alloc_array(count, sizeof(*reader->settings->listen));
	for (i = 0; i < count; i++)
		read_listener(reader, hd_node_item(node, i));
}

static void read_list(struct hd_reader *reader, const struct hd_node *node)
{
	struct hd_settings *settings = reader->settings;
	struct hd_list_settings list = { .name = hd_node_name(node),
					 .node = node };
	char *where = hd_node_path(node);
	bool file = hd_node_get(node, "file") != NULL;
	bool values = hd_node_get(node, "values") != NULL;

	if (hd_table_check(list_keys, node, where, &reader->check, &list) < 0) {
		free(where);
		return;
	}
	if (file == values) {
		hd_complain(reader->check.complaints, hd_node_key_place(node),
			    file ? "%s has both 'file' and 'values'"
				 : "%s has neither 'file' nor 'values'",
			    where);
		hd_complain_remedy(reader->check.complaints,
				   "write one of them: {file: PATH, of: KIND} "
				   "or {values: [...], of: KIND}");
	} else {
		settings->lists[settings->lists_count++] = list;
	}
	free(where);
}

static void read_lists(struct hd_reader *reader)
{
	size_t count = hd_conf_count(reader->conf, HD_CONF_LISTS), i;

	reader->settings->lists =
		hd_alloc_array(count + 1, sizeof(*reader->settings->lists));
	for (i = 0; i < count; i++)
		read_list(reader,
			  hd_conf_entry(reader->conf, HD_CONF_LISTS, i));
}

static void read_connector(struct hd_reader *reader, const struct hd_node *node)
{
	struct hd_settings *settings = reader->settings;
	const struct hd_node *plugin = hd_node_get(node, "plugin");
	struct hd_complaints *complaints = reader->check.complaints;
	struct hd_value value;

	if (hd_node_type(node) != HD_NODE_MAP || !plugin) {
		hd_complain(complaints, hd_node_key_place(node),
			    "the connector '%s' names no plugin",
			    hd_node_name(node));
		hd_complain_remedy(complaints,
				   "write '%s: {plugin: NAME, ...}'; "
				   "'heraldctl plugins' lists them",
				   hd_node_name(node));
		return;
	}
	if (hd_value_check(HD_TYPE_NAME, NULL, plugin, &reader->check, &value) <
	    0)
		return;
	settings->connectors[settings->connectors_count++] =
		(struct hd_connector_settings){
			.name = hd_node_name(node),
			.plugin = value.text,
			.node = node,
		};
}

static void read_connectors(struct hd_reader *reader)
{
	size_t count = hd_conf_count(reader->conf, HD_CONF_CONNECTORS), i;

	reader->settings->connectors = hd_alloc_array(
		count + 1, sizeof(*reader->settings->connectors));
	for (i = 0; i < count; i++)
		read_connector(reader, hd_conf_entry(reader->conf,
						     HD_CONF_CONNECTORS, i));
}

/* CONNECTOR.ACTION, and the connector exists.  Whether it has the action is
 * known to the layer that loads plugins. */
static int check_action(struct hd_reader *reader, const struct hd_node *node)
{
	size_t n;
	const char *text = hd_node_text(node, &n), *dot = strchr(text, '.');
	size_t name_n = dot ? (size_t)(dot - text) : 0;
	struct hd_complaints *complaints = reader->check.complaints;
	const char *like;
	char *name;

	if (!dot || !hd_value_is_name(text, name_n) ||
	    !hd_value_is_name(dot + 1, n - name_n - 1)) {
		hd_complain(complaints, hd_node_place(node),
			    "'%s' names no action", text);
		return hd_complain_remedy(complaints,
					  "write CONNECTOR.ACTION, as in "
					  "mail.send");
	}
	name = hd_memdup0(text, name_n);
	if (hd_conf_find(reader->conf, HD_CONF_CONNECTORS, name)) {
		free(name);
		return 0;
	}
	like = hd_conf_like(reader->conf, HD_CONF_CONNECTORS, name);
	if (like)
		hd_complain(complaints, hd_node_place(node),
			    "there is no connector '%s'; did you mean '%s'?",
			    name, like);
	else
		hd_complain(complaints, hd_node_place(node),
			    "there is no connector '%s'", name);
	hd_complain_remedy(complaints,
			   "name one of the section connectors, or add it "
			   "there");
	free(name);
	return -1;
}

static void read_alarm(struct hd_reader *reader, const struct hd_node *node)
{
	struct hd_settings *settings = reader->settings;
	struct hd_alarm_settings alarm = { .node = node };
	char *where = hd_node_path(node);

	if (hd_table_check(alarm_keys, node, where, &reader->check, &alarm) ==
		    0 &&
	    check_action(reader, hd_node_get(node, "do")) == 0)
		settings->alarms[settings->alarms_count++] = alarm;
	free(where);
}

static void read_alarms(struct hd_reader *reader)
{
	const struct hd_node *node = hd_node_get(hd_conf_main(reader->conf),
						 "alarms");
	size_t i, count = hd_node_count(node);

	if (!node)
		return;
	if (hd_node_type(node) != HD_NODE_SEQ) {
		hd_complain(reader->check.complaints, hd_node_place(node),
			    "alarms is a list, not %s", hd_node_kind(node));
		hd_complain_remedy(reader->check.complaints,
				   "write '- do: CONNECTOR.ACTION' below it");
		return;
	}
	reader->settings->alarms =
		hd_alloc_array(count, sizeof(*reader->settings->alarms));
	for (i = 0; i < count; i++)
		read_alarm(reader, hd_node_item(node, i));
}

void hd_settings_read_named(struct hd_reader *reader)
{
	read_listeners(reader);
	read_lists(reader);
	read_connectors(reader);
	read_alarms(reader);
}
