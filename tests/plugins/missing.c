/* p16: needs a function that no library has. */
#include "plain.h"

int function_that_no_library_has(void);

static void *create(const herald_host *h)
{
	return function_that_no_library_has() ? plain_create(h) : NULL;
}

HERALD_PLUGIN{ HERALD_HEADER,	  .name = "missing",
	       .version = "1.0",  .summary = "A plugin of the tests.",
	       .license = "MIT",  .create = create,
	       .destroy = free,	  .enricher = &plain_enricher };
