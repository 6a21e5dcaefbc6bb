/* act.h - planning, doing and verifying an action on one account */
#ifndef HERALD_AD_RESPOND_ACT_H
#define HERALD_AD_RESPOND_ACT_H

#include <stdint.h>

#include <herald/plugin.h>

#include "common/ad_names.h"
#include "common/ldap.h"

#include "ad_respond/change.h"

struct ad_respond {
	const herald_host *h;
	struct hp_directory *directory;
	struct hp_ad_names *names;
	struct hp_ldap *ldap;
};

/* Completes the call. [worker] */
void ad_act(struct ad_respond *ad, const herald_call *call,
	    enum ad_action action, int64_t asked_ms);

#endif
