/* load_impl.h - a configuration from the inside: load.c reads the files,
 * merge.c joins them and answers questions */
#ifndef HD_CONF_LOAD_IMPL_H
#define HD_CONF_LOAD_IMPL_H

#include "core/base/dict.h"
#include "core/conf/load.h"

struct hd_conf_file {
	struct hd_source *source;
	struct hd_node *root; /* NULL: could not be read */
};

/* The entries of a section, from all files. */
struct hd_conf_entries {
	const struct hd_node **items;
	size_t count, cap;
	struct hd_dict by_name; /* to the items */
};

struct hd_conf {
	unsigned refs;
	struct hd_conf_file *files;
	size_t files_count;
	struct hd_conf_entries sections[HD_CONF_SECTIONS];
	char id[HD_CONF_ID_SIZE];
};

void hd_conf_merge(struct hd_conf *conf, struct hd_complaints *complaints);
void hd_conf_identify(struct hd_conf *conf);

#endif
