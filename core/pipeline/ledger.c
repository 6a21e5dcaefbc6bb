#include "core/pipeline/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"

#define DETAILS_MAX 4096

void hd_ledger_init(struct hd_ledger *ledger)
{
	memset(ledger, 0, sizeof(*ledger));
}

void hd_ledger_fini(struct hd_ledger *ledger)
{
	free(ledger->items);
	hd_ledger_init(ledger);
}

bool hd_ledger_has(const struct hd_ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->items[i].name, name) == 0)
			return true;
	return false;
}

void hd_ledger_add(struct hd_ledger *ledger,
		   const struct hd_contribution *contribution)
{
	if (ledger->count == ledger->cap) {
		ledger->cap = ledger->cap != 0 ? ledger->cap * 2 : 16;
		ledger->items = hd_realloc_array(ledger->items, ledger->cap,
						 sizeof(*ledger->items));
	}
	ledger->items[ledger->count++] = *contribution;
}

static bool is_unknown(const struct hd_contribution *c)
{
	return c->counted == HD_NOT_COUNTED_UNKNOWN ||
	       c->counted == HD_NOT_COUNTED_ERROR;
}

struct sums {
	double known, low, high;
};

/* Of a best_of only the largest that holds counts.  What is unknown may turn
 * out larger than that, never take anything away from it. */
static void sum_group(struct hd_ledger *ledger, int group, struct sums *sums)
{
	struct hd_contribution *best = NULL;
	double known = 0, low, high;

	for (size_t i = 0; i < ledger->count; i++) {
		struct hd_contribution *c = &ledger->items[i];

		if (c->group != group || (c->counted != HD_COUNTED &&
					  c->counted != HD_NOT_COUNTED_SMALLER))
			continue;
		if (!best || c->value > best->value)
			best = c;
	}
	for (size_t i = 0; i < ledger->count; i++) {
		struct hd_contribution *c = &ledger->items[i];

		if (c->group == group && best && c != best &&
		    c->counted == HD_COUNTED)
			c->counted = HD_NOT_COUNTED_SMALLER;
	}
	if (best) {
		best->counted = HD_COUNTED;
		known = best->value;
	}
	low = high = known;
	for (size_t i = 0; i < ledger->count; i++) {
		const struct hd_contribution *c = &ledger->items[i];

		if (c->group != group || !is_unknown(c))
			continue;
		if (c->high > high)
			high = c->high;
		if (!best && c->low < low) /* it may be the only one */
			low = c->low;
	}
	sums->known += known;
	sums->low += low;
	sums->high += high;
}

static void sum_single(const struct hd_contribution *c, struct sums *sums)
{
	if (c->counted == HD_COUNTED) {
		sums->known += c->value;
		sums->low += c->value;
		sums->high += c->value;
	} else if (is_unknown(c)) {
		sums->low += c->low;
		sums->high += c->high;
	}
}

static int clamp(double score)
{
	if (!(score > 0)) /* NaN too */
		return 0;
	return score < 100 ? (int)lround(score) : 100;
}

void hd_ledger_sum(struct hd_ledger *ledger)
{
	struct sums sums = { 0, 0, 0 };

	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->items[i].group == 0)
			sum_single(&ledger->items[i], &sums);
	for (int group = 1; group <= ledger->groups; group++)
		sum_group(ledger, group, &sums);
	ledger->interval.known = clamp(sums.known);
	ledger->interval.low = clamp(sums.low);
	ledger->interval.high = clamp(sums.high);
	ledger->scored = true;
}

const char *hd_counted_name(enum hd_counted counted)
{
	switch (counted) {
	case HD_COUNTED:
		return "counted";
	case HD_NOT_COUNTED_NOT_MET:
		return "not met";
	case HD_NOT_COUNTED_ABSENT:
		return "absent";
	case HD_NOT_COUNTED_UNKNOWN:
		return "unknown";
	case HD_NOT_COUNTED_ERROR:
		return "error";
	case HD_NOT_COUNTED_SMALLER:
		return "not the largest";
	}
	return "?";
}

static json_t *number(double value)
{
	if (value == (double)(json_int_t)value)
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *hd_ledger_json(const struct hd_ledger *ledger)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ledger->count; i++) {
		const struct hd_contribution *c = &ledger->items[i];
		json_t *one = json_object();

		json_object_set_new(one, "name", json_string(c->name));
		json_object_set_new(one, "add", number(c->value));
		json_object_set_new(one, "counted",
				    json_string(hd_counted_name(c->counted)));
		json_object_set_new(one, "because", json_string(c->because));
		if (c->why[0])
			json_object_set_new(one, "why", json_string(c->why));
		if (is_unknown(c)) {
			json_object_set_new(one, "low", number(c->low));
			json_object_set_new(one, "high", number(c->high));
		}
		json_array_append_new(list, one);
	}
	return list;
}

char *hd_ledger_details(const struct hd_ledger *ledger)
{
	struct hd_buf text;

	hd_buf_init(&text, DETAILS_MAX);
	for (size_t i = 0; i < ledger->count; i++) {
		const struct hd_contribution *c = &ledger->items[i];

		if (c->counted == HD_COUNTED)
			hd_buf_addf(&text, "%s%s %+g", text.n != 0 ? ", " : "",
				    c->name, c->value);
		else if (is_unknown(c))
			hd_buf_addf(&text, "%s%s unknown (%s)",
				    text.n != 0 ? ", " : "", c->name, c->why);
	}
	return hd_buf_steal(&text);
}
