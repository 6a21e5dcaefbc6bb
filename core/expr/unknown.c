/* Which attributes a lookup that is missing leaves unknown: what it could have
 * filled, and what it would have judged. */
#include "core/expr/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/words.h"
#include "core/record/record.h"

struct unknown_path {
	const char *word;  /* of fills; NULL: of whoever judges */
	const char *types; /* for whom, where word is NULL */
	const char *path;
};

static const struct unknown_path paths[] = {
	{ "user", NULL, "user" },
	{ "user", NULL, "actor.user" },
	{ "user", NULL, "evidences[*].user" },
	{ "user", NULL, "evidences[*].actor.user" },
	{ "user", NULL, "record.evidences[*].user" },
	{ "user", NULL, "record.evidences[*].actor.user" },
	{ "device", NULL, "device" },
	{ "device", NULL, "src" },
	{ "device", NULL, "dst" },
	{ "device", NULL, "evidences[*].device" },
	{ "device", NULL, "evidences[*].src_endpoint" },
	{ "device", NULL, "evidences[*].dst_endpoint" },
	{ "device", NULL, "record.device" },
	{ "device", NULL, "record.evidences[*].device" },
	{ "device", NULL, "record.evidences[*].src_endpoint" },
	{ "device", NULL, "record.evidences[*].dst_endpoint" },
	{ "location", NULL, "device.location" },
	{ "location", NULL, "src.location" },
	{ "location", NULL, "dst.location" },
	{ "location", NULL, "evidences[*].device.location" },
	{ "location", NULL, "evidences[*].src_endpoint.location" },
	{ "location", NULL, "evidences[*].dst_endpoint.location" },
	{ "location", NULL, "record.device.location" },
	{ "location", NULL, "record.evidences[*].src_endpoint.location" },
	{ "location", NULL, "record.evidences[*].dst_endpoint.location" },
	{ "resources", NULL, "resources" },
	{ "resources", NULL, "record.resources" },
	{ "labels", NULL, "metadata.labels" },
	{ "labels", NULL, "record.metadata.labels" },
	{ NULL, "user,email", "user.reputation" },
	{ NULL, "user,email", "actor.reputation" },
	{ NULL, "ip,host,domain,mac", "device.reputation" },
	{ NULL, "ip,host,domain,mac", "src.reputation" },
	{ NULL, "ip,host,domain,mac", "dst.reputation" },
	{ NULL, "md5,sha1,sha256,sha512,hash", "file.reputation" },
	{ NULL, "md5,sha1,sha256,sha512,hash", "process.reputation" },
	{ NULL, "url", "url.reputation" },
	{ NULL, "host,domain", "query.reputation" },
	{ NULL, "email,url,md5,sha1,sha256,sha512,hash", "email.reputation" },
	{ NULL, NULL, "observables[*].reputation" },
	{ NULL, NULL, "record.observables[*].reputation" },
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))
static_assert(PATHS <= 64, "one bit a path");

uint64_t hd_unknown_met(const char *path)
{
	size_t n = strcspn(path, ".[");
	uint64_t met = 0;

	for (size_t i = 0; i < PATHS; i++)
		if (strncmp(paths[i].path, path, n) == 0 &&
		    strcspn(paths[i].path, ".[") == n)
			met |= (uint64_t)1 << i;
	return met;
}

static bool judges(const struct hd_missing *missing)
{
	return missing->kind &&
	       hd_words_have("threat_intel,reputation,breach,dns",
			     missing->kind);
}

/* True if the two lists of words have one in common; NULL is everything. */
static bool overlap(const char *a, const char *b)
{
	char word[64];

	if (!a || !b)
		return true;
	while (*a) {
		size_t n = strcspn(a, ",");

		if (n < sizeof(word)) {
			memcpy(word, a, n);
			word[n] = '\0';
			if (hd_words_have(b, word))
				return true;
		}
		a += n + (a[n] == ',');
	}
	return false;
}

bool hd_unknown_judges(const struct hd_expr_scope *scope)
{
	for (size_t id = 0; id < scope->missing_count; id++)
		if (judges(&scope->missing[id]))
			return true;
	return false;
}

bool hd_unknown_judges_view(const struct hd_expr_scope *scope, const char *view)
{
	size_t n = strlen(view);

	for (size_t i = 0; i < PATHS; i++) {
		if (paths[i].word || strncmp(paths[i].path, view, n) != 0 ||
		    strcmp(paths[i].path + n, ".reputation") != 0)
			continue;
		for (size_t id = 0; id < scope->missing_count; id++)
			if (judges(&scope->missing[id]) &&
			    overlap(scope->missing[id].types, paths[i].types))
				return true;
	}
	return false;
}

/* What nobody named cannot be completed: a view of nothing stays absent. */
static bool is_empty_view(const struct hd_expr_scope *scope, const char *path)
{
	char name[16];
	size_t n = strcspn(path, ".[");

	if (n >= sizeof(name))
		return false;
	memcpy(name, path, n);
	name[n] = '\0';
	for (size_t i = 0; i < HD_VIEWS; i++)
		if (strcmp(hd_views[i].name, name) == 0)
			return !hd_record_view(scope->record, name);
	return false;
}

/* True if what this lookup could have said about paths[i] matters. */
static bool may_bring(const struct hd_expr *expr,
		      const struct hd_expr_scope *scope,
		      const struct hd_missing *missing, size_t i)
{
	const struct unknown_path *path = &paths[i];

	if (!(expr->fillable & (uint64_t)1 << i) ||
	    is_empty_view(scope, path->path))
		return false;
	if (path->word)
		return hd_words_have(missing->fills, path->word);
	return judges(missing) && overlap(missing->types, path->types);
}

/* Makes them when the first path is added: most lookups that are missing
 * matter to few expressions, and unknowns cost. */
static void add_path(struct hd_cel_unknowns **unknowns,
		     const struct hd_expr *expr, const char *path, uint32_t id)
{
	if (!*unknowns)
		*unknowns = hd_cel_unknowns_new(expr->env->record);
	hd_cel_unknowns_add(*unknowns, path, id);
}

static void add_missing(struct hd_cel_unknowns **unknowns,
			const struct hd_expr *expr,
			const struct hd_expr_scope *scope, uint32_t id)
{
	for (size_t i = 0; i < PATHS; i++)
		if (may_bring(expr, scope, &scope->missing[id], i))
			add_path(unknowns, expr, paths[i].path, id);
}

static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 &&
	       (!path[n] || path[n] == '.' || path[n] == '[');
}

static long covers_done(const struct hd_expr_scope *scope, const char *path)
{
	const char *const *parked = scope->parked;
	long id = (long)scope->missing_count;

	if (strncmp(path, "done.", 5) != 0)
		return -1;
	for (; parked && *parked; parked++, id++)
		if (is_below(path + 5, *parked))
			return id;
	return -1;
}

long hd_unknown_covers(const struct hd_expr *expr,
		       const struct hd_expr_scope *scope, const char *path)
{
	for (size_t id = 0; id < scope->missing_count; id++)
		for (size_t i = 0; i < PATHS; i++)
			if (is_below(path, paths[i].path) &&
			    may_bring(expr, scope, &scope->missing[id], i))
				return (long)id;
	return covers_done(scope, path);
}

struct hd_cel_unknowns *hd_unknown_paths(const struct hd_expr *expr,
					 const struct hd_expr_scope *scope)
{
	const char *const *parked = scope->parked;
	struct hd_cel_unknowns *unknowns = NULL;
	uint32_t id = 0;

	if ((expr->fillable == 0 || scope->missing_count == 0) &&
	    (!expr->reads_done || !parked || !*parked))
		return NULL;
	for (; id < scope->missing_count; id++)
		add_missing(&unknowns, expr, scope, id);
	for (; parked && *parked; parked++, id++) {
		char *path = hd_strf("done.%s", *parked);

		add_path(&unknowns, expr, path, id);
		free(path);
	}
	return unknowns;
}
