/* Any bytes as the headers by which a sender proves who it is: the input is
 * lines id, timestamp, signature, X-Hub-Signature-256, then the body.  Nothing
 * is sound but what was signed with the key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/sign.h"
#include "http_in/signature.h"

#define LINES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char key[] = "a-key-of-more-than-24-bytes";

/* True where the signature of this message stands in the header. */
static bool was_signed(const char *const *headers, herald_str body)
{
	char wanted[HP_WEBHOOK_SIZE];

	return hp_webhook_sign(herald_cstr(key), herald_cstr(headers[1]),
			       herald_cstr(headers[3]), body, wanted) &&
	       strstr(headers[5], wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *headers[2 * LINES + 1] = { "webhook-id",	      NULL,
					       "webhook-timestamp",   NULL,
					       "webhook-signature",   NULL,
					       "x-hub-signature-256", NULL };
	char *text = malloc(n + 1), *at = text;
	char hex[HP_HMAC_HEX];
	herald_str body;

	memcpy(text, data, n);
	text[n] = '\0';
	for (int i = 0; i < LINES; i++) {
		headers[2 * i + 1] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
	}
	body = (herald_str){ at, (size_t)(text + n - at) };
	if (http_in_standard_is_sound(herald_cstr(key), headers, body) &&
	    !was_signed(headers, body))
		abort();
	http_in_standard_is_timely(headers, INT64_C(1795564742));
	if (http_in_github_is_sound(herald_cstr(key), headers[7], body) &&
	    (!hp_hmac_sha256_hex(herald_cstr(key), body, hex) ||
	     !strstr(headers[7], hex)))
		abort();
	free(text);
	return 0;
}
