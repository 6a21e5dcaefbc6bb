/* reply.h - what goes back, as libmicrohttpd wants it
 */
#ifndef HD_NET_REPLY_H
#define HD_NET_REPLY_H

#include <stddef.h>

struct MHD_Connection;
struct MHD_Response;

/* From code, headers ("Name: value", ..., NULL; may be NULL) and body, which is
 * copied.  What is wrong with them (control bytes, headers that frame the
 * message, a code outside 200..599) is logged and makes a 500; *code is the one
 * to send.  NULL if memory is lacking. [any] */
struct MHD_Response *hd_reply_new(unsigned *code, const char *const *headers,
				  const void *body, size_t n);

/* A refusal in one word, closing the connection, with Retry-After where the
 * code is 503.  `extra` is one more header and its value; NULL: none.  NULL if
 * memory is lacking. [any] */
struct MHD_Response *hd_answer_refusal(unsigned code, const char *reason,
				       const char *extra, const char *value);

#endif
