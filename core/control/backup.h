/* backup.h - a copy of the store and of the configuration in force
 *
 * Made on a worker thread while herald goes on.  It reads the journal, which
 * must stay open until it has ended: hd_control_idle().
 */
#ifndef HD_CONTROL_BACKUP_H
#define HD_CONTROL_BACKUP_H

#include <stdbool.h>

struct hd_backup;
struct hd_call;

/* POST /v1/backup `dir` begins one, GET /v1/backup tells of the last one.
 * Each ends the call. [loop] */
void hd_api_backup_begin(struct hd_call *call);
void hd_api_backup(struct hd_call *call);

/* NULL is none. [loop] */
bool hd_backup_is_running(const struct hd_backup *backup);
void hd_backup_free(struct hd_backup *backup); /* not while it runs */

#endif
