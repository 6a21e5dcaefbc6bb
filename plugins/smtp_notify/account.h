/* account.h - the connector's options, told to a libcurl handle
 *
 * Where the server is, how the line is encrypted and whom we believe (the same
 * rules as for HTTP: verified unless told otherwise, a pin alone stands in for
 * chain, name and dates), and who we are.
 */
#ifndef HERALD_SMTP_ACCOUNT_H
#define HERALD_SMTP_ACCOUNT_H

#include <stdbool.h>

#include <curl/curl.h>

#include <herald/plugin.h>

struct smtp_account {
	bool has_secret; /* we must log in */
	bool starttls;	 /* the line is encrypted after a first EHLO */
	bool clear;	 /* it never is */
	struct curl_slist *route;
};

/* Sets everything that does not change from mail to mail.  USE_SSL_FAILED if a
 * secret would go over a line that is not encrypted.  `account` must live
 * as long as `easy`, then be ended by fini, also after a failure. [worker] */
CURLcode smtp_account_apply(struct smtp_account *account, CURL *easy,
			    const herald_host *h);
void smtp_account_fini(struct smtp_account *account);

#endif
