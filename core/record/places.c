#include "core/record/places.h"

#include <stdbool.h>
#include <string.h>

#define PATH_MAX_BYTES 256

/* What one attribute of an object in a role is: a value of an observable type,
 * or (type 0) an object in a role of its own.  Lists likewise, entry by entry.
 * Persons and files that are only mentioned (a device's owner, a user's
 * manager) are not here: nobody asked about them. */
struct row {
	enum hd_role role;
	const char *name;
	int type_id;
	enum hd_role child;
};

static const struct row rows[] = {
	{ HD_ROLE_RECORD, "device", 0, HD_ROLE_DEVICE },
	{ HD_ROLE_RECORD, "actor", 0, HD_ROLE_ACTOR },
	{ HD_ROLE_RECORD, "evidences", 0, HD_ROLE_EVIDENCE },
	{ HD_ROLE_RECORD, "vulnerabilities", 0, HD_ROLE_VULNERABILITY },
	{ HD_ROLE_EVIDENCE, "user", 0, HD_ROLE_USER },
	{ HD_ROLE_EVIDENCE, "actor", 0, HD_ROLE_ACTOR },
	{ HD_ROLE_EVIDENCE, "src_endpoint", 0, HD_ROLE_ENDPOINT },
	{ HD_ROLE_EVIDENCE, "dst_endpoint", 0, HD_ROLE_ENDPOINT },
	{ HD_ROLE_EVIDENCE, "device", 0, HD_ROLE_DEVICE },
	{ HD_ROLE_EVIDENCE, "process", 0, HD_ROLE_PROCESS },
	{ HD_ROLE_EVIDENCE, "file", 0, HD_ROLE_FILE },
	{ HD_ROLE_EVIDENCE, "url", 0, HD_ROLE_URL },
	{ HD_ROLE_EVIDENCE, "email", 0, HD_ROLE_EMAIL },
	{ HD_ROLE_EVIDENCE, "query", 0, HD_ROLE_QUERY },
	{ HD_ROLE_ACTOR, "user", 0, HD_ROLE_USER },
	{ HD_ROLE_ACTOR, "process", 0, HD_ROLE_PROCESS },
	{ HD_ROLE_DEVICE, "hostname", 1, 0 },
	{ HD_ROLE_DEVICE, "ip", 2, 0 },
	{ HD_ROLE_DEVICE, "mac", 3, 0 },
	{ HD_ROLE_DEVICE, "uid", 47, 0 },
	{ HD_ROLE_DEVICE, "subnet", 12, 0 },
	{ HD_ROLE_DEVICE, "location", 0, HD_ROLE_LOCATION },
	{ HD_ROLE_ENDPOINT, "hostname", 1, 0 },
	{ HD_ROLE_ENDPOINT, "ip", 2, 0 },
	{ HD_ROLE_ENDPOINT, "mac", 3, 0 },
	{ HD_ROLE_ENDPOINT, "port", 11, 0 },
	{ HD_ROLE_ENDPOINT, "location", 0, HD_ROLE_LOCATION },
	{ HD_ROLE_LOCATION, "country", 14, 0 },
	{ HD_ROLE_USER, "name", 4, 0 },
	{ HD_ROLE_USER, "email_addr", 5, 0 },
	{ HD_ROLE_PROCESS, "name", 9, 0 },
	{ HD_ROLE_PROCESS, "cmd_line", 13, 0 },
	{ HD_ROLE_PROCESS, "file", 0, HD_ROLE_PROCESS_FILE },
	{ HD_ROLE_PROCESS_FILE, "hashes", 0, HD_ROLE_HASH },
	{ HD_ROLE_FILE, "name", 7, 0 },
	{ HD_ROLE_FILE, "path", 45, 0 },
	{ HD_ROLE_FILE, "hashes", 0, HD_ROLE_HASH },
	{ HD_ROLE_HASH, "value", 8, 0 },
	{ HD_ROLE_URL, "url_string", 6, 0 },
	{ HD_ROLE_EMAIL, "from", 5, 0 },
	{ HD_ROLE_EMAIL, "to", 5, 0 },
	{ HD_ROLE_EMAIL, "urls", 0, HD_ROLE_URL },
	{ HD_ROLE_EMAIL, "files", 0, HD_ROLE_FILE },
	{ HD_ROLE_QUERY, "hostname", 1, 0 },
	{ HD_ROLE_VULNERABILITY, "cve", 0, HD_ROLE_CVE },
	{ HD_ROLE_CVE, "uid", 18, 0 },
};

struct walk {
	hd_places_fn value_fn;
	hd_places_object_fn object_fn;
	enum hd_role wanted; /* of object_fn */
	void *ud;
	char path[PATH_MAX_BYTES];
	size_t length;
};

/* Lengthens the path by `text`, as far as there is room; returns the length it
 * had. */
static size_t enter(struct walk *walk, const char *text, bool dot)
{
	size_t before = walk->length;
	size_t n = strlen(text);

	if (before + n + 2 > sizeof(walk->path))
		return before;
	if (dot && before > 0)
		walk->path[walk->length++] = '.';
	memcpy(walk->path + walk->length, text, n + 1);
	walk->length += n;
	return before;
}

static void leave(struct walk *walk, size_t n)
{
	walk->path[n] = '\0';
	walk->length = n;
}

static size_t enter_index(struct walk *walk, size_t index)
{
	char text[24];

	snprintf(text, sizeof(text), "[%zu]", index);
	return enter(walk, text, false);
}

static void visit(struct walk *walk, json_t *object, enum hd_role role);

static void visit_value(struct walk *walk, const struct row *row,
			json_t *holder, json_t *value)
{
	if (row->type_id == 0)
		visit(walk, value, row->child);
	else if (walk->value_fn &&
		 (json_is_string(value) || json_is_integer(value)))
		walk->value_fn(walk->ud, row->type_id, walk->path, value,
			       row->role, holder);
}

static void visit_row(struct walk *walk, const struct row *row, json_t *object)
{
	json_t *value = json_object_get(object, row->name);
	size_t before, i, end;
	json_t *item;

	if (!value)
		return;
	before = enter(walk, row->name, true);
	if (json_is_array(value)) {
		json_array_foreach(value, i, item) {
			end = enter_index(walk, i);
			visit_value(walk, row, object, item);
			leave(walk, end);
		}
	} else {
		visit_value(walk, row, object, value);
	}
	leave(walk, before);
}

static void visit(struct walk *walk, json_t *object, enum hd_role role)
{
	if (!json_is_object(object))
		return;
	if (walk->object_fn && role == walk->wanted)
		walk->object_fn(walk->ud, object);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].role == role)
			visit_row(walk, &rows[i], object);
}

void hd_places_walk(json_t *object, enum hd_role role, hd_places_fn fn,
		    void *ud)
{
	struct walk walk = { .value_fn = fn, .ud = ud };

	visit(&walk, object, role);
}

void hd_places_objects(json_t *record, enum hd_role role,
		       hd_places_object_fn fn, void *ud)
{
	struct walk walk = { .object_fn = fn, .wanted = role, .ud = ud };

	visit(&walk, record, HD_ROLE_RECORD);
}
