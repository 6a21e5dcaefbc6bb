/* connectors.h - starting and ending the connectors of a setup
 */
#ifndef HD_HERALDD_CONNECTORS_H
#define HD_HERALDD_CONNECTORS_H

struct hd_connector;
struct hd_daemon;
struct hd_instance;

/* The instance that has the name now, or NULL. [loop] */
struct hd_instance *hd_connectors_find(struct hd_daemon *d, const char *name);

/* Starts one.  A failure is its own: logged, shown by status, and the others
 * go on. [loop] */
void hd_connectors_start(struct hd_daemon *d, struct hd_connector *c);

/* Ends one: drained, then destroyed; its lookups are answered missing.  Then
 * `next` (may be NULL) is started.  Takes ownership of `c`. [loop] */
void hd_connectors_end(struct hd_daemon *d, struct hd_connector *c,
		       struct hd_connector *next);

#endif
