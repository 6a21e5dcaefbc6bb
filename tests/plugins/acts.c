/* acts - actions of every kind that do as they are told, and say so.
 *
 * What a call does is the first line of the file ACTION.plan, ACTION.run or
 * ACTION.verify in the folder `dir`, which is taken off it; without one it
 * works, and a VERIFY tells the truth.  A line is words:
 *
 *	ok retry quota:MS auth failed refused cancelled in_doubt pending:MS
 *	not_found            how it ends
 *	hang                 it does not end
 *	effect, no_effect    whether a RUN takes effect before that (as it is,
 *	                     one that is ok or pending does)
 *	dies                 the process is killed then
 *	crashes              by its own fault
 *	holds:MS             the loop is held so long before
 *	no_target            the PLAN names none
 *
 * What was done is in the file `log`, on the disk before the call ends:
 *
 *	MODE ACTION IDEM UNDOING END EFFECT MEMO
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <herald/plugin.h>

#define LINE_MAX_LEN 256
#define PATH_MAX_LEN 1024
#define FILE_MAX_LEN 65536

struct acts {
	const herald_host *h;
	const char *dir;
	unsigned count; /* of effects, for what is told of them */
};

/* How a call is to go. */
struct way {
	char end[16];
	long number; /* behind the colon */
	int effect;  /* 1 yes, 0 no, -1 as it is */
	long holds_ms;
	int dies, crashes, no_target;
};

static void give_up(const char *what)
{
	fprintf(stderr, "acts: %s: %s\n", what, strerror(errno));
	abort();
}

__attribute__((format(printf, 3, 4))) static void put(char *out, size_t size,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(out, size, fmt, ap) >= (int)size)
		give_up("too long");
	va_end(ap);
}

/* ---- the script ---- */

/* Takes the first line off a file; "" if there is none. */
static void take_line(const char *path, char line[LINE_MAX_LEN])
{
	static char text[FILE_MAX_LEN + 1];
	char fresh[PATH_MAX_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t len;

	line[0] = '\0';
	if (fd < 0)
		return;
	n = read(fd, text, FILE_MAX_LEN);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	len = strcspn(text, "\n");
	put(line, LINE_MAX_LEN, "%.*s", (int)len, text);
	len += text[len] == '\n';
	put(fresh, sizeof(fresh), "%s.rest", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text + len, (size_t)n - len) < 0)
		give_up(fresh);
	close(fd);
	if (rename(fresh, path) < 0)
		give_up(path);
}

static void read_word(struct way *way, const char *word, size_t n)
{
	const char *colon = memchr(word, ':', n);
	size_t name = colon ? (size_t)(colon - word) : n;

	if (colon && name == 5 && memcmp(word, "holds", name) == 0) {
		way->holds_ms = strtol(colon + 1, NULL, 10);
		return;
	}
	if (n == 6 && memcmp(word, "effect", n) == 0)
		way->effect = 1;
	else if (n == 9 && memcmp(word, "no_effect", n) == 0)
		way->effect = 0;
	else if (n == 4 && memcmp(word, "dies", n) == 0)
		way->dies = 1;
	else if (n == 7 && memcmp(word, "crashes", n) == 0)
		way->crashes = 1;
	else if (n == 9 && memcmp(word, "no_target", n) == 0)
		way->no_target = 1;
	else
		put(way->end, sizeof(way->end), "%.*s", (int)name, word);
	if (colon)
		way->number = strtol(colon + 1, NULL, 10);
}

static const char *mode_name(uint32_t mode)
{
	return mode == HERALD_PLAN  ? "plan"
	       : mode == HERALD_RUN ? "run"
				    : "verify";
}

/* Does the log have an effect of this key? */
static int took_place(struct acts *a, const char *action, const char *idem)
{
	char path[PATH_MAX_LEN], start[PATH_MAX_LEN], line[32768];
	int found = 0;
	FILE *log;

	put(path, sizeof(path), "%s/log", a->dir);
	put(start, sizeof(start), "run %s %s ", action, idem);
	log = fopen(path, "re");
	while (log && fgets(line, sizeof(line), log))
		if (strncmp(line, start, strlen(start)) == 0 &&
		    strstr(line, " effect "))
			found = 1;
	if (log)
		fclose(log);
	return found;
}

static struct way read_way(struct acts *a, const char *action, uint32_t mode,
			   const char *idem)
{
	struct way way = { .end = "", .effect = -1 };
	char path[PATH_MAX_LEN], line[LINE_MAX_LEN];
	const char *at = line;

	put(path, sizeof(path), "%s/%s.%s", a->dir, action, mode_name(mode));
	take_line(path, line);
	while (*at) {
		size_t n = strcspn(at, " ");

		if (n > 0)
			read_word(&way, at, n);
		at += n;
		at += strspn(at, " ");
	}
	if (!way.end[0])
		put(way.end, sizeof(way.end), "%s",
		    mode == HERALD_VERIFY && !took_place(a, action, idem)
			    ? "not_found"
			    : "ok");
	if (way.effect < 0)
		way.effect = strcmp(way.end, "ok") == 0 ||
			     strcmp(way.end, "pending") == 0;
	if (mode != HERALD_RUN)
		way.effect = 0;
	return way;
}

/* ---- the log ---- */

static void write_log(struct acts *a, const char *action, const herald_call *c,
		      const struct way *way)
{
	char path[PATH_MAX_LEN], line[32768];
	int fd, n;

	put(path, sizeof(path), "%s/log", a->dir);
	n = snprintf(line, sizeof(line), "%s %s %s %u %s %s %s\n",
		     mode_name(c->mode), action, c->idem.p, c->undoing,
		     way->end, way->effect ? "effect" : "-",
		     c->memo.p ? c->memo.p : "-");
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, (size_t)n) != n || fsync(fd) < 0)
		give_up(path);
	close(fd);
}

/* ---- how a call ends ---- */

static const struct {
	const char *name;
	uint32_t status;
} ends[] = {
	{ "ok", HERALD_OK },
	{ "retry", HERALD_RETRY },
	{ "quota", HERALD_QUOTA },
	{ "auth", HERALD_AUTH },
	{ "failed", HERALD_FAILED },
	{ "refused", HERALD_REFUSED },
	{ "cancelled", HERALD_CANCELLED },
	{ "in_doubt", HERALD_IN_DOUBT },
	{ "pending", HERALD_PENDING },
	{ "not_found", HERALD_NOT_FOUND },
};

static uint32_t status_of(const char *end)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(ends[i].name, end) == 0)
			return ends[i].status;
	fprintf(stderr, "acts: no end is called '%s'\n", end);
	abort();
}

static void set_text(const herald_host *h, herald_doc *doc, const char *path,
		     const char *text)
{
	h->json_set(doc, path, HERALD_JSON_STRING, herald_cstr(text));
}

/* What the plan found: the user of the parameters, or somebody. */
static void add_plan(struct acts *a, herald_doc *doc, herald_doc *params,
		     const char *action)
{
	herald_str user;
	char text[LINE_MAX_LEN];

	if (a->h->json_get(params, "/user", &user) != HERALD_JSON_STRING)
		user = HERALD_S("somebody");
	set_text(a->h, doc, "/target/type", "user");
	put(text, sizeof(text), "uid-of-%s", user.p);
	set_text(a->h, doc, "/target/uid", text);
	a->h->json_set(doc, "/target/user/name", HERALD_JSON_STRING, user);
	put(text, sizeof(text), "would %s %s", action, user.p);
	set_text(a->h, doc, "/summary", text);
}

static void add_done(struct acts *a, herald_doc *doc, herald_doc *params)
{
	char number[32];

	put(number, sizeof(number), "%u", ++a->count);
	a->h->json_set(doc, "/data/number", HERALD_JSON_INT,
		       herald_cstr(number));
	a->h->json_copy(doc, "/data/text", params, "/text");
	put(number, sizeof(number), "T%u", a->count);
	set_text(a->h, doc, "/ticket/uid", number);
}

/* A plan and a pending run remember something; a plain run keeps the memo. */
static void set_memo(herald_result *r, const herald_call *c, uint32_t status)
{
	if (c->mode == HERALD_PLAN && status == HERALD_OK)
		r->memo = HERALD_S("{\"before\":\"on\"}");
	else if (c->mode == HERALD_RUN && status == HERALD_PENDING)
		r->memo = HERALD_S("{\"run\":17}");
}

static void finish(struct acts *a, const char *action, const herald_call *c,
		   const struct way *way)
{
	const herald_host *h = a->h;
	herald_doc *doc = h->json_parse(h, (herald_str){ NULL, 0 }, NULL);
	herald_doc *params = h->json_parse(h, c->params, NULL);
	uint32_t status = status_of(way->end);
	char message[LINE_MAX_LEN];
	herald_result r;

	herald_result_init(&r, status);
	if (status == HERALD_OK && c->mode == HERALD_PLAN && !way->no_target)
		add_plan(a, doc, params, action);
	else if (status == HERALD_OK && c->mode != HERALD_PLAN)
		add_done(a, doc, params);
	put(message, sizeof(message), "%s of %s: %s", mode_name(c->mode),
	    action, way->end);
	r.message = herald_cstr(message);
	r.json = h->json_text(doc);
	r.retry_after_ms = way->number;
	set_memo(&r, c, status);
	h->complete(h, c->req, &r);
	h->json_free(params);
	h->json_free(doc);
}

/* ---- the actions ---- */

static const herald_option params[] = {
	{ "text", HERALD_TEMPLATE, 0, NULL, "text", "For people." },
	{ "user", HERALD_USER, HERALD_TARGET, NULL, NULL, "Whom." },
	{ "ip", HERALD_IP, 0, NULL, NULL, "An address." },
	{ "to", HERALD_EMAIL, HERALD_LIST, NULL, NULL, "To whom." },
	{ "tags", HERALD_STRING, HERALD_LIST, "a, b", NULL, "Some words." },
	{ "number", HERALD_INT, 0, "3", "1..10", "A number." },
};

#define ACTION(action, does, has, back)                             \
	{                                                           \
		.name = (action), .effect = (does), .flags = (has), \
		.undo = (back), .params = HERALD_ITEMS(params),     \
		.help = "Does as it is told.",                      \
	}
static const herald_action list[] = {
	ACTION("record", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL),
	ACTION("post", HERALD_RECORDS, 0, NULL),
	ACTION("check", HERALD_RECORDS, HERALD_VERIFIES, NULL),
	ACTION("sure", HERALD_RECORDS, HERALD_IDEMPOTENT | HERALD_VERIFIES,
	       "unsure"),
	ACTION("unsure", HERALD_RECORDS, HERALD_IDEMPOTENT, NULL),
	ACTION("planned", HERALD_RECORDS, HERALD_PLANS, NULL),
	ACTION("tell", HERALD_NOTIFIES, HERALD_IDEMPOTENT, NULL),
	ACTION("contain", HERALD_CONTAINS,
	       HERALD_PLANS | HERALD_VERIFIES | HERALD_IDEMPOTENT, "release"),
	ACTION("release", HERALD_RECORDS,
	       HERALD_PLANS | HERALD_VERIFIES | HERALD_IDEMPOTENT, NULL),
	ACTION("look", HERALD_READS, HERALD_IDEMPOTENT, NULL),
};

static void run(void *self, const herald_call *call)
{
	struct acts *a = self;
	const char *action = list[call->action].name;
	struct way way = read_way(a, action, call->mode, call->idem.p);

	write_log(a, action, call, &way);
	if (way.holds_ms > 0)
		usleep((useconds_t)way.holds_ms * 1000);
	if (way.crashes)
		raise(SIGSEGV);
	if (way.dies)
		raise(SIGKILL);
	if (strcmp(way.end, "hang") != 0)
		finish(a, action, call, &way);
}

/* A call that hangs ends when nobody waits for it any more. */
static void cancel(void *self, herald_id req)
{
	struct acts *a = self;

	herald_fail(a->h, req, HERALD_CANCELLED, HERALD_S("cancelled"));
}

/* ---- life ---- */

static const herald_option options[] = {
	{ "dir", HERALD_STRING, HERALD_REQUIRED, NULL, NULL,
	  "Where it is told what to do." },
	{ "colour", HERALD_STRING, 0, NULL, NULL, "Makes it another one." },
};

static void *create(const herald_host *h)
{
	struct acts *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->h = h;
	a->dir = h->option(h, "dir", 0).p;
	return a;
}

static void destroy(void *self)
{
	free(self);
}

static const herald_actions actions = {
	.struct_size = sizeof(actions),
	.list = HERALD_ITEMS(list),
	.run = run,
};

HERALD_PLUGIN{
	HERALD_HEADER,
	.name = "acts",
	.version = "1.0",
	.summary = "Does as it is told.",
	.license = "MIT",
	.needs = HERALD_NEED_FILES,
	.options = HERALD_ITEMS(options),
	.create = create,
	.destroy = destroy,
	.cancel = cancel,
	.actions = &actions,
};
