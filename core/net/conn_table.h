/* conn_table.h - connections of a listener and their deadlines
 *
 * libmicrohttpd's time-out is one of idleness: a byte now and then holds a
 * connection for ever.  So each phase has an end here, and a connection that is
 * late is shut down (never closed: that is the library's, and its notice takes
 * the entry out, under the lock, before the number can be another's).
 *
 * Not locked: the listener's lock is held around every call.
 */
#ifndef HD_NET_CONN_TABLE_H
#define HD_NET_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct hd_inbound;
struct sockaddr;

enum hd_conn_phase {
	HD_CONN_HEADER, /* until the headers are whole */
	HD_CONN_BODY,	/* until the body is */
	HD_CONN_HANDED, /* suspended; the request has its own deadline */
	HD_CONN_ANSWER, /* until the answer has left */
	HD_CONN_IDLE,	/* kept, until the next headers are whole */
	HD_CONN_PHASES
};

struct hd_conn {
	TAILQ_ENTRY(hd_conn) link;
	int fd;
	enum hd_conn_phase phase;
	int64_t due_ms; /* 0: none */
	bool cut;
	bool ended; /* was seen to have sent all it will, in this phase */
	struct hd_inbound *in; /* while handed */
	char peer[80];
	bool has_creds;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	gid_t *groups; /* supplementary ones */
	size_t group_count;
};

struct hd_conn_table {
	TAILQ_HEAD(hd_conn_list, hd_conn) list;
	size_t count;
};

void hd_conn_table_init(struct hd_conn_table *table);

/* A new entry that knows who the peer is.  Lacks only the table: made and freed
 * without the lock.  NULL if memory is lacking. [any] */
struct hd_conn *hd_conn_new(int fd, const struct sockaddr *peer);
void hd_conn_free(struct hd_conn *conn);

void hd_conn_add(struct hd_conn_table *table, struct hd_conn *conn);
void hd_conn_remove(struct hd_conn_table *table, struct hd_conn *conn);

/* Shuts down what is late, and whoever ended his side in the middle of a
 * request; adds to `late` how many of the first there were by phase. */
void hd_conn_cut_late(struct hd_conn_table *table, int64_t now_ms,
		      unsigned late[HD_CONN_PHASES]);

/* Clears `in` of each handed connection whose peer is gone altogether (reset,
 * or closed both ways: half-closed is a sender that waits) and calls `gone`.
 */
void hd_conn_find_gone(struct hd_conn_table *table,
		       void (*gone)(void *ud, struct hd_inbound *in), void *ud);

#endif
