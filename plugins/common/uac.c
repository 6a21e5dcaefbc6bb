#include "common/uac.h"

#include <stddef.h>

/* ADS_USER_FLAG_ENUM. */
static const struct {
	uint32_t bit;
	const char *name;
} flags[] = {
	{ 0x2, "ACCOUNTDISABLE" },
	{ 0x10, "LOCKOUT" },
	{ 0x20, "PASSWD_NOTREQD" },
	{ 0x40, "PASSWD_CANT_CHANGE" },
	{ 0x200, "NORMAL_ACCOUNT" },
	{ 0x800, "INTERDOMAIN_TRUST_ACCOUNT" },
	{ 0x1000, "WORKSTATION_TRUST_ACCOUNT" },
	{ 0x2000, "SERVER_TRUST_ACCOUNT" },
	{ 0x10000, "DONT_EXPIRE_PASSWORD" },
	{ 0x40000, "SMARTCARD_REQUIRED" },
	{ 0x80000, "TRUSTED_FOR_DELEGATION" },
	{ 0x100000, "NOT_DELEGATED" },
	{ 0x200000, "USE_DES_KEY_ONLY" },
	{ 0x400000, "DONT_REQUIRE_PREAUTH" },
	{ 0x800000, "PASSWORD_EXPIRED" },
	{ 0x1000000, "TRUSTED_TO_AUTH_FOR_DELEGATION" },
};

const char *hp_uac_next(uint32_t *bits)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (*bits & flags[i].bit) {
			*bits &= ~flags[i].bit;
			return flags[i].name;
		}
	}
	return NULL;
}
