/* From what a plugin emits to the journal. */
#include "core/pipeline/engine_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/crash.h"
#include "core/base/err.h"
#include "core/base/json_line.h"
#include "core/base/json_text.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "core/base/mutant.h"
#include "core/expr/map.h"
#include "core/journal/journal.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"
#include "core/record/record.h"

#define RECORD_MAX (16u << 20) /* text of one record */
#define QUARANTINE_TEXT 256

/* One record on its way into the journal. */
struct item {
	char id[HD_ID_TEXT];
	json_t *record; /* NULL: quarantined */
	char *text;	/* of the record, as it is stored */
	int severity;
	struct hd_alert *alert; /* if it has a place: then record and text
				 * are its own */
};

/* One emit: all its records are one transaction. */
struct hd_batch {
	struct hd_batch *prev, *next;
	struct hd_engine *engine;
	struct hd_instance *instance; /* NULL: it is gone */
	char *connector;	      /* its name */
	uint64_t tag;
	int64_t received_ms;
	struct item *items;
	uint32_t n;
	hd_submitted_fn submitted; /* of a person; NULL: of a source */
	void *ud;
};

static void free_batch(struct hd_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		json_decref(b->items[i].record);
		free(b->items[i].text);
		hd_alert_free(b->items[i].alert);
	}
	free(b->items);
	free(b->connector);
	free(b);
}

static void unlink_batch(struct hd_batch *b)
{
	if (b->prev)
		b->prev->next = b->next;
	else
		b->engine->batches = b->next;
	if (b->next)
		b->next->prev = b->prev;
}

void hd_engine_forget(struct hd_engine *engine,
		      const struct hd_instance *instance)
{
	for (struct hd_batch *b = engine->batches; b; b = b->next)
		if (b->instance == instance)
			b->instance = NULL;
}

/* ---- one record ---- */

struct reading {
	struct hd_engine *engine;
	struct hd_instance *instance;
	struct hd_txn *txn;
	int64_t now_ms;
};

static void count_by_connector(const char *name, const char *connector,
			       const char *help)
{
	struct hd_buf labels;

	hd_buf_init(&labels, 2048);
	hd_metric_label(&labels, "connector", connector);
	hd_metric_add(
		hd_metric_get(HD_COUNTER, name, hd_buf_text(&labels), help), 1);
	hd_buf_fini(&labels);
}

static struct hd_bytes raw_of(const herald_record *r)
{
	if (r->raw.p)
		return (struct hd_bytes){ r->raw.p, r->raw.n };
	return (struct hd_bytes){ r->json.p, r->json.n };
}

/* Keeps the bytes of what cannot be held exactly, with the reason. */
static void quarantine(struct reading *in, struct item *item,
		       const herald_record *r, const char *why)
{
	const struct hd_alert_row row = {
		.id = item->id,
		.scope = hd_module_plugin(hd_instance_module(in->instance))
				 ->name,
		.connector = hd_instance_name(in->instance),
		.received_ms = in->now_ms,
		.state = HD_ALERT_QUARANTINED,
		.title = "quarantined",
		.reason = why,
		.raw = raw_of(r),
	};
	json_t *entry = json_pack("{s:s, s:s}", "connector", row.connector,
				  "why", why);
	struct hd_buf text;
	char *line;

	hd_buf_init(&text, 65536);
	hd_json_write(&text, entry, 0);
	hd_txn_alert_new(in->txn, &row);
	hd_txn_entry(in->txn, item->id, "quarantined", hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(entry);
	line = hd_strf("connector %s: an alert was quarantined: %s -> "
		       "heraldctl show %.8s",
		       row.connector, why, item->id);
	hd_engine_alarm(in->engine, "quarantined", row.connector, line);
	free(line);
	count_by_connector("herald_quarantined_total", row.connector,
			   "Alerts whose bytes are kept, as they could not be "
			   "held exactly.");
}

static const char *text_at(json_t *record, const char *pointer)
{
	const char *text = json_string_value(hd_json_at(record, pointer));

	return text ? text : "";
}

static void add_received(struct reading *in, struct item *item,
			 const herald_record *r)
{
	const char *name = hd_instance_name(in->instance);
	struct hd_buf text;
	struct hd_alert_row row = { 0 };

	hd_buf_init(&text, RECORD_MAX);
	hd_json_write(&text, item->record, 0);
	row.id = item->id;
	row.uid = text_at(item->record, "/finding_info/uid");
	row.scope = hd_module_plugin(hd_instance_module(in->instance))->name;
	row.connector = name;
	row.severity = item->severity;
	row.received_ms = in->now_ms;
	row.state = HD_ALERT_RECEIVED;
	row.title = text_at(item->record, "/finding_info/title");
	row.record = (struct hd_bytes){ text.p, text.n };
	row.raw = raw_of(r);
	hd_txn_alert_new(in->txn, &row);
	item->text = hd_buf_failed(&text) ? NULL : hd_buf_steal(&text);
	hd_buf_clear(&text);
	hd_json_line_begin(&text);
	hd_json_line_text(&text, "connector", name);
	hd_json_line_text(&text, "uid", row.uid);
	hd_json_line_end(&text);
	hd_txn_entry(in->txn, item->id, "received", hd_buf_text(&text));
	hd_buf_fini(&text);
}

/* What was received to a finding, by the source's map. */
static json_t *map_record(struct reading *in, json_t *received,
			  const herald_record *r, struct hd_reason *why)
{
	const struct hd_map *map = hd_instance_map(in->instance);
	json_t *row = received;
	unsigned errors = 0;
	json_t *record;

	if (!map) {
		hd_record_tidy(received);
		return json_incref(received);
	}
	if (r->row && r->row[0])
		row = hd_json_at(received, r->row);
	if (!json_is_object(row))
		row = json_object();
	else
		json_incref(row);
	record = hd_map_apply(map, received, row, in->now_ms, &errors, why);
	json_decref(row);
	if (errors != 0)
		hd_log(HD_LOG_WARNING,
		       &(struct hd_log_context){ hd_instance_name(in->instance),
						 NULL },
		       "%u rows of the map failed: %s", errors, why->text);
	return record;
}

/* Steps that add something set it anew. */
static void set_processed(json_t *record, int64_t now_ms)
{
	json_t *value = json_integer(now_ms);

	hd_record_set(record, "metadata.processed_time", value);
	json_decref(value);
}

/* Labels that are herald's own mean something here: nobody sends them. */
static void take_own_labels(json_t *record)
{
	json_t *labels = hd_json_at(record, "/metadata/labels");

	for (size_t i = json_array_size(labels); i-- > 0;) {
		const char *text = json_string_value(json_array_get(labels, i));

		if (text &&
		    strncmp(text, HD_LABEL_OWN, sizeof(HD_LABEL_OWN) - 1) == 0)
			json_array_remove(labels, i);
	}
}

static void read_record(struct reading *in, struct item *item,
			const herald_record *r)
{
	const struct hd_json_options options = { .mend = true,
						 .max_text = HD_JSON_TEXT_MAX };
	struct hd_record_origin origin = { 0 };
	struct hd_json_report report;
	struct hd_reason why = { "" };
	json_t *received;

	hd_journal_new_id(item->id);
	if (r->flags & HERALD_QUARANTINE) {
		quarantine(in, item, r,
			   r->why.n != 0 ? r->why.p : "no JSON object");
		return;
	}
	received = hd_json_read(r->json.p, r->json.n, &options, &report);
	if (!json_is_object(received)) {
		quarantine(in, item, r,
			   received ? "no JSON object" : report.why);
		json_decref(received);
		return;
	}
	item->record = map_record(in, received, r, &why);
	take_own_labels(item->record);
	origin.id = item->id;
	origin.connector = hd_instance_name(in->instance);
	origin.received_ms = in->now_ms;
	origin.mended = report.status == HD_JSON_MENDED;
	hd_record_complete(item->record, &origin, raw_of(r).p, raw_of(r).n);
	set_processed(item->record, in->now_ms);
	item->severity = (int)json_integer_value(
		json_object_get(item->record, "severity_id"));
	json_decref(received);
}

/* ---- the commit ---- */

static void redelivered(struct hd_engine *engine, struct hd_batch *b)
{
	engine->redelivered++;
	count_by_connector("herald_redelivered_total", b->connector,
			   "Alerts that came again and were known.");
}

static void make_alert(struct hd_engine *engine, const struct hd_batch *b,
		       struct item *item)
{
	item->alert = hd_alert_new(engine, item->id, b->connector,
				   b->received_ms, item->severity, item->record,
				   item->text);
	item->record = NULL;
	item->text = NULL;
}

/* Those whose pipelines are alone are decided in the commit that stores them:
 * one wait for the disk less, and one row written once instead of twice. */
static void decide_at_once(struct hd_engine *engine, struct hd_batch *b,
			   struct hd_txn *txn)
{
	for (uint32_t i = 0; i < b->n && hd_run_has_place(engine); i++) {
		struct item *item = &b->items[i];

		if (!item->record)
			continue;
		make_alert(engine, b, item);
		hd_run_at_once(item->alert, txn);
	}
}

static void start_item(struct hd_engine *engine, struct hd_batch *b,
		       struct item *item)
{
	struct hd_alert *alert;

	if (!item->alert || !item->alert->decided)
		engine->backlog++;
	if (!item->alert) {
		/* It was in the journal before this callback: it may have been
		 * read from there. */
		if (hd_dict_get(&engine->running, item->id))
			return;
		if (!hd_run_has_place(engine)) {
			engine->more = true;
			return;
		}
		make_alert(engine, b, item);
	}
	alert = item->alert;
	item->alert = NULL;
	hd_run_stored(alert);
}

/* To the very instance that emitted, which may be on its way out. */
static void settle(struct hd_batch *b, uint32_t status, const char *why)
{
	if (b->submitted)
		b->submitted(b->ud, why ? NULL : b->items[0].id, why);
	else if (b->instance)
		hd_instance_settled(b->instance, b->tag, status);
}

static void on_received(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct hd_batch *b = ud;
	struct hd_engine *engine = b->engine;

	engine->commits--;
	engine->receiving -= b->n;
	unlink_batch(b);
	hd_crash_point("received");
	if (status != HD_TXN_OK) {
		hd_log(HD_LOG_ERROR,
		       &(struct hd_log_context){ b->connector, NULL },
		       "not stored: %s",
		       status == HD_TXN_FULL ? "no room"
					     : hd_txn_error(txn)->text);
		settle(b, HERALD_RETRY,
		       status == HD_TXN_FULL ? "the journal has no room"
					     : hd_txn_error(txn)->text);
	} else {
		if (!hd_mutant("ack_early"))
			settle(b, HERALD_OK, NULL);
		for (uint32_t i = 0; i < b->n; i++) {
			if (hd_txn_is_known(txn, b->items[i].id, NULL))
				redelivered(engine, b);
			else if (b->items[i].record || b->items[i].alert)
				start_item(engine, b, &b->items[i]);
			engine->received++;
		}
	}
	free_batch(b);
	hd_run_refill(engine);
	hd_intake_room(engine);
	hd_engine_report_stopped(engine);
}

static struct hd_batch *new_batch(struct hd_engine *engine,
				  struct hd_instance *instance, uint32_t n,
				  int64_t received_ms)
{
	struct hd_batch *b = hd_alloc(sizeof(*b));

	b->engine = engine;
	b->instance = instance;
	b->connector = hd_strdup(hd_instance_name(instance));
	b->received_ms = received_ms;
	b->items = hd_alloc_array(n, sizeof(*b->items));
	b->n = n;
	return b;
}

static void commit_batch(struct hd_engine *engine, struct hd_batch *b,
			 struct hd_txn *txn)
{
	engine->receiving += b->n;
	engine->commits++;
	b->next = engine->batches;
	if (b->next)
		b->next->prev = b;
	engine->batches = b;
	hd_journal_commit(engine->env.journal, txn, on_received, b);
}

static uint32_t busy(struct hd_engine *engine, struct hd_instance *instance)
{
	engine->busy++;
	hd_dict_put(&engine->waiting, hd_instance_name(instance), engine);
	return HERALD_BUSY;
}

/* Without a map a source emits findings: what is no JSON object can never be
 * taken, and the plugin is told so. */
static bool sound_finding(struct hd_instance *instance, const herald_record *r)
{
	if (r->flags & HERALD_QUARANTINE)
		return true;
	return r->json.p || hd_instance_map(instance) != NULL;
}

uint32_t hd_engine_emit(struct hd_engine *engine, struct hd_instance *instance,
			const herald_record *const *records, uint32_t n,
			uint64_t tag)
{
	struct reading in = { engine, instance, NULL, hd_utc_ms() };
	struct hd_batch *b;
	int worst = 0;

	if (n == 0)
		return HERALD_BAD_INPUT;
	if (hd_intake_closed(engine))
		return busy(engine, instance);
	for (uint32_t i = 0; i < n; i++)
		if (!sound_finding(instance, records[i]))
			return HERALD_BAD_INPUT;
	b = new_batch(engine, instance, n, in.now_ms);
	b->tag = tag;
	in.txn = hd_txn_new();
	for (uint32_t i = 0; i < n; i++) {
		read_record(&in, &b->items[i], records[i]);
		if (b->items[i].record) {
			add_received(&in, &b->items[i], records[i]);
			if (b->items[i].severity > worst)
				worst = b->items[i].severity;
		}
	}
	if (!hd_intake_has_room(engine, worst)) {
		hd_txn_free(in.txn);
		free_batch(b);
		return busy(engine, instance);
	}
	if (hd_mutant("ack_early"))
		settle(b, HERALD_OK, NULL);
	decide_at_once(engine, b, in.txn);
	commit_batch(engine, b, in.txn);
	return HERALD_OK;
}

/* ---- what a person gives ---- */

static void add_label(json_t *record, const char *label)
{
	json_t *metadata = json_object_get(record, "metadata");
	json_t *labels = json_object_get(metadata, "labels");

	if (!labels) {
		labels = json_array();
		json_object_set_new(metadata, "labels", labels);
	}
	json_array_append_new(labels, json_string(label));
}

/* Where the row of a source's message usually stands: Splunk's webhook, HEC. */
static const char *usual_row(json_t *received)
{
	static const char *const rows[] = { "/result", "/event" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_is_object(hd_json_at(received, rows[i])))
			return rows[i];
	return NULL;
}

static bool is_finding(json_t *received)
{
	return json_integer_value(json_object_get(received, "class_uid")) ==
		       2004 &&
	       json_is_object(json_object_get(received, "finding_info"));
}

/* The file as a finding; NULL: it is none. */
static json_t *read_submission(struct reading *in,
			       const struct hd_submission *s, bool *mended,
			       struct hd_err *err)
{
	const struct hd_json_options options = { .mend = true,
						 .max_text = HD_JSON_TEXT_MAX };
	herald_record r = { .json = { s->json, s->n } };
	struct hd_reason why = { "" };
	struct hd_json_report report;
	json_t *received, *record;

	received = hd_json_read(s->json, s->n, &options, &report);
	*mended = report.status == HD_JSON_MENDED;
	if (!json_is_object(received)) {
		json_decref(received);
		hd_err_set(err, EINVAL, "the file is no JSON object%s%s",
			   report.why[0] ? ": " : "", report.why);
		return NULL;
	}
	r.row = s->row ? s->row : usual_row(received);
	if (is_finding(received)) {
		hd_record_tidy(received);
		record = json_incref(received);
	} else {
		record = map_record(in, received, &r, &why);
	}
	json_decref(received);
	return record;
}

/* Completes it, with a uid and labels of its own. */
static void finish_submission(struct reading *in, struct item *item,
			      const struct hd_submission *s, bool mended)
{
	const struct hd_record_origin origin = {
		.id = item->id,
		.connector = hd_instance_name(in->instance),
		.received_ms = in->now_ms,
		.mended = mended,
	};
	json_t *info;

	take_own_labels(item->record);
	hd_record_complete(item->record, &origin, item->id, strlen(item->id));
	info = json_object_get(item->record, "finding_info");
	json_object_set_new(info, "uid",
			    json_sprintf("submitted-%s", item->id));
	if (!s->act)
		add_label(item->record, HD_LABEL_DRY_RUN);
	item->severity = (int)json_integer_value(
		json_object_get(item->record, "severity_id"));
}

int hd_engine_submit(struct hd_engine *engine, struct hd_instance *instance,
		     const struct hd_submission *s, struct hd_err *err)
{
	struct reading in = { engine, instance, NULL, hd_utc_ms() };
	const herald_record raw = { .json = { s->json, s->n } };
	bool mended;
	struct hd_batch *b;

	if (hd_intake_closed(engine))
		return hd_err_set(err, EBUSY, "%s", hd_intake_closed(engine));
	b = new_batch(engine, instance, 1, in.now_ms);
	hd_journal_new_id(b->items[0].id);
	b->items[0].record = read_submission(&in, s, &mended, err);
	if (!b->items[0].record) {
		free_batch(b);
		return -1;
	}
	finish_submission(&in, &b->items[0], s, mended);
	b->submitted = s->fn;
	b->ud = s->ud;
	in.txn = hd_txn_new();
	add_received(&in, &b->items[0], &raw);
	commit_batch(engine, b, in.txn);
	return 0;
}
