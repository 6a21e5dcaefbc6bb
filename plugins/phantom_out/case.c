#include "phantom_out/case.h"

#include <inttypes.h>
#include <string.h>

#include "phantom_out/container.h"
#include "phantom_out/flow.h"
#include "phantom_out/playbook.h"

/* "container 42, playbook local/x run 17" */
static void describe(struct flow *f)
{
	hp_text_addf(&f->text, "container %" PRId64 "%s", f->container,
		     f->was_there ? " (it was there already)" : "");
	if (f->run[0])
		hp_text_addf(&f->text, ", playbook %s run %s%s",
			     phantom_playbook_of(f), f->run,
			     f->ran_before ? " (a run was there already)" : "");
	if (f->refused > 0)
		hp_text_addf(&f->text, ", %zu of %zu artifacts refused",
			     f->refused, f->artifacts);
}

static void succeed(struct flow *f)
{
	struct hp_json out;

	describe(f);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	phantom_put_ticket(f, &out);
	hp_json_put_int(&out, "/data/container_id", f->container);
	hp_json_put_bool(&out, "/data/existed", f->was_there);
	hp_json_put(&out, "/data/playbook_run_id", herald_cstr(f->run));
	if (!f->was_there)
		hp_json_put_int(&out, "/data/artifacts",
				(int64_t)(f->artifacts - f->refused));
	phantom_end(f, HERALD_OK, &out, (herald_str){ NULL, 0 });
	hp_json_close(&out);
}

/* ---- the playbook ---- */

static void on_started(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	(void)v;
	if (!phantom_playbook_take_run(f, body))
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer names no playbook run");
	else
		succeed(f);
}

static void start_playbook(struct flow *f)
{
	struct hp_json body;

	phantom_playbook_make(f, &body);
	phantom_ask(f, "playbook_run", 0, NULL, &body, on_started);
	hp_json_close(&body);
}

static void on_runs(struct flow *f, struct hp_json *body,
		    const struct phantom_verdict *v)
{
	int64_t id = hp_json_int(body, "/data/0/id", "", 0);

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of playbook runs");
		return;
	}
	if (id <= 0) {
		start_playbook(f);
		return;
	}
	snprintf(f->run, sizeof(f->run), "%" PRId64, id);
	f->ran_before = true;
	succeed(f);
}

/* Only where a container was there may a playbook have been started. */
static void care_for_playbook(struct flow *f)
{
	char number[PHANTOM_NUMBER_SIZE];
	const char *const query[] = { "_filter_container", number, "page_size",
				      "1", NULL };

	snprintf(number, sizeof(number), "%" PRId64, f->container);
	if (!phantom_playbook_of(f)[0])
		succeed(f);
	else if (f->was_there)
		phantom_ask(f, "playbook_run", 0, query, NULL, on_runs);
	else
		start_playbook(f);
}

/* ---- the container ---- */

/* Embedded artifacts are told one by one in one version of the answer. */
static size_t count_refused(struct hp_json *body)
{
	size_t n = hp_json_size(body, "/artifacts", ""), refused = 0;
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/artifacts/%zu", i);
		if (hp_json_is_true(body, at.text, "/failed") &&
		    hp_json_int(body, at.text, "/existing_artifact_id", 0) == 0)
			refused++;
	}
	return refused;
}

static void on_created(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	f->was_there = v->existing > 0;
	f->container = v->existing > 0 ? v->existing
				       : hp_json_int(body, "/id", "", 0);
	if (f->container <= 0 ||
	    (!f->was_there && !hp_json_is_true(body, "/success", ""))) {
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer names no container");
		return;
	}
	f->refused = count_refused(body);
	care_for_playbook(f);
}

static void create(struct flow *f)
{
	struct hp_json record, body;
	const struct phantom_case c = {
		.params = &f->params,
		.record = &record,
		.label = f->p->label,
		.sdi = f->sdi,
		.idem = f->call->idem,
		/* A playbook that herald starts is the only one. */
		.automation = f->p->run_automation &&
			      !phantom_playbook_of(f)[0],
	};

	if (!hp_json_open(&record, f->p->h, f->call->record)) {
		phantom_fail_with(f, HERALD_BAD_INPUT, "the record is no JSON");
		return;
	}
	hp_json_open(&body, f->p->h, (herald_str){ NULL, 0 });
	f->artifacts = phantom_container_make(&c, &body);
	phantom_ask(f, "container", 0, NULL, &body, on_created);
	hp_json_close(&body);
	hp_json_close(&record);
}

static void find_or_create(struct flow *f)
{
	f->was_there = f->container > 0;
	if (f->was_there)
		care_for_playbook(f);
	else
		create(f);
}

void phantom_case_run(struct flow *f)
{
	herald_str key = hp_json_text(&f->params, "/key", "");
	const char *trouble = phantom_check_severity(&f->params);

	if (!trouble)
		trouble = phantom_playbook_check(f);
	if (trouble)
		phantom_fail_with(f, HERALD_BAD_INPUT, trouble);
	else if (phantom_flow_name(f, key.n > 0 ? key : f->call->idem))
		phantom_find_named(f, find_or_create);
}
