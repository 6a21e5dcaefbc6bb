#include "core/control/gauges_process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/metric.h"

static void gauge(const char *name, const char *help, double value)
{
	hd_metric_set(hd_metric_get(HD_GAUGE, name, "", help), value);
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void set_cpu(void)
{
	struct hd_metric *m = hd_metric_get(HD_COUNTER,
					    "process_cpu_seconds_total", "",
					    "User and system CPU time.");
	struct rusage use;
	double more;

	if (getrusage(RUSAGE_SELF, &use) != 0)
		return;
	more = seconds(&use.ru_utime) + seconds(&use.ru_stime) -
	       hd_metric_value(m);
	if (more > 0)
		hd_metric_add(m, more);
}

/* "size resident ...", in pages. */
static void set_memory(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char text[128];
	char *rest = NULL;

	if (!f)
		return;
	if (fgets(text, sizeof(text), f)) {
		double page = (double)sysconf(_SC_PAGESIZE);

		gauge("process_virtual_memory_bytes", "Virtual memory size.",
		      (double)strtoull(text, &rest, 10) * page);
		gauge("process_resident_memory_bytes", "Resident memory size.",
		      (double)strtoull(rest, NULL, 10) * page);
	}
	fclose(f);
}

static void set_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct rlimit limit;
	double n = 0;

	if (dir) {
		while (readdir(dir))
			n++;
		closedir(dir);
		/* ".", "..", and the one that was open to look */
		gauge("process_open_fds", "Open file descriptors.", n - 3);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		gauge("process_max_fds", "Most open file descriptors.",
		      (double)limit.rlim_cur);
}

void hd_gauges_process(int64_t started_utc_ms)
{
	struct hd_buf labels;

	set_cpu();
	set_memory();
	set_files();
	gauge("process_start_time_seconds", "Start, since 1970.",
	      (double)started_utc_ms / 1000);
	hd_buf_init(&labels, 256);
	hd_metric_label(&labels, "version", PACKAGE_VERSION);
	hd_metric_set(hd_metric_get(HD_GAUGE, "herald_build_info",
				    hd_buf_text(&labels),
				    "1, with the version."),
		      1);
	hd_buf_fini(&labels);
}
