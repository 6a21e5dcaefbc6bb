#include "core/base/log_limit.h"

#include <string.h>

#include "core/base/utf8.h"

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	} while (*text++ != '\0');
	return hash;
}

static void copy_cut(const char *text, char *out, size_t size)
{
	size_t n = hd_utf8_cut(text, strlen(text), size - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

static bool is_over(const struct hd_log_place *place, int64_t now_ms)
{
	return now_ms - place->since_ms >= HD_LOG_SECOND_MS;
}

static bool is_same(const struct hd_log_place *a, const struct hd_log_place *b)
{
	return a->passed != 0 && a->hash == b->hash && a->level == b->level &&
	       strcmp(a->what, b->what) == 0 &&
	       strcmp(a->connector, b->connector) == 0;
}

/* The entry of `place`, or one that may be used for it, or NULL. */
static struct hd_log_place *find(struct hd_log_limit *limit, int64_t now_ms,
				 const struct hd_log_place *place)
{
	struct hd_log_place *found = NULL;
	struct hd_log_place *at;
	size_t i;

	for (i = 0; i < HD_LOG_PLACES; i++) {
		at = &limit->places[i];
		if (is_same(at, place))
			return at;
		if (at->passed == 0 || (at->held == 0 && is_over(at, now_ms)))
			found = at;
	}
	return found;
}

bool hd_log_limit_pass(struct hd_log_limit *limit, int64_t now_ms,
		       enum hd_level level, const char *connector,
		       const char *what)
{
	struct hd_log_place place = { .level = level, .since_ms = now_ms };
	struct hd_log_place *at;

	copy_cut(connector, place.connector, sizeof(place.connector));
	copy_cut(what, place.what, sizeof(place.what));
	place.hash = hash_text(UINT64_C(0xcbf29ce484222325), connector);
	place.hash = hash_text(place.hash, what);
	at = find(limit, now_ms, &place);
	if (!at)
		return true;
	if (!is_same(at, &place) || (is_over(at, now_ms) && at->held == 0))
		*at = place;
	if (at->passed == HD_LOG_PASS && !is_over(at, now_ms)) {
		at->held++;
		return false;
	}
	if (at->passed < HD_LOG_PASS)
		at->passed++;
	return true;
}

bool hd_log_limit_take(struct hd_log_limit *limit, int64_t now_ms,
		       struct hd_log_place *out)
{
	size_t i;

	for (i = 0; i < HD_LOG_PLACES; i++) {
		if (limit->places[i].held == 0 ||
		    !is_over(&limit->places[i], now_ms))
			continue;
		*out = limit->places[i];
		memset(&limit->places[i], 0, sizeof(limit->places[i]));
		return true;
	}
	return false;
}
