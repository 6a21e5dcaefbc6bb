#include "common/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define KEY_WORD "whsec_"

static bool digest(EVP_MAC_CTX *ctx, herald_str key, const herald_str *parts,
		   size_t count, unsigned char out[HP_HMAC_SIZE])
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", name, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t n = 0;

	if (EVP_MAC_init(ctx, (const unsigned char *)key.p, key.n, params) != 1)
		return false;
	for (size_t i = 0; i < count; i++) {
		const unsigned char *p = (const unsigned char *)parts[i].p;

		if (parts[i].n > 0 && EVP_MAC_update(ctx, p, parts[i].n) != 1)
			return false;
	}
	return EVP_MAC_final(ctx, out, &n, HP_HMAC_SIZE) == 1 &&
	       n == HP_HMAC_SIZE;
}

bool hp_hmac_sha256(herald_str key, const herald_str *parts, size_t count,
		    unsigned char out[HP_HMAC_SIZE])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	bool ok = ctx && digest(ctx, key, parts, count, out);

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return ok;
}

bool hp_hmac_sha256_hex(herald_str key, herald_str text, char out[HP_HMAC_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[HP_HMAC_SIZE];

	if (!hp_hmac_sha256(key, &text, 1, mac))
		return false;
	for (size_t i = 0; i < sizeof(mac); i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[HP_HMAC_HEX - 1] = '\0';
	return true;
}

/* The key behind its word, decoded to `room`; any other key as it is. */
static bool read_key(herald_str *key, unsigned char room[HP_KEY_MAX])
{
	size_t word = sizeof(KEY_WORD) - 1, n;
	herald_str rest;

	if (key->n < word || memcmp(key->p, KEY_WORD, word) != 0)
		return key->n > 0;
	rest = (herald_str){ key->p + word, key->n - word };
	if (rest.n > HP_KEY_MAX || !hp_base64_read(rest, room, &n))
		return false;
	*key = (herald_str){ (const char *)room, n };
	return n > 0;
}

bool hp_webhook_sign(herald_str key, herald_str id, herald_str timestamp,
		     herald_str body, char out[HP_WEBHOOK_SIZE])
{
	const herald_str parts[] = { id, HERALD_S("."), timestamp,
				     HERALD_S("."), body };
	unsigned char room[HP_KEY_MAX], mac[HP_HMAC_SIZE];
	bool ok = read_key(&key, room) &&
		  hp_hmac_sha256(key, parts, sizeof(parts) / sizeof(parts[0]),
				 mac);

	OPENSSL_cleanse(room, sizeof(room));
	if (!ok)
		return false;
	memcpy(out, "v1,", 3);
	hp_base64(out + 3, mac, sizeof(mac));
	return true;
}

bool hp_same_secretly(herald_str a, herald_str b)
{
	return a.p && b.p && a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}
