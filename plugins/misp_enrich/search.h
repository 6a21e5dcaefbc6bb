/* search.h - one question to MISP about many values
 *
 * A batch is one search, read page by page until one is not full.  Every value
 * of it is answered: with what was found, with "nothing known", or with the
 * trouble that all of them share.
 */
#ifndef HERALD_MISP_SEARCH_H
#define HERALD_MISP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

struct misp {
	const herald_host *h;
	const char *url;
	int64_t page_size;  /* attributes */
	bool to_ids;	    /* only attributes meant for detection */
	bool decay;	    /* ask for scores of decay models */
	bool sightings;	    /* and for who saw it, and who took it back */
	bool lists;	    /* ask on which warning lists the values are */
	bool lists_failed;  /* the last such question; told once */
	const char *source; /* of sightings that we add */
	bool is_old;	    /* the MISP, as it last told us */
};

/* The enricher's lookup(): a search, then one question about warning lists.
 * That the latter fails takes nothing away from what was found. [loop] */
void misp_search_start(struct misp *m, const herald_lookup *const *batch,
		       uint32_t n);

#endif
