/* Assets of NetBox, by its REST API.
 *
 * A device and a virtual machine are different things that share a space of
 * names: a name is asked of both.  An address, and a hardware address, is that
 * of an interface, which names its owner; the owner is then asked for by its
 * number.  One question after the other, until all that may have the answer are
 * asked.
 */
#include "cmdb_enrich/cmdb.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmdb_enrich/exchange.h"
#include "cmdb_enrich/key.h"
#include "cmdb_enrich/page.h"
#include "cmdb_enrich/row.h"
#include "common/reply.h"
#include "common/text.h"

#define ROWS_MAX 2
#define URL_MAX 8192
#define OWNERS_LIMIT "10" /* a bond is several interfaces of one device */

enum thing { DEVICE, MACHINE };

/* By index of enum thing; the address for people is URL/PLACE/NUMBER/. */
static const char *const places[] = { "dcim/devices",
				      "virtualization/virtual-machines" };

/* ---- the questions ---- */

struct step {
	const char *place, *filter;
	const char *owner; /* where a row names it; NULL: it is one */
	enum thing thing;
};

/* Names as they are, then in their other spelling: of a full name its first
 * part, of a short one what begins with it and a dot. */
static const struct step by_name[] = {
	{ "dcim/devices", "name__ie", NULL, DEVICE },
	{ "virtualization/virtual-machines", "name__ie", NULL, MACHINE },
	{ NULL, NULL, NULL, DEVICE },
};
static const struct step by_start[] = {
	{ "dcim/devices", "name__isw", NULL, DEVICE },
	{ "virtualization/virtual-machines", "name__isw", NULL, MACHINE },
	{ NULL, NULL, NULL, DEVICE },
};
static const struct step by_ip[] = {
	{ "ipam/ip-addresses", "address", "/assigned_object", DEVICE },
	{ NULL, NULL, NULL, DEVICE },
};
static const struct step by_mac[] = {
	{ "dcim/interfaces", "mac_address", "", DEVICE },
	{ "virtualization/interfaces", "mac_address", "", MACHINE },
	{ NULL, NULL, NULL, DEVICE },
};

struct owner {
	enum thing thing;
	int64_t number; /* 0: none yet */
};

struct search {
	struct cmdb *c;
	const herald_lookup *asked;
	const struct step *step;
	char *value; /* what it is asked */
	bool again;  /* in the other spelling */
	struct cmdb_row rows[ROWS_MAX];
	enum thing things[ROWS_MAX];
	size_t row_count;
	int64_t count; /* that fit, also those that were not shown */
	struct owner owner;
};

static void free_search(struct search *s)
{
	for (size_t i = 0; i < s->row_count; i++)
		cmdb_row_fini(&s->rows[i]);
	free(s->value);
	free(s);
}

static void end_with(struct search *s, uint32_t status, const char *why)
{
	herald_fail(s->c->h, s->asked->req, status, herald_cstr(why));
	free_search(s);
}

static void end_answer(struct search *s, const struct hp_answer *a)
{
	hp_answer_end(a, s->c->h, s->asked->req);
	free_search(s);
}

/* A last '/' matters to it: an address without is redirected. */
static void get(struct cmdb *c, herald_id req, const char *place,
		const char *const *query, herald_http_fn fn, const void *ud)
{
	struct hp_text url;

	hp_text_init(&url, URL_MAX);
	cmdb_url_add(&url, c);
	hp_text_addf(&url, "/api/%s/", place);
	cmdb_get(c, req, hp_text_str(&url).p, NULL, query, fn, ud);
	hp_text_fini(&url);
}

static void on_page(void *self, herald_id req, void *ud,
		    const herald_reply *reply);

static void ask(struct search *s)
{
	const bool is_owned = s->step->owner;
	const char *const query[] = {
		s->step->filter,
		s->value,
		"limit",
		is_owned ? OWNERS_LIMIT : "2",
		is_owned ? NULL : "exclude",
		"config_context",
		NULL,
	};

	get(s->c, s->asked->req, s->step->place, query, on_page, s);
}

/* ---- the end ---- */

/* A machine that does not say of what kind it is. */
static void complete(struct cmdb_row *row, enum thing thing)
{
	if (thing == MACHINE && row->facts.of[CMDB_TYPE].n == 0)
		row->facts.of[CMDB_TYPE] = HERALD_S("virtual");
}

static void answer(struct search *s, struct cmdb_row *row, enum thing thing)
{
	herald_str id = row->facts.of[CMDB_ID];
	struct hp_text link;

	hp_text_init(&link, URL_MAX);
	if (hp_str_is_digits(id)) {
		cmdb_url_add(&link, s->c);
		hp_text_addf(&link, "/%s/%s/", places[thing], id.p);
	}
	complete(row, thing);
	cmdb_row_answer(row, s->c, s->asked->req, hp_text_str(&link).p);
	hp_text_fini(&link);
	free_search(s);
}

static void end_search(struct search *s)
{
	if (s->count == 0) {
		herald_done(s->c->h, s->asked->req, HERALD_NOT_FOUND,
			    (herald_str){ NULL, 0 });
		free_search(s);
	} else if (s->count > 1 || s->row_count == 0) {
		cmdb_row_refuse(s->rows, s->row_count, s->c, s->asked,
				s->count);
		free_search(s);
	} else {
		answer(s, &s->rows[0], s->things[0]);
	}
}

/* ---- rows ---- */

/* "192.0.2.42/24" */
static void cut_prefix(struct cmdb_row *row)
{
	herald_str ip = row->facts.of[CMDB_IP];

	for (size_t i = 0; i < row->count; i++) {
		if (row->told[i].value == ip.p)
			row->told[i].value[strcspn(ip.p, "/")] = '\0';
	}
	row->facts.of[CMDB_IP] = herald_cstr(ip.p);
}

static void read_row(struct cmdb_row *row, const struct cmdb *c,
		     struct hp_json *body, const char *at)
{
	cmdb_row_read(row, &c->mapping, body, at, cmdb_page_value);
	cut_prefix(row);
}

/* NetBox passes over filters that it does not know. */
static bool passes(const struct search *s, const struct cmdb_row *row)
{
	herald_str name = row->facts.of[CMDB_HOSTNAME];

	if (strcmp(s->step->filter, "name__isw") == 0)
		return hp_str_begins(name, s->value);
	return hp_str_same(name, herald_cstr(s->value));
}

/* False: it was not asked for. */
static bool take_row(struct search *s, struct hp_json *body, const char *at)
{
	struct cmdb_row row;

	read_row(&row, s->c, body, at);
	if (!passes(s, &row)) {
		cmdb_row_fini(&row);
		return false;
	}
	if (!cmdb_row_is_called(&row, s->asked->value, s->c->own)) {
		cmdb_row_fini(&row);
		return true;
	}
	s->count++;
	if (s->row_count == ROWS_MAX) {
		cmdb_row_fini(&row);
		return true;
	}
	s->things[s->row_count] = s->step->thing;
	s->rows[s->row_count++] = row;
	return true;
}

static void note_owner(struct search *s, enum thing thing, int64_t number)
{
	if (number <= 0 ||
	    (s->owner.number == number && s->owner.thing == thing))
		return;
	s->owner = (struct owner){ thing, number };
	s->count++;
}

/* False: it was not asked for. */
static bool take_owner(struct search *s, struct hp_json *body, const char *at)
{
	bool is_ip = s->asked->key == CMDB_BY_IP;
	struct hp_path owner;

	if (is_ip ? !cmdb_page_is_of_ip(body, at, s->asked->value)
		  : !cmdb_page_is_of_mac(body, at, s->asked->value))
		return false;
	hp_path(&owner, "%s%s", at, s->step->owner);
	note_owner(s, DEVICE, hp_json_int(body, owner.text, "/device/id", 0));
	note_owner(s, MACHINE,
		   hp_json_int(body, owner.text, "/virtual_machine/id", 0));
	return true;
}

/* ---- answers ---- */

/* A wrong token is 403 as well; what is no JSON is of somebody else. */
static void judge(struct hp_answer *a)
{
	herald_str words = hp_json_text(&a->body, "/detail", "");

	if (a->status == HERALD_FORBIDDEN && words.n > 0 &&
	    !hp_str_begins(words, "You do not have permission"))
		a->status = HERALD_AUTH;
}

static void judge_page(struct hp_answer *a)
{
	judge(a);
	if (a->status == HERALD_NOT_FOUND)
		hp_answer_spoil(a, HERALD_BAD_REPLY, "; is this a NetBox?");
	else if (a->status == HERALD_OK && cmdb_page_count(&a->body) < 0)
		hp_answer_spoil(a, HERALD_BAD_REPLY,
				"the answer has no list of results");
}

static void on_owner(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct search *s = ud;
	struct hp_answer a;

	(void)self;
	(void)req;
	hp_answer_open(&a, s->c->h, reply);
	judge(&a);
	if (a.status == HERALD_NOT_FOUND)
		hp_answer_spoil(&a, HERALD_FORBIDDEN,
				"; it names this owner, and does not show it: "
				"may the token read it?");
	if (a.status == HERALD_OK &&
	    hp_json_int(&a.body, "/id", "", 0) != s->owner.number)
		hp_answer_spoil(&a, HERALD_BAD_REPLY,
				"the answer is another one than was asked "
				"for");
	if (a.status != HERALD_OK) {
		end_answer(s, &a);
	} else {
		read_row(&s->rows[0], s->c, &a.body, "");
		s->row_count = 1;
		answer(s, &s->rows[0], s->owner.thing);
	}
	hp_answer_close(&a);
}

static void ask_owner(struct search *s)
{
	static const char *const query[] = { "exclude", "config_context",
					     NULL };
	struct hp_path place;

	get(s->c, s->asked->req,
	    hp_path(&place, "%s/%" PRId64, places[s->owner.thing],
		    s->owner.number),
	    query, on_owner, s);
}

/* The other spelling; false if it was the last. */
static bool spell_again(struct search *s)
{
	herald_str name = s->asked->value;
	const char *dot = memchr(name.p, '.', name.n);
	struct hp_text text;

	if (s->again || s->asked->key != CMDB_BY_HOST)
		return false;
	s->again = true;
	s->step = dot ? by_name : by_start;
	hp_text_init(&text, name.n + 2);
	if (dot)
		name.n = (size_t)(dot - name.p);
	hp_text_add(&text, name);
	if (!dot)
		hp_text_add(&text, HERALD_S("."));
	free(s->value);
	s->value = text.p;
	return s->value && !text.cut && name.n > 0;
}

static void go_on(struct search *s)
{
	s->step++;
	if (s->step->place)
		ask(s);
	else if (s->count == 0 && spell_again(s))
		ask(s);
	else if (s->asked->key == CMDB_BY_HOST || s->count != 1)
		end_search(s);
	else
		ask_owner(s);
}

static bool take_page(struct search *s, struct hp_json *body)
{
	size_t shown = hp_json_size(body, "/results", "");
	struct hp_path at;
	bool sound = true;

	for (size_t i = 0; sound && i < shown; i++) {
		hp_path(&at, "/results/%zu", i);
		sound = s->step->owner ? take_owner(s, body, at.text)
				       : take_row(s, body, at.text);
	}
	s->count += cmdb_page_count(body) - (int64_t)shown;
	return sound;
}

static void on_page(void *self, herald_id req, void *ud,
		    const herald_reply *reply)
{
	struct search *s = ud;
	struct hp_answer a;

	(void)self;
	(void)req;
	hp_answer_open(&a, s->c->h, reply);
	judge_page(&a);
	if (a.status != HERALD_OK)
		end_answer(s, &a);
	else if (!take_page(s, &a.body))
		end_with(s, HERALD_BAD_REPLY,
			 "it answers with something that was not asked for: "
			 "does this NetBox know the filter?");
	else
		go_on(s);
	hp_answer_close(&a);
}

static void lookup(struct cmdb *c, const herald_lookup *asked)
{
	static const struct step *const steps[] = { [CMDB_BY_HOST] = by_name,
						    [CMDB_BY_IP] = by_ip,
						    [CMDB_BY_MAC] = by_mac };
	struct search *s = calloc(1, sizeof(*s));

	if (s)
		s->value = hp_str_dup(asked->value);
	if (!s || !s->value) {
		herald_fail(c->h, asked->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
		free(s);
		return;
	}
	s->c = c;
	s->asked = asked;
	s->step = steps[asked->key];
	ask(s);
}

/* ---- is it there? ---- */

static void on_probe(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct cmdb *c = self;
	struct hp_answer a;

	(void)ud;
	hp_answer_open(&a, c->h, reply);
	judge_page(&a);
	if (a.status == HERALD_OK)
		hp_text_addf(&a.why, "it has %" PRId64 " devices",
			     cmdb_page_count(&a.body));
	hp_answer_end(&a, c->h, req);
	hp_answer_close(&a);
}

static void probe(struct cmdb *c, herald_id req)
{
	static const char *const query[] = { "limit", "1", NULL };

	get(c, req, places[DEVICE], query, on_probe, NULL);
}

static const struct cmdb_field fields[] = {
	{ "hostname", "name" },
	{ "fqdn", "primary_ip.dns_name" },
	{ "ip", "primary_ip.address" },
	{ "id", "id" },
	{ "type", "role" },
	{ "department", "tenant" },
	{ "criticality", "custom_fields.criticality" },
	{ "tags", "tags" },
	{ "os", "platform" },
	{ "status", "status" },
	{ "serial", "serial" },
	{ "asset_tag", "asset_tag" },
	{ "site", "site" },
	{ "description", "description" },
	{ "updated", "last_updated" },
	{ NULL, NULL },
};
static const char *const not_for_it[] = { "file", "table", "query", NULL };

const struct cmdb_source cmdb_netbox = {
	.size = sizeof(struct cmdb),
	.needs = "url",
	.ignores = not_for_it,
	.fields = fields,
	.lookup = lookup,
	.probe = probe,
};
