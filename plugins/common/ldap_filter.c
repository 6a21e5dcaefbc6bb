#include "common/ldap_filter.h"

void hp_filter_value(struct hp_text *filter, herald_str value)
{
	size_t begin = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c != '\\' && c != '*' && c != '(' && c != ')' && c != '\0')
			continue;
		hp_text_add(filter, (herald_str){ value.p + begin, i - begin });
		hp_text_addf(filter, "\\%02x", (unsigned)c);
		begin = i + 1;
	}
	hp_text_add(filter, (herald_str){ value.p + begin, value.n - begin });
}

void hp_filter_is(struct hp_text *filter, const char *attribute,
		  const char *before, herald_str value)
{
	hp_text_addf(filter, "(%s=%s", attribute, before);
	hp_filter_value(filter, value);
	hp_text_add(filter, HERALD_S(")"));
}

/* The first three fields are little-endian in the directory. */
void hp_filter_guid(struct hp_text *filter, const char *guid)
{
	static const unsigned char order[16] = {
		6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34
	};

	hp_text_add(filter, HERALD_S("(objectGUID="));
	for (size_t i = 0; i < sizeof(order); i++)
		hp_text_addf(filter, "\\%.2s", guid + order[i]);
	hp_text_add(filter, HERALD_S(")"));
}
