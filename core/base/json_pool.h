/* json_pool.h - memory for jansson's trees
 *
 * An alert's way through herald makes and frees some hundred nodes of a few
 * sizes, many of them at once.  malloc's own cache for a thread keeps seven of
 * a size and gives the rest back, which costs more than all else that is done
 * with them.  Here the thread that asked for it keeps those that it frees, up
 * to a bound, for the next ones of their size.  The blocks are malloc's: free()
 * takes them, and so does any other thread.
 *
 * Where there is no memory the process ends with a word, as in alloc.h: of a
 * tree that lacks a member nobody would know that it does.  (What comes from
 * outside was capped before it became a tree.)
 */
#ifndef HD_BASE_JSON_POOL_H
#define HD_BASE_JSON_POOL_H

/* Makes jansson take its memory from here.  Once, before other threads. */
void hd_json_pool_install(void);

/* The calling thread keeps what it frees, until it ends or stops.  Other
 * threads use malloc. [any] */
void hd_json_pool_start(void);
void hd_json_pool_stop(void);

#endif
