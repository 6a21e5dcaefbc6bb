/* list.h - named lists of values: `listed("vip", user.name)`
 *
 * The kind decides how values are compared:
 *   user    without case and domain: CORP\Ann, ann@corp.example, ANN
 *   host    without case; a short name equals any name that begins with it
 *   net     an address that lies in one of the networks
 *   domain  a name, its subdomains, and mail addresses below them
 *   text    exactly
 *
 * Values stand in the configuration, or in a file: one a line, `#` begins a
 * comment, and `until=2026-12-31` behind an entry ends it after that day (UTC).
 */
#ifndef HD_CONF_LIST_H
#define HD_CONF_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conf/value.h"

#define HD_LIST_ENTRIES_MAX 1000000
#define HD_LIST_FILE_MAX (64u << 20)

enum hd_list_kind {
	HD_LIST_USER,
	HD_LIST_HOST,
	HD_LIST_NET,
	HD_LIST_DOMAIN,
	HD_LIST_TEXT
};

struct hd_list;

/* Of a node `{values: [...] | file: PATH, of: KIND}`.  NULL, having
 * complained (a bad entry of a file: with that file's line).  The caller
 * frees it. [any] */
struct hd_list *hd_list_read(const char *name, const struct hd_node *node,
			     const struct hd_check *check);

/* Of text in the form of a list file called `file`. [any] */
struct hd_list *hd_list_parse(const char *name, enum hd_list_kind kind,
			      const char *file, const char *text, size_t n,
			      const struct hd_check *check);

void hd_list_free(struct hd_list *list);

/* True if `value` is in the list at `utc_ms`. [any] */
bool hd_list_has(const struct hd_list *list, const char *value, size_t n,
		 int64_t utc_ms);

/* [any] */
const char *hd_list_name(const struct hd_list *list);
enum hd_list_kind hd_list_kind(const struct hd_list *list);
size_t hd_list_count(const struct hd_list *list);

/* How many entries are over at `utc_ms`: worth a warning. [any] */
size_t hd_list_expired(const struct hd_list *list, int64_t utc_ms);

#endif
