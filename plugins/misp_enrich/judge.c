#include "misp_enrich/judge.h"

#include "common/json.h"

#define SIGHTINGS_MAX 1000 /* of one attribute that are looked at */

enum {
	SCORE_DOUBTED = 4,
	SCORE_FALSE_POSITIVE,
	SCORE_NO_IDS,
	SCORE_LOW = 8,
	SCORE_MEDIUM,
	SCORE_HIGH
};

const char *misp_level_word(int64_t level)
{
	static const char *const words[] = { "", "high", "medium", "low",
					     "undefined" };

	return level >= 1 && level <= 4 ? words[level] : "";
}

/* Of two in one second the later in the list counts. */
static void count_sighting(struct misp_sightings *s, int64_t type, int64_t at)
{
	if (type == 0)
		s->seen++;
	else if (type == 1)
		s->false_positive++;
	else if (type == 2)
		s->expired++;
	else
		return;
	if (at < s->last)
		return;
	s->last = at;
	s->last_type = (int)type;
}

static struct misp_sightings read_sightings(const struct misp_attribute *a)
{
	size_t n = hp_json_size(a->reply, a->at, "/Sighting");
	struct misp_sightings s = { 0 };
	struct hp_path at;

	for (size_t i = 0; i < n && i < SIGHTINGS_MAX; i++) {
		hp_path(&at, "%s/Sighting/%zu", a->at, i);
		count_sighting(&s, hp_json_int(a->reply, at.text, "/type", -1),
			       hp_json_int(a->reply, at.text, "/date_sighting",
					   0));
	}
	return s;
}

/* No model covers it: nobody says so. */
static bool is_decayed(const struct misp_attribute *a)
{
	size_t n = hp_json_size(a->reply, a->at, "/decay_score");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "%s/decay_score/%zu", a->at, i);
		if (!hp_json_is_true(a->reply, at.text, "/decayed"))
			return false;
	}
	return n > 0;
}

static int by_level(const struct misp_attribute *a)
{
	switch (hp_json_int(a->reply, a->event, "/threat_level_id", 0)) {
	case 1:
		return SCORE_HIGH;
	case 2:
		return SCORE_MEDIUM;
	default:
		return SCORE_LOW;
	}
}

bool misp_counts(const struct misp_judgement *j)
{
	return j->to_ids && !j->false_positive && !j->decayed && !j->expired;
}

static int score_of(const struct misp_attribute *a,
		    const struct misp_judgement *j)
{
	if (misp_counts(j))
		return by_level(a);
	if (j->false_positive)
		return j->to_ids ? SCORE_FALSE_POSITIVE : SCORE_DOUBTED;
	return !j->to_ids && j->warned ? SCORE_DOUBTED : SCORE_NO_IDS;
}

struct misp_judgement misp_judge(const struct misp_attribute *a)
{
	struct misp_judgement j = {
		.to_ids = hp_json_is_true(a->reply, a->at, "/to_ids"),
		.warned = hp_json_size(a->reply, a->at, "/warnings") > 0,
		.decayed = is_decayed(a),
		.sightings = read_sightings(a),
	};

	j.false_positive = j.sightings.false_positive > 0 &&
			   j.sightings.last_type == 1;
	j.expired = j.sightings.expired > 0 && j.sightings.last_type == 2;
	j.score_id = score_of(a, &j);
	return j;
}
