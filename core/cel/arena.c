#include "core/cel/eval.h"

#include <stdlib.h>

#include "core/cel/pool.h"
#include "core/cel/regex.h"
#include "core/cel/zone.h"

#define DEFAULT_MAX ((size_t)1 << 20)

struct hd_cel_taken {
	struct hd_cel_taken *next;
	json_t *json;
};

struct hd_cel_arena *hd_cel_arena_new(size_t max)
{
	struct hd_cel_arena *arena = hd_cel_must(calloc(1, sizeof(*arena)));

	hd_cel_pool_init(&arena->pool, max != 0 ? max : DEFAULT_MAX);
	return arena;
}

static void release(struct hd_cel_arena *arena)
{
	for (; arena->taken; arena->taken = arena->taken->next)
		json_decref(arena->taken->json);
}

void hd_cel_arena_reset(struct hd_cel_arena *arena)
{
	release(arena);
	hd_cel_pool_reset(&arena->pool);
}

uint64_t hd_cel_arena_cost(const struct hd_cel_arena *arena)
{
	return arena->cost;
}

void hd_cel_arena_free(struct hd_cel_arena *arena)
{
	if (!arena)
		return;
	release(arena);
	hd_cel_pool_fini(&arena->pool);
	hd_cel_regex_data_free(arena->match_data);
	hd_cel_zones_free(arena->zones);
	free(arena->scratch);
	free(arena);
}

/* ---- for functions ---- */

bool hd_cel_call_cost(struct hd_cel_call *call, size_t cost)
{
	if (cost > call->cost) {
		hd_cel_stop(call, "the evaluation costs too much");
		return false;
	}
	call->cost -= cost;
	return true;
}

void *hd_cel_call_alloc(struct hd_cel_call *call, size_t n)
{
	void *p;

	if (!hd_cel_call_cost(call, n / 64))
		return NULL;
	p = hd_cel_pool_alloc(&call->arena->pool, n);
	if (!p)
		hd_cel_stop(call, "the evaluation needs too much memory");
	return p;
}

struct hd_cel_value hd_cel_call_string(struct hd_cel_call *call,
				       const char *text, size_t n)
{
	char *copy = hd_cel_call_alloc(call, n + 1);

	if (!copy)
		return hd_cel_stopped(call);
	if (n != 0)
		memcpy(copy, text, n);
	copy[n] = '\0';
	return hd_cel_stringn(copy, n);
}

struct hd_cel_value hd_cel_call_stringf(struct hd_cel_call *call,
					const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	text = hd_cel_call_alloc(call, (size_t)n + 1);
	if (!text)
		return hd_cel_stopped(call);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return hd_cel_stringn(text, (size_t)n);
}

struct hd_cel_value hd_cel_call_json_take(struct hd_cel_call *call,
					  json_t *json)
{
	struct hd_cel_taken *taken = hd_cel_call_alloc(call, sizeof(*taken));

	if (!taken) {
		json_decref(json);
		return hd_cel_stopped(call);
	}
	if (!json)
		return hd_cel_fail(call, HD_CEL_E_OTHER, "no JSON");
	taken->json = json;
	taken->next = call->arena->taken;
	call->arena->taken = taken;
	return hd_cel_json(json);
}

void *hd_cel_call_activation(const struct hd_cel_call *call)
{
	return call->activation->ud;
}

/* ---- outside of an evaluation ---- */

static struct hd_cel_call outside(struct hd_cel_arena *arena)
{
	static const struct hd_cel_activation nothing;

	return (struct hd_cel_call){ .activation = &nothing,
				     .arena = arena,
				     .cost = UINT64_MAX };
}

struct hd_cel_value hd_cel_make_string(struct hd_cel_arena *arena,
				       const char *text, size_t n)
{
	struct hd_cel_call call = outside(arena);

	return hd_cel_call_string(&call, text, n);
}

struct hd_cel_value hd_cel_make_list(struct hd_cel_arena *arena,
				     const struct hd_cel_value *items, size_t n)
{
	struct hd_cel_call call = outside(arena);

	return hd_cel_call_list(&call, items, n);
}

struct hd_cel_value hd_cel_make_map(struct hd_cel_arena *arena,
				    const struct hd_cel_value *keys,
				    const struct hd_cel_value *values, size_t n)
{
	struct hd_cel_call call = outside(arena);

	return hd_cel_call_map(&call, keys, values, n);
}
