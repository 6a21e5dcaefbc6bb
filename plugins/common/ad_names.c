#include "common/ad_names.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/ldap_filter.h"
#include "common/ldap_search.h"

#define ROWS 2048
#define KEEP_MS INT64_C(3600000)
#define BATCH 30 /* SIDs a question */
#define FILTER_MAX 16384

struct row {
	struct hp_ad_group group; /* sid "": empty */
	int64_t until_ms;
};

struct hp_ad_names {
	pthread_mutex_t lock; /* for all that follows */
	struct row *rows;     /* each SID has one place; a later one takes it */
	char short_name[HP_AD_NAME];
	int64_t short_name_until_ms;
};

struct hp_ad_names *hp_ad_names_new(void)
{
	struct hp_ad_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->rows = calloc(ROWS, sizeof(*names->rows));
	if (!names->rows) {
		free(names);
		return NULL;
	}
	pthread_mutex_init(&names->lock, NULL);
	return names;
}

void hp_ad_names_free(struct hp_ad_names *names)
{
	if (!names)
		return;
	pthread_mutex_destroy(&names->lock);
	free(names->rows);
	free(names);
}

/* ---- groups ---- */

/* FNV-1a. */
static struct row *place(struct hp_ad_names *names, const char *sid)
{
	uint32_t hash = 2166136261u;

	for (; *sid; sid++)
		hash = (hash ^ (unsigned char)*sid) * 16777619u;
	return &names->rows[hash % ROWS];
}

static bool recall(struct hp_ad_names *names, struct hp_ad_group *group,
		   int64_t now)
{
	const struct row *row = place(names, group->sid);
	bool known = strcmp(row->group.sid, group->sid) == 0 &&
		     row->until_ms > now;

	if (known)
		*group = row->group;
	return known;
}

static void learn(struct hp_ad_names *names, const struct hp_ad_group *group,
		  int64_t now)
{
	struct row *row = place(names, group->sid);

	row->group = *group;
	row->until_ms = now + KEEP_MS;
}

static void take_name(const struct hp_entry *entry,
		      struct hp_ad_group *const *asked, size_t count)
{
	herald_str name = hp_entry_text(entry, "sAMAccountName", 0);
	char sid[HP_SID_TEXT];

	if (!hp_sid_text(hp_entry_value(entry, "objectSid", 0), sid) ||
	    !name.p || name.n >= HP_AD_NAME)
		return;
	for (size_t i = 0; i < count; i++)
		if (strcmp(asked[i]->sid, sid) == 0)
			memcpy(asked[i]->name, name.p, name.n + 1);
}

static uint32_t ask(struct hp_ldap *ldap, struct hp_ad_group *const *asked,
		    size_t count, struct hp_text *why)
{
	static const char *const wanted[] = { "objectSid", "sAMAccountName",
					      NULL };
	struct hp_text filter;
	struct hp_query query = {
		.base = hp_directory_root(hp_ldap_directory(ldap)),
		.subtree = true,
		.wanted = wanted,
		.max = 2 * BATCH,
	};
	struct hp_found found;
	uint32_t status;

	hp_text_init(&filter, FILTER_MAX);
	hp_text_add(&filter, HERALD_S("(|"));
	for (size_t i = 0; i < count; i++)
		hp_filter_is(&filter, "objectSid", "",
			     herald_cstr(asked[i]->sid));
	hp_text_add(&filter, HERALD_S(")"));
	query.filter = hp_text_str(&filter).p;
	status = hp_ldap_search(ldap, &query, &found, why);
	for (const struct hp_entry *e = found.first; e; e = e->next)
		take_name(e, asked, count);
	hp_entry_free(found.first);
	hp_text_fini(&filter);
	return status == HERALD_NOT_FOUND ? HERALD_OK : status;
}

/* The next groups without a known name, from *at on. */
static size_t gather(struct hp_ad_names *names, struct hp_ad_group *groups,
		     size_t count, int64_t now, size_t *at,
		     struct hp_ad_group **asked)
{
	size_t n = 0;

	pthread_mutex_lock(&names->lock);
	for (; *at < count && n < BATCH; (*at)++) {
		groups[*at].name[0] = '\0';
		if (!recall(names, &groups[*at], now))
			asked[n++] = &groups[*at];
	}
	pthread_mutex_unlock(&names->lock);
	return n;
}

uint32_t hp_ad_names_fill(struct hp_ad_names *names, struct hp_ldap *ldap,
			  struct hp_ad_group *groups, size_t count,
			  struct hp_text *why)
{
	const herald_host *h = hp_directory_host(hp_ldap_directory(ldap));
	int64_t now = h->now_ms(h);
	struct hp_ad_group *asked[BATCH];
	uint32_t status = HERALD_OK;
	size_t at = 0, n;

	while (status == HERALD_OK &&
	       (n = gather(names, groups, count, now, &at, asked)) > 0) {
		status = ask(ldap, asked, n, why);
		pthread_mutex_lock(&names->lock);
		for (size_t i = 0; i < n && status == HERALD_OK; i++)
			learn(names, asked[i], now);
		pthread_mutex_unlock(&names->lock);
	}
	return status;
}

/* ---- the domain ---- */

static uint32_t find_partitions(struct hp_ldap *ldap, struct hp_text *base,
				struct hp_text *why)
{
	static const char *const wanted[] = { "configurationNamingContext",
					      NULL };
	struct hp_entry *dse = NULL;
	uint32_t status = hp_ldap_read(ldap, "", wanted, &dse, why);

	if (status == HERALD_OK) {
		herald_str context =
			hp_entry_text(dse, "configurationNamingContext", 0);

		if (!context.p)
			status = HERALD_NOT_FOUND;
		hp_text_addf(base, "CN=Partitions,%s",
			     context.p ? context.p : "");
	}
	hp_entry_free(dse);
	return status;
}

static uint32_t find_short_name(struct hp_ldap *ldap, const char *partitions,
				char out[HP_AD_NAME], struct hp_text *why)
{
	static const char *const wanted[] = { "nETBIOSName", NULL };
	struct hp_text filter;
	struct hp_query query = { .base = partitions,
				  .subtree = true,
				  .wanted = wanted };
	struct hp_found found;
	herald_str name = { NULL, 0 };
	uint32_t status;

	hp_text_init(&filter, FILTER_MAX);
	hp_filter_is(&filter, "nCName", "",
		     herald_cstr(hp_directory_root(hp_ldap_directory(ldap))));
	query.filter = hp_text_str(&filter).p;
	status = hp_ldap_search(ldap, &query, &found, why);
	if (found.first)
		name = hp_entry_text(found.first, "nETBIOSName", 0);
	if (name.p && name.n < HP_AD_NAME)
		memcpy(out, name.p, name.n + 1);
	hp_entry_free(found.first);
	hp_text_fini(&filter);
	return status == HERALD_OK && !out[0] ? HERALD_NOT_FOUND : status;
}

/* By custom the short name is the first part of the DNS name; a directory that
 * does not tell otherwise is taken to follow it. */
static void set_by_custom(const char *domain, char out[HP_AD_NAME])
{
	snprintf(out, HP_AD_NAME, "%.*s", (int)strcspn(domain, "."), domain);
}

static uint32_t read_short_name(struct hp_ldap *ldap, char out[HP_AD_NAME],
				struct hp_text *why)
{
	struct hp_text base;
	uint32_t status;

	hp_text_init(&base, FILTER_MAX);
	out[0] = '\0';
	status = find_partitions(ldap, &base, why);
	if (status == HERALD_OK)
		status = find_short_name(ldap, hp_text_str(&base).p, out, why);
	hp_text_fini(&base);
	if (status != HERALD_NOT_FOUND)
		return status;
	set_by_custom(hp_directory_domain(hp_ldap_directory(ldap)), out);
	return HERALD_OK;
}

uint32_t hp_ad_names_is_ours(struct hp_ad_names *names, struct hp_ldap *ldap,
			     herald_str domain, bool *ours, struct hp_text *why)
{
	struct hp_directory *d = hp_ldap_directory(ldap);
	const herald_host *h = hp_directory_host(d);
	int64_t now = h->now_ms(h);
	char name[HP_AD_NAME];
	uint32_t status = HERALD_OK;
	bool known;

	*ours = hp_str_same(domain, herald_cstr(hp_directory_domain(d)));
	if (*ours)
		return HERALD_OK;
	pthread_mutex_lock(&names->lock);
	known = names->short_name_until_ms > now;
	memcpy(name, names->short_name, sizeof(name));
	pthread_mutex_unlock(&names->lock);
	if (!known)
		status = read_short_name(ldap, name, why);
	if (!known && status == HERALD_OK) {
		pthread_mutex_lock(&names->lock);
		memcpy(names->short_name, name, sizeof(name));
		names->short_name_until_ms = now + KEEP_MS;
		pthread_mutex_unlock(&names->lock);
	}
	*ours = hp_str_same(domain, herald_cstr(name));
	return status;
}
