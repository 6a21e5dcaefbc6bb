/* uac.h - the bits of userAccountControl
 *
 * Locked and expired are not among them, whatever their names say: they stand
 * in msDS-User-Account-Control-Computed, with the same numbers.
 */
#ifndef HERALD_PLUGINS_UAC_H
#define HERALD_PLUGINS_UAC_H

#include <stdint.h>

enum {
	HP_UAC_DISABLED = 0x2,
	HP_UAC_LOCKOUT = 0x10,
	HP_UAC_SERVER_TRUST = 0x2000,
	HP_UAC_DONT_EXPIRE = 0x10000,
	HP_UAC_PASSWORD_EXPIRED = 0x800000
};

/* The name of the lowest bit in *bits, which is taken off; NULL when none with
 * a name is left. [any] */
const char *hp_uac_next(uint32_t *bits);

#endif
