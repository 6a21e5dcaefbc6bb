/* metric.h - the registry of numbers
 *
 * Whoever counts registers a family once and keeps the pointer of the series;
 * adding is an atomic operation without a lock.  The registry writes the
 * Prometheus text form (version 0.0.4).
 */
#ifndef HD_BASE_METRIC_H
#define HD_BASE_METRIC_H

#include <stddef.h>

struct hd_buf;
struct hd_metric; /* one series: a family with one set of labels */

enum hd_metric_type {
	HD_COUNTER,
	HD_GAUGE,
	HD_HISTOGRAM, /* of times: buckets 1 ms to 60 s, in seconds */
	HD_SIZES      /* a histogram of numbers of things: 1 to 1024 */
};

/* The series `name` with `labels` ("connector=\"misp\"" or "" for none), made
 * if it is new.  It lives as long as the process.  Asking again with another
 * type is a bug (assert). [any] */
struct hd_metric *hd_metric_get(enum hd_metric_type type, const char *name,
				const char *labels, const char *help);

/* Counters (nothing below 0) and gauges; gauges; histograms. [any] */
void hd_metric_add(struct hd_metric *metric, double value);
void hd_metric_set(struct hd_metric *metric, double value);
void hd_metric_observe(struct hd_metric *metric, double value);

/* All series of the gauge `name` are left out until they are set again: of what
 * is gone nothing shall be said. [any] */
void hd_metric_clear(const char *name);

/* The value, of a histogram its count. [any] */
double hd_metric_value(const struct hd_metric *metric);

/* Appends label=value with the value escaped, a comma before it unless `out`
 * is empty: builds the `labels` above.  A value is cut at 1 KiB. [any] */
void hd_metric_label(struct hd_buf *out, const char *label, const char *value);

/* Appends all families in order of their names. [any] */
void hd_metric_write(struct hd_buf *out);

#endif
