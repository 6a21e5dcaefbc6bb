/* p15: linked with -z execstack. */
#include "plain.h"

HERALD_PLUGIN{ PLAIN_PLUGIN("execstack") };
