/* places.h - where in a record the values stand that can be looked up
 *
 * For the parts of the record only.  One table for all who ask: the index of
 * observables, the reputation of a view, the merging of answers.
 */
#ifndef HD_RECORD_PLACES_H
#define HD_RECORD_PLACES_H

#include <jansson.h>

enum hd_role {
	HD_ROLE_RECORD,
	HD_ROLE_EVIDENCE,
	HD_ROLE_ACTOR,
	HD_ROLE_CVE,
	HD_ROLE_DEVICE,
	HD_ROLE_EMAIL,
	HD_ROLE_ENDPOINT,
	HD_ROLE_FILE,
	HD_ROLE_HASH,
	HD_ROLE_LOCATION,
	HD_ROLE_PROCESS,
	HD_ROLE_PROCESS_FILE,
	HD_ROLE_QUERY,
	HD_ROLE_URL,
	HD_ROLE_USER,
	HD_ROLE_VULNERABILITY
};

/* Called for each value: observables[].type_id, the path from where the walk
 * began ("evidences[0].src_endpoint.ip", cut when it is very long), the value
 * (a text or an integer; borrowed) and the object that holds it. */
typedef void (*hd_places_fn)(void *ud, int type_id, const char *path,
			     json_t *value, enum hd_role role, json_t *holder);

/* Walks all places of `object`, which plays `role`, in a fixed order. [loop] */
void hd_places_walk(json_t *object, enum hd_role role, hd_places_fn fn,
		    void *ud);

/* Called for each object that plays `role` below the record. */
typedef void (*hd_places_object_fn)(void *ud, json_t *object);
void hd_places_objects(json_t *record, enum hd_role role,
		       hd_places_object_fn fn, void *ud);

#endif
