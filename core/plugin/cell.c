#include "core/plugin/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/plugin/instance_impl.h"

/* Closed cells, the oldest at `next_grave`.  [loop] */
static struct hd_cell *graves[HD_CELL_GRAVES];
static size_t next_grave;

struct hd_cell *hd_cell_of(const herald_host *host)
{
	return host->impl;
}

struct hd_cell *hd_cell_new(struct hd_instance *instance, const char *name)
{
	struct hd_cell *cell = hd_alloc(sizeof(*cell));

	snprintf(cell->name, sizeof(cell->name), "%s", name);
	cell->instance = instance;
	cell->loop_thread = pthread_self();
	pthread_mutex_init(&cell->lock, NULL);
	cell->last = &cell->first;
	cell->host.impl = cell;
	return cell;
}

static void on_async(uv_async_t *async)
{
	struct hd_cell *cell = async->data;

	hd_cell_run(cell);
	hd_instance_drained(cell->instance);
}

int hd_cell_open(struct hd_cell *cell, uv_loop_t *loop)
{
	uv_async_t *async = hd_alloc(sizeof(*async));
	int rc = uv_async_init(loop, async, on_async);

	if (rc < 0) {
		free(async);
		return rc;
	}
	async->data = cell;
	pthread_mutex_lock(&cell->lock);
	cell->async = async;
	if (cell->first)
		uv_async_send(async);
	pthread_mutex_unlock(&cell->lock);
	return 0;
}

void *hd_cell_mail(size_t size, void (*run)(struct hd_instance *instance,
					    struct hd_mail *mail))
{
	struct hd_mail *mail = hd_alloc(size);

	mail->run = run;
	return mail;
}

void *hd_cell_mail_try(size_t size, void (*run)(struct hd_instance *instance,
						struct hd_mail *mail))
{
	struct hd_mail *mail = calloc(1, size);

	if (mail)
		mail->run = run;
	return mail;
}

void hd_cell_count_late(const struct hd_cell *cell, const char *what)
{
	const struct hd_log_context ctx = { .connector = cell->name };

	hd_metric_add(hd_metric_get(HD_COUNTER,
				    "herald_plugin_after_destroy_total", "",
				    "Calls of host services by plugin "
				    "instances that were destroyed."),
		      1);
	hd_log(HD_LOG_WARNING, &ctx, "%s() was called after destroy()", what);
}

static void drop(struct hd_mail *mail)
{
	if (mail->drop)
		mail->drop(mail);
	free(mail);
}

bool hd_cell_post(struct hd_cell *cell, void *p)
{
	struct hd_mail *mail = p;
	bool taken;

	pthread_mutex_lock(&cell->lock);
	taken = !cell->closed;
	if (taken) {
		/* Whoever wrote the first letter rang for all. */
		if (!cell->first && cell->async)
			uv_async_send(cell->async);
		*cell->last = mail;
		cell->last = &mail->next;
	}
	pthread_mutex_unlock(&cell->lock);
	if (!taken)
		drop(mail);
	return taken;
}

void hd_cell_poke(struct hd_cell *cell)
{
	pthread_mutex_lock(&cell->lock);
	if (cell->async)
		uv_async_send(cell->async);
	pthread_mutex_unlock(&cell->lock);
}

bool hd_cell_is_closed(struct hd_cell *cell)
{
	bool closed;

	pthread_mutex_lock(&cell->lock);
	closed = cell->closed;
	pthread_mutex_unlock(&cell->lock);
	return closed;
}

bool hd_cell_is_empty(struct hd_cell *cell)
{
	bool empty;

	pthread_mutex_lock(&cell->lock);
	empty = !cell->first;
	pthread_mutex_unlock(&cell->lock);
	return empty;
}

static struct hd_mail *take_all(struct hd_cell *cell)
{
	struct hd_mail *first;

	pthread_mutex_lock(&cell->lock);
	first = cell->first;
	cell->first = NULL;
	cell->last = &cell->first;
	pthread_mutex_unlock(&cell->lock);
	return first;
}

void hd_cell_run(struct hd_cell *cell)
{
	struct hd_mail *mail = take_all(cell);

	while (mail) {
		struct hd_mail *next = mail->next;

		mail->run(cell->instance, mail);
		free(mail);
		mail = next;
	}
}

static void free_async(uv_handle_t *handle)
{
	free(handle);
}

static void free_cell(struct hd_cell *cell)
{
	hd_idmap_fini(&cell->requests);
	pthread_mutex_destroy(&cell->lock);
	free(cell);
}

void hd_cell_close(struct hd_cell *cell)
{
	struct hd_mail *mail;
	uv_async_t *async;

	pthread_mutex_lock(&cell->lock);
	cell->closed = true;
	async = cell->async;
	cell->async = NULL;
	pthread_mutex_unlock(&cell->lock);

	mail = take_all(cell);
	while (mail) {
		struct hd_mail *next = mail->next;

		drop(mail);
		mail = next;
	}
	if (async)
		uv_close((uv_handle_t *)async, free_async);

	if (graves[next_grave])
		free_cell(graves[next_grave]);
	graves[next_grave] = cell;
	next_grave = (next_grave + 1) % HD_CELL_GRAVES;
}

bool hd_cell_is_loop(const struct hd_cell *cell)
{
	return pthread_equal(cell->loop_thread, pthread_self());
}
