#include "core/journal/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal/check.h"
#include "core/journal/store.h"

#define STAGE "restoring"
#define PART HD_STORE_FILE ".part"
#define COPY_BYTES 65536

/* What SQLite puts beside a database belongs to it. */
static const char *const parts[] = { "", "-wal", "-shm" };

struct hd_restore {
	struct hd_folder state;
	char stage[HD_FOLDER_FILE];
};

/* ---- the copy ---- */

static int look_at(const char *path, struct hd_err *err)
{
	struct hd_journal_report report;

	if (hd_check_file(path, &report, err) < 0)
		return -1;
	if (report.first[0])
		return hd_err_set(err, EBADMSG, "%s is not whole: %s", path,
				  report.first);
	return 0;
}

static int copy_bytes(int in, int out)
{
	char bytes[COPY_BYTES];
	ssize_t n, put;

	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		for (ssize_t done = 0; done < n; done += put) {
			put = write(out, bytes + done, (size_t)(n - done));
			if (put < 0)
				return -1;
		}
	return n < 0 ? -1 : 0;
}

static int copy_to(const struct hd_folder *stage, const char *from,
		   struct hd_err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = -1, rc = -1;

	if (in < 0)
		return hd_err_sys(err, errno, "%s", from);
	hd_folder_remove(stage, PART);
	if (hd_folder_make(stage, PART, err) == 0) {
		out = openat(stage->fd, PART,
			     O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		rc = out < 0 ? -1 : copy_bytes(in, out);
		if (rc < 0)
			hd_err_sys(err, errno, "copy to %s", stage->path);
	}
	if (out >= 0)
		close(out);
	close(in);
	return rc;
}

static void remove_store(const struct hd_folder *folder)
{
	char name[64];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(name, sizeof(name), HD_STORE_FILE "%s", parts[i]);
		hd_folder_remove(folder, name);
	}
}

static int fill_stage(const char *stage_path, const char *from,
		      struct hd_err *err)
{
	char path[HD_FOLDER_FILE];
	struct hd_folder stage;
	int rc = -1;

	if (hd_folder_open(&stage, stage_path, err) < 0)
		return -1;
	remove_store(&stage);
	hd_folder_file(&stage, PART, path);
	if (copy_to(&stage, from, err) == 0 && look_at(path, err) == 0)
		rc = hd_folder_move(&stage, PART, HD_STORE_FILE, err);
	hd_folder_close(&stage);
	return rc;
}

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

struct hd_restore *hd_restore_new(const char *from, const char *dir,
				  struct hd_err *err)
{
	struct hd_restore *r;
	char path[HD_FOLDER_FILE];

	if (is_same(from, dir)) {
		hd_err_set(err, EINVAL, "%s is the store itself", from);
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/" HD_STORE_FILE, from);
	if (look_at(path, err) < 0)
		return NULL;
	r = hd_alloc(sizeof(*r));
	if (hd_folder_open(&r->state, dir, err) < 0) {
		free(r);
		return NULL;
	}
	hd_folder_file(&r->state, STAGE, r->stage);
	if (fill_stage(r->stage, path, err) == 0)
		return r;
	hd_restore_free(r);
	return NULL;
}

void hd_restore_free(struct hd_restore *r)
{
	if (!r)
		return;
	hd_folder_close(&r->state);
	free(r);
}

const char *hd_restore_dir(const struct hd_restore *r)
{
	return r->stage;
}

/* ---- the change ---- */

/* The former store, its log first: a database without its log is worse than
 * none. */
static int keep_former(const struct hd_folder *state, const char *as,
		       struct hd_err *err)
{
	char from[64], to[192];

	for (size_t i = sizeof(parts) / sizeof(parts[0]); i-- > 0;) {
		snprintf(from, sizeof(from), HD_STORE_FILE "%s", parts[i]);
		snprintf(to, sizeof(to), "%s%s", as, parts[i]);
		if (renameat(state->fd, from, state->fd, to) < 0 &&
		    errno != ENOENT)
			return hd_err_sys(err, errno, "store %s: %s",
					  state->path, from);
	}
	return 0;
}

/* "journal.db.before-20261125T000542Z". */
static void name_former(char *out, size_t size)
{
	char when[HD_UTC_TEXT];
	size_t n;

	hd_utc_text(hd_utc_ms(), when);
	n = (size_t)snprintf(out, size, HD_STORE_FILE ".before-");
	for (const char *p = when; *p && *p != '.' && n + 2 < size; p++)
		if (*p != '-' && *p != ':')
			out[n++] = *p;
	out[n++] = 'Z';
	out[n] = '\0';
}

static int put_in_place(const struct hd_restore *r, struct hd_err *err)
{
	int fd = open(r->stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = -1;

	if (fd >= 0 &&
	    renameat(fd, HD_STORE_FILE, r->state.fd, HD_STORE_FILE) == 0 &&
	    fsync(r->state.fd) == 0)
		rc = 0;
	if (rc < 0)
		hd_err_sys(err, errno, "store %s", r->state.path);
	if (rc == 0) {
		unlinkat(fd, "lock", 0);
		unlinkat(r->state.fd, STAGE, AT_REMOVEDIR);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int hd_restore_end(struct hd_restore *r, char kept[HD_FOLDER_FILE],
		   struct hd_err *err)
{
	bool was = hd_folder_size(&r->state, HD_STORE_FILE) >= 0;
	char name[128], log[HD_FOLDER_FILE + 64];
	struct stat st;

	snprintf(log, sizeof(log), "%s/" HD_STORE_FILE "-wal", r->stage);
	if (stat(log, &st) == 0 && st.st_size != 0)
		return hd_err_set(err, EBUSY, "%s is still open", r->stage);
	name_former(name, sizeof(name));
	kept[0] = '\0';
	if (was)
		hd_folder_file(&r->state, name, kept);
	if (keep_former(&r->state, name, err) < 0)
		return -1;
	return put_in_place(r, err);
}

bool hd_restore_is_open(const char *dir)
{
	char path[HD_FOLDER_FILE];

	snprintf(path, sizeof(path), "%s/" STAGE "/" HD_STORE_FILE, dir);
	return access(path, F_OK) == 0;
}
