/* framing.h - may this request be read at all?
 *
 * libmicrohttpd takes much that two readers could read differently (a length
 * beside an encoding, two lengths, folded lines, bare LF).  All of it can be
 * seen from what it parsed, before the body is taken, and is refused there:
 * these are the means by which a request is smuggled past a proxy.
 *
 * Line ends and NULs leave no trace in the texts, but in where the texts lie:
 * 0.9.75 parses in place, so each name begins two bytes behind the value before
 * it, and nothing else does where a line was folded, ended by LF alone, or held
 * a NUL.  Only addresses are compared.  Another version may lay them out
 * differently, so there the library's own strictness has to do
 * (MHD_OPTION_STRICT_FOR_CLIENT).
 *
 * What stays unseen: a header line that ends in NUL LF, LF alone in the framing
 * of chunks and trailers, and the texts of trailers (which nobody reads).
 */
#ifndef HD_NET_FRAMING_H
#define HD_NET_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;

struct hd_framing {
	unsigned code;	    /* 0: sound; else the answer */
	const char *reason; /* one word, label of the metric */
	bool has_length, chunked, gzip;
	uint64_t length; /* Content-Length */
};

/* `uri` is the target where the library found it, with the length that it had
 * (its '?' is a '\0' by now).  Headers over `header_max` bytes are refused.  In
 * the handler's first call only. */
void hd_framing_check(struct hd_framing *f, struct MHD_Connection *conn,
		      const char *method, const char *uri, size_t uri_n,
		      const char *version, size_t header_max);

#endif
