#include "core/pipeline/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/row.h"
#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/journal/reader.h"
#include "core/pipeline/program.h"

#define NAME_BYTES                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static void begin(struct hd_view_of *v)
{
	memset(v, 0, sizeof(*v));
	hd_asked_init(&v->asked);
	v->scope.now_ms = hd_utc_ms();
}

/* After every change: what the scope and the names point to. */
static void point(struct hd_view_of *v)
{
	const char *name;
	json_t *list;

	json_object_foreach(v->asked.enrich, name, list)
		hd_build_add(&v->enrich, &v->enrich_count, name);
	v->scope.record = v->record;
	v->scope.enrich = v->asked.enrich;
	if (!v->missing) {
		v->scope.missing = v->asked.missing;
		v->scope.missing_count = v->asked.missing_count;
	}
	v->scope.done = v->done;
	v->scope.parked = v->parked;
	v->names.enrich = v->enrich;
	v->names.done = v->entries;
}

static int read_body(struct hd_view_of *v, struct hd_reader *reader,
		     const char *alert, struct hd_err *err)
{
	struct hd_body body;
	json_t *answers = NULL;
	enum hd_found found = hd_reader_body(reader, alert, &body, err);

	if (found == HD_READ_FAILED)
		return -1;
	if (found != HD_FOUND)
		return hd_err_set(err, ENOENT,
				  "what alert %.8s holds is damaged or gone",
				  alert);
	v->record = hd_json_read_own(body.record.p, body.record.n, NULL);
	if (!v->record)
		return hd_err_set(err, EINVAL,
				  "the record of alert %.8s is no "
				  "JSON",
				  alert);
	if (body.answers.n != 0)
		answers = hd_json_read_own(body.answers.p, body.answers.n,
					   NULL);
	hd_asked_restore(&v->asked, answers);
	json_decref(answers);
	return 0;
}

static int read_risk(struct hd_view_of *v, struct hd_reader *reader,
		     const char *alert, struct hd_err *err)
{
	struct hd_alert_row row;

	if (hd_reader_alert(reader, alert, &row, err) != HD_FOUND)
		return -1;
	if (!row.level[0])
		return 0;
	v->risk.low = (int)row.score_low;
	v->risk.high = (int)row.score_high;
	v->risk.known = (int)json_integer_value(
		json_object_get(v->record, "risk_score"));
	v->scope.risk = &v->risk;
	return 0;
}

static bool add_row(void *ud, const struct hd_action_row *row)
{
	hd_case_add(ud, row);
	return true;
}

static void read_case(struct hd_view_of *v, const struct hd_case *c)
{
	v->done = hd_case_done(c);
	for (size_t i = 0; i < c->count; i++) {
		hd_build_add(&v->entries, &v->entry_count, c->rows[i]->name);
		if (!hd_row_is_final(c->rows[i]))
			hd_build_add(&v->parked, &v->parked_count,
				     c->rows[i]->name);
	}
}

int hd_view_open(struct hd_view_of *v, struct hd_reader *reader,
		 const char *alert, const struct hd_case *c, struct hd_err *err)
{
	begin(v);
	if (read_body(v, reader, alert, err) < 0 ||
	    read_risk(v, reader, alert, err) < 0)
		return -1;
	if (!c) {
		v->own = hd_case_new(alert, "");
		if (hd_reader_actions(reader, alert, add_row, v->own, err) < 0)
			return -1;
		c = v->own;
	}
	read_case(v, c);
	point(v);
	return 0;
}

void hd_view_record(struct hd_view_of *v, json_t *record)
{
	begin(v);
	v->record = json_incref(record);
	point(v);
}

void hd_view_close(struct hd_view_of *v)
{
	hd_asked_fini(&v->asked);
	json_decref(v->record);
	json_decref(v->done);
	hd_case_free(v->own);
	free(v->enrich);
	free(v->entries);
	free(v->parked);
	free(v->missing);
	free(v->words);
}

void hd_view_entries(struct hd_view_of *v, const char *list)
{
	char *rest, *name;

	v->words = hd_strdup(list);
	rest = v->words;
	while ((name = strsep(&rest, " ")))
		if (name[0])
			hd_build_add(&v->entries, &v->entry_count, name);
	point(v);
}

void hd_view_asked_nothing(struct hd_view_of *v, const char *text)
{
	static const char word[] = "enrich.";

	while ((text = strstr(text, word))) {
		char *name;
		size_t n;

		text += sizeof(word) - 1;
		n = strspn(text, NAME_BYTES);
		name = hd_memdup0(text, n);
		if (n > 0)
			hd_asked_mention(&v->asked, name);
		free(name);
	}
	point(v);
}

void hd_view_not_asked(struct hd_view_of *v, const char *connector,
		       const char *reason)
{
	size_t n = v->scope.missing_count;
	struct hd_missing *missing;

	if (json_object_get(v->asked.enrich, connector))
		return;
	missing = hd_alloc_array(n + 1, sizeof(*missing));
	if (n > 0)
		memcpy(missing, v->scope.missing, n * sizeof(*missing));
	missing[n] = (struct hd_missing){ .connector = connector,
					  .reason = reason };
	free(v->missing);
	v->missing = missing;
	v->scope.missing = missing;
	v->scope.missing_count = n + 1;
	hd_build_add(&v->enrich, &v->enrich_count, connector);
	point(v);
}
