/* page.h - what NetBox answers: a page of a list, and values in its objects */
#ifndef HERALD_CMDB_PAGE_H
#define HERALD_CMDB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"

/* How many fit in all, of which /results shows some: by `count`, or, where that
 * is null (as it is of a page by cursor), at least one more if there is a
 * `next`.  -1: this is no page. [any] */
int64_t cmdb_page_count(struct hp_json *body);

/* Text at a path of names, "custom_fields.criticality": of a choice its value,
 * of another object its name, of a list all of them, separated by ';'.  NULL if
 * there is none.  The caller frees it. [any] */
char *cmdb_page_value(struct hp_json *body, const char *at, const char *path);

/* Is the interface at `at` one of this hardware address?  It has a first one,
 * and may have more. [any] */
bool cmdb_page_is_of_mac(struct hp_json *body, const char *at, herald_str mac);

/* Is the address at `at` this one, whatever its prefix? [any] */
bool cmdb_page_is_of_ip(struct hp_json *body, const char *at, herald_str ip);

#endif
