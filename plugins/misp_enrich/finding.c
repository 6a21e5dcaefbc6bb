#include "misp_enrich/finding.h"

#include <inttypes.h>

#include "common/text.h"

#include "misp_enrich/judge.h"
#include "misp_enrich/value.h"

#define SHOWN_MAX 20 /* attributes that are told one by one */
#define TAGS_MAX 20  /* of one attribute */
#define WARNINGS_MAX 10
#define LISTS_MAX 20 /* warning lists of the value */
#define MODELS_MAX 10
#define EVENTS_MAX 50
#define EVENTS_TOLD 5 /* in `desc` */
#define LABELS_MAX 20
#define TEXT_MAX 500 /* bytes of what analysts wrote */

void misp_finding_init(struct misp_finding *f, const herald_lookup *asked)
{
	*f = (struct misp_finding){ .asked = asked };
}

void misp_finding_fini(struct misp_finding *f)
{
	hp_json_close(&f->result);
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

/* "NIDS Simple Decaying Model", 64.3, false: what each model says. */
static void tell_decay(struct misp_finding *f, const char *base,
		       const struct misp_attribute *a)
{
	size_t n = hp_json_size(a->reply, a->at, "/decay_score");
	struct hp_path from, to;

	for (size_t i = 0; i < n && i < MODELS_MAX; i++) {
		hp_path(&from, "%s/decay_score/%zu", a->at, i);
		hp_path(&to, "%s/decay/%zu", base, i);
		tell(f, to.text, "/model",
		     hp_json_text(a->reply, from.text, "/DecayingModel/name"));
		hp_json_put_copy(&f->result,
				 hp_path(&to, "%s/decay/%zu/score", base, i),
				 a->reply, from.text, "/score");
		hp_json_put_bool(&f->result,
				 hp_path(&to, "%s/decay/%zu/decayed", base, i),
				 hp_json_is_true(a->reply, from.text,
						 "/decayed"));
	}
}

static void tell_sightings(struct misp_finding *f, const char *base,
			   const struct misp_sightings *s)
{
	const struct {
		const char *name;
		int64_t value;
	} all[] = { { "seen", s->seen },
		    { "false_positive", s->false_positive },
		    { "expired", s->expired },
		    { "last", s->last } };
	struct hp_path at;

	if (s->seen + s->false_positive + s->expired == 0)
		return;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		hp_json_put_int(&f->result,
				hp_path(&at, "%s/sightings/%s", base,
					all[i].name),
				all[i].value);
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
			   const struct misp_attribute *a,
			   const struct misp_judgement *j)
{
	int64_t changed = hp_json_int(a->reply, a->at, "/timestamp", 0);
	struct hp_path base, path;

	hp_path(&base, "/data/matches/%u", f->shown++);
	tell(f, base.text, "/event_id", event_id(a));
	tell_texts(f, base.text, a);
	tell(f, base.text, "/threat_level",
	     herald_cstr(misp_level_word(
		     hp_json_int(a->reply, a->event, "/threat_level_id", 0))));
	hp_json_put_bool(&f->result, hp_path(&path, "%s/to_ids", base.text),
			 j->to_ids);
	if (changed > 0)
		hp_json_put_int(&f->result,
				hp_path(&path, "%s/changed", base.text),
				changed);
	tell_tags(f, base.text, a);
	tell_warnings(f, base.text, a);
	tell_decay(f, base.text, a);
	tell_sightings(f, base.text, &j->sightings);
}

/* Each list once. */
static void note_list(struct misp_finding *f, herald_str name)
{
	struct hp_path at;

	name = hp_str_head(name, TEXT_MAX);
	if (name.n == 0 || f->lists >= LISTS_MAX ||
	    has_text(&f->result, "/data/warning_lists", f->lists, name))
		return;
	hp_json_put(&f->result,
		    hp_path(&at, "/data/warning_lists/%u", f->lists++), name);
}

static void note_lists(struct misp_finding *f, struct hp_json *reply,
		       const char *list, const char *name)
{
	size_t n = hp_json_size(reply, list, "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++)
		note_list(f,
			  hp_json_text(reply, hp_path(&at, "%s/%zu", list, i),
				       name));
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

static void open_result(struct misp_finding *f, const herald_host *h)
{
	if (!f->result.d && !f->result.failed)
		hp_json_open(&f->result, h, (herald_str){ NULL, 0 });
}

void misp_finding_add(struct misp_finding *f, const herald_host *h,
		      const struct misp_attribute *a)
{
	struct misp_judgement j;
	struct hp_path warnings;
	herald_str id;

	if (!misp_value_fits(a->type, a->value, f->asked->value))
		return;
	open_result(f, h);
	f->count++;
	j = misp_judge(a);
	id = event_id(a);
	f->to_ids += j.to_ids;
	f->counting += misp_counts(&j);
	f->false_positives += j.false_positive;
	f->faded += j.decayed || j.expired;
	if (j.score_id > f->score_id) {
		f->score_id = j.score_id;
		snprintf(f->worst_event, sizeof(f->worst_event), "%.*s",
			 (int)id.n, id.p ? id.p : "");
	}
	note_event(f, id);
	note_lists(f, a->reply, hp_path(&warnings, "%s/warnings", a->at),
		   "/warninglist_name");
	if (f->shown < SHOWN_MAX)
		tell_attribute(f, a, &j);
}

void misp_finding_add_lists(struct misp_finding *f, const herald_host *h,
			    struct hp_json *reply)
{
	char at[HP_PATH_MAX];

	if (!herald_pointer(at, sizeof(at), "", f->asked->value) ||
	    hp_json_size(reply, at, "") == 0)
		return;
	open_result(f, h);
	note_lists(f, reply, at, "/name");
}

/* ---- the whole ---- */

static void describe_doubts(const struct misp_finding *f, struct hp_text *out)
{
	if (f->to_ids == 0)
		hp_text_add(out, HERALD_S(", none for detection"));
	if (f->false_positives > 0)
		hp_text_addf(out, ", %u false positive", f->false_positives);
	if (f->faded > 0)
		hp_text_addf(out, ", %u faded", f->faded);
}

/* "2 attributes, events 1, 2" */
static void describe_attributes(struct misp_finding *f, struct hp_text *out)
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
	describe_doubts(f, out);
}

/* "...; on the warning list Top 1000 websites, and 2 more" */
static void describe(struct misp_finding *f, struct hp_text *out)
{
	if (f->count > 0)
		describe_attributes(f, out);
	if (f->lists == 0)
		return;
	hp_text_addf(out, "%son the warning list %s", f->count > 0 ? "; " : "",
		     hp_json_cstr(&f->result, "/data/warning_lists/0", ""));
	if (f->lists > 1)
		hp_text_addf(out, ", and %u more", f->lists - 1);
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

static void put_doubts(struct misp_finding *f)
{
	hp_json_put_int(&f->result, "/data/false_positives",
			f->false_positives);
	hp_json_put_int(&f->result, "/data/faded", f->faded);
}

herald_str misp_finding_text(struct misp_finding *f, herald_str url)
{
	struct hp_text desc;

	if (f->count == 0 && f->lists == 0)
		return (herald_str){ NULL, 0 };
	hp_text_init(&desc, 1024);
	describe(f, &desc);
	hp_json_put(&f->result, "/desc", hp_text_str(&desc));
	hp_text_fini(&desc);
	put_link(f, url);
	hp_json_put_int(&f->result, "/data/count", f->count);
	if (f->count > 0)
		put_doubts(f);
	hp_json_put_int(&f->result, "/reputation/base_score", f->counting);
	hp_json_put_int(&f->result, "/reputation/score_id", f->score_id);
	return hp_json_all(&f->result);
}
