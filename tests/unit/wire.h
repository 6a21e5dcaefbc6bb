/* wire.h - raw sockets for tests of core/net
 *
 * Blocking, with a deadline in everything; only on 127.0.0.1.
 */
#ifndef TESTS_UNIT_WIRE_H
#define TESTS_UNIT_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#define WIRE_MS 5000 /* how long a test waits for what must come */

struct wire_answer {
	int status;  /* of the first reply; 0: none came */
	int replies; /* whole ones: header and body by Content-Length */
	bool closed; /* by the other side */
	size_t n;
	char text[65536]; /* all of it, '\0' behind */
};

int wire_connect(int port);
int wire_connect_unix(const char *path);
void wire_send(int fd, const void *p, size_t n);
void wire_sends(int fd, const char *text);

/* Reads until `replies` whole replies are there (0: any number) or the other
 * side has closed, at most `ms`. */
void wire_read(int fd, int replies, int ms, struct wire_answer *a);

/* Connect, send, read, close. */
void wire_ask(int port, const void *p, size_t n, int replies,
	      struct wire_answer *a);

/* The body of the first reply; "" if there is none. */
const char *wire_body(const struct wire_answer *a);

/* A listening socket on a free port. */
int wire_listen(int *port);

/* Reads up to and including the end of a request with its Content-Length body;
 * returns its bytes, 0 at the end of the stream.  `buf` gets a '\0'. */
size_t wire_read_request(int fd, char *buf, size_t size);

#endif
