#include "core/control/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/net/listener.h"

#define ANSWER_MAX (64u << 20)
#define SHOWN_MAX 80 /* of what a caller wrote, in a refusal */

/* ---- what was asked ---- */

static const char *in_query(const struct hd_call *call, const char *name)
{
	const char *const *q = call->rq->query;

	for (; q && q[0]; q += 2)
		if (strcmp(q[0], name) == 0)
			return q[1];
	return NULL;
}

const char *hd_call_text(const struct hd_call *call, const char *name)
{
	const char *text = in_query(call, name);

	if (!text)
		text = json_string_value(json_object_get(call->body, name));
	return text && text[0] ? text : NULL;
}

bool hd_call_flag(const struct hd_call *call, const char *name)
{
	const char *text = in_query(call, name);

	if (text)
		return strcmp(text, "1") == 0 || strcmp(text, "true") == 0 ||
		       strcmp(text, "yes") == 0;
	return json_is_true(json_object_get(call->body, name));
}

int hd_call_number(struct hd_call *call, const char *name, int64_t min,
		   int64_t max, int64_t *out)
{
	const char *text = in_query(call, name);
	json_t *member = json_object_get(call->body, name);
	long long value;
	char *end;

	if (json_is_integer(member)) {
		value = json_integer_value(member);
	} else if (!text) {
		return 0;
	} else {
		errno = 0;
		value = strtoll(text, &end, 10);
		if (errno != 0 || end == text || *end)
			value = min - 1;
	}
	if (value < min || value > max) {
		hd_call_refuse(call, 400, NULL,
			       "%s is a number from %lld to %lld", name,
			       (long long)min, (long long)max);
		return -1;
	}
	*out = value;
	return 0;
}

/* "2h" in ms; -1 if it is no such thing. */
static int64_t duration_ms(const char *text)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 },
		      { 'm', 60000 },
		      { 'h', 3600000 },
		      { 'd', 86400000 } };
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || n < 0 || n > 1000000 || !end[0] ||
	    end[1])
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end[0] == units[i].unit)
			return n * units[i].ms;
	return -1;
}

/* A time; a day alone is its beginning.  Without a zone it is UTC. */
static int read_time(const char *text, int64_t *out_ms)
{
	char day[32];

	if (strlen(text) != 10)
		return hd_time_parse(text, strlen(text), out_ms);
	snprintf(day, sizeof(day), "%sT00:00:00Z", text);
	if (hd_time_parse(day, strlen(day), out_ms) == 0)
		return 0;
	return hd_time_parse(text, strlen(text), out_ms); /* epoch seconds */
}

int hd_call_since(struct hd_call *call, const char *name, int64_t *out_ms)
{
	const char *text = hd_call_text(call, name);
	int64_t ago;

	if (!text)
		return 0;
	ago = duration_ms(text);
	if (ago >= 0) {
		*out_ms = hd_utc_ms() - ago;
		return 0;
	}
	if (read_time(text, out_ms) == 0)
		return 0;
	hd_call_refuse(call, 400, NULL,
		       "%s is a time such as 2026-11-25T00:00:00Z or "
		       "2026-11-25, or how long ago: 30m, 2h, 7d; not '%.*s'",
		       name, SHOWN_MAX, text);
	return -1;
}

/* The words for an id that means no single thing; ends the call. */
static int refuse_id(struct hd_call *call, enum hd_found found,
		     const char *what, const char *list, int count,
		     const struct hd_err *err)
{
	switch (found) {
	case HD_AMBIGUOUS:
		hd_call_refuse(call, 409, list,
			       "%d%s %ss begin with '%.*s': write more of it",
			       count, count >= 100 ? " or more" : "", what,
			       SHOWN_MAX, call->arg);
		break;
	case HD_DAMAGED:
		hd_call_refuse(call, 409, "heraldctl status",
			       "%s %.*s is there, but its row in the journal "
			       "is damaged and was set aside",
			       what, SHOWN_MAX, call->arg);
		break;
	case HD_READ_FAILED:
		hd_call_fail(call, err);
		break;
	default:
		hd_call_refuse(call, 404, list, "no %s begins with '%.*s'",
			       what, SHOWN_MAX, call->arg);
	}
	return -1;
}

int hd_call_alert(struct hd_call *call, char id[HD_ID_TEXT])
{
	struct hd_err err = { 0 };
	enum hd_found found;
	int count = 0;

	found = hd_reader_resolve(call->control->env.reader, call->arg, id,
				  &count, &err);
	if (found == HD_FOUND)
		return 0;
	if (found == HD_NOT_FOUND && strcmp(call->arg, "@last") == 0) {
		hd_call_refuse(call, 404, "heraldctl status",
			       "there is no alert yet");
		return -1;
	}
	return refuse_id(call, found, "alert", "heraldctl list", count, &err);
}

int hd_call_action(struct hd_call *call, struct hd_action_row *out)
{
	struct hd_err err = { 0 };
	enum hd_found found;
	int count = 0;

	found = hd_reader_action(call->control->env.reader, call->arg, out,
				 &count, &err);
	if (found == HD_FOUND)
		return 0;
	return refuse_id(call, found, "action", "heraldctl actions", count,
			 &err);
}

/* ---- answers ---- */

static void end(struct hd_call *call, unsigned code, json_t *body_take)
{
	static const char *const headers[] = { "Content-Type: application/json",
					       "Cache-Control: no-store",
					       NULL };
	struct hd_buf text;

	if (call->control)
		TAILQ_REMOVE(&call->control->calls, call, link);
	hd_buf_init(&text, ANSWER_MAX);
	hd_json_write(&text, body_take, 0);
	hd_buf_addc(&text, '\n');
	if (hd_buf_failed(&text)) {
		hd_buf_clear(&text);
		hd_buf_adds(&text,
			    "{\"error\":\"the answer is over 64 MiB\"}\n");
		code = 500;
	}
	hd_http_respond(call->rq, code, headers, text.p, text.n);
	hd_buf_fini(&text);
	json_decref(body_take);
	json_decref(call->body);
	free(call->arg);
	free(call->ud);
	free(call);
}

void hd_call_answer(struct hd_call *call, json_t *body_take)
{
	end(call, 200, body_take);
}

void hd_call_refuse(struct hd_call *call, unsigned code, const char *help,
		    const char *fmt, ...)
{
	json_t *body = json_object();
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	hd_set_text(body, "error", text);
	hd_set_text(body, "help", help);
	end(call, code, body);
}

void hd_call_fail(struct hd_call *call, const struct hd_err *err)
{
	hd_call_refuse(call, 500, "heraldctl status", "%s", err->text);
}
