#include "core/conf/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/conf/node_impl.h"
#include "core/conf/quoting.h"
#include "core/conf/rate.h"
#include "core/conf/value_impl.h"

#define SHOWN_MAX 80 /* bytes of a value in a complaint */

struct type {
	uint32_t type;
	const char *name;
	hd_reader_fn read; /* NULL: no single text */
};

static const struct type types[] = {
	{ HERALD_STRING, "a text", hd_read_string },
	{ HERALD_INT, "a whole number", hd_read_int },
	{ HERALD_BOOL, "true or false", hd_read_bool },
	{ HERALD_DURATION, "a duration (500ms, 10s, 5m, 2h, 7d)",
	  hd_read_duration },
	{ HERALD_SIZE, "a size (64KiB)", hd_read_size },
	{ HERALD_ENUM, "a word", hd_read_enum },
	{ HERALD_URL, "a URL", hd_read_url },
	{ HERALD_PATH, "an absolute path", hd_read_path },
	{ HERALD_HOSTPORT, "host:port", hd_read_hostport },
	{ HERALD_EMAIL, "a mail address", hd_read_email },
	{ HERALD_IP, "an IP address", hd_read_ip },
	{ HERALD_USER, "an account name", hd_read_user },
	{ HERALD_HOST, "a host name", hd_read_host },
	{ HERALD_JSON, "any value", NULL },
	{ HERALD_EXPR, "an expression", hd_read_expr },
	{ HERALD_TEMPLATE, "a text with ${...}", hd_read_string },
	{ HD_TYPE_NAME, "a name", hd_read_name },
	{ HD_TYPE_RATE, "a limit (5/1h, [4/1m, 500/1d])", hd_read_rate },
	{ HD_TYPE_PERCENT, "a percentage (20%)", hd_read_percent },
	{ HD_TYPE_DATE, "a date (2026-12-31)", hd_read_date },
	{ HD_TYPE_ZONE, "a time zone (Europe/Berlin)", hd_read_zone },
	{ HD_TYPE_ADDRESS, "an address to listen on (127.0.0.1:9464)",
	  hd_read_address },
	{ HD_TYPE_NODE, "any value", NULL },
	{ HD_TYPE_SUB, "a mapping", NULL },
};

static const struct type *find_type(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type)
			return &types[i];
	}
	return NULL;
}

const char *hd_value_type_name(uint32_t type)
{
	const struct type *found = find_type(type);

	return found ? found->name : "a value of an unknown type";
}

bool hd_reading_fail(struct hd_reading *in, const char *why, const char *remedy)
{
	snprintf(in->why, HD_VALUE_WHY, "%s", why);
	snprintf(in->remedy, HD_VALUE_REMEDY, "%s", remedy);
	return false;
}

int hd_value_parse(uint32_t type, const char *values, const char *text,
		   size_t n, struct hd_value *out, char why[HD_VALUE_WHY],
		   char remedy[HD_VALUE_REMEDY])
{
	const struct type *found = find_type(type);
	struct hd_reading in = { .text = text,
				 .values = values,
				 .n = n,
				 .out = out,
				 .why = why,
				 .remedy = remedy };

	why[0] = remedy[0] = '\0';
	out->text = text;
	out->n = n;
	out->number = 0;
	if (!found) {
		hd_reading_fail(&in, "is of a type that herald does not know",
				"");
		return -1;
	}
	return !found->read || found->read(&in) ? 0 : -1;
}

/* "connectors.vt.timeout: 'x' is no duration" */
/* An address with a user name may hold a password as well. */
static bool may_hold_secret(const char *text)
{
	const char *authority = strstr(text, "://");

	return authority && strchr(authority, '@');
}

static int complain_of(const struct hd_node *node, const struct hd_check *check,
		       const char *why, const char *remedy)
{
	size_t n;
	const char *text = hd_node_text(node, &n);
	char *path = hd_node_path(node);
	bool hide = may_hold_secret(text);
	bool more = n > SHOWN_MAX;

	if (hide)
		text = "...";
	hd_complain(check->complaints, hd_node_place(node), "%s: '%.*s%s' %s",
		    path,
		    (int)(hide	 ? 3
			  : more ? SHOWN_MAX
				 : n),
		    text, more ? "..." : "", why);
	if (hide)
		hd_complain_hide(check->complaints);
	if (remedy[0])
		hd_complain_remedy(check->complaints, "%s", remedy);
	free(path);
	return -1;
}

static int complain_of_kind(const struct hd_node *node, uint32_t type,
			    const struct hd_check *check)
{
	char *path = hd_node_path(node);
	bool empty = hd_node_type(node) == HD_NODE_NULL;

	if (empty)
		hd_complain(check->complaints, hd_node_place(node),
			    "%s has no value", path);
	else
		hd_complain(check->complaints, hd_node_place(node),
			    "%s is %s, not %s", path, hd_value_type_name(type),
			    hd_node_kind(node));
	hd_complain_remedy(check->complaints,
			   empty ? "write %s, or remove the key" : "write %s",
			   hd_value_type_name(type));
	free(path);
	return -1;
}

/* An expression that YAML cut short without a word (quoting.h). */
static int check_cut_short(const struct hd_node *node,
			   const struct hd_check *check)
{
	size_t n;
	const char *text = hd_source_text(node->source, &n);
	struct hd_mangled mangled = { 0 };
	char *line, *path;

	if (node->style != HD_NODE_PLAIN ||
	    !hd_quoting_cut_short(text, n, node->text_offset, node->end_offset,
				  &mangled))
		return 0;
	line = hd_quoting_line(text, n, &mangled);
	path = hd_node_path(node);
	hd_complain(check->complaints, hd_node_place(node),
		    "%s must be quoted: %s", path, mangled.reason);
	hd_complain_remedy(check->complaints, "write: %s", line);
	free(path);
	free(line);
	return -1;
}

int hd_value_check(uint32_t type, const char *values,
		   const struct hd_node *node, const struct hd_check *check,
		   struct hd_value *out)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	const struct type *found = find_type(type);
	struct hd_value ignored;
	struct hd_rates rates;
	size_t n;
	const char *text = hd_node_text(node, &n);

	if (type == HD_TYPE_RATE && hd_node_type(node) == HD_NODE_SEQ)
		return hd_rates_read(node, check, &rates);
	if (found && !found->read)
		return 0;
	if (!text)
		return complain_of_kind(node, type, check);
	if ((type == HERALD_EXPR || type == HERALD_TEMPLATE) &&
	    check_cut_short(node, check) < 0)
		return -1;
	if (hd_value_parse(type, values, text, n, out ? out : &ignored, why,
			   remedy) < 0)
		return complain_of(node, check, why, remedy);
	return 0;
}
