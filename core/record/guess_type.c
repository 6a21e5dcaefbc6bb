#include "core/record/guess_type.h"

#include <string.h>

#include "core/record/record.h"

int hd_guess_type(const char *value)
{
	static const struct {
		enum hd_kind kind;
		int type_id;
	} guesses[] = {
		{ HD_KIND_IP, 2 },     { HD_KIND_URL, 6 },
		{ HD_KIND_MD5, 8 },    { HD_KIND_SHA1, 8 },
		{ HD_KIND_SHA256, 8 }, { HD_KIND_SHA512, 8 },
		{ HD_KIND_MAC, 3 },    { HD_KIND_EMAIL, 5 },
		{ HD_KIND_DOMAIN, 1 },
	};
	char out[8192 + 1];

	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++)
		if (hd_kind_normalize(guesses[i].kind, value, strlen(value),
				      out, sizeof(out)) > 0)
			return guesses[i].type_id;
	return 0;
}
