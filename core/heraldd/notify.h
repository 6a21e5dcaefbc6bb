/* notify.h - telling the service manager how we are
 *
 * Nothing without one (NOTIFY_SOCKET unset) or built without libsystemd.
 */
#ifndef HD_HERALDD_NOTIFY_H
#define HD_HERALDD_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1"; several lines are one message.
 * [loop] */
void hd_notify(const char *state);

/* "RELOADING=1" and when: "READY=1" must follow. [loop] */
void hd_notify_reloading(void);

/* us between two "WATCHDOG=1", 0: none is wanted. [loop] */
uint64_t hd_notify_watchdog_us(void);

#endif
