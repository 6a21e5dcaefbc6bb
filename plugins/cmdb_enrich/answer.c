#include "cmdb_enrich/answer.h"

#define LABELS_MAX 32

struct word {
	const char *text;
	int id;
};

/* OCSF risk_level_id and device.type_id. */
static const struct word levels[] = {
	{ "low", 1 },	   { "medium", 2 }, { "high", 3 },
	{ "critical", 4 }, { NULL, 0 },
};
static const struct word types[] = {
	{ "server", 1 },      { "desktop", 2 },
	{ "workstation", 2 }, { "laptop", 3 },
	{ "notebook", 3 },    { "tablet", 4 },
	{ "mobile", 5 },      { "phone", 5 },
	{ "virtual", 6 },     { "iot", 7 },
	{ "firewall", 9 },    { "switch", 10 },
	{ "router", 12 },     { "ids", 13 },
	{ "ips", 14 },	      { "load balancer", 15 },
	{ NULL, 0 },
};

static int id_of(const struct word *words, herald_str text)
{
	for (; words->text; words++) {
		if (hp_str_same(text, herald_cstr(words->text)))
			return words->id;
	}
	return 0;
}

/* The next tag of "server; crown-jewel" and what is left; empty at the end. */
static herald_str next_tag(herald_str *rest)
{
	herald_str tag = { NULL, 0 };
	size_t n;

	while (tag.n == 0 && rest->n > 0) {
		for (n = 0; n < rest->n && !strchr(";,", rest->p[n]); n++)
			;
		tag = hp_str_trim((herald_str){ rest->p, n });
		n += n < rest->n;
		rest->p += n;
		rest->n -= n;
	}
	return tag;
}

/* ---- one asset ---- */

struct answer {
	const struct cmdb_table *table;
	const struct cmdb_asset *asset;
	struct hp_json *out;
};

static herald_str cell(const struct answer *a, enum cmdb_column column)
{
	return cmdb_asset_cell(a->table, a->asset, column);
}

static void put(const struct answer *a, const char *path,
		enum cmdb_column column)
{
	hp_json_put(a->out, path, cell(a, column));
}

/* What people call it. */
static herald_str name_of(const struct answer *a)
{
	static const enum cmdb_column places[] = { CMDB_HOSTNAME, CMDB_FQDN,
						   CMDB_ID, CMDB_IP, CMDB_MAC };
	herald_str name = { NULL, 0 };

	for (size_t i = 0; !name.p && i < sizeof(places) / sizeof(places[0]);
	     i++)
		name = cell(a, places[i]);
	return name;
}

/* The column, else a tag that is such a word. */
static int type_of(const struct answer *a)
{
	herald_str rest = cell(a, CMDB_TAGS), tag;
	int id = id_of(types, cell(a, CMDB_TYPE));

	while (id == 0 && (tag = next_tag(&rest)).n > 0)
		id = id_of(types, tag);
	return id;
}

static void put_device(const struct answer *a)
{
	herald_str fqdn = cell(a, CMDB_FQDN);
	const char *dot = fqdn.p ? memchr(fqdn.p, '.', fqdn.n) : NULL;
	int type = type_of(a);

	hp_json_put(a->out, "/device/hostname",
		    cell(a, CMDB_HOSTNAME).p ? cell(a, CMDB_HOSTNAME) : fqdn);
	if (dot)
		hp_json_put(a->out, "/device/domain", herald_cstr(dot + 1));
	put(a, "/device/ip", CMDB_IP);
	put(a, "/device/mac", CMDB_MAC);
	put(a, "/device/uid", CMDB_ID);
	put(a, "/device/owner/name", CMDB_OWNER);
	put(a, "/device/owner/email_addr", CMDB_OWNER_MAIL);
	if (type != 0)
		hp_json_put_int(a->out, "/device/type_id", type);
}

static void put_resource(const struct answer *a)
{
	herald_str rest = cell(a, CMDB_TAGS), tag;
	struct hp_path at;

	hp_json_put(a->out, "/resources/0/name", name_of(a));
	put(a, "/resources/0/uid", CMDB_ID);
	put(a, "/resources/0/type", CMDB_TYPE);
	put(a, "/resources/0/criticality", CMDB_CRITICALITY);
	put(a, "/resources/0/owner/name", CMDB_OWNER);
	put(a, "/resources/0/owner/email_addr", CMDB_OWNER_MAIL);
	put(a, "/resources/0/group/name", CMDB_DEPARTMENT);
	for (unsigned i = 0; i < LABELS_MAX && (tag = next_tag(&rest)).n > 0;
	     i++)
		hp_json_put(a->out, hp_path(&at, "/resources/0/labels/%u", i),
			    tag);
}

static void put_data(const struct answer *a)
{
	char path[HP_PATH_MAX];
	herald_str name, value;

	for (size_t i = 0;
	     cmdb_asset_column(a->table, a->asset, i, &name, &value); i++) {
		if (herald_pointer(path, sizeof(path), "/data", name))
			hp_json_put(a->out, path, value);
	}
}

/* "srv-pay01, Finance, criticality critical, owner mallory" */
static void put_desc(const struct answer *a, bool is_network)
{
	static const struct {
		const char *word;
		enum cmdb_column column;
	} parts[] = {
		{ "", CMDB_DEPARTMENT },
		{ "criticality ", CMDB_CRITICALITY },
		{ "owner ", CMDB_OWNER },
	};
	struct hp_text text;

	hp_text_init(&text, 512);
	if (is_network) {
		hp_text_add(&text, HERALD_S("in network "));
		hp_text_add(&text, cell(a, CMDB_IP));
		hp_text_add(&text, HERALD_S(", "));
	}
	hp_text_add(&text, name_of(a));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		herald_str value = cell(a, parts[i].column);

		if (value.n > 0)
			hp_text_addf(&text, ", %s%s", parts[i].word, value.p);
	}
	hp_json_put(a->out, "/desc", hp_text_str(&text));
	hp_text_fini(&text);
}

void cmdb_answer(const struct cmdb_table *table, const struct cmdb_found *found,
		 struct hp_json *out)
{
	const struct answer a = { table, found->asset, out };
	int level = id_of(levels, cell(&a, CMDB_CRITICALITY));

	if (!found->is_network)
		put_device(&a);
	if (level != 0)
		hp_json_put_int(out, "/device/risk_level_id", level);
	put_resource(&a);
	put_data(&a);
	put_desc(&a, found->is_network);
}
