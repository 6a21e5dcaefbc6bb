/* listen_socket.h - "host:port" and "unix:/path" to a listening socket
 */
#ifndef HD_NET_LISTEN_SOCKET_H
#define HD_NET_LISTEN_SOCKET_H

#include <stdbool.h>

struct hd_err;

struct hd_listen_socket {
	int fd;		 /* -1: none */
	int port;	 /* in use; 0 for a unix socket */
	char *path;	 /* of the unix socket; NULL: none */
	char *authority; /* "127.0.0.1:8088", "[::1]:8088", "unix:/path" */
};

/* "host:port", "[v6]:port", ":port" (every address), "unix:/path"; port 0 is
 * any free one.  A host is a name or number of this machine.  A unix socket of
 * a process that is gone is replaced, a living one refused; it gets `mode`.
 * Returns 0 or -1. [loop] */
int hd_listen_socket_open(struct hd_listen_socket *sock, const char *address,
			  unsigned mode, struct hd_err *err);

/* Closes it and takes the unix socket's name away.  [loop] */
void hd_listen_socket_close(struct hd_listen_socket *sock);

/* Frees the texts as well. [loop] */
void hd_listen_socket_fini(struct hd_listen_socket *sock);

#endif
