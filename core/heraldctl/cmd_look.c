/* Commands that only look. */
#include "core/heraldctl/ctl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/explain_text.h"
#include "core/heraldctl/status_text.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX (64u << 20)
#define SHORT 8

enum hd_exit hd_cmd_status(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_buf text;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "status", NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json) {
		hd_ctl_print_json(answer);
	} else {
		hd_buf_init(&text, TEXT_MAX);
		hd_status_text(&text, answer, hd_utc_ms());
		hd_ctl_print(&text);
	}
	json_decref(answer);
	return HD_EXIT_GOOD;
}

/* ---- pages ---- */

/* Asks for the page after `cursor` (0: the first). */
static enum hd_exit ask_page(struct hd_ctl *ctl, const char *what,
			     int64_t cursor, json_t **page)
{
	static const char *const names[] = { "state", "pipeline", "since",
					     "if" };
	char number[32];
	struct hd_ask ask;

	hd_ask_init(&ask, what, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		hd_ask_query(&ask, names[i], hd_ctl_option(ctl, names[i]));
	if (!hd_ctl_option(ctl, "if")) /* else of those looked at */
		hd_ask_query(&ask, "limit", hd_ctl_option(ctl, "limit"));
	snprintf(number, sizeof(number), "%lld", (long long)cursor);
	hd_ask_query(&ask, "cursor", cursor != 0 ? number : NULL);
	return hd_client_ask(ctl, &ask, page);
}

static void add_alert(struct hd_table *table, const json_t *a, int64_t now_ms)
{
	const json_t *score = json_object_get(a, "score");
	struct hd_buf text;

	hd_buf_init(&text, 65536);
	hd_buf_addf(&text, "%.*s", SHORT, hd_text_of(a, "id"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_text_time(&text, hd_text_of(a, "received"), now_ms, false);
	hd_table_add(table, hd_buf_text(&text));
	hd_table_add(table, hd_text_of(a, "state"));
	hd_buf_clear(&text);
	if (score)
		hd_buf_addf(&text, "%lld%s",
			    (long long)hd_number_of(score, "low"),
			    hd_number_of(score, "low") !=
					    hd_number_of(score, "high")
				    ? "+"
				    : "");
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_text_words(&text, hd_text_of(a, "level"));
	hd_table_add(table, hd_buf_text(&text));
	hd_table_add(table, hd_text_of(a, "pipeline"));
	hd_buf_clear(&text);
	hd_buf_adds(&text, hd_text_of(a, "title")[0] ? hd_text_of(a, "title")
						     : "(no title)");
	if (hd_text_of(a, "reason")[0])
		hd_buf_addf(&text, " (%s)", hd_text_of(a, "reason"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_fini(&text);
}

static void print_list(const json_t *alerts, bool more)
{
	struct hd_table table;
	struct hd_buf text;
	json_t *alert;
	size_t i;

	hd_buf_init(&text, TEXT_MAX);
	hd_table_init(&table, "ID", "RECEIVED", "STATE", "SCORE", "LEVEL",
		      "PIPELINE", "TITLE", NULL);
	json_array_foreach(alerts, i, alert)
		add_alert(&table, alert, hd_utc_ms());
	if (json_array_size(alerts) == 0)
		hd_buf_adds(&text, "no alerts\n");
	else
		hd_table_print(&table, hd_ctl_width(), &text);
	hd_table_fini(&table);
	if (more)
		hd_buf_adds(&text, "there are more -> heraldctl list --all, "
				   "or --state, --since, --pipeline\n");
	hd_ctl_print(&text);
}

/* What an expression could not tell: silence would look like "no". */
static void note_unsure(int64_t not_sure, const char *why)
{
	struct hd_buf text;

	if (not_sure == 0)
		return;
	hd_buf_init(&text, 4096);
	hd_text_add(&text, why);
	hd_ctl_complain("heraldctl eval EXPR --alert ID",
			"of %lld alerts it cannot be said: %s",
			(long long)not_sure, hd_buf_text(&text));
	hd_buf_fini(&text);
}

struct listed {
	json_t *alerts;
	int64_t cursor; /* of what follows; 0: nothing */
	int64_t not_sure;
	char why[256];
};

/* A page may hold little and still have a next one: the daemon looks at a
 * bounded number of rows a call. */
static enum hd_exit read_pages(struct hd_ctl *ctl, size_t wanted,
			       struct listed *l)
{
	enum hd_exit status;
	json_t *page;

	do {
		status = ask_page(ctl, "alerts", l->cursor, &page);
		if (status != HD_EXIT_GOOD)
			return status;
		if (json_array_extend(l->alerts,
				      json_object_get(page, "alerts")) < 0) {
			json_decref(page);
			hd_ctl_complain("heraldctl list --limit 20",
					"no memory to hold the list");
			return HD_EXIT_WRONG;
		}
		l->cursor = hd_number_of(page, "next");
		if (l->not_sure == 0)
			snprintf(l->why, sizeof(l->why), "%s",
				 hd_text_of(page, "why"));
		l->not_sure += hd_number_of(page, "not_sure");
		json_decref(page);
	} while (l->cursor != 0 && json_array_size(l->alerts) < wanted);
	return HD_EXIT_GOOD;
}

enum hd_exit hd_cmd_list(struct hd_ctl *ctl)
{
	const char *limit = hd_ctl_option(ctl, "limit");
	size_t wanted = limit ? strtoul(limit, NULL, 10) : 100;
	struct listed l = { 0 };
	enum hd_exit status;
	json_t *whole;
	bool more;

	if (wanted == 0) {
		hd_ctl_complain("heraldctl list --limit 20",
				"--limit is a number from 1");
		return HD_EXIT_USAGE;
	}
	if (hd_ctl_option(ctl, "all"))
		wanted = SIZE_MAX;
	l.alerts = json_array();
	status = read_pages(ctl, wanted, &l);
	more = l.cursor != 0 || json_array_size(l.alerts) > wanted;
	while (json_array_size(l.alerts) > wanted)
		json_array_remove(l.alerts, json_array_size(l.alerts) - 1);
	if (status == HD_EXIT_GOOD && ctl->json) {
		whole = json_pack("{s:O, s:b, s:I}", "alerts", l.alerts, "more",
				  more, "not_sure", (json_int_t)l.not_sure);
		hd_ctl_print_json(whole);
		json_decref(whole);
	} else if (status == HD_EXIT_GOOD) {
		print_list(l.alerts, more);
		note_unsure(l.not_sure, l.why);
	}
	json_decref(l.alerts);
	return status;
}

static void print_line(const json_t *value)
{
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_json_write(&text, value, 0);
	hd_buf_addc(&text, '\n');
	fwrite(hd_buf_text(&text), 1, text.n, stdout);
	hd_buf_fini(&text);
}

enum hd_exit hd_cmd_export(struct hd_ctl *ctl)
{
	enum hd_exit status;
	int64_t cursor = 0;
	json_t *page, *alert;
	size_t i;

	do {
		status = ask_page(ctl, "export", cursor, &page);
		if (status != HD_EXIT_GOOD)
			return status;
		json_array_foreach(json_object_get(page, "lines"), i, alert)
			print_line(alert);
		cursor = hd_number_of(page, "next");
		json_decref(page);
	} while (cursor != 0);
	return HD_EXIT_GOOD;
}

/* ---- one alert ---- */

static void add_json(struct hd_buf *out, const char *title, const json_t *value)
{
	struct hd_buf text;

	if (!value || json_is_null(value))
		return;
	hd_buf_init(&text, TEXT_MAX);
	hd_json_write(&text, value, HD_JSON_INDENT);
	hd_buf_addf(out, "%s\n", title);
	hd_text_add_lines(out, "   ", hd_buf_text(&text), text.n);
	hd_buf_fini(&text);
}

static void print_show(const json_t *alert)
{
	const json_t *raw = json_object_get(alert, "raw");
	int64_t now_ms = hd_utc_ms();
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_explain_head(&text, alert, now_ms);
	add_json(&text, "record", json_object_get(alert, "record"));
	hd_buf_adds(&text, "received\n");
	hd_text_add_lines(&text, "   ", json_string_value(raw),
			  json_string_length(raw));
	hd_explain_actions(&text, alert);
	hd_explain_timeline(&text, alert, now_ms);
	hd_buf_addf(&text, "-> heraldctl explain %.*s\n", SHORT,
		    hd_text_of(alert, "id"));
	hd_ctl_print(&text);
}

static void print_explain(const json_t *alert)
{
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_explain_text(&text, alert, hd_utc_ms());
	hd_ctl_print(&text);
}

static enum hd_exit ask_alert(struct hd_ctl *ctl, const char *id,
			      const char *how, void (*print)(const json_t *))
{
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "alerts", id, how, NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json)
		hd_ctl_print_json(answer);
	else
		print(answer);
	json_decref(answer);
	return HD_EXIT_GOOD;
}

enum hd_exit hd_cmd_show(struct hd_ctl *ctl)
{
	return ask_alert(ctl, ctl->words[0], NULL, print_show);
}

enum hd_exit hd_cmd_explain(struct hd_ctl *ctl)
{
	return ask_alert(ctl, ctl->words[0], "explain", print_explain);
}
