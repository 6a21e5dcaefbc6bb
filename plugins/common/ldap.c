#include "common/ldap.h"

#include <stdlib.h>

#include "common/ldap_impl.h"

#define SLICE_MS 200	 /* how often a wait asks whether anybody waits */
#define SHARE_MIN_MS 500 /* for one controller, however many there are */

struct hp_ldap *hp_ldap_new(struct hp_directory *directory)
{
	struct hp_ldap *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->directory = directory;
	l->h = hp_directory_host(directory);
	l->watch = hp_watch_new();
	if (l->watch)
		return l;
	free(l);
	return NULL;
}

void hp_ldap_free(struct hp_ldap *l)
{
	if (!l)
		return;
	hp_ldap_drop(l);
	hp_watch_free(l->watch);
	free(l);
}

struct hp_directory *hp_ldap_directory(const struct hp_ldap *l)
{
	return l->directory;
}

const char *hp_ldap_server(const struct hp_ldap *l)
{
	return l->ld ? l->name : "";
}

void hp_ldap_drop(struct hp_ldap *l)
{
	if (l->ld)
		ldap_unbind_ext(l->ld, NULL, NULL);
	l->ld = NULL;
}

char *hp_ldap_said(struct hp_ldap *l)
{
	char *said = NULL;

	if (l->ld)
		ldap_get_option(l->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	return said;
}

/* ---- waiting ---- */

static int wait_for(struct hp_ldap *l, int msgid, int64_t until_ms,
		    LDAPMessage **result)
{
	int rc = 0;

	while (rc == 0) {
		int64_t left = until_ms - l->h->now_ms(l->h);
		struct timeval tv = { .tv_usec = SLICE_MS * 1000 };

		if (left <= 0 || l->h->cancelled(l->h, l->wait.req)) {
			ldap_abandon_ext(l->ld, msgid, NULL, NULL);
			return left <= 0 ? LDAP_TIMEOUT : LDAP_USER_CANCELLED;
		}
		if (left < SLICE_MS)
			tv.tv_usec = left * 1000;
		rc = ldap_result(l->ld, msgid, LDAP_MSG_ONE, &tv, result);
	}
	if (rc > 0)
		return LDAP_SUCCESS;
	ldap_get_option(l->ld, LDAP_OPT_RESULT_CODE, &rc);
	return rc == LDAP_SUCCESS ? LDAP_SERVER_DOWN : rc;
}

/* The watch is for a server that stops in the middle of a record. */
int hp_ldap_wait(struct hp_ldap *l, int msgid, int64_t until_ms,
		 LDAPMessage **result)
{
	int64_t left = until_ms - l->h->now_ms(l->h);
	int fd = -1, rc;

	ldap_get_option(l->ld, LDAP_OPT_DESC, &fd);
	if (!hp_watch_begin(l->watch, fd, left + SLICE_MS))
		return LDAP_NO_MEMORY;
	rc = wait_for(l, msgid, until_ms, result);
	return hp_watch_end(l->watch) ? LDAP_TIMEOUT : rc;
}

int hp_ldap_result_take(struct hp_ldap *l, LDAPMessage *result, char **said)
{
	int code = LDAP_OTHER;
	int rc = ldap_parse_result(l->ld, result, &code, NULL, said, NULL, NULL,
				   1);

	return rc == LDAP_SUCCESS ? code : rc;
}

/* ---- opening ---- */

/* What is left, in equal shares for those that are left. */
static int64_t share_until(const struct hp_ldap *l, size_t left)
{
	int64_t now = l->h->now_ms(l->h);
	int64_t share = (l->wait.deadline_ms - now) / (int64_t)left;

	if (share < SHARE_MIN_MS)
		share = SHARE_MIN_MS;
	if (share > l->wait.deadline_ms - now)
		share = l->wait.deadline_ms - now;
	return now + share;
}

static bool is_over(const struct hp_ldap *l)
{
	return l->h->now_ms(l->h) >= l->wait.deadline_ms ||
	       l->h->cancelled(l->h, l->wait.req);
}

/* Trouble of this controller; another one may be well. */
static bool is_of_server(uint32_t status)
{
	return HERALD_CLASS(status) == 2;
}

static void add_trouble(struct hp_text *why, const struct hp_text *one)
{
	if (why->n > 0)
		hp_text_add(why, HERALD_S("; "));
	hp_text_add(why, hp_text_str(one));
}

static uint32_t try_server(struct hp_ldap *l, const struct hp_srv *server,
			   int64_t until_ms, struct hp_text *why)
{
	struct hp_text one;
	uint32_t status;

	hp_text_init(&one, why->max);
	l->server = *server;
	snprintf(l->name, sizeof(l->name), "%s:%u", server->host,
		 (unsigned)server->port);
	hp_text_addf(&one, "%s: ", l->name);
	status = hp_ldap_login(l, until_ms, &one);
	if (status != HERALD_OK)
		add_trouble(why, &one);
	hp_directory_note(l->directory, server, !is_of_server(status));
	hp_text_fini(&one);
	return status;
}

static uint32_t connect_any(struct hp_ldap *l, struct hp_text *why)
{
	struct hp_srv_list servers;
	uint32_t status = hp_directory_servers(l->directory,
					       l->wait.deadline_ms, &servers,
					       why);

	for (size_t i = 0; i < servers.count; i++) {
		status = try_server(l, &servers.items[i],
				    share_until(l, servers.count - i), why);
		if (!is_of_server(status) || is_over(l))
			break;
	}
	if (status == HERALD_OK)
		hp_text_fini(why);
	return status;
}

uint32_t hp_ldap_open(struct hp_ldap *l, const struct hp_ldap_wait *wait,
		      struct hp_text *why)
{
	uint32_t status;

	l->wait = *wait;
	if (is_over(l)) {
		hp_text_add(why, HERALD_S("no time is left"));
		return HERALD_TIMEOUT;
	}
	if (l->ld)
		return HERALD_OK;
	if (!hp_directory_login_begin(l->directory, wait->asked_ms, why))
		return HERALD_AUTH;
	status = connect_any(l, why);
	hp_directory_login_end(l->directory, status == HERALD_AUTH, why);
	return status;
}

/* ---- changing ---- */

static int send_change(struct hp_ldap *l, const struct hp_ldap_change *c,
		       int *msgid)
{
	char *before[] = { (char *)(uintptr_t)c->before, NULL };
	char *after[] = { (char *)(uintptr_t)c->after, NULL };
	LDAPMod gone = { .mod_op = LDAP_MOD_DELETE,
			 .mod_type = (char *)(uintptr_t)c->attribute,
			 .mod_values = before };
	LDAPMod come = { .mod_op = c->before ? LDAP_MOD_ADD : LDAP_MOD_REPLACE,
			 .mod_type = (char *)(uintptr_t)c->attribute,
			 .mod_values = after };
	LDAPMod *both[] = { &gone, &come, NULL };

	return ldap_modify_ext(l->ld, c->dn, c->before ? both : both + 1, NULL,
			       NULL, msgid);
}

uint32_t hp_ldap_change(struct hp_ldap *l, const struct hp_ldap_change *c,
			struct hp_text *why)
{
	LDAPMessage *result = NULL;
	char *said = NULL;
	int msgid, rc = send_change(l, c, &msgid);
	uint32_t status;

	if (rc == LDAP_SUCCESS)
		rc = hp_ldap_wait(l, msgid, l->wait.deadline_ms, &result);
	if (rc == LDAP_SUCCESS)
		rc = hp_ldap_result_take(l, result, &said);
	else
		said = hp_ldap_said(l);
	if (rc == LDAP_NO_SUCH_ATTRIBUTE && c->before) {
		ldap_memfree(said);
		return HERALD_BUSY;
	}
	status = hp_ldap_status(rc, HP_LDAP_WRITE);
	if (status != HERALD_OK) {
		hp_text_addf(why, "%s: ", l->name);
		hp_ldap_words(why, rc, said ? said : "");
	}
	ldap_memfree(said);
	if (rc < 0)
		hp_ldap_drop(l);
	return status;
}
