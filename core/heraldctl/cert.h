/* cert.h - what a server shows to prove who it is */
#ifndef HD_HERALDCTL_CERT_H
#define HD_HERALDCTL_CERT_H

#include <stdbool.h>

#define HD_CERT_TEXT 1024

struct hd_cert {
	char *pem; /* as it came */
	char subject[HD_CERT_TEXT], issuer[HD_CERT_TEXT];
	char names[HD_CERT_TEXT]; /* "DNS:a, IP Address:192.0.2.1" */
	char from[64], until[64]; /* UTC */
	char fingerprint[96];	  /* "SHA256 of it: AB:CD:..." */
	char pin[64];		  /* "sha256//BASE64" of its public key */
	bool current;		  /* it is between its dates */
	bool fits;		  /* it was made for this host */
	bool vouched; /* an authority of this system stands for all that */
};

/* Connects to the address (https, smtp with STARTTLS, smtps) and takes the
 * server's own certificate, which is believed in nothing.  `host` NULL: that of
 * the address.  -1 and why, in `why`. */
int hd_cert_fetch(const char *url, const char *host, struct hd_cert *out,
		  char why[HD_CERT_TEXT]);
void hd_cert_fini(struct hd_cert *cert);

#endif
