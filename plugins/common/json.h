/* json.h - JSON documents of the host, read and written without ceremony
 *
 * A thin skin over the host's json_* services.  Places are given as a base (a
 * JSON Pointer, often that of a list item) and the rest, so that a loop over
 * items builds one path an item:
 *
 *	hp_path(&item, "/response/Attribute/%zu", i);
 *	id = hp_json_text(&reply, item.text, "/Event/id");
 *
 * Foreign answers are read tolerantly: identifiers come as numbers or as text,
 * flags as true, 1 or "1", depending on the product's version.  Writing notes
 * its first failure in `failed` (memory, a tree too deep): build the whole
 * document, then ask once.
 */
#ifndef HERALD_PLUGINS_JSON_H
#define HERALD_PLUGINS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <herald/plugin.h>

#define HP_PATH_MAX 512

struct hp_path {
	char text[HP_PATH_MAX];
};

/* Makes a path of constants and numbers.  For names from outside use
 * herald_pointer().  Returns its text; one that is too long is "/" followed by
 * a name that no document has. [any] */
const char *hp_path(struct hp_path *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct hp_json {
	const herald_host *h;
	herald_doc *d; /* NULL: nothing in it */
	bool failed;
};

/* Parses; {NULL, 0} makes {}.  False if it is no JSON (or cannot be held
 * exactly): `j` may then be closed, and read as a document without anything.
 * [any] */
bool hp_json_open(struct hp_json *j, const herald_host *h, herald_str text);
void hp_json_close(struct hp_json *j);

/* ---- reading; `rest` may be "" ---- */

/* One of HERALD_JSON_*. [any] */
uint32_t hp_json_type(struct hp_json *j, const char *base, const char *rest);

/* Members of an object or array, else 0. [any] */
size_t hp_json_size(struct hp_json *j, const char *base, const char *rest);

/* A string, or a number as it is written; {NULL, 0} for all else.  Borrowed
 * from `j`, valid until it is changed or closed. [any] */
herald_str hp_json_text(struct hp_json *j, const char *base, const char *rest);

/* The same, never NULL: "" where there is none. [any] */
const char *hp_json_cstr(struct hp_json *j, const char *base, const char *rest);

/* An integer, or text that is one; `otherwise` for all else. [any] */
int64_t hp_json_int(struct hp_json *j, const char *base, const char *rest,
		    int64_t otherwise);

/* true, 1, "1" and "true". [any] */
bool hp_json_is_true(struct hp_json *j, const char *base, const char *rest);

/* ---- writing ---- */

/* Empty text sets nothing: absent, never "". [any] */
void hp_json_put(struct hp_json *j, const char *path, herald_str text);
void hp_json_put_int(struct hp_json *j, const char *path, int64_t value);
void hp_json_put_bool(struct hp_json *j, const char *path, bool value);

/* The value at `from_base` + `from_rest`; nothing where it is absent or null.
 * [any] */
void hp_json_put_copy(struct hp_json *j, const char *path, struct hp_json *from,
		      const char *from_base, const char *from_rest);

/* The document's text.  Borrowed, valid until it is changed or closed; {NULL,
 * 0} if something failed. [any] */
herald_str hp_json_all(struct hp_json *j);

#endif
