/* client.h - asking the daemon
 */
#ifndef HD_HERALDCTL_CLIENT_H
#define HD_HERALDCTL_CLIENT_H

#include <stddef.h>
#include <jansson.h>

#include "core/base/buf.h"
#include "core/heraldctl/ctl.h"

/* A call: its address, and what a POST carries. */
struct hd_ask {
	struct hd_buf url;
	json_t *members;  /* of a POST's JSON body; NULL: none */
	const char *body; /* else bytes; borrowed */
	size_t body_n;
	bool post;
	bool has_query;
};

/* "/v1/" and the parts, each escaped, with slashes between; ends with NULL. */
void hd_ask_init(struct hd_ask *ask, ...) __attribute__((sentinel));
void hd_ask_fini(struct hd_ask *ask);

/* Adds a parameter to the query; a NULL value adds nothing. */
void hd_ask_query(struct hd_ask *ask, const char *name, const char *value);

/* Makes it a POST with this member; a NULL value adds none. */
void hd_ask_member(struct hd_ask *ask, const char *name, const char *value);

/* Asks, and ends `ask`.  GOOD, and the answer in *out (a new reference); else
 * the refusal has been told to stderr. */
enum hd_exit hd_client_ask(const struct hd_ctl *ctl, struct hd_ask *ask,
			   json_t **out);

/* The same, the outcome being no answer is nothing to complain of: for
 * commands that can do without a daemon. */
enum hd_exit hd_client_try(const struct hd_ctl *ctl, struct hd_ask *ask,
			   json_t **out);

#endif
