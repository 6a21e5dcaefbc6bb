#include "common/content.h"

#include "common/text.h"

#define SUFFIX HERALD_S("+json")

static bool ends_with(herald_str s, herald_str end)
{
	return s.n > end.n &&
	       hp_str_same((herald_str){ s.p + s.n - end.n, end.n }, end);
}

bool hp_content_is_json(const char *type)
{
	herald_str kind;

	if (!type)
		return true;
	kind = hp_str_trim((herald_str){ type, strcspn(type, ";") });
	return kind.n == 0 || hp_str_same(kind, HERALD_S("application/json")) ||
	       hp_str_same(kind, HERALD_S("text/json")) ||
	       hp_str_same(kind, HERALD_S("application/x-ndjson")) ||
	       ends_with(kind, SUFFIX);
}
