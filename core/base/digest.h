/* digest.h - SHA-256, HMAC, random bytes, hex, constant-time compare
 *
 * Thin over OpenSSL, so that no other file names an algorithm.
 */
#ifndef HD_BASE_DIGEST_H
#define HD_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#define HD_SHA256_SIZE 32
#define HD_SHA256_HEX 65 /* with '\0' */

struct hd_err;

/* Digest of `n` bytes. [any] */
void hd_sha256(const void *p, size_t n, uint8_t out[HD_SHA256_SIZE]);

/* The same as lower-case hex text. [any] */
void hd_sha256_hex(const void *p, size_t n, char out[HD_SHA256_HEX]);

/* Digest of several pieces; each is preceded by its length (8 bytes, little
 * endian), so that {"ab","c"} and {"a","bc"} differ. [any] */
struct hd_piece {
	const void *p;
	size_t n;
};
void hd_sha256_pieces(const struct hd_piece *pieces, size_t count,
		      uint8_t out[HD_SHA256_SIZE]);

/* HMAC-SHA-256. [any] */
void hd_hmac_sha256(const void *key, size_t key_n, const void *p, size_t n,
		    uint8_t out[HD_SHA256_SIZE]);

/* Hex SHA-256 of the canonical text of `value` (members sorted, no blanks).
 * -1 when it cannot be written (memory). [any] */
int hd_json_digest(const json_t *value, char out[HD_SHA256_HEX]);

/* Lower-case hex of `n` bytes; out holds 2n+1. [any] */
void hd_hex(const void *p, size_t n, char *out);

/* Random bytes from the system; ends the process if there are none. [any] */
void hd_random(void *p, size_t n);

/* Frees what OpenSSL keeps for the calling thread (its errors, random state);
 * for threads that nobody joins before the process ends. [any] */
void hd_crypto_thread_end(void);

/* True if both are equal; takes as long whatever they differ in, given the
 * same lengths. [any] */
bool hd_equal_secret(const void *a, size_t an, const void *b, size_t bn);

#endif
