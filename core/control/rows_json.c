#include "core/control/rows_json.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json_text.h"

void hd_set_text(json_t *object, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, name, json_string_nocheck(text));
}

void hd_set_time(json_t *object, const char *name, int64_t utc_ms)
{
	char text[HD_UTC_TEXT];

	if (utc_ms == 0)
		return;
	hd_utc_text(utc_ms, text);
	json_object_set_new(object, name, json_string(text));
}

static void set_number(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

json_t *hd_json_of_text(const void *text, size_t n)
{
	json_t *value;

	if (n == 0)
		return json_null();
	value = hd_json_read(text, n, NULL, NULL);
	return value ? value : json_stringn_nocheck(text, n);
}

static void set_json(json_t *object, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(object, name,
				    hd_json_of_text(text, strlen(text)));
}

const char *hd_state_word(const char *name, char out[HD_STATE_WORD])
{
	size_t i;

	for (i = 0; name[i] && i + 1 < HD_STATE_WORD; i++)
		out[i] = name[i] == ' ' ? '_' : name[i];
	out[i] = '\0';
	return out;
}

json_t *hd_alert_row_json(const struct hd_alert_row *row)
{
	json_t *o = json_object();

	hd_set_text(o, "id", row->id);
	hd_set_text(o, "uid", row->uid);
	hd_set_text(o, "state", hd_alert_state_name(row->state));
	hd_set_text(o, "reason", row->reason);
	hd_set_text(o, "title", row->title);
	hd_set_text(o, "connector", row->connector);
	hd_set_text(o, "pipeline", row->pipeline);
	hd_set_text(o, "configuration", row->config);
	set_number(o, "severity", row->severity);
	if (row->level && row->level[0]) {
		json_object_set_new(o, "score",
				    json_pack("{s:I, s:I}", "low",
					      (json_int_t)row->score_low,
					      "high",
					      (json_int_t)row->score_high));
		hd_set_text(o, "level", row->level);
	}
	hd_set_text(o, "leader", row->leader);
	hd_set_time(o, "received", row->received_ms);
	hd_set_time(o, "changed", row->changed_ms);
	hd_set_time(o, "due", row->due_ms);
	return o;
}

static const char *effect_name(int effect)
{
	static const char *const names[] = { "reads", "records", "notifies",
					     "contains", "destroys" };

	return effect >= 0 && effect < 5 ? names[effect] : "destroys";
}

static void set_whole(json_t *o, const struct hd_action_row *row)
{
	set_json(o, "params", row->params);
	set_json(o, "spec", row->spec);
	set_json(o, "target", row->target);
	set_json(o, "memo", row->memo);
	set_json(o, "result", row->result);
	hd_set_time(o, "retry_until", row->retry_until_ms);
	hd_set_time(o, "deadline", row->deadline_ms);
}

json_t *hd_action_row_json(const struct hd_action_row *row, bool whole)
{
	json_t *o = json_object();
	char word[HD_STATE_WORD];

	hd_set_text(o, "id", row->id);
	hd_set_text(o, "idem", row->idem);
	hd_set_text(o, "alert", row->alert);
	hd_set_text(o, "pipeline", row->pipeline);
	hd_set_text(o, "name", row->name);
	hd_set_text(o, "connector", row->connector);
	hd_set_text(o, "action", row->action);
	hd_set_text(o, "effect", effect_name(row->effect));
	hd_set_text(o, "mode", row->mode);
	hd_set_text(o, "state",
		    hd_state_word(hd_action_state_name(row->state), word));
	hd_set_text(o, "message", row->message);
	hd_set_text(o, "summary", row->summary);
	hd_set_text(o, "target_uid", row->target_uid);
	set_json(o, "ticket", row->ticket);
	hd_set_text(o, "undo_of", row->undo_of);
	set_number(o, "tries", row->tries);
	hd_set_time(o, "due", row->due_ms);
	hd_set_time(o, "created", row->created_ms);
	hd_set_time(o, "changed", row->changed_ms);
	if (whole)
		set_whole(o, row);
	return o;
}

json_t *hd_entry_row_json(const struct hd_entry_row *row)
{
	json_t *o = json_object();
	json_t *what = hd_json_of_text(row->json, strlen(row->json));

	set_number(o, "seq", row->seq);
	hd_set_time(o, "time", row->utc_ms);
	hd_set_text(o, "kind", row->kind);
	json_object_set_new(o, "what", what);
	return o;
}
