#include "core/journal/arena.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8160

struct hd_arena_block {
	struct hd_arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

static struct hd_arena_block *add_block(struct hd_arena *arena, size_t n)
{
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct hd_arena_block *block = malloc(sizeof(*block) + size);

	if (!block) {
		arena->failed = true;
		return NULL;
	}
	block->used = 0;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

static void *take(struct hd_arena *arena, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct hd_arena_block *block = arena->blocks;
	void *p;

	n = (n + align - 1) / align * align;
	if (!block || block->size - block->used < n)
		block = add_block(arena, n);
	if (!block)
		return NULL;
	p = block->bytes + block->used;
	block->used += n;
	return p;
}

void *hd_arena_alloc(struct hd_arena *arena, size_t n)
{
	void *p = take(arena, n);

	return p ? memset(p, 0, n) : NULL;
}

char *hd_arena_copy(struct hd_arena *arena, const void *p, size_t n)
{
	char *to = take(arena, n + 1);

	if (!to)
		return NULL;
	if (n != 0)
		memcpy(to, p, n);
	to[n] = '\0';
	return to;
}

const char *hd_arena_text(struct hd_arena *arena, const char *text)
{
	if (!text || !text[0])
		return "";
	return hd_arena_copy(arena, text, strlen(text));
}

void hd_arena_clear(struct hd_arena *arena)
{
	struct hd_arena_block *next;

	for (; arena->blocks; arena->blocks = next) {
		next = arena->blocks->next;
		free(arena->blocks);
	}
	arena->failed = false;
}
