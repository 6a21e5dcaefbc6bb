/* api.h - asking Splunk's management port
 *
 * Every request carries the token: as "Bearer", or as the password of `user`
 * where one is configured.  Answers are JSON (output_mode=json).
 *
 * A 401 is told once and for all: nothing more is asked of this connector until
 * it is loaded anew, since repeated refusals lock accounts.  What is received
 * by webhook and HEC goes on.
 */
#ifndef HERALD_SPLUNK_IN_API_H
#define HERALD_SPLUNK_IN_API_H

#include "common/reply.h"

#include "splunk_in/splunk.h"

#define API_SEGMENTS 6
#define API_PAIRS 10
#define API_WHY_MAX 512

struct api_ask {
	herald_id req;	    /* of an action or probe; 0: our own */
	const char *method; /* NULL: GET */
	const char *user;   /* NULL: /services; else /servicesNS/user/app, */
	const char *app;    /* with the configured app where NULL */
	const char *path[API_SEGMENTS + 1]; /* NULL-ended */
	/* name, value, ...; of a POST the form.  output_mode is added. */
	const char *pairs[2 * API_PAIRS + 1];
	uint32_t max_reply;
};

/* Reads the options; false if they were rejected. [loop, in create()] */
bool api_create(struct splunk *s);

/* Is there a Splunk to be asked? [loop] */
bool api_is_there(const struct splunk *s);

/* fn is always called, later. [loop] */
void api_ask(struct splunk *s, const struct api_ask *ask, herald_http_fn fn,
	     void *ud);

/* Puts "search/v2/jobs" (or what this Splunk knows instead) before `rest`,
 * which is NULL-ended, into ask->path. [loop] */
void api_jobs(const struct splunk *s, struct api_ask *ask,
	      const char *const *rest);

/* The status to act on, and words for people where it is not OK.  The caller
 * closes `body` in any case.  A 2xx without JSON is BAD_REPLY. [loop] */
uint32_t api_judge(struct splunk *s, const herald_reply *reply,
		   struct hp_json *body, struct hp_text *why);

/* Splunk's clock when it answered, seconds since 1970; -1: it does not say.
 * [any] */
int64_t api_clock(const herald_reply *reply);

/* The instance's health is the worst of its parts: what `part` (0 or 1) is like
 * now. [loop] */
enum { API_PULL, API_RECONCILE, API_PARTS };
void api_health(struct splunk *s, unsigned part, uint32_t status,
		herald_str why);

#endif
