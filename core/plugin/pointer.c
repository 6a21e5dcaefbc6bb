#include "core/plugin/pointer.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/json_text.h"
#include "core/base/utf8.h"

/* One segment, decoded. */
struct segment {
	char name[HD_JSON_KEY_MAX + 1];
	size_t n;
};

/* Decodes the segment behind the '/' at *at, which moves to its end. */
static bool next_segment(const char **at, struct segment *out)
{
	const char *p = *at + 1;

	out->n = 0;
	for (; *p && *p != '/'; p++) {
		char c = *p;

		if (c == '~') {
			p++;
			if (*p != '0' && *p != '1')
				return false;
			c = *p == '0' ? '~' : '/';
		}
		if (out->n == HD_JSON_KEY_MAX)
			return false;
		out->name[out->n++] = c;
	}
	out->name[out->n] = '\0';
	*at = p;
	return true;
}

/* Checks all of `path` before anything is changed.  Its segments, or -1. */
static int check_path(const char *path)
{
	struct segment s;
	int count = 0;

	if (*path && *path != '/')
		return -1;
	while (*path) {
		if (!next_segment(&path, &s) || !hd_utf8_valid(s.name, s.n))
			return -1;
		count++;
	}
	return count;
}

static int depth_of(const json_t *v)
{
	int deepest = 0;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++) {
			int d = depth_of(json_array_get(v, i));

			deepest = d > deepest ? d : deepest;
		}
		return deepest + 1;
	}
	if (json_is_object(v)) {
		void *it = json_object_iter((json_t *)v);

		for (; it; it = json_object_iter_next((json_t *)v, it)) {
			int d = depth_of(json_object_iter_value(it));

			deepest = d > deepest ? d : deepest;
		}
		return deepest + 1;
	}
	return 0;
}

/* The index that `s` means in `array`, its size for an append, or -1. */
static ptrdiff_t index_of(const json_t *array, const struct segment *s)
{
	size_t size = json_array_size(array), index = 0;

	if (s->n == 1 && s->name[0] == '-')
		return (ptrdiff_t)size;
	if (s->n == 0 || (s->n > 1 && s->name[0] == '0'))
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		if (s->name[i] < '0' || s->name[i] > '9')
			return -1;
		index = 10 * index + (size_t)(s->name[i] - '0');
		if (index > size)
			return -1;
	}
	return (ptrdiff_t)index;
}

/* The member of `at` that `s` names, borrowed; NULL if it is missing.  *fits
 * says whether there could be one. */
static json_t *child_of(json_t *at, const struct segment *s, bool *fits)
{
	ptrdiff_t i;

	*fits = true;
	if (json_is_object(at))
		return json_object_getn(at, s->name, s->n);
	if (json_is_array(at)) {
		i = index_of(at, s);
		*fits = i >= 0;
		return i >= 0 ? json_array_get(at, (size_t)i) : NULL;
	}
	*fits = false;
	return NULL;
}

/* `s` was found to fit. */
static int put_child_take(json_t *at, const struct segment *s, json_t *value)
{
	size_t i;

	if (json_is_object(at))
		return json_object_setn_new_nocheck(at, s->name, s->n, value);
	i = (size_t)index_of(at, s);
	if (i == json_array_size(at))
		return json_array_append_new(at, value);
	return json_array_set_new(at, i, value);
}

/* What has to be made for a parent whose next segment begins at `rest`. */
static json_t *make_parent(const char *rest)
{
	struct segment s;

	next_segment(&rest, &s);
	if (s.n == 1 && (s.name[0] == '-' || s.name[0] == '0'))
		return json_array();
	return json_object();
}

/* Walks to the parent of the last segment, making what is missing.  What is
 * made hangs in the tree only when the walk cannot fail any more: a made
 * parent has no members that could not fit. */
static json_t *walk(json_t *at, const char **path, struct segment *last)
{
	bool fits;

	for (;;) {
		json_t *child;

		next_segment(path, last);
		child = child_of(at, last, &fits);
		if (!fits)
			return NULL;
		if (!**path)
			return at;
		if (!child || json_is_null(child)) {
			child = make_parent(*path);
			if (!child || put_child_take(at, last, child) < 0)
				return NULL;
		}
		at = child;
	}
}

uint32_t hd_pointer_set_take(json_t **root, const char *path, json_t *value)
{
	int segments = check_path(path);
	struct segment last;
	json_t *parent;

	if (segments < 0 || segments + depth_of(value) > HD_JSON_DEPTH) {
		json_decref(value);
		return segments < 0 ? HERALD_BAD_INPUT : HERALD_TOO_BIG;
	}
	if (segments == 0) {
		json_decref(*root);
		*root = value;
		return HERALD_OK;
	}
	if (json_is_null(*root)) {
		json_decref(*root);
		*root = make_parent(path);
	}
	parent = walk(*root, &path, &last);
	if (!parent) {
		json_decref(value);
		return HERALD_BAD_INPUT;
	}
	return put_child_take(parent, &last, value) < 0 ? HERALD_FAILED
							: HERALD_OK;
}

/* The parent of what `path` names, borrowed, or NULL. */
static json_t *find_parent(json_t *at, const char **path, struct segment *last)
{
	bool fits;

	for (;;) {
		next_segment(path, last);
		if (!**path)
			return at;
		at = child_of(at, last, &fits);
		if (!at)
			return NULL;
	}
}

uint32_t hd_pointer_remove(json_t **root, const char *path)
{
	int segments = check_path(path);
	struct segment last;
	json_t *parent;
	bool fits;

	if (segments < 0)
		return HERALD_BAD_INPUT;
	if (segments == 0) {
		json_decref(*root);
		*root = json_object();
		return HERALD_OK;
	}
	parent = find_parent(*root, &path, &last);
	if (!parent || !child_of(parent, &last, &fits))
		return HERALD_OK;
	if (json_is_object(parent))
		json_object_deln(parent, last.name, last.n);
	else
		json_array_remove(parent, (size_t)index_of(parent, &last));
	return HERALD_OK;
}
