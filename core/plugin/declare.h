/* declare.h - what a plugin says of itself, copied and checked
 *
 * The descriptor and everything that it points to are copied into zeroed
 * memory of our own size: what an older plugin does not have reads as zero,
 * what a newer one has beyond ours is ignored.  Nothing is read outside the
 * plugin's object.  Texts stay where they are: constants of a module that is
 * never unloaded.
 *
 * Every rule of plugin.h about declarations is checked here, so that the code
 * behind can rely on it.  One fault is enough to refuse; it is told with its
 * place ("action disable_account: parameter user: ...").
 */
#ifndef HD_PLUGIN_DECLARE_H
#define HD_PLUGIN_DECLARE_H

#include <stddef.h>

#include <herald/plugin.h>

struct hd_err;
struct hd_object;

#define HD_DECLARE_TEXT_MAX 4096  /* bytes of a declared text */
#define HD_DECLARE_ITEMS_MAX 1000 /* items of a list */

/* `plugin` is ours: its lists have our item size, and source, enricher and
 * actions point to the copies beside it.  Do not copy the struct. */
struct hd_declared {
	herald_plugin plugin;
	herald_source source;
	herald_enricher enricher;
	herald_actions actions;
};

/* Copies the descriptor at `from`, a symbol of `size` bytes in `object`, whose
 * file is called `name`.  Returns 0, or -1 and `err`; `out` is to be given to
 * hd_declare_fini() in both cases. [any] */
int hd_declare_read(struct hd_declared *out, const struct hd_object *object,
		    const void *from, size_t size, const char *name,
		    struct hd_err *err);

/* Frees the copied lists. [any] */
void hd_declare_fini(struct hd_declared *declared);

#endif
