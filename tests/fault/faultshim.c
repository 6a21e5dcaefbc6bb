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
 * named by FAULT_REPORT says "not reached".  Behind that line it lists, if
 * FAULT_PLACES is set, the first call from each place in the code: of each
 * chain of callers.  Not together with the address sanitizer, which has its
 * own malloc.
 *
 * FAULT_SPARE="libfyaml,libcrypto" lets their memory be: libraries that do not
 * check what they get.
 *
 * A call counts, and fails, only where the manual knows that error: a disk's
 * errors on files, a network's on sockets (`errors` below).
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

#define DEPTH 6
#define SPARE_DEPTH 6 /* is_spared(), fails(), malloc(), and three callers */
#define PLACES 32768 /* a power of two */

static const struct {
	const char *name;
	int number;
	mode_t kind; /* of the descriptor that may give it; 0: any */
} errors[] = {
	{ "EIO", EIO, S_IFREG },
	{ "ENOSPC", ENOSPC, S_IFREG },
	{ "EDQUOT", EDQUOT, S_IFREG },
	{ "ECONNRESET", ECONNRESET, S_IFSOCK },
	{ "ECONNABORTED", ECONNABORTED, S_IFSOCK },
	{ "ENETUNREACH", ENETUNREACH, S_IFSOCK },
	{ "ENOBUFS", ENOBUFS, S_IFSOCK },
	{ "EADDRINUSE", EADDRINUSE, S_IFSOCK },
	{ "EMFILE", EMFILE, 0 },
	{ "ENFILE", ENFILE, 0 },
	{ "EINTR", EINTR, 0 },
	{ "ENOMEM", ENOMEM, 0 },
	{ "EAGAIN", EAGAIN, 0 },
};

static char function[24];
static long at, seen;
static const char *spare; /* part of a library's name */
static int sticky, failure = ENOMEM, ready, hit, wants_places;
static mode_t kind;

static void take_error(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, errors[i].name) == 0) {
			failure = errors[i].number;
			kind = errors[i].kind;
		}
}

/* May run inside the very first malloc: nothing here allocates. */
static void read_environment(void)
{
	const char *spec = getenv("FAULT"), *colon;
	char *end;

	ready = 1;
	wants_places = getenv("FAULT_PLACES") != NULL;
	spare = getenv("FAULT_SPARE");
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
		take_error(end + 1);
}

/* ---- places: which calls come by a chain of callers not seen before ---- */

static struct {
	unsigned long chain;
	long n;
} places[PLACES];

struct walk {
	unsigned long chain;
	int depth;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *ud)
{
	struct walk *walk = ud;

	walk->chain = (walk->chain ^ _Unwind_GetIP(context)) * 1099511628211UL;
	return ++walk->depth < DEPTH + 2 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Whoever is second at a slot leaves it: one more place or less. */
static void note_place(long n)
{
	static __thread int inside;
	struct walk walk = { 14695981039346656037UL, 0 };
	unsigned long i, none;

	if (inside)
		return;
	inside = 1;
	_Unwind_Backtrace(step, &walk);
	for (i = walk.chain;; i++) {
		none = 0;
		if (__atomic_compare_exchange_n(&places[i % PLACES].chain,
						&none, walk.chain, 0,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			places[i % PLACES].n = n;
		else if (none != walk.chain && i - walk.chain < PLACES)
			continue;
		break;
	}
	inside = 0;
}

/* ---- those who are spared ---- */

struct search {
	int depth, found;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *ud)
{
	struct search *search = ud;
	const void *at = (const void *)_Unwind_GetIP(context);
	const char *name, *slash;
	Dl_info info;
	char library[32];

	if (dladdr(at, &info) && info.dli_fname) {
		slash = strrchr(info.dli_fname, '/');
		name = slash ? slash + 1 : info.dli_fname;
		snprintf(library, sizeof(library), "%.*s",
			 (int)strcspn(name, "."), name);
		search->found = strstr(spare, library) != NULL;
	}
	return search->found || ++search->depth >= SPARE_DEPTH
		       ? _URC_END_OF_STACK
		       : _URC_NO_REASON;
}

/* Memory for a library that is known not to check what it gets. */
static int is_spared(void)
{
	static __thread int inside;
	struct search search = { 0, 0 };

	if (!spare || inside || strcmp(function, "malloc") != 0)
		return 0;
	inside = 1;
	_Unwind_Backtrace(look, &search);
	inside = 0;
	return search.found;
}

/* ---- failing ---- */

static int fails(const char *name)
{
	long n;

	if (!ready)
		read_environment();
	if (!at || strcmp(name, function) != 0 || is_spared())
		return 0;
	n = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
	if (wants_places)
		note_place(n);
	if (n != at && !(sticky && n > at))
		return 0;
	hit = 1;
	errno = failure;
	return 1;
}

/* As above, of a call on a descriptor. */
static int fails_on(const char *name, int fd)
{
	struct stat st;

	if (!ready)
		read_environment();
	if (!at || strcmp(name, function) != 0)
		return 0;
	if (kind != 0 && (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != kind))
		return 0;
	return fails(name);
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("FAULT_REPORT");
	FILE *out;
	size_t i;

	if (!path || !at)
		return;
	function[0] = '\0'; /* what follows is ours */
	out = fopen(path, "ae");
	if (!out) {
		fprintf(stderr, "faultshim: cannot write %s\n", path);
		return;
	}
	for (i = 0; i < PLACES; i++)
		if (places[i].n != 0)
			fprintf(out, "place %ld\n", places[i].n);
	fprintf(out, "%ld calls %ld %s\n", at, seen,
		hit ? "hit" : "not reached");
	fclose(out);
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
#define WRAP_IF(failing, type, name, parameters, arguments)        \
	type name parameters                                       \
	{                                                          \
		static type(*real) parameters;                     \
                                                                   \
		if (failing)                                       \
			return -1;                                 \
		if (!real)                                         \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return real arguments;                             \
	}
#define WRAP(type, name, parameters, arguments) \
	WRAP_IF(fails(#name), type, name, parameters, arguments)
#define WRAP_FD(type, name, parameters, arguments) \
	WRAP_IF(fails_on(#name, fd), type, name, parameters, arguments)

/* clang-format off */
WRAP_FD(int, fsync, (int fd), (fd))
WRAP_FD(int, fdatasync, (int fd), (fd))
WRAP_FD(int, ftruncate, (int fd, off_t n), (fd, n))
WRAP_IF(fails_on("ftruncate", fd), int, ftruncate64, (int fd, off64_t n),
	(fd, n))
WRAP_FD(ssize_t, read, (int fd, void *data, size_t n), (fd, data, n))
WRAP_FD(ssize_t, pread64, (int fd, void *data, size_t n, off64_t where),
	(fd, data, n, where))
WRAP_FD(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n))
WRAP_FD(ssize_t, writev, (int fd, const struct iovec *parts, int n),
	(fd, parts, n))
WRAP_FD(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t where),
	(fd, data, n, where))
WRAP_FD(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t where),
	(fd, data, n, where))
WRAP_FD(int, bind, (int fd, const struct sockaddr *address, socklen_t n),
	(fd, address, n))
WRAP_FD(int, listen, (int fd, int backlog), (fd, backlog))
WRAP_FD(int, connect, (int fd, const struct sockaddr *address, socklen_t n),
	(fd, address, n))
WRAP_FD(int, accept4,
	(int fd, struct sockaddr *address, socklen_t *n, int flags),
	(fd, address, n, flags))
WRAP_FD(ssize_t, recv, (int fd, void *data, size_t n, int flags),
	(fd, data, n, flags))
WRAP_FD(ssize_t, send, (int fd, const void *data, size_t n, int flags),
	(fd, data, n, flags))
WRAP_FD(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
	(fd, message, flags))
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, socket, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(int, epoll_create1, (int flags), (flags))
WRAP(int, eventfd, (unsigned value, int flags), (value, flags))
WRAP(int, epoll_wait,
     (int epoll, struct epoll_event *events, int n, int timeout_ms),
     (epoll, events, n, timeout_ms))
WRAP_IF(fails("epoll_wait"), int, epoll_pwait,
	(int epoll, struct epoll_event *events, int n, int timeout_ms,
	 const sigset_t *mask), (epoll, events, n, timeout_ms, mask))
WRAP(int, pipe2, (int pair[2], int flags), (pair, flags))
/* clang-format on */

/* Says what is wrong by MAP_FAILED.  SQLite calls it by either name. */
#define WRAP_MMAP(name)                                                        \
	void *name(void *start, size_t n, int access, int flags, int fd,       \
		   off64_t where)                                              \
	{                                                                      \
		static void *(*real)(void *, size_t, int, int, int, off64_t);  \
                                                                               \
		if (fails("mmap"))                                             \
			return MAP_FAILED;                                     \
		if (!real)                                                     \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		return real(start, n, access, flags, fd, where);               \
	}

/* clang-format off */
WRAP_MMAP(mmap)
WRAP_MMAP(mmap64)
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
