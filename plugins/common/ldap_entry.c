#include "common/ldap_entry.h"

#include <stdlib.h>
#include <strings.h>

void hp_entry_free(struct hp_entry *entry)
{
	while (entry) {
		struct hp_entry *next = entry->next;

		for (size_t i = 0; i < entry->count; i++) {
			struct hp_attribute *a = &entry->attributes[i];

			for (size_t k = 0; k < a->count; k++)
				free((char *)(uintptr_t)a->values[k].p);
			free(a->values);
			free(a->name);
		}
		free(entry->attributes);
		free(entry->dn);
		free(entry);
		entry = next;
	}
}

static struct hp_attribute *find(const struct hp_entry *entry, const char *name,
				 size_t n)
{
	for (size_t i = 0; i < entry->count; i++)
		if (strncasecmp(entry->attributes[i].name, name, n) == 0 &&
		    entry->attributes[i].name[n] == '\0')
			return &entry->attributes[i];
	return NULL;
}

size_t hp_entry_count(const struct hp_entry *entry, const char *name)
{
	const struct hp_attribute *a = find(entry, name, strlen(name));

	return a ? a->count : 0;
}

herald_str hp_entry_value(const struct hp_entry *entry, const char *name,
			  size_t index)
{
	const struct hp_attribute *a = find(entry, name, strlen(name));

	return a && index < a->count ? a->values[index]
				     : (herald_str){ NULL, 0 };
}

herald_str hp_entry_text(const struct hp_entry *entry, const char *name,
			 size_t index)
{
	herald_str value = hp_entry_value(entry, name, index);

	if (!value.p || !hp_str_is_utf8(value) || memchr(value.p, 0, value.n))
		return (herald_str){ NULL, 0 };
	return value;
}

/* ---- ranges ---- */

static bool read_number(const char **p, size_t *out)
{
	const char *begin = *p;

	*out = 0;
	for (; **p >= '0' && **p <= '9' && *p - begin < 9; (*p)++)
		*out = 10 * *out + (size_t)(**p - '0');
	return *p > begin;
}

bool hp_range_read(const char *text, size_t *name_n, size_t *low, size_t *next)
{
	const char *at = strcasestr(text, ";range=");
	size_t high;

	if (!at || at == text)
		return false;
	*name_n = (size_t)(at - text);
	at += strlen(";range=");
	*next = 0;
	if (!read_number(&at, low) || *at++ != '-')
		return false;
	if (at[0] == '*' && at[1] == '\0')
		return true;
	if (!read_number(&at, &high) || *at != '\0' || high < *low)
		return false;
	*next = high + 1;
	return true;
}

/* ---- copying ---- */

static struct hp_attribute *add_attribute(struct hp_entry *entry,
					  const char *name, size_t n)
{
	struct hp_attribute *a = realloc(entry->attributes,
					 (entry->count + 1) * sizeof(*a));

	if (!a)
		return NULL;
	entry->attributes = a;
	a += entry->count;
	*a = (struct hp_attribute){
		.name = hp_str_dup((herald_str){ name, n }),
	};
	if (!a->name)
		return NULL;
	entry->count++;
	return a;
}

bool hp_entry_add(struct hp_entry *entry, const char *name, size_t name_n,
		  struct berval **values)
{
	struct hp_attribute *a = find(entry, name, name_n);
	size_t count = (size_t)ldap_count_values_len(values);
	herald_str *all;

	if (!a)
		a = add_attribute(entry, name, name_n);
	if (!a || a->count + count > HP_VALUES_MAX)
		return false;
	if (count == 0)
		return true;
	all = realloc(a->values, (a->count + count) * sizeof(*all));
	if (!all)
		return false;
	a->values = all;
	for (size_t i = 0; i < count; i++) {
		herald_str one = { values[i]->bv_val, values[i]->bv_len };

		entry->bytes += one.n;
		if (entry->bytes > HP_ENTRY_MAX)
			return false;
		one.p = hp_str_dup(one);
		if (!one.p)
			return false;
		a->values[a->count++] = one;
	}
	return true;
}

static bool copy_one(LDAP *ld, LDAPMessage *message, struct hp_entry *entry,
		     const char *name, struct hp_range *range)
{
	struct berval **values = ldap_get_values_len(ld, message, name);
	size_t n = strlen(name), low, next = 0;
	bool added;

	if (hp_range_read(name, &n, &low, &next) && next > 0 &&
	    n < sizeof(range->name)) {
		memcpy(range->name, name, n);
		range->name[n] = '\0';
		range->next = next;
	}
	added = hp_entry_add(entry, name, n, values);
	ldap_value_free_len(values);
	return added;
}

static bool copy_all(LDAP *ld, LDAPMessage *message, struct hp_entry *entry,
		     struct hp_range *range)
{
	BerElement *ber = NULL;
	char *name = ldap_first_attribute(ld, message, &ber);
	bool good = true;

	while (name) {
		good = good && copy_one(ld, message, entry, name, range);
		ldap_memfree(name);
		name = ldap_next_attribute(ld, message, ber);
	}
	ber_free(ber, 0);
	return good;
}

struct hp_entry *hp_entry_copy(LDAP *ld, LDAPMessage *message,
			       struct hp_range *range)
{
	struct hp_entry *entry = calloc(1, sizeof(*entry));
	char *dn = ldap_get_dn(ld, message);

	range->name[0] = '\0';
	if (entry && dn)
		entry->dn = hp_str_dup(herald_cstr(dn));
	ldap_memfree(dn);
	if (entry && entry->dn && copy_all(ld, message, entry, range))
		return entry;
	hp_entry_free(entry);
	return NULL;
}

bool hp_entry_adopt(struct hp_entry *entry, struct hp_entry *part,
		    const char *name)
{
	struct hp_attribute *to = find(entry, name, strlen(name));
	struct hp_attribute *from = find(part, name, strlen(name));
	herald_str *all;

	if (!from || from->count == 0)
		return true;
	if (!to || to->count + from->count > HP_VALUES_MAX ||
	    entry->bytes + part->bytes > HP_ENTRY_MAX)
		return false;
	all = realloc(to->values, (to->count + from->count) * sizeof(*all));
	if (!all)
		return false;
	memcpy(all + to->count, from->values, from->count * sizeof(*all));
	to->values = all;
	to->count += from->count;
	entry->bytes += part->bytes;
	from->count = 0;
	return true;
}
