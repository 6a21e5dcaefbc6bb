/* cmdb_enrich - whose host it is and how critical, from a CSV file
 *
 * A worker looks at the file every two seconds and reads it when it is another
 * one; the loop swaps the tables.  Lookups that come before the first table
 * wait for it.  A file that cannot be read, is no table, or has lost more than
 * half of its lines leaves the former table in use, and is told by health().
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

#include "cmdb_enrich/answer.h"
#include "cmdb_enrich/file.h"
#include "cmdb_enrich/table.h"

#define LOOK_EVERY_MS 2000
#define WHY_MAX 512
#define OWN_MAX 64

enum { KEY_HOST, KEY_IP, KEY_MAC, NO_KEY };
enum { METRIC_ASSETS, METRIC_SKIPPED };

/* A request that came before the first table. */
struct waiting {
	struct waiting *next;
	herald_id req;
	uint32_t key; /* NO_KEY: a probe */
	herald_str value;
};

/* Belongs to the worker while `busy`, else to the loop. */
struct job {
	struct cmdb_identity known;
	enum cmdb_read outcome;
	struct cmdb_table *table; /* NULL after CMDB_NEW: `why` */
	struct hp_text why;
};

struct cmdb {
	const herald_host *h;
	const char *path;
	char delimiter;
	const char *own[OWN_MAX + 1];
	struct cmdb_table *table;
	struct hp_text trouble; /* empty: the file is in use as it is */
	struct waiting *first, **last;
	struct job job;
	bool busy, looked, halted;
};

/* ---- answering ---- */

static void answer_found(struct cmdb *c, herald_id req,
			 const struct cmdb_found *found)
{
	struct hp_json out;
	herald_str text;

	hp_json_open(&out, c->h, (herald_str){ NULL, 0 });
	cmdb_answer(c->table, found, &out);
	text = hp_json_all(&out);
	if (text.p)
		herald_done(c->h, req, HERALD_OK, text);
	else
		herald_fail(c->h, req, HERALD_BUSY, HERALD_S("out of memory"));
	hp_json_close(&out);
}

static void refuse_rivals(struct cmdb *c, herald_id req, herald_str value,
			  const struct cmdb_found *found)
{
	struct hp_text why;

	hp_text_init(&why, WHY_MAX);
	hp_text_addf(&why, "several assets are called %s: ", value.p);
	hp_text_add(&why, cmdb_asset_cell(c->table, found->asset, CMDB_FQDN));
	hp_text_add(&why, HERALD_S(", "));
	hp_text_add(&why, cmdb_asset_cell(c->table, found->rival, CMDB_FQDN));
	herald_fail(c->h, req, HERALD_NOT_EXACT, hp_text_str(&why));
	hp_text_fini(&why);
}

static void answer_lookup(struct cmdb *c, herald_id req, uint32_t key,
			  herald_str value)
{
	static const enum cmdb_kind kinds[] = { [KEY_HOST] = CMDB_BY_HOST,
						[KEY_IP] = CMDB_BY_IP,
						[KEY_MAC] = CMDB_BY_MAC };
	struct cmdb_found found;

	if (!c->table) {
		herald_fail(c->h, req, HERALD_UNREACHABLE,
			    hp_text_str(&c->trouble));
		return;
	}
	found = cmdb_table_find(c->table, kinds[key], value, c->own);
	if (!found.asset)
		herald_done(c->h, req, HERALD_NOT_FOUND,
			    (herald_str){ NULL, 0 });
	else if (found.rival)
		refuse_rivals(c, req, value, &found);
	else
		answer_found(c, req, &found);
}

/* "/etc/herald/assets.csv: 5 assets, 1 line skipped (line 6: ...)" */
static void describe(const struct cmdb *c, struct hp_text *out)
{
	const struct cmdb_load *load = cmdb_table_load(c->table);

	hp_text_addf(out, "%s: %zu asset%s", c->path, load->rows,
		     load->rows == 1 ? "" : "s");
	if (load->skipped > 0)
		hp_text_addf(out, ", %zu line%s skipped (%s)", load->skipped,
			     load->skipped == 1 ? "" : "s", load->first);
	if (load->replaced > 0)
		hp_text_addf(out, ", %zu line%s replaced an earlier one",
			     load->replaced, load->replaced == 1 ? "" : "s");
	if (load->mended > 0)
		hp_text_addf(out, ", %zu line%s not UTF-8", load->mended,
			     load->mended == 1 ? " is" : "s are");
}

static void answer_probe(struct cmdb *c, herald_id req)
{
	herald_result result;
	struct hp_text text;

	hp_text_init(&text, WHY_MAX);
	if (c->trouble.n > 0)
		hp_text_add(&text, hp_text_str(&c->trouble));
	else
		describe(c, &text);
	herald_result_init(&result,
			   c->trouble.n > 0 ? HERALD_UNREACHABLE : HERALD_OK);
	result.message = hp_text_str(&text);
	c->h->complete(c->h, req, &result);
	hp_text_fini(&text);
}

static void answer(struct cmdb *c, herald_id req, uint32_t key,
		   herald_str value)
{
	if (key == NO_KEY)
		answer_probe(c, req);
	else
		answer_lookup(c, req, key, value);
}

/* From now on nobody waits for the first table. */
static void answer_waiting(struct cmdb *c)
{
	struct waiting *w;

	c->looked = true;
	if (!c->table && c->trouble.n == 0)
		hp_text_addf(&c->trouble, "%s was not read yet", c->path);
	while ((w = c->first)) {
		c->first = w->next;
		answer(c, w->req, w->key, w->value);
		free(w);
	}
	c->last = &c->first;
}

/* The value stays valid until the request is completed. */
static void answer_or_wait(struct cmdb *c, herald_id req, uint32_t key,
			   herald_str value)
{
	struct waiting *w;

	if (c->looked) {
		answer(c, req, key, value);
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		herald_fail(c->h, req, HERALD_BUSY, HERALD_S("out of memory"));
		return;
	}
	*w = (struct waiting){ .req = req, .key = key, .value = value };
	*c->last = w;
	c->last = &w->next;
}

/* ---- reading the file ---- */

/* Told once for each change. */
static void set_trouble(struct cmdb *c, uint32_t status,
			const struct hp_text *why)
{
	struct hp_text now;

	hp_text_init(&now, WHY_MAX);
	hp_text_addf(&now, "%s: ", c->path);
	hp_text_add(&now, hp_text_str(why));
	if (c->table)
		hp_text_addf(&now, "; the former %zu assets stay in use",
			     cmdb_table_load(c->table)->rows);
	if (c->trouble.n != now.n || memcmp(c->trouble.p, now.p, now.n) != 0) {
		herald_logf(c->h, HERALD_ERROR, 0, "%s", hp_text_str(&now).p);
		c->h->health(c->h, status, hp_text_str(&now));
	}
	hp_text_fini(&c->trouble);
	c->trouble = now;
}

static void use(struct cmdb *c, struct cmdb_table *table)
{
	const struct cmdb_load *load = cmdb_table_load(table);
	struct hp_text text;

	cmdb_table_free(c->table);
	c->table = table;
	hp_text_fini(&c->trouble);
	hp_text_init(&text, WHY_MAX);
	describe(c, &text);
	herald_logf(c->h, load->skipped > 0 ? HERALD_WARNING : HERALD_NOTICE, 0,
		    "%s", hp_text_str(&text).p);
	hp_text_fini(&text);
	c->h->health(c->h, HERALD_OK, HERALD_S(""));
	c->h->metric(c->h, METRIC_ASSETS, (double)load->rows);
	c->h->metric(c->h, METRIC_SKIPPED, (double)load->skipped);
}

/* An export that broke off must not make hosts unknown. */
static bool has_shrunk(const struct cmdb *c, const struct cmdb_table *table,
		       struct hp_text *why)
{
	size_t now = cmdb_table_load(table)->rows;
	size_t before = c->table ? cmdb_table_load(c->table)->rows : 0;

	if (now == 0)
		hp_text_add(why, HERALD_S("there is no asset in it"));
	else if (2 * now < before)
		hp_text_addf(why, "%zu assets, it had %zu", now, before);
	else
		return false;
	return true;
}

/* [loop] The worker is done. */
static void on_read(void *self, herald_id timer, void *ud)
{
	struct cmdb *c = self;
	struct job *job = &c->job;

	(void)timer;
	(void)ud;
	c->busy = false;
	if (job->outcome == CMDB_UNREAD)
		set_trouble(c, HERALD_UNREACHABLE, &job->why);
	else if (job->outcome == CMDB_NEW && !job->table)
		set_trouble(c, HERALD_BAD_CONFIG, &job->why);
	else if (job->outcome == CMDB_NEW &&
		 has_shrunk(c, job->table, &job->why))
		set_trouble(c, HERALD_BAD_CONFIG, &job->why);
	else if (job->outcome == CMDB_NEW) {
		use(c, job->table);
		job->table = NULL;
	}
	cmdb_table_free(job->table);
	job->table = NULL;
	hp_text_fini(&job->why);
	if (job->outcome == CMDB_UNSTEADY && !c->halted)
		return; /* whoever waits, waits for the next look */
	answer_waiting(c);
}

/* [worker] */
static void read_file(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct cmdb *c = self;
	struct job *job = &c->job;
	char *text;
	size_t n;

	(void)req;
	(void)ud;
	(void)worker;
	job->outcome = cmdb_file_read(c->path, &job->known, &text, &n,
				      &job->why);
	if (job->outcome == CMDB_NEW)
		job->table = cmdb_table_new_take(text, n, c->delimiter,
						 &job->why);
	c->h->post(c->h, on_read, NULL);
}

static void look(void *self, herald_id timer, void *ud)
{
	struct cmdb *c = self;

	(void)timer;
	(void)ud;
	if (c->busy || c->halted)
		return;
	c->busy = true;
	c->h->work(c->h, 0, read_file, NULL);
}

/* ---- what the host calls ---- */

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		answer_or_wait(self, batch[i]->req, batch[i]->key,
			       batch[i]->value);
}

static void probe(void *self, herald_id req)
{
	answer_or_wait(self, req, NO_KEY, (herald_str){ NULL, 0 });
}

static void start(void *self)
{
	struct cmdb *c = self;

	look(c, 0, NULL);
	c->h->timer(c->h, LOOK_EVERY_MS, LOOK_EVERY_MS, look, NULL);
}

/* Nothing is read any more: whoever waits is answered as things are. */
static void halt(void *self)
{
	struct cmdb *c = self;

	c->halted = true;
	if (!c->busy)
		answer_waiting(c);
}

static char delimiter_of(int64_t index)
{
	static const char delimiters[] = ",;\t";

	return delimiters[index];
}

static void *create(const herald_host *h)
{
	struct cmdb *c = calloc(1, sizeof(*c));

	if (!c) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	c->h = h;
	c->path = h->option(h, "file", 0).p;
	c->delimiter = delimiter_of(h->number(h, "delimiter"));
	for (uint32_t i = 0; i < OWN_MAX; i++)
		c->own[i] = h->option(h, "domain", i).p;
	c->last = &c->first;
	hp_text_init(&c->trouble, WHY_MAX);
	hp_text_init(&c->job.why, WHY_MAX);
	return c;
}

static void destroy(void *self)
{
	struct cmdb *c = self;

	cmdb_table_free(c->table);
	hp_text_fini(&c->trouble);
	free(c);
}

/* clang-format off */
static const herald_option options[] = {
    { "file", HERALD_PATH, HERALD_REQUIRED, NULL, NULL,
      "the CSV file; its first line names the columns" },
    { "delimiter", HERALD_ENUM, 0, "comma", "comma|semicolon|tab",
      "what stands between the cells" },
    { "domain", HERALD_HOST, HERALD_LIST, NULL, NULL,
      "hosts in it are also found by the first part of their name" },
};

static const herald_metric metrics[] = {
    [METRIC_ASSETS] = { "assets", HERALD_GAUGE, 0, NULL, "assets in use" },
    [METRIC_SKIPPED] = { "skipped_lines", HERALD_GAUGE, 0, NULL, "bad lines of the file" },
};

/* Local data: never cached.  `host` comes before `ip` in the order of merging, so
 * that an answer by name outranks one by address. */
static const herald_key keys[] = {
    [KEY_HOST] = { "host", NULL, 0, 0, 0, 0, "asset", "device",
                   "columns hostname and fqdn" },
    [KEY_IP] = { "ip", NULL, 0, 0, 0, 0, "asset", "device",
                 "column ip: the address itself, else the smallest network that holds it" },
    [KEY_MAC] = { "mac", NULL, 0, 0, 0, 0, "asset", "device", "column mac" },
};

static const herald_enricher enricher = {
    .struct_size = sizeof(herald_enricher),
    .keys = HERALD_ITEMS(keys),
    .lookup = lookup,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "cmdb_enrich",
    .version = "0.1.0",
    .summary = "tells whose host it is and how critical, from a CSV file",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/cmdb_enrich",
    .needs = HERALD_NEED_WORK | HERALD_NEED_FILES,
    .workers = 1,
    .options = HERALD_ITEMS(options),
    .metrics = HERALD_ITEMS(metrics),
    .create = create,
    .start = start,
    .halt = halt,
    .destroy = destroy,
    .probe = probe,
    .enricher = &enricher,
};
