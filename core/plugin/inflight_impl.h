/* inflight_impl.h - the file of inflight.h, and what its three parts share:
 * inflight.c (marks), suspects.c (what a crash left), fatal.c (last words).
 * Nobody else includes it. */
#ifndef HD_PLUGIN_INFLIGHT_IMPL_H
#define HD_PLUGIN_INFLIGHT_IMPL_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/journal/rows.h"
#include "core/plugin/cell.h"
#include "core/plugin/inflight.h"

#define HD_MARKS 8192
#define HD_MARK_CALL 12
#define HD_INFLIGHT_MAGIC "herald inflight 1\n"
#define HD_BOOT_ID 40

enum hd_mark_state {
	HD_MARK_FREE,
	HD_MARK_UNDER_WAY,
	HD_MARK_INSIDE,	 /* the loop is */
	HD_MARK_WORKING, /* another thread is inside */
	HD_MARK_BLAMED,	 /* ... and died there */
	HD_MARK_SUSPECT	 /* of a former process */
};

enum hd_phase { HD_PHASE_STOPPED, HD_PHASE_RUNNING, HD_PHASE_STOPPING };

enum hd_death { HD_DEATH_UNKNOWN, HD_DEATH_LOOP, HD_DEATH_ELSEWHERE };

struct hd_mark {
	_Atomic uint8_t state;
	uint8_t crashes; /* of a suspect */
	bool fresh;	 /* ... one more since the last start */
	char alert[HD_ID_TEXT];
	char call[HD_MARK_CALL];
	char connector[HD_CELL_NAME];
};

struct hd_inflight_head {
	char magic[24];
	char boot[HD_BOOT_ID];
	int32_t phase;
	int32_t death, signal; /* noted by last words */
	char call[HD_MARK_CALL];
	char connector[HD_CELL_NAME];
	char rest[256 - 24 - HD_BOOT_ID - 12 - HD_MARK_CALL - HD_CELL_NAME];
};

struct hd_inflight_file {
	struct hd_inflight_head head;
	struct hd_mark marks[HD_MARKS];
};

/* The mapped file, or NULL. */
extern struct hd_inflight_file *hd_inflight_file;

/* The mark of this thread while it works. */
extern _Thread_local struct hd_mark *hd_inflight_working;

/* suspects.c: makes suspects of the marks if the last end was a crash; all
 * others are free then.  `boot` is this boot's id. [loop] */
void hd_suspects_judge(struct hd_inflight_file *file, const char *boot,
		       struct hd_last_end *out);

#endif
