/* who.h - finding the one account, and those that nobody may touch */
#ifndef HERALD_AD_RESPOND_WHO_H
#define HERALD_AD_RESPOND_WHO_H

#include "common/ad_account.h"

#include "ad_respond/act.h"

/* The one user of that name, groups included.  REFUSED, with `why`, if there
 * is none or more than one, or it is of another domain. [worker] */
uint32_t ad_who_by_name(struct ad_respond *ad, herald_str name,
			struct hp_ad_account *account, struct hp_text *why);

/* The object of a memo, wherever it is now; REFUSED if it is gone or was moved
 * out of `base`. [worker] */
uint32_t ad_who_by_guid(struct ad_respond *ad, const char *guid,
			struct hp_ad_account *account, struct hp_text *why);

/* May it be touched at all?  OK, or REFUSED with the reason: our own account,
 * RID 500 and 502, members of groups of `never`. [any] */
uint32_t ad_who_may_be(const struct ad_respond *ad,
		       const struct hp_ad_account *account,
		       struct hp_text *why);

/* FORBIDDEN, with words, if the directory says that we may not write the
 * attribute. [worker] */
uint32_t ad_who_is_writable(struct ad_respond *ad,
			    const struct hp_ad_account *account,
			    const char *attribute, struct hp_text *why);

#endif
