#include "core/action/row.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/journal/journal.h"
#include "core/plugin/inflight.h"

#define SPEC_MAX (1 << 20)

struct hd_case *hd_case_new(const char *alert, const char *pipeline)
{
	struct hd_case *c = hd_alloc(sizeof(*c));

	snprintf(c->alert, sizeof(c->alert), "%s", alert);
	c->pipeline = hd_strdup(pipeline ? pipeline : "");
	return c;
}

static void fini_row(struct hd_row *r)
{
	char *texts[] = { r->idem,   r->name,	    r->connector, r->action,
			  r->mode,   r->undo_of,    r->params,	  r->spec,
			  r->target, r->target_uid, r->summary,	  r->memo,
			  r->result, r->ticket,	    r->message,	  r->after };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
}

void hd_case_free(struct hd_case *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		fini_row(c->rows[i]);
		free(c->rows[i]);
	}
	hd_inflight_clear(c->mark);
	free(c->rows);
	free(c->pipeline);
	free(c->record);
	free(c->score);
	free(c);
}

void hd_row_set(char **field, const char *text)
{
	char *copy = hd_strdup(text ? text : "");

	free(*field);
	*field = copy;
}

static void change_defer(struct hd_row *r, json_t *defer_take)
{
	json_t *spec = hd_json_read(r->spec, strlen(r->spec), NULL, NULL);
	struct hd_buf text;

	if (!spec)
		spec = json_object();
	if (defer_take)
		json_object_set_new(spec, "defer", defer_take);
	else
		json_object_del(spec, "defer");
	hd_buf_init(&text, SPEC_MAX);
	hd_json_write(&text, spec, 0);
	hd_row_set(&r->spec, hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(spec);
	r->deferred = defer_take != NULL;
}

void hd_row_settle_turn(struct hd_row *row)
{
	change_defer(row, NULL);
}

void hd_row_await_turn(struct hd_row *row)
{
	if (!row->deferred)
		change_defer(row, json_object());
}

#define HELD "\"held\":true"

void hd_row_note_held(struct hd_row *row)
{
	bool noted = strstr(row->spec, HELD) != NULL;
	json_t *spec;
	struct hd_buf text;

	if (noted == row->held)
		return;
	spec = hd_json_read(row->spec, strlen(row->spec), NULL, NULL);
	if (!spec)
		spec = json_object();
	if (row->held)
		json_object_set_new(spec, "held", json_true());
	else
		json_object_del(spec, "held");
	hd_buf_init(&text, SPEC_MAX);
	hd_json_write(&text, spec, 0);
	hd_row_set(&row->spec, hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(spec);
}

bool hd_row_was_held(const struct hd_action_row *row)
{
	return strstr(row->spec, HELD) != NULL;
}

static void read_spec(struct hd_row *r)
{
	json_t *spec = hd_json_read(r->spec, strlen(r->spec), NULL, NULL);
	const char *after = json_string_value(json_object_get(spec, "after"));

	if (after)
		r->after = hd_strdup(after);
	r->or_else = json_is_true(json_object_get(spec, "or_else"));
	r->deferred = json_is_object(json_object_get(spec, "defer"));
	json_decref(spec);
}

struct hd_row *hd_case_add(struct hd_case *c, const struct hd_action_row *in)
{
	struct hd_row *r;

	c->rows = hd_realloc_array(c->rows, c->count + 1, sizeof(*c->rows));
	r = c->rows[c->count++] = hd_alloc(sizeof(*r));
	r->owner = c;
	hd_journal_action_id(in->idem, r->id);
	hd_row_set(&r->idem, in->idem);
	hd_row_set(&r->name, in->name);
	hd_row_set(&r->connector, in->connector);
	hd_row_set(&r->action, in->action);
	hd_row_set(&r->mode, in->mode);
	hd_row_set(&r->undo_of, in->undo_of);
	hd_row_set(&r->params, in->params);
	hd_row_set(&r->spec, in->spec);
	hd_row_set(&r->target, in->target);
	hd_row_set(&r->target_uid, in->target_uid);
	hd_row_set(&r->summary, in->summary);
	hd_row_set(&r->memo, in->memo);
	hd_row_set(&r->result, in->result);
	hd_row_set(&r->ticket, in->ticket);
	hd_row_set(&r->message, in->message);
	r->effect = in->effect;
	r->state = in->state;
	r->due_ms = in->due_ms;
	r->tries = in->tries;
	r->retry_until_ms = in->retry_until_ms;
	r->deadline_ms = in->deadline_ms;
	r->created_ms = in->created_ms;
	if (in->spec && hd_row_was_held(in))
		r->due_ms =
			0; /* whoever reads it has a connector that starts */
	if (r->spec[0])
		read_spec(r);
	return r;
}

struct hd_row *hd_case_find(const struct hd_case *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i]->name, name) == 0)
			return c->rows[i];
	return NULL;
}

struct hd_row *hd_case_row(const struct hd_case *c, const char *id)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->rows[i]->id, id) == 0)
			return c->rows[i];
	return NULL;
}

void hd_row_insert(const struct hd_row *r, struct hd_txn *txn)
{
	const struct hd_action_row row = {
		.idem = r->idem,
		.alert = r->owner->alert,
		.pipeline = r->owner->pipeline,
		.name = r->name,
		.connector = r->connector,
		.action = r->action,
		.effect = r->effect,
		.mode = r->mode,
		.undo_of = r->undo_of,
		.params = r->params,
		.spec = r->spec,
		.memo = r->memo,
		.state = r->state,
		.due_ms = r->due_ms,
		.retry_until_ms = r->retry_until_ms,
		.deadline_ms = r->deadline_ms,
		.message = r->message,
		.created_ms = r->created_ms,
	};

	hd_txn_action_new(txn, &row);
}

void hd_row_update(const struct hd_row *r, struct hd_txn *txn)
{
	const struct hd_action_change change = {
		.state = r->state,
		.target = r->target,
		.target_uid = r->target_uid,
		.summary = r->summary,
		.memo = r->memo,
		.result = r->result,
		.ticket = r->ticket,
		.message = r->message,
		.params = r->params,
		.spec = r->spec,
		.due_ms = &r->due_ms,
		.tries = &r->tries,
		.retry_until_ms = &r->retry_until_ms,
		.deadline_ms = &r->deadline_ms,
	};

	hd_txn_action_update(txn, r->id, &change);
}

bool hd_row_is_final(const struct hd_row *row)
{
	return row->state >= HD_ACTION_DONE;
}

bool hd_row_is_planned(const struct hd_row *row)
{
	return row->target[0] != '\0' || row->summary[0] != '\0';
}

/* Did an or_else of it work, or one further down the line? */
static bool has_remedy(const struct hd_case *c, const struct hd_row *failed)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct hd_row *r = c->rows[i];

		if (r->or_else && r != failed && r->after &&
		    strcmp(r->after, failed->name) == 0 &&
		    (r->state == HD_ACTION_DONE || has_remedy(c, r)))
			return true;
	}
	return false;
}

enum hd_alert_state hd_case_outcome(const struct hd_case *c)
{
	enum hd_alert_state state = HD_ALERT_DONE;

	for (size_t i = 0; i < c->count; i++) {
		const struct hd_row *r = c->rows[i];

		if (!hd_row_is_final(r))
			return HD_ALERT_KEEP;
		if (r->state == HD_ACTION_FAILED && !has_remedy(c, r))
			state = HD_ALERT_DEAD;
	}
	return state;
}

static json_t *read_or_null(const char *text)
{
	json_t *value = NULL;

	if (text[0])
		value = hd_json_read(text, strlen(text), NULL, NULL);
	return value ? value : json_object();
}

json_t *hd_case_done(const struct hd_case *c)
{
	json_t *done = json_object();

	for (size_t i = 0; i < c->count; i++) {
		const struct hd_row *r = c->rows[i];
		json_t *one;

		if (!hd_row_is_final(r))
			continue;
		one = json_object();
		json_object_set_new(one, "state",
				    json_string(
					    hd_action_state_name(r->state)));
		json_object_set_new(one, "result", read_or_null(r->result));
		json_object_set_new(one, "message", json_string(r->message));
		json_object_set_new(done, r->name, one);
	}
	return done;
}
