/* plain.h - the least that a plugin can be: an enricher that never finds
 * anything.  Broken plugins of the tests differ from it in one thing. */
#ifndef TESTS_PLUGINS_PLAIN_H
#define TESTS_PLUGINS_PLAIN_H

#include <stdlib.h>
#include <herald/plugin.h>

struct plain {
	const herald_host *h;
};

static void *plain_create(const herald_host *h)
{
	struct plain *p = calloc(1, sizeof(*p));

	if (p)
		p->h = h;
	return p;
}

static void plain_lookup(void *self, const herald_lookup *const *batch,
			 uint32_t n)
{
	const struct plain *p = self;

	for (uint32_t i = 0; i < n; i++)
		herald_done(p->h, batch[i]->req, HERALD_NOT_FOUND,
			    (herald_str){ NULL, 0 });
}

static const herald_key plain_keys[] = { { .type = "ip", .ttl_s = 60 } };

static const herald_enricher plain_enricher = {
	.struct_size = sizeof(herald_enricher),
	.keys = HERALD_ITEMS(plain_keys),
	.lookup = plain_lookup,
};

#define PLAIN_PLUGIN(its_name)                                                 \
	HERALD_HEADER, .name = its_name, .version = "1.0",                     \
		       .summary = "A plugin of the tests.", .license = "MIT",  \
		       .create = plain_create, .destroy = free,                \
		       .enricher = &plain_enricher

#endif
