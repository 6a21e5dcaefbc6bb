/* cache_file.h - answers that outlive a restart
 *
 * cache.db in the state directory: free to delete, never waited for, never an
 * error.  It is read once, at the start; from then on it is only written, in
 * batches, by a thread of its own.  What does not fit into the queue of that
 * thread, or into the file, is left out.  A file that is damaged or of another
 * version is deleted with a word; a row whose digest does not fit is not given
 * out.
 */
#ifndef HD_LOOKUP_CACHE_FILE_H
#define HD_LOOKUP_CACHE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct hd_cache_file;

struct hd_cache_row {
	const char *key;
	int outcome;	    /* enum hd_outcome */
	uint32_t status;    /* herald status */
	const char *result; /* JSON text, or NULL */
	size_t result_n;
	const char *reason;	   /* or NULL */
	int64_t made_ms, until_ms; /* UTC */
};

/* Opens or makes `path` and gives the newest `max_rows` that are good at
 * `utc_ms`, oldest first; they are borrowed until `fn` returns.  The file keeps
 * about that many.  NULL, having logged why, if there can be no such file.
 * [loop] */
struct hd_cache_file *
hd_cache_file_open(const char *path, int64_t max_rows, int64_t utc_ms,
		   void (*fn)(void *ud, const struct hd_cache_row *row),
		   void *ud);

/* Copied; may be left out. [loop] */
void hd_cache_file_put(struct hd_cache_file *file,
		       const struct hd_cache_row *row);

/* Writes what waits.  Accepts NULL. [loop] */
void hd_cache_file_close(struct hd_cache_file *file);

#endif
