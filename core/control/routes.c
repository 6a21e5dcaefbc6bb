/* The table of calls, and the way of a request to its row. */
#include "core/control/control_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/json_text.h"
#include "core/control/api.h"
#include "core/control/backup.h"
#include "core/control/person.h"
#include "core/control/retry.h"
#include "core/control/roles.h"
#include "core/net/listener.h"

struct route {
	const char *method;
	const char *path; /* below /v1/; {} is one part */
	unsigned role;
	hd_call_fn fn;
	/* Names it understands, in the query or in a JSON body; a raw body is
	 * left to the handler.  Others are refused. */
	const char *takes;
	bool raw;
};

static const struct route routes[] = {
	/* look */
	{ "GET", "status", HD_ROLE_VIEW, hd_api_status, "", false },
	{ "GET", "alerts", HD_ROLE_VIEW, hd_api_list,
	  "state pipeline since if limit cursor", false },
	{ "GET", "alerts/{}", HD_ROLE_VIEW, hd_api_show, "", false },
	{ "GET", "alerts/{}/explain", HD_ROLE_VIEW, hd_api_explain, "", false },
	{ "GET", "actions", HD_ROLE_VIEW, hd_api_actions, "state limit",
	  false },
	{ "GET", "tail", HD_ROLE_VIEW, hd_api_tail, "after wait_ms last",
	  false },
	{ "GET", "plugins", HD_ROLE_VIEW, hd_api_plugins, "", false },
	{ "GET", "plugins/{}", HD_ROLE_VIEW, hd_api_plugin, "", false },
	{ "GET", "constants", HD_ROLE_VIEW, hd_api_constants, "", false },
	{ "POST", "eval", HD_ROLE_VIEW, hd_api_eval, "expr alert record",
	  false },
	/* act */
	{ "POST", "submit", HD_ROLE_OPERATE, hd_api_submit, "as row act",
	  true },
	{ "POST", "actions/{}/settle", HD_ROLE_OPERATE, hd_api_settle,
	  "as because", false },
	{ "POST", "alerts/{}/retry", HD_ROLE_OPERATE, hd_api_retry, "because",
	  false },
	{ "POST", "retry", HD_ROLE_OPERATE, hd_api_retry_many,
	  "if at stop because", false },
	{ "POST", "undo/{}", HD_ROLE_OPERATE, hd_api_undo, "because", false },
	{ "POST", "halt", HD_ROLE_OPERATE, hd_api_halt, "because", false },
	{ "POST", "unhalt", HD_ROLE_APPROVE, hd_api_unhalt, "because", false },
	{ "POST", "connectors/{}/stop", HD_ROLE_OPERATE, hd_api_connector_stop,
	  "because", false },
	{ "POST", "connectors/{}/start", HD_ROLE_OPERATE,
	  hd_api_connector_start, "because", false },
	{ "POST", "connectors/{}/test", HD_ROLE_OPERATE, hd_api_connector_test,
	  "", false },
	/* run */
	{ "GET", "export", HD_ROLE_ADMIN, hd_api_export, "since limit cursor",
	  false },
	{ "GET", "connectors/{}/secret", HD_ROLE_ADMIN, hd_api_connector_secret,
	  "option", false },
	{ "GET", "connectors/{}/address", HD_ROLE_ADMIN,
	  hd_api_connector_address, "", false },
	{ "POST", "backup", HD_ROLE_ADMIN, hd_api_backup_begin, "dir", false },
	{ "GET", "backup", HD_ROLE_ADMIN, hd_api_backup, "", false },
	{ "POST", "reload", HD_ROLE_ADMIN, hd_api_reload, "dry_run", false },
	{ "POST", "alerts/{}/drop", HD_ROLE_ADMIN, hd_api_drop, "because",
	  false },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* ---- who and what ---- */

/* True if `path` is the pattern; *arg is then what stands for {}. */
static bool fits(const char *pattern, const char *path, const char **arg,
		 size_t *arg_n)
{
	size_t n;

	*arg = NULL;
	while (*pattern && *path) {
		if (strncmp(pattern, "{}", 2) == 0) {
			n = strcspn(path, "/");
			*arg = path;
			*arg_n = n;
			pattern += 2;
			path += n;
			if (n == 0)
				return false;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*pattern && !*path;
}

static const struct route *find(struct hd_call *call, const char *path,
				bool *other_method)
{
	const char *arg;
	size_t n = 0;

	*other_method = false;
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route *r = &routes[i];

		if (!fits(r->path, path, &arg, &n))
			continue;
		if (strcmp(r->method, call->rq->method) != 0) {
			*other_method = true;
			continue;
		}
		if (arg)
			call->arg = hd_memdup0(arg, n);
		return r;
	}
	return NULL;
}

/* ---- what it may be given ---- */

static bool takes(const struct route *r, const char *name)
{
	size_t n = strlen(name);
	const char *p = r->takes;

	while (*p) {
		size_t m = strcspn(p, " ");

		if (m == n && strncmp(p, name, n) == 0)
			return true;
		p += m;
		p += strspn(p, " ");
	}
	return false;
}

static int refuse_name(struct hd_call *call, const struct route *r,
		       const char *name)
{
	hd_call_refuse(call, 400, NULL,
		       "'%.80s' is nothing that %s /v1/%s takes (%s)", name,
		       r->method, r->path,
		       r->takes[0] ? r->takes : "it takes nothing");
	return -1;
}

static int read_body(struct hd_call *call, const struct route *r)
{
	struct hd_json_report report;
	const char *name;
	json_t *value;

	if (r->raw || call->rq->body.n == 0)
		return 0;
	call->body = hd_json_read(call->rq->body.p, call->rq->body.n, NULL,
				  &report);
	if (!json_is_object(call->body)) {
		hd_call_refuse(call, 400, NULL,
			       "the body is a JSON object with %s: %s",
			       r->takes[0] ? r->takes : "no members",
			       call->body ? "it is something else"
					  : report.why);
		return -1;
	}
	json_object_foreach(call->body, name, value)
		if (!takes(r, name))
			return refuse_name(call, r, name);
	return 0;
}

/* What a person does is kept with why he did it. */
static int check_because(struct hd_call *call, const struct route *r)
{
	const char *because = hd_call_text(call, "because");

	if (!takes(r, "because") ||
	    (because && strlen(because) <= HD_BECAUSE_MAX))
		return 0;
	hd_call_refuse(call, 400, "--because TEXT",
		       because ? "`because` is over %d bytes"
			       : "say why: `because`, of at most %d bytes",
		       HD_BECAUSE_MAX);
	return -1;
}

static int check_names(struct hd_call *call, const struct route *r)
{
	const char *const *q = call->rq->query;

	for (; q && q[0]; q += 2)
		if (!takes(r, q[0]))
			return refuse_name(call, r, q[0]);
	if (read_body(call, r) < 0)
		return -1;
	return check_because(call, r);
}

static void refuse_role(struct hd_call *call, unsigned role)
{
	if (call->roles == 0)
		hd_call_refuse(call, 403, NULL,
			       "%s has no role here: `control:` of the "
			       "configuration names who has (without it, root "
			       "and the group herald)",
			       call->by);
	else
		hd_call_refuse(call, 403, NULL,
			       "this wants the role %s, which %s does not have "
			       "(`control:` of the configuration)",
			       hd_role_name(role), call->by);
}

static struct hd_call *new_call(struct hd_control *control,
				struct hd_http_request *rq)
{
	struct hd_call *call = hd_alloc(sizeof(*call));

	call->control = control;
	call->rq = rq;
	if (rq->has_creds) {
		call->roles = hd_roles_of(control->roles, rq->uid, rq->gid,
					  rq->groups, rq->group_count);
		snprintf(call->by, sizeof(call->by), "uid %u",
			 (unsigned)rq->uid);
	} else {
		snprintf(call->by, sizeof(call->by), "who is not known");
	}
	TAILQ_INSERT_TAIL(&control->calls, call, link);
	return call;
}

void hd_routes_dispatch(struct hd_control *control, struct hd_http_request *rq)
{
	struct hd_call *call = new_call(control, rq);
	char *path = hd_memdup0(rq->path.p, rq->path.n);
	const struct route *r;
	bool other_method;

	r = find(call, path + strspn(path, "/"), &other_method);
	free(path);
	if (!r && call->roles == 0)
		refuse_role(call, HD_ROLE_VIEW);
	else if (!r)
		hd_call_refuse(call, other_method ? 405 : 404,
			       "heraldctl --help",
			       other_method ? "not with %.20s"
					    : "%.20s: no such call",
			       rq->method);
	else if ((call->roles & r->role) == 0)
		refuse_role(call, r->role);
	else if (check_names(call, r) == 0)
		r->fn(call);
}

void hd_routes_cancelled(struct hd_control *control, struct hd_http_request *rq)
{
	struct hd_call *call;

	TAILQ_FOREACH(call, &control->calls, link)
	if (call->rq == rq)
		break;
	if (!call)
		return;
	call->cancelled = true;
	hd_tail_left(&control->tail, call);
}
