#include "core/plugin/trial.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/err.h"

#define WORDS_MAX 512

/* The child's exit status where its words say no more. */
enum { CHILD_LOADED = 0, CHILD_REFUSED = 1, CHILD_EXITED = 2 };

/* Registered last, so it runs before the handlers that the parent registered,
 * which must not run twice. */
static void leave_at_once(void)
{
	_exit(CHILD_EXITED);
}

/* Our signal handlers write to pipes that the parent reads. */
static void forget_signal_handlers(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_child(const char *path, int words, pid_t parent)
{
	struct rlimit no_core = { 0, 0 };
	const char *why;

	forget_signal_handlers();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(CHILD_REFUSED);
	setrlimit(RLIMIT_CORE, &no_core);
	atexit(leave_at_once);
	if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
		_exit(CHILD_LOADED);
	why = dlerror();
	if (!why)
		why = "dlopen failed";
	if (write(words, why, strnlen(why, WORDS_MAX - 1)) < 0)
		_exit(CHILD_REFUSED);
	_exit(CHILD_REFUSED);
}

/* Reads until the child closes its end.  -1 when the time is over. */
static int read_words(int fd, char out[WORDS_MAX], int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	out[0] = '\0';
	for (;;) {
		int64_t left = deadline_ms - hd_now_ms();
		ssize_t got;
		int rc = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (rc == 0)
			return -1;
		if (rc < 0)
			continue; /* EINTR: the clock goes on */
		got = read(fd, out + n, WORDS_MAX - 1 - n);
		if (got <= 0)
			return 0;
		n += (size_t)got;
		out[n] = '\0';
	}
}

static int judge(const char *path, int status, const char *words,
		 struct hd_err *err)
{
	if (WIFSIGNALED(status))
		return hd_err_set(err, EFAULT,
				  "%s: crashed while it was loaded (signal %d, "
				  "%s)",
				  path, WTERMSIG(status),
				  strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == CHILD_LOADED)
		return 0;
	if (WEXITSTATUS(status) == CHILD_REFUSED && words[0])
		return hd_err_set(err, ENOEXEC, "%s", words);
	return hd_err_set(err, EFAULT,
			  "%s: a constructor ended the process while it was "
			  "loaded",
			  path);
}

static int wait_for(pid_t pid, int fd, const char *path, int64_t limit_ms,
		    struct hd_err *err)
{
	char words[WORDS_MAX];
	int status, late;

	late = read_words(fd, words, hd_now_ms() + limit_ms);
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return hd_err_sys(err, errno, "%s: trial load", path);
	}
	if (late)
		return hd_err_set(err, ETIMEDOUT,
				  "%s: a constructor did not end within %d ms",
				  path, (int)limit_ms);
	return judge(path, status, words, err);
}

int hd_trial_load(const char *path, int64_t limit_ms, struct hd_err *err)
{
	pid_t pid, parent = getpid();
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return hd_err_sys(err, errno, "%s: trial load", path);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		run_child(path, fds[1], parent);
	}
	close(fds[1]);
	if (pid < 0)
		rc = hd_err_sys(err, errno, "%s: trial load", path);
	else
		rc = wait_for(pid, fds[0], path, limit_ms, err);
	close(fds[0]);
	return rc;
}
