#include "core/net/http_words.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/net/http_exchange.h"
#include "core/net/http_handle.h"
#include "core/net/http_verdict.h"

#define EXCERPT_MAX 160

static bool is_plain_text(const struct hd_http_exchange *ex)
{
	const char *type = hd_http_handle_header(ex, "content-type");

	return type && (strstr(type, "json") || strstr(type, "text/plain"));
}

static void add_excerpt(struct hd_buf *out, const struct hd_http_exchange *ex)
{
	const struct hd_buf *reply = &ex->reply;

	if (reply->n == 0 || !is_plain_text(ex))
		return;
	hd_buf_adds(out, ": ");
	hd_utf8_escape(out, reply->p,
		       hd_utf8_cut(reply->p, reply->n, EXCERPT_MAX));
}

/* Where a redirect leads, without path and query: they may hold tokens. */
static void add_redirect(struct hd_buf *out, const struct hd_http_exchange *ex)
{
	const char *location = hd_http_handle_header(ex, "location");
	struct hd_url url;

	hd_buf_adds(out, ", redirects are not followed");
	if (!location || hd_url_parse(&url, location, NULL) < 0)
		return;
	hd_buf_adds(out, " (to ");
	hd_url_origin(&url, out);
	hd_buf_adds(out, ")");
	hd_url_fini(&url);
}

/* libcurl has several words for one thing: "Empty reply from server",
 * "select/poll returned error", "Recv failure: Connection reset by peer". */
static void add_break(struct hd_buf *out, const char *why, CURLcode result)
{
	if (result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR)
		hd_buf_addf(out, "the connection broke: %s", why);
	else
		hd_buf_adds(out, "the connection broke before an answer came");
}

static bool is_break(CURLcode result)
{
	return result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR ||
	       result == CURLE_GOT_NOTHING ||
	       result == CURLE_UNRECOVERABLE_POLL;
}

static void add_trouble(struct hd_buf *out, const struct hd_http_exchange *ex,
			const struct hd_http_setting *setting, CURLcode result)
{
	const char *why = ex->why[0] ? ex->why : curl_easy_strerror(result);

	if (ex->proxy_code >= 300)
		hd_buf_addf(out, "the proxy does not let us through: HTTP %u",
			    ex->proxy_code);
	else if (ex->repeat_refused)
		add_break(out, why, CURLE_GOT_NOTHING);
	else if (is_break(result))
		add_break(out, why, result);
	else
		hd_buf_adds(out, why);
	if (result == CURLE_COULDNT_CONNECT && setting->public_only)
		hd_buf_adds(out, " (only public addresses are permitted)");
	hd_tls_remedy(out, result, setting->name);
}

void hd_http_words(struct hd_buf *out, const struct hd_http_exchange *ex,
		   const struct hd_http_setting *setting,
		   const struct hd_http_outcome *o, uint32_t status)
{
	hd_buf_addf(out, "%s: ", ex->label ? ex->label : "request");
	if (o->cancelled)
		hd_buf_adds(out, "cancelled");
	else if (o->code >= 300)
		hd_buf_addf(out, "HTTP %u%s", o->code,
			    o->code == 407 ? ": the proxy wants to know who we "
					     "are (proxy_user, proxy_secret)"
					   : "");
	else if (o->too_big)
		hd_buf_addf(out, "answer over %zu bytes", ex->reply.max);
	else
		add_trouble(out, ex, setting, o->result);
	if (!o->cancelled && o->code >= 400)
		add_excerpt(out, ex);
	else if (!o->cancelled && o->code >= 300)
		add_redirect(out, ex);
	if (status == HERALD_IN_DOUBT)
		hd_buf_adds(out, "; it may have taken effect");
}
