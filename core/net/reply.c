#include "core/net/reply.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <microhttpd.h>

#include "core/base/log.h"
#include "core/net/http_text.h"

#define NAME_MAX_BYTES 128
#define RETRY_AFTER "1" /* seconds */

/* The library frames; a second framing would let two readers differ. */
static bool is_framing(const char *line, size_t n)
{
	return hd_http_is_name(line, n, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
	       hd_http_is_name(line, n, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
	       hd_http_is_name(line, n, MHD_HTTP_HEADER_CONNECTION) ||
	       hd_http_is_name(line, n, MHD_HTTP_HEADER_TRAILER) ||
	       hd_http_is_name(line, n, MHD_HTTP_HEADER_UPGRADE) ||
	       hd_http_is_name(line, n, MHD_HTTP_HEADER_DATE);
}

static bool add_header(struct MHD_Response *answer, const char *line)
{
	char name[NAME_MAX_BYTES];
	const char *value;
	size_t n;

	if (!hd_http_is_header(line, &n) || n >= sizeof(name) ||
	    is_framing(line, n))
		return false;
	memcpy(name, line, n);
	name[n] = '\0';
	value = line + n + 1;
	value += strspn(value, " \t");
	if (!value[0])
		return true; /* the library has no empty values */
	return MHD_add_response_header(answer, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *answer, const char *const *headers)
{
	size_t i;

	for (i = 0; headers && headers[i]; i++)
		if (!add_header(answer, headers[i]))
			return false;
	return true;
}

static struct MHD_Response *from_buffer(const void *p, size_t n)
{
	static char nothing[1];

	if (n == 0)
		return MHD_create_response_from_buffer(0, nothing,
						       MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(n, (void *)(uintptr_t)p,
					       MHD_RESPMEM_MUST_COPY);
}

struct MHD_Response *hd_reply_new(unsigned *code, const char *const *headers,
				  const void *body, size_t n)
{
	struct MHD_Response *answer = from_buffer(body, n);

	if (!answer)
		return NULL;
	if (*code >= 200 && *code <= 599 && add_headers(answer, headers))
		return answer;
	MHD_destroy_response(answer);
	hd_error("answer to an HTTP request is not sound (code %u)", *code);
	*code = MHD_HTTP_INTERNAL_SERVER_ERROR;
	return from_buffer(NULL, 0);
}

struct MHD_Response *hd_answer_refusal(unsigned code, const char *reason,
				       const char *extra, const char *value)
{
	struct MHD_Response *answer;
	char text[80];
	int n;

	n = snprintf(text, sizeof(text), "%s\n", reason);
	answer = from_buffer(text, n > 0 ? (size_t)n : 0);
	if (!answer)
		return NULL;
	MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE,
				"text/plain");
	MHD_add_response_header(answer, MHD_HTTP_HEADER_CONNECTION, "close");
	if (code == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(answer, MHD_HTTP_HEADER_RETRY_AFTER,
					RETRY_AFTER);
	if (extra)
		MHD_add_response_header(answer, extra, value);
	return answer;
}
