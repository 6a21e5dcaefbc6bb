#include "core/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"
#include "core/base/log_limit.h"
#include "core/base/secret.h"
#include "core/base/utf8.h"

#define LINE_MAX_BYTES 8192 /* with the line feed */
#define NAME_MAX_BYTES 128

enum form { FORM_TEXT, FORM_JOURNAL, FORM_JSON };

static const struct {
	const char *name;
	const char *priority; /* of syslog, as the journal wants it */
} levels[] = {
	[HD_LOG_DEBUG] = { "debug", "<7>" },
	[HD_LOG_INFO] = { "info", "<6>" },
	[HD_LOG_NOTICE] = { "notice", "<5>" },
	[HD_LOG_WARNING] = { "warning", "<4>" },
	[HD_LOG_ERROR] = { "error", "<3>" },
};

static int log_fd = STDERR_FILENO;
static enum form log_form = FORM_TEXT;
static atomic_int log_least = HD_LOG_INFO;

static pthread_mutex_t limit_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hd_log_limit limit;

/* True if the service manager's journal is at the other end of `fd`. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void hd_log_init(int fd, enum hd_level least, bool json)
{
	log_fd = fd;
	log_form = json ? FORM_JSON : is_journal(fd) ? FORM_JOURNAL : FORM_TEXT;
	hd_log_set_level(least);
}

void hd_log_set_level(enum hd_level least)
{
	atomic_store_explicit(&log_least, (int)least, memory_order_relaxed);
}

int hd_log_level_parse(const char *name, enum hd_level *out)
{
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*out = (enum hd_level)i;
			return 0;
		}
	}
	return -1;
}

const char *hd_log_level_name(enum hd_level level)
{
	return levels[level].name;
}

/* One line in the making; its texts are safe to print, "" for none. */
struct line {
	enum hd_level level;
	const char *connector, *alert, *text;
	size_t text_n; /* how much of the text */
};

static void write_text_form(struct hd_buf *out, const struct line *line)
{
	char time[HD_UTC_TEXT];

	if (log_form == FORM_JOURNAL) {
		hd_buf_adds(out, levels[line->level].priority);
	} else {
		hd_utc_text(hd_utc_ms(), time);
		hd_buf_addf(out, "%s %s ", time, levels[line->level].name);
	}
	if (line->connector[0] != '\0')
		hd_buf_addf(out, "%s: ", line->connector);
	hd_buf_add(out, line->text, line->text_n);
	if (line->alert[0] != '\0')
		hd_buf_addf(out, " alert=%s", line->alert);
	hd_buf_addc(out, '\n');
}

static void add_member(struct hd_buf *out, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	hd_buf_addf(out, ",\"%s\":", name);
	hd_json_write_string(out, text, strlen(text), 0);
}

static void write_json_form(struct hd_buf *out, const struct line *line)
{
	char time[HD_UTC_TEXT];

	hd_utc_text(hd_utc_ms(), time);
	hd_buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\"", time,
		    levels[line->level].name);
	add_member(out, "connector", line->connector);
	add_member(out, "alert", line->alert);
	hd_buf_adds(out, ",\"text\":");
	hd_json_write_string(out, line->text, line->text_n, 0);
	hd_buf_adds(out, "}\n");
}

static void write_form(struct hd_buf *out, const struct line *line)
{
	hd_buf_clear(out);
	if (log_form == FORM_JSON)
		write_json_form(out, line);
	else
		write_text_form(out, line);
}

/* How many bytes of `text` fit into `room` bytes of a line, at the price that
 * JSON asks for quotes and backslashes. */
static size_t count_fitting(const char *text, size_t n, size_t room)
{
	size_t cost = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		cost += text[i] == '"' || text[i] == '\\' ? 2 : 1;
		if (cost > room)
			break;
	}
	return hd_utf8_cut(text, n, i);
}

/* A line is one write(); what a full or closed stderr does not take is lost,
 * since there is nobody left to tell. */
static void write_out(const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(log_fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		p += done;
		n -= (size_t)done;
	}
}

static void print_line(struct line *line)
{
	struct hd_buf out;

	hd_buf_init(&out, LINE_MAX_BYTES);
	write_form(&out, line);
	if (hd_buf_failed(&out)) {
		line->text_n = 0;
		write_form(&out, line);
		line->text_n = count_fitting(line->text, strlen(line->text),
					     LINE_MAX_BYTES - out.n);
		write_form(&out, line);
	}
	write_out(hd_buf_text(&out), out.n);
	hd_buf_fini(&out);
}

/* At most `max` bytes of `text`, secrets masked and all that is unruly escaped.
 * Masking comes first: neither a part of a secret nor an escaped one would be
 * known.  The caller frees the result. */
static char *make_safe(const char *text, size_t max)
{
	char *copy = hd_strdup(text);
	size_t n = hd_secret_mask(copy, strlen(copy));
	struct hd_buf safe;

	n = hd_utf8_cut(copy, n, max);
	hd_buf_init(&safe, 6 * n); /* "\x{ff}" for one byte */
	hd_utf8_escape(&safe, copy, n);
	free(copy);
	return hd_buf_steal(&safe);
}

static void print(enum hd_level level, const char *connector, const char *alert,
		  const char *text)
{
	char *safe_connector = make_safe(connector, NAME_MAX_BYTES);
	char *safe_alert = make_safe(alert, NAME_MAX_BYTES);
	char *safe_text = make_safe(text, LINE_MAX_BYTES);
	struct line line = { level, safe_connector, safe_alert, safe_text,
			     strlen(safe_text) };

	print_line(&line);
	free(safe_connector);
	free(safe_alert);
	free(safe_text);
}

static bool take_held(struct hd_log_place *out)
{
	bool any;

	pthread_mutex_lock(&limit_lock);
	any = hd_log_limit_take(&limit, hd_now_ms(), out);
	pthread_mutex_unlock(&limit_lock);
	return any;
}

void hd_log_flush(void)
{
	struct hd_log_place place;
	char text[sizeof(place.what) + 64];

	while (take_held(&place)) {
		snprintf(text, sizeof(text), "%u more like this held back: %s",
			 place.held, place.what);
		print(place.level, place.connector, "", text);
	}
}

/* A format stands for all texts made with it; "%s" for none. */
static bool may_pass(enum hd_level level, const char *connector,
		     const char *fmt, const char *text)
{
	bool pass;

	if (level < HD_LOG_NOTICE)
		return true;
	pthread_mutex_lock(&limit_lock);
	pass = hd_log_limit_pass(&limit, hd_now_ms(), level, connector,
				 strcmp(fmt, "%s") == 0 ? text : fmt);
	pthread_mutex_unlock(&limit_lock);
	return pass;
}

void hd_logv(enum hd_level level, const struct hd_log_context *ctx,
	     const char *fmt, va_list ap)
{
	const char *connector = ctx && ctx->connector ? ctx->connector : "";
	const char *alert = ctx && ctx->alert ? ctx->alert : "";
	int saved_errno = errno;
	char *text;

	if ((int)level < atomic_load_explicit(&log_least, memory_order_relaxed))
		return;
	if (vasprintf(&text, fmt, ap) < 0)
		text = hd_strdup(fmt); /* better than silence */
	hd_log_flush();
	if (may_pass(level, connector, fmt, text))
		print(level, connector, alert, text);
	free(text);
	errno = saved_errno;
}

void hd_log(enum hd_level level, const struct hd_log_context *ctx,
	    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hd_logv(level, ctx, fmt, ap);
	va_end(ap);
}

static void add_plain(char *line, size_t size, const char *text)
{
	size_t n = strlen(line), i;

	for (i = 0; text[i] != '\0' && n + i + 1 < size; i++)
		line[n + i] = text[i];
	line[n + i] = '\0';
}

void hd_log_dying(const char *text, const char *alert)
{
	bool json = log_form == FORM_JSON;
	char line[1024] = "";

	add_plain(line, sizeof(line),
		  json			     ? "{\"level\":\"error\","
		  : log_form == FORM_JOURNAL ? levels[HD_LOG_ERROR].priority
					     : "error ");
	if (json && alert[0] != '\0') {
		add_plain(line, sizeof(line), "\"alert\":\"");
		add_plain(line, sizeof(line), alert);
		add_plain(line, sizeof(line), "\",");
	}
	add_plain(line, sizeof(line), json ? "\"text\":\"" : "");
	add_plain(line, sizeof(line), text);
	if (!json && alert[0] != '\0') {
		add_plain(line, sizeof(line), " alert=");
		add_plain(line, sizeof(line), alert);
	}
	add_plain(line, sizeof(line), json ? "\"}\n" : "\n");
	write_out(line, strlen(line));
}
