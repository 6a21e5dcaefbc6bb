#include "smtp_notify/session.h"

#include <stdlib.h>
#include <strings.h>

#include "smtp_notify/account.h"
#include "smtp_notify/address.h"

struct smtp_session {
	const herald_host *h;
	herald_id req;
	CURL *easy;		     /* NULL: none open */
	struct smtp_account account; /* of `easy` */
	char error[CURL_ERROR_SIZE];
	/* of the connection */
	struct smtp_trace trace;
	unsigned greetings, ehlo_lines;
	bool in_ehlo, offers_auth;
	/* of the mail */
	herald_str mail;
	size_t sent;
};

/* ---- what libcurl tells and asks ---- */

static int on_socket(void *ud, curl_socket_t fd, curlsocktype purpose)
{
	struct smtp_session *s = ud;

	(void)fd;
	(void)purpose;
	s->trace = (struct smtp_trace){ .stopped = s->trace.stopped };
	s->greetings = 0;
	s->in_ehlo = s->offers_auth = false;
	return CURL_SOCKOPT_OK;
}

static void keep_line(struct smtp_trace *trace, const char *p, size_t n)
{
	size_t o = 0;

	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	for (size_t i = 0; i < n && o + 1 < sizeof(trace->last); i++)
		trace->last[o++] = (unsigned char)p[i] < 0x20 ? ' ' : p[i];
	trace->last[o] = '\0';
}

/* One line of the answer to EHLO; the first holds the server's name. */
static void see_ehlo(struct smtp_session *s, const char *line)
{
	const char *word = line + 4;
	bool is_secure = !s->account.starttls || s->trace.starttls;

	if (s->ehlo_lines++ > 0 && strncasecmp(word, "AUTH", 4) == 0 &&
	    (word[4] == ' ' || word[4] == '='))
		s->offers_auth = true;
	if (line[3] != ' ')
		return;
	s->in_ehlo = false;
	if (s->account.has_secret && is_secure && !s->offers_auth)
		s->trace.no_auth = true;
}

static size_t on_line(char *p, size_t size, size_t n, void *ud)
{
	struct smtp_session *s = ud;
	const char *line = s->trace.last;

	/* The farewell after a refusal says nothing. */
	if (size * n >= 3 && strncmp(p, "221", 3) == 0)
		return size * n;
	keep_line(&s->trace, p, size * n);
	if (strncmp(line, "220-", 4) == 0)
		return size * n; /* the greeting goes on */
	if (strncmp(line, "220", 3) == 0) {
		s->trace.starttls = ++s->greetings > 1;
		s->in_ehlo = true;
		s->offers_auth = false;
		s->ehlo_lines = 0;
	} else if (strncmp(line, "235", 3) == 0) {
		s->trace.logged_in = true;
	} else if (s->in_ehlo && strncmp(line, "250", 3) == 0 &&
		   strlen(line) > 3) {
		see_ehlo(s, line);
	}
	return s->trace.no_auth ? 0 : size * n;
}

static size_t on_read(char *out, size_t size, size_t n, void *ud)
{
	struct smtp_session *s = ud;
	size_t left = s->mail.n - s->sent, room = size * n;

	if (s->account.has_secret && !s->trace.logged_in) {
		s->trace.no_auth = true;
		return CURL_READFUNC_ABORT;
	}
	if (left < room)
		room = left;
	memcpy(out, s->mail.p + s->sent, room);
	s->sent += room;
	if (s->sent == s->mail.n)
		s->trace.body_left = true;
	return room;
}

static int on_progress(void *ud, curl_off_t to_get, curl_off_t got,
		       curl_off_t to_send, curl_off_t gone)
{
	struct smtp_session *s = ud;

	(void)to_get;
	(void)got;
	(void)to_send;
	(void)gone;
	if (s->h->cancelled(s->h, s->req))
		s->trace.stopped = true;
	return s->trace.stopped ? 1 : 0;
}

/* ---- the handle ---- */

static CURLcode set_callbacks(struct smtp_session *s)
{
	const struct {
		CURLoption option;
		void *value;
	} data[] = {
		{ CURLOPT_SOCKOPTDATA, s },	   { CURLOPT_HEADERDATA, s },
		{ CURLOPT_READDATA, s },	   { CURLOPT_XFERINFODATA, s },
		{ CURLOPT_ERRORBUFFER, s->error },
	};
	CURLcode rc = CURLE_OK;

	for (size_t i = 0; rc == CURLE_OK && i < sizeof(data) / sizeof(data[0]);
	     i++)
		rc = curl_easy_setopt(s->easy, data[i].option, data[i].value);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_SOCKOPTFUNCTION,
				      on_socket);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_line);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, on_read);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_XFERINFOFUNCTION,
				      on_progress);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_NOPROGRESS, 0L);
	return rc;
}

static void drop(struct smtp_session *s)
{
	curl_easy_cleanup(s->easy);
	s->easy = NULL;
	smtp_account_fini(&s->account);
}

static CURLcode open_handle(struct smtp_session *s)
{
	CURLcode rc;

	if (s->easy)
		return CURLE_OK;
	s->error[0] = '\0';
	s->trace = (struct smtp_trace){ 0 };
	s->easy = curl_easy_init();
	if (!s->easy)
		return CURLE_OUT_OF_MEMORY;
	rc = set_callbacks(s);
	if (rc == CURLE_OK)
		rc = smtp_account_apply(&s->account, s->easy, s->h);
	if (rc != CURLE_OK)
		drop(s);
	return rc;
}

struct smtp_session *smtp_session_open(const herald_host *h, herald_id req)
{
	struct smtp_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->h = h;
	s->req = req;
	return s;
}

void smtp_session_close(struct smtp_session *s)
{
	if (!s)
		return;
	drop(s);
	free(s);
}

const char *smtp_session_answer(const struct smtp_session *s)
{
	return s->trace.last;
}

/* ---- talking ---- */

/* What to do about it, in the words of all connectors. */
static void add_remedy(const struct smtp_session *s, CURLcode rc,
		       struct hp_text *why)
{
	if (rc == CURLE_SSL_PINNEDPUBKEYNOTMATCH)
		hp_text_addf(why,
			     "; its key is not the one in tls.pin: find out "
			     "why before you change that -> heraldctl trust %s",
			     s->h->instance);
	else if (rc == CURLE_PEER_FAILED_VERIFICATION)
		hp_text_addf(why,
			     " -> heraldctl trust %s, or set tls.ca_file or "
			     "tls.pin (another name in the certificate: "
			     "tls.server_name)",
			     s->h->instance);
	else if (rc == CURLE_SSL_CONNECT_ERROR)
		hp_text_add(why, HERALD_S("; TLS 1.2 or later is required"));
	if (rc == CURLE_SSL_CONNECT_ERROR && !s->account.starttls)
		hp_text_add(why, HERALD_S("; smtps:// is encrypted from the "
					  "first byte (port 465), smtp:// by "
					  "STARTTLS (port 587)"));
}

static void explain(const struct smtp_session *s, CURLcode rc, long code,
		    struct hp_text *why)
{
	if (s->trace.no_auth)
		hp_text_add(why, HERALD_S("the server offers no way to log in; "
					  "nothing is sent without"));
	else if (code >= 400 && s->trace.last[0])
		hp_text_add(why, herald_cstr(s->trace.last));
	else if (rc != CURLE_OK)
		hp_text_add(why,
			    herald_cstr(s->error[0] ? s->error
						    : curl_easy_strerror(rc)));
	add_remedy(s, rc, why);
	if (code == 354 && s->trace.body_left)
		hp_text_add(why, HERALD_S("; the server may have taken it"));
}

static uint32_t perform(struct smtp_session *s, struct hp_text *why)
{
	CURLcode rc = curl_easy_perform(s->easy);
	uint32_t status;
	long code = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &code);
	status = smtp_outcome(rc, code, &s->trace);
	if (status != HERALD_OK) {
		explain(s, rc, code, why);
		drop(s);
	}
	return status;
}

static uint32_t no_handle(CURLcode rc, struct hp_text *why)
{
	if (rc == CURLE_USE_SSL_FAILED)
		hp_text_add(why, HERALD_S("a password is not sent over a line "
					  "that is not encrypted"));
	else
		hp_text_addf(why, "libcurl: %s", curl_easy_strerror(rc));
	return HERALD_BAD_CONFIG;
}

static CURLcode set_deadline(struct smtp_session *s, int64_t deadline_ms)
{
	int64_t limit = s->h->number(s->h, "timeout");
	int64_t left = deadline_ms - s->h->now_ms(s->h);

	if (left < limit)
		limit = left > 1 ? left : 1;
	return curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)limit);
}

static CURLcode set_envelope(struct smtp_session *s, herald_str from,
			     struct curl_slist *to)
{
	char path[SMTP_ADDRESS_MAX + 3];
	CURLcode rc;

	snprintf(path, sizeof(path), "<%.*s>", (int)from.n, from.p);
	rc = curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, path);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, to);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE,
				      (curl_off_t)s->mail.n);
	return rc;
}

static uint32_t transact(struct smtp_session *s, herald_str from,
			 struct curl_slist *to, int64_t deadline_ms,
			 struct hp_text *why)
{
	CURLcode rc = open_handle(s);

	if (rc == CURLE_OK)
		rc = set_envelope(s, from, to);
	if (rc == CURLE_OK)
		rc = set_deadline(s, deadline_ms);
	if (rc != CURLE_OK)
		return no_handle(rc, why);
	return perform(s, why);
}

uint32_t smtp_session_send(struct smtp_session *s, herald_str from,
			   herald_str to, herald_str mail, int64_t deadline_ms,
			   struct hp_text *why)
{
	char path[SMTP_ADDRESS_MAX + 3];
	struct curl_slist *list;
	uint32_t status;

	snprintf(path, sizeof(path), "<%.*s>", (int)to.n, to.p);
	list = curl_slist_append(NULL, path);
	if (!list) {
		hp_text_add(why, HERALD_S("out of memory"));
		return HERALD_RETRY;
	}
	s->mail = mail;
	s->sent = 0;
	s->trace.body_left = false;
	status = transact(s, from, list, deadline_ms, why);
	if (s->easy)
		curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(list);
	return status;
}

uint32_t smtp_session_probe(struct smtp_session *s, struct hp_text *why)
{
	CURLcode rc = open_handle(s);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, "NOOP");
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS,
				      (long)s->h->number(s->h, "timeout"));
	if (rc != CURLE_OK)
		return no_handle(rc, why);
	return perform(s, why);
}
