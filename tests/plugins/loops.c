/* p14: a constructor that does not end. */
#include <unistd.h>

#include "plain.h"

__attribute__((constructor)) static void wait_for_ever(void)
{
	for (;;)
		pause();
}

HERALD_PLUGIN{ PLAIN_PLUGIN("loops") };
