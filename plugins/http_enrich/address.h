/* address.h - where the next page is
 *
 * A service names its next page, and what a service says must not send our
 * secret elsewhere.  So only the path and the query of its word are taken, and
 * set behind the origin that the operator wrote: no reading of the word can
 * leave it.
 */
#ifndef HERALD_HTTP_ENRICH_ADDRESS_H
#define HERALD_HTTP_ENRICH_ADDRESS_H

#include <herald/plugin.h>

#include "common/text.h"

/* Appends the address of `next`, an absolute address of the origin of `url` or
 * a path that begins with '/', to `out`; a fragment is left out.  NULL, or why
 * it is refused. [any] */
const char *http_enrich_next_address(herald_str url, herald_str next,
				     struct hp_text *out);

#endif
