#include "common/strikes.h"

#include <stddef.h>

#define MINUTE_MS INT64_C(60000)

static void address_of(herald_str peer, char out[64])
{
	size_t n = peer.n;

	/* "[2001:db8::1]:4711", "192.0.2.1:4711", "uid 0" */
	while (n > 0 && peer.p[n - 1] >= '0' && peer.p[n - 1] <= '9')
		n--;
	if (n > 1 && peer.p[n - 1] == ':')
		peer.n = n - 1;
	n = peer.n < 63 ? peer.n : 63;
	if (n > 0)
		memcpy(out, peer.p, n);
	out[n] = '\0';
}

static size_t find(const struct hp_strikes *strikes, const char *address)
{
	size_t i = 0;

	while (i < HP_STRIKES_ROWS &&
	       strcmp(strikes->rows[i].address, address) != 0)
		i++;
	return i;
}

int64_t hp_strikes_wait_ms(const struct hp_strikes *strikes, herald_str peer,
			   int64_t now_ms)
{
	char address[64];
	int64_t left;
	size_t i;

	address_of(peer, address);
	i = find(strikes, address);
	if (address[0] == '\0' || i == HP_STRIKES_ROWS)
		return 0;
	left = strikes->rows[i].since_ms + MINUTE_MS - now_ms;
	if (strikes->rows[i].count < HP_STRIKES_LIMIT || left <= 0)
		return 0;
	return left;
}

/* A row of its own, or that of who struck longest ago. */
static size_t take_row(struct hp_strikes *strikes, const char *address,
		       int64_t now_ms)
{
	size_t i = find(strikes, address), oldest = 0;

	if (i == HP_STRIKES_ROWS) {
		for (size_t k = 1; k < HP_STRIKES_ROWS; k++) {
			if (strikes->rows[k].since_ms <
			    strikes->rows[oldest].since_ms)
				oldest = k;
		}
		i = find(strikes, "");
		if (i == HP_STRIKES_ROWS)
			i = oldest;
		memcpy(strikes->rows[i].address, address, strlen(address) + 1);
		strikes->rows[i].count = 0;
	}
	if (strikes->rows[i].count == 0 ||
	    now_ms - strikes->rows[i].since_ms >= MINUTE_MS) {
		strikes->rows[i].since_ms = now_ms;
		strikes->rows[i].count = 0;
	}
	return i;
}

bool hp_strikes_add(struct hp_strikes *strikes, herald_str peer, int64_t now_ms)
{
	char address[64];

	address_of(peer, address);
	if (address[0] == '\0')
		return false;
	return ++strikes->rows[take_row(strikes, address, now_ms)].count ==
	       HP_STRIKES_LIMIT;
}
