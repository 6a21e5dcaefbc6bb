/* hello_enrich - a herald plugin to start from
 *
 * Asks a JSON service about a domain: GET URL/v1/domain/NAME answers
 * {"verdict": "bad" | "odd" | "fine", "seen": 12, "page": "https://..."}, or 404
 * when it knows nothing.  Copy it, rename it, and read <herald/plugin.h>: every
 * rule that a plugin has to keep stands there.
 */
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

struct hello {
    const herald_host *h;
};

/* The service's words as OCSF reputation scores. */
static const struct { const char *verdict, *score_id; } scores[] = {
    { "fine", "2" }, { "odd", "6" }, { "bad", "10" },
};

static const char *score_of(herald_str verdict)
{
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++)
        if (verdict.p && strcmp(verdict.p, scores[i].verdict) == 0)
            return scores[i].score_id;
    return "0"; /* unknown: a word that is new to us is no verdict */
}

/* From the service's answer to what the core merges into the alert. */
static void make_result(const herald_host *h, herald_doc *answer, herald_doc *out)
{
    herald_str verdict, page;

    h->json_get(answer, "/verdict", &verdict);
    h->json_set(out, "/reputation/score_id", HERALD_JSON_INT, herald_cstr(score_of(verdict)));
    if (h->json_get(answer, "/page", &page) == HERALD_JSON_STRING)
        h->json_set(out, "/link", HERALD_JSON_STRING, page);
    h->json_copy(out, "/data", answer, "");
}

static void on_reply(void *self, herald_id req, void *ud, const herald_reply *reply)
{
    const herald_host *h = ((struct hello *)self)->h;
    herald_doc *answer, *out;

    (void)ud;
    if (reply->status != HERALD_OK) { /* 404, no network, wrong key, ...: the core knows what to do */
        herald_pass(h, req, reply);
        return;
    }
    answer = h->json_parse(h, reply->body, NULL);
    if (!answer) {
        herald_fail(h, req, HERALD_BAD_REPLY, HERALD_S("the service's answer is no JSON"));
        return;
    }
    out = h->json_parse(h, (herald_str){ NULL, 0 }, NULL);
    make_result(h, answer, out);
    herald_done(h, req, HERALD_OK, h->json_text(out));
    h->json_free(out);
    h->json_free(answer);
}

/* The host makes the request: TLS, time limits, the secret and retries are its
 * business.  `path` is encoded by it, so no value can lead elsewhere. */
static void ask(const herald_host *h, herald_id req, const char *domain)
{
    const char *const path[] = { "v1", "domain", domain, NULL };
    herald_http rq = { .struct_size = sizeof rq };

    rq.req = req;
    rq.url = h->option(h, "url", 0).p;
    rq.path = path;
    rq.auth_secret = "secret"; /* as "Authorization: Bearer ..." */
    h->http(h, &rq, on_reply, NULL);
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
    const struct hello *p = self;

    for (uint32_t i = 0; i < n; i++)
        ask(p->h, batch[i]->req, batch[i]->value.p);
}

/* `heraldctl test-connector`: is the service there, are we let in? */
static void probe(void *self, herald_id req)
{
    ask(((struct hello *)self)->h, req, "example.com");
}

static void *create(const herald_host *h)
{
    struct hello *p = calloc(1, sizeof *p);

    if (p)
        p->h = h;
    return p;
}

static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "https|http", "Where the service is." },
    { "secret", HERALD_STRING, HERALD_REQUIRED | HERALD_SECRET, NULL, NULL, "The key to it." },
};

static const herald_key keys[] = {
    { .type = "domain", .ttl_s = 3600, .negative_ttl_s = 600, .flags = HERALD_EXTERNAL,
      .kind = "reputation", .help = "What the service thinks of a domain." },
};

static const herald_enricher enricher = {
    .struct_size = sizeof enricher, .keys = HERALD_ITEMS(keys), .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "hello_enrich", .version = "0.1", .license = "MIT",
    .summary = "Asks the hello service about domains.",
    .needs = HERALD_NEED_HTTP,
    .options = HERALD_ITEMS(options),
    .create = create, .destroy = free, .probe = probe,
    .enricher = &enricher,
};
