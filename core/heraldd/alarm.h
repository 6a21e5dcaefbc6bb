/* alarm.h - herald's own troubles, told once
 *
 * Each kind and object at most once an hour, and repeated daily while it lasts;
 * always as one line in the log that ends with the command that helps.
 */
#ifndef HD_HERALDD_ALARM_H
#define HD_HERALDD_ALARM_H

#include "core/base/dict.h"

struct hd_alarms {
	struct hd_dict told; /* "kind object" -> when */
	/* Told to people as well (`alarms:`); may be NULL. */
	void (*send)(void *ud, const char *kind, const char *object,
		     const char *text);
	void *ud;
};

void hd_alarms_init(struct hd_alarms *alarms);
void hd_alarms_fini(struct hd_alarms *alarms);

/* [loop] */
void hd_alarms_raise(struct hd_alarms *alarms, const char *kind,
		     const char *object, const char *text);

#endif
