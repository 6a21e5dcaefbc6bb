#include "core/net/listener_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <microhttpd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/net/reply.h"
#include "core/net/conn_table.h"
#include "core/net/inbound.h"
#include "core/net/listener_state.h"
#include "core/net/route_table.h"

#define NO_DESCRIPTOR_MS 50 /* until it is tried again */
#define IDLE_SPARE_S 60	    /* above our own deadlines: a second net below */

static struct hd_conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void set_phase(struct hd_conn *conn, enum hd_conn_phase phase,
		      unsigned ms)
{
	if (!conn)
		return;
	conn->phase = phase;
	conn->due_ms = ms != 0 ? hd_now_ms() + ms : 0;
	conn->in = NULL;
	conn->ended = false;
}

static struct hd_conn *new_conn(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *fd, *peer;

	fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	peer = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return fd ? hd_conn_new(fd->connect_fd, peer ? peer->client_addr : NULL)
		  : NULL;
}

static void on_connection(void *ud, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct hd_listener *listener = ud;
	struct hd_conn *conn = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = conn = new_conn(c);
	if (!conn)
		return;
	pthread_mutex_lock(&listener->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		set_phase(conn, HD_CONN_HEADER, listener->o.header_ms);
		hd_conn_add(&listener->conns, conn);
	} else {
		hd_conn_remove(&listener->conns, conn);
	}
	pthread_mutex_unlock(&listener->lock);
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		*context = NULL;
		hd_conn_free(conn);
		hd_spare_keep(&listener->spare);
	}
}

/* What it returns is the handler's context of this request. */
static void *on_target(void *ud, const char *uri, struct MHD_Connection *c)
{
	struct hd_listener *listener = ud;
	struct hd_inbound *in = hd_inbound_new(uri, &listener->budget);

	(void)c;
	if (in)
		in->listener = listener;
	return in;
}

/* Targets are decoded by us, strictly. */
static size_t leave_escaped(void *ud, struct MHD_Connection *c, char *text)
{
	(void)ud;
	(void)c;
	return strlen(text);
}

static enum MHD_Result send_refusal(struct hd_inbound *in,
				    struct MHD_Connection *c, const char *extra,
				    const char *value)
{
	struct MHD_Response *answer;
	enum MHD_Result rc;

	hd_listener_count(in->listener, in->reason, 1);
	answer = hd_answer_refusal(in->code, in->reason, extra, value);
	if (!answer)
		return MHD_NO;
	rc = MHD_queue_response(c, in->code, answer);
	MHD_destroy_response(answer);
	return rc;
}

/* With the lock held.  `allow` receives what a 405 has to say. */
static void find_route(struct hd_listener *listener, struct hd_inbound *in,
		       struct hd_buf *allow)
{
	const struct hd_route *route;

	if (listener->stopping) {
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping");
		return;
	}
	route = hd_route_find(&listener->routes, in->method, in->path, allow);
	if (!route)
		hd_inbound_refuse(in,
				  allow->n != 0 ? MHD_HTTP_METHOD_NOT_ALLOWED
						: MHD_HTTP_NOT_FOUND,
				  allow->n != 0 ? "method" : "path");
	else if (route->paused)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "paused");
	else
		hd_inbound_route(in, &route->want, route->id);
}

/* The headers are there. */
static enum MHD_Result begin(struct hd_listener *listener,
			     struct hd_inbound *in, struct MHD_Connection *c,
			     const char *method, const char *version)
{
	enum MHD_Result rc = MHD_YES;
	struct hd_buf allow;

	hd_buf_init(&allow, 256);
	hd_inbound_begin(in, c, method, version, listener->o.header_max);
	pthread_mutex_lock(&listener->lock);
	set_phase(conn_of(c), HD_CONN_BODY, listener->o.body_ms);
	if (in->code == 0)
		find_route(listener, in, &allow);
	pthread_mutex_unlock(&listener->lock);
	if (in->code != 0)
		rc = send_refusal(in, c,
				  allow.n != 0 ? MHD_HTTP_HEADER_ALLOW
				  : in->code == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE
					  ? MHD_HTTP_HEADER_ACCEPT_ENCODING
					  : NULL,
				  allow.n != 0 ? hd_buf_text(&allow) : "gzip");
	hd_buf_fini(&allow);
	return rc;
}

static void name_peer(struct hd_inbound *in, const struct hd_conn *conn)
{
	if (!conn)
		return;
	in->pub.peer.p = in->peer;
	in->pub.peer.n = strlen(conn->peer);
	memcpy(in->peer, conn->peer, in->pub.peer.n + 1);
	in->pub.has_creds = conn->has_creds;
	in->pub.uid = conn->uid;
	in->pub.gid = conn->gid;
	in->pub.pid = conn->pid;
	hd_inbound_groups(in, conn->groups, conn->group_count);
}

/* With the lock held: nothing is suspended once the listener stops. */
static void suspend(struct hd_listener *listener, struct hd_inbound *in,
		    struct MHD_Connection *c)
{
	struct hd_conn *conn = conn_of(c);

	name_peer(in, conn);
	in->pub.deadline_ms = hd_now_ms() + listener->o.answer_ms;
	set_phase(conn, HD_CONN_HANDED, 0);
	if (conn)
		conn->in = in;
	in->state = HD_INBOUND_WAITING;
	in->suspended = true;
	MHD_suspend_connection(c);
	TAILQ_INSERT_TAIL(&listener->incoming, in, link);
	listener->open++;
	hd_listener_wake(listener);
}

static enum MHD_Result hand_over(struct hd_listener *listener,
				 struct hd_inbound *in,
				 struct MHD_Connection *c)
{
	hd_inbound_finish(in);
	pthread_mutex_lock(&listener->lock);
	if (listener->stopping)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping");
	else if (listener->open >= listener->o.waiting)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "busy");
	if (in->code == 0)
		suspend(listener, in, c);
	else
		set_phase(conn_of(c), HD_CONN_ANSWER, listener->o.body_ms);
	pthread_mutex_unlock(&listener->lock);
	return in->code != 0 ? send_refusal(in, c, NULL, NULL) : MHD_YES;
}

/* Resumed: the answer lies ready; without one (the host's) it is 503. */
static enum MHD_Result send_answer(struct hd_listener *listener,
				   struct hd_inbound *in,
				   struct MHD_Connection *c)
{
	struct MHD_Response *reply;
	unsigned code;

	pthread_mutex_lock(&listener->lock);
	reply = in->reply;
	code = in->reply_code;
	set_phase(conn_of(c), HD_CONN_ANSWER, listener->o.body_ms);
	pthread_mutex_unlock(&listener->lock);
	if (reply)
		return MHD_queue_response(c, code, reply);
	hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "no_answer");
	return send_refusal(in, c, NULL, NULL);
}

static enum MHD_Result on_request(void *ud, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *data_n, void **context)
{
	struct hd_listener *listener = ud;
	struct hd_inbound *in = *context;
	bool go_on;

	(void)url;
	if (!in)
		return MHD_NO;
	if (!in->begun)
		return begin(listener, in, c, method, version);
	if (*data_n != 0) {
		go_on = hd_inbound_take(in, data, *data_n);
		*data_n = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (!in->suspended)
		return hand_over(listener, in, c);
	return send_answer(listener, in, c);
}

static void on_completed(void *ud, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct hd_listener *listener = ud;
	struct hd_inbound *in = *context;
	bool over;

	(void)code;
	*context = NULL;
	pthread_mutex_lock(&listener->lock);
	set_phase(conn_of(c), HD_CONN_IDLE, listener->o.idle_ms);
	if (in && in->suspended) {
		listener->open--;
		if (listener->open == 0)
			pthread_cond_signal(&listener->drained);
	}
	if (in)
		in->conn_done = true;
	over = in && hd_inbound_is_over(in);
	pthread_mutex_unlock(&listener->lock);
	if (over)
		hd_inbound_free(in);
}

/* No descriptor for a connection, and no other whose end could be waited for:
 * the library would try at once and for ever. */
static void no_descriptor(struct hd_listener *listener)
{
	const struct timespec pause = { 0, NO_DESCRIPTOR_MS * 1000000L };

	hd_warning("listener %s: no descriptor left for a connection",
		   listener->name);
	if (!hd_spare_give_up(&listener->spare))
		nanosleep(&pause, NULL);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The library's own refusals, and its despair, are seen here only. */
static void on_library_log(void *ud, const char *fmt, va_list ap)
{
	struct hd_listener *listener = ud;

	if (begins_with(fmt, "Error processing request"))
		hd_listener_count(listener, "malformed", 1);
	else if (begins_with(fmt, "Server reached connection limit"))
		hd_listener_count(listener, "connections", 1);
	else if (begins_with(fmt, "Hit process or system resource limit at "
				  "FIRST connection"))
		no_descriptor(listener);
	hd_logv(HD_LOG_DEBUG, NULL, fmt, ap);
}

static char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* Half of it is the read buffer at first, so all headers that are permitted fit
 * without its being moved.  No more than that: it is zeroed for each request.
 */
static size_t memory_limit(const struct hd_listener_options *o)
{
	return 2 * (o->header_max + 512);
}

static int start_daemon(struct hd_listener *listener)
{
	const struct hd_listener_options *o = &listener->o;
	unsigned idle_s = (o->header_ms + o->body_ms + o->idle_ms) / 1000;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, listener->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, listener->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, tls_priorities },
		{ MHD_OPTION_END, 0, NULL }
	};

	if (listener->cert)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	listener->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, listener,
		MHD_OPTION_EXTERNAL_LOGGER, on_library_log, listener,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listener->sock.fd,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, listener,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, listener,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, listener,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_limit(o),
		MHD_OPTION_CONNECTION_LIMIT, o->connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_s + IDLE_SPARE_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	return listener->daemon ? 0 : -1;
}

/* The thread inherits a mask with everything blocked: signals are the loop's.
 */
int hd_listener_thread_start(struct hd_listener *listener, struct hd_err *err)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = start_daemon(listener);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc < 0)
		return hd_err_set(err, EIO,
				  "listener %s: libmicrohttpd does not start%s",
				  listener->name,
				  listener->cert ? " (certificate or key?)"
						 : "");
	return 0;
}
