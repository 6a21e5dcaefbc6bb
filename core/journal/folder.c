#include "core/journal/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/log.h"

#define LOCK_NAME "lock"
#define COPY_BYTES 65536

static int check_owner(int fd, const char *path, struct hd_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hd_err_sys(err, errno, "store %s", path);
	if (st.st_uid != geteuid())
		return hd_err_set(
			err, EPERM,
			"store %s: belongs to user %u, not to us (%u)", path,
			(unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & 07777 & ~01000) != 0700)
		return hd_err_set(err, EPERM,
				  "store %s: mode %04o, must be 0700: ours to "
				  "write and nobody else's to enter",
				  path, (unsigned)st.st_mode & 07777);
	return 0;
}

/* Who has it, for people; 0 if it does not say. */
static long holder_of(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

/* An open file description's lock: it conflicts within a process too, and is
 * not lost when somebody else closes the same file. */
static int take_lock(struct hd_folder *folder, struct hd_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char text[32];
	int n;

	folder->lock_fd = openat(folder->fd, LOCK_NAME,
				 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
				 0600);
	if (folder->lock_fd < 0)
		return hd_err_sys(err, errno, "store %s: %s", folder->path,
				  LOCK_NAME);
	if (fcntl(folder->lock_fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return hd_err_set(err, EBUSY,
					  "store %s: in use by process %ld",
					  folder->path,
					  holder_of(folder->lock_fd));
		return hd_err_sys(err, errno, "store %s: lock", folder->path);
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(folder->lock_fd, 0) < 0 ||
	    pwrite(folder->lock_fd, text, (size_t)n, 0) != n)
		return hd_err_sys(err, errno, "store %s: %s", folder->path,
				  LOCK_NAME);
	return 0;
}

static int open_dir(struct hd_folder *folder, struct hd_err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	if (mkdir(folder->path, 0700) < 0 && errno != EEXIST &&
	    errno != EROFS && errno != EACCES)
		return hd_err_sys(err, errno, "store %s", folder->path);
	folder->fd = open(folder->path, flags);
	if (folder->fd < 0)
		return hd_err_sys(err, errno, "store %s", folder->path);
	return check_owner(folder->fd, folder->path, err);
}

/* SQLite's log needs memory shared between processes and locks that hold: a
 * file system of the network has neither to rely on.  One in memory is gone
 * with the next boot. */
static int check_file_system(const struct hd_folder *folder, struct hd_err *err)
{
	struct statfs fs;

	if (fstatfs(folder->fd, &fs) < 0)
		return hd_err_sys(err, errno, "store %s", folder->path);
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
		return hd_err_set(
			err, EINVAL,
			"store %s: on a file system of the network, "
			"which loses data; give state_dir a local one",
			folder->path);
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		hd_log(HD_LOG_WARNING, NULL,
		       "store %s: in memory (tmpfs), all of it is gone with "
		       "the next boot; give state_dir a disk",
		       folder->path);
		break;
	default:
		break;
	}
	return 0;
}

int hd_folder_open(struct hd_folder *folder, const char *path,
		   struct hd_err *err)
{
	memset(folder, 0, sizeof(*folder));
	folder->fd = -1;
	folder->lock_fd = -1;
	if (strlen(path) >= sizeof(folder->path))
		return hd_err_set(err, ENAMETOOLONG, "store %.64s...: name",
				  path);
	memcpy(folder->path, path, strlen(path) + 1);
	if (open_dir(folder, err) < 0 || check_file_system(folder, err) < 0 ||
	    take_lock(folder, err) < 0) {
		hd_folder_close(folder);
		return -1;
	}
	return 0;
}

void hd_folder_close(struct hd_folder *folder)
{
	if (folder->lock_fd >= 0)
		close(folder->lock_fd);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->lock_fd = -1;
	folder->fd = -1;
}

void hd_folder_file(const struct hd_folder *folder, const char *name,
		    char out[HD_FOLDER_FILE])
{
	snprintf(out, HD_FOLDER_FILE, "%s/%s", folder->path, name);
}

int64_t hd_folder_size(const struct hd_folder *folder, const char *name)
{
	struct stat st;

	if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return (int64_t)st.st_size;
}

static int make_file(const struct hd_folder *folder, const char *name,
		     struct hd_err *err)
{
	int fd = openat(folder->fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0600);

	if (fd < 0)
		hd_err_sys(err, errno, "store %s: %s", folder->path, name);
	return fd;
}

int hd_folder_make(const struct hd_folder *folder, const char *name,
		   struct hd_err *err)
{
	int fd = make_file(folder, name, err);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int sync_file(const struct hd_folder *folder, const char *name)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int hd_folder_move(const struct hd_folder *folder, const char *from,
		   const char *to, struct hd_err *err)
{
	if (sync_file(folder, from) < 0 ||
	    renameat(folder->fd, from, folder->fd, to) < 0 ||
	    fsync(folder->fd) < 0)
		return hd_err_sys(err, errno, "store %s: %s", folder->path, to);
	return 0;
}

/* 0 at the end, 1 for more, -1 and errno. */
static int copy_some(int in, int out)
{
	char bytes[COPY_BYTES];
	ssize_t n = read(in, bytes, sizeof(bytes));
	ssize_t done = 0;

	while (n > 0 && done < n) {
		ssize_t put = write(out, bytes + done, (size_t)(n - done));

		if (put < 0)
			return -1;
		done += put;
	}
	return n < 0 ? -1 : n > 0;
}

int hd_folder_copy(const struct hd_folder *folder, const char *from,
		   const char *to, struct hd_err *err)
{
	int in, out = -1;
	int rc = -1;

	in = openat(folder->fd, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return hd_err_sys(err, errno, "store %s: %s", folder->path,
				  from);
	out = make_file(folder, to, err);
	if (out < 0)
		goto out;
	do
		rc = copy_some(in, out);
	while (rc == 1);
	if (rc == 0 && (fsync(out) < 0 || fsync(folder->fd) < 0))
		rc = -1;
	if (rc < 0) {
		hd_err_sys(err, errno, "store %s: copy to %s", folder->path,
			   to);
		hd_folder_remove(folder, to);
	}
out:
	if (out >= 0)
		close(out);
	close(in);
	return rc;
}

void hd_folder_remove(const struct hd_folder *folder, const char *name)
{
	unlinkat(folder->fd, name, 0);
}
