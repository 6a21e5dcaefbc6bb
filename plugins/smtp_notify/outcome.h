/* outcome.h - what became of a mail to one recipient
 *
 * libcurl's own code does not tell: 55 stands for "try later" and "never"
 * alike.  The SMTP code does, together with how far we got: once the final dot
 * may have left and no answer came, nobody knows.
 */
#ifndef HERALD_SMTP_OUTCOME_H
#define HERALD_SMTP_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

/* How far the conversation went. */
struct smtp_trace {
	bool starttls;	/* was answered with 220 */
	bool logged_in; /* 235 */
	bool no_auth;	/* the last EHLO offers no AUTH, and we have secrets */
	bool body_left; /* all of the mail was taken by libcurl */
	bool stopped;	/* we gave it up ourselves: cancelled */
	char last[512]; /* the server's last line */
};

/* A status of plugin.h: OK; class 2; AUTH; BAD_CONFIG (TLS); FAILED or
 * BAD_INPUT (this recipient, for good); IN_DOUBT.  `code` is the last SMTP
 * code, 0 if none came. [any] */
uint32_t smtp_outcome(CURLcode curl, long code, const struct smtp_trace *trace);

/* How long to wait after `tries` tries that failed: 1, 5, 15, then 30 times
 * `first_ms`.  Grey-listing needs minutes. [any] */
int64_t smtp_pause_ms(unsigned tries, int64_t first_ms);

#endif
