/* link.h - the header Link (RFC 8288), as far as pages need it */
#ifndef HERALD_HTTP_ENRICH_LINK_H
#define HERALD_HTTP_ENRICH_LINK_H

#include <herald/plugin.h>

/* The target of the first link whose relation is "next"; {NULL, 0} if there is
 * none, and for what is no sound header.  A link with an `anchor` speaks of
 * something else than the answer, and is passed over.  Borrowed from `header`.
 * [any] */
herald_str http_enrich_link_next(herald_str header);

#endif
