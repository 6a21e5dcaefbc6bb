/* control_impl.h - what the control socket's own files share.  Nobody else
 * includes it. */
#ifndef HD_CONTROL_CONTROL_IMPL_H
#define HD_CONTROL_CONTROL_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/control/call.h"
#include "core/control/control.h"
#include "core/control/tail.h"

struct hd_backup;
struct hd_retry;
struct hd_roles;
struct hd_settings;

struct hd_control {
	struct hd_control_env env;
	struct hd_listener *listener;
	struct hd_call_list calls; /* not yet answered */
	struct hd_tail tail;
	struct hd_roles *roles; /* of the configuration in force */
	char *socket;		/* its path */
	int64_t started_ms;	/* monotonic */
	int64_t started_utc_ms;
	struct hd_backup *backup; /* the last one; NULL: none yet */
	bool ending;
	void (*idle_fn)(void *ud); /* told when the backup has ended */
	void *idle_ud;
	struct hd_retry *retry; /* under way; NULL: none */
	uint64_t halts;		/* an unhalt is void if it grew meanwhile */
};

const struct hd_settings *hd_control_settings_of(const struct hd_control *c);

/* The connector of that name in force, or NULL. */
struct hd_instance *hd_control_connector(const struct hd_control *control,
					 const char *name);

/* Makes the answerable call of a request and hands it to its row of the table
 * (routes.c). */
void hd_routes_dispatch(struct hd_control *control, struct hd_http_request *rq);

/* The caller left, or the listener answered for us. */
void hd_routes_cancelled(struct hd_control *control,
			 struct hd_http_request *rq);

#endif
