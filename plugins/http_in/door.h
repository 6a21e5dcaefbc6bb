/* door.h - who is let in
 *
 * Five ways in which senders prove who they are; each instance knows one.  Of
 * two secrets either is right, for the time in which one replaces the other.
 */
#ifndef HERALD_HTTP_IN_DOOR_H
#define HERALD_HTTP_IN_DOOR_H

#include <stdint.h>

#include <herald/plugin.h>

/* Bytes: shorter ones can be guessed, no longer key is signed with. */
#define HTTP_IN_SECRET_SIZE "24..1024"

/* As the words of the option `auth` stand. */
enum http_in_auth {
	HTTP_IN_BEARER, /* Authorization: Bearer SECRET */
	HTTP_IN_HEADER, /* a header of the operator's choice */
	HTTP_IN_PATH,	/* the last part of the path */
	HTTP_IN_GITHUB,
	HTTP_IN_STANDARD
};

/* NULL, or why `rq` is turned away: for the log, no secret in it. [loop] */
const char *http_in_refusal(const herald_host *h, enum http_in_auth auth,
			    const herald_request *rq);

#endif
