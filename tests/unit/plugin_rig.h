/* plugin_rig.h - the bundled connectors without a daemon
 *
 * A host table whose JSON and judgement of HTTP outcomes are the core's own,
 * and whose http() and complete() only note what they were given: the test
 * plays the service.
 */
#ifndef TESTS_UNIT_PLUGIN_RIG_H
#define TESTS_UNIT_PLUGIN_RIG_H

#include <stddef.h>
#include <jansson.h>

#include <herald/plugin.h>

#define RIG_MAX 64

struct rig_call {
	char line[1024]; /* "GET /rest/container?name=value" */
	json_t *body;	 /* NULL: none */
	herald_id req;
	herald_http_fn fn;
	void *ud;
};

struct rig_result {
	herald_id req;
	uint32_t status;
	json_t *json; /* NULL: none */
	char message[2048];
	char memo[1024]; /* "": none */
	int64_t retry_after_ms;
};

struct rig {
	herald_host h; /* first */
	void *self;    /* for callbacks */
	struct rig_call calls[RIG_MAX];
	size_t call_count, answered;
	struct rig_result results[RIG_MAX];
	size_t result_count;
};

void rig_init(struct rig *rig);
void rig_fini(struct rig *rig);

/* Answers the oldest call that has none; fails the test if there is none.
 * `code` 0: no answer came after the request was sent.  `headers` may be NULL.
 */
void rig_answer(struct rig *rig, uint32_t code, const char *const *headers,
		const char *body);

/* A call's line, fails the test if there is no such call. */
const char *rig_line(const struct rig *rig, size_t call);

/* The result of a request, NULL while it has none; fails the test if it has
 * several. */
const struct rig_result *rig_result(const struct rig *rig, herald_id req);

/* A fixture's text by its path below tests/fixtures; the caller frees it. */
char *rig_fixture(const char *name, size_t *n);

/* The answer's body in a recorded exchange, as text; the caller frees it. */
char *rig_recorded(const char *name);

#endif
