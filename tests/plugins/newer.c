/* p06: built with a newer header, whose structs have grown. */
#include "plain.h"

struct newer_key {
	herald_key key;
	const char *later;
};

static const struct newer_key keys[] = {
	{ { .type = "ip", .ttl_s = 1 }, "more" },
	{ { .type = "domain", .ttl_s = 2 }, "more" },
};

static const herald_enricher enricher = {
	.struct_size = sizeof(herald_enricher),
	.keys = { &keys[0].key, 2, sizeof(keys[0]) },
	.lookup = plain_lookup,
};

struct newer_plugin {
	herald_plugin plugin;
	const char *later[4];
};

HERALD_EXPORT extern const struct newer_plugin herald_plugin_v1;
const struct newer_plugin herald_plugin_v1 = {
	.plugin = { .magic = HERALD_MAGIC,
		    .abi_major = HERALD_ABI_MAJOR,
		    .abi_minor = 7,
		    .struct_size = sizeof(struct newer_plugin),
		    .name = "newer",
		    .version = "1.0",
		    .summary = "A plugin of the tests.",
		    .license = "MIT",
		    .create = plain_create,
		    .destroy = free,
		    .enricher = &enricher },
	.later = { "a", "b", "c", "d" },
};
