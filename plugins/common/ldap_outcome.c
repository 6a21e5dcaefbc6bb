#include "common/ldap_outcome.h"

#include <ldap.h>

#define SAID_MAX 300

static const struct {
	int code;
	uint32_t bind, read, write;
} codes[] = {
	{ LDAP_SUCCESS, HERALD_OK, HERALD_OK, HERALD_OK },
	{ LDAP_TIMELIMIT_EXCEEDED, HERALD_RETRY, HERALD_RETRY, HERALD_RETRY },
	{ LDAP_SIZELIMIT_EXCEEDED, HERALD_FAILED, HERALD_TOO_BIG,
	  HERALD_FAILED },
	{ LDAP_ADMINLIMIT_EXCEEDED, HERALD_RETRY, HERALD_RETRY, HERALD_RETRY },
	{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION, HERALD_UNSUPPORTED,
	  HERALD_UNSUPPORTED, HERALD_UNSUPPORTED },
	{ LDAP_STRONG_AUTH_REQUIRED, HERALD_AUTH, HERALD_AUTH, HERALD_AUTH },
	{ LDAP_INAPPROPRIATE_AUTH, HERALD_AUTH, HERALD_AUTH, HERALD_AUTH },
	{ LDAP_INVALID_CREDENTIALS, HERALD_AUTH, HERALD_AUTH, HERALD_AUTH },
	{ LDAP_AUTH_METHOD_NOT_SUPPORTED, HERALD_AUTH, HERALD_AUTH,
	  HERALD_AUTH },
	{ LDAP_UNWILLING_TO_PERFORM, HERALD_AUTH, HERALD_FAILED,
	  HERALD_FAILED },
	{ LDAP_NO_SUCH_OBJECT, HERALD_AUTH, HERALD_NOT_FOUND,
	  HERALD_NOT_FOUND },
	{ LDAP_INVALID_SYNTAX, HERALD_FAILED, HERALD_BAD_INPUT,
	  HERALD_BAD_INPUT },
	{ LDAP_INVALID_DN_SYNTAX, HERALD_AUTH, HERALD_BAD_INPUT,
	  HERALD_BAD_INPUT },
	{ LDAP_INSUFFICIENT_ACCESS, HERALD_AUTH, HERALD_FORBIDDEN,
	  HERALD_FORBIDDEN },
	{ LDAP_BUSY, HERALD_BUSY, HERALD_BUSY, HERALD_BUSY },
	{ LDAP_UNAVAILABLE, HERALD_RETRY, HERALD_RETRY, HERALD_RETRY },
	/* the library's own */
	{ LDAP_SERVER_DOWN, HERALD_UNREACHABLE, HERALD_UNREACHABLE,
	  HERALD_IN_DOUBT },
	{ LDAP_CONNECT_ERROR, HERALD_UNREACHABLE, HERALD_UNREACHABLE,
	  HERALD_IN_DOUBT },
	{ LDAP_TIMEOUT, HERALD_TIMEOUT, HERALD_TIMEOUT, HERALD_IN_DOUBT },
	{ LDAP_USER_CANCELLED, HERALD_CANCELLED, HERALD_CANCELLED,
	  HERALD_IN_DOUBT },
	{ LDAP_LOCAL_ERROR, HERALD_UNREACHABLE, HERALD_UNREACHABLE,
	  HERALD_IN_DOUBT },
	{ LDAP_DECODING_ERROR, HERALD_UNREACHABLE, HERALD_BAD_REPLY,
	  HERALD_IN_DOUBT },
	{ LDAP_NO_MEMORY, HERALD_RETRY, HERALD_RETRY, HERALD_RETRY },
	{ LDAP_FILTER_ERROR, HERALD_FAILED, HERALD_BAD_INPUT,
	  HERALD_BAD_INPUT },
};

uint32_t hp_ldap_status(int code, enum hp_ldap_step step)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code != code)
			continue;
		return step == HP_LDAP_BIND   ? codes[i].bind
		       : step == HP_LDAP_READ ? codes[i].read
					      : codes[i].write;
	}
	if (step == HP_LDAP_WRITE && code < 0)
		return HERALD_IN_DOUBT;
	return HERALD_FAILED;
}

/* ---- the reason of error 49 ---- */

static const struct {
	const char *code, *words;
} reasons[] = {
	{ "525", "no such user" },
	{ "52e", "wrong user or password" },
	{ "530", "not permitted at this time" },
	{ "531", "not permitted from this host" },
	{ "532", "the password has expired" },
	{ "533", "the account is disabled" },
	{ "701", "the account has expired" },
	{ "773", "the password must be changed" },
	{ "775", "the account is locked" },
};

const char *hp_ldap_bind_reason(const char *said)
{
	const char *data = strstr(said, "data ");

	if (!data)
		return NULL;
	data += strlen("data ");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const char *code = reasons[i].code;

		if (strncmp(data, code, strlen(code)) == 0 &&
		    (data[strlen(code)] == ',' || data[strlen(code)] == '\0'))
			return reasons[i].words;
	}
	return NULL;
}

void hp_ldap_words(struct hp_text *why, int code, const char *said)
{
	const char *reason = code == LDAP_INVALID_CREDENTIALS
				     ? hp_ldap_bind_reason(said)
				     : NULL;

	hp_text_add(why, herald_cstr(ldap_err2string(code)));
	if (reason)
		hp_text_addf(why, ": %s", reason);
	else if (said[0] && hp_str_is_utf8(herald_cstr(said)))
		hp_text_addf(why, ": %.*s",
			     (int)hp_str_head(herald_cstr(said), SAID_MAX).n,
			     said);
	if (code > 0)
		hp_text_addf(why, " (%d)", code);
}
