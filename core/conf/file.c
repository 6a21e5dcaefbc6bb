#include "core/conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/err.h"

/* The file may grow or shrink while it is read: up to the end, whatever its
 * size was, and one byte more than `max` proves that it is longer. */
static char *read_all(int fd, size_t size, size_t max, size_t *n,
		      struct hd_err *err)
{
	size_t cap = (size < max ? size : max) + 1, used = 0;
	char *text = malloc(cap + 1), *more;
	ssize_t got = 1;

	while (text && got > 0 && used <= max) {
		if (used == cap) {
			cap = cap < max / 2 ? cap * 2 : max + 1;
			more = realloc(text, cap + 1);
			if (!more)
				free(text);
			text = more;
			continue;
		}
		got = read(fd, text + used, cap - used);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			used += (size_t)got;
	}
	if (!text) {
		hd_err_sys(err, ENOMEM, "read");
		return NULL;
	}
	if (got >= 0 && used <= max) {
		text[used] = '\0';
		*n = used;
		return text;
	}
	if (got < 0)
		hd_err_sys(err, errno, "read");
	else
		hd_err_set(err, EFBIG, "over %zu MiB", max >> 20);
	free(text);
	return NULL;
}

char *hd_file_read(const char *path, size_t max, size_t *n, struct hd_err *err)
{
	char *text = NULL;
	struct stat st;
	/* Without NONBLOCK a pipe of that name would hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) < 0)
		hd_err_sys(err, errno, "open");
	else if (!S_ISREG(st.st_mode))
		hd_err_set(err, EINVAL, "no regular file");
	else
		text = read_all(fd, (size_t)st.st_size, max, n, err);
	if (fd >= 0)
		close(fd);
	return text;
}
