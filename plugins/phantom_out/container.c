#include "phantom_out/container.h"

#include <stdint.h>
#include <string.h>

#include "common/text.h"

#include "phantom_out/cef.h"

#define NAME_MAX_BYTES 250
#define DESCRIPTION_MAX (16u << 10)
#define ANSWERS_MAX 50 /* of enrichments, in the description */
#define MOMENT_SIZE 32
#define SEVERITY_MAX 20 /* letters of a name */

const char *phantom_severity(int64_t severity_id)
{
	switch (severity_id) {
	case 1: /* informational */
	case 2:
		return "low";
	case 4:
	case 5: /* critical: SOAR ships without it */
	case 6:
		return "high";
	default:
		return "medium";
	}
}

/* ISO 8601 with microseconds, as SOAR wants it; "" for no time. */
static void write_moment(int64_t ms, char out[MOMENT_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	out[0] = '\0';
	if (ms <= 0 || !gmtime_r(&seconds, &tm))
		return;
	n = strftime(out, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, MOMENT_SIZE - n, ".%06dZ", (int)(ms % 1000) * 1000);
}

/* ---- name ---- */

static void add_part(struct hp_text *text, const char *before, herald_str part)
{
	if (part.n == 0)
		return;
	hp_text_add(text, herald_cstr(text->n > 0 ? before : ""));
	hp_text_add(text, part);
}

/* "Failed logins then success: jdoe on vpn-gw-01 from 198.51.100.23" */
static void make_name(const struct phantom_case *c, struct hp_text *name)
{
	struct hp_json *r = c->record;

	hp_text_add(name, hp_json_text(c->params, "/name", ""));
	if (name->n > 0)
		return;
	hp_text_add(name, hp_json_text(r, "/finding_info/title", ""));
	if (name->n == 0)
		hp_text_add(name, hp_json_text(r, "/metadata/event_code", ""));
	if (name->n == 0)
		hp_text_add(name, HERALD_S("Alert"));
	add_part(name, ": ", hp_json_text(r, "/evidences/0/user/name", ""));
	add_part(name, " on ", hp_json_text(r, "/device/hostname", ""));
	add_part(name, " from ",
		 hp_json_text(r, "/evidences/0/src_endpoint/ip", ""));
}

/* ---- description ---- */

static void add_line(struct hp_text *text, const char *head, herald_str part)
{
	if (part.n == 0)
		return;
	if (text->n > 0)
		hp_text_add(text, HERALD_S("\n"));
	hp_text_add(text, herald_cstr(head));
	hp_text_add(text, part);
}

/* "misp, 198.51.100.23: 2 attributes, event 1337" */
static void add_answers(struct hp_text *text, struct hp_json *r)
{
	size_t n = hp_json_size(r, "/enrichments", "");
	struct hp_path at;

	for (size_t i = 0; i < n && i < ANSWERS_MAX; i++) {
		hp_path(&at, "/enrichments/%zu", i);
		if (hp_json_text(r, at.text, "/short_desc").n == 0)
			continue;
		add_line(text, "", hp_json_text(r, at.text, "/provider"));
		add_part(text, ", ", hp_json_text(r, at.text, "/value"));
		add_part(text, ": ", hp_json_text(r, at.text, "/short_desc"));
		add_part(text, " ", hp_json_text(r, at.text, "/src_url"));
	}
}

/* The score with its reasons, among them what is not known. */
static void make_description(const struct phantom_case *c, struct hp_text *text)
{
	struct hp_json *r = c->record;

	add_line(text, "", hp_json_text(c->params, "/description", ""));
	add_line(text, "", hp_json_text(r, "/finding_info/desc", ""));
	add_line(text, "Risk score: ", hp_json_text(r, "/risk_score", ""));
	add_part(text, ", ", hp_json_text(r, "/risk_level", ""));
	add_line(text, "Because: ", hp_json_text(r, "/risk_details", ""));
	add_answers(text, r);
	add_line(text, "At the source: ",
		 hp_json_text(r, "/finding_info/src_url", ""));
	add_line(text, "herald: alert ", hp_json_text(r, "/metadata/uid", ""));
}

/* ---- the whole ---- */

static void put_made(struct hp_json *out, const char *path,
		     const struct phantom_case *c, size_t max,
		     void (*make)(const struct phantom_case *c,
				  struct hp_text *text))
{
	struct hp_text text;

	hp_text_init(&text, max);
	make(c, &text);
	hp_json_put(out, path, hp_text_str(&text));
	hp_text_fini(&text);
}

static void put_data(const struct phantom_case *c, struct hp_json *out)
{
	static const struct {
		const char *to, *from;
	} copies[] = {
		{ "/data/alert", "/metadata/uid" },
		{ "/data/finding", "/finding_info/uid" },
		{ "/data/detection", "/metadata/event_code" },
		{ "/data/src_url", "/finding_info/src_url" },
		{ "/data/severity", "/severity" },
		{ "/data/risk_score", "/risk_score" },
		{ "/data/risk_level", "/risk_level" },
		{ "/data/risk_details", "/risk_details" },
		{ "/data/enrichments", "/enrichments" },
	};

	hp_json_put(out, "/data/idem", c->idem);
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		hp_json_put_copy(out, copies[i].to, c->record, copies[i].from,
				 "");
}

/* What all of them have in common; `moment` must live as long. */
static struct phantom_artifacts artifacts_of(const struct phantom_case *c,
					     char moment[MOMENT_SIZE])
{
	herald_str severity = hp_json_text(c->params, "/severity", "");

	if (severity.n == 0)
		severity = herald_cstr(phantom_severity(
			hp_json_int(c->record, "/severity_id", "", 0)));
	write_moment(hp_json_int(c->record, "/time", "", 0), moment);
	return (struct phantom_artifacts){
		.sdi = c->sdi,
		.severity = severity.p,
		.start_time = moment,
		.automation = c->automation,
	};
}

size_t phantom_container_make(const struct phantom_case *c, struct hp_json *out)
{
	herald_str label = hp_json_text(c->params, "/label", "");
	char moment[MOMENT_SIZE];
	struct phantom_artifacts artifacts = artifacts_of(c, moment);

	put_made(out, "/name", c, NAME_MAX_BYTES, make_name);
	put_made(out, "/description", c, DESCRIPTION_MAX, make_description);
	hp_json_put(out, "/label", label.n > 0 ? label : herald_cstr(c->label));
	hp_json_put(out, "/severity", herald_cstr(artifacts.severity));
	hp_json_put(out, "/source_data_identifier", herald_cstr(c->sdi));
	hp_json_put(out, "/start_time", herald_cstr(moment));
	hp_json_put(out, "/tags/0", HERALD_S("herald"));
	put_data(c, out);
	hp_json_put_bool(out, "/run_automation", false);
	return phantom_cef_add(&artifacts, c->record, out);
}

size_t phantom_artifacts_make(const struct phantom_case *c, struct hp_json *out)
{
	char moment[MOMENT_SIZE];
	struct phantom_artifacts artifacts = artifacts_of(c, moment);

	return phantom_cef_add(&artifacts, c->record, out);
}

const char *phantom_check_severity(struct hp_json *params)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";
	const char *severity = hp_json_cstr(params, "/severity", "");

	if (strlen(severity) > SEVERITY_MAX ||
	    severity[strspn(severity, letters)])
		return "severity is no name that SOAR can have";
	return NULL;
}
