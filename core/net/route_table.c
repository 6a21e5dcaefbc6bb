#include "core/net/route_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/net/url.h"

static void free_route(struct hd_route *route)
{
	free((char *)route->want.method);
	free((char *)route->want.path);
	free(route);
}

void hd_route_table_fini(struct hd_route_table *table)
{
	struct hd_route *route;

	while ((route = table->first)) {
		table->first = route->next;
		free_route(route);
	}
}

/* As it is compared with what came in: decoded. */
static int check(const struct hd_listener_route *want, struct hd_err *err)
{
	size_t n = strlen(want->path);
	char *path;

	if (strspn(want->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
		    strlen(want->method) ||
	    !want->method[0])
		return hd_err_set(err, EINVAL, "route %s: method '%s'",
				  want->path, want->method);
	path = hd_url_decode_path(want->path, n, err);
	if (!path)
		return hd_err_wrap(err, "route '%s'", want->path);
	n -= strlen(path);
	free(path);
	if (n != 0 || strchr(want->path, '?'))
		return hd_err_set(err, EINVAL,
				  "route '%s': give the path decoded and "
				  "without a query",
				  want->path);
	return 0;
}

static bool is_same(const struct hd_listener_route *a,
		    const struct hd_listener_route *b)
{
	return strcmp(a->method, b->method) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

static struct hd_route *find_same(const struct hd_route_table *table,
				  const struct hd_listener_route *want)
{
	struct hd_route *route;

	for (route = table->first; route; route = route->next)
		if (is_same(&route->want, want))
			break;
	return route;
}

uint64_t hd_route_add(struct hd_route_table *table,
		      const struct hd_listener_route *want, struct hd_err *err)
{
	struct hd_route *route;

	if (check(want, err) < 0)
		return 0;
	route = find_same(table, want);
	if (route && !route->left) {
		hd_err_set(err, EEXIST, "route %s %s is taken", want->method,
			   want->path);
		return 0;
	}
	if (route)
		hd_route_remove(table, route->id);
	route = hd_alloc(sizeof(*route));
	route->want = *want;
	route->want.method = hd_strdup(want->method);
	route->want.path = hd_strdup(want->path);
	route->id = ++table->last_id;
	route->next = table->first;
	table->first = route;
	return route->id;
}

struct hd_route *hd_route_get(const struct hd_route_table *table, uint64_t id)
{
	struct hd_route *route;

	for (route = table->first; route; route = route->next)
		if (route->id == id)
			break;
	return route;
}

void hd_route_remove(struct hd_route_table *table, uint64_t id)
{
	struct hd_route **at, *route;

	for (at = &table->first; (route = *at); at = &route->next) {
		if (route->id != id)
			continue;
		*at = route->next;
		free_route(route);
		return;
	}
}

void hd_route_leave(struct hd_route_table *table, uint64_t id)
{
	struct hd_route *route = hd_route_get(table, id);

	if (route)
		route->paused = route->left = true;
}

void hd_route_forget_left(struct hd_route_table *table)
{
	struct hd_route **at = &table->first, *route;

	while ((route = *at)) {
		if (!route->left) {
			at = &route->next;
			continue;
		}
		*at = route->next;
		free_route(route);
	}
}

/* A prefix ends where a segment ends: "/in" holds "/in/x" but not "/inner". */
static bool fits(const struct hd_listener_route *want, const char *path)
{
	size_t n = strlen(want->path);

	if (!want->prefix)
		return strcmp(want->path, path) == 0;
	if (strncmp(want->path, path, n) != 0)
		return false;
	return want->path[n - 1] == '/' || path[n] == '\0' || path[n] == '/';
}

static bool serves(const struct hd_listener_route *want, const char *method)
{
	return strcmp(want->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 &&
		strcmp(want->method, "GET") == 0);
}

static void add_allowed(struct hd_buf *allow, const char *method)
{
	if (allow->n != 0)
		hd_buf_adds(allow, ", ");
	hd_buf_adds(allow, method);
	if (strcmp(method, "GET") == 0)
		hd_buf_adds(allow, ", HEAD");
}

static size_t longest_path(const struct hd_route_table *table, const char *path)
{
	const struct hd_route *route;
	size_t n, longest = 0;

	for (route = table->first; route; route = route->next) {
		n = strlen(route->want.path);
		if (n > longest && fits(&route->want, path))
			longest = n;
	}
	return longest;
}

const struct hd_route *hd_route_find(const struct hd_route_table *table,
				     const char *method, const char *path,
				     struct hd_buf *allow)
{
	size_t longest = longest_path(table, path);
	const struct hd_route *route;

	for (route = table->first; route; route = route->next) {
		if (strlen(route->want.path) != longest ||
		    !fits(&route->want, path))
			continue;
		if (serves(&route->want, method)) {
			hd_buf_clear(allow);
			return route;
		}
		add_allowed(allow, route->want.method);
	}
	return NULL;
}
