/* p07: says that it is 1 GiB long. */
#include "plain.h"

HERALD_PLUGIN{ .magic = HERALD_MAGIC,
	       .abi_major = HERALD_ABI_MAJOR,
	       .struct_size = 1u << 30,
	       .name = "huge",
	       .version = "1.0",
	       .summary = "A plugin of the tests.",
	       .license = "MIT",
	       .create = plain_create,
	       .destroy = free,
	       .enricher = &plain_enricher };
