#include "core/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"

/* More than any tree that was read from bounded text can need. */
#define CANONICAL_MAX ((size_t)64 << 20)

static EVP_MD *sha256;
static pthread_key_t context_key;

/* A system without SHA-256 or random numbers cannot keep our promises. */
static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "herald: no %s: out of memory, or OpenSSL has none\n",
		what);
	abort();
}

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL, "SHA-256");
}

/* Fetched once: OpenSSL 3 searches its providers at each use otherwise. */
static const EVP_MD *get_sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_sha256);
	return sha256;
}

static void free_context(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void make_key(void)
{
	must(pthread_key_create(&context_key, free_context) == 0, "key");
}

/* One a thread, begun: making one anew costs more than a short digest. */
static EVP_MD_CTX *begin(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Thread_local EVP_MD_CTX *ctx;

	if (!ctx) {
		pthread_once(&once, make_key);
		ctx = EVP_MD_CTX_new();
		must(ctx != NULL && pthread_setspecific(context_key, ctx) == 0,
		     "SHA-256");
	}
	must(EVP_DigestInit_ex2(ctx, get_sha256(), NULL), "SHA-256");
	return ctx;
}

void hd_sha256(const void *p, size_t n, uint8_t out[HD_SHA256_SIZE])
{
	EVP_MD_CTX *ctx = begin();

	must(EVP_DigestUpdate(ctx, p, n) && EVP_DigestFinal_ex(ctx, out, NULL),
	     "SHA-256");
}

void hd_sha256_hex(const void *p, size_t n, char out[HD_SHA256_HEX])
{
	uint8_t digest[HD_SHA256_SIZE];

	hd_sha256(p, n, digest);
	hd_hex(digest, sizeof(digest), out);
}

static int add_piece(EVP_MD_CTX *ctx, const struct hd_piece *piece)
{
	uint8_t length[8];
	size_t i;

	for (i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)((uint64_t)piece->n >> (8 * i));
	return EVP_DigestUpdate(ctx, length, sizeof(length)) &&
	       EVP_DigestUpdate(ctx, piece->p, piece->n);
}

void hd_sha256_pieces(const struct hd_piece *pieces, size_t count,
		      uint8_t out[HD_SHA256_SIZE])
{
	EVP_MD_CTX *ctx = begin();
	int ok = 1;
	size_t i;

	for (i = 0; i < count && ok; i++)
		ok = add_piece(ctx, &pieces[i]);
	must(ok && EVP_DigestFinal_ex(ctx, out, NULL), "SHA-256");
}

void hd_hmac_sha256(const void *key, size_t key_n, const void *p, size_t n,
		    uint8_t out[HD_SHA256_SIZE])
{
	/* A NULL key would mean "the one before" to OpenSSL. */
	must(HMAC(get_sha256(), key_n != 0 ? key : "", (int)key_n, p, n, out,
		  NULL) != NULL,
	     "HMAC-SHA-256");
}

int hd_json_digest(const json_t *value, char out[HD_SHA256_HEX])
{
	struct hd_buf text;
	int rc = -1;

	hd_buf_init(&text, CANONICAL_MAX);
	hd_json_write(&text, value, HD_JSON_SORTED);
	if (!hd_buf_failed(&text)) {
		hd_sha256_hex(hd_buf_text(&text), text.n, out);
		rc = 0;
	}
	hd_buf_fini(&text);
	return rc;
}

void hd_hex(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = p;
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

void hd_random(void *p, size_t n)
{
	uint8_t *out = p;
	ssize_t got;

	while (n > 0) {
		got = getrandom(out, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		must(got > 0, "random numbers");
		out += got;
		n -= (size_t)got;
	}
}

bool hd_equal_secret(const void *a, size_t an, const void *b, size_t bn)
{
	return an == bn && CRYPTO_memcmp(a, b, an) == 0;
}

void hd_crypto_thread_end(void)
{
	OPENSSL_thread_stop();
}
