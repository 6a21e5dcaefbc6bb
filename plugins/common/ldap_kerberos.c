/* Kerberos: a ticket by password or key, kept in memory for one log-in, and
 * GSSAPI with sealing in place of TLS (controllers refuse both at once). */
#include "common/ldap_impl.h"

#include <errno.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <sasl/sasl.h>

struct tickets {
	krb5_context ctx;
	krb5_principal who;
	krb5_ccache cache;
	krb5_creds creds;
	bool has_creds;
};

/* ---- the ticket ---- */

static uint32_t judge(krb5_error_code code)
{
	switch (code) {
	case KRB5_KDC_UNREACH:
	case KRB5_REALM_CANT_RESOLVE:
	case KRB5_REALM_UNKNOWN:
	case KRB5KDC_ERR_SVC_UNAVAILABLE:
		return HERALD_UNREACHABLE;
	case KRB5KRB_AP_ERR_SKEW:
	case ENOMEM:
		return HERALD_RETRY;
	default:
		return HERALD_AUTH;
	}
}

static uint32_t failed(struct tickets *t, krb5_error_code code,
		       const char *what, struct hp_text *why)
{
	const char *text;

	if (!t->ctx) {
		hp_text_addf(why, "%s: error %d", what, (int)code);
		return HERALD_AUTH;
	}
	text = krb5_get_error_message(t->ctx, code);
	hp_text_addf(why, "%s: %s", what, text);
	krb5_free_error_message(t->ctx, text);
	return judge(code);
}

static krb5_error_code name_us(struct tickets *t, struct hp_ldap *l)
{
	const char *user = hp_directory_user(l->directory);
	size_t n = strcspn(user, "@");
	struct hp_text name;
	krb5_error_code rc;

	hp_text_init(&name, 1024);
	hp_text_add(&name, (herald_str){ user, n });
	hp_text_add(&name, HERALD_S("@"));
	/* Realms of Active Directory are in capitals. */
	for (const char *p = user + n + 1; user[n] && *p; p++) {
		char c = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;

		hp_text_add(&name, (herald_str){ &c, 1 });
	}
	rc = krb5_parse_name(t->ctx, hp_text_str(&name).p, &t->who);
	hp_text_fini(&name);
	return rc;
}

static krb5_error_code by_key(struct tickets *t, const char *path)
{
	krb5_keytab keytab = NULL;
	krb5_error_code rc = krb5_kt_resolve(t->ctx, path, &keytab);

	if (rc == 0)
		rc = krb5_get_init_creds_keytab(t->ctx, &t->creds, t->who,
						keytab, 0, NULL, NULL);
	if (keytab)
		krb5_kt_close(t->ctx, keytab);
	return rc;
}

/* 0 with words: there is no secret. */
static krb5_error_code by_password(struct tickets *t, const herald_host *h,
				   struct hp_text *why)
{
	char secret[HP_LDAP_SECRET_MAX + 1];
	size_t n = HP_LDAP_SECRET_MAX;
	krb5_error_code rc = 0;

	if (h->secret(h, "secret", secret, &n) != HERALD_OK || n == 0) {
		hp_text_add(why, HERALD_S("there is neither keytab nor secret "
					  "to log in with"));
	} else {
		secret[n] = '\0';
		rc = krb5_get_init_creds_password(t->ctx, &t->creds, t->who,
						  secret, NULL, NULL, 0, NULL,
						  NULL);
	}
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

static krb5_error_code keep(struct tickets *t)
{
	krb5_error_code rc = krb5_cc_new_unique(t->ctx, "MEMORY", NULL,
						&t->cache);

	if (rc == 0)
		rc = krb5_cc_initialize(t->ctx, t->cache, t->who);
	return rc == 0 ? krb5_cc_store_cred(t->ctx, t->cache, &t->creds) : rc;
}

static uint32_t get_ticket(struct tickets *t, struct hp_ldap *l,
			   struct hp_text *why)
{
	herald_str keytab = l->h->option(l->h, "keytab", 0);
	size_t said = why->n;
	krb5_error_code rc = krb5_init_context(&t->ctx);

	if (rc != 0)
		return failed(t, rc, "krb5.conf", why);
	rc = name_us(t, l);
	if (rc == 0)
		rc = keytab.p ? by_key(t, keytab.p) : by_password(t, l->h, why);
	if (rc != 0)
		return failed(t, rc, "Kerberos log-in", why);
	if (why->n > said)
		return HERALD_AUTH;
	t->has_creds = true;
	rc = keep(t);
	return rc == 0 ? HERALD_OK : failed(t, rc, "ticket cache", why);
}

static void drop_ticket(struct tickets *t)
{
	if (t->cache)
		krb5_cc_destroy(t->ctx, t->cache);
	if (t->has_creds)
		krb5_free_cred_contents(t->ctx, &t->creds);
	if (t->who)
		krb5_free_principal(t->ctx, t->who);
	if (t->ctx)
		krb5_free_context(t->ctx);
}

/* ---- GSSAPI ---- */

/* It has no question that is not answered by the ticket. */
static int answer_nothing(LDAP *ld, unsigned flags, void *defaults, void *in)
{
	sasl_interact_t *one = in;

	(void)ld;
	(void)flags;
	(void)defaults;
	for (; one->id != SASL_CB_LIST_END; one++) {
		one->result = "";
		one->len = 0;
	}
	return LDAP_SUCCESS;
}

static int exchange(struct hp_ldap *l, int64_t until_ms)
{
	LDAPMessage *result = NULL;
	const char *mechanism = NULL;
	int msgid = 0, rc;

	for (;;) {
		rc = ldap_sasl_interactive_bind(l->ld, NULL, "GSSAPI", NULL,
						NULL, LDAP_SASL_QUIET,
						answer_nothing, NULL, result,
						&mechanism, &msgid);
		ldap_msgfree(result);
		result = NULL;
		if (rc != LDAP_SASL_BIND_IN_PROGRESS)
			return rc;
		rc = hp_ldap_wait(l, msgid, until_ms, &result);
		if (rc != LDAP_SUCCESS)
			return rc;
	}
}

/* The ticket is the thread's for as long as it takes. */
static uint32_t bind_with(struct tickets *t, struct hp_ldap *l,
			  int64_t until_ms, struct hp_text *why)
{
	static const char layer[] = "minssf=56";
	char *name = NULL, *said;
	OM_uint32 minor;
	int rc = LDAP_NO_MEMORY;

	if (krb5_cc_get_full_name(t->ctx, t->cache, &name) == 0 &&
	    gss_krb5_ccache_name(&minor, name, NULL) == GSS_S_COMPLETE &&
	    ldap_set_option(l->ld, LDAP_OPT_X_SASL_SECPROPS, layer) ==
		    LDAP_OPT_SUCCESS)
		rc = exchange(l, until_ms);
	gss_krb5_ccache_name(&minor, NULL, NULL);
	krb5_free_string(t->ctx, name);
	if (rc == LDAP_SUCCESS)
		return HERALD_OK;
	said = hp_ldap_said(l);
	hp_text_addf(why, "log-in of %s: ", hp_directory_user(l->directory));
	hp_ldap_words(why, rc, said ? said : "");
	ldap_memfree(said);
	return hp_ldap_status(rc, HP_LDAP_BIND);
}

uint32_t hp_ldap_kerberos(struct hp_ldap *l, int64_t until_ms,
			  struct hp_text *why)
{
	struct tickets t = { 0 };
	uint32_t status = get_ticket(&t, l, why);

	if (status == HERALD_OK)
		status = bind_with(&t, l, until_ms, why);
	drop_ticket(&t);
	return status;
}
