/* health.h - how the named parts of the process are
 *
 * "connector misp", "journal", "listener 8443": whoever owns a part says how
 * it is whenever that may have changed; /readyz, status and the service
 * manager's line read it.  Texts are copied, too long ones cut.
 */
#ifndef HD_BASE_HEALTH_H
#define HD_BASE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_HEALTH_NAME 96
#define HD_HEALTH_WHY 256

enum hd_health {
	HD_HEALTH_OK,
	HD_HEALTH_DEGRADED, /* works in part, or recovers by itself */
	HD_HEALTH_FAILED    /* does not work until somebody acts */
};

struct hd_health_part {
	char name[HD_HEALTH_NAME];
	char why[HD_HEALTH_WHY]; /* "" when there is nothing to say */
	enum hd_health how;
	int64_t since_utc_ms; /* when `how` became what it is */
};

/* Sets how the part `name` is, made if it is new; `why` may be NULL.  True if
 * `how` changed, or the part is new and not OK: then the caller logs it.
 * [any] */
bool hd_health_set(const char *name, enum hd_health how, const char *why);

/* Forgets the part (it was removed from the configuration). [any] */
void hd_health_forget(const char *name);

/* Copies of all parts by name, *count of them.  The caller frees the array
 * with free(). [any] */
struct hd_health_part *hd_health_all(size_t *count);

/* Copies the part; false if there is none of that name. [any] */
bool hd_health_of(const char *name, struct hd_health_part *out);

/* How the worst part is; OK when there is none. [any] */
enum hd_health hd_health_worst(void);

/* "ok", "degraded", "failed". [any] */
const char *hd_health_word(enum hd_health how);

#endif
