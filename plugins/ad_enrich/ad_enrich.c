/* ad_enrich - who a user and what a computer is, from Active Directory
 *
 * Reads only.  Each lookup is a job of the pool, each worker has a connection
 * of its own.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/ad_account.h"
#include "common/ad_probe.h"
#include "common/json.h"
#include "common/reply.h"
#include "common/text.h"

#include "ad_enrich/answer.h"

#define WORKERS 2
#define BUSY_MS 1000

struct ad {
	const herald_host *h;
	struct hp_directory *directory;
	struct hp_ad_names *names;
	struct hp_ldap *ldap[WORKERS];
};

enum { KEY_USER, KEY_EMAIL, KEY_HOST };

struct job {
	const herald_lookup *q; /* NULL: a probe */
	int64_t asked_ms;
};

/* ---- one lookup ---- */

/* Of another domain, or a machine's own account: not for this directory. */
static uint32_t is_for_us(struct ad *ad, struct hp_ldap *ldap,
			  const herald_lookup *q, struct hp_text *why)
{
	struct hp_json context;
	herald_str domain;
	uint32_t status = HERALD_OK;
	bool ours = true;

	hp_json_open(&context, ad->h, q->context);
	domain = hp_json_text(&context, "/user/domain", "");
	if (q->key == KEY_USER && domain.n > 0)
		status = hp_ad_names_is_ours(ad->names, ldap, domain, &ours,
					     why);
	if (status == HERALD_OK && !ours) {
		hp_text_addf(why, "an account of %.*s", (int)domain.n,
			     domain.p);
		status = HERALD_NOT_APPLICABLE;
	}
	hp_json_close(&context);
	return status;
}

/* A manager who is gone or hidden is left out. */
static uint32_t read_manager(struct hp_ldap *ldap,
			     const struct hp_ad_account *account,
			     struct hp_entry **manager, struct hp_text *why)
{
	static const char *const wanted[] = { "objectSid", "sAMAccountName",
					      "displayName", "mail", NULL };
	herald_str dn = hp_entry_text(account->entry,
				      account->is_computer ? "managedBy"
							   : "manager",
				      0);
	uint32_t status;

	*manager = NULL;
	if (dn.n == 0)
		return HERALD_OK;
	status = hp_ldap_read(ldap, dn.p, wanted, manager, why);
	if (HERALD_CLASS(status) == 1 || HERALD_CLASS(status) == 4) {
		hp_text_fini(why);
		return HERALD_OK;
	}
	return status;
}

static uint32_t read_all(struct ad *ad, struct hp_ldap *ldap,
			 const herald_lookup *q, struct hp_ad_account *account,
			 struct hp_entry **manager, struct hp_text *why)
{
	static const enum hp_ad_by by[] = { [KEY_USER] = HP_AD_NAME_OF_USER,
					    [KEY_EMAIL] = HP_AD_MAIL,
					    [KEY_HOST] = HP_AD_HOST };
	uint32_t status = is_for_us(ad, ldap, q, why);

	if (status == HERALD_OK)
		status = hp_ad_find(ldap, by[q->key], q->value, account, why);
	if (status == HERALD_OK)
		status = hp_ad_read_groups(ldap, ad->names, account, why);
	if (status == HERALD_OK)
		status = read_manager(ldap, account, manager, why);
	return status;
}

static void complete(struct ad *ad, const herald_lookup *q,
		     const struct hp_ad_account *account,
		     const struct hp_entry *manager)
{
	struct hp_json out;
	herald_str json;

	hp_json_open(&out, ad->h, (herald_str){ NULL, 0 });
	ad_answer(&out, hp_directory_domain(ad->directory), account, manager,
		  ad->h->utc_ms(ad->h));
	json = hp_json_all(&out);
	if (json.p)
		herald_done(ad->h, q->req, HERALD_OK, json);
	else
		herald_fail(ad->h, q->req, HERALD_FAILED,
			    HERALD_S("no memory to hold the answer"));
	hp_json_close(&out);
}

static void look_up(struct ad *ad, struct hp_ldap *ldap, const struct job *job)
{
	const herald_lookup *q = job->q;
	const struct hp_ldap_wait wait = { q->req, job->asked_ms,
					   q->deadline_ms };
	struct hp_ad_account account = { .entry = NULL };
	struct hp_entry *manager = NULL;
	struct hp_text why;
	uint32_t status;

	hp_text_init(&why, HP_WHY_MAX);
	status = hp_ldap_open(ldap, &wait, &why);
	if (status == HERALD_OK)
		status = read_all(ad, ldap, q, &account, &manager, &why);
	if (status == HERALD_OK)
		complete(ad, q, &account, manager);
	else
		hp_end(ad->h, q->req, status,
		       status == HERALD_BUSY ? BUSY_MS : 0, &why);
	hp_entry_free(manager);
	hp_ad_account_fini(&account);
	hp_text_fini(&why);
}

/* ---- jobs ---- */

static void on_work(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct ad *ad = self;
	struct job *job = ud;

	if (ad->h->cancelled(ad->h, req))
		herald_fail(ad->h, req, HERALD_CANCELLED,
			    HERALD_S("nobody waits any more"));
	else if (job->q)
		look_up(ad, ad->ldap[worker], job);
	else
		hp_ad_probe(ad->ldap[worker], req, job->asked_ms);
	free(job);
}

static void begin(struct ad *ad, herald_id req, const herald_lookup *q)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		herald_fail(ad->h, req, HERALD_RETRY,
			    HERALD_S("out of memory"));
		return;
	}
	job->q = q;
	job->asked_ms = ad->h->now_ms(ad->h);
	ad->h->work(ad->h, req, on_work, job);
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		begin(self, batch[i]->req, batch[i]);
}

static void probe(void *self, herald_id req)
{
	begin(self, req, NULL);
}

/* ---- life ---- */

static void destroy(void *self)
{
	struct ad *ad = self;

	for (size_t i = 0; i < WORKERS; i++)
		hp_ldap_free(ad->ldap[i]);
	hp_ad_names_free(ad->names);
	hp_directory_free(ad->directory);
	free(ad);
}

static bool fill(struct ad *ad)
{
	bool filled;

	ad->directory = hp_directory_new(ad->h);
	if (!ad->directory)
		return false;
	ad->names = hp_ad_names_new();
	filled = ad->names != NULL;
	for (size_t i = 0; i < WORKERS && filled; i++) {
		ad->ldap[i] = hp_ldap_new(ad->directory);
		filled = ad->ldap[i] != NULL;
	}
	if (!filled)
		herald_logf(ad->h, HERALD_ERROR, 0, "out of memory");
	return filled;
}

static void *create(const herald_host *h)
{
	struct ad *ad = calloc(1, sizeof(*ad));

	if (!ad) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	ad->h = h;
	if (fill(ad))
		return ad;
	destroy(ad);
	return NULL;
}

/* clang-format off */
static const herald_option options[] = {
    HP_DIRECTORY_OPTIONS("the account that looks things up; any user of the domain may read"),
    { "timeout", HERALD_DURATION, 0, "10s", NULL, NULL },
};

#define KEY(type, context, fills, help) \
    { type, context, 1, 15 * 60, 5 * 60, 0, "identity", fills, help }
static const herald_key keys[] = {
    [KEY_USER] = KEY("user", "user.domain", "user",
                     "sAMAccountName, userPrincipalName or SID"),
    [KEY_EMAIL] = KEY("email", NULL, "user", "mail and proxyAddresses"),
    [KEY_HOST] = KEY("host", NULL, "device", "computers, by short or full name"),
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "ad_enrich",
    .version = "0.1.0",
    .summary = "tells who a user and what a computer is, from Active Directory",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/ad_enrich",
    .needs = HERALD_NEED_WORK | HERALD_NEED_NET | HERALD_NEED_SECRETS | HERALD_NEED_FILES |
             HERALD_NEED_THREADS,
    .workers = WORKERS,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
};
