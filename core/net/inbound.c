#include "core/net/inbound.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <microhttpd.h>

#include "core/base/err.h"
#include "core/net/gunzip.h"
#include "core/net/url.h"

#define BODY_DEFAULT (1024 * 1024)
#define QUERY_MAX 256
#define DRAIN_MAX (1024 * 1024)

struct hd_inbound *hd_inbound_new(const char *uri,
				  struct hd_body_budget *budget)
{
	struct hd_inbound *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->budget = budget;
	in->uri = uri;
	in->uri_n = strlen(uri);
	in->uri_text = malloc(in->uri_n + 1);
	if (!in->uri_text) {
		free(in);
		return NULL;
	}
	memcpy(in->uri_text, uri, in->uri_n + 1);
	return in;
}

void hd_inbound_free(struct hd_inbound *in)
{
	atomic_fetch_sub(&in->budget->used, in->charged);
	if (in->reply)
		MHD_destroy_response(in->reply);
	hd_gunzip_free(in->gz);
	hd_buf_fini(&in->body);
	free(in->uri_text);
	free(in->path);
	free(in->query);
	free(in->headers);
	free(in->groups);
	free(in);
}

void hd_inbound_groups(struct hd_inbound *in, const gid_t *groups, size_t n)
{
	if (n == 0)
		return;
	in->groups = malloc(n * sizeof(*groups));
	if (!in->groups)
		return;
	memcpy(in->groups, groups, n * sizeof(*groups));
	in->pub.groups = in->groups;
	in->pub.group_count = n;
}

void hd_inbound_refuse(struct hd_inbound *in, unsigned code, const char *reason)
{
	if (in->code != 0)
		return;
	in->code = code;
	in->reason = reason;
}

/* ---- headers ---- */

struct header_walk {
	size_t count, bytes;
	const char **list;
	char *text;
};

static enum MHD_Result measure_header(void *ud, enum MHD_ValueKind kind,
				      const char *name, size_t name_n,
				      const char *value, size_t n)
{
	struct header_walk *w = ud;

	(void)kind;
	(void)name;
	(void)value;
	w->count++;
	w->bytes += name_n + n + 2;
	return MHD_YES;
}

static char *put_text(struct header_walk *w, const char *p, size_t n)
{
	char *out = w->text;

	if (n != 0)
		memcpy(out, p, n);
	out[n] = '\0';
	w->text += n + 1;
	return out;
}

static enum MHD_Result put_header(void *ud, enum MHD_ValueKind kind,
				  const char *name, size_t name_n,
				  const char *value, size_t n)
{
	struct header_walk *w = ud;
	char *p;

	(void)kind;
	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	*w->list++ = p = put_text(w, name, name_n);
	for (; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*w->list++ = put_text(w, value, n);
	return MHD_YES;
}

/* One block: the pointers, then the texts. */
static void copy_headers(struct hd_inbound *in, struct MHD_Connection *conn)
{
	struct header_walk w = { 0 };
	size_t head;

	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, measure_header, &w);
	head = (2 * w.count + 1) * sizeof(char *);
	in->headers = malloc(head + w.bytes);
	if (!in->headers) {
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
		return;
	}
	w.list = in->headers;
	w.text = (char *)in->headers + head;
	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, put_header, &w);
	*w.list = NULL;
}

static void refuse_target(struct hd_inbound *in, const struct hd_err *err)
{
	if (err->code == ENOMEM)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
	else
		hd_inbound_refuse(in, MHD_HTTP_BAD_REQUEST, "target");
}

static void decode_target(struct hd_inbound *in)
{
	const char *p = in->uri_text;
	size_t path_n = strcspn(p, "?");
	const char *query = p[path_n] ? p + path_n + 1 : p + path_n;
	struct hd_err err = { 0 };

	in->path = hd_url_decode_path(p, path_n, &err);
	if (in->path)
		in->query = hd_url_decode_query(query, strlen(query), QUERY_MAX,
						&err);
	if (!in->path || !in->query)
		refuse_target(in, &err);
}

void hd_inbound_begin(struct hd_inbound *in, struct MHD_Connection *conn,
		      const char *method, const char *version,
		      size_t header_max)
{
	size_t n = strlen(method);

	in->begun = true;
	in->conn = conn;
	hd_framing_check(&in->framing, conn, method, in->uri, in->uri_n,
			 version, header_max);
	if (in->framing.code != 0) {
		hd_inbound_refuse(in, in->framing.code, in->framing.reason);
		return;
	}
	memcpy(in->method, method,
	       n <= HD_INBOUND_METHOD_MAX ? n : HD_INBOUND_METHOD_MAX);
	decode_target(in);
	if (in->code == 0)
		copy_headers(in, conn);
}

/* ---- body ---- */

void hd_inbound_route(struct hd_inbound *in,
		      const struct hd_listener_route *route, uint64_t id)
{
	size_t max = route->max_body != 0 ? route->max_body : BODY_DEFAULT;
	size_t n = strlen(route->path);

	in->route = id;
	in->fn = route->fn;
	in->cancelled = route->cancelled;
	in->ud = route->ud;
	in->pub.cookie = route->cookie;
	hd_buf_init(&in->body, max);
	if (route->prefix) {
		in->pub.path.p = in->path + n;
		in->pub.path.n = strlen(in->path + n);
	} else {
		in->pub.path.p = "";
	}
	if (in->framing.has_length && in->framing.length > max)
		hd_inbound_refuse(in, MHD_HTTP_CONTENT_TOO_LARGE, "body_size");
	if (!in->framing.gzip || in->code != 0)
		return;
	in->gz = hd_gunzip_new();
	if (!in->gz)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
}

static void charge(struct hd_inbound *in)
{
	size_t grown = in->body.n - in->charged;

	in->charged += grown;
	if (atomic_fetch_add(&in->budget->used, grown) + grown >
	    in->budget->max)
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
}

static void take_gzip(struct hd_inbound *in, const void *p, size_t n)
{
	switch (hd_gunzip_feed(in->gz, p, n, &in->body)) {
	case HD_GUNZIP_TOO_BIG:
		hd_inbound_refuse(in, MHD_HTTP_CONTENT_TOO_LARGE, "body_size");
		break;
	case HD_GUNZIP_BAD:
		hd_inbound_refuse(in, MHD_HTTP_BAD_REQUEST, "gzip");
		break;
	case HD_GUNZIP_MEMORY:
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
		break;
	case HD_GUNZIP_MORE:
	case HD_GUNZIP_END:
		break;
	}
}

static void take_plain(struct hd_inbound *in, const void *p, size_t n)
{
	if (n > in->body.max - in->body.n) {
		hd_inbound_refuse(in, MHD_HTTP_CONTENT_TOO_LARGE, "body_size");
		return;
	}
	hd_buf_add(&in->body, p, n);
	if (hd_buf_failed(&in->body))
		hd_inbound_refuse(in, MHD_HTTP_SERVICE_UNAVAILABLE, "memory");
}

bool hd_inbound_take(struct hd_inbound *in, const void *p, size_t n)
{
	if (in->code != 0) {
		in->drained += n;
		return in->drained <= DRAIN_MAX;
	}
	if (in->gz)
		take_gzip(in, p, n);
	else
		take_plain(in, p, n);
	charge(in);
	return true;
}

void hd_inbound_finish(struct hd_inbound *in)
{
	struct hd_buf unused;

	hd_buf_init(&unused, 0);
	if (in->gz && in->code == 0 &&
	    hd_gunzip_feed(in->gz, NULL, 0, &unused) != HD_GUNZIP_END)
		hd_inbound_refuse(in, MHD_HTTP_BAD_REQUEST, "gzip");
	hd_gunzip_free(in->gz);
	in->gz = NULL;
	if (in->code != 0)
		return;
	in->pub.method = in->method;
	in->pub.target.p = in->path;
	in->pub.target.n = strlen(in->path);
	in->pub.body.p = hd_buf_text(&in->body);
	in->pub.body.n = in->body.n;
	in->pub.query = (const char *const *)in->query;
	in->pub.headers = in->headers;
}
