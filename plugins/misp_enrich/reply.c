#include "misp_enrich/reply.h"

struct reading {
	struct hp_json *reply;
	misp_attribute_fn fn;
	void *ud;
	size_t attributes;
};

static bool read_attribute(struct reading *in, const char *at,
			   const char *event)
{
	const struct misp_attribute a = {
		.reply = in->reply,
		.at = at,
		.event = event,
		.type = hp_json_text(in->reply, at, "/type"),
		.value = hp_json_text(in->reply, at, "/value"),
	};

	if (!a.type.p || !a.value.p)
		return false;
	in->attributes++;
	in->fn(in->ud, &a);
	return true;
}

/* Those of a list; `event` NULL: each holds its own. */
static bool read_list(struct reading *in, const char *list, const char *event)
{
	size_t n = hp_json_size(in->reply, list, "");
	struct hp_path at, own;

	for (size_t i = 0; i < n; i++) {
		hp_path(&at, "%s/%zu", list, i);
		hp_path(&own, "%s/Event", at.text);
		if (!read_attribute(in, at.text, event ? event : own.text))
			return false;
	}
	return true;
}

/* An event holds attributes of its own and those of its objects. */
static bool read_event(struct reading *in, const char *event)
{
	size_t n = hp_json_size(in->reply, event, "/Object");
	struct hp_path list;

	hp_path(&list, "%s/Attribute", event);
	if (!read_list(in, list.text, event))
		return false;
	for (size_t i = 0; i < n; i++) {
		hp_path(&list, "%s/Object/%zu/Attribute", event, i);
		if (!read_list(in, list.text, event))
			return false;
	}
	return true;
}

/* A list of events, or of attributes. */
static bool read_mixed(struct reading *in, const char *list, size_t *rows)
{
	struct hp_path at, event;

	*rows = hp_json_size(in->reply, list, "");
	for (size_t i = 0; i < *rows; i++) {
		bool sound;

		hp_path(&at, "%s/%zu", list, i);
		hp_path(&event, "%s/Event", at.text);
		if (hp_json_type(in->reply, at.text, "/value") !=
		    HERALD_JSON_NONE)
			sound = read_attribute(in, at.text, event.text);
		else
			sound = hp_json_type(in->reply, event.text, "") ==
					HERALD_JSON_OBJECT &&
				read_event(in, event.text);
		if (!sound)
			return false;
	}
	return true;
}

bool misp_reply_read(struct hp_json *reply, misp_attribute_fn fn, void *ud,
		     size_t *rows)
{
	struct reading in = { .reply = reply, .fn = fn, .ud = ud };

	*rows = 0;
	if (hp_json_type(reply, "", "") == HERALD_JSON_ARRAY)
		return read_mixed(&in, "", rows);
	if (hp_json_type(reply, "/response", "") == HERALD_JSON_ARRAY)
		return read_mixed(&in, "/response", rows);
	if (hp_json_type(reply, "/response/Attribute", "") != HERALD_JSON_ARRAY)
		return false;
	*rows = hp_json_size(reply, "/response/Attribute", "");
	return read_list(&in, "/response/Attribute", NULL);
}
