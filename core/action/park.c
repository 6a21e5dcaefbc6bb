#include "core/action/park.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/dict.h"

struct spot {
	int64_t at_ms;
	size_t index;  /* in the heap */
	char *held_by; /* names of connectors, blanks between; or NULL */
	char *woken;   /* the one that it was woken for */
	char alert[HD_ID_TEXT];
};

struct hd_park {
	struct spot **heap;
	size_t n, cap;
	struct hd_dict by_alert;
	uv_timer_t *timer;
	uv_loop_t *loop;
	hd_due_fn fn;
	void *ud;
	bool paused;
};

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

struct hd_park *hd_park_new(uv_loop_t *loop, hd_due_fn fn, void *ud)
{
	struct hd_park *park = hd_alloc(sizeof(*park));

	park->loop = loop;
	park->fn = fn;
	park->ud = ud;
	hd_dict_init(&park->by_alert);
	park->timer = hd_alloc(sizeof(*park->timer));
	uv_timer_init(loop, park->timer);
	park->timer->data = park;
	return park;
}

static void free_spot(struct spot *s)
{
	free(s->held_by);
	free(s->woken);
	free(s);
}

void hd_park_free(struct hd_park *park)
{
	if (!park)
		return;
	for (size_t i = 0; i < park->n; i++)
		free_spot(park->heap[i]);
	free(park->heap);
	hd_dict_fini(&park->by_alert);
	uv_close((uv_handle_t *)park->timer, free_closed);
	free(park);
}

static void put_at(struct hd_park *park, size_t i, struct spot *s)
{
	park->heap[i] = s;
	s->index = i;
}

static void sift_up(struct hd_park *park, size_t i)
{
	struct spot *s = park->heap[i];

	while (i > 0 && park->heap[(i - 1) / 2]->at_ms > s->at_ms) {
		put_at(park, i, park->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put_at(park, i, s);
}

static void sift_down(struct hd_park *park, size_t i)
{
	struct spot *s = park->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= park->n)
			break;
		if (child + 1 < park->n &&
		    park->heap[child + 1]->at_ms < park->heap[child]->at_ms)
			child++;
		if (park->heap[child]->at_ms >= s->at_ms)
			break;
		put_at(park, i, park->heap[child]);
		i = child;
	}
	put_at(park, i, s);
}

static void remove_spot(struct hd_park *park, struct spot *s)
{
	size_t i = s->index;
	struct spot *last = park->heap[--park->n];

	hd_dict_del(&park->by_alert, s->alert);
	if (last != s) {
		put_at(park, i, last);
		sift_up(park, i);
		sift_down(park, last->index);
	}
	free_spot(s);
}

static void on_time(uv_timer_t *timer);

static void set_timer(struct hd_park *park)
{
	int64_t wait;

	if (park->paused || park->n == 0) {
		uv_timer_stop(park->timer);
		return;
	}
	wait = park->heap[0]->at_ms - hd_now_ms();
	uv_update_time(park->loop);
	uv_timer_start(park->timer, on_time, (uint64_t)(wait > 0 ? wait : 0),
		       0);
}

static void on_time(uv_timer_t *timer)
{
	struct hd_park *park = timer->data;
	char alert[HD_ID_TEXT], *woken;
	int64_t now = hd_now_ms();

	while (!park->paused && park->n != 0 && park->heap[0]->at_ms <= now) {
		memcpy(alert, park->heap[0]->alert, sizeof(alert));
		woken = hd_strdup(park->heap[0]->woken);
		remove_spot(park, park->heap[0]);
		park->fn(park->ud, alert, woken);
		free(woken);
	}
	set_timer(park);
}

void hd_park_put(struct hd_park *park, const char *alert, int64_t wait_ms,
		 const char *held_by)
{
	struct spot *s;

	hd_park_take(park, alert);
	s = hd_alloc(sizeof(*s));
	s->at_ms = hd_now_ms() + wait_ms;
	s->held_by = hd_strdup(held_by);
	snprintf(s->alert, sizeof(s->alert), "%s", alert);
	if (park->n == park->cap) {
		park->cap = park->cap != 0 ? park->cap * 2 : 64;
		park->heap = hd_realloc_array(park->heap, park->cap,
					      sizeof(struct spot *));
	}
	hd_dict_put(&park->by_alert, alert, s);
	park->heap[park->n] = s;
	sift_up(park, park->n++);
	if (park->heap[0] == s)
		set_timer(park);
}

bool hd_park_take(struct hd_park *park, const char *alert)
{
	struct spot *s = hd_dict_get(&park->by_alert, alert);

	if (s)
		remove_spot(park, s);
	return s != NULL;
}

bool hd_park_has(const struct hd_park *park, const char *alert)
{
	return hd_dict_get(&park->by_alert, alert) != NULL;
}

static bool is_held_by(const struct spot *s, const char *connector)
{
	size_t n = strlen(connector);
	const char *at = s->held_by;

	while (at && *at) {
		if (strncmp(at, connector, n) == 0 &&
		    (at[n] == ' ' || at[n] == '\0'))
			return true;
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return false;
}

void hd_park_wake(struct hd_park *park, const char *connector)
{
	int64_t now = hd_now_ms();

	for (size_t i = 0; i < park->n; i++) {
		struct spot *s = park->heap[i];

		if (!is_held_by(s, connector))
			continue;
		s->at_ms = now;
		free(s->woken);
		s->woken = hd_strdup(connector);
	}
	for (size_t i = park->n / 2; i-- > 0;)
		sift_down(park, i);
	set_timer(park);
}

size_t hd_park_count(const struct hd_park *park)
{
	return park->n;
}

void hd_park_pause(struct hd_park *park, bool paused)
{
	if (park->paused == paused)
		return;
	park->paused = paused;
	set_timer(park);
}
