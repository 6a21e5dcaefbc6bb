#include "core/expr/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/guess.h"
#include "core/conf/node.h"
#include "core/expr/env.h"
#include "core/record/record.h"
#include "core/record/schema.h"

#define UNMAPPED "unmapped."
#define READS_AT_ONCE 64

struct row {
	char *set;
	bool list;    /* takes the values of all its rows */
	size_t first; /* number of the first row with the same `set` */
	struct hd_expr *to, *cond;
	char *needs[2]; /* members of the row without which it cannot apply */
	bool plain;	/* `to` is needs[0] as it stands: not evaluated */
	bool beside;	/* `to` is a member of what was received, likewise */
	bool dropped;	/* an operator's row took its place */
	const char **reads; /* paths of `to` and `cond`, borrowed from them */
	size_t read_count;
};

struct hd_map {
	struct hd_expr_env *env;
	char *source;
	struct row *rows;
	size_t count, defaults;
};

static const struct hd_expr_names names = { .row = true };

static void fini_row(struct row *row)
{
	hd_expr_free(row->to);
	hd_expr_free(row->cond);
	free(row->needs[0]);
	free(row->needs[1]);
	free(row->reads);
	free(row->set);
}

/* The member of the row that the expression cannot do without: "user" of
 * `row.user == "x"` and of `type(row.user) == string && ...`.  NULL where that
 * is not plain: `||` makes up for an absent member, has() asks for one, and a
 * value (no condition) of `false && row.x` is a value.  Most rows of a table
 * are about members that a given alert lacks, and this makes them cost next to
 * nothing.  The caller frees it. */
static char *needed_member(const struct hd_expr *expr, bool is_cond)
{
	static const char row[] = "row.";
	static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_";
	const char *p = expr ? hd_expr_source(expr) : "";
	size_t n;

	if (strstr(p, "||") || (!is_cond && strstr(p, "&&")))
		return NULL;
	while (strncmp(p, row, sizeof(row) - 1) != 0) {
		n = strspn(p, name_bytes);
		if (p[n] != '(' || strncmp(p, "has(", 4) == 0)
			return NULL;
		p += n + 1;
	}
	p += sizeof(row) - 1;
	n = strspn(p, name_bytes);
	return n > 0 ? hd_memdup0(p, n) : NULL;
}

/* "row.user" and no more. */
static bool is_member(const struct row *row)
{
	static const char prefix[] = "row.";
	const char *to = hd_expr_source(row->to);

	return row->needs[0] && strncmp(to, prefix, sizeof(prefix) - 1) == 0 &&
	       strcmp(to + sizeof(prefix) - 1, row->needs[0]) == 0;
}

static void add_read(void *ud, const char *path)
{
	struct row *row = ud;

	row->reads = hd_realloc_array(row->reads, row->read_count + 1,
				      sizeof(*row->reads));
	row->reads[row->read_count++] = path;
}

/* ---- paths ---- */

static bool is_unmapped(const char *path)
{
	return strncmp(path, UNMAPPED, sizeof(UNMAPPED) - 1) == 0 &&
	       path[sizeof(UNMAPPED) - 1];
}

/* The last part of `path` that OCSF lacks, and what it may have been. */
static void explain_path(const char *path, char *text, size_t size,
			 char *remedy, size_t remedy_size)
{
	const struct hd_ocsf_object *object = &hd_ocsf_objects[0];
	const struct hd_ocsf_attribute *attribute;
	struct hd_guess guess;
	const char *name = path;
	char word[128];

	remedy[0] = '\0';
	while (object && (attribute = hd_ocsf_attribute_n(
				  object, name, strcspn(name, ".")))) {
		object = hd_ocsf_held(attribute);
		name += strcspn(name, ".");
		name += *name == '.';
	}
	if (!object || object->open) {
		snprintf(text, size, "'%s' is no path of the record", path);
		return;
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "."), name);
	snprintf(text, size, "no attribute '%s' in %s ('%s')", word,
		 object->name, path);
	hd_guess_init(&guess, word);
	for (size_t i = 0; i < object->count; i++)
		hd_guess_offer(&guess, object->attributes[i].name);
	if (guess.best)
		snprintf(remedy, remedy_size, "did you mean '%s'?", guess.best);
}

/* What herald makes itself, and no source may claim. */
static bool is_ours(const char *path)
{
	static const char *const ours[] = {
		"class_uid",	 "class_name",	     "category_uid",
		"category_name", "type_uid",	     "type_name",
		"metadata.uid",	 "metadata.version", "metadata.profiles",
		"raw_data",	 "enrichments",	     "risk_score",
		"risk_level",	 "risk_level_id",    "risk_details",
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(path, ours[i]) == 0)
			return true;
	return false;
}

static bool check_path(const char *path, char *text, size_t size, char *remedy,
		       size_t remedy_size)
{
	remedy[0] = '\0';
	if (is_ours(path)) {
		snprintf(text, size, "'%s' is made by herald", path);
		return false;
	}
	if (is_unmapped(path) || hd_ocsf_path(path, NULL))
		return true;
	explain_path(path, text, size, remedy, remedy_size);
	return false;
}

/* ---- building ---- */

static void add_row(struct hd_map *map, const char *set, struct hd_expr *to,
		    struct hd_expr *cond)
{
	const struct hd_ocsf_attribute *attribute =
		is_unmapped(set) ? NULL : hd_ocsf_path(set, NULL);
	struct row *row;
	size_t first = 0;

	map->rows = hd_realloc_array(map->rows, map->count + 1,
				     sizeof(*map->rows));
	while (first < map->count && (map->rows[first].dropped ||
				      strcmp(map->rows[first].set, set) != 0))
		first++;
	row = &map->rows[map->count++];
	*row = (struct row){ .set = hd_strdup(set),
			     .list = attribute && attribute->array,
			     .first = first,
			     .to = to,
			     .cond = cond,
			     .needs = { needed_member(to, false),
					needed_member(cond, true) } };
	row->plain = is_member(row);
	row->beside = hd_expr_is_name(to);
	hd_expr_paths(to, add_read, row);
	if (cond)
		hd_expr_paths(cond, add_read, row);
}

static int add_default(struct hd_map *map, const struct hd_map_row *row,
		       struct hd_err *err)
{
	struct hd_expr *to, *cond = NULL;
	char text[256], remedy[160];

	if (!check_path(row->set, text, sizeof(text), remedy, sizeof(remedy)))
		return hd_err_set(err, EINVAL, "map row for %s: %s", row->set,
				  text);
	to = hd_expr_compile_text(map->env, &names, row->to, HD_EXPR_ANY, err);
	if (!to)
		return hd_err_wrap(err, "map row for %s: %s", row->set,
				   row->to);
	if (row->cond && row->cond[0]) {
		cond = hd_expr_compile_text(map->env, &names, row->cond,
					    HD_EXPR_BOOL, err);
		if (!cond) {
			hd_expr_free(to);
			return hd_err_wrap(err, "map row for %s: %s", row->set,
					   row->cond);
		}
	}
	add_row(map, row->set, to, cond);
	return 0;
}

struct hd_map *hd_map_new(struct hd_expr_env *env, const char *source,
			  const struct hd_map_row *rows, size_t count,
			  struct hd_err *err)
{
	struct hd_map *map = hd_alloc(sizeof(*map));

	map->env = env;
	map->source = hd_strdup(source);
	for (size_t i = 0; i < count; i++) {
		if (add_default(map, &rows[i], err) < 0) {
			hd_map_free(map);
			return NULL;
		}
	}
	map->defaults = map->count;
	return map;
}

void hd_map_free(struct hd_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->count; i++)
		fini_row(&map->rows[i]);
	free(map->rows);
	free(map->source);
	free(map);
}

/* ---- the operator's rows ---- */

static int check_keys(const struct hd_node *node,
		      struct hd_complaints *complaints)
{
	static const char *const keys[] = { "set", "to", "if" };
	int status = 0;

	for (size_t i = 0; i < hd_node_count(node); i++) {
		const char *key = hd_node_key(node, i);
		struct hd_guess guess;
		bool known = false;

		hd_guess_init(&guess, key);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			known = known || strcmp(key, keys[k]) == 0;
			hd_guess_offer(&guess, keys[k]);
		}
		if (known)
			continue;
		status = hd_complain(complaints,
				     hd_node_key_place(hd_node_item(node, i)),
				     "unknown key '%s' in a row of map%s%s%s",
				     key, guess.best ? "; did you mean '" : "",
				     guess.best ? guess.best : "",
				     guess.best ? "'?" : "");
	}
	return status;
}

static int check_set(const struct hd_node *node,
		     struct hd_complaints *complaints)
{
	const char *path = hd_node_get_text(node, "set");
	char text[256], remedy[160];

	if (!path)
		return hd_complain(complaints, hd_node_place(node),
				   "a row of map needs 'set', a path of the "
				   "record");
	if (check_path(path, text, sizeof(text), remedy, sizeof(remedy)))
		return 0;
	return hd_complain(complaints, hd_node_place(hd_node_get(node, "set")),
			   "%s%s%s", text, remedy[0] ? "; " : "", remedy);
}

static int add_own(struct hd_map *map, const struct hd_node *node,
		   struct hd_complaints *complaints)
{
	const struct hd_node *to = hd_node_get(node, "to");
	const struct hd_node *cond = hd_node_get(node, "if");
	struct hd_expr *to_expr = NULL, *cond_expr = NULL;
	int status;

	if (hd_node_type(node) != HD_NODE_MAP)
		return hd_complain(complaints, hd_node_place(node),
				   "a row of map is {set, to, if}, this is %s",
				   hd_node_kind(node));
	status = check_keys(node, complaints);
	if (check_set(node, complaints) < 0)
		status = -1;
	if (!to)
		status = hd_complain(complaints, hd_node_place(node),
				     "a row of map needs 'to', an expression");
	else
		to_expr = hd_expr_compile(map->env, &names, to, HD_EXPR_ANY,
					  complaints);
	if (cond)
		cond_expr = hd_expr_compile(map->env, &names, cond,
					    HD_EXPR_BOOL, complaints);
	if (status < 0 || !to_expr || (cond && !cond_expr)) {
		hd_expr_free(to_expr);
		hd_expr_free(cond_expr);
		return -1;
	}
	add_row(map, hd_node_get_text(node, "set"), to_expr, cond_expr);
	return 0;
}

int hd_map_add(struct hd_map *map, const struct hd_node *rows,
	       struct hd_complaints *complaints)
{
	int status = 0;

	if (hd_node_type(rows) != HD_NODE_SEQ)
		return hd_complain(complaints, hd_node_place(rows),
				   "map is a list of rows, this is %s",
				   hd_node_kind(rows));
	/* All default rows with a `set` of the operator's go first, so that
	 * his rows for one path count as one. */
	for (size_t i = 0; i < hd_node_count(rows); i++) {
		const char *set = hd_node_get_text(hd_node_item(rows, i),
						   "set");

		for (size_t k = 0; set && k < map->defaults; k++)
			if (strcmp(map->rows[k].set, set) == 0)
				map->rows[k].dropped = true;
	}
	for (size_t i = 0; i < hd_node_count(rows); i++)
		if (add_own(map, hd_node_item(rows, i), complaints) < 0)
			status = -1;
	return status;
}

void hd_map_sets(const struct hd_map *map,
		 void (*fn)(void *ud, const char *set), void *ud)
{
	for (size_t i = 0; i < map->count; i++)
		fn(ud, map->rows[i].set);
}

/* ---- applying ---- */

struct applying {
	const struct hd_map *map;
	struct hd_expr_scope scope;
	json_t *record;
	const char **read; /* paths in the row that counted */
	size_t read_count, read_room;
	bool *applied;
	unsigned errors;
	struct hd_reason *why;
};

/* "row.user" and "row.user[*]" read the row's `user`; so does "user" where the
 * row is all that was received. */
static void note_path(struct applying *applying, const char *path)
{
	static const char row[] = "row.";

	if (strncmp(path, row, sizeof(row) - 1) == 0)
		path += sizeof(row) - 1;
	else if (applying->scope.row != applying->scope.received)
		return;
	if (applying->read_count == applying->read_room) {
		applying->read_room += READS_AT_ONCE;
		applying->read = hd_realloc_array(applying->read,
						  applying->read_room,
						  sizeof(*applying->read));
	}
	applying->read[applying->read_count++] = path;
}

/* A member's name may have dots in it, so a path cannot be cut at them. */
static bool was_read(const struct applying *applying, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < applying->read_count; i++) {
		const char *path = applying->read[i];

		if (path[0] == name[0] && strncmp(path, name, n) == 0 &&
		    (path[n] == '\0' || path[n] == '.' || path[n] == '['))
			return true;
	}
	return false;
}

static void note_error(struct applying *applying, const struct row *row,
		       const struct hd_reason *why)
{
	if (applying->errors++ == 0 && applying->why)
		snprintf(applying->why->text, sizeof(applying->why->text),
			 "%.80s: %.160s", row->set, why->text);
}

static void apply_row(struct applying *applying, size_t index)
{
	const struct row *row = &applying->map->rows[index];
	struct hd_reason why = { "" };
	enum hd_truth truth = HD_HOLDS;
	json_t *value = NULL;

	if (row->dropped || (applying->applied[row->first] && !row->list))
		return;
	for (size_t i = 0; i < 2; i++)
		if (row->needs[i] &&
		    !json_object_get(applying->scope.row, row->needs[i]))
			return;
	if (row->cond)
		truth = hd_expr_holds(row->cond, &applying->scope, &why);
	if (truth == HD_HOLDS && row->plain)
		value = json_incref(
			json_object_get(applying->scope.row, row->needs[0]));
	else if (truth == HD_HOLDS && row->beside)
		value = json_incref(json_object_get(applying->scope.received,
						    hd_expr_source(row->to)));
	else if (truth == HD_HOLDS)
		truth = hd_expr_value(row->to, &applying->scope, &value, &why);
	if (truth == HD_ERROR)
		note_error(applying, row, &why);
	if (truth != HD_HOLDS || !hd_record_says(value)) {
		json_decref(value);
		return;
	}
	hd_record_set(applying->record, row->set, value);
	json_decref(value);
	applying->applied[row->first] = true;
	for (size_t i = 0; i < row->read_count; i++)
		note_path(applying, row->reads[i]);
}

static void keep_unread(struct applying *applying)
{
	const char *name;
	json_t *value;

	json_object_foreach(applying->scope.row, name, value)
		if (!was_read(applying, name) && hd_record_says(value))
			hd_record_set_unmapped(applying->record,
					       applying->map->source, name,
					       value);
}

json_t *hd_map_apply(const struct hd_map *map, json_t *received, json_t *row,
		     int64_t now_ms, unsigned *errors, struct hd_reason *why)
{
	struct applying applying = {
		.map = map,
		.scope = { .row = row, .received = received, .now_ms = now_ms },
		.record = json_object(),
		.applied = hd_alloc_array(map->count + 1, sizeof(bool)),
		.why = why
	};

	if (why)
		why->text[0] = '\0';
	for (size_t i = 0; i < map->count; i++)
		apply_row(&applying, i);
	keep_unread(&applying);
	free(applying.read);
	free(applying.applied);
	if (errors)
		*errors = applying.errors;
	return applying.record;
}
