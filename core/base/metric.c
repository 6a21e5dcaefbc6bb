#include "core/base/metric.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/number.h"
#include "core/base/utf8.h"

#define LABELS_MAX 4096

#define BOUNDS 15
#define BUCKETS (BOUNDS + 1) /* with +Inf */

/* Unused ones are 0. */
static const double bounds[][BOUNDS] = {
	[HD_HISTOGRAM] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
			   0.5, 1, 2.5, 5, 10, 30, 60 },
	[HD_SIZES] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024 },
};

struct hd_metric {
	enum hd_metric_type type;
	char *labels;
	_Atomic bool hidden;
	_Atomic double value;		   /* a histogram's sum */
	_Atomic uint64_t buckets[BUCKETS]; /* of histograms, each its own */
	struct hd_metric *next;
};

struct family {
	char *name, *help;
	enum hd_metric_type type;
	struct hd_metric *series; /* in the order of their making */
	struct family *next;
};

/* Guards the lists, not the numbers.  Nothing ever leaves them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct family *families; /* by name */

static bool is_histogram(enum hd_metric_type type)
{
	return type == HD_HISTOGRAM || type == HD_SIZES;
}

static size_t bound_count(enum hd_metric_type type)
{
	size_t n = 0;

	while (n < BOUNDS && bounds[type][n] != 0)
		n++;
	return n;
}

static bool is_name(const char *name)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_:";
	static const char later[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_:0123456789";

	return name[0] != '\0' && strspn(name, first) > 0 &&
	       name[strspn(name, later)] == '\0';
}

static struct family *get_family(enum hd_metric_type type, const char *name,
				 const char *help)
{
	struct family **at = &families;
	struct family *family;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (*at && strcmp((*at)->name, name) == 0) {
		assert((*at)->type == type);
		return *at;
	}
	family = hd_alloc(sizeof(*family));
	family->name = hd_strdup(name);
	family->help = hd_strdup(help);
	family->type = type;
	family->next = *at;
	*at = family;
	return family;
}

static struct hd_metric *get_series(struct family *family, const char *labels)
{
	struct hd_metric **at = &family->series;

	while (*at && strcmp((*at)->labels, labels) != 0)
		at = &(*at)->next;
	if (!*at) {
		*at = hd_alloc(sizeof(**at));
		(*at)->type = family->type;
		(*at)->labels = hd_strdup(labels);
	}
	return *at;
}

struct hd_metric *hd_metric_get(enum hd_metric_type type, const char *name,
				const char *labels, const char *help)
{
	struct hd_metric *metric;

	assert(is_name(name));
	pthread_mutex_lock(&lock);
	metric = get_series(get_family(type, name, help), labels);
	pthread_mutex_unlock(&lock);
	return metric;
}

static void add(_Atomic double *number, double value)
{
	double old = atomic_load_explicit(number, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(number, &old, old + value,
						      memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void hd_metric_add(struct hd_metric *metric, double value)
{
	assert(metric->type == HD_GAUGE ||
	       (metric->type == HD_COUNTER && value >= 0));
	add(&metric->value, value);
}

void hd_metric_set(struct hd_metric *metric, double value)
{
	assert(metric->type == HD_GAUGE);
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
	atomic_store_explicit(&metric->hidden, false, memory_order_relaxed);
}

void hd_metric_observe(struct hd_metric *metric, double value)
{
	const double *bound = bounds[metric->type];
	size_t n = bound_count(metric->type), i = 0;

	assert(is_histogram(metric->type));
	while (i < n && value > bound[i])
		i++;
	atomic_fetch_add_explicit(&metric->buckets[i], 1, memory_order_relaxed);
	add(&metric->value, value);
}

void hd_metric_clear(const char *name)
{
	const struct family *family;
	struct hd_metric *metric;

	pthread_mutex_lock(&lock);
	for (family = families; family; family = family->next) {
		if (strcmp(family->name, name) != 0)
			continue;
		assert(family->type == HD_GAUGE);
		for (metric = family->series; metric; metric = metric->next)
			atomic_store_explicit(&metric->hidden, true,
					      memory_order_relaxed);
	}
	pthread_mutex_unlock(&lock);
}

double hd_metric_value(const struct hd_metric *metric)
{
	uint64_t count = 0;
	size_t i;

	if (!is_histogram(metric->type))
		return atomic_load_explicit(&metric->value,
					    memory_order_relaxed);
	for (i = 0; i < BUCKETS; i++)
		count += atomic_load_explicit(&metric->buckets[i],
					      memory_order_relaxed);
	return (double)count;
}

/* `text` with backslash and line feed escaped, and `more`, a character. */
static void add_escaped(struct hd_buf *out, const char *text, char more)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || (more != '\0' && *text == more))
			hd_buf_addc(out, '\\');
		if (*text == '\n')
			hd_buf_adds(out, "\\n");
		else
			hd_buf_addc(out, *text);
	}
}

/* Short, and of characters that stand for themselves. */
static bool is_plain(const char *value)
{
	size_t n = 0;

	while (value[n] > ' ' && value[n] < 127 && value[n] != '"' &&
	       value[n] != '\\')
		n++;
	return value[n] == '\0' && n < LABELS_MAX / 4;
}

void hd_metric_label(struct hd_buf *out, const char *label, const char *value)
{
	struct hd_buf mended;

	assert(is_name(label));
	if (is_plain(value)) {
		hd_buf_adds(out, out->n > 0 ? "," : "");
		hd_buf_adds(out, label);
		hd_buf_adds(out, "=\"");
		hd_buf_adds(out, value);
		hd_buf_addc(out, '"');
		return;
	}
	hd_buf_init(&mended, LABELS_MAX);
	hd_utf8_mend(&mended, value,
		     hd_utf8_cut(value, strlen(value), LABELS_MAX / 4));
	hd_buf_addf(out, "%s%s=\"", out->n > 0 ? "," : "", label);
	add_escaped(out, hd_buf_text(&mended), '"');
	hd_buf_addc(out, '"');
	hd_buf_fini(&mended);
}

static void add_number(struct hd_buf *out, double value)
{
	char text[HD_NUMBER_TEXT];

	if (isnan(value))
		hd_buf_adds(out, "NaN");
	else if (isinf(value))
		hd_buf_adds(out, value > 0 ? "+Inf" : "-Inf");
	else if (value == trunc(value) && fabs(value) < 0x1p53)
		hd_buf_add(out, text, hd_number_put_int((int64_t)value, text));
	else
		hd_buf_add(out, text, hd_number_put_real(value, text));
}

/* name + suffix {labels, le="bound"} value */
static void write_sample(struct hd_buf *out, const struct family *family,
			 const char *suffix, const struct hd_metric *metric,
			 const char *bound, double value)
{
	const char *labels = metric->labels;

	hd_buf_addf(out, "%s%s", family->name, suffix);
	if (labels[0] != '\0' || bound)
		hd_buf_addf(out, "{%s", labels);
	if (bound)
		hd_buf_addf(out, "%sle=\"%s\"", labels[0] != '\0' ? "," : "",
			    bound);
	hd_buf_adds(out, labels[0] != '\0' || bound ? "} " : " ");
	add_number(out, value);
	hd_buf_addc(out, '\n');
}

/* The count is the sum of the buckets as they were read, so that the lines of
 * one histogram agree whatever is being added meanwhile. */
static void write_histogram(struct hd_buf *out, const struct family *family,
			    const struct hd_metric *metric)
{
	char bound[HD_NUMBER_TEXT] = "+Inf";
	size_t n = bound_count(metric->type), i;
	uint64_t count = 0;

	for (i = 0; i <= n; i++) {
		count += atomic_load_explicit(&metric->buckets[i],
					      memory_order_relaxed);
		if (i < n)
			hd_number_put_real(bounds[metric->type][i], bound);
		write_sample(out, family, "_bucket", metric,
			     i < n ? bound : "+Inf", (double)count);
	}
	write_sample(out, family, "_sum", metric, NULL,
		     atomic_load_explicit(&metric->value,
					  memory_order_relaxed));
	write_sample(out, family, "_count", metric, NULL, (double)count);
}

static void write_family(struct hd_buf *out, const struct family *family)
{
	static const char *const types[] = { [HD_COUNTER] = "counter",
					     [HD_GAUGE] = "gauge",
					     [HD_HISTOGRAM] = "histogram",
					     [HD_SIZES] = "histogram" };
	const struct hd_metric *metric;

	hd_buf_addf(out, "# HELP %s ", family->name);
	add_escaped(out, family->help, '\0');
	hd_buf_addf(out, "\n# TYPE %s %s\n", family->name, types[family->type]);
	for (metric = family->series; metric; metric = metric->next) {
		if (atomic_load_explicit(&metric->hidden, memory_order_relaxed))
			continue;
		if (is_histogram(family->type))
			write_histogram(out, family, metric);
		else
			write_sample(out, family, "", metric, NULL,
				     hd_metric_value(metric));
	}
}

void hd_metric_write(struct hd_buf *out)
{
	const struct family *family;

	pthread_mutex_lock(&lock);
	for (family = families; family; family = family->next)
		write_family(out, family);
	pthread_mutex_unlock(&lock);
}
