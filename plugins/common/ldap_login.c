#include "common/ldap_impl.h"

#include <openldap.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/dial.h"

#define DAY_MS INT64_C(86400000)
#define MESSAGE_MAX (8u << 20) /* bytes of one message of the server */
#define PIN_HEAD "sha256//"    /* as curl writes it; libldap: sha256: */
#define PIN_MAX 128

/* ---- options of the library ---- */

static bool set_int(LDAP *ld, int option, int value)
{
	return ldap_set_option(ld, option, &value) == LDAP_OPT_SUCCESS;
}

static bool set_time(LDAP *ld, int option, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 };

	return ldap_set_option(ld, option, &tv) == LDAP_OPT_SUCCESS;
}

/* The same rules as for HTTP: verified unless told otherwise, a pin alone
 * stands in for chain, name and dates. */
static bool set_trust(LDAP *ld, const herald_host *h)
{
	herald_str ca = h->option(h, "tls_ca_file", 0);
	herald_str pin = h->option(h, "tls_pin", 0);
	bool blind = h->number(h, "tls_verify") == 0 &&
		     h->utc_ms(h) < h->number(h, "tls_until") + DAY_MS;
	bool chain = !blind && (pin.n == 0 || ca.n > 0);
	char hash[PIN_MAX];

	if (!set_int(ld, LDAP_OPT_X_TLS_REQUIRE_CERT,
		     chain ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER) ||
	    !set_int(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN,
		     LDAP_OPT_X_TLS_PROTOCOL_TLS1_2))
		return false;
	if (ca.n > 0 && ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca.p) !=
				LDAP_OPT_SUCCESS)
		return false;
	if (pin.n > 0) {
		if (!hp_str_begins(pin, PIN_HEAD))
			return false;
		snprintf(hash, sizeof(hash), "sha256:%s",
			 pin.p + strlen(PIN_HEAD));
		if (ldap_set_option(ld, LDAP_OPT_X_TLS_PEERKEY_HASH, hash) !=
		    LDAP_OPT_SUCCESS)
			return false;
	}
	return set_int(ld, LDAP_OPT_X_TLS_NEWCTX, 0);
}

static bool set_up(struct hp_ldap *l, int64_t left_ms)
{
	LDAP *ld = l->ld;

	/* LDAP_OPT_NETWORK_TIMEOUT is left alone: with GnuTLS it makes a
	 * handshake with a silent server spin for ever.  The watch is there. */
	return set_int(ld, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) &&
	       ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) ==
		       LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) ==
		       LDAP_OPT_SUCCESS &&
	       set_time(ld, LDAP_OPT_TIMEOUT, left_ms) &&
	       (hp_directory_security(l->directory) == HP_GSSAPI ||
		set_trust(ld, l->h));
}

/* ---- the line ---- */

static uint32_t trouble(struct hp_ldap *l, int rc, const char *what,
			struct hp_text *why)
{
	char *said = hp_ldap_said(l);

	hp_text_add(why, herald_cstr(what));
	hp_ldap_words(why, rc, said ? said : "");
	ldap_memfree(said);
	return hp_ldap_status(rc, HP_LDAP_BIND);
}

/* Each way to encrypt has a port of its own; on the other's nobody understands
 * us, and the library calls it this and that. */
static const char *wrong_port(const struct hp_ldap *l)
{
	uint16_t port = l->server.port;

	if (hp_directory_security(l->directory) == HP_LDAPS)
		return port == 389 || port == 3268
			       ? "this is a port of security: starttls; LDAPS "
				 "is on 636"
			       : NULL;
	return port == 636 || port == 3269
		       ? "this is a port of security: ldaps; StartTLS is on 389"
		       : NULL;
}

/* The library does not tell what GnuTLS did not like. */
static uint32_t tls_trouble(struct hp_ldap *l, int rc, const char *what,
			    struct hp_text *why)
{
	char *said = hp_ldap_said(l);
	bool mute = !said || !said[0] ||
		    strcmp(said, "(unknown error code)") == 0;

	hp_text_addf(why, "%s", what);
	/* What the server answers has a code of its own, above 0. */
	if (wrong_port(l))
		hp_text_add(why, herald_cstr(wrong_port(l)));
	else if (mute && rc < 0)
		hp_text_add(why,
			    HERALD_S("its certificate is not accepted: is it "
				     "valid, for this name, and signed by what "
				     "tls.ca_file holds?"));
	else
		hp_ldap_words(why, rc, mute ? "" : said);
	ldap_memfree(said);
	return HERALD_UNREACHABLE;
}

/* Not even a good-bye is said to whom we do not believe. */
static void hang_up(LDAP *ld)
{
	int fd = -1;

	if (ldap_get_option(ld, LDAP_OPT_DESC, &fd) == LDAP_OPT_SUCCESS &&
	    fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

/* Made with GnuTLS, as Debian's is, libldap takes the least version and pays no
 * heed to it.  (A priority text as "cipher suite" would be heeded, and costs
 * 8 KiB a connection that are never given back.) */
static uint32_t check_version(struct hp_ldap *l, struct hp_text *why)
{
	char *version = NULL;
	bool good = ldap_get_option(l->ld, LDAP_OPT_X_TLS_VERSION, &version) ==
			    LDAP_OPT_SUCCESS &&
		    version &&
		    (strstr(version, "1.2") || strstr(version, "1.3"));

	if (!good) {
		hang_up(l->ld);
		hp_text_addf(why, "it speaks %s: TLS 1.2 or later is required",
			     version ? version : "an unknown version of TLS");
	}
	ldap_memfree(version);
	return good ? HERALD_OK : HERALD_UNREACHABLE;
}

/* Without TLS no controller has anything to say to us: whatever it answers is
 * trouble of this controller. */
static uint32_t encrypt(struct hp_ldap *l, struct hp_text *why)
{
	enum hp_security security = hp_directory_security(l->directory);
	int rc;

	if (security == HP_GSSAPI)
		return HERALD_OK; /* Kerberos brings its own */
	rc = security == HP_LDAPS ? ldap_install_tls(l->ld)
				  : ldap_start_tls_s(l->ld, NULL, NULL);
	if (rc != LDAP_SUCCESS)
		return tls_trouble(
			l, rc,
			security == HP_LDAPS ? "TLS: " : "StartTLS: ", why);
	return check_version(l, why);
}

/* The name in the address is the one that its certificate must have. */
static uint32_t open_line(struct hp_ldap *l, int fd, struct hp_text *why)
{
	herald_str name = l->h->option(l->h, "tls_server_name", 0);
	char url[HP_SRV_HOST + 32];

	snprintf(url, sizeof(url), "ldap://%s:%u",
		 name.n > 0 && name.n < HP_SRV_HOST ? name.p : l->server.host,
		 (unsigned)l->server.port);
	if (ldap_init_fd(fd, LDAP_PROTO_TCP, url, &l->ld) != LDAP_SUCCESS) {
		close(fd);
		l->ld = NULL;
		hp_text_add(why, HERALD_S("is no address"));
		return HERALD_FAILED;
	}
	return HERALD_OK;
}

static void limit_messages(struct hp_ldap *l)
{
	ber_len_t most = MESSAGE_MAX;
	Sockbuf *sb = NULL;

	if (ldap_get_option(l->ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS &&
	    sb)
		ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

/* ---- the password ---- */

static int send_password(struct hp_ldap *l, int *msgid, struct hp_text *why)
{
	char secret[HP_LDAP_SECRET_MAX];
	size_t n = sizeof(secret);
	uint32_t status = l->h->secret(l->h, "secret", secret, &n);
	struct berval cred = { .bv_len = n, .bv_val = secret };
	int rc = LDAP_PARAM_ERROR;

	/* An empty one would be an anonymous bind that "succeeds". */
	if (status != HERALD_OK || n == 0)
		hp_text_add(why, HERALD_S("there is no secret to log in with"));
	else if (!ldap_tls_inplace(l->ld))
		hp_text_add(why, HERALD_S("the line is not encrypted: the "
					  "password is not sent"));
	else
		rc = ldap_sasl_bind(l->ld, hp_directory_user(l->directory),
				    LDAP_SASL_SIMPLE, &cred, NULL, NULL, msgid);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

static uint32_t simple_bind(struct hp_ldap *l, int64_t until_ms,
			    struct hp_text *why)
{
	LDAPMessage *result = NULL;
	char *said = NULL;
	int msgid, rc = send_password(l, &msgid, why);
	uint32_t status;

	if (rc == LDAP_PARAM_ERROR)
		return HERALD_AUTH;
	if (rc == LDAP_SUCCESS)
		rc = hp_ldap_wait(l, msgid, until_ms, &result);
	if (rc != LDAP_SUCCESS)
		return trouble(l, rc, "", why);
	rc = hp_ldap_result_take(l, result, &said);
	status = hp_ldap_status(rc, HP_LDAP_BIND);
	if (status != HERALD_OK) {
		hp_text_addf(why,
			     "log-in of %s: ", hp_directory_user(l->directory));
		hp_ldap_words(why, rc, said ? said : "");
	}
	ldap_memfree(said);
	return status;
}

static uint32_t log_in(struct hp_ldap *l, int64_t until_ms, struct hp_text *why)
{
	uint32_t status;

	if (!set_up(l, until_ms - l->h->now_ms(l->h))) {
		hp_text_add(why, HERALD_S("the TLS options cannot be used: is "
					  "ca_file a file with certificates, "
					  "pin a sha256// digest?"));
		return HERALD_FAILED;
	}
	status = encrypt(l, why);
	if (status != HERALD_OK)
		return status;
	limit_messages(l);
	return hp_directory_security(l->directory) == HP_GSSAPI
		       ? hp_ldap_kerberos(l, until_ms, why)
		       : simple_bind(l, until_ms, why);
}

uint32_t hp_ldap_login(struct hp_ldap *l, int64_t until_ms, struct hp_text *why)
{
	int64_t left = until_ms - l->h->now_ms(l->h);
	int fd = hp_dial(l->server.host, l->server.port, left, why);
	uint32_t status;

	if (fd < 0)
		return HERALD_UNREACHABLE;
	status = open_line(l, fd, why);
	if (status != HERALD_OK)
		return status;
	left = until_ms - l->h->now_ms(l->h);
	/* The waits of the log-in itself take this watch over. */
	if (!hp_watch_begin(l->watch, fd, left)) {
		hp_text_add(why, HERALD_S("no thread can be made"));
		status = HERALD_RETRY;
	} else {
		status = log_in(l, until_ms, why);
		if (hp_watch_end(l->watch)) {
			hp_text_add(why, HERALD_S(": no answer in time"));
			status = HERALD_TIMEOUT;
		}
	}
	if (status != HERALD_OK)
		hp_ldap_drop(l);
	return status;
}
