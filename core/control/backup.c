#include "core/control/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/conf/load.h"
#include "core/conf/source.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/journal/journal.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"

#define CONF_DIR "configuration"

struct hd_backup {
	uv_work_t work;
	struct hd_control *control;
	struct hd_journal *journal;
	struct hd_conf *conf; /* one reference: read by the worker */
	char *dir;
	int64_t began_utc_ms, began_ms, took_ms;
	bool running;
	int rc;
	struct hd_err err;
};

bool hd_backup_is_running(const struct hd_backup *b)
{
	return b && b->running;
}

void hd_backup_free(struct hd_backup *b)
{
	if (!b)
		return;
	hd_conf_unref(b->conf);
	free(b->dir);
	free(b);
}

/* ---- on the worker ---- */

static int write_text(const char *path, const char *text, size_t n,
		      struct hd_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad;

	if (!file) {
		hd_err_sys(err, errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	bad = fwrite(text, 1, n, file) != n || fflush(file) != 0 ||
	      fsync(fd) < 0;
	if (bad)
		hd_err_sys(err, errno, "%s", path);
	fclose(file);
	return bad ? -1 : 0;
}

static int make_dir(const char *path, struct hd_err *err)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return hd_err_sys(err, errno, "%s", path);
	return 0;
}

/* As heraldd reads them: the main file, and the others in conf.d beside it. */
static int write_conf(const struct hd_backup *b, struct hd_err *err)
{
	char *dir = hd_strf("%s/" CONF_DIR, b->dir);
	char *more = hd_strf("%s/conf.d", dir);
	int rc = make_dir(dir, err);

	if (rc == 0 && hd_conf_files(b->conf) > 1)
		rc = make_dir(more, err);
	for (size_t i = 0; rc == 0 && i < hd_conf_files(b->conf); i++) {
		const struct hd_source *s = hd_conf_file(b->conf, i);
		const char *name = hd_source_name(s);
		const char *slash = strrchr(name, '/');
		size_t n;
		const char *text = hd_source_text(s, &n);
		char *path = hd_strf("%s/%s", i == 0 ? dir : more,
				     slash ? slash + 1 : name);

		rc = write_text(path, text, n, err);
		free(path);
	}
	free(dir);
	free(more);
	return rc;
}

static void work(uv_work_t *w)
{
	struct hd_backup *b = w->data;

	b->rc = hd_journal_backup(b->journal, b->dir, &b->err);
	if (b->rc == 0)
		b->rc = write_conf(b, &b->err);
}

/* ---- on the loop ---- */

static void on_ended(uv_work_t *w, int status)
{
	struct hd_backup *b = w->data;
	struct hd_control *control = b->control;

	(void)status; /* it is never cancelled */
	b->running = false;
	b->took_ms = hd_now_ms() - b->began_ms;
	hd_conf_unref(b->conf);
	b->conf = NULL;
	if (b->rc == 0)
		hd_notice("backup to %s: made and checked in %lld ms", b->dir,
			  (long long)b->took_ms);
	else
		hd_error("%s", b->err.text);
	if (control->idle_fn)
		control->idle_fn(control->idle_ud);
}

static json_t *describe(const struct hd_backup *b)
{
	json_t *o = json_pack("{s:b, s:b}", "running", b->running, "ok",
			      !b->running && b->rc == 0);

	hd_set_text(o, "dir", b->dir);
	hd_set_time(o, "began", b->began_utc_ms);
	if (!b->running)
		json_object_set_new(o, "took_ms", json_integer(b->took_ms));
	if (!b->running && b->rc < 0)
		hd_set_text(o, "error", b->err.text);
	return o;
}

static void begin(struct hd_call *call, const char *dir)
{
	struct hd_control *control = call->control;
	struct hd_backup *b = hd_alloc(sizeof(*b));

	b->control = control;
	b->journal = control->env.journal;
	b->conf = hd_conf_ref(hd_engine_program(control->env.engine)->conf);
	b->dir = hd_strdup(dir);
	b->began_utc_ms = hd_utc_ms();
	b->began_ms = hd_now_ms();
	b->running = true;
	b->work.data = b;
	hd_backup_free(control->backup);
	control->backup = b;
	hd_notice("backup to %s asked for by %s", dir, call->by);
	uv_queue_work(control->env.loop, &b->work, work, on_ended);
	hd_call_answer(call, describe(b));
}

void hd_api_backup_begin(struct hd_call *call)
{
	const char *dir = hd_call_text(call, "dir");

	if (!dir || dir[0] != '/')
		hd_call_refuse(call, 400, "heraldctl backup DIR",
			       "dir is the absolute path of a directory");
	else if (call->control->ending)
		hd_call_refuse(call, 503, "systemctl status heraldd",
			       "herald stops");
	else if (hd_backup_is_running(call->control->backup))
		hd_call_refuse(call, 409, "heraldctl status",
			       "a backup to %.400s is under way",
			       call->control->backup->dir);
	else
		begin(call, dir);
}

void hd_api_backup(struct hd_call *call)
{
	if (call->control->backup)
		hd_call_answer(call, describe(call->control->backup));
	else
		hd_call_refuse(call, 404, "heraldctl backup DIR",
			       "no backup was made since herald started");
}
