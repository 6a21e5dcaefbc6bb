/* ad_respond - disables accounts in Active Directory, and takes it back
 *
 * Apart from ad_enrich, so that looking up needs no right to write.  Each call
 * is a job of the pool; one at a time.
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/ad_probe.h"
#include "common/reply.h"

#include "ad_respond/act.h"

struct job {
	const herald_call *call; /* NULL: a probe */
	int64_t asked_ms;
};

/* By the index of the action. */
static const enum ad_action kinds[] = { AD_DISABLE, AD_ENABLE,
					AD_FORCE_PASSWORD, AD_RESTORE };

/* ---- jobs ---- */

static void on_work(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct ad_respond *ad = self;
	struct job *job = ud;

	(void)worker;
	if (ad->h->cancelled(ad->h, req))
		herald_fail(ad->h, req, HERALD_CANCELLED,
			    HERALD_S("nobody waits any more"));
	else if (job->call)
		ad_act(ad, job->call, kinds[job->call->action], job->asked_ms);
	else
		hp_ad_probe(ad->ldap, req, job->asked_ms);
	free(job);
}

static void begin(struct ad_respond *ad, herald_id req, const herald_call *call)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		herald_fail(ad->h, req, HERALD_RETRY,
			    HERALD_S("out of memory"));
		return;
	}
	job->call = call;
	job->asked_ms = ad->h->now_ms(ad->h);
	ad->h->work(ad->h, req, on_work, job);
}

static void run(void *self, const herald_call *call)
{
	begin(self, call->req, call);
}

static void probe(void *self, herald_id req)
{
	begin(self, req, NULL);
}

/* ---- life ---- */

static void destroy(void *self)
{
	struct ad_respond *ad = self;

	hp_ldap_free(ad->ldap);
	hp_ad_names_free(ad->names);
	hp_directory_free(ad->directory);
	free(ad);
}

/* Each is a SID, or the number of a group in its domain. */
static bool knows_never(const herald_host *h)
{
	herald_str text;

	for (uint32_t i = 0;; i++) {
		text = h->option(h, "never", i);
		if (!text.p)
			return true;
		if (hp_sid_is_text(text) ||
		    (hp_str_is_digits(text) && text.n <= 10))
			continue;
		h->reject(h, "never",
			  HERALD_S("write SIDs of groups, or their last "
				   "numbers: 512 is Domain Admins"));
		return false;
	}
}

static bool fill(struct ad_respond *ad)
{
	if (!knows_never(ad->h))
		return false;
	ad->directory = hp_directory_new(ad->h);
	if (!ad->directory)
		return false;
	ad->names = hp_ad_names_new();
	ad->ldap = hp_ldap_new(ad->directory);
	if (!ad->names || !ad->ldap)
		herald_logf(ad->h, HERALD_ERROR, 0, "out of memory");
	return ad->names && ad->ldap;
}

static void *create(const herald_host *h)
{
	struct ad_respond *ad = calloc(1, sizeof(*ad));

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
    HP_DIRECTORY_OPTIONS("the account that acts; it may write what its README says, and nothing else"),
    { "never", HERALD_STRING, HERALD_LIST, "512, 516, 518, 519, 521, S-1-5-32-544", NULL,
      "members of these groups are never touched: SIDs, or last numbers of SIDs" },
    { "timeout", HERALD_DURATION, 0, "20s", NULL, NULL },
};

static const herald_option params[] = {
    { "user", HERALD_USER, HERALD_REQUIRED | HERALD_TARGET, NULL, NULL,
      "alice, alice@corp.example.com, CORP\\alice or a SID" },
};

#define ALL (HERALD_PLANS | HERALD_VERIFIES | HERALD_IDEMPOTENT)
static const herald_action list[] = {
    { "disable_account", HERALD_CONTAINS, ALL, "restore_account", HERALD_ITEMS(params),
      "disables a user's account" },
    { "enable_account", HERALD_CONTAINS, ALL, "restore_account", HERALD_ITEMS(params),
      "enables a user's account, whoever disabled it" },
    { "force_password_change", HERALD_CONTAINS, ALL, NULL, HERALD_ITEMS(params),
      "a new password must be set at the next log-in" },
    { "restore_account", HERALD_RECORDS, ALL, NULL, HERALD_ITEMS(params),
      "takes back what herald did to an account; called by heraldctl undo only" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(list),
    .run = run,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "ad_respond",
    .version = "0.1.0",
    .summary = "disables accounts in Active Directory, and takes it back",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/ad_respond",
    .needs = HERALD_NEED_WORK | HERALD_NEED_NET | HERALD_NEED_SECRETS | HERALD_NEED_FILES |
             HERALD_NEED_THREADS,
    .workers = 1,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .actions = &actions,
};
