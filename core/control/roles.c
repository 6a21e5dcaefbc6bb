#include "core/control/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/conf/node.h"
#include "core/conf/settings.h"

#define GROUP_PREFIX "group:"
#define DATABASE_MAX (1u << 20) /* of one entry of the user database */

/* A user or a group, and what it gives. */
struct grant {
	bool group;
	id_t id;
	unsigned roles;
};

struct hd_roles {
	struct grant *grants;
	size_t count;
};

static void grant(struct hd_roles *r, bool group, id_t id, unsigned roles)
{
	r->grants = hd_realloc_array(r->grants, r->count + 1,
				     sizeof(*r->grants));
	r->grants[r->count++] = (struct grant){ group, id, roles };
}

/* One look into the user database; ERANGE: `size` is too small. */
static int look_up(bool group, const char *name, char *room, size_t size,
		   id_t *id)
{
	struct passwd user, *found_user = NULL;
	struct group grp, *found_group = NULL;
	int error;

	if (group)
		error = getgrnam_r(name, &grp, room, size, &found_group);
	else
		error = getpwnam_r(name, &user, room, size, &found_user);
	if (found_group)
		*id = grp.gr_gid;
	else if (found_user)
		*id = user.pw_uid;
	else if (error == 0)
		error = ENOENT;
	return error;
}

static int find_id(bool group, const char *name, id_t *id)
{
	size_t size = 4096;
	char *room = hd_alloc(size);
	int error;

	while ((error = look_up(group, name, room, size, id)) == ERANGE &&
	       size < DATABASE_MAX) {
		size *= 4;
		room = hd_realloc_array(room, size, 1);
	}
	free(room);
	return error == 0 ? 0 : -1;
}

static void grant_name(struct hd_roles *r, const char *text, unsigned roles)
{
	size_t n = strlen(GROUP_PREFIX);
	bool group = strncmp(text, GROUP_PREFIX, n) == 0;
	const char *name = group ? text + n : text;
	id_t id;

	if (find_id(group, name, &id) == 0)
		grant(r, group, id, roles);
	else
		hd_warning("control.%s: no %s is named '%s', so nobody is "
			   "meant",
			   hd_role_name(roles), group ? "group" : "user", name);
}

static void grant_list(struct hd_roles *r, const struct hd_node *list,
		       unsigned role)
{
	const char *text = hd_node_text(list, NULL);

	if (text)
		grant_name(r, text, role);
	for (size_t i = 0; i < hd_node_count(list); i++) {
		text = hd_node_text(hd_node_item(list, i), NULL);
		if (text)
			grant_name(r, text, role);
	}
}

struct hd_roles *hd_roles_new(const struct hd_control_settings *settings,
			      uid_t self)
{
	struct hd_roles *r = hd_alloc(sizeof(*r));
	id_t herald;

	grant(r, false, 0, HD_ROLE_ALL);
	grant(r, false, self, HD_ROLE_ALL);
	if (!settings->given) {
		if (find_id(true, "herald", &herald) == 0)
			grant(r, true, herald, HD_ROLE_ALL);
		return r;
	}
	grant_list(r, settings->view, HD_ROLE_VIEW);
	grant_list(r, settings->operate, HD_ROLE_OPERATE);
	grant_list(r, settings->approve, HD_ROLE_APPROVE);
	grant_list(r, settings->admin, HD_ROLE_ADMIN);
	return r;
}

void hd_roles_free(struct hd_roles *roles)
{
	if (!roles)
		return;
	free(roles->grants);
	free(roles);
}

static bool is_in(gid_t wanted, gid_t gid, const gid_t *groups, size_t n)
{
	if (wanted == gid)
		return true;
	for (size_t i = 0; i < n; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

unsigned hd_roles_of(const struct hd_roles *roles, uid_t uid, gid_t gid,
		     const gid_t *groups, size_t group_count)
{
	unsigned all = 0;

	for (size_t i = 0; i < roles->count; i++) {
		const struct grant *g = &roles->grants[i];

		if (g->group ? is_in(g->id, gid, groups, group_count)
			     : g->id == uid)
			all |= g->roles;
	}
	if (all & HD_ROLE_ADMIN)
		return HD_ROLE_ALL;
	return all != 0 ? all | HD_ROLE_VIEW : 0;
}

const char *hd_role_name(unsigned role)
{
	switch (role) {
	case HD_ROLE_VIEW:
		return "view";
	case HD_ROLE_OPERATE:
		return "operate";
	case HD_ROLE_APPROVE:
		return "approve";
	case HD_ROLE_ADMIN:
		return "admin";
	default:
		return "?";
	}
}
