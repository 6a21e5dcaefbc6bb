/* report.h - a report of VirusTotal, made into an answer for the core
 *
 * What people and rules want of it: how many engines say what, a score, and
 * the few attributes that describe the object.  The verdict of each engine, by
 * far the largest part, is left out.
 */
#ifndef HERALD_VT_REPORT_H
#define HERALD_VT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"

struct vt_counts {
	int64_t malicious, suspicious, harmless, undetected;
};

/* reputation.score_id: 20 and more engines that say malicious 10, from 10 on
 * 9, from 3 on 8, two 7; one, or suspicious only, 6; harmless only 3; nobody 0.
 * [any]
 */
int vt_score(const struct vt_counts *counts);

/* The members of herald_result.json from the body of a 200.  `gui` is the
 * object's kind in addresses for people ("ip-address").  False if this is no
 * report. [loop] */
bool vt_report_read(struct hp_json *body, const char *gui, struct hp_json *out);

#endif
