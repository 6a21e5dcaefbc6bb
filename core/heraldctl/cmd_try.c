/* Commands to learn and to try. */
#include "core/heraldctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/daemon_program.h"
#include "core/heraldctl/explain_text.h"
#include "core/heraldctl/plugin_text.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX (16u << 20)
#define FILE_MAX (16u << 20)
#define WAIT_MS 60000 /* for what was submitted */

/* ---- check ---- */

enum hd_exit hd_cmd_check(struct hd_ctl *ctl)
{
	const char *file = hd_ctl_option(ctl, "c");
	const char *argv[8] = { NULL, "-t", "--log-level", "warning" };
	int n = 4, status;

	if (!file && ctl->word_count == 1)
		file = ctl->words[0];
	if (file) {
		argv[n++] = "-c";
		argv[n++] = file;
	}
	if (ctl->json)
		argv[n++] = "--json";
	status = hd_daemon_program_run(argv, NULL);
	return status < 0 ? HD_EXIT_WRONG : (enum hd_exit)status;
}

/* ---- plugins ---- */

static void print_plugins(const json_t *answer)
{
	struct hd_table table;
	struct hd_buf text;
	json_t *p, *name;
	size_t i, j;

	hd_table_init(&table, "PLUGIN", "VERSION", "CONNECTORS", "SUMMARY",
		      NULL);
	json_array_foreach(json_object_get(answer, "plugins"), i, p) {
		hd_table_add(&table, hd_text_of(p, "name"));
		hd_table_add(&table, hd_text_of(p, "version"));
		hd_buf_init(&text, 65536);
		json_array_foreach(json_object_get(p, "connectors"), j, name)
			hd_buf_addf(&text, "%s%s", j != 0 ? ", " : "",
				    json_string_value(name));
		hd_table_add(&table, hd_buf_text(&text));
		hd_buf_fini(&text);
		hd_table_add(&table, hd_text_of(p, "summary"));
	}
	hd_buf_init(&text, TEXT_MAX);
	hd_table_print(&table, hd_ctl_width(), &text);
	hd_table_fini(&table);
	hd_ctl_print(&text);
}

enum hd_exit hd_cmd_plugins(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "plugins", NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json)
		hd_ctl_print_json(answer);
	else
		print_plugins(answer);
	json_decref(answer);
	return HD_EXIT_GOOD;
}

/* One that no connector uses, or without a daemon: its file tells the same. */
static enum hd_exit describe(struct hd_ctl *ctl, const char *name, json_t **out)
{
	const char *argv[8] = { NULL, "--log-level", "warning", "--describe",
				name };
	struct hd_buf text;
	struct hd_ask ask;
	json_t *daemon;
	int status;

	hd_ask_init(&ask, "status", NULL);
	hd_client_try(ctl, &ask, &daemon);
	if (hd_text_of(daemon, "plugin_dir")[0]) {
		argv[5] = "--plugin-dir";
		argv[6] = hd_text_of(daemon, "plugin_dir");
	}

	hd_buf_init(&text, TEXT_MAX);
	status = hd_daemon_program_run(argv, &text);
	*out = status == 0
		       ? hd_json_read(hd_buf_text(&text), text.n, NULL, NULL)
		       : NULL;
	hd_buf_fini(&text);
	json_decref(daemon);
	if (*out)
		return HD_EXIT_GOOD;
	hd_ctl_complain("heraldctl plugins", "no plugin '%s' to tell of", name);
	return HD_EXIT_WRONG;
}

enum hd_exit hd_cmd_plugin(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_buf text;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "plugins", ctl->words[0], NULL);
	status = hd_client_try(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		status = describe(ctl, ctl->words[0], &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json) {
		hd_ctl_print_json(answer);
	} else {
		hd_buf_init(&text, TEXT_MAX);
		hd_plugin_text(&text, answer, hd_ctl_width(),
			       hd_ctl_option(ctl, "map") != NULL);
		hd_ctl_print(&text);
	}
	json_decref(answer);
	return HD_EXIT_GOOD;
}

enum hd_exit hd_cmd_constants(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_buf text;
	struct hd_ask ask;
	json_t *answer, *value;
	const char *name;

	hd_ask_init(&ask, "constants", NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json) {
		hd_ctl_print_json(answer);
	} else {
		hd_buf_init(&text, TEXT_MAX);
		json_object_foreach(json_object_get(answer, "constants"), name,
				    value)
			hd_buf_addf(&text, "%-40s %lld\n", name,
				    (long long)json_integer_value(value));
		hd_ctl_print(&text);
	}
	json_decref(answer);
	return HD_EXIT_GOOD;
}

/* ---- test-connector ---- */

static enum hd_exit test_one(struct hd_ctl *ctl, const char *name)
{
	enum hd_exit status;
	struct hd_buf text;
	struct hd_ask ask;
	json_t *answer;
	bool ok;

	hd_ask_init(&ask, "connectors", name, "test", NULL);
	ask.post = true;
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (json_is_true(json_object_get(answer, "untested")))
		ok = true;
	if (ctl->json) {
		hd_ctl_print_json(answer);
	} else {
		hd_buf_init(&text, TEXT_MAX);
		hd_text_add(&text, name);
		hd_buf_adds(&text, ok ? ": " : ": not well: ");
		hd_text_add(&text, hd_text_of(answer, "status"));
		if (hd_text_of(answer, "message")[0]) {
			hd_buf_adds(&text, ": ");
			hd_text_add(&text, hd_text_of(answer, "message"));
		}
		hd_buf_adds(&text, ok ? "\n" : "\n  -> heraldctl plugin ");
		if (!ok) {
			hd_text_add(&text, name);
			hd_buf_addc(&text, '\n');
		}
		hd_ctl_print(&text);
	}
	json_decref(answer);
	return ok ? HD_EXIT_GOOD : HD_EXIT_WRONG;
}

enum hd_exit hd_cmd_test_connector(struct hd_ctl *ctl)
{
	enum hd_exit status, worst = HD_EXIT_GOOD, one;
	json_t *answer, *c;
	struct hd_ask ask;
	size_t i;

	if (ctl->word_count == 1)
		return test_one(ctl, ctl->words[0]);
	hd_ask_init(&ask, "status", NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	json_array_foreach(json_object_get(answer, "connectors"), i, c) {
		one = test_one(ctl, hd_text_of(c, "name"));
		worst = one > worst ? one : worst;
	}
	json_decref(answer);
	return worst;
}

static int read_file(const char *name, struct hd_buf *out)
{
	bool std = strcmp(name, "-") == 0;
	FILE *file = std ? stdin : fopen(name, "rb");
	char part[65536];
	size_t n;
	int rc = 0;

	if (!file) {
		hd_ctl_complain("ls -l FILE", "%s: %s", name, strerror(errno));
		return -1;
	}
	while ((n = fread(part, 1, sizeof(part), file)) != 0)
		hd_buf_add(out, part, n);
	if (ferror(file) || hd_buf_failed(out)) {
		hd_ctl_complain("ls -l FILE", "%s: %s", name,
				hd_buf_failed(out) ? "over 16 MiB"
						   : "cannot be read");
		rc = -1;
	}
	if (!std)
		fclose(file);
	return rc;
}

/* ---- eval ---- */

/* An ID, or a file with a finding. -1 having complained. */
static int add_alert(struct hd_ask *ask, const char *alert)
{
	struct hd_buf file;
	json_t *record;

	if (!alert || (strcmp(alert, "-") != 0 && access(alert, R_OK) != 0)) {
		hd_ask_member(ask, "alert", alert);
		return 0;
	}
	hd_buf_init(&file, FILE_MAX);
	if (read_file(alert, &file) < 0) {
		hd_buf_fini(&file);
		return -1;
	}
	record = hd_json_read(hd_buf_text(&file), file.n, NULL, NULL);
	hd_buf_fini(&file);
	if (!json_is_object(record)) {
		json_decref(record);
		hd_ctl_complain("heraldctl show ID --json | jq .record",
				"%s holds no finding", alert);
		return -1;
	}
	json_object_set_new(ask->members, "record", record);
	return 0;
}

/* A value as it is, else what became of the condition, and why. */
static void add_outcome(struct hd_buf *text, const json_t *answer)
{
	const char *why = hd_text_of(answer, "why");
	struct hd_buf value;

	if (strcmp(hd_text_of(answer, "outcome"), "value") == 0) {
		hd_buf_init(&value, TEXT_MAX);
		hd_json_write(&value, json_object_get(answer, "value"),
			      HD_JSON_INDENT);
		hd_text_add_lines(text, "", hd_buf_text(&value), value.n);
		hd_buf_fini(&value);
		return;
	}
	hd_buf_adds(text, hd_text_of(answer, "outcome"));
	if (why[0])
		hd_buf_adds(text, ": ");
	hd_text_add(text, why);
	hd_buf_addc(text, '\n');
}

static void print_answer(const json_t *answer)
{
	struct hd_buf text;
	json_t *part;
	size_t i;

	hd_buf_init(&text, TEXT_MAX);
	add_outcome(&text, answer);
	hd_buf_addf(&text, "  %s, cost %lld\n", hd_text_of(answer, "type"),
		    (long long)hd_number_of(answer, "cost"));
	json_array_foreach(json_object_get(answer, "parts"), i, part) {
		hd_buf_addf(&text, "  %s: ", hd_text_of(part, "state"));
		hd_text_add(&text, hd_text_of(part, "path"));
		if (hd_text_of(part, "why")[0]) {
			hd_buf_adds(&text, " (");
			hd_text_add(&text, hd_text_of(part, "why"));
			hd_buf_addc(&text, ')');
		}
		hd_buf_addc(&text, '\n');
	}
	hd_ctl_print(&text);
}

/* The line of the expression, and a caret under the place. */
static void add_excerpt(struct hd_buf *out, const char *expr, int64_t line,
			int64_t column)
{
	struct hd_buf before;
	size_t n, at = 0;

	for (; line > 1 && strchr(expr, '\n'); line--)
		expr = strchr(expr, '\n') + 1;
	n = strcspn(expr, "\n");
	while (at < n && column > 1) {
		at++;
		if (((unsigned char)expr[at] & 0xc0) != 0x80)
			column--;
	}
	hd_buf_addc(out, '\n');
	hd_text_add_lines(out, "  ", expr, n);
	hd_buf_init(&before, TEXT_MAX);
	hd_buf_add(&before, expr, at);
	hd_buf_addf(out, "  %*s^", (int)hd_text_columns(hd_buf_text(&before)),
		    "");
	hd_buf_fini(&before);
}

static void tell_complaints(const json_t *answer, const char *expr)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "complaints"), i, one) {
		const char *remedy = hd_text_of(one, "remedy");
		struct hd_buf text;

		hd_buf_init(&text, TEXT_MAX);
		hd_text_add(&text, hd_text_of(one, "text"));
		add_excerpt(&text, expr, hd_number_of(one, "line"),
			    hd_number_of(one, "column"));
		hd_ctl_complain(remedy[0] ? remedy : "herald-expressions(7)",
				"%s", hd_buf_text(&text));
		hd_buf_fini(&text);
	}
}

enum hd_exit hd_cmd_eval(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	hd_ask_init(&ask, "eval", NULL);
	hd_ask_member(&ask, "expr", ctl->words[0]);
	if (add_alert(&ask, hd_ctl_option(ctl, "alert")) < 0) {
		hd_ask_fini(&ask);
		return HD_EXIT_WRONG;
	}
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	if (!json_is_true(json_object_get(answer, "ok")))
		status = HD_EXIT_USAGE;
	if (ctl->json)
		hd_ctl_print_json(answer);
	else if (status == HD_EXIT_USAGE)
		tell_complaints(answer, ctl->words[0]);
	else
		print_answer(answer);
	json_decref(answer);
	return status;
}

/* ---- submit ---- */

static void pause_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* Its story once nothing happens by itself any more, or time is up. */
static enum hd_exit wait_for_story(struct hd_ctl *ctl, const char *id,
				   json_t **story)
{
	int64_t until = hd_now_ms() + WAIT_MS;
	long pause = 20;
	enum hd_exit status;
	struct hd_ask ask;
	const char *state;

	for (;;) {
		hd_ask_init(&ask, "alerts", id, "explain", NULL);
		status = hd_client_ask(ctl, &ask, story);
		if (status != HD_EXIT_GOOD)
			return status;
		state = hd_text_of(*story, "state");
		if ((strcmp(state, "received") != 0 &&
		     strcmp(state, "waiting") != 0) ||
		    hd_now_ms() >= until)
			return HD_EXIT_GOOD;
		json_decref(*story);
		pause_ms(pause);
		pause = pause < 500 ? pause * 2 : 500;
	}
}

static enum hd_exit tell_story(struct hd_ctl *ctl, const char *id)
{
	enum hd_exit status;
	struct hd_buf text;
	json_t *story;

	status = wait_for_story(ctl, id, &story);
	if (status != HD_EXIT_GOOD)
		return status;
	if (ctl->json) {
		hd_ctl_print_json(story);
	} else {
		hd_buf_init(&text, TEXT_MAX);
		hd_explain_text(&text, story, hd_utc_ms());
		if (!hd_ctl_option(ctl, "act"))
			hd_buf_adds(&text, "a dry run: nothing was done -> "
					   "heraldctl submit FILE --act\n");
		hd_ctl_print(&text);
	}
	json_decref(story);
	return HD_EXIT_GOOD;
}

enum hd_exit hd_cmd_submit(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_buf file;
	struct hd_ask ask;
	json_t *answer;

	hd_buf_init(&file, FILE_MAX);
	if (read_file(ctl->words[0], &file) < 0) {
		hd_buf_fini(&file);
		return HD_EXIT_WRONG;
	}
	hd_ask_init(&ask, "submit", NULL);
	hd_ask_query(&ask, "as", hd_ctl_option(ctl, "as"));
	hd_ask_query(&ask, "row", hd_ctl_option(ctl, "row"));
	hd_ask_query(&ask, "act", hd_ctl_option(ctl, "act") ? "1" : NULL);
	ask.post = true;
	ask.body = hd_buf_text(&file);
	ask.body_n = file.n;
	status = hd_client_ask(ctl, &ask, &answer);
	hd_buf_fini(&file);
	if (status != HD_EXIT_GOOD)
		return status;
	if (hd_ctl_option(ctl, "no-wait") && ctl->json)
		hd_ctl_print_json(answer);
	else if (hd_ctl_option(ctl, "no-wait"))
		printf("%s\n", hd_text_of(answer, "id"));
	else
		status = tell_story(ctl, hd_text_of(answer, "id"));
	json_decref(answer);
	return status;
}
