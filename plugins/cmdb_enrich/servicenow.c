/* Assets of ServiceNow, by its Table API: one GET a value. */
#include "cmdb_enrich/cmdb.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmdb_enrich/address.h"
#include "cmdb_enrich/encoded.h"
#include "cmdb_enrich/exchange.h"
#include "cmdb_enrich/key.h"
#include "cmdb_enrich/row.h"
#include "common/reply.h"
#include "common/text.h"

#define TEXT_MAX 8192
#define VALUE_MAX 1024	 /* bytes of a field that are kept */
#define RESET_MAX_S 3600 /* its limits are for an hour */
#define ID_DIGITS 32
#define ROWS_MAX 2

static const char *table_of(const struct cmdb *c)
{
	const char *table = c->h->option(c->h, "table", 0).p;

	return table ? table : "cmdb_ci_computer";
}

/* ---- the question ---- */

static void list_fields(struct hp_text *out, const struct cmdb *c)
{
	for (size_t i = 0; i < c->mapping.field_count; i++)
		hp_text_addf(out, "%s%s", i > 0 ? "," : "",
			     c->mapping.fields[i].path);
}

static void get(struct cmdb *c, herald_id req, const char *query,
		const char *limit, herald_http_fn fn, const void *ud)
{
	const char *const path[] = { "api", "now", "table", table_of(c), NULL };
	struct hp_text fields;

	hp_text_init(&fields, TEXT_MAX);
	list_fields(&fields, c);
	cmdb_get(c, req, c->h->option(c->h, "url", 0).p, path,
		 (const char *const[]){
			 "sysparm_query", query, "sysparm_fields",
			 hp_text_str(&fields).p, "sysparm_limit", limit,
			 "sysparm_display_value", "all",
			 "sysparm_exclude_reference_link", "true", NULL },
		 fn, ud);
	hp_text_fini(&fields);
}

/* ---- the answer ---- */

/* Seconds since 1970. */
static int64_t reset_ms(const struct cmdb *c, const herald_reply *reply)
{
	const char *text = herald_pair(reply->headers, "x-ratelimit-reset");
	int64_t ms = 0;

	if (reply->retry_after_ms > 0 || !text)
		return reply->retry_after_ms;
	if (hp_str_is_digits(herald_cstr(text)) && strlen(text) <= 11)
		ms = strtoll(text, NULL, 10) * 1000 - c->h->utc_ms(c->h);
	if (ms < 0)
		return 0;
	return ms < RESET_MAX_S * 1000 ? ms : RESET_MAX_S * 1000;
}

/* Also with 200: a question that took too long ends in the middle. */
static void judge_failure(struct hp_answer *a)
{
	herald_str words = hp_json_text(&a->body, "/error/message", "");
	bool passing = hp_str_begins(words, "Transaction cancelled");

	hp_answer_spoil(a, passing ? HERALD_RETRY : HERALD_BAD_REPLY,
			"the answer is a failure: ");
	hp_text_add(&a->why, words);
}

static bool is_failure(struct hp_answer *a)
{
	return hp_json_type(&a->body, "/error", "") == HERALD_JSON_OBJECT ||
	       hp_str_is(hp_json_text(&a->body, "/status", ""), "failure");
}

static void judge(struct hp_answer *a, const struct cmdb *c,
		  const herald_reply *reply)
{
	const char *words = hp_json_cstr(&a->body, "/error/message", "");

	if (a->status == HERALD_OK && is_failure(a))
		judge_failure(a);
	else if (a->status == HERALD_OK &&
		 hp_json_type(&a->body, "/result", "") != HERALD_JSON_ARRAY)
		hp_answer_spoil(a, HERALD_BAD_REPLY,
				"the answer has no list of results");
	else if (a->status == HERALD_NOT_FOUND) /* a list is never that */
		hp_answer_spoil(a, HERALD_BAD_REPLY, "; is this a ServiceNow?");
	else if (a->status == HERALD_QUOTA)
		a->retry_after_ms = reset_ms(c, reply);
	else if (reply->code == 400 &&
		 hp_str_begins(herald_cstr(words), "Invalid table"))
		a->status = HERALD_BAD_CONFIG;
}

/* How many fit, also those that are not shown. */
static int64_t count_all(struct hp_json *body, const herald_reply *reply)
{
	const char *text = herald_pair(reply->headers, "x-total-count");
	int64_t shown = (int64_t)hp_json_size(body, "/result", "");
	int64_t all = 0;

	if (text && hp_str_is_digits(herald_cstr(text)) && strlen(text) < 10)
		all = strtol(text, NULL, 10);
	return all > shown ? all : shown;
}

/* {"display_value": "Alice Example", "value": "1111..."}, or plain text. */
static char *value_of(struct hp_json *body, const char *at, const char *path)
{
	char where[HP_PATH_MAX];
	herald_str text;

	if (!herald_pointer(where, sizeof(where), at, herald_cstr(path)))
		return NULL;
	text = hp_json_text(body, where, "");
	if (!text.p)
		text = hp_json_text(body, where, "/display_value");
	if (text.n == 0)
		text = hp_json_text(body, where, "/value");
	text = hp_str_head(hp_str_trim(text), VALUE_MAX);
	return text.n > 0 ? hp_str_dup(text) : NULL;
}

static bool is_asked(const struct cmdb_row *row, const struct cmdb *c,
		     const herald_lookup *asked)
{
	struct cmdb_network want, is;
	struct cmdb_key want_mac, is_mac;

	switch ((enum cmdb_kind)asked->key) {
	case CMDB_BY_HOST:
		return cmdb_row_is_called(row, asked->value, c->own);
	case CMDB_BY_IP:
		return cmdb_network_parse(asked->value, &want) &&
		       cmdb_network_parse(row->facts.of[CMDB_IP], &is) &&
		       memcmp(&want, &is, sizeof(is)) == 0;
	case CMDB_BY_MAC:
		return cmdb_key_mac(asked->value, &want_mac) &&
		       cmdb_key_mac(row->facts.of[CMDB_MAC], &is_mac) &&
		       memcmp(want_mac.text, is_mac.text, is_mac.n) == 0;
	case CMDB_KINDS:
		break;
	}
	return false;
}

static bool is_id(herald_str text)
{
	return text.n == ID_DIGITS &&
	       strspn(text.p, "0123456789abcdef") == ID_DIGITS;
}

static void answer_row(const struct cmdb_row *row, const struct cmdb *c,
		       herald_id req)
{
	herald_str id = row->facts.of[CMDB_ID];
	struct hp_text link;

	hp_text_init(&link, TEXT_MAX);
	if (is_id(id) && cmdb_encoded_may_hold(herald_cstr(table_of(c)))) {
		cmdb_url_add(&link, c);
		hp_text_addf(&link, "/%s.do?sys_id=%s", table_of(c), id.p);
	}
	cmdb_row_answer(row, c, req, hp_text_str(&link).p);
	hp_text_fini(&link);
}

static void refuse_stranger(const struct cmdb *c, const herald_lookup *asked)
{
	static const char *const words[] = { "hostname", "ip", "mac" };
	const char *field = cmdb_mapping_path(&c->mapping, words[asked->key]);
	struct hp_text why;

	hp_text_init(&why, HP_WHY_MAX);
	hp_text_addf(&why,
		     "it answers with an asset that was not asked for: has %s "
		     "the field %s, and may it be read?",
		     table_of(c), field ? field : "fqdn");
	herald_fail(c->h, asked->req, HERALD_BAD_REPLY, hp_text_str(&why));
	hp_text_fini(&why);
}

static void answer_rows(struct hp_json *body, const struct cmdb *c,
			const herald_lookup *asked, int64_t all)
{
	size_t n = hp_json_size(body, "/result", "");
	struct cmdb_row rows[ROWS_MAX];
	bool sound = true;
	struct hp_path at;

	n = n < ROWS_MAX ? n : ROWS_MAX;
	for (size_t i = 0; i < n; i++) {
		cmdb_row_read(&rows[i], &c->mapping, body,
			      hp_path(&at, "/result/%zu", i), value_of);
		sound = sound && is_asked(&rows[i], c, asked);
	}
	if (!sound)
		refuse_stranger(c, asked);
	else if (all > 1)
		cmdb_row_refuse(rows, n, c, asked, all);
	else
		answer_row(&rows[0], c, asked->req);
	for (size_t i = 0; i < n; i++)
		cmdb_row_fini(&rows[i]);
}

static void on_rows(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	const herald_lookup *asked = ud;
	struct cmdb *c = self;
	struct hp_answer a;
	int64_t all;

	hp_answer_open(&a, c->h, reply);
	judge(&a, c, reply);
	all = count_all(&a.body, reply);
	if (a.status == HERALD_OK && all > 0 &&
	    hp_json_size(&a.body, "/result", "") == 0)
		hp_answer_spoil(&a, HERALD_FORBIDDEN,
				"it knows such assets and shows none: the "
				"user may not read them");
	if (a.status != HERALD_OK)
		hp_answer_end(&a, c->h, req);
	else if (all == 0)
		herald_done(c->h, req, HERALD_NOT_FOUND,
			    (herald_str){ NULL, 0 });
	else
		answer_rows(&a.body, c, asked, all);
	hp_answer_close(&a);
}

/* What is put into a query is a name or an address, and nothing else. */
static bool is_sound(const herald_lookup *asked)
{
	struct cmdb_network network;
	struct cmdb_key key;

	switch ((enum cmdb_kind)asked->key) {
	case CMDB_BY_HOST:
		return cmdb_encoded_may_hold(asked->value);
	case CMDB_BY_IP:
		return cmdb_network_parse(asked->value, &network);
	case CMDB_BY_MAC:
		return cmdb_key_mac(asked->value, &key);
	case CMDB_KINDS:
		break;
	}
	return false;
}

static void lookup(struct cmdb *c, const herald_lookup *asked)
{
	struct hp_text text;
	bool can;

	if (!is_sound(asked)) {
		herald_fail(c->h, asked->req, HERALD_BAD_INPUT,
			    HERALD_S("it has characters that no name of a host "
				     "has, and that mean something in a "
				     "query"));
		return;
	}
	hp_text_init(&text, TEXT_MAX);
	can = cmdb_encoded_make(&text, c, asked);
	if (!can)
		herald_fail(c->h, asked->req, HERALD_UNSUPPORTED,
			    HERALD_S("`fields` says of no field that it could "
				     "be asked for this"));
	else if (text.cut)
		herald_fail(c->h, asked->req, HERALD_BAD_INPUT,
			    HERALD_S("the question is too long"));
	else
		get(c, asked->req, hp_text_str(&text).p, "2", on_rows, asked);
	hp_text_fini(&text);
}

/* ---- is it there? ---- */

/* Which fields an asset does not have: ServiceNow passes over unknown ones. */
static void list_unknown(struct hp_text *out, struct hp_json *body,
			 const struct cmdb *c)
{
	char where[HP_PATH_MAX];
	const char *before = "; the first of them has no ";

	for (size_t i = 0; i < c->mapping.field_count; i++) {
		const char *path = c->mapping.fields[i].path;

		if (!herald_pointer(where, sizeof(where), "/result/0",
				    herald_cstr(path)) ||
		    hp_json_type(body, where, "") != HERALD_JSON_NONE)
			continue;
		hp_text_addf(out, "%s%s", before, path);
		before = ", ";
	}
}

static void on_probe(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct cmdb *c = self;
	struct hp_answer a;
	int64_t all;

	(void)ud;
	hp_answer_open(&a, c->h, reply);
	judge(&a, c, reply);
	all = count_all(&a.body, reply);
	if (a.status == HERALD_OK) {
		hp_text_addf(&a.why, "%s has %" PRId64 " assets", table_of(c),
			     all);
		if (hp_json_size(&a.body, "/result", "") > 0)
			list_unknown(&a.why, &a.body, c);
	}
	hp_answer_end(&a, c->h, req);
	hp_answer_close(&a);
}

static void probe(struct cmdb *c, herald_id req)
{
	struct hp_text text;

	hp_text_init(&text, TEXT_MAX);
	cmdb_encoded_filter(&text, c);
	get(c, req, hp_text_str(&text).p, "1", on_probe, NULL);
	hp_text_fini(&text);
}

/* A list that was cut would name a field that is none. */
static bool init(struct cmdb *c)
{
	struct hp_text list;
	bool fits;

	hp_text_init(&list, TEXT_MAX);
	list_fields(&list, c);
	fits = !list.cut;
	hp_text_fini(&list);
	if (!fits)
		c->h->reject(c->h, "fields",
			     HERALD_S("they are longer than 8192 bytes"));
	return fits;
}

static const struct cmdb_field fields[] = {
	{ "hostname", "name" },
	{ "fqdn", "fqdn" },
	{ "ip", "ip_address" },
	{ "mac", "mac_address" },
	{ "id", "sys_id" },
	{ "type", "sys_class_name" },
	{ "owner", "assigned_to.user_name" },
	{ "owner_name", "assigned_to" },
	{ "owner_mail", "assigned_to.email" },
	{ "department", "department" },
	{ "os", "os" },
	{ "status", "operational_status" },
	{ "serial", "serial_number" },
	{ "asset_tag", "asset_tag" },
	{ "updated", "sys_updated_on" },
	{ NULL, NULL },
};
static const char *const not_for_it[] = { "file", NULL };

const struct cmdb_source cmdb_servicenow = {
	.size = sizeof(struct cmdb),
	.needs = "url",
	.ignores = not_for_it,
	.fields = fields,
	.init = init,
	.lookup = lookup,
	.probe = probe,
};
