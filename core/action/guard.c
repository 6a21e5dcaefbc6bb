#include "core/action/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/action/row.h"
#include "core/base/alloc.h"

struct hd_guards {
	enum hd_mode mode;
	char *halted; /* because; NULL: not halted */
};

struct hd_guards *hd_guards_new(void)
{
	return hd_alloc(sizeof(struct hd_guards)); /* dry_run */
}

void hd_guards_free(struct hd_guards *guards)
{
	if (!guards)
		return;
	free(guards->halted);
	free(guards);
}

void hd_guards_set_mode(struct hd_guards *guards, enum hd_mode mode)
{
	guards->mode = mode;
}

enum hd_mode hd_guards_mode(const struct hd_guards *guards)
{
	return guards->mode;
}

void hd_guards_halt(struct hd_guards *guards, const char *because)
{
	free(guards->halted);
	guards->halted = hd_strdup(because);
}

const char *hd_guards_halted(const struct hd_guards *guards)
{
	return guards->halted;
}

int hd_mode_parse(const char *word, enum hd_mode *out)
{
	for (int i = HD_MODE_DRY_RUN; i <= HD_MODE_LIVE; i++)
		if (strcmp(word, hd_mode_name((enum hd_mode)i)) == 0) {
			*out = (enum hd_mode)i;
			return 0;
		}
	return -1;
}

static enum hd_mode lowest(enum hd_mode a, enum hd_mode b)
{
	return a < b ? a : b;
}

enum hd_verdict hd_guard_mode(const struct hd_guards *guards,
			      const struct hd_row *row, enum hd_mode connector,
			      char *why, size_t why_size)
{
	enum hd_mode mode = lowest(guards->mode, connector);
	enum hd_mode pipeline;

	if (row->mode[0] && hd_mode_parse(row->mode, &pipeline) == 0)
		mode = lowest(mode, pipeline);
	if (row->effect == HERALD_READS || mode == HD_MODE_LIVE)
		return HD_PASS;
	if (mode == HD_MODE_NOTIFY && row->effect <= HERALD_NOTIFIES)
		return HD_PASS;
	snprintf(why, why_size, "mode %s: would have run %s.%s%s%s",
		 hd_mode_name(mode), row->connector, row->action,
		 row->summary[0] ? ": " : "", row->summary);
	return HD_SKIP;
}

enum hd_verdict hd_guard_target(struct hd_guards *guards,
				const struct hd_row *row, const json_t *target,
				struct hd_txn *txn, char *why, size_t why_size,
				int64_t *until_ms)
{
	(void)target;
	(void)txn;
	(void)until_ms;
	if (guards->halted && row->effect >= HERALD_CONTAINS) {
		snprintf(why, why_size, "halted: %s -> heraldctl unhalt",
			 guards->halted);
		return HD_REFUSE;
	}
	return HD_PASS;
}
