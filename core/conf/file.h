/* file.h - a whole regular file in memory */
#ifndef HD_CONF_FILE_H
#define HD_CONF_FILE_H

#include <stddef.h>

struct hd_err;

/* At most `max` bytes.  NULL and `err` ("open: No such file or directory",
 * without the path) if it is no regular file, longer, or cannot be read.  The
 * caller frees it; a '\0' stands behind its *n bytes. [any] */
char *hd_file_read(const char *path, size_t max, size_t *n, struct hd_err *err);

#endif
