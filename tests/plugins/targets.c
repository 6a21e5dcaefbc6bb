/* targets - actions whose plan says what it is told to say.
 *
 * The parameter `target` is the JSON text of the target that PLAN finds.  Each
 * RUN appends a line "INSTANCE.ACTION TARGET" to the file `log`, and ends as
 * the parameter `way` says. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <herald/plugin.h>

struct targets {
	const herald_host *h;
};

enum { LOCK, WIPE, NOTE };
static const char *const names[] = { "lock", "wipe", "note" };

static void *create(const herald_host *h)
{
	struct targets *t = calloc(1, sizeof(*t));

	if (t)
		t->h = h;
	return t;
}

static void start(void *self)
{
	(void)self;
}

static void halt(void *self)
{
	(void)self;
}

static void destroy(void *self)
{
	free(self);
}

static void answer(struct targets *t, herald_id req, uint32_t status,
		   herald_str json)
{
	herald_result r;

	herald_result_init(&r, status);
	r.json = json;
	r.memo = HERALD_S("{}");
	if (HERALD_CLASS(status) > 1)
		r.message = HERALD_S("as asked");
	t->h->complete(t->h, req, &r);
}

static void plan(struct targets *t, const herald_call *c, herald_doc *params)
{
	herald_doc *out = t->h->json_parse(t->h, (herald_str){ NULL, 0 }, NULL);
	herald_str target = { NULL, 0 };

	t->h->json_get(params, "/target", &target);
	t->h->json_set(out, "/target", HERALD_JSON_OBJECT, target);
	t->h->json_set(out, "/summary", HERALD_JSON_STRING,
		       HERALD_S("does it"));
	answer(t, c->req, HERALD_OK, t->h->json_text(out));
	t->h->json_free(out);
}

static void write_down(struct targets *t, const herald_call *c,
		       herald_str target)
{
	char line[4096];
	int fd = open(t->h->option(t->h, "log", 0).p,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	int n = snprintf(line, sizeof(line), "%s.%s %s\n", t->h->instance,
			 names[c->action], target.p ? target.p : "-");

	if (fd < 0 || n >= (int)sizeof(line) || write(fd, line, (size_t)n) != n)
		abort();
	close(fd);
}

static void run(void *self, const herald_call *c)
{
	struct targets *t = self;
	herald_doc *params = t->h->json_parse(t->h, c->params, NULL);
	herald_str target = { NULL, 0 }, way = { NULL, 0 };

	t->h->json_get(params, "/target", &target);
	t->h->json_get(params, "/way", &way);
	if (c->mode == HERALD_PLAN) {
		plan(t, c, params);
	} else if (way.p && strcmp(way.p, "busy") == 0) {
		answer(t, c->req, HERALD_BUSY, (herald_str){ NULL, 0 });
	} else {
		write_down(t, c, target);
		answer(t, c->req, HERALD_OK, (herald_str){ NULL, 0 });
	}
	t->h->json_free(params);
}

static const herald_option options[] = {
	{ "user", HERALD_USER, 0, NULL, NULL, "Its account." },
	{ "url", HERALD_URL, 0, NULL, "https|http|ldaps", "Its service." },
	{ "servers", HERALD_HOSTPORT, HERALD_LIST, NULL, NULL, "More of it." },
	{ "log", HERALD_PATH, HERALD_REQUIRED, NULL, NULL,
	  "The file that RUN writes to." },
};

static const herald_option params[] = {
	{ "target", HERALD_STRING, 0, NULL, NULL, "What PLAN finds, as JSON." },
	{ "way", HERALD_STRING, 0, NULL, NULL, "How RUN ends." },
};

static const herald_action list[] = {
	[LOCK] = { .name = "lock",
		   .effect = HERALD_CONTAINS,
		   .flags = HERALD_PLANS | HERALD_IDEMPOTENT,
		   .params = HERALD_ITEMS(params),
		   .help = "Locks it." },
	[WIPE] = { .name = "wipe",
		   .effect = HERALD_DESTROYS,
		   .flags = HERALD_PLANS | HERALD_IDEMPOTENT,
		   .params = HERALD_ITEMS(params),
		   .help = "Wipes it." },
	[NOTE] = { .name = "note",
		   .effect = HERALD_RECORDS,
		   .flags = HERALD_IDEMPOTENT,
		   .params = HERALD_ITEMS(params),
		   .help = "Writes it down." },
};

static const herald_actions actions = {
	.struct_size = sizeof(actions),
	.list = HERALD_ITEMS(list),
	.run = run,
};

HERALD_PLUGIN{
	HERALD_HEADER,
	.name = "targets",
	.version = "1.0",
	.summary = "Plans what it is told to plan.",
	.license = "MIT",
	.needs = HERALD_NEED_HTTP, /* for `proxy` */
	.options = HERALD_ITEMS(options),
	.create = create,
	.start = start,
	.halt = halt,
	.destroy = destroy,
	.actions = &actions,
};
