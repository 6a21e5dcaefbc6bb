/* A worker looks at the file every two seconds and reads it when it is another
 * one; the loop swaps the tables.  Lookups that come before the first table
 * wait for it.  A file that cannot be read, is no table, or has lost more than
 * half of its assets leaves the former table in use, and is told by health().
 */
#include "cmdb_enrich/cmdb.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

#include "cmdb_enrich/asset.h"
#include "cmdb_enrich/database.h"
#include "cmdb_enrich/file.h"
#include "cmdb_enrich/sheet.h"
#include "cmdb_enrich/table.h"

#define LOOK_EVERY_MS 2000
#define WHY_MAX 512

#define NO_KEY CMDB_KINDS /* a probe */

/* A request that came before the first table. */
struct waiting {
	struct waiting *next;
	herald_id req;
	uint32_t key;
	herald_str value;
};

/* Belongs to the worker while `busy`, else to the loop. */
struct job {
	struct cmdb_identity known;
	struct cmdb_database_identity known_database;
	enum cmdb_read outcome;
	struct cmdb_table *table; /* NULL after CMDB_NEW: `why` */
	struct hp_text why;
};

struct files {
	struct cmdb cmdb; /* first */
	const herald_host *h;
	const char *path;
	char delimiter;
	struct cmdb_database database; /* path NULL: it is a CSV file */
	struct cmdb_table *table;
	struct hp_text trouble; /* empty: the file is in use as it is */
	struct waiting *first, **last;
	struct job job;
	struct hp_text told; /* of the table in use */
	bool busy, looked;
	atomic_bool halted;
};

static struct files *files_of(struct cmdb *c)
{
	return (struct files *)(void *)c;
}

/* ---- answering ---- */

/* Nothing of a file is kept: it is at hand. */
static void done(const struct files *f, herald_id req, uint32_t status,
		 herald_str json)
{
	herald_result result;

	herald_result_init(&result, status);
	result.json = json;
	result.ttl_s = -1;
	f->h->complete(f->h, req, &result);
}

static void answer_found(struct files *f, herald_id req,
			 const struct cmdb_found *found)
{
	struct cmdb_facts facts;
	struct hp_json out;
	herald_str text;

	hp_json_open(&out, f->h, (herald_str){ NULL, 0 });
	cmdb_asset_facts(f->table, found, &facts);
	cmdb_asset_put(&facts, &f->cmdb.mapping, &out);
	cmdb_asset_data(f->table, found->asset, &out);
	text = hp_json_all(&out);
	if (text.p)
		done(f, req, HERALD_OK, text);
	else
		herald_fail(f->h, req, HERALD_BUSY, HERALD_S("out of memory"));
	hp_json_close(&out);
}

static void refuse_rivals(struct files *f, herald_id req, herald_str value,
			  const struct cmdb_found *found)
{
	struct hp_text why;

	hp_text_init(&why, WHY_MAX);
	hp_text_addf(&why, "several assets are called %s: ", value.p);
	hp_text_add(&why, cmdb_asset_cell(f->table, found->asset, CMDB_FQDN));
	hp_text_add(&why, HERALD_S(", "));
	hp_text_add(&why, cmdb_asset_cell(f->table, found->rival, CMDB_FQDN));
	herald_fail(f->h, req, HERALD_NOT_EXACT, hp_text_str(&why));
	hp_text_fini(&why);
}

static void answer_lookup(struct files *f, herald_id req, uint32_t key,
			  herald_str value)
{
	struct cmdb_found found;

	if (!f->table) {
		herald_fail(f->h, req, HERALD_UNREACHABLE,
			    hp_text_str(&f->trouble));
		return;
	}
	found = cmdb_table_find(f->table, (enum cmdb_kind)key, value,
				f->cmdb.own);
	if (!found.asset)
		done(f, req, HERALD_NOT_FOUND, (herald_str){ NULL, 0 });
	else if (found.rival)
		refuse_rivals(f, req, value, &found);
	else
		answer_found(f, req, &found);
}

/* "/etc/herald/assets.csv: 5 assets, 1 line skipped (line 6: ...)" */
static void describe(const struct files *f, struct hp_text *out)
{
	const struct cmdb_load *load = cmdb_table_load(f->table);

	hp_text_addf(out, "%s: %zu asset%s", f->path, load->rows,
		     load->rows == 1 ? "" : "s");
	if (load->skipped > 0)
		hp_text_addf(out, ", %zu %s%s skipped (%s)", load->skipped,
			     load->unit, load->skipped == 1 ? "" : "s",
			     load->first);
	if (load->replaced > 0)
		hp_text_addf(out, ", %zu %s%s replaced an earlier one",
			     load->replaced, load->unit,
			     load->replaced == 1 ? "" : "s");
	if (load->mended > 0)
		hp_text_addf(out, ", %zu %s%s not UTF-8", load->mended,
			     load->unit, load->mended == 1 ? " is" : "s are");
}

static void answer_probe(struct files *f, herald_id req)
{
	herald_result result;
	struct hp_text text;

	hp_text_init(&text, WHY_MAX);
	if (f->trouble.n > 0)
		hp_text_add(&text, hp_text_str(&f->trouble));
	else
		describe(f, &text);
	herald_result_init(&result,
			   f->trouble.n > 0 ? HERALD_UNREACHABLE : HERALD_OK);
	result.message = hp_text_str(&text);
	f->h->complete(f->h, req, &result);
	hp_text_fini(&text);
}

static void answer(struct files *f, herald_id req, uint32_t key,
		   herald_str value)
{
	if (key == NO_KEY)
		answer_probe(f, req);
	else
		answer_lookup(f, req, key, value);
}

/* From now on nobody waits for the first table. */
static void answer_waiting(struct files *f)
{
	struct waiting *w;

	f->looked = true;
	if (!f->table && f->trouble.n == 0)
		hp_text_addf(&f->trouble, "%s was not read yet", f->path);
	while ((w = f->first)) {
		f->first = w->next;
		answer(f, w->req, w->key, w->value);
		free(w);
	}
	f->last = &f->first;
}

/* The value stays valid until the request is completed. */
static void answer_or_wait(struct files *f, herald_id req, uint32_t key,
			   herald_str value)
{
	struct waiting *w;

	if (f->looked) {
		answer(f, req, key, value);
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		herald_fail(f->h, req, HERALD_BUSY, HERALD_S("out of memory"));
		return;
	}
	*w = (struct waiting){ .req = req, .key = key, .value = value };
	*f->last = w;
	f->last = &w->next;
}

/* ---- reading the file ---- */

/* Told once for each change. */
static void set_trouble(struct files *f, uint32_t status,
			const struct hp_text *why)
{
	struct hp_text now;

	hp_text_init(&now, WHY_MAX);
	hp_text_addf(&now, "%s: ", f->path);
	hp_text_add(&now, hp_text_str(why));
	if (f->table)
		hp_text_addf(&now, "; the former %zu assets stay in use",
			     cmdb_table_load(f->table)->rows);
	if (f->trouble.n != now.n || memcmp(f->trouble.p, now.p, now.n) != 0) {
		herald_logf(f->h, HERALD_ERROR, 0, "%s", hp_text_str(&now).p);
		f->h->health(f->h, status, hp_text_str(&now));
	}
	hp_text_fini(&f->trouble);
	f->trouble = now;
}

/* Once for each change of what there is to say: a database may be written all
 * the time. */
static void tell_table(struct files *f)
{
	const struct cmdb_load *load = cmdb_table_load(f->table);
	uint32_t level = load->skipped > 0 ? HERALD_WARNING : HERALD_NOTICE;
	struct hp_text now;

	hp_text_init(&now, WHY_MAX);
	describe(f, &now);
	if (f->told.n == now.n && memcmp(f->told.p, now.p, now.n) == 0)
		level = HERALD_DEBUG;
	herald_logf(f->h, level, 0, "%s", hp_text_str(&now).p);
	hp_text_fini(&f->told);
	f->told = now;
}

static void use(struct files *f, struct cmdb_table *table)
{
	const struct cmdb_load *load = cmdb_table_load(table);

	cmdb_table_free(f->table);
	f->table = table;
	if (f->trouble.n > 0)
		hp_text_fini(&f->told);
	hp_text_fini(&f->trouble);
	tell_table(f);
	f->h->health(f->h, HERALD_OK, HERALD_S(""));
	f->h->metric(f->h, CMDB_METRIC_ASSETS, (double)load->rows);
	f->h->metric(f->h, CMDB_METRIC_SKIPPED, (double)load->skipped);
}

/* An export that broke off must not make hosts unknown. */
static bool has_shrunk(const struct files *f, const struct cmdb_table *table,
		       struct hp_text *why)
{
	size_t now = cmdb_table_load(table)->rows;
	size_t before = f->table ? cmdb_table_load(f->table)->rows : 0;

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
	struct files *f = self;
	struct job *job = &f->job;

	(void)timer;
	(void)ud;
	f->busy = false;
	if (job->outcome == CMDB_UNREAD)
		set_trouble(f, HERALD_UNREACHABLE, &job->why);
	else if (job->outcome == CMDB_NEW && !job->table)
		set_trouble(f, HERALD_BAD_CONFIG, &job->why);
	else if (job->outcome == CMDB_NEW &&
		 has_shrunk(f, job->table, &job->why))
		set_trouble(f, HERALD_BAD_CONFIG, &job->why);
	else if (job->outcome == CMDB_NEW) {
		use(f, job->table);
		job->table = NULL;
	}
	cmdb_table_free(job->table);
	job->table = NULL;
	hp_text_fini(&job->why);
	if (job->outcome == CMDB_UNSTEADY && !atomic_load(&f->halted))
		return; /* whoever waits, waits for the next look */
	answer_waiting(f);
}

static void read_sheet(struct files *f, struct job *job)
{
	char *text;
	size_t n;

	job->outcome = cmdb_file_read(f->path, &job->known, &text, &n,
				      &job->why);
	if (job->outcome == CMDB_NEW)
		job->table = cmdb_sheet_read_take(text, n, f->delimiter,
						  &f->cmdb.mapping, &job->why);
	if (job->outcome == CMDB_UNREAD)
		job->known = (struct cmdb_identity){ 0 };
}

/* What cannot be read now is read when it can, also if it is the same. */
static void read_database(struct files *f, struct job *job)
{
	job->outcome = cmdb_database_read(&f->database, &job->known_database,
					  &job->table, &job->why);
	if (job->outcome == CMDB_UNREAD)
		job->known_database =
			(struct cmdb_database_identity){ .log = { 0 } };
}

/* [worker] */
static void read_file(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct files *f = self;

	(void)req;
	(void)ud;
	(void)worker;
	if (f->database.path)
		read_database(f, &f->job);
	else
		read_sheet(f, &f->job);
	f->h->post(f->h, on_read, NULL);
}

static void look(void *self, herald_id timer, void *ud)
{
	struct files *f = self;

	(void)timer;
	(void)ud;
	if (f->busy || atomic_load(&f->halted))
		return;
	f->busy = true;
	f->h->work(f->h, 0, read_file, NULL);
}

/* ---- what the host calls ---- */

static void lookup(struct cmdb *c, const herald_lookup *asked)
{
	answer_or_wait(files_of(c), asked->req, asked->key, asked->value);
}

static void probe(struct cmdb *c, herald_id req)
{
	answer_or_wait(files_of(c), req, NO_KEY, (herald_str){ NULL, 0 });
}

static void start(struct cmdb *c)
{
	look(c, 0, NULL);
	c->h->timer(c->h, LOOK_EVERY_MS, LOOK_EVERY_MS, look, NULL);
}

/* Nothing is read any more: whoever waits is answered as things are. */
static void halt(struct cmdb *c)
{
	struct files *f = files_of(c);

	atomic_store(&f->halted, true);
	if (!f->busy)
		answer_waiting(f);
}

static void init_both(struct files *f)
{
	const herald_host *h = f->cmdb.h;

	f->h = h;
	f->path = h->option(h, "file", 0).p;
	f->last = &f->first;
	hp_text_init(&f->trouble, WHY_MAX);
	hp_text_init(&f->told, WHY_MAX);
	hp_text_init(&f->job.why, WHY_MAX);
}

static bool init_csv(struct cmdb *c)
{
	static const char delimiters[] = ",;\t";
	struct files *f = files_of(c);

	init_both(f);
	f->delimiter = delimiters[c->h->number(c->h, "delimiter")];
	return true;
}

static bool init_sqlite(struct cmdb *c)
{
	struct files *f = files_of(c);
	const char *table = c->h->option(c->h, "table", 0).p;

	init_both(f);
	f->database = (struct cmdb_database){
		.h = c->h,
		.path = f->path,
		.table = table ? table : "assets",
		.query = c->h->option(c->h, "query", 0).p,
		.mapping = &c->mapping,
		.stop = &f->halted,
	};
	if (!table || !f->database.query)
		return true;
	c->h->reject(c->h, "query",
		     HERALD_S("say `table` or `query`, not both"));
	return false;
}

static void fini(struct cmdb *c)
{
	struct files *f = files_of(c);

	cmdb_table_free(f->table);
	hp_text_fini(&f->trouble);
	hp_text_fini(&f->told);
}

static const struct cmdb_field no_fields[] = { { NULL, NULL } };
static const char *const not_for_csv[] = { "url", "table", "query", NULL };

const struct cmdb_source cmdb_csv = {
	.size = sizeof(struct files),
	.needs = "file",
	.ignores = not_for_csv,
	.fields = no_fields,
	.init = init_csv,
	.start = start,
	.halt = halt,
	.fini = fini,
	.lookup = lookup,
	.probe = probe,
};

static const char *const not_for_sqlite[] = { "url", NULL };

const struct cmdb_source cmdb_sqlite = {
	.size = sizeof(struct files),
	.needs = "file",
	.ignores = not_for_sqlite,
	.fields = no_fields,
	.init = init_sqlite,
	.start = start,
	.halt = halt,
	.fini = fini,
	.lookup = lookup,
	.probe = probe,
};
