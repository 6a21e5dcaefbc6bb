#include "tests/unit/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

int wire_connect(int port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	must(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0, "connect");
	return fd;
}

int wire_connect_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	memcpy(sun.sun_path, path, strlen(path) + 1);
	must(connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0, "connect");
	return fd;
}

void wire_send(int fd, const void *p, size_t n)
{
	size_t at = 0;
	ssize_t rc;

	while (at < n) {
		rc = send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0)
			return; /* refused midway: the answer is what counts */
		at += (size_t)rc;
	}
}

void wire_sends(int fd, const char *text)
{
	wire_send(fd, text, strlen(text));
}

/* Bytes of the whole reply at `p`, 0 if it is not whole. */
static size_t reply_length(const char *p)
{
	const char *end = strstr(p, "\r\n\r\n");
	const char *length;
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end + 4 - p);
	length = strcasestr(p, "\r\nContent-Length:");
	if (length && length < end)
		n += strtoul(length + 17, NULL, 10);
	return strlen(p) >= n ? n : 0;
}

static void count_replies(struct wire_answer *a)
{
	const char *p = a->text;
	size_t n;

	a->replies = 0;
	while ((n = reply_length(p)) != 0) {
		if (strncmp(p, "HTTP/1.1 100", 12) != 0) {
			if (a->replies == 0)
				a->status = (int)strtol(p + 9, NULL, 10);
			a->replies++;
		}
		p += n;
	}
}

void wire_read(int fd, int replies, int ms, struct wire_answer *a)
{
	int64_t end_ms = hd_now_ms() + ms, left;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t rc;

	memset(a, 0, sizeof(*a));
	while ((left = end_ms - hd_now_ms()) > 0 &&
	       a->n < sizeof(a->text) - 1 &&
	       (replies == 0 || a->replies < replies)) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		rc = recv(fd, a->text + a->n, sizeof(a->text) - 1 - a->n, 0);
		if (rc <= 0) {
			a->closed = true;
			break;
		}
		a->n += (size_t)rc;
		count_replies(a);
	}
}

void wire_ask(int port, const void *p, size_t n, int replies,
	      struct wire_answer *a)
{
	int fd = wire_connect(port);

	wire_send(fd, p, n);
	wire_read(fd, replies, WIRE_MS, a);
	close(fd);
}

const char *wire_body(const struct wire_answer *a)
{
	const char *end = strstr(a->text, "\r\n\r\n");

	return end ? end + 4 : "";
}

int wire_listen(int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	must(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0, "bind");
	must(listen(fd, 64) == 0, "listen");
	must(getsockname(fd, (struct sockaddr *)&sin, &n) == 0, "getsockname");
	*port = ntohs(sin.sin_port);
	return fd;
}

size_t wire_read_request(int fd, char *buf, size_t size)
{
	size_t n = 0, whole = 0;
	ssize_t rc;

	while (whole == 0 && n + 1 < size) {
		rc = recv(fd, buf + n, size - 1 - n, 0);
		if (rc <= 0)
			return 0;
		n += (size_t)rc;
		buf[n] = '\0';
		whole = reply_length(buf);
	}
	return whole;
}
