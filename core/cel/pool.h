/* pool.h - memory that is given back all at once
 *
 * A list of blocks with a mark that moves.  Environments and programs use one
 * without bound (what they hold is bounded by the source's size); the arena
 * of an evaluation is one with a bound.  Memory is aligned for everything and
 * not zeroed, but for hd_cel_pool_zero().
 */
#ifndef HD_CEL_POOL_H
#define HD_CEL_POOL_H

#include <stddef.h>

struct hd_cel_block;

struct hd_cel_pool {
	struct hd_cel_block *first, *last;
	char *at, *end; /* what is left of `last` */
	size_t used, max;
};

/* Gives `p` back; where that is NULL, ends the process with a word. [any] */
void *hd_cel_must(void *p);

/* `max` 0: no bound, and lack of memory ends the process. [any] */
void hd_cel_pool_init(struct hd_cel_pool *pool, size_t max);
void hd_cel_pool_fini(struct hd_cel_pool *pool);

/* Keeps the first block. [any] */
void hd_cel_pool_reset(struct hd_cel_pool *pool);

/* NULL only if the pool has a bound. [any] */
void *hd_cel_pool_alloc(struct hd_cel_pool *pool, size_t n);
void *hd_cel_pool_zero(struct hd_cel_pool *pool, size_t n);

/* A copy with '\0' behind. [any] */
char *hd_cel_pool_text(struct hd_cel_pool *pool, const char *text, size_t n);

/* As by printf. [any] */
char *hd_cel_pool_printf(struct hd_cel_pool *pool, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
