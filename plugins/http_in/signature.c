#include "http_in/signature.h"

#include "common/sign.h"
#include "common/text.h"

#define DIGITS_MAX 12

bool http_in_github_is_sound(herald_str key, const char *header,
			     herald_str body)
{
	static const char word[] = "sha256=";
	char hex[HP_HMAC_HEX];
	herald_str given = herald_cstr(header);

	if (given.n < sizeof(word) - 1 ||
	    memcmp(given.p, word, sizeof(word) - 1) != 0)
		return false;
	given.p += sizeof(word) - 1;
	given.n -= sizeof(word) - 1;
	return hp_hmac_sha256_hex(key, body, hex) &&
	       hp_same_secretly(given, herald_cstr(hex));
}

/* Is one of the list the right one?  All are looked at. */
static bool has_signature(herald_str list, herald_str wanted)
{
	bool has = false;

	while (list.n > 0) {
		const char *blank = memchr(list.p, ' ', list.n);
		size_t n = blank ? (size_t)(blank - list.p) : list.n;

		if (hp_same_secretly((herald_str){ list.p, n }, wanted))
			has = true;
		list.p += blank ? n + 1 : n;
		list.n -= blank ? n + 1 : n;
	}
	return has;
}

bool http_in_standard_is_sound(herald_str key, const char *const *headers,
			       herald_str body)
{
	herald_str id = herald_cstr(herald_pair(headers, "webhook-id"));
	herald_str time = herald_cstr(
		herald_pair(headers, "webhook-timestamp"));
	const char *list = herald_pair(headers, "webhook-signature");
	char wanted[HP_WEBHOOK_SIZE];

	/* A full stop in it could move what is signed. */
	if (id.n == 0 || memchr(id.p, '.', id.n) || !time.p || !list)
		return false;
	return hp_webhook_sign(key, id, time, body, wanted) &&
	       has_signature(herald_cstr(list), herald_cstr(wanted));
}

bool http_in_standard_is_timely(const char *const *headers, int64_t utc_s)
{
	herald_str text = herald_cstr(
		herald_pair(headers, "webhook-timestamp"));
	int64_t seconds = 0, apart;

	if (text.n > DIGITS_MAX || !hp_str_is_digits(text))
		return false;
	for (size_t i = 0; i < text.n; i++)
		seconds = 10 * seconds + (text.p[i] - '0');
	apart = seconds > utc_s ? seconds - utc_s : utc_s - seconds;
	return apart <= HTTP_IN_TOLERANCE_S;
}
