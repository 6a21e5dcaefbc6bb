/* alloc.h - small fixed allocations that cannot fail
 *
 * For structs and texts of our own, whose size no outsider chooses: running
 * out of memory there ends the process with a word on stderr (the journal
 * keeps what was accepted).  Sizes that come from outside are capped first
 * and allocated with malloc().
 */
#ifndef HD_BASE_ALLOC_H
#define HD_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed memory.  The caller frees it with free(). [any] */
void *hd_alloc(size_t size);

/* Memory that is not zeroed.  The caller frees it with free(). [any] */
void *hd_alloc_raw(size_t size);

/* An array of `count` zeroed items; ends the process on overflow. [any] */
void *hd_alloc_array(size_t count, size_t size);

/* As realloc() for `count` items, new ones not zeroed. [any] */
void *hd_realloc_array(void *p, size_t count, size_t size);

/* A copy; NULL gives NULL.  The caller frees it with free(). [any] */
char *hd_strdup(const char *text);

/* A copy of `n` bytes with '\0' behind.  The caller frees it. [any] */
char *hd_memdup0(const void *p, size_t n);

/* A text made as by printf.  The caller frees it. [any] */
char *hd_strf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
