#include "phantom_out/playbook.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

#include "phantom_out/flow.h"

#define MEMO_SIZE 128

const char *phantom_playbook_of(struct flow *f)
{
	return hp_json_cstr(&f->params, "/playbook", "");
}

const char *phantom_playbook_check(struct flow *f)
{
	herald_str playbook = hp_json_text(&f->params, "/playbook", "");

	if (playbook.n > 0 && !hp_str_is_digits(playbook) &&
	    !memchr(playbook.p, '/', playbook.n))
		return "playbook is neither REPOSITORY/NAME nor a number";
	return NULL;
}

static void put_inputs(struct flow *f, struct hp_json *body)
{
	if (hp_json_size(&f->params, "/inputs", "") > 0)
		hp_json_put_copy(body, "/inputs", &f->params, "/inputs", "");
}

void phantom_playbook_make(struct flow *f, struct hp_json *body)
{
	herald_str playbook = hp_json_text(&f->params, "/playbook", "");
	herald_str scope = hp_json_text(&f->params, "/scope", "");

	hp_json_open(body, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put_int(body, "/container_id", f->container);
	if (hp_str_is_digits(playbook))
		hp_json_put_int(body, "/playbook_id",
				hp_json_int(&f->params, "/playbook", "", 0));
	else
		hp_json_put(body, "/playbook_id", playbook);
	hp_json_put(body, "/scope", scope.n > 0 ? scope : HERALD_S("new"));
	hp_json_put_bool(body, "/run", true);
	put_inputs(f, body);
}

bool phantom_playbook_take_run(struct flow *f, struct hp_json *body)
{
	herald_str run = hp_json_text(body, "/playbook_run_id", "");

	if (!hp_json_is_true(body, "/received", "") || !hp_str_is_digits(run) ||
	    run.n >= sizeof(f->run))
		return false;
	memcpy(f->run, run.p, run.n);
	f->run[run.n] = '\0';
	phantom_note_run(f->p, strtoll(f->run, NULL, 10));
	return true;
}

/* ---- how it stands ---- */

static void put_case(struct flow *f, struct hp_json *out)
{
	phantom_put_ticket(f, out);
	hp_json_put_int(out, "/data/container_id", f->container);
	hp_json_put(out, "/data/playbook_run_id", herald_cstr(f->run));
}

static void say_run(struct flow *f, const char *what)
{
	hp_text_addf(&f->text,
		     "playbook %s run %s on container %" PRId64 ": %s",
		     phantom_playbook_of(f), f->run, f->container, what);
}

/* Begun, not ended.  `after` is kept: it goes into the memo again. */
static void park(struct flow *f, const char *status)
{
	char memo[MEMO_SIZE];
	struct hp_json out;

	snprintf(memo, sizeof(memo),
		 "{\"container\":%" PRId64 ",\"after\":%" PRId64 ",\"run\":%s}",
		 f->container, hp_json_int(&f->memo, "/after", "", 0), f->run);
	say_run(f, status);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	put_case(f, &out);
	hp_json_put(&out, "/data/status", herald_cstr(status));
	phantom_end(f, HERALD_PENDING, &out, herald_cstr(memo));
	hp_json_close(&out);
}

/* "; disable_user_1 success" of each action; the same into /data/actions. */
static void tell_actions(struct flow *f, struct hp_json *told,
			 struct hp_json *out)
{
	size_t n = hp_json_size(told, "/result", "");
	struct hp_path at, to;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/result/%zu", i);
		if (hp_json_text(told, at.text, "/name").n == 0)
			continue;
		hp_text_addf(&f->text, "; %s %s",
			     hp_json_cstr(told, at.text, "/name"),
			     hp_json_cstr(told, at.text, "/status"));
		hp_json_put(out, hp_path(&to, "/data/actions/%zu/name", i),
			    hp_json_text(told, at.text, "/name"));
		hp_json_put(out, hp_path(&to, "/data/actions/%zu/status", i),
			    hp_json_text(told, at.text, "/status"));
	}
}

/* `message` is JSON inside a string, or whatever the playbook says. */
static void tell_message(struct flow *f, struct hp_json *body,
			 struct hp_json *out)
{
	herald_str message = hp_json_text(body, "/message", "");
	struct hp_json told;
	herald_str words = message;

	if (hp_json_open(&told, f->p->h, message) &&
	    hp_json_type(&told, "", "") == HERALD_JSON_OBJECT)
		words = hp_json_text(&told, "/message", "");
	if (words.n > 0)
		hp_text_addf(&f->text, ": %.*s", (int)words.n, words.p);
	hp_json_put(out, "/data/message", words);
	tell_actions(f, &told, out);
	hp_json_close(&told);
}

static void end_run(struct flow *f, struct hp_json *body, bool good)
{
	struct hp_json out;

	say_run(f, good ? "success" : "failed");
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	put_case(f, &out);
	hp_json_put(&out, "/data/status",
		    herald_cstr(good ? "success" : "failed"));
	if (hp_json_text(body, "/cancelled", "").n > 0)
		hp_text_add(&f->text, HERALD_S(" (it was cancelled)"));
	tell_message(f, body, &out);
	phantom_end(f, good ? HERALD_OK : HERALD_FAILED, &out,
		    (herald_str){ NULL, 0 });
	hp_json_close(&out);
}

static void on_status(struct flow *f, struct hp_json *body,
		      const struct phantom_verdict *v)
{
	herald_str status = hp_json_text(body, "/status", "");

	(void)v;
	if (hp_str_is(status, "success"))
		end_run(f, body, true);
	else if (hp_str_is(status, "failed"))
		end_run(f, body, false);
	else if (hp_str_is(status, "pending") || hp_str_is(status, "running"))
		park(f, status.p);
	else
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer tells no status of the run");
}

static void ask_status(struct flow *f)
{
	phantom_ask(f, "playbook_run", strtoll(f->run, NULL, 10), NULL, NULL,
		    on_status);
}

/* ---- which run is ours ---- */

/* Runs in the answer that may be ours; the first of them into f->run. */
static size_t count_candidates(struct flow *f, struct hp_json *body)
{
	size_t n = hp_json_size(body, "/data", ""), found = 0;
	herald_str playbook = hp_json_text(&f->params, "/playbook", "");
	int64_t number = hp_json_int(&f->params, "/playbook", "", 0);
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		int64_t id;

		hp_path(&at, "/data/%zu", i);
		id = hp_json_int(body, at.text, "/id", 0);
		if (id <= hp_json_int(&f->memo, "/after", "", 0) ||
		    phantom_is_noted(f->p, id))
			continue;
		if (hp_str_is_digits(playbook) &&
		    hp_json_int(body, at.text, "/playbook", number) != number)
			continue;
		if (found++ == 0)
			snprintf(f->run, sizeof(f->run), "%" PRId64, id);
	}
	return found;
}

static void on_started(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	(void)v;
	if (!phantom_playbook_take_run(f, body))
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer names no playbook run");
	else
		park(f, "pending");
}

static void start_run(struct flow *f)
{
	struct hp_json body;

	phantom_playbook_make(f, &body);
	phantom_ask_once(f, "playbook_run", &body, on_started);
	hp_json_close(&body);
}

static void on_none(struct flow *f)
{
	if (f->call->mode == HERALD_RUN)
		start_run(f);
	else
		phantom_fail_with(f, HERALD_NOT_FOUND,
				  "no run of it began on the case");
}

static void on_candidates(struct flow *f, struct hp_json *body,
			  const struct phantom_verdict *v)
{
	size_t n;

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of playbook runs");
		return;
	}
	n = count_candidates(f, body);
	if (n == 0) {
		on_none(f);
		return;
	}
	if (n > 1) {
		hp_text_addf(&f->text,
			     "%zu runs began on container %" PRId64
			     " since the plan; which of them is this one is "
			     "not told",
			     n, f->container);
		/* VERIFY leaves it to a person then. */
		phantom_fail(f,
			     f->call->mode == HERALD_RUN ? HERALD_IN_DOUBT
							 : HERALD_FAILED,
			     0);
		return;
	}
	f->ran_before = true;
	phantom_note_run(f->p, strtoll(f->run, NULL, 10));
	ask_status(f);
}

/* RUN after a doubt, and VERIFY, where the memo does not name the run. */
static void look_for_run(struct flow *f)
{
	char number[PHANTOM_NUMBER_SIZE], after[PHANTOM_NUMBER_SIZE];
	const char *const query[] = { "_filter_container",
				      number,
				      "_filter_id__gt",
				      after,
				      "page_size",
				      "0",
				      NULL };

	snprintf(number, sizeof(number), "%" PRId64, f->container);
	snprintf(after, sizeof(after), "%" PRId64,
		 hp_json_int(&f->memo, "/after", "", 0));
	phantom_ask(f, "playbook_run", 0, query, NULL, on_candidates);
}

/* The case and, if it is known, the run. */
static bool read_memo(struct flow *f)
{
	int64_t run = hp_json_int(&f->memo, "/run", "", 0);

	f->container = hp_json_int(&f->memo, "/container", "", 0);
	if (f->container <= 0) {
		phantom_fail_with(f, HERALD_FAILED, "there is no plan");
		return false;
	}
	if (run > 0)
		snprintf(f->run, sizeof(f->run), "%" PRId64, run);
	return true;
}

void phantom_playbook_run(struct flow *f)
{
	if (!read_memo(f))
		return;
	if (f->run[0])
		ask_status(f);
	else
		look_for_run(f);
}

void phantom_playbook_verify(struct flow *f)
{
	phantom_playbook_run(f);
}

/* ---- the plan ---- */

static void on_latest(struct flow *f, struct hp_json *body,
		      const struct phantom_verdict *v)
{
	char memo[MEMO_SIZE];
	struct hp_path number;
	struct hp_json out;

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of playbook runs");
		return;
	}
	snprintf(memo, sizeof(memo),
		 "{\"container\":%" PRId64 ",\"after\":%" PRId64 "}",
		 f->container, hp_json_int(body, "/data/0/id", "", 0));
	hp_text_addf(&f->text, "run playbook %s on container %" PRId64,
		     phantom_playbook_of(f), f->container);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put(&out, "/target/type", HERALD_S("case"));
	hp_json_put(&out, "/target/uid",
		    herald_cstr(hp_path(&number, "%" PRId64, f->container)));
	hp_json_put(&out, "/summary", hp_text_str(&f->text));
	phantom_end(f, HERALD_OK, &out, herald_cstr(memo));
	hp_json_close(&out);
}

static void ask_latest(struct flow *f)
{
	char number[PHANTOM_NUMBER_SIZE];
	const char *const query[] = {
		"_filter_container", number, "sort", "id", "order", "desc",
		"page_size",	     "1",    NULL
	};

	snprintf(number, sizeof(number), "%" PRId64, f->container);
	phantom_ask(f, "playbook_run", 0, query, NULL, on_latest);
}

void phantom_playbook_plan(struct flow *f)
{
	const char *trouble = phantom_playbook_check(f);

	if (trouble)
		phantom_fail_with(f, HERALD_BAD_INPUT, trouble);
	else
		phantom_find_case(f, ask_latest);
}
