#include "smtp_notify/message.h"

#include <time.h>

#include "common/sha256.h"

#include "smtp_notify/address.h"
#include "smtp_notify/encode.h"

#define ID_DIGITS 32
#define SUBJECT_MAX 900
#define BOUNDARY "=_herald_" /* '=' and '_': never in quoted-printable */
#define SEPARATOR "\n"	     /* between the parts of what is digested */

static void add(struct hp_text *out, const char *text)
{
	hp_text_add(out, herald_cstr(text));
}

static bool digest(const struct smtp_message *m, herald_str recipient,
		   char hex[HP_SHA256_HEX])
{
	struct hp_text all;
	bool ok;

	hp_text_init(&all, 64 * 1024);
	hp_text_add(&all, m->instance);
	add(&all, SEPARATOR);
	hp_text_add(&all, m->idem);
	add(&all, SEPARATOR);
	hp_text_add(&all, recipient);
	ok = !all.cut && hp_sha256_hex(hp_text_str(&all), hex);
	hp_text_fini(&all);
	return ok;
}

bool smtp_message_id(const struct smtp_message *m, herald_str recipient,
		     char out[SMTP_ID_MAX])
{
	herald_str domain = smtp_address_domain(m->from);
	char hex[HP_SHA256_HEX];
	int n;

	if (!domain.p || !digest(m, recipient, hex))
		return false;
	n = snprintf(out, SMTP_ID_MAX, "<%.*s.%.*s@%.*s>", ID_DIGITS, hex,
		     (int)m->instance.n, m->instance.p, (int)domain.n,
		     domain.p);
	return n > 0 && n < SMTP_ID_MAX;
}

/* RFC 5322, in the words of no locale. */
static void add_date(struct hp_text *out, int64_t utc_ms)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
					"Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
					  "May", "Jun", "Jul", "Aug",
					  "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	hp_text_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
		     days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		     tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_list(struct hp_text *out, const char *name,
		     const herald_str *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 0)
			hp_text_addf(out, "%s: ", name);
		else
			add(out, ",\r\n ");
		hp_text_add(out, items[i]);
	}
	if (count > 0)
		add(out, "\r\n");
}

static void add_headers(struct hp_text *out, const struct smtp_message *m,
			const char *id)
{
	static const herald_str no_name = { NULL, 0 };

	add_date(out, m->utc_ms);
	smtp_encode_mailbox(out, "From", m->from_name, m->from);
	if (m->reply_to.n > 0)
		smtp_encode_mailbox(out, "Reply-To", no_name, m->reply_to);
	add_list(out, "To", m->to, m->to_count);
	add_list(out, "Cc", m->copy, m->copy_count);
	smtp_encode_header(out, "Subject",
			   hp_str_head(m->subject, SUBJECT_MAX));
	hp_text_addf(out, "Message-ID: %s\r\n", id);
	add(out, "Auto-Submitted: auto-generated\r\n"
		 "X-Auto-Response-Suppress: All\r\n"
		 "Precedence: bulk\r\n");
	if (m->alert.n > 0)
		smtp_encode_header(out, "X-Herald-Alert-Id", m->alert);
	add(out, "MIME-Version: 1.0\r\n");
}

static void add_part(struct hp_text *out, const char *type, herald_str text)
{
	hp_text_addf(out,
		     "Content-Type: %s; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		     type);
	smtp_encode_body(out, text);
}

static void add_both_parts(struct hp_text *out, const struct smtp_message *m)
{
	static const char line[] = "--" BOUNDARY "1";

	add(out, "Content-Type: multipart/alternative; boundary=\"" BOUNDARY
		 "1\"\r\n\r\n");
	hp_text_addf(out, "%s\r\n", line);
	add_part(out, "text/plain", m->body);
	hp_text_addf(out, "\r\n%s\r\n", line);
	add_part(out, "text/html", m->html);
	hp_text_addf(out, "\r\n%s--\r\n", line);
}

bool smtp_message_write(struct hp_text *out, const struct smtp_message *m,
			herald_str recipient)
{
	char id[SMTP_ID_MAX];

	if (!smtp_message_id(m, recipient, id))
		return false;
	add_headers(out, m, id);
	if (m->html.n > 0)
		add_both_parts(out, m);
	else
		add_part(out, "text/plain", m->body);
	return !out->cut;
}
