/* smtp_notify - mail to people, by the server of the house
 *
 * libcurl speaks SMTP in the pool; everything that it is given was checked or
 * encoded before (address.h, encode.h).
 */
#include <herald/plugin.h>

#include <stdlib.h>

#include "common/reply.h"
#include "common/text.h"

#include "smtp_notify/address.h"
#include "smtp_notify/delivery.h"
#include "smtp_notify/session.h"

struct smtp {
	const herald_host *h;
};

static void on_send(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct smtp *smtp = self;

	(void)req;
	(void)worker;
	smtp_deliver(smtp->h, ud);
}

static void run(void *self, const herald_call *call)
{
	struct smtp *smtp = self;

	if (call->mode != HERALD_RUN) {
		herald_fail(smtp->h, call->req, HERALD_UNSUPPORTED,
			    HERALD_S("mail is sent, not planned or verified"));
		return;
	}
	/* The call lives until it is completed. */
	smtp->h->work(smtp->h, call->req, on_send, (void *)(uintptr_t)call);
}

static void on_probe(void *self, herald_id req, void *ud, uint32_t worker)
{
	struct smtp *smtp = self;
	struct smtp_session *session = smtp_session_open(smtp->h, req);
	uint32_t status = HERALD_FAILED;
	struct hp_text why;

	(void)ud;
	(void)worker;
	hp_text_init(&why, HP_WHY_MAX);
	if (session)
		status = smtp_session_probe(session, &why);
	if (status == HERALD_OK)
		hp_text_add(&why, HERALD_S("it answers and lets us in"));
	hp_end(smtp->h, req, status, 0, &why);
	hp_text_fini(&why);
	smtp_session_close(session);
}

static void probe(void *self, herald_id req)
{
	struct smtp *smtp = self;

	smtp->h->work(smtp->h, req, on_probe, NULL);
}

/* Names that go into commands and headers as they are. */
static bool is_sound(const herald_host *h)
{
	static const char *const addresses[] = { "from", "bounces_to",
						 "reply_to" };
	bool sound = true;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		herald_str text = h->option(h, addresses[i], 0);

		if (!text.p || smtp_address_is_sound(text))
			continue;
		h->reject(h, addresses[i],
			  HERALD_S("is not one mail address of printable "
				   "ASCII"));
		sound = false;
	}
	if (h->number(h, "starttls") != 0 && h->option(h, "user", 0).p &&
	    hp_str_begins(h->option(h, "url", 0), "smtp:")) {
		h->reject(h, "starttls",
			  HERALD_S("with a user the line must be encrypted: "
				   "remove starttls or write smtps://"));
		sound = false;
	}
	return sound;
}

static void *create(const herald_host *h)
{
	struct smtp *smtp;

	if (!is_sound(h))
		return NULL;
	smtp = calloc(1, sizeof(*smtp));
	if (!smtp) {
		herald_logf(h, HERALD_ERROR, 0, "out of memory");
		return NULL;
	}
	smtp->h = h;
	return smtp;
}

static void destroy(void *self)
{
	free(self);
}

/* clang-format off */
static const herald_option options[] = {
    { "url", HERALD_URL, HERALD_REQUIRED, NULL, "smtp|smtps",
      "the mail server: smtp://host:587 (STARTTLS) or smtps://host:465" },
    { "from", HERALD_EMAIL, HERALD_REQUIRED, NULL, NULL, "the sender" },
    { "from_name", HERALD_STRING, 0, "herald", NULL, "the sender's name for people" },
    { "reply_to", HERALD_EMAIL, 0, NULL, NULL, "where answers go" },
    { "bounces_to", HERALD_EMAIL, 0, NULL, NULL,
      "sender of the envelope, who hears of what cannot be delivered; default: from" },
    { "user", HERALD_STRING, 0, NULL, NULL, "login name; default with a secret: from" },
    { "secret", HERALD_STRING, HERALD_SECRET, NULL, NULL,
      "password or token; without it nobody logs in" },
    { "login", HERALD_ENUM, 0, "password", "password|xoauth2",
      "password: AUTH PLAIN or LOGIN; xoauth2: the secret is an access token" },
    { "starttls", HERALD_ENUM, 0, "required", "required|off",
      "off: for a server on this machine, without login" },
    { "ehlo", HERALD_HOST, 0, NULL, NULL, "what we call ourselves; default: this host's name" },
    { "domains", HERALD_STRING, HERALD_LIST, NULL, NULL,
      "send to no other domains than these" },
    { "retry_after", HERALD_DURATION, HERALD_EXPERT, "1m", "1s..1h",
      "pause after a first passing refusal; then 5, 15 and 30 times that" },
    { "timeout", HERALD_DURATION, 0, "60s", NULL, NULL },
};

static const herald_option params[] = {
    { "to", HERALD_EMAIL, HERALD_REQUIRED | HERALD_LIST | HERALD_TARGET, NULL, NULL, "who gets it" },
    { "copy", HERALD_EMAIL, HERALD_LIST, NULL, NULL, "who gets it as well (Cc)" },
    { "subject", HERALD_TEMPLATE, 0, NULL, "header", "default: level, title and user" },
    { "body", HERALD_TEMPLATE, 0, NULL, "text", "plain text; default: the alert in a few lines" },
    { "html", HERALD_TEMPLATE, 0, NULL, "html", "the same as HTML, beside the plain text" },
};

static const herald_action list[] = {
    { .name = "send", .effect = HERALD_NOTIFIES, .params = HERALD_ITEMS(params),
      .help = "sends a mail" },
};

static const herald_actions actions = {
    .struct_size = sizeof(herald_actions),
    .list = HERALD_ITEMS(list),
    .run = run,
};

HERALD_PLUGIN {
    HERALD_HEADER,
    .name = "smtp_notify",
    .version = "0.1.0",
    .summary = "sends mail",
    .license = "MIT",
    .url = "https://herald.example.org/plugins/smtp_notify",
    .needs = HERALD_NEED_WORK | HERALD_NEED_NET | HERALD_NEED_SECRETS,
    .workers = 2,
    .options = HERALD_ITEMS(options),
    .create = create,
    .destroy = destroy,
    .probe = probe,
    .actions = &actions,
};
