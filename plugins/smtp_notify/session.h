/* session.h - one conversation with the mail server
 *
 * A libcurl handle for one job: logged in once, one transaction a recipient (a
 * bad one then harms no other), closed after any failure.  The server's lines
 * are read as they pass: if we have a secret and the server, once the line is
 * encrypted, offers no way to log in, libcurl would send the mail all the same;
 * here it is stopped.
 *
 * All functions are [worker].
 */
#ifndef HERALD_SMTP_SESSION_H
#define HERALD_SMTP_SESSION_H

#include <stdint.h>

#include <herald/plugin.h>

#include "common/text.h"

#include "smtp_notify/outcome.h"

struct smtp_session;

/* NULL if memory is lacking.  `req` is asked for cancellation. */
struct smtp_session *smtp_session_open(const herald_host *h, herald_id req);
void smtp_session_close(struct smtp_session *session);

/* Sends `mail` from one address to one.  Returns a status (outcome.h); where it
 * is not OK, `why` (initialised) says why.  After one that is not OK the next
 * call begins a new connection. */
uint32_t smtp_session_send(struct smtp_session *session, herald_str from,
			   herald_str to, herald_str mail, int64_t deadline_ms,
			   struct hp_text *why);

/* Logs in and does nothing. */
uint32_t smtp_session_probe(struct smtp_session *session, struct hp_text *why);

/* The server's last line: "250 2.0.0 Ok: queued as 4B1C2D3E4F".  Borrowed,
 * valid until the next call. */
const char *smtp_session_answer(const struct smtp_session *session);

#endif
