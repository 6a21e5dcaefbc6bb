/* phantom_out - cases in Splunk SOAR (Phantom), and the playbooks on them */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/text.h"

#include "phantom_out/action.h"
#include "phantom_out/flow.h"
#include "phantom_out/verdict.h"

static void run(void *self, const herald_call *call)
{
	phantom_start(self, call);
}

static void on_version(void *self, herald_id req, void *ud,
		       const herald_reply *reply)
{
	struct phantom *p = self;
	struct phantom_verdict v;
	struct hp_json body;
	struct hp_text why;
	herald_str version;

	(void)ud;
	hp_text_init(&why, HP_WHY_MAX);
	hp_reply_open(p->h, reply, &body);
	v = phantom_judge(reply, &body, false, &why);
	version = hp_json_text(&body, "/version", "");
	if (v.status == HERALD_OK && version.n == 0) {
		hp_text_add(&why, HERALD_S("the answer names no version"));
		v.status = HERALD_BAD_REPLY;
	}
	if (v.status == HERALD_OK)
		hp_text_addf(&why, "Splunk SOAR %s", version.p);
	hp_end(p->h, req, v.status, v.retry_after_ms, &why);
	hp_json_close(&body);
	hp_text_fini(&why);
}

static void probe(void *self, herald_id req)
{
	static const char *const path[] = { "rest", "version", NULL };
	static const char *const headers[] = { "Accept: application/json",
					       NULL };
	struct phantom *p = self;
	const herald_http rq = {
		.struct_size = sizeof(rq),
		.req = req,
		.url = p->url,
		.path = path,
		.headers = headers,
		.auth_secret = "secret",
		.auth_header = "ph-auth-token",
	};

	p->h->http(p->h, &rq, on_version, NULL);
}

static void *create(const herald_host *h)
{
	struct phantom *p = calloc(1, sizeof(*p));

	if (!p) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	p->h = h;
	p->url = h->option(h, "url", 0).p;
	p->label = h->option(h, "label", 0).p;
	p->run_automation = h->number(h, "run_automation") != 0;
	p->poll_ms = h->number(h, "poll");
	return p;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "address of SOAR" },
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET | HERALD_HTTP_AUTH, NULL, NULL,
      "ph-auth-token of an automation user" },
    { "label", HERALD_STRING, 0, "events", NULL, "label of new containers; it must exist" },
    { "run_automation", HERALD_BOOL, 0, "false", NULL,
      "let active playbooks begin on cases for which no playbook is named" },
    { "poll", HERALD_DURATION, 0, "10s", "100ms..1h",
      "how often a playbook that runs is asked about" },
    { "timeout", HERALD_DURATION, 0, "60s", NULL, NULL },
};

#define WHICH_CASE \
    { "container", HERALD_INT, 0, NULL, "1..9223372036854775807", \
      "the case: ${done.NAME.result.container_id} of create_case" }, \
    { "key", HERALD_STRING, 0, NULL, NULL, "or the key that create_case was given" }

static const herald_option create_case_params[] = {
    { "playbook", HERALD_STRING, 0, NULL, NULL,
      "started once on the case: REPOSITORY/NAME or a number" },
    { "severity", HERALD_STRING, 0, NULL, NULL,
      "a severity of SOAR; low, medium or high by the alert's if absent" },
    { "name", HERALD_TEMPLATE, 0, NULL, "text", "the case's name; title, user, host, source if absent" },
    { "description", HERALD_TEMPLATE, 0, NULL, "text", "stands before what herald writes there" },
    { "label", HERALD_STRING, 0, NULL, NULL, "instead of the connector's" },
    { "key", HERALD_STRING, 0, NULL, NULL,
      "alerts with the same key share one case; if absent each has its own" },
};

static const herald_option add_artifacts_params[] = {
    WHICH_CASE,
    { "severity", HERALD_STRING, 0, NULL, NULL,
      "a severity of SOAR; low, medium or high by the alert's if absent" },
};

static const herald_option run_playbook_params[] = {
    WHICH_CASE,
    { "playbook", HERALD_STRING, HERALD_REQUIRED, NULL, NULL, "REPOSITORY/NAME or a number" },
    { "scope", HERALD_ENUM, 0, "new", "new|all", "which artifacts it works on" },
    { "inputs", HERALD_STRING, HERALD_MAP, NULL, NULL, "for an input playbook: its inputs" },
};

static const herald_option add_comment_params[] = {
    WHICH_CASE,
    { "text", HERALD_TEMPLATE, HERALD_REQUIRED, NULL, "text", "what it says" },
};

static const herald_option close_case_params[] = {
    WHICH_CASE,
    { "status", HERALD_STRING, 0, "closed", NULL, "a status of SOAR that means closed" },
};

static const herald_option reopen_case_params[] = {
    WHICH_CASE,
    { "status", HERALD_STRING, 0, "open", NULL,
      "a status of SOAR; an undo puts back the one that was" },
};

/* In the order of enum phantom_action. */
static const herald_action actions_list[PHANTOM_ACTIONS] = {
    { "create_case", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL,
      HERALD_ITEMS(create_case_params),
      "opens a container with an artifact for each evidence, and starts a playbook on it" },
    { "add_artifacts", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL,
      HERALD_ITEMS(add_artifacts_params), "adds the alert's values to a case that is there" },
    { "run_playbook", HERALD_CONTAINS, HERALD_PLANS | HERALD_VERIFIES, NULL,
      HERALD_ITEMS(run_playbook_params),
      "runs a playbook on a case and waits for its end" },
    { "add_comment", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL,
      HERALD_ITEMS(add_comment_params), "writes into the log of a case" },
    { "close_case", HERALD_RECORDS, HERALD_IDEMPOTENT | HERALD_PLANS | HERALD_VERIFIES,
      "reopen_case", HERALD_ITEMS(close_case_params), "closes a case" },
    { "reopen_case", HERALD_RECORDS, HERALD_IDEMPOTENT | HERALD_PLANS | HERALD_VERIFIES,
      NULL, HERALD_ITEMS(reopen_case_params), "opens a closed case again" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(actions_list),
    .run = run,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "phantom_out",
    .version = "0.1.0",
    .summary = "cases in Splunk SOAR (Phantom), and the playbooks on them",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/phantom_out",
    .needs = HERALD_NEED_HTTP,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .actions = &actions,
};
