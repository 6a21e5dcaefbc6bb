/* One envelope to one record.
 *
 * Where `event` is an object it is the row, and the map sees what stands beside
 * it: time, host, source, sourcetype, index, fields.  Where it has an object
 * `result`, it is what the webhook sends, wrapped up: that is lifted out, so
 * that both ways of one result make one finding.  All other events are the row
 * {"_raw": ...}.
 */
#include "splunk_in/hec.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"

/* Where seconds end and milli-, micro- and nanoseconds begin. */
#define MICROS_FROM 1e14
#define NANOS_FROM 1e17
#define TIME_MAX 1e19

/* ---- time ---- */

static bool read_time(struct hp_json *j, double *time)
{
	herald_str text = hp_str_trim(hp_json_text(j, "/time", ""));
	char *end;

	if (text.n == 0 || !text.p)
		return false;
	if (text.p[strspn(text.p, "0123456789.eE+-")] > ' ')
		return false; /* strtod() reads "inf" and "0x1" as well */
	*time = strtod(text.p, &end);
	return end == text.p + text.n && *time >= 0 && *time <= TIME_MAX;
}

/* Milliseconds in place of what the map does not know.  True if the document
 * was changed. */
static bool shorten_time(struct hp_json *j, double time)
{
	if (time < MICROS_FROM)
		return false;
	time /= time < NANOS_FROM ? 1e3 : 1e6;
	if (time >= MICROS_FROM)
		return false;
	hp_json_put_int(j, "/time", (int64_t)time);
	return true;
}

static enum hec_code check_time(struct hp_json *j, bool *changed)
{
	double time;

	switch (hp_json_type(j, "/time", "")) {
	case HERALD_JSON_NONE:
	case HERALD_JSON_NULL:
		return HEC_SUCCESS;
	default:
		break;
	}
	if (!read_time(j, &time))
		return HEC_INVALID_FORMAT;
	if (shorten_time(j, time))
		*changed = true;
	return HEC_SUCCESS;
}

/* ---- fields: flat ---- */

static enum hec_code check_fields(struct hp_json *j)
{
	char path[2100];

	switch (hp_json_type(j, "/fields", "")) {
	case HERALD_JSON_NONE:
	case HERALD_JSON_NULL:
		return HEC_SUCCESS;
	case HERALD_JSON_OBJECT:
		break;
	default:
		return HEC_FIELDS_ERROR;
	}
	for (size_t i = 0; i < hp_json_size(j, "/fields", ""); i++) {
		herald_str name = j->h->json_key(j->d, "/fields", i);

		if (!herald_pointer(path, sizeof(path), "/fields", name) ||
		    j->h->json_get(j->d, path, NULL) == HERALD_JSON_OBJECT)
			return HEC_FIELDS_ERROR;
	}
	return HEC_SUCCESS;
}

/* ---- index ---- */

static enum hec_code check_index(struct hp_json *j)
{
	herald_str index = hp_json_text(j, "/index", ""), allowed;
	uint32_t i = 0;

	if (index.n == 0)
		return HEC_SUCCESS; /* the default, as in Splunk */
	for (; (allowed = j->h->option(j->h, "indexes", i)).p; i++) {
		if (hp_str_is(index, allowed.p))
			return HEC_SUCCESS;
	}
	return i == 0 ? HEC_SUCCESS : HEC_INCORRECT_INDEX;
}

/* ---- event ---- */

/* The row {"_raw": EVENT}; false where that is too deep. */
static bool wrap(struct hp_json *j)
{
	struct hp_json row;
	bool done;

	if (!hp_json_open(&row, j->h, (herald_str){ NULL, 0 }))
		return false;
	hp_json_put_copy(&row, "/_raw", j, "/event", "");
	hp_json_put_copy(j, "/event", &row, "", "");
	done = !row.failed && !j->failed;
	hp_json_close(&row);
	return done;
}

/* Text that is the JSON of an object counts as that object. */
static enum hec_code unfold_text(struct hp_json *j, herald_str text)
{
	herald_str inner = hp_str_trim(text);

	if (inner.n == 0)
		return HEC_EVENT_BLANK;
	if (inner.p[0] == '{' &&
	    HERALD_CLASS(j->h->json_set(j->d, "/event", HERALD_JSON_OBJECT,
					inner)) == 0)
		return hp_json_size(j, "/event", "") > 0 ? HEC_SUCCESS
							 : HEC_EVENT_BLANK;
	return wrap(j) ? HEC_SUCCESS : HEC_INVALID_FORMAT;
}

static enum hec_code unfold(struct hp_json *j, bool *changed)
{
	herald_str text;
	uint32_t type = j->h->json_get(j->d, "/event", &text);

	switch (type) {
	case HERALD_JSON_NONE:
	case HERALD_JSON_NULL:
		return HEC_EVENT_REQUIRED;
	case HERALD_JSON_OBJECT:
		return hp_json_size(j, "/event", "") > 0 ? HEC_SUCCESS
							 : HEC_EVENT_BLANK;
	case HERALD_JSON_STRING:
		*changed = true;
		return unfold_text(j, text);
	default:
		*changed = true;
		return wrap(j) ? HEC_SUCCESS : HEC_INVALID_FORMAT;
	}
}

/* The webhook's own document, with what the envelope says beside it. */
static void lift(struct hp_json *j)
{
	static const char *const beside[] = { "/time",	     "/host",
					      "/source",     "/index",
					      "/sourcetype", "/fields" };
	struct hp_json inner = { .h = j->h };

	if (!hp_json_open(&inner, j->h, (herald_str){ NULL, 0 })) {
		j->failed = true;
		return;
	}
	hp_json_put_copy(&inner, "", j, "/event", "");
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		if (hp_json_type(&inner, beside[i], "") == HERALD_JSON_NONE)
			hp_json_put_copy(&inner, beside[i], j, beside[i], "");
	inner.failed = inner.failed || j->failed;
	hp_json_close(j);
	*j = inner;
}

static enum hec_code check(struct hp_json *j, bool *changed)
{
	enum hec_code code;

	if (hp_json_type(j, "", "") != HERALD_JSON_OBJECT)
		return HEC_INVALID_FORMAT;
	code = unfold(j, changed);
	if (code == HEC_SUCCESS)
		code = check_time(j, changed);
	if (code == HEC_SUCCESS)
		code = check_index(j);
	if (code == HEC_SUCCESS)
		code = check_fields(j);
	return code;
}

enum hec_code hec_event_read(struct hec_event *event, const herald_host *h,
			     herald_str text)
{
	struct hp_json j;
	bool changed = false;
	enum hec_code code;

	*event = (struct hec_event){
		.record = { .struct_size = sizeof(herald_record),
			    .json = text,
			    .row = "/event" },
	};
	if (!hp_json_open(&j, h, text))
		return HEC_INVALID_FORMAT;
	code = check(&j, &changed);
	if (code == HEC_SUCCESS &&
	    hp_json_type(&j, "/event/result", "") == HERALD_JSON_OBJECT) {
		lift(&j);
		event->record.row = "/result";
		changed = true;
	}
	if (code == HEC_SUCCESS && j.failed)
		code = HEC_INTERNAL_ERROR; /* no memory */
	if (code != HEC_SUCCESS || !changed) {
		hp_json_close(&j);
		return code;
	}
	event->doc = j.d;
	event->record.json = hp_json_all(&j);
	event->record.raw = text;
	return HEC_SUCCESS;
}

void hec_event_fini(struct hec_event *event, const herald_host *h)
{
	if (event->doc)
		h->json_free(event->doc);
	event->doc = NULL;
}
