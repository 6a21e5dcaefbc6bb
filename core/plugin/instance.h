/* instance.h - a connector: one configured instance of a plugin
 *
 * Knows nobody above: what a plugin emits, and how it is, goes to the functions
 * of struct hd_plugin_env.  Between create() and destroy() an instance counts
 * its requests, calls and timers, enforces deadlines (a plugin that does not
 * complete is answered for), checks the thread rules of the ABI in debug
 * builds, and drops what comes late or twice.
 *
 * No function of the plugin is called while another one of the same instance
 * runs: what would do so (an answer given inside emit, say) waits for the
 * loop's next turn.
 *
 * The options that the host adds to every instance are read here
 * (common_options.h); what concerns lookups and actions is handed on in struct
 * hd_common.
 */
#ifndef HD_PLUGIN_INSTANCE_H
#define HD_PLUGIN_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include <uv.h>

#include <herald/plugin.h>

#include "core/plugin/common_options.h"
#include "core/plugin/module.h"
#include "core/record/record.h"

struct hd_complaints;
struct hd_err;
struct hd_expr_env;
struct hd_http_client;
struct hd_instance;
struct hd_journal;
struct hd_listener;
struct hd_map;
struct hd_node;
struct hd_reader;

/* What the daemon gives to all instances.  The struct is copied; what it points
 * to must outlive the instance, but for `reader`, which is used only by
 * hd_instance_new() and hd_instance_start().  Without a journal, state is
 * forgotten with the instance; a check of the configuration needs no loop, HTTP
 * client or journal. */
struct hd_plugin_env {
	uv_loop_t *loop;
	struct hd_http_client *http;
	struct hd_journal *journal; /* state_put */
	struct hd_reader *reader;   /* state at create */
	struct hd_expr_env *expr;   /* EXPR and TEMPLATE options, maps */
	bool inline_secrets;
	int64_t start_limit_ms; /* of create() and of start(); 0: 10 s */
	int64_t linger_ms; /* after the cancel of a stop, until what still is
			    * not completed is given up; 0: 5 s */
	void *ud;
	/* The listener of that name in the configuration, or NULL. */
	struct hd_listener *(*listener)(void *ud, const char *name);
	/* As herald_host.emit; each one that was taken (OK) is ended by
	 * hd_instance_settled().  Records are of our size. */
	uint32_t (*emit)(void *ud, struct hd_instance *instance,
			 const herald_record *const *records, uint32_t n,
			 uint64_t tag);
	/* NOTICE and above with a request: an entry on the alert's timeline.
	 * The text has no secrets and no control bytes. */
	void (*note)(void *ud, void *request_ud, uint32_t level,
		     const char *text, size_t n);
	/* The instance changed how it is (health, AUTH stop). */
	void (*changed)(void *ud, struct hd_instance *instance);
};

/* Reads the connector's section, checks all options, calls create().  NULL
 * after complaints: the configuration is refused.  A create() that gives NULL
 * without a reject() makes an instance that is stopped and cannot be started:
 * the others go on. [loop] */
struct hd_instance *hd_instance_new(const struct hd_plugin_env *env,
				    const struct hd_module *module,
				    const char *name,
				    const struct hd_node *node,
				    struct hd_complaints *complaints);

/* Calls start(), then serves its routes.  Returns 0, or -1 and `err` when it
 * has failed already, did not come back in time, or a route's address is taken;
 * it is then stopped (hd_instance_stopped), and to be ended by
 * hd_instance_stop(). [loop] */
int hd_instance_start(struct hd_instance *instance, struct hd_err *err);

/* Routes answer 503, halt() is called, what is under way is drained or, after
 * `grace_ms`, cancelled; then destroy(), and `fn` (the instance is freed before
 * it is called).  One that was never started ends at once, `fn` inside this
 * call.  A plugin that never gives back its worker threads is not destroyed:
 * that is said, and its memory stays. [loop] */
void hd_instance_stop(struct hd_instance *instance, int64_t grace_ms,
		      void (*fn)(void *ud), void *ud);

/* How many are still in such a thread.  While there are any, exit() would never
 * return: libuv joins its threads there. [loop] */
unsigned hd_instances_abandoned(void);

/* Before hd_instance_stop(): the addresses of its routes go on answering 503
 * when it is gone, until a successor takes them over
 * (hd_listener_route_leave()). [loop] */
void hd_instance_leave_routes(struct hd_instance *instance);

/* Frees one that was never started (configuration check).  NULL is fine.
 * [loop] */
void hd_instance_discard(struct hd_instance *instance);

/* [any] */
const char *hd_instance_name(const struct hd_instance *instance);
const struct hd_module *hd_instance_module(const struct hd_instance *instance);
const struct hd_common *hd_instance_common(const struct hd_instance *instance);
/* Which key of the enricher answers for `kind`; -1 if none (or if the option
 * `types` narrows it away). */
int hd_instance_key(const struct hd_instance *instance, enum hd_kind kind);
/* Hex SHA-256 of plugin name, version and all options without secrets. */
const char *hd_instance_digest(const struct hd_instance *instance);
/* Same, secrets included: equal means nothing changed for a reload. */
const char *hd_instance_digest_all(const struct hd_instance *instance);
/* The map of a source with the operator's rows, or NULL.  What no row reads
 * goes to unmapped.<the plugin's name without "_in">. */
const struct hd_map *hd_instance_map(const struct hd_instance *instance);
/* The first value of any option, NULL if it has none or is a secret. */
const char *hd_instance_option(const struct hd_instance *instance,
			       const char *name);

/* The listener that serves its routes, or NULL. [loop] */
const struct hd_listener *
hd_instance_listener(const struct hd_instance *instance);

/* True if the old one must be destroyed before its successor starts: it is a
 * source, keeps state or serves routes.  Else the two may overlap. [any] */
bool hd_instance_is_exclusive(const struct hd_instance *instance);

/* Why it may not be asked: stopped after AUTH or by an operator, failed at
 * start; NULL if it may. [loop] */
const char *hd_instance_stopped(const struct hd_instance *instance);
void hd_instance_halt(struct hd_instance *instance, const char *because);
void hd_instance_resume(
	struct hd_instance *instance); /* connector NAME start */
/* HERALD_OK, or status and why as the plugin or its requests tell.  `why` is
 * borrowed until the loop's next turn; since_ms is UTC.  Both may be NULL.
 * [loop] */
uint32_t hd_instance_health(const struct hd_instance *instance,
			    const char **why, int64_t *since_ms);

/* ---- requests ---- */
struct hd_completion {
	uint32_t status;     /* of the classes of plugin.h, none other */
	json_t *json;	     /* object or NULL; parsed by the host, borrowed */
	const char *message; /* never NULL, "" if none; control characters
			      * escaped, secrets masked; never "" where status
			      * is not class 0 or 1 */
	int64_t retry_after_ms, ttl_s;
	const char *memo; /* JSON object as text, or NULL: keep the former */
	size_t memo_n;
	bool late_follows; /* made by the host (TIMEOUT, CANCELLED): fn_late
			    * will be called once more, at the latest when the
			    * instance is destroyed (CANCELLED) */
};
typedef void (*hd_complete_fn)(void *ud, const struct hd_completion *c);

/* One call of lookup() for 1 to batch_max values of one key.  fn is called
 * once for each question, on the loop, never inside this call.  After the
 * deadline it is called with TIMEOUT; if the plugin answers later, fn_late (may
 * be NULL) is called once with that (late_follows).  IN_DOUBT becomes RETRY. An
 * instance that is stopped answers BUSY with the reason. [loop] */
struct hd_question {
	const char *value; /* copied, as are the other texts */
	size_t value_n;
	const char *context; /* JSON object text; NULL: {} */
	const char *alert;   /* id for log lines; NULL: none */
	void *ud;
};
void hd_instance_lookup(struct hd_instance *instance, uint32_t key,
			const struct hd_question *questions, size_t n,
			int64_t deadline_ms, hd_complete_fn fn,
			hd_complete_fn fn_late);

/* One call of run(). All texts are copied.  A RUN that does not end before the
 * deadline, or is cancelled, ends IN_DOUBT; so does a PENDING of an action that
 * cannot be verified.  A RUN's result that cannot be read keeps its status and
 * loses its json (PENDING: is IN_DOUBT, since its memo is lost). [loop] */
struct hd_intent {
	uint32_t action, mode, undoing;
	const char *params, *record, *idem, *memo; /* JSON texts; idem plain;
						    * memo NULL: none */
	const char *alert; /* id for log lines; NULL: none */
	int64_t deadline_ms;
};
void hd_instance_run(struct hd_instance *instance,
		     const struct hd_intent *intent, hd_complete_fn fn,
		     void *ud);

/* One call of probe(); UNSUPPORTED if it has none.  Also of one that is
 * stopped. [loop] */
void hd_instance_probe(struct hd_instance *instance, int64_t deadline_ms,
		       hd_complete_fn fn, void *ud);

/* Lookups, runs and probes under way. [loop] */
uint32_t hd_instance_in_flight(const struct hd_instance *instance);

/* ---- sources ---- */
/* Ends an emit that was taken: settled(tag, status). [loop] */
void hd_instance_settled(struct hd_instance *instance, uint64_t tag,
			 uint32_t status);
/* There is room again after BUSY. [loop] */
void hd_instance_room(struct hd_instance *instance);

#endif
