#include "core/cel/regex_code.h"

#include <stdlib.h>
#include <string.h>

#include "core/cel/pool.h"

/* Room for `n` states at `at`, what stands there moved behind. */
static bool insert(struct hd_cel_regex *r, uint32_t at, uint32_t n)
{
	if (r->n + n > HD_CEL_REGEX_STATES)
		return false;
	while (r->n + n > r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 32;
		r->states = hd_cel_must(
			realloc(r->states, r->cap * sizeof(*r->states)));
	}
	memmove(r->states + at + n, r->states + at,
		(r->n - at) * sizeof(*r->states));
	r->n += n;
	return true;
}

bool hd_cel_regex_put(struct hd_cel_regex *r, uint32_t at,
		      enum hd_cel_regex_op op, int32_t x, int32_t y)
{
	if (!insert(r, at, 1))
		return false;
	r->states[at] = (struct hd_cel_regex_state){ op, x, y };
	return true;
}

static bool append_copy(struct hd_cel_regex *r, uint32_t from, uint32_t n)
{
	uint32_t at = r->n;

	if (n == 0)
		return true;
	if (!insert(r, at, n))
		return false;
	memcpy(r->states + at, r->states + from, n * sizeof(*r->states));
	return true;
}

/* The last of `least` copies loops. */
static bool at_least(struct hd_cel_regex *r, uint32_t from, uint32_t n,
		     unsigned least)
{
	uint32_t last = from;
	unsigned i;

	if (least == 0)
		return hd_cel_regex_put(r, from, HD_CEL_RE_SPLIT, 1,
					(int32_t)n + 2) &&
		       hd_cel_regex_put(r, r->n, HD_CEL_RE_JUMP,
					-(int32_t)(n + 1), 0);
	for (i = 1; i < least; i++) {
		last = r->n;
		if (!append_copy(r, from, n))
			return false;
	}
	return hd_cel_regex_put(r, r->n, HD_CEL_RE_SPLIT,
				-(int32_t)(r->n - last), 1);
}

bool hd_cel_regex_repeat(struct hd_cel_regex *r, uint32_t from, unsigned least,
			 unsigned most)
{
	uint32_t n = r->n - from;
	unsigned i;

	if (most == UINT32_MAX)
		return at_least(r, from, n, least);
	if (most == 0) {
		r->n = from;
		return true;
	}
	if (least == 0 &&
	    !hd_cel_regex_put(r, from, HD_CEL_RE_SPLIT, 1, (int32_t)n + 1))
		return false;
	from += least == 0;
	for (i = 1; i < most; i++) {
		if (i >= least && !hd_cel_regex_put(r, r->n, HD_CEL_RE_SPLIT, 1,
						    (int32_t)n + 1))
			return false;
		if (!append_copy(r, from, n))
			return false;
	}
	return true;
}
