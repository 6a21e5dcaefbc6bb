#include "cmdb_enrich/table.h"

#include <stdlib.h>

#include "cmdb_enrich/address.h"
#include "cmdb_enrich/index.h"
#include "cmdb_enrich/ranges.h"

struct text {
	struct text *next;
	char *p;
};

struct cmdb_asset {
	struct cmdb_asset *next;
	herald_str cells[]; /* as many as there are columns */
};

struct cmdb_table {
	const char *unit;   /* "line", "row" */
	struct text *texts; /* what all cells point into */
	herald_str names[CMDB_CELLS_MAX];
	size_t columns;
	size_t place[CMDB_COLUMNS]; /* index + 1; 0: not in the file */
	struct cmdb_asset *assets;
	struct cmdb_index index;
	struct cmdb_ranges ranges;
	struct cmdb_load load;
};

struct cmdb_table *cmdb_table_new(const char *unit)
{
	struct cmdb_table *t = calloc(1, sizeof(*t));

	if (t)
		t->load.unit = unit;
	return t;
}

void cmdb_table_free(struct cmdb_table *t)
{
	if (!t)
		return;
	while (t->assets) {
		struct cmdb_asset *next = t->assets->next;

		free(t->assets);
		t->assets = next;
	}
	cmdb_index_fini(&t->index);
	cmdb_ranges_fini(&t->ranges);
	while (t->texts) {
		struct text *next = t->texts->next;

		free(t->texts->p);
		free(t->texts);
		t->texts = next;
	}
	free(t);
}

const struct cmdb_load *cmdb_table_load(const struct cmdb_table *t)
{
	return &t->load;
}

size_t cmdb_table_columns(const struct cmdb_table *t)
{
	return t->columns;
}

herald_str cmdb_asset_cell(const struct cmdb_table *t,
			   const struct cmdb_asset *asset,
			   enum cmdb_column column)
{
	herald_str cell = { NULL, 0 };

	if (t->place[column] > 0)
		cell = hp_str_trim(asset->cells[t->place[column] - 1]);
	return cell.n > 0 ? cell : (herald_str){ NULL, 0 };
}

void cmdb_asset_facts(const struct cmdb_table *t,
		      const struct cmdb_found *found, struct cmdb_facts *out)
{
	out->is_network = found->is_network;
	for (size_t i = 0; i < CMDB_COLUMNS; i++)
		out->of[i] = cmdb_asset_cell(t, found->asset,
					     (enum cmdb_column)i);
}

void cmdb_asset_data(const struct cmdb_table *t, const struct cmdb_asset *asset,
		     struct hp_json *out)
{
	for (size_t i = 0; i < t->columns; i++)
		cmdb_asset_put_data(out, t->names[i],
				    hp_str_trim(asset->cells[i]));
}

bool cmdb_table_keep_take(struct cmdb_table *t, char *text)
{
	struct text *kept = malloc(sizeof(*kept));

	if (!kept) {
		free(text);
		return false;
	}
	*kept = (struct text){ t->texts, text };
	t->texts = kept;
	return true;
}

/* ---- the columns ---- */

static bool is_repeated(const struct cmdb_table *t, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (hp_str_same(t->names[k], t->names[i]))
			return true;
	}
	return false;
}

static bool check_name(const struct cmdb_table *t, size_t i,
		       struct hp_text *why)
{
	herald_str name = t->names[i];

	if (name.n == 0)
		hp_text_addf(why, "column %zu has no name", i + 1);
	else if (!hp_str_is_utf8(name))
		hp_text_addf(why, "the name of column %zu is not UTF-8", i + 1);
	else if (is_repeated(t, i))
		hp_text_addf(why, "two columns are named '%.*s'", (int)name.n,
			     name.p);
	else
		return true;
	return false;
}

static bool set_columns(struct cmdb_table *t, const herald_str *names, size_t n,
			const struct cmdb_mapping *mapping, struct hp_text *why)
{
	for (size_t i = 0; i < n; i++) {
		herald_str name = hp_str_trim(names[i]);
		const char *ours = cmdb_mapping_name(mapping, name);
		enum cmdb_column column;

		t->names[i] = ours ? herald_cstr(ours) : name;
		if (!check_name(t, i, why))
			return false;
		column = cmdb_column_of(t->names[i]);
		if (column != CMDB_COLUMNS)
			t->place[column] = i + 1;
	}
	t->columns = n;
	return true;
}

enum cmdb_header cmdb_table_set_columns(struct cmdb_table *t,
					const herald_str *names, size_t n,
					const struct cmdb_mapping *mapping,
					struct hp_text *why)
{
	if (!set_columns(t, names, n, mapping, why))
		return CMDB_HEADER_BAD;
	if (t->place[CMDB_HOSTNAME] || t->place[CMDB_FQDN] ||
	    t->place[CMDB_IP] || t->place[CMDB_MAC])
		return CMDB_HEADER_GOOD;
	hp_text_add(why, HERALD_S("no column is named hostname, fqdn, ip or "
				  "mac"));
	return CMDB_HEADER_NO_KEY;
}

/* ---- keys ---- */

/* A row on its way into the table. */
struct row {
	struct cmdb_table *t;
	struct cmdb_asset *asset;
	bool replaces, out_of_memory;
};

static void add_key(struct row *row, const struct cmdb_key *key)
{
	struct cmdb_entry *e = cmdb_index_add(&row->t->index,
					      cmdb_key_str(key));

	if (!e) {
		row->out_of_memory = true;
		return;
	}
	if (e->asset && e->asset != row->asset)
		row->replaces = true;
	e->asset = row->asset;
}

/* The first part of a full name is a key that several may share. */
static void add_short(struct row *row, herald_str fqdn)
{
	struct cmdb_entry *e;
	struct cmdb_key key;

	if (!cmdb_key_short(fqdn, &key))
		return;
	e = cmdb_index_add(&row->t->index, cmdb_key_str(&key));
	if (!e) {
		row->out_of_memory = true;
		return;
	}
	if (e->asset &&
	    !hp_str_same(cmdb_asset_cell(row->t, e->asset, CMDB_FQDN), fqdn))
		e->rival = e->asset;
	e->asset = row->asset;
}

static void add_range(struct row *row, const struct cmdb_network *n)
{
	switch (cmdb_ranges_add(&row->t->ranges, n, row->asset)) {
	case CMDB_ADDED:
		break;
	case CMDB_REPLACED:
		row->replaces = true;
		break;
	case CMDB_NO_MEMORY:
		row->out_of_memory = true;
		break;
	}
}

/* NULL, or why the line is bad; nothing was added then. */
static const char *add_keys(struct row *row)
{
	herald_str host = cmdb_asset_cell(row->t, row->asset, CMDB_HOSTNAME);
	herald_str fqdn = cmdb_asset_cell(row->t, row->asset, CMDB_FQDN);
	herald_str ip = cmdb_asset_cell(row->t, row->asset, CMDB_IP);
	herald_str mac = cmdb_asset_cell(row->t, row->asset, CMDB_MAC);
	struct cmdb_key host_key, fqdn_key, mac_key, ip_key;
	struct cmdb_network network = { .bits = 0 };

	if (host.n + fqdn.n + ip.n + mac.n == 0)
		return "it has neither name nor address";
	if (host.n > 0 && !cmdb_key_host(host, &host_key))
		return "the host name is too long";
	if (fqdn.n > 0 && !cmdb_key_host(fqdn, &fqdn_key))
		return "the full name is too long";
	if (mac.n > 0 && !cmdb_key_mac(mac, &mac_key))
		return "the mac is none";
	if (ip.n > 0 && !cmdb_network_parse(ip, &network))
		return "the ip is neither an address nor a network";
	if (host.n > 0)
		add_key(row, &host_key);
	if (fqdn.n > 0) {
		add_key(row, &fqdn_key);
		add_short(row, fqdn);
	}
	if (mac.n > 0)
		add_key(row, &mac_key);
	if (ip.n > 0 && network.bits < CMDB_ADDRESS_BITS) {
		add_range(row, &network);
	} else if (ip.n > 0) {
		cmdb_key_ip(&network, &ip_key);
		add_key(row, &ip_key);
	}
	return NULL;
}

/* ---- the assets ---- */

void cmdb_table_skip(struct cmdb_table *t, size_t line, const char *why)
{
	t->load.skipped++;
	if (!t->load.first[0])
		snprintf(t->load.first, sizeof(t->load.first), "%s %zu: %s",
			 t->load.unit, line, why);
}

static bool is_utf8(const herald_str *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!hp_str_is_utf8(cells[i]))
			return false;
	}
	return true;
}

bool cmdb_table_add(struct cmdb_table *t, const herald_str *cells, size_t line)
{
	size_t n = t->columns * sizeof(*cells);
	struct row row = { .t = t, .asset = malloc(sizeof(*row.asset) + n) };
	const char *why;

	if (!row.asset)
		return false;
	memcpy(row.asset->cells, cells, n);
	why = add_keys(&row);
	if (why) {
		free(row.asset);
		cmdb_table_skip(t, line, why);
		return true;
	}
	row.asset->next = t->assets;
	t->assets = row.asset;
	t->load.rows++;
	t->load.replaced += row.replaces;
	t->load.mended += !is_utf8(cells, t->columns);
	return !row.out_of_memory;
}

/* ---- finding ---- */

static struct cmdb_found get(const struct cmdb_table *t,
			     const struct cmdb_key *key)
{
	const struct cmdb_entry *e = cmdb_index_get(&t->index,
						    cmdb_key_str(key));
	struct cmdb_found found = { NULL, NULL, false };

	if (e) {
		found.asset = e->asset;
		found.rival = e->rival;
	}
	return found;
}

static struct cmdb_found find_host(const struct cmdb_table *t, herald_str name,
				   const char *const *own)
{
	struct cmdb_found found = { NULL, NULL, false };
	const char *dot = memchr(name.p, '.', name.n);
	struct cmdb_key key;

	if (!cmdb_key_host(name, &key))
		return found;
	found = get(t, &key);
	if (found.asset)
		return found;
	if (!dot) {
		cmdb_key_short(name, &key);
		return get(t, &key);
	}
	if (!cmdb_name_is_own(name, own) ||
	    !cmdb_key_host((herald_str){ name.p, (size_t)(dot - name.p) },
			   &key))
		return found;
	found = get(t, &key);
	/* One that says its full name, and it is not this one. */
	if (found.asset && cmdb_asset_cell(t, found.asset, CMDB_FQDN).n > 0)
		found.asset = NULL;
	return found;
}

static struct cmdb_found find_ip(const struct cmdb_table *t, herald_str value)
{
	struct cmdb_found found = { NULL, NULL, false };
	struct cmdb_network address;
	struct cmdb_key key;

	if (!cmdb_network_parse(value, &address) ||
	    address.bits != CMDB_ADDRESS_BITS)
		return found;
	cmdb_key_ip(&address, &key);
	found = get(t, &key);
	if (!found.asset) {
		found.asset = cmdb_ranges_find(&t->ranges, &address);
		found.is_network = found.asset;
	}
	return found;
}

struct cmdb_found cmdb_table_find(const struct cmdb_table *t,
				  enum cmdb_kind kind, herald_str value,
				  const char *const *own)
{
	struct cmdb_key key;

	switch (kind) {
	case CMDB_BY_HOST:
		return find_host(t, value, own);
	case CMDB_BY_IP:
		return find_ip(t, value);
	case CMDB_BY_MAC:
	case CMDB_KINDS:
		break;
	}
	if (cmdb_key_mac(value, &key))
		return get(t, &key);
	return (struct cmdb_found){ NULL, NULL, false };
}
