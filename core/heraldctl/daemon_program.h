/* daemon_program.h - running heraldd itself, for what needs no daemon
 */
#ifndef HD_HERALDCTL_DAEMON_PROGRAM_H
#define HD_HERALDCTL_DAEMON_PROGRAM_H

struct hd_buf;

/* Runs heraldd with these arguments (argv[0] is filled in), found beside this
 * program, where it is installed, or on PATH.  With `out` its stdout goes
 * there, else to ours; stderr is ours.  Returns its exit status, or -1 having
 * complained. */
int hd_daemon_program_run(const char **argv, struct hd_buf *out);

#endif
