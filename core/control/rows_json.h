/* rows_json.h - rows of the journal as JSON for people and consoles
 *
 * Times are UTC text; members that would be empty are left out.  New
 * references.
 */
#ifndef HD_CONTROL_ROWS_JSON_H
#define HD_CONTROL_ROWS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/journal/rows.h"

/* [any] */
json_t *hd_alert_row_json(const struct hd_alert_row *row);

/* `whole`: with parameters, target, memo and result. [any] */
json_t *hd_action_row_json(const struct hd_action_row *row, bool whole);

/* {"seq","time","kind","what"}. [any] */
json_t *hd_entry_row_json(const struct hd_entry_row *row);

/* JSON text as a value; what cannot be read is given as a string; nothing is
 * null. [any] */
json_t *hd_json_of_text(const void *text, size_t n);

/* State names as one word: "in_doubt". [any] */
#define HD_STATE_WORD 32
const char *hd_state_word(const char *name, char out[HD_STATE_WORD]);

/* Sets members, left out if there is nothing to tell. [any] */
void hd_set_text(json_t *object, const char *name, const char *text);
void hd_set_time(json_t *object, const char *name, int64_t utc_ms);

#endif
