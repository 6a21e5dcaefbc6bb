#include "smtp_notify/account.h"

#include <stdio.h>

#include "common/text.h"

#define SECRET_MAX 4096
#define ROUTE_MAX 600
#define CONNECT_MS 15000
#define DAY_MS INT64_C(86400000)

static CURLcode set_text(CURL *easy, CURLoption option, herald_str text)
{
	return text.n > 0 ? curl_easy_setopt(easy, option, text.p) : CURLE_OK;
}

/* ---- where ---- */

/* The certificate shall have another name than the address: the address gets
 * that name, and the connection goes where it went before. */
static CURLcode rename_host(struct smtp_account *account, CURL *easy,
			    CURLU *url, const char *name)
{
	char *host = NULL, *port = NULL, line[ROUTE_MAX];

	if (curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		    CURLUE_OK &&
	    curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK) {
		snprintf(line, sizeof(line), "::%s:%s", host, port);
		account->route = curl_slist_append(NULL, line);
	}
	curl_free(host);
	curl_free(port);
	if (!account->route)
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_setopt(easy, CURLOPT_CONNECT_TO, account->route);
}

/* The path is what we call ourselves in EHLO. */
static CURLcode fill_url(struct smtp_account *account, CURL *easy, CURLU *url,
			 const herald_host *h)
{
	herald_str name = h->option(h, "tls_server_name", 0);
	herald_str ehlo = h->option(h, "ehlo", 0);
	char *scheme = NULL;
	bool is_smtps;

	if (curl_url_set(url, CURLUPART_URL, h->option(h, "url", 0).p, 0) !=
	    CURLUE_OK)
		return CURLE_URL_MALFORMAT;
	if (ehlo.n > 0 &&
	    curl_url_set(url, CURLUPART_PATH, ehlo.p, 0) != CURLUE_OK)
		return CURLE_URL_MALFORMAT;
	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return CURLE_OUT_OF_MEMORY;
	is_smtps = hp_str_is(herald_cstr(scheme), "smtps");
	account->starttls = !is_smtps && h->number(h, "starttls") == 0;
	account->clear = !is_smtps && !account->starttls;
	curl_free(scheme);
	if (name.n > 0)
		return rename_host(account, easy, url, name.p);
	return CURLE_OK;
}

static CURLcode set_place(struct smtp_account *account, CURL *easy,
			  const herald_host *h)
{
	char *text = NULL;
	CURLU *url = curl_url();
	CURLcode rc;

	if (!url)
		return CURLE_OUT_OF_MEMORY;
	rc = fill_url(account, easy, url, h);
	if (rc == CURLE_OK &&
	    curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		rc = CURLE_URL_MALFORMAT;
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_URL, text);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
				      "smtp,smtps");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_free(text);
	curl_url_cleanup(url);
	return rc;
}

/* ---- whom we believe ---- */

static CURLcode set_trust(CURL *easy, const herald_host *h)
{
	herald_str ca = h->option(h, "tls_ca_file", 0);
	herald_str pin = h->option(h, "tls_pin", 0);
	bool blind = h->number(h, "tls_verify") == 0 &&
		     h->utc_ms(h) < h->number(h, "tls_until") + DAY_MS;
	bool chain = !blind && (pin.n == 0 || ca.n > 0);
	CURLcode rc;

	rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			      (long)CURL_SSLVERSION_TLSv1_2);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
				      chain ? 1L : 0L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
				      chain ? 2L : 0L);
	if (rc == CURLE_OK)
		rc = set_text(easy, CURLOPT_PINNEDPUBLICKEY, pin);
	if (rc == CURLE_OK)
		rc = set_text(easy, CURLOPT_CAINFO, ca);
	if (rc == CURLE_OK && ca.n > 0)
		rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	return rc;
}

/* ---- who we are ---- */

static CURLcode set_login(struct smtp_account *account, CURL *easy,
			  const herald_host *h)
{
	herald_str user = h->option(h, "user", 0);
	bool is_token = h->number(h, "login") != 0;
	char secret[SECRET_MAX + 1];
	size_t n = SECRET_MAX;
	uint32_t status = h->secret(h, "secret", secret, &n);
	CURLcode rc;

	if (status == HERALD_NOT_FOUND)
		return CURLE_OK; /* the server knows us by our address */
	if (status != HERALD_OK)
		return CURLE_BAD_FUNCTION_ARGUMENT;
	secret[n] = '\0';
	account->has_secret = true;
	if (account->clear) {
		explicit_bzero(secret, sizeof(secret));
		return CURLE_USE_SSL_FAILED;
	}
	if (user.n == 0)
		user = h->option(h, "from", 0);
	rc = curl_easy_setopt(easy, CURLOPT_USERNAME, user.p);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy,
				      is_token ? CURLOPT_XOAUTH2_BEARER
					       : CURLOPT_PASSWORD,
				      secret);
	/* Given a token, libcurl would prefer OAUTHBEARER. */
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS,
				      is_token ? "AUTH=XOAUTH2"
					       : "AUTH=PLAIN;AUTH=LOGIN");
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

CURLcode smtp_account_apply(struct smtp_account *account, CURL *easy,
			    const herald_host *h)
{
	CURLcode rc;

	*account = (struct smtp_account){ 0 };
	rc = set_place(account, easy, h);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_USE_SSL,
				      account->starttls
					      ? (long)CURLUSESSL_ALL
					      : (long)CURLUSESSL_NONE);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
				      (long)CONNECT_MS);
	if (rc == CURLE_OK)
		rc = set_trust(easy, h);
	return rc == CURLE_OK ? set_login(account, easy, h) : rc;
}

void smtp_account_fini(struct smtp_account *account)
{
	curl_slist_free_all(account->route);
	account->route = NULL;
}
