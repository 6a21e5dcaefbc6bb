#include "common/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/text.h"

static const char nowhere[] = "/ ";

const char *hp_path(struct hp_path *path, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path->text, sizeof(path->text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path->text))
		memcpy(path->text, nowhere, sizeof(nowhere));
	return path->text;
}

static const char *join(struct hp_path *path, const char *base,
			const char *rest)
{
	size_t n = strlen(base), m = strlen(rest);

	if (m == 0)
		return base;
	if (n + m >= sizeof(path->text))
		return nowhere;
	memcpy(path->text, base, n);
	memcpy(path->text + n, rest, m + 1);
	return path->text;
}

bool hp_json_open(struct hp_json *j, const herald_host *h, herald_str text)
{
	*j = (struct hp_json){ .h = h, .d = h->json_parse(h, text, NULL) };
	j->failed = !j->d;
	return j->d;
}

void hp_json_close(struct hp_json *j)
{
	if (j->d)
		j->h->json_free(j->d);
	j->d = NULL;
}

static uint32_t get(struct hp_json *j, const char *base, const char *rest,
		    herald_str *out)
{
	struct hp_path whole;

	if (out)
		*out = (herald_str){ NULL, 0 };
	if (!j->d)
		return HERALD_JSON_NONE;
	return j->h->json_get(j->d, join(&whole, base, rest), out);
}

uint32_t hp_json_type(struct hp_json *j, const char *base, const char *rest)
{
	return get(j, base, rest, NULL);
}

size_t hp_json_size(struct hp_json *j, const char *base, const char *rest)
{
	struct hp_path whole;

	if (!j->d)
		return 0;
	return j->h->json_size(j->d, join(&whole, base, rest));
}

herald_str hp_json_text(struct hp_json *j, const char *base, const char *rest)
{
	herald_str text;

	switch (get(j, base, rest, &text)) {
	case HERALD_JSON_STRING:
	case HERALD_JSON_INT:
	case HERALD_JSON_REAL:
		return text;
	default:
		return (herald_str){ NULL, 0 };
	}
}

const char *hp_json_cstr(struct hp_json *j, const char *base, const char *rest)
{
	herald_str text = hp_json_text(j, base, rest);

	return text.p ? text.p : "";
}

int64_t hp_json_int(struct hp_json *j, const char *base, const char *rest,
		    int64_t otherwise)
{
	herald_str text = hp_json_text(j, base, rest);
	char *end;
	long long value;

	if (!text.p || text.n == 0)
		return otherwise;
	errno = 0;
	value = strtoll(text.p, &end, 10);
	if (errno != 0 || end != text.p + text.n)
		return otherwise;
	return value;
}

bool hp_json_is_true(struct hp_json *j, const char *base, const char *rest)
{
	herald_str text;

	switch (get(j, base, rest, &text)) {
	case HERALD_JSON_TRUE:
		return true;
	case HERALD_JSON_INT:
	case HERALD_JSON_STRING:
		return hp_str_is(text, "1") ||
		       hp_str_same(text, HERALD_S("true"));
	default:
		return false;
	}
}

static void set(struct hp_json *j, const char *path, uint32_t type,
		herald_str text)
{
	if (!j->d)
		return;
	if (HERALD_CLASS(j->h->json_set(j->d, path, type, text)) != 0)
		j->failed = true;
}

void hp_json_put(struct hp_json *j, const char *path, herald_str text)
{
	if (text.p && text.n > 0)
		set(j, path, HERALD_JSON_STRING, text);
}

void hp_json_put_int(struct hp_json *j, const char *path, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	set(j, path, HERALD_JSON_INT, herald_cstr(text));
}

void hp_json_put_bool(struct hp_json *j, const char *path, bool value)
{
	set(j, path, value ? HERALD_JSON_TRUE : HERALD_JSON_FALSE,
	    (herald_str){ NULL, 0 });
}

void hp_json_put_copy(struct hp_json *j, const char *path, struct hp_json *from,
		      const char *from_base, const char *from_rest)
{
	struct hp_path room;
	const char *whole = join(&room, from_base, from_rest);

	if (!j->d || !from->d)
		return;
	if (HERALD_CLASS(j->h->json_copy(j->d, path, from->d, whole)) != 0)
		j->failed = true;
}

herald_str hp_json_all(struct hp_json *j)
{
	if (!j->d || j->failed)
		return (herald_str){ NULL, 0 };
	return j->h->json_text(j->d);
}
