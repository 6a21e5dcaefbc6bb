#include "core/net/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/err.h"

static int read_all(int fd, struct hd_buf *buf)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		hd_buf_add(buf, piece, (size_t)n);
		if (hd_buf_failed(buf)) {
			errno = EFBIG;
			return -1;
		}
	}
	explicit_bzero(piece, sizeof(piece));
	return 0;
}

/* The buffer gets all its room at once: growing would leave copies of a key
 * behind. */
static char *read_file(const char *path, struct hd_err *err)
{
	struct hd_buf buf;
	char *text = NULL;
	int fd;

	hd_buf_init(&buf, HD_PEM_MAX);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !hd_buf_room(&buf, HD_PEM_MAX) ||
	    read_all(fd, &buf) < 0) {
		hd_err_sys(err, errno, "%s", path);
		goto out;
	}
	if (buf.n == 0) {
		hd_err_set(err, EINVAL, "%s: is empty", path);
		goto out;
	}
	text = hd_memdup0(buf.p, buf.n);
out:
	if (buf.p)
		explicit_bzero(buf.p, buf.n);
	hd_buf_fini(&buf);
	if (fd >= 0)
		close(fd);
	return text;
}

char *hd_pem_load(const char *from, struct hd_err *err)
{
	if (strncmp(from, "-----BEGIN", 10) == 0)
		return hd_strdup(from);
	return read_file(from, err);
}

void hd_pem_free(char *pem)
{
	if (!pem)
		return;
	explicit_bzero(pem, strlen(pem));
	free(pem);
}

int hd_pem_check_certificates(const char *pem, const char *name,
			      struct hd_err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	unsigned long why;
	int count = 0;
	X509 *cert;

	if (!bio)
		return hd_err_sys(err, ENOMEM, "%s", name);
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		X509_free(cert);
		count++;
	}
	why = ERR_peek_last_error();
	ERR_clear_error();
	BIO_free(bio);
	if (count == 0)
		return hd_err_set(err, EINVAL,
				  "%s: holds no certificate in PEM form", name);
	if (ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
		return hd_err_set(err, EINVAL,
				  "%s: certificate %d is damaged: %s", name,
				  count + 1, ERR_reason_error_string(why));
	return 0;
}

/* Nobody is there to type a pass phrase. */
static int no_phrase(char *buf, int size, int writing, void *ud)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ud;
	return -1;
}

static X509 *first_certificate(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *private_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_phrase,
						      NULL)
			    : NULL;

	BIO_free(bio);
	return key;
}

int hd_pem_check_pair(const char *cert, const char *key, const char *name,
		      struct hd_err *err)
{
	EVP_PKEY *private = private_key(key);
	X509 *first = first_certificate(cert);
	int rc = 0;

	if (!private)
		rc = hd_err_set(err, EINVAL,
				"%s: holds no private key in PEM form, or one "
				"with a pass phrase",
				name);
	else if (!first)
		rc = hd_err_set(err, EINVAL,
				"%s: no certificate beside the key", name);
	else if (X509_check_private_key(first, private) != 1)
		rc = hd_err_set(err, EINVAL,
				"%s: the key is not the certificate's", name);
	ERR_clear_error();
	X509_free(first);
	EVP_PKEY_free(private);
	return rc;
}
