/* change.h - what an action does to one attribute, and whether it may
 *
 * An intention is kept as {object, attribute, before, after}: decided by PLAN,
 * stored by the host before RUN.  What stands in the directory then says all:
 *
 *	after		it is done, by us or by somebody else
 *	before		it can be done: `before` is taken out and `after` put
 *			in, at once and only if `before` is still there
 *	anything else	somebody changed it since
 *
 * So a repetition changes nothing, and what was before is never a guess.
 *
 * All functions are [any].
 */
#ifndef HERALD_AD_RESPOND_CHANGE_H
#define HERALD_AD_RESPOND_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/json.h"
#include "common/sid.h"

enum ad_action { AD_DISABLE, AD_ENABLE, AD_FORCE_PASSWORD, AD_RESTORE };

#define AD_VALUE_SIZE 24 /* a number of 64 bits with '\0' */

struct ad_change {
	char guid[HP_GUID_TEXT];
	const char *attribute; /* userAccountControl or pwdLastSet */
	char before[AD_VALUE_SIZE], after[AD_VALUE_SIZE];
};

/* The attribute that an action is about.  Not for RESTORE. */
const char *ad_change_attribute(enum ad_action action);

/* What the action makes of `now`, a number.  False if it is none.  Not for
 * RESTORE. */
bool ad_change_make(struct ad_change *change, enum ad_action action,
		    const char *guid, herald_str now);

/* A memo, and back.  False if it is none of ours. */
void ad_change_write(const struct ad_change *change, struct hp_json *memo);
bool ad_change_read(struct ad_change *change, struct hp_json *memo);

/* The way back: before and after change places. */
void ad_change_turn(struct ad_change *change);

enum ad_standing { AD_DONE, AD_OPEN, AD_MOVED_ON };

/* How `now` stands to the change. */
enum ad_standing ad_change_stands(const struct ad_change *change,
				  herald_str now);

#endif
