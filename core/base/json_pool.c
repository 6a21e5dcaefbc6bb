#include "core/base/json_pool.h"

#include <jansson.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/alloc.h"

#define STEP 16
#define CLASSES 8     /* blocks of up to CLASSES * STEP bytes */
#define KEPT_MAX 4096 /* blocks of one class: 300 KiB of the usual sizes */

/* Block of any class is at least this long. */
struct block {
	struct block *next;
};

struct kept {
	struct block *first;
	unsigned count;
};

static _Thread_local struct kept kept[CLASSES];
static _Thread_local bool keeping;

static void *take(size_t n)
{
	struct kept *class;
	struct block *block;

	if (!keeping || n > CLASSES * STEP)
		return hd_alloc_raw(n);
	class = &kept[n == 0 ? 0 : (n - 1) / STEP];
	block = class->first;
	if (!block)
		return hd_alloc_raw((size_t)(class - kept + 1) * STEP);
	class->first = block->next;
	class->count--;
	return block;
}

/* A block has room for its whole class whoever made it: what malloc gave is
 * asked, and counted down. */
static void give(void *p)
{
	struct block *block = p;
	struct kept *class;
	size_t n;

	if (!keeping || !p) {
		free(p);
		return;
	}
	n = malloc_usable_size(p) / STEP;
	class = n != 0 && n <= CLASSES ? &kept[n - 1] : NULL;
	if (!class || class->count == KEPT_MAX) {
		free(p);
		return;
	}
	block->next = class->first;
	class->first = block;
	class->count++;
}

void hd_json_pool_install(void)
{
	json_set_alloc_funcs(take, give);
}

void hd_json_pool_start(void)
{
	keeping = true;
}

void hd_json_pool_stop(void)
{
	struct block *block;

	keeping = false;
	for (int i = 0; i < CLASSES; i++) {
		while ((block = kept[i].first)) {
			kept[i].first = block->next;
			free(block);
		}
		kept[i].count = 0;
	}
}
