#include "common/directory.h"

#include <ldap.h>
#include <pthread.h>
#include <stdlib.h>

#define TEXT_MAX 1024
#define RESOLVERS_MAX 8
#define AWAY_MS 30000 /* one that did not answer is tried last for so long */
#define DNS_TTL_S 300 /* at most, between two questions to DNS */
#define DNS_AGAIN_MS 5000 /* after one that failed */
#define WHY_MAX 512

struct away {
	char host[HP_SRV_HOST];
	uint16_t port;
	int64_t until_ms;
};

struct hp_directory {
	const herald_host *h;
	const char *domain, *site;
	const char *resolvers[RESOLVERS_MAX];
	size_t resolver_count;
	enum hp_security security;
	struct hp_text root, user;
	const char *base;
	bool by_dns;

	pthread_mutex_t lock; /* for those up to the blank line */
	struct hp_srv_list servers;
	int64_t servers_until_ms;
	struct away away[HP_SRV_MAX];

	pthread_mutex_t login; /* held while somebody logs in */
	int64_t refused_ms;    /* 0: never */
	struct hp_text refusal;
};

/* ---- options ---- */

/* "dc1.corp.example.com:636"; the host checked its form. */
static bool read_server(struct hp_directory *d, herald_str text)
{
	struct hp_srv *server = &d->servers.items[d->servers.count];
	const char *colon = memrchr(text.p, ':', text.n);
	size_t n = colon ? (size_t)(colon - text.p) : 0;

	if (d->servers.count == HP_SRV_MAX || !colon || n == 0 ||
	    n >= HP_SRV_HOST)
		return false;
	*server = (struct hp_srv){
		.port = (uint16_t)strtoul(colon + 1, NULL, 10),
	};
	memcpy(server->host, text.p, n);
	d->servers.count++;
	return server->port != 0;
}

static bool read_servers(struct hp_directory *d)
{
	herald_str text = d->h->option(d->h, "servers", 0);

	d->by_dns = !text.p;
	for (uint32_t i = 0; text.p;
	     text = d->h->option(d->h, "servers", ++i)) {
		if (read_server(d, text))
			continue;
		d->h->reject(d->h, "servers",
			     HERALD_S("name controllers as their certificates "
				      "do, 32 at most: "
				      "dc1.corp.example.com:636"));
		return false;
	}
	for (uint32_t i = 0; i < RESOLVERS_MAX; i++) {
		text = d->h->option(d->h, "dns", i);
		if (!text.p)
			break;
		d->resolvers[d->resolver_count++] = text.p;
	}
	return true;
}

/* corp.example.com is DC=corp,DC=example,DC=com */
static void make_root(struct hp_directory *d)
{
	const char *label = d->domain;

	hp_text_init(&d->root, TEXT_MAX);
	while (*label) {
		size_t n = strcspn(label, ".");

		hp_text_addf(&d->root, "%sDC=%.*s", d->root.n > 0 ? "," : "",
			     (int)n, label);
		label += n + (label[n] == '.');
	}
}

/* A bare name is an account of the domain. */
static void make_user(struct hp_directory *d)
{
	herald_str name = d->h->option(d->h, "user", 0);

	hp_text_init(&d->user, TEXT_MAX);
	hp_text_add(&d->user, name);
	if (strcspn(name.p, "@\\=") == name.n)
		hp_text_addf(&d->user, "@%s", d->domain);
}

static bool refuse(const herald_host *h, const char *option, herald_str why)
{
	h->reject(h, option, why);
	return false;
}

/* A DN, or <GUID=...>, which outlives a move. */
static bool is_place(const char *text)
{
	LDAPDN dn = NULL;
	bool is_dn = text[0] == '<' ||
		     (ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3) ==
			      LDAP_SUCCESS &&
		      dn);

	ldap_dnfree(dn);
	return is_dn;
}

static bool fits_together(const struct hp_directory *d)
{
	const herald_host *h = d->h;
	bool keytab = h->option(h, "keytab", 0).p != NULL;

	if (!is_place(d->base))
		return refuse(h, "base",
			      HERALD_S("write where to look: OU=Staff,DC=corp,"
				       "DC=example,DC=com"));
	if (keytab && d->security != HP_GSSAPI)
		return refuse(h, "keytab",
			      HERALD_S("a key is for Kerberos: add security: "
				       "gssapi, or give a secret"));
	if (d->security == HP_GSSAPI &&
	    strcspn(hp_text_str(&d->user).p, "\\=") != d->user.n)
		return refuse(h, "user",
			      HERALD_S("Kerberos wants a principal: "
				       "svc-herald@CORP.EXAMPLE.COM"));
	return true;
}

static bool read_options(struct hp_directory *d)
{
	const herald_host *h = d->h;

	d->domain = h->option(h, "domain", 0).p;
	d->site = h->option(h, "site", 0).p;
	d->security = (enum hp_security)h->number(h, "security");
	make_root(d);
	make_user(d);
	d->base = h->option(h, "base", 0).p;
	if (!d->base)
		d->base = hp_text_str(&d->root).p;
	return read_servers(d) && fits_together(d);
}

struct hp_directory *hp_directory_new(const herald_host *h)
{
	struct hp_directory *d = calloc(1, sizeof(*d));

	if (!d) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	d->h = h;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->login, NULL);
	hp_text_init(&d->refusal, WHY_MAX);
	if (!read_options(d)) {
		hp_directory_free(d);
		return NULL;
	}
	return d;
}

void hp_directory_free(struct hp_directory *d)
{
	if (!d)
		return;
	hp_text_fini(&d->refusal);
	hp_text_fini(&d->user);
	hp_text_fini(&d->root);
	pthread_mutex_destroy(&d->login);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

const herald_host *hp_directory_host(const struct hp_directory *d)
{
	return d->h;
}

const char *hp_directory_domain(const struct hp_directory *d)
{
	return d->domain;
}

const char *hp_directory_root(const struct hp_directory *d)
{
	return hp_text_str(&d->root).p;
}

const char *hp_directory_base(const struct hp_directory *d)
{
	return d->base;
}

const char *hp_directory_user(const struct hp_directory *d)
{
	return hp_text_str(&d->user).p;
}

/* As libldap writes it, to be freed; NULL if it is none. */
static char *plain_dn(const char *text)
{
	LDAPDN dn = NULL;
	char *plain = NULL;

	if (ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAP) != LDAP_SUCCESS)
		return NULL;
	if (dn)
		ldap_dn2str(dn, &plain, LDAP_DN_FORMAT_LDAPV3);
	ldap_dnfree(dn);
	return plain;
}

bool hp_directory_is_user(const struct hp_directory *d, const char *dn)
{
	char *us = plain_dn(hp_directory_user(d)), *them = plain_dn(dn);
	bool same = us && them &&
		    hp_str_same(herald_cstr(us), herald_cstr(them));

	ldap_memfree(us);
	ldap_memfree(them);
	return same;
}

enum hp_security hp_directory_security(const struct hp_directory *d)
{
	return d->security;
}

/* ---- which controllers ---- */

static uint32_t ask_dns(struct hp_directory *d, int64_t timeout_ms,
			struct hp_srv_list *found, struct hp_text *why)
{
	struct hp_text name;
	struct hp_srv_query query = {
		.resolvers = d->resolvers,
		.resolver_count = d->resolver_count,
		.timeout_ms = timeout_ms,
	};
	uint32_t status;

	hp_text_init(&name, TEXT_MAX);
	if (d->site)
		hp_text_addf(&name, "_ldap._tcp.%s._sites.dc._msdcs.%s.",
			     d->site, d->domain);
	else
		hp_text_addf(&name, "_ldap._tcp.dc._msdcs.%s.", d->domain);
	query.name = hp_text_str(&name).p;
	status = hp_srv_find(&query, found, why);
	hp_text_fini(&name);
	/* The records tell the port of LDAP in the clear. */
	for (size_t i = 0; i < found->count && d->security == HP_LDAPS; i++)
		if (found->items[i].port == 389)
			found->items[i].port = 636;
	return status == HERALD_NOT_FOUND ? HERALD_UNREACHABLE : status;
}

/* The lock is not held while DNS is asked: two may ask at once. */
static uint32_t renew(struct hp_directory *d, int64_t deadline_ms,
		      struct hp_text *why)
{
	int64_t now = d->h->now_ms(d->h), left = deadline_ms - now;
	struct hp_srv_list found;
	uint32_t status = ask_dns(d, left / 2, &found, why);
	bool known;

	pthread_mutex_lock(&d->lock);
	if (status == HERALD_OK) {
		uint32_t ttl = found.ttl_s < DNS_TTL_S ? found.ttl_s
						       : DNS_TTL_S;

		d->servers = found;
		d->servers_until_ms = now + 1000 * (int64_t)ttl;
	} else if (d->servers.count > 0) {
		d->servers_until_ms = now + DNS_AGAIN_MS;
	}
	known = d->servers.count > 0;
	pthread_mutex_unlock(&d->lock);
	if (status == HERALD_OK || !known)
		return status;
	herald_logf(d->h, HERALD_WARNING, 0,
		    "%s; the controllers known before stay in use",
		    hp_text_str(why).p);
	hp_text_fini(why);
	return HERALD_OK;
}

static struct away *find_away(struct hp_directory *d,
			      const struct hp_srv *server)
{
	for (size_t i = 0; i < HP_SRV_MAX; i++)
		if (d->away[i].port == server->port &&
		    strcmp(d->away[i].host, server->host) == 0)
			return &d->away[i];
	return NULL;
}

/* Those that may answer, then the others; each group in its order. */
static void copy_ordered(struct hp_directory *d, struct hp_srv_list *out)
{
	int64_t now = d->h->now_ms(d->h);

	out->count = 0;
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < d->servers.count; i++) {
			const struct hp_srv *server = &d->servers.items[i];
			const struct away *away = find_away(d, server);

			if ((away && away->until_ms > now) == (turn == 1))
				out->items[out->count++] = *server;
		}
	}
}

uint32_t hp_directory_servers(struct hp_directory *d, int64_t deadline_ms,
			      struct hp_srv_list *out, struct hp_text *why)
{
	uint32_t status = HERALD_OK;
	bool due;

	pthread_mutex_lock(&d->lock);
	due = d->by_dns && d->servers_until_ms <= d->h->now_ms(d->h);
	pthread_mutex_unlock(&d->lock);
	if (due)
		status = renew(d, deadline_ms, why);
	pthread_mutex_lock(&d->lock);
	copy_ordered(d, out);
	pthread_mutex_unlock(&d->lock);
	return status;
}

/* The row to write to: its own, else the one that is over soonest. */
static struct away *away_row(struct hp_directory *d,
			     const struct hp_srv *server)
{
	struct away *row = find_away(d, server);

	if (row)
		return row;
	row = &d->away[0];
	for (size_t i = 1; i < HP_SRV_MAX; i++)
		if (d->away[i].until_ms < row->until_ms)
			row = &d->away[i];
	snprintf(row->host, sizeof(row->host), "%s", server->host);
	row->port = server->port;
	return row;
}

void hp_directory_note(struct hp_directory *d, const struct hp_srv *server,
		       bool answered)
{
	struct away *row;

	pthread_mutex_lock(&d->lock);
	row = answered ? find_away(d, server) : away_row(d, server);
	if (row)
		row->until_ms = answered ? 0 : d->h->now_ms(d->h) + AWAY_MS;
	pthread_mutex_unlock(&d->lock);
}

/* ---- whether we are let in ---- */

bool hp_directory_login_begin(struct hp_directory *d, int64_t asked_ms,
			      struct hp_text *why)
{
	pthread_mutex_lock(&d->login);
	if (d->refused_ms == 0 || asked_ms > d->refused_ms)
		return true;
	hp_text_add(why, hp_text_str(&d->refusal));
	pthread_mutex_unlock(&d->login);
	return false;
}

void hp_directory_login_end(struct hp_directory *d, bool refused,
			    const struct hp_text *why)
{
	d->refused_ms = 0;
	if (refused) {
		hp_text_fini(&d->refusal);
		hp_text_add(&d->refusal, hp_text_str(why));
		d->refused_ms = d->h->now_ms(d->h);
	}
	pthread_mutex_unlock(&d->login);
}
