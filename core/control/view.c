#include "core/control/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/control/control_impl.h"
#include "core/journal/reader.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

static void list_enrichers(struct hd_view *v, const struct hd_control *control)
{
	struct hd_instance *instance;
	size_t n = 0;

	v->enrich = hd_alloc_array(1, sizeof(*v->enrich));
	for (size_t i = 0;
	     (instance = control->env.connector_at(control->env.ud, i)); i++) {
		if (!hd_module_plugin(hd_instance_module(instance))->enricher)
			continue;
		v->enrich = hd_realloc_array(v->enrich, n + 2,
					     sizeof(*v->enrich));
		v->enrich[n++] = hd_instance_name(instance);
		hd_asked_mention(&v->asked, hd_instance_name(instance));
	}
	v->enrich[n] = NULL;
}

static void set_scope(struct hd_view *v)
{
	v->scope.record = v->record;
	v->scope.enrich = v->asked.enrich;
	v->scope.missing = v->asked.missing;
	v->scope.missing_count = v->asked.missing_count;
}

void hd_view_init(struct hd_view *v, const struct hd_control *control)
{
	memset(v, 0, sizeof(*v));
	hd_asked_init(&v->asked);
	list_enrichers(v, control);
	v->record = json_object();
	v->scope.now_ms = hd_utc_ms();
	set_scope(v);
}

void hd_view_fini(struct hd_view *v)
{
	hd_asked_fini(&v->asked);
	json_decref(v->record);
	free(v->enrich);
}

void hd_view_take(struct hd_view *v, json_t *record_take)
{
	json_decref(v->record);
	v->record = record_take;
	set_scope(v);
}

static void read_risk(struct hd_view *v, struct hd_reader *reader,
		      const char *id)
{
	struct hd_alert_row row;
	struct hd_err err;

	if (hd_reader_alert(reader, id, &row, &err) != HD_FOUND ||
	    !row.level[0])
		return;
	v->risk.low = (int)row.score_low;
	v->risk.high = (int)row.score_high;
	v->risk.known = (int)json_integer_value(
		json_object_get(v->record, "risk_score"));
	v->scope.risk = &v->risk;
}

int hd_view_load(struct hd_view *v, struct hd_reader *reader, const char *id,
		 struct hd_err *err)
{
	json_t *record, *answers = NULL;
	struct hd_body body;

	memset(err, 0, sizeof(*err));
	if (hd_reader_body(reader, id, &body, err) != HD_FOUND)
		return err->code != 0 ? -1
				      : hd_err_set(err, EBADMSG,
						   "alert %s is damaged", id);
	record = hd_json_read(body.record.p, body.record.n, NULL, NULL);
	if (body.answers.n != 0)
		answers = hd_json_read(body.answers.p, body.answers.n, NULL,
				       NULL);
	hd_asked_restore(&v->asked, answers);
	json_decref(answers);
	hd_view_take(v, json_is_object(record) ? json_incref(record)
					       : json_object());
	json_decref(record);
	read_risk(v, reader, id);
	return 0;
}

struct hd_expr *hd_view_compile(const struct hd_view *v,
				const struct hd_program *program,
				const char *text, enum hd_expr_type type,
				struct hd_err *err)
{
	const struct hd_expr_names names = { .enrich = v->enrich };

	return hd_expr_compile_text(program->env, &names, text, type, err);
}
