/* control.h - what people and consoles ask herald
 *
 * HTTP and JSON over a unix socket: the caller is known by peer credentials,
 * and `control:` of the configuration says what a caller may do.  heraldctl is
 * one client; a console may use the same calls.  See api.md beside this file
 * for every call.  The admin listener (healthz, readyz, metrics) is here too.
 */
#ifndef HD_CONTROL_CONTROL_H
#define HD_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include <uv.h>

struct hd_control;
struct hd_engine;
struct hd_err;
struct hd_guards;
struct hd_instance;
struct hd_journal;
struct hd_listener;
struct hd_lookups;
struct hd_rations;
struct hd_reader;

struct hd_control_env {
	uv_loop_t *loop;
	struct hd_engine *engine; /* program in force, actions, submit */
	struct hd_journal *journal;
	struct hd_reader *reader; /* for short questions, on the loop */
	struct hd_guards *guards;
	struct hd_lookups *lookups;
	struct hd_rations *rations;
	void *ud;
	/* The i-th connector in force, NULL past the end. */
	struct hd_instance *(*connector_at)(void *ud, size_t i);
	/* Reads the configuration anew and, unless `dry_run`, goes over to it.
	 * {"ok", "id", "text" (complaints as people read them), "complaints",
	 * "changes": ["connector misp: changed", ...]}.  New reference. */
	json_t *(*reload)(void *ud, bool dry_run);
	/* Why herald is not ready to take alerts, or NULL. */
	const char *(*not_ready)(void *ud);
};

/* Opens the socket and serves it. NULL and `err`. [loop] */
struct hd_control *hd_control_new(const struct hd_control_env *env,
				  const char *socket_path, struct hd_err *err);
/* Only when it is idle. [loop] */
void hd_control_free(struct hd_control *control);

/* True if nothing that was asked for is under way on another thread (a backup);
 * else `fn` will be called once that is so.  Nothing of the kind is begun any
 * more. [loop] */
bool hd_control_idle(struct hd_control *control, void (*fn)(void *ud),
		     void *ud);

/* Another configuration is in force: who may do what is read from it. [loop] */
void hd_control_enforce(struct hd_control *control);

/* Adds GET /healthz, /readyz and /metrics to a listener. -1 and `err`. [loop]
 */
int hd_control_admin(struct hd_control *control, struct hd_listener *listener,
		     struct hd_err *err);

/* An alert came to its end: its line, for `heraldctl tail`. [loop] */
void hd_control_line(struct hd_control *control, const char *line);

#endif
