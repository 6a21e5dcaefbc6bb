/* Giving a connector its secret. */
#include "core/heraldctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/text.h"

#define SECRET_MAX 16384 /* as the daemon reads it */
#define HELP "heraldctl secret set NAME < FILE"

/* ---- reading it ---- */

static ssize_t read_all(char *out, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size) {
		got = read(STDIN_FILENO, out + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
		if (isatty(STDIN_FILENO) && memchr(out, '\n', n))
			break;
	}
	return (ssize_t)n;
}

/* A terminal does not show it. */
static ssize_t read_secret(const char *name, char *out, size_t size)
{
	struct termios was, quiet;
	bool tty = tcgetattr(STDIN_FILENO, &was) == 0;
	ssize_t n;

	if (tty) {
		fprintf(stderr, "secret of %s: ", name);
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	n = read_all(out, size);
	if (tty) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		fputc('\n', stderr);
	}
	return n;
}

/* Its bytes with one newline at the end; -1 having complained. */
static ssize_t take_secret(const char *name, char out[SECRET_MAX + 2])
{
	ssize_t n = read_secret(name, out, SECRET_MAX + 1);

	if (n < 0) {
		hd_ctl_complain(HELP, "the secret cannot be read: %s",
				strerror(errno));
		return -1;
	}
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\r'))
		n--;
	if (n == 0 || n > SECRET_MAX - 1 || memchr(out, '\0', (size_t)n)) {
		hd_ctl_complain(HELP, "the secret %s",
				n == 0		     ? "is empty"
				: n > SECRET_MAX - 1 ? "is too long"
						     : "holds a NUL byte");
		return -1;
	}
	out[n++] = '\n';
	return n;
}

/* ---- writing it ---- */

/* Others never may read it; a group that could still can. */
static mode_t mode_of(const struct stat *was)
{
	return (was->st_mode & 0040) | 0600;
}

/* As the file that it takes the place of, else as heraldd's own. */
static int set_owner(int fd, const char *path, const json_t *about)
{
	uid_t uid = (uid_t)hd_number_of(about, "uid");
	gid_t gid = (gid_t)hd_number_of(about, "gid");
	mode_t mode = 0600;
	struct stat st;

	if (stat(path, &st) == 0) {
		uid = st.st_uid;
		gid = st.st_gid;
		mode = mode_of(&st);
	}
	if ((uid != geteuid() || gid != getegid()) && fchown(fd, uid, gid) < 0)
		return -1;
	return fchmod(fd, mode);
}

static int fill(int fd, const char *path, const json_t *about,
		const char *secret, size_t n)
{
	if (set_owner(fd, path, about) < 0)
		return -1;
	for (size_t done = 0; done < n;) {
		ssize_t put = write(fd, secret + done, n - done);

		if (put < 0)
			return -1;
		done += (size_t)put;
	}
	return fsync(fd);
}

static enum hd_exit write_failed(const char *path, int error)
{
	bool denied = error == EACCES || error == EPERM;

	hd_ctl_complain(denied ? "sudo heraldctl secret set NAME" : HELP,
			"%s: %s: the secret is as it was", path,
			strerror(error));
	return denied ? HD_EXIT_NOT_ALLOWED : HD_EXIT_WRONG;
}

/* Beside it, and renamed: whoever reads it sees the one or the other. */
static enum hd_exit replace(const char *path, const json_t *about,
			    const char *secret, size_t n)
{
	char *part = hd_strf("%s.XXXXXX", path);
	enum hd_exit status = HD_EXIT_GOOD;
	int fd = mkostemp(part, O_CLOEXEC);

	if (fd < 0) {
		status = write_failed(path, errno);
	} else if (fill(fd, path, about, secret, n) < 0 ||
		   rename(part, path) < 0) {
		status = write_failed(path, errno);
		unlink(part);
	}
	if (fd >= 0)
		close(fd);
	free(part);
	return status;
}

/* ---- the daemon takes it ---- */

static enum hd_exit reload(struct hd_ctl *ctl, const char *path)
{
	struct hd_buf text, about;
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;
	bool ok;

	hd_ask_init(&ask, "reload", NULL);
	hd_ask_member(&ask, "dry_run", NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (ctl->json)
		hd_ctl_print_json(answer);
	hd_buf_init(&text, 65536);
	hd_buf_init(&about, 65536);
	hd_text_add(&about, path);
	hd_buf_addf(&text,
		    "%s: written, and taken by heraldd -> heraldctl "
		    "test-connector ",
		    hd_buf_text(&about));
	hd_text_add(&text, ctl->words[1]);
	hd_buf_addc(&text, '\n');
	if (ok && !ctl->json)
		hd_ctl_print(&text);
	else
		hd_buf_fini(&text);
	if (!ok)
		hd_ctl_complain("heraldctl check, then heraldctl reload",
				"%s: written, but the configuration is not "
				"sound: heraldd has not taken it",
				hd_buf_text(&about));
	hd_buf_fini(&about);
	json_decref(answer);
	return ok ? HD_EXIT_GOOD : HD_EXIT_WRONG;
}

/* Where it is no file of ours to write. */
static enum hd_exit say_how(const json_t *about)
{
	const char *from = hd_text_of(about, "from");
	const char *where = hd_text_of(about, "where");
	char *help;

	if (strcmp(from, "credential") == 0)
		help = hd_strf("write /etc/herald/credentials/%s (root, mode "
			       "0600), then systemctl restart heraldd",
			       where);
	else if (strcmp(from, "env") == 0)
		help = hd_strf("set %s where heraldd is started, then "
			       "systemctl restart heraldd",
			       where);
	else
		help = hd_strdup("put it into a file and write {file: PATH}, "
				 "then heraldctl reload");
	hd_ctl_complain(help, "connector %s has its %s from %s %s, not a file",
			hd_text_of(about, "name"), hd_text_of(about, "option"),
			strcmp(from, "configuration") == 0 ? "the" : from,
			strcmp(from, "configuration") == 0 ? from : where);
	free(help);
	return HD_EXIT_WRONG;
}

/* `about` says where it belongs. */
static enum hd_exit set(struct hd_ctl *ctl, const json_t *about)
{
	const char *path = hd_text_of(about, "where");
	char secret[SECRET_MAX + 2];
	enum hd_exit status;
	ssize_t n;

	if (strcmp(hd_text_of(about, "from"), "file") != 0)
		return say_how(about);
	n = take_secret(ctl->words[1], secret);
	status = n < 0 ? HD_EXIT_WRONG
		       : replace(path, about, secret, (size_t)n);
	explicit_bzero(secret, sizeof(secret));
	return status == HD_EXIT_GOOD ? reload(ctl, path) : status;
}

enum hd_exit hd_cmd_secret(struct hd_ctl *ctl)
{
	enum hd_exit status;
	struct hd_ask ask;
	json_t *about;

	if (strcmp(ctl->words[0], "set") != 0) {
		hd_ctl_complain("heraldctl secret set NAME",
				"'%s' is nothing that can be done with a "
				"secret",
				ctl->words[0]);
		return HD_EXIT_USAGE;
	}
	hd_ask_init(&ask, "connectors", ctl->words[1], "secret", NULL);
	hd_ask_query(&ask, "option", hd_ctl_option(ctl, "option"));
	status = hd_client_ask(ctl, &ask, &about);
	if (status == HD_EXIT_GOOD)
		status = set(ctl, about);
	json_decref(about);
	return status;
}
