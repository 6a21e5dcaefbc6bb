#include "core/cel/build.h"

#include "core/cel/eval.h"

static bool make_room(struct hd_cel_build *b, size_t n)
{
	size_t cap = b->cap != 0 ? b->cap : 64;
	char *p;

	if (b->failed || b->cap - b->n >= n)
		return !b->failed;
	while (cap - b->n < n)
		cap *= 2;
	p = hd_cel_call_alloc(b->call, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	if (b->n != 0)
		memcpy(p, b->p, b->n);
	b->p = p;
	b->cap = cap;
	return true;
}

void hd_cel_build_add(struct hd_cel_build *b, const char *p, size_t n)
{
	if (n == 0 || !make_room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void hd_cel_build_adds(struct hd_cel_build *b, const char *text)
{
	hd_cel_build_add(b, text, strlen(text));
}

void hd_cel_build_addc(struct hd_cel_build *b, char c)
{
	hd_cel_build_add(b, &c, 1);
}

struct hd_cel_value hd_cel_build_done(struct hd_cel_build *b)
{
	if (b->failed)
		return hd_cel_stopped(b->call);
	return hd_cel_stringn(b->p ? b->p : "", b->n);
}
