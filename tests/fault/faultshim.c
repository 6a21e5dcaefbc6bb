/* faultshim.c - fail the n-th call of one function, once or from then on
 *
 *	cc -O1 -shared -fPIC faultshim.c -o faultshim.so -ldl
 *	FAULT=malloc:37          the 37th call fails
 *	FAULT=malloc:37+         all from the 37th on
 *	FAULT=fsync:1:EIO  fdatasync:2+:EIO  write:5:ENOSPC
 *	      accept4:3:EMFILE  open:9:EMFILE
 *	LD_PRELOAD=./faultshim.so prog
 *
 * The loop of SQLite and curl: run with n = 1, 2, ... and stop when the file
 * named by FAULT_REPORT says "not reached".  Not together with the address
 * sanitizer, which has its own malloc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EIO", EIO },	      { "ENOSPC", ENOSPC }, { "EMFILE", EMFILE },
	{ "EINTR", EINTR },   { "EDQUOT", EDQUOT }, { "ENOMEM", ENOMEM },
	{ "ENFILE", ENFILE }, { "EAGAIN", EAGAIN },
};

static char function[24];
static long at, seen;
static int sticky, failure = ENOMEM, ready, hit;

static int number_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0)
			return errors[i].number;
	return ENOMEM;
}

/* May run inside the very first malloc: nothing here allocates. */
static void read_environment(void)
{
	const char *spec = getenv("FAULT"), *colon;
	char *end;

	ready = 1;
	colon = spec ? strchr(spec, ':') : NULL;
	if (!colon || (size_t)(colon - spec) >= sizeof(function))
		return;
	memcpy(function, spec, (size_t)(colon - spec));
	at = strtol(colon + 1, &end, 10);
	if (*end == '+') {
		sticky = 1;
		end++;
	}
	if (*end == ':')
		failure = number_of(end + 1);
}

static int fails(const char *name)
{
	long n;

	if (!ready)
		read_environment();
	if (!at || strcmp(name, function) != 0)
		return 0;
	n = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
	if (n != at && !(sticky && n > at))
		return 0;
	hit = 1;
	errno = failure;
	return 1;
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("FAULT_REPORT");
	char line[80];
	int fd, len;

	if (!path || !at)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	len = snprintf(line, sizeof(line), "%s %ld calls %ld %s\n", function,
		       at, seen, hit ? "hit" : "not reached");
	if (fd < 0 || dprintf(fd, "%.*s", len, line) < 0)
		fprintf(stderr, "faultshim: cannot write %s\n", path);
	if (fd >= 0)
		close(fd);
}

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
	return fails("malloc") ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return fails("malloc") ? NULL : __libc_calloc(count, n);
}

void *realloc(void *old, size_t n)
{
	return fails("malloc") ? NULL : __libc_realloc(old, n);
}

/* A function that says -1 and errno when told to, else the real one. */
#define WRAP(type, name, parameters, arguments)                    \
	type name parameters                                       \
	{                                                          \
		static type(*real) parameters;                     \
                                                                   \
		if (fails(#name))                                  \
			return -1;                                 \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return real arguments;                             \
	}

/* clang-format off */
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n))
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t where),
     (fd, data, n, where))
WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t where),
     (fd, data, n, where))
WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int n),
     (fd, parts, n))
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, ftruncate, (int fd, off_t n), (fd, n))
WRAP(ssize_t, read, (int fd, void *data, size_t n), (fd, data, n))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(int, accept4, (int fd, struct sockaddr *address, socklen_t *n, int flags),
     (fd, address, n, flags))
/* clang-format on */

/* Says what is wrong by its return value. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		   void *(*body)(void *), void *ud)
{
	static int (*real)(pthread_t *, const pthread_attr_t *,
			   void *(*)(void *), void *);

	if (fails("pthread_create"))
		return failure;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attr, body, ud);
}

/* Only what adds can want memory. */
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	static int (*real)(int, int, int, struct epoll_event *);

	if (what == EPOLL_CTL_ADD && fails("epoll_ctl"))
		return -1;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "epoll_ctl");
	return real(epoll, what, fd, event);
}

#define WRAP_OPEN(name)                                            \
	int name(const char *path, int flags, ...)                 \
	{                                                          \
		static int (*real)(const char *, int, ...);        \
		va_list rest;                                      \
		int mode;                                          \
                                                                   \
		va_start(rest, flags);                             \
		mode = va_arg(rest, int);                          \
		va_end(rest);                                      \
		if (fails("open"))                                 \
			return -1;                                 \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return real(path, flags, mode);                    \
	}

/* clang-format off */
WRAP_OPEN(open)
WRAP_OPEN(open64)
