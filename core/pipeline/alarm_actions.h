/* alarm_actions.h - herald's own troubles, sent by the actions of `alarms:`
 *
 * They pass no pipeline and no journal: an alarm is a word about herald, not an
 * alert.  The plugin gets a record that holds the words (finding_info.title,
 * message), so that what it writes by itself is about the trouble.  A failure
 * of an alarm raises none: it is logged.
 */
#ifndef HD_PIPELINE_ALARM_ACTIONS_H
#define HD_PIPELINE_ALARM_ACTIONS_H

#include "core/pipeline/program.h"

struct hd_alarm_actions;

/* Of the section `alarms`; complains like any other part.  Warns where all of
 * them go through one connector.  The caller frees it. [loop] */
struct hd_alarm_actions *hd_alarm_actions_build(struct hd_build *b);
void hd_alarm_actions_free(struct hd_alarm_actions *alarms);

/* Sends a word by each.  `connector` gives the one that has the name now.
 * [loop] */
void hd_alarm_actions_send(const struct hd_alarm_actions *alarms,
			   hd_connector_fn connector, void *ud,
			   const char *kind, const char *object,
			   const char *text);

#endif
