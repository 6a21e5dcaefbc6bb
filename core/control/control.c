#include "core/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/conf/settings.h"
#include "core/control/backup.h"
#include "core/control/control_impl.h"
#include "core/control/retry.h"
#include "core/control/roles.h"
#include "core/net/listener.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"

#define BODY_MAX (16u << 20) /* a submitted file */
#define ANSWER_MS 120000
#define CALLS_MAX 200

const struct hd_settings *hd_control_settings_of(const struct hd_control *c)
{
	return hd_engine_program(c->env.engine)->settings;
}

struct hd_instance *hd_control_connector(const struct hd_control *control,
					 const char *name)
{
	struct hd_instance *instance;

	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++)
		if (strcmp(hd_instance_name(instance), name) == 0)
			return instance;
	return NULL;
}

static void on_request(void *ud, struct hd_http_request *rq)
{
	hd_routes_dispatch(ud, rq);
}

static void on_cancelled(void *ud, struct hd_http_request *rq)
{
	hd_routes_cancelled(ud, rq);
}

static int add_routes(struct hd_control *control, struct hd_err *err)
{
	static const char *const methods[] = { "GET", "POST" };
	struct hd_listener_route route = { 0 };

	route.path = "/v1";
	route.prefix = true;
	route.max_body = BODY_MAX;
	route.fn = on_request;
	route.cancelled = on_cancelled;
	route.ud = control;
	for (size_t i = 0; i < 2; i++) {
		route.method = methods[i];
		if (hd_listener_route_add(control->listener, &route, err) == 0)
			return -1;
	}
	return 0;
}

/* Where roles are given to users and groups of any name everybody may connect,
 * and is then asked who he is; else only root and our group. */
static unsigned socket_mode(const struct hd_control *control)
{
	return hd_control_settings_of(control)->control.given ? 0666 : 0660;
}

void hd_control_enforce(struct hd_control *control)
{
	hd_roles_free(control->roles);
	control->roles = hd_roles_new(&hd_control_settings_of(control)->control,
				      geteuid());
	if (chmod(control->socket, socket_mode(control)) < 0)
		hd_warning("control socket %s: its mode cannot be set: %s",
			   control->socket, strerror(errno));
}

static struct hd_listener *open_socket(const struct hd_control_env *env,
				       const char *path, struct hd_err *err)
{
	char *address = hd_strf("unix:%s", path);
	struct hd_listener_options options = { 0 };
	struct hd_listener *listener;

	options.name = "control";
	options.address = address;
	options.connections = CALLS_MAX;
	options.waiting = CALLS_MAX;
	options.answer_ms = ANSWER_MS;
	listener = hd_listener_new(env->loop, &options, err);
	free(address);
	return listener;
}

struct hd_control *hd_control_new(const struct hd_control_env *env,
				  const char *socket_path, struct hd_err *err)
{
	struct hd_listener *listener = open_socket(env, socket_path, err);
	struct hd_control *control;

	if (!listener) {
		hd_err_wrap(err, "control socket");
		return NULL;
	}
	control = hd_alloc(sizeof(*control));
	control->env = *env;
	control->listener = listener;
	control->socket = hd_strdup(socket_path);
	control->started_ms = hd_now_ms();
	control->started_utc_ms = hd_utc_ms();
	TAILQ_INIT(&control->calls);
	hd_tail_init(&control->tail, env->loop);
	hd_control_enforce(control);
	if (add_routes(control, err) < 0 ||
	    hd_listener_start(listener, err) < 0) {
		hd_err_wrap(err, "control socket");
		hd_control_free(control);
		return NULL;
	}
	return control;
}

void hd_control_free(struct hd_control *control)
{
	struct hd_call *call;

	if (!control)
		return;
	hd_backup_free(control->backup);
	hd_retry_end(control->retry, "ended with herald");
	hd_tail_fini(&control->tail);
	hd_listener_free(control->listener);
	/* Their answers may still come, and reach nobody. */
	while ((call = TAILQ_FIRST(&control->calls))) {
		TAILQ_REMOVE(&control->calls, call, link);
		call->control = NULL;
	}
	hd_roles_free(control->roles);
	free(control->socket);
	free(control);
}

bool hd_control_idle(struct hd_control *control, void (*fn)(void *ud), void *ud)
{
	control->ending = true;
	if (!hd_backup_is_running(control->backup))
		return true;
	control->idle_fn = fn;
	control->idle_ud = ud;
	return false;
}

void hd_control_line(struct hd_control *control, const char *line)
{
	hd_tail_add(&control->tail, line);
}
