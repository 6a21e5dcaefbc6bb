/* fuzz_walfile.c - the log of a store, as a stranger or a bad disk wrote it */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/journal/walfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct hd_walfile wal;
	struct hd_err err;
	char path[64];

	if (fd < 0)
		fd = memfd_create("wal", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (hd_walfile_scan(path, &wal, &err) == 0 && wal.behind != 0)
		abort();
	if (wal.frames < 0 || wal.torn < wal.behind)
		abort();
	return 0;
}
