/* safety.h - the section `safety` of a configuration, checked and compiled
 *
 * What it comes to is core/action/guard_rules.h; the guards are asked there.
 */
#ifndef HD_PIPELINE_SAFETY_H
#define HD_PIPELINE_SAFETY_H

#include <herald/plugin.h>

struct hd_build;
struct hd_guard_rules;
struct hd_node;

/* safety.protect, safety.actions, and what is protected because herald itself
 * uses it: the accounts and hosts among its connectors' options.  Always a
 * result; what is wrong is among the complaints. [loop] */
struct hd_guard_rules *hd_safety_build(struct hd_build *b);

/* A pipeline uses that action, as written at `place`: complains if what
 * contains has no entry in safety.actions. [loop] */
void hd_safety_use(struct hd_build *b, const char *connector,
		   const herald_action *action, const struct hd_node *place);

#endif
