#include "tests/unit/certs.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "certs: %s\n", what);
	abort();
}

static char *text_of(BIO *bio)
{
	char *p, *text;
	long n = BIO_get_mem_data(bio, &p);

	text = strndup(p, (size_t)n);
	BIO_free(bio);
	return text;
}

static void write_pem(struct made *m)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(PEM_write_bio_X509(bio, m->cert), "PEM");
	m->cert_pem = text_of(bio);
	bio = BIO_new(BIO_s_mem());
	must(PEM_write_bio_PrivateKey(bio, m->key, NULL, NULL, 0, NULL, NULL),
	     "PEM");
	m->key_pem = text_of(bio);
}

static void make_pin(struct made *m)
{
	unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
	int n = i2d_PUBKEY(m->key, &der);

	must(n > 0, "DER");
	SHA256(der, (size_t)n, digest);
	OPENSSL_free(der);
	memcpy(m->pin, "sha256//", 8);
	EVP_EncodeBlock((unsigned char *)m->pin + 8, digest, sizeof(digest));
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(ext && X509_add_ext(cert, ext, -1), value);
	X509_EXTENSION_free(ext);
}

void certs_make(struct made *m, const char *san, int from_days, int days,
		const struct made *issuer)
{
	X509_NAME *name;
	uint64_t serial;

	memset(m, 0, sizeof(*m));
	m->key = EVP_EC_gen("P-256");
	m->cert = X509_new();
	must(m->key && m->cert, "key");
	RAND_bytes((unsigned char *)&serial, sizeof(serial));
	X509_set_version(m->cert, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(m->cert), serial >> 1);
	X509_gmtime_adj(X509_getm_notBefore(m->cert), from_days * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(m->cert),
			(from_days + days) * 86400L);
	X509_set_pubkey(m->cert, m->key);
	name = X509_get_subject_name(m->cert);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC,
		(const unsigned char *)(san ? "herald test" : "herald test CA"),
		-1, -1, 0);
	X509_set_issuer_name(m->cert,
			     issuer ? X509_get_subject_name(issuer->cert)
				    : name);
	if (san)
		add_extension(m->cert, NID_subject_alt_name, san);
	else
		add_extension(m->cert, NID_basic_constraints,
			      "critical,CA:TRUE");
	must(X509_sign(m->cert, issuer ? issuer->key : m->key, EVP_sha256()),
	     "sign");
	write_pem(m);
	make_pin(m);
}

void certs_free(struct made *m)
{
	X509_free(m->cert);
	EVP_PKEY_free(m->key);
	free(m->cert_pem);
	free(m->key_pem);
}

char *certs_file(const char *text)
{
	char *path = strdup("/tmp/herald-test-XXXXXX");
	int fd = mkstemp(path);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	     path);
	close(fd);
	return path;
}
