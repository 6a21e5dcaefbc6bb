/* A secret and its count share one mapping of their own: locked, left out of
 * core files, wiped before it goes back.  All live secrets are on a list,
 * longest first, so that masking one never leaves the tail of another. */
#include "core/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/mutant.h"

#define MASKED_MIN 6 /* shorter ones would mask ordinary words */

struct hd_secret {
	atomic_uint refs;
	size_t mapped; /* bytes of the mapping */
	struct hd_secret *next;
	size_t n;
	char text[];
};

/* Guards the list and the `next` of all on it. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct hd_secret *known;

static void warn_of_swapping(int code)
{
	static atomic_flag warned = ATOMIC_FLAG_INIT;
	struct hd_err err;

	if (atomic_flag_test_and_set(&warned))
		return;
	hd_err_sys(&err, code, "secrets may be swapped out, mlock");
	hd_warning("%s", err.text);
}

/* Memory for `n` bytes and the '\0', on no list. */
static struct hd_secret *map_secret(size_t n)
{
	size_t mapped = sizeof(struct hd_secret) + n + 1;
	struct hd_secret *secret = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED) {
		hd_error("out of memory for a secret");
		abort();
	}
	if (mlock(secret, mapped) < 0)
		warn_of_swapping(errno);
	madvise(secret, mapped, MADV_DONTDUMP);
	atomic_init(&secret->refs, 1);
	secret->mapped = mapped;
	return secret;
}

static void unmap_secret(struct hd_secret *secret)
{
	size_t mapped = secret->mapped;

	explicit_bzero(secret, mapped);
	munmap(secret, mapped);
}

static void remember(struct hd_secret *secret)
{
	struct hd_secret **at;

	pthread_rwlock_wrlock(&lock);
	for (at = &known; *at && (*at)->n > secret->n; at = &(*at)->next)
		;
	secret->next = *at;
	*at = secret;
	pthread_rwlock_unlock(&lock);
}

static void forget(struct hd_secret *secret)
{
	struct hd_secret **at;

	pthread_rwlock_wrlock(&lock);
	for (at = &known; *at != secret; at = &(*at)->next)
		;
	*at = secret->next;
	pthread_rwlock_unlock(&lock);
}

struct hd_secret *hd_secret_text_new(const char *text, size_t n)
{
	struct hd_secret *secret = map_secret(n);

	memcpy(secret->text, text, n);
	secret->n = n;
	remember(secret);
	return secret;
}

/* The group may read: service managers hand credentials over that way. */
static int check_file(const char *path, const struct stat *st,
		      struct hd_err *err)
{
	if (!S_ISREG(st->st_mode))
		return hd_err_set(err, EINVAL, "secret %s: not a regular file",
				  path);
	if ((st->st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return hd_err_set(err, EPERM,
				  "secret %s: mode %04o lets others in", path,
				  (unsigned)st->st_mode & 07777);
	return 0;
}

/* Not blocked by a FIFO that stands where a file should. */
static int open_file(const char *path, struct hd_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		hd_err_sys(err, errno, "secret %s", path);
	else if (check_file(path, &st, err) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Up to HD_SECRET_MAX + 1 bytes into `raw`. */
static int read_bytes(int fd, const char *path, struct hd_secret *raw,
		      struct hd_err *err)
{
	ssize_t got;

	do {
		got = read(fd, raw->text + raw->n, HD_SECRET_MAX + 1 - raw->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hd_err_sys(err, errno, "secret %s", path);
		raw->n += (size_t)got;
	} while (got != 0 && raw->n <= HD_SECRET_MAX);
	return 0;
}

/* How many of the bytes in `raw` are the secret; 0 and `err` if none can. */
static size_t choose_bytes(const char *path, const struct hd_secret *raw,
			   bool whole, struct hd_err *err)
{
	size_t n = whole ? raw->n : strcspn(raw->text, "\r\n");

	if (n > HD_SECRET_MAX)
		hd_err_set(err, EFBIG, "secret %s: over %d bytes", path,
			   HD_SECRET_MAX);
	else if (memchr(raw->text, '\0', n) ||
		 (!whole && n < raw->n && raw->text[n] == '\0'))
		hd_err_set(err, EINVAL, "secret %s: holds a NUL byte", path);
	else if (n == 0)
		hd_err_set(err, EINVAL, "secret %s: %s", path,
			   whole ? "is empty" : "first line is empty");
	else
		return n;
	return 0;
}

struct hd_secret *hd_secret_read(const char *path, bool whole,
				 struct hd_err *err)
{
	struct hd_secret *secret = NULL;
	struct hd_secret *raw;
	size_t n;
	int fd = open_file(path, err);

	if (fd < 0)
		return NULL;
	raw = map_secret(HD_SECRET_MAX + 1);
	if (read_bytes(fd, path, raw, err) == 0) {
		n = choose_bytes(path, raw, whole, err);
		if (n != 0)
			secret = hd_secret_text_new(raw->text, n);
	}
	unmap_secret(raw);
	close(fd);
	return secret;
}

struct hd_secret *hd_secret_credential(const char *name, bool whole,
				       struct hd_err *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct hd_secret *secret = NULL;
	char *path;

	if (!directory || directory[0] == '\0') {
		hd_err_set(err, ENOENT,
			   "credential %s: the service manager passed none "
			   "(CREDENTIALS_DIRECTORY is not set)",
			   name);
		return NULL;
	}
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/')) {
		hd_err_set(err, EINVAL, "credential '%s': not a name", name);
		return NULL;
	}
	path = hd_strf("%s/%s", directory, name);
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		free(path);
		path = hd_strf("%s/secrets_%s", directory, name);
	}
	secret = hd_secret_read(path, whole, err);
	if (!secret)
		hd_err_wrap(err, "credential %s", name);
	free(path);
	return secret;
}

struct hd_secret *hd_secret_ref(struct hd_secret *secret)
{
	if (secret)
		atomic_fetch_add(&secret->refs, 1);
	return secret;
}

void hd_secret_unref(struct hd_secret *secret)
{
	if (!secret || atomic_fetch_sub(&secret->refs, 1) != 1)
		return;
	forget(secret);
	unmap_secret(secret);
}

const char *hd_secret_get(const struct hd_secret *secret, size_t *n)
{
	if (n)
		*n = secret->n;
	return secret->text;
}

bool hd_secret_is(const struct hd_secret *secret, const char *text, size_t n)
{
	return hd_equal_secret(secret->text, secret->n, text, n);
}

static size_t mask_bytes(char *text, size_t n, const char *what, size_t what_n)
{
	static const char mask[] = { '*', '*', '*' };
	char *at = text;
	size_t behind;

	while ((at = memmem(at, n - (size_t)(at - text), what, what_n))) {
		behind = n - (size_t)(at - text) - what_n;
		memcpy(at, mask, sizeof(mask));
		at += sizeof(mask);
		memmove(at, at - sizeof(mask) + what_n, behind);
		n -= what_n - sizeof(mask);
	}
	return n;
}

/* A key of many lines is known by each of them, since a log's line holds no
 * line break; the dashes around it are no secret. */
static size_t mask_lines(char *text, size_t n, const struct hd_secret *secret)
{
	const char *line = secret->text;
	const char *end;
	size_t line_n;

	while (line < secret->text + secret->n) {
		end = strpbrk(line, "\r\n");
		line_n = end ? (size_t)(end - line)
			     : (size_t)(secret->text + secret->n - line);
		if (line_n >= MASKED_MIN && strncmp(line, "-----", 5) != 0)
			n = mask_bytes(text, n, line, line_n);
		line += line_n + 1;
	}
	return n;
}

size_t hd_secret_mask(char *text, size_t n)
{
	const struct hd_secret *secret;

	if (hd_mutant("log_secret"))
		return n;
	pthread_rwlock_rdlock(&lock);
	for (secret = known; secret && secret->n >= MASKED_MIN;
	     secret = secret->next) {
		n = mask_bytes(text, n, secret->text, secret->n);
		n = mask_lines(text, n, secret);
	}
	pthread_rwlock_unlock(&lock);
	return n;
}
