#include "core/cel/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)8192)
#define ALIGN ((size_t)16)

struct hd_cel_block {
	struct hd_cel_block *next;
	size_t size;
	_Alignas(16) char bytes[];
};

void hd_cel_pool_init(struct hd_cel_pool *pool, size_t max)
{
	memset(pool, 0, sizeof(*pool));
	pool->max = max;
}

static void free_blocks(struct hd_cel_block *block)
{
	while (block) {
		struct hd_cel_block *next = block->next;

		free(block);
		block = next;
	}
}

void hd_cel_pool_fini(struct hd_cel_pool *pool)
{
	free_blocks(pool->first);
	hd_cel_pool_init(pool, pool->max);
}

void hd_cel_pool_reset(struct hd_cel_pool *pool)
{
	struct hd_cel_block *first = pool->first;

	pool->used = 0;
	if (!first)
		return;
	free_blocks(first->next);
	first->next = NULL;
	pool->last = first;
	pool->at = first->bytes;
	pool->end = first->bytes + first->size;
}

void *hd_cel_must(void *p)
{
	if (p)
		return p;
	fputs("cel: out of memory\n", stderr);
	abort();
}

static void *no_memory(const struct hd_cel_pool *pool)
{
	if (pool->max != 0)
		return NULL;
	return hd_cel_must(NULL);
}

/* The rest of the last block is lost; blocks are large against what is asked
 * for, and a larger wish gets a block of its own size. */
static void *from_new_block(struct hd_cel_pool *pool, size_t n)
{
	size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
	struct hd_cel_block *block = malloc(sizeof(*block) + size);

	if (!block)
		return no_memory(pool);
	block->next = NULL;
	block->size = size;
	if (pool->last)
		pool->last->next = block;
	else
		pool->first = block;
	pool->last = block;
	pool->at = block->bytes + n;
	pool->end = block->bytes + size;
	return block->bytes;
}

void *hd_cel_pool_alloc(struct hd_cel_pool *pool, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 2)
		return no_memory(pool);
	n = (n + ALIGN - 1) & ~(ALIGN - 1);
	if (pool->max != 0 && n > pool->max - pool->used)
		return NULL;
	pool->used += n;
	if (n > (size_t)(pool->end - pool->at))
		return from_new_block(pool, n);
	p = pool->at;
	pool->at += n;
	return p;
}

void *hd_cel_pool_zero(struct hd_cel_pool *pool, size_t n)
{
	void *p = hd_cel_pool_alloc(pool, n);

	if (p)
		memset(p, 0, n);
	return p;
}

char *hd_cel_pool_text(struct hd_cel_pool *pool, const char *text, size_t n)
{
	char *copy = hd_cel_pool_alloc(pool, n + 1);

	if (!copy)
		return NULL;
	if (n != 0)
		memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *hd_cel_pool_printf(struct hd_cel_pool *pool, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return hd_cel_pool_text(pool, "", 0);
	text = hd_cel_pool_alloc(pool, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}
