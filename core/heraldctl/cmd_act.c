/* Commands that act on alerts, actions and connectors. */
#include "core/heraldctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX (16u << 20)
#define SHORT 8
#define ACTION_SHORT 20 /* the first 16 are those of its alert */

/* ---- the list of actions ---- */

static void add_action(struct hd_table *table, const json_t *a, int64_t now_ms)
{
	struct hd_buf text;

	hd_buf_init(&text, 65536);
	hd_buf_addf(&text, "%.*s", ACTION_SHORT, hd_text_of(a, "id"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_text_time(&text, hd_text_of(a, "changed"), now_ms, false);
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_buf_addf(&text, "%.*s", SHORT, hd_text_of(a, "alert"));
	hd_table_add(table, hd_buf_text(&text));
	hd_table_add(table, hd_text_of(a, "name"));
	hd_buf_clear(&text);
	hd_buf_addf(&text, "%s.%s", hd_text_of(a, "connector"),
		    hd_text_of(a, "action"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_clear(&text);
	hd_text_words(&text, hd_text_of(a, "state"));
	hd_table_add(table, hd_buf_text(&text));
	hd_table_add(table, hd_text_of(a, "message")[0]
				    ? hd_text_of(a, "message")
				    : hd_text_of(a, "summary"));
	hd_buf_fini(&text);
}

static void print_actions(const json_t *answer, bool in_doubt)
{
	const json_t *actions = json_object_get(answer, "actions");
	struct hd_table table;
	struct hd_buf text;
	json_t *a;
	size_t i;

	hd_buf_init(&text, TEXT_MAX);
	hd_table_init(&table, "ID", "CHANGED", "ALERT", "NAME", "ACTION",
		      "STATE", "MESSAGE", NULL);
	json_array_foreach(actions, i, a)
		add_action(&table, a, hd_utc_ms());
	if (json_array_size(actions) == 0)
		hd_buf_adds(&text, in_doubt ? "no action is in doubt\n"
					    : "no actions\n");
	else
		hd_table_print(&table, hd_ctl_width(), &text);
	if (json_is_true(json_object_get(answer, "more")))
		hd_buf_adds(&text, "there are more -> --limit N\n");
	if (in_doubt && json_array_size(actions) != 0)
		hd_buf_adds(&text, "look at the other system, then -> "
				   "heraldctl settle ID done|not-done\n");
	hd_table_fini(&table);
	hd_ctl_print(&text);
}

enum hd_exit hd_cmd_actions(struct hd_ctl *ctl)
{
	bool in_doubt = hd_ctl_option(ctl, "in-doubt") != NULL;
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "actions", NULL);
	hd_ask_query(&ask, "state",
		     in_doubt ? "in_doubt" : hd_ctl_option(ctl, "state"));
	hd_ask_query(&ask, "limit", hd_ctl_option(ctl, "limit"));
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json)
		hd_ctl_print_json(answer);
	else
		print_actions(answer, in_doubt);
	json_decref(answer);
	return HD_EXIT_GOOD;
}

/* ---- doing ---- */

/* Asks, and says `done` (with the alert or name it was about) if it worked. */
static enum hd_exit tell(struct hd_ctl *ctl, struct hd_ask *ask,
			 const char *done, const char *what)
{
	enum hd_exit status;
	struct hd_buf text;
	json_t *answer;

	hd_ask_member(ask, "because", hd_ctl_option(ctl, "because"));
	status = hd_client_ask(ctl, ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json) {
		hd_ctl_print_json(answer);
	} else {
		hd_buf_init(&text, 65536);
		hd_text_add(&text, what);
		hd_buf_addf(&text, "%s%s\n", what[0] ? ": " : "", done);
		hd_ctl_print(&text);
	}
	json_decref(answer);
	return HD_EXIT_GOOD;
}

enum hd_exit hd_cmd_halt(struct hd_ctl *ctl)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "halt", NULL);
	return tell(ctl, &ask,
		    "halted: nothing is contained or destroyed until -> "
		    "heraldctl unhalt",
		    "");
}

enum hd_exit hd_cmd_unhalt(struct hd_ctl *ctl)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "unhalt", NULL);
	return tell(ctl, &ask, "no longer halted", "");
}

enum hd_exit hd_cmd_settle(struct hd_ctl *ctl)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "actions", ctl->words[0], "settle", NULL);
	hd_ask_member(&ask, "as", ctl->words[1]);
	return tell(ctl, &ask,
		    strcmp(ctl->words[1], "done") == 0
			    ? "settled as done"
			    : "settled as not done: it is run again",
		    ctl->words[0]);
}

enum hd_exit hd_cmd_undo(struct hd_ctl *ctl)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "undo", ctl->words[0], NULL);
	return tell(ctl, &ask, "it is being taken back -> heraldctl show ID",
		    ctl->words[0]);
}

/* ---- retry ---- */

static enum hd_exit retry_usage(const char *why)
{
	hd_ctl_complain("heraldctl retry ID, or --if EXPR [--at 10/1m]", "%s",
			why);
	return HD_EXIT_USAGE;
}

static enum hd_exit retry_many(struct hd_ctl *ctl, bool stop)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "retry", NULL);
	hd_ask_query(&ask, "stop", stop ? "1" : NULL);
	hd_ask_member(&ask, "if", hd_ctl_option(ctl, "if"));
	hd_ask_member(&ask, "at", hd_ctl_option(ctl, "at"));
	return tell(ctl, &ask,
		    stop ? "no further dead alert is run again"
			 : "dead alerts are run again, one after the other -> "
			   "heraldctl status",
		    "");
}

enum hd_exit hd_cmd_retry(struct hd_ctl *ctl)
{
	bool many = hd_ctl_option(ctl, "if"), stop = hd_ctl_option(ctl, "stop");
	struct hd_ask ask;

	if ((ctl->word_count != 0) + many + stop != 1)
		return retry_usage("say which: one ID, or --if, or --stop");
	if (hd_ctl_option(ctl, "at") && !many)
		return retry_usage("--at is for --if");
	if (many || stop)
		return retry_many(ctl, stop);
	hd_ask_init(&ask, "alerts", ctl->words[0], "retry", NULL);
	return tell(ctl, &ask, "its failed actions are run again",
		    ctl->words[0]);
}

enum hd_exit hd_cmd_drop(struct hd_ctl *ctl)
{
	struct hd_ask ask;

	hd_ask_init(&ask, "alerts", ctl->words[0], "drop", NULL);
	return tell(ctl, &ask, "dropped", ctl->words[0]);
}

enum hd_exit hd_cmd_connector(struct hd_ctl *ctl)
{
	const char *what = ctl->words[1];
	struct hd_ask ask;

	if (strcmp(what, "stop") != 0 && strcmp(what, "start") != 0) {
		hd_ctl_complain("heraldctl connector NAME stop|start",
				"'%s' is neither stop nor start", what);
		return HD_EXIT_USAGE;
	}
	hd_ask_init(&ask, "connectors", ctl->words[0], what, NULL);
	return tell(ctl, &ask,
		    strcmp(what, "stop") == 0 ? "stopped" : "started",
		    ctl->words[0]);
}

/* ---- tail ---- */

static void print_lines(struct hd_ctl *ctl, const json_t *answer)
{
	struct hd_buf text;
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "lines"), i, line) {
		if (ctl->json) {
			hd_ctl_print_json(line);
			continue;
		}
		hd_buf_init(&text, TEXT_MAX);
		hd_text_add(&text, hd_text_of(line, "line"));
		hd_buf_addc(&text, '\n');
		hd_ctl_print(&text);
	}
}

/* Until it is interrupted, or the daemon ends. */
enum hd_exit hd_cmd_tail(struct hd_ctl *ctl)
{
	char after[32] = "";
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	for (;;) {
		hd_ask_init(&ask, "tail", NULL);
		hd_ask_query(&ask, "after", after[0] ? after : NULL);
		hd_ask_query(&ask, "wait_ms", after[0] ? "20000" : NULL);
		hd_ask_query(&ask, "last",
			     after[0] ? NULL : hd_ctl_option(ctl, "last"));
		status = hd_client_ask(ctl, &ask, &answer);
		if (status != HD_EXIT_GOOD)
			return status;
		print_lines(ctl, answer);
		snprintf(after, sizeof(after), "%lld",
			 (long long)hd_number_of(answer, "after"));
		json_decref(answer);
	}
}
