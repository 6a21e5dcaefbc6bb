#include "common/ldap_search.h"

#include "common/ldap_entry.h"
#include "common/ldap_impl.h"

#define PAGE 500
#define RANGES_MAX 64 /* further parts of attributes of one entry */
#define DOMAIN_SCOPE "1.2.840.113556.1.4.1339"

/* One search that goes on. */
struct search {
	struct hp_ldap *l;
	const struct hp_query *query;
	struct hp_found *found;
	struct hp_entry **last;
	struct hp_range range; /* of the last entry */
	struct berval *cookie;
	int code; /* of the server, or of the library */
	char *said;
};

/* ---- one page ---- */

/* References to other servers are not wanted; those that do not know the
 * control send them, and they are passed over. */
static int send_page(struct search *s, int64_t left_ms, int *msgid)
{
	const struct hp_query *q = s->query;
	LDAPControl scope = { .ldctl_oid = (char *)(uintptr_t)DOMAIN_SCOPE };
	LDAPControl *paging = NULL;
	LDAPControl *controls[] = { &scope, NULL, NULL };
	struct timeval tv = { .tv_sec = left_ms / 1000 + 1 };
	int rc = LDAP_SUCCESS;

	if (q->subtree)
		rc = ldap_create_page_control(s->l->ld, PAGE, s->cookie, 0,
					      &paging);
	controls[1] = paging;
	if (rc == LDAP_SUCCESS)
		rc = ldap_search_ext(s->l->ld, q->base,
				     q->subtree ? LDAP_SCOPE_SUBTREE
						: LDAP_SCOPE_BASE,
				     q->filter, (char **)(uintptr_t)q->wanted,
				     0, controls, NULL, &tv, LDAP_NO_LIMIT,
				     msgid);
	if (paging)
		ldap_control_free(paging);
	return rc;
}

static bool take_entry(struct search *s, LDAPMessage *message)
{
	size_t max = s->query->max > 0 ? s->query->max : 1;
	struct hp_entry *entry;

	if (s->found->count == max) {
		s->found->more = true;
		return true;
	}
	entry = hp_entry_copy(s->l->ld, message, &s->range);
	if (!entry)
		return false;
	*s->last = entry;
	s->last = &entry->next;
	s->found->count++;
	return true;
}

/* The end of a page: its code, what was said, and where the next one is. */
static void take_end(struct search *s, LDAPMessage *message)
{
	LDAPControl **controls = NULL, *paging;
	struct berval cookie = { 0, NULL };
	ber_int_t guess;
	int rc = ldap_parse_result(s->l->ld, message, &s->code, NULL, &s->said,
				   NULL, &controls, 0);

	if (rc != LDAP_SUCCESS)
		s->code = rc;
	paging = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_bvfree(s->cookie);
	s->cookie = NULL;
	if (paging &&
	    ldap_parse_pageresponse_control(s->l->ld, paging, &guess,
					    &cookie) == LDAP_SUCCESS) {
		if (cookie.bv_len > 0)
			s->cookie = ber_bvdup(&cookie);
		ber_memfree(cookie.bv_val);
	}
	ldap_controls_free(controls);
}

/* True while the page goes on. */
static bool take_message(struct search *s, LDAPMessage *message)
{
	switch (ldap_msgtype(message)) {
	case LDAP_RES_SEARCH_ENTRY:
		if (take_entry(s, message))
			return true;
		s->code = LDAP_NO_MEMORY;
		return false;
	case LDAP_RES_SEARCH_RESULT:
		take_end(s, message);
		return false;
	default:
		return true;
	}
}

static void read_page(struct search *s)
{
	int64_t until_ms = s->l->wait.deadline_ms;
	bool goes_on = true;
	int msgid = 0;

	s->code = send_page(s, until_ms - s->l->h->now_ms(s->l->h), &msgid);
	if (s->code != LDAP_SUCCESS)
		return;
	while (goes_on && !s->found->more) {
		LDAPMessage *message = NULL;

		s->code = hp_ldap_wait(s->l, msgid, until_ms, &message);
		goes_on = s->code == LDAP_SUCCESS && take_message(s, message);
		ldap_msgfree(message);
	}
	if (s->found->more)
		ldap_abandon_ext(s->l->ld, msgid, NULL, NULL);
}

/* ---- the whole ---- */

static void run(struct search *s)
{
	do {
		ldap_memfree(s->said);
		s->said = NULL;
		read_page(s);
	} while (s->code == LDAP_SUCCESS && s->cookie && !s->found->more);
	ber_bvfree(s->cookie);
	s->cookie = NULL;
	if (!s->said && s->code != LDAP_SUCCESS)
		s->said = hp_ldap_said(s->l);
}

static void begin(struct search *s, struct hp_found *found)
{
	hp_entry_free(found->first);
	*found = (struct hp_found){ .count = 0 };
	s->found = found;
	s->last = &found->first;
	s->range.name[0] = '\0';
}

static bool is_cut(int code)
{
	return code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR;
}

static uint32_t judge(struct search *s, struct hp_text *why)
{
	uint32_t status = hp_ldap_status(s->code, HP_LDAP_READ);

	/* The server's own limit: there are more than it gave. */
	if (s->code == LDAP_SIZELIMIT_EXCEEDED && s->found->count > 0) {
		s->found->more = true;
		return HERALD_OK;
	}
	if (status == HERALD_OK)
		return s->found->count > 0 ? HERALD_OK : HERALD_NOT_FOUND;
	/* No object is an answer; no place to look in is none. */
	if (status == HERALD_NOT_FOUND && s->query->subtree) {
		hp_text_addf(why, "%s: there is no %s, or we do not see it",
			     s->l->name, s->query->base);
		return HERALD_BAD_CONFIG;
	}
	if (status == HERALD_NOT_FOUND)
		return status;
	hp_text_addf(why, "%s: ", s->l->name);
	hp_ldap_words(why, s->code, s->said ? s->said : "");
	return status;
}

static uint32_t search(struct search *s, struct hp_found *found,
		       struct hp_text *why)
{
	uint32_t status = HERALD_OK;

	*found = (struct hp_found){ .count = 0 };
	begin(s, found);
	run(s);
	if (is_cut(s->code)) {
		hp_ldap_drop(s->l);
		begin(s, found);
		status = hp_ldap_open(s->l, &s->l->wait, why);
		if (status == HERALD_OK)
			run(s);
	}
	if (status == HERALD_OK)
		status = judge(s, why);
	ldap_memfree(s->said);
	s->said = NULL;
	/* What comes late would be taken for the next answer's. */
	if (s->code < 0)
		hp_ldap_drop(s->l);
	if (status != HERALD_OK) {
		hp_entry_free(found->first);
		*found = (struct hp_found){ .count = 0 };
	}
	return status;
}

uint32_t hp_ldap_search(struct hp_ldap *l, const struct hp_query *query,
			struct hp_found *found, struct hp_text *why)
{
	struct search s = { .l = l, .query = query };

	return search(&s, found, why);
}

/* ---- ranges ---- */

/* The next part of an attribute, appended to `entry`. */
static uint32_t read_part(struct hp_ldap *l, const char *base,
			  struct hp_range *range, struct hp_entry *entry,
			  struct hp_text *why)
{
	char name[96];
	const char *wanted[] = { name, NULL };
	const struct hp_query query = { .base = base, .wanted = wanted };
	struct search s = { .l = l, .query = &query };
	struct hp_found part;
	uint32_t status;

	snprintf(name, sizeof(name), "%s;range=%zu-*", range->name,
		 range->next);
	status = search(&s, &part, why);
	if (status != HERALD_OK)
		return status;
	if (!hp_entry_adopt(entry, part.first, range->name)) {
		hp_text_addf(why, "%s has too many values", range->name);
		status = HERALD_TOO_BIG;
	}
	/* A part that does not go on where it should would never end. */
	if (s.range.name[0] && s.range.next <= range->next) {
		hp_text_addf(why,
			     "%s: the server gives the same part of %s "
			     "again",
			     l->name, range->name);
		status = HERALD_BAD_REPLY;
	}
	*range = s.range;
	hp_entry_free(part.first);
	return status;
}

uint32_t hp_ldap_read(struct hp_ldap *l, const char *base,
		      const char *const *wanted, struct hp_entry **entry,
		      struct hp_text *why)
{
	const struct hp_query query = { .base = base, .wanted = wanted };
	struct search s = { .l = l, .query = &query };
	struct hp_found found;
	uint32_t status = search(&s, &found, why);

	for (int i = 0; status == HERALD_OK && s.range.name[0]; i++) {
		if (i == RANGES_MAX) {
			hp_text_addf(why, "%s comes in too many parts",
				     s.range.name);
			status = HERALD_TOO_BIG;
			break;
		}
		status = read_part(l, base, &s.range, found.first, why);
	}
	*entry = found.first;
	if (status != HERALD_OK) {
		hp_entry_free(found.first);
		*entry = NULL;
	}
	return status;
}
