#include "core/plugin/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/err.h"

static bool owner_is_trusted(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool others_may_write(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* In a sticky folder others cannot rename or remove what is not theirs. */
static bool is_sticky_of_root(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) &&
	       st->st_uid == 0;
}

static int check_one(const char *path, struct hd_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return hd_err_sys(err, errno, "%s", path);
	if (!owner_is_trusted(&st))
		return hd_err_set(err, EPERM,
				  "%s belongs to user %u -> chown root %s",
				  path, (unsigned)st.st_uid, path);
	if (others_may_write(&st) && !is_sticky_of_root(&st))
		return hd_err_set(err, EPERM,
				  "%s is writable by others (mode %04o) -> "
				  "chmod go-w %s",
				  path, (unsigned)st.st_mode & 07777, path);
	return 0;
}

/* `path` is absolute and free of links; it is whole again on return. */
static int check_each_part(char *path, struct hd_err *err)
{
	int rc = check_one("/", err);

	for (char *p = path + 1; rc == 0 && p;) {
		p = strchr(p, '/');
		if (p)
			*p = '\0';
		rc = check_one(path, err);
		if (p)
			*p++ = '/';
	}
	return rc;
}

static int resolve(const char *path, char out[PATH_MAX], struct hd_err *err)
{
	if (!realpath(path, out)) {
		int code = errno;

		return hd_err_sys(err, code, "%s", path);
	}
	return 0;
}

int hd_trust_resolve(const char *dir, const char *name, char out[PATH_MAX],
		     struct hd_err *err)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct stat st;
	size_t n;

	if (dir[0] != '/')
		return hd_err_set(err, EINVAL,
				  "plugin folder %s: not an absolute path",
				  dir);
	if (resolve(dir, folder, err) < 0)
		return hd_err_wrap(err, "plugin folder");
	if (snprintf(path, sizeof(path), "%s/%s.so", folder, name) >=
	    (int)sizeof(path))
		return hd_err_set(err, ENAMETOOLONG, "%s: path too long", name);
	if (resolve(path, out, err) < 0)
		return -1;

	n = strlen(folder);
	if (n == 1) /* "/" */
		n = 0;
	if (strncmp(out, folder, n) != 0 || out[n] != '/')
		return hd_err_set(err, EPERM,
				  "%s is a link to %s, outside its folder",
				  path, out);
	if (check_each_part(out, err) < 0)
		return -1;
	if (stat(out, &st) < 0)
		return hd_err_sys(err, errno, "%s", out);
	if (!S_ISREG(st.st_mode))
		return hd_err_set(err, EINVAL, "%s: not a plain file", out);
	return 0;
}
