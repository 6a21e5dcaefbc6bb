#include "core/net/http_exchange.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/http_client.h"
#include "core/net/http_text.h"
#include "core/net/http_verdict.h"

#define URL_MAX (64 * 1024)
#define LINE_MAX_BYTES (64 * 1024)
#define REPLY_LIMIT (1024 * 1024 * 1024) /* what max_reply may be at most */

/* ---- what was asked, checked ---- */

static int take_method(struct hd_http_exchange *ex,
		       const struct hd_http_call *call, struct hd_err *err)
{
	const char *method = call->method;
	size_t n;

	if (!method)
		method = call->form || call->body.n != 0 ? "POST" : "GET";
	n = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (n == 0 || method[n] || n > HD_HTTP_METHOD_MAX ||
	    strcmp(method, "CONNECT") == 0 || strcmp(method, "TRACE") == 0)
		return hd_err_set(err, EINVAL, "method is not sound");
	memcpy(ex->method, method, n + 1);
	ex->repeatable = hd_http_is_repeatable(method);
	ex->has_body = call->form || call->body.n != 0 ||
		       strcmp(method, "POST") == 0 ||
		       strcmp(method, "PUT") == 0 ||
		       strcmp(method, "PATCH") == 0;
	if (strcmp(method, "HEAD") == 0 && ex->has_body)
		return hd_err_set(err, EINVAL, "HEAD with a body");
	if (call->form && call->body.n != 0)
		return hd_err_set(err, EINVAL, "a form beside a body");
	return 0;
}

static int take_body(struct hd_http_exchange *ex,
		     const struct hd_http_call *call, struct hd_err *err)
{
	struct hd_buf form;

	if (!call->form) {
		ex->body_n = call->body.n;
		ex->body = malloc(ex->body_n + 1);
		if (!ex->body)
			return hd_err_sys(err, ENOMEM, "body of %zu bytes",
					  ex->body_n);
		if (ex->body_n != 0)
			memcpy(ex->body, call->body.p, ex->body_n);
		return 0;
	}
	hd_buf_init(&form, HD_HTTP_REPLY_MAX);
	hd_url_query(&form, call->query, true);
	if (hd_buf_failed(&form)) {
		hd_buf_fini(&form);
		return hd_err_set(err, EMSGSIZE, "form over %d bytes",
				  HD_HTTP_REPLY_MAX);
	}
	ex->body_n = form.n;
	ex->body = hd_buf_steal(&form);
	return 0;
}

static void make_label(struct hd_http_exchange *ex, const struct hd_url *base,
		       const char *const *segments)
{
	const struct hd_url bare = { .scheme = base->scheme,
				     .host = base->host,
				     .port = base->port,
				     .path = base->path };
	struct hd_buf text;

	hd_buf_init(&text, URL_MAX);
	hd_buf_adds(&text, ex->method);
	hd_buf_addc(&text, ' ');
	hd_url_build(&bare, segments, NULL, &text, NULL);
	ex->label = hd_buf_steal(&text);
}

/* ---- headers ---- */

static int add_line(struct hd_http_exchange *ex, const char *line,
		    struct hd_err *err)
{
	struct curl_slist *list = curl_slist_append(ex->headers, line);

	if (!list)
		return hd_err_sys(err, ENOMEM, "header");
	ex->headers = list;
	return 0;
}

/* Those that say how a message is cut from the stream, and whom it is for. */
static bool is_ours(const char *line, size_t n)
{
	static const char *const ours[] = {
		"Host",	      "Content-Length", "Transfer-Encoding",
		"Connection", "Expect",		"TE",
		"Trailer",    "Upgrade",	"Proxy-Authorization"
	};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (hd_http_is_name(line, n, ours[i]))
			return true;
	return false;
}

static int check_header(const char *line, size_t index, struct hd_err *err)
{
	size_t n = strcspn(line, ":");

	if (hd_http_has_control(line, strlen(line)))
		return hd_err_set(err, EINVAL,
				  "header %zu holds CR, LF or another control "
				  "byte",
				  index + 1);
	if (!line[n] || !hd_http_is_token(line, n))
		return hd_err_set(err, EINVAL,
				  "header %zu is not 'Name: value'", index + 1);
	if (is_ours(line, n))
		return hd_err_set(err, EINVAL,
				  "header %.*s is not the caller's", (int)n,
				  line);
	return 0;
}

/* libcurl takes "Name:" without a value for "leave Name out"; "Name;" is its
 * way of sending it empty. */
static int add_header(struct hd_http_exchange *ex, const char *line,
		      struct hd_err *err)
{
	size_t n = strcspn(line, ":");
	char *empty;
	int rc;

	if (line[n + 1 + strspn(line + n + 1, " \t")])
		return add_line(ex, line, err);
	empty = hd_strf("%.*s;", (int)n, line);
	rc = add_line(ex, empty, err);
	free(empty);
	return rc;
}

static bool has_header(const char *const *headers, const char *name)
{
	size_t i;

	for (i = 0; headers && headers[i]; i++)
		if (hd_http_is_name(headers[i], strcspn(headers[i], ":"), name))
			return true;
	return false;
}

static int take_headers(struct hd_http_exchange *ex,
			const struct hd_http_call *call, struct hd_err *err)
{
	size_t i;

	for (i = 0; call->headers && call->headers[i]; i++)
		if (check_header(call->headers[i], i, err) < 0 ||
		    add_header(ex, call->headers[i], err) < 0)
			return -1;
	/* libcurl waits a second for "100 Continue" before a large body, and
	 * calls every body a form. */
	if (add_line(ex, "Expect:", err) < 0)
		return -1;
	if (ex->has_body && !call->form &&
	    !has_header(call->headers, "Content-Type"))
		return add_line(ex, "Content-Type:", err);
	return 0;
}

/* ---- credentials ---- */

static bool is_permitted(const struct hd_http_setting *setting,
			 const struct hd_url *url)
{
	size_t i;

	for (i = 0; i < setting->origin_count; i++)
		if (hd_url_same_origin(&setting->origins[i], url))
			return true;
	return false;
}

static int check_origin(const struct hd_http_setting *setting,
			const struct hd_http_call *call,
			const struct hd_url *url, struct hd_err *err)
{
	bool credentials = call->secret || setting->bearer ||
			   setting->tls.cert_file ||
			   has_header(call->headers, "Authorization") ||
			   has_header(call->headers, "Cookie");

	if (!credentials || is_permitted(setting, url))
		return 0;
	return hd_err_set(err, EACCES,
			  "credentials go only to the addresses in the "
			  "connector's options");
}

/* "user:secret" in base64, into `line`. */
static int add_basic(struct hd_buf *line, const char *user, const char *secret,
		     size_t n, struct hd_err *err)
{
	size_t user_n = strlen(user), total = user_n + 1 + n;
	unsigned char plain[HD_SECRET_MAX + 512];
	char *room;
	int made;

	if (user_n > 500 || strchr(user, ':') ||
	    hd_http_has_control(user, user_n))
		return hd_err_set(err, EINVAL,
				  "user name for HTTP Basic holds "
				  "':' or a control byte");
	memcpy(plain, user, user_n);
	plain[user_n] = ':';
	memcpy(plain + user_n + 1, secret, n);
	hd_buf_adds(line, "Basic ");
	room = hd_buf_room(line, (total + 2) / 3 * 4);
	if (room) {
		made = EVP_EncodeBlock((unsigned char *)room, plain,
				       (int)total);
		hd_buf_grew(line, (size_t)made);
	}
	explicit_bzero(plain, sizeof(plain));
	return 0;
}

static int fill_secret_line(struct hd_buf *line,
			    const struct hd_http_call *call, struct hd_err *err)
{
	const char *name = call->secret_header ? call->secret_header
					       : "Authorization";
	const char *prefix = call->secret_prefix ? call->secret_prefix : "";
	const char *secret;
	size_t n;

	secret = hd_secret_get(call->secret, &n);
	if (!hd_http_is_token(name, strlen(name)) ||
	    is_ours(name, strlen(name)) ||
	    hd_http_has_control(prefix, strlen(prefix)))
		return hd_err_set(err, EINVAL,
				  "header for the secret is not sound");
	if (n == 0 || n > HD_SECRET_MAX || hd_http_has_control(secret, n))
		return hd_err_set(err, EINVAL,
				  "secret is empty or holds a control byte");
	hd_buf_adds(line, name);
	hd_buf_adds(line, ": ");
	if (call->secret_user)
		return add_basic(line, call->secret_user, secret, n, err);
	hd_buf_adds(line, prefix);
	hd_buf_add(line, secret, n);
	return 0;
}

/* The line's buffer gets all its room at once: growing would leave pieces of
 * the secret behind. */
static int take_secret(struct hd_http_exchange *ex,
		       const struct hd_http_call *call, struct hd_err *err)
{
	struct hd_buf line;
	int rc;

	if (!call->secret)
		return 0;
	hd_buf_init(&line, LINE_MAX_BYTES);
	if (!hd_buf_room(&line, LINE_MAX_BYTES))
		return hd_err_sys(err, ENOMEM, "secret");
	rc = fill_secret_line(&line, call, err);
	if (rc == 0 && hd_buf_failed(&line))
		rc = hd_err_set(err, EMSGSIZE,
				"header for the secret is too "
				"long");
	if (rc == 0)
		rc = add_line(ex, hd_buf_text(&line), err);
	explicit_bzero(line.p, line.n);
	hd_buf_fini(&line);
	return rc;
}

/* ---- address ---- */

/* Another name is expected in the certificate: it takes the host's place in
 * the address, the connection still goes to the host, and so does the Host
 * line. */
static int take_server_name(struct hd_http_exchange *ex,
			    const struct hd_url *host, struct hd_url *url,
			    const char *server_name, struct hd_err *err)
{
	bool v6 = strchr(host->host, ':') != NULL;
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
	char *line;
	int rc;

	url->host = hd_strdup(server_name);
	line = hd_strf("%s:%d:%s%s%s:%d", server_name, host->port, open,
		       host->host, close, host->port);
	ex->connect_to = curl_slist_append(NULL, line);
	free(line);
	if (!ex->connect_to)
		return hd_err_sys(err, ENOMEM, "address");
	if (host->port == 443)
		line = hd_strf("Host: %s%s%s", open, host->host, close);
	else
		line = hd_strf("Host: %s%s%s:%d", open, host->host, close,
			       host->port);
	rc = add_line(ex, line, err);
	free(line);
	return rc;
}

static int build_url(struct hd_http_exchange *ex, const struct hd_url *base,
		     const struct hd_http_call *call, struct hd_err *err)
{
	struct hd_buf text;
	int rc;

	hd_buf_init(&text, URL_MAX);
	rc = hd_url_build(base, call->path, call->form ? NULL : call->query,
			  &text, err);
	ex->url = hd_buf_steal(&text);
	return rc;
}

static int take_url(struct hd_http_exchange *ex,
		    const struct hd_http_setting *setting,
		    const struct hd_http_call *call, const struct hd_url *base,
		    struct hd_err *err)
{
	const char *name = setting->tls.server_name;
	struct hd_url other = *base;
	int rc;

	if (!name || strcmp(base->scheme, "https") != 0 ||
	    strcasecmp(name, base->host) == 0)
		return build_url(ex, base, call, err);
	rc = take_server_name(ex, base, &other, name, err);
	if (rc == 0)
		rc = build_url(ex, &other, call, err);
	free(other.host);
	return rc;
}

/* The token's header is its own: of two, a service takes the one it likes. */
static int check_bearer(const struct hd_http_setting *setting,
			const struct hd_http_call *call, struct hd_err *err)
{
	const char *name = call->secret_header ? call->secret_header
					       : "Authorization";

	if (!setting->bearer)
		return 0;
	if ((!call->secret || strcasecmp(name, "Authorization") != 0) &&
	    !has_header(call->headers, "Authorization"))
		return 0;
	return hd_err_set(err, EINVAL,
			  "two credentials for the header Authorization: "
			  "leave out either the secret or oauth2");
}

static int take_call(struct hd_http_exchange *ex,
		     const struct hd_http_setting *setting,
		     const struct hd_http_call *call, const struct hd_url *base,
		     struct hd_err *err)
{
	make_label(ex, base, call->path);
	if (check_origin(setting, call, base, err) < 0 ||
	    check_bearer(setting, call, err) < 0 ||
	    take_url(ex, setting, call, base, err) < 0 ||
	    take_headers(ex, call, err) < 0 || take_secret(ex, call, err) < 0)
		return -1;
	return take_body(ex, call, err);
}

int hd_http_exchange_init(struct hd_http_exchange *ex,
			  const struct hd_http_setting *setting,
			  const struct hd_http_call *call, struct hd_err *err)
{
	size_t max = call->max_reply != 0 ? call->max_reply : HD_HTTP_REPLY_MAX;
	struct hd_url base;
	int rc;

	memset(ex, 0, sizeof(*ex));
	hd_buf_init(&ex->reply, max < REPLY_LIMIT ? max : REPLY_LIMIT);
	hd_buf_init(&ex->header_text, HD_HTTP_HEADERS_MAX);
	if (take_method(ex, call, err) < 0)
		return -1;
	if (!call->url)
		return hd_err_set(err, EINVAL, "no address");
	if (hd_url_parse(&base, call->url, err) < 0)
		return -1;
	rc = take_call(ex, setting, call, &base, err);
	hd_url_fini(&base);
	return rc;
}

static void wipe_list(struct curl_slist *list)
{
	struct curl_slist *item;

	for (item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

static void drop_token(struct hd_http_exchange *ex)
{
	if (!ex->token)
		return;
	ex->token->next = NULL; /* that is `headers` */
	wipe_list(ex->token);
	ex->token = NULL;
}

int hd_http_exchange_authorize(struct hd_http_exchange *ex,
			       const struct hd_secret *token,
			       struct hd_err *err)
{
	const char *text;
	char *line;
	size_t n;

	drop_token(ex);
	text = hd_secret_get(token, &n);
	line = hd_strf("Authorization: Bearer %s", text);
	ex->token = curl_slist_append(NULL, line);
	explicit_bzero(line, strlen(line));
	free(line);
	if (!ex->token)
		return hd_err_sys(err, ENOMEM, "token");
	ex->token->next = ex->headers;
	return 0;
}

void hd_http_exchange_again(struct hd_http_exchange *ex)
{
	hd_buf_clear(&ex->reply);
	hd_buf_clear(&ex->header_text);
	ex->header_count = 0;
	ex->sent = ex->repeat_refused = ex->too_big = false;
	ex->begun = 0;
	ex->sent_before = 0;
	ex->why[0] = '\0';
}

void hd_http_exchange_fini(struct hd_http_exchange *ex)
{
	drop_token(ex);
	wipe_list(ex->headers);
	curl_slist_free_all(ex->connect_to);
	free(ex->url);
	free(ex->label);
	if (ex->body)
		explicit_bzero(ex->body, ex->body_n);
	free(ex->body);
	hd_buf_fini(&ex->reply);
	hd_buf_fini(&ex->header_text);
}
