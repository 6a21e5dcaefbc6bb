/* folder.h - the directory of the store, ours alone while it is open
 *
 * Its lock file `lock` holds the pid of who has it.  The lock ends with the
 * process, so a file that was left behind means nothing.
 */
#ifndef HD_JOURNAL_FOLDER_H
#define HD_JOURNAL_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct hd_err;

#define HD_FOLDER_PATH 3800 /* bytes of a directory's name */
#define HD_FOLDER_FILE 4096 /* and of a file in it */

struct hd_folder {
	int fd, lock_fd;
	char path[HD_FOLDER_PATH];
};

/* Makes the directory if only it is missing, checks that it belongs to us and
 * nobody else may enter, and takes the lock. 0 or -1. [any] */
int hd_folder_open(struct hd_folder *folder, const char *path,
		   struct hd_err *err);

/* Gives the lock back. [any] */
void hd_folder_close(struct hd_folder *folder);

/* The path of a file in it. [any] */
void hd_folder_file(const struct hd_folder *folder, const char *name,
		    char out[HD_FOLDER_FILE]);

/* Its size, or -1 if there is no such file. [any] */
int64_t hd_folder_size(const struct hd_folder *folder, const char *name);

/* An empty file with mode 0600 that was not there before. 0 or -1. [any] */
int hd_folder_make(const struct hd_folder *folder, const char *name,
		   struct hd_err *err);

/* Moves a whole and synced file to its name, for good. 0 or -1. [any] */
int hd_folder_move(const struct hd_folder *folder, const char *from,
		   const char *to, struct hd_err *err);

/* A synced copy under a name that is not there yet. 0 or -1. [any] */
int hd_folder_copy(const struct hd_folder *folder, const char *from,
		   const char *to, struct hd_err *err);

/* Removes a file if it is there. [any] */
void hd_folder_remove(const struct hd_folder *folder, const char *name);

#endif
