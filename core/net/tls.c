#include "core/net/tls.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mutant.h"
#include "core/net/pem.h"

#define PIN_PREFIX "sha256//"
#define PIN_BASE64 44 /* 32 bytes */

/* Authorities read from a file are kept by libcurl; a file that was replaced
 * is believed after this time at the latest. */
#define CA_CACHE_S 60L

void hd_tls_policy_copy(struct hd_tls_policy *to,
			const struct hd_tls_policy *from)
{
	memset(to, 0, sizeof(*to));
	if (!from)
		return;
	to->insecure = from->insecure;
	to->ca_file = hd_strdup(from->ca_file);
	to->pin = hd_strdup(from->pin);
	to->server_name = hd_strdup(from->server_name);
	to->cert_file = hd_strdup(from->cert_file);
	to->key_file = hd_strdup(from->key_file);
}

void hd_tls_policy_fini(struct hd_tls_policy *policy)
{
	free((char *)policy->ca_file);
	free((char *)policy->pin);
	free((char *)policy->server_name);
	free((char *)policy->cert_file);
	free((char *)policy->key_file);
	memset(policy, 0, sizeof(*policy));
}

/* One "sha256//BASE64" of `n` bytes. */
static bool is_pin(const char *p, size_t n)
{
	size_t i, head = sizeof(PIN_PREFIX) - 1;

	if (n != head + PIN_BASE64 || memcmp(p, PIN_PREFIX, head) != 0)
		return false;
	for (i = head; i < n - 1; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '+' && p[i] != '/')
			return false;
	return p[n - 1] == '=';
}

static int check_pin(const char *pin, struct hd_err *err)
{
	size_t n;

	for (;;) {
		n = strcspn(pin, ";");
		if (!is_pin(pin, n))
			return hd_err_set(err, EINVAL,
					  "tls.pin: not sha256// and 44 "
					  "characters of base64");
		if (!pin[n])
			return 0;
		pin += n + 1;
	}
}

static int check_ca(const char *path, struct hd_err *err)
{
	char *pem = hd_pem_load(path, err);
	int rc;

	if (!pem)
		return hd_err_wrap(err, "tls.ca_file");
	rc = hd_pem_check_certificates(pem, path, err);
	hd_pem_free(pem);
	return rc < 0 ? hd_err_wrap(err, "tls.ca_file") : 0;
}

/* As for every secret: a key that others can read proves nothing. */
static int check_key_mode(const char *path, struct hd_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return hd_err_sys(err, errno, "%s", path);
	if ((st.st_mode & S_IRWXO) == 0)
		return 0;
	return hd_err_set(err, EPERM,
			  "%s: mode %04o lets others in -> chmod o-rwx %s",
			  path, (unsigned)st.st_mode & 07777U, path);
}

static int check_own(const struct hd_tls_policy *policy, struct hd_err *err)
{
	const char *key_path = policy->key_file ? policy->key_file
						: policy->cert_file;
	char *cert = NULL, *key = NULL;
	int rc = -1;

	cert = hd_pem_load(policy->cert_file, err);
	if (!cert)
		goto out;
	key = hd_pem_load(key_path, err);
	if (!key)
		goto out;
	rc = check_key_mode(key_path, err);
	if (rc == 0)
		rc = hd_pem_check_certificates(cert, policy->cert_file, err);
	if (rc == 0)
		rc = hd_pem_check_pair(cert, key, key_path, err);
out:
	hd_pem_free(cert);
	hd_pem_free(key);
	return rc < 0 ? hd_err_wrap(err, "tls.cert_file, tls.key_file") : 0;
}

int hd_tls_policy_check(const struct hd_tls_policy *policy, struct hd_err *err)
{
	if (policy->insecure && (policy->ca_file || policy->pin))
		return hd_err_set(err, EINVAL,
				  "tls.verify: false beside tls.%s; leave "
				  "verify out",
				  policy->pin ? "pin" : "ca_file");
	if (policy->key_file && !policy->cert_file)
		return hd_err_set(err, EINVAL,
				  "tls.key_file without tls.cert_file");
	if (policy->pin && check_pin(policy->pin, err) < 0)
		return -1;
	if (policy->ca_file && check_ca(policy->ca_file, err) < 0)
		return -1;
	return policy->cert_file ? check_own(policy, err) : 0;
}

/* A folder of authorities beside the file would keep the system's in force
 * when `ca_file` names others, and keeps libcurl from caching what it read
 * (10 ms for each handshake). */
static CURLcode set_authorities(CURL *easy, const struct hd_tls_policy *policy)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	CURLcode rc = CURLE_OK;

	if (policy->ca_file)
		rc = curl_easy_setopt(easy, CURLOPT_CAINFO, policy->ca_file);
	if (rc == CURLE_OK && (policy->ca_file || v->cainfo))
		rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT,
				      CA_CACHE_S);
	return rc;
}

static CURLcode set_own(CURL *easy, const struct hd_tls_policy *policy)
{
	CURLcode rc;

	if (!policy->cert_file)
		return CURLE_OK;
	rc = curl_easy_setopt(easy, CURLOPT_SSLCERT, policy->cert_file);
	if (rc == CURLE_OK && policy->key_file)
		rc = curl_easy_setopt(easy, CURLOPT_SSLKEY, policy->key_file);
	return rc;
}

CURLcode hd_tls_apply(CURL *easy, const struct hd_tls_policy *policy)
{
	bool chain = !policy->insecure && (!policy->pin || policy->ca_file);
	CURLcode rc;

	if (hd_mutant("tls_noverify"))
		chain = false;
	rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			      (long)CURL_SSLVERSION_TLSv1_2);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
				      chain ? 1L : 0L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
				      chain ? 2L : 0L);
	if (rc == CURLE_OK && policy->pin)
		rc = curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY,
				      policy->pin);
	if (rc == CURLE_OK)
		rc = set_authorities(easy, policy);
	return rc == CURLE_OK ? set_own(easy, policy) : rc;
}

bool hd_tls_is_distrust(CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CACERT_BADFILE:
		return true;
	default:
		return false;
	}
}

void hd_tls_remedy(struct hd_buf *out, CURLcode code, const char *name)
{
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		hd_buf_addf(out,
			    "; its key is not the one in tls.pin: find out why "
			    "before you change that -> heraldctl trust %s",
			    name);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		hd_buf_adds(out, "; TLS 1.2 or later is required");
	else if (hd_tls_is_distrust(code))
		hd_buf_addf(out,
			    " -> heraldctl trust %s, or set tls.ca_file or "
			    "tls.pin (another name in the certificate: "
			    "tls.server_name)",
			    name);
}
