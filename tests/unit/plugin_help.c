#include "tests/unit/plugin_help.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"

void help_make_dir(char *out, size_t size)
{
	snprintf(out, size, "/tmp/herald-test-XXXXXX");
	assert_non_null(mkdtemp(out));
	assert_int_equal(chmod(out, 0755), 0);
}

void help_remove_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];

	assert_non_null(d);
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path); /* "." and ".." are refused */
	}
	closedir(d);
	rmdir(dir);
}

void help_copy_plugin(const char *name, const char *dir, const char *as)
{
	char from[512], to[512], buf[65536];
	int in, out;
	ssize_t n;

	snprintf(from, sizeof(from), "%s/tests/plugins/.libs/%s.so",
		 TEST_BUILDDIR, name);
	snprintf(to, sizeof(to), "%s/%s.so", dir, as);
	in = open(from, O_RDONLY);
	if (in < 0)
		fail_msg("%s is not built", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(fchmod(out, 0755), 0);
	close(in);
	close(out);
}

const struct hd_node *help_section(const char *lines, struct hd_conf **conf,
				   struct hd_complaints *complaints)
{
	struct hd_conf_text text = { .name = "herald.yaml" };
	const struct hd_node *node;
	struct hd_buf buf;

	hd_buf_init(&buf, 1 << 16);
	hd_buf_adds(&buf, "version: 1\nconnectors:\n  c:\n");
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		hd_buf_adds(&buf, "    ");
		hd_buf_add(&buf, lines, n);
		hd_buf_addc(&buf, '\n');
		lines += lines[n] ? n + 1 : n;
	}
	text.text = hd_buf_text(&buf);
	text.n = buf.n;
	*conf = hd_conf_load_texts(&text, 1, complaints);
	help_expect_no_complaints(complaints);
	assert_non_null(*conf);
	node = hd_conf_find(*conf, HD_CONF_CONNECTORS, "c");
	assert_non_null(node);
	hd_buf_fini(&buf);
	return node;
}

void help_expect_no_complaints(struct hd_complaints *complaints)
{
	struct hd_buf buf;

	if (hd_complaints_errors(complaints) == 0)
		return;
	hd_buf_init(&buf, 1 << 20);
	hd_complaints_print(complaints, &buf);
	fprintf(stderr, "%s", hd_buf_text(&buf));
	hd_buf_fini(&buf);
	fail_msg("there are complaints");
}

void help_expect_complaint(struct hd_complaints *complaints, const char *words)
{
	struct hd_buf buf;
	bool found;

	hd_buf_init(&buf, 1 << 20);
	hd_complaints_print(complaints, &buf);
	found = strstr(hd_buf_text(&buf), words);
	if (!found)
		fprintf(stderr, "%s", hd_buf_text(&buf));
	hd_buf_fini(&buf);
	if (!found)
		fail_msg("no complaint says '%s'", words);
}
