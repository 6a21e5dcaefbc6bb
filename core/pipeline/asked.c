#include "core/pipeline/asked.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/base/log.h"

void hd_asked_init(struct hd_asked *asked)
{
	memset(asked, 0, sizeof(*asked));
	asked->enrich = json_object();
}

static void forget_missing(struct hd_asked *asked)
{
	free(asked->missing);
	asked->missing = NULL;
	asked->missing_count = 0;
}

void hd_asked_fini(struct hd_asked *asked)
{
	for (size_t i = 0; i < asked->count; i++) {
		free(asked->items[i].connector);
		free(asked->items[i].value);
		free(asked->items[i].enrichment);
		free(asked->items[i].fills);
		hd_answer_unref(asked->items[i].answer);
	}
	free(asked->items);
	forget_missing(asked);
	json_decref(asked->enrich);
	memset(asked, 0, sizeof(*asked));
}

bool hd_asked_has(const struct hd_asked *asked, const char *connector,
		  enum hd_kind kind, const char *value)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct hd_question_asked *q = &asked->items[i];

		if (q->kind == kind && strcmp(q->value, value) == 0 &&
		    strcmp(q->connector, connector) == 0)
			return true;
	}
	return false;
}

size_t hd_asked_add(struct hd_asked *asked, const char *connector,
		    enum hd_kind kind, const char *value,
		    const char *enrichment, const char *fills, unsigned order)
{
	struct hd_question_asked *q;

	if (asked->count == asked->cap) {
		asked->cap = asked->cap != 0 ? asked->cap * 2 : 16;
		asked->items = hd_realloc_array(asked->items, asked->cap,
						sizeof(*asked->items));
	}
	q = &asked->items[asked->count];
	memset(q, 0, sizeof(*q));
	q->connector = hd_strdup(connector);
	q->kind = kind;
	q->value = hd_strdup(value);
	q->enrichment = hd_strdup(enrichment);
	q->fills = hd_strdup(fills);
	q->order = order;
	return asked->count++;
}

void hd_asked_mention(struct hd_asked *asked, const char *connector)
{
	if (!json_object_get(asked->enrich, connector))
		json_object_set_new(asked->enrich, connector, json_array());
}

static int by_place(const void *a, const void *b)
{
	const struct hd_question_asked *x = a, *y = b;
	int d;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	d = strcmp(hd_kind_name(x->kind), hd_kind_name(y->kind));
	return d != 0 ? d : strcmp(x->value, y->value);
}

/* Does this kind of enrichment say how good or bad a value is?  Then a clean
 * answer is a word too: reputation 0, nothing known. */
static bool judges(const struct hd_question_asked *q)
{
	return q->enrichment && (strcmp(q->enrichment, "threat_intel") == 0 ||
				 strcmp(q->enrichment, "reputation") == 0);
}

static json_t *nothing_known(void)
{
	json_t *known = json_object(), *reputation = json_object();

	json_object_set_new(reputation, "base_score", json_real(0));
	hd_json_put_int(reputation, "score_id", 0);
	json_object_set_new(known, "data", json_object());
	json_object_set_new(known, "reputation", reputation);
	return known;
}

static json_t *result_of(const struct hd_question_asked *q)
{
	if (q->answer->outcome == HD_HIT)
		return q->answer->result ? json_incref(q->answer->result)
					 : json_object();
	if (q->answer->outcome == HD_CLEAN && judges(q))
		return nothing_known();
	return NULL;
}

/* One answer into the record; a result that does not fit counts as missing. */
static void merge_one(struct hd_question_asked *q, json_t *record)
{
	json_t *result = result_of(q);
	struct hd_addition addition = {
		.connector = q->connector,
		.type = hd_kind_name(q->kind),
		.value = q->value,
		.kind = q->enrichment,
		.fills = q->fills,
		.result = result,
		.created_ms = q->answer->made_ms,
	};
	struct hd_err why;

	q->merged = true;
	if (!result)
		return;
	if (hd_record_merge(record, &addition, &why) < 0) {
		struct hd_answer *bad = hd_answer_new(
			HD_MISSING, HERALD_BAD_REPLY, NULL, why.text,
			q->answer->made_ms, q->answer->took_ms);

		hd_log(HD_LOG_WARNING,
		       &(struct hd_log_context){ q->connector, NULL },
		       "answer of the wrong shape: %s", why.text);
		hd_answer_unref(q->answer);
		q->answer = bad;
	}
	json_decref(result);
}

static void add_enrich(struct hd_asked *asked,
		       const struct hd_question_asked *q)
{
	json_t *list, *one, *result;

	hd_asked_mention(asked, q->connector);
	if (q->answer->outcome == HD_MISSING ||
	    q->answer->outcome == HD_NOT_APPLICABLE)
		return;
	list = json_object_get(asked->enrich, q->connector);
	result = result_of(q);
	one = json_object();
	hd_json_put_text(one, "value", q->value);
	hd_json_put_text(one, "type", hd_kind_name(q->kind));
	hd_json_put_text(one, "status", hd_outcome_name(q->answer->outcome));
	if (json_object_get(result, "data"))
		json_object_set(one, "data", json_object_get(result, "data"));
	else
		json_object_set_new(one, "data", json_object());
	if (json_object_get(result, "reputation"))
		json_object_set(one, "reputation",
				json_object_get(result, "reputation"));
	json_decref(result);
	json_array_append_new(list, one);
}

static void add_missing(struct hd_asked *asked,
			const struct hd_question_asked *q)
{
	asked->missing = hd_realloc_array(asked->missing,
					  asked->missing_count + 1,
					  sizeof(*asked->missing));
	asked->missing[asked->missing_count++] = (struct hd_missing){
		.connector = q->connector,
		.fills = q->fills,
		.kind = q->enrichment,
		.types = hd_kind_name(q->kind),
		.reason = q->answer->reason ? q->answer->reason : "no answer",
	};
}

static void rebuild(struct hd_asked *asked)
{
	const char *name;
	json_t *list;

	json_object_foreach(asked->enrich, name, list)
		json_array_clear(list);
	forget_missing(asked);
	for (size_t i = 0; i < asked->count; i++) {
		const struct hd_question_asked *q = &asked->items[i];

		if (!q->answer)
			continue;
		add_enrich(asked, q);
		if (q->answer->outcome == HD_MISSING)
			add_missing(asked, q);
	}
}

void hd_asked_merge(struct hd_asked *asked, size_t from, json_t *record)
{
	if (asked->count > from)
		qsort(asked->items + from, asked->count - from,
		      sizeof(*asked->items), by_place);
	for (size_t i = from; i < asked->count; i++)
		if (asked->items[i].answer && !asked->items[i].merged)
			merge_one(&asked->items[i], record);
	rebuild(asked);
}

/* Connectors that were asked, but about nothing. */
static void add_unasked(const struct hd_asked *asked, json_t *list)
{
	const char *name;
	json_t *answers;

	json_object_foreach(asked->enrich, name, answers) {
		bool asks = false;

		for (size_t i = 0; i < asked->count && !asks; i++)
			asks = strcmp(asked->items[i].connector, name) == 0;
		if (!asks)
			json_array_append_new(
				list, json_pack("{s:s, s:s}", "connector", name,
						"outcome", "nothing to ask"));
	}
}

json_t *hd_asked_json(const struct hd_asked *asked)
{
	json_t *list = json_array();

	for (size_t i = 0; i < asked->count; i++) {
		const struct hd_question_asked *q = &asked->items[i];
		const struct hd_answer *a = q->answer;
		json_t *one;

		if (!a)
			continue;
		one = json_object();
		hd_json_put_text(one, "connector", q->connector);
		hd_json_put_text(one, "type", hd_kind_name(q->kind));
		hd_json_put_text(one, "value", q->value);
		hd_json_put_text(one, "outcome", hd_outcome_name(a->outcome));
		hd_json_put_int(one, "made", a->made_ms);
		hd_json_put_int(one, "took", a->took_ms);
		if (q->enrichment)
			hd_json_put_text(one, "kind", q->enrichment);
		if (q->fills)
			hd_json_put_text(one, "fills", q->fills);
		if (a->reason)
			json_object_set_new(one, "reason",
					    json_string(a->reason));
		if (a->detail)
			json_object_set_new(one, "detail",
					    json_string(a->detail));
		if (a->outcome == HD_HIT && a->result)
			json_object_set(one, "result", a->result);
		json_array_append_new(list, one);
	}
	add_unasked(asked, list);
	return list;
}

static enum hd_outcome outcome_named(const char *name)
{
	for (int o = HD_HIT; o <= HD_MISSING; o++)
		if (name && strcmp(name, hd_outcome_name(o)) == 0)
			return (enum hd_outcome)o;
	return HD_MISSING;
}

void hd_asked_restore(struct hd_asked *asked, const json_t *answers)
{
	const char *connector, *type, *value, *outcome, *kind, *fills, *reason;
	json_t *one, *result;
	size_t i, at;
	int k;

	json_array_foreach(answers, i, one) {
		kind = fills = reason = NULL;
		result = NULL;
		connector = json_string_value(
			json_object_get(one, "connector"));
		if (connector)
			hd_asked_mention(asked, connector);
		if (json_unpack(one, "{s:s, s:s, s:s, s:s, s?s, s?s, s?s, s?o}",
				"connector", &connector, "type", &type, "value",
				&value, "outcome", &outcome, "kind", &kind,
				"fills", &fills, "reason", &reason, "result",
				&result) < 0)
			continue;
		k = hd_kind_parse(type, NULL);
		if (k < 0)
			continue;
		at = hd_asked_add(asked, connector, (enum hd_kind)k, value,
				  kind, fills, (unsigned)i);
		asked->items[at].answer = hd_answer_new(outcome_named(outcome),
							0, result, reason, 0,
							0);
		asked->items[at].merged = true;
	}
	rebuild(asked);
}
