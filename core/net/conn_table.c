#include "core/net/conn_table.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define GROUPS_MAX 1024

void hd_conn_table_init(struct hd_conn_table *table)
{
	TAILQ_INIT(&table->list);
	table->count = 0;
}

/* As they were when the peer connected: /proc would tell of whoever has the
 * number now.  Without memory, or with more than 1024, there are none. */
static void read_groups(struct hd_conn *conn)
{
	socklen_t n = GROUPS_MAX * sizeof(gid_t);
	gid_t all[GROUPS_MAX];

	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERGROUPS, all, &n) < 0 ||
	    n == 0)
		return;
	conn->groups = malloc(n);
	if (!conn->groups)
		return;
	memcpy(conn->groups, all, n);
	conn->group_count = n / sizeof(gid_t);
}

static void name_unix_peer(struct hd_conn *conn)
{
	struct ucred creds;
	socklen_t n = sizeof(creds);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &creds, &n) < 0) {
		snprintf(conn->peer, sizeof(conn->peer), "unknown");
		return;
	}
	conn->has_creds = true;
	conn->uid = creds.uid;
	conn->gid = creds.gid;
	conn->pid = creds.pid;
	read_groups(conn);
	snprintf(conn->peer, sizeof(conn->peer), "uid %u pid %d",
		 (unsigned)creds.uid, (int)creds.pid);
}

static void name_inet_peer(struct hd_conn *conn, const struct sockaddr *peer)
{
	bool v6 = peer->sa_family == AF_INET6;
	socklen_t n = v6 ? sizeof(struct sockaddr_in6)
			 : sizeof(struct sockaddr_in);
	char host[64], port[8];

	if (getnameinfo(peer, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(conn->peer, sizeof(conn->peer), "unknown");
	else
		snprintf(conn->peer, sizeof(conn->peer),
			 v6 ? "[%s]:%s" : "%s:%s", host, port);
}

struct hd_conn *hd_conn_new(int fd, const struct sockaddr *peer)
{
	struct hd_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->fd = fd;
	if (peer && (peer->sa_family == AF_INET || peer->sa_family == AF_INET6))
		name_inet_peer(conn, peer);
	else
		name_unix_peer(conn);
	return conn;
}

void hd_conn_free(struct hd_conn *conn)
{
	if (!conn)
		return;
	free(conn->groups);
	free(conn);
}

void hd_conn_add(struct hd_conn_table *table, struct hd_conn *conn)
{
	TAILQ_INSERT_TAIL(&table->list, conn, link);
	table->count++;
}

void hd_conn_remove(struct hd_conn_table *table, struct hd_conn *conn)
{
	TAILQ_REMOVE(&table->list, conn, link);
	table->count--;
}

/* It has sent all it will, and all of that is read. */
static bool has_ended(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	int unread = 0;

	return poll(&p, 1, 0) > 0 && (p.revents & POLLRDHUP) &&
	       ioctl(fd, FIONREAD, &unread) == 0 && unread == 0;
}

/* Waiting for more of a request that cannot come any more.  Seen twice: what
 * was read last may be on its way through the library just now. */
static bool is_cut_short(struct hd_conn *conn)
{
	if (conn->phase != HD_CONN_HEADER && conn->phase != HD_CONN_BODY)
		return false;
	if (!has_ended(conn->fd))
		return false;
	if (conn->ended)
		return true;
	conn->ended = true;
	return false;
}

void hd_conn_cut_late(struct hd_conn_table *table, int64_t now_ms,
		      unsigned late[HD_CONN_PHASES])
{
	struct hd_conn *conn;

	TAILQ_FOREACH(conn, &table->list, link)
	{
		bool late_one = conn->due_ms != 0 && conn->due_ms <= now_ms;

		if (conn->cut || (!late_one && !is_cut_short(conn)))
			continue;
		conn->cut = true;
		shutdown(conn->fd, SHUT_RDWR);
		late[conn->phase] += late_one;
	}
}

static bool is_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP));
}

void hd_conn_find_gone(struct hd_conn_table *table,
		       void (*gone)(void *ud, struct hd_inbound *in), void *ud)
{
	struct hd_inbound *in;
	struct hd_conn *conn;

	TAILQ_FOREACH(conn, &table->list, link)
	{
		if (conn->phase != HD_CONN_HANDED || !conn->in ||
		    !is_gone(conn->fd))
			continue;
		in = conn->in;
		conn->in = NULL;
		gone(ud, in);
	}
}
