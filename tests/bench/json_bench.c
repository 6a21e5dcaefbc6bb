/* json_bench.c - our reader and writer of JSON against jansson's
 *
 * usage: json_bench [FILE...]
 * Prints us of CPU time a document (text to tree and free; tree to text) and
 * the ratio.  Without files it takes the alerts among the fixtures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"

#define ROUNDS 20000

struct document {
	char *text;
	size_t n;
	json_t *tree;
};

typedef void (*work_fn)(const struct document *doc, struct hd_buf *out);

static void read_ours(const struct document *doc, struct hd_buf *out)
{
	static const struct hd_json_options options = { .mend = true };

	(void)out;
	json_decref(hd_json_read(doc->text, doc->n, &options, NULL));
}

static void read_theirs(const struct document *doc, struct hd_buf *out)
{
	(void)out;
	json_decref(json_loadb(doc->text, doc->n, 0, NULL));
}

static void write_ours(const struct document *doc, struct hd_buf *out)
{
	hd_buf_clear(out);
	hd_json_write(out, doc->tree, 0);
}

static void write_theirs(const struct document *doc, struct hd_buf *out)
{
	(void)out;
	free(json_dumps(doc->tree, JSON_COMPACT));
}

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* The best of five, since a busy machine only ever adds. */
static double measure(work_fn work, const struct document *doc)
{
	struct hd_buf out;
	double best = 1e18;
	double took;
	int i;
	int j;

	hd_buf_init(&out, 1 << 24);
	for (i = 0; i < 5; i++) {
		took = cpu_us();
		for (j = 0; j < ROUNDS / 5; j++)
			work(doc, &out);
		took = (cpu_us() - took) / (ROUNDS / 5);
		best = took < best ? took : best;
	}
	hd_buf_fini(&out);
	return best;
}

static void compare(const char *what, const struct document *doc,
		    work_fn theirs, work_fn ours)
{
	double a = measure(theirs, doc);
	double b = measure(ours, doc);

	printf("  %-5s  jansson %7.2f us  ours %7.2f us  ratio %4.1f\n", what,
	       a, b, a / b);
}

static int load(const char *path, struct document *doc)
{
	FILE *file = fopen(path, "rb");
	struct hd_json_report report;

	doc->text = calloc(1, 1 << 22);
	if (!file || !doc->text) {
		perror(path);
		return -1;
	}
	doc->n = fread(doc->text, 1, 1 << 22, file);
	fclose(file);
	doc->tree = hd_json_read(doc->text, doc->n, NULL, &report);
	if (!doc->tree) {
		fprintf(stderr, "%s: at %zu: %s\n", path, report.offset,
			report.why);
		return -1;
	}
	return 0;
}

static int run(const char *path)
{
	struct document doc;

	if (load(path, &doc) < 0)
		return -1;
	printf("%s: %zu bytes\n", path, doc.n);
	compare("read", &doc, read_theirs, read_ours);
	compare("write", &doc, write_theirs, write_ours);
	json_decref(doc.tree);
	free(doc.text);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const alerts[] = {
		TEST_SRCDIR "/fixtures/splunk/custom_alert_stdin.json",
		TEST_SRCDIR "/fixtures/splunk/webhook_es_notable_row.json",
		TEST_SRCDIR "/fixtures/ocsf/detection_finding-brute_force.json"
	};
	int rc = 0;
	size_t i;

	for (i = 1; i < (size_t)argc; i++)
		rc |= run(argv[i]);
	for (i = 0; argc == 1 && i < sizeof(alerts) / sizeof(alerts[0]); i++)
		rc |= run(alerts[i]);
	return rc < 0 ? 1 : 0;
}
