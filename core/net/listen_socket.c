#include "core/net/listen_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/err.h"

#define BACKLOG 1024
#define UNIX_PREFIX "unix:"

/* True if somebody answers at `sun`. */
static bool is_alive(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
		errno != ECONNREFUSED;
	close(fd);
	return alive;
}

static int make_room(const struct sockaddr_un *sun, struct hd_err *err)
{
	struct stat st;

	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : hd_err_sys(err, errno, "%s", sun->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return hd_err_set(err, EEXIST, "%s: is there and no socket",
				  sun->sun_path);
	if (is_alive(sun))
		return hd_err_set(err, EADDRINUSE,
				  "%s: another process serves it",
				  sun->sun_path);
	if (unlink(sun->sun_path) < 0)
		return hd_err_sys(err, errno, "%s", sun->sun_path);
	return 0;
}

/* The mask keeps others out between bind() and chmod(). */
static int bind_unix(int fd, const struct sockaddr_un *sun, unsigned mode,
		     struct hd_err *err)
{
	mode_t mask = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	int saved = errno;

	umask(mask);
	if (rc < 0)
		return hd_err_sys(err, saved, "%s", sun->sun_path);
	if (chmod(sun->sun_path, mode) < 0 || listen(fd, BACKLOG) < 0)
		return hd_err_sys(err, errno, "%s", sun->sun_path);
	return 0;
}

static int open_unix(struct hd_listen_socket *sock, const char *path,
		     unsigned mode, struct hd_err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (path[0] != '/' || n >= sizeof(sun.sun_path))
		return hd_err_set(err, EINVAL,
				  "unix:%s: no absolute path of at most %zu "
				  "bytes",
				  path, sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, n + 1);
	if (make_room(&sun, err) < 0)
		return -1;
	sock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  0);
	if (sock->fd < 0)
		return hd_err_sys(err, errno, "%s", path);
	if (bind_unix(sock->fd, &sun, mode, err) < 0)
		return -1;
	sock->path = hd_strdup(path);
	sock->authority = hd_strf(UNIX_PREFIX "%s", path);
	return 0;
}

/* Host and port apart; the caller frees both. */
static int split(const char *address, char **host, char **port,
		 struct hd_err *err)
{
	const char *colon = strrchr(address, ':');
	size_t n;

	if (!colon || !colon[1] ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strtol(colon + 1, NULL, 10) > 65535)
		return hd_err_set(err, EINVAL,
				  "listen address '%s': give host:port, "
				  "[v6]:port, :port or unix:/path",
				  address);
	n = (size_t)(colon - address);
	if (n >= 2 && address[0] == '[' && address[n - 1] == ']')
		*host = hd_memdup0(address + 1, n - 2);
	else if (memchr(address, ':', n))
		return hd_err_set(err, EINVAL,
				  "listen address '%s': put the IPv6 address "
				  "in brackets",
				  address);
	else
		*host = hd_memdup0(address, n);
	*port = hd_strdup(colon + 1);
	return 0;
}

static int bind_inet(const struct addrinfo *ai)
{
	const int on = 1, off = 0;
	int fd, saved;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int note_authority(struct hd_listen_socket *sock)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	char host[64], port[16];

	if (getsockname(sock->fd, (struct sockaddr *)&ss, &n) < 0)
		return -1;
	if (getnameinfo((struct sockaddr *)&ss, n, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -1;
	sock->port = (int)strtol(port, NULL, 10);
	sock->authority = hd_strf(ss.ss_family == AF_INET6 ? "[%s]:%s"
							   : "%s:%s",
				  host, port);
	return 0;
}

/* ":port" is every address: IPv6's any takes IPv4 as well, and where there is
 * no IPv6 the second entry is tried. */
static int open_inet(struct hd_listen_socket *sock, const char *address,
		     const char *host, const char *port, struct hd_err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE |
						    AI_NUMERICSERV };
	struct addrinfo *list, *ai;
	int rc, pass;

	rc = getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
	if (rc != 0)
		return hd_err_set(err, EINVAL, "listen address '%s': %s",
				  address, gai_strerror(rc));
	for (pass = 0; pass < 2 && sock->fd < 0; pass++)
		for (ai = list; ai && sock->fd < 0; ai = ai->ai_next)
			if ((ai->ai_family == AF_INET6) ==
			    (pass == (host[0] ? 1 : 0)))
				sock->fd = bind_inet(ai);
	rc = errno;
	freeaddrinfo(list);
	if (sock->fd < 0)
		return hd_err_sys(err, rc, "listen address '%s'", address);
	if (note_authority(sock) < 0)
		return hd_err_sys(err, errno, "listen address '%s'", address);
	return 0;
}

static int open_host_port(struct hd_listen_socket *sock, const char *address,
			  struct hd_err *err)
{
	char *host = NULL, *port = NULL;
	int rc;

	rc = split(address, &host, &port, err);
	if (rc == 0)
		rc = open_inet(sock, address, host, port, err);
	free(host);
	free(port);
	return rc;
}

int hd_listen_socket_open(struct hd_listen_socket *sock, const char *address,
			  unsigned mode, struct hd_err *err)
{
	size_t n = sizeof(UNIX_PREFIX) - 1;
	int rc;

	memset(sock, 0, sizeof(*sock));
	sock->fd = -1;
	if (strncmp(address, UNIX_PREFIX, n) == 0)
		rc = open_unix(sock, address + n, mode, err);
	else
		rc = open_host_port(sock, address, err);
	if (rc < 0)
		hd_listen_socket_fini(sock);
	return rc;
}

void hd_listen_socket_close(struct hd_listen_socket *sock)
{
	if (sock->fd < 0)
		return;
	if (sock->path)
		unlink(sock->path);
	close(sock->fd);
	sock->fd = -1;
}

void hd_listen_socket_fini(struct hd_listen_socket *sock)
{
	hd_listen_socket_close(sock);
	free(sock->path);
	free(sock->authority);
	sock->path = NULL;
	sock->authority = NULL;
}
