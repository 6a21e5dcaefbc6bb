/* notify.h - telling the service manager how we are
 *
 * Nothing without one (NOTIFY_SOCKET unset) or built without libsystemd.
 */
#ifndef HD_HERALDD_NOTIFY_H
#define HD_HERALDD_NOTIFY_H

#include <stdint.h>

/* "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", ... [loop] */
void hd_notify(const char *state);

/* us between two "WATCHDOG=1", 0: none is wanted. [loop] */
uint64_t hd_notify_watchdog_us(void);

#endif
