/* settings_impl.h - settings.c reads the sections that stand once,
 * settings_named.c those whose entries have names of the operator's choice */
#ifndef HD_CONF_SETTINGS_IMPL_H
#define HD_CONF_SETTINGS_IMPL_H

#include "core/conf/settings.h"

struct hd_reader {
	const struct hd_conf *conf;
	struct hd_check check;
	struct hd_settings *settings;
};

/* listen, lists, connectors, alarms. */
void hd_settings_read_named(struct hd_reader *reader);

#endif
