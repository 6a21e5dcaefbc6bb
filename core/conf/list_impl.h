/* list_impl.h - a list from the inside: list.c answers, list_read.c fills */
#ifndef HD_CONF_LIST_IMPL_H
#define HD_CONF_LIST_IMPL_H

#include "core/base/dict.h"
#include "core/base/ip.h"
#include "core/conf/list.h"

#define HD_LIST_VALUE_MAX 1024 /* bytes of a value */

/* `until_ms` is the first moment at which the entry no longer counts. */
struct hd_list_entry {
	int64_t until_ms;
};

struct hd_list_net {
	struct hd_cidr cidr;
	int64_t until_ms;
};

struct hd_list {
	char *name;
	enum hd_list_kind kind;
	struct hd_dict values; /* normal form to hd_list_entry */
	struct hd_dict shorts; /* host: first label of long names, likewise */
	struct hd_list_net *nets;
	size_t nets_count, nets_cap;
	size_t count;
};

/* The normal form of a value in `out`; false if it is none of the kind.  An
 * entry may say more than a value: "*.example.com". */
bool hd_list_normal(enum hd_list_kind kind, const char *value, size_t n,
		    char out[HD_LIST_VALUE_MAX + 1]);

/* Adds an entry; false if it is none of the list's kind. */
bool hd_list_add(struct hd_list *list, const char *value, size_t n,
		 int64_t until_ms);

#endif
