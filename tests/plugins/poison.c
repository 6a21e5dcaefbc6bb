/* poison - ends the process over some alerts.
 *
 * A user whose name begins so ends it, where the word says:
 *
 *	lookup-  in lookup()		later-  in a timer, of no request
 *	batch-   in lookup() of hosts	work-   on another thread
 *	exit-    by exit()		run-    in the RUN of the action
 *
 * `start: true` ends it in start().  A RUN of the action `note` writes its key
 * into the file `log` of the folder `dir`.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <herald/plugin.h>

struct poison {
	const herald_host *h;
	herald_str dir;
	int start;
};

static int begins(herald_str text, const char *word)
{
	size_t n = strlen(word);

	return text.n >= n && memcmp(text.p, word, n) == 0;
}

/* ---- lookups ---- */

static void answer(struct poison *p, herald_id req)
{
	herald_done(p->h, req, HERALD_OK, HERALD_S("{\"data\":{\"n\":1}}"));
}

static void die_later(void *self, herald_id timer, void *ud)
{
	(void)self;
	(void)timer;
	(void)ud;
	abort();
}

static void work(void *self, herald_id req, void *ud, uint32_t worker)
{
	(void)worker;
	if (ud)
		abort();
	answer(self, req);
}

static void look_up(struct poison *p, const herald_lookup *q)
{
	if (begins(q->value, "lookup-") || begins(q->value, "batch-"))
		abort();
	if (begins(q->value, "exit-"))
		exit(0);
	if (begins(q->value, "later-"))
		p->h->timer(p->h, 1, 0, die_later, NULL);
	else if (begins(q->value, "work"))
		p->h->work(p->h, q->req, work,
			   begins(q->value, "work-") ? p : NULL);
	else
		answer(p, q->req);
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		look_up(self, batch[i]);
}

/* What never was answered is given up. */
static void cancel(void *self, herald_id req)
{
	struct poison *p = self;

	herald_fail(p->h, req, HERALD_CANCELLED, HERALD_S("cancelled"));
}

/* ---- the action ---- */

static void write_line(const struct poison *p, herald_str idem)
{
	char path[1024], line[1024];
	int fd, n;

	snprintf(path, sizeof(path), "%s/log", p->dir.p);
	n = snprintf(line, sizeof(line), "%s\n", idem.p);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n)
		abort();
	close(fd);
}

static void run(void *self, const herald_call *call)
{
	struct poison *p = self;
	herald_doc *params = p->h->json_parse(p->h, call->params, NULL);
	herald_str user = { "", 0 };

	p->h->json_get(params, "/user", &user);
	if (begins(user, "run-"))
		abort();
	if (call->mode == HERALD_RUN)
		write_line(p, call->idem);
	p->h->json_free(params);
	herald_done(p->h, call->req, HERALD_OK, (herald_str){ NULL, 0 });
}

static const herald_option params[] = {
	{ "user", HERALD_TEMPLATE, 0, NULL, "text", "Whom." },
};
static const herald_action list[] = {
	{ .name = "note",
	  .effect = HERALD_RECORDS,
	  .flags = HERALD_IDEMPOTENT,
	  .params = HERALD_ITEMS(params),
	  .help = "Writes a line." },
	{ .name = "once",
	  .effect = HERALD_RECORDS,
	  .flags = HERALD_VERIFIES,
	  .params = HERALD_ITEMS(params),
	  .help = "Writes a line, which is looked at." },
};

/* ---- life ---- */

static const herald_option options[] = {
	{ "dir", HERALD_STRING, 0, NULL, NULL, "For its log." },
	{ "start", HERALD_BOOL, 0, NULL, NULL, "Ends herald in start()." },
};

static void *create(const herald_host *h)
{
	struct poison *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->h = h;
	p->dir = h->option(h, "dir", 0);
	p->start = h->option(h, "start", 0).n == 4;
	return p;
}

static void start(void *self)
{
	if (((struct poison *)self)->start)
		abort();
}

static void destroy(void *self)
{
	free(self);
}

static const herald_key keys[] = {
	{ .type = "user", .kind = "identity", .help = "One at a time." },
	{ .type = "host", .batch_max = 16, .kind = "asset", .help = "Many." },
};
static const herald_enricher enricher = {
	.struct_size = sizeof(enricher),
	.keys = HERALD_ITEMS(keys),
	.lookup = lookup,
};
static const herald_actions actions = {
	.struct_size = sizeof(actions),
	.list = HERALD_ITEMS(list),
	.run = run,
};

HERALD_PLUGIN{
	HERALD_HEADER,
	.name = "poison",
	.version = "1.0",
	.summary = "Ends herald over some alerts.",
	.license = "MIT",
	.needs = HERALD_NEED_FILES | HERALD_NEED_WORK,
	.workers = 2,
	.options = HERALD_ITEMS(options),
	.create = create,
	.start = start,
	.destroy = destroy,
	.cancel = cancel,
	.enricher = &enricher,
	.actions = &actions,
};
