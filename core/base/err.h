/* err.h - an error that lives on the caller's stack
 *
 * Fallible functions return 0 or -1 (or a pointer or NULL) and take a
 * `struct hd_err *` last.  The one that fails fills it with what it was doing,
 * to what, and why; callers that add something prepend.  Reporting an error
 * allocates nothing, so it cannot fail itself.  Too long a text is cut.
 * `err` may be NULL everywhere: then nothing is reported.
 */
#ifndef HD_BASE_ERR_H
#define HD_BASE_ERR_H

#define HD_ERR_TEXT 1024

struct hd_err {
	int code; /* an errno value, never 0 once set */
	char text[HD_ERR_TEXT];
};

/* Sets code and text.  Always returns -1, so that a failing function can end
 * with `return hd_err_set(...)`. [any] */
int hd_err_set(struct hd_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As hd_err_set, with ": " and the words for the errno value `code` added.
 * Always returns -1. [any] */
int hd_err_sys(struct hd_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "fmt: " before the text that is there.  Always returns -1. [any] */
int hd_err_wrap(struct hd_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
