#include "cmdb_enrich/asset.h"

#include "common/text.h"

#define LABELS_MAX 32
#define DESC_MAX 512

static const char *const names[CMDB_COLUMNS] = {
	[CMDB_HOSTNAME] = "hostname",
	[CMDB_FQDN] = "fqdn",
	[CMDB_IP] = "ip",
	[CMDB_MAC] = "mac",
	[CMDB_ID] = "id",
	[CMDB_TYPE] = "type",
	[CMDB_OWNER] = "owner",
	[CMDB_OWNER_NAME] = "owner_name",
	[CMDB_OWNER_MAIL] = "owner_mail",
	[CMDB_DEPARTMENT] = "department",
	[CMDB_CRITICALITY] = "criticality",
	[CMDB_TAGS] = "tags",
};

/* OCSF device.type_id. */
static const struct {
	const char *text;
	int id;
} types[] = {
	{ "server", 1 },      { "desktop", 2 },
	{ "workstation", 2 }, { "laptop", 3 },
	{ "notebook", 3 },    { "tablet", 4 },
	{ "mobile", 5 },      { "phone", 5 },
	{ "virtual", 6 },     { "iot", 7 },
	{ "firewall", 9 },    { "switch", 10 },
	{ "router", 12 },     { "ids", 13 },
	{ "ips", 14 },	      { "load balancer", 15 },
};

enum cmdb_column cmdb_column_of(herald_str name)
{
	size_t i = 0;

	while (i < CMDB_COLUMNS && !hp_str_same(name, herald_cstr(names[i])))
		i++;
	return (enum cmdb_column)i;
}

const char *cmdb_column_name(enum cmdb_column column)
{
	return names[column];
}

/* ---- words ---- */

static int type_id(herald_str text)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (hp_str_same(text, herald_cstr(types[i].text)))
			return types[i].id;
	}
	return 0;
}

/* "Windows Server" is a server. */
static herald_str last_word(herald_str text)
{
	size_t n = text.n;

	while (n > 0 && text.p[n - 1] != ' ')
		n--;
	return (herald_str){ text.p + n, text.n - n };
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

struct asset {
	const struct cmdb_facts *facts;
	const struct cmdb_mapping *mapping;
	struct hp_json *out;
};

static herald_str fact(const struct asset *a, enum cmdb_column column)
{
	return a->facts->of[column];
}

static void put(const struct asset *a, const char *path,
		enum cmdb_column column)
{
	hp_json_put(a->out, path, fact(a, column));
}

/* What people call it. */
static herald_str name_of(const struct asset *a)
{
	static const enum cmdb_column places[] = { CMDB_HOSTNAME, CMDB_FQDN,
						   CMDB_ID, CMDB_IP, CMDB_MAC };
	herald_str name = { NULL, 0 };

	for (size_t i = 0; !name.p && i < sizeof(places) / sizeof(places[0]);
	     i++)
		name = fact(a, places[i]);
	return name;
}

/* What is told, else a tag that is such a word. */
static int type_of(const struct asset *a)
{
	herald_str rest = fact(a, CMDB_TAGS), tag;
	int id = type_id(fact(a, CMDB_TYPE));

	if (id == 0 && fact(a, CMDB_TYPE).n > 0)
		id = type_id(last_word(fact(a, CMDB_TYPE)));
	while (id == 0 && (tag = next_tag(&rest)).n > 0)
		id = type_id(tag);
	return id;
}

/* The same way. */
static int level_of(const struct asset *a)
{
	herald_str rest = fact(a, CMDB_TAGS), tag;
	int id = cmdb_mapping_level(a->mapping, fact(a, CMDB_CRITICALITY));

	if (fact(a, CMDB_CRITICALITY).n > 0)
		return id;
	while (id == 0 && (tag = next_tag(&rest)).n > 0)
		id = cmdb_mapping_level(a->mapping, tag);
	return id;
}

static void put_owner(const struct asset *a, const char *at)
{
	static const struct {
		const char *member;
		enum cmdb_column column;
	} members[] = {
		{ "name", CMDB_OWNER },
		{ "full_name", CMDB_OWNER_NAME },
		{ "email_addr", CMDB_OWNER_MAIL },
	};
	struct hp_path path;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		put(a, hp_path(&path, "%s/%s", at, members[i].member),
		    members[i].column);
}

static void put_device(const struct asset *a)
{
	herald_str fqdn = fact(a, CMDB_FQDN);
	const char *dot = fqdn.p ? memchr(fqdn.p, '.', fqdn.n) : NULL;
	int type = type_of(a);

	hp_json_put(a->out, "/device/hostname",
		    fact(a, CMDB_HOSTNAME).p ? fact(a, CMDB_HOSTNAME) : fqdn);
	if (dot)
		hp_json_put(a->out, "/device/domain",
			    (herald_str){ dot + 1,
					  fqdn.n - 1 -
						  (size_t)(dot - fqdn.p) });
	put(a, "/device/ip", CMDB_IP);
	put(a, "/device/mac", CMDB_MAC);
	put(a, "/device/uid", CMDB_ID);
	put_owner(a, "/device/owner");
	if (type != 0)
		hp_json_put_int(a->out, "/device/type_id", type);
}

static void put_resource(const struct asset *a)
{
	herald_str rest = fact(a, CMDB_TAGS), tag;
	struct hp_path at;

	hp_json_put(a->out, "/resources/0/name", name_of(a));
	put(a, "/resources/0/uid", CMDB_ID);
	put(a, "/resources/0/type", CMDB_TYPE);
	put(a, "/resources/0/criticality", CMDB_CRITICALITY);
	put_owner(a, "/resources/0/owner");
	put(a, "/resources/0/group/name", CMDB_DEPARTMENT);
	for (unsigned i = 0; i < LABELS_MAX && (tag = next_tag(&rest)).n > 0;
	     i++)
		hp_json_put(a->out, hp_path(&at, "/resources/0/labels/%u", i),
			    tag);
}

/* "srv-pay01, Finance, criticality critical, owner mallory" */
static void put_desc(const struct asset *a)
{
	const struct {
		const char *word;
		herald_str value;
	} parts[] = {
		{ "", fact(a, CMDB_DEPARTMENT) },
		{ "criticality ", fact(a, CMDB_CRITICALITY) },
		{ "owner ", fact(a, CMDB_OWNER).p ? fact(a, CMDB_OWNER)
						  : fact(a, CMDB_OWNER_NAME) },
	};
	struct hp_text text;

	hp_text_init(&text, DESC_MAX);
	if (a->facts->is_network) {
		hp_text_add(&text, HERALD_S("in network "));
		hp_text_add(&text, fact(a, CMDB_IP));
		hp_text_add(&text, HERALD_S(", "));
	}
	hp_text_add(&text, name_of(a));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].value.n == 0)
			continue;
		hp_text_addf(&text, ", %s", parts[i].word);
		hp_text_add(&text, parts[i].value);
	}
	hp_json_put(a->out, "/desc", hp_text_str(&text));
	hp_text_fini(&text);
}

void cmdb_asset_put(const struct cmdb_facts *facts,
		    const struct cmdb_mapping *mapping, struct hp_json *out)
{
	const struct asset a = { facts, mapping, out };
	int level = level_of(&a);

	if (!facts->is_network)
		put_device(&a);
	if (level != 0)
		hp_json_put_int(out, "/device/risk_level_id", level);
	put_resource(&a);
	put_desc(&a);
}

void cmdb_asset_put_data(struct hp_json *out, herald_str name, herald_str value)
{
	char path[HP_PATH_MAX];

	if (herald_pointer(path, sizeof(path), "/data", name))
		hp_json_put(out, path, value);
}
