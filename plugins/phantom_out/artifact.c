#include "phantom_out/artifact.h"

#include <inttypes.h>

#include "phantom_out/container.h"
#include "phantom_out/flow.h"

static void succeed(struct flow *f)
{
	size_t were = f->artifacts - f->missed, added = f->missed - f->refused;
	struct hp_json out;

	hp_text_addf(&f->text, "container %" PRId64 ", %zu artifacts added",
		     f->container, added);
	if (were > 0)
		hp_text_addf(&f->text, ", %zu were there already", were);
	if (f->refused > 0)
		hp_text_addf(&f->text, ", %zu refused", f->refused);
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	phantom_put_ticket(f, &out);
	hp_json_put_int(&out, "/data/container_id", f->container);
	hp_json_put_int(&out, "/data/artifacts", (int64_t)(were + added));
	phantom_end(f, HERALD_OK, &out, (herald_str){ NULL, 0 });
	hp_json_close(&out);
}

/* ---- adding ---- */

/* How many were refused; why the first one was, into f->text. */
static size_t count_refused(struct flow *f, struct hp_json *body)
{
	size_t n = hp_json_size(body, "", ""), refused = 0;
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		herald_str words;

		hp_path(&at, "/%zu", i);
		if (hp_json_is_true(body, at.text, "/success") ||
		    hp_json_int(body, at.text, "/existing_artifact_id", 0) > 0)
			continue;
		words = hp_json_text(body, at.text, "/message");
		if (refused++ == 0)
			hp_text_addf(&f->text, "SOAR refused one: %.*s; ",
				     (int)words.n, words.p ? words.p : "");
	}
	return refused;
}

static void on_added(struct flow *f, struct hp_json *body,
		     const struct phantom_verdict *v)
{
	(void)v;
	if (hp_json_type(body, "", "") != HERALD_JSON_ARRAY ||
	    hp_json_size(body, "", "") != f->missed) {
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer does not tell of each artifact");
		return;
	}
	f->refused = count_refused(f, body);
	if (f->refused > 0 && f->refused == f->artifacts)
		phantom_fail_with(f, HERALD_FAILED, "none was taken");
	else
		succeed(f);
}

/* Is there one with this identifier in the list? */
static bool is_there(struct hp_json *have, herald_str sdi)
{
	size_t n = hp_json_size(have, "/data", "");
	struct hp_path at;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "/data/%zu", i);
		if (hp_str_is(hp_json_text(have, at.text,
					   "/source_data_identifier"),
			      sdi.p))
			return true;
	}
	return false;
}

/* Fills `body`, a list, with those that are not there yet. */
static void take_missing(struct flow *f, struct hp_json *have,
			 struct hp_json *all, struct hp_json *body)
{
	struct hp_path from, to;

	for (size_t i = 0; i < f->artifacts; i++) {
		bool starts = f->p->run_automation && i + 1 == f->artifacts;

		hp_path(&from, "/artifacts/%zu", i);
		if (is_there(have, hp_json_text(all, from.text,
						"/source_data_identifier")))
			continue;
		hp_json_put_copy(body, "/-", all, from.text, "");
		hp_json_put_int(body,
				hp_path(&to, "/%zu/container_id", f->missed),
				f->container);
		hp_json_put_bool(body,
				 hp_path(&to, "/%zu/run_automation", f->missed),
				 starts);
		f->missed++;
	}
}

static void add_missing(struct flow *f, struct hp_json *have,
			struct hp_json *record)
{
	const struct phantom_case c = {
		.params = &f->params,
		.record = record,
		.label = f->p->label,
		.sdi = f->sdi,
		.idem = f->call->idem,
	};
	struct hp_json all, body;

	hp_json_open(&all, f->p->h, (herald_str){ NULL, 0 });
	hp_json_open(&body, f->p->h, HERALD_S("[]"));
	f->artifacts = phantom_artifacts_make(&c, &all);
	take_missing(f, have, &all, &body);
	if (all.failed || body.failed)
		phantom_fail_with(f, HERALD_BUSY, "out of memory");
	else if (f->missed == 0)
		succeed(f);
	else
		phantom_ask(f, "artifact", 0, NULL, &body, on_added);
	hp_json_close(&body);
	hp_json_close(&all);
}

static void on_have(struct flow *f, struct hp_json *body,
		    const struct phantom_verdict *v)
{
	struct hp_json record;

	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of artifacts");
		return;
	}
	if (hp_json_open(&record, f->p->h, f->call->record))
		add_missing(f, body, &record);
	else
		phantom_fail_with(f, HERALD_BAD_INPUT, "the record is no JSON");
	hp_json_close(&record);
}

static void look(struct flow *f)
{
	char number[PHANTOM_NUMBER_SIZE], quoted[PHANTOM_SDI_SIZE + 3];
	const char *const query[] = {
		"_filter_container",
		number,
		"_filter_source_data_identifier__startswith",
		quoted,
		"page_size",
		"0",
		NULL
	};

	if (!phantom_flow_name(f, f->call->idem))
		return;
	snprintf(number, sizeof(number), "%" PRId64, f->container);
	snprintf(quoted, sizeof(quoted), "\"%s:\"", f->sdi);
	phantom_ask(f, "artifact", 0, query, NULL, on_have);
}

void phantom_artifact_run(struct flow *f)
{
	const char *trouble = phantom_check_severity(&f->params);

	if (trouble)
		phantom_fail_with(f, HERALD_BAD_INPUT, trouble);
	else
		phantom_find_case(f, look);
}
