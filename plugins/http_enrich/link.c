#include "http_enrich/link.h"

#include <stdbool.h>

#include "common/text.h"

/* What is left to be read. */
struct reader {
	const char *p, *end;
};

struct link {
	herald_str target;
	bool next, has_rel, has_anchor;
};

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static herald_str read_until(struct reader *r, const char *stops)
{
	herald_str s = { r->p, 0 };

	while (r->p < r->end && !strchr(stops, *r->p))
		r->p++;
	s.n = (size_t)(r->p - s.p);
	return s;
}

/* Without its quotes; escapes are left in, no relation type has any. */
static bool read_quoted(struct reader *r, herald_str *out)
{
	out->p = r->p;
	while (r->p < r->end && *r->p != '"')
		r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
	out->n = (size_t)(r->p - out->p);
	return take(r, '"');
}

static bool read_value(struct reader *r, herald_str *out)
{
	if (take(r, '"'))
		return read_quoted(r, out);
	*out = read_until(r, ";, \t");
	return true;
}

/* Relation types are separated by blanks, their case does not count. */
static bool names_next(herald_str rel)
{
	struct reader r = { rel.p, rel.p + rel.n };

	while (r.p < r.end) {
		if (hp_str_same(read_until(&r, " "), HERALD_S("next")))
			return true;
		r.p += r.p < r.end;
	}
	return false;
}

static bool read_param(struct reader *r, struct link *link)
{
	herald_str name, value = HERALD_S("");

	skip_blanks(r);
	name = read_until(r, "=;, \t");
	if (take(r, '=') && !read_value(r, &value))
		return false;
	if (hp_str_same(name, HERALD_S("anchor")))
		link->has_anchor = true;
	/* Of several the first counts. */
	if (hp_str_same(name, HERALD_S("rel")) && !link->has_rel) {
		link->has_rel = true;
		link->next = names_next(value);
	}
	return true;
}

static bool read_link(struct reader *r, struct link *link)
{
	if (!take(r, '<'))
		return false;
	link->target = read_until(r, ">");
	if (!take(r, '>'))
		return false;
	while (take(r, ';'))
		if (!read_param(r, link))
			return false;
	skip_blanks(r);
	return r->p == r->end || *r->p == ',';
}

herald_str http_enrich_link_next(herald_str header)
{
	struct reader r = { header.p, header.p + header.n };

	for (;;) {
		struct link link = { .next = false };

		while (take(&r, ',')) /* empty members are allowed */
			;
		if (r.p == r.end || !read_link(&r, &link))
			return (herald_str){ NULL, 0 };
		if (link.next && !link.has_anchor)
			return link.target;
	}
}
