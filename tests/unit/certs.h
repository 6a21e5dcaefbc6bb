/* certs.h - certificates made when the test runs
 */
#ifndef TESTS_UNIT_CERTS_H
#define TESTS_UNIT_CERTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct made {
	X509 *cert;
	EVP_PKEY *key;
	char *cert_pem, *key_pem;
	char pin[64]; /* "sha256//..." */
};

/* A certificate for `san` ("DNS:a,IP:127.0.0.1"; NULL: an authority), valid
 * from and for so many days (from now), signed by `issuer` (NULL: itself). */
void certs_make(struct made *out, const char *san, int from_days, int days,
		const struct made *issuer);
void certs_free(struct made *made);

/* Writes `text` to a new file; the caller unlinks and frees the name. */
char *certs_file(const char *text);

#endif
