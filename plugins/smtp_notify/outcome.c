#include "smtp_notify/outcome.h"

#include <stddef.h>

#include <herald/plugin.h>

static bool is_refused_login(CURLcode curl, long code)
{
	switch (code) {
	case 334: /* libcurl hangs up on a refusal in base64 */
		return curl == CURLE_LOGIN_DENIED;
	case 530:
	case 534:
	case 535:
	case 538:
		return true;
	default:
		return curl == CURLE_LOGIN_DENIED && code / 100 != 4;
	}
}

/* Words in the clear behind the answer to STARTTLS are somebody else's. */
static bool is_distrust(CURLcode curl, long code,
			const struct smtp_trace *trace)
{
	switch (curl) {
	case CURLE_WEIRD_SERVER_REPLY:
		return trace->starttls && code == 220;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return true;
	default:
		return false;
	}
}

/* The mailbox is wrong, not the mail. */
static bool is_bad_address(long code)
{
	return code == 501 || code == 550 || code == 551 || code == 553;
}

/* No answer that could be judged. */
static uint32_t trouble(CURLcode curl, const struct smtp_trace *trace)
{
	if (trace->stopped)
		return HERALD_CANCELLED;
	switch (curl) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_SSL_CONNECT_ERROR:
		return HERALD_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return HERALD_TIMEOUT;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION:
		return HERALD_BAD_CONFIG;
	default:
		return HERALD_RETRY;
	}
}

uint32_t smtp_outcome(CURLcode curl, long code, const struct smtp_trace *trace)
{
	if (curl == CURLE_OK && code / 100 == 2)
		return HERALD_OK;
	if (trace->no_auth)
		return HERALD_AUTH;
	if (is_distrust(curl, code, trace))
		return HERALD_BAD_CONFIG;
	if (code == 354 && trace->body_left)
		return HERALD_IN_DOUBT;
	if (is_refused_login(curl, code))
		return HERALD_AUTH;
	if (code / 100 == 4)
		return HERALD_RETRY;
	if (code / 100 == 5)
		return is_bad_address(code) ? HERALD_BAD_INPUT : HERALD_FAILED;
	return trouble(curl, trace);
}

int64_t smtp_pause_ms(unsigned tries, int64_t first_ms)
{
	static const int64_t factors[] = { 1, 5, 15, 30 };
	size_t last = sizeof(factors) / sizeof(factors[0]) - 1;
	size_t at = tries > 0 ? tries - 1 : 0;

	return factors[at < last ? at : last] * first_ms;
}
