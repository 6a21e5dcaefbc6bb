#include "core/plugin/visit.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/plugin/cell.h"
#include "core/plugin/instance_impl.h"

/* For the watchdog: a cell outlives its instance, so that its name can be read
 * whatever the loop does meanwhile. */
static _Atomic(struct hd_cell *) current_cell;
static _Atomic(const char *) current_what;
static _Atomic int64_t current_since_us;

void hd_visit_begin(struct hd_instance *i, const char *what)
{
	assert(!i->visiting);
	i->visiting = what;
	i->visit_began_us = hd_now_us();
	i->outer_cell = atomic_load(&current_cell);
	atomic_store(&current_since_us, i->visit_began_us);
	atomic_store(&current_what, what);
	atomic_store(&current_cell, i->cell);
}

int64_t hd_visit_end(struct hd_instance *i)
{
	const struct hd_log_context ctx = { .connector = i->name };
	int64_t ms = (hd_now_us() - i->visit_began_us) / 1000;
	const char *what = i->visiting;

	i->visiting = NULL;
	if (i->outer_cell)
		atomic_store(&current_what, i->outer_cell->instance->visiting);
	atomic_store(&current_cell, i->outer_cell);
	if (ms < HD_VISIT_SLOW_MS)
		return ms;
	hd_metric_add(i->metrics.slow, 1);
	hd_log(HD_LOG_WARNING, &ctx, "%s() held the loop for %lld ms", what,
	       (long long)ms);
	if (ms >= HD_VISIT_STALL_MS) {
		hd_metric_add(i->metrics.stalled, 1);
		hd_instance_stalled(i, what, ms);
	}
	return ms;
}

bool hd_visit_is_inside(const struct hd_instance *i)
{
	return i->visiting;
}

bool hd_visit_current(char *name, const char **what, int64_t *for_ms)
{
	const struct hd_cell *cell = atomic_load(&current_cell);

	if (!cell)
		return false;
	snprintf(name, HD_CELL_NAME, "%s", cell->name);
	*what = atomic_load(&current_what);
	*for_ms = (hd_now_us() - atomic_load(&current_since_us)) / 1000;
	return true;
}

void hd_visit_innermost(const char **name, const char **what)
{
	const struct hd_cell *cell = atomic_load(&current_cell);

	*name = cell ? cell->name : "";
	*what = cell ? atomic_load(&current_what) : "";
}

void hd_visit_check(struct hd_cell *cell, const char *name, bool loop,
		    bool create)
{
	bool is_loop = hd_cell_is_loop(cell);
	const char *breach = NULL;

	if (loop && !is_loop)
		breach = "outside the loop's thread";
	else if (!create && is_loop && !hd_cell_is_closed(cell) &&
		 cell->instance->life == HD_LIFE_CREATING)
		breach = "inside create()";
	if (!breach)
		return;
	hd_error("plugin instance %s called %s() %s", cell->name, name, breach);
	abort();
}

void hd_visit_check_need(const struct hd_cell *cell, const char *name,
			 uint32_t need)
{
	const struct hd_log_context ctx = { .connector = cell->name };

	if (!(cell->instance->plugin->needs & need))
		hd_log(HD_LOG_ERROR, &ctx,
		       "uses %s() and does not declare that right in needs",
		       name);
}
