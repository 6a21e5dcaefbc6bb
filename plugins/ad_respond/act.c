#include "ad_respond/act.h"

#include "common/reply.h"
#include "common/uac.h"

#include "ad_respond/who.h"

#define TEXT_MAX 1024

/* One call, while it is worked on. */
struct act {
	struct ad_respond *ad;
	const herald_call *call;
	enum ad_action action;
	struct hp_json memo;
	struct ad_change change;
	struct hp_ad_account account;
	struct hp_text why;
	bool planned;	/* the change is that of the memo */
	bool remembers; /* the memo is to be stored anew */
};

static herald_str now_of(const struct act *a)
{
	return hp_entry_text(a->account.entry, a->change.attribute, 0);
}

static herald_str name_of(const struct act *a)
{
	return hp_entry_text(a->account.entry, "sAMAccountName", 0);
}

/* ---- in words ---- */

static const char *const verbs[] = {
	[AD_DISABLE] = "disable",
	[AD_ENABLE] = "enable",
	[AD_FORCE_PASSWORD] = "force a new password of",
	[AD_RESTORE] = "restore",
};

static void tell_moved_on(struct act *a)
{
	herald_str now = now_of(a);

	hp_text_addf(&a->why,
		     "somebody changed %s of %s since: it is %.*s, herald left "
		     "%s",
		     a->change.attribute, a->account.entry->dn, (int)now.n,
		     now.p ? now.p : "", a->change.before);
}

/* "disable alice (Alice Example, CN=...): enabled now, in 5 groups" */
static void summarize(const struct act *a, struct hp_text *out)
{
	herald_str full = hp_entry_text(a->account.entry, "displayName", 0);
	herald_str name = name_of(a);

	hp_text_addf(out, "%s %.*s (", verbs[a->action], (int)name.n, name.p);
	if (full.n > 0)
		hp_text_addf(out, "%.*s, ", (int)full.n, full.p);
	hp_text_addf(out, "%s): %s now, in %zu groups; %s ",
		     a->account.entry->dn,
		     a->account.uac & HP_UAC_DISABLED ? "disabled" : "enabled",
		     a->account.group_count, a->change.attribute);
	if (ad_change_stands(&a->change, now_of(a)) == AD_DONE)
		hp_text_addf(out, "stays %s", a->change.after);
	else
		hp_text_addf(out, "%s becomes %s", a->change.before,
			     a->change.after);
}

/* ---- ends ---- */

static void end(struct act *a, uint32_t status, struct hp_json *json)
{
	struct hp_json memo;
	herald_result r;

	herald_result_init(&r, status);
	hp_json_open(&memo, a->ad->h, (herald_str){ NULL, 0 });
	if (a->remembers) {
		ad_change_write(&a->change, &memo);
		r.memo = hp_json_all(&memo);
	}
	if (json)
		r.json = hp_json_all(json);
	r.message = hp_text_str(&a->why);
	/* What was planned is nothing if it cannot be kept. */
	if ((a->remembers && !r.memo.p) || (json && !r.json.p)) {
		r.status = HERALD_RETRY;
		r.message = HERALD_S("out of memory");
	}
	a->ad->h->complete(a->ad->h, a->call->req, &r);
	hp_json_close(&memo);
}

/* What was done, or found done. */
static void end_done(struct act *a, bool changed)
{
	struct hp_json out;

	hp_json_open(&out, a->ad->h, (herald_str){ NULL, 0 });
	hp_json_put(&out, "/data/account", name_of(a));
	hp_json_put(&out, "/data/dn", herald_cstr(a->account.entry->dn));
	hp_json_put(&out, "/data/sid", herald_cstr(a->account.sid));
	hp_json_put(&out, "/data/guid", herald_cstr(a->account.guid));
	hp_json_put(&out, "/data/controller",
		    herald_cstr(hp_ldap_server(a->ad->ldap)));
	hp_json_put(&out, "/data/attribute", herald_cstr(a->change.attribute));
	hp_json_put(&out, "/data/before", herald_cstr(a->change.before));
	hp_json_put(&out, "/data/after", herald_cstr(a->change.after));
	hp_json_put_bool(&out, "/data/changed", changed);
	end(a, HERALD_OK, &out);
	hp_json_close(&out);
}

/* ---- the object ---- */

/* Of the memo, and for the way back turned round. */
static uint32_t take_memo(struct act *a)
{
	a->planned = ad_change_read(&a->change, &a->memo);
	if (!a->planned) {
		hp_text_add(&a->why, HERALD_S("there is no memo of what was "
					      "planned"));
		return HERALD_BAD_INPUT;
	}
	if (a->action == AD_RESTORE)
		ad_change_turn(&a->change);
	return HERALD_OK;
}

static uint32_t find_planned(struct act *a)
{
	uint32_t status = take_memo(a);

	if (status == HERALD_OK)
		status = ad_who_by_guid(a->ad, a->change.guid, &a->account,
					&a->why);
	return status;
}

static uint32_t make_change(struct act *a)
{
	const char *attribute = ad_change_attribute(a->action);

	if (ad_change_make(&a->change, a->action, a->account.guid,
			   hp_entry_text(a->account.entry, attribute, 0)))
		return HERALD_OK;
	hp_text_addf(&a->why, "%s of %s is not shown to us", attribute,
		     a->account.entry->dn);
	return HERALD_FORBIDDEN;
}

/* ---- PLAN ---- */

static uint32_t find_named(struct act *a)
{
	struct hp_json params;
	uint32_t status;

	hp_json_open(&params, a->ad->h, a->call->params);
	status = ad_who_by_name(a->ad, hp_json_text(&params, "/user", ""),
				&a->account, &a->why);
	hp_json_close(&params);
	if (status == HERALD_OK)
		status = ad_who_may_be(a->ad, &a->account, &a->why);
	if (status == HERALD_OK)
		status = make_change(a);
	return status;
}

/* With a password that never expires the mark is without effect. */
static uint32_t has_effect(struct act *a)
{
	if (a->action != AD_FORCE_PASSWORD ||
	    !(a->account.uac & HP_UAC_DONT_EXPIRE))
		return HERALD_OK;
	hp_text_addf(&a->why,
		     "the password of %s never expires "
		     "(DONT_EXPIRE_PASSWORD): it cannot be forced",
		     a->account.entry->dn);
	return HERALD_REFUSED;
}

/* Only what stands as we left it is taken back. */
static uint32_t is_as_we_left_it(struct act *a)
{
	if (a->action != AD_RESTORE ||
	    ad_change_stands(&a->change, now_of(a)) != AD_MOVED_ON)
		return HERALD_OK;
	tell_moved_on(a);
	return HERALD_REFUSED;
}

static uint32_t is_writable(struct act *a)
{
	if (ad_change_stands(&a->change, now_of(a)) == AD_DONE)
		return HERALD_OK;
	return ad_who_is_writable(a->ad, &a->account, a->change.attribute,
				  &a->why);
}

static void plan(struct act *a)
{
	const char *domain = hp_directory_domain(a->ad->directory);
	uint32_t status = a->action == AD_RESTORE ? find_planned(a)
						  : find_named(a);
	struct hp_json out;
	struct hp_text text;

	if (status == HERALD_OK)
		status = has_effect(a);
	if (status == HERALD_OK)
		status = is_as_we_left_it(a);
	if (status == HERALD_OK)
		status = is_writable(a);
	if (status != HERALD_OK) {
		end(a, status, NULL);
		return;
	}
	hp_text_init(&text, TEXT_MAX);
	summarize(a, &text);
	hp_json_open(&out, a->ad->h, (herald_str){ NULL, 0 });
	hp_json_put(&out, "/target/type", HERALD_S("user"));
	hp_json_put(&out, "/target/uid", herald_cstr(a->account.sid));
	hp_ad_put_user(&out, "/target/user", domain, &a->account, NULL);
	hp_json_put(&out, "/summary", hp_text_str(&text));
	/* The memo of the way back is that of the way there. */
	a->remembers = a->action != AD_RESTORE;
	end(a, HERALD_OK, &out);
	hp_json_close(&out);
	hp_text_fini(&text);
}

/* ---- RUN ---- */

/* Somebody changed it between PLAN and RUN.  What it is now is stored as the
 * state before, and then it is tried again. */
static void plan_anew(struct act *a)
{
	uint32_t status;

	if (a->action == AD_RESTORE) {
		tell_moved_on(a);
		end(a, HERALD_REFUSED, NULL);
		return;
	}
	status = make_change(a);
	if (status != HERALD_OK) {
		end(a, status, NULL);
		return;
	}
	a->remembers = true;
	hp_text_addf(&a->why, "somebody changed %s of %s meanwhile",
		     a->change.attribute, a->account.entry->dn);
	end(a, HERALD_RETRY, NULL);
}

static void change(struct act *a)
{
	char dn[HP_GUID_TEXT + 8];
	const struct hp_ldap_change change = {
		.dn = dn,
		.attribute = a->change.attribute,
		.before = a->change.before,
		.after = a->change.after,
	};
	uint32_t status;

	snprintf(dn, sizeof(dn), "<GUID=%s>", a->change.guid);
	status = hp_ldap_change(a->ad->ldap, &change, &a->why);
	if (status == HERALD_OK) {
		end_done(a, true);
		return;
	}
	if (status == HERALD_BUSY && a->why.n == 0)
		hp_text_addf(&a->why, "somebody changed %s of %s meanwhile",
			     change.attribute, a->account.entry->dn);
	end(a, status, NULL);
}

static void run(struct act *a)
{
	uint32_t status = find_planned(a);

	/* It may have become one since. */
	if (status == HERALD_OK && a->action != AD_RESTORE)
		status = ad_who_may_be(a->ad, &a->account, &a->why);
	if (status != HERALD_OK) {
		end(a, status, NULL);
		return;
	}
	switch (ad_change_stands(&a->change, now_of(a))) {
	case AD_DONE:
		end_done(a, false);
		break;
	case AD_OPEN:
		change(a);
		break;
	case AD_MOVED_ON:
		plan_anew(a);
		break;
	}
}

/* ---- VERIFY ---- */

/* Disabled is disabled, whatever else was changed since. */
static bool is_so(const struct act *a)
{
	bool disabled = (a->account.uac & HP_UAC_DISABLED) != 0;

	if (a->action == AD_DISABLE)
		return disabled;
	if (a->action == AD_ENABLE)
		return !disabled;
	return ad_change_stands(&a->change, now_of(a)) == AD_DONE;
}

static void verify(struct act *a)
{
	uint32_t status = find_planned(a);

	if (status == HERALD_OK && is_so(a)) {
		end_done(a, true);
		return;
	}
	if (status == HERALD_OK) {
		herald_str now = now_of(a);

		hp_text_addf(&a->why, "%s of %s is %.*s", a->change.attribute,
			     a->account.entry->dn, (int)now.n,
			     now.p ? now.p : "");
		status = HERALD_NOT_FOUND;
	}
	end(a, status, NULL);
}

/* ---- the whole ---- */

static void act(struct act *a)
{
	if (a->action == AD_RESTORE && !a->call->undoing) {
		hp_text_add(&a->why, HERALD_S("restore_account takes back what "
					      "herald did, and is called by "
					      "heraldctl undo"));
		end(a, HERALD_UNSUPPORTED, NULL);
		return;
	}
	switch (a->call->mode) {
	case HERALD_PLAN:
		plan(a);
		break;
	case HERALD_RUN:
		run(a);
		break;
	default:
		verify(a);
	}
}

void ad_act(struct ad_respond *ad, const herald_call *call,
	    enum ad_action action, int64_t asked_ms)
{
	const struct hp_ldap_wait wait = { call->req, asked_ms,
					   call->deadline_ms };
	struct act a = { .ad = ad, .call = call, .action = action };
	uint32_t status;

	hp_text_init(&a.why, HP_WHY_MAX);
	hp_json_open(&a.memo, ad->h, call->memo);
	status = hp_ldap_open(ad->ldap, &wait, &a.why);
	if (status == HERALD_OK)
		act(&a);
	else
		end(&a, status, NULL);
	hp_ad_account_fini(&a.account);
	hp_json_close(&a.memo);
	hp_text_fini(&a.why);
}
