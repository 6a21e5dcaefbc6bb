#include "core/base/mutant.h"

#ifdef HD_DEBUG

#include <stdlib.h>
#include <string.h>

bool hd_mutant(const char *name)
{
	const char *at = getenv("HERALD_MUTANT");
	size_t n = strlen(name);

	while (at && *at) {
		size_t word = strcspn(at, ",");

		if (word == n && memcmp(at, name, n) == 0)
			return true;
		at += word + (at[word] == ',');
	}
	return false;
}

#else
typedef int hd_mutant_is_empty; /* ISO C wants a declaration in each file */
#endif
