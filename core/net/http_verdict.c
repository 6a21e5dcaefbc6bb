#include "core/net/http_verdict.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/tls.h"

static uint32_t verdict_of_code(const struct hd_http_outcome *o)
{
	switch (o->code) {
	case 401:
	case 407: /* the proxy's */
		return HERALD_AUTH;
	case 403:
		return HERALD_FORBIDDEN;
	case 404:
	case 410:
		return HERALD_NOT_FOUND;
	case 408:
	case 425:
	case 503:
		return HERALD_RETRY;
	case 429:
		return HERALD_QUOTA;
	default:
		break;
	}
	if (o->code >= 500)
		return o->repeatable ? HERALD_RETRY : HERALD_IN_DOUBT;
	return HERALD_FAILED;
}

/* Nothing arrived that the service could have acted on, or acting twice does
 * no harm: which kind of trouble was it? */
static uint32_t verdict_of_trouble(CURLcode result)
{
	if (hd_tls_is_distrust(result))
		return HERALD_BAD_CONFIG;
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return HERALD_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return HERALD_UNREACHABLE;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return HERALD_BAD_INPUT;
	case CURLE_WEIRD_SERVER_REPLY:
		return HERALD_BAD_REPLY;
	default:
		return HERALD_RETRY;
	}
}

static bool may_have_arrived(const struct hd_http_outcome *o)
{
	return o->sent && !o->repeatable;
}

uint32_t hd_http_verdict(const struct hd_http_outcome *o)
{
	if (o->cancelled)
		return may_have_arrived(o) ? HERALD_IN_DOUBT : HERALD_CANCELLED;
	if (o->code >= 400)
		return verdict_of_code(o);
	if (o->too_big)
		return HERALD_TOO_BIG;
	if (o->result != CURLE_OK && may_have_arrived(o))
		return HERALD_IN_DOUBT;
	/* HTTP/0.9 and worse is "unsupported protocol" too, but by then the
	 * request was sent. */
	if (o->result == CURLE_UNSUPPORTED_PROTOCOL && o->sent)
		return HERALD_BAD_REPLY;
	if (o->result != CURLE_OK)
		return verdict_of_trouble(o->result);
	if (o->code >= 200 && o->code < 300)
		return HERALD_OK;
	return HERALD_FAILED; /* a redirect: never followed */
}

bool hd_http_is_repeatable(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static int64_t cap(double ms)
{
	if (ms < 0)
		return 0;
	return ms < (double)HD_RETRY_AFTER_MAX_MS ? (int64_t)ms
						  : HD_RETRY_AFTER_MAX_MS;
}

int64_t hd_http_retry_after(const char *value, int64_t utc_ms)
{
	double seconds;
	time_t date;
	char *end;

	if (!isdigit((unsigned char)value[0])) {
		date = curl_getdate(value, NULL);
		return date < 0 ? 0 : cap((double)date * 1000 - (double)utc_ms);
	}
	seconds = strtod(value, &end);
	return *end ? 0 : cap(seconds * 1000);
}
