#include "core/heraldctl/explain_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/json_text.h"
#include "core/heraldctl/text.h"

#define INDENT " " /* and the gap behind it */
#define SHORT 8	   /* digits of an id that people are shown */
#define NAME_COLUMNS 16
#define WHY_MAX 4096
#define PAIRS_MAX 8

/* ---- small things ---- */

static bool is(const json_t *object, const char *name, const char *text)
{
	return strcmp(hd_text_of(object, name), text) == 0;
}

static void add_short(struct hd_buf *out, const char *id)
{
	hd_buf_addf(out, "%.*s", SHORT, id);
}

static void add_number(struct hd_buf *out, const json_t *value)
{
	if (json_is_integer(value))
		hd_buf_addf(out, "%lld", (long long)json_integer_value(value));
	else
		hd_buf_addf(out, "%g", json_number_value(value));
}

static void add_signed(struct hd_buf *out, const json_t *value)
{
	if (json_number_value(value) >= 0)
		hd_buf_addc(out, '+');
	add_number(out, value);
}

/* "name value" of simple members, with commas between. */
static void add_pairs(struct hd_buf *out, const json_t *object)
{
	const char *name;
	json_t *value;
	int n = 0;

	json_object_foreach((json_t *)object, name, value) {
		bool simple = json_is_number(value) ||
			      (json_is_string(value) &&
			       json_string_length(value) != 0);

		if (!simple || n == PAIRS_MAX)
			continue;
		hd_buf_adds(out, n++ != 0 ? ", " : "");
		hd_text_words(out, name);
		hd_buf_addc(out, ' ');
		if (json_is_number(value))
			add_number(out, value);
		else
			hd_text_add(out, json_string_value(value));
	}
}

/* The first of two pointers that leads to a text; "" if none does. */
static const char *text_at(const json_t *root, const char *a, const char *b)
{
	const char *text = json_string_value(hd_json_at(root, a));

	if (!text && b)
		text = json_string_value(hd_json_at(root, b));
	return text ? text : "";
}

/* ---- head ---- */

/* Whom or what it is about, as the record tells. */
static void add_subject(struct hd_buf *out, const json_t *record)
{
	static const struct {
		const char *word, *at, *else_at;
	} kinds[] = {
		{ "user", "/evidences/0/actor/user/name",
		  "/evidences/0/user/name" },
		{ "host", "/device/hostname", "/device/name" },
		{ "from", "/evidences/0/src_endpoint/ip",
		  "/evidences/0/src_endpoint/hostname" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *text = text_at(record, kinds[i].at,
					   kinds[i].else_at);

		if (!text[0])
			continue;
		hd_buf_addf(out, "   %s ", kinds[i].word);
		hd_text_add(out, text);
	}
}

static void add_state(struct hd_buf *out, const json_t *alert)
{
	hd_buf_adds(out, "state ");
	hd_text_words(out, hd_text_of(alert, "state"));
	if (hd_text_of(alert, "leader")[0]) {
		hd_buf_adds(out, ", a repeat of ");
		add_short(out, hd_text_of(alert, "leader"));
	}
	if (hd_text_of(alert, "reason")[0]) {
		hd_buf_adds(out, ": ");
		hd_text_add(out, hd_text_of(alert, "reason"));
	}
	hd_buf_addc(out, '\n');
}

void hd_explain_head(struct hd_buf *out, const json_t *alert, int64_t now_ms)
{
	hd_buf_adds(out, "alert ");
	add_short(out, hd_text_of(alert, "id"));
	hd_buf_adds(out, "  ");
	hd_text_add(out, hd_text_of(alert, "title")[0]
				 ? hd_text_of(alert, "title")
				 : "(no title)");
	add_subject(out, json_object_get(alert, "record"));
	hd_buf_adds(out, "   ");
	hd_text_time(out, hd_text_of(alert, "received"), now_ms, true);
	hd_buf_addc(out, '\n');
	if (hd_text_of(alert, "pipeline")[0]) {
		hd_buf_adds(out, "pipeline ");
		hd_text_add(out, hd_text_of(alert, "pipeline"));
		hd_buf_adds(out, " (configuration ");
		add_short(out, hd_text_of(alert, "configuration"));
		hd_buf_adds(out, ")\n");
	}
	add_state(out, alert);
}

/* ---- score ---- */

static const json_t *entry_of(const json_t *alert, const char *kind)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(alert, "entries"), i, entry)
		if (is(entry, "kind", kind))
			return json_object_get(entry, "what");
	return NULL;
}

/* Who did not answer, each once: "ad timed out, vt quota spent". */
static void add_missing(struct hd_buf *out, const json_t *answers)
{
	struct hd_buf one;
	json_t *answer;
	size_t i;
	int n = 0;

	hd_buf_init(&one, WHY_MAX);
	json_array_foreach(answers, i, answer) {
		if (!is(answer, "outcome", "missing"))
			continue;
		hd_buf_clear(&one);
		hd_text_add(&one, hd_text_of(answer, "connector"));
		hd_buf_addc(&one, ' ');
		hd_text_add(&one, hd_text_of(answer, "reason"));
		if (out->p && strstr(out->p, hd_buf_text(&one)))
			continue;
		hd_buf_adds(out, n++ != 0 ? ", " : "");
		hd_buf_adds(out, hd_buf_text(&one));
	}
	hd_buf_fini(&one);
}

static void add_score(struct hd_buf *out, const json_t *alert)
{
	const json_t *score = json_object_get(entry_of(alert, "decided"),
					      "score");
	int64_t low, high;
	struct hd_buf why;

	if (!score) {
		if (hd_text_of(alert, "pipeline")[0])
			hd_buf_adds(out, "no score: no score step ran\n");
		return;
	}
	low = hd_number_of(score, "low");
	high = hd_number_of(score, "high");
	hd_buf_addf(out, "score %lld ",
		    (long long)hd_number_of(score, "known"));
	hd_text_words(out, hd_text_of(alert, "level"));
	if (low != high) {
		hd_buf_init(&why, WHY_MAX);
		add_missing(&why, json_object_get(alert, "answers"));
		hd_buf_addf(out, " (could be %lld to %lld%s%s)", (long long)low,
			    (long long)high, why.n != 0 ? ": " : "",
			    hd_buf_text(&why));
		hd_buf_fini(&why);
	}
	hd_buf_addc(out, '\n');
}

static void add_counted(struct hd_buf *out, const json_t *c)
{
	struct hd_buf amount;

	hd_buf_init(&amount, 64);
	add_signed(&amount, json_object_get(c, "add"));
	hd_buf_addf(out, "%6s  ", hd_buf_text(&amount));
	hd_buf_fini(&amount);
	hd_text_pad(out, hd_text_of(c, "name"), NAME_COLUMNS);
	hd_buf_adds(out, "  ");
	hd_text_add(out, hd_text_of(c, "because"));
	hd_buf_addc(out, '\n');
}

/* What it could still add: "+30", or "-25 to +10". */
static void add_range(struct hd_buf *out, const json_t *c)
{
	const json_t *low = json_object_get(c, "low");
	const json_t *high = json_object_get(c, "high");

	if (json_number_value(low) < 0) {
		add_signed(out, low);
		if (json_number_value(high) <= 0)
			return;
		hd_buf_adds(out, " to ");
	}
	add_signed(out, high);
}

static void add_unknown(struct hd_buf *out, const json_t *c)
{
	struct hd_buf name;

	hd_buf_init(&name, 512);
	hd_text_add(&name, hd_text_of(c, "name"));
	hd_buf_adds(&name, " (");
	add_range(&name, c);
	hd_buf_addc(&name, ')');
	hd_buf_adds(out, "     ?  ");
	hd_text_pad(out, hd_buf_text(&name), NAME_COLUMNS);
	hd_buf_fini(&name);
	hd_buf_addf(out, "  %s: ", hd_text_of(c, "counted"));
	hd_text_add(out, hd_text_of(c, "why"));
	hd_buf_addc(out, '\n');
}

/* "critical_host, new_location: absent." of those that did not count so. */
static bool add_others(struct hd_buf *out, const json_t *ledger,
		       const char *counted, bool first)
{
	json_t *c;
	size_t i;
	int n = 0;

	json_array_foreach(ledger, i, c) {
		if (!is(c, "counted", counted))
			continue;
		if (n == 0)
			hd_buf_adds(out, first ? "        " : "  ");
		hd_buf_adds(out, n++ != 0 ? ", " : "");
		hd_text_add(out, hd_text_of(c, "name"));
		if (hd_text_of(c, "why")[0]) {
			hd_buf_adds(out, " (");
			hd_text_add(out, hd_text_of(c, "why"));
			hd_buf_addc(out, ')');
		}
	}
	if (n != 0)
		hd_buf_addf(out, ": %s.", counted);
	return n != 0;
}

static void add_ledger(struct hd_buf *out, const json_t *ledger)
{
	static const char *const others[] = { "absent", "not met",
					      "not the largest" };
	bool any = false;
	json_t *c;
	size_t i;

	json_array_foreach(ledger, i, c)
		if (is(c, "counted", "counted"))
			add_counted(out, c);
	json_array_foreach(ledger, i, c)
		if (is(c, "counted", "unknown") || is(c, "counted", "error"))
			add_unknown(out, c);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		any |= add_others(out, ledger, others[i], !any);
	if (any)
		hd_buf_addc(out, '\n');
}

/* ---- answers ---- */

static void add_answer(struct hd_table *table, const json_t *answer)
{
	const json_t *result = json_object_get(answer, "result");
	struct hd_buf text;

	hd_buf_init(&text, WHY_MAX);
	hd_table_add(table, INDENT);
	hd_table_add(table, hd_text_of(answer, "connector"));
	hd_buf_addf(&text, "%s %s", hd_text_of(answer, "type"),
		    hd_text_of(answer, "value"));
	hd_table_add(table, hd_buf_text(&text));
	hd_table_add(table, hd_text_of(answer, "outcome"));
	hd_buf_clear(&text);
	hd_text_duration(&text, hd_number_of(answer, "took"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	if (hd_text_of(answer, "reason")[0])
		hd_buf_adds(&text, hd_text_of(answer, "reason"));
	else if (json_object_get(result, "data"))
		add_pairs(&text, json_object_get(result, "data"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_fini(&text);
}

static void add_answers(struct hd_buf *out, const json_t *answers)
{
	struct hd_table table;
	json_t *answer;
	size_t i;

	if (json_array_size(answers) == 0)
		return;
	hd_buf_adds(out, "answers\n");
	hd_table_init(&table, "", "", "", "", "", "", NULL);
	json_array_foreach(answers, i, answer)
		add_answer(&table, answer);
	hd_table_print(&table, 0, out);
	hd_table_fini(&table);
}

/* ---- actions ---- */

static void add_part(struct hd_buf *out, const char *before, const char *text)
{
	if (!text[0])
		return;
	hd_buf_adds(out, out->n != 0 ? ", " : "");
	hd_buf_adds(out, before);
	hd_buf_adds(out, text);
}

/* What came of it, in one line. */
static void add_outcome(struct hd_buf *out, const json_t *action)
{
	const json_t *ticket = json_object_get(action, "ticket");
	const json_t *result = json_object_get(action, "result");
	struct hd_buf pairs;

	add_part(out, "ticket ", hd_text_of(ticket, "uid"));
	if (json_is_object(result)) {
		hd_buf_init(&pairs, WHY_MAX);
		add_pairs(&pairs, result);
		add_part(out, "", hd_buf_text(&pairs));
		hd_buf_fini(&pairs);
	}
	add_part(out, "", hd_text_of(action, "message"));
	if (!is(action, "message", hd_text_of(action, "summary")))
		add_part(out, "", hd_text_of(action, "summary"));
	add_part(out, "", hd_text_of(ticket, "src_url"));
	if (hd_number_of(action, "tries") > 1)
		hd_buf_addf(out, "%s%lld tries", out->n != 0 ? ", " : "",
			    (long long)hd_number_of(action, "tries"));
	if (is(action, "state", "in_doubt"))
		hd_buf_addf(out, " -> heraldctl settle %.*s done|not-done",
			    SHORT, hd_text_of(action, "id"));
}

static void add_action(struct hd_table *table, const json_t *action)
{
	struct hd_buf text;

	hd_buf_init(&text, WHY_MAX * 4);
	hd_table_add(table, INDENT);
	hd_table_add(table, hd_text_of(action, "name"));
	hd_text_words(&text, hd_text_of(action, "state"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_buf_addf(&text, "%s.%s", hd_text_of(action, "connector"),
		    hd_text_of(action, "action"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	add_outcome(&text, action);
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_fini(&text);
}

/* An entry of respond that did not act, or acted in doubt. */
static void add_note(struct hd_table *table, const json_t *note)
{
	struct hd_buf what;

	hd_buf_init(&what, 1024);
	hd_buf_addf(&what, "%s.%s", hd_text_of(note, "do"),
		    hd_text_of(note, "action"));
	hd_table_add(table, INDENT);
	hd_table_add(table, hd_text_of(note, "name"));
	hd_table_add(table, hd_text_of(note, "outcome"));
	hd_table_add(table, hd_buf_text(&what));
	hd_table_add(table, hd_text_of(note, "why"));
	hd_buf_fini(&what);
}

void hd_explain_actions(struct hd_buf *out, const json_t *alert)
{
	struct hd_table table;
	json_t *one;
	size_t i, before;

	hd_table_init(&table, "", "", "", "", "", NULL);
	before = table.count;
	json_array_foreach(json_object_get(alert, "actions"), i, one)
		add_action(&table, one);
	json_array_foreach(json_object_get(alert, "entries"), i, one)
		if (is(one, "kind", "respond"))
			add_note(&table, json_object_get(one, "what"));
	if (table.count != before) {
		hd_buf_adds(out, "actions\n");
		hd_table_print(&table, 0, out);
	}
	hd_table_fini(&table);
}

/* ---- timeline ---- */

static void add_what(struct hd_buf *out, const char *kind, const json_t *what)
{
	if (strcmp(kind, "action") == 0) {
		hd_text_add(out, hd_text_of(what, "name"));
		hd_buf_addc(out, ' ');
		hd_text_words(out, hd_text_of(what, "state"));
		add_part(out, "", hd_text_of(what, "message"));
		return;
	}
	if (strcmp(kind, "received") == 0) {
		hd_buf_adds(out, "from ");
		hd_text_add(out, hd_text_of(what, "connector"));
		return;
	}
	if (strcmp(kind, "decided") == 0) {
		hd_buf_adds(out, hd_text_of(what, "state"));
		add_part(out, "", hd_text_of(what, "reason"));
		return;
	}
	add_pairs(out, what);
}

void hd_explain_timeline(struct hd_buf *out, const json_t *alert,
			 int64_t now_ms)
{
	struct hd_table table;
	struct hd_buf text;
	json_t *entry;
	size_t i;

	hd_table_init(&table, "", "", "", "", NULL);
	hd_buf_init(&text, WHY_MAX * 4);
	json_array_foreach(json_object_get(alert, "entries"), i, entry) {
		if (is(entry, "kind", "respond"))
			continue;
		hd_buf_clear(&text);
		hd_text_time(&text, hd_text_of(entry, "time"), now_ms, false);
		hd_table_add(&table, INDENT);
		hd_table_add(&table, hd_buf_text(&text));
		hd_table_add(&table, hd_text_of(entry, "kind"));
		hd_buf_clear(&text);
		add_what(&text, hd_text_of(entry, "kind"),
			 json_object_get(entry, "what"));
		hd_table_add(&table, hd_buf_text(&text));
	}
	hd_buf_fini(&text);
	hd_buf_adds(out, "timeline\n");
	hd_table_print(&table, 0, out);
	hd_table_fini(&table);
	if (hd_text_of(alert, "entries_damaged")[0]) {
		hd_buf_adds(out, "   the timeline is not whole: ");
		hd_text_add(out, hd_text_of(alert, "entries_damaged"));
		hd_buf_addc(out, '\n');
	}
}

void hd_explain_text(struct hd_buf *out, const json_t *alert, int64_t now_ms)
{
	hd_explain_head(out, alert, now_ms);
	add_score(out, alert);
	add_ledger(out, json_object_get(alert, "ledger"));
	add_answers(out, json_object_get(alert, "answers"));
	hd_explain_actions(out, alert);
	hd_explain_timeline(out, alert, now_ms);
}
