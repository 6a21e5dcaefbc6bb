#include "core/action/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

void hd_budget_fini(struct hd_budget *b)
{
	free(b->times);
	memset(b, 0, sizeof(*b));
}

static int64_t time_at(const struct hd_budget *b, size_t i)
{
	return b->times[b->head + i];
}

/* A full window has room again when the count-th last one leaves it. */
static int64_t room_of(const struct hd_budget *b, const struct hd_rate *rate,
		       int64_t now_ms)
{
	int64_t leaves;

	if (rate->count == 0)
		return HD_BUDGET_NEVER;
	if ((uint64_t)rate->count > b->count)
		return now_ms;
	leaves = time_at(b, b->count - (size_t)rate->count) + rate->window_ms;
	return leaves > now_ms ? leaves : now_ms;
}

int64_t hd_budget_room(const struct hd_budget *b, const struct hd_rates *rates,
		       int64_t now_ms, const struct hd_rate **tightest)
{
	int64_t latest = now_ms;

	if (tightest)
		*tightest = NULL;
	for (size_t i = 0; i < rates->count; i++) {
		int64_t room = room_of(b, &rates->items[i], now_ms);

		if (room <= latest)
			continue;
		latest = room;
		if (tightest)
			*tightest = &rates->items[i];
	}
	return latest;
}

/* Room for one more behind the last: by moving to the front what is left, or
 * by growing when that would free less than half. */
static void make_room(struct hd_budget *b)
{
	if (b->head + b->count < b->cap)
		return;
	if (b->head > b->cap / 2) {
		memmove(b->times, b->times + b->head,
			b->count * sizeof(*b->times));
		b->head = 0;
		return;
	}
	b->cap = b->cap != 0 ? b->cap * 2 : 8;
	b->times = hd_realloc_array(b->times, b->cap, sizeof(*b->times));
}

void hd_budget_add(struct hd_budget *b, int64_t at_ms)
{
	if (b->count != 0 && time_at(b, b->count - 1) > at_ms)
		at_ms = time_at(b, b->count - 1);
	make_room(b);
	b->times[b->head + b->count++] = at_ms;
}

size_t hd_budget_used(const struct hd_budget *b, int64_t window_ms,
		      int64_t now_ms)
{
	size_t n = 0;

	while (n < b->count &&
	       time_at(b, b->count - 1 - n) > now_ms - window_ms)
		n++;
	return n;
}

void hd_budget_forget(struct hd_budget *b, int64_t before_ms)
{
	while (b->count != 0 && time_at(b, 0) < before_ms) {
		b->head++;
		b->count--;
	}
}

void hd_budget_trim(struct hd_budget *b, size_t keep)
{
	if (b->count <= keep)
		return;
	b->head += b->count - keep;
	b->count = keep;
}

int64_t hd_rates_most(const struct hd_rates *rates)
{
	int64_t most = 0;

	for (size_t i = 0; i < rates->count; i++)
		if (rates->items[i].count > most)
			most = rates->items[i].count;
	return most;
}

int64_t hd_rates_longest(const struct hd_rates *rates)
{
	int64_t longest = 0;

	for (size_t i = 0; i < rates->count; i++)
		if (rates->items[i].window_ms > longest)
			longest = rates->items[i].window_ms;
	return longest;
}

void hd_rate_text(const struct hd_rate *rate, char out[HD_RATE_TEXT])
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" },
		      { 3600000, "h" },
		      { 60000, "m" },
		      { 1000, "s" },
		      { 1, "ms" } };
	size_t i = 0;

	while (rate->window_ms % units[i].ms != 0)
		i++;
	snprintf(out, HD_RATE_TEXT, "%lld/%lld%s", (long long)rate->count,
		 (long long)(rate->window_ms / units[i].ms), units[i].unit);
}
