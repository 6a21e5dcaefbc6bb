/* The service work(): jobs in the pool of libuv, at most `workers` of an
 * instance at once; the others wait here, in their order. */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/plugin/inflight.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

static unsigned workers(const struct hd_instance *i)
{
	return i->plugin->workers ? i->plugin->workers : 1;
}

/* A free worker, or -1. */
static int free_worker(const struct hd_instance *i)
{
	for (unsigned w = 0; w < workers(i); w++) {
		if (!(i->busy_workers & (UINT64_C(1) << w)))
			return (int)w;
	}
	return -1;
}

static void on_work(uv_work_t *work)
{
	struct hd_job *job = (struct hd_job *)work;

	hd_inflight_enter_work(job->mark);
	job->fn(job->instance->self, job->req, job->ud, job->worker);
	hd_inflight_leave_work(job->mark);
	hd_crypto_thread_end();
}

static void begin_next(struct hd_instance *i);

static void on_done(uv_work_t *work, int status)
{
	struct hd_job *job = (struct hd_job *)work;
	struct hd_instance *i = job->instance;

	(void)status; /* never cancelled */
	i->busy_workers &= ~(UINT64_C(1) << job->worker);
	hd_link_remove(&job->link);
	hd_inflight_clear(job->mark);
	free(job);
	begin_next(i);
	if (i->cancel_at_ms)
		hd_cell_poke(i->cell);
}

static void begin_next(struct hd_instance *i)
{
	struct hd_link *at = i->jobs.next;

	for (; at != &i->jobs; at = at->next) {
		struct hd_job *job = HD_LINK_OF(at, struct hd_job, link);
		int worker;

		if (job->running)
			continue;
		worker = free_worker(i);
		if (worker < 0)
			return;
		job->worker = (unsigned)worker;
		job->running = true;
		i->busy_workers |= UINT64_C(1) << worker;
		uv_queue_work(i->env->loop, &job->work, on_work, on_done);
	}
}

static struct hd_mark *note(struct hd_instance *i, herald_id req)
{
	const struct hd_request *r = req != 0 ? hd_request_find(i, req) : NULL;

	return r ? hd_inflight_note(r->alert, i->name, "work") : NULL;
}

static herald_id work(const herald_host *h, herald_id req, herald_work_fn fn,
		      void *ud)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	struct hd_job *job;
	herald_id id;

	HD_VISIT_CHECK_LOOP(cell);
	HD_VISIT_CHECK_NEED(cell, HERALD_NEED_WORK);
	if (i->life < HD_LIFE_STARTING || i->life >= HD_LIFE_DESTROYED)
		return 0;
	job = hd_alloc(sizeof(*job));
	id = hd_idmap_new_id();
	job->instance = i;
	job->id = id;
	job->req = req;
	job->mark = note(i, req);
	job->fn = fn;
	job->ud = ud;
	hd_link_add(&i->jobs, &job->link);
	begin_next(i);
	return id;
}

void hd_host_fill_work(herald_host *host)
{
	host->work = work;
}
