#include "common/ad_probe.h"

#include "common/ldap_search.h"
#include "common/reply.h"

static uint32_t read_base(struct hp_ldap *ldap, struct hp_text *why)
{
	static const char *const wanted[] = { "distinguishedName", NULL };
	struct hp_directory *d = hp_ldap_directory(ldap);
	struct hp_entry *entry = NULL;
	uint32_t status = hp_ldap_read(ldap, hp_directory_base(d), wanted,
				       &entry, why);

	hp_entry_free(entry);
	if (status == HERALD_NOT_FOUND) {
		hp_text_addf(why, "%s: there is no %s, or we do not see it",
			     hp_ldap_server(ldap), hp_directory_base(d));
		return HERALD_BAD_CONFIG;
	}
	if (status == HERALD_OK)
		hp_text_addf(why, "%s lets %s in", hp_ldap_server(ldap),
			     hp_directory_user(d));
	return status;
}

void hp_ad_probe(struct hp_ldap *ldap, herald_id req, int64_t asked_ms)
{
	const herald_host *h = hp_directory_host(hp_ldap_directory(ldap));
	const struct hp_ldap_wait wait = { req, asked_ms,
					   asked_ms + h->number(h, "timeout") };
	struct hp_text why;
	uint32_t status;

	hp_text_init(&why, HP_WHY_MAX);
	status = hp_ldap_open(ldap, &wait, &why);
	if (status == HERALD_OK)
		status = read_base(ldap, &why);
	hp_end(h, req, status, 0, &why);
	hp_text_fini(&why);
}
