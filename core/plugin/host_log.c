/* The service log(): a line of the log, and an entry on the alert's timeline
 * where it is important enough. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

#define TEXT_MAX 4096 /* bytes of a message */
#define NOTES_MAX 32  /* of a request */
#define ALERT_MAX 64

struct note_mail {
	struct hd_mail mail;
	herald_id req;
	uint32_t level;
	size_t n;
	char text[];
};

/* What is known of a request, copied while it cannot go away. */
struct about {
	char alert[ALERT_MAX];
	bool takes_note;
};

static struct about look_up(struct hd_cell *cell, herald_id req, bool note)
{
	struct about about = { "", false };
	struct hd_id_node *node;
	struct hd_request *r;

	pthread_mutex_lock(&cell->lock);
	node = req ? hd_idmap_get(&cell->requests, req) : NULL;
	if (node) {
		r = HD_LINK_OF(node, struct hd_request, node);
		if (r->alert)
			snprintf(about.alert, sizeof(about.alert), "%s",
				 r->alert);
		about.takes_note = note && r->kind != HD_SERVED &&
				   r->kind != HD_PROBE && r->notes < NOTES_MAX;
		if (about.takes_note)
			r->notes++;
	}
	pthread_mutex_unlock(&cell->lock);
	return about;
}

static void run_note(struct hd_instance *i, struct hd_mail *mail)
{
	const struct note_mail *m = (struct note_mail *)mail;
	const struct hd_request *r = hd_request_find(i, m->req);

	if (r && !r->answered && i->env->note)
		i->env->note(i->env->ud, r->ud, m->level, m->text, m->n);
}

static void post_note(struct hd_cell *cell, herald_id req, uint32_t level,
		      const char *text, size_t n)
{
	struct note_mail *m;
	struct hd_buf clean;

	hd_buf_init(&clean, 16 * TEXT_MAX);
	hd_utf8_escape(&clean, text, n);
	m = hd_cell_mail(sizeof(*m) + clean.n + 1, run_note);
	m->req = req;
	m->level = level;
	m->n = clean.n;
	memcpy(m->text, hd_buf_text(&clean), clean.n + 1);
	hd_cell_post(cell, m);
	hd_buf_fini(&clean);
}

/* The reason of a create() that gives NULL. */
static void keep_error(struct hd_cell *cell, const char *text)
{
	struct hd_instance *i = cell->instance;

	if (!hd_cell_is_loop(cell) || i->life != HD_LIFE_CREATING)
		return;
	free(i->last_error);
	i->last_error = hd_strdup(text);
}

static void log_text(const herald_host *h, uint32_t level, herald_id req,
		     herald_str text)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_log_context ctx = { .connector = cell->name };
	struct about about;
	char *clean;
	size_t n;

	HD_VISIT_CHECK_EARLY(cell);
	if (hd_cell_is_closed(cell)) {
		hd_cell_count_late(cell, "log");
		return;
	}
	if (level > HERALD_ERROR)
		level = HERALD_ERROR;
	n = text.p ? hd_utf8_cut(text.p, text.n, TEXT_MAX) : 0;
	clean = hd_memdup0(text.p ? text.p : "", n);
	n = hd_secret_mask(clean, n);
	clean[n] = '\0';
	about = look_up(cell, req, level >= HERALD_NOTICE);
	if (about.alert[0])
		ctx.alert = about.alert;
	if (level >= cell->instance->log_level)
		hd_log((enum hd_level)level, &ctx, "%s", clean);
	if (about.takes_note)
		post_note(cell, req, level, clean, n);
	if (level == HERALD_ERROR)
		keep_error(cell, clean);
	free(clean);
}

void hd_host_fill_log(herald_host *host)
{
	host->log = log_text;
}
