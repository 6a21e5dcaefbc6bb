#include "core/plugin/fatal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/plugin/inflight_impl.h"
#include "core/plugin/visit.h"

#define STACK_BYTES 65536 /* for a loop that has run out of its own */
#define TEXT_BYTES 256

static const struct {
	int number;
	const char *name;
} fatal[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },	{ SIGABRT, "SIGABRT" },
	{ SIGFPE, "SIGFPE" },	{ SIGILL, "SIGILL" },	{ SIGTRAP, "SIGTRAP" },
	{ SIGSYS, "SIGSYS" },	{ SIGXCPU, "SIGXCPU" },
};

static pthread_t loop_thread;
static char other_stack[STACK_BYTES];

const char *hd_fatal_name(int signum)
{
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		if (fatal[i].number == signum)
			return fatal[i].name;
	return "a signal";
}

/* What does not fit is left out. */
static void append(char text[TEXT_BYTES], const char *more)
{
	size_t n = strlen(text), i;

	for (i = 0; more[i] && n + i + 1 < TEXT_BYTES; i++)
		text[n + i] = more[i];
	text[n + i] = '\0';
}

static void copy(char *field, size_t size, const char *text)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		field[i] = text[i];
	field[i] = '\0';
}

static bool is_loop(void)
{
	return pthread_equal(pthread_self(), loop_thread) != 0;
}

/* The mark whose work this thread does, or NULL. */
static struct hd_mark *find_mark(struct hd_inflight_file *file)
{
	if (!is_loop())
		return hd_inflight_working;
	for (size_t i = 0; i < HD_MARKS; i++)
		if (atomic_load(&file->marks[i].state) == HD_MARK_INSIDE &&
		    file->marks[i].connector[0])
			return &file->marks[i];
	return NULL;
}

static void note_death(struct hd_inflight_file *file, struct hd_mark *mark,
		       int signum, const char *connector, const char *call)
{
	if (mark && !is_loop())
		atomic_store(&mark->state, HD_MARK_BLAMED);
	copy(file->head.connector, sizeof(file->head.connector), connector);
	copy(file->head.call, sizeof(file->head.call), call);
	file->head.signal = signum;
	file->head.death = is_loop() ? HD_DEATH_LOOP : HD_DEATH_ELSEWHERE;
}

static void say(const char *how, const char *connector, const char *call,
		const struct hd_mark *mark)
{
	char text[TEXT_BYTES] = "herald dies: ";

	append(text, how);
	append(text, connector[0] ? " in " : " outside of any connector");
	if (connector[0]) {
		append(text, call);
		append(text, "() of connector ");
		append(text, connector);
	}
	hd_log_dying(text, mark ? mark->alert : "");
}

/* The innermost call: of the loop, or what a worker does. */
static void speak(int signum, const char *how)
{
	struct hd_inflight_file *file = hd_inflight_file;
	const char *connector = "", *call = "";
	struct hd_mark *mark;

	if (!file || file->head.phase != HD_PHASE_RUNNING)
		return;
	mark = find_mark(file);
	if (is_loop()) {
		hd_visit_innermost(&connector, &call);
	} else if (mark) {
		connector = mark->connector;
		call = mark->call;
	}
	note_death(file, mark, signum, connector, call);
	say(how, connector, call, mark);
}

/* Then as it would have been: the default is in place again. */
static void on_fatal(int signum)
{
	speak(signum, hd_fatal_name(signum));
	raise(signum);
}

static void on_exit_call(void)
{
	speak(0, "exit()");
}

void hd_fatal_install(void)
{
	const stack_t stack = { .ss_sp = other_stack, .ss_size = STACK_BYTES };
	struct sigaction act = { .sa_handler = on_fatal,
				 .sa_flags = SA_RESETHAND | SA_ONSTACK };
	struct sigaction was;

	loop_thread = pthread_self();
	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		if (sigaction(fatal[i].number, NULL, &was) == 0 &&
		    was.sa_handler == SIG_DFL)
			sigaction(fatal[i].number, &act, NULL);
	atexit(on_exit_call);
}
