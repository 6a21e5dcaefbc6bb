/* curl_loop.h - libcurl's multi interface inside libuv
 *
 * Does what curl wishes, but not to the letter.  On a kept connection curl asks
 * twice a request: watch for reading, watch no more; in libuv each is an
 * epoll_ctl of its own.  So a watch stays where it is: "no more" only notes
 * that nobody wants it, the same wish again does nothing, and a descriptor that
 * becomes readable while nobody wants it (the peer closed) loses its watch
 * then.  That is safe only for sockets of which the end is seen here, before
 * close(): those that were opened here.  libcurl's resolver has others, which
 * it closes by itself; their watches end when it says so.
 *
 * All functions are [loop].
 */
#ifndef HD_NET_CURL_LOOP_H
#define HD_NET_CURL_LOOP_H

#include <stdbool.h>
#include <curl/curl.h>
#include <uv.h>

struct hd_err;
struct hd_curl_loop;

/* `easy` has ended and is out of the multi handle.  Never called inside
 * another function of this file or a callback of curl. */
typedef void (*hd_curl_done_fn)(void *ud, CURL *easy, CURLcode result);

/* `connections`: how many are kept open; at least as many as there will be
 * requests at once. */
struct hd_curl_loop *hd_curl_loop_new(uv_loop_t *loop, long connections,
				      hd_curl_done_fn done, void *ud,
				      struct hd_err *err);

/* Closes all connections; no handle may be in it any more.  `closed` is called
 * once nothing of it is left in the loop. */
void hd_curl_loop_free(struct hd_curl_loop *cl, void (*closed)(void *ud),
		       void *ud);

/* Lets the sockets of `easy` be opened and closed here.  A must before the
 * first hd_curl_loop_add().  With `public_only` addresses that are not public
 * are refused. */
CURLcode hd_curl_loop_adopt(struct hd_curl_loop *cl, CURL *easy,
			    bool public_only);

CURLMcode hd_curl_loop_add(struct hd_curl_loop *cl, CURL *easy);

/* Ends it at once; `done` is not called for it. */
void hd_curl_loop_remove(struct hd_curl_loop *cl, CURL *easy);

#endif
