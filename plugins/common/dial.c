#include "common/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 0, or an errno. */
static int wait_connected(int fd, int64_t until_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int error = 0, rc;
	socklen_t n = sizeof(error);

	do {
		int64_t left = until_ms - now_ms();

		rc = poll(&poll_fd, 1, left > 0 ? (int)left : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ETIMEDOUT;
	if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return errno;
	return error;
}

/* Blocking from now on; a peer that is gone is noticed. */
static int settle(int fd)
{
	int flags = fcntl(fd, F_GETFL), one = 1;

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0)
		return errno;
	return 0;
}

/* The socket, or -1 and *error. */
static int try_address(const struct addrinfo *to, int64_t until_ms, int *error)
{
	int fd = socket(to->ai_family,
			to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			to->ai_protocol);

	*error = fd < 0 ? errno : 0;
	if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		*error = errno == EINPROGRESS ? wait_connected(fd, until_ms)
					      : errno;
	if (*error == 0)
		*error = settle(fd);
	if (*error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int hp_dial(const char *host, uint16_t port, int64_t left_ms,
	    struct hp_text *why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_ADDRCONFIG |
						    AI_NUMERICSERV };
	int64_t until_ms = now_ms() + left_ms;
	struct addrinfo *list = NULL;
	int fd = -1, error = 0, rc;
	char service[8], text[128];

	snprintf(service, sizeof(service), "%u", (unsigned)port);
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc != 0) {
		hp_text_add(why, herald_cstr(gai_strerror(rc)));
		return -1;
	}
	for (const struct addrinfo *to = list; to && fd < 0; to = to->ai_next)
		fd = try_address(to, until_ms, &error);
	freeaddrinfo(list);
	if (fd < 0)
		hp_text_add(why,
			    herald_cstr(strerror_r(error, text, sizeof(text))));
	return fd;
}
