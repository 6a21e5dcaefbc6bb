#include "common/srv.h"

#include <arpa/inet.h>
#include <sys/random.h>
#include <ldns/ldns.h>

#define ONE_MS 1500 /* for one server to answer in */

/* ---- the order ---- */

static void swap(struct hp_srv *a, struct hp_srv *b)
{
	struct hp_srv kept = *a;

	*a = *b;
	*b = kept;
}

/* Without weight first: else nobody would ever draw them. */
static bool is_before(const struct hp_srv *a, const struct hp_srv *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->weight == 0 && b->weight != 0;
}

static void sort_by_priority(struct hp_srv *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t k = i; k > 0; k--) {
			if (!is_before(&items[k], &items[k - 1]))
				break;
			swap(&items[k - 1], &items[k]);
		}
	}
}

/* Of servers with one priority: each in turn is drawn from what is left. */
static void draw(struct hp_srv *items, size_t count, hp_chance_fn chance,
		 void *ud)
{
	for (size_t i = 0; i + 1 < count; i++) {
		uint32_t sum = 0, drawn, upto = 0;
		size_t k;

		for (k = i; k < count; k++)
			sum += items[k].weight;
		drawn = chance(ud, sum);
		for (k = i; k + 1 < count; k++) {
			upto += items[k].weight;
			if (upto >= drawn)
				break;
		}
		swap(&items[i], &items[k]);
	}
}

void hp_srv_order(struct hp_srv *items, size_t count, hp_chance_fn chance,
		  void *ud)
{
	size_t begin = 0;

	sort_by_priority(items, count);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && items[i].priority == items[begin].priority)
			continue;
		draw(items + begin, i - begin, chance, ud);
		begin = i;
	}
}

static uint32_t any_number(void *ud, uint32_t most)
{
	uint32_t number = 0;

	(void)ud;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return 0; /* the order of the answer then */
	return most == UINT32_MAX ? number : number % (most + 1);
}

/* ---- asking ---- */

/* "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:5353". */
static bool add_resolver(ldns_resolver *r, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	const char *begin = text + (text[0] == '[');
	size_t n = text[0] == '[' ? strcspn(begin, "]") : strcspn(text, ":");
	const char *port = strrchr(text, ':');
	ldns_rdf *address = NULL;
	bool added;

	if (text[0] != '[' && strchr(text, ':') != port) {
		n = strlen(text); /* an address of IPv6, without port */
		port = NULL;
	}
	if (n >= sizeof(host))
		return false;
	memcpy(host, begin, n);
	host[n] = '\0';
	address = ldns_rdf_new_frm_str(strchr(host, ':') ? LDNS_RDF_TYPE_AAAA
							 : LDNS_RDF_TYPE_A,
				       host);
	added = address &&
		ldns_resolver_push_nameserver(r, address) == LDNS_STATUS_OK;
	ldns_rdf_deep_free(address);
	if (port && port > begin + n - 1)
		ldns_resolver_set_port(r,
				       (uint16_t)strtoul(port + 1, NULL, 10));
	return added;
}

/* A resolver for one question to one server: after a time-out ldns 1.8.3 holds
 * its server for dead, for good. */
static ldns_resolver *open_resolver(const char *server, struct hp_text *why)
{
	ldns_resolver *r = ldns_resolver_new();

	if (!r || !add_resolver(r, server)) {
		hp_text_addf(why, "%s is no name server", server);
		ldns_resolver_deep_free(r);
		return NULL;
	}
	ldns_resolver_set_recursive(r, true);
	ldns_resolver_set_retry(r, 1);
	ldns_resolver_set_fallback(r, true);
	return r;
}

static bool read_record(const ldns_rr *rr, struct hp_srv *out)
{
	char *name;
	size_t n;

	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SRV ||
	    ldns_rr_rd_count(rr) != 4)
		return false;
	out->priority = ldns_rdf2native_int16(ldns_rr_rdf(rr, 0));
	out->weight = ldns_rdf2native_int16(ldns_rr_rdf(rr, 1));
	out->port = ldns_rdf2native_int16(ldns_rr_rdf(rr, 2));
	name = ldns_rdf2str(ldns_rr_rdf(rr, 3));
	n = name ? strlen(name) : 0;
	while (n > 0 && name[n - 1] == '.')
		n--;
	/* "." means: there is no such service */
	if (n == 0 || n >= sizeof(out->host)) {
		free(name);
		return false;
	}
	memcpy(out->host, name, n);
	out->host[n] = '\0';
	free(name);
	return true;
}

static void read_answer(const ldns_pkt *pkt, struct hp_srv_list *out)
{
	const ldns_rr_list *answer = ldns_pkt_answer(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (out->count == HP_SRV_MAX)
			return;
		if (!read_record(rr, &out->items[out->count]))
			continue;
		if (out->count++ == 0 || ldns_rr_ttl(rr) < out->ttl_s)
			out->ttl_s = ldns_rr_ttl(rr);
	}
}

static uint32_t judge(const ldns_pkt *pkt, const struct hp_srv_query *query,
		      struct hp_srv_list *out, struct hp_text *why)
{
	ldns_pkt_rcode rcode = ldns_pkt_get_rcode(pkt);
	ldns_lookup_table *word;

	if (rcode == LDNS_RCODE_NXDOMAIN) {
		hp_text_addf(why, "DNS knows no %s", query->name);
		return HERALD_NOT_FOUND;
	}
	if (rcode != LDNS_RCODE_NOERROR) {
		word = ldns_lookup_by_id(ldns_rcodes, rcode);
		hp_text_addf(why, "DNS answers %s for %s",
			     word ? word->name : "an error", query->name);
		return HERALD_RETRY;
	}
	read_answer(pkt, out);
	if (out->count > 0)
		return HERALD_OK;
	hp_text_addf(why, "DNS has no SRV record of %s", query->name);
	return HERALD_NOT_FOUND;
}

static uint32_t ask(const char *server, const struct hp_srv_query *query,
		    int64_t timeout_ms, struct hp_srv_list *out,
		    struct hp_text *why)
{
	ldns_resolver *r = open_resolver(server, why);
	ldns_rdf *name = ldns_dname_new_frm_str(query->name);
	struct timeval tv = { .tv_sec = timeout_ms / 1000,
			      .tv_usec = timeout_ms % 1000 * 1000 };
	ldns_pkt *pkt = NULL;
	ldns_status rc = LDNS_STATUS_ERR;
	uint32_t status = HERALD_FAILED;

	if (r && name) {
		ldns_resolver_set_timeout(r, tv);
		rc = ldns_resolver_query_status(&pkt, r, name, LDNS_RR_TYPE_SRV,
						LDNS_RR_CLASS_IN, LDNS_RD);
		status = HERALD_TIMEOUT;
	} else if (r) {
		hp_text_addf(why, "%s is no name", query->name);
	}
	if (rc == LDNS_STATUS_OK && pkt)
		status = judge(pkt, query, out, why);
	else if (r && name)
		hp_text_addf(why, "no answer of %s for %s: %s", server,
			     query->name, ldns_get_errorstr_by_id(rc));
	ldns_pkt_free(pkt);
	ldns_rdf_deep_free(name);
	ldns_resolver_deep_free(r);
	return status;
}

/* ---- whom ---- */

#define SERVERS_MAX 8

struct servers {
	char text[SERVERS_MAX][INET6_ADDRSTRLEN + 8];
	size_t count;
};

static void take_given(const struct hp_srv_query *query, struct servers *out)
{
	for (size_t i = 0; i < query->resolver_count && i < SERVERS_MAX; i++)
		snprintf(out->text[out->count++], sizeof(out->text[0]), "%s",
			 query->resolvers[i]);
}

static bool take_systems(struct servers *out, struct hp_text *why)
{
	ldns_resolver *r = NULL;

	if (ldns_resolver_new_frm_file(&r, NULL) != LDNS_STATUS_OK) {
		hp_text_add(why, HERALD_S("/etc/resolv.conf cannot be used"));
		return false;
	}
	for (size_t i = 0;
	     i < ldns_resolver_nameserver_count(r) && out->count < SERVERS_MAX;
	     i++) {
		char *text = ldns_rdf2str(ldns_resolver_nameservers(r)[i]);

		if (text)
			snprintf(out->text[out->count++], sizeof(out->text[0]),
				 "%s", text);
		free(text);
	}
	ldns_resolver_deep_free(r);
	return true;
}

/* Each server in turn until one knows or knows that there is nothing. */
uint32_t hp_srv_find(const struct hp_srv_query *query, struct hp_srv_list *out,
		     struct hp_text *why)
{
	struct servers servers = { .count = 0 };
	uint32_t status = HERALD_FAILED;
	int64_t each;

	*out = (struct hp_srv_list){ .count = 0 };
	take_given(query, &servers);
	if (servers.count == 0 && !take_systems(&servers, why))
		return HERALD_FAILED;
	if (servers.count == 0) {
		hp_text_add(why, HERALD_S("no name server is known"));
		return HERALD_FAILED;
	}
	each = query->timeout_ms / (int64_t)servers.count;
	for (size_t i = 0; i < servers.count; i++) {
		hp_text_fini(why);
		status = ask(servers.text[i], query,
			     each < ONE_MS ? each : ONE_MS, out, why);
		if (status == HERALD_OK || status == HERALD_NOT_FOUND)
			break;
	}
	hp_srv_order(out->items, out->count, any_number, NULL);
	return status;
}
