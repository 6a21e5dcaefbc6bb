/* answer.h - what the file says about an asset, as a result */
#ifndef HERALD_CMDB_ANSWER_H
#define HERALD_CMDB_ANSWER_H

#include "cmdb_enrich/table.h"
#include "common/json.h"

/* Fills `out` (opened by the caller).  Of a network only what holds for each
 * host in it completes `device`. [any] */
void cmdb_answer(const struct cmdb_table *table, const struct cmdb_found *found,
		 struct hp_json *out);

#endif
