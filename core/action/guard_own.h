/* guard_own.h - what is protected without being configured
 *
 * Looks at the target that a plan found: {"type", "uid", "user": {...} or
 * "device": {...}}, as OCSF writes them.  The built-in administrator (RID 500)
 * and krbtgt (502) are known by their SID, whatever they are called; domain
 * controllers by their group or by the bit of their account.
 */
#ifndef HD_ACTION_GUARD_OWN_H
#define HD_ACTION_GUARD_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct hd_guard_rules;

/* True if nobody may touch it: `why` says what it is. [loop] */
bool hd_guard_own_target(const struct hd_guard_rules *rules,
			 const json_t *target, char *why, size_t why_size);

/* True if an account of herald's acts in the alert `record`, or is what it is
 * about. [loop] */
bool hd_guard_own_alert(const struct hd_guard_rules *rules,
			const json_t *record);

/* Do the two mean the same?  Accounts: without case, domain and a last '$'; a
 * distinguished name also by its first value.  Hosts: without case and a last
 * '.'; a name without dots is any that begins with it; addresses by value.
 * [any] */
bool hd_guard_own_same_account(const char *a, const char *b);
bool hd_guard_own_same_host(const char *a, const char *b);

#endif
