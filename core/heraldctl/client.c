#include "core/heraldctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/json_text.h"
#include "core/heraldctl/text.h"

#define URL_MAX 16384
#define ANSWER_MAX (80u << 20)
#define LOOK_S 30L /* what is asked of the loop alone; `tail` waits for 20 */
#define ACT_S 130L /* the daemon answers within 120 s */

static void add_escaped(struct hd_buf *url, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);

	hd_buf_adds(url, escaped ? escaped : "");
	curl_free(escaped);
}

void hd_ask_init(struct hd_ask *ask, ...)
{
	const char *part;
	va_list parts;

	memset(ask, 0, sizeof(*ask));
	hd_buf_init(&ask->url, URL_MAX);
	hd_buf_adds(&ask->url, "http://herald/v1");
	va_start(parts, ask);
	while ((part = va_arg(parts, const char *))) {
		hd_buf_addc(&ask->url, '/');
		add_escaped(&ask->url, part);
	}
	va_end(parts);
}

void hd_ask_fini(struct hd_ask *ask)
{
	hd_buf_fini(&ask->url);
	json_decref(ask->members);
}

void hd_ask_query(struct hd_ask *ask, const char *name, const char *value)
{
	if (!value)
		return;
	hd_buf_addc(&ask->url, ask->has_query ? '&' : '?');
	ask->has_query = true;
	add_escaped(&ask->url, name);
	hd_buf_addc(&ask->url, '=');
	add_escaped(&ask->url, value);
}

void hd_ask_member(struct hd_ask *ask, const char *name, const char *value)
{
	ask->post = true;
	if (!ask->members)
		ask->members = json_object();
	if (value)
		json_object_set_new(ask->members, name,
				    json_string_nocheck(value));
}

/* ---- the exchange ---- */

static size_t take(char *p, size_t size, size_t n, void *ud)
{
	struct hd_buf *reply = ud;

	hd_buf_add(reply, p, size * n);
	return hd_buf_failed(reply) ? 0 : size * n;
}

struct exchange {
	struct hd_buf body, reply;
	struct curl_slist *headers;
	long code;
	int os_error;
};

static void set_body(CURL *curl, struct hd_ask *ask, struct exchange *x)
{
	const char *body = ask->body;
	size_t n = ask->body_n;

	if (!ask->post)
		return;
	if (ask->members) {
		hd_json_write(&x->body, ask->members, 0);
		body = hd_buf_text(&x->body);
		n = x->body.n;
	}
	x->headers = curl_slist_append(x->headers,
				       "Content-Type: application/json");
	x->headers = curl_slist_append(x->headers, "Expect:");
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
}

static long patience_s(const struct hd_ask *ask)
{
	return ask->post ? ACT_S : LOOK_S;
}

static CURLcode perform(const struct hd_ctl *ctl, struct hd_ask *ask,
			struct exchange *x)
{
	CURL *curl = curl_easy_init();
	long os_error = 0;
	CURLcode rc;

	if (!curl)
		return CURLE_OUT_OF_MEMORY;
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket);
	curl_easy_setopt(curl, CURLOPT_URL, hd_buf_text(&ask->url));
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, patience_s(ask));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &x->reply);
	set_body(curl, ask, x);
	rc = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x->code);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
	x->os_error = (int)os_error;
	curl_easy_cleanup(curl);
	return rc;
}

/* ---- what came of it ---- */

static enum hd_exit no_daemon(const struct hd_ctl *ctl,
			      const struct hd_ask *ask,
			      const struct exchange *x, CURLcode rc, bool tell)
{
	bool denied = x->os_error == EACCES || x->os_error == EPERM;

	if (tell && rc == CURLE_OPERATION_TIMEDOUT)
		hd_ctl_complain("systemctl status heraldd",
				"heraldd at %s gives no answer within %ld s",
				ctl->socket, patience_s(ask));
	else if (tell && rc != CURLE_COULDNT_CONNECT)
		hd_ctl_complain("systemctl status heraldd",
				"heraldd at %s does not answer: %s",
				ctl->socket, curl_easy_strerror(rc));
	else if (tell && denied)
		hd_ctl_complain("sudo heraldctl ...",
				"%s may not be opened by you", ctl->socket);
	else if (tell)
		hd_ctl_complain("systemctl status heraldd, or --socket PATH",
				"no heraldd at %s: %s", ctl->socket,
				x->os_error ? strerror(x->os_error)
					    : "no answer");
	return denied ? HD_EXIT_NOT_ALLOWED : HD_EXIT_NO_DAEMON;
}

static enum hd_exit exit_of(long code)
{
	switch (code) {
	case 200:
		return HD_EXIT_GOOD;
	case 400:
	case 405:
		return HD_EXIT_USAGE;
	case 403:
		return HD_EXIT_NOT_ALLOWED;
	default:
		return HD_EXIT_WRONG;
	}
}

static void tell_refusal(const json_t *answer, long code)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const char *help = json_string_value(json_object_get(answer, "help"));
	struct hd_buf text;

	hd_buf_init(&text, 8192);
	if (error)
		hd_text_add(&text, error);
	else
		hd_buf_addf(&text, "heraldd answered with HTTP status %ld",
			    code);
	if (!help)
		help = code == 403 ? "ask who has the role, or sudo"
				   : "heraldctl --help";
	hd_ctl_complain(help, "%s", hd_buf_text(&text));
	hd_buf_fini(&text);
}

static enum hd_exit ask_daemon(const struct hd_ctl *ctl, struct hd_ask *ask,
			       json_t **out, bool tell)
{
	/* Bytes as they were received may hold a NUL. */
	static const struct hd_json_options mend = { .mend = true };
	struct exchange x = { 0 };
	enum hd_exit exit_code;
	CURLcode rc;

	*out = NULL;
	hd_buf_init(&x.body, ANSWER_MAX);
	hd_buf_init(&x.reply, ANSWER_MAX);
	rc = perform(ctl, ask, &x);
	if (rc != CURLE_OK) {
		exit_code = no_daemon(ctl, ask, &x, rc, tell);
	} else {
		exit_code = exit_of(x.code);
		*out = hd_json_read(hd_buf_text(&x.reply), x.reply.n, &mend,
				    NULL);
		if (exit_code != HD_EXIT_GOOD && tell)
			tell_refusal(*out, x.code);
		if (exit_code == HD_EXIT_GOOD && !*out) {
			hd_ctl_complain("systemctl status heraldd",
					"heraldd's answer is no JSON");
			exit_code = HD_EXIT_WRONG;
		}
	}
	if (exit_code != HD_EXIT_GOOD) {
		json_decref(*out);
		*out = NULL;
	}
	curl_slist_free_all(x.headers);
	hd_buf_fini(&x.body);
	hd_buf_fini(&x.reply);
	hd_ask_fini(ask);
	return exit_code;
}

enum hd_exit hd_client_ask(const struct hd_ctl *ctl, struct hd_ask *ask,
			   json_t **out)
{
	return ask_daemon(ctl, ask, out, true);
}

enum hd_exit hd_client_try(const struct hd_ctl *ctl, struct hd_ask *ask,
			   json_t **out)
{
	return ask_daemon(ctl, ask, out, false);
}
