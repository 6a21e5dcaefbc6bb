#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/net/http_verdict.h"

/* What the sockets of test_http_client cannot show. */
static void verdicts(void **state)
{
	static const struct {
		const char *id;
		struct hd_http_outcome o;
		uint32_t status;
	} cases[] = {
		{ "never sent", { .result = CURLE_RECV_ERROR }, HERALD_RETRY },
		{ "sent, no answer",
		  { .result = CURLE_GOT_NOTHING, .sent = true },
		  HERALD_IN_DOUBT },
		{ "read, no answer",
		  { .result = CURLE_GOT_NOTHING,
		    .sent = true,
		    .repeatable = true },
		  HERALD_RETRY },
		{ "timed out before it was sent",
		  { .result = CURLE_OPERATION_TIMEDOUT },
		  HERALD_TIMEOUT },
		{ "refused although its answer broke",
		  { .result = CURLE_PARTIAL_FILE, .code = 404, .sent = true },
		  HERALD_NOT_FOUND },
		{ "quota although its answer is long",
		  { .result = CURLE_WRITE_ERROR,
		    .code = 429,
		    .sent = true,
		    .too_big = true },
		  HERALD_QUOTA },
		{ "503 and broken",
		  { .result = CURLE_PARTIAL_FILE, .code = 503, .sent = true },
		  HERALD_RETRY },
		{ "cancelled before it was sent",
		  { .cancelled = true },
		  HERALD_CANCELLED },
		{ "cancelled after it was sent",
		  { .cancelled = true, .sent = true },
		  HERALD_IN_DOUBT },
		{ "certificate",
		  { .result = CURLE_PEER_FAILED_VERIFICATION },
		  HERALD_BAD_CONFIG },
		{ "another key than the pinned one",
		  { .result = CURLE_SSL_PINNEDPUBKEYNOTMATCH },
		  HERALD_BAD_CONFIG },
		{ "handshake that was reset",
		  { .result = CURLE_SSL_CONNECT_ERROR },
		  HERALD_UNREACHABLE },
		{ "304", { .code = 304, .repeatable = true }, HERALD_FAILED },
		{ "501", { .code = 501, .sent = true }, HERALD_IN_DOUBT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_http_verdict(&cases[i].o) != cases[i].status)
			fail_msg("%s: %x", cases[i].id,
				 hd_http_verdict(&cases[i].o));
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	const int64_t now_ms = 784111777000; /* Sun, 06 Nov 1994 08:49:37 */
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "0", 0 },
		{ "1", 1000 },
		{ "120 ", 0 },
		{ "1.5", 1500 },
		{ "86400", 86400000 },
		{ "86401", 86400000 },
		{ "99999999999999999999999", 86400000 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", 10000 },
		{ "Sunday, 06-Nov-94 08:49:47 GMT", 10000 },
		{ "Sun Nov  6 08:49:47 1994", 10000 },
		{ "Sun, 06 Nov 1994 08:49:00 GMT", 0 },
		{ "-1", 0 },
		{ "", 0 },
		{ "soon", 0 },
		{ "5 minutes", 0 },
		{ "nan", 0 },
		{ "inf", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_http_retry_after(cases[i].text, now_ms) != cases[i].ms)
			fail_msg("'%s': %lld", cases[i].text,
				 (long long)hd_http_retry_after(cases[i].text,
								now_ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
