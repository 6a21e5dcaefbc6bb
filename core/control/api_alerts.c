/* Alerts, as the journal has them. */
#include "core/control/api.h"

#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/control/sieve.h"

#define LIST_MAX 1000
#define SIFT_MAX 100   /* evaluated in one call */
#define EXPORT_MAX 200 /* each with a question for its actions */

/* ---- lists ---- */

/* One word of a list of states. */
static int add_state(struct hd_call *call, const char *word, size_t n,
		     unsigned *states)
{
	char name[HD_STATE_WORD];
	enum hd_alert_state state;

	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	memcpy(name, word, n);
	name[n] = '\0';
	/* In the journal those that run are received. */
	state = strcmp(name, "running") == 0 ? HD_ALERT_RECEIVED
					     : hd_alert_state_of(name);
	if (state == HD_ALERT_KEEP) {
		hd_call_refuse(
			call, 400, NULL,
			"no state is called '%s': received, running, "
			"waiting, done, merged, silenced, dropped, dead, "
			"quarantined",
			name);
		return -1;
	}
	*states |= 1u << state;
	return 0;
}

static int read_states(struct hd_call *call, unsigned *states)
{
	const char *p = hd_call_text(call, "state");
	size_t n;

	while (p && *p) {
		n = strcspn(p, ",");
		if (add_state(call, p, n, states) < 0)
			return -1;
		p += n;
		p += *p == ',';
	}
	return 0;
}

static int read_filter(struct hd_call *call, struct hd_alert_filter *f,
		       int64_t limit, int64_t limit_max)
{
	memset(f, 0, sizeof(*f));
	if (read_states(call, &f->states) < 0 ||
	    hd_call_since(call, "since", &f->since_ms) < 0 ||
	    hd_call_number(call, "cursor", 1, INT64_MAX, &f->before_num) < 0 ||
	    hd_call_number(call, "limit", 1, limit_max, &limit) < 0)
		return -1;
	f->pipeline = hd_call_text(call, "pipeline");
	f->limit = (int)limit;
	return 0;
}

static bool add_alert(void *ud, const struct hd_alert_row *row)
{
	json_array_append_new(ud, hd_alert_row_json(row));
	return true;
}

static json_t *page(const char *name, json_t *items, int64_t next)
{
	json_t *o = json_object();

	json_object_set_new(o, name, items);
	json_object_set_new(o, "next",
			    next != 0 ? json_integer(next) : json_null());
	return o;
}

/* The alerts of a filter; NULL: the call has ended. */
static json_t *read_page(struct hd_call *call, int64_t limit, int64_t limit_max,
			 int64_t *next)
{
	struct hd_alert_filter filter;
	json_t *items;
	struct hd_err err;

	if (read_filter(call, &filter, limit, limit_max) < 0)
		return NULL;
	items = json_array();
	if (hd_reader_list(call->control->env.reader, &filter, add_alert, items,
			   next, &err) == 0)
		return items;
	json_decref(items);
	hd_call_fail(call, &err);
	return NULL;
}

/* ---- those for which an expression holds ---- */

struct sifted {
	json_t *kept;
	json_int_t looked, not_sure;
	char why[256]; /* the first that was not sure, or wrong */
};

static void look_at(struct sifted *out, const struct hd_sieve *sieve,
		    json_t *alert)
{
	const char *id = json_string_value(json_object_get(alert, "id"));
	struct hd_reason why;
	enum hd_truth truth = hd_sieve_holds(sieve, id, &why);

	out->looked++;
	if (truth == HD_HOLDS)
		json_array_append(out->kept, alert);
	if ((truth == HD_NOT_SURE || truth == HD_ERROR) && out->not_sure++ == 0)
		snprintf(out->why, sizeof(out->why), "%.8s: %.200s", id,
			 why.text);
}

static void answer_sifted(struct hd_call *call, const struct hd_sieve *sieve)
{
	struct sifted out = { 0 };
	json_t *items, *alert, *o;
	int64_t next = 0;
	size_t i;

	items = read_page(call, SIFT_MAX, SIFT_MAX, &next);
	if (!items)
		return;
	out.kept = json_array();
	json_array_foreach(items, i, alert)
		look_at(&out, sieve, alert);
	json_decref(items);
	o = page("alerts", out.kept, next);
	json_object_set_new(o, "looked", json_integer(out.looked));
	json_object_set_new(o, "not_sure", json_integer(out.not_sure));
	hd_set_text(o, "why", out.why);
	hd_call_answer(call, o);
}

static void list_if(struct hd_call *call, const char *text)
{
	struct hd_sieve sieve;
	struct hd_err err;

	if (hd_sieve_init(&sieve, call->control, text, &err) < 0) {
		hd_call_refuse(call, 400, "heraldctl eval EXPR", "%s",
			       err.text);
		return;
	}
	answer_sifted(call, &sieve);
	hd_sieve_fini(&sieve);
}

void hd_api_list(struct hd_call *call)
{
	const char *text = hd_call_text(call, "if");
	int64_t next = 0;
	json_t *items;

	if (text) {
		list_if(call, text);
		return;
	}
	items = read_page(call, 100, LIST_MAX, &next);
	if (items)
		hd_call_answer(call, page("alerts", items, next));
}

/* ---- one alert with all that belongs to it ---- */

static bool add_action(void *ud, const struct hd_action_row *row)
{
	json_array_append_new(ud, hd_action_row_json(row, false));
	return true;
}

static bool add_whole_action(void *ud, const struct hd_action_row *row)
{
	json_array_append_new(ud, hd_action_row_json(row, true));
	return true;
}

static bool add_entry(void *ud, const struct hd_entry_row *row)
{
	json_array_append_new(ud, hd_entry_row_json(row));
	return true;
}

static int set_actions(struct hd_reader *reader, json_t *alert, hd_action_fn fn,
		       struct hd_err *err)
{
	const char *id = json_string_value(json_object_get(alert, "id"));
	json_t *actions = json_array();

	json_object_set_new(alert, "actions", actions);
	return hd_reader_actions(reader, id, fn, actions, err);
}

void hd_api_export(struct hd_call *call)
{
	struct hd_reader *reader = call->control->env.reader;
	int64_t next = 0;
	json_t *items = read_page(call, 100, EXPORT_MAX, &next);
	struct hd_err err;
	json_t *alert;
	size_t i;

	if (!items)
		return;
	json_array_foreach(items, i, alert) {
		if (set_actions(reader, alert, add_action, &err) < 0) {
			json_decref(items);
			hd_call_fail(call, &err);
			return;
		}
	}
	hd_call_answer(call, page("lines", items, next));
}

/* The alert of the call, as a list of it has it; NULL: the call has ended. */
static json_t *read_alert(struct hd_call *call, char id[HD_ID_TEXT])
{
	struct hd_reader *reader = call->control->env.reader;
	struct hd_alert_row row;
	struct hd_err err = { 0 };

	if (hd_call_alert(call, id) < 0)
		return NULL;
	switch (hd_reader_alert(reader, id, &row, &err)) {
	case HD_FOUND:
		return hd_alert_row_json(&row);
	case HD_READ_FAILED:
		hd_call_fail(call, &err);
		return NULL;
	default:
		hd_call_refuse(
			call, 409, "heraldctl status",
			"alert %.8s is there, but its row in the journal "
			"is damaged and was set aside",
			id);
		return NULL;
	}
}

/* Timeline and actions.  A timeline that was tampered with is said, and what
 * comes before the break is shown. */
static int set_history(struct hd_call *call, json_t *alert, const char *id)
{
	struct hd_reader *reader = call->control->env.reader;
	json_t *entries = json_array();
	struct hd_err err = { 0 };

	json_object_set_new(alert, "entries", entries);
	switch (hd_reader_entries(reader, id, add_entry, entries, &err)) {
	case HD_DAMAGED:
		hd_set_text(alert, "entries_damaged", err.text);
		break;
	case HD_READ_FAILED:
		hd_call_fail(call, &err);
		return -1;
	default:
		break;
	}
	if (set_actions(reader, alert, add_whole_action, &err) == 0)
		return 0;
	hd_call_fail(call, &err);
	return -1;
}

static void set_bytes(json_t *o, const char *name, struct hd_bytes bytes)
{
	json_object_set_new(o, name, hd_json_of_text(bytes.p, bytes.n));
}

static int read_body(struct hd_call *call, json_t *alert, const char *id,
		     struct hd_body *body)
{
	struct hd_err err = { 0 };

	switch (hd_reader_body(call->control->env.reader, id, body, &err)) {
	case HD_FOUND:
		return 0;
	case HD_READ_FAILED:
		hd_call_fail(call, &err);
		return -1;
	default:
		hd_set_text(alert, "body_damaged",
			    "what it holds is damaged and was set aside");
		memset(body, 0, sizeof(*body));
		return 0;
	}
}

void hd_api_show(struct hd_call *call)
{
	char id[HD_ID_TEXT];
	struct hd_body body;
	json_t *alert = read_alert(call, id);

	if (!alert)
		return;
	if (set_history(call, alert, id) < 0 ||
	    read_body(call, alert, id, &body) < 0) {
		json_decref(alert);
		return;
	}
	set_bytes(alert, "record", body.record);
	json_object_set_new(alert, "raw",
			    json_stringn_nocheck(body.raw.p ? body.raw.p : "",
						 body.raw.n));
	hd_call_answer(call, alert);
}

void hd_api_explain(struct hd_call *call)
{
	char id[HD_ID_TEXT];
	struct hd_body body;
	json_t *alert = read_alert(call, id);

	if (!alert)
		return;
	if (set_history(call, alert, id) < 0 ||
	    read_body(call, alert, id, &body) < 0) {
		json_decref(alert);
		return;
	}
	set_bytes(alert, "record", body.record);
	set_bytes(alert, "answers", body.answers);
	set_bytes(alert, "ledger", body.ledger);
	hd_call_answer(call, alert);
}
