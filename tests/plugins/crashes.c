/* p13: a constructor that crashes. */
#include <signal.h>

#include "plain.h"

__attribute__((constructor)) static void crash(void)
{
	raise(SIGSEGV);
}

HERALD_PLUGIN{ PLAIN_PLUGIN("crashes") };
