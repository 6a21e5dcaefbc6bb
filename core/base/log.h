/* log.h - one event, one line, on stderr
 *
 * Journald-friendly: "<4>" priorities when stderr is the journal
 * (JOURNAL_STREAM), else time and level.  Text mode:
 *   2026-11-25T00:05:42.123Z warning misp: circuit open after 5 failures
 * alert=7f3a JSON mode: {"time","level","connector","alert","text"}, one object
 * a line. C0, C1, line separators and broken UTF-8 are escaped, lines are cut
 * at 8 KiB, known secrets are masked, and repeats of one text are counted
 * instead of printed (at most 5 equal format strings a second and place).
 */
#ifndef HD_BASE_LOG_H
#define HD_BASE_LOG_H

#include <stdbool.h>
#include <stdarg.h>

struct hd_err;

enum hd_level {
	HD_LOG_DEBUG,	/* for us */
	HD_LOG_INFO,	/* one line for each alert's fate */
	HD_LOG_NOTICE,	/* a state change worth a line a day */
	HD_LOG_WARNING, /* degraded, and recovering by itself */
	HD_LOG_ERROR	/* something is not being done; a human must act */
};

struct hd_log_context {
	const char *connector; /* NULL: none */
	const char *alert;     /* id; NULL: none */
};

/* Until it is called: text mode, INFO, fd 2. [loop, before threads] */
void hd_log_init(int fd, enum hd_level least, bool json);
void hd_log_set_level(enum hd_level least);

/* "debug".."error" to level; -1 if it is none of them. [any] */
int hd_log_level_parse(const char *name, enum hd_level *out);
const char *hd_log_level_name(enum hd_level level);

/* [any] */
void hd_log(enum hd_level level, const struct hd_log_context *ctx,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void hd_logv(enum hd_level level, const struct hd_log_context *ctx,
	     const char *fmt, va_list ap);

/* Prints the counts of what was held back in seconds gone by.  Every line does
 * it as well; the loop calls it once a second for when there is none. [any] */
void hd_log_flush(void);

/* One error of a process that dies: without a time, unmasked and at once, so
 * that a signal's handler may say it.  The texts need no escaping. [any] */
void hd_log_dying(const char *text, const char *alert);

#define hd_error(...) hd_log(HD_LOG_ERROR, NULL, __VA_ARGS__)
#define hd_warning(...) hd_log(HD_LOG_WARNING, NULL, __VA_ARGS__)
#define hd_notice(...) hd_log(HD_LOG_NOTICE, NULL, __VA_ARGS__)
#define hd_info(...) hd_log(HD_LOG_INFO, NULL, __VA_ARGS__)
#define hd_debug(...) hd_log(HD_LOG_DEBUG, NULL, __VA_ARGS__)

#endif
