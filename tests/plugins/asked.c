/* asked - an enricher whose values say how they are to be answered: the word
 * before the first '-' (the table `ways`). */
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#define NONE ((herald_str){ NULL, 0 })
#define HELD_MAX 256
#define SEEN_MAX 64

struct asked {
	const herald_host *h;
	unsigned calls;
	herald_id held[HELD_MAX];
	size_t held_count;
	char seen[SEEN_MAX][64]; /* values that were asked to fail at first */
	unsigned tries[SEEN_MAX];
};

/* How this call was: what tests look at. */
static void say(struct asked *a, const herald_lookup *q, uint32_t batch)
{
	herald_doc *doc = a->h->json_parse(a->h, NONE, NULL);
	char text[32];

	snprintf(text, sizeof(text), "%u", a->calls);
	a->h->json_set(doc, "/data/call", HERALD_JSON_INT, herald_cstr(text));
	snprintf(text, sizeof(text), "%u", batch);
	a->h->json_set(doc, "/data/batch", HERALD_JSON_INT, herald_cstr(text));
	a->h->json_set(doc, "/data/value", HERALD_JSON_STRING, q->value);
	a->h->json_set(doc, "/data/context", HERALD_JSON_OBJECT, q->context);
	herald_done(a->h, q->req, HERALD_OK, a->h->json_text(doc));
	a->h->json_free(doc);
}

static void fail(struct asked *a, const herald_lookup *q, uint32_t status,
		 int64_t retry_after_ms)
{
	herald_result r;

	herald_result_init(&r, status);
	r.message = HERALD_S("as it was told to");
	r.retry_after_ms = retry_after_ms;
	a->h->complete(a->h, q->req, &r);
}

static void ok(struct asked *a, const herald_lookup *q, uint32_t n)
{
	say(a, q, n);
}

static void none(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	herald_done(a->h, q->req, HERALD_NOT_FOUND, NONE);
}

/* Until somebody asks for "release". */
static void hold(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	if (a->held_count == HELD_MAX)
		abort();
	a->held[a->held_count++] = q->req;
}

static void release(struct asked *a, const herald_lookup *q, uint32_t n)
{
	for (size_t i = 0; i < a->held_count; i++)
		herald_done(a->h, a->held[i], HERALD_OK,
			    HERALD_S("{\"data\":{\"held\":true}}"));
	a->held_count = 0;
	say(a, q, n);
}

/* Twice passing trouble, then the answer. */
static void again(struct asked *a, const herald_lookup *q, uint32_t n)
{
	size_t i = 0;

	while (a->seen[i][0] && strcmp(a->seen[i], q->value.p) != 0)
		i++;
	snprintf(a->seen[i], sizeof(a->seen[i]), "%s", q->value.p);
	if (++a->tries[i] <= 2)
		fail(a, q, HERALD_RETRY, 0);
	else
		say(a, q, n);
}

static void down(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	fail(a, q, HERALD_UNREACHABLE, 0);
}

static void busy(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	fail(a, q, HERALD_BUSY, 600000);
}

static void spent(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	fail(a, q, HERALD_QUOTA, 60000);
}

static void refused(struct asked *a, const herald_lookup *q, uint32_t n)
{
	(void)n;
	fail(a, q, HERALD_AUTH, 0);
}

static const struct {
	const char *word;
	void (*way)(struct asked *a, const herald_lookup *q, uint32_t n);
} ways[] = {
	{ "none", none },   { "held", hold },	{ "release", release },
	{ "again", again }, { "down", down },	{ "busy", busy },
	{ "spent", spent }, { "refused", refused }, { "ok", ok },
};

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	struct asked *a = self;

	a->calls++;
	for (uint32_t i = 0; i < n; i++) {
		size_t word = strcspn(batch[i]->value.p, "-"), w = 0;

		while (strlen(ways[w].word) != word ||
		       memcmp(ways[w].word, batch[i]->value.p, word) != 0)
			w++;
		ways[w].way(a, batch[i], n);
	}
}

/* What is held is answered when the host gives it up: late. */
static void cancel(void *self, herald_id req)
{
	struct asked *a = self;

	for (size_t i = 0; i < a->held_count; i++)
		if (a->held[i] == req) {
			a->held[i] = a->held[--a->held_count];
			herald_done(a->h, req, HERALD_OK,
				    HERALD_S("{\"data\":{\"late\":true}}"));
			return;
		}
}

static void *create(const herald_host *h)
{
	struct asked *a = calloc(1, sizeof(*a));

	if (a)
		a->h = h;
	return a;
}

static void destroy(void *self)
{
	struct asked *a = self;

	for (size_t i = 0; i < a->held_count; i++)
		herald_fail(a->h, a->held[i], HERALD_CANCELLED,
			    HERALD_S("the end"));
	free(a);
}

static const herald_key keys[] = {
	{ .type = "domain",
	  .batch_max = 4,
	  .ttl_s = 60,
	  .negative_ttl_s = 30,
	  .kind = "reputation",
	  .help = "Four at a time." },
	{ .type = "host",
	  .ttl_s = 60,
	  .negative_ttl_s = 30,
	  .flags = HERALD_EXTERNAL,
	  .kind = "asset",
	  .help = "One at a time, outside." },
	{ .type = "user",
	  .context = "user.domain",
	  .kind = "identity",
	  .help = "Never remembered." },
};

static const herald_enricher enricher = {
	.struct_size = sizeof(enricher),
	.keys = HERALD_ITEMS(keys),
	.lookup = lookup,
};

HERALD_PLUGIN{
	HERALD_HEADER,
	.name = "asked",
	.version = "1.0",
	.summary = "Answers as it is told to.",
	.license = "MIT",
	.create = create,
	.destroy = destroy,
	.cancel = cancel,
	.enricher = &enricher,
};
