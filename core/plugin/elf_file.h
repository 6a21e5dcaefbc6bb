/* elf_file.h - what a shared object says of itself, before the loader sees it
 *
 * dlopen() runs code; this only reads.  An object that wants an executable
 * stack would make the stacks of the whole process executable, so it is
 * refused (so is one that says nothing about its stack: the loader then takes
 * the worst).
 */
#ifndef HD_PLUGIN_ELF_FILE_H
#define HD_PLUGIN_ELF_FILE_H

#define HD_BUILD_ID_TEXT 65

struct hd_err;

/* Checks that `path` is a shared object for this machine with a stack that is
 * not executable; writes its build id as hex, "" if it has none.  -1 and `err`
 * otherwise. [any] */
int hd_elf_file_check(const char *path, char build_id[HD_BUILD_ID_TEXT],
		      struct hd_err *err);

#endif
