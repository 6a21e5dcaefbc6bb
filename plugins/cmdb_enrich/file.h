/* file.h - reading a file that others replace while we run
 *
 * Editors and export jobs write a new file and rename it, or write into the old
 * one.  What a file *is* at a moment is told by its identity; one that changes
 * while it is read is left alone until it is at rest.
 */
#ifndef HERALD_CMDB_FILE_H
#define HERALD_CMDB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"

#define CMDB_FILE_MAX (64u << 20)

struct cmdb_identity {
	uint64_t device, inode, size;
	int64_t changed_s, changed_ns;
};

/* What the path is now; false with errno, EINVAL if it is no plain file. [any]
 */
bool cmdb_file_identify(const char *path, struct cmdb_identity *out);

/* [any] */
bool cmdb_identity_is(const struct cmdb_identity *a,
		      const struct cmdb_identity *b);

enum cmdb_read {
	CMDB_SAME,     /* as it was: not read */
	CMDB_UNSTEADY, /* it changes just now: not read */
	CMDB_NEW,      /* read */
	CMDB_UNREAD    /* it cannot be read: `why` */
};

/* Reads the file unless it is the one in *known (all zero: none), which is
 * updated.  After CMDB_NEW *text holds *n bytes and a '\0', and the caller
 * frees it.  Blocks. [worker] */
enum cmdb_read cmdb_file_read(const char *path, struct cmdb_identity *known,
			      char **text, size_t *n, struct hp_text *why);

#endif
