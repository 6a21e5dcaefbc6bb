/* heraldctl - asks a running heraldd, and tells it what to do
 *
 *	heraldctl [--socket PATH] [--json] COMMAND [WORD ...] [OPTION ...]
 *
 * Exit status: 0 good, 1 something is wrong, 2 wrong usage, 3 no daemon, 4 not
 * allowed.
 */
#include <curl/curl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_pool.h"
#include "core/base/json_text.h"
#include "core/base/suggest.h"
#include "core/heraldctl/ctl.h"

#define JSON_MAX (256u << 20)
#define NAMES_MAX 64

const struct hd_command hd_commands[] = {
	/* look */
	{ "status", "", "how herald is", "", 0, 0, hd_cmd_status },
	{ "list",
	  "[--state A,B] [--pipeline NAME] [--since TIME] [--if EXPR] "
	  "[--limit N] [--all]",
	  "alerts, the newest first", "state= pipeline= since= if= limit= all",
	  0, 0, hd_cmd_list },
	{ "show", "ID", "an alert: record, bytes, actions, timeline", "", 1, 1,
	  hd_cmd_show },
	{ "explain", "ID", "why an alert was decided as it was", "", 1, 1,
	  hd_cmd_explain },
	{ "tail", "[--last N]", "a line for each alert that ends, as it ends",
	  "last=", 0, 0, hd_cmd_tail },
	{ "actions", "[--in-doubt] [--state STATE] [--limit N]",
	  "actions, the newest first", "in-doubt state= limit=", 0, 0,
	  hd_cmd_actions },
	{ "plugins", "", "plugins in use", "", 0, 0, hd_cmd_plugins },
	{ "plugin", "NAME [--map]", "a plugin's manual, and its URLs to paste",
	  "map", 1, 1, hd_cmd_plugin },
	{ "constants", "", "names for numbers in expressions", "", 0, 0,
	  hd_cmd_constants },
	/* try */
	{ "check", "[-c FILE]", "is the configuration sound? (heraldd -t)",
	  "c=", 0, 1, hd_cmd_check },
	{ "eval", "EXPR [--alert ID|FILE]", "what an expression comes to",
	  "alert=", 1, 1, hd_cmd_eval },
	{ "test-connector", "[NAME]",
	  "can it be reached, with the rights it wants?", "", 0, 1,
	  hd_cmd_test_connector },
	{ "submit", "FILE [--as CONNECTOR] [--row POINTER] [--act] [--no-wait]",
	  "what would be done about this alert (- is stdin)",
	  "as= row= act no-wait", 1, 1, hd_cmd_submit },
	/* act */
	{ "settle", "ID done|not-done --because TEXT",
	  "say what became of an action in doubt", "because=", 2, 2,
	  hd_cmd_settle },
	{ "undo", "ID --because TEXT",
	  "take back what was done, where the plugin can", "because=", 1, 1,
	  hd_cmd_undo },
	{ "retry", "[ID | --if EXPR [--at RATE] | --stop] --because TEXT",
	  "run the failed actions of dead alerts again",
	  "if= at= stop because=", 0, 1, hd_cmd_retry },
	{ "drop", "ID --because TEXT",
	  "keep a dead or quarantined alert no longer", "because=", 1, 1,
	  hd_cmd_drop },
	{ "halt", "--because TEXT", "contain and destroy nothing",
	  "because=", 0, 0, hd_cmd_halt },
	{ "unhalt", "--because TEXT", "the end of a halt", "because=", 0, 0,
	  hd_cmd_unhalt },
	{ "connector", "NAME stop|start --because TEXT",
	  "ask a connector nothing, or again", "because=", 2, 2,
	  hd_cmd_connector },
	/* run */
	{ "reload", "[--dry-run]", "go over to the configuration as it is now",
	  "dry-run", 0, 0, hd_cmd_reload },
	{ "secret", "set NAME [--option OPTION]",
	  "give a connector its secret, from the standard input", "option=", 2,
	  2, hd_cmd_secret },
	{ "trust", "CONNECTOR [--out FILE] [--yes]",
	  "look at the certificate of a connector's server, and believe it",
	  "out= yes", 1, 1, hd_cmd_trust },
	{ "backup", "DIR", "a checked copy of the store, while herald runs", "",
	  1, 1, hd_cmd_backup },
	{ "restore", "DIR [-c FILE]",
	  "put a backup in place; heraldd must not run", "c=", 1, 1,
	  hd_cmd_restore },
	{ "export", "[--since TIME]", "every alert, one JSON object a line",
	  "since=", 0, 0, hd_cmd_export },
	{ 0 },
};

/* ---- for all commands ---- */

const char *hd_ctl_option(const struct hd_ctl *ctl, const char *name)
{
	for (int i = 0; i < ctl->option_count; i++)
		if (strlen(name) == ctl->options[i].n &&
		    memcmp(ctl->options[i].name, name, ctl->options[i].n) == 0)
			return ctl->options[i].value;
	return NULL;
}

void hd_ctl_complain(const char *help, const char *fmt, ...)
{
	va_list args;

	fputs("heraldctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	if (help)
		fprintf(stderr, "  -> %s\n", help);
}

bool hd_ctl_print(struct hd_buf *text)
{
	bool whole = !hd_buf_failed(text);

	fwrite(hd_buf_text(text), 1, text->n, stdout);
	fflush(stdout);
	if (!whole)
		hd_ctl_complain("--json, or a smaller --limit",
				"too long an answer: it was cut");
	hd_buf_fini(text);
	return whole;
}

/* A terminal must not see the control characters beyond ASCII. */
void hd_ctl_print_json(const json_t *value)
{
	unsigned flags = HD_JSON_INDENT;
	struct hd_buf text;

	if (isatty(STDOUT_FILENO))
		flags |= HD_JSON_ASCII;
	hd_buf_init(&text, JSON_MAX);
	hd_json_write(&text, value, flags);
	hd_buf_addc(&text, '\n');
	hd_ctl_print(&text);
}

size_t hd_ctl_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* ---- usage ---- */

static void print_usage(FILE *out)
{
	fputs("usage: heraldctl [--socket PATH] [--json] COMMAND ...\n\n", out);
	for (const struct hd_command *c = hd_commands; c->name; c++)
		fprintf(out, "  %-15s %s\n", c->name, c->help);
	fputs("\nAn ID is any unique beginning of an alert's or action's id, "
	      "or @last.\nheraldctl COMMAND --help tells more; "
	      "so does heraldctl(1).\n",
	      out);
}

static void print_command(FILE *out, const struct hd_command *c)
{
	fprintf(out, "usage: heraldctl %s%s%s\n  %s\n", c->name,
		c->usage[0] ? " " : "", c->usage, c->help);
}

static void unknown_command(const char *name)
{
	const char *names[NAMES_MAX] = { 0 };
	const char *like;
	char *help = NULL;
	size_t n = 0;

	for (const struct hd_command *c = hd_commands; c->name; c++)
		if (n + 1 < NAMES_MAX)
			names[n++] = c->name;
	like = hd_suggest(name, names);
	if (like)
		help = hd_strf("heraldctl %s", like);
	hd_ctl_complain(help ? help : "heraldctl --help",
			"no command is called '%s'", name);
	free(help);
}

static const struct hd_command *find_command(const char *name)
{
	for (const struct hd_command *c = hd_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* ---- reading the command line ---- */

/* 1: takes a value, 0: is a flag, -1: is not known. */
static int kind_of_option(const char *options, const char *name, size_t n)
{
	while (*options) {
		size_t m = strcspn(options, "= ");

		if (m == n && strncmp(options, name, n) == 0)
			return options[m] == '=';
		options += strcspn(options, " ");
		options += strspn(options, " ");
	}
	return -1;
}

__attribute__((format(printf, 2, 3))) static int
usage_error(const struct hd_ctl *ctl, const char *fmt, ...)
{
	char *help = ctl->command
			     ? hd_strf("heraldctl %s %s", ctl->command->name,
				       ctl->command->usage)
			     : hd_strdup("heraldctl --help");
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	hd_ctl_complain(help, "%s", text);
	free(help);
	return -1;
}

static int take_own_option(struct hd_ctl *ctl, const char *name, size_t n,
			   const char *value, int *used)
{
	int kind = ctl->command ? kind_of_option(ctl->command->options, name, n)
				: -1;
	const char *equal = name[n] == '=' ? name + n + 1 : NULL;

	if (kind < 0)
		return usage_error(ctl, "no option is called '--%.*s'", (int)n,
				   name);
	if (kind == 0 && equal)
		return usage_error(ctl, "--%.*s takes no value", (int)n, name);
	if (kind == 1 && !equal && !value)
		return usage_error(ctl, "--%.*s wants a value", (int)n, name);
	if (ctl->option_count == HD_CTL_OPTIONS)
		return usage_error(ctl, "too many options: --%.*s", (int)n,
				   name);
	*used = kind == 1 && !equal;
	ctl->options[ctl->option_count].name = name;
	ctl->options[ctl->option_count].n = n;
	ctl->options[ctl->option_count].value = kind == 0 ? ""
						: equal	  ? equal
							  : value;
	ctl->option_count++;
	return 0;
}

/* An option that all commands have: 1 if it was one. */
static int take_common_option(struct hd_ctl *ctl, const char *arg,
			      const char *value, int *used)
{
	if (strcmp(arg, "--json") == 0) {
		ctl->json = true;
	} else if (strncmp(arg, "--socket=", 9) == 0) {
		ctl->socket = arg + 9;
	} else if (strcmp(arg, "--socket") == 0) {
		if (!value)
			return usage_error(ctl, "--socket wants a value");
		ctl->socket = value;
		*used = 1;
	} else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		if (ctl->command)
			print_command(stdout, ctl->command);
		else
			print_usage(stdout);
		exit(HD_EXIT_GOOD);
	} else if (strcmp(arg, "--version") == 0) {
		puts("heraldctl " PACKAGE_VERSION);
		exit(HD_EXIT_GOOD);
	} else {
		return 0;
	}
	return 1;
}

static int take_word(struct hd_ctl *ctl, const char *word)
{
	if (!ctl->command) {
		ctl->command = find_command(word);
		if (ctl->command)
			return 0;
		unknown_command(word);
		return -1;
	}
	if (ctl->word_count == ctl->command->max)
		return usage_error(ctl, "what is this: %s", word);
	ctl->words[ctl->word_count++] = word;
	return 0;
}

static int take_argument(struct hd_ctl *ctl, const char *arg, const char *value,
			 int *used)
{
	int common;

	*used = 0;
	if (strcmp(arg, "-c") == 0) /* as heraldd has it */
		arg = "--c";
	if (arg[0] != '-' || !arg[1])
		return take_word(ctl, arg);
	common = take_common_option(ctl, arg, value, used);
	if (common != 0)
		return common < 0 ? -1 : 0;
	if (strncmp(arg, "--", 2) != 0)
		return usage_error(ctl, "no option is called '%s'", arg);
	return take_own_option(ctl, arg + 2, strcspn(arg + 2, "="), value,
			       used);
}

static int parse(struct hd_ctl *ctl, int argc, char **argv)
{
	int used;

	for (int i = 1; i < argc; i += 1 + used)
		if (take_argument(ctl, argv[i],
				  i + 1 < argc ? argv[i + 1] : NULL, &used) < 0)
			return -1;
	if (!ctl->command) {
		print_usage(stderr);
		return -1;
	}
	if (ctl->word_count < ctl->command->min)
		return usage_error(ctl, "%s wants more words",
				   ctl->command->name);
	/* Who acts says why. */
	if (kind_of_option(ctl->command->options, "because", 7) == 1 &&
	    !hd_ctl_option(ctl, "because"))
		return usage_error(ctl, "say why: --because TEXT");
	return 0;
}

static const char *default_socket(void)
{
	const char *path = getenv("HERALD_SOCKET");
	const char *folder = getenv("RUNTIME_DIRECTORY");
	static char made[4096];

	if (path && path[0])
		return path;
	snprintf(made, sizeof(made), "%s/control",
		 folder && folder[0] ? folder : HD_RUN_DIR);
	return made;
}

int main(int argc, char **argv)
{
	struct hd_ctl ctl = { 0 };
	enum hd_exit status;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL); /* heraldctl list | head */
	ctl.socket = default_socket();
	if (parse(&ctl, argc, argv) < 0)
		return HD_EXIT_USAGE;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	hd_json_pool_install();
	status = ctl.command->run(&ctl);
	if (fflush(stdout) != 0 && status == HD_EXIT_GOOD)
		status = HD_EXIT_WRONG;
	curl_global_cleanup();
	return status;
}
