/* object.h - which memory belongs to a loaded shared object
 *
 * A descriptor that says it is 1 GiB long, or whose lists point anywhere, must
 * not make us read there.  The tables that a plugin exports, and their texts,
 * are constants of its own object: what lies outside its segments is refused.
 */
#ifndef HD_PLUGIN_OBJECT_H
#define HD_PLUGIN_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HD_OBJECT_RANGES 16

struct hd_err;

struct hd_object {
	void *handle; /* of dlopen(); never closed */
	size_t count;
	struct hd_object_range {
		uintptr_t from, to; /* readable bytes, `to` not included */
	} ranges[HD_OBJECT_RANGES];
};

/* Loads `path`; this runs its constructors.  -1 and `err` with the loader's
 * words. [loop] */
int hd_object_open(struct hd_object *object, const char *path,
		   struct hd_err *err);

/* The data symbol `name` of this very object (not of a library that it
 * needs), and its size; NULL if it has none. [loop] */
const void *hd_object_symbol(const struct hd_object *object, const char *name,
			     size_t *size);

/* True if all `n` bytes at `p` belong to the object. [any] */
bool hd_object_holds(const struct hd_object *object, const void *p, size_t n);

/* Length of the text at `p`, or -1 if it is not whole inside the object or
 * longer than `max`. [any] */
ptrdiff_t hd_object_text(const struct hd_object *object, const char *p,
			 size_t max);

#endif
