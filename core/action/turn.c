/* Rows that are decided when others have ended.
 *
 * A row that reads done.X waits until X ended or is parked; an or_else until
 * what it stands in for has ended. */
#include "core/action/action_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"

static bool is_parked(const struct hd_row *r)
{
	return !r->busy && !r->queued &&
	       (r->due_ms > hd_utc_steady_ms() || r->held ||
		r->state == HD_ACTION_IN_DOUBT ||
		r->state == HD_ACTION_AWAITING);
}

/* Has the entry `name` come as far as `r` needs?  One that was not decided at
 * all has. */
static bool has_come(const struct hd_case *c, const struct hd_row *r,
		     const char *name)
{
	const struct hd_row *first = hd_case_find(c, name);

	if (!first || hd_row_is_final(first))
		return true;
	/* Entries are in the order of the file: nobody waits in a circle. */
	return !r->or_else && !first->deferred && is_parked(first);
}

/* `after` is a list of entries with blanks between. */
static bool is_turn(const struct hd_case *c, const struct hd_row *r)
{
	char *names = hd_strdup(r->after ? r->after : "");
	char *rest = names, *name;
	bool turn = true;

	while (turn && (name = strsep(&rest, " ")))
		if (name[0])
			turn = has_come(c, r, name);
	free(names);
	return turn;
}

struct hd_row *hd_turn_resolve(struct hd_actions *a, struct hd_case *c)
{
	struct hd_row *first = NULL;

	for (size_t i = 0; i < c->count; i++) {
		struct hd_row *r = c->rows[i];

		if (!r->deferred || r->busy || hd_row_is_final(r) ||
		    !is_turn(c, r))
			continue;
		a->env.resolve(a->env.ud, c, r);
		if (!hd_row_is_final(r))
			hd_row_settle_turn(r);
		r->changed = true;
		first = first ? first : r;
		i = (size_t)-1; /* one may open the way for another */
	}
	return first;
}
