/* cel_rig.h - expressions to lines of text, for the tests of core/cel */
#ifndef CEL_RIG_H
#define CEL_RIG_H

#include "core/cel/cel.h"

struct cel_rig {
	struct hd_cel_env *env;
	struct hd_cel_arena *arena;
	struct hd_cel_options options;
	struct hd_cel_value slots[16];
	struct hd_cel_activation act;
	json_t *record;
	char line[4096];
};

/* Variables by type: n (int), s (string), b (bool), d (double), x (dyn),
 * m (map(string, dyn)), l (list(int)), user (user), evidences
 * (list(evidence)), device (device), absent (user); constants LEVEL.HIGH and
 * LEVEL.NAME; the functions fail(), pair(string, int), s.twice().  `record` is
 * JSON whose members become variables of that name. */
struct cel_rig *cel_rig_new(const char *record);
void cel_rig_free(struct cel_rig *rig);

/* "int 3", "list [1,2]", "absent user.name (4)", "error division by zero",
 * "unknown 1 2", "issue 1:5+3 text | remedy" (more joined by "\n"). */
const char *cel_rig_eval(struct cel_rig *rig, const char *expr);
const char *cel_rig_evaln(struct cel_rig *rig, const char *expr, size_t n);

#define CEL_RIG_SLOT_USER 7
int cel_rig_slot(const char *name);

#endif
