/* p13: a constructor that exits. */
#include "plain.h"

__attribute__((constructor)) static void leave(void)
{
	exit(0);
}

HERALD_PLUGIN{ PLAIN_PLUGIN("exits") };
