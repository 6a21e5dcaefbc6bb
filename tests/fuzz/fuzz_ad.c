/* Any bytes as what a directory sends: the first byte chooses an attribute, the
 * rest of a piece (pieces end with 0xff) is a value of it.  What is told of such
 * an account is whole JSON; a SID or GUID that is read is one as text, too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ad_enrich/answer.h"
#include "common/ad_time.h"
#include "common/ldap_entry.h"
#include "common/ldap_outcome.h"
#include "core/plugin/instance_impl.h"

#define GROUPS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const names[] = {
	"objectSid",	  "objectGUID",		"sAMAccountName",
	"displayName",	  "mail",		"title",
	"department",	  "manager",		"pwdLastSet",
	"accountExpires", "lastLogonTimestamp", "whenCreated",
	"adminCount",	  "dNSHostName",	"operatingSystem",
	"tokenGroups",	  "cn",			"telephoneNumber",
};

/* ---- one value at a time ---- */

static void read_sid(herald_str value)
{
	char text[HP_SID_TEXT], guid[HP_GUID_TEXT];

	if (hp_sid_text(value, text)) {
		/* A SID of no parts at all is one in bytes only. */
		if (value.n > 8 && !hp_sid_is_text(herald_cstr(text)))
			abort();
		hp_sid_rid(text);
	}
	if (hp_guid_text(value, guid) && !hp_guid_is_text(herald_cstr(guid)))
		abort();
	if (hp_sid_is_text(value) && memchr(value.p, 0, value.n))
		abort();
}

static void read_text(herald_str value)
{
	size_t name_n, low, next;
	int64_t number;

	hp_number64(value, &number);
	hp_filetime_ms(value, &number);
	hp_generalized_ms(value, &number);
	hp_ldap_bind_reason(value.p);
	if (hp_range_read(value.p, &name_n, &low, &next) &&
	    (name_n > value.n || (next != 0 && next <= low)))
		abort();
}

static void read_filter(herald_str value)
{
	struct hp_text filter;

	hp_text_init(&filter, 4096);
	hp_ldap_words(&filter, 49, value.p);
	if (!hp_str_is_utf8(hp_text_str(&filter)))
		abort();
	hp_text_fini(&filter);
}

/* ---- an entry ---- */

static void add_piece(struct hp_entry *entry, const uint8_t *piece, size_t n)
{
	struct berval value = { n - 1, (char *)(uintptr_t)(piece + 1) };
	struct berval *values[] = { &value, NULL };
	const char *name = names[piece[0] % (sizeof(names) / sizeof(names[0]))];

	hp_entry_add(entry, name, strlen(name), values);
}

static void add_pieces(struct hp_entry *entry, const uint8_t *data, size_t n)
{
	while (n > 0) {
		const uint8_t *end = memchr(data, 0xff, n);
		size_t piece = end ? (size_t)(end - data) : n;

		if (piece > 0)
			add_piece(entry, data, piece);
		piece += end != NULL;
		data += piece;
		n -= piece;
	}
}

static void read_groups(struct hp_ad_account *account)
{
	size_t count = hp_entry_count(account->entry, "tokenGroups");

	account->groups = calloc(GROUPS, sizeof(*account->groups));
	for (size_t i = 0; i < count && account->group_count < GROUPS; i++)
		if (hp_sid_text(hp_entry_value(account->entry, "tokenGroups",
					       i),
				account->groups[account->group_count].sid))
			account->group_count++;
}

static void tell(const herald_host *h, struct hp_ad_account *account)
{
	struct hp_json out;

	hp_json_open(&out, h, (herald_str){ NULL, 0 });
	ad_answer(&out, "corp.example.com", account, account->entry,
		  INT64_C(1795568782000));
	if (!hp_json_all(&out).p)
		abort();
	hp_json_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct hp_ad_account account = { .is_computer = n > 0 && data[0] & 1 };
	herald_host h = { .struct_size = sizeof(h) };
	char *text = malloc(n + 1);
	herald_str value = { text, n };

	hd_host_fill_json(&h);
	memcpy(text, data, n);
	text[n] = '\0';
	read_sid(value);
	read_text(value);
	read_filter(value);
	account.entry = calloc(1, sizeof(*account.entry));
	account.entry->dn = strdup("CN=x");
	add_pieces(account.entry, data, n);
	account.uac = n > 4 ? (uint32_t)data[1] << 16 | data[2] : 0;
	account.computed = account.uac;
	hp_sid_text(hp_entry_value(account.entry, "objectSid", 0), account.sid);
	read_groups(&account);
	tell(&h, &account);
	hp_ad_account_fini(&account);
	free(text);
	return 0;
}
