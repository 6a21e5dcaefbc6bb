/* alarm.h - herald's own troubles, told once
 *
 * Each kind and object at most once an hour; what lasts ("connector", "disk",
 * "in doubt", "quota spent", "reload") is told again each day, and once more
 * when it is over.  Always as one line in the log that ends with the command
 * that helps.
 */
#ifndef HD_HERALDD_ALARM_H
#define HD_HERALDD_ALARM_H

#include <stdint.h>

#include "core/base/dict.h"

struct hd_alarms {
	struct hd_dict told; /* "kind object" -> when, and what */
	/* Told to people as well (`alarms:`); may be NULL. */
	void (*send)(void *ud, const char *kind, const char *object,
		     const char *text);
	void *ud;
};

void hd_alarms_init(struct hd_alarms *alarms);
void hd_alarms_fini(struct hd_alarms *alarms);

/* `text` NULL: the trouble is over, which is told if it was. [loop] */
void hd_alarms_raise(struct hd_alarms *alarms, const char *kind,
		     const char *object, const char *text);

/* Tells again what lasts and was told a day before `now_ms` (monotonic); to be
 * called once in a while. [loop] */
void hd_alarms_repeat(struct hd_alarms *alarms, int64_t now_ms);

#endif
