/* The services about options: values, secrets, expressions, reject(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/expr/expr.h"
#include "core/expr/template.h"
#include "core/plugin/host_json.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/options.h"
#include "core/plugin/visit.h"

#define RENDERED_MAX (1u << 20) /* bytes of a template's text */
#define EVAL_LIMIT_S 5		/* waiting for the loop from elsewhere */

static herald_str option(const herald_host *h, const char *name, uint32_t index)
{
	HD_VISIT_CHECK_EARLY(hd_cell_of(h));
	return hd_options_text(hd_cell_of(h)->instance->options, name, index);
}

static herald_str option_key(const herald_host *h, const char *name,
			     uint32_t index)
{
	HD_VISIT_CHECK_EARLY(hd_cell_of(h));
	return hd_options_key(hd_cell_of(h)->instance->options, name, index);
}

static int64_t number(const herald_host *h, const char *name)
{
	HD_VISIT_CHECK_EARLY(hd_cell_of(h));
	return hd_options_number(hd_cell_of(h)->instance->options, name);
}

static uint32_t secret(const herald_host *h, const char *name, char *buf,
		       size_t *n)
{
	struct hd_cell *cell = hd_cell_of(h);
	const struct hd_instance *i = cell->instance;
	struct hd_secret *s;
	const char *text;
	size_t room = *n;

	HD_VISIT_CHECK_ANY(cell);
	*n = 0;
	if (!(i->plugin->needs & HERALD_NEED_SECRETS))
		return HERALD_FORBIDDEN;
	s = hd_options_secret(i->options, name, 0);
	if (!s)
		return HERALD_NOT_FOUND;
	text = hd_secret_get(s, n);
	if (*n > room)
		return HERALD_TOO_BIG;
	memcpy(buf, text, *n);
	return HERALD_OK;
}

static uint32_t secret_is(const herald_host *h, const char *name,
			  herald_str text)
{
	HD_VISIT_CHECK_ANY(hd_cell_of(h));
	return text.p && hd_options_secret_is(hd_cell_of(h)->instance->options,
					      name, text.p, text.n);
}

static void reject(const herald_host *h, const char *name, herald_str why)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	const struct hd_node *node;

	HD_VISIT_CHECK_CREATE(cell);
	if (i->life != HD_LIFE_CREATING) {
		hd_instance_log(i, HD_LOG_ERROR,
				"called reject() outside create(): %.*s",
				(int)why.n, why.p ? why.p : "");
		return;
	}
	i->rejected = true;
	node = name ? hd_options_node(i->options, name) : NULL;
	hd_complain(i->complaints, hd_node_place(node ? node : i->node),
		    "connectors.%s%s%s: %.*s", i->name, name ? "." : "",
		    name ? name : "", (int)why.n, why.p ? why.p : "");
}

/* ---- eval ---- */

static uint32_t status_of(const struct hd_instance *i, const char *name,
			  enum hd_truth truth, const struct hd_reason *why)
{
	if (truth == HD_HOLDS)
		return HERALD_OK;
	if (truth == HD_ABSENT || truth == HD_NOT_SURE)
		return HERALD_NOT_FOUND;
	hd_instance_log(i, HD_LOG_WARNING, "option %s: %s", name, why->text);
	return HERALD_FAILED;
}

static enum hd_truth render(const struct hd_template *t,
			    const struct hd_expr_scope *scope, json_t **out,
			    struct hd_reason *why)
{
	enum hd_truth truth;
	struct hd_buf buf;

	hd_buf_init(&buf, RENDERED_MAX);
	truth = hd_template_render(t, scope, false, &buf, why);
	if (truth == HD_HOLDS && hd_buf_failed(&buf)) {
		snprintf(why->text, sizeof(why->text), "the text is too long");
		truth = HD_ERROR;
	}
	if (truth == HD_HOLDS)
		*out = json_stringn(hd_buf_text(&buf), buf.n);
	hd_buf_fini(&buf);
	return truth;
}

static uint32_t eval_here(struct hd_instance *i, const char *name,
			  uint32_t index, herald_doc *vars, herald_doc *out,
			  const char *path)
{
	const struct hd_expr *expr = hd_options_expr(i->options, name, index);
	const struct hd_template *t = hd_options_template(i->options, name,
							  index);
	const struct hd_expr_scope scope = {
		.vars = vars ? hd_host_json_root(vars) : NULL,
		.now_ms = hd_utc_ms(),
	};
	struct hd_reason why = { "" };
	json_t *value = NULL;
	uint32_t status;

	if (expr)
		status = status_of(i, name,
				   hd_expr_value(expr, &scope, &value, &why),
				   &why);
	else if (t)
		status = status_of(i, name, render(t, &scope, &value, &why),
				   &why);
	else
		status = HERALD_NOT_FOUND;
	if (status == HERALD_OK)
		status = hd_host_json_put_take(out, path, value);
	else
		json_decref(value);
	return status;
}

/* Expressions are evaluated on the loop: another thread leaves its question
 * there and waits.  The question is counted, since either side may be the last
 * to look at it. */
struct question {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	unsigned holders; /* guarded by lock, as are the others */
	bool given_up, done;
	uint32_t status;
	const char *name, *path;
	uint32_t index;
	herald_doc *vars, *out;
};

struct question_mail {
	struct hd_mail mail;
	struct question *q;
};

static void unhold(struct question *q)
{
	bool last;

	pthread_mutex_lock(&q->lock);
	last = --q->holders == 0;
	pthread_mutex_unlock(&q->lock);
	if (!last)
		return;
	pthread_cond_destroy(&q->answered);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void run_question(struct hd_instance *i, struct hd_mail *mail)
{
	struct question *q = ((struct question_mail *)mail)->q;

	/* The asker waits while we hold the lock: its documents are ours. */
	pthread_mutex_lock(&q->lock);
	if (!q->given_up)
		q->status = eval_here(i, q->name, q->index, q->vars, q->out,
				      q->path);
	q->done = true;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&q->lock);
	unhold(q);
}

static void drop_question(struct hd_mail *mail)
{
	struct question *q = ((struct question_mail *)mail)->q;

	pthread_mutex_lock(&q->lock);
	q->done = true;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&q->lock);
	unhold(q);
}

static uint32_t wait_for(struct question *q)
{
	struct timespec until;
	uint32_t status;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += EVAL_LIMIT_S;
	pthread_mutex_lock(&q->lock);
	while (!q->done && rc == 0)
		rc = pthread_cond_timedwait(&q->answered, &q->lock, &until);
	q->given_up = !q->done;
	status = q->done ? q->status : HERALD_TIMEOUT;
	pthread_mutex_unlock(&q->lock);
	return status;
}

static struct question *new_question(void)
{
	struct question *q = hd_alloc(sizeof(*q));
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->answered, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&q->lock, NULL);
	q->holders = 2;
	q->status = HERALD_FAILED;
	return q;
}

static uint32_t eval_from_afar(struct hd_cell *cell, struct question *q)
{
	struct question_mail *m = hd_cell_mail(sizeof(*m), run_question);
	uint32_t status;

	m->q = q;
	m->mail.drop = drop_question;
	hd_cell_post(cell, m);
	status = wait_for(q);
	unhold(q);
	return status;
}

static uint32_t eval(const herald_host *h, const char *name, uint32_t index,
		     herald_doc *vars, herald_doc *out, const char *path)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct question *q;

	HD_VISIT_CHECK_ANY(cell);
	if (hd_cell_is_loop(cell))
		return eval_here(cell->instance, name, index, vars, out, path);
	q = new_question();
	q->name = name;
	q->index = index;
	q->vars = vars;
	q->out = out;
	q->path = path;
	return eval_from_afar(cell, q);
}

void hd_host_fill_options(herald_host *host)
{
	host->option = option;
	host->option_key = option_key;
	host->number = number;
	host->secret = secret;
	host->secret_is = secret_is;
	host->eval = eval;
	host->reject = reject;
}
