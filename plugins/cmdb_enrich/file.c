#include "cmdb_enrich/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cmdb_identity identity_of(const struct stat *st)
{
	return (struct cmdb_identity){
		.device = (uint64_t)st->st_dev,
		.inode = (uint64_t)st->st_ino,
		.size = (uint64_t)st->st_size,
		.changed_s = (int64_t)st->st_mtim.tv_sec,
		.changed_ns = (int64_t)st->st_mtim.tv_nsec,
	};
}

bool cmdb_identity_is(const struct cmdb_identity *a,
		      const struct cmdb_identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->changed_s == b->changed_s &&
	       a->changed_ns == b->changed_ns;
}

bool cmdb_file_identify(const char *path, struct cmdb_identity *out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return false;
	}
	*out = identity_of(&st);
	return true;
}

static enum cmdb_read unread(struct hp_text *why, int error)
{
	hp_text_add(why, herald_cstr(strerror(error)));
	return CMDB_UNREAD;
}

/* All bytes that `fd` gives, up to `size`; -1 with errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size) {
		got = read(fd, text + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static enum cmdb_read read_open(int fd, struct cmdb_identity *known,
				char **text, size_t *n, struct hp_text *why)
{
	struct cmdb_identity before, after;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return unread(why, errno);
	if (!S_ISREG(st.st_mode))
		return unread(why, EINVAL);
	if (st.st_size > (off_t)CMDB_FILE_MAX)
		return unread(why, EFBIG);
	before = identity_of(&st);
	if (cmdb_identity_is(&before, known))
		return CMDB_SAME;
	*text = malloc(before.size + 1);
	if (!*text)
		return unread(why, ENOMEM);
	got = read_all(fd, *text, before.size);
	if (got < 0 || fstat(fd, &st) < 0)
		return unread(why, errno);
	after = identity_of(&st);
	if ((uint64_t)got != before.size || !cmdb_identity_is(&before, &after))
		return CMDB_UNSTEADY;
	*known = before;
	*n = (size_t)got;
	(*text)[*n] = '\0';
	return CMDB_NEW;
}

enum cmdb_read cmdb_file_read(const char *path, struct cmdb_identity *known,
			      char **text, size_t *n, struct hp_text *why)
{
	/* A pipe would keep us waiting without O_NONBLOCK. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum cmdb_read outcome;

	*text = NULL;
	*n = 0;
	if (fd < 0)
		return unread(why, errno);
	outcome = read_open(fd, known, text, n, why);
	close(fd);
	if (outcome != CMDB_NEW) {
		free(*text);
		*text = NULL;
	}
	return outcome;
}
