/* status.h - the status classes of the ABI in words */
#ifndef HD_PLUGIN_STATUS_H
#define HD_PLUGIN_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* HERALD_CLASS() of the enum's values, by name. */
enum hd_status_class {
	HD_CLASS_OK,
	HD_CLASS_NO_DATA,
	HD_CLASS_PASSING,
	HD_CLASS_AUTH,
	HD_CLASS_PERMANENT,
	HD_CLASS_GIVEN_UP,
	HD_CLASS_IN_DOUBT,
	HD_CLASS_PENDING
};

/* "timed out", "quota spent", ...: for ledgers, logs and texts; an unknown
 * detail is named by its class. [any] */
const char *hd_status_words(uint32_t status);

/* Classes 0 and 1: there is an answer, so there need be no message. [any] */
bool hd_status_is_sound(uint32_t status);

#endif
