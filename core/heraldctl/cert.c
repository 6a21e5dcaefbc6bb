#include "core/heraldctl/cert.h"

#include <curl/curl.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

#define CONNECT_S 15L
#define DIGEST_BYTES 32

/* ---- the connection ---- */

static CURL *open_handle(const char *url, bool verify)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	return easy;
}

/* The caller frees it; NULL if there is none. */
static char *first_pem(CURL *easy)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    !info || info->num_of_certs == 0)
		return NULL;
	for (struct curl_slist *s = info->certinfo[0]; s; s = s->next)
		if (strncmp(s->data, "Cert:", 5) == 0)
			return hd_strdup(s->data + 5);
	return NULL;
}

static char *fetch_pem(const char *url, char why[HD_CERT_TEXT])
{
	CURL *easy = open_handle(url, false);
	CURLcode rc = easy ? curl_easy_perform(easy) : CURLE_OUT_OF_MEMORY;
	char *pem = rc == CURLE_OK ? first_pem(easy) : NULL;

	if (rc != CURLE_OK)
		snprintf(why, HD_CERT_TEXT, "%s", curl_easy_strerror(rc));
	else if (!pem)
		snprintf(why, HD_CERT_TEXT, "it shows no certificate");
	curl_easy_cleanup(easy);
	return pem;
}

static bool is_vouched(const char *url)
{
	CURL *easy = open_handle(url, true);
	CURLcode rc = easy ? curl_easy_perform(easy) : CURLE_OUT_OF_MEMORY;

	curl_easy_cleanup(easy);
	return rc == CURLE_OK;
}

/* ---- what it says ---- */

/* What a BIO holds, as text of one line. */
static void take_text(BIO *bio, char *out, size_t size)
{
	int n = BIO_read(bio, out, (int)size - 1);

	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static void read_name(const X509_NAME *name, char out[HD_CERT_TEXT])
{
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, name, 0,
			   XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	take_text(bio, out, HD_CERT_TEXT);
}

static void read_time(const ASN1_TIME *time, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ASN1_TIME_print_ex(bio, time, ASN1_DTFLGS_ISO8601);
	take_text(bio, out, size);
}

static void read_names(X509 *cert, char out[HD_CERT_TEXT])
{
	int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
	BIO *bio = BIO_new(BIO_s_mem());

	if (at >= 0)
		X509V3_EXT_print(bio, X509_get_ext(cert, at), 0, 0);
	take_text(bio, out, HD_CERT_TEXT);
}

static void read_fingerprint(X509 *cert, char out[96])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	X509_digest(cert, EVP_sha256(), digest, &n);
	for (unsigned i = 0; i < n && i < DIGEST_BYTES; i++)
		snprintf(out + (size_t)i * 3, 4, "%02X%s", digest[i],
			 i + 1 < n ? ":" : "");
}

/* As CURLOPT_PINNEDPUBLICKEY has it. */
static void read_pin(X509 *cert, char out[64])
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned n = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	out[0] = '\0';
	if (len <= 0 ||
	    !EVP_Digest(der, (size_t)len, digest, &n, EVP_sha256(), NULL))
		goto out;
	memcpy(out, "sha256//", 9);
	EVP_EncodeBlock((unsigned char *)out + 8, digest, DIGEST_BYTES);
out:
	OPENSSL_free(der);
}

static char *host_of(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL, *copy = NULL;
	size_t n;

	if (u && curl_url_set(u, CURLUPART_URL, url,
			      CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &host, 0);
	if (host) { /* an IPv6 address stands in brackets */
		n = strlen(host);
		copy = host[0] == '[' && n > 2 ? hd_memdup0(host + 1, n - 2)
					       : hd_strdup(host);
	}
	curl_free(host);
	curl_url_cleanup(u);
	return copy;
}

static bool is_for(X509 *cert, const char *host)
{
	return host && (X509_check_host(cert, host, 0, 0, NULL) == 1 ||
			X509_check_ip_asc(cert, host, 0) == 1);
}

static void read_all(X509 *cert, const char *host, struct hd_cert *out)
{
	read_name(X509_get_subject_name(cert), out->subject);
	read_name(X509_get_issuer_name(cert), out->issuer);
	read_names(cert, out->names);
	read_time(X509_get0_notBefore(cert), out->from, sizeof(out->from));
	read_time(X509_get0_notAfter(cert), out->until, sizeof(out->until));
	read_fingerprint(cert, out->fingerprint);
	read_pin(cert, out->pin);
	out->current = X509_cmp_current_time(X509_get0_notBefore(cert)) < 0 &&
		       X509_cmp_current_time(X509_get0_notAfter(cert)) > 0;
	out->fits = is_for(cert, host);
}

int hd_cert_fetch(const char *url, const char *host, struct hd_cert *out,
		  char why[HD_CERT_TEXT])
{
	char *own = host ? hd_strdup(host) : host_of(url);
	X509 *cert = NULL;
	BIO *bio;

	memset(out, 0, sizeof(*out));
	out->pem = fetch_pem(url, why);
	if (out->pem) {
		bio = BIO_new_mem_buf(out->pem, -1);
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
		if (!cert)
			snprintf(why, HD_CERT_TEXT,
				 "its certificate cannot be read");
	}
	if (cert) {
		read_all(cert, own, out);
		out->vouched = is_vouched(url);
	}
	X509_free(cert);
	free(own);
	if (!cert)
		hd_cert_fini(out);
	return cert ? 0 : -1;
}

void hd_cert_fini(struct hd_cert *cert)
{
	free(cert->pem);
	cert->pem = NULL;
}
