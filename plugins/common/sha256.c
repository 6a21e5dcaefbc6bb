#include "common/sha256.h"

#include <openssl/evp.h>

#define SIZE 32

bool hp_sha256_hex(herald_str text, char out[HP_SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL) != 1 ||
	    n != SIZE)
		return false;
	for (size_t i = 0; i < SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * SIZE] = '\0';
	return true;
}
