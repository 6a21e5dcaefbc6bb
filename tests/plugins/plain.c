#include "plain.h"

HERALD_PLUGIN{ PLAIN_PLUGIN("plain") };
