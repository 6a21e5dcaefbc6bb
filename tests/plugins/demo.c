/* demo - uses every service of the host, well or badly as it is asked to.
 *
 * The value of a lookup says how it is to be answered (the table `ways`). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <herald/plugin.h>

#define NONE ((herald_str){ NULL, 0 })

struct demo {
	const herald_host *h;
	herald_id held; /* a request that is not completed yet */
	const herald_lookup *held_lookup; /* stays valid until then */
	herald_id served; /* an HTTP request that is not answered */
	unsigned tick_count, resumed;
	pthread_t thread;
	int has_thread;
};

/* What one asynchronous piece of work needs to know. */
struct job {
	struct demo *d;
	herald_id req;
};

static struct job *new_job(struct demo *d, herald_id req)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->d = d;
	job->req = req;
	return job;
}

static void say(struct demo *d, herald_id req, const char *word)
{
	char json[128];
	int n = snprintf(json, sizeof(json), "{\"data\":{\"way\":\"%s\"}}",
			 word);

	herald_done(d->h, req, HERALD_OK, (herald_str){ json, (size_t)n });
}

/* ---- ways to answer a lookup ---- */

static void at_once(struct demo *d, const herald_lookup *q)
{
	say(d, q->req, q->value.p);
}

static void clean(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_NOT_FOUND, NONE);
}

static void with_context(struct demo *d, const herald_lookup *q)
{
	herald_doc *doc = d->h->json_parse(d->h, NONE, NULL);
	herald_doc *context = d->h->json_parse(d->h, q->context, NULL);

	d->h->json_copy(doc, "/data/context", context, "");
	herald_done(d->h, q->req, HERALD_OK, d->h->json_text(doc));
	d->h->json_free(doc);
	d->h->json_free(context);
}

static void on_timer(void *self, herald_id timer, void *ud)
{
	struct job *job = ud;

	(void)timer;
	say(self, job->req, "timer");
	free(job);
}

static void by_timer(struct demo *d, const herald_lookup *q)
{
	d->h->timer(d->h, 1, 0, on_timer, new_job(d, q->req));
}

static void on_tick(void *self, herald_id timer, void *ud)
{
	struct demo *d = self;
	struct job *job = ud;

	if (++d->tick_count < 3)
		return;
	d->h->stop(d->h, timer);
	say(d, job->req, "ticks");
	free(job);
}

static void by_ticks(struct demo *d, const herald_lookup *q)
{
	d->tick_count = 0;
	d->h->timer(d->h, 1, 1, on_tick, new_job(d, q->req));
}

static void hold(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&t, NULL);
}

static _Atomic int working;

static void on_work(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct demo *d = self;
	int at_once = atomic_fetch_add(&working, 1) + 1;

	(void)ud;
	hold(2);
	if (d->h->cancelled(d->h, req))
		herald_fail(d->h, req, HERALD_CANCELLED, HERALD_S("gave up"));
	else
		say(d, req, worker < 2 && at_once <= 2 ? "work" : "crowd");
	atomic_fetch_sub(&working, 1);
}

/* Until somebody makes the file that `greeting` names. */
static void on_stuck(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct demo *d = self;

	(void)ud;
	(void)worker;
	while (access(d->h->option(d->h, "greeting", 0).p, F_OK) != 0)
		hold(1);
	say(d, req, "stuck");
}

static void stuck(struct demo *d, const herald_lookup *q)
{
	d->h->work(d->h, q->req, on_stuck, NULL);
}

static void by_work(struct demo *d, const herald_lookup *q)
{
	d->h->work(d->h, q->req, on_work, NULL);
}

static void on_post(void *self, herald_id none, void *ud)
{
	struct job *job = ud;

	say(self, job->req, none == 0 ? "post" : "post with an id");
	free(job);
}

static void *in_thread(void *ud)
{
	struct job *job = ud;

	job->d->h->post(job->d->h, on_post, job);
	return NULL;
}

static void by_thread(struct demo *d, const herald_lookup *q)
{
	if (d->has_thread)
		pthread_join(d->thread, NULL);
	if (pthread_create(&d->thread, NULL, in_thread, new_job(d, q->req)))
		abort();
	d->has_thread = 1;
}

static void on_reply(void *self, herald_id req, void *ud,
		     const herald_reply *reply)
{
	struct demo *d = self;
	const char *type = herald_pair(reply->headers, "content-type");
	herald_doc *doc;

	(void)ud;
	if (reply->status != HERALD_OK) {
		herald_pass(d->h, req, reply);
		return;
	}
	doc = d->h->json_parse(d->h, NONE, NULL);
	d->h->json_set(doc, "/data/body", HERALD_JSON_STRING, reply->body);
	d->h->json_set(doc, "/data/type", HERALD_JSON_STRING,
		       herald_cstr(type));
	herald_done(d->h, req, HERALD_OK, d->h->json_text(doc));
	d->h->json_free(doc);
}

static void by_http(struct demo *d, const herald_lookup *q)
{
	const char *path[] = { "v1", q->value.p, NULL };
	const char *query[] = { "q", "a b&c", NULL };
	herald_http rq = { .struct_size = sizeof(rq),
			   .req = q->req,
			   .url = d->h->option(d->h, "url", 0).p,
			   .path = path,
			   .query = query,
			   .auth_secret = "secret",
			   .auth_header = "X-Token",
			   .auth_prefix = "" };

	d->h->http(d->h, &rq, on_reply, NULL);
}

static void by_foreign_http(struct demo *d, const herald_lookup *q)
{
	herald_http rq = { .struct_size = sizeof(rq),
			   .req = q->req,
			   .url = "http://127.0.0.2:1/",
			   .auth_secret = "secret" };

	d->h->http(d->h, &rq, on_reply, NULL);
}

static void by_no_secret(struct demo *d, const herald_lookup *q)
{
	herald_http rq = { .struct_size = sizeof(rq),
			   .req = q->req,
			   .url = d->h->option(d->h, "url", 0).p,
			   .auth_secret = "greeting" };

	d->h->http(d->h, &rq, on_reply, NULL);
}

static void never(struct demo *d, const herald_lookup *q)
{
	d->held = q->req;
	d->held_lookup = q;
}

/* A plugin that loses a request. */
static void forget(struct demo *d, const herald_lookup *q)
{
	(void)d;
	(void)q;
}

/* The table of an instance that was destroyed. */
static const herald_host *buried;

static void after_destroy(struct demo *d, const herald_lookup *q)
{
	if (buried) {
		herald_done(buried, q->req, HERALD_OK, NONE);
		buried->log(buried, HERALD_WARNING, 0, HERALD_S("still here"));
	}
	say(d, q->req, "after_destroy");
}

/* In cancel(): see there. */
static void late(struct demo *d, const herald_lookup *q)
{
	d->held = q->req;
	d->held_lookup = q;
}

static void twice(struct demo *d, const herald_lookup *q)
{
	say(d, q->req, "first");
	say(d, q->req, "second");
	say(d, UINT64_C(1) << 60, "nobody");
}

static void broken_json(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_OK, HERALD_S("{\"data\":"));
}

static void repeated_key(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_OK, HERALD_S("{\"a\":1,\"a\":2}"));
}

static void a_list(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_OK, HERALD_S("[1]"));
}

static void broken_utf8(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_OK, HERALD_S("{\"data\":\"\xff\"}"));
}

static void too_long(struct demo *d, const herald_lookup *q)
{
	size_t n = 50u << 20;
	char *p = malloc(n);

	if (!p)
		abort();
	memset(p, ' ', n);
	memcpy(p, "{}", 2);
	herald_done(d->h, q->req, HERALD_OK, (herald_str){ p, n });
	free(p);
}

static void no_reason(struct demo *d, const herald_lookup *q)
{
	herald_done(d->h, q->req, HERALD_UNREACHABLE, NONE);
}

static void odd_class(struct demo *d, const herald_lookup *q)
{
	herald_fail(d->h, q->req, 0x4200, HERALD_S("from the future"));
}

static void auth(struct demo *d, const herald_lookup *q)
{
	herald_fail(d->h, q->req, HERALD_AUTH, HERALD_S("wrong password"));
}

static void in_doubt(struct demo *d, const herald_lookup *q)
{
	herald_fail(d->h, q->req, HERALD_IN_DOUBT, HERALD_S("line broke"));
}

static void forbidden(struct demo *d, const herald_lookup *q)
{
	herald_fail(d->h, q->req, HERALD_FORBIDDEN, HERALD_S("no right"));
}

static void quota(struct demo *d, const herald_lookup *q)
{
	herald_result r;

	herald_result_init(&r, HERALD_QUOTA);
	r.message = HERALD_S("500 a day");
	r.retry_after_ms = 3600000;
	d->h->complete(d->h, q->req, &r);
}

/* Tells a secret, and turns the line. */
static void indiscreet(struct demo *d, const herald_lookup *q)
{
	char secret[64];
	size_t n = sizeof(secret) - 1;

	if (d->h->secret(d->h, "secret", secret, &n) != HERALD_OK)
		n = 0;
	secret[n] = '\0';
	herald_logf(d->h, HERALD_WARNING, q->req, "sent %s\nto the service",
		    secret);
	herald_fail(d->h, q->req, HERALD_FAILED,
		    (herald_str){ secret, n });
}

static void many_notes(struct demo *d, const herald_lookup *q)
{
	for (int i = 0; i < 40; i++)
		herald_logf(d->h, HERALD_NOTICE, q->req, "note %d", i);
	say(d, q->req, "notes");
}

static void slow(struct demo *d, const herald_lookup *q)
{
	hold(30);
	say(d, q->req, "slow");
}

static void stall(struct demo *d, const herald_lookup *q)
{
	hold(210);
	say(d, q->req, "stall");
}

/* ${CEL} and CEL of the operator's, over what was asked. */
static void by_rule(struct demo *d, const herald_lookup *q)
{
	herald_doc *vars = d->h->json_parse(d->h, NONE, NULL);
	herald_doc *out = d->h->json_parse(d->h, NONE, NULL);
	uint32_t rule, text;

	d->h->json_set(vars, "/name", HERALD_JSON_STRING, HERALD_S("<b>"));
	d->h->json_set(vars, "/n", HERALD_JSON_INT, HERALD_S("41"));
	rule = d->h->eval(d->h, "rule", 0, vars, out, "/data/rule");
	text = d->h->eval(d->h, "text", 0, vars, out, "/data/text");
	if (rule == HERALD_FAILED || text == HERALD_FAILED)
		herald_fail(d->h, q->req, HERALD_FAILED, HERALD_S("no rule"));
	else
		herald_done(d->h, q->req, HERALD_OK, d->h->json_text(out));
	d->h->json_free(vars);
	d->h->json_free(out);
}

static void on_rule_work(void *self, herald_id req, void *ud, uint32_t worker)
{
	(void)ud;
	(void)worker;
	/* In a worker: the lookup is still ours, so are its strings. */
	by_rule(self, &(herald_lookup){ .req = req });
}

static void by_rule_in_work(struct demo *d, const herald_lookup *q)
{
	d->h->work(d->h, q->req, on_rule_work, NULL);
}

static void count_starts(struct demo *d, const herald_lookup *q)
{
	herald_str s = d->h->state_get(d->h, "starts");

	say(d, q->req, s.p ? s.p : "none");
}

static const struct {
	const char *value;
	void (*way)(struct demo *d, const herald_lookup *q);
} ways[] = {
	{ "clean", clean },
	{ "context", with_context },
	{ "timer", by_timer },
	{ "ticks", by_ticks },
	{ "work", by_work },
	{ "stuck", stuck },
	{ "thread", by_thread },
	{ "http", by_http },
	{ "foreign_http", by_foreign_http },
	{ "no_secret", by_no_secret },
	{ "never", never },
	{ "forget", forget },
	{ "after_destroy", after_destroy },
	{ "late", late },
	{ "twice", twice },
	{ "broken_json", broken_json },
	{ "repeated_key", repeated_key },
	{ "a_list", a_list },
	{ "broken_utf8", broken_utf8 },
	{ "too_long", too_long },
	{ "no_reason", no_reason },
	{ "odd_class", odd_class },
	{ "auth", auth },
	{ "in_doubt", in_doubt },
	{ "forbidden", forbidden },
	{ "quota", quota },
	{ "indiscreet", indiscreet },
	{ "many_notes", many_notes },
	{ "slow", slow },
	{ "stall", stall },
	{ "rule", by_rule },
	{ "rule_in_work", by_rule_in_work },
	{ "starts", count_starts },
};

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		size_t w = 0, count = sizeof(ways) / sizeof(ways[0]);

		while (w < count && strcmp(ways[w].value, batch[i]->value.p))
			w++;
		if (w < count)
			ways[w].way(self, batch[i]);
		else
			at_once(self, batch[i]);
	}
}

/* ---- actions ---- */

enum { NOTE, ISOLATE, RELEASE };

static void answer(struct demo *d, const herald_call *c, uint32_t status,
		   herald_str json, herald_str memo)
{
	herald_result r;

	herald_result_init(&r, status);
	r.json = json;
	r.memo = memo;
	if (HERALD_CLASS(status) > 1)
		r.message = HERALD_S("as asked");
	d->h->complete(d->h, c->req, &r);
}

static void isolate(struct demo *d, const herald_call *c)
{
	herald_doc *params;
	herald_str way;

	if (c->mode == HERALD_PLAN) {
		answer(d, c, HERALD_OK,
		       HERALD_S("{\"target\":{\"type\":\"device\",\"uid\":"
				"\"h1\"},\"summary\":\"isolates h1\"}"),
		       HERALD_S("{\"was\":\"free\"}"));
		return;
	}
	if (c->mode == HERALD_VERIFY) {
		answer(d, c, HERALD_OK, NONE, NONE);
		return;
	}
	params = d->h->json_parse(d->h, c->params, NULL);
	d->h->json_get(params, "/way", &way);
	if (!way.p)
		answer(d, c, HERALD_OK, c->memo, NONE);
	else if (strcmp(way.p, "pending") == 0)
		answer(d, c, HERALD_PENDING, NONE, HERALD_S("{\"job\":7}"));
	else if (strcmp(way.p, "bad_memo") == 0)
		answer(d, c, HERALD_PENDING, NONE, HERALD_S("job 7"));
	else if (strcmp(way.p, "bad_json") == 0)
		answer(d, c, HERALD_OK, HERALD_S("done."), NONE);
	else
		d->held = c->req; /* never */
	d->h->json_free(params);
}

static void run(void *self, const herald_call *c)
{
	struct demo *d = self;

	if (c->action == NOTE && c->mode == HERALD_RUN)
		answer(d, c, HERALD_PENDING, NONE, NONE);
	else if (c->action == NOTE)
		answer(d, c, HERALD_UNSUPPORTED, NONE, NONE);
	else
		isolate(d, c);
}

/* ---- the source ---- */

enum { POST, TREE, THREAD, NEVER };

static void *respond_in_thread(void *ud)
{
	static const char *const headers[] = { "X-From: thread", NULL };
	struct job *job = ud;

	job->d->h->respond(job->d->h, job->req, 200, headers,
			   HERALD_S("from a thread"));
	free(job);
	return NULL;
}

static void request(void *self, const herald_request *rq)
{
	static const char *const text[] = { "Content-Type: text/plain", NULL };
	struct demo *d = self;
	herald_record record = { .struct_size = sizeof(record),
				 .json = rq->body };
	const herald_record *list[] = { &record };
	uint32_t status;

	if (rq->route == TREE) {
		d->h->respond(d->h, rq->req, 200, text, rq->path);
		return;
	}
	if (rq->route == NEVER) {
		d->served = rq->req; /* until it is cancelled */
		return;
	}
	if (rq->route == THREAD) {
		if (d->has_thread)
			pthread_join(d->thread, NULL);
		if (pthread_create(&d->thread, NULL, respond_in_thread,
				   new_job(d, rq->req)))
			abort();
		d->has_thread = 1;
		return;
	}
	if (!d->h->secret_is(d->h, "secret",
			     herald_cstr(herald_pair(rq->headers,
						     "x-token")))) {
		d->h->respond(d->h, rq->req, 401, NULL, NONE);
		return;
	}
	status = d->h->emit(d->h, list, 1, rq->req);
	if (status == HERALD_BUSY)
		d->h->respond(d->h, rq->req, 503, NULL, NONE);
	else if (status != HERALD_OK)
		d->h->respond(d->h, rq->req, 400, NULL, NONE);
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	struct demo *d = self;

	d->h->respond(d->h, tag, status == HERALD_OK ? 200 : 503, NULL,
		      HERALD_S("{\"text\":\"Success\"}"));
}

static void resume(void *self)
{
	struct demo *d = self;

	d->resumed++;
	d->h->metric(d->h, 1, d->resumed);
}

/* ---- life ---- */

static void *create(const herald_host *h)
{
	struct demo *d;
	herald_str how = h->option(h, "create", 0);

	if (how.p && strcmp(how.p, "reject") == 0) {
		h->reject(h, "create", HERALD_S("is not to my liking"));
		return NULL;
	}
	if (how.p && strcmp(how.p, "fail") == 0) {
		h->log(h, HERALD_ERROR, 0, HERALD_S("the moon is full"));
		return NULL;
	}
	if (how.p && strcmp(how.p, "nothing") == 0)
		return NULL;
	if (how.p && strcmp(how.p, "block") == 0)
		hold(60);
	if (how.p && strcmp(how.p, "trespass") == 0)
		h->timer(h, 1, 0, on_timer, NULL);
	d = calloc(1, sizeof(*d));
	if (d)
		d->h = h;
	return d;
}

static void start(void *self)
{
	struct demo *d = self;
	herald_str s = d->h->state_get(d->h, "starts");
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld",
			 (s.p ? strtol(s.p, NULL, 10) : 0) + 1);

	d->h->state_put(d->h, "starts", (herald_str){ text, (size_t)n });
	if (d->h->number(d->h, "emit_at_start")) {
		herald_record record = { .struct_size = sizeof(record),
					 .json = HERALD_S("{\"from\":1}") };
		const herald_record *list[] = { &record };

		d->h->emit(d->h, list, 1, 0);
	}
	d->h->metric(d->h, 0, 1);
}

static void halt(void *self)
{
	struct demo *d = self;

	d->h->log(d->h, HERALD_INFO, 0, HERALD_S("halt"));
}

static void destroy(void *self)
{
	struct demo *d = self;

	if (d->has_thread)
		pthread_join(d->thread, NULL);
	if (d->held) /* at the very end */
		say(d, d->held, "in destroy");
	buried = d->h;
	free(d);
}

static void probe(void *self, herald_id req)
{
	struct demo *d = self;

	if (d->h->option(d->h, "url", 0).p)
		herald_done(d->h, req, HERALD_OK, NONE);
	else
		herald_fail(d->h, req, HERALD_BAD_CONFIG, HERALD_S("no url"));
}

static void cancel(void *self, herald_id req)
{
	struct demo *d = self;

	d->h->metric(d->h, 2, 1);
	if (d->served == req) /* without effect, and still due */
		d->h->respond(d->h, req, 200, NULL, HERALD_S("too late"));
	if (d->held != req || !d->held_lookup)
		return;
	/* "late": the answer comes after the host has given up. */
	if (strcmp(d->held_lookup->value.p, "late") != 0)
		return;
	d->held = 0;
	say(d, req, d->h->cancelled(d->h, req) ? "late" : "not cancelled");
}

static const herald_option options[] = {
	{ "url", HERALD_URL, 0, NULL, "https|http", "Where the service is." },
	{ "secret", HERALD_STRING, HERALD_SECRET, NULL, NULL, "The token." },
	{ "greeting", HERALD_STRING, 0, "hello", NULL, "A word." },
	{ "count", HERALD_INT, 0, "3", "1..10", "A number." },
	{ "pause", HERALD_DURATION, 0, "1500ms", NULL, "A time." },
	{ "room", HERALD_SIZE, 0, "64KiB", NULL, "A size." },
	{ "colour", HERALD_ENUM, 0, "green", "red|green|blue", "A colour." },
	{ "tags", HERALD_STRING, HERALD_LIST, "a, b", NULL, "Some words." },
	{ "names", HERALD_STRING, HERALD_MAP, NULL, NULL, "Words by name." },
	{ "data", HERALD_JSON, 0, NULL, NULL, "Anything." },
	{ "rule", HERALD_EXPR, 0, NULL, NULL, "An expression." },
	{ "text", HERALD_TEMPLATE, 0, NULL, "html", "A text." },
	{ "create", HERALD_STRING, 0, NULL, NULL, "How create() fails." },
	{ "emit_at_start", HERALD_BOOL, 0, "false", NULL, "Emits at once." },
	{ "timeout", HERALD_DURATION, 0, "5s", NULL, "Another default." },
};

static const herald_metric metrics[] = {
	{ "starts_total", HERALD_COUNTER, 0, NULL, "Starts." },
	{ "resumed", HERALD_GAUGE, 0, NULL, "Resumed emits." },
	{ "cancels_total", HERALD_COUNTER, 0, NULL, "Calls of cancel()." },
};

static const herald_key keys[] = {
	{ .type = "ip",
	  .batch_max = 4,
	  .ttl_s = 60,
	  .negative_ttl_s = 30,
	  .flags = HERALD_EXTERNAL,
	  .kind = "reputation",
	  .fills = "location",
	  .help = "What is known of an address." },
	{ .type = "user",
	  .context = "user.domain",
	  .kind = "identity",
	  .fills = "user,device",
	  .help = "Who it is." },
};

static const herald_option params[] = {
	{ "host", HERALD_HOST, HERALD_REQUIRED | HERALD_TARGET, NULL, NULL,
	  "Which host." },
	{ "way", HERALD_STRING, 0, NULL, NULL, "How it ends." },
};

static const herald_action actions_list[] = {
	{ .name = "note", .effect = HERALD_RECORDS, .help = "Writes it down." },
	{ .name = "isolate",
	  .effect = HERALD_CONTAINS,
	  .flags = HERALD_PLANS | HERALD_VERIFIES | HERALD_IDEMPOTENT,
	  .undo = "release",
	  .params = HERALD_ITEMS(params),
	  .help = "Takes a host off the network." },
	{ .name = "release",
	  .effect = HERALD_CONTAINS,
	  .flags = HERALD_PLANS | HERALD_VERIFIES | HERALD_IDEMPOTENT,
	  .params = HERALD_ITEMS(params),
	  .help = "Lets it on again." },
};

static const herald_route routes[] = {
	[POST] = { "POST", "/demo", 0, 0, "An alert." },
	[TREE] = { "GET", "/demo/tree", HERALD_ROUTE_PREFIX, 0, "Its path." },
	[THREAD] = { "GET", "/demo/thread", 0, 0, "From a thread." },
	[NEVER] = { "GET", "/demo/never", 0, 0, "Not at all." },
};

static const herald_enricher enricher = {
	.struct_size = sizeof(enricher),
	.keys = HERALD_ITEMS(keys),
	.lookup = lookup,
};

static const herald_actions actions = {
	.struct_size = sizeof(actions),
	.list = HERALD_ITEMS(actions_list),
	.run = run,
};

static const herald_source source = {
	.struct_size = sizeof(source),
	.routes = HERALD_ITEMS(routes),
	.request = request,
	.resume = resume,
	.settled = settled,
};

HERALD_PLUGIN{
	HERALD_HEADER,
	.name = "demo",
	.version = "1.0",
	.summary = "Uses every service of the host.",
	.license = "MIT",
	.needs = HERALD_NEED_HTTP | HERALD_NEED_WORK | HERALD_NEED_STATE |
		 HERALD_NEED_SECRETS | HERALD_NEED_THREADS,
	.workers = 2,
	.options = HERALD_ITEMS(options),
	.metrics = HERALD_ITEMS(metrics),
	.create = create,
	.start = start,
	.halt = halt,
	.destroy = destroy,
	.probe = probe,
	.cancel = cancel,
	.source = &source,
	.enricher = &enricher,
	.actions = &actions,
};
