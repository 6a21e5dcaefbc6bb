#include "phantom_out/status.h"

#include <inttypes.h>

#include "phantom_out/flow.h"

/* What the case is to become. */
static herald_str wanted(struct flow *f)
{
	if (f->call->undoing)
		return hp_json_text(&f->memo, "/was", "");
	return hp_json_text(&f->params, "/status", "");
}

static void say_status(struct flow *f, herald_str status, const char *how)
{
	hp_text_addf(&f->text, "container %" PRId64 " is %.*s%s", f->container,
		     (int)status.n, status.p, how);
}

static void succeed(struct flow *f, const char *how)
{
	struct hp_json out;

	say_status(f, wanted(f), how);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	phantom_put_ticket(f, &out);
	hp_json_put_int(&out, "/data/container_id", f->container);
	hp_json_put(&out, "/data/status", wanted(f));
	hp_json_put_copy(&out, "/data/was", &f->memo, "/was", "");
	phantom_end(f, HERALD_OK, &out, (herald_str){ NULL, 0 });
	hp_json_close(&out);
}

/* The status in the answer; false, having ended the flow, if there is none. */
static bool read_status(struct flow *f, struct hp_json *body,
			herald_str *status)
{
	*status = hp_json_text(body, "/status", "");
	if (status->n > 0 && status->n < sizeof(f->status))
		return true;
	phantom_fail_with(f, HERALD_RETRY,
			  "the answer tells no status of the container");
	return false;
}

/* ---- the plan ---- */

static void put_target(struct flow *f, struct hp_json *out)
{
	struct hp_path number;

	hp_json_put(out, "/target/type", HERALD_S("case"));
	hp_json_put(out, "/target/uid",
		    herald_cstr(hp_path(&number, "%" PRId64, f->container)));
}

static void on_planned(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	herald_str now, to = wanted(f);
	struct hp_json out, memo;

	(void)v;
	if (!read_status(f, body, &now))
		return;
	hp_text_addf(&f->text, "container %" PRId64 " from %.*s to %.*s",
		     f->container, (int)now.n, now.p, (int)to.n, to.p);
	hp_json_open(&memo, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&memo, "/container", f->container);
	hp_json_put(&memo, "/was", now);
	hp_json_put(&memo, "/to", to);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	put_target(f, &out);
	hp_json_put(&out, "/summary", hp_text_str(&f->text));
	/* An undo has the memo of what it takes back, and keeps it. */
	phantom_end(f, HERALD_OK, &out,
		    f->call->undoing ? (herald_str){ NULL, 0 }
				     : hp_json_all(&memo));
	hp_json_close(&out);
	hp_json_close(&memo);
}

static void ask_planned(struct flow *f)
{
	phantom_ask(f, "container", f->container, NULL, NULL, on_planned);
}

void phantom_status_plan(struct flow *f)
{
	phantom_find_case(f, ask_planned);
}

/* ---- to run ---- */

static void on_changed(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	(void)v;
	if (!hp_json_is_true(body, "/success", ""))
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer does not tell of a change");
	else
		succeed(f, "");
}

static void change(struct flow *f)
{
	struct hp_json body;

	hp_json_open(&body, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put(&body, "/status", wanted(f));
	phantom_ask(f, "container", f->container, NULL, &body, on_changed);
	hp_json_close(&body);
}

static void on_present(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	herald_str now, ours = hp_json_text(&f->memo, "/to", "");

	(void)v;
	if (!read_status(f, body, &now))
		return;
	if (hp_str_same(now, wanted(f))) {
		succeed(f, " already");
	} else if (f->call->undoing && !hp_str_same(now, ours)) {
		say_status(f, now, ": somebody changed it since");
		phantom_fail(f, HERALD_REFUSED, 0);
	} else {
		change(f);
	}
}

static bool read_memo(struct flow *f)
{
	f->container = hp_json_int(&f->memo, "/container", "", 0);
	if (f->container > 0 && wanted(f).n > 0)
		return true;
	phantom_fail_with(f, HERALD_FAILED, "there is no plan");
	return false;
}

void phantom_status_run(struct flow *f)
{
	if (read_memo(f))
		phantom_ask(f, "container", f->container, NULL, NULL,
			    on_present);
}

/* ---- did it take place ---- */

static void on_verified(struct flow *f, struct hp_json *body,
			const struct phantom_verdict *v)
{
	herald_str now;

	(void)v;
	if (!read_status(f, body, &now))
		return;
	if (hp_str_same(now, wanted(f))) {
		succeed(f, "");
		return;
	}
	say_status(f, now, "");
	phantom_fail(f, HERALD_NOT_FOUND, 0);
}

void phantom_status_verify(struct flow *f)
{
	if (read_memo(f))
		phantom_ask(f, "container", f->container, NULL, NULL,
			    on_verified);
}
