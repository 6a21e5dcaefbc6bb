#include "core/control/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/action/action.h"
#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/conf/rate.h"
#include "core/control/api.h"
#include "core/control/control_impl.h"
#include "core/control/person.h"
#include "core/control/rows_json.h"
#include "core/control/sieve.h"
#include "core/pipeline/engine.h"

#define PAGE 20 /* alerts looked at in one turn of the loop */
#define RATE_DEFAULT "60/1m"
#define TICK_MIN_MS 1 /* between two turns that found nothing */

struct hd_retry {
	struct hd_control *control; /* NULL: ended, a commit is under way */
	struct hd_sieve sieve;
	uv_timer_t *timer;
	char *by, *because, *text, *at;
	int64_t pause_ms;
	int64_t before_num; /* the cursor; 0: the newest */
	bool last_page;
	char page[PAGE][HD_ID_TEXT];
	size_t page_n, page_at;
	int64_t looked, begun, refused, not_sure;
	size_t commits; /* under way */
};

static void free_closed(uv_handle_t *handle)
{
	free(handle);
}

static void free_retry(struct hd_retry *r)
{
	free(r->by);
	free(r->because);
	free(r->text);
	free(r->at);
	free(r);
}

void hd_retry_end(struct hd_retry *r, const char *why)
{
	if (!r)
		return;
	hd_notice("retry of dead alerts %s: %lld looked at, %lld run again, "
		  "%lld could not be, %lld not sure",
		  why, (long long)r->looked, (long long)r->begun,
		  (long long)r->refused, (long long)r->not_sure);
	r->control->retry = NULL;
	r->control = NULL;
	hd_sieve_fini(&r->sieve);
	uv_close((uv_handle_t *)r->timer, free_closed);
	if (r->commits == 0)
		free_retry(r);
}

/* ---- one alert ---- */

static void on_amended(void *ud, const struct hd_err *err)
{
	struct hd_retry *r = ud;

	r->commits--;
	if (err) {
		hd_warning("retry of a dead alert: %s", err->text);
		r->begun--;
		r->refused++;
	}
	if (!r->control && r->commits == 0)
		free_retry(r);
}

static void run_again(struct hd_retry *r, const char *id)
{
	char *message = hd_person_message(r->by, r->because, "run again");
	char *json = hd_person_entry(r->by, r->because,
				     json_pack("{s:s}", "if", r->text));
	struct hd_amend a = { .alert = id,
			      .state = HD_ACTION_DECIDED,
			      .message = message,
			      .kind = "retried",
			      .json = json,
			      .fn = on_amended,
			      .ud = r };
	struct hd_err err;

	r->commits++;
	r->begun++;
	if (hd_engine_retry(r->control->env.engine, &a, &err) < 0)
		on_amended(r, &err);
	free(message);
	free(json);
}

/* It may have changed since its page was read. */
static bool is_dead(struct hd_reader *reader, const char *id)
{
	struct hd_alert_row row;
	struct hd_err err;

	return hd_reader_alert(reader, id, &row, &err) == HD_FOUND &&
	       row.state == HD_ALERT_DEAD;
}

static bool is_meant(struct hd_retry *r, const char *id)
{
	struct hd_reason why;
	enum hd_truth truth;

	r->looked++;
	if (!is_dead(r->control->env.reader, id))
		return false;
	truth = hd_sieve_holds(&r->sieve, id, &why);
	if (truth == HD_NOT_SURE || truth == HD_ERROR)
		r->not_sure++;
	return truth == HD_HOLDS;
}

/* ---- turn by turn ---- */

static bool add_to_page(void *ud, const struct hd_alert_row *row)
{
	struct hd_retry *r = ud;

	snprintf(r->page[r->page_n++], HD_ID_TEXT, "%s", row->id);
	return r->page_n < PAGE;
}

static int read_page(struct hd_retry *r, struct hd_err *err)
{
	const struct hd_alert_filter filter = {
		.states = 1u << HD_ALERT_DEAD,
		.before_num = r->before_num,
		.limit = PAGE,
	};
	int64_t next = 0;

	r->page_n = r->page_at = 0;
	if (hd_reader_list(r->control->env.reader, &filter, add_to_page, r,
			   &next, err) < 0)
		return -1;
	r->before_num = next;
	r->last_page = next == 0;
	return 0;
}

static void on_turn(uv_timer_t *timer)
{
	struct hd_retry *r = timer->data;
	struct hd_err err;
	int64_t pause = TICK_MIN_MS;

	while (r->page_at < r->page_n) {
		const char *id = r->page[r->page_at++];

		if (!is_meant(r, id))
			continue;
		run_again(r, id);
		pause = r->pause_ms;
		break;
	}
	if (r->page_at == r->page_n && r->last_page) {
		hd_retry_end(r, "ended");
		return;
	}
	if (r->page_at == r->page_n && read_page(r, &err) < 0) {
		hd_error("retry of dead alerts: %s", err.text);
		hd_retry_end(r, "failed");
		return;
	}
	uv_timer_start(r->timer, on_turn, (uint64_t)pause, 0);
}

/* ---- the call ---- */

static int read_rate(struct hd_call *call, const char *at, int64_t *pause_ms)
{
	char why[HD_VALUE_WHY], remedy[HD_VALUE_REMEDY];
	struct hd_rate rate;

	if (hd_rate_parse(at, strlen(at), &rate, why, remedy) < 0 ||
	    rate.count == 0) {
		hd_call_refuse(call, 400,
			       "heraldctl retry --if EXPR --at 10/1m",
			       "'%.80s' is no rate to retry at", at);
		return -1;
	}
	*pause_ms = rate.window_ms / rate.count;
	if (*pause_ms < TICK_MIN_MS)
		*pause_ms = TICK_MIN_MS;
	return 0;
}

static void begin(struct hd_call *call, const char *text, const char *at,
		  int64_t pause_ms)
{
	struct hd_control *control = call->control;
	struct hd_sieve sieve;
	struct hd_retry *r;
	struct hd_err err;

	if (hd_sieve_init(&sieve, control, text, &err) < 0) {
		hd_call_refuse(call, 400, "heraldctl eval EXPR", "%s",
			       err.text);
		return;
	}
	r = hd_alloc(sizeof(*r));
	r->control = control;
	r->sieve = sieve;
	r->by = hd_strdup(call->by);
	r->because = hd_strdup(hd_call_text(call, "because"));
	r->text = hd_strdup(text);
	r->at = hd_strdup(at);
	r->pause_ms = pause_ms;
	r->timer = hd_alloc(sizeof(*r->timer));
	uv_timer_init(control->env.loop, r->timer);
	r->timer->data = r;
	uv_timer_start(r->timer, on_turn, 0, 0);
	control->retry = r;
	hd_notice("retry of dead alerts at %s by %s, if %s: %s", at, r->by,
		  text, r->because);
	hd_call_answer(call, json_pack("{s:b, s:o}", "ok", true, "retry",
				       hd_retry_describe(r)));
}

static void stop(struct hd_call *call)
{
	struct hd_retry *r = call->control->retry;
	json_t *was = hd_retry_describe(r);

	if (!r) {
		hd_call_refuse(call, 409, "heraldctl status",
			       "no retry of many alerts is under way");
		return;
	}
	hd_retry_end(r, "stopped");
	hd_call_answer(call,
		       json_pack("{s:b, s:o}", "ok", true, "stopped", was));
}

void hd_api_retry_many(struct hd_call *call)
{
	const char *text = hd_call_text(call, "if");
	const char *at = hd_call_text(call, "at");
	int64_t pause_ms;

	if (hd_call_flag(call, "stop")) {
		stop(call);
		return;
	}
	if (!text) {
		hd_call_refuse(call, 400, "heraldctl retry ID, or --if EXPR",
			       "say which alerts");
		return;
	}
	if (call->control->retry) {
		hd_call_refuse(call, 409, "heraldctl retry --stop",
			       "another retry is under way: if %.400s",
			       call->control->retry->text);
		return;
	}
	at = at ? at : RATE_DEFAULT;
	if (read_rate(call, at, &pause_ms) == 0)
		begin(call, text, at, pause_ms);
}

json_t *hd_retry_describe(const struct hd_retry *r)
{
	json_t *o;

	if (!r)
		return NULL;
	o = json_pack("{s:I, s:I, s:I, s:I}", "looked", (json_int_t)r->looked,
		      "begun", (json_int_t)r->begun, "refused",
		      (json_int_t)r->refused, "not_sure",
		      (json_int_t)r->not_sure);
	hd_set_text(o, "if", r->text);
	hd_set_text(o, "at", r->at);
	hd_set_text(o, "by", r->by);
	return o;
}
