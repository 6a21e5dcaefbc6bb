/* zone.h - time zones from the system's files
 *
 * Reads /usr/share/zoneinfo by itself: setting TZ would change the whole
 * process.  Names are checked before they become paths.
 */
#ifndef HD_CEL_ZONE_H
#define HD_CEL_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_cel_zone;
struct hd_cel_zones; /* those read so far, at most 32 */

/* A zone by name ("Europe/Berlin", "UTC", "") or offset ("+02:00", "-0130",
 * "02:00"), read once a set; `*zones` starts as NULL.  NULL if there is none
 * such.  Borrowed from `*zones`, valid until it is freed or 32 further names
 * have been asked for. */
const struct hd_cel_zone *hd_cel_zones_get(struct hd_cel_zones **zones,
					   const char *name, size_t n);
void hd_cel_zones_free(struct hd_cel_zones *zones); /* accepts NULL */

/* Seconds east of UTC at `utc` (seconds since 1970). [any] */
int32_t hd_cel_zone_offset(const struct hd_cel_zone *zone, int64_t utc);

/* A zone from the bytes of a file; NULL if it is not
 * one.  The caller frees it. [any] */
struct hd_cel_zone *hd_cel_zone_read(const unsigned char *p, size_t n);
void hd_cel_zone_free(struct hd_cel_zone *zone); /* accepts NULL */

#endif
