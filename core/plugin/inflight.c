#include "core/plugin/inflight_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/metric.h"

_Static_assert(sizeof(struct hd_mark) == 128, "a mark is two lines of cache");
_Static_assert(sizeof(struct hd_inflight_head) == 256, "marks lie in lines");

struct hd_inflight_file *hd_inflight_file;
_Thread_local struct hd_mark *hd_inflight_working;

/* Free marks, the lowest at the end: few pages are touched. [loop] */
static uint16_t free_marks[HD_MARKS];
static size_t free_count;

/* ---- the file ---- */

/* "" if the kernel does not say: then no two boots differ. */
static void read_boot(char out[HD_BOOT_ID])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, HD_BOOT_ID - 1) : -1;

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* With all its blocks: a store into a page that the disk has no room for would
 * end the process. */
static int make_room(int fd, const char *path, struct hd_err *err)
{
	const off_t size = sizeof(struct hd_inflight_file);
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0 || (st.st_size != size && ftruncate(fd, 0) < 0))
		return hd_err_sys(err, errno, "%s", path);
	rc = posix_fallocate(fd, 0, size);
	return rc == 0 ? 0 : hd_err_sys(err, rc, "%s", path);
}

static struct hd_inflight_file *map_file(const char *path, struct hd_err *err)
{
	void *map = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		hd_err_sys(err, errno, "%s", path);
		return NULL;
	}
	if (make_room(fd, path, err) == 0) {
		map = mmap(NULL, sizeof(struct hd_inflight_file),
			   PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			hd_err_sys(err, errno, "%s", path);
	}
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static void list_free(const struct hd_inflight_file *file)
{
	free_count = 0;
	for (size_t i = HD_MARKS; i-- > 0;)
		if (atomic_load(&file->marks[i].state) == HD_MARK_FREE)
			free_marks[free_count++] = (uint16_t)i;
}

int hd_inflight_open(const char *dir, struct hd_last_end *out,
		     struct hd_err *err)
{
	char *path = hd_strf("%s/inflight", dir);
	struct hd_inflight_file *file = map_file(path, err);
	char boot[HD_BOOT_ID];

	free(path);
	memset(out, 0, sizeof(*out));
	if (!file)
		return -1;
	read_boot(boot);
	hd_suspects_judge(file, boot, out);
	list_free(file);
	snprintf(file->head.magic, sizeof(file->head.magic), "%s",
		 HD_INFLIGHT_MAGIC);
	memcpy(file->head.boot, boot, sizeof(boot));
	file->head.death = HD_DEATH_UNKNOWN;
	file->head.phase = HD_PHASE_RUNNING;
	hd_inflight_file = file;
	return 0;
}

void hd_inflight_stopping(void)
{
	if (hd_inflight_file)
		hd_inflight_file->head.phase = HD_PHASE_STOPPING;
}

void hd_inflight_close(void)
{
	struct hd_inflight_file *file = hd_inflight_file;

	if (!file)
		return;
	hd_inflight_file = NULL;
	free_count = 0;
	file->head.phase = HD_PHASE_STOPPED;
	/* It stays mapped: a thread that did not end may leave its mark yet. */
}

/* ---- marks ---- */

static void set_state(struct hd_mark *mark, enum hd_mark_state state)
{
	atomic_store_explicit(&mark->state, (uint8_t)state,
			      memory_order_release);
}

/* Only as long as another has not changed it: a mark that was cleared while its
 * work ended stays so. */
static void change_state(struct hd_mark *mark, enum hd_mark_state from,
			 enum hd_mark_state to)
{
	if (atomic_load_explicit(&mark->state, memory_order_relaxed) == from)
		set_state(mark, to);
}

static void set_text(char *field, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);

	memcpy(field, text, n);
	field[n] = '\0';
}

static void count_full(void)
{
	hd_metric_add(hd_metric_get(HD_COUNTER, "herald_inflight_full_total",
				    "",
				    "Calls that left no mark for the case of "
				    "a crash, as all marks were taken."),
		      1);
}

struct hd_mark *hd_inflight_note(const char *alert, const char *connector,
				 const char *call)
{
	struct hd_mark *mark;

	if (!hd_inflight_file || !alert)
		return NULL;
	if (free_count == 0) {
		count_full();
		return NULL;
	}
	mark = &hd_inflight_file->marks[free_marks[--free_count]];
	set_text(mark->alert, sizeof(mark->alert), alert);
	set_text(mark->connector, sizeof(mark->connector),
		 connector ? connector : "");
	set_text(mark->call, sizeof(mark->call), call);
	set_state(mark, HD_MARK_UNDER_WAY);
	return mark;
}

void hd_inflight_clear(struct hd_mark *mark)
{
	if (!mark || !hd_inflight_file)
		return;
	set_state(mark, HD_MARK_FREE);
	free_marks[free_count++] = (uint16_t)(mark - hd_inflight_file->marks);
}

void hd_inflight_enter(struct hd_mark *mark)
{
	if (mark && hd_inflight_file)
		change_state(mark, HD_MARK_UNDER_WAY, HD_MARK_INSIDE);
}

void hd_inflight_leave(struct hd_mark *mark)
{
	if (mark && hd_inflight_file)
		change_state(mark, HD_MARK_INSIDE, HD_MARK_UNDER_WAY);
}

void hd_inflight_enter_work(struct hd_mark *mark)
{
	hd_inflight_working = mark;
	if (mark)
		set_state(mark, HD_MARK_WORKING);
}

void hd_inflight_leave_work(struct hd_mark *mark)
{
	hd_inflight_working = NULL;
	if (mark)
		set_state(mark, HD_MARK_UNDER_WAY);
}
