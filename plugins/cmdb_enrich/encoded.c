#include "cmdb_enrich/encoded.h"

#include "cmdb_enrich/key.h"

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

bool cmdb_encoded_may_hold(herald_str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!is_letter_or_digit(c) && !((unsigned char)c & 0x80) &&
		    !(c && strchr(".-_", c)))
			return false;
	}
	return value.n > 0;
}

/* Conditions of which one must hold; `first` until there is one. */
struct query {
	struct hp_text *text;
	const char *join;
};

static void add_condition(struct query *q, const char *field, const char *op,
			  herald_str value, const char *end)
{
	if (!field)
		return;
	hp_text_addf(q->text, "%s%s%s", q->join, field, op);
	hp_text_add(q->text, value);
	hp_text_add(q->text, herald_cstr(end));
	q->join = "^OR";
}

/* What the operator asks of every asset; ^NQ begins a query of its own. */
static void add_filter(struct query *q, const struct cmdb *c)
{
	const char *filter = c->h->option(c->h, "query", 0).p;

	if (filter && q->text->n > 0)
		hp_text_addf(q->text, "^%s", filter);
	else if (filter)
		hp_text_add(q->text, herald_cstr(filter));
}

static void ask_for_host(struct query *q, const struct cmdb *c, herald_str name)
{
	const char *host = cmdb_mapping_path(&c->mapping, "hostname");
	const char *fqdn = cmdb_mapping_path(&c->mapping, "fqdn");
	const char *dot = memchr(name.p, '.', name.n);

	add_condition(q, host, "=", name, "");
	if (dot) {
		add_condition(q, fqdn, "=", name, "");
	} else {
		add_condition(q, fqdn, "STARTSWITH", name, ".");
		add_condition(q, host, "STARTSWITH", name, ".");
	}
	add_filter(q, c);
	if (!dot || !host || !cmdb_name_is_own(name, c->own))
		return;
	q->join = "^NQ";
	add_condition(q, host, "=",
		      (herald_str){ name.p, (size_t)(dot - name.p) }, "");
	if (fqdn)
		hp_text_addf(q->text, "^%sISEMPTY", fqdn);
	add_filter(q, c);
}

/* 00:00:5e:00:53:2a, and with dashes. */
static void ask_for_mac(struct query *q, const struct cmdb *c, herald_str mac)
{
	const char *field = cmdb_mapping_path(&c->mapping, "mac");
	char dashed[32];

	add_condition(q, field, "=", mac, "");
	if (mac.n < sizeof(dashed)) {
		for (size_t i = 0; i < mac.n; i++)
			dashed[i] = mac.p[i] == ':' ? '-' : mac.p[i];
		add_condition(q, field, "=", (herald_str){ dashed, mac.n }, "");
	}
	add_filter(q, c);
}

bool cmdb_encoded_make(struct hp_text *out, const struct cmdb *c,
		       const herald_lookup *asked)
{
	struct query query = { out, "" }, *q = &query;

	switch ((enum cmdb_kind)asked->key) {
	case CMDB_BY_HOST:
		ask_for_host(q, c, asked->value);
		break;
	case CMDB_BY_IP:
		add_condition(q, cmdb_mapping_path(&c->mapping, "ip"), "=",
			      asked->value, "");
		add_filter(q, c);
		break;
	case CMDB_BY_MAC:
		ask_for_mac(q, c, asked->value);
		break;
	case CMDB_KINDS:
		break;
	}
	return q->join[0];
}

void cmdb_encoded_filter(struct hp_text *out, const struct cmdb *c)
{
	struct query q = { out, "" };

	add_filter(&q, c);
}
