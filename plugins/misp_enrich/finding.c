#include "misp_enrich/finding.h"

#include <inttypes.h>

#include "common/text.h"

#include "misp_enrich/value.h"

#define SHOWN_MAX 20 /* attributes that are told one by one */
#define TAGS_MAX 20  /* of one attribute */
#define WARNINGS_MAX 10
#define EVENTS_MAX 50
#define EVENTS_TOLD 5 /* in `desc` */
#define LABELS_MAX 20
#define TEXT_MAX 500 /* bytes of what analysts wrote */

enum {
	SCORE_WARNED = 4,
	SCORE_NO_IDS = 6,
	SCORE_LOW = 8,
	SCORE_MEDIUM,
	SCORE_HIGH
};

void misp_finding_init(struct misp_finding *f, const herald_lookup *asked)
{
	*f = (struct misp_finding){ .asked = asked };
}

void misp_finding_fini(struct misp_finding *f)
{
	hp_json_close(&f->result);
}

/* ---- judging ---- */

static int judge(const struct misp_attribute *a, bool to_ids, bool warned)
{
	if (!to_ids)
		return warned ? SCORE_WARNED : SCORE_NO_IDS;
	switch (hp_json_int(a->reply, a->event, "/threat_level_id", 0)) {
	case 1:
		return SCORE_HIGH;
	case 2:
		return SCORE_MEDIUM;
	default:
		return SCORE_LOW;
	}
}

static const char *level_word(int64_t level)
{
	static const char *const words[] = { "", "high", "medium", "low",
					     "undefined" };

	return level >= 1 && level <= 4 ? words[level] : "";
}

static herald_str event_id(const struct misp_attribute *a)
{
	herald_str id = hp_json_text(a->reply, a->event, "/id");

	if (!id.p)
		id = hp_json_text(a->reply, a->at, "/event_id");
	if (!hp_str_is_digits(id) || id.n >= MISP_ID_MAX)
		return (herald_str){ NULL, 0 };
	return id;
}

/* ---- what is told ---- */

/* The place is `base` + `name`; texts of analysts are cut. */
static void tell(struct misp_finding *f, const char *base, const char *name,
		 herald_str text)
{
	struct hp_path path;

	hp_json_put(&f->result, hp_path(&path, "%s%s", base, name),
		    hp_str_head(text, TEXT_MAX));
}

static bool has_text(struct hp_json *j, const char *list, size_t n,
		     herald_str text)
{
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		herald_str there =
			hp_json_text(j, hp_path(&at, "%s/%zu", list, i), "");

		if (hp_str_same(there, text))
			return true;
	}
	return false;
}

/* How far a value may travel is told by tlp tags: they become labels. */
static void add_label(struct misp_finding *f, herald_str tag)
{
	struct hp_path at;

	if (!hp_str_begins(tag, "tlp:") || f->labels >= LABELS_MAX ||
	    has_text(&f->result, "/labels", f->labels, tag))
		return;
	hp_json_put(&f->result, hp_path(&at, "/labels/%u", f->labels++),
		    hp_str_head(tag, TEXT_MAX));
}

/* Tags of the event stand among those of the attribute, some twice. */
static void tell_tags(struct misp_finding *f, const char *base,
		      const struct misp_attribute *a)
{
	size_t n = hp_json_size(a->reply, a->at, "/Tag"), told = 0;
	struct hp_path from, list, to;

	hp_path(&list, "%s/tags", base);
	for (size_t i = 0; i < n && told < TAGS_MAX; i++) {
		herald_str tag = hp_json_text(
			a->reply, hp_path(&from, "%s/Tag/%zu", a->at, i),
			"/name");

		if (tag.n == 0 || has_text(&f->result, list.text, told, tag))
			continue;
		hp_json_put(&f->result,
			    hp_path(&to, "%s/tags/%zu", base, told++),
			    hp_str_head(tag, TEXT_MAX));
		add_label(f, tag);
	}
}

static void tell_warnings(struct misp_finding *f, const char *base,
			  const struct misp_attribute *a)
{
	size_t n = hp_json_size(a->reply, a->at, "/warnings");
	struct hp_path from, to;

	for (size_t i = 0; i < n && i < WARNINGS_MAX; i++) {
		hp_path(&from, "%s/warnings/%zu", a->at, i);
		hp_path(&to, "%s/warnings/%zu", base, i);
		hp_json_put(&f->result, to.text,
			    hp_str_head(hp_json_text(a->reply, from.text,
						     "/warninglist_name"),
					TEXT_MAX));
	}
}

static void tell_texts(struct misp_finding *f, const char *base,
		       const struct misp_attribute *a)
{
	static const struct {
		const char *name, *place;
		bool of_event;
	} texts[] = {
		{ "/type", "/type", false },
		{ "/value", "/value", false },
		{ "/category", "/category", false },
		{ "/comment", "/comment", false },
		{ "/first_seen", "/first_seen", false },
		{ "/last_seen", "/last_seen", false },
		{ "/event_info", "/info", true },
		{ "/event_date", "/date", true },
		{ "/organisation", "/Orgc/name", true },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		tell(f, base, texts[i].name,
		     hp_json_text(a->reply,
				  texts[i].of_event ? a->event : a->at,
				  texts[i].place));
}

static void tell_attribute(struct misp_finding *f,
			   const struct misp_attribute *a, bool to_ids)
{
	int64_t changed = hp_json_int(a->reply, a->at, "/timestamp", 0);
	struct hp_path base, path;

	hp_path(&base, "/data/matches/%u", f->shown++);
	tell(f, base.text, "/event_id", event_id(a));
	tell_texts(f, base.text, a);
	tell(f, base.text, "/threat_level",
	     herald_cstr(level_word(
		     hp_json_int(a->reply, a->event, "/threat_level_id", 0))));
	hp_json_put_bool(&f->result, hp_path(&path, "%s/to_ids", base.text),
			 to_ids);
	if (changed > 0)
		hp_json_put_int(&f->result,
				hp_path(&path, "%s/changed", base.text),
				changed);
	tell_tags(f, base.text, a);
	tell_warnings(f, base.text, a);
}

/* Each event once. */
static void note_event(struct misp_finding *f, herald_str id)
{
	struct hp_path at;

	if (!id.p || f->events >= EVENTS_MAX ||
	    has_text(&f->result, "/data/events", f->events, id))
		return;
	hp_json_put(&f->result, hp_path(&at, "/data/events/%u", f->events++),
		    id);
}

void misp_finding_add(struct misp_finding *f, const herald_host *h,
		      const struct misp_attribute *a)
{
	bool to_ids, warned;
	herald_str id;
	int score_id;

	if (!misp_value_fits(a->type, a->value, f->asked->value))
		return;
	if (f->count++ == 0)
		hp_json_open(&f->result, h, (herald_str){ NULL, 0 });
	to_ids = hp_json_is_true(a->reply, a->at, "/to_ids");
	warned = hp_json_size(a->reply, a->at, "/warnings") > 0;
	score_id = judge(a, to_ids, warned);
	id = event_id(a);
	f->to_ids += to_ids;
	f->warned = f->warned || warned;
	if (score_id > f->score_id) {
		f->score_id = score_id;
		snprintf(f->worst_event, sizeof(f->worst_event), "%.*s",
			 (int)id.n, id.p ? id.p : "");
	}
	note_event(f, id);
	if (f->shown < SHOWN_MAX)
		tell_attribute(f, a, to_ids);
}

/* ---- the whole ---- */

/* "2 attributes, events 1, 2; on a warning list" */
static void describe(struct misp_finding *f, struct hp_text *out)
{
	struct hp_path at;

	hp_text_addf(out, "%u attribute%s", f->count, f->count == 1 ? "" : "s");
	for (unsigned i = 0; i < f->events && i < EVENTS_TOLD; i++)
		hp_text_addf(out, "%s%s",
			     i > 0	      ? ", "
			     : f->events == 1 ? ", event "
					      : ", events ",
			     hp_json_cstr(&f->result,
					  hp_path(&at, "/data/events/%u", i),
					  ""));
	if (f->events > EVENTS_TOLD)
		hp_text_add(out, HERALD_S(" and more"));
	if (f->to_ids == 0)
		hp_text_add(out, HERALD_S(", none for detection"));
	if (f->warned)
		hp_text_add(out, HERALD_S("; on a warning list"));
}

static void put_link(struct misp_finding *f, herald_str url)
{
	struct hp_text link;

	if (!f->worst_event[0])
		return;
	while (url.n > 0 && url.p[url.n - 1] == '/')
		url.n--;
	hp_text_init(&link, 2048);
	hp_text_add(&link, url);
	hp_text_addf(&link, "/events/view/%s", f->worst_event);
	if (!link.cut)
		hp_json_put(&f->result, "/link", hp_text_str(&link));
	hp_text_fini(&link);
}

herald_str misp_finding_text(struct misp_finding *f, herald_str url)
{
	struct hp_text desc;

	if (f->count == 0)
		return (herald_str){ NULL, 0 };
	hp_text_init(&desc, 1024);
	describe(f, &desc);
	hp_json_put(&f->result, "/desc", hp_text_str(&desc));
	hp_text_fini(&desc);
	put_link(f, url);
	hp_json_put_int(&f->result, "/data/count", f->count);
	hp_json_put_int(&f->result, "/reputation/base_score", f->to_ids);
	hp_json_put_int(&f->result, "/reputation/score_id", f->score_id);
	return hp_json_all(&f->result);
}
