/* roles.h - what a caller of the control socket may do
 *
 * The kernel says who called (user, group, supplementary groups as they were
 * when he connected); `control:` of the configuration says what that means.
 * root and the user that herald runs as may do everything, always: a lock that
 * they cannot open would only look like one.  Without the section the group
 * `herald` has all as well.
 */
#ifndef HD_CONTROL_ROLES_H
#define HD_CONTROL_ROLES_H

#include <stddef.h>
#include <sys/types.h>

struct hd_control_settings;
struct hd_roles;

enum {
	HD_ROLE_VIEW = 1,    /* look: whoever has another role has this too */
	HD_ROLE_OPERATE = 2, /* retry, halt, settle, stop a connector, submit */
	HD_ROLE_APPROVE = 4, /* unhalt */
	HD_ROLE_ADMIN = 8,   /* all, and reload, drop, export, submit --act */
	HD_ROLE_ALL = 15
};

/* Looks the names up in the user database, once: those that do not exist are
 * logged, and mean nobody.  `self` has all.  The caller frees it. [loop] */
struct hd_roles *hd_roles_new(const struct hd_control_settings *settings,
			      uid_t self);
void hd_roles_free(struct hd_roles *roles); /* accepts NULL */

/* The roles of somebody; 0: none. [any] */
unsigned hd_roles_of(const struct hd_roles *roles, uid_t uid, gid_t gid,
		     const gid_t *groups, size_t group_count);

/* "view", "operate", ... of one role. [any] */
const char *hd_role_name(unsigned role);

#endif
