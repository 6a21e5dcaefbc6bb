/* Which key of an enricher answers for which kind of value: found once, since
 * every alert asks for all of them. */
#include "core/plugin/instance_impl.h"
#include "core/plugin/module.h"

/* "hash" stands for all kinds of them. */
static unsigned kinds_of(const char *type)
{
	unsigned mask = 0;

	hd_kind_parse(type, &mask);
	return mask;
}

/* Those that the option `types` leaves. */
static unsigned kinds_wanted(const struct hd_common *common)
{
	unsigned mask = 0;

	if (!common->types)
		return (1u << HD_KIND_COUNT) - 1;
	for (size_t i = 0; common->types[i]; i++)
		mask |= kinds_of(common->types[i]);
	return mask;
}

void hd_instance_find_keys(struct hd_instance *i)
{
	unsigned left = kinds_wanted(hd_instance_common(i));
	const herald_key *key;

	for (int kind = 0; kind < HD_KIND_COUNT; kind++)
		i->keys[kind] = -1;
	for (uint32_t k = 0; (key = hd_module_key(i->module, k)); k++) {
		unsigned mask = kinds_of(key->type) & left;

		left &= ~mask;
		for (int kind = 0; kind < HD_KIND_COUNT; kind++)
			if (mask & 1u << kind)
				i->keys[kind] = (int)k;
	}
}

int hd_instance_key(const struct hd_instance *i, enum hd_kind kind)
{
	return i->keys[kind];
}
