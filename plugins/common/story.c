#include "common/story.h"

#define VALUE_MAX 2000 /* bytes of one value */

static void add(struct hp_text *out, const char *text)
{
	hp_text_add(out, herald_cstr(text));
}

/* "http" becomes "hxxp". */
static void add_defanged(struct hp_text *out, herald_str s)
{
	s = hp_str_head(s, VALUE_MAX);
	for (size_t i = 0; i < s.n; i++) {
		const herald_str rest = { s.p + i, s.n - i };

		if (hp_str_begins(rest, "http:") ||
		    hp_str_begins(rest, "https:")) {
			add(out, "hxxp");
			i += 3;
		} else {
			hp_text_add(out, (herald_str){ s.p + i, 1 });
		}
	}
}

static herald_str title(struct hp_json *record)
{
	herald_str text = hp_json_text(record, "/finding_info/title", "");

	if (text.n == 0)
		text = hp_json_text(record, "/metadata/event_code", "");
	if (text.n == 0)
		text = hp_json_text(record, "/message", "");
	return text.n > 0 ? text : HERALD_S("herald: an alert");
}

/* What `message` says beyond the title; herald's own alarms have their words
 * there. */
static herald_str more(struct hp_json *record)
{
	herald_str text = hp_json_text(record, "/message", "");

	if (hp_str_same(text, title(record)))
		return (herald_str){ NULL, 0 };
	return hp_str_head(text, VALUE_MAX);
}

void hp_story_line(struct hp_text *out, struct hp_json *record)
{
	herald_str level = hp_json_text(record, "/risk_level", "");
	herald_str about = hp_json_text(record, "/evidences/0/user/name", "");

	if (level.n == 0)
		level = hp_json_text(record, "/severity", "");
	if (about.n == 0)
		about = more(record);
	if (level.n > 0)
		hp_text_addf(out, "[%.*s] ", (int)level.n, level.p);
	hp_text_add(out, title(record));
	if (about.n > 0)
		hp_text_addf(out, ": %.*s", (int)about.n, about.p);
}

static const struct {
	const char *name, *path;
} lines[] = {
	{ "severity", "/severity" },
	{ "risk level", "/risk_level" },
	{ "risk score", "/risk_score" },
	{ "detection", "/metadata/event_code" },
	{ "when", "/metadata/original_time" },
	{ "user", "/evidences/0/user/name" },
	{ "source", "/evidences/0/src_endpoint/ip" },
	{ "source host", "/evidences/0/src_endpoint/hostname" },
	{ "device", "/device/hostname" },
	{ "device ip", "/device/ip" },
	{ "process", "/evidences/0/process/cmd_line" },
	{ "file", "/evidences/0/file/name" },
	{ "url", "/evidences/0/url/url_string" },
	{ "why", "/risk_details" },
	{ "alert", "/metadata/uid" },
};

void hp_story_text(struct hp_text *out, struct hp_json *record)
{
	herald_str desc = hp_json_text(record, "/finding_info/desc", "");

	herald_str message = more(record);

	add_defanged(out, title(record));
	add(out, "\n\n");
	if (message.n > 0) {
		add_defanged(out, message);
		add(out, "\n\n");
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		herald_str value = hp_json_text(record, lines[i].path, "");

		if (value.n == 0)
			continue;
		hp_text_addf(out, "%-12s ", lines[i].name);
		add_defanged(out, value);
		add(out, "\n");
	}
	if (desc.n == 0)
		return;
	add(out, "\n");
	add_defanged(out, desc);
	add(out, "\n");
}
