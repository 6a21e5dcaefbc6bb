#include "cmdb_enrich/page.h"

#include "cmdb_enrich/address.h"
#include "cmdb_enrich/key.h"
#include "common/text.h"

#define VALUE_MAX 1024 /* bytes that are kept */
#define LIST_MAX 32

int64_t cmdb_page_count(struct hp_json *body)
{
	int64_t shown = (int64_t)hp_json_size(body, "/results", "");
	int64_t count = hp_json_int(body, "/count", "", -1);

	if (hp_json_type(body, "/results", "") != HERALD_JSON_ARRAY)
		return -1;
	if (count < 0 && hp_json_text(body, "/next", "").n > 0)
		count = shown + 1;
	return count > shown ? count : shown;
}

/* What there is to say of the value at `at`, but for lists. */
static herald_str text_at(struct hp_json *body, const char *at)
{
	static const char *const members[] = { "/value", "/name", "/display" };
	herald_str text = hp_json_text(body, at, "");

	if (hp_json_type(body, at, "") == HERALD_JSON_TRUE)
		return HERALD_S("true");
	if (hp_json_type(body, at, "") == HERALD_JSON_FALSE)
		return HERALD_S("false");
	for (size_t i = 0;
	     text.n == 0 && i < sizeof(members) / sizeof(members[0]); i++)
		text = hp_json_text(body, at, members[i]);
	return hp_str_trim(text);
}

static void add_list(struct hp_text *out, struct hp_json *body, const char *at)
{
	size_t n = hp_json_size(body, at, "");
	struct hp_path item;

	for (size_t i = 0; i < n && i < LIST_MAX; i++) {
		herald_str text = text_at(body,
					  hp_path(&item, "%s/%zu", at, i));

		if (text.n > 0 && out->n > 0)
			hp_text_add(out, HERALD_S(";"));
		hp_text_add(out, text);
	}
}

/* "a.b" below `at` as a pointer; false if it is too long. */
static bool place_of(char *out, size_t size, const char *at, const char *path)
{
	char parent[HP_PATH_MAX];
	const char *end;

	snprintf(out, size, "%s", at);
	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '.');
		snprintf(parent, sizeof(parent), "%s", out);
		if (!herald_pointer(out, size, parent,
				    (herald_str){ path, (size_t)(end - path) }))
			return false;
	}
	return true;
}

char *cmdb_page_value(struct hp_json *body, const char *at, const char *path)
{
	char where[HP_PATH_MAX], *copy;
	struct hp_text text;

	if (!place_of(where, sizeof(where), at, path))
		return NULL;
	hp_text_init(&text, VALUE_MAX);
	if (hp_json_type(body, where, "") == HERALD_JSON_ARRAY)
		add_list(&text, body, where);
	else
		hp_text_add(&text, text_at(body, where));
	copy = text.n > 0 ? hp_str_dup(hp_text_str(&text)) : NULL;
	hp_text_fini(&text);
	return copy;
}

static bool has_mac(struct hp_json *body, const char *at, herald_str mac)
{
	struct cmdb_key want, is;

	return cmdb_key_mac(mac, &want) &&
	       cmdb_key_mac(hp_json_text(body, at, "/mac_address"), &is) &&
	       memcmp(want.text, is.text, is.n) == 0;
}

bool cmdb_page_is_of_mac(struct hp_json *body, const char *at, herald_str mac)
{
	size_t n = hp_json_size(body, at, "/mac_addresses");
	bool found = has_mac(body, at, mac);
	struct hp_path item;

	for (size_t i = 0; !found && i < n; i++)
		found = has_mac(body,
				hp_path(&item, "%s/mac_addresses/%zu", at, i),
				mac);
	return found;
}

bool cmdb_page_is_of_ip(struct hp_json *body, const char *at, herald_str ip)
{
	herald_str text = hp_json_text(body, at, "/address");
	const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	struct cmdb_network want, is;

	if (slash)
		text.n = (size_t)(slash - text.p);
	return cmdb_network_parse(ip, &want) && cmdb_network_parse(text, &is) &&
	       memcmp(&want, &is, sizeof(is)) == 0;
}
