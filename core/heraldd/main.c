/* heraldd - takes alerts, finds out about them, and acts
 *
 *	heraldd [-c FILE] [-t] [--describe PLUGIN] [--restore DIR]
 *		[--log text|json] [--log-level LEVEL]
 *
 * Runs in the foreground and logs to stderr.  -t checks the configuration and
 * ends: 0 good, 1 something is wrong.  Wrong usage ends with 2.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/json_pool.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/conf/complaint.h"
#include "core/heraldd/daemon.h"
#include "core/heraldd/restore.h"
#include "core/heraldd/setup.h"
#include "core/plugin/module.h"

#define PRINT_MAX (8 << 20)
#define MEMORY_KEPT                                                     \
	(4 << 20)	/* free bytes, before the kernel gets them back \
			 */
#define MEMORY_ARENAS 3 /* the loop, the listener, the journal */

struct options {
	const char *conf, *describe, *plugin_dir, *restore;
	bool test, json_log, json_complaints;
	enum hd_level level;
};

static const char usage[] =
	"usage: heraldd [-c FILE] [-t [--json]] [--describe PLUGIN]\n"
	"               [--restore DIR [--json]] [--plugin-dir DIR] [--log "
	"text|json]\n"
	"               [--log-level debug|info|notice|warning|error]\n"
	"               [--version]\n";

static int refuse_usage(const char *why, const char *what)
{
	if (why)
		fprintf(stderr, "heraldd: %s%s\n", why, what ? what : "");
	fputs(usage, stderr);
	exit(2);
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "describe", required_argument, NULL, 'd' },
		{ "restore", required_argument, NULL, 'r' },
		{ "plugin-dir", required_argument, NULL, 'p' },
		{ "log", required_argument, NULL, 'l' },
		{ "log-level", required_argument, NULL, 'L' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	o->conf = HD_CONF_FILE;
	o->plugin_dir = HD_PLUGIN_DIR;
	o->level = (enum hd_level) - 1;
	while ((c = getopt_long(argc, argv, "c:th", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->conf = optarg;
			break;
		case 't':
			o->test = true;
			break;
		case 'j':
			o->json_complaints = true;
			break;
		case 'd':
			o->describe = optarg;
			break;
		case 'r':
			o->restore = optarg;
			break;
		case 'p':
			o->plugin_dir = optarg;
			break;
		case 'l':
			if (strcmp(optarg, "text") != 0 &&
			    strcmp(optarg, "json") != 0)
				refuse_usage("--log is text or json, not ",
					     optarg);
			o->json_log = strcmp(optarg, "json") == 0;
			break;
		case 'L':
			if (hd_log_level_parse(optarg, &o->level) < 0)
				refuse_usage("no log level is called ", optarg);
			break;
		case 'V':
			puts("heraldd " PACKAGE_VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			refuse_usage(NULL, NULL);
		}
	}
	if (optind < argc)
		refuse_usage("what is this: ", argv[optind]);
	/* a check says what is wrong and nothing else */
	if (o->level == (enum hd_level) - 1)
		o->level = o->test || o->describe || o->restore ? HD_LOG_WARNING
								: HD_LOG_INFO;
}

static void print_json(const json_t *value, FILE *out)
{
	struct hd_buf text;

	hd_buf_init(&text, PRINT_MAX);
	hd_json_write(&text, value, HD_JSON_INDENT);
	fprintf(out, "%s\n", hd_buf_text(&text));
	hd_buf_fini(&text);
}

static int describe(const struct options *o)
{
	const struct hd_module *module;
	struct hd_err err;
	json_t *what;

	module = hd_module_load(o->plugin_dir, o->describe, &err);
	if (!module) {
		fprintf(stderr, "heraldd: %s\n", err.text);
		return 1;
	}
	what = hd_module_describe(module);
	print_json(what, stdout);
	json_decref(what);
	return 0;
}

static void print_complaints(const struct options *o,
			     struct hd_complaints *complaints, bool sound)
{
	struct hd_buf text;
	json_t *all;

	if (o->json_complaints && !(sound && o->restore)) {
		all = json_pack("{s:b, s:o}", "ok", sound, "complaints",
				hd_complaints_json(complaints));
		print_json(all, stdout);
		json_decref(all);
		return;
	}
	hd_buf_init(&text, PRINT_MAX);
	hd_complaints_print(complaints, &text);
	fputs(hd_buf_text(&text), stderr);
	hd_buf_fini(&text);
	if (o->test && sound)
		printf("%s: good\n", o->conf);
}

static struct hd_setup *check(const struct options *o, bool *sound)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_setup *setup = hd_setup_read(o->conf, NULL, complaints);

	*sound = setup && hd_complaints_errors(complaints) == 0;
	print_complaints(o, complaints, *sound);
	hd_complaints_free(complaints);
	return setup;
}

/* Secrets are in our memory: no core file, no ptrace by others of our user (but
 * for debuggers and sanitizers where that is what was built). */
static void harden(void)
{
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
#ifndef HD_DEBUG
	prctl(PR_SET_DUMPABLE, 0);
#endif
	signal(SIGPIPE, SIG_IGN);
}

static int run(const struct options *o, struct hd_setup *setup)
{
	struct hd_daemon d;
	struct hd_err err;
	bool failed;

	if (hd_daemon_init(&d, o->conf, &err) < 0) {
		hd_error("not started: %s", err.text);
		hd_setup_unref(setup);
		return 1;
	}
	failed = hd_daemon_start(&d, setup, &err) < 0;
	if (failed)
		hd_error("not started: %s", err.text);
	uv_run(&d.loop, UV_RUN_DEFAULT);
	failed = failed || d.failed;
	hd_daemon_fini(&d);
	if (hd_instances_abandoned() != 0)
		_exit(failed ? 1 : 0);
	return failed ? 1 : 0;
}

/* Memory that an alert needed the next one needs too.  malloc gives it back
 * to the kernel and merges its small blocks after each larger free(), which
 * was a tenth of all time; a poisoned tree must stay visible to the sanitizer.
 */
static void tune_memory(void)
{
	mallopt(M_MXFAST, 0);
	mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
	mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT);
	mallopt(M_ARENA_MAX, MEMORY_ARENAS);
#ifndef __SANITIZE_ADDRESS__
	hd_json_pool_install();
	hd_json_pool_start();
#endif
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct hd_setup *setup;
	bool sound;
	int status;

	parse(argc, argv, &o);
	hd_log_init(STDERR_FILENO, o.level, o.json_log);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	tune_memory();
	json_object_seed(0);
	harden();
	if (o.describe)
		return describe(&o);
	setup = check(&o, &sound);
	if (o.test || !sound) {
		hd_setup_unref(setup);
		return sound ? 0 : 1;
	}
	if (o.restore) {
		status = hd_restore_run(o.restore, hd_setup_state_dir(setup),
					o.json_complaints);
		hd_setup_unref(setup);
		return status;
	}
	status = run(&o, setup);
	curl_global_cleanup();
	return status;
}
