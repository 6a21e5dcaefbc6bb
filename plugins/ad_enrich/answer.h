/* answer.h - what the directory says of an account, made into an answer */
#ifndef HERALD_AD_ENRICH_ANSWER_H
#define HERALD_AD_ENRICH_ANSWER_H

#include <stdint.h>

#include "common/ad_account.h"
#include "common/json.h"

/* Fills "user" (or "device", for a computer), "data" and "desc".  `manager` may
 * be NULL; `utc_ms` is now. [any] */
void ad_answer(struct hp_json *out, const char *domain,
	       const struct hp_ad_account *account,
	       const struct hp_entry *manager, int64_t utc_ms);

#endif
