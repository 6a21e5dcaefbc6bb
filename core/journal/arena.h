/* arena.h - memory that is freed as a whole
 *
 * For what many small copies belong to: a transaction, the row that a reader
 * gave.  Lack of memory makes it *failed*, to be asked once at the end.
 */
#ifndef HD_JOURNAL_ARENA_H
#define HD_JOURNAL_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct hd_arena_block;

/* All zero: empty. */
struct hd_arena {
	struct hd_arena_block *blocks;
	bool failed;
};

/* Zeroed memory, aligned for anything; NULL when there is none. [any] */
void *hd_arena_alloc(struct hd_arena *arena, size_t n);

/* A copy with '\0' behind; NULL when there is no memory. [any] */
char *hd_arena_copy(struct hd_arena *arena, const void *p, size_t n);

/* A copy; NULL gives "". NULL when there is no memory. [any] */
const char *hd_arena_text(struct hd_arena *arena, const char *text);

/* Frees all; the arena is empty and not failed. [any] */
void hd_arena_clear(struct hd_arena *arena);

#endif
