#include "core/plugin/declare.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/plugin/declare_check.h"
#include "core/plugin/object.h"

#define ITEM_SIZE_MAX 4096
#define STRUCT_SIZE_MAX 65536

/* Sizes that version 1.0 had: nothing older exists.  They stay when the
 * structs grow. */
#define SIZE_TO(type, last) \
	(offsetof(type, last) + sizeof(((const type *)0)->last))
#define PLUGIN_SIZE_1_0 SIZE_TO(herald_plugin, actions)
#define SOURCE_SIZE_1_0 SIZE_TO(herald_source, settled)
#define ENRICHER_SIZE_1_0 SIZE_TO(herald_enricher, lookup)
#define ACTIONS_SIZE_1_0 SIZE_TO(herald_actions, run)

/* Where in an item its texts stand. */
struct shape {
	const char *what; /* "options" */
	size_t size, size_1_0;
	size_t texts[6]; /* offsets of const char *; NO_TEXT ends */
};

#define NO_TEXT ((size_t)-1)
#define SHAPE(what, type, last) what, sizeof(type), SIZE_TO(type, last)

static const struct shape option_shape = {
	SHAPE("options", herald_option, help),
	{ offsetof(herald_option, name), offsetof(herald_option, def),
	  offsetof(herald_option, values), offsetof(herald_option, help),
	  NO_TEXT },
};

static const struct shape metric_shape = {
	SHAPE("metrics", herald_metric, help),
	{ offsetof(herald_metric, name), offsetof(herald_metric, unit),
	  offsetof(herald_metric, help), NO_TEXT },
};

static const struct shape key_shape = {
	SHAPE("keys", herald_key, help),
	{ offsetof(herald_key, type), offsetof(herald_key, context),
	  offsetof(herald_key, kind), offsetof(herald_key, fills),
	  offsetof(herald_key, help), NO_TEXT },
};

static const struct shape action_shape = {
	SHAPE("actions", herald_action, help),
	{ offsetof(herald_action, name), offsetof(herald_action, undo),
	  offsetof(herald_action, help), NO_TEXT },
};

static const struct shape route_shape = {
	SHAPE("routes", herald_route, help),
	{ offsetof(herald_route, method), offsetof(herald_route, path),
	  offsetof(herald_route, help), NO_TEXT },
};

static const struct shape map_shape = {
	SHAPE("map", herald_map, help),
	{ offsetof(herald_map, set), offsetof(herald_map, to),
	  offsetof(herald_map, cond), offsetof(herald_map, help), NO_TEXT },
};

/* All lists of the ABI are alike. */
struct list {
	const void *items;
	uint32_t count, item_size;
};

_Static_assert(sizeof(struct list) == sizeof(herald_options) &&
		       sizeof(struct list) == sizeof(herald_action_list),
	       "lists of the ABI have one form");

static int check_text(const struct hd_object *object, const char *text,
		      const char *what, struct hd_err *err)
{
	if (text && hd_object_text(object, text, HD_DECLARE_TEXT_MAX) < 0)
		return hd_err_set(err, EINVAL,
				  "%s: a text does not end within the object "
				  "or within %d bytes",
				  what, HD_DECLARE_TEXT_MAX);
	return 0;
}

static int check_texts(const char *item, const struct shape *shape,
		       const struct hd_object *object, struct hd_err *err)
{
	for (size_t i = 0; shape->texts[i] != NO_TEXT; i++) {
		const char *text;

		memcpy(&text, item + shape->texts[i], sizeof(text));
		if (check_text(object, text, shape->what, err) < 0)
			return -1;
	}
	return 0;
}

static int check_list(const struct list *list, const struct shape *shape,
		      const struct hd_object *object, struct hd_err *err)
{
	if (list->count > HD_DECLARE_ITEMS_MAX)
		return hd_err_set(err, EINVAL, "%s: %u items, at most %d",
				  shape->what, list->count,
				  HD_DECLARE_ITEMS_MAX);
	if (list->item_size < shape->size_1_0 ||
	    list->item_size > ITEM_SIZE_MAX)
		return hd_err_set(err, EINVAL, "%s: item size %u is none",
				  shape->what, list->item_size);
	if (!hd_object_holds(object, list->items,
			     (size_t)list->count * list->item_size))
		return hd_err_set(err, EFAULT,
				  "%s: the list lies outside the object",
				  shape->what);
	return 0;
}

/* What the copy `to` holds is ours, also on failure. */
static int copy_list(void *to, const void *from, const struct shape *shape,
		     const struct hd_object *object, struct hd_err *err)
{
	struct list theirs, ours = { NULL, 0, (uint32_t)shape->size };
	char *items;
	size_t n;

	memcpy(&theirs, from, sizeof(theirs));
	memcpy(to, &ours, sizeof(ours));
	if (theirs.count == 0)
		return 0;
	if (check_list(&theirs, shape, object, err) < 0)
		return -1;
	items = hd_alloc_array(theirs.count, shape->size);
	n = theirs.item_size < shape->size ? theirs.item_size : shape->size;
	ours.items = items;
	ours.count = theirs.count;
	memcpy(to, &ours, sizeof(ours));

	for (uint32_t i = 0; i < theirs.count; i++) {
		memcpy(items, (const char *)theirs.items + i * theirs.item_size,
		       n);
		if (check_texts(items, shape, object, err) < 0)
			return -1;
		items += shape->size;
	}
	return 0;
}

/* Copies a struct that begins with its size. */
static int copy_struct(void *out, size_t out_size, size_t least,
		       const void *from, const char *what,
		       const struct hd_object *object, struct hd_err *err)
{
	uint32_t size;

	if (!hd_object_holds(object, from, sizeof(size)))
		return hd_err_set(err, EFAULT, "%s lies outside the object",
				  what);
	memcpy(&size, from, sizeof(size));
	if (size < least || size > STRUCT_SIZE_MAX ||
	    !hd_object_holds(object, from, size))
		return hd_err_set(err, EINVAL, "%s: struct_size %u is none",
				  what, size);
	memcpy(out, from, size < out_size ? size : out_size);
	return 0;
}

static int copy_params(herald_action *actions, uint32_t count,
		       const struct hd_object *object, struct hd_err *err)
{
	herald_options *theirs = hd_alloc_array(count, sizeof(*theirs));
	int rc = 0;

	for (uint32_t i = 0; i < count; i++) {
		theirs[i] = actions[i].params;
		memset(&actions[i].params, 0, sizeof(actions[i].params));
	}
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		rc = copy_list(&actions[i].params, &theirs[i], &option_shape,
			       object, err);
		if (rc < 0)
			hd_err_wrap(err, "action %s",
				    actions[i].name ? actions[i].name : "?");
	}
	free(theirs);
	return rc;
}

static int copy_actions(struct hd_declared *d, const void *from,
			const struct hd_object *object, struct hd_err *err)
{
	herald_actions theirs;

	memset(&theirs, 0, sizeof(theirs));
	if (copy_struct(&theirs, sizeof(theirs), ACTIONS_SIZE_1_0, from,
			"actions", object, err) < 0)
		return -1;
	d->plugin.actions = &d->actions;
	d->actions.struct_size = sizeof(d->actions);
	d->actions.run = theirs.run;
	if (copy_list(&d->actions.list, &theirs.list, &action_shape, object,
		      err) < 0) {
		/* Their parameters are not copied yet. */
		free((void *)d->actions.list.items);
		memset(&d->actions.list, 0, sizeof(d->actions.list));
		return -1;
	}
	/* The copy is ours, only the list's type says const. */
	return copy_params((herald_action *)d->actions.list.items,
			   d->actions.list.count, object, err);
}

static int copy_source(struct hd_declared *d, const void *from,
		       const struct hd_object *object, struct hd_err *err)
{
	herald_source theirs;

	memset(&theirs, 0, sizeof(theirs));
	if (copy_struct(&theirs, sizeof(theirs), SOURCE_SIZE_1_0, from,
			"source", object, err) < 0)
		return -1;
	d->plugin.source = &d->source;
	d->source.struct_size = sizeof(d->source);
	d->source.request = theirs.request;
	d->source.resume = theirs.resume;
	d->source.settled = theirs.settled;
	if (copy_list(&d->source.routes, &theirs.routes, &route_shape, object,
		      err) < 0)
		return -1;
	return copy_list(&d->source.map, &theirs.map, &map_shape, object, err);
}

static int copy_enricher(struct hd_declared *d, const void *from,
			 const struct hd_object *object, struct hd_err *err)
{
	herald_enricher theirs;

	memset(&theirs, 0, sizeof(theirs));
	if (copy_struct(&theirs, sizeof(theirs), ENRICHER_SIZE_1_0, from,
			"enricher", object, err) < 0)
		return -1;
	d->plugin.enricher = &d->enricher;
	d->enricher.struct_size = sizeof(d->enricher);
	d->enricher.lookup = theirs.lookup;
	return copy_list(&d->enricher.keys, &theirs.keys, &key_shape, object,
			 err);
}

/* The four that never move, then the size: before that nothing else is
 * read. */
static int copy_head(herald_plugin *out, const void *from, size_t size,
		     struct hd_err *err)
{
	herald_plugin head;
	size_t n = offsetof(herald_plugin, name);

	memset(&head, 0, sizeof(head));
	memset(out, 0, sizeof(*out));
	if (size < n)
		return hd_err_set(err, EINVAL,
				  "herald_plugin_v1 has %zu bytes, which holds "
				  "no descriptor",
				  size);
	memcpy(&head, from, n);
	if (head.magic != HERALD_MAGIC)
		return hd_err_set(err, EINVAL,
				  "magic is 0x%08x, not 0x%08x -> begin the "
				  "descriptor with HERALD_HEADER",
				  head.magic, HERALD_MAGIC);
	if (head.abi_major != HERALD_ABI_MAJOR)
		return hd_err_set(err, EINVAL,
				  "built for plugin ABI %u.%u, this herald has "
				  "%u.%u -> rebuild it",
				  head.abi_major, head.abi_minor,
				  HERALD_ABI_MAJOR, HERALD_ABI_MINOR);
	if (head.min_host_minor > HERALD_ABI_MINOR)
		return hd_err_set(err, EINVAL,
				  "needs plugin ABI %u.%u, this herald has "
				  "%u.%u -> use a newer herald",
				  HERALD_ABI_MAJOR, head.min_host_minor,
				  HERALD_ABI_MAJOR, HERALD_ABI_MINOR);
	if (head.struct_size < PLUGIN_SIZE_1_0 || head.struct_size > size)
		return hd_err_set(err, EINVAL,
				  "struct_size is %u, at least %zu is needed "
				  "and the symbol has %zu",
				  head.struct_size, PLUGIN_SIZE_1_0, size);
	memcpy(out, from,
	       head.struct_size < sizeof(*out) ? head.struct_size
					       : sizeof(*out));
	return 0;
}

static int check_head(const herald_plugin *p, const struct hd_object *object,
		      const char *name, struct hd_err *err)
{
	if (check_text(object, p->name, "name", err) < 0 ||
	    check_text(object, p->version, "version", err) < 0 ||
	    check_text(object, p->summary, "summary", err) < 0 ||
	    check_text(object, p->license, "license", err) < 0 ||
	    check_text(object, p->url, "url", err) < 0)
		return -1;
	if (!p->name)
		return hd_err_set(err, EINVAL, "the plugin has no name");
	if (strcmp(p->name, name) != 0)
		return hd_err_set(err, EINVAL,
				  "the plugin calls itself '%.64s' -> the file "
				  "must have the plugin's name",
				  p->name);
	return 0;
}

int hd_declare_read(struct hd_declared *out, const struct hd_object *object,
		    const void *from, size_t size, const char *name,
		    struct hd_err *err)
{
	herald_plugin theirs, *p = &out->plugin;

	memset(out, 0, sizeof(*out));
	if (copy_head(&theirs, from, size, err) < 0 ||
	    check_head(&theirs, object, name, err) < 0)
		return -1;
	*p = theirs;
	memset(&p->options, 0, sizeof(p->options));
	memset(&p->metrics, 0, sizeof(p->metrics));
	p->source = NULL;
	p->enricher = NULL;
	p->actions = NULL;
	if (copy_list(&p->options, &theirs.options, &option_shape, object,
		      err) < 0 ||
	    copy_list(&p->metrics, &theirs.metrics, &metric_shape, object,
		      err) < 0)
		return -1;
	if (theirs.source && copy_source(out, theirs.source, object, err) < 0)
		return -1;
	if (theirs.enricher &&
	    copy_enricher(out, theirs.enricher, object, err) < 0)
		return -1;
	if (theirs.actions &&
	    copy_actions(out, theirs.actions, object, err) < 0)
		return -1;
	return hd_declare_check(p, err);
}

void hd_declare_fini(struct hd_declared *d)
{
	for (uint32_t i = 0; i < d->actions.list.count; i++)
		free((void *)d->actions.list.items[i].params.items);
	free((void *)d->actions.list.items);
	free((void *)d->enricher.keys.items);
	free((void *)d->source.routes.items);
	free((void *)d->source.map.items);
	free((void *)d->plugin.options.items);
	free((void *)d->plugin.metrics.items);
	memset(d, 0, sizeof(*d));
}
