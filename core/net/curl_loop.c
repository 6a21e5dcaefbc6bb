#include "core/net/curl_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/err.h"
#include "core/net/address.h"

struct watch {
	uv_poll_t poll;
	struct hd_curl_loop *cl;
	curl_socket_t fd;
	int active; /* UV_READABLE, UV_WRITABLE: what the loop watches for */
	int wanted; /* likewise: what curl asked for last */
};

/* By descriptor. */
struct slot {
	struct watch *watch;
	bool ours; /* opened here, so its close() is seen here */
};

struct opener {
	struct hd_curl_loop *cl;
	bool public_only;
};

struct hd_curl_loop {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	struct slot *slots;
	size_t slot_count;
	struct opener any, only_public; /* user data of curl's callbacks: a
					 * connection outlives its handle */
	hd_curl_done_fn done;
	void *ud;
	unsigned handles; /* of libuv, not yet closed */
	bool closing;
	void (*closed)(void *ud);
	void *closed_ud;
};

static void free_when_closed(struct hd_curl_loop *cl)
{
	void (*closed)(void *ud) = cl->closed;
	void *ud = cl->closed_ud;

	if (!cl->closing || cl->handles != 0)
		return;
	free(cl->slots);
	free(cl);
	if (closed)
		closed(ud);
}

static struct slot *slot_of(struct hd_curl_loop *cl, curl_socket_t fd)
{
	size_t need = (size_t)fd + 1, old = cl->slot_count;

	if (need > old) {
		cl->slot_count = need + need / 2 + 16;
		cl->slots = hd_realloc_array(cl->slots, cl->slot_count,
					     sizeof(*cl->slots));
		memset(cl->slots + old, 0,
		       (cl->slot_count - old) * sizeof(*cl->slots));
	}
	return &cl->slots[fd];
}

static void watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;
	struct hd_curl_loop *cl = w->cl;

	free(w);
	cl->handles--;
	free_when_closed(cl);
}

/* The entry goes first: the number may be in use again before the handle is
 * closed. */
static void end_watch(struct slot *slot)
{
	struct watch *w = slot->watch;

	if (!w)
		return;
	slot->watch = NULL;
	uv_close((uv_handle_t *)&w->poll, watch_closed);
}

static void reap(struct hd_curl_loop *cl)
{
	CURLMsg *msg;
	CURLcode result;
	CURL *easy;
	int left;

	while (!cl->closing && (msg = curl_multi_info_read(cl->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		easy = msg->easy_handle;
		result = msg->data.result;
		curl_multi_remove_handle(cl->multi, easy);
		cl->done(cl->ud, easy, result);
	}
}

static void act(struct hd_curl_loop *cl, curl_socket_t fd, int flags)
{
	int running;

	curl_multi_socket_action(cl->multi, fd, flags, &running);
	reap(cl);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	int flags = 0;

	if (status < 0) {
		flags = CURL_CSELECT_ERR;
	} else if ((events & w->wanted) == 0) {
		uv_poll_stop(&w->poll);
		w->active = 0;
		return;
	}
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(w->cl, w->fd, flags);
}

static void cannot_watch(curl_socket_t fd, int rc)
{
	hd_warning("http: socket %d cannot be watched: %s", (int)fd,
		   uv_strerror(rc));
}

static struct watch *new_watch(struct hd_curl_loop *cl, curl_socket_t fd)
{
	struct watch *w = hd_alloc(sizeof(*w));
	int rc = uv_poll_init(cl->loop, &w->poll, fd);

	if (rc < 0) {
		cannot_watch(fd, rc);
		free(w);
		return NULL;
	}
	w->poll.data = w;
	w->cl = cl;
	w->fd = fd;
	cl->handles++;
	return w;
}

static void wish(struct watch *w, int wanted)
{
	int rc;

	w->wanted = wanted;
	if (w->active == wanted)
		return;
	rc = uv_poll_start(&w->poll, wanted, on_ready);
	if (rc < 0)
		cannot_watch(w->fd, rc);
	else
		w->active = wanted;
}

/* Never says that it failed: curl would give up all requests, for ever.  That
 * of a socket which cannot be watched ends at its deadline. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ud,
		     void *unused)
{
	struct hd_curl_loop *cl = ud;
	struct slot *slot = slot_of(cl, fd);
	int wanted = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (!slot->ours)
			end_watch(slot);
		else if (slot->watch)
			slot->watch->wanted = 0;
		return 0;
	}
	if (!slot->watch)
		slot->watch = new_watch(cl, fd);
	if (!slot->watch)
		return 0;
	if (what & CURL_POLL_IN)
		wanted |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		wanted |= UV_WRITABLE;
	wish(slot->watch, wanted);
	return 0;
}

static curl_socket_t on_open(void *ud, curlsocktype purpose,
			     struct curl_sockaddr *address)
{
	struct opener *opener = ud;
	int fd;

	(void)purpose;
	if (opener->public_only && !hd_address_is_public(&address->addr)) {
		errno = EACCES;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
		    address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	slot_of(opener->cl, fd)->ours = true;
	return fd;
}

static int on_close(void *ud, curl_socket_t fd)
{
	struct opener *opener = ud;
	struct slot *slot = slot_of(opener->cl, fd);

	end_watch(slot);
	slot->ours = false;
	return close(fd);
}

static void on_timeout(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* The loop's clock is that of the iteration's start: without the update a
 * timer started after long work fires too early. */
static int on_timer(CURLM *multi, long timeout_ms, void *ud)
{
	struct hd_curl_loop *cl = ud;

	(void)multi;
	if (timeout_ms < 0) {
		uv_timer_stop(&cl->timer);
		return 0;
	}
	if (timeout_ms > 0)
		uv_update_time(cl->loop);
	uv_timer_start(&cl->timer, on_timeout, (uint64_t)timeout_ms, 0);
	return 0;
}

static CURLMcode set_up(struct hd_curl_loop *cl, long connections)
{
	CURLMcode rc;

	rc = curl_multi_setopt(cl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(cl->multi, CURLMOPT_SOCKETDATA, cl);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(cl->multi, CURLMOPT_TIMERFUNCTION,
				       on_timer);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(cl->multi, CURLMOPT_TIMERDATA, cl);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(cl->multi, CURLMOPT_MAXCONNECTS,
				       connections);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(cl->multi, CURLMOPT_PIPELINING,
				       (long)CURLPIPE_NOTHING);
	return rc;
}

struct hd_curl_loop *hd_curl_loop_new(uv_loop_t *loop, long connections,
				      hd_curl_done_fn done, void *ud,
				      struct hd_err *err)
{
	struct hd_curl_loop *cl = hd_alloc(sizeof(*cl));
	CURLMcode rc;

	cl->loop = loop;
	cl->any = (struct opener){ .cl = cl };
	cl->only_public = (struct opener){ .cl = cl, .public_only = true };
	cl->done = done;
	cl->ud = ud;
	cl->multi = curl_multi_init();
	if (!cl->multi) {
		hd_err_set(err, ENOMEM,
			   "HTTP client: libcurl refuses to start");
		free(cl);
		return NULL;
	}
	rc = set_up(cl, connections);
	if (rc != CURLM_OK) {
		hd_err_set(err, EINVAL, "HTTP client: %s",
			   curl_multi_strerror(rc));
		curl_multi_cleanup(cl->multi);
		free(cl);
		return NULL;
	}
	uv_timer_init(loop, &cl->timer);
	cl->timer.data = cl;
	cl->handles = 1;
	return cl;
}

static void timer_closed(uv_handle_t *handle)
{
	struct hd_curl_loop *cl = handle->data;

	cl->handles--;
	free_when_closed(cl);
}

void hd_curl_loop_free(struct hd_curl_loop *cl, void (*closed)(void *ud),
		       void *ud)
{
	size_t i;

	cl->closed = closed;
	cl->closed_ud = ud;
	curl_multi_cleanup(cl->multi);
	for (i = 0; i < cl->slot_count; i++)
		end_watch(&cl->slots[i]);
	cl->closing = true;
	uv_close((uv_handle_t *)&cl->timer, timer_closed);
}

CURLcode hd_curl_loop_adopt(struct hd_curl_loop *cl, CURL *easy,
			    bool public_only)
{
	struct opener *opener = public_only ? &cl->only_public : &cl->any;
	CURLcode rc;

	rc = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, opener);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
				      on_close);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, opener);
	return rc;
}

CURLMcode hd_curl_loop_add(struct hd_curl_loop *cl, CURL *easy)
{
	return curl_multi_add_handle(cl->multi, easy);
}

void hd_curl_loop_remove(struct hd_curl_loop *cl, CURL *easy)
{
	curl_multi_remove_handle(cl->multi, easy);
}
