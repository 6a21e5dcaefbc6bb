/* ctl.h - what all commands of heraldctl share
 *
 * One process, one command: memory is given back at the end.  Text for people
 * goes to stdout, refusals to stderr with "-> the command that helps".
 */
#ifndef HD_HERALDCTL_CTL_H
#define HD_HERALDCTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct hd_buf;

enum hd_exit {
	HD_EXIT_GOOD,
	HD_EXIT_WRONG,
	HD_EXIT_USAGE,
	HD_EXIT_NO_DAEMON,
	HD_EXIT_NOT_ALLOWED
};

#define HD_CTL_OPTIONS 16
#define HD_CTL_WORDS 4

struct hd_ctl {
	const char *socket;
	bool json;
	const struct hd_command *command;
	const char *words[HD_CTL_WORDS]; /* of the command, without options */
	int word_count;
	struct {
		const char *name; /* n bytes of the command line */
		size_t n;
		const char *value; /* "": a flag */
	} options[HD_CTL_OPTIONS];
	int option_count;
};

struct hd_command {
	const char *name;
	const char *usage;   /* "ID [--because TEXT]" */
	const char *help;    /* one line */
	const char *options; /* "state= since= all": with = it takes a value */
	int min, max;	     /* words */
	enum hd_exit (*run)(struct hd_ctl *ctl);
};

extern const struct hd_command hd_commands[]; /* ends with a NULL name */

/* The value of an option, NULL if it was not given. */
const char *hd_ctl_option(const struct hd_ctl *ctl, const char *name);

/* Prints "heraldctl: fmt" and, unless `help` is NULL, "  -> help" to stderr. */
void hd_ctl_complain(const char *help, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints a value as --json does, with a newline. */
void hd_ctl_print_json(const json_t *value);

/* Prints and empties a buffer; false (and a complaint) if it was too long. */
bool hd_ctl_print(struct hd_buf *text);

/* Columns of the terminal; 0 where the output is none: nothing is cut. */
size_t hd_ctl_width(void);

/* commands, by file */
enum hd_exit hd_cmd_status(struct hd_ctl *ctl);
enum hd_exit hd_cmd_list(struct hd_ctl *ctl);
enum hd_exit hd_cmd_show(struct hd_ctl *ctl);
enum hd_exit hd_cmd_explain(struct hd_ctl *ctl);
enum hd_exit hd_cmd_tail(struct hd_ctl *ctl);
enum hd_exit hd_cmd_actions(struct hd_ctl *ctl);
enum hd_exit hd_cmd_export(struct hd_ctl *ctl);
enum hd_exit hd_cmd_plugins(struct hd_ctl *ctl);
enum hd_exit hd_cmd_plugin(struct hd_ctl *ctl);
enum hd_exit hd_cmd_constants(struct hd_ctl *ctl);
enum hd_exit hd_cmd_eval(struct hd_ctl *ctl);
enum hd_exit hd_cmd_check(struct hd_ctl *ctl);
enum hd_exit hd_cmd_submit(struct hd_ctl *ctl);
enum hd_exit hd_cmd_secret(struct hd_ctl *ctl);
enum hd_exit hd_cmd_trust(struct hd_ctl *ctl);
enum hd_exit hd_cmd_backup(struct hd_ctl *ctl);
enum hd_exit hd_cmd_restore(struct hd_ctl *ctl);
enum hd_exit hd_cmd_reload(struct hd_ctl *ctl);
enum hd_exit hd_cmd_halt(struct hd_ctl *ctl);
enum hd_exit hd_cmd_unhalt(struct hd_ctl *ctl);
enum hd_exit hd_cmd_settle(struct hd_ctl *ctl);
enum hd_exit hd_cmd_undo(struct hd_ctl *ctl);
enum hd_exit hd_cmd_retry(struct hd_ctl *ctl);
enum hd_exit hd_cmd_drop(struct hd_ctl *ctl);
enum hd_exit hd_cmd_connector(struct hd_ctl *ctl);
enum hd_exit hd_cmd_test_connector(struct hd_ctl *ctl);

#endif
