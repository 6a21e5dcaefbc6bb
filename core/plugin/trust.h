/* trust.h - may the code in this file run inside us?
 *
 * Whoever can write a plugin's file, or any folder on the way to it, can run
 * code as herald.  So every folder from / down and the file itself must belong
 * to root or to the user that we run as, and be writable by nobody else.  A
 * sticky folder of root (/tmp) is admitted: others can add to it but not
 * replace what is ours.
 */
#ifndef HD_PLUGIN_TRUST_H
#define HD_PLUGIN_TRUST_H

#include <limits.h>

struct hd_err;

/* Resolves DIR/NAME.so to `out` without symbolic links, and checks it.  -1 and
 * `err` if it is missing, no plain file, lies outside DIR once links are
 * followed, or is open to others. [any] */
int hd_trust_resolve(const char *dir, const char *name, char out[PATH_MAX],
		     struct hd_err *err);

#endif
