#include "core/base/crash.h"

#ifdef HD_DEBUG

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void hd_crash_point(const char *name)
{
	static long passed; /* loop thread only */
	const char *wanted = getenv("HERALD_CRASH_AT");
	size_t n = strlen(name);
	long at = 1;

	if (!wanted || strncmp(wanted, name, n) != 0)
		return;
	if (wanted[n] == ':')
		at = strtol(wanted + n + 1, NULL, 10);
	else if (wanted[n] != '\0')
		return;
	if (++passed >= at)
		kill(getpid(), SIGKILL);
}

#else
typedef int hd_crash_is_empty; /* ISO C wants a declaration in each file */
#endif
