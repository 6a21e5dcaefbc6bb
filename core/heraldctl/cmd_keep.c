/* Backups. */
#include "core/heraldctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/daemon_program.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX 65536
#define PATH_SIZE 4096
#define PAUSE_MAX_MS 1000

/* The daemon is elsewhere.  The caller frees it; NULL having complained. */
static char *absolute(const char *path)
{
	char here[PATH_SIZE];

	if (path[0] == '/')
		return hd_strdup(path);
	if (getcwd(here, sizeof(here)))
		return hd_strf("%s/%s", here, path);
	hd_ctl_complain("heraldctl backup /DIR", "this directory: %s",
			strerror(errno));
	return NULL;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* Until it has ended; *answer is a new reference. */
static enum hd_exit wait_for_end(struct hd_ctl *ctl, json_t **answer)
{
	enum hd_exit status;
	struct hd_ask ask;
	long pause = 10;

	while (json_is_true(json_object_get(*answer, "running"))) {
		pause_ms(pause);
		pause = pause < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
		json_decref(*answer);
		hd_ask_init(&ask, "backup", NULL);
		status = hd_client_ask(ctl, &ask, answer);
		if (status != HD_EXIT_GOOD)
			return status;
	}
	return HD_EXIT_GOOD;
}

static enum hd_exit tell_backup(struct hd_ctl *ctl, const json_t *answer)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));
	struct hd_buf text;

	if (ctl->json)
		hd_ctl_print_json(answer);
	hd_buf_init(&text, TEXT_MAX);
	hd_text_add(&text, hd_text_of(answer, ok ? "dir" : "error"));
	if (!ok)
		hd_ctl_complain("heraldctl backup DIR: a new directory where "
				"heraldd may write",
				"no backup was made: %s", hd_buf_text(&text));
	hd_buf_adds(&text, ": backed up and checked -> heraldctl restore "
			   "DIR\n");
	if (ok && !ctl->json)
		hd_ctl_print(&text);
	else
		hd_buf_fini(&text);
	return ok ? HD_EXIT_GOOD : HD_EXIT_WRONG;
}

enum hd_exit hd_cmd_backup(struct hd_ctl *ctl)
{
	char *dir = absolute(ctl->words[0]);
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;

	if (!dir)
		return HD_EXIT_WRONG;
	hd_ask_init(&ask, "backup", NULL);
	hd_ask_member(&ask, "dir", dir);
	free(dir);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status == HD_EXIT_GOOD)
		status = wait_for_end(ctl, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	status = tell_backup(ctl, answer);
	json_decref(answer);
	return status;
}

/* No daemon may run: heraldd itself does it, under its lock. */
enum hd_exit hd_cmd_restore(struct hd_ctl *ctl)
{
	const char *argv[8] = { NULL, "--restore", ctl->words[0] };
	const char *conf = hd_ctl_option(ctl, "c");
	int n = 3;

	if (conf) {
		argv[n++] = "-c";
		argv[n++] = conf;
	}
	if (ctl->json)
		argv[n++] = "--json";
	return hd_daemon_program_run(argv, NULL) == 0 ? HD_EXIT_GOOD
						      : HD_EXIT_WRONG;
}
