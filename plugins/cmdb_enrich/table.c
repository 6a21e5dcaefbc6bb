#include "cmdb_enrich/table.h"

#include <stdlib.h>

#include "cmdb_enrich/address.h"
#include "cmdb_enrich/csv.h"
#include "cmdb_enrich/index.h"
#include "cmdb_enrich/key.h"

#define CELLS_MAX 64

struct cmdb_asset {
	struct cmdb_asset *next;
	herald_str cells[]; /* as many as there are columns */
};

struct range {
	struct cmdb_network network;
	struct cmdb_asset *asset;
};

struct cmdb_table {
	char *text; /* what all cells point into */
	herald_str names[CELLS_MAX];
	size_t columns;
	size_t place[CMDB_COLUMNS]; /* index + 1; 0: not in the file */
	struct cmdb_asset *assets;
	struct cmdb_index index;
	struct range *ranges; /* longest prefix first */
	size_t range_count, range_room;
	struct cmdb_load load;
};

static const char *const column_names[CMDB_COLUMNS] = {
	[CMDB_HOSTNAME] = "hostname",
	[CMDB_FQDN] = "fqdn",
	[CMDB_IP] = "ip",
	[CMDB_MAC] = "mac",
	[CMDB_ID] = "id",
	[CMDB_TYPE] = "type",
	[CMDB_OWNER] = "owner",
	[CMDB_OWNER_MAIL] = "owner_mail",
	[CMDB_DEPARTMENT] = "department",
	[CMDB_CRITICALITY] = "criticality",
	[CMDB_TAGS] = "tags",
};

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
	free(t->ranges);
	free(t->text);
	free(t);
}

const struct cmdb_load *cmdb_table_load(const struct cmdb_table *t)
{
	return &t->load;
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

bool cmdb_asset_column(const struct cmdb_table *t,
		       const struct cmdb_asset *asset, size_t i,
		       herald_str *name, herald_str *cell)
{
	if (i >= t->columns)
		return false;
	*name = t->names[i];
	*cell = hp_str_trim(asset->cells[i]);
	return true;
}

/* ---- the first line ---- */

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

static bool read_header(struct cmdb_table *t, struct csv *c,
			struct hp_text *why)
{
	if (csv_next(c, t->names, CELLS_MAX, &t->columns) != CSV_ROW) {
		hp_text_add(why, HERALD_S("the first line names no columns"));
		return false;
	}
	for (size_t i = 0; i < t->columns; i++) {
		t->names[i] = hp_str_trim(t->names[i]);
		if (!check_name(t, i, why))
			return false;
		for (size_t k = 0; k < CMDB_COLUMNS; k++) {
			if (hp_str_same(t->names[i],
					herald_cstr(column_names[k])))
				t->place[k] = i + 1;
		}
	}
	if (t->place[CMDB_HOSTNAME] || t->place[CMDB_FQDN] ||
	    t->place[CMDB_IP] || t->place[CMDB_MAC])
		return true;
	hp_text_addf(why,
		     "no column is named hostname, fqdn, ip or mac: the "
		     "first line has %zu, the first of them '%.*s'; is it "
		     "the right delimiter?",
		     t->columns, (int)t->names[0].n, t->names[0].p);
	return false;
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

static size_t range_place(const struct cmdb_table *t,
			  const struct cmdb_network *n, bool *there)
{
	size_t i = 0;

	*there = false;
	while (i < t->range_count && t->ranges[i].network.bits >= n->bits) {
		if (memcmp(&t->ranges[i].network, n, sizeof(*n)) == 0) {
			*there = true;
			return i;
		}
		i++;
	}
	return i;
}

static bool make_range_room(struct cmdb_table *t)
{
	size_t room = t->range_room > 0 ? 2 * t->range_room : 16;
	struct range *ranges;

	if (t->range_count < t->range_room)
		return true;
	ranges = realloc(t->ranges, room * sizeof(*ranges));
	if (!ranges)
		return false;
	t->ranges = ranges;
	t->range_room = room;
	return true;
}

static void add_range(struct row *row, const struct cmdb_network *n)
{
	struct cmdb_table *t = row->t;
	bool there;
	size_t i = range_place(t, n, &there);

	if (there) {
		row->replaces = true;
		t->ranges[i].asset = row->asset;
		return;
	}
	if (!make_range_room(t)) {
		row->out_of_memory = true;
		return;
	}
	memmove(&t->ranges[i + 1], &t->ranges[i],
		(t->range_count - i) * sizeof(t->ranges[0]));
	t->ranges[i] = (struct range){ *n, row->asset };
	t->range_count++;
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

/* ---- the other lines ---- */

static void note_bad(struct cmdb_table *t, size_t line, const char *why)
{
	t->load.skipped++;
	if (!t->load.first[0])
		snprintf(t->load.first, sizeof(t->load.first), "line %zu: %s",
			 line, why);
}

static bool is_utf8(const herald_str *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!hp_str_is_utf8(cells[i]))
			return false;
	}
	return true;
}

/* False if memory is lacking. */
static bool add_row(struct cmdb_table *t, const herald_str *cells, size_t line)
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
		note_bad(t, line, why);
		return true;
	}
	row.asset->next = t->assets;
	t->assets = row.asset;
	t->load.rows++;
	t->load.replaced += row.replaces;
	t->load.mended += !is_utf8(cells, t->columns);
	return !row.out_of_memory;
}

static bool read_rows(struct cmdb_table *t, struct csv *c)
{
	herald_str cells[CELLS_MAX];
	enum csv_got got;
	char why[64];
	size_t n;

	while ((got = csv_next(c, cells, CELLS_MAX, &n)) != CSV_END) {
		if (got == CSV_BAD) {
			note_bad(t, c->line, "its quotes are broken");
		} else if (n != t->columns) {
			snprintf(why, sizeof(why), "%zu cells, not %zu", n,
				 t->columns);
			note_bad(t, c->line, why);
		} else if (!add_row(t, cells, c->line)) {
			return false;
		}
	}
	return true;
}

struct cmdb_table *cmdb_table_new_take(char *text, size_t n, char delimiter,
				       struct hp_text *why)
{
	struct cmdb_table *t = calloc(1, sizeof(*t));
	struct csv c;

	if (!t) {
		free(text);
		hp_text_add(why, HERALD_S("out of memory"));
		return NULL;
	}
	t->text = text;
	csv_init(&c, text, n, delimiter);
	if (!read_header(t, &c, why))
		goto failed;
	if (read_rows(t, &c))
		return t;
	hp_text_add(why, HERALD_S("out of memory"));
failed:
	cmdb_table_free(t);
	return NULL;
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

static bool is_below(herald_str name, const char *domain)
{
	size_t n = strlen(domain);

	return name.n > n + 1 && name.p[name.n - n - 1] == '.' &&
	       hp_str_same((herald_str){ name.p + name.n - n, n },
			   herald_cstr(domain));
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
	for (; own && *own; own++) {
		const herald_str first = { name.p, (size_t)(dot - name.p) };

		if (is_below(name, *own) && cmdb_key_host(first, &key))
			found = get(t, &key);
		/* One that says its full name, and it is not this one. */
		if (found.asset &&
		    cmdb_asset_cell(t, found.asset, CMDB_FQDN).n > 0)
			found.asset = NULL;
		if (found.asset)
			break;
	}
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
	for (size_t i = 0; !found.asset && i < t->range_count; i++) {
		if (!cmdb_network_has(&t->ranges[i].network, &address))
			continue;
		found.asset = t->ranges[i].asset;
		found.is_network = true;
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
		break;
	}
	if (cmdb_key_mac(value, &key))
		return get(t, &key);
	return (struct cmdb_found){ NULL, NULL, false };
}
