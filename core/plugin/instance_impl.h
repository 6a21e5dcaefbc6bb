/* instance_impl.h - the inside of an instance, for core/plugin only
 *
 * Everything here belongs to the loop's thread, except the cell.
 */
#ifndef HD_PLUGIN_INSTANCE_IMPL_H
#define HD_PLUGIN_INSTANCE_IMPL_H

#include "core/base/metric.h"
#include "core/plugin/cell.h"
#include "core/plugin/instance.h"
#include "core/plugin/link.h"

#define HD_WORKERS_MAX 64

struct hd_http_peer;
struct hd_mark;
struct hd_http_request;
struct hd_metric;
struct hd_options;

enum hd_life {
	HD_LIFE_CREATING,
	HD_LIFE_CREATED,  /* create() has returned */
	HD_LIFE_STARTING, /* inside start() */
	HD_LIFE_RUNNING,
	HD_LIFE_HALTED, /* halt() was called; draining */
	HD_LIFE_DESTROYED
};

enum hd_request_kind { HD_LOOKUP, HD_RUN_ACTION, HD_PROBE, HD_SERVED };

/* Something that the plugin owes an answer for. */
struct hd_request {
	struct hd_id_node node; /* in cell->requests, guarded by its lock */
	bool cancelled;		/* guarded by the cell's lock */
	unsigned notes;		/* likewise */

	struct hd_link link; /* in waiting (by deadline), served or late */
	enum hd_request_kind kind;
	bool answered; /* the asker has an answer; what comes is late */
	int64_t deadline_ms;
	hd_complete_fn fn, late;
	void *ud;
	char *alert;	      /* NULL: of none; constant */
	struct hd_mark *mark; /* in case it crashes; or NULL */
	union {
		herald_lookup lookup;
		herald_call call;
		struct {
			herald_request rq;
			struct hd_http_request *http;
		} served;
	};
	char *texts; /* what the pointers above point to */
};

/* An HTTP call that the plugin made. */
struct hd_fetch {
	struct hd_link link;
	struct hd_instance *instance;
	herald_id id, req;
	uint64_t net_id;
	herald_http_fn fn;
	void *ud;
};

struct hd_timer {
	uv_timer_t handle; /* first */
	struct hd_link link;
	struct hd_instance *instance;
	herald_id id;
	herald_timer_fn fn;
	void *ud;
	bool repeats;
};

struct hd_job {
	uv_work_t work; /* first */
	struct hd_link link;
	struct hd_instance *instance;
	herald_id id, req;
	herald_work_fn fn;
	void *ud;
	struct hd_mark *mark; /* of its own: it may outlive its request */
	unsigned worker;
	bool running;
};

struct hd_state_item {
	struct hd_link link;
	char *key, *value;
	size_t n;
};

struct hd_instance_metrics {
	struct hd_metric *slow, *stalled, *bad_reply, *timed_out;
	struct hd_metric *late, *repeated, *unknown;
	struct hd_metric **own; /* by the plugin's index */
};

struct hd_instance {
	struct hd_plugin_env own_env;
	const struct hd_plugin_env *env; /* own_env */
	const struct hd_module *module;
	const herald_plugin *plugin;
	char *name;
	struct hd_cell *cell;
	struct hd_options *options;
	int keys[HD_KIND_COUNT]; /* of the enricher, by kind; -1: none */
	struct hd_map *map;
	void *self; /* of the plugin; NULL: create() failed */
	enum hd_life life;
	struct hd_instance_metrics metrics;
	unsigned log_level;

	/* visits */
	const char *visiting; /* the function that runs, or NULL */
	int64_t visit_began_us;
	struct hd_cell *outer_cell;

	/* while create() runs */
	struct hd_complaints *complaints;
	const struct hd_node *node;
	bool rejected;
	char *last_error; /* the last text logged as ERROR */

	/* how it is */
	char *stopped; /* why it may not be asked, or NULL */
	bool failed;   /* in create() or start(): no resume helps */
	int64_t stopped_since_ms, created_ms; /* UTC */
	uint32_t told_status, seen_status;    /* by health(), by requests */
	char *told_why, *seen_why;
	int64_t told_since_ms, seen_since_ms;
	unsigned forbidden_in_a_row;

	/* what is under way */
	struct hd_link waiting, served, late; /* struct hd_request */
	struct hd_link fetches, timers, jobs;
	uint64_t busy_workers; /* a bit for each */
	uint32_t in_flight;    /* lookups, runs and probes in `waiting` */
	uint32_t unsettled;    /* emits */
	bool wants_room;

	/* state */
	struct hd_link state; /* struct hd_state_item */
	struct hd_link puts;  /* not stored yet */
	size_t state_bytes;

	/* the loop's things */
	struct hd_http_peer *peer;
	struct hd_listener *listener;
	uint64_t *route_ids;
	uint32_t route_count;
	uv_timer_t *deadline, *stop_timer, *until_timer;
	int64_t deadline_set_ms; /* what `deadline` runs for */
	unsigned handles; /* not closed yet, timers of the plugin included */

	/* while it stops */
	int64_t cancel_at_ms, abandon_at_ms; /* 0: not stopping */
	bool cancelled_all, abandoned;
	bool leaves_routes; /* to its successor */
	void (*stop_fn)(void *ud);
	void *stop_ud;
};

/* ---- instance*.c ---- */
/* The mail of one turn was run: see whether a stop can go on. [loop] */
void hd_instance_drained(struct hd_instance *instance);
/* One call took over 200 ms. [loop] */
void hd_instance_stalled(struct hd_instance *instance, const char *what,
			 int64_t ms);
/* A timer of the host's, closed with the instance. [loop] */
uv_timer_t *hd_instance_new_timer(struct hd_instance *instance);
/* A handle was closed. [loop] */
void hd_instance_handle_closed(struct hd_instance *instance);
/* The series of this connector; `reason` is a further label or NULL. [loop] */
struct hd_metric *hd_instance_series(const struct hd_instance *instance,
				     enum hd_metric_type type, const char *name,
				     const char *reason, const char *help);
void hd_instance_make_metrics(struct hd_instance *instance);

/* ---- instance_keys.c ---- */
void hd_instance_find_keys(struct hd_instance *instance);

/* ---- health.c ---- */
void hd_health_told(struct hd_instance *instance, uint32_t status,
		    const char *why);
void hd_health_seen(struct hd_instance *instance, uint32_t status,
		    const char *why);
void hd_health_fini(struct hd_instance *instance);

/* ---- request.c ---- */
/* A new one in its ring and in the map; the caller fills in what is asked. */
struct hd_request *hd_request_new(struct hd_instance *instance,
				  enum hd_request_kind kind,
				  int64_t deadline_ms);
/* Takes it out and frees it. */
void hd_request_free(struct hd_instance *instance, struct hd_request *request);
struct hd_request *hd_request_find(struct hd_instance *instance, herald_id id);
/* The plugin works on that request now (0: on none); the mark to leave, which
 * stays valid while a function of the instance runs; or NULL. */
struct hd_mark *hd_request_enter(struct hd_instance *instance, herald_id id);
/* Runs the deadline's timer for the first that waits. */
void hd_request_set_timer(struct hd_instance *instance);
/* Marks it, hurries its HTTP calls and tells the plugin. */
void hd_request_cancel(struct hd_instance *instance,
		       struct hd_request *request);
/* Answers all that wait with CANCELLED, and lets late ones be late. */
void hd_request_cancel_all(struct hd_instance *instance);
/* Frees what was never completed. */
void hd_request_fini(struct hd_instance *instance);
/* The service cancelled(). [any] */
uint32_t hd_request_cancelled(const herald_host *h, herald_id req);

/* ---- complete.c ---- */
/* Counts an answer to what had ended or never was. */
void hd_request_count_dropped(struct hd_instance *instance, herald_id id);
/* The service complete(). [any] */
void hd_request_complete(const herald_host *h, herald_id req,
			 const herald_result *r);

/* ---- host_*.c: each fills its part of the table ---- */
void hd_host_fill(herald_host *host, const struct hd_instance *instance);
void hd_host_fill_options(herald_host *host);
void hd_host_fill_log(herald_host *host);
void hd_host_fill_timer(herald_host *host);
void hd_host_fill_work(herald_host *host);
void hd_host_fill_http(herald_host *host);
void hd_host_fill_source(herald_host *host);
void hd_host_fill_state(herald_host *host);
void hd_host_fill_json(herald_host *host);

/* Stops what is still under way of each; callbacks still come. */
void hd_host_http_hurry(struct hd_instance *instance, herald_id req);
void hd_host_timer_fini(struct hd_instance *instance);
void hd_host_state_fini(struct hd_instance *instance);
/* 0, or -1 and `err`. */
int hd_host_http_start(struct hd_instance *instance, struct hd_err *err);
int hd_host_source_start(struct hd_instance *instance, struct hd_err *err);
void hd_host_source_pause(struct hd_instance *instance);
void hd_host_source_stop(struct hd_instance *instance);
int hd_host_state_load(struct hd_instance *instance, struct hd_err *err);
/* stop(): true if the id was one of its own. */
bool hd_host_http_stop(struct hd_instance *instance, herald_id id);

/* As hd_log with the connector's name, and as it is configured. */
void hd_instance_log(const struct hd_instance *instance, unsigned level,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
