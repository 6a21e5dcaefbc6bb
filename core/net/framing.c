#include "core/net/framing.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <microhttpd.h>

#include "core/net/http_text.h"

#define LAYOUT_VERSION "0.9.75"

struct walk {
	struct hd_framing *f;
	bool layout;	/* addresses are checked */
	uintptr_t next; /* where the next line has to begin */
	unsigned hosts, lengths, codings, encodings, authorizations, expects;
};

static void refuse(struct hd_framing *f, unsigned code, const char *reason)
{
	if (f->code != 0)
		return;
	f->code = code;
	f->reason = reason;
}

static void take_length(struct walk *w, const char *value, size_t n)
{
	uint64_t length = 0;
	size_t i;

	w->lengths++;
	if (n == 0 || n > 18) {
		refuse(w->f,
		       n == 0 ? MHD_HTTP_BAD_REQUEST
			      : MHD_HTTP_CONTENT_TOO_LARGE,
		       "length");
		return;
	}
	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)value[i])) {
			refuse(w->f, MHD_HTTP_BAD_REQUEST, "length");
			return;
		}
		length = length * 10 + (uint64_t)(value[i] - '0');
	}
	w->f->has_length = true;
	w->f->length = length;
}

static void take_coding(struct walk *w, const char *value, size_t n)
{
	w->codings++;
	if (n == 7 && strncasecmp(value, "chunked", n) == 0)
		w->f->chunked = true;
	else
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "transfer_encoding");
}

static void take_encoding(struct walk *w, const char *value, size_t n)
{
	w->encodings++;
	if (n == 4 && strncasecmp(value, "gzip", n) == 0)
		w->f->gzip = true;
	else if (n != 8 || strncasecmp(value, "identity", n) != 0)
		refuse(w->f, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		       "content_encoding");
}

static void take_expect(struct walk *w, const char *value, size_t n)
{
	w->expects++;
	if (n != 12 || strncasecmp(value, "100-continue", n) != 0)
		refuse(w->f, MHD_HTTP_EXPECTATION_FAILED, "expect");
}

static void take_header(struct walk *w, const char *name, size_t name_n,
			const char *value, size_t n)
{
	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	if (hd_http_is_name(name, name_n, "Host"))
		w->hosts++;
	else if (hd_http_is_name(name, name_n, "Authorization"))
		w->authorizations++;
	else if (hd_http_is_name(name, name_n, "Content-Length"))
		take_length(w, value, n);
	else if (hd_http_is_name(name, name_n, "Transfer-Encoding"))
		take_coding(w, value, n);
	else if (hd_http_is_name(name, name_n, "Content-Encoding"))
		take_encoding(w, value, n);
	else if (hd_http_is_name(name, name_n, "Expect"))
		take_expect(w, value, n);
}

static enum MHD_Result on_header(void *ud, enum MHD_ValueKind kind,
				 const char *name, size_t name_n,
				 const char *value, size_t n)
{
	struct walk *w = ud;

	(void)kind;
	if (!value) {
		value = "";
		w->layout = false;
	}
	if (w->layout && (uintptr_t)name != w->next)
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "line");
	w->next = (uintptr_t)value + n + 2;
	if (!hd_http_is_token(name, name_n))
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "header_name");
	if (hd_http_has_control(value, n))
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "control_byte");
	take_header(w, name, name_n, value, n);
	return MHD_YES;
}

static bool has_known_layout(void)
{
	return strcmp(MHD_get_version(), LAYOUT_VERSION) == 0;
}

/* "METHOD target HTTP/1.1" and the first header behind CR LF. */
static void begin_layout(struct walk *w, const char *method, const char *uri,
			 size_t uri_n, const char *version)
{
	w->layout = has_known_layout();
	if (!w->layout)
		return;
	if ((uintptr_t)uri != (uintptr_t)method + strlen(method) + 1 ||
	    (uintptr_t)version != (uintptr_t)uri + uri_n + 1)
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "request_line");
	w->next = (uintptr_t)version + strlen(version) + 2;
}

static void check_counts(struct walk *w, const char *version)
{
	struct hd_framing *f = w->f;
	bool is_1_1 = strcmp(version, MHD_HTTP_VERSION_1_1) == 0;

	if (w->lengths > 1)
		refuse(f, MHD_HTTP_BAD_REQUEST, "two_lengths");
	if (w->codings != 0 && w->lengths != 0)
		refuse(f, MHD_HTTP_BAD_REQUEST, "length_and_encoding");
	if (w->codings > 1 || (w->codings != 0 && !is_1_1))
		refuse(f, MHD_HTTP_BAD_REQUEST, "transfer_encoding");
	if (w->hosts > 1)
		refuse(f, MHD_HTTP_BAD_REQUEST, "two_hosts");
	if (w->hosts == 0 && is_1_1)
		refuse(f, MHD_HTTP_BAD_REQUEST, "no_host");
	if (w->authorizations > 1)
		refuse(f, MHD_HTTP_BAD_REQUEST, "two_authorizations");
	if (w->encodings > 1)
		refuse(f, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "content_encoding");
	if (w->expects > 1)
		refuse(f, MHD_HTTP_EXPECTATION_FAILED, "expect");
}

/* The whole of the headers ends with the empty line. */
static void check_size(struct walk *w, struct MHD_Connection *conn,
		       const char *method, size_t header_max)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (!info)
		return;
	if (info->header_size > header_max)
		refuse(w->f, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
		       "header_size");
	if (w->layout && (uintptr_t)method + info->header_size != w->next + 2)
		refuse(w->f, MHD_HTTP_BAD_REQUEST, "line");
}

static bool is_known_method(const char *method)
{
	static const char *const known[] = { "GET",   "HEAD",	"POST",	  "PUT",
					     "PATCH", "DELETE", "OPTIONS" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

static bool needs_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

void hd_framing_check(struct hd_framing *f, struct MHD_Connection *conn,
		      const char *method, const char *uri, size_t uri_n,
		      const char *version, size_t header_max)
{
	struct walk w = { .f = f };

	memset(f, 0, sizeof(*f));
	if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 &&
	    strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
		refuse(f, MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, "version");
	if (!is_known_method(method))
		refuse(f, MHD_HTTP_METHOD_NOT_ALLOWED, "method");
	begin_layout(&w, method, uri, uri_n, version);
	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, on_header, &w);
	check_counts(&w, version);
	check_size(&w, conn, method, header_max);
	if (needs_body(method) && !f->has_length && !f->chunked)
		refuse(f, MHD_HTTP_LENGTH_REQUIRED, "no_length");
}
