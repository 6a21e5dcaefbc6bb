#include "core/net/http_handle.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/gunzip.h"
#include "core/net/http_exchange.h"

#define CONNECT_TIMEOUT_MS 5000L
#define DNS_CACHE_S 30L
#define BUFFER_BYTES 4096L /* a transfer under way; curl's own is 16 KiB */

/* ---- what curl calls ---- */

static size_t on_body(char *p, size_t size, size_t n, void *ud)
{
	struct hd_http_exchange *ex = ud;

	n *= size;
	if (n > ex->reply.max - ex->reply.n) {
		ex->too_big = true;
		return 0;
	}
	hd_buf_add(&ex->reply, p, n);
	return hd_buf_failed(&ex->reply) ? 0 : n;
}

/* Both texts or neither: hd_http_handle_headers() walks over them. */
static void keep_header(struct hd_http_exchange *ex, const char *p, size_t n,
			size_t name_n)
{
	size_t i, from = name_n + 1, to = n;
	char *out;

	while (from < to && (p[from] == ' ' || p[from] == '\t'))
		from++;
	while (to > from && strchr(" \t\r\n", p[to - 1]))
		to--;
	out = hd_buf_room(&ex->header_text, name_n + to - from + 2);
	if (!out)
		return;
	for (i = 0; i < name_n; i++)
		*out++ = (char)tolower((unsigned char)p[i]);
	*out++ = '\0';
	memcpy(out, p + from, to - from);
	out[to - from] = '\0';
	hd_buf_grew(&ex->header_text, name_n + to - from + 2);
	ex->header_count++;
}

/* A status line begins anew: what came before it was an interim reply or a
 * proxy's. */
static size_t on_header(char *p, size_t size, size_t n, void *ud)
{
	struct hd_http_exchange *ex = ud;
	const char *colon;

	n *= size;
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		hd_buf_clear(&ex->header_text);
		ex->header_count = 0;
		return n;
	}
	colon = memchr(p, ':', n);
	if (colon && colon != p && !memchr(p, '\0', n))
		keep_header(ex, p, n, (size_t)(colon - p));
	if (!hd_buf_failed(&ex->header_text))
		return n;
	ex->too_big = true;
	return 0;
}

static long bytes_sent(CURL *easy)
{
	long n = 0;

	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &n);
	return n;
}

/* Before each sending.  On a kept connection that broke libcurl sends again,
 * whatever the method is; the service may have done it already. */
static int on_begin(void *ud, char *ip, char *local_ip, int port,
		    int local_port)
{
	struct hd_http_exchange *ex = ud;
	long sent = bytes_sent(ex->easy);

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	if (ex->begun != 0 && sent > ex->sent_before)
		ex->sent = true;
	if (ex->sent && !ex->repeatable) {
		ex->repeat_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	ex->begun++;
	ex->sent_before = sent;
	return CURL_PREREQFUNC_OK;
}

/* ---- the handle ---- */

#define SET(option, value)                                              \
	do {                                                            \
		if (rc == CURLE_OK)                                     \
			rc = curl_easy_setopt(ex->easy, option, value); \
	} while (0)

static CURLcode set_proxy(struct hd_http_exchange *ex,
			  const struct hd_http_setting *setting)
{
	CURLcode rc = CURLE_OK;
	size_t n;

	SET(CURLOPT_NOPROXY, setting->no_proxy ? setting->no_proxy : "");
	SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (setting->tls.ca_file)
		SET(CURLOPT_PROXY_CAINFO, setting->tls.ca_file);
	if (!setting->proxy_user)
		return rc;
	SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_PROXYUSERNAME, setting->proxy_user);
	SET(CURLOPT_PROXYPASSWORD, hd_secret_get(setting->proxy_secret, &n));
	return rc;
}

static CURLcode set_conduct(struct hd_http_exchange *ex,
			    const struct hd_http_setting *setting,
			    long timeout_ms)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	SET(CURLOPT_PROTOCOLS_STR, "https,http");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_PROXY, setting->proxy);
	if (setting->proxy[0] && rc == CURLE_OK)
		rc = set_proxy(ex, setting);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_USERAGENT, setting->user_agent);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TIMEOUT_MS, timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS);
	if (rc == CURLE_OK)
		rc = hd_tls_apply(ex->easy, &setting->tls);
	return rc;
}

static CURLcode set_callbacks(struct hd_http_exchange *ex)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, ex);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, ex);
	SET(CURLOPT_PREREQFUNCTION, on_begin);
	SET(CURLOPT_PREREQDATA, ex);
	SET(CURLOPT_ERRORBUFFER, ex->why);
	return rc;
}

static CURLcode set_request(struct hd_http_exchange *ex)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, ex->url);
	SET(CURLOPT_HTTPHEADER, ex->token ? ex->token : ex->headers);
	if (ex->connect_to)
		SET(CURLOPT_CONNECT_TO, ex->connect_to);
	if (ex->has_body) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ex->body_n);
		SET(CURLOPT_POSTFIELDS, ex->body);
	}
	if (strcmp(ex->method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else if (strcmp(ex->method, ex->has_body ? "POST" : "GET") != 0)
		SET(CURLOPT_CUSTOMREQUEST, ex->method);
	return rc;
}

int hd_http_handle_arm(struct hd_http_exchange *ex,
		       const struct hd_http_setting *setting,
		       int64_t timeout_ms, struct hd_err *err)
{
	CURLcode rc;

	ex->easy = curl_easy_init();
	if (!ex->easy)
		return hd_err_sys(err, ENOMEM, "HTTP request");
	rc = set_conduct(ex, setting, (long)timeout_ms);
	if (rc == CURLE_OK)
		rc = set_callbacks(ex);
	if (rc == CURLE_OK)
		rc = set_request(ex);
	if (rc != CURLE_OK)
		return hd_err_set(err, EINVAL, "%s", curl_easy_strerror(rc));
	return 0;
}

uint32_t hd_http_handle_disarm(struct hd_http_exchange *ex)
{
	long code = 0, proxy_code = 0;

	if (ex->easy) {
		if (ex->begun != 0 && bytes_sent(ex->easy) > ex->sent_before)
			ex->sent = true;
		curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &code);
		if (code < 200)
			curl_easy_getinfo(ex->easy, CURLINFO_HTTP_CONNECTCODE,
					  &proxy_code);
		curl_easy_cleanup(ex->easy);
		ex->easy = NULL;
	}
	ex->proxy_code = (unsigned)proxy_code;
	if (proxy_code == 407)
		return 407;
	return code >= 200 ? (uint32_t)code : 0;
}

/* ---- what came back ---- */

const char *hd_http_handle_header(const struct hd_http_exchange *ex,
				  const char *name)
{
	const char *p = ex->header_text.p;
	const char *value;
	size_t i;

	for (i = 0; i < ex->header_count; i++) {
		value = p + strlen(p) + 1;
		if (strcmp(p, name) == 0)
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

int hd_http_handle_inflate(struct hd_http_exchange *ex, struct hd_err *err)
{
	const char *encoding = hd_http_handle_header(ex, "content-encoding");
	enum hd_gunzip_status status;
	struct hd_gunzip *gz;
	struct hd_buf plain;

	if (!encoding || !encoding[0] ||
	    strcasecmp(encoding, "identity") == 0 || ex->reply.n == 0)
		return 0;
	if (strcasecmp(encoding, "gzip") != 0 &&
	    strcasecmp(encoding, "x-gzip") != 0)
		return hd_err_set(err, EPROTO,
				  "answered in an encoding that nobody asked "
				  "for");
	gz = hd_gunzip_new();
	if (!gz)
		return hd_err_sys(err, ENOMEM, "answer");
	hd_buf_init(&plain, ex->reply.max);
	status = hd_gunzip_feed(gz, ex->reply.p, ex->reply.n, &plain);
	hd_gunzip_free(gz);
	hd_buf_fini(&ex->reply);
	ex->reply = plain;
	ex->too_big = status == HD_GUNZIP_TOO_BIG;
	if (status == HD_GUNZIP_END || ex->too_big)
		return 0;
	return hd_err_set(err, EPROTO, "answered with damaged gzip");
}

const char **hd_http_handle_headers(const struct hd_http_exchange *ex)
{
	const char **list = hd_alloc_array(2 * ex->header_count + 1,
					   sizeof(*list));
	const char *p = ex->header_text.p;
	size_t i;

	for (i = 0; i < 2 * ex->header_count; i++) {
		list[i] = p;
		p += strlen(p) + 1;
	}
	return list;
}
