/* instance.h - a connector: one configured instance of a plugin
 *
 * Knows nobody above: what a plugin emits, and how it is, goes to the functions
 * of struct hd_plugin_env.  Between create() and destroy() an instance counts
 * its requests, calls and timers, enforces deadlines (a plugin that does not
 * complete is answered for), checks the thread rules of the ABI in debug
 * builds, and drops what comes late or twice.
 *
 * The options that the host adds to every instance (plugin.h, herald_option)
 * are read here; what concerns lookups and actions is handed on in struct
 * hd_common.
 */
#ifndef HD_PLUGIN_INSTANCE_H
#define HD_PLUGIN_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/conf/rate.h"

struct hd_complaints;
struct hd_err;
struct hd_expr_env;
struct hd_http_client;
struct hd_instance;
struct hd_journal;
struct hd_journal_reader;
struct hd_listener;
struct hd_module;
struct hd_node;

/* What the daemon gives to all instances.  Constant while one lives. */
struct hd_plugin_env {
	uv_loop_t *loop;
	struct hd_http_client *http;
	struct hd_journal *journal;	  /* state_put */
	struct hd_journal_reader *reader; /* state at create */
	struct hd_expr_env *expr;	  /* EXPR and TEMPLATE options, maps */
	bool inline_secrets;
	void *ud;
	/* The listener of that name in the configuration, or NULL. */
	struct hd_listener *(*listener)(void *ud, const char *name);
	/* As herald_host.emit; settled by hd_instance_settled(). */
	uint32_t (*emit)(void *ud, struct hd_instance *instance,
			 const herald_record *const *records, uint32_t n,
			 uint64_t tag);
	/* NOTICE and above with a request: an entry on the alert's timeline. */
	void (*note)(void *ud, void *request_ud, uint32_t level,
		     const char *text, size_t n);
	/* The instance changed how it is (health, AUTH stop). */
	void (*changed)(void *ud, struct hd_instance *instance);
};

/* Host options that others act on. */
enum hd_mode { HD_MODE_DRY_RUN, HD_MODE_NOTIFY, HD_MODE_LIVE };
enum hd_share { HD_SHARE_DEFAULT, HD_SHARE_ALL, HD_SHARE_NONE };
struct hd_common {
	enum hd_mode mode; /* HD_MODE_LIVE unless lowered */
	int64_t timeout_ms, linger_ms;
	uint32_t max_in_flight, retries;
	const struct hd_rate *limits; /* several windows */
	size_t limit_count;
	bool limit_calendar;	/* 1d is a day in UTC */
	int64_t cache_ttl_ms;	/* -1: as the key declares */
	enum hd_share share;
	const char *const *types; /* NULL-ended; NULL: all that it declares */
	const char *fills;	  /* NULL: as declared */
};

/* Reads the connector's section, checks all options, calls create().  With
 * `check_only` no start will follow.  NULL after complaints. [loop] */
struct hd_instance *hd_instance_new(const struct hd_plugin_env *env,
				    const struct hd_module *module,
				    const char *name, const struct hd_node *node,
				    struct hd_complaints *complaints);

/* Calls start(), then serves its routes.  Returns 0, or -1 and `err` when it
 * did not come back in time or a route's address is taken. [loop] */
int hd_instance_start(struct hd_instance *instance, struct hd_err *err);

/* Routes answer 503, halt() is called, what is under way is drained or, after
 * `grace_ms`, cancelled; then destroy(), and `fn` (the instance is freed when
 * it returns). [loop] */
void hd_instance_stop(struct hd_instance *instance, int64_t grace_ms,
		      void (*fn)(void *ud), void *ud);

/* Frees one that was never started (configuration check). [loop] */
void hd_instance_discard(struct hd_instance *instance);

/* [any] */
const char *hd_instance_name(const struct hd_instance *instance);
const struct hd_module *hd_instance_module(const struct hd_instance *instance);
const struct hd_common *hd_instance_common(const struct hd_instance *instance);
/* Hex SHA-256 of plugin name, version and all options without secrets. */
const char *hd_instance_digest(const struct hd_instance *instance);
/* Same, secrets included: equal means nothing changed for a reload. */
const char *hd_instance_digest_all(const struct hd_instance *instance);
/* The map of a source with the operator's rows, or NULL. */
struct hd_map;
const struct hd_map *hd_instance_map(const struct hd_instance *instance);
/* `mode` etc. are live; the text of any option for describe and alarms. */
const char *hd_instance_option(const struct hd_instance *instance,
			       const char *name);

/* Why it may not be asked: stopped after AUTH or by an operator, failed at
 * start; NULL if it may. [loop] */
const char *hd_instance_stopped(const struct hd_instance *instance);
void hd_instance_halt(struct hd_instance *instance, const char *because);
void hd_instance_resume(struct hd_instance *instance); /* connector NAME start */
/* HERALD_OK, or status and why as the plugin or its requests tell. */
uint32_t hd_instance_health(const struct hd_instance *instance,
			    const char **why, int64_t *since_ms);

/* ---- requests ---- */
struct hd_completion {
	uint32_t status;
	json_t *json;	     /* object or NULL; parsed by the host, borrowed */
	const char *message; /* "" if none; control characters escaped */
	int64_t retry_after_ms, ttl_s;
	const char *memo;    /* JSON text or NULL: keep the former */
	size_t memo_n;
	bool late_follows;   /* a TIMEOUT made by the host: fn_late will be
			      * called once more, at the latest when the
			      * instance is destroyed */
};
typedef void (*hd_complete_fn)(void *ud, const struct hd_completion *c);

/* One call of lookup() for up to batch_max values of one key.  fn is called
 * once for each question, on the loop, never inside this call; after the
 * deadline with TIMEOUT (a late answer then comes as a second call with
 * `late` set in no other way than fn_late, which may be NULL). [loop] */
struct hd_question {
	const char *value;
	size_t value_n;
	const char *context; /* JSON object text; NULL: {} */
	void *ud;
};
void hd_instance_lookup(struct hd_instance *instance, uint32_t key,
			const struct hd_question *questions, size_t n,
			int64_t deadline_ms, hd_complete_fn fn,
			hd_complete_fn fn_late);

/* One call of run(). All texts are copied. [loop] */
struct hd_intent {
	uint32_t action, mode, undoing;
	const char *params, *record, *idem, *memo; /* JSON texts; idem plain */
	int64_t deadline_ms;
};
void hd_instance_run(struct hd_instance *instance, const struct hd_intent *intent,
		     hd_complete_fn fn, void *ud);

/* One call of probe(); UNSUPPORTED if it has none. [loop] */
void hd_instance_probe(struct hd_instance *instance, int64_t deadline_ms,
		       hd_complete_fn fn, void *ud);

/* Requests under way. [loop] */
uint32_t hd_instance_in_flight(const struct hd_instance *instance);

/* ---- sources ---- */
/* Ends an emit that was taken: settled(tag, status). [loop] */
void hd_instance_settled(struct hd_instance *instance, uint64_t tag,
			 uint32_t status);
/* There is room again after BUSY. [loop] */
void hd_instance_room(struct hd_instance *instance);

#endif
