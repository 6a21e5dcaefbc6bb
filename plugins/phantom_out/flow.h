/* flow.h - one call of an action: what it is about, asking, ending
 *
 * Every action is a chain of requests, and each request names the function that
 * reads its answer.  A flow lives from phantom_flow_new() to the one call of
 * phantom_end(), phantom_fail() or phantom_fail_with(), which completes the
 * request and frees it: nothing may touch the flow after that.
 *
 * Nothing here is done twice by being run twice.  Where SOAR has an identifier
 * of ours (cases, artifacts) or a text of ours (comments), a run looks for it
 * before it writes.  A run of a playbook has neither: playbook.h says how it is
 * told apart.
 *
 * All functions are [loop].
 */
#ifndef HERALD_PHANTOM_FLOW_H
#define HERALD_PHANTOM_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/json.h"
#include "common/text.h"

#include "phantom_out/verdict.h"

#define PHANTOM_SDI_SIZE 48
#define PHANTOM_NUMBER_SIZE 24
#define PHANTOM_NOTED_MAX 64 /* runs of playbooks */

struct phantom {
	const herald_host *h;
	const char *url, *label;
	bool run_automation;
	int64_t poll_ms; /* how often a playbook is asked about */
	/* Runs that are known to belong to some action, the latest 64. */
	int64_t noted[PHANTOM_NOTED_MAX];
	size_t noted_count;
};

struct flow {
	struct phantom *p;
	const herald_call *call; /* stays valid until it is completed */
	struct hp_json params, memo;
	char sdi[PHANTOM_SDI_SIZE]; /* source_data_identifier */
	int64_t container;
	bool was_there;			   /* the container, or what is added */
	char run[PHANTOM_NUMBER_SIZE];	   /* of a playbook; "" for none */
	bool ran_before;		   /* found, not started */
	char status[PHANTOM_NUMBER_SIZE];  /* of the case, as it is now */
	size_t artifacts, refused, missed; /* missed: not yet in the case */
	struct hp_text text;		   /* what will be said at the end */
	/* What comes when a case was looked for; of flow.c and case.c. */
	void (*found)(struct flow *f), (*and_then)(struct flow *f);
};

/* Reads an answer that is OK; `body` is valid until it returns. */
typedef void (*phantom_next_fn)(struct flow *f, struct hp_json *body,
				const struct phantom_verdict *v);

/* NULL if the call has ended already: no memory, bad parameters. */
struct flow *phantom_flow_new(struct phantom *p, const herald_call *call);

/* Makes f->sdi of a text; false, having ended the flow, if that fails. */
bool phantom_flow_name(struct flow *f, herald_str text);

/* GET /rest/OBJECT with `query`, or POST with `body` (query is NULL then); `id`
 * 0 is none.  An answer that is not OK ends the flow. */
void phantom_ask(struct flow *f, const char *object, int64_t id,
		 const char *const *query, struct hp_json *body,
		 phantom_next_fn next);

/* The same for a write whose doubt is settled by VERIFY: a 5xx leaves it too.
 */
void phantom_ask_once(struct flow *f, const char *object, struct hp_json *body,
		      phantom_next_fn next);

/* Ends it well: f->text is the message.  `out` may be NULL, `memo` {NULL, 0}.
 */
void phantom_end(struct flow *f, uint32_t status, struct hp_json *out,
		 herald_str memo);

/* Ends it with f->text as the reason. */
void phantom_fail(struct flow *f, uint32_t status, int64_t retry_after_ms);
void phantom_fail_with(struct flow *f, uint32_t status, const char *why);

/* Adds /ticket of the case to a result. */
void phantom_put_ticket(struct flow *f, struct hp_json *out);

/* The case that `container` or `key` of the parameters name, or the memo, into
 * f->container; then next(f).  Ends the flow if there is none. */
void phantom_find_case(struct flow *f, void (*next)(struct flow *f));

/* The case whose identifier is f->sdi into f->container, 0: none; then next(f).
 */
void phantom_find_named(struct flow *f, void (*next)(struct flow *f));

/* Notes that a run belongs to an action; asks whether one does. */
void phantom_note_run(struct phantom *p, int64_t run);
bool phantom_is_noted(const struct phantom *p, int64_t run);

#endif
