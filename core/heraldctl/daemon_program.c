#include "core/heraldctl/daemon_program.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/heraldctl/ctl.h"

extern char **environ;

/* The caller frees it. */
static char *find_program(void)
{
	static const char *const beside[] = { "heraldd", "../sbin/heraldd" };
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path, *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < 2; i++) {
		path = hd_strf("%.*s/%s", (int)(slash - self), self, beside[i]);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	if (access(HD_SBIN_DIR "/heraldd", X_OK) == 0)
		return hd_strdup(HD_SBIN_DIR "/heraldd");
	return hd_strdup("heraldd");
}

static void read_all(int fd, struct hd_buf *out)
{
	char part[16384];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			hd_buf_add(out, part, (size_t)n);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* posix_spawn is told to give the end of a pipe to the child as stdout. */
static int spawn(const char *path, const char **argv, const int *pipe_fds,
		 pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int error;

	posix_spawn_file_actions_init(&files);
	if (pipe_fds) {
		posix_spawn_file_actions_adddup2(&files, pipe_fds[1],
						 STDOUT_FILENO);
		posix_spawn_file_actions_addclose(&files, pipe_fds[0]);
		posix_spawn_file_actions_addclose(&files, pipe_fds[1]);
	}
	error = posix_spawnp(pid, path, &files, NULL, (char *const *)argv,
			     environ);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

int hd_daemon_program_run(const char **argv, struct hd_buf *out)
{
	char *path = find_program();
	int fds[2] = { -1, -1 };
	int error, status = -1;
	pid_t pid;

	argv[0] = path;
	if (out && pipe(fds) < 0) {
		hd_ctl_complain("heraldd -t", "pipe: %s", strerror(errno));
		goto out;
	}
	error = spawn(path, argv, out ? fds : NULL, &pid);
	if (error != 0) {
		hd_ctl_complain("install heraldd, or put it on PATH", "%s: %s",
				path, strerror(error));
		goto out;
	}
	if (out) {
		close(fds[1]);
		fds[1] = -1;
		read_all(fds[0], out);
	}
	status = wait_for(pid);
	if (status < 0)
		hd_ctl_complain("journalctl -e", "%s ended by a signal", path);
out:
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	free(path);
	return status;
}
