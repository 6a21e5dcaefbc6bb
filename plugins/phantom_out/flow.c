#include "phantom_out/flow.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/reply.h"
#include "common/sha256.h"
#include "common/text.h"

#include "phantom_out/container.h"
#include "phantom_out/verdict.h"

#define SDI_HEX 32 /* digits of the digest that are used */
#define SDI_SIZE 48
#define NUMBER_SIZE 24
#define SEVERITY_MAX 20

struct flow {
	struct phantom *p;
	const herald_call *call; /* stays valid until it is completed */
	struct hp_json params;
	char sdi[SDI_SIZE];
	int64_t container;
	bool was_there;	       /* the container */
	char run[NUMBER_SIZE]; /* of the playbook; "" for none */
	bool ran_before;
	size_t artifacts, refused;
	struct hp_text why;
};

typedef void (*step_fn)(struct flow *f, struct hp_json *body,
			const struct phantom_verdict *v);

/* One request and what comes after it. */
struct step {
	struct flow *flow;
	step_fn next;
	bool writes;
};

/* ---- ending ---- */

static void free_flow(struct flow *f)
{
	hp_json_close(&f->params);
	hp_text_fini(&f->why);
	free(f);
}

static void fail(struct flow *f, uint32_t status, int64_t retry_after_ms)
{
	hp_end(f->p->h, f->call->req, status, retry_after_ms, &f->why);
	free_flow(f);
}

static void fail_with(struct flow *f, uint32_t status, const char *why)
{
	hp_text_add(&f->why, herald_cstr(why));
	fail(f, status, 0);
}

static const char *playbook_of(struct flow *f)
{
	return hp_json_cstr(&f->params, "/playbook", "");
}

/* "container 42, playbook local/x run 17" */
static void describe(struct flow *f, struct hp_text *text)
{
	hp_text_addf(text, "container %" PRId64 "%s", f->container,
		     f->was_there ? " (it was there already)" : "");
	if (f->run[0])
		hp_text_addf(text, ", playbook %s run %s%s", playbook_of(f),
			     f->run,
			     f->ran_before ? " (a run was there already)" : "");
	if (f->refused > 0)
		hp_text_addf(text, ", %zu of %zu artifacts refused", f->refused,
			     f->artifacts);
}

static void put_ticket(struct flow *f, struct hp_json *out)
{
	herald_str url = herald_cstr(f->p->url);
	char number[NUMBER_SIZE];
	struct hp_text link;

	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	snprintf(number, sizeof(number), "%" PRId64, f->container);
	hp_text_init(&link, 2048);
	hp_text_add(&link, url);
	hp_text_addf(&link, "/mission/%s", number);
	hp_json_put(out, "/ticket/uid", herald_cstr(number));
	hp_json_put(out, "/ticket/src_url", hp_text_str(&link));
	hp_text_fini(&link);
}

static void succeed(struct flow *f)
{
	herald_result result;
	struct hp_text text;
	struct hp_json out;

	hp_text_init(&text, HP_WHY_MAX);
	describe(f, &text);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	put_ticket(f, &out);
	hp_json_put_int(&out, "/data/container_id", f->container);
	hp_json_put_bool(&out, "/data/existed", f->was_there);
	hp_json_put(&out, "/data/playbook_run_id", herald_cstr(f->run));
	if (!f->was_there)
		hp_json_put_int(&out, "/data/artifacts",
				(int64_t)(f->artifacts - f->refused));
	herald_result_init(&result, HERALD_OK);
	result.json = hp_json_all(&out);
	result.message = hp_text_str(&text);
	f->p->h->complete(f->p->h, f->call->req, &result);
	hp_json_close(&out);
	hp_text_fini(&text);
	free_flow(f);
}

/* ---- asking ---- */

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct step *step = ud;
	struct flow *f = step->flow;
	struct phantom_verdict v;
	struct hp_json body;

	(void)self;
	(void)req;
	hp_reply_open(f->p->h, reply, &body);
	v = phantom_judge(reply, &body, step->writes, &f->why);
	if (v.status == HERALD_OK)
		step->next(f, &body, &v);
	else
		fail(f, v.status, v.retry_after_ms);
	hp_json_close(&body);
	free(step);
}

/* GET with `query`, or POST with `body` (then query is NULL). */
static void ask(struct flow *f, const char *object, const char *const *query,
		struct hp_json *body, step_fn next)
{
	static const char *const headers[] = { "Accept: application/json",
					       "Content-Type: application/json",
					       NULL };
	const char *const path[] = { "rest", object, NULL };
	struct step *step = malloc(sizeof(*step));
	herald_http rq = {
		.struct_size = sizeof(rq),
		.req = f->call->req,
		.method = body ? "POST" : "GET",
		.url = f->p->url,
		.path = path,
		.query = query,
		.headers = headers,
		.auth_secret = "secret",
		.auth_header = "ph-auth-token",
	};

	if (body)
		rq.body = hp_json_all(body);
	if (!step || (body && !rq.body.p)) {
		free(step);
		fail_with(f, HERALD_BUSY, "out of memory");
		return;
	}
	*step = (struct step){ f, next, body != NULL };
	f->p->h->http(f->p->h, &rq, on_reply, step);
}

/* ---- the playbook ---- */

static void on_started(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	herald_str run = hp_json_text(body, "/playbook_run_id", "");

	(void)v;
	if (!hp_json_is_true(body, "/received", "") || run.n == 0 ||
	    run.n >= sizeof(f->run)) {
		fail_with(f, HERALD_IN_DOUBT,
			  "the answer names no playbook run");
		return;
	}
	memcpy(f->run, run.p, run.n);
	succeed(f);
}

static void start_playbook(struct flow *f)
{
	herald_str playbook = hp_json_text(&f->params, "/playbook", "");
	struct hp_json body;

	hp_json_open(&body, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&body, "/container_id", f->container);
	if (hp_str_is_digits(playbook))
		hp_json_put_int(&body, "/playbook_id",
				hp_json_int(&f->params, "/playbook", "", 0));
	else
		hp_json_put(&body, "/playbook_id", playbook);
	hp_json_put(&body, "/scope", HERALD_S("new"));
	hp_json_put_bool(&body, "/run", true);
	ask(f, "playbook_run", NULL, &body, on_started);
	hp_json_close(&body);
}

static void on_runs(struct flow *f, struct hp_json *body,
		    const struct phantom_verdict *v)
{
	int64_t id = hp_json_int(body, "/data/0/id", "", 0);

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		fail_with(f, HERALD_BAD_REPLY,
			  "the answer is no list of playbook runs");
		return;
	}
	if (id <= 0) {
		start_playbook(f);
		return;
	}
	snprintf(f->run, sizeof(f->run), "%" PRId64, id);
	f->ran_before = true;
	succeed(f);
}

/* Only where a container was there may a playbook have been started. */
static void care_for_playbook(struct flow *f)
{
	char number[NUMBER_SIZE];
	const char *const query[] = { "_filter_container", number, "page_size",
				      "1", NULL };

	snprintf(number, sizeof(number), "%" PRId64, f->container);
	if (!playbook_of(f)[0])
		succeed(f);
	else if (f->was_there)
		ask(f, "playbook_run", query, NULL, on_runs);
	else
		start_playbook(f);
}

/* ---- the container ---- */

/* Embedded artifacts are told one by one in one version of the answer. */
static size_t count_refused(struct hp_json *body)
{
	size_t n = hp_json_size(body, "/artifacts", ""), refused = 0;
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/artifacts/%zu", i);
		if (hp_json_is_true(body, at.text, "/failed") &&
		    hp_json_int(body, at.text, "/existing_artifact_id", 0) == 0)
			refused++;
	}
	return refused;
}

static void on_created(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	f->was_there = v->existing > 0;
	f->container = v->existing > 0 ? v->existing
				       : hp_json_int(body, "/id", "", 0);
	if (f->container <= 0 ||
	    (!f->was_there && !hp_json_is_true(body, "/success", ""))) {
		fail_with(f, HERALD_IN_DOUBT, "the answer names no container");
		return;
	}
	f->refused = count_refused(body);
	care_for_playbook(f);
}

static void create(struct flow *f)
{
	struct hp_json record, body;
	const struct phantom_case c = {
		.params = &f->params,
		.record = &record,
		.label = f->p->label,
		.sdi = f->sdi,
		.idem = f->call->idem,
		/* A playbook that herald starts is the only one. */
		.automation = f->p->run_automation && !playbook_of(f)[0],
	};

	if (!hp_json_open(&record, f->p->h, f->call->record)) {
		fail_with(f, HERALD_BAD_INPUT, "the record is no JSON");
		return;
	}
	hp_json_open(&body, f->p->h, (herald_str){ NULL, 0 });
	f->artifacts = phantom_container_make(&c, &body);
	ask(f, "container", NULL, &body, on_created);
	hp_json_close(&body);
	hp_json_close(&record);
}

static void on_found(struct flow *f, struct hp_json *body,
		     const struct phantom_verdict *v)
{
	int64_t id = hp_json_int(body, "/data/0/id", "", 0);

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		fail_with(f, HERALD_BAD_REPLY,
			  "the answer is no list of containers");
		return;
	}
	if (id <= 0) {
		create(f);
		return;
	}
	f->container = id;
	f->was_there = true;
	care_for_playbook(f);
}

static void find(struct flow *f)
{
	char quoted[SDI_SIZE + 2];
	const char *const query[] = { "_filter_source_data_identifier", quoted,
				      "page_size", "1", NULL };

	snprintf(quoted, sizeof(quoted), "\"%s\"", f->sdi);
	ask(f, "container", query, NULL, on_found);
}

/* ---- beginning ---- */

static bool make_sdi(struct flow *f)
{
	herald_str key = hp_json_text(&f->params, "/key", "");
	char hex[HP_SHA256_HEX];

	if (!hp_sha256_hex(key.n > 0 ? key : f->call->idem, hex))
		return false;
	snprintf(f->sdi, sizeof(f->sdi), "herald-%.*s", SDI_HEX, hex);
	return true;
}

/* NULL, or what is wrong with the parameters. */
static const char *check_params(struct flow *f)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";
	const char *severity = hp_json_cstr(&f->params, "/severity", "");
	herald_str playbook = hp_json_text(&f->params, "/playbook", "");

	if (strlen(severity) > SEVERITY_MAX ||
	    severity[strspn(severity, letters)])
		return "severity is no name that SOAR can have";
	if (playbook.n > 0 && !hp_str_is_digits(playbook) &&
	    !memchr(playbook.p, '/', playbook.n))
		return "playbook is neither REPOSITORY/NAME nor a number";
	return NULL;
}

void phantom_flow_start(struct phantom *p, const herald_call *call)
{
	struct flow *f = calloc(1, sizeof(*f));
	const char *trouble;

	if (!f) {
		herald_fail(p->h, call->req, HERALD_BUSY,
			    HERALD_S("out of memory"));
		return;
	}
	f->p = p;
	f->call = call;
	hp_text_init(&f->why, HP_WHY_MAX);
	if (!hp_json_open(&f->params, p->h, call->params)) {
		fail_with(f, HERALD_BAD_INPUT, "the parameters are no JSON");
		return;
	}
	trouble = check_params(f);
	if (trouble)
		fail_with(f, HERALD_BAD_INPUT, trouble);
	else if (!make_sdi(f))
		fail_with(f, HERALD_FAILED, "no digest could be made");
	else
		find(f);
}
